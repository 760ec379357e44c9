"""Instructions as documents that go from one debited party to the next, and then to a submitter.

A document names chain and settlement contract, so that it is refused elsewhere before a transaction is sent. Every
signature in it is checked while it is read, without a chain; those of contracts (ERC-1271) are left to the chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from pysettle.client.settlement.settlement import AtomicSettlement
from pysettle.documents import as_bytes, as_decimal, as_list, as_object, parse_json
from pysettle.domain.core.signing import Signer, recover
from pysettle.domain.settlement.messages import (
    MOST_LEGS,
    Approval,
    Instruction,
    Leg,
    LegKind,
    settlement_domain,
)
from pysettle.errors import UsageError
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction
from pysettle.values import Address

_INSTRUCTION = ("legs", "value_time_unix_s", "end_to_end_id", "purpose", "customers", "original", "reason")
_LEG = ("kind", "asset", "debtor", "creditor", "amount_units", "amount_tokens")
_APPROVAL = ("party", "id", "valid_before_unix_s", "signature")


@dataclass(frozen=True, slots=True)
class ReturnOf:
    """The settlement that a return reverses, in whole or in part."""

    instruction: Instruction
    """Its instruction."""
    ids: tuple[int, ...]
    """Ids of its parties, in the order of its debtors."""
    places: tuple[int, ...]
    """Number of the leg that each leg of the return reverses."""


@dataclass(frozen=True, slots=True)
class SignedInstruction:
    """An instruction with the approvals that its debited parties have given so far."""

    chain_id: int
    """Chain that it is for."""
    settlement: Address
    """Settlement contract that it is for."""
    instruction: Instruction
    """The instruction."""
    approvals: Mapping[Address, Approval] = field(default_factory=dict)
    """Party -> its approval."""
    returns: ReturnOf | None = None
    """The settlement that it returns; None if it returns none."""
    SCHEMA: ClassVar[str] = "pysettle.instruction/1"
    """Schema of the document."""

    @classmethod
    def from_bytes(cls, content: bytes) -> SignedInstruction:
        """Read a document.

        Raises:
            UsageError: it is none, a field is missing or of another form, or a signature is not its party's.
        """
        try:
            fields = ("schema", "chain_id", "settlement", "instruction", "approvals", "returns")
            document = as_object(parse_json(content), set(fields), "an instruction")
            if document["schema"] != cls.SCHEMA:
                raise ValueError(f"its schema is {document['schema']!r}, not {cls.SCHEMA}")
            approvals = dict(_approval(it) for it in as_list(document["approvals"], "approvals"))
            read = cls(
                as_decimal(document["chain_id"], 64, "chain_id"),
                Address(as_bytes(document["settlement"], 20)),
                _instruction(document["instruction"]),
                approvals,
                None if document["returns"] is None else _returned(document["returns"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise UsageError(f"this is no instruction: {problem}") from problem
        read._check_signatures()
        return read

    def document(self) -> dict[str, Any]:
        """Return the document: integers as decimal strings, bytes as hex."""
        approvals = [
            {
                "party": _shown(party),
                "id": str(approval.id),
                "valid_before_unix_s": str(approval.valid_before),
                "signature": _shown(approval.signature),
            }
            for party, approval in self.approvals.items()
        ]
        returns = self.returns and {
            "instruction": _written(self.returns.instruction),
            "ids": [str(number) for number in self.returns.ids],
            "places": [str(place) for place in self.returns.places],
        }
        return {
            "schema": self.SCHEMA,
            "chain_id": str(self.chain_id),
            "settlement": _shown(self.settlement),
            "instruction": _written(self.instruction),
            "approvals": approvals,
            "returns": returns,
        }

    @property
    def unsigned(self) -> tuple[Address, ...]:
        """The debited parties that have not approved yet."""
        return tuple(party for party in self.instruction.debtors if party not in self.approvals)

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of the parties, in the order of the debtors.

        Raises:
            UsageError: a debited party has not approved yet.
        """
        if missing := self.unsigned:
            raise UsageError(
                f"{len(missing)} debited parties have not signed yet: run `pysettle settle sign` for each",
                missing=tuple(missing),
            )
        return tuple(self.approvals[party].id for party in self.instruction.debtors)

    @property
    def settlement_id(self) -> bytes:
        """Id of its settlement; errors as `ids`."""
        return self.instruction.settlement_id(self.ids)

    def check_place(self, contract: AtomicSettlement) -> None:
        """Check that it is for a settlement contract.

        Raises:
            UsageError: the contract, or the chain, is another one.
        """
        if (self.chain_id, self.settlement) != (contract.chain.chain_id, contract.address):
            raise UsageError(
                f"this instruction is for the settlement contract 0x{self.settlement.hex()} on chain {self.chain_id}, "
                f"not for 0x{contract.address.hex()} on chain {contract.chain.chain_id}: name the right --workspace",
                settlement=self.settlement,
                chain_id=self.chain_id,
            )

    def signed(
        self, contract: AtomicSettlement, party: Signer, approval_id: int, valid_before: int
    ) -> SignedInstruction:
        """Return the document with the approval of a further party, or with its new one.

        Raises:
            UsageError: as `check_place`, or no leg debits the party.
        """
        self.check_place(contract)
        if party.address not in self.instruction.debtors:
            raise UsageError("no leg of this instruction debits the account, so it does not sign")
        approval = contract.approve(party, self.instruction, approval_id, valid_before)
        return replace(self, approvals={**self.approvals, party.address: approval})

    def submit(self, contract: AtomicSettlement, submitter: TransactionSigner) -> Transaction:
        """Return the transaction that submits it; errors as `check_place` and `ids`."""
        self.check_place(contract)
        assert self.ids
        approvals = [self.approvals[party] for party in self.instruction.debtors]
        if self.returns is None:
            return contract.submit(submitter, self.instruction, approvals)
        of = self.returns
        return contract.submit_return(submitter, self.instruction, approvals, of.instruction, of.ids, of.places)

    def _check_signatures(self) -> None:
        domain = settlement_domain(self.chain_id, self.settlement)
        for party, approval in self.approvals.items():
            if len(approval.signature) != 65:
                continue
            digest = self.instruction.approval_digest(domain, party, approval.id, approval.valid_before)
            if recover(digest, approval.signature) != party:
                raise UsageError(
                    f"the approval of 0x{party.hex()} is not its signature over this instruction: "
                    "something was changed",
                    party=party,
                )


