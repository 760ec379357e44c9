"""Every promise of the design, tested by somebody who tries to steal: nobody's holding changes by one unit.

The scene: a buyer with Tokens in hand, Tokens in a channel and e-CNY in another channel; another buyer whose money is
the loot; Tokens delivered and not redeemed; currency behind all of it. A theft is a transaction by one of the actors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from pysettle.client.contract import Contract
from pysettle.domain.messages import Authorization, ChannelConfig
from pysettle.domain.metering import Voucher
from pysettle.domain.wallets import NO_LIMIT, ClassLimits, WalletClass
from pysettle.errors import ContractReverted
from pysettle.errors import contracts as e
from pysettle.evm.transactions import Transaction
from tests.contracts.books import (
    RECEIVER,
    Books,
    books,
    check_ledger,
    currency_config,
    metered_claim,
    open_currency_channel,
    open_token_channel,
    row,
    sign_batch,
    sign_refund,
    used,
)
from tests.contracts.world import FEN, World


@dataclass
class Scene:
    """What a thief finds."""

    world: World
    tokens: ChannelConfig
    """The buyer's Token channel: 10,000 Tokens, 600 of them claimed and settled."""
    money: ChannelConfig
    """The buyer's e-CNY channel: one fen, 400 units of it claimed and unsettled."""
    victim: ChannelConfig
    """The other buyer's e-CNY channel: five fen."""

    @property
    def books(self) -> Books:
        """Return what everybody holds."""
        return books(self.world, self.tokens, self.money, self.victim)


@pytest.fixture
def scene(world: World) -> Scene:
    """Set the scene."""
    tokens = open_token_channel(world, "buyer", 10_000)
    hub, series = world.network.hub, world.series
    money = open_currency_channel(world, "buyer", FEN)
    victim = open_currency_channel(world, "other buyer", 5 * FEN)
    world.send(
        metered_claim(world, [row(world, "buyer", tokens, used(600), 900)]),
        hub.settle(world["relayer"], series.address, series.address),
        hub.claim(world[RECEIVER], [(money, world.voucher("buyer", money, 400), 400)]),
    )
    for name in ("buyer", "other buyer", "stranger"):
        world.buy(name, 2_000)
        world.fund(name, 10 * FEN)
    return Scene(world, tokens, money, victim)


Theft = Callable[[Scene, str], Transaction]


