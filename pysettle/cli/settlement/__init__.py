"""Commands on settlement across borders."""

TITLE = "Across borders"
NOUNS = {
    "participant": "Admit, stop and show the institutions of a currency.",
    "liquidity": "Hold positions in a currency; freeze, seize and pause them.",
    "corridor": "Open and limit corridors under both central banks; set opening hours.",
    "settle": "Settle payments, DvP and PvP: all legs or none.",
    "cycle": "Net many obligations; only the nets move.",
}
