"""Operations: one call for the specification and for the contract, and everybody who makes them. Knows no chain."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from eth_typing import Address

from tests.spec.core.calls import Call, Contract, Outcome, Signature
from tests.spec.money.records import Role

START = 1_767_225_600
"""2026-01-01T00:00:00Z."""

KEYS = (
    *("administrator", "central bank", "registrar", "freezer", "seizer", "pauser", "settlement registrar", "attester"),
    *("operator", "other operator", "buyer", "other buyer", "provider", "relayer"),
)
"""Names of those who act by a key of their own."""
NETWORK_KEYS = (*KEYS, "other provider", "halter", "agent")
"""The same, on a whole network."""
CONTRACTS = ("escrow", "vault", "depot")
"""Contracts that hold money and call as they are told. The escrow becomes a settlement account first."""

SIGNED_ENTRIES = {
    "permit": "permit(address,address,uint256,uint256,{})",
    "transferWithAuthorization": "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,{})",
    "receiveWithAuthorization": "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,{})",
    "cancelAuthorization": "cancelAuthorization(address,bytes32,{})",
}
"""Entries that take a signature in two forms; the form fills the gap."""
FORMS = IN_BYTES, IN_PARTS = "bytes", "uint8,bytes32,bytes32"


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of a contract."""

    entry: str
    """Function of the contract."""
    sender: Address
    """Account or contract that calls."""
    now: int
    """Unix second of the block."""
    arguments: tuple[object, ...] = ()
    """All but the signature."""
    signature: Signature | None = None
    form: str = IN_BYTES
    """How the signature is given."""
    contract: str = "currency"
    """Which contract is called, by the name it has on its stage. A currency is its token and its desk."""

    @property
    def kind(self) -> str:
        """The entry, and the form of a signature where it has two."""
        return f"{self.entry} by v, r, s" if self.entry in SIGNED_ENTRIES and self.form == IN_PARTS else self.entry


def perform(contract: Contract, operation: Operation) -> Outcome:
    """Perform an operation on the specification of its contract."""
    entry = re.sub("([A-Z])", r"_\1", operation.entry).lower()
    signature = () if operation.signature is None else (operation.signature,)
    return contract.perform(entry, Call(operation.sender, operation.now), *operation.arguments, *signature)


def roles_of(addresses: Mapping[str, Address]) -> dict[Role, Collection[Address]]:
    """Return the holders of each role: two operating institutions, and one account for each other role."""
    operators = {addresses["operator"], addresses["other operator"]}
    return {role: operators if role is Role.OPERATOR else {addresses[role.value]} for role in Role}
