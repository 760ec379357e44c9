"""The payload of the Travel Rule for a customer payment of a case: invented companies, in the fields of IVMS 101."""

from __future__ import annotations

import json
from typing import Any

from pysettle.domain.settlement.ivms101 import SCHEMA, read_payload
from pysettle.hashing import keccak


def payload_between(seed: int, debtor_lei: str, creditor_lei: str) -> bytes:
    """Return the payload of a payment that a company of Hong Kong makes to one of China.

    Args:
        seed: The salt is derived from it; a real one is random.
        debtor_lei: LEI of the bank that pays.
        creditor_lei: LEI of the bank that is paid.
    """
    buyer = _company("Example Compute Limited", "Sample Street", "Hong Kong", "HK")
    maker = _company("Example Accelerator Company", "Example Road", "Shenzhen", "CN")
    document = {
        "schema": SCHEMA,
        "salt": "0x" + keccak(f"salt of a payload {seed}".encode()).hex(),
        "ivms101": {
            "originator": {"originatorPersons": [buyer], "accountNumber": ["012-345678-001"]},
            "beneficiary": {"beneficiaryPersons": [maker], "accountNumber": ["6200000000000001"]},
            "originatingVASP": {"originatingVASP": _institution("Example Bank of Hong Kong", debtor_lei)},
            "beneficiaryVASP": {"beneficiaryVASP": _institution("Example Bank of China", creditor_lei)},
        },
    }
    content = (json.dumps(document, indent=2) + "\n").encode()
    read_payload(content, "the payload of the case")
    return content


def _name(text: str) -> dict[str, Any]:
    return {"nameIdentifier": [{"legalPersonName": text, "legalPersonNameIdentifierType": "LEGL"}]}


def _company(name: str, street: str, town: str, country: str) -> dict[str, Any]:
    address = {
        "addressType": "BIZZ",
        "streetName": street,
        "buildingNumber": "8",
        "townName": town,
        "country": country,
    }
    return {"legalPerson": {"name": _name(name), "geographicAddress": [address], "countryOfRegistration": country}}


def _institution(name: str, lei: str) -> dict[str, Any]:
    number = {"nationalIdentifier": lei, "nationalIdentifierType": "LEIX"}
    return {"legalPerson": {"name": _name(name), "nationalIdentification": number}}
