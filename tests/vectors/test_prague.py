"""Prague's rules at their edges: producer and audit do what the Ethereum specification (EELS) says, chain by chain.

The answers in `prague.json` are the specification's own, asked for by `tests.vectors.prague`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import rlp
from eth.abc import BlockAPI
from eth.chains.base import Chain
from eth.constants import GENESIS_BLOCK_NUMBER, ZERO_HASH32
from eth.db.atomic import AtomicDB
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth.vm.forks.shanghai.withdrawals import Withdrawal

from pysettle.audit.encoding import encode_list
from pysettle.audit.engines import BlockRefused, PyEvmEngine
from pysettle.audit.genesis import read_genesis
from pysettle.errors import TransactionRefused
from pysettle.evm.clock import prevrandao
from pysettle.evm.embedded import EmbeddedChain
from tests.evm.accounts import START
from tests.vectors.odd import CHAINS, Odd
from tests.vectors.prague import ANSWERS, digest

pytestmark = pytest.mark.filterwarnings("ignore:SELFDESTRUCT opcode:DeprecationWarning")  # py-evm warns as it executes

EVERY = 4
"""One chain in so many is executed in each run: what they show depends on the rules of the EVM alone."""
SPECIFICATION: dict[str, Any] = json.loads(ANSWERS.read_text())
PACKAGE = SPECIFICATION.pop("")


def hashes(name: str) -> list[str]:
    """Return the hash of each block that the specification seals."""
    return [block[0] for block in SPECIFICATION[name]["blocks"]]


class Stock:
    """py-evm as it comes: what a producer without the rules that it lacks would seal."""

    def __init__(self, odd: Odd) -> None:
        """Begin the chain."""
        chain_id, parameters, state = read_genesis(odd.genesis().to_bytes())
        chain_class = Chain.configure(
            __name__="Stock", chain_id=chain_id, vm_configuration=((GENESIS_BLOCK_NUMBER, PragueVM),)
        )
        self.odd, self.chain = odd, chain_class.from_genesis(AtomicDB(), parameters, state)

    def seal(self, number: int, transactions: list[bytes]) -> bytes:
        """Return the next block as bytes; one whose header says that nothing happened where py-evm refuses it too."""
        head = self.chain.get_canonical_head()
        header = self.chain.create_header_from_parent(head, coinbase=self.odd.coinbase).copy(
            timestamp=START + number,
            mix_hash=prevrandao(0, number),
            gas_limit=head.gas_limit,
            parent_beacon_block_root=ZERO_HASH32,
        )
        given = self.odd.withdrawals if number == len(self.odd.blocks) else []
        withdrawals = tuple(Withdrawal(*fields) for fields in given)
        vm = self.chain.get_vm(header)
        try:
            decoded = tuple(map(PragueTransactionBuilder.decode, transactions))
            offered = vm.get_block().copy(header=header, transactions=decoded, withdrawals=withdrawals)
            block: BlockAPI = vm.import_block(offered).block
        except Exception:  # noqa: BLE001 - of many kinds, on bytes that no transaction is
            items = [raw if raw[0] >= 0xC0 else rlp.encode(raw) for raw in transactions]
            return encode_list([rlp.encode(header), encode_list(items), encode_list([]), encode_list([])])
        self.chain.chaindb.persist_block(block)
        return bytes(rlp.encode(block))


def sealed(odd: Odd) -> tuple[list[bytes], list[str], bool]:
    """Seal an odd chain by the producer; return its blocks as bytes, their hashes, and whether it refused one."""
    chain, refused = EmbeddedChain(odd.genesis(), coinbase=odd.coinbase), False
    for transactions in odd.blocks:
        try:
            chain.seal(transactions)
        except TransactionRefused:
            refused = True
            break
    numbers = range(1, chain.block().number + 1)
    return list(chain.blocks_rlp()), ["0x" + chain.block(number).hash.hex() for number in numbers], refused


def test_the_answers_are_to_these_chains() -> None:
    """Nothing was added or changed since the specification was asked, which names its version."""
    asked = {name: answer["chain"] for name, answer in SPECIFICATION.items()}
    assert asked == {name: digest(make().to_dict()) for name, make in CHAINS.items()}
    assert PACKAGE.startswith("ethereum-execution==")


@pytest.mark.parametrize(
    "name", [pytest.param(it, marks=pytest.mark.apart if place % EVERY else ()) for place, it in enumerate(CHAINS)]
)
def test_the_rules_are_those_of_the_specification(name: str) -> None:
    """The producer seals the specification's blocks, or refuses as it does; the audit takes and refuses the same.

    A refused block comes from py-evm as it is wherever that seals it, so that a rule refuses it and not its header.
    """
    odd, expected, refusal = CHAINS[name](), hashes(name), SPECIFICATION[name]["refused"]
    assert not (expected and refusal), "a chain ends with its first block where that is refused"
    engine = PyEvmEngine(odd.genesis().to_bytes())
    if odd.is_for_the_producer:
        blocks, own, refused = sealed(odd)
        assert own == expected, SPECIFICATION[name]["blocks"]
        assert refused == (refusal is not None)
    if refusal is not None:
        with pytest.raises(BlockRefused) as told:
            engine.execute(Stock(odd).seal(1, odd.blocks[0]))
        assert "the header states" not in str(told.value)
        return
    if not odd.is_for_the_producer:
        stock = Stock(odd)
        blocks = [stock.seal(number, transactions) for number, transactions in enumerate(odd.blocks, start=1)]
    for block, block_hash in zip(blocks, expected, strict=True):
        engine.execute(block)
        assert "0x" + engine.head_hash.hex() == block_hash
