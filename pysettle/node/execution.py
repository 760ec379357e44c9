"""Execution without sealing: calls, gas estimates and proofs, on the state after any block.

Knows py-evm's states and turns their failures into JSON-RPC's. Nothing here changes the chain.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import rlp
from eth._utils.address import generate_contract_address
from eth.abc import ComputationAPI, StateAPI
from eth.constants import BLANK_ROOT_HASH, EMPTY_SHA3
from eth.exceptions import OutOfGas
from eth.rlp.accounts import Account
from eth_utils.exceptions import ValidationError
from trie.hexary import HexaryTrie

from pysettle.evm import abi
from pysettle.evm.embedded import EmbeddedChain, Place
from pysettle.evm.prague import SealingVM, minimum_gas
from pysettle.hashing import keccak
from pysettle.node.hypothetical import HypotheticalState, HypotheticalVM, TakesLong
from pysettle.node.objects import access_list_object
from pysettle.node.overrides import override_state, read_block_overrides
from pysettle.node.protocol import EXECUTION_REVERTED, LIMIT_EXCEEDED, SERVER_ERROR, Later, RpcError
from pysettle.node.requests import Price, TransactionRequest
from pysettle.node.values import hex_address, hex_data, hex_word
from pysettle.values import Address, Hash32

LONGEST_S = 60
"""Most seconds that an answer is worked at."""
TOO_LONG = RpcError(LIMIT_EXCEEDED, f"it takes longer than {LONGEST_S} s: name less gas")
_PATIENCE_S = 0.25
"""Seconds that the others wait for a call before it is made beside them."""
_ERROR_SELECTOR = bytes.fromhex("08c379a0")
_PLAIN_TRANSFER_GAS = 21_000
_ACCESS_ROUNDS = 10
"""Most executions to make an access list."""
_ESTIMATE_TOLERANCE = 64
"""An estimate is at most one part in so many above the least gas that succeeds."""


class Outcome(NamedTuple):
    """A transaction that was executed and not sealed."""

    computation: ComputationAPI
    """The execution."""
    used: int
    """Gas it pays for."""
    least: int
    """Least gas it could be sent with."""
    gas: int
    """Gas it was given."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The state that a call is executed on, made anew for each of its executions."""

    chain: EmbeddedChain
    """The chain."""
    place: Place
    """Where on it."""
    overrides: Any = None
    """Accounts as they are not."""
    block: Any = None
    """Fields of the block as they are not."""
    deadline: float | None = None
    """Time on the monotonic clock at which to give up."""
    is_shared: bool = True
    """Whether calls that follow each other may use one state, with all that it has read."""

    @contextmanager
    def lend(self, *, free: bool) -> Iterator[HypotheticalState]:
        """Lend a state to execute on: free of fees, or with the base fee of the block."""
        shares = self.is_shared and free and not self.overrides and not self.block
        changes = read_block_overrides(self.block or {})
        with (
            self.chain.scratch_state(self.place, HypotheticalVM)
            if shares
            else nullcontext(self.chain.state(self.place, free=free, vm=HypotheticalVM, changes=changes))
        ) as lent:
            state = cast(HypotheticalState, lent)
            state.is_free, state.deadline = free, self.deadline
            if not shares:
                override_state(state, self.overrides or {})
            yield state


def in_time(ground: Ground, work: Callable[[Ground], Any]) -> Any:
    """Return the result of some work; where it takes long, `Later`, which begins it anew beside the chain's thread.

    Nobody can tell beforehand how long a call takes, and most are done at once: for those the other thread, and a state
    that shares nothing, would cost more than the calls themselves.

    Args:
        ground: Where it is executed.
        work: Executes on the ground that it is given.
    """
    try:
        return work(replace(ground, deadline=time.monotonic() + _PATIENCE_S))
    except TakesLong:
        # The head and the time of now: the chain goes on meanwhile.
        place = ground.chain.next_header() if ground.place is None else ground.place
        return Later(lambda: _at_length(work, replace(ground, place=place, is_shared=False)))


def _at_length(work: Callable[[Ground], Any], ground: Ground) -> Any:
    try:
        return work(replace(ground, deadline=time.monotonic() + LONGEST_S))
    except TakesLong:
        raise TOO_LONG from None


def execute(ground: Ground, request: TransactionRequest) -> bytes:
    """Return the data that a call returns.

    Raises:
        RpcError: it reverted (3, with the data), or cannot be executed (-32000).
        TakesLong: it is not done at the deadline.
    """
    with ground.lend(free=not request.fees) as state:
        computation = run(ground.chain, state, request, request.gas).computation
    raise_failure(computation)
    return computation.output