def _claim_without_meter(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    rows = [(scene.tokens, world.voucher("buyer", scene.tokens, 10_000), 10_000)]
    return world.network.hub.claim(world[thief], rows)


def _sign_claims_for_meter(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    rows = [(scene.tokens, world.voucher("buyer", scene.tokens, 10_000), 10_000)]
    return world.network.hub.claim_with_signature(world[thief], rows, sign_batch(world, thief, rows))


def _attest_as_somebody_else(scene: Scene, thief: str) -> Transaction:
    world, meter = scene.world, scene.world.network.meter
    rows = [row(world, "buyer", scene.tokens, used(9_000), 9_000)]
    signer = world[thief] if thief != "provider" else world["buyer"]
    attestation = meter.attest(signer, world.series.address, rows, world.network.hub)
    return meter.claim(world[thief], world.series.address, rows, attestation)


def _forge_a_voucher(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    signer = thief if thief != "buyer" else "stranger"
    return metered_claim(world, [row(world, signer, scene.tokens, used(9_000), 9_000)], thief)


def _raise_the_ceiling(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    honest = row(world, "buyer", scene.tokens, used(9_000), 900)
    return metered_claim(world, [replace(honest, voucher=replace(honest.voucher, ceiling=9_000))], thief)


def _refund_past_the_meter(scene: Scene, thief: str) -> Transaction:
    return scene.world.network.hub.refund(scene.world[thief], scene.tokens, 1_000)


def _approve_a_refund_after_a_claim(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    stale = world.network.meter.approve_refund(world["provider"], scene.tokens, 0, 9_400, 0, world.network.hub)
    return world.network.hub.refund_with_signature(world[thief], scene.tokens, 9_400, 0, stale)


def _sign_a_refund_for_the_authorizer(scene: Scene, thief: str) -> Transaction:
    signature = sign_refund(scene.world, thief, scene.victim, 5 * FEN, 0)
    return scene.world.network.hub.refund_with_signature(scene.world[thief], scene.victim, 5 * FEN, 0, signature)


def _withdraw_anothers_channel(scene: Scene, thief: str) -> Transaction:
    return scene.world.network.hub.initiate_withdraw(scene.world[thief], scene.victim, 5 * FEN)


def _withdraw_more_than_is_unclaimed(scene: Scene, thief: str) -> Transaction:
    return scene.world.network.hub.initiate_withdraw(scene.world[thief], scene.money, FEN - 399)


def _pose_as_payer(scene: Scene, thief: str) -> Transaction:
    config = replace(scene.victim, payer=scene.world.address(thief))
    return scene.world.network.hub.initiate_withdraw(scene.world[thief], config, 1)


def _settle_to_oneself(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    return world.network.hub.settle(world[thief], world.address(thief), scene.money.token)


def _put_a_deposit_elsewhere(scene: Scene, thief: str) -> Transaction:
    world, hub = scene.world, scene.world.network.hub
    data = hub.sign_deposit(
        world["other buyer"], world.network.currency, scene.victim, FEN, world.now + 60, next(world.salts)
    )
    mine = replace(scene.victim, receiver=world.address(thief), receiver_authorizer=world.address(thief))
    return hub.deposit(world[thief], mine, FEN, data)


def _take_a_deposit_to_oneself(scene: Scene, thief: str) -> Transaction:
    world, currency, hub = scene.world, scene.world.network.currency, scene.world.network.hub
    payment = world.authorization("other buyer", hub.collector, FEN)
    signature = world["other buyer"].sign(payment.receive_digest(currency.domain))
    mine = replace(payment, payee=world.address(thief))
    return currency.receive_with_authorization(world[thief], mine, signature)


def _submit_a_deposit_as_a_transfer(scene: Scene, thief: str) -> Transaction:
    world, currency, hub = scene.world, scene.world.network.currency, scene.world.network.hub
    payment = world.authorization("other buyer", hub.collector, FEN)
    signature = world["other buyer"].sign(payment.receive_digest(currency.domain))
    return currency.transfer_with_authorization(world[thief], payment, signature)


def _terms_bound_payment(scene: Scene) -> tuple[Authorization, bytes, object]:
    world = scene.world
    terms = world.purchase_terms("other buyer", 1_000)
    payment, signature = world.series.sign_purchase(world["other buyer"], world.network.currency.domain, 150, terms)
    return payment, signature, terms


def _become_the_beneficiary(scene: Scene, thief: str) -> Transaction:
    payment, signature, terms = _terms_bound_payment(scene)
    mine = replace(terms, beneficiary=scene.world.address(thief))
    return scene.world.series.purchase_with_authorization(scene.world[thief], payment, mine, signature)


def _strip_the_terms(scene: Scene, thief: str) -> Transaction:
    payment, signature, _ = _terms_bound_payment(scene)
    return scene.world.series.purchase_with_transfer_authorization(scene.world[thief], payment, signature)


def _pay_without_delivery(scene: Scene, thief: str) -> Transaction:
    world, currency = scene.world, scene.world.network.currency
    payment = world.authorization("other buyer", world.series.address, 150)
    signature = world["other buyer"].sign(payment.transfer_digest(currency.domain))
    return currency.transfer_with_authorization(world[thief], payment, signature)


def _feed_the_series(scene: Scene, thief: str) -> Transaction:
    return scene.world.series.transfer(scene.world[thief], scene.world.series.address, 100)


def _feed_the_hub(scene: Scene, thief: str) -> Transaction:
    return scene.world.series.transfer(scene.world[thief], scene.world.network.hub.address, 100)


def _feed_the_collector(scene: Scene, thief: str) -> Transaction:
    return scene.world.series.transfer(scene.world[thief], scene.world.network.hub.collector, 100)


def _take_tokens_without_allowance(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    return world.series.transfer_from(world[thief], world.network.hub.address, world.address(thief), 100)


def _take_money_without_allowance(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    return world.network.currency.transfer_from(world[thief], world.series.address, world.address(thief), 100)


def _redeem_what_is_in_channels(scene: Scene, thief: str) -> Transaction:
    return scene.world.series.redeem(scene.world[thief], 601)


def _refund_before_expiry(scene: Scene, thief: str) -> Transaction:
    return scene.world.series.refund(scene.world[thief], 100)


def _sweep(scene: Scene, thief: str) -> Transaction:
    return scene.world.series.sweep(scene.world[thief])


def _sell_beyond_capacity(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    return world.series.purchase(world[thief], world.address(thief), world.series.capacity, world.now + 60)


def _issue(scene: Scene, thief: str) -> Transaction:
    return scene.world.network.currency.issue(scene.world[thief], scene.world.address(thief), FEN)


def _seize(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    victim = world.address("other buyer")
    return world.network.currency.seize(world[thief], victim, world.address(thief), FEN, b"\1" * 32)


def _freeze_a_rival(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    return world.network.currency.freeze(world[thief], world.address("other buyer"), outgoing=True, incoming=True)


def _permit_oneself(scene: Scene, thief: str) -> Transaction:
    world, currency = scene.world, scene.world.network.currency
    permit, signature = currency.sign_permit(world[thief], world.address(thief), FEN, world.now + 60)
    return currency.permit(world[thief], replace(permit, owner=world.address("other buyer")), signature)


def _become_a_settlement_account(scene: Scene, thief: str) -> Transaction:
    return scene.world.network.currency.mark_settlement_account(scene.world[thief], scene.world.series.address)


def _channel_that_pays_the_series(scene: Scene, thief: str) -> Transaction:
    world, hub = scene.world, scene.world.network.hub
    config = currency_config(world, thief, receiver=world.series.address, receiver_authorizer=world.address(thief))
    data = hub.sign_deposit(world[thief], world.network.currency, config, FEN, world.now + 60)
    return hub.deposit(world[thief], config, FEN, data)


def _claim_past_the_meter_on_the_thiefs_terms(scene: Scene, thief: str) -> Transaction:
    world, hub = scene.world, scene.world.network.hub
    config = world.config(thief, receiver=world.address(thief), receiver_authorizer=world.address(thief))
    data = hub.sign_deposit(world[thief], world.series, config, 100, world.now + 60)
    return hub.deposit(world[thief], config, 100, data)


ANYBODY = ("provider", "buyer", "relayer", "stranger", "operator")
THEFTS: list[tuple[str, Theft, tuple[str, ...], type[ContractReverted]]] = [
    ("who keeps a Token channel honest?", _claim_without_meter, ANYBODY, e.ChannelCallerNotReceiver),
    ("who keeps a Token channel honest?", _sign_claims_for_meter, ANYBODY, e.ReceiverAuthorizerSignatureInvalid),
    (
        "who keeps a Token channel honest?",
        _claim_past_the_meter_on_the_thiefs_terms,
        ("buyer", "stranger"),
        e.ChannelTermsRefused,
    ),
    ("who keeps a Token channel honest?", _channel_that_pays_the_series, ("stranger",), e.ChannelReceiverPayeeOnly),
    ("what does the meter trust?", _attest_as_somebody_else, ANYBODY, e.UsageSignatureInvalid),
    ("what does the meter trust?", _forge_a_voucher, ANYBODY, e.VoucherSignatureInvalid),
    ("what does the meter trust?", _raise_the_ceiling, ANYBODY, e.VoucherSignatureInvalid),
    ("what does the meter trust?", _refund_past_the_meter, ANYBODY, e.ChannelCallerNotReceiver),
    ("what does the meter trust?", _approve_a_refund_after_a_claim, ANYBODY, e.ReceiverAuthorizerSignatureInvalid),
    ("can a relayer strip the terms of a purchase?", _become_the_beneficiary, ANYBODY, e.AuthorizationSignatureInvalid),
    ("can a relayer strip the terms of a purchase?", _strip_the_terms, ANYBODY, e.AuthorizationSignatureInvalid),
    ("can a relayer strip the terms of a purchase?", _pay_without_delivery, ANYBODY, e.PayeeOnly),
    ("what counts as delivered?", _feed_the_series, ("buyer", "stranger"), e.TokenTransferRefused),
    ("what counts as delivered?", _feed_the_hub, ("buyer", "stranger"), e.TokenTransferRefused),
    ("what counts as delivered?", _feed_the_collector, ("buyer", "stranger"), e.TokenTransferRefused),
    ("what counts as delivered?", _redeem_what_is_in_channels, ("provider",), e.ERC20InsufficientBalance),
    (
        "what counts as delivered?",
        _redeem_what_is_in_channels,
        ("buyer", "relayer", "stranger", "operator"),
        e.SeriesCallerNotProvider,
    ),
    ("can delivery and refund race?", _refund_before_expiry, ANYBODY, e.SeriesNotExpired),
    ("capacity", _sell_beyond_capacity, ANYBODY, e.CapacityExceeded),
    ("remainders, donations", _sweep, ("provider",), e.SeriesNotExpired),
    ("remainders, donations", _sweep, ("buyer", "relayer", "stranger", "operator"), e.SeriesCallerNotProvider),
    (
        "who makes a series a settlement account?",
        _become_a_settlement_account,
        ANYBODY,
        e.AccessManagedUnauthorized,
    ),
    ("hub", _sign_a_refund_for_the_authorizer, ANYBODY, e.ReceiverAuthorizerSignatureInvalid),
    ("hub", _withdraw_anothers_channel, ANYBODY, e.ChannelCallerNotPayer),
    ("hub", _withdraw_more_than_is_unclaimed, ("buyer",), e.WithdrawAboveAvailable),
    ("hub", _pose_as_payer, ANYBODY, e.WithdrawAboveAvailable),
    ("hub", _settle_to_oneself, ("buyer", "relayer", "stranger", "operator"), e.NothingToSettle),
    ("hub", _put_a_deposit_elsewhere, ANYBODY, e.AuthorizationSignatureInvalid),
    ("hub", _take_a_deposit_to_oneself, ANYBODY, e.AuthorizationSignatureInvalid),
    ("hub", _submit_a_deposit_as_a_transfer, ANYBODY, e.AuthorizationSignatureInvalid),
    ("backing", _take_tokens_without_allowance, ANYBODY, e.ERC20InsufficientAllowance),
    ("backing", _take_money_without_allowance, ANYBODY, e.ERC20InsufficientAllowance),
    ("backing", _seize, ANYBODY, e.AccessManagedUnauthorized),
    ("backing", _freeze_a_rival, ANYBODY, e.AccessManagedUnauthorized),
    ("backing", _permit_oneself, ANYBODY, e.PermitSignatureInvalid),
    ("backing", _issue, ("provider", "buyer", "relayer", "stranger"), e.AccessManagedUnauthorized),
    ("backing", _issue, ("operator",), e.QuotaExceeded),
]


@pytest.mark.parametrize(
    ("theft", "thieves", "error"),
    [case[1:] for case in THEFTS],
    ids=[f"{question} {theft.__name__.strip('_')} by {thieves[0]}" for question, theft, thieves, _ in THEFTS],
)
def test_theft_fails(scene: Scene, theft: Theft, thieves: tuple[str, ...], error: type[ContractReverted]) -> None:
    """The theft is refused by name, and nobody's holding, channel, notice or nonce changes (P-9, P-14, P-16)."""
    before = scene.books
    for thief in thieves:
        with pytest.raises(error) as caught:
            scene.world.send(theft(scene, thief))
        assert type(caught.value) is error
    assert scene.books == before
    check_ledger(scene.world, scene.tokens, scene.money, scene.victim)


def test_delivery_and_refund_of_the_same_token_exclude_each_other(scene: Scene) -> None:
    """At expiry a Token in the hub is claimable and not refundable, a Token in hand the other way round (P-8)."""
    world, series = scene.world, scene.world.series
    world.chain.clock.advance(series.expiry - world.now)
    held = series.balance_of(world.address("buyer"))
    for amount in (held + 1, held + 9_400):
        with pytest.raises(e.ERC20InsufficientBalance):
            world.send(series.refund(world["buyer"], amount))
    with pytest.raises(e.SeriesExpired):
        world.deposit("buyer", held, world.config("buyer", salt=b"\2" * 32))
    with pytest.raises(e.SeriesExpired):
        world.send(series.consume(world["buyer"], held))
    world.send(
        series.refund(world["buyer"], held),
        metered_claim(world, [row(world, "buyer", scene.tokens, used(10_000), 10_000)]),
        world.network.hub.settle(world["relayer"], series.address, series.address),
        series.redeem(world["provider"], 10_000),
    )
    check_ledger(world, scene.tokens, scene.money, scene.victim)


def test_provider_cannot_sweep_what_backs_a_sleeping_holder(scene: Scene) -> None:
    """Long after expiry one outstanding Token keeps all remainders where they are; nobody's right has a last date."""
    world, series = scene.world, scene.world.series
    world.chain.clock.advance(series.expiry + 10**9 - world.now)
    with pytest.raises(e.SeriesOutstanding):
        world.send(series.sweep(world["provider"]))
    before = world.network.currency.balance_of(world.address("stranger"))
    tokens = series.balance_of(world.address("stranger"))
    world.send(series.refund(world["stranger"], tokens))
    assert world.network.currency.balance_of(world.address("stranger")) == before + tokens * 150_000 // 1_000_000


def test_rounding_is_no_pump(scene: Scene) -> None:
    """Buying and refunding one Token at a time costs the buyer what is rounded, and never the series (INV-BACKING)."""
    world, series, currency = scene.world, scene.world.series, scene.world.network.currency
    thief = world["stranger"]
    before = currency.balance_of(thief.address)
    world.send(currency.approve(thief, series.address, FEN))
    for _ in range(5):
        world.send(series.purchase(thief, thief.address, 1, world.now + 60))
    world.chain.clock.advance(series.expiry - world.now)
    for _ in range(5):
        world.send(series.refund(thief, 1))
    assert currency.balance_of(thief.address) == before - 5
    check_ledger(world, scene.tokens, scene.money, scene.victim)


def test_empty_row_of_a_stranger_gains_nothing(scene: Scene) -> None:
    """A stranger may replay an attestation with any ceiling at or below what is claimed: it changes no balance."""
    world = scene.world
    honest = row(world, "buyer", scene.tokens, used(600), 900)
    before = scene.books
    for ceiling in (0, 1, 599, 600):
        replay = replace(honest, voucher=Voucher(honest.voucher.channel_id, ceiling, b""))
        world.send(metered_claim(world, [replay], "stranger"))
    assert scene.books == before
    check_ledger(world, scene.tokens)


def test_an_administrator_with_every_role_takes_no_backing(scene: Scene) -> None:
    """Who grants itself every power reaches nothing that series, hub and currency hold, nor holds it up (P-24)."""
    world, currency, admin = scene.world, scene.world.network.currency, scene.world["administrator"]
    hub, series = world.network.hub, world.series
    manager = Contract(world.network.sender, world.network.access, "NetworkAccess")
    for role in range(1, 7):
        world.send(
            manager._transaction(admin, 300_000, "grantRole", role, admin.address, 0),
            manager._transaction(admin, 300_000, "acceptRole", role),
        )
    world.send(currency.request_redemption(world["stranger"], world.address("operator"), FEN))
    basis, held = b"\1" * 32, scene.books
    for account in (series.address, hub.address, hub.collector, currency.address):
        for attempt in (
            currency.seize(admin, account, admin.address, 1, basis),
            currency.freeze(admin, account, outgoing=True, incoming=True),
            currency.freeze_amount(admin, account, 1),
            currency.register_wallet(admin, account, WalletClass.IV, real_name=False),
        ):
            with pytest.raises(e.SettlementAccountProtected):
                world.send(attempt)
        with pytest.raises(e.CreditExceeded):
            world.send(currency.seize_credit(admin, account, admin.address, 1, basis))
    for end in (currency.complete_redemption, currency.reject_redemption, currency.take_redemption):
        with pytest.raises(e.RedemptionCallerInvalid):
            world.send(end(admin, 1))
    with pytest.raises(e.AuthorityFixed):
        world.send(manager._transaction(admin, 300_000, "updateAuthority", currency.address, series.address))
    drain = currency.interface.encode("transferFrom", series.address, admin.address, 1)
    with pytest.raises(e.ERC20InsufficientAllowance):
        world.send(manager._transaction(admin, 300_000, "execute", currency.address, drain))
    assert scene.books == held
    # Neither a pause, nor limits of zero, nor a reserve that covers nothing stops what is owed.
    nothing = ClassLimits(NO_LIMIT, 0, 0, 0)
    world.send(
        currency.pause(admin),
        *(currency.set_class_limits(admin, it, nothing) for it in WalletClass if it is not WalletClass.CORPORATE),
        hub.settle(world["relayer"], world.address(RECEIVER), currency.address),
        series.redeem(world["provider"], 600),
        hub.refund(world[RECEIVER], scene.victim, 5 * FEN),
        currency.cancel_redemption(world["stranger"], 1),
    )
    gained = {name: scene.books[name] - held[name] for name in ("eCNY provider", "eCNY other buyer", "eCNY stranger")}
    assert gained == {"eCNY provider": 400 + 90, "eCNY other buyer": 5 * FEN, "eCNY stranger": FEN}
