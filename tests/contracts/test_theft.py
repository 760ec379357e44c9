"""Every promise of the design, tested by somebody who tries to steal: nobody's holding changes by one unit.

The scene: a buyer with Tokens in hand, Tokens in a channel and e-CNY in another channel; another buyer whose money is
the loot; Tokens delivered and not redeemed; currency behind all of it; a series with stake behind it, and one that was
halted, whose holders are owed compensation. A theft is a transaction by one of the actors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from pysettle.client import ComputeToken
from pysettle.client.channel.hub import ClaimResult
from pysettle.client.core.access import Role
from pysettle.client.core.contract import Contract
from pysettle.domain.channel.metering import Voucher
from pysettle.domain.compute.messages import ComputeAttestation, PurchaseTerms
from pysettle.domain.core.messages import Authorization, ChannelConfig
from pysettle.domain.money.wallets import NO_LIMIT, ClassLimits, WalletClass
from pysettle.errors import ContractReverted
from pysettle.errors import contracts as e
from pysettle.evm.transactions import Transaction
from pysettle.money import stake_rounded_up
from tests.contracts.books import (
    AUTHORIZER,
    RECEIVER,
    Books,
    books,
    channel,
    check_ledger,
    currency_config,
    metered_claim,
    open_currency_channel,
    open_token_channel,
    raw_claim,
    results,
    row,
    sign_batch,
    sign_refund,
    used,
)
from tests.contracts.effects import asked, read_words, restored
from tests.contracts.hostile import Hostile
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
    compute_id: bytes
    """The provider's compute, all of which is allocated to the promising series."""
    compute: ComputeAttestation
    """What was attested of it."""
    promising: ComputeToken
    """The provider's series with stake behind it; the buyer holds 2,000 Tokens of it."""
    halted: ComputeToken
    """The halted provider's series; the buyer holds 2,000 Tokens of it, and 1,000 were delivered."""

    @property
    def books(self) -> Books:
        """Return what everybody holds."""
        network = self.world.network
        market, currency, hub = network.market, network.currency, network.hub
        calls = {"eCNY market": asked(currency, "balanceOf", market.address)}
        for name, series in (("promising", self.promising), ("halted", self.halted)):
            calls |= {
                f"eCNY {name}": asked(currency, "balanceOf", series.address),
                f"supply {name}": asked(series, "totalSupply"),
                f"delivered {name}": asked(series, "delivered"),
                f"halted {name}": asked(series, "haltedAt"),
            }
        for name in ANYBODY:
            account = self.world.address(name)
            calls |= {
                f"stake {name}": asked(market, "freeStake", account),
                f"credit {name}": asked(hub, "credits", account, currency.address),
                f"promising of {name}": asked(self.promising, "balanceOf", account),
                f"halted of {name}": asked(self.halted, "balanceOf", account),
            }
        found = dict(zip(calls, read_words(self.world, list(calls.values())), strict=True))
        found |= {
            "computes": market.compute(self.compute_id).allocated,
            "locked promising": market.locked_stake(self.promising.address),
            "locked halted": market.locked_stake(self.halted.address),
        }
        return found | books(self.world, self.tokens, self.money, self.victim)


@pytest.fixture(scope="module")
def staged(deployed: World) -> Iterator[Scene]:
    """Set the scene once."""
    with restored(deployed) as world:
        yield _stage(world)


@pytest.fixture
def scene(staged: Scene) -> Iterator[Scene]:
    """Return the scene as it was set."""
    with restored(staged.world):
        yield staged


def _stage(world: World) -> Scene:
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
    terms = world.halting_terms()
    world.stake("provider", stake_rounded_up(terms.capacity, terms.unit_price, terms.compensation_bps))
    compute = ComputeAttestation(
        world.address("provider"), "Ascend 910C", 1, terms.capacity, terms.expiry - 1, terms.expiry
    )
    compute_id = world.network.register_compute(world["provider"], world["attester"], compute)
    promising = world.network.open_series(world["provider"], terms, compute_id)
    halted = world.open(world.halting_terms(), "halted provider")
    replace(world, series=promising).buy("buyer", 2_000)
    replace(world, series=halted).buy("buyer", 3_000)
    world.send(halted.consume(world["buyer"], 1_000), world.halt(halted))
    return Scene(world, tokens, money, victim, compute_id, compute, promising, halted)


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
    return world.network.hub.claim_metered(world[thief], meter, world.series.address, rows, attestation)


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


