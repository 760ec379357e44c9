"""`InterestPayments.pay`: each declared row at most once, whole or passed over, never held up by another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_typing import Address

from pysettle.client.money.interest import MOST_ROWS, InterestPayments, RowResult
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.events import Credited, InterestPaid, Issued
from pysettle.domain.money.interest import InterestRow, InterestStatement
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.domain.money.wallets import ClassLimits, WalletClass
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import effect, refused
from tests.contracts.savings import QUOTA, declare, statement, today
from tests.contracts.world import FEN, START, YUAN, World

SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 33]


def owe(world: World, contract: InterestPayments, *owed: tuple[str, int]) -> InterestStatement:
    """Declare interest of actors as period 1."""
    stated = statement(world, contract, [(world.address(name), amount) for name, amount in owed])
    assert declare(world, contract, stated) == 1
    return stated


def payment(
    world: World,
    contract: InterestPayments,
    stated: InterestStatement,
    *rows: InterestRow,
    proofs_of: int | None = None,
) -> Transaction:
    """Return a payment of rows by somebody without any role; with the proof of another row, if one is named."""
    encoded = [
        (row.index, row.account, row.amount, list(stated.proof(row if proofs_of is None else stated.rows[proofs_of])))
        for row in rows
    ]
    return contract._transaction(world["stranger"], 3_000_000, "pay", 1, encoded)


def test_the_whole_effect(world: World, contract: InterestPayments) -> None:
    """The batch is issued to the contract as one amount within its quota, and paid on to every holder."""
    stated = owe(world, contract, ("buyer", 3 * FEN), ("provider", 5 * FEN))
    transaction = contract.pay(world["stranger"], 1, stated, stated.rows)
    assert contract.results(transaction) == (RowResult.PAID,) * 2
    with effect(world, interest=contract.address) as change:
        (receipt,) = world.send(transaction)
    assert change == {"eCNY supply": 8 * FEN, "eCNY buyer": 3 * FEN, "eCNY provider": 5 * FEN}
    buyer, provider, interest = world.address("buyer"), world.address("provider"), contract.address
    assert world.events(receipt) == [
        InterestPaid(1, buyer, 0, 3 * FEN, 3 * FEN),
        InterestPaid(1, provider, 1, 5 * FEN, 8 * FEN),
        Issued(interest, interest, 8 * FEN, QUOTA - 8 * FEN),
        Transfer(ZERO_ADDRESS, interest, 8 * FEN),
        Transfer(interest, buyer, 3 * FEN),
        Transfer(interest, provider, 5 * FEN),
    ]
    assert len(receipt.logs) == 6
    currency = world.network.currency
    assert currency.desk.issuance_quota(interest) == QUOTA - 8 * FEN
    assert currency.desk.operator_position(interest) == 8 * FEN
    assert contract.period(1).paid == contract.period(1).total == 8 * FEN
    assert [contract.is_paid(1, index) for index in range(3)] == [True, True, False]


def test_a_row_is_paid_once(world: World, contract: InterestPayments) -> None:
    """Submitted again, in a later batch or in the same one, a paid row is passed over and the others are paid."""
    stated = owe(world, contract, ("buyer", FEN), ("provider", FEN))
    first, second = stated.rows
    twice = contract.pay(world["stranger"], 1, stated, [first, first])
    assert contract.results(twice) == (RowResult.PAID, RowResult.PAID_BEFORE)
    with effect(world) as change:
        world.send(twice)
    assert change == {"eCNY supply": FEN, "eCNY buyer": FEN}
    again = contract.pay(world["relayer"], 1, stated, [first, second])
    assert contract.results(again) == (RowResult.PAID_BEFORE, RowResult.PAID)
    with effect(world) as change:
        world.send(again)
    assert change == {"eCNY supply": FEN, "eCNY provider": FEN}


def test_with_nothing_to_pay_nothing_happens(world: World, contract: InterestPayments) -> None:
    """A batch of rows that are all passed over changes nothing and says nothing."""
    stated = owe(world, contract, ("buyer", FEN))
    transaction = contract.pay(world["stranger"], 1, stated, stated.rows)
    world.send(transaction)
    with effect(world, interest=contract.address) as change:
        (receipt,) = world.send(transaction)
    assert change == {}
    assert receipt.logs == ()
    assert contract.period(1).paid == FEN


def test_one_bad_row_blocks_nobody(world: World, contract: InterestPayments) -> None:
    """Of a batch with every kind of bad row the good ones are paid, and each result says why (P-17)."""
    settlement = world.network.hub.address
    owed = [
        (world.address("buyer"), FEN),
        (world.address("buyer"), FEN + 1),
        (world.address("buyer"), 0),
        (settlement, FEN),
        (ZERO_ADDRESS, FEN),
        (world.network.currency.address, FEN),
        (contract.address, FEN),
        (world.address("provider"), 5 * FEN),
        (world.address("stranger"), 3 * FEN),
        (world.address("other buyer"), FEN),
    ]
    whole = statement(world, contract, owed)
    # A total that covers all but the stranger's row: 7 fen.
    total = contract.interface.encode("declare", whole.first_day, whole.end_day, 35, whole.root, 7 * FEN)
    world.send(Transaction(world["operator"], contract.address, total, 300_000, contract.interface))
    foreign = replace(whole.rows[0], account=world.address("stranger"))
    transaction = payment(world, contract, whole, *whole.rows, foreign, whole.rows[0])
    assert contract.results(transaction) == (
        RowResult.PAID,
        RowResult.AMOUNT_INVALID,
        RowResult.AMOUNT_INVALID,
        RowResult.ACCOUNT_INVALID,
        RowResult.ACCOUNT_INVALID,
        RowResult.ACCOUNT_INVALID,
        RowResult.ACCOUNT_INVALID,
        RowResult.PAID,
        RowResult.TOTAL_EXCEEDED,
        RowResult.PAID,
        RowResult.PAID_BEFORE,
        RowResult.PAID_BEFORE,
    )
    with effect(world, interest=contract.address) as change:
        world.send(transaction)
    assert change == {
        "eCNY supply": 7 * FEN,
        "eCNY buyer": FEN,
        "eCNY provider": 5 * FEN,
        "eCNY other buyer": FEN,
    }
    assert contract.period(1).paid == contract.period(1).total == 7 * FEN
    assert [row.index for row in whole.rows if contract.is_paid(1, row.index)] == [0, 7, 9]


def test_what_is_not_declared_is_not_paid(world: World, contract: InterestPayments) -> None:
    """Another index, holder or amount, the proof of another row, none, or a longer one: no such row."""
    stated = owe(world, contract, ("buyer", FEN), ("provider", 2 * FEN), ("stranger", 3 * FEN))
    row = stated.rows[0]
    for changed in (
        replace(row, index=7),
        replace(row, account=world.address("stranger")),
        replace(row, amount=2 * FEN),
    ):
        assert contract.results(payment(world, contract, stated, changed, proofs_of=0)) == (RowResult.NOT_DECLARED,)
    assert contract.results(payment(world, contract, stated, row, proofs_of=1)) == (RowResult.NOT_DECLARED,)
    for proof in ([], [*stated.proof(row), bytes(32)], [bytes(32)] * 2):
        encoded = [(row.index, row.account, row.amount, proof)]
        transaction = contract._transaction(world["stranger"], 3_000_000, "pay", 1, encoded)
        assert contract.results(transaction) == (RowResult.NOT_DECLARED,)
    with effect(world) as change:
        world.send(payment(world, contract, stated, replace(row, amount=2 * FEN), proofs_of=0))
    assert change == {}


def test_a_row_is_of_its_own_period(world: World, contract: InterestPayments) -> None:
    """The rows of one period prove nothing in another of the same holders and amounts (P-14)."""
    owed = [(world.address("buyer"), FEN), (world.address("provider"), FEN)]
    end = today(world)
    first, second = (statement(world, contract, owed, first_day=end - days, end_day=end - days + 1) for days in (2, 1))
    assert (declare(world, contract, first), declare(world, contract, second)) == (1, 2)
    assert contract.results(contract.pay(world["stranger"], 2, first, first.rows)) == (RowResult.NOT_DECLARED,) * 2
    world.send(contract.pay(world["stranger"], 1, first, first.rows))
    assert contract.results(contract.pay(world["stranger"], 2, second, second.rows)) == (RowResult.PAID,) * 2


@pytest.mark.parametrize(
    "change", [{"chain_id": 1}, {"contract": Address(b"\7" * 20)}, {"first_day": 1}], ids=["chain", "contract", "days"]
)
def test_a_root_of_elsewhere_pays_nothing(world: World, contract: InterestPayments, change: dict[str, object]) -> None:
    """A tree made for another chain, contract or period is under no root of this one (P-14)."""
    stated = statement(world, contract, [(world.address("buyer"), FEN), (world.address("provider"), FEN)])
    elsewhere = replace(stated, **change)  # type: ignore[arg-type]  # fields by name
    days = (stated.first_day, stated.end_day)
    data = contract.interface.encode("declare", *days, 35, elsewhere.root, elsewhere.total)
    world.send(Transaction(world["operator"], contract.address, data, 300_000, contract.interface))
    for proofs in (stated, elsewhere):
        transaction = contract.pay(world["stranger"], 1, proofs, stated.rows)
        assert contract.results(transaction) == (RowResult.NOT_DECLARED,) * 2


@pytest.mark.parametrize("count", SIZES)
def test_every_proof_of_our_tree_is_accepted(world: World, contract: InterestPayments, count: int) -> None:
    """OpenZeppelin's MerkleProof accepts the proof of every row of trees of many shapes, and our leaves are its."""
    owed = [(Address(bytes([1, place]) * 10), (place + 1) * FEN) for place in range(count)]
    stated = statement(world, contract, owed)
    declare(world, contract, stated)
    assert contract.results(contract.pay(world["stranger"], 1, stated, stated.rows)) == (RowResult.PAID,) * count
    days = (stated.first_day, stated.end_day)
    for row in stated.rows:
        assert contract._read("leaf", *days, row.index, row.account, row.amount) == stated._leaf(row)


