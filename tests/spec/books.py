"""The auditor's books against the specification: for every purpose, the ledger has what the contracts have."""

from __future__ import annotations

from pysettle.domain.channel.books import ChannelBooks
from pysettle.domain.channel.contracts import CHANNEL, CLAIM, PAYOUT
from pysettle.domain.compute.contracts import LOCKED_STAKE, STAKE
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.jobs.books import JobBooks
from pysettle.domain.jobs.contracts import DUE, JOB
from pysettle.domain.ledger import Ledger
from pysettle.domain.money.books import AccountBooks, IssuanceBooks
from pysettle.domain.money.contracts import CREDIT
from pysettle.domain.money.wallets import Spending
from pysettle.domain.settlement.contracts import EARMARK, POSITION, RESERVED
from tests.spec.channel.hub import HubSpec
from tests.spec.compute.market import MarketSpec
from tests.spec.jobs.escrow import JobsSpec
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import EPOCH, day_number
from tests.spec.network import NetworkSpec
from tests.spec.settlement.liquidity import LiquiditySpec


def compare_books(ledger: Ledger, spec: NetworkSpec) -> None:
    """Require the ledger to have what the contracts of a network have."""
    compare_money(ledger, spec.currency)
    _compare_compute(ledger, spec.market, spec.currency)
    _compare_channels(ledger, spec.hub)
    _compare_jobs(ledger, spec.jobs, spec.currency)
    if spec.layer is not None:
        for currency in spec.layer.currencies.values():
            compare_money(ledger, currency)
        for positions in spec.layer.positions.values():
            _compare_positions(ledger, positions)


def compare_money(ledger: Ledger, spec: CurrencySpec) -> None:
    """Require the supply, and each account's balance, credit, quota, position and counted payments."""
    money, issuance = spec.address, ledger[IssuanceBooks]
    assert ledger.supply(money) == spec.supply
    for at, account in spec.accounts.items():
        if at == ZERO_ADDRESS:
            continue
        found = ledger.held(money, at), ledger.balance(money, CREDIT, at)
        found += issuance.quotas[money, at], issuance.positions[money, at]
        institution = spec.institutions[at]
        expected = account.balance, account.credit, institution.quota, institution.position
        assert found == expected, f"money of 0x{at.hex()}: {found}, expected {expected}"
    # Strangers pay as well, and the specification does not know them.
    spending = {at: it for at, it in ledger[AccountBooks].wallets[money].spending.items() if at in spec.accounts}
    counted = {
        at: Spending(day_number(it.last_counted), it.spent_on_day, it.spent_in_year)
        for at, it in spec.accounts.items()
        if it.last_counted != EPOCH
    }
    assert spending == counted, f"counted payments: {spending}, expected {counted}"


def _compare_compute(ledger: Ledger, spec: MarketSpec, currency: CurrencySpec) -> None:
    for address, series in spec.series.items():
        assert ledger.supply(address) == series.outstanding, f"series 0x{address.hex()}"
        for holder, tokens in series.balances.items():
            found = ledger.held(address, holder)
            assert found == tokens, f"Tokens 0x{address.hex()}: 0x{holder.hex()} has {found}, expected {tokens}"
    for address, stake in spec.stakes.items():
        assert ledger.balance(currency.address, LOCKED_STAKE, address) == stake.locked
    for provider, free in spec.free.items():
        assert ledger.balance(currency.address, STAKE, provider) == free


def _compare_channels(ledger: Ledger, spec: HubSpec) -> None:
    for channel_id, channel in spec.channels.items():
        unclaimed = ledger.balance(channel.config.token, CHANNEL, channel_id)
        record = ledger[ChannelBooks].channels.get(channel_id)
        claimed = record.total_claimed if record else 0
        assert (unclaimed, claimed) == (channel.unclaimed, channel.claimed), f"channel 0x{channel_id.hex()}"
    for (receiver, token), totals in spec.totals.items():
        assert ledger.balance(token, CLAIM, receiver) == totals.claimed - totals.settled
    for (account, token), credit in spec.credits.items():
        assert ledger.balance(token, PAYOUT, account) == credit


def _compare_positions(ledger: Ledger, spec: LiquiditySpec) -> None:
    money = spec.currency.address
    for account, held in spec.positions.items():
        found = ledger.balance(money, POSITION, account), ledger.balance(money, RESERVED, account)
        expected = held.available, held.reserved
        assert found == expected, f"position of 0x{account.hex()}: {found}, expected {expected}"
    assert ledger.total(money, POSITION) == sum(it.available for it in spec.positions.values())
    assert ledger.total(money, RESERVED) == sum(it.reserved for it in spec.positions.values())
    assert ledger.total(money, EARMARK) == spec.earmarked


def _compare_jobs(ledger: Ledger, spec: JobsSpec, currency: CurrencySpec) -> None:
    for account, due in spec.due.items():
        assert ledger.balance(currency.address, DUE, account) == due
    for order_id, order in spec.orders.items():
        record = ledger[JobBooks].orders[order_id]
        stages = [(it.state, it.since) for it in record.milestones]
        assert (record.state, stages) == (order.state, [(it.state, it.since) for it in order.milestones])
        assert ledger.balance(currency.address, JOB, order_id) == order.held
