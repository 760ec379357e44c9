"""The ledger fold, on histories that a model of the contracts makes: balanced, complete, and quick to notice a lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from eth_typing import Address
from hypothesis import given, settings
from hypothesis import strategies as st

from pysettle.domain import events, invariants
from pysettle.domain.events import Emitted, Event, Position
from pysettle.domain.ledger import Contracts, Ledger, Purpose, SeriesTerms, fold
from pysettle.domain.messages import ZERO_ADDRESS, ChannelId
from pysettle.domain.usage import Meters, RateCard, Usage
from pysettle.money import backing_rounded_down, price_rounded_up

CURRENCY, SERIES, HUB, METER, BANK, PROVIDER = (Address(bytes([n]) * 20) for n in range(1, 7))
BUYERS = [Address(bytes([n]) * 20) for n in (0x10, 0x11, 0x12)]
CHANNELS = {buyer: ChannelId(bytes(12) + buyer) for buyer in BUYERS}
CARD = RateCard(Meters(1, 30, 90), Meters(2, 60, 180))
CONTRACTS = Contracts(
    frozenset({CURRENCY}), {SERIES: SeriesTerms(CURRENCY, 150_000, CARD)}, frozenset({HUB}), frozenset({METER})
)


@dataclass
class Model:
    """What the contracts do, as far as their events and ERC-20 balances go."""

    history: list[list[Emitted]] = field(default_factory=list)
    """One list of events a transaction."""
    balances: dict[tuple[Address, Address], int] = field(default_factory=lambda: defaultdict(int))
    channels: dict[Address, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    usage: dict[Address, Usage] = field(default_factory=lambda: defaultdict(Usage))
    unsettled: int = 0
    quota: int = 0
    redemptions: int = 0
    attestations: int = 0
    frozen: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    stopped: set[Address] = field(default_factory=set)
    nonces: int = 0
    now: int = 0

    def say(self, emitter: Address, event: Event) -> None:
        """Emit an event in the current transaction."""
        transaction = self.history[-1]
        transaction.append(Emitted(emitter, Position(len(self.history), 0, len(transaction)), event, self.now))

    def move(self, token: Address, sender: Address, receiver: Address, value: int) -> None:
        """Move value, with its Transfer."""
        self.balances[token, sender] -= value
        self.balances[token, receiver] += value
        self.say(token, events.Transfer(sender, receiver, value))

    def free(self, buyer: Address) -> int:
        """Return what of a buyer's currency may leave."""
        return 0 if buyer in self.stopped else max(0, self.balances[CURRENCY, buyer] - self.frozen[buyer])

    def freeze(self, buyer: Address, amount: int) -> None:
        """Freeze an amount of a buyer's currency, or everything that would leave, or lift both."""
        if amount % 3 == 0:
            self.frozen[buyer] = amount // 4
            self.say(CURRENCY, events.FrozenAmountSet(buyer, amount // 4))
        else:
            self.stopped = self.stopped | {buyer} if amount % 3 == 1 else self.stopped - {buyer}
            self.say(CURRENCY, events.FreezeSet(buyer, amount % 3 == 1, False))

    def seize(self, buyer: Address, amount: int) -> None:
        """Seize some of a buyer's currency, frozen or not."""
        units = min(amount, self.balances[CURRENCY, buyer])
        self.say(CURRENCY, events.Seized(buyer, BANK, units, b"\1" * 32))
        self.move(CURRENCY, buyer, BANK, units)

    def issue(self, buyer: Address, amount: int) -> None:
        """Set a quota and issue some of it."""
        self.quota += amount
        self.say(CURRENCY, events.IssuanceQuotaSet(BANK, self.quota))
        self.quota -= amount // 2
        self.attestations += 1
        reserve_fen = (amount // 2 - self.balances[CURRENCY, ZERO_ADDRESS]) // 10_000 + 1
        now = self.attestations
        self.say(CURRENCY, events.ReserveAttested(self.attestations, BANK, reserve_fen, now, now + 1))
        self.say(CURRENCY, events.Issued(BANK, buyer, amount // 2, self.quota))
        self.move(CURRENCY, ZERO_ADDRESS, buyer, amount // 2)

    def purchase(self, buyer: Address, amount: int) -> None:
        """Buy what the buyer can pay for."""
        tokens = min(amount, self.free(buyer) * 1_000_000 // 150_000)
        price = price_rounded_up(tokens, 150_000)
        self.say(SERIES, events.Purchased(buyer, buyer, tokens, price))
        self.move(SERIES, ZERO_ADDRESS, buyer, tokens)
        self.nonces += 1
        self.say(CURRENCY, events.AuthorizationUsed(buyer, self.nonces.to_bytes(32, "big")))
        self.move(CURRENCY, buyer, SERIES, price)

    def deposit(self, buyer: Address, amount: int) -> None:
        """Deposit some of the buyer's Tokens."""
        tokens = min(amount, self.balances[SERIES, buyer])
        self.channels[buyer][0] += tokens
        balance = self.channels[buyer][0]
        self.say(HUB, events.Deposited(CHANNELS[buyer], buyer, SERIES, tokens, balance))
        self.move(SERIES, buyer, HUB, tokens)

    def claim(self, buyer: Address, amount: int) -> None:
        """Use some, and claim what the channel covers."""
        balance, claimed = self.channels[buyer]
        self.usage[buyer] += Usage(off_peak=Meters(cached_input=amount % 7, output=amount // 90))
        metered = CARD.tokens(self.usage[buyer])
        total = min(metered, balance)
        usage = self.usage[buyer].pack()
        self.say(METER, events.UsageClaimed(CHANNELS[buyer], SERIES, buyer, usage, metered, total))
        if total > claimed:
            self.channels[buyer][1] = total
            self.unsettled += total - claimed
            self.say(HUB, events.Claimed(CHANNELS[buyer], SERIES, SERIES, total - claimed, total))

    def settle(self, buyer: Address, amount: int) -> None:
        """Bring everything claimed home."""
        self.say(HUB, events.Settled(SERIES, SERIES, buyer, self.unsettled))
        self.move(SERIES, HUB, SERIES, self.unsettled)
        self.unsettled = 0

    def withdraw(self, buyer: Address, amount: int) -> None:
        """Take unclaimed Tokens out of a channel."""
        balance, claimed = self.channels[buyer]
        tokens = min(amount, balance - claimed)
        self.channels[buyer][0] -= tokens
        self.say(HUB, events.WithdrawFinalized(CHANNELS[buyer], buyer, SERIES, tokens))
        self.move(SERIES, HUB, buyer, tokens)

    def redeem(self, buyer: Address, amount: int) -> None:
        """Pay the provider for some of what was delivered."""
        self._pay_out(events.Redeemed, SERIES, PROVIDER, amount)

    def refund(self, buyer: Address, amount: int) -> None:
        """Pay a holder back for some of its Tokens."""
        self._pay_out(events.Refunded, buyer, buyer, amount)

    def _pay_out(self, kind: Callable[..., Event], holder: Address, payee: Address, amount: int) -> None:
        tokens = min(amount, self.balances[SERIES, holder])
        paid = backing_rounded_down(tokens, 150_000)
        self.say(SERIES, kind(payee, tokens, paid))
        self.move(SERIES, holder, ZERO_ADDRESS, tokens)
        self.move(CURRENCY, SERIES, payee, paid)

    def redemption(self, buyer: Address, amount: int) -> None:
        """Request a redemption; complete, reject, cancel or leave it."""
        units = min(amount, self.free(buyer))
        self.redemptions += 1
        self.say(CURRENCY, events.RedemptionRequested(self.redemptions, buyer, BANK, units))
        self.move(CURRENCY, buyer, CURRENCY, units)
        parties = (self.redemptions, buyer, BANK, units)
        if amount % 4 == 0:
            self.quota += units
            self.say(CURRENCY, events.RedemptionCompleted(*parties, self.quota))
            self.move(CURRENCY, CURRENCY, ZERO_ADDRESS, units)
        elif amount % 4 < 3:
            end = events.RedemptionRejected if amount % 4 == 1 else events.RedemptionCancelled
            self.say(CURRENCY, end(*parties))
            self.move(CURRENCY, CURRENCY, buyer, units)

    def donate(self, buyer: Address, amount: int) -> None:
        """Give currency to the series for nothing."""
        self.move(CURRENCY, buyer, SERIES, min(amount, self.free(buyer)))


OPERATIONS = [
    Model.issue,
    Model.purchase,
    Model.deposit,
    Model.claim,
    Model.settle,
    Model.withdraw,
    Model.redeem,
    Model.refund,
    Model.redemption,
    Model.donate,
    Model.freeze,
    Model.seize,
]
STEPS = st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(BUYERS), st.integers(min_value=0, max_value=10**9))


def play(steps: list[tuple[Any, Address, int]]) -> Model:
    """Run a history, begun with money and Tokens for everybody so that later steps find something."""
    model = Model()
    opening = [(op, b, 10**9) for b in BUYERS for op in (Model.issue, Model.purchase, Model.deposit)]
    for operation, buyer, amount in [*opening, *steps]:
        model.history.append([])
        operation(model, buyer, amount)
    return model


def flat(model: Model) -> list[Emitted]:
    """Every event of a history, in order."""
    return [emitted for transaction in model.history for emitted in transaction]


@given(st.lists(STEPS, max_size=40))
@settings(max_examples=60, deadline=None)
def test_every_entry_balances_and_every_invariant_holds(steps: list[tuple[Any, Address, int]]) -> None:
    """Postings of each entry sum to zero in each asset, and no invariant fails after any transaction."""
    model, ledger = play(steps), Ledger(CONTRACTS)
    for transaction in model.history:
        for emitted in transaction:
            entry = ledger.apply(emitted)
            sums: dict[Address, int] = defaultdict(int)
            for posting in entry.postings if entry else ():
                sums[posting.account.asset] += posting.amount
            assert not any(sums.values())
        assert invariants.check(ledger) == []


@given(st.lists(STEPS, max_size=40))
@settings(max_examples=60, deadline=None)
def test_the_books_agree_with_balances(steps: list[tuple[Any, Address, int]]) -> None:
    """What the ledger says everybody holds is what the tokens say, contracts included; supplies too."""
    model = play(steps)
    ledger = fold(CONTRACTS, flat(model))
    for (token, holder), balance in model.balances.items():
        if holder == ZERO_ADDRESS:
            assert ledger.supply(token) == -balance
        else:
            assert ledger.held(token, holder) == balance
    for buyer, (balance, claimed) in model.channels.items():
        assert ledger.balance(SERIES, Purpose.CHANNEL, CHANNELS[buyer]) == balance - claimed


@given(st.lists(STEPS, max_size=30), st.data())
@settings(max_examples=60, deadline=None)
def test_the_fold_can_be_split_anywhere(steps: list[tuple[Any, Address, int]], data: st.DataObject) -> None:
    """Folding a history at once or in two parts gives the same state: the state is a fold and nothing else."""
    history = flat(play(steps))
    cut = data.draw(st.integers(min_value=0, max_value=len(history)))
    ledger = fold(CONTRACTS, history[:cut])
    for emitted in history[cut:]:
        ledger.apply(emitted)
    whole = fold(CONTRACTS, history)
    assert (ledger.balances, ledger.quotas, ledger.channels) == (whole.balances, whole.quotas, whole.channels)


AMOUNT_FIELDS = ("amount", "value", "tokens", "paid", "quota_left", "metered", "total_claimed")


@given(st.lists(STEPS, min_size=5, max_size=30), st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_amount_does_not_go_unnoticed(steps: list[tuple[Any, Address, int]], data: st.DataObject) -> None:
    """One altered amount anywhere shows: as a finding, or as books that no longer agree with the balances."""
    model = play(steps)
    history = flat(model)
    place = data.draw(st.integers(min_value=0, max_value=len(history) - 1))
    event = history[place].event
    names = [name for name in AMOUNT_FIELDS if hasattr(event, name)]
    if not names:
        return
    name = data.draw(st.sampled_from(names))
    changed: Any = replace(event, **{name: getattr(event, name) + 1})
    history[place] = replace(history[place], event=changed)
    ledger = fold(CONTRACTS, history)
    books_agree = all(
        ledger.held(token, holder) == balance
        for (token, holder), balance in model.balances.items()
        if holder != ZERO_ADDRESS
    )
    # An altered Deposited or Purchased leaves a gap between what a contract holds and what it holds it for.
    donated, expected = invariants.donations(ledger), invariants.donations(fold(CONTRACTS, flat(model)))
    assert invariants.check(ledger) or not books_agree or donated != expected


def test_contradictions_have_their_codes() -> None:
    """A spent nonce, a redemption ended twice, a quota and a reserve overdrawn are named by their invariants."""
    ledger = Ledger(CONTRACTS)
    at = Position(1, 0, 0)
    used = events.AuthorizationUsed(BUYERS[0], bytes(32))
    requested = events.RedemptionRequested(1, BUYERS[0], BANK, 0)
    cancelled = events.RedemptionCancelled(1, BUYERS[0], BANK, 0)
    for event in (used, used, requested, cancelled, cancelled, events.Issued(BANK, BUYERS[0], 1, 0)):
        ledger.apply(Emitted(CURRENCY, at, event, 0))
    assert [code for code, _, _ in ledger.violations] == ["INV-ONCE", "INV-FINAL", "INV-RESERVE", "INV-RESERVE"]


def test_the_reserve_is_attested_in_order_and_covers_issuance() -> None:
    """A repeated number, an older time and an issuance above the reserve are named; an issuance up to it is not."""

    def violated(*history: Event) -> list[str]:
        quota = events.IssuanceQuotaSet(BANK, 50_000)
        ledger = fold(CONTRACTS, (Emitted(CURRENCY, Position(1, 0, 0), event, 0) for event in [quota, *history]))
        return [code for code, _, _ in ledger.violations]

    def attested(sequence: int, amount_fen: int, as_of: int) -> Event:
        return events.ReserveAttested(sequence, BANK, amount_fen, as_of, as_of + 1)

    first = attested(1, 2, 100)
    assert violated(first, events.Issued(BANK, BUYERS[0], 20_000, 30_000), attested(3, 1, 100)) == []
    assert violated(first, events.Issued(BANK, BUYERS[0], 20_001, 29_999)) == ["INV-RESERVE"]
    assert violated(first, attested(2, 1, 100), events.Issued(BANK, BUYERS[0], 20_000, 30_000)) == ["INV-RESERVE"]
    assert violated(first, attested(1, 2, 100)) == ["INV-ONCE"]
    assert violated(attested(0, 2, 100)) == ["INV-ONCE"]
    assert violated(first, attested(2, 2, 99)) == ["INV-RESERVE"]


def frozen(*history: events.Event) -> list[str]:
    """Return what INV-FROZEN says of the events of a currency in which the buyer was given ten units."""
    issued = [events.Transfer(ZERO_ADDRESS, BUYERS[0], 10), events.SettlementAccountMarked(HUB)]
    ledger = fold(CONTRACTS, (Emitted(CURRENCY, Position(1, 0, 0), event, 0) for event in [*issued, *history]))
    return [finding.detail for finding in invariants.check(ledger) if finding.code == "INV-FROZEN"]


def test_frozen_value_that_leaves_is_named() -> None:
    """A transfer beyond what is not frozen is INV-FROZEN; to the last unit within it, of nothing, or after it, not."""
    buyer, to = BUYERS[0], BUYERS[1]
    stopped, half = events.FreezeSet(buyer, True, False), events.FrozenAmountSet(buyer, 5)
    assert len(frozen(stopped, events.Transfer(buyer, to, 1))) == 1
    assert len(frozen(half, events.Transfer(buyer, to, 6))) == 1
    assert len(frozen(events.FrozenAmountSet(buyer, 11), events.Transfer(buyer, to, 1))) == 1
    assert len(frozen(events.FreezeSet(to, False, True), events.Transfer(buyer, to, 1))) == 1
    for history in (
        (half, events.Transfer(buyer, to, 5)),
        (stopped, half, events.Transfer(buyer, to, 0)),
        (stopped, events.FreezeSet(buyer, False, False), events.Transfer(buyer, to, 10)),
        (half, events.FrozenAmountSet(buyer, 0), events.Transfer(buyer, to, 10)),
        (events.FreezeSet(buyer, True, True), events.Transfer(CURRENCY, buyer, 1)),
    ):
        assert frozen(*history) == []


def test_a_seizure_is_what_it_states() -> None:
    """It moves frozen units, exactly those it states and once, on a stated ground, and never what belongs to others."""
    buyer, to, ground = BUYERS[0], BUYERS[1], b"\1" * 32
    stopped, moved = events.FreezeSet(buyer, True, False), events.Transfer(buyer, to, 4)
    seized = events.Seized(buyer, to, 4, ground)
    assert frozen(stopped, seized, moved) == []
    for history in (
        (stopped, seized, moved, moved),
        (seized, events.Transfer(buyer, to, 5)),
        (seized,),
        (events.Seized(buyer, to, 4, bytes(32)), moved),
        (events.Seized(HUB, to, 0, ground), events.Transfer(HUB, to, 0)),
        (events.FreezeSet(HUB, False, False),),
        (events.FrozenAmountSet(HUB, 1),),
    ):
        assert len(frozen(*history)) == 1, history


def test_a_claim_beyond_attested_usage_is_named() -> None:
    """A claim on a Token channel above what the attested usage costs is INV-USAGE, whatever the meter states."""
    ledger = Ledger(CONTRACTS)
    at, channel_id = Position(1, 0, 0), CHANNELS[BUYERS[0]]
    usage = Usage(off_peak=Meters(output=1))
    stated = events.UsageClaimed(channel_id, SERIES, BUYERS[0], usage.pack(), 91, 91)
    ledger.apply(Emitted(METER, at, stated, 0))
    ledger.apply(Emitted(HUB, at, events.Claimed(channel_id, SERIES, SERIES, 91, 91), 0))
    assert [code for code, _, _ in ledger.violations] == ["INV-USAGE", "INV-USAGE"]


def test_events_of_strangers_are_passed_over() -> None:
    """A contract whose books are not kept cannot write into the ledger."""
    ledger = Ledger(CONTRACTS)
    stranger = Address(b"\x99" * 20)
    assert ledger.apply(Emitted(stranger, Position(1, 0, 0), events.Transfer(ZERO_ADDRESS, BUYERS[0], 1), 0)) is None
    assert not ledger.balances


def test_a_log_of_another_shape_is_not_decoded() -> None:
    """A known event name with other topics or data, such as an ERC-721 transfer, is passed over and not guessed at."""
    topic = next(topic for topic, text in events.signatures().items() if text.startswith("Transfer("))
    holder = bytes(12) + BUYERS[0]
    assert events.decode([topic, holder, holder], bytes(31) + b"\x07") == events.Transfer(BUYERS[0], BUYERS[0], 7)
    assert events.decode([topic, holder, holder, bytes(32)], b"") is None
    assert events.decode([topic, holder, holder], bytes(31)) is None
    assert events.decode([topic, holder, holder], bytes(64)) is None
    assert events.decode([], b"") is None


def test_channels_of_other_tokens_are_passed_over() -> None:
    """Anybody may deposit a token of its own making in the hub: no books are kept of it, and none are upset by it."""
    ledger = Ledger(CONTRACTS)
    channel_id, token = CHANNELS[BUYERS[0]], Address(b"\x77" * 20)
    for event in (
        events.Deposited(channel_id, BUYERS[0], token, 5, 5),
        events.Claimed(channel_id, BUYERS[1], token, 9, 9),
        events.Settled(BUYERS[1], token, BUYERS[1], 9),
    ):
        assert ledger.apply(Emitted(HUB, Position(1, 0, 0), event, 0)) is None
    assert not ledger.balances
    assert invariants.check(ledger) == []