def test_what_does_not_fit_becomes_a_credit(world: World, contract: InterestPayments) -> None:
    """A full wallet and a frozen one hold up nobody: their interest is credited to them, and claimed later."""
    currency = world.network.currency
    world.fund("buyer", 100 * YUAN)
    world.send(
        currency.set_class_limits(world["central bank"], WalletClass.IV, ClassLimits(balance=100 * YUAN)),
        currency.freeze(world["freezer"], world.address("provider"), outgoing=False, incoming=True),
    )
    stated = owe(world, contract, ("buyer", FEN), ("provider", 2 * FEN), ("stranger", 3 * FEN))
    with effect(world, interest=contract.address) as change:
        (receipt,) = world.send(contract.pay(world["stranger"], 1, stated, stated.rows))
    assert change == {
        "eCNY supply": 6 * FEN,
        "eCNY currency": 3 * FEN,
        "eCNY stranger": 3 * FEN,
        "credit buyer": FEN,
        "credit provider": 2 * FEN,
    }
    buyer, provider = world.address("buyer"), world.address("provider")
    assert [event for event in world.events(receipt) if isinstance(event, Credited)] == [
        Credited(buyer, contract.address, FEN, FEN),
        Credited(provider, contract.address, 2 * FEN, 2 * FEN),
    ]
    assert [contract.is_paid(1, row.index) for row in stated.rows] == [True] * 3
    world.send(
        currency.freeze(world["freezer"], provider, outgoing=False, incoming=False),
        currency.claim_credit(world["stranger"], provider, 2 * FEN),
    )
    assert (currency.balance_of(provider), currency.credit_of(buyer)) == (2 * FEN, FEN)


