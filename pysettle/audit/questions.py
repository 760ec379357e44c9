"""What the books expect each contract to answer at the head, question by question (INV-REPLAY).

Contracts are asked by their function signatures, and answer in words of 32 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.domain.core.messages import ChannelId
from pysettle.domain.ledger import Ledger, Purpose, RedemptionState
from pysettle.domain.money.wallets import Spending, WalletClass


@dataclass(frozen=True, slots=True)
class Question:
    """A read-only call of a contract, and its answer by the books."""

    subject: str
    """What a finding is about."""
    contract: Address
    """Contract that is asked."""
    what: str
    """The call in words."""
    data: bytes
    """Call data."""
    expected: tuple[int, ...]
    """Words it must answer with."""
    code: str = "INV-REPLAY"
    """Code of a finding."""
    signed: bool = False
    """Whether the words are of signed integers (two's complement)."""


def questions(ledger: Ledger) -> Iterator[Question]:
    """Yield every question to a contract, channels apart."""
    yield from _terms(ledger)
    yield from _balances(ledger)
    for currency in sorted(ledger.contracts.currencies):
        yield from _currency(ledger, currency)
        yield from _institutions(ledger, currency)
        yield from _accounts(ledger, currency)
    yield from _markets(ledger)
    yield from _payouts(ledger)
    yield from _dues(ledger)
    yield from _orders(ledger)


def channel_question(ledger: Ledger, channel_id: ChannelId) -> Question:
    """Return what a hub is asked of one of its channels."""
    record = ledger.channels[channel_id]
    balance = ledger.balance(record.config.token, Purpose.CHANNEL, channel_id) + record.total_claimed
    data = _call_data("channels(bytes32)", channel_id)
    return Question(f"channel 0x{channel_id.hex()}", record.hub, "channels(id)", data, (balance, record.total_claimed))


def _terms(ledger: Ledger) -> Iterator[Question]:
    """Ask what the manifest claims of a series."""
    for series, terms in ledger.contracts.series.items():
        for signature, claimed in (
            ("currency()", int.from_bytes(terms.currency, "big")),
            ("unitPrice()", terms.unit_price),
            ("rateCard()", terms.rate_card.pack()),
            ("compensationBps()", terms.compensation_bps),
        ):
            about = f"series 0x{series.hex()}"
            yield Question(about, series, signature, _call_data(signature), (claimed,), code="AUDIT-L")


def _balances(ledger: Ledger) -> Iterator[Question]:
    for asset in [*sorted(ledger.contracts.currencies), *ledger.contracts.series]:
        about = f"asset 0x{asset.hex()}"
        yield Question(about, asset, "totalSupply()", _call_data("totalSupply()"), (ledger.supply(asset),))
        for holder in ledger.holders(asset):
            yield _of(about, asset, "balanceOf(address)", holder, ledger.held(asset, holder))


def _currency(ledger: Ledger, currency: Address) -> Iterator[Question]:
    """Ask what holds for a currency as a whole."""
    about, wallets = _about(currency), ledger.wallets[currency]
    if last := ledger.reserves.get(currency):
        stated = (last.amount_fen, last.as_of, last.sequence, last.valid_before)
        yield Question(about, currency, "reserve()", _call_data("reserve()"), stated)
    ratio = ledger.reserve_ratios[currency]
    yield Question(about, currency, "reserveRatio()", _call_data("reserveRatio()"), (ratio,))
    for each in WalletClass:
        limits = wallets.limits_of_class(each)
        words = (limits.balance, limits.payment, limits.daily, limits.annual)
        data = _call_data("classLimits(uint8)", bytes([each]))
        yield Question(about, currency, f"classLimits({each.name})", data, words)


def _institutions(ledger: Ledger, currency: Address) -> Iterator[Question]:
    """Ask what operating institutions may issue and have issued, and for the redemptions they were asked for."""
    about, states = _about(currency), list(RedemptionState)
    for of, operator in sorted({*ledger.quotas, *ledger.positions}):
        if of == currency:
            yield _of(about, currency, "issuanceQuota(address)", operator, ledger.quotas[currency, operator])
            position = ledger.positions[currency, operator]
            yield _of(about, currency, "operatorPosition(address)", operator, position, signed=True)
    for (of, number), request in ledger.redemptions.items():
        if of == currency:
            words = (
                int.from_bytes(request.holder, "big"),
                request.amount,
                int.from_bytes(request.operator, "big"),
                1 + states.index(request.state),
                request.cancellable_from,
            )
            data = _call_data("redemption(uint256)", number.to_bytes(32, "big"))
            yield Question(about, currency, f"redemption({number})", data, words)


def _accounts(ledger: Ledger, currency: Address) -> Iterator[Question]:
    """Ask what holds for each account: freezes, marks, registration, what it paid, and its credit."""
    about, freezing, wallets = _about(currency), ledger.freezing[currency], ledger.wallets[currency]
    for account in freezing.accounts():
        yield _of(about, currency, "frozen(address)", account, *map(int, freezing.frozen(account)))
    for account in sorted(freezing.settlement_accounts):
        yield _of(about, currency, "isSettlementAccount(address)", account, 1)
    # Whoever ever held anything could have a counter, or a class, that no event told of.
    for account in sorted({*ledger.holders(currency), *wallets.registrations, *wallets.spending}):
        registered, spent = wallets.registration(account), wallets.spending.get(account, Spending())
        yield _of(
            about,
            currency,
            "wallet(address)",
            account,
            registered.wallet_class,
            registered.identification_expiry,
            registered.jurisdiction,
            int(registered.real_name),
            spent.day,
            spent.on_day,
            spent.in_year,
        )
    for account in ledger.owners(currency, Purpose.CREDIT):
        yield _of(about, currency, "creditOf(address)", account, ledger.credit(currency, account))


def _markets(ledger: Ledger) -> Iterator[Question]:
    """Ask what is staked, free and behind each series, and which series were halted."""
    for market, currency in ledger.contracts.markets.items():
        about = f"market 0x{market.hex()}"
        for provider in ledger.owners(currency, Purpose.STAKE):
            staked = ledger.balance(currency, Purpose.STAKE, provider)
            yield _of(about, market, "freeStake(address)", provider, staked)
        for series, opened in ledger.opened.items():
            locked = ledger.balance(currency, Purpose.LOCKED_STAKE, series)
            stated = int.from_bytes(opened.provider, "big"), locked
            yield _of(about, market, "seriesStake(address)", series, *stated)
    for series in ledger.contracts.series:
        about = f"series 0x{series.hex()}"
        yield Question(about, series, "haltedAt()", _call_data("haltedAt()"), (ledger.halted.get(series, 0),))
        if terms := ledger.opened.get(series):
            # The books compared the stake with the compensation of all that may be sold.
            yield Question(about, series, "capacity()", _call_data("capacity()"), (terms.capacity,))
            yield Question(about, series, "expiry()", _call_data("expiry()"), (terms.expiry,))


def _payouts(ledger: Ledger) -> Iterator[Question]:
    """Ask what hubs hold for accounts since a token refused to pay them."""
    held = {account for account in ledger.balances if account.purpose is Purpose.PAYOUT}
    for hub in sorted(ledger.contracts.hubs):
        for account in sorted(held, key=lambda it: (it.asset, it.owner)):
            data = _call_data("credits(address,address)", account.owner, account.asset)
            what = f"credits(0x{account.owner.hex()}, 0x{account.asset.hex()})"
            yield Question(f"hub 0x{hub.hex()}", hub, what, data, (ledger.balances[account],))


def _dues(ledger: Ledger) -> Iterator[Question]:
    """Ask what job escrows hold for accounts."""
    due = sorted((it for it in ledger.balances if it.purpose is Purpose.DUE), key=lambda it: (it.asset, it.owner))
    for escrow in sorted(ledger.contracts.jobs):
        for account in due:
            data = _call_data("due(address,address)", account.owner, account.asset)
            what = f"due(0x{account.owner.hex()}, 0x{account.asset.hex()})"
            yield Question(f"jobs 0x{escrow.hex()}", escrow, what, data, (ledger.balances[account],))


def _orders(ledger: Ledger) -> Iterator[Question]:
    """Ask job escrows for the terms of each order, and where it and its milestones stand."""
    for order_id, it in ledger.orders.items():
        terms, about = it.terms, f"order 0x{order_id.hex()}"
        payer, buyer, provider, arbiter, currency = (
            int.from_bytes(party, "big")
            for party in (it.payer, terms.buyer, terms.provider, terms.arbiter, terms.currency)
        )
        expected: tuple[int, ...] = (payer, it.state, terms.accept_before, terms.review_s, buyer, terms.bond)
        expected += (provider, terms.arbitration_s, terms.default_bps, arbiter, currency)
        yield Question(about, it.escrow, "order(id)", _call_data("order(bytes32)", order_id), expected)
        # An array: where it begins, its length, its words.
        expected = (32, len(it.milestones))
        for stage in it.milestones:
            expected += (stage.amount, stage.deliver_before, stage.state, stage.since)
        yield Question(about, it.escrow, "milestonesOf(id)", _call_data("milestonesOf(bytes32)", order_id), expected)


def _about(currency: Address) -> str:
    return f"currency 0x{currency.hex()}"


def _of(
    about: str, contract: Address, signature: str, account: Address, *expected: int, signed: bool = False
) -> Question:
    what = f"{signature.partition('(')[0]}(0x{account.hex()})"
    return Question(about, contract, what, _call_data(signature, account), expected, signed=signed)


def _call_data(signature: str, *arguments: bytes) -> bytes:
    return keccak(signature.encode())[:4] + b"".join(argument.rjust(32, b"\0") for argument in arguments)
