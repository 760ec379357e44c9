"""Genuine code: that of this build, with the values of the immutables of a deployed contract.

Only this module compares code on a chain with an artifact. It does not read storage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pysettle import pins
from pysettle.client.columns import contract_plans
from pysettle.domain.catalogue import contracts_used
from pysettle.domain.core.typed_data import Domain
from pysettle.errors import ForeignCode, PlantedStorage
from pysettle.evm import artifacts
from pysettle.evm.backend import ChainBackend
from pysettle.evm.genesis import Genesis
from pysettle.hashing import keccak
from pysettle.money import Currency
from pysettle.values import Address

CANONICAL: Mapping[str, Address] = {
    plan.name: plan.canonical for plan in contract_plans().values() if plan.canonical is not None
}
"""Contract in a genesis of the network -> its address."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A contract of the network with its address."""

    name: str
    """Name of its artifact."""
    address: Address
    """Its address."""
    others: Mapping[str, Address]
    """Name -> address of each contract of its network. The code of one that is missing is nowhere genuine."""
    currency: Currency = Currency.CNY
    """Currency it is for."""

    def code(self, chain_id: int) -> bytes:
        """Return the code of this build there, immutables included."""
        return artifacts.load(self.name).deployed_code(self._immutables(chain_id))

    def is_genuine(self, chain: ChainBackend) -> bool:
        """Whether that code is there on a chain, or the one that its authors published, and no other."""
        actual = chain.code(self.address)
        if keccak(actual) == pins.PUBLISHED_BY_OTHERS.get(self.name):
            return True
        expected = self._immutables(chain.chain_id)
        return any(_are_equal(pin.immutables_of(actual), expected) for pin in pins.of_build().of(self.name))

    def _immutables(self, chain_id: int) -> dict[str, bytes]:
        plans, plan = contract_plans(), contract_plans()[self.name]
        declared = artifacts.load(self.name).immutable_references
        uses = {it: other for it, other in contracts_used(self.name).items() if it in declared}
        labels = {immutable: plans[other].label(self.currency) for immutable, other in uses.items()}
        values = {
            **plan.values,
            **{immutable: bytes(self.others.get(label, b"")) for immutable, label in labels.items()},
        }
        if plan.domain_name is not None:
            values |= _domain_immutables(Domain(plan.domain_name(self.currency), "1", chain_id, self.address))
        return values

    def check(self, chain: ChainBackend) -> None:
        """Check that it is.

        Raises:
            ForeignCode: it is not.
        """
        if not self.is_genuine(chain):
            actual, expected = chain.code(self.address), self.code(chain.chain_id)
            raise ForeignCode(self.name, self.address, keccak(actual), keccak(expected))


def check_genesis(genesis: Genesis, canonical: Mapping[str, Address]) -> None:
    """Check that a block 0 has no storage in a contract of the network, or at an address without code.

    Args:
        genesis: The block 0 of a chain.
        canonical: Name of a contract of the network that may be in block 0 -> its address.

    Raises:
        PlantedStorage: it has.
    """
    names = {address: name for name, address in canonical.items()}
    for address, account in genesis.alloc.items():
        if pins.is_planted(account.code, account.storage, is_named=address in names):
            raise PlantedStorage(address, names.get(address), len(account.storage))


def _are_equal(found: Mapping[str, bytes] | None, expected: Mapping[str, bytes]) -> bool:
    """Whether immutables have their values, which stand on the right in their places."""
    if found is None or found.keys() != expected.keys():
        return False
    return all(found[name] == value.rjust(len(found[name]), b"\0") for name, value in expected.items())


def _domain_immutables(domain: Domain) -> dict[str, bytes]:
    """Return the immutables in which OpenZeppelin's EIP712 stores a domain."""
    name, version = domain.name.encode(), domain.version.encode()
    return {
        "_cachedDomainSeparator": domain.separator,
        "_cachedChainId": domain.chain_id.to_bytes(32, "big"),
        "_cachedThis": bytes(domain.contract),
        "_hashedName": keccak(name),
        "_hashedVersion": keccak(version),
        "_name": _short_string(name),
        "_version": _short_string(version),
    }


def _short_string(text: bytes) -> bytes:
    """Pack a text of at most 31 bytes as OpenZeppelin's ShortStrings do: its length is the last byte."""
    assert len(text) < 32
    return text.ljust(31, b"\0") + bytes([len(text)])
