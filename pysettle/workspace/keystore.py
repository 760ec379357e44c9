"""Keystore files (Web3 Secret Storage, version 3) of any tool: read strictly, and opened by their password.

Tools write them differently: `cast wallet new` leaves the address out, old geth writes `Crypto`. The work to open a
keystore is bounded.

Source:
    Web3 Secret Storage Definition, version 3 (ethereum.org).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pysettle.documents import parse_json
from pysettle.errors import InvalidNumber, PasswordRefused
from pysettle.reading import read_address, read_hex

if TYPE_CHECKING:
    from pysettle.domain.core.signing import Signer
    from pysettle.values import Address

_VERSION = 3
_MOST_ROUNDS = 10**7
"""Rounds of PBKDF2; tools state 262,144."""
_MOST_MEMORY = 2**30
"""Bytes that scrypt may take; tools state 2^28."""
_MOST_LANES = 16
"""Parallelization of scrypt, which multiplies its time."""


def read_keystore(content: bytes) -> tuple[dict[str, Any], Address | None]:
    """Read a keystore; return it with `crypto` in small letters, and the address it names, None where it names none.

    Raises:
        ValueError: it is none of version 3, or a field is missing, of another form, or asks for too much.
    """
    document = parse_json(content)
    if isinstance(document, dict):
        if ("crypto" in document) == ("Crypto" in document):
            raise ValueError("it has no field crypto, or two")
        document["crypto"] = document.pop("Crypto", None) or document.get("crypto")
    return document, check_keystore(document)


def check_keystore(document: Any) -> Address | None:
    """Check a keystore, so that nothing but the password can be wrong when it is opened.

    Args:
        document: As `read_keystore` returns it.

    Returns:
        The address that it names; None where it names none.

    Raises:
        ValueError: it is none of version 3, or a field is missing, of another form, or asks for too much work.
    """
    if not isinstance(document, dict) or type(document.get("version")) is not int or document["version"] != _VERSION:
        raise ValueError("it has no version 3")
    _check(document.get("crypto"))
    stated = document.get("address")
    if stated is not None and not isinstance(stated, str):
        raise ValueError("its address is no text")
    return read_address("0x" + stated.removeprefix("0x")) if stated else None


def unlock(keystore: Mapping[str, Any], password: str, name: str) -> Signer:
    """Return the key in a keystore.

    Args:
        keystore: As `read_keystore` returns it.
        password: Opens it.
        name: Words for the keystore in an error.

    Raises:
        PasswordRefused: the password does not open it.
    """
    from eth_account import Account as EthAccount

    from pysettle.domain.core.signing import Signer

    try:
        return Signer(bytes(EthAccount.decrypt(dict(keystore), password)))
    except ValueError as problem:
        raise PasswordRefused(f"the password does not open {name}", name=name) from problem


def _check(crypto: object) -> None:
    """Check the form of the encrypted key."""
    if not isinstance(crypto, dict):
        raise ValueError("its field crypto is no object")
    if crypto.get("cipher") != "aes-128-ctr":
        raise ValueError(f"its cipher is {crypto.get('cipher')!r}, not aes-128-ctr")
    iv = crypto["cipherparams"].get("iv") if isinstance(crypto.get("cipherparams"), dict) else None
    _check_hex("iv", iv, 16)
    for name in ("ciphertext", "mac"):
        _check_hex(name, crypto.get(name), 32)
    parameters = crypto.get("kdfparams")
    if not isinstance(parameters, dict):
        raise ValueError("its kdfparams are no object")
    _check_hex("salt", parameters.get("salt"), None)
    _count(parameters, "dklen", 32, 32)
    if crypto.get("kdf") == "scrypt":
        n, r = _count(parameters, "n", 2, _MOST_MEMORY), _count(parameters, "r", 1, _MOST_MEMORY)
        _count(parameters, "p", 1, _MOST_LANES)
        if n & (n - 1) or 128 * n * r > _MOST_MEMORY:
            raise ValueError(f"its scrypt takes n={n} and r={r}: a power of two, and at most {_MOST_MEMORY} bytes")
    elif crypto.get("kdf") == "pbkdf2":
        _count(parameters, "c", 1, _MOST_ROUNDS)
        if parameters.get("prf") != "hmac-sha256":
            raise ValueError("its pbkdf2 is not of hmac-sha256")
    else:
        raise ValueError(f"its kdf is {crypto.get('kdf')!r}, neither scrypt nor pbkdf2")


def _check_hex(name: str, value: object, size: int | None) -> None:
    if not isinstance(value, str):
        raise ValueError(f"its {name} is no text")
    try:
        read_hex(value, size)
    except InvalidNumber as problem:
        raise ValueError(f"its {name}: {problem}") from problem


def _count(parameters: Mapping[str, Any], name: str, least: int, most: int) -> int:
    number = parameters.get(name)
    if type(number) is not int or not least <= number <= most:
        raise ValueError(f"its {name} is {number!r}, not from {least} to {most}")
    return number
