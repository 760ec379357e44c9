"""Accumulation beside the naive way: a whole history played again for every day, and its closing balances added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from eth_typing import Address
from hypothesis import given
from hypothesis import strategies as st

from pysettle.domain.core.events import Emitted, Event, Position, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.events import (
    CreditClaimed,
    Credited,
    CreditSeized,
    ReserveRatioSet,
    SettlementAccountMarked,
    WalletRegistered,
)
from pysettle.domain.money.interest import accumulate
from pysettle.domain.money.wallets import WalletClass

CURRENCY, DESK = Address(b"\xcc" * 20), Address(b"\xdd" * 20)
HOLDERS = [Address(bytes([number]) * 20) for number in range(1, 5)]
LAST_DAY = 12
"""Days of the histories are 0 to 12; periods lie anywhere in them and around them."""

holders = st.sampled_from(HOLDERS)
amounts = st.integers(0, 10**9)
happenings = st.one_of(
    st.builds(Transfer, st.sampled_from([*HOLDERS, ZERO_ADDRESS, CURRENCY]), holders, amounts),
    st.builds(Transfer, holders, st.sampled_from([*HOLDERS, CURRENCY]), amounts),
    st.builds(Credited, holders, holders, amounts, amounts),
    st.builds(CreditClaimed, holders, amounts, amounts),
    st.builds(CreditSeized, holders, holders, amounts, amounts, st.just(b"\1" * 32)),
    st.builds(
        WalletRegistered,
        holders,
        st.sampled_from(WalletClass),
        st.one_of(st.integers(0, LAST_DAY + 2), st.just(2**16 - 1)),
        st.just(156),
        st.booleans(),
    ),
    st.builds(ReserveRatioSet, st.sampled_from([1, 2_000, 9_999, 10_000])),
)


def second(day: int, second_of_day: int) -> int:
    """Return a unix second of a day of UTC+8."""
    return max(0, day * 86_400 - 8 * 3_600 + second_of_day)


@st.composite
def histories(draw: st.DrawFn) -> list[Emitted]:
    """Draw events at rising times, from the first second of a day to its last; some are of another contract.

    Half of them begin with everybody registered, with money that bears interest: else little would ever be borne.
    """
    times = sorted(
        draw(st.lists(st.tuples(st.integers(0, LAST_DAY), st.sampled_from([0, 1, 43_200, 86_399])), max_size=25))
    )
    emitters = st.sampled_from([CURRENCY] * 4 + [HOLDERS[0]])
    beginning: list[Event] = []
    if draw(st.booleans()):
        beginning.append(ReserveRatioSet(2_000))
        beginning += [WalletRegistered(holder, WalletClass.I, 2**16 - 1, 156, True) for holder in HOLDERS]
        beginning += [Transfer(ZERO_ADDRESS, holder, 10**10) for holder in HOLDERS]
    said = [(CURRENCY, Position(0, 0, place), event, 0) for place, event in enumerate(beginning)]
    said += [(draw(emitters), Position(place, 0, 0), draw(happenings), second(*it)) for place, it in enumerate(times)]
    # Of the currency's events the desk emits the ratio of its reserve.
    return [
        Emitted(DESK if by == CURRENCY and isinstance(event, ReserveRatioSet) else by, at, event, timestamp)
        for by, at, event, timestamp in said
    ]


def naively(history: Sequence[Emitted], first_day: int, end_day: int) -> dict[Address, int]:
    """Add up the closing balances of each day, each from the beginning of time."""
    total: dict[Address, int] = defaultdict(int)
    for day in range(first_day, end_day):
        balances: dict[Address, int] = defaultdict(int)
        held: dict[Address, int] = {}
        registered: dict[Address, tuple[int, int]] = {}
        ratio = 10_000
        for emitted in history:
            if emitted.emitter not in (CURRENCY, DESK) or emitted.timestamp >= second(day + 1, 0):
                continue
            event = emitted.event
            if isinstance(event, Transfer):
                balances[event.sender] -= event.value
                balances[event.receiver] += event.value
            elif isinstance(event, (Credited, CreditClaimed, CreditSeized)):
                held[event.account] = event.credit
            elif isinstance(event, WalletRegistered):
                registered[event.account] = (event.wallet_class, event.identification_expiry)
            elif isinstance(event, ReserveRatioSet):
                ratio = event.ratio_bps
        for holder in HOLDERS:
            wallet_class, expiry = registered.get(holder, (WalletClass.IV, 0))
            if ratio < 10_000 and day < expiry and wallet_class in (1, 2, 3, 4):
                total[holder] += balances[holder] + held.get(holder, 0)
    return {holder: total[holder] for holder in HOLDERS if total[holder]}


periods = st.tuples(st.integers(0, LAST_DAY + 1), st.integers(0, LAST_DAY + 3))


@given(histories(), periods)
def test_accumulation_is_the_sum_of_closing_balances(history: list[Emitted], period: tuple[int, int]) -> None:
    """Whatever happened, and for whatever days, the fast way gives what the naive one does, in the same order."""
    first_day, end_day = sorted(period)
    found = accumulate(history, CURRENCY, DESK, first_day, end_day)
    expected = naively(history, first_day, end_day)
    assert list(found.items()) == list(expected.items())


@given(histories(), st.integers(0, LAST_DAY), st.lists(st.tuples(holders, holders, amounts), max_size=6))
def test_what_a_day_takes_back_changes_nothing(
    history: list[Emitted], day: int, transfers: list[tuple[Address, Address, int]]
) -> None:
    """Transfers of one day that are undone on it leave every closing balance, and so every accumulation, as it was."""
    there_and_back: list[Event] = [Transfer(*transfer) for transfer in transfers]
    there_and_back += [Transfer(to, sender, value) for sender, to, value in reversed(transfers)]
    noon = second(day, 43_200)
    before = [it for it in history if it.timestamp <= noon]
    within = [Emitted(CURRENCY, Position(0, 0, place), event, noon) for place, event in enumerate(there_and_back)]
    after = [it for it in history if it.timestamp > noon]
    assert accumulate([*before, *within, *after], CURRENCY, DESK, 0, LAST_DAY + 1) == accumulate(
        history, CURRENCY, DESK, 0, LAST_DAY + 1
    )


@given(histories(), periods, st.integers(0, LAST_DAY + 3))
def test_a_period_is_the_sum_of_its_parts(history: list[Emitted], period: tuple[int, int], middle: int) -> None:
    """Cut at any day, the two parts bear together what the whole does: no day is counted twice, none is lost."""
    first_day, end_day = sorted(period)
    middle = min(max(middle, first_day), end_day)
    parts: dict[Address, int] = defaultdict(int)
    for days in ((first_day, middle), (middle, end_day)):
        for account, accumulation in accumulate(history, CURRENCY, DESK, *days).items():
            parts[account] += accumulation
    whole = accumulate(history, CURRENCY, DESK, first_day, end_day)
    assert whole == {account: accumulation for account, accumulation in parts.items() if accumulation}


@given(histories(), holders, st.integers(0, LAST_DAY))
def test_settlement_accounts_bear_none(history: list[Emitted], account: Address, day: int) -> None:
    """An account that is marked has no accumulation, and nobody else's is another than before."""
    mark = Emitted(CURRENCY, Position(0, 0, 0), SettlementAccountMarked(account), second(day, 0))
    marked = [it for it in history if it.timestamp < mark.timestamp] + [mark]
    marked += [it for it in history if it.timestamp >= mark.timestamp]
    found = accumulate(marked, CURRENCY, DESK, 0, LAST_DAY + 1)
    expected = accumulate(history, CURRENCY, DESK, 0, LAST_DAY + 1)
    expected.pop(account, None)
    assert found == expected
