"""Whether an account signed a digest, be it a key or a contract (ERC-1271), as the contracts find it."""

from __future__ import annotations

from pysettle.domain.core.signing import recover
from pysettle.evm import abi
from pysettle.evm.backend import ChainBackend, ExecutionReverted
from pysettle.values import Address

_IS_VALID = bytes.fromhex("1626ba7e")
"""Selector of `isValidSignature(bytes32,bytes)`, and its answer if it is."""
_OFFSET = 53
"""Bytes of `_ask` before the question."""


def is_signed(
    chain: ChainBackend, signer: Address, digest: bytes, signature: bytes, gas_limit: int | None = None
) -> bool:
    """Whether an account signed a digest.

    Args:
        chain: Chain of the account.
        signer: The account.
        digest: 32 bytes.
        signature: Of a key r, s, v in 65 bytes; of a contract anything.
        gas_limit: Gas of a contract to answer; None for no limit.

    Source:
        `Signatures.sol`: tries a key's signature first, then calls the account and reads one word of its answer.
    """
    if recover(digest, signature) == signer:
        return True
    question = _IS_VALID + abi.encode(("bytes32", "bytes"), (digest, signature))
    try:
        answer = chain.call(None, _ask(signer, question, gas_limit))
    except ExecutionReverted:
        return False
    return answer == _IS_VALID.ljust(32, b"\0")


def _ask(signer: Address, question: bytes, gas_limit: int | None) -> bytes:
    """Return creation code that calls an account within a limit of gas, and returns one word of its answer."""
    gas = b"\x5b\x5b\x5b\x5a" if gas_limit is None else b"\x62" + gas_limit.to_bytes(3, "big")
    code = (
        b"\x61" + len(question).to_bytes(2, "big")  # its size
        + b"\x80\x60" + bytes([_OFFSET]) + b"\x5f\x39"  # the question to memory
        + b"\x60\x20\x5f\x82\x5f\x73" + signer + gas + b"\xfa"  # ask
        + b"\x3d\x60\x1f\x10\x16"  # it succeeded with a word at the least?
        + b"\x5f\x51\x02\x5f\x52\x60\x20\x5f\xf3"  # the word, or zero
    )  # fmt: skip
    assert len(code) == _OFFSET
    return code + question
