"""Have the Ethereum specification (EELS) execute a chain; run by the environment that holds it, never imported.

    python eels_driver.py genesis.json chain.rlp

Prints one JSON document a line: of block 0 first, then of each block as far as they are executed. RLP, tries, hashes
and execution are those of EELS. This file chooses the fork of each block, hands the state from fork to fork, and tells
what EELS arrived at where that is not what the header states. It knows nothing of pysettle.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import mmap
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ethereum.crypto.hash import Hash32, keccak256
from ethereum.exceptions import EthereumException
from ethereum.fork_criteria import ByBlockNumber
from ethereum_rlp import rlp
from ethereum_types.bytes import Bytes8, Bytes32, Bytes256
from ethereum_types.numeric import U64, U256, Uint

BY_BLOCK = {
    "homesteadBlock": "homestead",
    "eip150Block": "tangerine_whistle",
    "eip158Block": "spurious_dragon",
    "byzantiumBlock": "byzantium",
    # EELS has no rules for Constantinople before Petersburg mended it.
    "petersburgBlock": "constantinople",
    "istanbulBlock": "istanbul",
    "muirGlacierBlock": "muir_glacier",
    "berlinBlock": "berlin",
    "londonBlock": "london",
    "arrowGlacierBlock": "arrow_glacier",
    "grayGlacierBlock": "gray_glacier",
}
BY_TIME = {"shanghaiTime": "shanghai", "cancunTime": "cancun", "pragueTime": "prague"}
LENGTH_OF_LENGTH = 9
"""Bytes of RLP after which the length of an item is known."""


class Fork:
    """The modules of one fork of EELS, and the places where this file listens to it."""

    def __init__(self, name: str, starts_at: int) -> None:
        """Load a fork.

        Args:
            name: Its name in EELS.
            starts_at: Number of its first block.
        """
        self.name = name
        self.fork: Any = self.module("fork")
        self.blocks, self.state, self.types = (self.module(part) for part in ("blocks", "state", "fork_types"))
        self.trie, self.bloom = self.module("trie"), self.module("bloom")
        self.environment: Any = None
        self.output: Any = None
        self.transaction: int | None = None
        self._listen()
        if hasattr(self.fork, "FORK_CRITERIA"):
            self.fork.FORK_CRITERIA = ByBlockNumber(starts_at)
        if hasattr(self.fork, "validate_proof_of_work"):
            self.fork.validate_proof_of_work = lambda header: None  # seals are nobody's concern here

    def module(self, part: str) -> Any:
        """Return a module of the fork."""
        return importlib.import_module(f"ethereum.forks.{self.name}.{part}")

    def _listen(self) -> None:
        """Note the output of a body, and which transaction is at work, as EELS passes through."""
        body, transaction = self.fork.apply_body, self.fork.process_transaction

        def apply_body(block_env: Any, *args: Any, **kwargs: Any) -> Any:
            self.environment, self.output, self.transaction = block_env, None, None
            self.output = body(block_env, *args, **kwargs)
            return self.output

        def process_transaction(block_env: Any, block_output: Any, tx: Any, index: Any) -> None:
            self.transaction = int(index)
            transaction(block_env, block_output, tx, index)
            self.transaction = None

        self.fork.apply_body, self.fork.process_transaction = apply_body, process_transaction

    def executed(self, stated: Any) -> Any:
        """Return a header with everything in it that EELS computed; the rest as stated."""
        computed = {
            "state_root": self.state.state_root(self.environment.state),
            "transactions_root": self.trie.root(self.output.transactions_trie),
            "receipt_root": self.trie.root(self.output.receipts_trie),
            "bloom": self.bloom.logs_bloom(self.output.block_logs),
            "gas_used": self.output.block_gas_used,
        }
        if hasattr(stated, "withdrawals_root"):
            computed["withdrawals_root"] = self.trie.root(self.output.withdrawals_trie)
        if hasattr(stated, "blob_gas_used"):
            computed["blob_gas_used"] = U64(self.output.blob_gas_used)
        if hasattr(stated, "requests_hash"):
            requests_hash = self.module("requests").compute_requests_hash(self.output.requests)
            computed["requests_hash"] = Hash32(requests_hash)
        return dataclasses.replace(stated, **computed)

    def receipts(self) -> list[str]:
        """Return the receipts of the body as they are hashed."""
        encoded = [self.output.receipts_trie._data[key] for key in self.output.receipt_keys]
        return [(it if isinstance(it, bytes) else rlp.encode(it)).hex() for it in encoded]


class Chain:
    """A chain under EELS: the fork in force, and its `BlockChain`."""

    def __init__(self, genesis: dict[str, Any]) -> None:
        """Build block 0."""
        self._config = genesis["config"]
        self._terminal = self._config.get("terminalTotalDifficulty")
        self._total = number_of(genesis["difficulty"])
        self._fork = Fork(self._name(0, number_of(genesis["timestamp"])), 0)
        self._chain = begin(self._fork, genesis)

    @property
    def head(self) -> Any:
        """Header of the last block."""
        return self._chain.blocks[-1].header

    def execute(self, raw: bytes) -> dict[str, Any]:
        """Execute the next block; return its line."""
        number, time = int(self.head.number) + 1, self._time(raw)
        if self._is_unknown(number):
            return {"unable": f"EELS has no rules for block {number}, of Constantinople before Petersburg"}
        name = self._name(number, time)
        if name != self._fork.name:
            self._chain, self._fork = handed_over(self._chain, self._fork, Fork(name, number))
        fork = self._fork
        fork.output = fork.transaction = None
        block = rlp.decode_to(fork.blocks.Block, raw)
        try:
            fork.fork.state_transition(self._chain, block)
        except EthereumException as problem:
            if fork.output is None:
                return {"block": number, "refused": reason(problem), "transaction": fork.transaction}
            header = fork.executed(block.header)
            return {**line(header), "receipts": fork.receipts(), "fields": fields(header, block.header)}
        self._total += int(block.header.difficulty)
        return line(block.header)

    def _is_unknown(self, number: int) -> bool:
        """Whether a block is of the one fork that EELS leaves out."""
        begins, ends = (self._config.get(f"{it}Block") for it in ("constantinople", "petersburg"))
        return begins is not None and begins <= number and (ends is None or number < ends)

    def _time(self, raw: bytes) -> int:
        header = rlp.decode(raw)[0]
        return int.from_bytes(header[11], "big")

    def _name(self, number: int, time: int) -> str:
        """Return the fork of a block."""
        name = "frontier"
        for setting, fork in BY_BLOCK.items():
            if self._config.get(setting) is not None and self._config[setting] <= number:
                name = fork
        if number:
            if self._terminal is None or self._total < self._terminal:
                return name
            name = "paris"
        for setting, fork in BY_TIME.items():
            if self._config.get(setting) is not None and self._config[setting] <= time:
                name = fork
        return name


def begin(fork: Fork, genesis: dict[str, Any]) -> Any:
    """Return a chain of the genesis alone, which is geth's `genesis.json`."""
    state, types = fork.state.State(), fork.types
    for key, account in genesis["alloc"].items():
        address = types.Address(from_hex(key).rjust(20, b"\0"))
        nonce, balance = Uint(number_of(account.get("nonce"))), U256(number_of(account["balance"]))
        fork.state.set_account(state, address, types.Account(nonce, balance, from_hex(account.get("code"))))
        for slot, word in account.get("storage", {}).items():
            place, value = from_hex(slot).rjust(32, b"\0"), U256(int.from_bytes(from_hex(word), "big"))
            fork.state.set_storage(state, address, Bytes32(place), value)
    header_class, block_class = fork.blocks.Header, fork.blocks.Block
    empty = fork.trie.root(fork.trie.Trie(False, None))
    values = {
        "parent_hash": Hash32(bytes(32)),
        "ommers_hash": keccak256(rlp.encode([])),
        "coinbase": types.Address(from_hex(genesis["coinbase"])),
        "state_root": fork.state.state_root(state),
        "transactions_root": empty,
        "receipt_root": empty,
        "bloom": Bytes256(bytes(256)),
        "difficulty": Uint(number_of(genesis["difficulty"])),
        "number": Uint(0),
        "gas_limit": Uint(number_of(genesis["gasLimit"])),
        "gas_used": Uint(0),
        "timestamp": U256(number_of(genesis["timestamp"])),
        "extra_data": from_hex(genesis["extraData"]),
        "mix_digest": Bytes32(from_hex(genesis["mixHash"])),
        "prev_randao": Bytes32(from_hex(genesis["mixHash"])),
        "nonce": Bytes8(number_of(genesis["nonce"]).to_bytes(8, "big")),
        "base_fee_per_gas": Uint(number_of(genesis.get("baseFeePerGas") or 10**9)),
        "withdrawals_root": empty,
        "blob_gas_used": U64(0),
        "excess_blob_gas": U64(0),
        "parent_beacon_block_root": Hash32(bytes(32)),
        "requests_hash": no_requests(),
    }
    header = header_class(**{it.name: values[it.name] for it in dataclasses.fields(header_class)})
    parts: dict[str, Any] = {"header": header, "transactions": (), "ommers": (), "withdrawals": ()}
    block = block_class(**{it.name: parts[it.name] for it in dataclasses.fields(block_class)})
    return fork.fork.BlockChain(blocks=[block], state=state, chain_id=U64(genesis["config"]["chainId"]))