def test_a_payee_only_holder_is_paid(world: World, contract: InterestPayments) -> None:
    """Interest is no authorization that somebody else submits."""
    world.send(world.network.currency.set_payee_only(world["buyer"]))
    stated = owe(world, contract, ("buyer", FEN))
    with effect(world) as change:
        world.send(contract.pay(world["stranger"], 1, stated, stated.rows))
    assert change == {"eCNY supply": FEN, "eCNY buyer": FEN}


def test_beyond_the_quota_nothing_is_paid(world: World, contract: InterestPayments) -> None:
    """The central bank's quota caps a batch as a whole; nothing is marked as paid, and a smaller batch goes through."""
    stated = owe(world, contract, ("buyer", QUOTA), ("provider", FEN))
    refused(
        world,
        contract.pay(world["stranger"], 1, stated, stated.rows),
        errors.QuotaExceeded,
        operator=contract.address,
        requested=QUOTA + FEN,
        available=QUOTA,
    )
    assert (contract.period(1).paid, contract.is_paid(1, 0)) == (0, False)
    with effect(world) as change:
        world.send(contract.pay(world["stranger"], 1, stated, stated.rows[:1]))
    assert change == {"eCNY supply": QUOTA, "eCNY buyer": QUOTA}


def test_an_operators_quota_is_not_touched(world: World, contract: InterestPayments) -> None:
    """Interest is issued by the contract's own quota, whoever declared it."""
    world.send(world.network.currency.desk.set_issuance_quota(world["central bank"], contract.address, 0))
    world.fund("buyer", FEN)
    world.send(world.network.currency.desk.set_issuance_quota(world["central bank"], world.address("operator"), YUAN))
    stated = owe(world, contract, ("buyer", FEN))
    refused(
        world,
        contract.pay(world["operator"], 1, stated, stated.rows),
        errors.QuotaExceeded,
        operator=contract.address,
        requested=FEN,
        available=0,
    )


