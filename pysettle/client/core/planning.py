"""The plan of a column: its contracts, the contracts that they work with, and the powers over them.

Each column has its plan in `pysettle.client.<column>.plan`, under the name `PLAN`. A network is deployed, attached,
compared with a build and understood when it reverts by these plans alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from pysettle.client.core.access import Power, Role
from pysettle.money import Currency
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.client.store import ReadModel


GAS_CREATION = 9_000_000
"""Gas stated for the creation of one contract; the market creates the factory of its series along with itself."""


class Marked(Enum):
    """The currencies that a contract holds for others, and is marked in as a settlement account."""

    NOWHERE = auto()
    E_CNY = auto()
    EVERYWHERE = auto()


@dataclass(frozen=True, slots=True)
class Making:
    """The values for the arguments of a constructor."""

    administrator: Address
    """Administrator of the currency."""
    currency: Currency
    """The currency; e-CNY for a contract that serves all of them."""
    works_with: tuple[Address, ...]
    """Addresses of the contracts that the new one works with, in the order of its plan, then of those created next."""
    tokens: Mapping[Currency, Address] = field(default_factory=dict)
    """Currency -> its token, of each currency of the network so far."""


def _addresses(making: Making) -> tuple[object, ...]:
    return making.works_with


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractPlan:
    """One contract of a network: its creation and its relations to the others."""

    name: str
    """Name of its artifact."""
    works_with: tuple[str, ...] = ()
    """Contracts that are there before it, by name."""
    created_next: tuple[str, ...] = ()
    """Contracts that its creator creates right after it, in this order; the constructor gets their later addresses."""
    arguments: Callable[[Making], tuple[object, ...]] = _addresses
    """Returns the arguments of its constructor; by default the addresses of the contracts it works with, and of those
    that are created next."""
    made_by: tuple[str, str] | None = None
    """Contract that creates it in its own constructor, and the view that names its address; None if deployed."""
    values: Mapping[str, bytes] = field(default_factory=dict)
    """Name -> value of each immutable that is the same in every network."""
    domain_name: Callable[[Currency], str] | None = None
    """Returns the name of its EIP-712 domain, which its immutables contain; None if it has no domain."""
    terms: Callable[[Callable[[str], Address]], object] | None = None
    """Given the addresses of contracts by name: returns the terms that the books need of it; None if they need none."""
    canonical: Address | None = None
    """Canonical address, in a genesis of the network and on other chains."""
    creation_gas: int = GAS_CREATION
    """Gas stated for its creation, with that of the contracts that it creates along with itself."""
    each_currency: bool = False
    """Whether every currency has one of its own."""
    on_request: bool = False
    """Whether it is deployed only on request."""
    role: Role | None = None
    """Role that it holds itself, and accepts by its `acceptRole`."""
    marked: Marked = Marked.NOWHERE
    """Currencies in which it is a settlement account."""

    @property
    def is_of_one_currency(self) -> bool:
        """Whether it serves one currency alone: its own, or e-CNY."""
        return self.each_currency or self.marked is Marked.E_CNY

    def label(self, currency: Currency) -> str:
        """Return its name in a network that has one in each currency, such as `CurrencyToken-HKD`."""
        own = self.each_currency and currency is not Currency.CNY
        return f"{self.name}-{currency.value}" if own else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPlan:
    """The part of a network that one column is."""

    contracts: tuple[ContractPlan, ...] = ()
    """Its contracts."""
    powers: tuple[Power, ...] = ()
    """The powers over them."""
    models: Callable[[Callable[[str], Address]], tuple[ReadModel, ...]] = lambda _: ()
    """Given the addresses of contracts by name: returns its read models, from which lists are shown."""
    templates: tuple[str, ...] = ()
    """Contracts that others of it create at any time, such as series; their errors are understood too."""
    currency_of: Callable[[SettlementNetwork, str, bytes], Address | None] = lambda *_: None
    """Given a network, the contract of a call and its data: returns the currency of a call that does not name one;
    None if the call has none or the contract is of another column."""


@dataclass(frozen=True, slots=True)
class DeployedContract:
    """Address of a contract, and the values of its creation."""

    name: str
    """Name of its artifact."""
    address: Address
    """Its address."""
    arguments: tuple[object, ...]
    """Arguments of its constructor, the fields of a struct one by one."""
    currency: Currency = Currency.CNY
    """Its currency; e-CNY for a contract of all currencies."""

    @property
    def label(self) -> str:
        """Unique label in its network: its name, with the currency if that is not e-CNY."""
        return self.name if self.currency is Currency.CNY else f"{self.name}-{self.currency.value}"