def no_requests() -> Hash32:
    """Return the hash of no requests (EIP-7685)."""
    requests = importlib.import_module("ethereum.forks.prague.requests")
    return Hash32(requests.compute_requests_hash([]))


def handed_over(chain: Any, old: Fork, new: Fork) -> tuple[Any, Fork]:
    """Return the chain in the next fork's types: the state of another fork reads as empty there."""
    state = new.state.State()
    for address, account in chain.state._main_trie._data.items():
        moved = new.types.Account(account.nonce, account.balance, account.code)
        new.state.set_account(state, new.types.Address(address), moved)
    for address, trie in chain.state._storage_tries.items():
        for slot, word in trie._data.items():
            new.state.set_storage(state, new.types.Address(address), slot, word)
    assert new.state.state_root(state) == old.state.state_root(chain.state), "the state was not handed over whole"
    return new.fork.BlockChain(blocks=chain.blocks, state=state, chain_id=chain.chain_id), new


def line(header: Any) -> dict[str, Any]:
    """Return what is told of every block."""
    return {
        "block": int(header.number),
        "hash": keccak256(rlp.encode(header)).hex(),
        "state_root": header.state_root.hex(),
        "receipts_root": header.receipt_root.hex(),
        "gas_used": int(header.gas_used),
    }


