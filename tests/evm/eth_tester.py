"""A chain behind eth-tester: `EthereumTester` over the embedded chain's backend, asked as web3's provider asks it.

What eth-tester does not say is not known here either, with one exception: its receipts have no place for what a
transaction reverted with.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from eth_abi.abi import encode
from eth_tester.exceptions import BlockNotFound, TransactionFailed, TransactionNotFound, ValidationError
from eth_typing import Address, Hash32
from eth_utils.address import to_checksum_address

from pysettle.errors import ChainError, TransactionRefused, UsageError
from pysettle.evm.backend import Block, ExecutionReverted, Fees, Log, Receipt, Standing
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis
from pysettle.evm.tester import tester_provider

_ERROR = bytes.fromhex("08c379a0")


class EthTesterChain:
    """A `ChainBackend` on eth-tester."""

    def __init__(self, genesis: Genesis) -> None:
        """Begin a chain whose blocks are sealed when transactions are handed over."""
        self._embedded = EmbeddedChain(genesis)
        self._tester: Any = tester_provider(self._embedded).ethereum_tester
        self._tester.disable_auto_mine_transactions()
        self.chain_id = genesis.chain_id
        self.clock = _Clock(self._tester)
        self._snapshots: dict[int, tuple[Any, int]] = {}
        self._handles = count(1)

    # Sending

    def fees(self) -> Fees:
        """Return an offer that holds while a long sequence of blocks is sealed."""
        return Fees(8 * self.block().base_fee, 0)

    def submit(self, raw_transactions: Sequence[bytes]) -> None:
        """Seal transactions, all or none."""
        if not raw_transactions:
            return
        before = self._tester.take_snapshot()
        for place, raw in enumerate(raw_transactions):
            try:
                self._send(raw)
            except (ValidationError, ValueError, TransactionRefused) as problem:
                self._tester.revert_to_snapshot(before)
                raise TransactionRefused(place, len(raw_transactions), str(problem)) from problem
        self._tester.mine_block()

    def _send(self, raw: bytes) -> None:
        try:
            self._tester.send_raw_transaction("0x" + raw.hex())
        except Exception as problem:
            if "no gas is left" not in str(problem):
                raise
            self._tester.mine_block()
            self._tester.send_raw_transaction("0x" + raw.hex())

    def wait(self) -> None:
        """Refuse to wait: the chain seals what it is given and nothing else."""
        raise ChainError("eth-tester seals a block when it is told to")

    def confirmed(self) -> int:
        """Return the head's number."""
        return self.block().number

    def receipts_of(self, transaction_hashes: Sequence[Hash32]) -> tuple[Receipt | None, ...]:
        """Return receipts, None for what is not sealed."""
        return tuple(map(self._receipt, transaction_hashes))

    def _receipt(self, transaction_hash: Hash32) -> Receipt | None:
        try:
            found = self._tester.get_transaction_receipt("0x" + transaction_hash.hex())
        except TransactionNotFound:
            return None
        succeeded, contract = found["status"] == 1, found["contract_address"]
        return Receipt(
            transaction_hash=Hash32(_bytes(found["transaction_hash"])),
            transaction_index=found["transaction_index"],
            block_number=found["block_number"],
            succeeded=succeeded,
            gas_used=found["gas_used"],
            contract_address=Address(_bytes(contract)) if contract and succeeded else None,
            logs=tuple(map(_log, found["logs"])),
            revert_data=self._embedded.receipt(transaction_hash).revert_data,
        )

    # Reading

    def call(
        self,
        to: Address | None,
        data: bytes,
        *,
        sender: Address = Address(b"\0" * 20),  # noqa: B008
        block_number: int | None = None,
    ) -> bytes:
        """Execute without sealing; what it reverted with is read from what eth-tester prints."""
        transaction = {"from": to_checksum_address(sender), "data": "0x" + data.hex()}
        transaction |= {"to": to_checksum_address(to)} if to is not None else {"to": ""}
        try:
            return _bytes(self._tester.call(transaction, "latest" if block_number is None else block_number))
        except BlockNotFound as problem:
            raise ChainError(str(problem)) from problem
        except TransactionFailed as problem:
            raise ExecutionReverted(_revert_data(str(problem))) from problem

    def block(self, number: int | None = None) -> Block:
        """Return a sealed block."""
        try:
            found = self._tester.get_block_by_number("latest" if number is None else number)
        except (BlockNotFound, ValidationError) as problem:
            raise ChainError(str(problem)) from problem
        return Block(
            number=found["number"],
            hash=Hash32(_bytes(found["hash"])),
            parent_hash=Hash32(_bytes(found["parent_hash"])),
            timestamp=found["timestamp"],
            state_root=Hash32(_bytes(found["state_root"])),
            prevrandao=Hash32(_bytes(found["mix_hash"])),
            base_fee=found["base_fee_per_gas"],
            gas_used=found["gas_used"],
            gas_limit=found["gas_limit"],
            transaction_hashes=tuple(Hash32(_bytes(it)) for it in found["transactions"]),
        )

    def logs(
        self,
        *,
        from_block: int = 0,
        to_block: int | None = None,
        addresses: Sequence[Address] = (),
        topics: Sequence[bytes] = (),
        ids: Sequence[bytes] = (),
    ) -> Iterator[Log]:
        """Yield logs in chain order."""
        head = self.block().number
        last = head if to_block is None else min(to_block, head)
        if from_block > last:
            return
        wanted: dict[str, Any] = {"from_block": from_block, "to_block": last}
        if addresses:
            wanted["address"] = [to_checksum_address(it) for it in addresses]
        if topics:
            wanted["topics"] = [["0x" + it.hex() for it in topics]]
        found = map(_log, self._tester.get_logs(**wanted))
        yield from (log for log in found if not ids or log.topics[1:2] in [(it,) for it in ids])

    def balance(self, account: Address) -> int:
        """Return a native balance, in wei."""
        return int(self._tester.get_balance(to_checksum_address(account)))

    def nonce(self, account: Address) -> int:
        """Return the number of transactions the account has sealed."""
        return int(self._tester.get_nonce(to_checksum_address(account)))

    def nonces_of(self, accounts: Sequence[Address]) -> tuple[int, ...]:
        """Return the nonce of each account."""
        return tuple(map(self.nonce, accounts))

    def code(self, account: Address) -> bytes:
        """Return an account's code."""
        return _bytes(self._tester.get_code(to_checksum_address(account)))

    def standing(self, accounts: Sequence[Address]) -> Standing:
        """Return block 0, the head and the nonces of accounts."""
        return Standing(self.block(0).hash, self.block().number, self.nonces_of(accounts))

    # Snapshots

    def snapshot(self) -> int:
        """Remember the chain and its clock."""
        handle = next(self._handles)
        self._snapshots[handle] = (self._tester.take_snapshot(), self.clock.now())
        return handle

    def revert(self, snapshot: int) -> None:
        """Take the chain and its clock back; the handle is spent, as are all later ones."""
        if snapshot not in self._snapshots:
            raise ChainError(f"no snapshot {snapshot}")
        taken, now = self._snapshots[snapshot]
        self._tester.revert_to_snapshot(taken)
        self._snapshots = {handle: it for handle, it in self._snapshots.items() if handle < snapshot}
        assert self.clock.now() == now


