"""A node in this process, asked without text and sockets."""

from __future__ import annotations

import json
from typing import Any

from pysettle.domain.core.signing import Signer
from pysettle.evm.embedded import EmbeddedChain
from pysettle.node.chain import NodeChain
from pysettle.node.methods import method_table
from pysettle.node.protocol import Later, encode
from tests.evm.accounts import KEYS, genesis
from tests.evm.bytecode import creation

ALICE, BOB = map(Signer, KEYS[:2])
FROM, TO = "0x" + ALICE.address.hex(), "0x" + BOB.address.hex()


class Client:
    """Asks a node that signs for Alice, and whose faucet is Bob."""

    def __init__(self, node: NodeChain | None = None) -> None:
        """Ask a node, by default a fresh one with a chain in memory."""
        self.node = node or NodeChain(EmbeddedChain(genesis()), [ALICE], faucet=BOB)
        self.methods = method_table(self.node)

    def ask(self, method: str, *params: Any) -> Any:
        """Return the result of a method, the long ones' too.

        Raises:
            RpcError: it fails.
        """
        result = self.methods[method](None, *params)
        return json.loads(encode(result.work())) if isinstance(result, Later) else result

    def number(self, method: str, *params: Any) -> int:
        """Return the result of a method that answers with a quantity."""
        return int(self.ask(method, *params), 16)

    def deployed(self, code: str) -> str:
        """Deploy runtime code; return its address."""
        sent = self.ask("eth_sendTransaction", {"from": FROM, "data": "0x" + creation(bytes.fromhex(code)).hex()})
        return str(self.ask("eth_getTransactionReceipt", sent)["contractAddress"])

    def sent(self, **fields: Any) -> str:
        """Have Alice send a transaction, to Bob unless told otherwise; return its hash."""
        return str(self.ask("eth_sendTransaction", {"from": FROM, "to": TO} | fields))
