"""Commands on orders of batch compute."""

TITLE = "Jobs"
NOUNS = {"job": "Order batch compute, paid by milestones."}
