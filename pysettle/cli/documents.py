"""The parts that documents of `--json` share: how something changed, and amounts by the asset they are counted in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pysettle.client.channel.asset import Asset
    from pysettle.domain.compute.usage import Meters

NOT_SENT = {"tx_hash": None, "block": None}
"""Of a command that sent nothing, beside the same keys where it sends a transaction."""
ABROAD = dict.fromkeys(("beneficiary", "provider", "quote_id", "sold", "quotes", "refund"))
"""Of a purchase for e-CNY, beside the same keys where it is paid for in another currency."""


def change(before: int | None, now: int | None) -> dict[str, str | None]:
    """Return how a number changed; None where it was not looked at."""
    return {"before": whole(before), "now": whole(now)}


def whole(number: int | None) -> str | None:
    """Return a number as a document has it; None where there is none."""
    return None if number is None else str(number)


def asset_part(asset: Asset) -> dict[str, str | None]:
    """Return the unit of a document's amounts: a currency, the Tokens of a series, or another token.

    `amounts` names them.
    """
    token = "0x" + asset.token.hex()
    return {
        "token": token,
        "currency": asset.currency.value if asset.currency else None,
        "series": token if asset.series else None,
    }


def amounts(asset: Asset, **named: object) -> dict[str, object]:
    """Return amounts under names that end with their unit: `balance_tokens`, or else `balance_units`.

    Both keys are there, that of the other kind with null.
    """
    kinds = ("units", "tokens")
    return {
        f"{name}_{kind}": value if kind == asset.counted_in else None for name, value in named.items() for kind in kinds
    }


def meters_document(meters: Meters) -> dict[str, str]:
    """Return counts or rates of the three meters; the key that they stand under names their unit."""
    return {
        "cached_input": str(meters.cached_input),
        "input": str(meters.input),
        "output": str(meters.output),
    }
