"""Commands on e-CNY and further currencies: reserve, tokens, redemptions, wallets and interest."""

TITLE = "Money"
NOUNS = {
    "reserve": "Attest the reserve, and say what it allows.",
    "token": "Issue, transfer and look at tokens of a currency.",
    "redemption": "Exchange tokens for reserve.",
    "wallet": "Register, show, freeze and seize accounts.",
    "interest": "Pay interest to wallets, and prove it.",
}
