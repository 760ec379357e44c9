"""Signatures over messages, by the accounts of the node.

Source:
    EIP-191 (`eth_sign`, `personal_sign`), EIP-712 (`eth_signTypedData_v4`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_utils.crypto import keccak

from pysettle.documents import parse_json
from pysettle.domain.core.signing import Signer
from pysettle.node.chain import NodeChain
from pysettle.node.protocol import SERVER_ERROR, InvalidParams, Method, RpcError
from pysettle.node.values import address, data, fields, hex_address, hex_data
from pysettle.values import Address


def wallet_methods(node: NodeChain) -> Mapping[str, Method]:
    """Return the methods by name."""

    def signed(account: Any, prefix: bytes, content: bytes) -> str:
        return hex_data(key_of(node, address(account)).sign(keccak(b"\x19" + prefix + content)))

    def sign(_: Any, account: Any, message: Any) -> str:
        content = data(message, "the message")
        return signed(account, b"Ethereum Signed Message:\n%d" % len(content), content)

    def sign_typed_data(_: Any, account: Any, message: Any) -> str:
        # Loading eth-account takes half a second, and few messages are typed.
        from eth_account.messages import encode_typed_data

        try:
            document = parse_json(message) if isinstance(message, str) else message
            encoded = encode_typed_data(full_message=fields(document, "the typed data"))
        except RpcError:
            raise
        except Exception as problem:  # eth-account fails in as many ways as a message can be malformed
            raise InvalidParams(f"the typed data cannot be read: {problem}"[:300]) from problem
        return signed(account, encoded.version, encoded.header + encoded.body)

    return {
        "eth_sign": sign,
        "personal_sign": lambda _, message, account, password=None: sign(_, account, message),
        "eth_signTypedData": sign_typed_data,
        "eth_signTypedData_v4": sign_typed_data,
    }


def key_of(node: NodeChain, account: Address) -> Signer:
    """Return the key of an account.

    Raises:
        RpcError: the node has none.
    """
    signer = node.accounts.get(account)
    if signer is None:
        raise RpcError(SERVER_ERROR, f"the node has no key of {hex_address(account)}: sign it yourself")
    return signer
