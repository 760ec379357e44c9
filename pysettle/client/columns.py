"""The plans of all columns together, each found by the name of its column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from pysettle.client.core.access import Power
from pysettle.client.core.planning import ColumnPlan, ContractPlan
from pysettle.domain.catalogue import NAMES
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.client.store import ReadModel


@cache
def plans() -> tuple[ColumnPlan, ...]:
    """Return the plan of each column, from the core upwards."""
    return tuple(import_module(f"pysettle.client.{column}.plan").PLAN for column in ("core", *NAMES))


@cache
def contract_plans() -> dict[str, ContractPlan]:
    """Return mapping name -> plan of each contract, every one after those that it needs."""
    planned = {contract.name: contract for plan in plans() for contract in plan.contracts}
    ordered: dict[str, ContractPlan] = {}

    def add(contract: ContractPlan) -> None:
        for other in (*contract.works_with, *(contract.made_by or ())[:1]):
            add(planned[other])
        ordered.setdefault(contract.name, contract)

    for contract in planned.values():
        add(contract)
    return ordered


def powers(contracts: Iterable[str]) -> Iterator[Power]:
    """Yield the powers over contracts, in the order of the columns."""
    wanted = set(contracts)
    return (power for plan in plans() for power in plan.powers if power.contract in wanted)


def restricted(contract: str) -> tuple[str, ...]:
    """Return the functions of a contract that some role alone may call."""
    return tuple(function for power in powers([contract]) for function in power.functions)


def artifact_names() -> tuple[str, ...]:
    """Return the names of all contracts that a network may have, later ones included."""
    return (*contract_plans(), *(name for plan in plans() for name in plan.templates))


def read_models(address: Callable[[str], Address]) -> tuple[ReadModel, ...]:
    """Return the read models of all columns; `address` returns the address of a contract of the network."""
    return tuple(model for plan in plans() for model in plan.models(address))


def currency_of(network: SettlementNetwork, contract: str, data: bytes) -> Address | None:
    """Return the currency of a call that does not name one; None if it has none.

    Args:
        network: The network.
        contract: Name of the called contract.
        data: The data of the call.
    """
    currencies = (plan.currency_of(network, contract, data) for plan in plans())
    return next(filter(None, currencies), None)
