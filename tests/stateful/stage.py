"""A currency on a chain: everybody who acts on it, and how a call of the specification becomes a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields
from typing import Any, ClassVar

import rlp
from eth.rlp.accounts import Account
from eth_hash.auto import keccak
from eth_typing import Address
from trie.hexary import HexaryTrie

from pysettle.client import CurrencyToken, IssuanceDesk, SettlementNetwork, genesis
from pysettle.client.core.access import Roles
from pysettle.client.network import Plan
from pysettle.domain.core.messages import Authorization, Permit, cancel_digest
from pysettle.domain.core.signing import Signer
from pysettle.domain.core.typed_data import Domain
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.domain.money.wallets import ClassLimits
from pysettle.errors import ContractReverted
from pysettle.evm import artifacts
from pysettle.evm.backend import Receipt
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.interface import Interface
from pysettle.evm.transactions import Transaction
from tests.evm.bytecode import creation
from tests.spec.core.calls import Call, Refusal, Signature
from tests.spec.money.currency import CurrencySpec
from tests.stateful.operations import CONTRACTS, IN_PARTS, KEYS, SIGNED_ENTRIES, START, Operation, roles_of


def functions_of(contract: str) -> frozenset[str]:
    """Return the names of a contract's functions."""
    return frozenset(str(item["name"]) for item in artifacts.load(contract).abi if item["type"] == "function")


GAS = 300_000
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FORWARDER = bytes.fromhex("602036038060205f375f5f825f5f5f355af13d5f5f3e601c573d5ffd5b3d5ff3")
"""Calls the account named in the first word with the bytes after it, and answers or reverts as that does."""

DESK_ENTRIES = functions_of("IssuanceDesk") - functions_of("CurrencyToken")
"""Entries and views of the issuance desk; the other ones of a currency are its token's."""


