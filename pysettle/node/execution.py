"""Execution without sealing: calls, gas estimates and proofs, on the state after any block.

Knows py-evm's states and turns their failures into JSON-RPC's. Nothing here changes the chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, cast

import rlp
from eth.abc import ComputationAPI, SignedTransactionAPI, StateAPI
from eth.constants import BLANK_ROOT_HASH, EMPTY_SHA3
from eth.exceptions import OutOfGas
from eth.rlp.accounts import Account
from eth.vm.spoof import SpoofTransaction
from eth_utils.exceptions import ValidationError
from trie.hexary import HexaryTrie

from pysettle.evm import abi
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.prague import SealingVM, minimum_gas
from pysettle.hashing import keccak
from pysettle.node.protocol import EXECUTION_REVERTED, SERVER_ERROR, InvalidParams, RpcError
from pysettle.node.values import address, data, fields, hex_address, hex_data, hex_word, quantity, storage_slot
from pysettle.values import Address, Hash32

_ERROR_SELECTOR = bytes.fromhex("08c379a0")
_PLAIN_TRANSFER_GAS = 21_000
_ESTIMATE_TOLERANCE = 64
"""An estimate is at most one part in so many above the least gas that succeeds."""


@dataclass(frozen=True, slots=True)
class CallRequest:
    """Execution for `eth_call` and `eth_estimateGas`."""

    sender: Address
    """Account it comes from; the zero address if none was named."""
    to: Address | None
    """Account called; None to create."""
    data: bytes
    """Call data, or init code."""
    value: int
    """Wei sent along."""
    gas: int
    """Most gas; 0 for a whole block's."""

    @classmethod
    def read(cls, value: Any) -> CallRequest:
        """Read a transaction object; fees and nonce are not looked at, since a call is free.

        Raises:
            InvalidParams: a field is malformed, or `data` and `input` differ.
        """
        document = {name: entry for name, entry in fields(value, "the transaction").items() if entry is not None}
        content = data(document.get("input", document.get("data", "0x")), "input")
        if "data" in document and data(document["data"], "data") != content:
            raise InvalidParams("data and input differ: leave one out")
        return cls(
            sender=address(document.get("from", "0x" + "00" * 20), "from"),
            to=address(document["to"], "to") if document.get("to", "0x") != "0x" else None,
            data=content,
            value=quantity(document.get("value", "0x0"), "value"),
            gas=quantity(document.get("gas", "0x0"), "gas"),
        )


def execute(chain: EmbeddedChain, request: CallRequest, height: int | None, overrides: Any = None) -> bytes:
    """Return the data that a call returns, under the header of that block (None: of the next).

    Raises:
        RpcError: it reverted (3, with the data), or cannot be executed (-32000).
    """
    with _state(chain, height, overrides) as state:
        computation = _run(state, request, request.gas)[0]
    raise_failure(computation)
    return computation.output


def estimate(chain: EmbeddedChain, request: CallRequest, height: int | None, overrides: Any = None) -> int:
    """Return gas the transaction succeeds with, at most 1/64 above the least that does.

    The first run gives the used gas; the second tries that with the gas that an inner call may hold back (EIP-150); the
    search between the two ends after a few more.

    Raises:
        RpcError: it fails with all the gas it may have.
    """

    def run(gas: int) -> tuple[ComputationAPI, int, int]:
        with _state(chain, height, overrides) as state:
            return _run(state, request, gas)

    most = min(request.gas or chain.block().gas_limit, chain.block().gas_limit)
    computation, used, least = run(most)
    raise_failure(computation)
    if used == _PLAIN_TRANSFER_GAS:
        return used
    low, high = max(least, used) - 1, most
    likely = (used + computation.get_gas_refund() + 2300) * 64 // 63
    if low < likely < high:
        if run(likely)[0].is_error:
            low = likely
        else:
            high = likely
    if low + 1 < high and not run(low + 1)[0].is_error:
        return low + 1
    while high - low > max(1, high // _ESTIMATE_TOLERANCE):
        middle = (low + high) // 2
        if run(middle)[0].is_error:
            low = middle
        else:
            high = middle
    return high


def _state(chain: EmbeddedChain, height: int | None, overrides: Any) -> AbstractContextManager[StateAPI]:
    if overrides is None:
        return chain.scratch_state(height)
    state = chain.state(height)
    override(state, overrides)
    return nullcontext(state)


def _run(state: StateAPI, request: CallRequest, gas: int) -> tuple[ComputationAPI, int, int]:
    """Execute on a state; return the computation, the gas it pays for, and the least it could be sent with.

    Raises:
        RpcError: it cannot be executed at all.
    """
    unsigned = SealingVM.create_unsigned_transaction(
        nonce=state.get_nonce(request.sender),
        gas_price=0,
        gas=min(gas, state.gas_limit) or state.gas_limit,
        to=request.to or Address(b""),
        value=request.value,
        data=request.data,
    )
    transaction = cast(SignedTransactionAPI, SpoofTransaction(unsigned, from_=request.sender))
    least = minimum_gas(transaction)
    if unsigned.gas < least:
        raise RpcError(SERVER_ERROR, f"intrinsic gas too low: {unsigned.gas}, it costs {least} before it is executed")
    try:
        computation = state.apply_transaction(transaction)
    except ValidationError as problem:
        raise RpcError(SERVER_ERROR, f"cannot be executed: {problem}") from problem
    return computation, SealingVM.finalize_gas_used(transaction, computation), least


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


def override(state: StateAPI, overrides: Any) -> None:
    """Change accounts of a state for one call (geth's state override set)."""
    for account, entry in fields(overrides, "the state overrides").items():
        holder, changes = address(account, "an overridden account"), fields(entry, "an override")
        if unknown := changes.keys() - {"balance", "nonce", "code", "state", "stateDiff"}:
            raise InvalidParams(f"an override has no field {min(unknown)}")
        if "balance" in changes:
            state.set_balance(holder, quantity(changes["balance"], "balance"))
        if "nonce" in changes:
            state.set_nonce(holder, quantity(changes["nonce"], "nonce"))
        if "code" in changes:
            state.set_code(holder, data(changes["code"], "code"))
        if "state" in changes:
            state.delete_storage(holder)
        for name in ("state", "stateDiff"):
            for slot, word in fields(changes.get(name, {}), name).items():
                state.set_storage(holder, storage_slot(slot), quantity(word, "a word"))


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
