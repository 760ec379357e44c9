"""A chain behind JSON-RPC: a development node (anvil, `pysettle node`), or any network that speaks it.

On a development node blocks are sealed when transactions are handed over, and time and snapshots are ours. On any
other network, a workspace's chain that is served included, blocks come when they come, may be replaced by others (a
reorganisation), and cannot be taken back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from pysettle.errors import ChainError, ChainUnreachable, NodeError, TransactionRefused, UsageError, WrongChain
from pysettle.evm.backend import Block, ExecutionReverted, Fees, Log, Receipt, Standing
from pysettle.evm.genesis import GenesisAccount
from pysettle.evm.handover import answered, handed_over
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.logs import LogQuery, LogReader
from pysettle.evm.node_blocks import DEVELOPMENT_NODE, NodeBlocks
from pysettle.evm.sealing import DevelopmentSealer, refusals
from pysettle.hashing import keccak
from pysettle.values import Address, Hash32

_OURS = f"{DEVELOPMENT_NODE}/"
_DEVELOPMENT_NODES = ("anvil/", _OURS)
_POLL_S = 0.2
_BASE_FEE_HEADROOM = 2
"""Most the base fee may have grown, as a factor, before a transaction is sealed: six full blocks."""
_EXECUTION_FAILED = 3
"""Code of a reverted call; some nodes say so in words alone."""
_FAILURES = ("revert", "out of gas", "outofgas", "invalid", "stack", "bad jump")


class RpcChain:
    """A `ChainBackend` behind a URL."""

    def __init__(
        self,
        url: str,
        *,
        chain_id: int | None = None,
        confirmations: int = 1,
        legacy: bool = False,
        patience_s: int = 120,
        answer_s: float = 30,
        moves_clock: bool = False,
    ) -> None:
        """Connect to a node.

        Args:
            url: Where it listens, http or https.
            chain_id: Chain id it must have; None for any.
            confirmations: Blocks, its own counted, that make a transaction final.
            legacy: Pay by gas price although the network has a base fee.
            patience_s: Longest time without a new block, in seconds.
            answer_s: Longest wait for an answer of the node, in seconds.
            moves_clock: Whether the clock is ours to move although blocks are kept: a workspace's chain that our node
                serves.

        Raises:
            ChainUnreachable: nobody answers there.
            WrongChain: the node's chain has another id.
        """
        self._rpc = JsonRpc(url, timeout_s=answer_s)
        self.chain_id = int(self._rpc.ask("eth_chainId"), 16)
        """Chain id (EIP-155), bound into every signature."""
        if chain_id not in (None, self.chain_id):
            raise WrongChain(
                f"{self._rpc.name} serves chain {self.chain_id}, expected was {chain_id}",
                expected={"chain_id": chain_id},
                actual={"chain_id": self.chain_id},
            )
        if confirmations < 1:
            raise UsageError(
                f"{confirmations} confirmations make nothing final: 1 is the block itself", confirmations=confirmations
            )
        self._confirmations, self._legacy, self._patience_s = confirmations, legacy, patience_s
        self.client_version = str(self._rpc.ask("web3_clientVersion"))
        """Name of the node's client."""
        self.is_development_node = self.client_version.startswith(_DEVELOPMENT_NODES)
        """Whether the node seals, moves its clock and takes its chain back when it is told to."""
        self._has_clock = self.is_development_node or moves_clock
        self.clock = RpcClock(self._rpc, self._has_clock)
        """The chain's clock."""
        self._logs = LogReader(self._rpc)
        seals_singly = not self.client_version.startswith(_OURS)
        self._sealer = DevelopmentSealer(self._rpc, self.chain_id, seals_singly=seals_singly)
        self.handed_over: list[Hash32] = []
        """Hashes of the transactions that the node has taken from here."""
        self._snapshots: dict[int, tuple[str, int]] = {}
        self._handles = count(1)

    @property
    def url(self) -> str:
        """URL of the node, without its possible secrets."""
        return self._rpc.name

    def node_blocks(self) -> NodeBlocks:
        """Return the blocks of the node as bytes."""
        return NodeBlocks(self._rpc)

    # Sending

    def fees(self) -> Fees:
        """Return the offer of a transaction that should be in one of the next blocks."""
        head, tip, price = self._rpc.ask_all(
            [("eth_getBlockByNumber", ("latest", False)), ("eth_maxPriorityFeePerGas", ()), ("eth_gasPrice", ())]
        )
        if isinstance(head, NodeError):
            raise head
        with self._rpc.reading("eth_getBlockByNumber"):
            if self._legacy or "baseFeePerGas" not in head:
                if isinstance(price, NodeError):
                    raise price
                return Fees(int(price, 16), None)
            priority_fee = 0 if self.is_development_node or isinstance(tip, NodeError) else int(tip, 16)
            return Fees(_BASE_FEE_HEADROOM * int(head["baseFeePerGas"], 16) + priority_fee, priority_fee)

    def submit(self, raw_transactions: Sequence[bytes]) -> None:
        """Hand over signed transactions in order; a development node seals them before this returns.

        Raises:
            TransactionRefused: naming the first that the node refused, and those that it took; a development node has
                taken none unless somebody else used one of the accounts meanwhile.
            OutcomeUnknown: they were sent, and the node did not report their outcome.
        """
        if not raw_transactions:
            return
        hashes = tuple(Hash32(keccak(raw)) for raw in raw_transactions)
        if self.is_development_node:
            self._sealer.seal(raw_transactions)
            self.handed_over += hashes
            return
        with handed_over(lambda: hashes):
            calls = [("eth_sendRawTransaction", (_hex(raw),)) for raw in raw_transactions]
            answers = answered(lambda: self._rpc.ask_all(calls))
            refused = answered(lambda: refusals(self._rpc, hashes, answers))
        self.handed_over += [hash_ for place, hash_ in enumerate(hashes) if place not in refused]
        if refused:
            first = min(refused)
            accepted = tuple(place for place in range(len(raw_transactions)) if place not in refused)
            taken = tuple(hashes[place] for place in accepted)
            reasons = {place: problem.message for place, problem in refused.items()}
            raise TransactionRefused(first, len(raw_transactions), reasons[first], accepted, taken, reasons)

    def wait(self) -> None:
        """Wait until there is another block.

        Raises:
            ChainUnreachable: there was none for too long.
        """
        before, deadline = answered(self._height), time.monotonic() + self._patience_s
        while answered(self._height) == before:
            if time.monotonic() > deadline:
                raise ChainUnreachable(
                    f"{self._rpc.name} has sealed no block for {self._patience_s} s: look at it",
                    node=self._rpc.name,
                    duration_s=self._patience_s,
                )
            time.sleep(_POLL_S)

    def confirmed(self) -> int:
        """Return the number of the latest block that so many confirmations are on; below 0 for none."""
        return self._height() - self._confirmations + 1

    def _height(self) -> int:
        with self._rpc.reading("eth_blockNumber"):
            return int(self._rpc.ask("eth_blockNumber"), 16)

    def receipts_of(self, transaction_hashes: Sequence[Hash32]) -> tuple[Receipt | None, ...]:
        """Return the receipts of transactions in the order asked for, None for one that is in no block."""
        answers = self._rpc.answers([("eth_getTransactionReceipt", (_hex(hash_),)) for hash_ in transaction_hashes])
        with self._rpc.reading("eth_getTransactionReceipt"):
            return tuple(document and self._receipt(document) for document in answers)

    def _receipt(self, document: dict[str, Any]) -> Receipt:
        succeeded, contract = document["status"] == "0x1", document.get("contractAddress")
        return Receipt(
            transaction_hash=Hash32(_bytes(document["transactionHash"])),
            transaction_index=int(document["transactionIndex"], 16),
            block_number=int(document["blockNumber"], 16),
            succeeded=succeeded,
            gas_used=int(document["gasUsed"], 16),
            contract_address=Address(_bytes(contract)) if contract and succeeded else None,
            logs=tuple(map(_log, document["logs"])) if succeeded else (),
            revert_data=b"" if succeeded else self._revert_data(document["transactionHash"]),
        )

    def _revert_data(self, transaction_hash: str) -> bytes:
        """Return the revert data of a sealed transaction; empty if the node cannot trace it."""
        tracer = {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}}
        (trace,) = self._rpc.ask_all([("debug_traceTransaction", (transaction_hash, tracer))])
        if isinstance(trace, NodeError) or "revert" not in str(trace.get("error", "")).lower():
            return b""
        return _bytes(trace.get("output") or "0x")

    # Reading

    def call(
        self,
        to: Address | None,
        data: bytes,
        *,
        sender: Address = Address(b"\0" * 20),  # noqa: B008
        block_number: int | None = None,
    ) -> bytes:
        """Execute without sealing; where the clock is ours the head's call sees `clock.now()`. None creates.

        Raises:
            ExecutionReverted: with the data it reverted with.
            ChainError: no such block.
        """
        head = "pending" if self._has_clock else "latest"
        tag = head if block_number is None else _block_tag(block_number)
        try:
            target = {} if to is None else {"to": _hex(to)}
            with self._rpc.reading("eth_call"):
                return _bytes(self._rpc.ask("eth_call", {"from": _hex(sender), "data": _hex(data)} | target, tag))
        except NodeError as problem:
            failed = any(word in problem.message.lower() for word in _FAILURES)
            if problem.code == _EXECUTION_FAILED or (failed and "block" not in problem.message.lower()):
                raise ExecutionReverted(_revert_data_in(problem.data)) from problem
            raise

    def block(self, number: int | None = None) -> Block:
        """Return the sealed block of that height (None: the head).

        Raises:
            ChainError: no such block.
        """
        document = self._rpc.ask("eth_getBlockByNumber", "latest" if number is None else _block_tag(number), False)
        if document is None:
            raise ChainError(f"no block {number} on {self._rpc.name}", block=number)
        with self._rpc.reading("eth_getBlockByNumber"):
            return Block(
                number=int(document["number"], 16),
                hash=Hash32(_bytes(document["hash"])),
                parent_hash=Hash32(_bytes(document["parentHash"])),
                timestamp=int(document["timestamp"], 16),
                state_root=Hash32(_bytes(document["stateRoot"])),
                prevrandao=Hash32(_bytes(document.get("mixHash") or "0x" + "00" * 32)),
                base_fee=int(document.get("baseFeePerGas") or "0x0", 16),
                gas_used=int(document["gasUsed"], 16),
                gas_limit=int(document["gasLimit"], 16),
                transaction_hashes=tuple(Hash32(_bytes(hash_)) for hash_ in document["transactions"]),
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
        """Yield logs in chain order, of blocks `from_block` to `to_block` (inclusive; None: the head).

        Each range of blocks is read again if its last block was replaced meanwhile: a block's hash commits to all
        before it. Logs of earlier ranges are not yielded again; a follower of a chain with replaceable blocks reads
        confirmed ones.

        Args:
            from_block: First block read.
            to_block: Last block read; blocks above the head have no logs.
            addresses: Emitting contracts wanted; empty for any.
            topics: First topics (event signatures) wanted; empty for any.
            ids: Second topics (the first indexed member, such as the id of a channel) wanted; empty for any.

        Raises:
            ChainError: the node refuses the logs of a single block, and its receipts too.
        """
        head = self.block().number
        last = head if to_block is None else min(to_block, head)
        wanted = LogQuery(addresses, topics, ids)
        yield from map(_log, self._logs.read(wanted, from_block, last, lambda number: self.block(number).hash))

    def balance(self, account: Address) -> int:
        """Return the account's native balance at the head, in wei."""
        with self._rpc.reading("eth_getBalance"):
            return int(self._rpc.ask("eth_getBalance", _hex(account), "latest"), 16)

    def nonce(self, account: Address) -> int:
        """Return the number of the account's transactions, those that wait to be sealed included."""
        return self.nonces_of([account])[0]

    def nonces_of(self, accounts: Sequence[Address]) -> tuple[int, ...]:
        """Return the `nonce` of each account, in the order asked for."""
        answers = self._rpc.answers([("eth_getTransactionCount", (_hex(account), "pending")) for account in accounts])
        with self._rpc.reading("eth_getTransactionCount"):
            return tuple(int(answer, 16) for answer in answers)

    def code(self, account: Address) -> bytes:
        """Return the account's code at the head; empty for an account without code."""
        with self._rpc.reading("eth_getCode"):
            return _bytes(self._rpc.ask("eth_getCode", _hex(account), "latest"))

    def standing(self, accounts: Sequence[Address]) -> Standing:
        """Return block 0, the head and the nonces of accounts, in one request."""
        calls = [("eth_getTransactionCount", (_hex(account), "latest")) for account in accounts]
        first, head, *nonces = self._rpc.answers(
            [("eth_getBlockByNumber", ("0x0", False)), ("eth_blockNumber", ()), *calls]
        )
        with self._rpc.reading("eth_getBlockByNumber"):
            return Standing(Hash32(_bytes(first["hash"])), int(head, 16), tuple(int(nonce, 16) for nonce in nonces))

    # Development

    def set_accounts(self, accounts: Mapping[Address, GenesisAccount]) -> None:
        """Give a development node the state of a genesis: missing code, and at least these funds.

        Raises:
            ChainError: it is no development node.
        """
        self._only_development("be given accounts")
        for address, account in accounts.items():
            if account.code and not self.code(address):
                self._rpc.ask("anvil_setCode", _hex(address), _hex(account.code))
            if self.balance(address) < account.balance:
                self._rpc.ask("anvil_setBalance", _hex(address), hex(account.balance))

    def snapshot(self) -> int:
        """Remember a development node's chain and clock as they are; return a handle for `revert`.

        Raises:
            ChainError: it is no development node.
        """
        self._only_development("be taken back")
        handle = next(self._handles)
        self._snapshots[handle] = (self._rpc.ask("evm_snapshot"), self.clock.now())
        return handle

    def revert(self, snapshot: int) -> None:
        """Take the chain and its clock back to a snapshot, which is spent by it, as are all later ones.

        Raises:
            ChainError: the handle was never given, or is spent.
        """
        if snapshot not in self._snapshots:
            raise ChainError(f"no snapshot {snapshot}: it was never taken, or is spent", snapshot=snapshot)
        node_snapshot, now = self._snapshots[snapshot]
        self._snapshots = {handle: kept for handle, kept in self._snapshots.items() if handle < snapshot}
        if not self._rpc.ask("evm_revert", node_snapshot):
            raise ChainError(
                f"{self._rpc.name} has forgotten snapshot {snapshot}", node=self._rpc.name, snapshot=snapshot
            )
        self.clock.advance(max(0, now - self.clock.now()))

    def _only_development(self, action: str) -> None:
        if not self.is_development_node:
            raise ChainError(
                f"the chain of {self._rpc.name} cannot {action}: only a development node's can", node=self._rpc.name
            )


class RpcClock:
    """A network's time: its pending block's. That of a development node, or a workspace's, can be moved forward."""

    def __init__(self, rpc: JsonRpc, is_movable: bool) -> None:
        """Read the time of a node."""
        self._rpc, self._is_movable = rpc, is_movable

    def now(self) -> int:
        """Return the timestamp that a call sees now and the next block carries at the least, in unix seconds."""
        pending, latest = self._rpc.ask_all(
            [("eth_getBlockByNumber", ("pending", False)), ("eth_getBlockByNumber", ("latest", False))]
        )
        with self._rpc.reading("eth_getBlockByNumber"):
            after_head = int(latest["timestamp"], 16) + 1
            return max(after_head, int(pending["timestamp"], 16)) if isinstance(pending, dict) else after_head

    def advance(self, seconds: int) -> int:
        """Move a development node's clock forward by whole seconds; return the new `now`.

        Raises:
            UsageError: `seconds` is negative; chain time never goes back.
            ChainError: it is no development node.
        """
        if seconds < 0:
            raise UsageError(
                f"chain time cannot go back (by {-seconds} seconds): advance it by 0 or more", duration_s=seconds
            )
        if not self._is_movable:
            raise ChainError("the time of this network is its own: only a development node's clock can be advanced")
        now = self.now()
        if seconds:
            self._rpc.ask("evm_setNextBlockTimestamp", now + seconds)
        return now + seconds


def _log(document: dict[str, Any]) -> Log:
    return Log(
        address=Address(_bytes(document["address"])),
        topics=tuple(map(_bytes, document["topics"])),
        data=_bytes(document["data"]),
        block_number=int(document["blockNumber"], 16),
        transaction_hash=Hash32(_bytes(document["transactionHash"])),
        transaction_index=int(document["transactionIndex"], 16),
        log_index=int(document["logIndex"], 16),
    )


def _revert_data_in(data: object) -> bytes:
    """Return the revert data in an error, where every node puts it elsewhere."""
    if isinstance(data, dict):
        data = data.get("data")
    text = data.removeprefix("Reverted ") if isinstance(data, str) else ""
    return _bytes(text) if text.startswith("0x") else b""


def _block_tag(number: int) -> str:
    if number < 0:
        raise ChainError(f"no block {number}: heights begin at 0", block=number)
    return hex(number)


def _hex(content: bytes) -> str:
    return "0x" + content.hex()


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
