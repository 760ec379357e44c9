"""The payload of the Travel Rule: persons and institutions of a payment, in the fields of IVMS 101.

It has the part of that standard which the revised Recommendation 16 of the FATF asks for: name, account, address and
date of birth of a person, and the LEI of each institution. A random salt keeps anybody from guessing the content by its
hash. The hash is that of the bytes of the file, so that both institutions need the very same file.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pysettle.documents import Path, WrongValueError, as_bytes, read_file
from pysettle.domain.settlement.identifiers import Identity
from pysettle.errors import UsageError
from pysettle.hashing import keccak

SCHEMA = "pysettle.travel-payload/1"
"""Schema of the document."""
SALT_BYTES = 32
_MOST_TEXT = 100
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_ANY_BIC = "PYSEXXXX"

_Check = Callable[[Any], None]
_Rule = Any
"""A check of one value; a mapping of fields; or a list of one rule, for each item of a list that is not empty.

A field with a question mark may be left out, and an object has exactly one of the fields with a bar.
"""


@dataclass(frozen=True, slots=True)
class TravelData:
    """A payload that was read."""

    hash: bytes
    """Hash of its file, which both institutions sign."""
    debtor_lei: str
    """LEI of the institution that pays."""
    creditor_lei: str
    """LEI of the institution that is paid."""


def read_payload(content: bytes, name: str) -> TravelData:
    """Read a payload.

    Args:
        content: Content of the file.
        name: Name of the file, for messages.

    Raises:
        UsageError: it is no payload; the message names the line and the field.
    """
    told = read_file(content, name, "{field}", _followed)["ivms101"]
    leis = [
        told[role][role]["legalPerson"]["nationalIdentification"]["nationalIdentifier"]
        for role in ("originatingVASP", "beneficiaryVASP")
    ]
    return TravelData(keccak(content), *leis)


def _followed(document: Any) -> Any:
    _follow(_PAYLOAD, document, ())
    return document


def _follow(rule: _Rule, value: Any, path: Path) -> None:
    """Check a value by its rule.

    Raises:
        WrongValueError: it breaks the rule.
    """
    if isinstance(rule, Mapping):
        _follow_fields(rule, value, path)
    elif isinstance(rule, list):
        if not isinstance(value, list) or not value:
            raise WrongValueError(path, "this has to be a list with one item at least")
        for place, item in enumerate(value):
            _follow(rule[0], item, (*path, place))
    else:
        try:
            rule(value)
        except ValueError as problem:
            raise WrongValueError(path, str(problem)) from None


def _follow_fields(rule: Mapping[str, _Rule], value: Any, path: Path) -> None:
    if not isinstance(value, dict):
        raise WrongValueError(path, f"this has to be an object with {', '.join(rule)}")
    names = {name.rstrip("?|"): name for name in rule}
    for field in value:
        if field not in names:
            raise WrongValueError((*path, field), f"this is no field here; it has {', '.join(names)}")
    for field, name in names.items():
        if field not in value and name == field:
            raise WrongValueError(path, f"the field {field} is missing")
    choices = [field for field, name in names.items() if name.endswith("|")]
    if choices and sum(field in value for field in choices) != 1:
        raise WrongValueError(path, f"this has to have one of {' and '.join(choices)}")
    for field, part in value.items():
        _follow(rule[names[field]], part, (*path, field))


def _text(value: Any) -> None:
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= _MOST_TEXT
        or value != value.strip()
        or not value.isprintable()
    ):
        raise ValueError(f"write 1 to {_MOST_TEXT} printable characters, without spaces around them")


def _one_of(*choices: str) -> _Check:
    def check(value: Any) -> None:
        if value not in choices:
            raise ValueError(f"write {' or '.join(choices)}")

    return check


def _country(value: Any) -> None:
    if not isinstance(value, str) or not _COUNTRY.fullmatch(value):
        raise ValueError("write two capital letters (ISO 3166-1), such as HK")


def _date(value: Any) -> None:
    try:
        is_date = isinstance(value, str) and dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        is_date = False
    if not is_date:
        raise ValueError("write a date such as 1980-02-29")


def _lei(value: Any) -> None:
    if not isinstance(value, str):
        raise ValueError("write an LEI, 20 characters")
    try:
        Identity(value, _ANY_BIC).check()
    except UsageError as problem:
        raise ValueError(str(problem)) from None


def _salt(value: Any) -> None:
    if not any(as_bytes(value, SALT_BYTES)):
        raise ValueError("write 32 random bytes: a salt of zeros hides nothing")


_ADDRESS = {
    "addressType": _one_of("HOME", "BIZZ", "GEOG"),
    "streetName": _text,
    "buildingNumber?": _text,
    "postCode?": _text,
    "townName": _text,
    "country": _country,
}
_NATURAL = {
    "name": {
        "nameIdentifier": [
            {"primaryIdentifier": _text, "secondaryIdentifier?": _text, "nameIdentifierType": _one_of("LEGL", "BIRT")}
        ]
    },
    "geographicAddress": [_ADDRESS],
    "dateAndPlaceOfBirth": {"dateOfBirth": _date, "placeOfBirth": _text},
    "countryOfResidence?": _country,
}
_LEGAL_NAME = {
    "nameIdentifier": [{"legalPersonName": _text, "legalPersonNameIdentifierType": _one_of("LEGL", "SHRT", "TRAD")}]
}
_LEI_OF = {"nationalIdentifier": _lei, "nationalIdentifierType": _one_of("LEIX")}
_LEGAL = {
    "name": _LEGAL_NAME,
    "geographicAddress": [_ADDRESS],
    "nationalIdentification?": _LEI_OF,
    "countryOfRegistration?": _country,
}
_PERSON = {"naturalPerson|": _NATURAL, "legalPerson|": _LEGAL}
_INSTITUTION = {"legalPerson": {"name": _LEGAL_NAME, "nationalIdentification": _LEI_OF}}
_PAYLOAD = {
    "schema": _one_of(SCHEMA),
    "salt": _salt,
    "ivms101": {
        "originator": {"originatorPersons": [_PERSON], "accountNumber": [_text]},
        "beneficiary": {"beneficiaryPersons": [_PERSON], "accountNumber": [_text]},
        "originatingVASP": {"originatingVASP": _INSTITUTION},
        "beneficiaryVASP": {"beneficiaryVASP": _INSTITUTION},
    },
}
