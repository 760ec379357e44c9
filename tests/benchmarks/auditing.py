"""SPEED-REPLAY and SPEED-DECODE: the audit of 10,000 settlement transactions beside py-evm and web3.py on the same."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import rlp
from eth.chains.base import Chain
from eth.constants import GENESIS_BLOCK_NUMBER
from eth.db.atomic import AtomicDB
from eth.vm.forks.prague import PragueVM
from hexbytes import HexBytes
from web3 import Web3
from web3.datastructures import AttributeDict

from pysettle.audit.blocks import read_blocks, read_receipts
from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, RECEIPTS_FILE, Bundle
from pysettle.audit.engines import ExecutedLog
from pysettle.audit.extract import export_bundle
from pysettle.audit.genesis import read_genesis
from pysettle.audit.receipts import outcomes
from pysettle.audit.verify import verify
from pysettle.domain.catalogue import kinds
from pysettle.domain.core.events import Emitted, Position
from pysettle.evm import artifacts
from tests.audit.at_length import BLOCK, Town
from tests.benchmarks.anchors import scratch
from tests.benchmarks.measure import Goal, Row, in_turns, say

_MANY, _FEW = 10_000, 1_500
_ROUNDS, _DECODE_ROUNDS = 3, 9
_REPLAY, _DECODE = "SPEED-REPLAY", "SPEED-DECODE"


def speed_replay() -> Iterator[Row]:
    """Measure level S on 10,000 transactions, and what check G and check L add to it."""
    with scratch() as directory:
        town, folder = _grown(_REPLAY, _MANY), Path(directory)
        listed = export_bundle(town.chain, folder / "listed", town.network.contracts())
        bare = export_bundle(town.chain, folder / "bare")
        yield from _replay(listed, bare)


def speed_decode() -> Iterator[Row]:
    """Measure how many logs of receipts become events in a second."""
    with scratch() as directory:
        town = _grown(_DECODE, _FEW)
        yield from _decode(export_bundle(town.chain, Path(directory) / "bundle", town.network.contracts()))


def _grown(code: str, count: int) -> Town:
    town = Town()
    transactions = islice(town.transactions(), count)
    done = 0
    while batch := list(islice(transactions, BLOCK)):
        town.seal(batch)
        done += len(batch)
        say(f"{code}: {done:,} of {count:,} transactions sealed")
    return town


def _replay(listed: Bundle, bare: Bundle) -> Iterator[Row]:
    """Compare re-execution with py-evm's own import of the same blocks, and what G and L add with S alone."""
    transactions = verify(bare.directory, level="R").transactions

    def per_second(of: Bundle) -> Callable[[int], float]:
        def measure(_: int) -> float:
            began = time.process_time()
            report = verify(of.directory)
            took = time.process_time() - began
            assert report.passed, report.to_text()
            return transactions / took

        return measure

    def imported(_: int) -> float:
        _, parameters, state = read_genesis(bare.read_file(GENESIS_FILE))
        chain_class = Chain.configure(
            __name__="Anchor", chain_id=bare.manifest.chain_id, vm_configuration=((GENESIS_BLOCK_NUMBER, PragueVM),)
        )
        chain = chain_class.from_genesis(AtomicDB(), parameters, state)
        stream, size = bare.open_file(CHAIN_FILE)
        began = time.process_time()
        with stream:
            for block in read_blocks(stream, size):
                chain.import_block(rlp.decode(block.raw, sedes=PragueVM.get_block_class()))
        took = time.process_time() - began
        assert chain.get_canonical_head().hash == bare.manifest.hashes[-1]
        return transactions / took

    figure, anchor = in_turns(_REPLAY, per_second(bare), imported, _ROUNDS)
    yield Row(_REPLAY, Goal(0.9), figure, "transactions a second at S", anchor)
    with_books, without = in_turns(f"{_REPLAY}, G and L", per_second(listed), per_second(bare), _ROUNDS)
    yield Row(_REPLAY, Goal(1.5, most=True), 1e6 / with_books, "us a transaction at S, G, L", 1e6 / without)


def _decode(bundle: Bundle) -> Iterator[Row]:
    """Compare receipts of the bundle, read to typed events, with web3's `process_log` on the same logs."""
    contracts = bundle.manifest.contracts
    logs = [
        log
        for hashed in _receipts(bundle)
        for transaction in outcomes(hashed)
        for log in transaction.logs
        if contracts.event_of(log.address, log.topics, log.data)
    ]
    ready = [_as_web3(place, it) for place, it in enumerate(logs)]
    readers = _readers()
    gc.freeze()  # the chain is still in memory, and neither side is to pay for it

    def read(_: int) -> float:
        began = time.process_time()
        rows = []
        for height, hashed in enumerate(_receipts(bundle), start=1):
            in_block = 0
            for place, transaction in enumerate(outcomes(hashed)):
                for log in transaction.logs:
                    event = contracts.event_of(log.address, log.topics, log.data)
                    if event is not None:
                        rows.append(Emitted(log.address, Position(height, place, in_block), event, 0))
                    in_block += 1
        took = time.process_time() - began
        assert len(rows) == len(logs)
        return len(rows) / took

    def decoded(_: int) -> float:
        began = time.process_time()
        events = [contracts.event_of(it.address, it.topics, it.data) for it in logs]
        took = time.process_time() - began
        assert None not in events
        return len(events) / took

    def processed(_: int) -> float:
        began = time.process_time()
        events = [readers[bytes(it["topics"][0])].process_log(it) for it in ready]
        return len(events) / (time.process_time() - began)

    figure, anchor = in_turns(_DECODE, read, processed, _DECODE_ROUNDS)
    yield Row(_DECODE, Goal(35), figure, "logs a second, with reading", anchor)
    figure, anchor = in_turns(f"{_DECODE}, alone", decoded, processed, _DECODE_ROUNDS)
    yield Row(_DECODE, Goal(100), figure, "logs a second", anchor)


def _receipts(bundle: Bundle) -> Iterator[tuple[bytes, ...]]:
    """Yield the receipts of each block of a bundle, as they are hashed."""
    stream, size = bundle.open_file(RECEIPTS_FILE)
    with stream:
        yield from read_receipts(stream, size)


def _as_web3(place: int, log: ExecutedLog) -> Any:
    """Return a log as web3 has it from a node."""
    return AttributeDict(
        {
            "address": Web3.to_checksum_address(log.address),
            "topics": [HexBytes(it) for it in log.topics],
            "data": HexBytes(log.data),
            "blockNumber": 1,
            "blockHash": HexBytes(bytes(32)),
            "transactionHash": HexBytes(bytes(32)),
            "transactionIndex": 0,
            "logIndex": place,
        }
    )


def _readers() -> dict[bytes, Any]:
    """Return mapping topic -> web3's event of it."""
    w3, readers = Web3(), dict[bytes, Any]()
    for kind in kinds():
        contract = w3.eth.contract(abi=artifacts.load(kind.name).abi)
        for entry in contract.abi:
            if entry["type"] == "event":
                event = contract.events[entry["name"]]()
                readers[bytes(Web3.keccak(text=event.signature))] = event
    return readers
