"""Revert data to typed exceptions, in this one place, for every backend alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pysettle.errors import ContractReverted, UnknownRevert, contracts
from pysettle.evm import abi
from pysettle.evm.interface import Interface
from pysettle.values import SOME_CURRENCY, Address, Currency

_BUILT_IN: dict[bytes, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    bytes.fromhex("08c379a0"): ("Error", ("string",), ("message",)),
    bytes.fromhex("4e487b71"): ("Panic", ("uint256",), ("code",)),
}


class RevertDecoder:
    """Knows the errors of a set of contracts: one may revert with another's error, passed on."""

    def __init__(self, interfaces: Iterable[Interface], currencies: Mapping[Address, Currency] | None = None) -> None:
        """Know every error the contracts declare; they are collected when the first is decoded, which most never do.

        Args:
            interfaces: Of the contracts.
            currencies: Address of a contract -> the currency that calls of it, or calls that name it, are about.
        """
        self._interfaces = interfaces
        self._errors: dict[bytes, tuple[str, tuple[str, ...], tuple[str, ...]]] = {}
        self.currencies = dict(currencies or {})
        """Address of a contract -> the currency that calls of it, or calls that name it, are about."""

    def decode(self, data: bytes, contract: str, tx_hash: bytes | None = None) -> ContractReverted:
        """Return the exception for revert data; it is the caller's to raise.

        Args:
            data: Selector and ABI-encoded arguments.
            contract: Name of the contract that was called.
            tx_hash: Hash of the transaction, None when it was only simulated.
        """
        if not self._errors:
            self._errors.update(_BUILT_IN)
            for interface in self._interfaces:
                self._errors.update(interface.errors)
        known = self._errors.get(data[:4])
        error = contracts.by_name().get(known[0]) if known else None
        if known is None or error is None:
            return UnknownRevert(contract=contract, data=data, tx_hash=tx_hash)
        _, types, names = known
        try:
            values = abi.decode(types, data[4:])
        except abi.DecodingError:
            return UnknownRevert(contract=contract, data=data, tx_hash=tx_hash)
        return error(contract=contract, args_by_name=dict(zip(names, values, strict=True)), data=data, tx_hash=tx_hash)

    def of_call(
        self, data: bytes, to: Address | None, interface: Interface, sent: bytes, tx_hash: bytes | None = None
    ) -> ContractReverted:
        """Return the exception for the revert data of a call, with the unit of its amounts from the call.

        Args:
            data: Selector and ABI-encoded arguments.
            to: Contract that was called; None where one was to be created.
            interface: Its ABI.
            sent: The data of the call.
            tx_hash: Hash of the transaction, None when it was only simulated.
        """
        refusal = self.decode(data, interface.contract_name, tx_hash)
        if to is not None:
            refusal.call, refusal.function = (to, sent), interface.called(sent)
            name_currency(refusal, self.currencies)
        return refusal


def name_currency(refusal: ContractReverted, currencies: Mapping[Address, Currency]) -> None:
    """Let a refusal say its amounts in the currency that its call was about.

    Args:
        refusal: With its call.
        currencies: Address of a contract -> the currency that calls of it, or calls that name it, are about.
    """
    if refusal.call is None or not currencies:
        return
    to, sent = refusal.call
    named = {it for address, it in currencies.items() if address == to or bytes(12) + address in sent}
    if len(named) == 1:
        (refusal.money,) = (refusal.asset,) = named
    elif len({*currencies.values()}) > 1:
        refusal.money = SOME_CURRENCY
