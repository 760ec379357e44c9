"""Credits: what is owed to an account that cannot receive it is held for it, and holds up nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.events import CreditClaimed, Credited, CreditSeized
from pysettle.domain.money.wallets import ClassLimits, WalletClass
from pysettle.errors import ContractReverted
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.books import open_currency_channel
from tests.contracts.effects import FORWARDER, accounts, check_books, deploy, effect, refused, through
from tests.contracts.world import FEN, YUAN, World

LEGAL_BASIS = b"\x5a" * 32
CAP = 100 * YUAN
PAID_IN = 150 * YUAN

Stop = Callable[[World], Transaction]
STOPS: dict[str, Stop] = {
    "cap": lambda world: world.network.currency.set_class_limits(
        world["central bank"], WalletClass.IV, ClassLimits(balance=CAP)
    ),
    "freeze": lambda world: world.network.currency.freeze(
        world["freezer"], world.address("buyer"), outgoing=False, incoming=True
    ),
}


@pytest.fixture
def credited(world: World) -> Iterator[World]:
    """Have a channel's deposit come back to a buyer whose class holds less: all of it is a credit."""
    channel = open_currency_channel(world, "buyer", PAID_IN)
    world.send(STOPS["cap"](world), world.network.hub.refund(world["provider"], channel, PAID_IN))
    return world


@pytest.mark.parametrize("stop", STOPS)
def test_a_refund_of_a_channel(world: World, stop: str) -> None:
    """It leaves the hub whole, for the currency to hold: the payer never reverts, and nothing is cut (P-2, P-7)."""
    currency, hub, buyer = world.network.currency, world.network.hub, world.address("buyer")
    channel = open_currency_channel(world, "buyer", PAID_IN)
    world.send(STOPS[stop](world))
    with effect(world) as change:
        (receipt,) = world.send(hub.refund(world["provider"], channel, PAID_IN))
    assert change == {"eCNY hub": -PAID_IN, "eCNY currency": PAID_IN, "credit buyer": PAID_IN}
    told = [event for event in world.events(receipt) if isinstance(event, Credited | Transfer)]
    assert told == [Credited(buyer, hub.address, PAID_IN, PAID_IN), Transfer(hub.address, currency.address, PAID_IN)]


def test_nothing_out_of_any_account_is_no_finding(world: World) -> None:
    """Anybody transfers zero units out of any account, which ERC-20 has: to whatever account, the books stay whole."""
    currency, network = world.network.currency, world.network
    open_currency_channel(world, "buyer", PAID_IN)
    for name, out, in_ in (("buyer", True, True), ("other buyer", False, True), ("provider", True, False)):
        world.send(currency.freeze(world["freezer"], world.address(name), outgoing=out, incoming=in_))
    contracts = [it.address for it in (currency, network.hub, network.market, network.jobs, world.series)]
    people = [world.address(name) for name in ("buyer", "other buyer", "provider", "stranger")]
    sent = 0
    for payer in (*contracts, *people):
        for payee in (*contracts, *people):
            transfer = currency.transfer_from(world["stranger"], payer, payee, 0)
            try:
                world.network.sender.simulate(transfer)
            except ContractReverted:
                continue
            world.send(transfer)
            sent += 1
    assert sent > len(people)
    check_books(world)


def test_what_fits_is_no_credit(world: World) -> None:
    """Up to the limit a payout arrives as ever; one unit more, and all of it is a credit."""
    hub = world.network.hub
    channel = open_currency_channel(world, "buyer", PAID_IN)
    world.fund("buyer", FEN)
    world.send(STOPS["cap"](world))
    with effect(world) as change:
        world.send(hub.refund(world["provider"], channel, CAP - FEN))
    assert change == {"eCNY hub": FEN - CAP, "eCNY buyer": CAP - FEN}
    with effect(world) as change:
        world.send(hub.refund(world["provider"], channel, 1))
    assert change == {"eCNY hub": -1, "eCNY currency": 1, "credit buyer": 1}


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("end", ["reject", "cancel"])
def test_a_redemption_that_returns(world: World, stop: str, end: str) -> None:
    """What cannot come back moves from the desk to the currency, and becomes a credit."""
    currency, buyer, operator = world.network.currency, world["buyer"], world["operator"]
    world.fund("buyer", PAID_IN)
    world.send(currency.desk.request_redemption(buyer, operator.address, PAID_IN), STOPS[stop](world))
    ending = (
        currency.desk.reject_redemption(operator, 1) if end == "reject" else currency.desk.cancel_redemption(buyer, 1)
    )
    with effect(world) as change:
        (receipt,) = world.send(ending)
    assert change == {"credit buyer": PAID_IN, "eCNY desk": -PAID_IN, "eCNY currency": PAID_IN}
    assert world.events(receipt)[1:] == [
        Credited(buyer.address, currency.desk.address, PAID_IN, PAID_IN),
        Transfer(currency.desk.address, currency.address, PAID_IN),
    ]
    assert currency.balance_of(currency.address) == PAID_IN


