"""Usage receipts that a payer hands to the auditor, compared with the history: signed counts against attested usage.

Each finding follows from signatures of a provider and from the chain. A payer can leave receipts out, so that usage
beyond the last receipt is a notice alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pysettle.domain.channel.books import ChannelBooks
from pysettle.domain.channel.contracts import CHANNEL_HUB
from pysettle.domain.channel.events import UsageAttested
from pysettle.domain.channel.receipts import (
    CLOCK_TOLERANCE_S,
    ReceiptFile,
    ReceiptTerms,
    UsageReceipt,
    falls,
    refuted,
    signed_receipts,
)
from pysettle.domain.compute.books import ComputeBooks
from pysettle.domain.compute.contracts import COMPUTE_TOKEN
from pysettle.domain.compute.usage import USAGE_BITS, Usage
from pysettle.domain.core.books import Books
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.findings import Finding, Severity
from pysettle.domain.core.messages import ChannelId
from pysettle.errors import UsageError
from pysettle.values import SeriesId

_CODE = "INV-USAGE"


class ReceiptCheck:
    """The comparison of one file of receipts with a history."""

    def __init__(self, file: ReceiptFile, contracts: Contracts, chain_id: int) -> None:
        """Begin before the first block.

        Raises:
            UsageError: the receipts are of another chain, or of a hub that is not listed.
        """
        if file.chain_id != chain_id or file.hub not in contracts[CHANNEL_HUB]:
            raise UsageError(
                f"the receipts are of the hub 0x{file.hub.hex()} on chain {file.chain_id}, which the bundle of chain "
                f"{chain_id} does not list: name the bundle of their network",
                hub=file.hub,
                chain_id=file.chain_id,
            )
        self._file, self.count = file, len(file.receipts)
        self._channels = frozenset(it.receipt.channel_id for it in file.receipts)
        self._attested: dict[tuple[ChannelId, SeriesId], list[tuple[int, Usage]]] = {}

    def see(self, emitted: Emitted) -> None:
        """Keep the attested usage of the channels of receipts."""
        event = emitted.event
        if not isinstance(event, UsageAttested):
            return
        for channel_id, usage in zip(event.channel_ids, event.usages, strict=False):
            if channel_id in self._channels and usage >> (6 * USAGE_BITS) == 0:
                attested = self._attested.setdefault((channel_id, SeriesId(event.series)), [])
                attested.append((emitted.timestamp, Usage.unpack(usage)))

    def findings(self, books: Books) -> Iterator[Finding]:
        """Yield the statements of the receipts that are false, and the attestations that contradict them.

        Args:
            books: The books at the head.
        """
        terms = {channel_id: found for channel_id in self._channels if (found := _terms(books, self._file, channel_id))}
        for it in refuted(self._file, terms):
            severity = Severity.ERROR if it.is_signed else Severity.NOTICE
            about = f"receipt {it.place} of channel 0x{it.channel_id.hex()}"
            yield Finding(_CODE, about, it.detail, severity)
        for channel_id, placed in signed_receipts(self._file, terms)[0].items():
            series = SeriesId(books[ChannelBooks].channels[channel_id].config.token)
            receipts = [signed.receipt for _, signed in placed]
            yield from _beyond(channel_id, receipts, self._attested.get((channel_id, series), []))


def _terms(books: Books, file: ReceiptFile, channel_id: ChannelId) -> ReceiptTerms | None:
    """Return the terms of a channel by the books; None for a channel that the hub of the receipts has not."""
    record = books[ChannelBooks].channels.get(channel_id)
    if record is None or record.hub != file.hub:
        return None
    series = record.config.receiver
    opened, priced = books[ComputeBooks].opened.get(series), books.contracts[COMPUTE_TOKEN].get(series)
    if opened and priced:
        return ReceiptTerms(opened.provider, priced.rate_card)
    return ReceiptTerms(record.config.receiver_authorizer, None)


def _beyond(
    channel_id: ChannelId, receipts: Sequence[UsageReceipt], attested: Sequence[tuple[int, Usage]]
) -> Iterator[Finding]:
    """Yield the attestations of one channel that its receipts, in order, contradict or do not reach."""
    for attested_at, usage in attested:
        later = (it for it in receipts if it.issued_at > attested_at + CLOCK_TOLERANCE_S and falls(usage, it.usage))
        if lower := next(later, None):
            detail = (
                f"at {attested_at} (unix seconds) its provider attested the counts {usage.counters()}, and at "
                f"{lower.issued_at} it signed a receipt of {lower.usage.counters()}"
            )
            yield Finding(_CODE, f"channel 0x{channel_id.hex()}", detail)
    if attested and falls(attested[-1][1], receipts[-1].usage):
        last = receipts[-1].usage.counters()
        detail = f"{attested[-1][1].counters()} is attested, the last receipt of the file states {last}"
        yield Finding(_CODE, f"channel 0x{channel_id.hex()}", detail, Severity.NOTICE)
