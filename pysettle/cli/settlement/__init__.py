"""Commands on settlement across borders."""

TITLE = "Across borders"
NOUNS = {
    "participant": "Admit, stop and show the institutions of a currency.",
    "liquidity": "Hold positions in a currency; freeze, seize and pause them.",
    "corridor": "Open and limit corridors under both central banks; set opening hours.",
    "fx": "Sign and check quotes; attest rates; limit purchases in other currencies.",
    "settle": "Settle payments, DvP and PvP: all legs or none.",
    "obligation": "Queue obligations between participants; hold, cancel and reject them.",
    "cycle": "Net many obligations; only the nets move.",
}
EXTENDS = {"market": "abroad"}
"""Noun of another column -> module here whose `extend` adds options to it."""
