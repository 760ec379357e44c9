"""Checks of channels between two transactions, and notices for an auditor."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.channel.books import ChannelBooks
from pysettle.domain.channel.contracts import CHANNEL, CHANNEL_HUB, CLAIM, PAYOUT
from pysettle.domain.core.accounts import OWN
from pysettle.domain.core.books import Books
from pysettle.domain.core.column import Scope
from pysettle.domain.core.findings import Finding, Severity


def channels(books: Books, scope: Scope) -> Iterator[Finding]:
    """INV-CHANNEL: the hub holds all unclaimed and unsettled amounts, and no channel is overdrawn."""
    for account in scope.accounts:
        amount = books.balances.get(account, 0)
        if amount >= 0:
            continue
        hub = account.purpose is OWN and account.owner in books.contracts[CHANNEL_HUB]
        if hub or account.purpose in (CHANNEL, CLAIM, PAYOUT):
            yield Finding("INV-CHANNEL", f"{account.purpose.value} 0x{account.owner.hex()}", f"{-amount} units short")


def claims_of_frozen_payers(books: Books) -> Iterator[Finding]:
    """Yield a notice of claims on payers during a freeze."""
    for (series, payer), tokens in books[ChannelBooks].claimed_of_frozen.items():
        detail = f"{tokens} Tokens were claimed from channels of 0x{payer.hex()} while it was frozen outgoing"
        yield Finding("INV-FROZEN", f"series 0x{series.hex()}", detail, Severity.NOTICE)
