"""py-evm on any Ethereum chain from Frontier to Prague: the fork of each block by the rules of its genesis.

Seals of work are not checked. Before Prague the rules are py-evm's own; at Prague they are those of `engines`.
"""

from __future__ import annotations

from typing import Any

import rlp
from eth.abc import BlockAPI, BlockHeaderAPI, VirtualMachineAPI
from eth.chains.base import Chain
from eth.constants import BLANK_ROOT_HASH, GENESIS_BLOCK_NUMBER
from eth.db.atomic import AtomicDB
from eth.rlp.headers import BlockHeader
from eth.vm.chain_context import ChainContext
from eth.vm.forks.arrow_glacier import ArrowGlacierVM
from eth.vm.forks.berlin import BerlinVM
from eth.vm.forks.byzantium import ByzantiumVM
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth.vm.forks.constantinople import ConstantinopleVM
from eth.vm.forks.frontier import FrontierVM
from eth.vm.forks.gray_glacier import GrayGlacierVM
from eth.vm.forks.homestead import HomesteadVM
from eth.vm.forks.istanbul import IstanbulVM
from eth.vm.forks.london import LondonVM
from eth.vm.forks.london.blocks import LondonBlockHeader
from eth.vm.forks.muir_glacier import MuirGlacierVM
from eth.vm.forks.paris import ParisVM
from eth.vm.forks.petersburg import PetersburgVM
from eth.vm.forks.prague.blocks import PragueBlockHeader
from eth.vm.forks.shanghai import ShanghaiVM
from eth.vm.forks.shanghai.blocks import ShanghaiBlockHeader
from eth.vm.forks.spurious_dragon import SpuriousDragonVM
from eth.vm.forks.tangerine_whistle import TangerineWhistleVM
from eth_typing import BlockNumber
from eth_utils.exceptions import ValidationError

from pysettle.audit.encoding import list_items, number
from pysettle.audit.engines import BlockRefused, PyEvmEngine, VerifyingVM, check_equal, reason_of
from pysettle.audit.forks import Rules

_NO_REQUESTS = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
_DIFFICULTY, _NUMBER, _TIME = 7, 8, 11


class _Unsealed:
    """Takes a block whatever its seal of work."""

    def validate_seal(self, header: BlockHeaderAPI) -> None:
        """Accept every seal."""

    def validate_seal_extension(self, header: BlockHeaderAPI, parents: tuple[BlockHeaderAPI, ...]) -> None:
        """Accept every seal."""


def _unsealed(vm_class: type[VirtualMachineAPI]) -> type[VirtualMachineAPI]:
    return type(f"Unsealed{vm_class.__name__}", (_Unsealed, vm_class), {"support_dao_fork": False})


_MACHINES = {
    "Frontier": FrontierVM,
    "Homestead": HomesteadVM,
    "Tangerine Whistle": TangerineWhistleVM,
    "Spurious Dragon": SpuriousDragonVM,
    "Byzantium": ByzantiumVM,
    "Constantinople": ConstantinopleVM,
    "Petersburg": PetersburgVM,
    "Istanbul": IstanbulVM,
    "Muir Glacier": MuirGlacierVM,
    "Berlin": BerlinVM,
    "London": LondonVM,
    "Arrow Glacier": ArrowGlacierVM,
    "Gray Glacier": GrayGlacierVM,
    "Paris": ParisVM,
    "Shanghai": ShanghaiVM,
    "Cancun": CancunVM,
    "Prague": VerifyingVM,
}
_HEADERS = {
    **dict.fromkeys(("London", "Arrow Glacier", "Gray Glacier", "Paris"), LondonBlockHeader),
    "Shanghai": ShanghaiBlockHeader,
    "Cancun": CancunBlockHeader,
    "Prague": PragueBlockHeader,
}
_VMS = {name: _unsealed(vm_class) for name, vm_class in _MACHINES.items()}


class LaterFork(Exception):
    """A block of a fork that has no rules here; the message names block and fork."""


