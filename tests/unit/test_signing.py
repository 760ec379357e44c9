"""Signatures: the fast path equals eth-account's, and only well-formed ones recover."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from pysettle.domain.core.signing import Signer, recover, recover_all

SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
DIGESTS = st.binary(min_size=32, max_size=32)
SECRETS = st.integers(min_value=1, max_value=SECP256K1_ORDER - 1).map(lambda number: number.to_bytes(32, "big"))


@given(SECRETS, DIGESTS)
def test_a_signature_is_what_eth_account_makes(secret: bytes, digest: bytes) -> None:
    """Address and signature equal those of the maintained library, byte for byte."""
    signer = Signer(secret)
    account = Account.from_key(secret)
    assert "0x" + signer.address.hex() == account.address.lower()
    assert signer.sign(digest) == bytes(account.unsafe_sign_hash(digest).signature)
    assert recover(digest, signer.sign(digest)) == signer.address


def test_the_malleated_twin_is_refused() -> None:
    """The same signature with its high s recovers nobody (P-14)."""
    signer, digest = Signer.derived("a"), keccak(b"message")
    signature = signer.sign(digest)
    high_s = SECP256K1_ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + high_s.to_bytes(32, "big") + bytes([55 - signature[64]])
    assert Account._recover_hash(digest, signature=twin).lower() == "0x" + signer.address.hex()
    assert recover(digest, twin) is None


@given(DIGESTS, st.binary(max_size=80))
def test_garbage_recovers_nobody_known(digest: bytes, garbage: bytes) -> None:
    """Whatever the bytes, recovering does not fail, and never gives a key that did not sign."""
    assert recover(digest, garbage) != Signer.derived("a").address


def test_many_are_signed_and_recovered_as_one_is() -> None:
    """More than one core's share: the same signatures, and each signer at its place, with those that recover nobody."""
    signers = [Signer.derived(name) for name in ("a", "b", "c")]
    digests = [keccak(bytes([number])) for number in range(200)]
    assert signers[0].sign_all(digests) == [signers[0].sign(digest) for digest in digests]
    signed = [(digest, signers[place % 3].sign(digest)) for place, digest in enumerate(digests)]
    expected: list[bytes | None] = [signers[place % 3].address for place in range(len(signed))]
    digest, signature = signed[70]
    high_s = SECP256K1_ORDER - int.from_bytes(signature[32:64], "big")
    bad = {
        3: signature[:64],
        40: signature[:32] + high_s.to_bytes(32, "big") + bytes([55 - signature[64]]),
        70: signature[:64] + bytes([signature[64] - 27]),
        71: b"\xff" * 32 + signature[32:],
        199: bytes(64) + b"\x1b",
    }
    for place, malformed in bad.items():
        signed[place], expected[place] = (digest, malformed), None
    assert recover_all(signed) == expected == [recover(*it) for it in signed]


def test_a_digest_has_32_bytes() -> None:
    """A digest of another length is refused: the library would read beyond a shorter one."""
    signer = Signer.derived("a")
    for digest in (bytes(31), bytes(33)):
        with pytest.raises(ValueError, match="a digest has 32 bytes"):
            signer.sign(digest)
        with pytest.raises(ValueError, match="a digest has 32 bytes"):
            recover(digest, signer.sign(bytes(32)))


def test_a_key_does_not_show_itself() -> None:
    """The text of a signer holds its address and nothing of its secret."""
    signer = Signer.derived("a")
    assert repr(signer) == f"Signer(0x{signer.address.hex()})"
    assert signer.secret.hex() not in repr(signer)
