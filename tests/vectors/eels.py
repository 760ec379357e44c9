"""What the Ethereum specification (EELS) says of chains of odd transactions: read from stdin, answered to stdout.

Run by an environment of its own, for EELS asks for an older coincurve than pysettle: see `tests/vectors/prague.py`.
Knows nothing of pysettle.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ethereum.crypto.hash import Hash32, keccak256
from ethereum.forks.prague import fork, vm
from ethereum.forks.prague.blocks import Block, Header, Withdrawal
from ethereum.forks.prague.bloom import logs_bloom
from ethereum.forks.prague.fork_types import Account, Address
from ethereum.forks.prague.requests import compute_requests_hash
from ethereum.forks.prague.state import State, set_account, set_storage, state_root
from ethereum.forks.prague.transactions import LegacyTransaction
from ethereum.forks.prague.trie import Trie, root
from ethereum.forks.prague.vm.gas import calculate_excess_blob_gas
from ethereum_rlp import rlp
from ethereum_types.bytes import Bytes8, Bytes32, Bytes256
from ethereum_types.numeric import U64, U256, Uint

EMPTY_ROOT = root(Trie(False, None))


def from_hex(text: str) -> bytes:
    """Read 0x and hex digits."""
    return bytes.fromhex(text.removeprefix("0x"))


def begin(genesis: dict[str, Any]) -> fork.BlockChain:
    """Return a chain of the genesis alone, which is geth's `genesis.json`."""
    state = State()
    for key, account in genesis["alloc"].items():
        address = Address(from_hex(key))
        nonce, balance = Uint(int(account.get("nonce", "0x0"), 16)), U256(int(account["balance"], 16))
        set_account(state, address, Account(nonce, balance, from_hex(account.get("code", "0x"))))
        for slot, word in account.get("storage", {}).items():
            set_storage(state, address, Bytes32(from_hex(slot)), U256(int(word, 16)))
    header = Header(
        parent_hash=Hash32(bytes(32)),
        ommers_hash=fork.EMPTY_OMMER_HASH,
        coinbase=Address(from_hex(genesis["coinbase"])),
        state_root=state_root(state),
        transactions_root=EMPTY_ROOT,
        receipt_root=EMPTY_ROOT,
        bloom=Bytes256(bytes(256)),
        difficulty=Uint(0),
        number=Uint(0),
        gas_limit=Uint(int(genesis["gasLimit"], 16)),
        gas_used=Uint(0),
        timestamp=U256(int(genesis["timestamp"], 16)),
        extra_data=from_hex(genesis["extraData"]),
        prev_randao=Bytes32(from_hex(genesis["mixHash"])),
        nonce=Bytes8(bytes(8)),
        base_fee_per_gas=Uint(int(genesis["baseFeePerGas"], 16)),
        withdrawals_root=EMPTY_ROOT,
        blob_gas_used=U64(0),
        excess_blob_gas=U64(0),
        parent_beacon_block_root=Hash32(bytes(32)),
        requests_hash=Hash32(compute_requests_hash([])),
    )
    block = Block(header=header, transactions=(), ommers=(), withdrawals=())
    return fork.BlockChain(blocks=[block], state=state, chain_id=U64(genesis["config"]["chainId"]))


def seal(chain: fork.BlockChain, given: dict[str, Any]) -> Header:
    """Execute the next block and return the header that it must have.

    Raises:
        Exception: the specification refuses it; of many kinds.
    """
    parent = chain.blocks[-1].header
    number, time = parent.number + Uint(1), U256(given["timestamp"])
    coinbase, randao = Address(from_hex(given["coinbase"])), Bytes32(from_hex(given["prev_randao"]))
    base_fee = fork.calculate_base_fee_per_gas(
        parent.gas_limit, parent.gas_limit, parent.gas_used, parent.base_fee_per_gas
    )
    excess, beacon = calculate_excess_blob_gas(parent), Hash32(bytes(32))
    raw = [from_hex(it) for it in given["transactions"]]
    transactions = tuple(rlp.decode_to(LegacyTransaction, it) if it[0] >= 0xC0 else it for it in raw)
    withdrawals = tuple(
        Withdrawal(U64(index), U64(validator), Address(from_hex(address)), U256(amount))
        for index, validator, address, amount in given["withdrawals"]
    )
    environment = vm.BlockEnvironment(
        chain_id=chain.chain_id,
        state=chain.state,
        block_gas_limit=parent.gas_limit,
        block_hashes=fork.get_last_256_block_hashes(chain),
        coinbase=coinbase,
        number=number,
        base_fee_per_gas=base_fee,
        time=time,
        prev_randao=randao,
        excess_blob_gas=excess,
        parent_beacon_block_root=beacon,
    )
    output = fork.apply_body(environment, transactions, withdrawals)
    header = Header(
        parent_hash=keccak256(rlp.encode(parent)),
        ommers_hash=fork.EMPTY_OMMER_HASH,
        coinbase=coinbase,
        state_root=state_root(environment.state),
        transactions_root=root(output.transactions_trie),
        receipt_root=root(output.receipts_trie),
        bloom=logs_bloom(output.block_logs),
        difficulty=Uint(0),
        number=number,
        gas_limit=parent.gas_limit,
        gas_used=output.block_gas_used,
        timestamp=time,
        extra_data=b"",
        prev_randao=randao,
        nonce=Bytes8(bytes(8)),
        base_fee_per_gas=base_fee,
        withdrawals_root=root(output.withdrawals_trie),
        blob_gas_used=U64(output.blob_gas_used),
        excess_blob_gas=excess,
        parent_beacon_block_root=beacon,
        requests_hash=Hash32(compute_requests_hash(output.requests)),
    )
    chain.blocks.append(Block(header=header, transactions=transactions, ommers=(), withdrawals=withdrawals))
    return header


def answer(scenario: dict[str, Any]) -> dict[str, Any]:
    """Return the header of each block as RLP, and why the block after them is refused, if one is."""
    headers: list[str] = []
    try:
        chain = begin(scenario["genesis"])
        headers = []
        for given in scenario["blocks"]:
            headers.append("0x" + rlp.encode(seal(chain, given)).hex())
    except Exception as problem:  # noqa: BLE001 - the specification refuses with exceptions of every kind
        return {"headers": headers, "refused": f"{type(problem).__name__}: {problem}".strip(": ")}
    return {"headers": headers, "refused": None}


def main() -> None:
    """Answer every scenario, by name."""
    sys.setrecursionlimit(20_000)
    print(json.dumps({name: answer(scenario) for name, scenario in json.load(sys.stdin).items()}))


if __name__ == "__main__":
    main()