def test_a_settlement_account_is_never_stopped(world: World) -> None:
    """It has no class: what one pays to another arrives, beyond the limit of any wallet."""
    currency, account = world.network.currency, deploy(world, FORWARDER)
    world.send(currency.mark_settlement_account(world["settlement registrar"], account))
    channel = open_currency_channel(world, "buyer", PAID_IN, receiver=account)
    set_limits = currency.set_class_limits(world["central bank"], WalletClass.IV, ClassLimits(balance=0))
    claim = world.network.hub.claim(
        world["other operator"], [(channel, world.voucher("buyer", channel, PAID_IN), PAID_IN)]
    )
    world.send(set_limits, claim)
    with effect(world, account=account) as change:
        world.send(world.network.hub.settle(world["relayer"], account, currency.address))
    assert change == {"eCNY hub": -PAID_IN, "eCNY account": PAID_IN}


def test_payouts_of_a_settlement_account_by_its_own_call(world: World) -> None:
    """It pays anybody but the zero address, the currency and its desk: who is full gets a credit."""
    currency, account = world.network.currency, deploy(world, FORWARDER)
    buyer, hand = world.address("buyer"), world["stranger"]
    world.fund("other buyer", 3 * YUAN)
    world.send(
        currency.transfer(world["other buyer"], account, 3 * YUAN),
        currency.mark_settlement_account(world["settlement registrar"], account),
    )

    def pay(to: bytes, amount: int) -> Transaction:
        return through(world, account, currency.transfer(hand, to, amount))  # type: ignore[arg-type]  # an address

    for to in (ZERO_ADDRESS, currency.address, currency.desk.address):
        refused(world, pay(to, 1), errors.ERC20InvalidReceiver, receiver=to)
    world.send(currency.set_class_limits(world["central bank"], WalletClass.IV, ClassLimits(balance=0)))
    for amount in (3 * YUAN + 1, 2**96, 2**256 - 1):
        refused(
            world,
            pay(buyer, amount),
            errors.ERC20InsufficientBalance,
            sender=account,
            balance=3 * YUAN,
            needed=amount,
        )
    with effect(world, account=account) as change:
        world.send(pay(buyer, YUAN), pay(buyer, YUAN), pay(account, YUAN))
    assert change == {"eCNY account": -2 * YUAN, "eCNY currency": 2 * YUAN, "credit buyer": 2 * YUAN}
    huge = pay(buyer, 2**256 - 1)
    refused(world, huge, errors.ERC20InsufficientBalance, sender=account, balance=YUAN, needed=2**256 - 1)


@pytest.mark.parametrize("submitter", ["buyer", "stranger"])
def test_claim(credited: World, submitter: str) -> None:
    """Anyone has it come in, in parts as there is room, and only to the account whose it is."""
    currency, buyer = credited.network.currency, credited.address("buyer")
    with effect(credited) as change:
        (receipt,) = credited.send(currency.claim_credit(credited[submitter], buyer, CAP))
    assert change == {"credit buyer": -CAP, "eCNY currency": -CAP, "eCNY buyer": CAP}
    left = PAID_IN - CAP
    assert credited.events(receipt) == [
        CreditClaimed(buyer, CAP, left),
        Transfer(currency.address, buyer, CAP),
    ]
    full = currency.claim_credit(credited[submitter], buyer, 1)
    refused(credited, full, errors.BalanceLimitExceeded, account=buyer, requested=1, available=0)
    credited.send(currency.transfer(credited["buyer"], credited.address("other buyer"), left))
    credited.send(currency.claim_credit(credited[submitter], buyer, left))
    assert currency.credit_of(buyer) == currency.balance_of(currency.address) == 0
    assert currency.wallet(buyer).spent_in_year == 0


