"""The interface of a chain for pysettle, and the plain records of its answers.

`ChainBackend` is the only seam between settlement code and an EVM. It knows nothing of contracts: bytes go in,
receipts and logs come out. `tests/behaviors` has a suite that every backend passes, geth as
a network included, and one for chains that are ours to seal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pysettle.values import Address, Hash32


@dataclass(frozen=True, slots=True)
class Log:
    """One EVM log, with the place that orders it: (block_number, log_index)."""

    address: Address
    """Contract that emitted it, 20 bytes."""
    topics: tuple[bytes, ...]
    """Zero to four words of 32 bytes; the first is the event's signature hash."""
    data: bytes
    """ABI encoding of the arguments that are not indexed."""
    block_number: int
    """Number of the block it was sealed in."""
    transaction_hash: Hash32
    """Hash of the transaction that emitted it."""
    transaction_index: int
    """Place of the transaction in its block, from 0."""
    log_index: int
    """Place of the log in its block, from 0."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of one sealed transaction."""

    transaction_hash: Hash32
    """Hash of the transaction."""
    transaction_index: int
    """Place of the transaction in its block, from 0."""
    block_number: int
    """Number of the block it was sealed in."""
    succeeded: bool
    """False when execution reverted or ran out of gas; the fee is paid all the same."""
    gas_used: int
    """Gas this transaction alone used."""
    contract_address: Address | None
    """Address created by the transaction, None when it created none."""
    logs: tuple[Log, ...]
    """Its logs in order; empty when it failed."""
    revert_data: bytes
    """Return data of a revert; empty on success and when it ran out of gas."""


@dataclass(frozen=True, slots=True)
class Block:
    """The part of a sealed block that settlement code reads."""

    number: int
    """Height, the genesis is 0."""
    hash: Hash32
    """Keccak-256 of the header."""
    parent_hash: Hash32
    """Hash of the block before."""
    timestamp: int
    """Chain time in unix seconds, strictly above the parent's."""
    state_root: Hash32
    """Root of the state after the block."""
    prevrandao: Hash32
    """Randomness of the block (EIP-4399)."""
    base_fee: int
    """Base fee in wei per gas (EIP-1559)."""
    gas_used: int
    """Gas used by all its transactions."""
    gas_limit: int
    """Gas its transactions may use."""
    transaction_hashes: tuple[Hash32, ...]
    """Its transactions in order."""


@dataclass(frozen=True, slots=True)
class Standing:
    """State that shows whether a chain still has its earlier contracts."""

    genesis_hash: Hash32
    """Hash of block 0."""
    head: int
    """Number of the head."""
    nonces: tuple[int, ...]
    """Nonces at the head of the accounts asked for; that of a contract is 1 from its creation on (EIP-161)."""


@dataclass(frozen=True, slots=True)
class Fees:
    """Offer of a transaction for a unit of gas, in wei."""

    max_fee: int
    """Most it pays: the `maxFeePerGas` of EIP-1559, or the gas price of a legacy transaction."""
    priority_fee: int | None
    """Most of it that goes to the block's producer (EIP-1559); None on a network without a base fee."""


class ExecutionReverted(Exception):
    """A simulated call reverted; `.data` is its return data.

    Raised by `ChainBackend.call` only, and turned into a typed error in one place, `pysettle.evm.reverts`.
    """

    def __init__(self, data: bytes) -> None:
        """Keep the revert data."""
        self.data = data
        super().__init__("0x" + data.hex())


class Clock(Protocol):
    """The chain's own time. Nothing in pysettle reads another one."""

    def now(self) -> int:
        """Return the timestamp, in unix seconds, that a call sees now and the next block will carry at the least."""

    def advance(self, seconds: int) -> int:
        """Move the clock forward by whole seconds; return the new `now`. The next block carries it."""


class ChainBackend(Protocol):
    """An EVM chain: embedded, or behind JSON-RPC."""

    @property
    def chain_id(self) -> int:
        """Chain id (EIP-155), bound into every signature."""

    @property
    def clock(self) -> Clock:
        """The chain's clock."""

    def fees(self) -> Fees:
        """Return the offer of a transaction that should be in one of the next blocks."""

    def submit(self, raw_transactions: Sequence[bytes]) -> None:
        """Hand over signed transactions, to be sealed in order in as few blocks as their gas allows.

        Where the chain is ours to seal they are sealed when this returns. A network seals them when it does.

        Raises:
            TransactionRefused: naming the place of a transaction that can never be sealed (bad signature, wrong
                nonce, no funds, more gas than a block), and why. The embedded chain has then sealed none, and a
                development node none but those that the error names, because somebody else used one of the accounts
                at that moment.
        """

    def wait(self) -> None:
        """Wait until there is another block.

        Raises:
            ChainUnreachable: there was none for too long.
        """

    def confirmed(self) -> int:
        """Return the number of the latest block that is taken as final."""

    def receipts_of(self, transaction_hashes: Sequence[Hash32]) -> tuple[Receipt | None, ...]:
        """Return the receipts of transactions in the order asked for, None for one that is in no block.

        A transaction that reverts is sealed too, and its receipt says so.
        """

    def call(
        self,
        to: Address | None,
        data: bytes,
        *,
        sender: Address = Address(b"\0" * 20),  # noqa: B008 - an immutable constant
        block_number: int | None = None,
    ) -> bytes:
        """Execute without sealing, free of gas fees, on the state after `block_number` (None: the head).

        At the head the call sees `clock.now()` as its block's timestamp. Without `to` it runs `data` as creation code,
        and returns its return data.

        Raises:
            ExecutionReverted: with the data the execution reverted with.
        """

    def block(self, number: int | None = None) -> Block:
        """Return the sealed block of that height (None: the head).

        Raises:
            ChainError: no such block.
        """

    def logs(
        self,
        *,
        from_block: int = 0,
        to_block: int | None = None,
        addresses: Sequence[Address] = (),
        topics: Sequence[bytes] = (),
        ids: Sequence[bytes] = (),
    ) -> Iterator[Log]:
        """Yield logs in chain order, of blocks `from_block` to `to_block` (inclusive; None: the head).

        Args:
            from_block: First block read.
            to_block: Last block read.
            addresses: Emitting contracts wanted; empty for any.
            topics: First topics (event signatures) wanted; empty for any.
            ids: Second topics (the first indexed member, such as the id of a channel) wanted; empty for any.
        """

    def balance(self, account: Address) -> int:
        """Return the account's native balance at the head, in wei."""

    def nonce(self, account: Address) -> int:
        """Return the number of transactions the account has sealed."""

    def nonces_of(self, accounts: Sequence[Address]) -> tuple[int, ...]:
        """Return the `nonce` of each account, in the order asked for."""

    def code(self, account: Address) -> bytes:
        """Return the account's code at the head; empty for an account without code."""

    def standing(self, accounts: Sequence[Address]) -> Standing:
        """Return block 0, the head and the nonces of accounts, over a network in one request."""

    def snapshot(self) -> int:
        """Remember the chain and its clock as they are; return a handle for `revert`."""

    def revert(self, snapshot: int) -> None:
        """Take the chain and its clock back to a snapshot, which is spent by it, as are all later ones.

        Raises:
            ChainError: the handle was never given, or is spent.
        """
