"""Rows of a claim: the newest voucher of each channel, with the usage of a metered one.

A file of them is a list of {"channel", "usage", "ceiling_tokens", "signature"}, as `pysettle channel claim` says.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pysettle.documents import parse_json
from pysettle.errors import UsageError
from pysettle.reading import read_hex, read_number
from pysettle.values import Tokens, Units

if TYPE_CHECKING:
    from pysettle.client.channel.asset import Asset
    from pysettle.client.channel.hub import ChannelHub, UsageRow
    from pysettle.client.channel.lists import ChannelStanding
    from pysettle.client.core.contract import Transaction, TransactionSigner
    from pysettle.client.network import SettlementNetwork
    from pysettle.domain.channel.metering import Voucher
    from pysettle.domain.compute.usage import RateCard, Usage
    from pysettle.domain.core.messages import ChannelConfig, ChannelId
    from pysettle.domain.core.signing import Signer
    from pysettle.values import Address, Amount, SeriesId

_COUNTERS = 6
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Row:
    """One channel's row of a claim."""

    channel: ChannelStanding
    """The channel."""
    usage: Usage
    """Cumulative usage; nothing where the channel is not metered."""
    voucher: Voucher
    """The payer's newest voucher."""

    @property
    def metered(self) -> UsageRow:
        """The row as the meter attests it."""
        from pysettle.client.channel.hub import UsageRow

        return UsageRow(self.channel.config, self.usage, self.voucher)

    def wanted(self, card: RateCard | None) -> Amount:
        """Return the cumulative claim in smallest units: the price of the usage within the ceiling, or the ceiling."""
        cost, ceiling = card.tokens(self.usage) if card else None, self.voucher.ceiling
        return ceiling if cost is None or cost > ceiling else cost


def read_rows(content: str, name: str, network: SettlementNetwork, asset: Asset) -> list[Row]:
    """Read rows of channels in Tokens of a series, or of channels in a currency, which have no usage.

    Args:
        content: A list of rows, as JSON.
        name: Name of the file in errors.
        network: The network of the channels.
        asset: Asset of all channels.

    Raises:
        UsageError: the content is not a list of rows; or a row has a malformed field or a channel in another asset.
    """
    from pysettle.domain.channel.messages import CEILING_BITS
    from pysettle.domain.channel.metering import Voucher
    from pysettle.domain.compute.usage import Usage

    try:
        document = parse_json(content)
    except ValueError as problem:
        raise UsageError(
            f"{name} is not a list of rows ({problem}): see `pysettle channel claim --help`", path=name
        ) from problem
    if not (isinstance(document, list) and document and all(isinstance(entry, dict) for entry in document)):
        raise UsageError(f"{name} is not a list of at least one row: see `pysettle channel claim --help`", path=name)
    named = [entry["channel"] for entry in document if isinstance(entry.get("channel"), str)]
    opened, rows = network.channel_lists.opened() if named else {}, list[Row]()
    for place, entry in enumerate(document, start=1):
        where = f"{name}, row {place}"
        channel = _field(entry, "channel", where, lambda text: _channel(text, opened, network, asset))
        usage = _field(entry, "usage", where, _usage) if asset.series else Usage()
        kind = Tokens if asset.series else Units
        ceiling = _field(entry, f"ceiling_{asset.counted_in}", where, lambda text: read_number(text, CEILING_BITS))
        size = len(rows[0].voucher.signature) if rows else None
        signature = _field(entry, "signature", where, functools.partial(_signature, size=size))
        rows.append(Row(channel, usage, Voucher(channel.id, kind(ceiling), signature)))
    return rows