class _Clock:
    """eth-tester's pending block tells the time, and time travel moves it."""

    def __init__(self, tester: Any) -> None:
        self._tester = tester

    def now(self) -> int:
        """Return the next block's timestamp."""
        return int(self._tester.get_block_by_number("pending")["timestamp"])

    def advance(self, seconds: int) -> int:
        """Move the clock forward."""
        if seconds < 0:
            raise UsageError(f"chain time cannot go back (by {-seconds} seconds): advance it by 0 or more")
        if seconds:
            self._tester.time_travel(self.now() + seconds)
        return self.now()


def _log(found: dict[str, Any]) -> Log:
    return Log(
        address=Address(_bytes(found["address"])),
        topics=tuple(map(_bytes, found["topics"])),
        data=_bytes(found["data"]),
        block_number=found["block_number"],
        transaction_hash=Hash32(_bytes(found["transaction_hash"])),
        transaction_index=found["transaction_index"],
        log_index=found["log_index"],
    )


def _revert_data(printed: str) -> bytes:
    """Return the data of a revert from its representation, or encode the text it was decoded to."""
    if printed[:2] in ("b'", 'b"'):
        return bytes(ast.literal_eval(printed))
    return b"" if not printed or " " in printed[:20] else _ERROR + encode(["string"], [printed])


def _bytes(text: Any) -> bytes:
    return bytes.fromhex(str(text)[2:])
