"""Questions to hubs at the head, with the answers that the books expect."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.channel.books import ChannelBooks
from pysettle.domain.channel.contracts import CHANNEL, CHANNEL_HUB, PAYOUT
from pysettle.domain.channel.messages import hub_domain
from pysettle.domain.core.books import Books
from pysettle.domain.core.findings import Finding
from pysettle.domain.core.questions import Question, call_data


def payouts(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask hubs for the credits of accounts."""
    for hub in sorted(books.contracts[CHANNEL_HUB]):
        for account, amount in books.held_for(PAYOUT):
            data = call_data("credits(address,address)", account.owner, account.asset)
            call = f"credits(0x{account.owner.hex()}, 0x{account.asset.hex()})"
            yield Question(f"hub 0x{hub.hex()}", hub, call, data, (amount,))


def channels(books: Books, chain_id: int) -> Iterator[Question | Finding]:
    """Ask each hub for its channels; the id of each has to be that of its terms."""
    for channel_id, record in books[ChannelBooks].channels.items():
        about = f"channel 0x{channel_id.hex()}"
        if record.config.channel_id(hub_domain(chain_id, record.hub)) != channel_id:
            yield Finding("INV-REPLAY", about, f"its id is not that of its terms under hub 0x{record.hub.hex()}")
            continue
        balance = books.balance(record.config.token, CHANNEL, channel_id) + record.total_claimed
        data = call_data("channels(bytes32)", channel_id)
        yield Question(about, record.hub, "channels(id)", data, (balance, record.total_claimed))
