"""Rules of the chain and range of the history, for clients that ask before they use a node.

Source:
    EIP-7910 (`eth_config`); Ethereum execution API specification (`eth_capabilities`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from pysettle.evm.genesis import (
    BEACON_ROOTS,
    BLOB_SCHEDULE,
    CONSOLIDATION_REQUESTS,
    HISTORY_STORAGE,
    WITHDRAWAL_REQUESTS,
)
from pysettle.node.chain import NodeChain
from pysettle.node.protocol import Method
from pysettle.node.values import hex_address, hex_data

_PRECOMPILES = (
    *("ECREC", "SHA256", "RIPEMD160", "ID", "MODEXP", "BN254_ADD", "BN254_MUL", "BN254_PAIRING", "BLAKE2F"),
    *("KZG_POINT_EVALUATION", "BLS12_G1ADD", "BLS12_G1MSM", "BLS12_G2ADD", "BLS12_G2MSM", "BLS12_PAIRING_CHECK"),
    *("BLS12_MAP_FP_TO_G1", "BLS12_MAP_FP2_TO_G2"),
)
"""Prague's, by address from 1 on."""
_SYSTEM_CONTRACTS = {
    "BEACON_ROOTS_ADDRESS": BEACON_ROOTS,
    "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS": CONSOLIDATION_REQUESTS,
    "HISTORY_STORAGE_ADDRESS": HISTORY_STORAGE,
    "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS": WITHDRAWAL_REQUESTS,
}
_RESOURCES = ("state", "tx", "logs", "receipts", "blocks", "stateproofs")


def configuration_methods(node: NodeChain) -> Mapping[str, Method]:
    """Return the methods by name."""
    chain = node.embedded

    def config(_: Any) -> dict[str, Any]:
        return {
            "current": {
                "activationTime": 0,
                "blobSchedule": BLOB_SCHEDULE["prague"],
                "chainId": hex(chain.chain_id),
                "forkId": f"0x{crc32(chain.block(0).hash):08x}",
                "precompiles": {
                    name: hex_address(number.to_bytes(20, "big")) for number, name in enumerate(_PRECOMPILES, start=1)
                },
                "systemContracts": {name: hex_address(contract) for name, contract in _SYSTEM_CONTRACTS.items()},
            },
            "next": None,
            "last": None,
        }

    def capabilities(_: Any) -> dict[str, Any]:
        head = chain.block()
        return {
            "head": {"number": hex(head.number), "hash": hex_data(head.hash)},
            **{resource: {"disabled": False, "oldestBlock": "0x0"} for resource in _RESOURCES},
        }

    return {"eth_config": config, "eth_capabilities": capabilities}