def fields(executed: Any, stated: Any) -> dict[str, list[str]]:
    """Return the fields in which the executed header is not the stated one: name -> stated, executed."""
    return {
        it.name: [shown(getattr(stated, it.name)), shown(getattr(executed, it.name))]
        for it in dataclasses.fields(executed)
        if getattr(executed, it.name) != getattr(stated, it.name)
    }


def shown(value: Any) -> str:
    """Return a field as text."""
    return "0x" + value.hex() if isinstance(value, bytes) else str(int(value))


def from_hex(text: str | None) -> bytes:
    """Read hex digits, with 0x or without."""
    digits = (text or "").removeprefix("0x")
    return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)


def number_of(value: Any) -> int:
    """Read a number as genesis files write them."""
    return value if isinstance(value, int) else int(value or "0", 0)


def reason(problem: BaseException) -> str:
    """Return an exception in one line."""
    return " ".join(f"{type(problem).__name__}: {problem}".split())[:300].rstrip(": ")


def blocks(path: Path) -> Iterator[bytes]:
    """Yield the RLP of each block."""
    if not path.stat().st_size:
        return
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        position = 0
        while position < len(content):
            length = rlp.decode_item_length(content[position : position + LENGTH_OF_LENGTH])
            yield content[position : position + length]
            position += length


def main(genesis: str, chain_file: str) -> None:
    """Execute every block, and tell of it."""
    sys.setrecursionlimit(20_000)
    chain = Chain(json.loads(Path(genesis).read_text()))
    print(json.dumps(line(chain.head)), flush=True)
    for raw in blocks(Path(chain_file)):
        try:
            told = chain.execute(raw)
        except Exception as problem:  # noqa: BLE001 - the specification refuses some blocks with errors of its own
            told = {"block": int(chain.head.number) + 1, "refused": reason(problem), "transaction": None}
        print(json.dumps(told), flush=True)
        if told.keys() & {"refused", "fields", "unable"}:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
