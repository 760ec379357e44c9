"""Sealing on a development node that others use too: a sequence whole or not at all, and no block is taken back.

A transaction that can never be sealed is found before anything is handed over, by the rules of the embedded chain and
the state of the node. If somebody else uses the same account meanwhile, transactions that cannot follow are withdrawn
from the pool, and the error names those that are sealed. The decision: docs/decisions/0015-others-on-a-node.md.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from pysettle.errors import ChainUnreachable, NodeError, TransactionRefused
from pysettle.evm.encoding import SignedTransaction
from pysettle.evm.handover import answered, handed_over
from pysettle.evm.jsonrpc import BATCH_BYTES, BATCH_LIMIT, Call, JsonRpc
from pysettle.values import Address, Hash32

_POLL_S = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
"""Pauses between looks for sealed transactions; the last is repeated."""
_QUIET_S = 1.0
"""Time after which a node that seals by itself is asked for a block, if no waiting transaction was sealed in it."""
_EMPTY_BLOCKS = 16
"""Most requested blocks in a row without a waiting transaction: each empty one lowers the base fee."""
_HELD_TOGETHER = 60
"""Most transactions of one request to anvil: from the 64th on, version 1.7.1 seals before it has read them all."""
_GAS_TOGETHER = 120_000_000
"""Most gas of one request to a node that seals it before it answers, so that the answer comes within its deadline."""
_HOLD: Call = ("evm_setAutomine", (False,))
_SEAL: Call = ("evm_setAutomine", (True,))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A transaction that keeps all rules that need no state."""

    hash: Hash32
    """Its hash."""
    sender: Address
    """Signer."""
    nonce: int
    """Number of the sender's transactions before it."""
    gas: int
    """Most gas it may use."""
    max_fee: int
    """Most it pays for a unit of gas, in wei."""
    value: int
    """Native value it moves, in wei."""


Waiting: TypeAlias = "dict[Hash32, Candidate]"
"""Transactions that are handed over and not sealed, by hash."""


