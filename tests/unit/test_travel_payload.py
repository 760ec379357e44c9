"""Payloads of the Travel Rule: read strictly with the line of a mistake, signed by hash, sealed for one auditor."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from pysettle.client.settlement.statements import SignedStatement
from pysettle.domain.core.signing import Signer
from pysettle.domain.settlement.corridors import TravelPayload, corridors_domain
from pysettle.domain.settlement.ivms101 import read_payload
from pysettle.domain.settlement.sealing import AuditorKey, SealedPayload
from pysettle.errors import UsageError
from pysettle.hashing import keccak
from pysettle.values import Address, Units
from tests.chance import chance, rounds

FILE = Path(__file__).parents[2] / "pysettle" / "scenarios" / "travel_payload.json"
CONTENT = FILE.read_bytes()
PAYER, PAYEE = Signer.derived("payer"), Signer.derived("payee")
CORRIDORS = Address(b"\xc3" * 20)


def statement(content: bytes = CONTENT) -> SignedStatement:
    """Return the statement on a payload, signed by both institutions."""
    told = TravelPayload(PAYER.address, PAYEE.address, Address(b"\xc1" * 20), Units(30_000_000), keccak(content))
    digest = told.digest(corridors_domain(31_337, CORRIDORS))
    return SignedStatement(31_337, CORRIDORS, told, {it.address: it.sign(digest) for it in (PAYER, PAYEE)})


def accept(content: bytes) -> None:
    """Accept a payload as its institutions do: by its form, and by the hash of the statement."""
    statement().check_payload(read_payload(content, "payload.json").hash)


def test_the_example_is_read() -> None:
    """Its hash is that of its bytes, and it names both institutions."""
    data = read_payload(CONTENT, "payload.json")
    assert (data.hash, data.debtor_lei, data.creditor_lei) == (
        keccak(CONTENT),
        "PYSETTLE000000000208",
        "PYSETTLE000000000111",
    )
    accept(CONTENT)


PERSON = ("ivms101", "originator", "originatorPersons", 0, "naturalPerson")
WRONG: dict[str, tuple[tuple[str | int, ...], Any, int, str]] = {
    "no date": ((*PERSON, "dateAndPlaceOfBirth", "dateOfBirth"), "1980-02-30", 29, "write a date"),
    "no country": ((*PERSON, "geographicAddress", 0, "country"), "China", 25, "two capital letters"),
    "no name": ((*PERSON, "name", "nameIdentifier"), [], 10, "one item at least"),
    "kind of a name": ((*PERSON, "name", "nameIdentifier", 0, "nameIdentifierType"), "X", 14, "LEGL or BIRT"),
    "empty text": (("ivms101", "beneficiary", "accountNumber", 0), "", 66, "1 to 100 printable characters"),
    "two persons": ((*PERSON[:-1], "legalPerson"), {}, 7, "one of naturalPerson and legalPerson"),
    "unknown field": ((*PERSON, "age"), "40", 33, "this is no field here"),
    "salt of zeros": (("salt",), "0x" + "00" * 32, 3, "hides nothing"),
    "schema": (("schema",), "pysettle.travel-payload/2", 2, "write pysettle.travel-payload/1"),
    "check digits": (
        (
            "ivms101",
            "originatingVASP",
            "originatingVASP",
            "legalPerson",
            "nationalIdentification",
            "nationalIdentifier",
        ),
        "PYSETTLE000000000209",
        81,
        "check digits of the LEI",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_named_with_its_line(name: str) -> None:
    """In a file of the usual form; the error has the field."""
    path, value, line, words = WRONG[name]
    document = json.loads(CONTENT)
    part = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises(UsageError, match=words) as refusal:
        read_payload((json.dumps(document, indent=2) + "\n").encode(), "payload.json")
    assert (refusal.value.exit_code, refusal.value.line) == (2, line), refusal.value
    assert str(refusal.value).startswith(f"line {line} of payload.json: ")


@pytest.mark.parametrize(
    ("content", "line"), [(b'{\n"a": [1,\n]}', 3), (b'{\n"a": "\xff"}', 2), (b"[]", 1), (b"{}", 1)]
)
def test_a_file_that_is_no_payload(content: bytes, line: int) -> None:
    """No JSON, no UTF-8, another document: the line is named."""
    with pytest.raises(UsageError, match=f"line {line} of payload.json"):
        read_payload(content, "payload.json")


@pytest.mark.random
def test_every_changed_payload_is_refused_by_name() -> None:
    """Changes of a byte, a value or a field: by form with the line, or by the hash with both hashes."""
    random = chance("payloads")
    kinds = {"line": 0, "hash": 0}
    for _ in range(rounds(200, campaign=1_000)):
        content = change(random)
        with pytest.raises(UsageError, match=r"^line \d+ of payload.json|^the payload has the hash 0x") as refusal:
            accept(content)
        kinds["line" if str(refusal.value).startswith("line") else "hash"] += 1
        if "hash" in str(refusal.value):
            assert keccak(content).hex() in str(refusal.value)
    assert min(kinds.values()) > 20


def change(random: Any) -> bytes:
    """Return the payload with one byte, one value or one field changed."""
    kind = random.choice(["byte", "text", "field"])
    if kind == "byte":
        place = random.randrange(len(CONTENT))
        return CONTENT[:place] + bytes([CONTENT[place] ^ 1 << random.randrange(8)]) + CONTENT[place + 1 :]
    document = json.loads(CONTENT)
    parts = [it for it in inner(document) if it]
    part = random.choice(parts)
    key = random.choice(list(part) if isinstance(part, dict) else range(len(part)))
    if kind == "text":
        texts = [(it, name) for it in parts for name in (it if isinstance(it, dict) else range(len(it)))]
        owner, name = random.choice([(it, name) for it, name in texts if isinstance(it[name], str)])
        owner[name] += "a"
        return json.dumps(document, indent=2).encode()
    changes: list[Callable[[], object]] = [
        lambda: part.pop(key),
        lambda: part.__setitem__(key, random.choice([None, 7, "", "another", [], {}])),
    ]
    random.choice(changes)()
    return json.dumps(document, indent=2).encode()


def inner(value: Any) -> list[Any]:
    """Return all objects and lists in a value."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [*([value] if isinstance(value, dict | list) else []), *(deep for it in parts for deep in inner(it))]