def would_claim(
    hub: ChannelHub, rows: Sequence[Row], card: RateCard | None, frozen: Collection[Address] = ()
) -> list[tuple[str, Amount]]:
    """Return for each row the state of its voucher, and its claim after the rows before it.

    Args:
        hub: The hub, which checks signatures.
        rows: The rows, in the order of the claim.
        card: Rate card of their series; None without metering.
        frozen: Payers that are frozen outgoing.
    """
    valid = hub.are_signed([(row.channel.config, row.voucher) for row in rows])
    claimed: dict[ChannelId, int] = {row.channel.id: row.channel.claimed for row in rows}
    counted: type[Tokens | Units] = Tokens if card else Units
    amounts = []
    for row, is_valid in zip(rows, valid, strict=True):
        standing = "payer frozen" if row.channel.config.payer in frozen else "valid" if is_valid else "INVALID"
        most = min(row.wanted(card), row.channel.balance)
        amount = counted(max(0, most - claimed[row.channel.id]) if standing == "valid" else 0)
        claimed[row.channel.id] += amount
        amounts.append((standing, amount))
    return amounts


def frozen_payers(network: SettlementNetwork, asset: Asset, rows: Sequence[Row]) -> set[Address]:
    """Return the frozen payers of channels in a currency; a freeze does not reach Tokens in a channel."""
    if asset.currency is None:
        return set()
    token = network.system(asset.currency).token
    return {payer for payer in {row.channel.config.payer for row in rows} if token.frozen(payer).outgoing}


def metered_claim(network: SettlementNetwork, series: SeriesId, rows: Sequence[Row], provider: Signer) -> Transaction:
    """Return the transaction that attests the usage of channels of a series, and claims its cost."""
    hub, metered = network.hub, [row.metered for row in rows]
    attestation = network.meter.attest(provider, series, metered, hub)
    return hub.claim_metered(provider, network.meter, series, metered, attestation)


def plain_claim(network: SettlementNetwork, rows: Sequence[Row], receiver: TransactionSigner) -> Transaction:
    """Return the transaction that claims each voucher up to its ceiling."""
    claims = [(row.channel.config, row.voucher, row.voucher.ceiling) for row in rows]
    return network.hub.try_claim(receiver, claims)


def _field(entry: Mapping[str, Any], name: str, where: str, read: Callable[[Any], _Value]) -> _Value:
    try:
        if name not in entry:
            raise ValueError("it is missing")
        return read(entry[name])
    except ValueError as problem:
        raise UsageError(
            f"{where}, {name}: {problem}; see `pysettle channel claim --help`", place=where, column=name
        ) from problem


def _channel(
    text: Any, opened: Mapping[ChannelId, ChannelConfig], network: SettlementNetwork, asset: Asset
) -> ChannelStanding:
    from pysettle.client.channel.lists import channel_in

    if not isinstance(text, str):
        raise ValueError(f"{text!r} is no id of a channel")
    channel_id = channel_in(opened, text)
    standing = network.channel_lists.standing(channel_id, opened[channel_id])
    if standing.config.token != asset.token or standing.is_metered != bool(asset.series):
        raise ValueError(f"{text} is not a channel in the asset of {asset.option}: give the option of its asset")
    if asset.series and standing.config.receiver_authorizer != network.meter.address:
        raise ValueError(f"{text} is not claimed by the UsageMeter of this network")
    return standing


def _usage(counters: Any) -> Usage:
    from pysettle.domain.compute.usage import USAGE_BITS, Meters, Usage

    if not isinstance(counters, list) or len(counters) != _COUNTERS:
        raise ValueError(f"{counters!r} is no list of {_COUNTERS} counters, off-peak before peak")
    read = [read_number(counter, USAGE_BITS) for counter in counters]
    return Usage(Meters(*read[:3]), Meters(*read[3:]))


def _signature(text: Any, size: int | None) -> bytes:
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not written as hex digits")
    signature = read_hex(text)
    # The hub divides the bytes of the signatures evenly among the rows.
    if size is not None and len(signature) != size:
        raise ValueError(f"it has {len(signature)} bytes, and that of row 1 has {size}: claim them apart")
    return signature