class _Blocks:
    """The blocks that a node seals from some height on, each read once, however many transactions are waited for."""

    def __init__(self, rpc: JsonRpc, first: int) -> None:
        self._rpc, self._next = rpc, first
        self._sealed: set[Hash32] = set()
        self.room = 0
        """Gas that the head leaves unused."""

    def left(self, waiting: Waiting) -> Waiting:
        """Return the transactions that are in none of the blocks up to the head."""
        head = self._rpc.ask("eth_getBlockByNumber", "latest", False)
        with self._rpc.reading("eth_getBlockByNumber"):
            number = int(head["number"], 16)
            between = [("eth_getBlockByNumber", (hex(height), False)) for height in range(self._next, number)]
            # A block that another client reverts meanwhile is None: its transactions wait.
            blocks = [head, *(block for block in self._rpc.answers(between) if block)]
            self.room = int(head["gasLimit"], 16) - int(head["gasUsed"], 16)
            self._sealed |= {Hash32(bytes.fromhex(sealed[2:])) for block in blocks for sealed in block["transactions"]}
        self._next = number + 1
        return {hash_: candidate for hash_, candidate in waiting.items() if hash_ not in self._sealed}


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
            OutcomeUnknown: they were sent, and the node did not report their outcome.
        """
        transactions, automine, blocks = self._checked(raw_transactions)
        hashes = tuple(transaction.hash for transaction in transactions)
        with handed_over(lambda: hashes):
            self._seal(raw_transactions, transactions, blocks, automine=automine)

    def _seal(
        self, raw_transactions: Sequence[bytes], transactions: Sequence[Candidate], blocks: _Blocks, *, automine: bool
    ) -> None:
        lost, refused = None, dict[int, str]()
        held = automine and self._seals_singly
        try:
            refused = self._hand_over(raw_transactions, transactions, held=held, blocks=blocks)
        except ChainUnreachable as problem:
            lost = problem  # they may have arrived all the same
        waiting = {sent.hash: sent for place, sent in enumerate(transactions) if place not in refused}
        stuck = self._until_sealed(waiting, blocks, automine)
        if not refused and not stuck:
            return
        answered(lambda: self._withdraw(stuck))
        if lost:
            raise lost
        places = {sent.hash: place for place, sent in enumerate(transactions)}
        reasons = refused | {places[hash_]: reason for hash_, reason in stuck.items()}
        taken = tuple(hash_ for hash_ in waiting if hash_ not in stuck)
        first, accepted = min(reasons), tuple(places[hash_] for hash_ in taken)
        raise TransactionRefused(first, len(transactions), reasons[first], accepted, taken, reasons)

    # Before

    def _checked(self, raw_transactions: Sequence[bytes]) -> tuple[list[Candidate], bool, _Blocks]:
        """Return the transactions, all of which can be sealed as things stand.

        Beside them whether the node seals by itself, and the blocks from now on.

        Raises:
            TransactionRefused: one cannot be; nothing is handed over.
        """
        # A client that only reads from a node needs no EVM of its own.
        from eth_utils.exceptions import ValidationError

        pending, automine = self._rpc.ask_all([("eth_getBlockByNumber", ("pending", False)), ("anvil_getAutomine", ())])
        if isinstance(pending, NodeError):
            raise pending
        with self._rpc.reading("eth_getBlockByNumber"):
            gas_limit, base_fee = int(pending["gasLimit"], 16), int(pending["baseFeePerGas"], 16)
            blocks = _Blocks(self._rpc, int(pending["number"], 16))
        count = len(raw_transactions)
        transactions = []
        for place, raw in enumerate(raw_transactions):
            try:
                transactions.append(_candidate(raw, self._chain_id, gas_limit))
            except ValidationError as problem:
                raise TransactionRefused(place, count, str(problem)) from problem
        accounts = self._accounts(transactions)
        spent = dict.fromkeys(accounts, 0)
        for place, transaction in enumerate(transactions):
            sender = transaction.sender
            nonce, balance = accounts[sender]
            spent[sender] += transaction.gas * transaction.max_fee + transaction.value
            if transaction.nonce != nonce:
                raise TransactionRefused(
                    place, count, f"its nonce is {transaction.nonce}, the account's next is {nonce}"
                )
            if transaction.max_fee < base_fee:
                reason = f"it pays at most {transaction.max_fee} wei for gas, the next block asks {base_fee}"
                raise TransactionRefused(place, count, reason)
            if balance < spent[sender]:
                reason = f"0x{sender.hex()} has {balance} wei, its transactions up to this one may cost {spent[sender]}"
                raise TransactionRefused(place, count, reason)
            accounts[sender] = nonce + 1, balance
        return transactions, automine is not False, blocks

    def _accounts(self, transactions: Sequence[Candidate]) -> dict[Address, tuple[int, int]]:
        """Return next nonce and balance in wei of each sender."""
        senders = tuple(dict.fromkeys(transaction.sender for transaction in transactions))
        calls: list[Call] = [("eth_getTransactionCount", ("0x" + sender.hex(), "pending")) for sender in senders]
        calls += [("eth_getBalance", ("0x" + sender.hex(), "latest")) for sender in senders]
        with self._rpc.reading("eth_getTransactionCount"):
            numbers = [int(answer, 16) for answer in self._rpc.answers(calls)]
        return dict(zip(senders, zip(numbers, numbers[len(senders) :], strict=False), strict=True))

    # Handing over

    def _hand_over(
        self,
        raw_transactions: Sequence[bytes],
        transactions: Sequence[Candidate],
        *,
        held: bool,
        blocks: _Blocks,
    ) -> dict[int, str]:
        """Hand transactions over in order; return why some were refused, by place.

        Args:
            raw_transactions: The transactions.
            transactions: The same, as they were checked.
            held: Whether the node must be kept from sealing before it has read all of a request. It is told so, and
                to seal again, by the request itself: even if this process dies, the node seals again.
            blocks: The blocks since they were checked.
        """
        refused: dict[int, str] = {}
        place, gas = 0, [transaction.gas for transaction in transactions]
        for part in _parts(raw_transactions, gas, _HELD_TOGETHER if held else BATCH_LIMIT):
            calls: list[Call] = [("eth_sendRawTransaction", ("0x" + raw.hex(),)) for raw in part]
            handed = transactions[place : place + len(part)]
            hold = held and len(part) > 1
            answers = self._rpc.ask_all([_HOLD, *calls, _SEAL] if hold else calls)
            problems = refusals(self._rpc, [sent.hash for sent in handed], answers[1:-1] if hold else answers)
            refused |= {place + index: problem.message for index, problem in problems.items()}
            place += len(part)
            if refused:
                refused |= dict.fromkeys(range(place, len(raw_transactions)), "one before it was refused")
                break
            if held and place < len(raw_transactions):
                self._until_idle({sent.hash: sent for sent in handed}, blocks)
        return refused

    def _until_idle(self, waiting: Waiting, blocks: _Blocks) -> None:
        """Wait until a request is sealed before the next is sent: while anvil seals, it reads one in any order."""
        deadline, looks = time.monotonic() + _QUIET_S, 0
        while waiting and time.monotonic() < deadline:
            time.sleep(_POLL_S[min(looks, 1)])
            waiting = answered(partial(blocks.left, waiting))
            looks += 1

    # Sealing

    def _until_sealed(self, waiting: Waiting, blocks: _Blocks, automine: bool) -> dict[Hash32, str]:
        """Wait until transactions are sealed; ask for blocks where the node makes none. Return why some cannot be."""
        moved, looks, asked = time.monotonic(), 0, 0
        while waiting:
            left = answered(partial(blocks.left, waiting))
            if len(left) < len(waiting):
                moved, asked = time.monotonic(), 0
            waiting = left
            full = any(candidate.gas > blocks.room for candidate in waiting.values())
            if not waiting or (automine and not full and time.monotonic() - moved < _QUIET_S):
                time.sleep(_POLL_S[min(looks, len(_POLL_S) - 1)] if waiting else 0)
                looks += 1
                continue
            # A block was due and is not seen: one may have taken the place of another that was read.
            if (asked or automine) and not (waiting := answered(partial(self._unsealed, waiting))):
                break
            if stuck := answered(partial(self._stuck, waiting)):
                return stuck
            if asked == _EMPTY_BLOCKS:
                return dict.fromkeys(waiting, f"{asked} blocks were sealed without it")
            with suppress(ChainUnreachable):  # the next look tells
                self._rpc.ask("evm_mine")
            asked += 1
        return {}

    def _unsealed(self, waiting: Waiting) -> Waiting:
        """Return the transactions that are not sealed, asked for one by one."""
        known = self._rpc.answers([_by_hash(hash_) for hash_ in waiting])
        with self._rpc.reading("eth_getTransactionByHash"):
            return {
                hash_: waiting[hash_]
                for hash_, document in zip(waiting, known, strict=True)
                if not document or not document["blockHash"]
            }

    def _stuck(self, waiting: Waiting) -> dict[Hash32, str]:
        """Return which of the transactions no further block can contain, and why."""
        first: dict[Address, Candidate] = {}
        for transaction in waiting.values():
            first.setdefault(transaction.sender, transaction)
        # Asked for before the transactions: one that is sealed in between is found there.
        nonces = self._rpc.answers([("eth_getTransactionCount", ("0x" + sender.hex(), "latest")) for sender in first])
        known = self._rpc.answers([_by_hash(transaction.hash) for transaction in first.values()])
        reasons: dict[Address, str] = {}
        with self._rpc.reading("eth_getTransactionByHash"):
            for (sender, transaction), nonce, document in zip(first.items(), nonces, known, strict=True):
                if document is None:
                    reasons[sender] = (
                        "the node has dropped it: it cannot follow the transactions on the chain (nonce or funds)"
                    )
                elif not document["blockHash"] and transaction.nonce != int(nonce, 16):
                    reasons[sender] = f"its nonce is {transaction.nonce}, the account's next is {int(nonce, 16)}"
        return {hash_: reasons[sent.sender] for hash_, sent in waiting.items() if sent.sender in reasons}

    def _withdraw(self, stuck: Mapping[Hash32, str]) -> None:
        """Take transactions out of the pool, so that nothing that follows lets them in."""
        if not stuck:
            return
        unwanted = {"0x" + hash_.hex() for hash_ in stuck}
        pool: dict[str, set[str]] = {}
        with self._rpc.reading("txpool_content"):
            for accounts in self._rpc.ask("txpool_content").values():
                for account, transactions in accounts.items():
                    pool.setdefault(account, set()).update(waits["hash"] for waits in transactions.values())
        for account, hashes in pool.items():
            if hashes <= unwanted:
                # anvil 1.7.1 does not drop, one by one, transactions that wait for a nonce before theirs.
                self._rpc.ask("anvil_removePoolTransactions", account)
            else:
                self._rpc.answers([("anvil_dropTransaction", (hash_,)) for hash_ in hashes & unwanted])


def refusals(rpc: JsonRpc, hashes: Sequence[Hash32], answers: Sequence[Any]) -> dict[int, NodeError]:
    """Return the answers by which a node refused transactions that it was sent, by place.

    A request that is repeated on its way meets the transactions it brought the first time, which is no refusal.
    """
    refused = {place: answer for place, answer in enumerate(answers) if isinstance(answer, NodeError)}
    known = rpc.answers([_by_hash(hashes[place]) for place in refused])
    return {place: refused[place] for place, document in zip(refused, known, strict=True) if document is None}


def _candidate(raw: bytes, chain_id: int, gas_limit: int) -> Candidate:
    """Return a transaction that some block of this chain may contain; one that was signed here needs no decoding.

    Raises:
        ValidationError: no block may.
    """
    from pysettle.evm.prague import check_terms, decode_transaction

    if isinstance(raw, SignedTransaction):
        terms = raw.unsigned
        check_terms(terms, chain_id, gas_limit)
        return Candidate(raw.hash, raw.sender, terms.nonce, terms.gas, terms.fees.max_fee, terms.value)
    decoded = decode_transaction(raw, chain_id, gas_limit)
    hash_, sender = Hash32(decoded.hash), Address(decoded.sender)
    return Candidate(hash_, sender, decoded.nonce, decoded.gas, decoded.max_fee_per_gas, decoded.value)


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
