"""Sealing on a development node that others use too: a sequence whole or not at all, and no block is taken back.

A transaction that can never be sealed is found before anything is handed over, by the rules of the embedded chain and
the state of the node. If somebody else uses the same account meanwhile, transactions that cannot follow are withdrawn
from the pool, and the error names those that are sealed. The decision: docs/decisions/0015-others-on-a-node.md.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from pysettle.errors import ChainUnreachable, NodeError, TransactionRefused
from pysettle.evm.handover import answered, handed_over
from pysettle.evm.jsonrpc import BATCH_BYTES, BATCH_LIMIT, Call, JsonRpc
from pysettle.hashing import keccak
from pysettle.values import Address, Hash32

if TYPE_CHECKING:
    from eth.abc import SignedTransactionAPI

_POLL_S = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05)
"""Pauses between looks at what is sealed; the last is repeated."""
_QUIET_S = 1.0
"""Time after which a node that seals by itself is asked for a block, if none of what waits was sealed in it."""
_EMPTY_BLOCKS = 16
"""Most blocks asked for one after the other that seal nothing of what waits: each empty one lowers the base fee."""
_HELD_TOGETHER = 60
"""Most transactions of one request to anvil: from the 64th on, version 1.7.1 seals before it has read them all."""
_GAS_TOGETHER = 120_000_000
"""Most gas of one request to a node that seals it before it answers, so that the answer comes within its deadline."""
_HOLD: Call = ("evm_setAutomine", (False,))
_SEAL: Call = ("evm_setAutomine", (True,))

Waiting: TypeAlias = "dict[Hash32, SignedTransactionAPI]"
"""Transactions that are handed over and not sealed, by hash."""


class DevelopmentSealer:
    """Hands transactions to a development node and waits until it has sealed them."""

    def __init__(self, rpc: JsonRpc, chain_id: int, *, seals_singly: bool) -> None:
        """Use a node.

        Args:
            rpc: The node.
            chain_id: Its chain's id.
            seals_singly: Whether it begins to seal while it still reads a batch, as anvil does.
        """
        self._rpc, self._chain_id, self._seals_singly = rpc, chain_id, seals_singly

    def seal(self, raw_transactions: Sequence[bytes]) -> None:
        """Have signed transactions sealed in order: all, or none as long as nobody else uses their accounts.

        Raises:
            TransactionRefused: naming the first that cannot be sealed, and those that are.
            OutcomeUnknown: they were handed over, and the node did not say what became of them.
        """
        transactions, automine = self._checked(raw_transactions)
        hashes = tuple(Hash32(it.hash) for it in transactions)
        with handed_over(lambda: hashes):
            self._seal(raw_transactions, transactions, automine=automine)

    def _seal(
        self, raw_transactions: Sequence[bytes], transactions: Sequence[SignedTransactionAPI], *, automine: bool
    ) -> None:
        lost, refused = None, dict[int, str]()
        try:
            refused = self._hand_over(raw_transactions, transactions, held=automine and self._seals_singly)
        except ChainUnreachable as problem:
            lost = problem  # they may have arrived all the same
        waiting = {Hash32(it.hash): it for place, it in enumerate(transactions) if place not in refused}
        stuck = self._until_sealed(waiting, automine)
        if not refused and not stuck:
            return
        answered(lambda: self._withdraw(stuck))
        if lost:
            raise lost
        places = {Hash32(it.hash): place for place, it in enumerate(transactions)}
        reasons = refused | {places[it]: reason for it, reason in stuck.items()}
        sealed = [it for it in waiting if it not in stuck]
        first, accepted = min(reasons), tuple(places[it] for it in sealed)
        raise TransactionRefused(first, len(transactions), reasons[first], accepted, tuple(sealed))

    # Before

    def _checked(self, raw_transactions: Sequence[bytes]) -> tuple[list[SignedTransactionAPI], bool]:
        """Return the transactions, all of which can be sealed as things stand, and whether the node seals by itself.

        Raises:
            TransactionRefused: one cannot be; nothing is handed over.
        """
        # Whoever only reads from a node needs no EVM of its own.
        from eth_utils.exceptions import ValidationError

        from pysettle.evm.prague import decode_transaction

        pending, automine = self._rpc.ask_all([("eth_getBlockByNumber", ("pending", False)), ("anvil_getAutomine", ())])
        if isinstance(pending, NodeError):
            raise pending
        with self._rpc.reading("eth_getBlockByNumber"):
            gas_limit, base_fee = int(pending["gasLimit"], 16), int(pending["baseFeePerGas"], 16)
        count = len(raw_transactions)
        transactions = []
        for place, raw in enumerate(raw_transactions):
            try:
                transactions.append(decode_transaction(raw, self._chain_id, gas_limit))
            except ValidationError as problem:
                raise TransactionRefused(place, count, str(problem)) from problem
        accounts = self._accounts(transactions)
        spent = dict.fromkeys(accounts, 0)
        for place, transaction in enumerate(transactions):
            sender = Address(transaction.sender)
            nonce, balance = accounts[sender]
            spent[sender] += transaction.gas * transaction.max_fee_per_gas + transaction.value
            if transaction.nonce != nonce:
                raise TransactionRefused(
                    place, count, f"its nonce is {transaction.nonce}, the account's next is {nonce}"
                )
            if transaction.max_fee_per_gas < base_fee:
                reason = f"it pays at most {transaction.max_fee_per_gas} wei for gas, the next block asks {base_fee}"
                raise TransactionRefused(place, count, reason)
            if balance < spent[sender]:
                reason = f"0x{sender.hex()} has {balance} wei, its transactions up to this one may cost {spent[sender]}"
                raise TransactionRefused(place, count, reason)
            accounts[sender] = nonce + 1, balance
        return transactions, automine is not False

    def _accounts(self, transactions: Sequence[SignedTransactionAPI]) -> dict[Address, tuple[int, int]]:
        """Return next nonce and balance in wei of each sender."""
        senders = tuple(dict.fromkeys(Address(it.sender) for it in transactions))
        calls: list[Call] = [("eth_getTransactionCount", ("0x" + it.hex(), "pending")) for it in senders]
        calls += [("eth_getBalance", ("0x" + it.hex(), "latest")) for it in senders]
        with self._rpc.reading("eth_getTransactionCount"):
            numbers = [int(it, 16) for it in self._rpc.answers(calls)]
        return dict(zip(senders, zip(numbers, numbers[len(senders) :], strict=False), strict=True))

    # Handing over

    def _hand_over(
        self, raw_transactions: Sequence[bytes], transactions: Sequence[SignedTransactionAPI], *, held: bool
    ) -> dict[int, str]:
        """Hand transactions over in order; return why some were refused, by place.

        Args:
            raw_transactions: The transactions.
            transactions: The same, decoded.
            held: Whether the node must be kept from sealing before it has read all of a request. It is told so, and
                to seal again, by the request itself: whatever becomes of this process, nobody finds it switched off.
        """
        refused: dict[int, str] = {}
        place, gas = 0, [it.gas for it in transactions]
        for part in _parts(raw_transactions, gas, _HELD_TOGETHER if held else BATCH_LIMIT):
            calls: list[Call] = [("eth_sendRawTransaction", ("0x" + raw.hex(),)) for raw in part]
            hashes = [Hash32(keccak(raw)) for raw in part]
            hold = held and len(part) > 1
            answers = self._rpc.ask_all([_HOLD, *calls, _SEAL] if hold else calls)
            problems = refusals(self._rpc, hashes, answers[1:-1] if hold else answers)
            refused |= {place + index: problem.message for index, problem in problems.items()}
            place += len(part)
            if refused:
                refused |= dict.fromkeys(range(place, len(raw_transactions)), "one before it was refused")
                break
            if held and place < len(raw_transactions):
                self._until_idle(dict(zip(hashes, transactions[place - len(part) : place], strict=True)))
        return refused

    def _until_idle(self, waiting: Waiting) -> None:
        """Wait until a request is sealed before the next is sent: while anvil seals, it reads one in any order."""
        deadline = time.monotonic() + _QUIET_S
        while waiting and time.monotonic() < deadline:
            time.sleep(_POLL_S[1])
            _, waiting = answered(partial(self._left, waiting))

    # Sealing

    def _until_sealed(self, waiting: Waiting, automine: bool) -> dict[Hash32, str]:
        """Wait until transactions are sealed; ask for blocks where the node makes none. Return why some cannot be."""
        moved, looks, asked = time.monotonic(), 0, 0
        while waiting:
            room, left = answered(partial(self._left, waiting))
            if len(left) < len(waiting):
                moved, asked = time.monotonic(), 0
            waiting = left
            full = any(it.gas > room for it in waiting.values())
            if not waiting or (automine and not full and time.monotonic() - moved < _QUIET_S):
                time.sleep(_POLL_S[min(looks, len(_POLL_S) - 1)] if waiting else 0)
                looks += 1
                continue
            if stuck := answered(partial(self._stuck, waiting)):
                return stuck
            if asked == _EMPTY_BLOCKS:
                return dict.fromkeys(waiting, f"{asked} blocks were sealed without it")
            with suppress(ChainUnreachable):  # the next look tells
                self._rpc.ask("evm_mine")
            asked += 1
        return {}

    def _left(self, waiting: Waiting) -> tuple[int, Waiting]:
        """Return the gas that the head leaves unused, and what of the transactions is not sealed."""
        head, *found = self._rpc.answers(
            [("eth_getBlockByNumber", ("latest", False)), *(_by_hash(it) for it in waiting)]
        )
        with self._rpc.reading("eth_getTransactionByHash"):
            room = int(head["gasLimit"], 16) - int(head["gasUsed"], 16)
            left = [it for it, its in zip(waiting, found, strict=True) if not its or not its["blockHash"]]
        return room, {it: waiting[it] for it in left}

    def _stuck(self, waiting: Waiting) -> dict[Hash32, str]:
        """Return which of the transactions no further block can contain, and why."""
        first: dict[Address, SignedTransactionAPI] = {}
        for transaction in waiting.values():
            first.setdefault(Address(transaction.sender), transaction)
        # Asked for before the transactions: one that is sealed in between is found there.
        nonces = self._rpc.answers([("eth_getTransactionCount", ("0x" + it.hex(), "latest")) for it in first])
        found = self._rpc.answers([_by_hash(Hash32(it.hash)) for it in first.values()])
        reasons: dict[Address, str] = {}
        with self._rpc.reading("eth_getTransactionByHash"):
            for (sender, transaction), nonce, its in zip(first.items(), nonces, found, strict=True):
                if its is None:
                    reasons[sender] = "the node has dropped it: it cannot follow what is on the chain (nonce or funds)"
                elif not its["blockHash"] and transaction.nonce != int(nonce, 16):
                    reasons[sender] = f"its nonce is {transaction.nonce}, the account's next is {int(nonce, 16)}"
        return {key: reasons[it.sender] for key, it in waiting.items() if it.sender in reasons}

    def _withdraw(self, stuck: Mapping[Hash32, str]) -> None:
        """Take transactions out of the pool, so that nothing that follows lets them in."""
        if not stuck:
            return
        unwanted = {"0x" + it.hex() for it in stuck}
        pool: dict[str, set[str]] = {}
        with self._rpc.reading("txpool_content"):
            for accounts in self._rpc.ask("txpool_content").values():
                for account, transactions in accounts.items():
                    pool.setdefault(account, set()).update(it["hash"] for it in transactions.values())
        for account, hashes in pool.items():
            if hashes <= unwanted:
                # anvil 1.7.1 does not drop, one by one, transactions that wait for a nonce before theirs.
                self._rpc.ask("anvil_removePoolTransactions", account)
            else:
                self._rpc.answers([("anvil_dropTransaction", (it,)) for it in hashes & unwanted])


def refusals(rpc: JsonRpc, hashes: Sequence[Hash32], answers: Sequence[Any]) -> dict[int, NodeError]:
    """Return the answers by which a node refused transactions that it was sent, by place.

    A request that is repeated on its way meets the transactions it brought the first time, which is no refusal.
    """
    refused = {place: answer for place, answer in enumerate(answers) if isinstance(answer, NodeError)}
    known = rpc.answers([_by_hash(hashes[place]) for place in refused])
    return {place: refused[place] for place, found in zip(refused, known, strict=True) if found is None}


def _by_hash(transaction_hash: Hash32) -> Call:
    return "eth_getTransactionByHash", ("0x" + transaction_hash.hex(),)


def _parts(raw_transactions: Sequence[bytes], gas: Sequence[int], most: int) -> Iterator[list[bytes]]:
    """Yield transactions in parts of `most` at the most, each of which is one request."""
    part: list[bytes] = []
    size = used = 0
    for raw, needed in zip(raw_transactions, gas, strict=True):
        encoded = 2 * len(raw) + 200  # in hexadecimal, with its call around it
        if part and (len(part) == most or size + encoded > BATCH_BYTES or used + needed > _GAS_TOGETHER):
            yield part
            part, size, used = [], 0, 0
        part.append(raw)
        size, used = size + encoded, used + needed
    yield part