def _terms_bound_payment(scene: Scene) -> tuple[Authorization, bytes, PurchaseTerms]:
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
    return scene.world.network.currency.desk.issue(scene.world[thief], scene.world.address(thief), FEN)


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


def _become_the_beneficiary_under_ones_own_terms(scene: Scene, thief: str) -> Transaction:
    payment, signature, terms = _terms_bound_payment(scene)
    mine = replace(terms, beneficiary=scene.world.address(thief))
    forged = replace(payment, nonce=mine.nonce())
    return scene.world.series.purchase_with_authorization(scene.world[thief], forged, mine, signature)


def _number_a_payment_again(scene: Scene, thief: str) -> Transaction:
    payment, signature, terms = _terms_bound_payment(scene)
    again = replace(payment, nonce=terms.nonce(1))
    return scene.world.series.purchase_with_authorization(scene.world[thief], again, terms, signature)


def _buy_by_anothers_permit(scene: Scene, thief: str) -> Transaction:
    world, currency, series = scene.world, scene.world.network.currency, scene.world.series
    permit, signature = currency.sign_permit(world["other buyer"], series.address, FEN, world.now + 60)
    return series.purchase_with_permit(world[thief], world.address(thief), 1_000, world.now + 60, permit, signature)


def _bring_a_meter(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    rows = [row(world, "buyer", scene.tokens, used(9_000), 9_000)]
    return replace(raw_claim(world, rows, b"", meter=Hostile(world, "Meter").address), sender=world[thief])


def _meter_money(scene: Scene, thief: str) -> Transaction:
    world, meter = scene.world, scene.world.network.meter
    rows = [row(world, "other buyer", scene.victim, used(9_000), 9_000)]
    attestation = meter.attest(world["provider"], scene.victim.token, rows, world.network.hub)
    claim = raw_claim(world, rows, attestation, receiver=scene.victim.receiver, token=scene.victim.token)
    return replace(claim, sender=world[thief])


def _ask_the_meter(scene: Scene, thief: str) -> Transaction:
    world, meter, series = scene.world, scene.world.network.meter, scene.world.series.address
    rows = [row(world, "buyer", scene.tokens, used(9_000), 9_000)]
    attestation = meter.attest(world["provider"], series, rows, world.network.hub)
    words = [channel(world, scene.tokens)], [rows[0].usage.pack()]
    return meter._transaction(world[thief], 200_000, "attestUsage", series, series, *words, attestation)


def _claim_row_by_row(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    rows = [(scene.tokens, world.voucher("buyer", scene.tokens, 10_000), 10_000)]
    return world.network.hub.try_claim(world[thief], rows)


def _refund_after_a_halt(scene: Scene, thief: str) -> Transaction:
    return scene.halted.refund(scene.world[thief], scene.halted.balance_of(scene.world.address(thief)) + 1)


def _consume_after_a_halt(scene: Scene, thief: str) -> Transaction:
    return scene.halted.consume(scene.world[thief], 1)


def _redeem_what_is_to_be_refunded(scene: Scene, thief: str) -> Transaction:
    return scene.halted.redeem(scene.world[thief], 1_001)


def _freeze(scene: Scene, name: str) -> None:
    currency, world = scene.world.network.currency, scene.world
    world.send(currency.freeze(world["freezer"], world.address(name), outgoing=True, incoming=False))


def _claim_of_a_frozen_payer(scene: Scene, thief: str) -> Transaction:
    _freeze(scene, "other buyer")
    world = scene.world
    return world.network.hub.claim(world[thief], [(scene.victim, world.voucher("other buyer", scene.victim, 9), 9)])


def _claim_of_a_frozen_payer_row_by_row(scene: Scene, thief: str) -> Transaction:
    _freeze(scene, "other buyer")
    world = scene.world
    return world.network.hub.try_claim(world[thief], [(scene.victim, world.voucher("other buyer", scene.victim, 9), 9)])


def _claim_of_a_frozen_payer_by_signature(scene: Scene, thief: str) -> Transaction:
    _freeze(scene, "other buyer")
    world = scene.world
    rows = [(scene.victim, world.voucher("other buyer", scene.victim, 9), 9)]
    return world.network.hub.claim_with_signature(world[thief], rows, sign_batch(world, AUTHORIZER, rows))


def _carry_tokens_out_of_a_freeze(scene: Scene, thief: str) -> Transaction:
    _freeze(scene, thief)
    return scene.world.series.transfer(scene.world[thief], scene.world.address("relayer"), 100)


def _deposit_tokens_out_of_a_freeze(scene: Scene, thief: str) -> Transaction:
    _freeze(scene, thief)
    world, hub, config = scene.world, scene.world.network.hub, scene.world.config(thief, salt=b"\3" * 32)
    data = hub.sign_deposit(world[thief], world.series, config, 100, world.now + 60)
    return hub.deposit(world["relayer"], config, 100, data)


def _withdraw_stake_that_is_not_free(scene: Scene, thief: str) -> Transaction:
    market = scene.world.network.market
    return market.withdraw_stake(scene.world[thief], market.free_stake(scene.world.address(thief)) + 1)


def _release_stake_before_expiry(scene: Scene, thief: str) -> Transaction:
    return scene.world.network.market.release_stake(scene.world[thief], scene.promising.address)


def _release_stake_of_a_halted_series(scene: Scene, thief: str) -> Transaction:
    return scene.world.network.market.release_stake(scene.world[thief], scene.halted.address)


def _release_stake_after_a_halt_and_expiry(scene: Scene, thief: str) -> Transaction:
    clock = scene.world.chain.clock
    clock.advance(max(0, scene.halted.expiry - scene.world.now))
    return _release_stake_of_a_halted_series(scene, thief)


def _halt_a_rival(scene: Scene, thief: str) -> Transaction:
    return scene.world.halt(scene.promising, thief)


def _halt_on_no_evidence(scene: Scene, thief: str) -> Transaction:
    return scene.world.halt(scene.promising, thief, bytes(32))


def _halt_for_a_second_compensation(scene: Scene, thief: str) -> Transaction:
    return scene.world.halt(scene.halted, thief)


def _halt_past_the_market(scene: Scene, thief: str) -> Transaction:
    return scene.promising._transaction(scene.world[thief], 200_000, "halt")


def _open_without_stake(scene: Scene, thief: str) -> Transaction:
    world, now = scene.world, scene.world.now
    terms = world.halting_terms(unit_price=2**60, expiry=now + 60)
    compute = ComputeAttestation(
        world.address(thief), "Ascend 910C", 1, terms.capacity, now, now + 100, next(world.salts).to_bytes(32, "big")
    )
    compute_id = world.network.register_compute(world[thief], world["attester"], compute)
    return world.network.market.open_series(world[thief], terms, compute_id)


def _open_on_anothers_compute(scene: Scene, thief: str) -> Transaction:
    terms = scene.world.halting_terms(capacity=1, expiry=scene.compute.valid_before)
    return scene.world.network.market.open_series(scene.world[thief], terms, scene.compute_id)


def _open_in_anothers_name(scene: Scene, thief: str) -> Transaction:
    world, terms = scene.world, scene.world.halting_terms(capacity=1, expiry=scene.compute.valid_before)
    opening = world.network.market.open_series(world["provider"], terms, scene.compute_id)
    return replace(opening, sender=world[thief])


def _allocate_compute_again(scene: Scene, thief: str) -> Transaction:
    return _open_on_anothers_compute(scene, thief)


def _register_compute_again(scene: Scene, thief: str) -> Transaction:
    market, attester = scene.world.network.market, scene.world["attester"]
    signature = market.attest(attester, scene.compute)
    return market.register_compute(scene.world[thief], scene.compute, attester.address, signature)


def _attest_ones_own_compute(scene: Scene, thief: str) -> Transaction:
    market, signer = scene.world.network.market, scene.world[thief]
    mine = replace(scene.compute, provider=signer.address)
    return market.register_compute(signer, mine, signer.address, market.attest(signer, mine))


def _make_compute_ones_own(scene: Scene, thief: str) -> Transaction:
    market, attester = scene.world.network.market, scene.world["attester"]
    mine = replace(scene.compute, provider=scene.world.address(thief), salt=b"\1" * 32)
    signature = market.attest(attester, scene.compute)
    return market.register_compute(scene.world[thief], mine, attester.address, signature)


def _buy_after_a_halt(scene: Scene, thief: str) -> Transaction:
    return scene.halted.purchase(scene.world[thief], scene.world.address(thief), 1, scene.world.now + 60)


def _sweep_compensation(scene: Scene, thief: str) -> Transaction:
    return scene.halted.sweep(scene.world[thief])


def _have_the_market_accept_a_role(scene: Scene, thief: str) -> Transaction:
    return scene.world.network.market.accept_role(scene.world[thief], Role.OPERATOR)


def _take_anothers_credit(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    return world.network.hub.withdraw_credit(world[thief], world.address(thief), world.network.currency.address)


def _spill_into_the_policy_bit(scene: Scene, thief: str) -> Transaction:
    world = scene.world
    return world.series.purchase(world[thief], world.address(thief), 2**136, world.now + 60)


ANYBODY = ("provider", "buyer", "relayer", "stranger", "operator", "halter", "halted provider")
NOT_PROVIDER = ANYBODY[1:]
NOT_HALTER = tuple(name for name in ANYBODY if name != "halter")
NOT_HALTED = ANYBODY[:-1]
HOLDERS = ("buyer", "stranger")

HONEST = "who keeps a Token channel honest?"
METER = "what does the meter trust?"
TERMS = "can a relayer strip the terms of a purchase?"
DELIVERED = "what counts as delivered?"
RACE = "can delivery and refund race?"
FROZEN = "frozen payers"
STAKE = "stake"
CAPACITY = "capacity"
REMAINDERS = "remainders, donations"
MARK = "who makes a series a settlement account?"
HUB = "hub"
POLICY = "policy hook of the purchase"
BACKING = "backing"
"""Not a question of the design's table, but what all of them are for."""
QUESTIONS = {HONEST, METER, TERMS, DELIVERED, RACE, FROZEN, STAKE, CAPACITY, REMAINDERS, MARK, HUB, POLICY, BACKING}

THEFTS: list[tuple[str, Theft, tuple[str, ...], type[ContractReverted] | ClaimResult]] = [
    (HONEST, _claim_without_meter, ANYBODY, e.ChannelCallerNotReceiver),
    (HONEST, _claim_row_by_row, ANYBODY, ClaimResult.CALLER_NOT_RECEIVER),
    (HONEST, _sign_claims_for_meter, ANYBODY, e.ReceiverAuthorizerSignatureInvalid),
    (HONEST, _claim_past_the_meter_on_the_thiefs_terms, HOLDERS, e.ChannelTermsRefused),
    (HONEST, _channel_that_pays_the_series, ("stranger",), e.ChannelReceiverPayeeOnly),
    (HONEST, _bring_a_meter, ANYBODY, ClaimResult.NOTHING_NEW),
    (METER, _attest_as_somebody_else, ANYBODY, e.UsageSignatureInvalid),
    (METER, _forge_a_voucher, ANYBODY, ClaimResult.VOUCHER_SIGNATURE_INVALID),
    (METER, _raise_the_ceiling, ANYBODY, ClaimResult.VOUCHER_SIGNATURE_INVALID),
    (METER, _refund_past_the_meter, ANYBODY, e.ChannelCallerNotReceiver),
    (METER, _approve_a_refund_after_a_claim, ANYBODY, e.ReceiverAuthorizerSignatureInvalid),
    (METER, _meter_money, ANYBODY, e.MeterReceiverNotSeries),
    (METER, _ask_the_meter, ANYBODY, e.MeterCallerNotHub),
    (TERMS, _become_the_beneficiary, ANYBODY, e.PurchaseNonceInvalid),
    (TERMS, _become_the_beneficiary_under_ones_own_terms, ANYBODY, e.AuthorizationSignatureInvalid),
    (TERMS, _number_a_payment_again, ANYBODY, e.AuthorizationSignatureInvalid),
    (TERMS, _strip_the_terms, ANYBODY, e.AuthorizationSignatureInvalid),
    (TERMS, _pay_without_delivery, ANYBODY, e.PayeeOnly),
    (TERMS, _buy_by_anothers_permit, ANYBODY, e.ERC20InsufficientAllowance),
    (DELIVERED, _feed_the_series, HOLDERS, e.TokenTransferRefused),
    (DELIVERED, _feed_the_hub, HOLDERS, e.TokenTransferRefused),
    (DELIVERED, _feed_the_collector, HOLDERS, e.TokenTransferRefused),
    (DELIVERED, _redeem_what_is_in_channels, ("provider",), e.ERC20InsufficientBalance),
    (DELIVERED, _redeem_what_is_in_channels, NOT_PROVIDER, e.SeriesCallerNotProvider),
    (RACE, _refund_before_expiry, ANYBODY, e.SeriesNotEnded),
    (RACE, _refund_after_a_halt, ANYBODY, e.ERC20InsufficientBalance),
    (RACE, _consume_after_a_halt, ANYBODY, e.SeriesHalted),
    (RACE, _redeem_what_is_to_be_refunded, ("halted provider",), e.ERC20InsufficientBalance),
    (RACE, _redeem_what_is_to_be_refunded, NOT_HALTED, e.SeriesCallerNotProvider),
    (FROZEN, _claim_of_a_frozen_payer, ("provider",), e.ChannelPayerFrozen),
    (FROZEN, _claim_of_a_frozen_payer, NOT_PROVIDER, e.ChannelCallerNotReceiver),
    (FROZEN, _claim_of_a_frozen_payer_row_by_row, ("provider",), ClaimResult.PAYER_FROZEN),
    (FROZEN, _claim_of_a_frozen_payer_row_by_row, NOT_PROVIDER, ClaimResult.CALLER_NOT_RECEIVER),
    (FROZEN, _claim_of_a_frozen_payer_by_signature, ANYBODY, e.ChannelPayerFrozen),
    (FROZEN, _carry_tokens_out_of_a_freeze, ANYBODY, e.HolderFrozenOutgoing),
    (FROZEN, _deposit_tokens_out_of_a_freeze, ANYBODY, e.HolderFrozenOutgoing),
    (STAKE, _withdraw_stake_that_is_not_free, ANYBODY, e.StakeInsufficient),
    (STAKE, _release_stake_before_expiry, ANYBODY, e.StakeLocked),
    (STAKE, _release_stake_of_a_halted_series, ANYBODY, e.StakeLocked),
    (STAKE, _release_stake_after_a_halt_and_expiry, ANYBODY, e.StakeAmountZero),
    (STAKE, _halt_a_rival, NOT_HALTER, e.SeriesCallerNotHalter),
    (STAKE, _halt_on_no_evidence, ("halter",), e.HaltWithoutEvidence),
    (STAKE, _halt_for_a_second_compensation, ("halter",), e.SeriesHalted),
    (STAKE, _halt_for_a_second_compensation, NOT_HALTER, e.SeriesCallerNotHalter),
    (STAKE, _halt_past_the_market, ANYBODY, e.SeriesCallerNotMarket),
    (STAKE, _open_without_stake, ANYBODY, e.StakeInsufficient),
    (CAPACITY, _sell_beyond_capacity, ANYBODY, e.CapacityExceeded),
    (CAPACITY, _open_on_anothers_compute, NOT_PROVIDER, e.ComputeNotOfProvider),
    (CAPACITY, _open_in_anothers_name, NOT_PROVIDER, e.ProviderNotCaller),
    (CAPACITY, _allocate_compute_again, ("provider",), e.ComputeCapacityExceeded),
    (CAPACITY, _register_compute_again, ANYBODY, e.ComputeRegisteredAlready),
    (CAPACITY, _attest_ones_own_compute, NOT_PROVIDER, e.ComputeAttesterInvalid),
    (CAPACITY, _make_compute_ones_own, ANYBODY, e.ComputeSignatureInvalid),
    (CAPACITY, _buy_after_a_halt, ANYBODY, e.SeriesHalted),
    (REMAINDERS, _sweep, ("provider",), e.SeriesNotEnded),
    (REMAINDERS, _sweep, NOT_PROVIDER, e.SeriesCallerNotProvider),
    (REMAINDERS, _sweep_compensation, NOT_HALTED, e.SeriesCallerNotProvider),
    (MARK, _become_a_settlement_account, ANYBODY, e.AccessManagedUnauthorized),
    (MARK, _have_the_market_accept_a_role, ANYBODY, e.AccessManagedUnauthorized),
    (HUB, _sign_a_refund_for_the_authorizer, ANYBODY, e.ReceiverAuthorizerSignatureInvalid),
    (HUB, _withdraw_anothers_channel, ANYBODY, e.ChannelCallerNotPayer),
    (HUB, _withdraw_more_than_is_unclaimed, ("buyer",), e.WithdrawAboveAvailable),
    (HUB, _pose_as_payer, ANYBODY, e.WithdrawAboveAvailable),
    (HUB, _settle_to_oneself, NOT_PROVIDER, e.NothingToSettle),
    (HUB, _take_anothers_credit, ANYBODY, e.CreditNone),
    (HUB, _put_a_deposit_elsewhere, ANYBODY, e.AuthorizationSignatureInvalid),
    (HUB, _take_a_deposit_to_oneself, ANYBODY, e.AuthorizationSignatureInvalid),
    (HUB, _submit_a_deposit_as_a_transfer, ANYBODY, e.AuthorizationSignatureInvalid),
    (POLICY, _spill_into_the_policy_bit, ANYBODY, e.CapacityExceeded),
    (BACKING, _take_tokens_without_allowance, ANYBODY, e.ERC20InsufficientAllowance),
    (BACKING, _take_money_without_allowance, ANYBODY, e.ERC20InsufficientAllowance),
    (BACKING, _seize, ANYBODY, e.AccessManagedUnauthorized),
    (BACKING, _freeze_a_rival, ANYBODY, e.AccessManagedUnauthorized),
    (BACKING, _permit_oneself, ANYBODY, e.PermitSignatureInvalid),
    (BACKING, _issue, tuple(name for name in ANYBODY if name != "operator"), e.AccessManagedUnauthorized),
    (BACKING, _issue, ("operator",), e.QuotaExceeded),
]


def test_every_question_is_tried() -> None:
    """No decision of the design is left without a thief."""
    assert {question for question, _, _, _ in THEFTS} == QUESTIONS


@pytest.mark.parametrize(
    ("theft", "thieves", "error"),
    [case[1:] for case in THEFTS],
    ids=[f"{question} {theft.__name__.strip('_')} by {thieves[0]}" for question, theft, thieves, _ in THEFTS],
)
def test_theft_fails(
    scene: Scene, theft: Theft, thieves: tuple[str, ...], error: type[ContractReverted] | ClaimResult
) -> None:
    """The theft is refused by name, and nobody's holding, stake, channel or nonce changes (P-9, P-14, P-16)."""
    before = scene.books
    for thief in thieves:
        attempt = theft(scene, thief)
        if isinstance(error, ClaimResult):
            assert results(scene.world, attempt) == [error]
            scene.world.send(attempt)
            continue
        with pytest.raises(error) as caught:
            scene.world.send(attempt)
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
    """Long after expiry what outstanding Tokens may ask for stays where it is; nobody's right has a last date."""
    world, series = scene.world, scene.world.series
    world.chain.clock.advance(series.expiry + 10**9 - world.now)
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
        replay = replace(honest, voucher=Voucher(honest.voucher.channel_id, ceiling, bytes(65)))
        world.send(metered_claim(world, [replay], "stranger"))
    assert scene.books == before
    check_ledger(world, scene.tokens)


def test_an_administrator_with_every_role_takes_no_backing(scene: Scene) -> None:
    """Who grants itself every power reaches nothing that series, hub and currency hold, nor holds it up (P-24)."""
    world, currency, admin = scene.world, scene.world.network.currency, scene.world["administrator"]
    hub, series = world.network.hub, world.series
    manager = Contract(world.network.sender, world.network.access, "NetworkAccess")
    for role in Role:
        if role is Role.ADMINISTRATOR:
            continue
        world.send(
            manager._transaction(admin, 300_000, "grantRole", role, admin.address, 0),
            manager._transaction(admin, 300_000, "acceptRole", role),
        )
    world.send(currency.desk.request_redemption(world["stranger"], world.address("operator"), FEN))
    basis, held = b"\1" * 32, scene.books
    market, halted = world.network.market.address, scene.halted.address
    for account in (series.address, hub.address, hub.collector, currency.address, market, halted):
        for attempt in (
            currency.seize(admin, account, admin.address, 1, basis),
            currency.seize_credit(admin, account, admin.address, 1, basis),
            currency.freeze(admin, account, outgoing=True, incoming=True),
            currency.freeze_amount(admin, account, 1),
            currency.register_wallet(admin, account, WalletClass.IV, real_name=False),
        ):
            with pytest.raises(e.SettlementAccountProtected):
                world.send(attempt)
    for end in (currency.desk.complete_redemption, currency.desk.reject_redemption, currency.desk.take_redemption):
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
        currency.desk.cancel_redemption(world["stranger"], 1),
    )
    gained = {name: scene.books[name] - held[name] for name in ("eCNY provider", "eCNY other buyer", "eCNY stranger")}
    assert gained == {"eCNY provider": 400 + 90, "eCNY other buyer": 5 * FEN, "eCNY stranger": FEN}