def estimate(ground: Ground, request: TransactionRequest) -> int:
    """Return gas the transaction succeeds with, at most 1/64 above the least that does.

    The first run gives the used gas; the second tries that with the gas that an inner call may hold back (EIP-150); the
    search between the two ends after a few more.

    Raises:
        RpcError: it fails with all the gas it may have.
        TakesLong: it is not done at the deadline.
    """

    def outcome(gas: int) -> Outcome:
        with ground.lend(free=not request.fees) as state:
            return run(ground.chain, state, request, gas)

    def fails(gas: int) -> bool:
        return outcome(gas).computation.is_error

    computation, used, least, most = outcome(request.gas)
    raise_failure(computation)
    if used == _PLAIN_TRANSFER_GAS:
        return used
    low, high = max(least, used) - 1, most
    likely = (used + computation.get_gas_refund() + 2300) * 64 // 63
    if low < likely < high:
        if fails(likely):
            low = likely
        else:
            high = likely
    if low + 1 < high and not fails(low + 1):
        return low + 1
    while high - low > max(1, high // _ESTIMATE_TOLERANCE):
        middle = (low + high) // 2
        if fails(middle):
            low = middle
        else:
            high = middle
    return high


def run(chain: EmbeddedChain, state: StateAPI, request: TransactionRequest, gas: int) -> Outcome:
    """Execute on a state, with so much gas (0: a block's), and no more of it than its sender can pay.

    Raises:
        RpcError: it cannot be executed at all.
    """
    gas, price = min(gas or state.gas_limit, state.gas_limit), request.price(state.base_fee) or Price(0, 0)
    if price.most:
        balance = state.get_balance(request.sender)
        if balance < request.value:
            problem = f"{hex_address(request.sender)} has {balance} wei, it sends {request.value}"
            raise RpcError(SERVER_ERROR, f"cannot be executed: insufficient funds for gas * price + value: {problem}")
        gas = min(gas, (balance - request.value) // price.most)
    transaction = request.executable(chain.chain_id, state.get_nonce(request.sender), gas, price)
    least = minimum_gas(transaction)
    if gas < least:
        raise RpcError(SERVER_ERROR, f"intrinsic gas too low: {gas}, it costs {least} before it is executed")
    try:
        computation = state.apply_transaction(transaction)
    except ValidationError as problem:
        raise RpcError(SERVER_ERROR, f"cannot be executed: {problem}") from problem
    return Outcome(computation, SealingVM.finalize_gas_used(transaction, computation), least, gas)


def raise_failure(computation: ComputationAPI) -> None:
    """Raise the JSON-RPC error of a computation that failed.

    Raises:
        RpcError: 3 with the data when it reverted; -32000 when it ran out of gas or into a bad instruction.
    """
    if not computation.is_error:
        return
    if computation.should_burn_gas:
        reason = "out of gas" if isinstance(computation.error, OutOfGas) else type(computation.error).__name__
        raise RpcError(SERVER_ERROR, f"execution failed: {reason}")
    text = revert_text(computation.output)
    message = "execution reverted" + (f": {text}" if text else "")
    raise RpcError(EXECUTION_REVERTED, message, hex_data(computation.output))


def revert_text(output: bytes) -> str:
    """Return the text of a plain `Error(string)`, empty for any other revert."""
    if not output.startswith(_ERROR_SELECTOR):
        return ""
    try:
        return str(abi.decode(["string"], output[4:])[0])
    except abi.DecodingError:
        return ""


def access_list(ground: Ground, request: TransactionRequest) -> dict[str, Any]:
    """Answer `eth_createAccessList`: the accounts and slots that are cheaper when they are named in advance.

    A list changes the gas, and so may change what is looked at: it is made until it stays the same.

    Raises:
        RpcError: the transaction cannot be executed at all.
        TakesLong: it is not done at the deadline.
    """
    for _ in range(_ACCESS_ROUNDS):
        with replace(ground, is_shared=False).lend(free=not request.fees) as state:
            state.touched = {}
            nonce = state.get_nonce(request.sender)
            outcome = run(ground.chain, state, request, request.gas)
        to = request.to or generate_contract_address(request.sender, nonce)
        known = {request.sender, to, state.coinbase, *outcome.computation.precompiles}
        known |= {*outcome.computation.contracts_created}
        found = tuple(
            (account, tuple(sorted(slots)))
            for account, slots in sorted(state.touched.items())
            if slots or account not in known
        )
        if found == request.access_list:
            break
        request = replace(request, access_list=found)
    answer: dict[str, Any] = {"accessList": access_list_object(found), "gasUsed": hex(outcome.used)}
    try:
        raise_failure(outcome.computation)
    except RpcError as problem:
        answer["error"] = problem.message
    return answer


def proof(chain: EmbeddedChain, account: Address, slots: Sequence[int], state_root: Hash32) -> Mapping[str, Any]:
    """Return an account, some of its storage, and the nodes that prove both against a state root (EIP-1186)."""
    database = chain.py_evm.chaindb.db
    accounts = HexaryTrie(database, state_root)
    encoded = accounts.get(keccak(account))
    record = rlp.decode(encoded, sedes=Account) if encoded else Account()
    storage = HexaryTrie(database, record.storage_root)

    def nodes(trie: HexaryTrie, key: bytes) -> list[str]:
        if trie.root_hash == BLANK_ROOT_HASH:
            return []
        return [hex_data(rlp.encode(node)) for node in trie.get_proof(keccak(key))]  # type: ignore[no-untyped-call]

    def word(slot: int) -> int:
        stored = storage.get(keccak(slot.to_bytes(32, "big")))
        return int.from_bytes(rlp.decode(stored), "big") if stored else 0

    return {
        "address": hex_address(account),
        "balance": hex(record.balance),
        "nonce": hex(record.nonce),
        "codeHash": hex_data(record.code_hash if encoded else EMPTY_SHA3),
        "storageHash": hex_data(record.storage_root),
        "accountProof": nodes(accounts, account),
        "storageProof": [
            {"key": hex_word(slot), "value": hex(word(slot)), "proof": nodes(storage, slot.to_bytes(32, "big"))}
            for slot in slots
        ],
    }
