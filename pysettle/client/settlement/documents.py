"""Instructions as documents that go from one debited party to the next, and then to a submitter.

A document names chain and settlement contract, so that it is refused elsewhere before a transaction is sent. Every
signature in it is checked while it is read, without a chain; those of contracts (ERC-1271) are left to the chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from pysettle.client.settlement.settlement import AtomicSettlement
from pysettle.documents import WrongValueError, as_bytes, as_decimal, as_object, read_file, read_list, read_part
from pysettle.domain.core.signing import Signer, recover
from pysettle.domain.core.typed_data import Domain
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

_DOCUMENT = ("schema", "chain_id", "settlement", "instruction", "approvals", "returns")
_INSTRUCTION = ("legs", "value_time_unix_s", "end_to_end_id", "purpose", "customers", "original", "reason")
_LEG = ("kind", "asset", "debtor", "creditor", "amount_units", "amount_tokens")
_APPROVAL = ("party", "id", "valid_before_unix_s", "signature")
_RETURNED = ("instruction", "ids", "places")


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
    def from_bytes(cls, content: bytes, name: str) -> SignedInstruction:
        """Read a document; `name` is that of its file.

        Raises:
            UsageError: it is none, a field is missing or of another form, or a signature is not its party's; the
                message names the line.
        """
        return read_file(content, name, "this is no instruction: {field}", cls._of_document)

    @classmethod
    def _of_document(cls, value: Any) -> SignedInstruction:
        document = as_object(value, _DOCUMENT, "an instruction")
        read_part(document, "schema", cls._check_schema)
        chain_id = read_part(document, "chain_id", lambda text: as_decimal(text, 64, "chain_id"))
        settlement = read_part(document, "settlement", _address)
        instruction = read_part(document, "instruction", _instruction)
        domain = settlement_domain(chain_id, settlement)

        def approval(value: Any) -> tuple[Address, Approval]:
            party, approval = _approval(value)
            _check_signature(instruction, domain, party, approval)
            return party, approval

        approvals = read_part(document, "approvals", lambda value: read_list(value, "approvals", approval))
        returns = read_part(document, "returns", lambda value: None if value is None else _returned(value))
        return cls(chain_id, settlement, instruction, dict(approvals), returns)

    @classmethod
    def _check_schema(cls, schema: Any) -> None:
        if schema != cls.SCHEMA:
            raise ValueError(f"its schema is {schema!r}, not {cls.SCHEMA}")

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
    document = as_object(value, _INSTRUCTION, "an instruction")
    legs = read_part(document, "legs", _legs)
    words = {name: read_part(document, name, lambda text: as_bytes(text, 32)) for name in _INSTRUCTION[2:]}
    name = "value_time_unix_s"
    value_time = read_part(document, name, lambda text: as_decimal(text, 64, name))
    return Instruction(legs, value_time=value_time, **words)


def _legs(value: Any) -> tuple[Leg, ...]:
    legs = read_list(value, "legs", _leg)
    if not 0 < len(legs) <= MOST_LEGS:
        raise ValueError(f"it has {len(legs)} legs, and has to have 1 to {MOST_LEGS}")
    return tuple(legs)


def _leg(value: Any) -> Leg:
    document = as_object(value, _LEG, "a leg")
    kind = read_part(document, "kind", _kind)
    names = ("amount_units", "amount_tokens")
    name, other = names if kind is LegKind.POSITION else names[::-1]
    if document[other] is not None:
        raise WrongValueError((other,), f"a {kind.word} leg has no {other}")
    asset, debtor, creditor = (read_part(document, it, _address) for it in ("asset", "debtor", "creditor"))
    return Leg(kind, asset, debtor, creditor, read_part(document, name, lambda text: as_decimal(text, 96, name)))


def _kind(value: Any) -> LegKind:
    for kind in LegKind:
        if kind.word == value:
            return kind
    raise ValueError(f"{value!r} is no kind of a leg")


def _address(value: Any) -> Address:
    return Address(as_bytes(value, 20))


def _approval(value: Any) -> tuple[Address, Approval]:
    document = as_object(value, _APPROVAL, "an approval")
    numbers = (
        read_part(document, "id", lambda text: as_decimal(text, 256, "id")),
        read_part(document, "valid_before_unix_s", lambda text: as_decimal(text, 64, "valid_before_unix_s")),
    )
    return read_part(document, "party", _address), Approval(*numbers, read_part(document, "signature", as_bytes))


def _check_signature(instruction: Instruction, domain: Domain, party: Address, approval: Approval) -> None:
    if len(approval.signature) != 65:
        return
    digest = instruction.approval_digest(domain, party, approval.id, approval.valid_before)
    if recover(digest, approval.signature) != party:
        raise ValueError(
            f"the approval of 0x{party.hex()} is not its signature over this instruction: something was changed"
        )


def _returned(value: Any) -> ReturnOf:
    document = as_object(value, _RETURNED, "returns")
    ids = read_part(document, "ids", lambda value: _numbers(value, "ids"))
    places = read_part(document, "places", lambda value: _numbers(value, "places"))
    return ReturnOf(read_part(document, "instruction", _instruction), ids, places)


def _numbers(value: Any, name: str) -> tuple[int, ...]:
    return tuple(read_list(value, name, lambda number: as_decimal(number, 256, name)))


def _shown(value: bytes) -> str:
    return "0x" + value.hex()