@pytest.mark.parametrize("amount", [PAID_IN + 1, 2**96 + PAID_IN, 2**256 - 1])
def test_more_than_is_held(credited: World, amount: int) -> None:
    """Nobody claims or seizes what is held for another (P-2, P-24)."""
    currency, buyer, other = credited.network.currency, credited.address("buyer"), credited.address("other buyer")
    credited.fund("stranger", YUAN)
    credited.send(currency.desk.request_redemption(credited["stranger"], credited.address("operator"), YUAN))
    for account, held in ((buyer, PAID_IN), (other, 0)):
        for transaction in (
            currency.claim_credit(credited["relayer"], account, amount),
            currency.seize_credit(credited["seizer"], account, credited.address("relayer"), amount, LEGAL_BASIS),
        ):
            refused(
                credited,
                transaction,
                errors.CreditExceeded,
                account=account,
                requested=amount,
                available=held,
            )


def test_while_paused(credited: World) -> None:
    """A pause does not stop what is owed."""
    currency, buyer = credited.network.currency, credited.address("buyer")
    credited.send(currency.pause(credited["pauser"]), currency.claim_credit(credited["relayer"], buyer, YUAN))
    assert currency.balance_of(buyer) == YUAN


@pytest.mark.parametrize("amount", [1, PAID_IN])
def test_seize(credited: World, amount: int) -> None:
    """A seizure reaches what is held for an account, on a stated ground, frozen or not (P-22)."""
    currency, buyer, to = credited.network.currency, credited.address("buyer"), credited.address("relayer")
    credited.send(
        currency.freeze(credited["freezer"], buyer, outgoing=True, incoming=True),
        currency.register_wallet(credited["registrar"], to, WalletClass.CORPORATE),
    )
    with effect(credited) as change:
        (receipt,) = credited.send(currency.seize_credit(credited["seizer"], buyer, to, amount, LEGAL_BASIS))
    assert change == {"credit buyer": -amount, "eCNY currency": -amount, "eCNY relayer": amount}
    assert credited.events(receipt) == [
        CreditSeized(buyer, to, amount, PAID_IN - amount, LEGAL_BASIS),
        Transfer(currency.address, to, amount),
    ]


def test_seized_for_an_account_that_is_full(credited: World) -> None:
    """What its recipient cannot receive is held for the recipient."""
    currency, buyer, to = credited.network.currency, credited.address("buyer"), credited.address("relayer")
    with effect(credited) as change:
        (receipt,) = credited.send(currency.seize_credit(credited["seizer"], buyer, to, PAID_IN, LEGAL_BASIS))
    assert change == {"credit buyer": -PAID_IN, "credit relayer": PAID_IN}
    assert credited.events(receipt) == [
        CreditSeized(buyer, to, PAID_IN, 0, LEGAL_BASIS),
        Credited(to, currency.address, PAID_IN, PAID_IN),
    ]


def test_seized_from_a_settlement_account(world: World) -> None:
    """What an account was credited before it was marked is now of those whose value it holds: it comes in, whole."""
    currency, account = world.network.currency, deploy(world, FORWARDER)
    channel = open_currency_channel(world, "buyer", PAID_IN, receiver=account)
    world.send(
        STOPS["cap"](world),
        world.network.hub.claim(
            world["other operator"], [(channel, world.voucher("buyer", channel, PAID_IN), PAID_IN)]
        ),
        world.network.hub.settle(world["relayer"], account, currency.address),
    )
    assert currency.credit_of(account) == PAID_IN
    world.send(currency.mark_settlement_account(world["settlement registrar"], account))
    for amount in (1, PAID_IN, PAID_IN + 1):
        seizure = currency.seize_credit(world["seizer"], account, world.address("relayer"), amount, LEGAL_BASIS)
        refused(world, seizure, errors.SettlementAccountProtected, account=account)
    with effect(world, account=account) as change:
        world.send(currency.claim_credit(world["relayer"], account, PAID_IN))
    assert change == {"credit account": -PAID_IN, "eCNY account": PAID_IN, "eCNY currency": -PAID_IN}


def test_seizure_has_a_ground_and_a_recipient(credited: World) -> None:
    """As with a balance: a document, and an account to receive."""
    currency, seizer, buyer = credited.network.currency, credited["seizer"], credited.address("buyer")
    refused(
        credited,
        currency.seize_credit(seizer, buyer, credited.address("relayer"), 1, bytes(32)),
        errors.SeizureWithoutLegalBasis,
        account=buyer,
    )
    for name in ("nobody", "currency"):
        to = accounts(credited)[name]
        refused(
            credited,
            currency.seize_credit(seizer, buyer, to, 1, LEGAL_BASIS),
            errors.ERC20InvalidReceiver,
            receiver=to,
        )
