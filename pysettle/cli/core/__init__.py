"""Commands that every network needs: the workspace, its accounts, contracts, powers and time."""

TITLE = "Set up"
NOUNS = {
    "init": "Make a workspace: a chain, accounts and a configuration.",
    "account": "Show and add the accounts of a workspace.",
    "network": "Deploy the settlement network, and check it.",
    "role": "Show the powers over a currency, and pass them on.",
    "time": "Show and advance chain time.",
    "tx": "Show the transactions of the chain.",
    "node": "Serve an embedded chain as JSON-RPC.",
}
