"""Commands that every network needs: the workspace, its accounts, contracts, powers and time."""
