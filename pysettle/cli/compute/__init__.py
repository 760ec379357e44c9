"""Commands on the market of Tokens: compute, stakes, series and purchases."""

TITLE = "Compute"
NOUNS = {"market": "Register compute, open series, and buy Tokens."}
