"""Commands on lockers."""

TITLE = "Lockers"
NOUNS = {"locker": "Keep e-CNY in the locker, and take it back."}
