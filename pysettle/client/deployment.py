"""`deployment.json`: the addresses and arguments of the contracts, and a comparison with the chain."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pysettle.documents import parse_json
from pysettle.errors import WorkspaceError, WrongChain
from pysettle.evm import artifacts
from pysettle.evm.backend import ChainBackend
from pysettle.money import Currency

if TYPE_CHECKING:
    from pysettle.client.core.access import Role
    from pysettle.client.core.planning import DeployedContract
    from pysettle.client.genuine import Standing
    from pysettle.client.money.system import CurrencySystem
    from pysettle.client.network import SettlementNetwork
    from pysettle.values import Address

SCHEMA = "pysettle.deployment/3"
_ADDRESS_BYTES = 20

_REMEDY = (
    "start the node of the right chain, or name it by --chain; if the chain was begun anew or taken back, remove "
    "deployment.json from the workspace and run `pysettle network deploy` again"
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """The contracts of one network. The same deployment gives the same file."""

    document: dict[str, Any]
    """Content of `deployment.json`, addresses and hashes as hex."""

    @classmethod
    def of(cls, network: SettlementNetwork) -> Deployment:
        """Describe a network as it was deployed to its chain.

        Raises:
            ForeignCode: the code of one of its contracts is not that of this build.
        """
        chain, compiled = network.chain, artifacts.load("CurrencyToken")
        return cls(
            {
                "schema": SCHEMA,
                "chain_id": str(chain.chain_id),
                "genesis_hash": _shown(chain.block(0).hash),
                "block": str(network.first_block),
                "compiler": {"version": compiled.compiler_version, "settings": compiled.settings},
                "contracts": {},
                "currencies": {},
            }
        ).extended(network)

    def extended(self, network: SettlementNetwork) -> Deployment:
        """Return the deployment with the later additions to its network: a currency, or the payment of interest.

        Raises:
            ForeignCode: the code of an added contract is not that of this build.
        """
        contracts, currencies = self.document["contracts"], self.document["currencies"]
        added = [contract for contract in network.deployed() if contract.label not in contracts]
        contracts = contracts | {contract.label: _described(network.chain, contract) for contract in added}
        opened = {
            currency.value: system
            for currency, system in network.currencies.items()
            if currency.value not in currencies
        }
        currencies = currencies | {code: _system_described(system, added) for code, system in opened.items()}
        extended = Deployment({**self.document, "contracts": contracts, "currencies": currencies})
        for contract in added:
            extended._standing(contract.label).check(network.chain)
        return extended

    @classmethod
    def from_bytes(cls, content: bytes) -> Deployment:
        """Read the file.

        Raises:
            WorkspaceError: it is not JSON, or of another format.
        """
        try:
            document = parse_json(content)
            if not isinstance(document, dict) or "schema" not in document:
                raise ValueError("it names no schema")
            if document["schema"] != SCHEMA:
                raise WorkspaceError(
                    f"deployment.json is of the format {document['schema']}, this pysettle reads {SCHEMA}: its "
                    "contracts are those of another version, deploy into a new workspace",
                    format=document["schema"],
                    readable=SCHEMA,
                )
            _check(document)
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            if isinstance(problem, WorkspaceError):
                raise
            raise WorkspaceError(
                f"deployment.json cannot be read ({problem}): restore it from a copy, or deploy into a new workspace"
            ) from problem
        return cls(document)

    def to_bytes(self) -> bytes:
        """Return the file."""
        return (json.dumps(self.document, indent=2) + "\n").encode()

    @property
    def first_block(self) -> int:
        """First block that may hold the contracts and their events; 0 in files without it."""
        return int(self.document.get("block", "0"))

    def address(self, contract: str) -> Address:
        """Return the address of a contract, by its name."""
        from pysettle.values import Address

        return Address(bytes.fromhex(self.document["contracts"][contract]["address"][2:]))

    def contracts(self) -> tuple[DeployedContract, ...]:
        """Return the contracts, series apart, in the order they were deployed in."""
        from pysettle.client.core.planning import DeployedContract

        return tuple(
            DeployedContract(entry["artifact"], self.address(label), tuple(entry["arguments"]), self._currency(label))
            for label, entry in self.document["contracts"].items()
        )

    def currencies(self) -> tuple[Currency, ...]:
        """Return the currencies of the network, e-CNY first."""
        return tuple(map(Currency, self.document["currencies"]))

    def of_one_currency(self) -> dict[Address, Currency]:
        """Return mapping address of a contract -> its currency, of the contracts that serve one currency alone."""
        from pysettle.client.columns import contract_plans

        return {
            contract.address: contract.currency
            for contract in self.contracts()
            if contract_plans()[contract.name].is_of_one_currency
        }

    def token(self, currency: Currency) -> Address:
        """Return where the token of a currency is.

        Raises:
            WorkspaceError: the network does not have the currency.
        """
        return self.address(self._system(currency)["token"])

    def access(self, currency: Currency) -> Address:
        """Return where the roles of a currency are; errors as `token`."""
        return self.address(self._system(currency)["access"])

    def holders(self, currency: Currency, role: Role) -> tuple[Address, ...]:
        """Return the account that got a role of a currency at its deployment; errors as `token`."""
        from pysettle.values import Address

        return tuple(Address(bytes.fromhex(holder[2:])) for holder in self._system(currency)["roles"][role.label])

    def _system(self, currency: Currency) -> dict[str, Any]:
        system: dict[str, Any] | None = self.document["currencies"].get(currency.value)
        if system is None:
            raise WorkspaceError(
                f"the network of this workspace has no {currency.value}: "
                f"run `pysettle network add-currency --currency {currency.value}`",
                currency=currency.value,
            )
        return system

    def check_chain(self, chain: ChainBackend) -> None:
        """Check that a chain is the one of the deployment, and still holds its contracts.

        Raises:
            WrongChain: it is another chain, or was restarted or reverted since.
        """
        from pysettle.client.genuine import CANONICAL

        # The canonical contracts are in a genesis, or set by a development node: their nonces prove nothing.
        places = {name: self.address(name) for name in self.document["contracts"]}
        created = {name: place for name, place in places.items() if place not in CANONICAL.values()}
        standing = chain.standing(tuple(created.values()))
        actual = {"chain_id": str(chain.chain_id), "genesis_hash": _shown(standing.genesis_hash)}
        expected = {name: self.document[name] for name in actual}
        if actual != expected:
            raise WrongChain(
                f"the contracts are on chain {expected['chain_id']} with block 0 {expected['genesis_hash']}, this is "
                f"chain {actual['chain_id']} with {actual['genesis_hash']}: {_REMEDY}",
                expected=expected,
                actual=actual,
            )
        if standing.head < self.first_block:
            raise WrongChain(
                f"the contracts were deployed in block {self.first_block} or after it, and the head of this chain is "
                f"block {standing.head}: wait if its node is not up to date; otherwise {_REMEDY}",
                block=self.first_block,
                last_block=standing.head,
            )
        if gone := [name for name, nonce in zip(created, standing.nonces, strict=True) if nonce == 0]:
            raise WrongChain(
                f"on this chain no contract stands where {', '.join(gone)} was deployed: {_REMEDY}", missing=tuple(gone)
            )

    def differing(self, chain: ChainBackend) -> tuple[str, ...]:
        """Return the names of the contracts with other code on the chain than at deployment; ordered as deployed."""
        from pysettle.hashing import keccak

        return tuple(
            name
            for name, contract in self.document["contracts"].items()
            if _shown(keccak(chain.code(self.address(name)))) != contract["code_hash"]
            # A record may be false too: if it names the sources of this build, the code of this build counts.
            or (self._is_of_this_build(name) and not self._standing(name).is_genuine(chain))
        )

    def not_as_built(self, chain: ChainBackend) -> tuple[str, ...]:
        """Return the names of the contracts with other code on the chain than this build's; ordered as deployed.

        Immutables are compared too, so that each contract refers to the other contracts of this deployment.
        """
        return tuple(name for name in self.document["contracts"] if not self._standing(name).is_genuine(chain))

    def of_other_authority(self, chain: ChainBackend) -> tuple[str, ...]:
        """Return the names of the contracts with roles whose authority is not that of their currency; in order.

        The code of a contract does not tell: it keeps the address of its access manager in its storage.
        """
        from pysettle.client.columns import restricted

        return tuple(
            name
            for name, contract in self.document["contracts"].items()
            if restricted(contract["artifact"])
            and _authority(chain, self.address(name)) != self.access(self._currency(name))
        )

    def _standing(self, name: str) -> Standing:
        from pysettle.client.genuine import Standing

        contracts = self.document["contracts"]
        others = {name: self.address(name) for name in contracts}
        return Standing(contracts[name]["artifact"], self.address(name), others, self._currency(name))

    def _currency(self, label: str) -> Currency:
        return next((currency for currency in self.currencies() if label.endswith(f"-{currency.value}")), Currency.CNY)

    def _is_of_this_build(self, name: str) -> bool:
        contract = self.document["contracts"][name]
        return bool(contract["source_hash"] == artifacts.load(contract["artifact"]).source_hash)


def _authority(chain: ChainBackend, contract: Address) -> bytes:
    """Return the access manager that a contract names; its answer as it is if it names none."""
    from pysettle.evm.backend import ExecutionReverted
    from pysettle.hashing import keccak

    try:
        answer = chain.call(contract, keccak(b"authority()")[:4])
    except ExecutionReverted:
        return b""
    return answer.removeprefix(bytes(32 - _ADDRESS_BYTES))


def _check(document: dict[str, Any]) -> None:
    """Check the form of all fields that are read later; raise Python's own error for another form."""
    from pysettle.client.columns import contract_plans
    from pysettle.client.core.access import Role

    _texts(document["chain_id"], document["genesis_hash"], document.get("block", "0"))
    int(document.get("block", "0"))
    contracts = document["contracts"]
    for name, plan in contract_plans().items():
        if not plan.on_request and name not in contracts:
            raise ValueError(f"it has no {name}")
    for contract in contracts.values():
        _address(contract["address"])
        _texts(contract["artifact"], contract["code_hash"], contract["source_hash"], *contract["arguments"])
    for code, system in document["currencies"].items():
        Currency(code)
        _address(contracts[system["token"]]["address"])
        _address(contracts[system["access"]]["address"])
        for role in Role:
            first, *others = system["roles"][role.label]
            for holder in (first, *others):
                _address(holder)


def _texts(*values: object) -> None:
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is no text")


def _address(text: str) -> None:
    if not text.startswith("0x") or len(bytes.fromhex(text[2:])) != _ADDRESS_BYTES:
        raise ValueError(f"{text!r} is no address")


def _described(chain: ChainBackend, contract: DeployedContract) -> dict[str, Any]:
    from pysettle.hashing import keccak

    return {
        "artifact": contract.name,
        "address": _shown(contract.address),
        "arguments": [_shown(argument) for argument in contract.arguments],
        "code_hash": _shown(keccak(chain.code(contract.address))),
        "source_hash": artifacts.load(contract.name).source_hash,
    }


def _system_described(system: CurrencySystem, contracts: Iterable[DeployedContract]) -> dict[str, Any]:
    labels = {contract.address: contract.label for contract in contracts}
    roles = {role.label: [_shown(holder) for holder in holders] for role, holders in system.holders.items()}
    return {"token": labels[system.token.address], "access": labels[system.access.address], "roles": roles}


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
