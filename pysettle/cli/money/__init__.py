"""Commands on e-CNY and further currencies: reserve, tokens, redemptions, wallets and interest."""

TITLE = "Money"
NOUNS = {
    "reserve": "Attest the reserve, and set quotas for issuance.",
    "token": "Issue, transfer and look at tokens of a currency.",
    "redemption": "Exchange tokens for reserve.",
    "wallet": "Register, show, freeze and seize accounts.",
    "interest": "Declare, pay and verify interest.",
}
