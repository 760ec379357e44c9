"""Interest in the world of a contract test: who pays it, what is declared, and the days that pass."""

from __future__ import annotations

from collections.abc import Sequence

from eth_typing import Address

from pysettle.client.core.contract import interface
from pysettle.client.money.interest import InterestPayments
from pysettle.domain.money import events
from pysettle.domain.money.interest import InterestRow, InterestStatement
from pysettle.domain.money.wallets import day_at
from pysettle.evm import artifacts
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import at
from tests.contracts.world import YUAN, World

QUOTA = 1_000 * YUAN
RATIO_BPS = 2_000


def opened(world: World, quota: int = QUOTA) -> InterestPayments:
    """Let e-CNY bear interest: a partial reserve, and the contract that pays."""
    world.send(world.network.currency.desk.set_reserve_ratio(world["central bank"], RATIO_BPS))
    return world.network.open_interest(quota)


def unmarked(world: World) -> InterestPayments:
    """Deploy a contract that pays interest, which operators may call, and which is no settlement account."""
    code = artifacts.load("InterestPayments").bytecode
    abi = interface("InterestPayments")
    creation = code + abi.encode_constructor(world.network.currency.address)
    (receipt,) = world.send(Transaction(world["administrator"], None, creation, 3_000_000, abi))
    assert receipt.contract_address is not None
    return InterestPayments(world.network.sender, receipt.contract_address)


def today(world: World) -> int:
    """Return the day of the next block, in UTC+8."""
    return day_at(world.now)


def begin_day(world: World, day: int) -> None:
    """Have the next block be the first second of a day of UTC+8."""
    at(world, day * 86_400 - 8 * 3_600)


def statement(
    world: World,
    contract: InterestPayments,
    owed: Sequence[tuple[Address, int]],
    *,
    first_day: int | None = None,
    end_day: int | None = None,
) -> InterestStatement:
    """State any amounts for a period, yesterday unless days are named."""
    end_day = today(world) if end_day is None else end_day
    return InterestStatement(
        world.chain.chain_id,
        contract.address,
        end_day - 1 if first_day is None else first_day,
        end_day,
        35,
        tuple(InterestRow(index, account, 0, amount) for index, (account, amount) in enumerate(owed)),
    )


def declare(world: World, contract: InterestPayments, stated: InterestStatement) -> int:
    """Have the operator declare a statement; return the number of its period."""
    (receipt,) = world.send(contract.declare(world["operator"], stated))
    (declared,) = world.events(receipt)
    assert isinstance(declared, events.InterestDeclared)
    return declared.period_id