def test_a_pause_stops_it(world: World, contract: InterestPayments) -> None:
    """Interest is issued, and no issuance happens while the currency is paused."""
    stated = owe(world, contract, ("buyer", FEN))
    world.send(world.network.currency.pause(world["pauser"]))
    refused(world, contract.pay(world["stranger"], 1, stated, stated.rows), errors.CurrencyPaused)


def test_the_reserve_covers_its_part(world: World, contract: InterestPayments) -> None:
    """A batch is refused whole where the attested reserve, at its ratio, does not cover the supply after it."""
    currency, bank = world.network.currency, world["central bank"]
    stated = owe(world, contract, ("buyer", 5 * FEN), ("provider", FEN))
    # One fen covers five at a ratio of 2,000 basis points.
    attestation = ReserveAttestation(1, world.chain.block().timestamp, 2, 2**64 - 1)
    world.send(
        currency.desk.attest_reserve(
            bank, bank.address, attestation, bank.sign(attestation.digest(currency.desk.domain))
        )
    )
    refused(
        world,
        contract.pay(world["stranger"], 1, stated, stated.rows),
        errors.ReserveExceeded,
        requested=6 * FEN,
        available=5 * FEN,
    )
    # Read by the fixture's books too: a supply of nothing is within any reserve.
    assert contract.period(1).paid == 0


def test_what_was_declared_is_paid_in_full_reserve_too(world: World, contract: InterestPayments) -> None:
    """A ratio set back to full stops new declarations, and takes nothing from what is owed."""
    stated = owe(world, contract, ("buyer", FEN))
    world.send(world.network.currency.desk.set_reserve_ratio(world["central bank"], 10_000))
    with effect(world) as change:
        world.send(contract.pay(world["stranger"], 1, stated, stated.rows))
    assert change == {"eCNY supply": FEN, "eCNY buyer": FEN}


def test_a_period_never_declared(world: World, contract: InterestPayments) -> None:
    """There is nothing to pay before a declaration, and period 0 is none."""
    stated = statement(world, contract, [(world.address("buyer"), FEN)])
    for number in (0, 1):
        transaction = contract.pay(world["stranger"], number, stated, stated.rows)
        refused(world, transaction, errors.InterestPeriodNotFound, id=number)


def test_a_batch_is_bounded(world: World, contract: InterestPayments) -> None:
    """No row and a row too many are refused; as many as there can be are paid within the gas that is stated."""
    owed = [(Address(place.to_bytes(20, "big")), FEN) for place in range(START, START + MOST_ROWS + 1)]
    stated = statement(world, contract, owed)
    declare(world, contract, stated)
    for rows in ((), stated.rows):
        transaction = contract.pay(world["stranger"], 1, stated, rows)
        refused(world, transaction, errors.InterestRowsInvalid, rows=len(rows), most=MOST_ROWS)
    with effect(world) as change:
        world.send(contract.pay(world["stranger"], 1, stated, stated.rows[:MOST_ROWS]))
    assert change == {"eCNY supply": MOST_ROWS * FEN}
