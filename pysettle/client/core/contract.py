"""The base of every typed wrapper: an address, an ABI, transactions and views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pysettle.errors import ChainError
from pysettle.evm import artifacts
from pysettle.evm.abi import DecodingError
from pysettle.evm.backend import ChainBackend as ChainBackend
from pysettle.evm.backend import Receipt as Receipt
from pysettle.evm.encoding import TransactionSigner as TransactionSigner
from pysettle.evm.interface import Interface
from pysettle.evm.transactions import Transaction as Transaction
from pysettle.evm.transactions import TransactionSender

if TYPE_CHECKING:
    from pysettle.domain.core.events import Event
    from pysettle.values import Address

_Event = TypeVar("_Event", bound="Event")


@cache
def interface(contract_name: str) -> Interface:
    """Return the ABI of a compiled contract, by its name."""
    return Interface(contract_name, artifacts.load(contract_name).abi)


class Contract:
    """A deployed contract."""

    def __init__(self, sender: TransactionSender, address: Address, contract_name: str, first_block: int = 0) -> None:
        """Wrap one deployed contract.

        Args:
            sender: Makes the reads.
            address: Address of the contract.
            contract_name: Name of its artifact.
            first_block: First block that may hold its events, such as that of its deployment.
        """
        self._sender = sender
        self.address = address
        self.interface = interface(contract_name)
        self.first_block = first_block
        """First block that may hold its events."""

    @property
    def chain(self) -> ChainBackend:
        """The chain it is deployed on."""
        return self._sender.chain

    def send(self, *transactions: Transaction) -> tuple[Receipt, ...]:
        """Seal transactions in order, as `TransactionSender.send` does."""
        return self._sender.send(*transactions)

    def check(self, step: Transaction) -> None:
        """Execute a step on the present state, and send nothing.

        Raises:
            ContractReverted: the contract would refuse it now.
        """
        self._sender.call(self.address, self.interface, step.data, sender=step.sender.address)

    def emitted(self, kind: type[_Event], ids: Sequence[bytes] = (), *, until: int | None = None) -> Iterator[_Event]:
        """Yield the events of one kind that the contract emitted, in the order of the chain.

        The query names the kind, since strangers can make some contracts emit thousands of other events.

        Args:
            kind: Kind of the events.
            ids: Words that the events index first, such as ids of channels; empty for any.
            until: Last block whose events count; None for the head.
        """
        from pysettle.domain.core import events

        logs = self.chain.logs(
            from_block=self.first_block, to_block=until, addresses=[self.address], topics=events.topics(kind), ids=ids
        )
        for log in logs:
            event = events.decode(log.topics, log.data)
            if isinstance(event, kind):
                yield event

    def _transaction(self, signer: TransactionSigner, gas: int, function: str, *arguments: Any) -> Transaction:
        return Transaction(signer, self.address, self.interface.encode(function, *arguments), gas, self.interface)

    def _read(self, function: str, *arguments: Any) -> Any:
        answer = self._sender.call(self.address, self.interface, self.interface.encode(function, *arguments))
        try:
            return self.interface.decode(function, answer)
        except DecodingError as problem:
            words = f"with 0x{answer.hex()[:64]}" if answer else "with nothing"
            raise ChainError(
                f"0x{self.address.hex()} answers {function} {words}, which no {self.interface.contract_name} does: "
                "see `pysettle network status`",
                address=self.address,
                function=function,
            ) from problem
