"""The double-entry ledger of the network, folded from events.

Every event that moves value is one balanced entry: its postings sum to zero in each asset. Entries never change; the
state is a fold over them. A `Transfer` moves value between *holders*. The events of settlement move value between the
*purposes* a contract holds it for: a channel, a receiver's claims, a series' escrow, a pending redemption, a credit.
What a contract holds for no purpose is its own unallocated balance, which is zero unless somebody donated to it, so
that the books of the hub and of every series can be checked against what they really hold.

`accounts` says what it is made of, `books` keeps the state, `token`, `currency`, `compute`, `jobs` and `interest` know
what each event does to it, and `fold` applies them in order.
"""

from pysettle.domain.core.accounts import Contracts, Entry, LedgerAccount, Posting, Purpose, SeriesTerms
from pysettle.domain.core.books import Announced, ChannelRecord, HaltRecord, OrderRecord, Redemption, RedemptionState
from pysettle.domain.ledger.fold import Ledger, fold

__all__ = [
    "Announced",
    "ChannelRecord",
    "Contracts",
    "Entry",
    "HaltRecord",
    "Ledger",
    "LedgerAccount",
    "OrderRecord",
    "Posting",
    "Purpose",
    "Redemption",
    "RedemptionState",
    "SeriesTerms",
    "fold",
]