class ForeignEngine:
    """py-evm on a fresh chain in memory, begun from a `genesis.json` of any schedule of forks."""

    name = PyEvmEngine.name
    """The engine with its version."""

    def __init__(self, genesis: bytes) -> None:
        """Build block 0.

        Raises:
            BlockRefused: the genesis is malformed or not supported.
            LaterFork: it is itself of a later fork.
        """
        try:
            self._rules = Rules(genesis)
            self.chain_id = self._rules.chain_id
            header = self._rules.header()
            fork = self._rules.fork(0, header["timestamp"], 0)
            if fork not in _VMS:
                raise LaterFork(f"block 0 is of {fork}")
            vm_class = _VMS[fork]
            self._class = Chain.configure(
                __name__="ForeignChain", chain_id=self.chain_id, vm_configuration=((GENESIS_BLOCK_NUMBER, vm_class),)
            )
            database = AtomicDB()
            header["state_root"] = self._state_root(database, vm_class)
            self._chain = self._class.from_genesis_header(database, self._header(fork, header))
            self.head: BlockHeaderAPI = self._chain.get_canonical_head()
        except LaterFork:
            raise
        except Exception as problem:
            raise BlockRefused(f"genesis.json: {reason_of(problem)}") from problem
        self._total, self._fork = self.head.difficulty, fork

    def _state_root(self, database: AtomicDB, vm_class: Any) -> bytes:
        before = BlockHeader(difficulty=0, block_number=-1, gas_limit=0)
        state = vm_class.build_state(database, before, ChainContext(self.chain_id))
        for address, account in self._rules.accounts.items():
            state.set_balance(address, account.balance)
            state.set_nonce(address, account.nonce)
            state.set_code(address, account.code)
            for slot, word in account.storage.items():
                state.set_storage(address, slot, word)
        state.persist()
        return bytes(state.state_root)

    def _header(self, fork: str, stated: dict[str, Any]) -> BlockHeaderAPI:
        """Return block 0, which a Paris header of py-evm would refuse to be if it has a difficulty."""
        header_class: Any = _HEADERS.get(fork, BlockHeader)
        more = {
            "base_fee_per_gas": self._rules.base_fee,
            "withdrawals_root": BLANK_ROOT_HASH,
            "blob_gas_used": 0,
            "excess_blob_gas": 0,
            "parent_beacon_block_root": bytes(32),
            "requests_hash": _NO_REQUESTS,
        }
        names = set(header_class._meta.field_names)
        fields = {**stated, **{name: value for name, value in more.items() if name in names}}
        header: BlockHeaderAPI = header_class(**{"block_number": 0, **fields})
        return header

    def execute(self, raw: bytes) -> None:
        """Import the next block: execute it, and compare every field of its header.

        Raises:
            BlockRefused: it is not a valid block on top of the head.
            LaterFork: its fork has no rules here.
        """
        try:
            (header, *_) = list_items(raw)
            fields = list_items(raw, *header)
            height, time = number(raw, *fields[_NUMBER]), number(raw, *fields[_TIME])
            fork = self._rules.fork(height, time, self._total)
            if fork not in _VMS:
                raise LaterFork(f"block {height} is of {fork}")
            if fork != self._fork:
                self._class.vm_configuration = (*self._class.vm_configuration, (BlockNumber(height), _VMS[fork]))
                self._fork = fork
            block = rlp.decode(raw, sedes=_VMS[fork].get_block_class())
            self._import(block)
        except LaterFork:
            raise
        except Exception as problem:
            raise BlockRefused(reason_of(problem)) from problem
        self.head = block.header
        self._total += block.header.difficulty

    def _import(self, block: BlockAPI) -> None:
        if block.header.parent_hash != self.head.hash:
            raise ValidationError("the parent is not the block before")
        base = self._chain.create_header_from_parent(self.head, timestamp=block.header.timestamp)
        if base.difficulty != block.header.difficulty:
            raise ValidationError(
                f"difficulty: the header states {block.header.difficulty}, the rules give {base.difficulty}"
            )
        imported = self._chain.get_vm(base.copy(gas_used=block.header.gas_used)).import_block(block).block
        check_equal(imported.header, block.header)
        self._chain.validate_block(imported)
        self._chain.chaindb.persist_block(imported)