def test_a_statement_goes_from_hand_to_hand() -> None:
    """Read as written; a changed term or signature is found, whoever changed it."""
    written = statement().document()
    assert SignedStatement.from_bytes(json.dumps(written).encode()) == statement()
    for name, value in (("amount_units", "1"), ("payload", "0x" + "01" * 32), ("chain_id", "1")):
        with pytest.raises(UsageError, match="is not its signature over this statement"):
            SignedStatement.from_bytes(json.dumps(written | {name: value}).encode())
    swapped = deepcopy(written)
    swapped["signatures"][0]["party"], swapped["signatures"][1]["party"] = (
        it["party"] for it in written["signatures"][::-1]
    )
    with pytest.raises(UsageError, match="is not its signature"):
        SignedStatement.from_bytes(json.dumps(swapped).encode())
    with pytest.raises(UsageError, match="this is no statement on a payload"):
        SignedStatement.from_bytes(b"[]")


def test_the_auditor_alone_opens_a_payload() -> None:
    """Another key, a public key, a changed box and a box of another payload are refused."""
    key, other = AuditorKey.generate(), AuditorKey.generate()
    public = AuditorKey.from_bytes(json.dumps(key.document(with_secret=False)).encode())
    secret = AuditorKey.from_bytes(json.dumps(key.document(with_secret=True)).encode())
    sealed = SealedPayload.from_bytes(json.dumps(SealedPayload.seal(CONTENT, public).document()).encode())
    assert sealed.open(secret) == CONTENT
    assert b"Zhang" not in sealed.box
    for wrong in (other, public):
        with pytest.raises(UsageError, match="give the secret key of that one"):
            sealed.open(wrong)
    changed = SealedPayload(sealed.payload, sealed.auditor, sealed.box[:-1] + bytes([sealed.box[-1] ^ 1]))
    with pytest.raises(UsageError, match="it was changed after it was sealed"):
        changed.open(secret)
    with pytest.raises(UsageError, match="the sealed payload has the hash"):
        SealedPayload(bytes(32), sealed.auditor, sealed.box).open(secret)
    with pytest.raises(UsageError, match="public part is not that of its secret part"):
        AuditorKey.from_bytes(json.dumps(key.document(with_secret=True) | {"public": "0x" + "01" * 32}).encode())