class Stage:
    """A currency on a chain of its own, and everybody who acts on it."""

    KEYS: ClassVar[tuple[str, ...]] = KEYS
    """Names of those who act by a key of their own."""

    def __init__(self) -> None:
        """Deploy, with three contracts beside the network; nothing is attested or issued."""
        self.keys = {name: Signer.derived("stateful", name) for name in self.KEYS}
        keys = self.keys
        self.chain = EmbeddedChain(genesis(START, [key.address for key in keys.values()]))
        powers = {name.replace(" ", "_"): keys[name] for name in KEYS[:8]}
        roles = Roles(**powers, operators=(keys["operator"], keys["other operator"]))
        self.network = SettlementNetwork.deploy(self.chain, Plan(roles, class_limits={}))
        self.currency = self.network.currency
        self.addresses = {name: key.address for name, key in keys.items()}
        self.addresses |= {name: self._deploy(FORWARDER) for name in CONTRACTS}
        self.addresses["currency"] = self.currency.address
        self.addresses["desk"] = self.currency.desk.address
        self._signers = {key.address: key for key in keys.values()}

    def _deploy(self, runtime: bytes) -> Address:
        creator, interface = self.keys["relayer"], self.currency.interface
        (receipt,) = self.network.send(Transaction(creator, None, creation(runtime), GAS, interface))
        assert receipt.contract_address is not None
        return receipt.contract_address

    def specified(self) -> CurrencySpec:
        """Return the specification of the currency, as it was deployed."""
        addresses = self.addresses
        network = self.network
        marked = {network.hub.address, network.hub.collector, network.market.address, network.jobs.address}
        currency, desk = self.currency.address, self.currency.desk.address
        contracts = {addresses[name] for name in CONTRACTS} | marked | {currency, desk}
        spec = CurrencySpec(currency, desk, roles_of(addresses), contracts, network.hub.collector, [])
        # Deployment marks these.
        registrar = Call(addresses["settlement registrar"], START)
        for account in marked:
            spec.mark_settlement_account(registrar, account)
        return spec

    def interface_of(self, contract: str) -> Interface:
        """Return the ABI of a contract, by its name."""
        return self.currency.desk.interface if contract == "desk" else self.currency.interface

    def perform(self, operation: Operation) -> tuple[Refusal | None, Receipt | None]:
        """Seal an operation as the only one of its block; return its refusal, or its receipt."""
        self.chain.clock.advance(operation.now - self.chain.clock.now())
        try:
            (receipt,) = self.network.send(self._transaction(operation))
        except ContractReverted as refused:
            return Refusal.of(refused), None
        return None, receipt

    def storage_root(self, address: Address) -> bytes:
        """Return the root of a contract's storage at the head: as long as it stays, so does all that views say."""
        accounts = HexaryTrie(self.chain.py_evm.chaindb.db, self.chain.header(None).state_root)
        return bytes(rlp.decode(accounts.get(keccak(address)), sedes=Account).storage_root)

    def _transaction(self, operation: Operation) -> Transaction:
        to, interface, gas, data = self._encoded(operation)
        if operation.sender in self._signers:
            return Transaction(self._signers[operation.sender], to, data, gas, interface)
        return Transaction(self.keys["relayer"], operation.sender, to.rjust(32, b"\0") + data, gas, interface)

    def _encoded(self, operation: Operation) -> tuple[Address, Interface, int, bytes]:
        """Return which contract is called, its ABI, the gas stated, and the call's data."""
        currency = self.currency
        contract: CurrencyToken | IssuanceDesk = currency.desk if operation.entry in DESK_ENTRIES else currency
        arguments = [encodable(value) for value in operation.arguments]
        data = self._with_signature(contract.interface, operation, arguments, contract.domain)
        return contract.address, contract.interface, GAS, data

    def _with_signature(
        self, interface: Interface, operation: Operation, arguments: Sequence[object], domain: Domain
    ) -> bytes:
        """Encode a call, with its signature in the form it is given in."""
        function, arguments = operation.entry, list(arguments)
        if operation.signature is not None:
            raw = self._sign(operation.signature, domain)
            if function in SIGNED_ENTRIES:
                function = SIGNED_ENTRIES[function].format(operation.form)
            arguments += [raw[64], raw[:32], raw[32:64]] if operation.form == IN_PARTS else [raw]
        return interface.encode(function, *arguments)

    def _sign(self, signature: Signature, domain: Domain) -> bytes:
        # A contract has no key: somebody's stands in, and the signature is not the contract's.
        key = self._signers.get(signature.signer, self.keys["administrator"])
        raw = key.sign(self._digest(domain, signature.message))
        if not signature.malleated:
            return raw
        mirrored = CURVE_ORDER - int.from_bytes(raw[32:64], "big")
        return raw[:32] + mirrored.to_bytes(32, "big") + bytes([55 - raw[64]])

    def _digest(self, domain: Domain, message: tuple[object, ...]) -> bytes:
        """Return what is hashed and signed for a message of the specification."""
        return token_digest(domain, message)


def encodable(value: object) -> object:
    """Return an argument as the ABI takes it."""
    if isinstance(value, ClassLimits):
        return astuple(value)
    if isinstance(value, ReserveAttestation):
        return value.fields()
    return value


def token_digest(token: Domain, message: tuple[object, ...]) -> bytes:
    """Return what is hashed and signed for a message of a token."""
    kind, values = str(message[0]), message[1:]
    if kind == "CancelAuthorization":
        return cancel_digest(token, *values)  # type: ignore[arg-type]  # by its kind
    typed: Any = {"Permit": Permit, "ReserveAttestation": ReserveAttestation}.get(kind, Authorization)
    assert len(values) == len(fields(typed)), message
    signed = typed(*values)
    if isinstance(signed, Authorization):
        receives = kind == "ReceiveWithAuthorization"
        return signed.receive_digest(token) if receives else signed.transfer_digest(token)
    return bytes(signed.digest(token))
