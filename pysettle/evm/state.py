"""Prague's state in the sealing VM: py-evm's, without its most expensive parts.

It overrides the parts of py-evm's state and account database that a profile of many transfers named: accounts built and
copied as checked RLP objects four times a transaction, and repeated look-ups of loggers. It adds one rule that py-evm
lacks: no contract is created at an address with storage.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import rlp
from eth.constants import BLANK_ROOT_HASH, EMPTY_SHA3
from eth.db.account import AccountDB
from eth.rlp.accounts import Account
from eth.vm.forks.prague.state import PragueState
from eth_utils.logging import ExtendedDebugLogger, get_extended_debug_logger
from rlp.codec import encode_raw

from pysettle.evm.interpreter import SealingComputation
from pysettle.values import Address


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


class SealingAccountDB(AccountDB):
    """py-evm's accounts, kept as plain records."""

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