def _written(instruction: Instruction) -> dict[str, Any]:
    texts = ("end_to_end_id", "purpose", "customers", "original", "reason")
    return {
        "legs": [
            {
                "kind": leg.kind.word,
                "asset": _shown(leg.asset),
                "debtor": _shown(leg.debtor),
                "creditor": _shown(leg.creditor),
                "amount_units": str(leg.amount) if leg.kind is LegKind.POSITION else None,
                "amount_tokens": str(leg.amount) if leg.kind is LegKind.TOKEN else None,
            }
            for leg in instruction.legs
        ],
        "value_time_unix_s": str(instruction.value_time),
        **{name: _shown(getattr(instruction, name)) for name in texts},
    }


def _instruction(value: Any) -> Instruction:
    document = as_object(value, set(_INSTRUCTION), "an instruction")
    legs = as_list(document["legs"], "legs")
    if not 0 < len(legs) <= MOST_LEGS:
        raise ValueError(f"it has {len(legs)} legs, and has to have 1 to {MOST_LEGS}")
    words = {name: as_bytes(document[name], 32) for name in _INSTRUCTION[2:]}
    value_time = as_decimal(document["value_time_unix_s"], 64, "value_time_unix_s")
    return Instruction(tuple(map(_leg, legs)), value_time=value_time, **words)


def _leg(value: Any) -> Leg:
    document = as_object(value, set(_LEG), "a leg")
    kinds = {kind.word: kind for kind in LegKind}
    if document["kind"] not in kinds:
        raise ValueError(f"{document['kind']!r} is no kind of a leg")
    kind = kinds[document["kind"]]
    names = ("amount_units", "amount_tokens")
    name, other = names if kind is LegKind.POSITION else names[::-1]
    if document[other] is not None:
        raise ValueError(f"a {kind.word} leg has no {other}")
    asset, debtor, creditor = (Address(as_bytes(document[it], 20)) for it in ("asset", "debtor", "creditor"))
    return Leg(kind, asset, debtor, creditor, as_decimal(document[name], 96, name))


def _approval(value: Any) -> tuple[Address, Approval]:
    document = as_object(value, set(_APPROVAL), "an approval")
    approval = Approval(
        as_decimal(document["id"], 256, "id"),
        as_decimal(document["valid_before_unix_s"], 64, "valid_before_unix_s"),
        as_bytes(document["signature"]),
    )
    return Address(as_bytes(document["party"], 20)), approval


def _returned(value: Any) -> ReturnOf:
    document = as_object(value, {"instruction", "ids", "places"}, "returns")
    ids, places = (
        tuple(as_decimal(number, 256, name) for number in as_list(document[name], name)) for name in ("ids", "places")
    )
    return ReturnOf(_instruction(document["instruction"]), ids, places)


def _shown(value: bytes) -> str:
    return "0x" + value.hex()
