"""A model of the contracts that makes histories: what they would say, kept by other means than the ledger's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any

from eth_typing import Address
from hypothesis import strategies as st

from pysettle.domain.channel.contracts import CHANNEL_HUB, USAGE_METER
from pysettle.domain.channel.events import ChannelCreated, Claimed, Deposited, Settled, UsageAttested, WithdrawFinalized
from pysettle.domain.compute.contracts import COMPUTE_MARKET, COMPUTE_TOKEN, SeriesPricing
from pysettle.domain.compute.events import (
    Halted,
    Purchased,
    Redeemed,
    Refunded,
    SeriesHalted,
    SeriesOpened,
    Staked,
    StakeReleased,
    StakeWithdrawn,
)
from pysettle.domain.compute.usage import Meters, RateCard, Usage
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import AuthorizationUsed, Emitted, Event, Position, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS, ChannelConfig, ChannelId
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, CurrencyTerms
from pysettle.domain.money.events import (
    ClassLimitsSet,
    CreditClaimed,
    Credited,
    CreditSeized,
    FreezeSet,
    FrozenAmountSet,
    IssuanceQuotaSet,
    Issued,
    RedemptionCancelled,
    RedemptionCompleted,
    RedemptionRejected,
    RedemptionRequested,
    RedemptionTaken,
    ReserveAttested,
    ReserveRatioSet,
    Seized,
    SettlementAccountMarked,
    WalletRegistered,
)
from pysettle.money import backing_rounded_down, compensation_rounded_down, price_rounded_up, stake_rounded_up

CURRENCY, SERIES, HUB, METER, BANK, PROVIDER, OTHER_BANK, MARKET, DESK = (
    Address(bytes([n]) * 20) for n in range(1, 10)
)
BANKS = (BANK, OTHER_BANK)
SETTLEMENT = (ZERO_ADDRESS, CURRENCY, DESK, SERIES, HUB, MARKET)
BUYERS = [Address(bytes([n]) * 20) for n in (0x10, 0x11, 0x12)]
CHANNELS = {buyer: ChannelId(bytes(12) + buyer) for buyer in BUYERS}
CONFIGS = {buyer: ChannelConfig(buyer, ZERO_ADDRESS, SERIES, METER, SERIES, 900) for buyer in BUYERS}
CARD = RateCard(Meters(1, 30, 90), Meters(2, 60, 180))
UNIT_PRICE = 150_000
COMPENSATION_BPS = 700
CONTRACTS = Contracts(
    {
        CURRENCY_TOKEN: {CURRENCY: None},
        ISSUANCE_DESK: {DESK: CurrencyTerms(CURRENCY)},
        COMPUTE_TOKEN: {SERIES: SeriesPricing(CURRENCY, UNIT_PRICE, CARD, COMPENSATION_BPS)},
        CHANNEL_HUB: {HUB: None},
        USAGE_METER: {METER: None},
        COMPUTE_MARKET: {MARKET: CurrencyTerms(CURRENCY)},
    }
)


START = 1_798_700_400
"""2026-12-31T07:00:00Z: a year of UTC+8 ends nine hours later."""
EXPIRY = START + 300 * 86_400
CHINA = timezone(timedelta(hours=8))
NO_LIMIT = 2**256 - 1
STEP = 100_000_000
DAY_S = 86_400

OF_DESK = (
    *(ReserveAttested, ReserveRatioSet, IssuanceQuotaSet, Issued),
    *(RedemptionRequested, RedemptionTaken, RedemptionCompleted, RedemptionRejected, RedemptionCancelled),
)
"""What the issuance desk says; all else that is said of a currency, the currency says itself."""


def emitter_of(event: Event) -> Address:
    """Return who emits an event about the currency."""
    return DESK if isinstance(event, OF_DESK) else CURRENCY


@dataclass
class Model:
    """What the contracts do, as far as their events, ERC-20 balances, limits and credits go.

    It keeps every payment that is counted with its date, and adds up what a day and a year come to.
    """

    history: list[list[Emitted]] = field(default_factory=list)
    """One list of events a transaction."""
    balances: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    channels: dict[Address, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    usage: dict[Address, Usage] = field(default_factory=lambda: defaultdict(Usage))
    unsettled: int = 0
    quotas: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    positions: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    ratio: int = 10_000
    redemptions: int = 0
    pending: list[tuple[int, Address, Address, int, int]] = field(default_factory=list)
    """(number, holder, operator, units, cancellable from) of the redemptions under way."""
    attestations: int = 0
    frozen: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    stopped: set[Address] = field(default_factory=set)
    closed: set[Address] = field(default_factory=set)
    """Accounts frozen incoming."""
    credits: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    classes: dict[Address, tuple[int, date]] = field(default_factory=dict)
    """(class, first date on which it does not hold) of registered accounts."""
    limits: dict[int, tuple[int, int, int, int]] = field(default_factory=dict)
    """Class -> limits of balance, payment, day and year."""
    payments: dict[Address, list[tuple[date, int]]] = field(default_factory=lambda: defaultdict(list))
    """Payments that were counted, in their order."""
    nonces: int = 0
    stakes: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    """Free stake."""
    locked: int | None = None
    """Stake behind the series; None before the provider has locked some."""
    staker: Address = ZERO_ADDRESS
    """Whose it is."""
    halted: bool = False
    now: int = START

    def say(self, emitter: Address, event: Event) -> None:
        """Emit an event in the current transaction."""
        transaction = self.history[-1]
        transaction.append(Emitted(emitter, Position(len(self.history), 0, len(transaction)), event, self.now))

    def move(self, token: Address, sender: Address, receiver: Address, value: int) -> None:
        """Move value, with its Transfer."""
        self.balances[token, sender] -= value
        self.balances[token, receiver] += value
        self.say(token, Transfer(sender, receiver, value))

    # Limits

    @property
    def today(self) -> date:
        """The date in China."""
        return datetime.fromtimestamp(self.now, CHINA).date()

    def limits_of(self, account: Address) -> tuple[int, int, int, int]:
        """Return the limits that hold for an account today."""
        number, end = self.classes.get(account, (0, date.min))
        return self.limits.get(number if self.today < end else 0, (NO_LIMIT,) * 4)

    def spent(self, account: Address, today: date) -> tuple[int, int]:
        """Return what was counted of an account's payments on a date and in its year."""
        paid = self.payments[account]
        return sum(n for d, n in paid if d == today), sum(n for d, n in paid if d.year == today.year)

    def free(self, account: Address) -> int:
        """Return what of an account's currency may leave."""
        held = self.balances[CURRENCY, account]
        return 0 if account in self.stopped else max(0, held - self.frozen[account])

    def payable(self, account: Address) -> int | None:
        """Return the most an account may pay now; None when it cannot even pay nothing."""
        _, payment, daily, annual = self.limits_of(account)
        least = min(self.free(account), payment)
        if (daily, annual) != (NO_LIMIT, NO_LIMIT):
            on_day, in_year = self.spent(account, self.today)
            least = min(least, daily - on_day, annual - in_year)
        return None if least < 0 or account in self.stopped else least

    def room(self, account: Address) -> int:
        """Return the most that may come into an account now; nothing at all always may, unless it is closed."""
        return max(0, self.limits_of(account)[0] - self.balances[CURRENCY, account])

    def pay(self, payer: Address, payee: Address, value: int) -> None:
        """Make a payment that limits allow, and count it where the payer's class has a limit of a day or a year."""
        if self.limits_of(payer)[2:] != (NO_LIMIT, NO_LIMIT):
            self.payments[payer].append((self.today, value))
        self.move(CURRENCY, payer, payee, value)

    def pay_out(self, payer: Address, payee: Address, amount: int) -> None:
        """Pay what is owed, or hold it as the payee's credit."""
        if payee in SETTLEMENT or (payee not in self.closed and amount <= self.room(payee)):
            self.move(CURRENCY, payer, payee, amount)
            return
        self.credits[payee] += amount
        self.say(CURRENCY, Credited(payee, payer, amount, self.credits[payee]))
        if payer != CURRENCY:
            self.move(CURRENCY, payer, CURRENCY, amount)

    # Powers

    def begin(self, buyer: Address, amount: int) -> None:
        """Mark settlement accounts."""
        for account in SETTLEMENT:
            self.say(CURRENCY, SettlementAccountMarked(account))

    def wait(self, buyer: Address, amount: int) -> None:
        """Let an hour, eight hours, a day, or the better part of a year go by."""
        self.now += (3_600, 8 * 3_600, DAY_S, 200 * DAY_S)[amount % 4]

    def limit(self, buyer: Address, amount: int) -> None:
        """Set the limits of a class: none, or some hundreds of yuan, or nothing at all."""
        digits = [amount // 4 // 13**place % 13 for place in range(4)]
        balance, payment, daily, annual = (NO_LIMIT if digit > 8 else digit * STEP for digit in digits)
        wallet_class = (0, 0, 1, 3)[amount % 4]
        self.limits[wallet_class] = (balance, payment, daily, annual)
        self.say(CURRENCY, ClassLimitsSet(wallet_class, balance, payment, daily, annual))

    def register(self, buyer: Address, amount: int) -> None:
        """Register a buyer until yesterday, today, or tomorrow."""
        number, end = amount % 5, self.today + timedelta(days=amount // 5 % 3)
        self.classes[buyer] = (number, end)
        days = (end - date(1970, 1, 1)).days
        self.say(CURRENCY, WalletRegistered(buyer, number, days, 156, number > 0))

    def freeze(self, buyer: Address, amount: int) -> None:
        """Freeze an amount of a buyer's currency, or either direction, or lift it."""
        if amount % 3 == 0:
            self.frozen[buyer] = amount // 4
            self.say(CURRENCY, FrozenAmountSet(buyer, amount // 4))
        else:
            outgoing, incoming = amount % 3 == 1, amount % 4 == 1
            self.stopped = self.stopped | {buyer} if outgoing else self.stopped - {buyer}
            self.closed = self.closed | {buyer} if incoming else self.closed - {buyer}
            self.say(CURRENCY, FreezeSet(buyer, outgoing, incoming))

    def seize(self, buyer: Address, amount: int) -> None:
        """Seize some of a buyer's currency, frozen or not, for an account that may be stopped itself."""
        units, payee = min(amount, self.balances[CURRENCY, buyer]), (BANK, *BUYERS)[amount % 4]
        self.say(CURRENCY, Seized(buyer, payee, units, b"\1" * 32))
        self.pay_out(buyer, payee, units)

    def seize_credit(self, buyer: Address, amount: int) -> None:
        """Seize some of a buyer's credit for an account that may be stopped itself."""
        units, payee = min(amount, self.credits[buyer]), (BANK, *BUYERS)[amount % 4]
        self.credits[buyer] -= units
        self.say(CURRENCY, CreditSeized(buyer, payee, units, self.credits[buyer], b"\1" * 32))
        self.pay_out(CURRENCY, payee, units)

    def attest(self, supply: int) -> None:
        """Attest a reserve that covers a supply in full, as of now, for a second."""
        self.attestations += 1
        fen = supply * self.ratio // 10_000 // 10_000 + 1
        self.say(DESK, ReserveAttested(self.attestations, BANK, fen, self.now, self.now + 1))

    def demand(self, buyer: Address, amount: int) -> None:
        """Set which part of the supply the reserve has to cover, after it was attested to cover that."""
        self.ratio = 1 + amount % 10_000
        self.attest(-self.balances[CURRENCY, ZERO_ADDRESS])
        self.say(DESK, ReserveRatioSet(self.ratio))

    def issue(self, buyer: Address, amount: int) -> None:
        """Set a quota and issue some of it, unless it cannot come in."""
        if buyer in self.closed:
            return
        bank, units = BANKS[amount % 2], min(amount // 2, self.room(buyer))
        self.quotas[bank] += amount
        self.say(DESK, IssuanceQuotaSet(bank, self.quotas[bank]))
        self.quotas[bank] -= units
        self.positions[bank] += units
        self.attest(units - self.balances[CURRENCY, ZERO_ADDRESS])
        self.say(DESK, Issued(bank, buyer, units, self.quotas[bank]))
        self.move(CURRENCY, ZERO_ADDRESS, buyer, units)

    # Holders

    def transfer(self, buyer: Address, amount: int) -> None:
        """Pay a buyer, perhaps oneself, unless it cannot come in."""
        payee, most = BUYERS[amount % 3], self.payable(buyer)
        if most is not None and payee not in self.closed:
            # What one pays oneself leaves first, and makes no room above the cap.
            cap = self.limits_of(payee)[0]
            most = min(most, self.room(payee)) if payee != buyer else most * (self.balances[CURRENCY, buyer] <= cap)
            self.pay(buyer, payee, min(amount, most))

    def purchase(self, buyer: Address, amount: int) -> None:
        """Buy what the buyer can pay for."""
        most = self.payable(buyer)
        if most is None or self.halted:
            return
        tokens = min(amount, most * 1_000_000 // UNIT_PRICE)
        price = price_rounded_up(tokens, UNIT_PRICE)
        self.say(SERIES, Purchased(buyer, buyer, tokens, price))
        self.move(SERIES, ZERO_ADDRESS, buyer, tokens)
        self.nonces += 1
        self.say(CURRENCY, AuthorizationUsed(buyer, self.nonces.to_bytes(32, "big")))
        self.pay(buyer, SERIES, price)

    def deposit(self, buyer: Address, amount: int) -> None:
        """Deposit some of the buyer's Tokens."""
        tokens = min(amount, self.balances[SERIES, buyer])
        if not self.channels[buyer][0]:
            self.say(HUB, ChannelCreated(CHANNELS[buyer], CONFIGS[buyer]))
        self.channels[buyer][0] += tokens
        balance = self.channels[buyer][0]
        self.say(HUB, Deposited(CHANNELS[buyer], buyer, SERIES, tokens, balance))
        self.move(SERIES, buyer, HUB, tokens)

    def claim(self, buyer: Address, amount: int) -> None:
        """Use some, and claim what the channel covers."""
        balance, claimed = self.channels[buyer]
        self.usage[buyer] += Usage(off_peak=Meters(cached_input=amount % 7, output=amount // 90))
        metered = CARD.tokens(self.usage[buyer])
        total = min(metered, balance)
        usage = self.usage[buyer].pack()
        self.say(METER, UsageAttested(SERIES, (CHANNELS[buyer],), (usage,)))
        if total > claimed:
            self.channels[buyer][1] = total
            self.unsettled += total - claimed
            self.say(HUB, Claimed(CHANNELS[buyer], SERIES, SERIES, total - claimed, total))

    def settle(self, buyer: Address, amount: int) -> None:
        """Bring everything claimed home."""
        self.say(HUB, Settled(SERIES, SERIES, buyer, self.unsettled))
        self.move(SERIES, HUB, SERIES, self.unsettled)
        self.unsettled = 0

    def withdraw(self, buyer: Address, amount: int) -> None:
        """Take unclaimed Tokens out of a channel."""
        balance, claimed = self.channels[buyer]
        tokens = min(amount, balance - claimed)
        self.channels[buyer][0] -= tokens
        self.say(HUB, WithdrawFinalized(CHANNELS[buyer], buyer, SERIES, tokens))
        self.move(SERIES, HUB, buyer, tokens)

    def redeem(self, buyer: Address, amount: int) -> None:
        """Pay the provider for some of what was delivered."""
        tokens = min(amount, self.balances[SERIES, SERIES])
        paid = backing_rounded_down(tokens, UNIT_PRICE)
        self.say(SERIES, Redeemed(PROVIDER, tokens, paid))
        self._give_back(SERIES, PROVIDER, tokens, paid)

    def refund(self, buyer: Address, amount: int) -> None:
        """Pay a holder back for some of its Tokens, with compensation after a halt."""
        tokens = min(amount, self.balances[SERIES, buyer])
        bps = COMPENSATION_BPS if self.halted else 0
        compensation = compensation_rounded_down(tokens, UNIT_PRICE, bps)
        paid = backing_rounded_down(tokens, UNIT_PRICE) + compensation
        self.say(SERIES, Refunded(buyer, tokens, paid, compensation))
        self._give_back(buyer, buyer, tokens, paid)

    def _give_back(self, holder: Address, payee: Address, tokens: int, paid: int) -> None:
        self.move(SERIES, holder, ZERO_ADDRESS, tokens)
        self.pay_out(SERIES, payee, paid)

    # Market

    def stake(self, buyer: Address, amount: int) -> None:
        """Stake what the buyer can pay."""
        most = self.payable(buyer)
        if most is not None:
            units = min(amount, most)
            self.stakes[buyer] += units
            self.say(MARKET, Staked(buyer, units, self.stakes[buyer]))
            self.pay(buyer, MARKET, units)

    def withdraw_stake(self, buyer: Address, amount: int) -> None:
        """Take free stake back."""
        units = min(amount, self.stakes[buyer])
        self.stakes[buyer] -= units
        self.say(MARKET, StakeWithdrawn(buyer, units, self.stakes[buyer]))
        self.pay_out(MARKET, buyer, units)

    def lock(self, buyer: Address, amount: int) -> None:
        """Lock a buyer's stake behind the series, once, for the capacity that it covers."""
        if self.locked is None and not self.halted:
            capacity = self.stakes[buyer] * 1_000_000 * 10_000 // (UNIT_PRICE * COMPENSATION_BPS)
            self.locked, self.staker = stake_rounded_up(capacity, UNIT_PRICE, COMPENSATION_BPS), buyer
            self.stakes[buyer] -= self.locked
            opened = (bytes(32), b"inference".ljust(32, b"\0"), capacity, EXPIRY, self.locked)
            self.say(MARKET, SeriesOpened(SERIES, buyer, *opened))

    def release(self, buyer: Address, amount: int) -> None:
        """Release the stake once the series has expired; whatever is halted later has none."""
        if self.locked and self.now >= EXPIRY:
            self.say(MARKET, StakeReleased(SERIES, self.staker, self.locked))
            self.stakes[self.staker] += self.locked
            self.locked = 0

    def halt(self, buyer: Address, amount: int) -> None:
        """Halt the series, once, where the stake covers what is undelivered; what is left is the staker's."""
        undelivered = -self.balances[SERIES, ZERO_ADDRESS] - self.balances[SERIES, SERIES]
        compensation = stake_rounded_up(undelivered, UNIT_PRICE, COMPENSATION_BPS)
        if self.halted or self.locked is None or self.locked < compensation:
            return
        self.halted, released, self.locked = True, self.locked - compensation, 0
        self.stakes[self.staker] += released
        grounds = (b"\1" * 32, b"\2" * 32)
        self.say(MARKET, SeriesHalted(SERIES, BANK, *grounds, self.staker, compensation, released))
        self.move(CURRENCY, MARKET, SERIES, compensation)
        self.say(SERIES, Halted(undelivered, compensation))

    def redemption(self, buyer: Address, amount: int) -> None:
        """Request a redemption, at any bank; it may be taken, or end, at once."""
        units, bank = min(amount, self.free(buyer)), BANKS[amount % 2]
        self.redemptions += 1
        self.say(DESK, RedemptionRequested(self.redemptions, buyer, bank, units))
        self.move(CURRENCY, buyer, DESK, units)
        self.pending.append((self.redemptions, buyer, bank, units, 0))
        if amount % 3 == 0:
            number, *parties, _ = self.pending.pop()
            self.say(DESK, RedemptionTaken(number, *parties, self.now + DAY_S))
            self.pending.append((number, buyer, bank, units, self.now + DAY_S))
        elif amount % 3 == 1:
            self.end(buyer, amount // 3)

    def end(self, buyer: Address, amount: int) -> None:
        """Complete, reject or cancel the redemption requested last."""
        if not self.pending:
            return
        number, holder, bank, units, cancellable_from = self.pending.pop()
        if amount % 3 == 0:
            self.quotas[bank] += units
            self.positions[bank] -= units
            self.say(DESK, RedemptionCompleted(number, holder, bank, units, self.quotas[bank]))
            self.move(CURRENCY, DESK, ZERO_ADDRESS, units)
        else:
            cancelled = amount % 3 == 1 and self.now >= cancellable_from
            end = RedemptionCancelled if cancelled else RedemptionRejected
            self.say(DESK, end(number, holder, bank, units))
            self.pay_out(DESK, holder, units)

    def claim_credit(self, buyer: Address, amount: int) -> None:
        """Let some of a buyer's credit come in, as far as there is room."""
        if buyer in self.closed:
            return
        units = min(amount, self.credits[buyer], self.room(buyer))
        self.credits[buyer] -= units
        self.say(CURRENCY, CreditClaimed(buyer, units, self.credits[buyer]))
        self.move(CURRENCY, CURRENCY, buyer, units)

    def donate(self, buyer: Address, amount: int) -> None:
        """Give currency to the series for nothing."""
        most = self.payable(buyer)
        if most is not None:
            self.pay(buyer, SERIES, min(amount, most))


OPERATIONS = [
    Model.wait,
    Model.limit,
    Model.register,
    Model.demand,
    Model.issue,
    Model.transfer,
    Model.purchase,
    Model.deposit,
    Model.claim,
    Model.settle,
    Model.withdraw,
    Model.redeem,
    Model.refund,
    Model.stake,
    Model.withdraw_stake,
    Model.lock,
    Model.release,
    Model.halt,
    Model.redemption,
    Model.end,
    Model.claim_credit,
    Model.donate,
    Model.freeze,
    Model.seize,
    Model.seize_credit,
]
STEPS = st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(BUYERS), st.integers(min_value=0, max_value=10**9))


def play(steps: list[tuple[Any, Address, int]]) -> Model:
    """Run a history, begun with money, Tokens and stake so that later steps find something."""
    model = Model()
    opening = [(op, b, 10**9) for b in BUYERS for op in (Model.issue, Model.purchase, Model.deposit)]
    staked = [(op, BUYERS[0], STEP) for op in (Model.stake, Model.lock)]
    for operation, buyer, amount in [(Model.begin, BUYERS[0], 0), *opening, *staked, *steps]:
        model.history.append([])
        operation(model, buyer, amount)
    return model


def flat(model: Model) -> list[Emitted]:
    """Return every event of a history, in order."""
    return [emitted for transaction in model.history for emitted in transaction]
