"""What every typed wrapper shares: an address, an ABI, transactions to make and views to read."""

from __future__ import annotations

from functools import cache
from typing import Any

from eth_typing import Address

from pysettle.evm import artifacts
from pysettle.evm.backend import ChainBackend, Receipt
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.interface import Interface
from pysettle.evm.transactions import Transaction, TransactionSender


@cache
def interface(contract_name: str) -> Interface:
    """Return the ABI of a compiled contract, by its name."""
    return Interface(contract_name, artifacts.load(contract_name).abi)


class Contract:
    """A deployed contract."""

    def __init__(self, sender: TransactionSender, address: Address, contract_name: str) -> None:
        """Address one deployed contract.

        Args:
            sender: Where reads go to.
            address: Where it is deployed.
            contract_name: Name of its artifact.
        """
        self._sender = sender
        self.address = address
        self.interface = interface(contract_name)

    @property
    def chain(self) -> ChainBackend:
        """The chain it is deployed on."""
        return self._sender.chain

    def send(self, *transactions: Transaction) -> tuple[Receipt, ...]:
        """Seal transactions in order, as `TransactionSender.send` does."""
        return self._sender.send(*transactions)

    def _transaction(self, signer: TransactionSigner, gas: int, function: str, *arguments: Any) -> Transaction:
        return Transaction(signer, self.address, self.interface.encode(function, *arguments), gas, self.interface)

    def _read(self, function: str, *arguments: Any) -> Any:
        answer = self._sender.call(self.address, self.interface, self.interface.encode(function, *arguments))
        return self.interface.decode(function, answer)
