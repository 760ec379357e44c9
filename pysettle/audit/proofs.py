"""Check P: nodes of the state's Merkle-Patricia tries, and answers of contracts that rest on them alone.

A file of proofs has each node and each code that a reader of the listed contracts needs. They are found by their hash,
from the state root of the head on, so that a wrong one is a missing one: reading is the check. Nothing else may be in
the file.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import rlp
from eth.abc import VirtualMachineAPI
from eth.chains.base import Chain
from eth.constants import GENESIS_BLOCK_NUMBER
from eth.db.account import AccountDB
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth.vm.forks.prague import PragueVM
from eth.vm.interrupt import EVMMissingData

from pysettle.audit.bundle import json_bytes
from pysettle.audit.engines import CallRefused, StateReader, Unproven, VerifyingState, VerifyingVM
from pysettle.audit.state_nodes import reachable
from pysettle.documents import as_bytes, as_list, as_object, parse_json
from pysettle.errors import ChainError
from pysettle.hashing import keccak
from pysettle.values import Address

SCHEMA = "pysettle.proofs/1"
"""Name and version of the file's form."""
_NODE_MAX = 1024
"""Most bytes of a node; the longest one of an Ethereum state, a full branch, has 532."""


class ProofSource(Protocol):
    """Where an export has proofs and codes from, both of the block that it ends with."""

    def proof(self, account: Address, slots: Sequence[int]) -> Collection[bytes]:
        """Return the nodes that prove an account and words of its storage, in any order (EIP-1186)."""

    def code(self, account: Address) -> bytes:
        """Return the code of an account."""


@dataclass(frozen=True)
class Proofs:
    """What a file of proofs has."""

    nodes: tuple[bytes, ...] = ()
    """RLP of each node, as it is hashed; sorted."""
    codes: tuple[bytes, ...] = ()
    """The code of each contract that is read; sorted."""

    def to_bytes(self) -> bytes:
        """Return the file."""
        hexed = {name: ["0x" + it.hex() for it in getattr(self, name)] for name in ("codes", "nodes")}
        return json_bytes({"schema": SCHEMA, **hexed})

    @classmethod
    def from_bytes(cls, content: bytes) -> Proofs:
        """Read a file.

        Raises:
            ValueError: it has another form.
        """
        document = as_object(parse_json(content), {"schema", "codes", "nodes"}, "the document")
        if document["schema"] != SCHEMA:
            raise ValueError(f"the schema is not {SCHEMA!r}")
        values = {name: tuple(map(as_bytes, as_list(document[name], name))) for name in ("nodes", "codes")}
        for name, listed in values.items():
            if list(listed) != sorted(set(listed)):
                raise ValueError(f"{name} are not sorted, or one is there twice")
        if long := [len(node) for node in values["nodes"] if len(node) > _NODE_MAX]:
            raise ValueError(f"a node has {long[0]} bytes, more than any node of a state")
        return cls(**values)

    def split(self, state_root: bytes) -> tuple[Proofs, list[bytes]]:
        """Return the nodes and codes that a path from a state root leads to, and the hashes of all others.

        Raises:
            ValueError: a node on such a path is none of a state.
        """
        used = reachable({keccak(it): it for it in self.nodes}, state_root)
        kept = [tuple(sorted(it for it in of_kind if keccak(it) in used)) for of_kind in (self.nodes, self.codes)]
        return Proofs(*kept), [it for it in map(keccak, (*self.nodes, *self.codes)) if it not in used]


class ProvenState(StateReader):
    """The state after the head, as far as it is proven."""

    def __init__(self, chain_id: int, head: bytes, proofs: Proofs, source: ProofSource | None = None) -> None:
        """Begin with proofs.

        Args:
            chain_id: Chain id (EIP-155).
            head: RLP of the last block.
            proofs: Nodes and codes.
            source: Where to get what else is read; None to refuse it.
        """
        self._known = {keccak(it): it for it in (*proofs.nodes, *proofs.codes)}
        self._codes = set(map(keccak, proofs.codes))
        accounts = AccountDB if source is None else _fetched(source, self._known, self._codes)
        state = type("ProvenPragueState", (VerifyingState,), {"account_db_class": accounts})
        rules = type("ProvenPragueVM", (VerifyingVM,), {"_state_class": state})
        chain_class = Chain.configure(
            __name__="ProvenChain", chain_id=chain_id, vm_configuration=((GENESIS_BLOCK_NUMBER, rules),)
        )
        header = rlp.decode(head, sedes=PragueVM.get_block_class()).header
        self._vm = chain_class(AtomicDB(MemoryDB(self._known))).get_vm(header)
        self.missing: list[str] = []
        """Each reading that the proofs do not cover."""

    def read(self) -> Proofs:
        """Return all that is known of the state, sorted."""
        nodes = sorted(it for hashed, it in self._known.items() if hashed not in self._codes)
        return Proofs(tuple(nodes), tuple(sorted(self._known[it] for it in self._codes)))

    def call(self, to: Address, data: bytes) -> bytes:
        """Return a contract's answer, as `StateReader.call`.

        Raises:
            Unproven: the proofs do not cover what it reads.
            CallRefused: it reverted, or could not be executed.
            ChainError: the source gives no proof.
        """
        try:
            return super().call(to, data)
        except CallRefused as problem:
            if isinstance(problem.__cause__, ChainError):
                raise problem.__cause__ from None
            if isinstance(problem.__cause__, EVMMissingData):
                raise self._unproven(f"the answer of 0x{to.hex()} to 0x{data[:36].hex()}") from None
            raise

    def code(self, address: Address) -> bytes:
        """Return the code of an account.

        Raises:
            Unproven: it is not proven.
        """
        try:
            return super().code(address)
        except EVMMissingData:
            raise self._unproven(f"the code of 0x{address.hex()}") from None

    def nonce(self, address: Address) -> int:
        """Return the nonce of an account.

        Raises:
            Unproven: it is not proven.
        """
        try:
            return super().nonce(address)
        except EVMMissingData:
            raise self._unproven(f"the nonce of 0x{address.hex()}") from None

    def _unproven(self, reading: str) -> Unproven:
        self.missing.append(f"{reading} is not proven")
        return Unproven(self.missing[-1])

    def _head_vm(self) -> VirtualMachineAPI:
        return self._vm


def _fetched(source: ProofSource, known: dict[bytes, bytes], codes: set[bytes]) -> type[AccountDB]:
    """Return py-evm's accounts, which get each proof and code from a source before its first use."""
    seen = set[tuple[Address, int | None]]()

    def fetch(account: Address, slot: int | None) -> None:
        if (account, slot) not in seen:
            seen.update([(account, slot), (account, None)])
            nodes = source.proof(account, [] if slot is None else [slot])
            known.update((keccak(node), node) for node in nodes)

    class FetchedAccounts(AccountDB):
        def _get_encoded_account(self, address: Any, from_journal: bool = True) -> bytes:
            fetch(Address(address), None)
            return super()._get_encoded_account(address, from_journal)

        def get_storage(self, address: Any, slot: int, from_journal: bool = True) -> int:
            fetch(Address(address), slot)
            return super().get_storage(address, slot, from_journal)

        def get_code(self, address: Any) -> bytes:
            code_hash = self.get_code_hash(address)
            if code_hash not in known and (code := source.code(Address(address))):
                known[keccak(code)] = code
                codes.add(keccak(code))
            return super().get_code(address)

    return FetchedAccounts
