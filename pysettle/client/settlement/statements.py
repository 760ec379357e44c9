"""Statements on payloads of the Travel Rule, as documents that go from one institution to the other.

Each institution signs in its own workspace, with its own key and the payload at hand. A document names chain and
corridors, and each signature in it is checked while it is read; those of contracts (ERC-1271) are left to the chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from pysettle.client.settlement.corridors import Corridors
from pysettle.documents import as_bytes, as_decimal, as_list, as_object, parse_json
from pysettle.domain.core.signing import Signer, recover
from pysettle.domain.settlement.corridors import TravelPayload, corridors_domain
from pysettle.errors import UsageError
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction
from pysettle.values import Address, Units

_PARTIES = ("debtor", "creditor", "currency")


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement on a payload, with the signatures that the institutions have given so far."""

    chain_id: int
    """Chain that it is for."""
    corridors: Address
    """Corridors that it is for."""
    statement: TravelPayload
    """The statement."""
    signatures: Mapping[Address, bytes] = field(default_factory=dict)
    """Institution -> its signature."""
    SCHEMA: ClassVar[str] = "pysettle.travel-statement/1"
    """Schema of the document."""

    @classmethod
    def from_bytes(cls, content: bytes) -> SignedStatement:
        """Read a document.

        Raises:
            UsageError: it is none, a field is missing or of another form, or a signature is not its institution's.
        """
        try:
            fields = {"schema", "chain_id", "corridors", *_PARTIES, "amount_units", "payload", "signatures"}
            document = as_object(parse_json(content), fields, "a statement on a payload")
            if document["schema"] != cls.SCHEMA:
                raise ValueError(f"its schema is {document['schema']!r}, not {cls.SCHEMA}")
            debtor, creditor, currency = (Address(as_bytes(document[name], 20)) for name in _PARTIES)
            amount = Units(as_decimal(document["amount_units"], 96, "amount_units"))
            read = cls(
                as_decimal(document["chain_id"], 64, "chain_id"),
                Address(as_bytes(document["corridors"], 20)),
                TravelPayload(debtor, creditor, currency, amount, as_bytes(document["payload"], 32)),
                dict(_signature(it) for it in as_list(document["signatures"], "signatures")),
            )
        except (ValueError, TypeError) as problem:
            raise UsageError(f"this is no statement on a payload: {problem}") from problem
        read._check_signatures()
        return read

    def document(self) -> dict[str, Any]:
        """Return the document: integers as decimal strings, bytes as hex."""
        statement = self.statement
        return {
            "schema": self.SCHEMA,
            "chain_id": str(self.chain_id),
            "corridors": "0x" + self.corridors.hex(),
            **{name: "0x" + getattr(statement, name).hex() for name in _PARTIES},
            "amount_units": str(statement.amount),
            "payload": "0x" + statement.payload.hex(),
            "signatures": [
                {"party": "0x" + party.hex(), "signature": "0x" + it.hex()} for party, it in self.signatures.items()
            ],
        }

    @property
    def institutions(self) -> tuple[Address, Address]:
        """The institutions that sign, the one that pays first."""
        return self.statement.debtor, self.statement.creditor

    @property
    def unsigned(self) -> tuple[Address, ...]:
        """The institutions that have not signed yet."""
        return tuple(party for party in self.institutions if party not in self.signatures)

    def check_place(self, corridors: Corridors) -> None:
        """Check that it is for the corridors of a network.

        Raises:
            UsageError: the contract, or the chain, is another one.
        """
        if (self.chain_id, self.corridors) != (corridors.chain.chain_id, corridors.address):
            raise UsageError(
                f"this statement is for the corridors 0x{self.corridors.hex()} on chain {self.chain_id}, "
                f"not for 0x{corridors.address.hex()} on chain {corridors.chain.chain_id}: name the right --workspace",
                corridors=self.corridors,
                chain_id=self.chain_id,
            )

    def check_payload(self, payload: bytes) -> None:
        """Check that a payload is the one of the statement.

        Args:
            payload: Hash of its file.

        Raises:
            UsageError: it is another one; the message has both hashes.
        """
        if payload != self.statement.payload:
            raise UsageError(
                f"the payload has the hash 0x{payload.hex()}, and the statement names "
                f"0x{self.statement.payload.hex()}: have the institution that wrote the statement send its payload",
                payload=payload,
                expected=self.statement.payload,
            )

    def signed(self, corridors: Corridors, institution: Signer) -> SignedStatement:
        """Return the document with the signature of an institution.

        Raises:
            UsageError: as `check_place`, or the account is none of its institutions.
        """
        self.check_place(corridors)
        if institution.address not in self.institutions:
            raise UsageError("this account is neither debtor nor creditor of the statement, so it does not sign")
        signature = institution.sign(self.statement.digest(corridors.domain))
        return replace(self, signatures={**self.signatures, institution.address: signature})

    def submit(self, corridors: Corridors, submitter: TransactionSigner) -> Transaction:
        """Return the transaction that stores it.

        Raises:
            UsageError: as `check_place`, or an institution has not signed yet.
        """
        self.check_place(corridors)
        if missing := self.unsigned:
            raise UsageError(
                f"{len(missing)} institutions have not signed yet: run `pysettle corridor sign-payload` for each",
                missing=missing,
            )
        first, second = (self.signatures[party] for party in self.institutions)
        return corridors.sign_payload(submitter, self.statement, first, second)

    def _check_signatures(self) -> None:
        digest = self.statement.digest(corridors_domain(self.chain_id, self.corridors))
        for party, signature in self.signatures.items():
            if len(signature) == 65 and recover(digest, signature) != party:
                raise UsageError(
                    f"the signature of 0x{party.hex()} is not its signature over this statement: something was changed",
                    party=party,
                )


def _signature(value: Any) -> tuple[Address, bytes]:
    document = as_object(value, {"party", "signature"}, "a signature")
    return Address(as_bytes(document["party"], 20)), as_bytes(document["signature"])
