"""Prague's state in the sealing VM: py-evm's, without its most expensive parts.

It overrides the parts of py-evm's state and account database that a profile of many transfers named: accounts built and
copied as checked RLP objects four times a transaction, and repeated look-ups of loggers. It adds one rule that py-evm
lacks: no contract is created at an address with storage.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import rlp
from eth.abc import AccountStorageDatabaseAPI, AtomicDatabaseAPI, DatabaseAPI
from eth.constants import BLANK_ROOT_HASH, EMPTY_SHA3
from eth.db.account import AccountDB
from eth.db.batch import BatchDB
from eth.db.storage import AccountStorageDB, StorageLookup
from eth.rlp.accounts import Account
from eth.vm.forks.prague.state import PragueState
from eth_utils.logging import ExtendedDebugLogger, get_extended_debug_logger
from rlp.codec import encode_raw
from trie.hexary import HexaryTrie

from pysettle.evm.interpreter import SealingComputation
from pysettle.evm.trie import BatchedTrie
from pysettle.values import Address, Hash32


class AccountRecord(NamedTuple):
    """An account's fields under the names of py-evm's `Account`, which checks its types at each of many copies."""

    nonce: int = 0
    """Transactions sent, or contracts created."""
    balance: int = 0
    """Wei."""
    storage_root: bytes = BLANK_ROOT_HASH
    """Root of the storage trie."""
    code_hash: bytes = EMPTY_SHA3
    """Keccak-256 of the code."""

    def copy(self, **fields: int | bytes) -> AccountRecord:
        """Return the account with some fields replaced."""
        return self._replace(**fields)  # type: ignore[arg-type]  # py-evm checks the fields

    @classmethod
    def decode(cls, encoded: bytes) -> AccountRecord:
        """Read an account from a leaf of the state trie."""
        nonce, balance, storage_root, code_hash = rlp.decode(encoded)
        return cls(int.from_bytes(nonce, "big"), int.from_bytes(balance, "big"), storage_root, code_hash)

    def encode(self) -> bytes:
        """Return the leaf of the state trie."""
        nonce, balance = (number.to_bytes((number.bit_length() + 7) // 8, "big") for number in self[:2])
        return cast(bytes, encode_raw([nonce, balance, self.storage_root, self.code_hash]))


class SealingStorageLookup(StorageLookup):
    """py-evm's way from the words of an account to its storage trie, changed in one pass."""

    def _get_write_trie(self) -> HexaryTrie:
        if not self.has_changed_root:
            self._trie_nodes_batch = BatchDB(self._db, read_through_deletes=True)
            self._write_trie = BatchedTrie(self._trie_nodes_batch, self._starting_root_hash)
        return self._write_trie

    def commit_to(self, db: DatabaseAPI) -> None:
        """Write the new nodes of the trie, all of which its root has to be asked for."""
        if self.has_changed_root:
            self.get_changed_root()
        super().commit_to(db)


class SealingStorageDB(AccountStorageDB):
    """py-evm's storage of an account, whose trie is changed in one pass."""

    def __init__(self, db: AtomicDatabaseAPI, storage_root: Hash32, address: Address) -> None:
        """Begin at a root of the account's storage."""
        super().__init__(db, storage_root, address)
        self._storage_lookup = self._storage_cache._db = SealingStorageLookup(db, storage_root, address)


class SealingAccountDB(AccountDB):
    """py-evm's accounts, kept as plain records, in tries that are changed in one pass."""

    def __init__(self, db: AtomicDatabaseAPI, state_root: Hash32 = BLANK_ROOT_HASH) -> None:
        """Begin at the root of a state."""
        super().__init__(db, state_root)
        self._trie._db = cast(DatabaseAPI, BatchedTrie(self._batchtrie, state_root))

    def _get_address_store(self, address: Address) -> AccountStorageDatabaseAPI:
        if address not in self._account_stores:
            root = self._get_storage_root(address)
            self._account_stores[address] = SealingStorageDB(self._raw_store_db, root, address)
        return self._account_stores[address]

    def _get_account(self, address: Address, from_journal: bool = True) -> Account:
        if from_journal and address in self._account_cache:
            return self._account_cache[address]
        encoded = self._get_encoded_account(address, from_journal)
        account = cast(Account, AccountRecord.decode(encoded) if encoded else AccountRecord())
        if from_journal:
            self._account_cache[address] = account
        return account

    def _set_account(self, address: Address, account: Account) -> None:
        self._account_cache[address] = account
        self._journaltrie[address] = cast(AccountRecord, account).encode()


class SealingState(PragueState):
    """Prague's state over plain accounts, executed by the faster interpreter, with every rule of creation."""

    account_db_class = SealingAccountDB
    computation_class = SealingComputation
    _logger = get_extended_debug_logger("eth.vm.state.SealingState")

    def set_system_contracts(self) -> None:
        """Leave the system contracts as the genesis made them; py-evm looks at them each time a state is built."""

    def has_code_or_nonce(self, address: Address) -> bool:
        """Whether no contract can be created at an address: the account there has code, a nonce, or storage.

        py-evm 0.12.1 asks this of an address before each creation, by a transaction, CREATE and CREATE2 alike, and of
        nothing else, and does not look at storage. A genesis can plant storage at an address that is created later.

        Source:
            EIP-7610.
        """
        if super().has_code_or_nonce(address):
            return True
        # An account without code writes no storage, so that the root is that of the block before, and no trie is built.
        accounts = cast(AccountDB, self._account_db)
        return accounts._get_storage_root(address) != BLANK_ROOT_HASH

    @property
    def logger(self) -> ExtendedDebugLogger:
        """The one logger of every state; py-evm looks it up anew each time it is asked."""
        return self._logger
