"""An execution that notes all that it reads of the chain, in order.

What it reads next is a function of what it has read: a call whose reads would give the same values gives the same
answer, whatever else has changed on the chain.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeAlias

from eth.abc import AccountDatabaseAPI, AtomicDatabaseAPI, ComputationAPI, ExecutionContextAPI, SignedTransactionAPI
from eth.constants import BLANK_ROOT_HASH

from pysettle.evm.prague import SealingVM
from pysettle.evm.state import AccountRecord, SealingAccountDB, SealingState
from pysettle.values import Address, Hash32

Place: TypeAlias = "str | Address | tuple[Address, int]"
"""What is read: a field of the block, by its name; an account, its storage apart; or a word of its storage."""
Reads = dict[Place, Hashable]
"""Place -> its value before the execution, in the order of the first reads."""


class NotingAccounts(SealingAccountDB):
    """Accounts that note the state before an execution where it touches them first."""

    def __init__(self, db: AtomicDatabaseAPI, state_root: Hash32) -> None:
        """Note nothing as yet."""
        self.reads: Reads = {}
        super().__init__(db, state_root)

    def account(self, address: Address) -> Hashable:
        """Return all of an account but its storage, of which it says only whether there is any."""
        record: Any = super()._get_account(address)
        nonce, balance, root, code_hash = AccountRecord(*record)
        return nonce, balance, root == BLANK_ROOT_HASH, code_hash, self._get_encoded_account(address) != b""

    def _get_account(self, address: Address, from_journal: bool = True) -> Any:
        # Whatever changes an account gets it first.
        if address not in self.reads:
            self.reads[address] = self.account(address)
        return super()._get_account(address, from_journal)

    def account_exists(self, address: Address) -> bool:
        """Note the account, then answer as py-evm does."""
        self._get_account(address)
        return super().account_exists(address)

    def _get_storage_root(self, address: Address) -> Hash32:
        # Asked for once a trie, which is kept from call to call: the words are noted, each for itself.
        return super()._get_account(address).storage_root  # type: ignore[no-any-return]  # as py-evm has it

    def get_storage(self, address: Address, slot: int, from_journal: bool = True) -> int:
        """Note the word, which is read before it is first written, then return it."""
        word = super().get_storage(address, slot, from_journal)
        self.reads.setdefault((address, slot), word)
        return word


class NotingContext:
    """The fields of a block, noted when they are read."""

    def __init__(self, context: ExecutionContextAPI, accounts: NotingAccounts) -> None:
        """Stand before the context of a state."""
        self._context, self._accounts = context, accounts

    def __getattr__(self, name: str) -> Any:
        """Return a field; the hashes of earlier blocks all follow from the last one."""
        value = getattr(self._context, name)
        self._accounts.reads.setdefault(name, next(iter(value)) if name == "prev_hashes" else value)
        return value


class NotingState(SealingState):
    """The product's state, which notes the reads of the latest execution."""

    account_db_class: type[AccountDatabaseAPI] = NotingAccounts
    _account_db: NotingAccounts
    execution_context: ExecutionContextAPI

    def __init__(self, db: AtomicDatabaseAPI, execution_context: ExecutionContextAPI, state_root: Hash32) -> None:
        """Have every field of the block noted too."""
        super().__init__(db, execution_context, state_root)
        self.execution_context = NotingContext(execution_context, self._account_db)  # type: ignore[assignment]

    def apply_transaction(self, transaction: SignedTransactionAPI) -> ComputationAPI:
        """Execute as the product does, and note the reads of this execution alone."""
        self._account_db.reads = {}
        return super().apply_transaction(transaction)

    @property
    def reads(self) -> Reads:
        """What the latest execution has read."""
        return self._account_db.reads

    def value(self, place: Place) -> Hashable:
        """Return what an execution would read at a place first."""
        if isinstance(place, str):
            value = getattr(self.execution_context, place)
            return next(iter(value)) if place == "prev_hashes" else value  # type: ignore[no-any-return]
        return self.get_storage(*place) if isinstance(place, tuple) else self._account_db.account(place)


class NotingVM(SealingVM):
    """The product's rules, over a state that notes what is read."""

    _state_class = NotingState
