"""The gas of every entry of the contracts, exact, beside the figures that were reviewed last.

`PYSETTLE_GAS=write scripts/test tests/contracts/test_gas.py` writes the figures anew, to be reviewed like code. Gas is
that of the whole transaction; "warm" is between accounts that hold something before and after.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from eth_typing import Address
from eth_utils.crypto import keccak

from pysettle.client import ComputeToken
from pysettle.client.core.access import NetworkAccess, Role
from pysettle.client.core.contract import Contract
from pysettle.client.core.token import Token
from pysettle.client.money.interest import MOST_ROWS
from pysettle.client.settlement.clearing import ProposedBatch
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.core.messages import Authorization
from pysettle.domain.money.wallets import E_CNY_CLASS_LIMITS, ClassLimits, WalletClass
from pysettle.domain.settlement.calendars import CLOSED, DAY_MINUTES, Hours, Week
from pysettle.domain.settlement.messages import Instruction, code_word
from pysettle.evm import artifacts
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.values import Units
from tests.columns import booked
from tests.contracts.abroad import PROVIDER as SELLER
from tests.contracts.abroad import Abroad, open_abroad
from tests.contracts.banks import AGENT, BEIJING, HONGKONG, Banks, open_banks
from tests.contracts.books import (
    AUTHORIZER,
    RECEIVER,
    metered_claim,
    open_currency_channel,
    open_token_channel,
    row,
    sign_batch,
    sign_refund,
    used,
)
from tests.contracts.clearing import CENTRAL_BANK, REASON, STRANGER, House, open_house
from tests.contracts.effects import at
from tests.contracts.hostile import Hostile, liars_channel
from tests.contracts.orders import (
    ARBITER,
    BOND,
    BUYER,
    CONTENT,
    EVIDENCE,
    GROUNDS,
    PAYER,
    PROVIDER,
    Job,
    funded,
    placed,
    terms_of,
)
from tests.contracts.savings import declare, opened, statement
from tests.contracts.ways import Ways, ways_of
from tests.contracts.world import CAPACITY, FEN, LIFE_S, YUAN, World

WITHOUT_SCENARIO = {
    "CurrencyToken.createTo": "the desk alone calls it: part of IssuanceDesk.issue",
    "CurrencyToken.holdFrom": "the desk alone calls it: part of IssuanceDesk.requestRedemption",
    "CurrencyToken.destroyHeld": "the desk alone calls it: part of IssuanceDesk.completeRedemption",
    "ComputeToken.halt": "the market alone calls it: part of ComputeMarket.halt",
    "ChannelHub.multicall": "it costs what its calls cost",
    "Corridors.admit": "a contract that moves positions alone calls it",
    "Corridors.release": "a contract that moves positions alone calls it",
    "Corridors.admitBatch": "a contract that moves positions alone calls it: part of ClearingHouse.queue",
    "Corridors.releaseBatch": "a contract that moves positions alone calls it: part of ClearingHouse.cancel",
    "LiquidityAccounts.settleNets": "the clearing house alone calls it: part of ClearingHouse.settleCycle",
    "LiquidityAccounts.move": "a contract that moves positions alone calls it: part of Corridors.clearOut",
    "LiquidityAccounts.moveLegs": "the settlement contract alone calls it: part of AtomicSettlement.submit",
    "LiquidityAccounts.earmarkLegs": "the settlement contract alone calls it: part of AtomicSettlement.submit",
    "LiquidityAccounts.deliverLegs": "the settlement contract alone calls it: part of AtomicSettlement.settle",
    "LiquidityAccounts.sendLegsHome": "the settlement contract alone calls it: part of AtomicSettlement.unwind",
    "LiquidityAccounts.setStanding": "the registry alone calls it: part of ParticipantRegistry.admit and setStops",
    "LiquidityAccounts.exchange": "the foreign exchange alone calls it: part of ForeignExchange.purchase",
    "ForeignExchange.take": "the contract alone calls it: a quote of a list in ForeignExchange.purchase",
    "UsageMeter.attestUsage": "the hub alone calls it: part of ChannelHub.claimMetered",
}
SNAPSHOT = Path(__file__).with_name("gas.json")
CLAIMED_ROWS = 100
DAILY = Week((Hours(0, DAY_MINUTES),) * 7, CLOSED, 8 * 60)
"""Open on each day of the week, so that the hours of both currencies are looked at."""

Scenario = Callable[[World], Transaction]
SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str) -> Callable[[Scenario], Scenario]:
    """Register what prepares a transaction and returns it."""

    def register(prepare: Scenario) -> Scenario:
        assert name not in SCENARIOS, f"two scenarios are called {name}"
        SCENARIOS[name] = prepare
        return prepare

    return register


def holders(world: World) -> None:
    """Give two accounts 100 yuan each, of class II: their limits hold, and they have paid today."""
    currency, parties = world.network.currency, ("buyer", "other buyer")
    limits = E_CNY_CLASS_LIMITS[WalletClass.II]
    world.send(currency.set_class_limits(world["central bank"], WalletClass.II, limits))
    for name in parties:
        world.fund(name, 100 * YUAN)
        world.send(currency.register_wallet(world["registrar"], world.address(name), WalletClass.II))
    for payer, payee in (parties, parties[::-1]):
        world.send(currency.transfer(world[payer], world.address(payee), YUAN))


@scenario("CurrencyToken.transfer, warm")
def _(world: World) -> Transaction:
    holders(world)
    return world.network.currency.transfer(world["buyer"], world.address("other buyer"), YUAN)


@scenario("CurrencyToken.transfer, to a new holder")
def _(world: World) -> Transaction:
    holders(world)
    return world.network.currency.transfer(world["buyer"], world.address("stranger"), YUAN)


@scenario("CurrencyToken.transfer, first of a year")
def _(world: World) -> Transaction:
    holders(world)
    world.chain.clock.advance(366 * 86_400)
    return world.network.currency.transfer(world["buyer"], world.address("other buyer"), YUAN)


@scenario("CurrencyToken.transfer, warm, without limits")
def _(world: World) -> Transaction:
    holders(world)
    currency = world.network.currency
    world.send(currency.set_class_limits(world["central bank"], WalletClass.II, ClassLimits()))
    return currency.transfer(world["buyer"], world.address("other buyer"), YUAN)


@scenario("CurrencyToken.approve")
def _(world: World) -> Transaction:
    return world.network.currency.approve(world["buyer"], world.address("stranger"), YUAN)


@scenario("CurrencyToken.transferFrom, warm, within an allowance that is left")
def _(world: World) -> Transaction:
    holders(world)
    currency = world.network.currency
    world.send(currency.approve(world["buyer"], world.address("relayer"), 2 * YUAN))
    return currency.transfer_from(world["relayer"], world.address("buyer"), world.address("other buyer"), YUAN)


def authorization(world: World, *, neighbour: bool) -> tuple[Authorization, bytes]:
    """Return the buyer's signed payment; its nonce shares a word with a spent one, or with none."""
    holders(world)
    currency, spent, value = world.network.currency, 1 << 32, YUAN
    payments = [
        replace(world.authorization("buyer", world.address("other buyer"), value), nonce=nonce)
        for nonce in (spent.to_bytes(32, "big"), (spent + 1).to_bytes(32, "big"), keccak(b"random"))
    ]
    signed = [(it, world["buyer"].sign(it.transfer_digest(currency.domain))) for it in payments]
    world.send(currency.transfer_with_authorization(world["relayer"], *signed[0]))
    return signed[1 if neighbour else 2]


@scenario("CurrencyToken.transferWithAuthorization, warm, random nonce")
def _(world: World) -> Transaction:
    signed = authorization(world, neighbour=False)
    return world.network.currency.transfer_with_authorization(world["relayer"], *signed)


@scenario("CurrencyToken.transferWithAuthorization, warm, neighbouring nonce")
def _(world: World) -> Transaction:
    signed = authorization(world, neighbour=True)
    return world.network.currency.transfer_with_authorization(world["relayer"], *signed)


@scenario("CurrencyToken.receiveWithAuthorization, warm, random nonce")
def _(world: World) -> Transaction:
    payment, _ = authorization(world, neighbour=False)
    currency = world.network.currency
    signature = world["buyer"].sign(payment.receive_digest(currency.domain))
    return currency.receive_with_authorization(world["other buyer"], payment, signature)


@scenario("CurrencyToken.cancelAuthorization, random nonce")
def _(world: World) -> Transaction:
    return world.network.currency.cancel_authorization(world["relayer"], world["buyer"], keccak(b"random"))


@scenario("IssuanceDesk.issue, to a holder")
def _(world: World) -> Transaction:
    holders(world)
    currency, operator = world.network.currency, world["operator"]
    world.send(currency.desk.set_issuance_quota(world["central bank"], operator.address, 2 * YUAN))
    return currency.desk.issue(operator, world.address("buyer"), YUAN)


@scenario("IssuanceDesk.requestRedemption")
def _(world: World) -> Transaction:
    holders(world)
    currency = world.network.currency
    world.send(currency.desk.request_redemption(world["other buyer"], world.address("operator"), FEN))
    return currency.desk.request_redemption(world["buyer"], world.address("operator"), FEN)


@scenario("IssuanceDesk.takeRedemption")
def _(world: World) -> Transaction:
    return world.network.currency.desk.take_redemption(world["operator"], requested(world))


@scenario("IssuanceDesk.completeRedemption")
def _(world: World) -> Transaction:
    holders(world)
    currency = world.network.currency
    world.send(currency.desk.request_redemption(world["buyer"], world.address("operator"), FEN))
    return currency.desk.complete_redemption(world["operator"], 1)


@scenario("ComputeToken.purchase, by allowance, warm")
def _(world: World) -> Transaction:
    holders(world)
    world.buy("buyer", 2_000_000)
    series, currency = world.series, world.network.currency
    world.send(currency.approve(world["buyer"], series.address, 10 * YUAN))
    return series.purchase(world["buyer"], world.address("buyer"), 2_000_000, world.now + 60)


@scenario("ComputeToken.purchaseWithAuthorization, warm")
def _(world: World) -> Transaction:
    holders(world)
    world.buy("buyer", 2_000_000)
    series, terms = world.series, world.purchase_terms("buyer", 2_000_000)
    payment, signature = series.sign_purchase(world["buyer"], world.network.currency.domain, 300_000, terms)
    return series.purchase_with_authorization(world["relayer"], payment, terms, signature)


@scenario("ComputeToken.purchaseWithAuthorization, warm, numbered in sequence")
def _(world: World) -> Transaction:
    holders(world)
    world.buy("buyer", 2_000_000)
    series, terms, currency = world.series, world.purchase_terms("buyer", 2_000_000), world.network.currency
    first, second = (series.sign_purchase(world["buyer"], currency.domain, 300_000, terms, it) for it in range(2))
    world.send(series.purchase_with_authorization(world["relayer"], first[0], terms, first[1]))
    return series.purchase_with_authorization(world["relayer"], second[0], terms, second[1])


@scenario("ComputeToken.purchaseWithPermit, warm")
def _(world: World) -> Transaction:
    holders(world)
    world.buy("buyer", 2_000_000)
    buyer, series = world["buyer"], world.series
    permit, signature = world.network.currency.sign_permit(buyer, series.address, 300_000, world.now + 3_600)
    return series.purchase_with_permit(buyer, buyer.address, 2_000_000, world.now + 60, permit, signature)


@scenario("ComputeToken.purchaseWithTransferAuthorization, warm")
def _(world: World) -> Transaction:
    holders(world)
    world.buy("buyer", 2_000_000)
    payment = replace(world.authorization("buyer", world.series.address, 300_000), nonce=keccak(b"random"))
    signature = world["buyer"].sign(payment.transfer_digest(world.network.currency.domain))
    return world.series.purchase_with_transfer_authorization(world["relayer"], payment, signature)


@scenario("ComputeToken.transfer, warm")
def _(world: World) -> Transaction:
    for name in ("buyer", "other buyer"):
        world.buy(name, 1_000)
    return world.series.transfer(world["buyer"], world.address("other buyer"), 10)


@scenario("ComputeToken.consume, again")
def _(world: World) -> Transaction:
    world.buy("buyer", 1_000)
    world.send(world.series.consume(world["buyer"], 10))
    return world.series.consume(world["buyer"], 10)


@scenario("ComputeToken.redeem")
def _(world: World) -> Transaction:
    world.buy("buyer", 1_000_000)
    world.fund("provider", YUAN)
    world.send(world.series.consume(world["buyer"], 1_000_000))
    return world.series.redeem(world["provider"], 500_000)


@scenario("ChannelHub.deposit, in an open channel")
def _(world: World) -> Transaction:
    config = open_token_channel(world, "buyer", 1_000)
    world.buy("buyer", 1_000)
    hub = world.network.hub
    data = hub.sign_deposit(world["buyer"], world.series, config, 500, world.now + 3_600, 7)
    return hub.deposit(world["relayer"], config, 500, data)


def claim(world: World, names: Sequence[str], rows: int) -> Transaction:
    """Return a second claim on channels that each had a first one."""
    configs = [
        (name, open_token_channel(world, name, 1_000, salt=place.to_bytes(32, "big")))
        for place in range(rows)
        for name in [names[place % len(names)]]
    ]
    claims = [
        metered_claim(world, [row(world, name, config, used(usage), 1_000) for name, config in configs])
        for usage in (100, 200)
    ]
    world.send(claims[0])
    return claims[1]


@scenario("ChannelHub.claimMetered, one channel")
def _(world: World) -> Transaction:
    return claim(world, ["buyer"], 1)


@scenario(f"ChannelHub.claimMetered, {CLAIMED_ROWS} channels")
def _(world: World) -> Transaction:
    return claim(world, ["buyer", "other buyer"], CLAIMED_ROWS)


@scenario(f"ChannelHub.claimMetered, {CLAIMED_ROWS} channels, one of them left out")
def _(world: World) -> Transaction:
    config = open_token_channel(world, "stranger", 1_000)
    rows = [row(world, "relayer", config, used(200), 1_000)]
    configs = [
        (name, open_token_channel(world, name, 1_000, salt=place.to_bytes(32, "big")))
        for place in range(CLAIMED_ROWS - 1)
        for name in [("buyer", "other buyer")[place % 2]]
    ]
    world.send(metered_claim(world, [row(world, name, it, used(100), 1_000) for name, it in configs]))
    return metered_claim(world, rows + [row(world, name, it, used(200), 1_000) for name, it in configs])


@scenario("ChannelHub.tryClaim, one channel in currency")
def _(world: World) -> Transaction:
    config = open_currency_channel(world, "buyer", FEN)
    return world.network.hub.try_claim(world[RECEIVER], [(config, world.voucher("buyer", config, 900), 600)])


@scenario("ChannelHub.withdrawCredit")
def _(world: World) -> Transaction:
    token, hub, receiver = Hostile(world, "Liar"), world.network.hub, world.address(RECEIVER)
    config = liars_channel(world, token)
    world.send(
        hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, FEN), FEN)]),
        token.call("answerTransfersWith", False),
        hub.settle(world["stranger"], receiver, token.address),
        token.call("answerTransfersWith", True),
    )
    return hub.withdraw_credit(world["stranger"], receiver, token.address)


@scenario("ChannelHub.settle")
def _(world: World) -> Transaction:
    world.send(claim(world, ["buyer"], 1))
    return world.network.hub.settle(world["relayer"], world.series.address, world.series.address)


@scenario("ChannelHub.initiateWithdraw")
def _(world: World) -> Transaction:
    return world.network.hub.initiate_withdraw(world["buyer"], open_token_channel(world, "buyer", 1_000), 500)


@scenario("ChannelHub.finalizeWithdraw")
def _(world: World) -> Transaction:
    config, hub = open_token_channel(world, "buyer", 1_000), world.network.hub
    world.send(hub.initiate_withdraw(world["buyer"], config, 500))
    world.chain.clock.advance(config.withdraw_delay_s)
    return hub.finalize_withdraw(world["buyer"], config)


def requested(world: World) -> int:
    """Have the buyer ask for redemption; return the request's number."""
    holders(world)
    world.send(world.network.currency.desk.request_redemption(world["buyer"], world.address("operator"), FEN))
    return 1


SCENARIOS |= {
    "IssuanceDesk.setIssuanceQuota, first": lambda world: world.network.currency.desk.set_issuance_quota(
        world["central bank"], world.address("operator"), YUAN
    ),
    "IssuanceDesk.setReserveRatio": lambda world: world.network.currency.desk.set_reserve_ratio(
        world["central bank"], 9_000
    ),
    "CurrencyToken.setClassLimits": lambda world: world.network.currency.set_class_limits(
        world["central bank"], WalletClass.II, E_CNY_CLASS_LIMITS[WalletClass.II]
    ),
    "CurrencyToken.registerWallet, first": lambda world: world.network.currency.register_wallet(
        world["registrar"], world.address("buyer"), WalletClass.II
    ),
    "IssuanceDesk.rejectRedemption": lambda world: world.network.currency.desk.reject_redemption(
        world["operator"], requested(world)
    ),
    "IssuanceDesk.cancelRedemption": lambda world: world.network.currency.desk.cancel_redemption(
        world["buyer"], requested(world)
    ),
    "CurrencyToken.markSettlementAccount": lambda world: world.network.currency.mark_settlement_account(
        world["settlement registrar"], world.network.meter.address
    ),
    "CurrencyToken.freeze, first": lambda world: world.network.currency.freeze(
        world["freezer"], world.address("buyer"), outgoing=True, incoming=False
    ),
    "CurrencyToken.freezeAmount, first": lambda world: world.network.currency.freeze_amount(
        world["freezer"], world.address("buyer"), YUAN
    ),
    "CurrencyToken.pause": lambda world: world.network.currency.pause(world["pauser"]),
    "CurrencyToken.unpause": lambda world: world.network.currency.unpause(world["pauser"]),
    "CurrencyToken.setPayeeOnly, first": lambda world: world.network.currency.set_payee_only(world["buyer"]),
}


@scenario("CurrencyToken.seize, warm")
def _(world: World) -> Transaction:
    holders(world)
    parties = world.address("buyer"), world.address("other buyer")
    return world.network.currency.seize(world["seizer"], *parties, YUAN, keccak(b"a court's order"))


@scenario("CurrencyToken.transfer, warm, with a frozen amount")
def _(world: World) -> Transaction:
    holders(world)
    currency = world.network.currency
    world.send(currency.freeze_amount(world["freezer"], world.address("buyer"), YUAN))
    return currency.transfer(world["buyer"], world.address("other buyer"), YUAN)


def credited(world: World) -> None:
    """Have a full account refunded: it gets a credit of two yuan."""
    config = open_currency_channel(world, "buyer", 2 * YUAN)
    currency = world.network.currency
    world.send(
        currency.set_class_limits(world["central bank"], WalletClass.IV, ClassLimits(balance=0)),
        world.network.hub.refund(world[RECEIVER], config, 2 * YUAN),
        currency.set_class_limits(world["central bank"], WalletClass.IV, ClassLimits()),
    )


@scenario("CurrencyToken.claimCredit, part of it")
def _(world: World) -> Transaction:
    credited(world)
    return world.network.currency.claim_credit(world["relayer"], world.address("buyer"), YUAN)


@scenario("CurrencyToken.seizeCredit, part of it")
def _(world: World) -> Transaction:
    credited(world)
    parties = world.address("buyer"), world.address("other buyer")
    return world.network.currency.seize_credit(world["seizer"], *parties, YUAN, keccak(b"a court's order"))


@scenario("IssuanceDesk.attestReserve, again")
def _(world: World) -> Transaction:
    currency, bank = world.network.currency, world["central bank"]
    return currency.desk.attest_reserve(world["relayer"], bank.address, *currency.desk.sign_reserve(bank, 10**9, 3_600))


@scenario("CurrencyToken.permit, again")
def _(world: World) -> Transaction:
    return permit_again(world, world.network.currency)


@scenario("ComputeToken.permit, again")
def _(world: World) -> Transaction:
    return permit_again(world, world.series)


def permit_again(world: World, token: Token) -> Transaction:
    """Return an owner's second permit for a spender."""
    owner, spender, deadline = world["buyer"], world.address("stranger"), world.now + 3_600
    world.send(token.permit(world["relayer"], *token.sign_permit(owner, spender, 5, deadline)))
    return token.permit(world["relayer"], *token.sign_permit(owner, spender, 7, deadline))


@scenario("ComputeToken.approve")
def _(world: World) -> Transaction:
    return world.series.approve(world["buyer"], world.address("stranger"), 10)


@scenario("ComputeToken.transferFrom, warm, within an allowance that is left")
def _(world: World) -> Transaction:
    for name in ("buyer", "other buyer"):
        world.buy(name, 1_000)
    world.send(world.series.approve(world["buyer"], world.address("relayer"), 20))
    return world.series.transfer_from(world["relayer"], world.address("buyer"), world.address("other buyer"), 10)


def token_payment(world: World) -> Authorization:
    """Return the buyer's authorization of ten Tokens to another holder, with a random nonce."""
    for name in ("buyer", "other buyer"):
        world.buy(name, 1_000)
    return replace(world.authorization("buyer", world.address("other buyer"), 10), nonce=keccak(b"random"))


@scenario("ComputeToken.transferWithAuthorization, warm, random nonce")
def _(world: World) -> Transaction:
    payment = token_payment(world)
    signature = world["buyer"].sign(payment.transfer_digest(world.series.domain))
    return world.series.transfer_with_authorization(world["relayer"], payment, signature)


@scenario("ComputeToken.receiveWithAuthorization, warm, random nonce")
def _(world: World) -> Transaction:
    payment = token_payment(world)
    signature = world["buyer"].sign(payment.receive_digest(world.series.domain))
    return world.series.receive_with_authorization(world["other buyer"], payment, signature)


@scenario("ComputeToken.cancelAuthorization, random nonce")
def _(world: World) -> Transaction:
    return world.series.cancel_authorization(world["relayer"], world["buyer"], keccak(b"random"))


@scenario("ComputeToken.refund")
def _(world: World) -> Transaction:
    world.buy("buyer", 1_000_000)
    world.chain.clock.advance(LIFE_S)
    return world.series.refund(world["buyer"], 500_000)


@scenario("ComputeToken.sweep")
def _(world: World) -> Transaction:
    world.buy("buyer", 3)
    world.chain.clock.advance(LIFE_S)
    world.send(world.series.refund(world["buyer"], 3))
    return world.series.sweep(world["provider"])


@scenario("ChannelHub.claim, one channel in currency")
def _(world: World) -> Transaction:
    config = open_currency_channel(world, "buyer", FEN)
    return world.network.hub.claim(world[RECEIVER], [(config, world.voucher("buyer", config, 900), 600)])


@scenario("ChannelHub.claimWithSignature, one channel in currency")
def _(world: World) -> Transaction:
    config = open_currency_channel(world, "buyer", FEN)
    rows = [(config, world.voucher("buyer", config, 900), 600)]
    return world.network.hub.claim_with_signature(world["relayer"], rows, sign_batch(world, AUTHORIZER, rows))


@scenario("ChannelHub.refund")
def _(world: World) -> Transaction:
    return world.network.hub.refund(world[RECEIVER], open_currency_channel(world, "buyer", FEN), 400)


@scenario("ChannelHub.refundWithSignature")
def _(world: World) -> Transaction:
    config = open_currency_channel(world, "buyer", FEN)
    signature = sign_refund(world, AUTHORIZER, config, 400, 0)
    return world.network.hub.refund_with_signature(world["relayer"], config, 400, 0, signature)


def attested_compute(world: World) -> ComputeAttestation:
    """Return what an attester signs for a series of the usual capacity."""
    end = world.now + LIFE_S
    return ComputeAttestation(world.address("provider"), "Ascend 910C", 1, CAPACITY, end - 1, end, keccak(b"salt"))


def promising(world: World) -> ComputeToken:
    """Open a second series, with stake behind it."""
    world.stake("provider", YUAN)
    return world.open(world.halting_terms())


@scenario("ComputeMarket.registerCompute")
def _(world: World) -> Transaction:
    market, attester, compute = world.network.market, world["attester"], attested_compute(world)
    return market.register_compute(world["relayer"], compute, attester.address, market.attest(attester, compute))


@scenario("ComputeMarket.stake, again")
def _(world: World) -> Transaction:
    holders(world)
    market, currency = world.network.market, world.network.currency
    world.send(currency.approve(world["buyer"], market.address, 3 * YUAN), market.stake(world["buyer"], YUAN))
    return market.stake(world["buyer"], YUAN)


@scenario("ComputeMarket.withdrawStake, part of it")
def _(world: World) -> Transaction:
    world.stake("provider", 2 * YUAN)
    world.fund("provider", YUAN)
    return world.network.market.withdraw_stake(world["provider"], YUAN)


@scenario("ComputeMarket.openSeries, with stake")
def _(world: World) -> Transaction:
    terms = world.halting_terms()
    world.stake("provider", 20 * YUAN)
    compute_id = world.network.register_compute(world["provider"], world["attester"], attested_compute(world))
    return world.network.market.open_series(world["provider"], replace(terms, expiry=terms.expiry - 60), compute_id)


@scenario("ComputeMarket.releaseStake")
def _(world: World) -> Transaction:
    series = promising(world)
    world.chain.clock.advance(series.expiry - world.now)
    return world.network.market.release_stake(world["stranger"], series.address)


@scenario("ComputeMarket.halt")
def _(world: World) -> Transaction:
    series = promising(world)
    replace(world, series=series).buy("buyer", 1_000_000)
    return world.halt(series)


@scenario("ComputeMarket.acceptRole, again")
def _(world: World) -> Transaction:
    access, role = NetworkAccess(world.network.sender, world.network.access), Role.SETTLEMENT_REGISTRAR
    world.send(access.offer(world["administrator"], role, world.network.market.address))
    return world.network.market.accept_role(world["settlement registrar"], role)


@scenario("ComputeToken.refund, with compensation")
def _(world: World) -> Transaction:
    series = promising(world)
    replace(world, series=series).buy("buyer", 1_000_000)
    world.send(world.halt(series))
    return series.refund(world["buyer"], 500_000)


@scenario("InterestPayments.acceptRole, again")
def _(world: World) -> Transaction:
    contract = opened(world)
    manager = Contract(world.network.sender, world.network.access, "NetworkAccess")
    role = manager._read("getTargetFunctionRole", contract.address, contract.interface.selector("declare"))
    world.send(manager._transaction(world["administrator"], 300_000, "grantRole", role, contract.address, 0))
    return contract.accept_role(world["operator"], role)


@scenario("InterestPayments.declare, again")
def _(world: World) -> Transaction:
    contract, owed = opened(world), [(world.address("buyer"), FEN)]
    declare(world, contract, statement(world, contract, owed, first_day=1, end_day=2))
    return contract.declare(world["operator"], statement(world, contract, owed))


def interest(world: World, rows: int, paid_before: int) -> Transaction:
    """Return a payment of interest to holders, after which the period is paid but for a row."""
    contract = opened(world)
    owed = [(Address(place.to_bytes(2, "big") * 10), FEN) for place in range(paid_before + rows + 1)]
    stated = statement(world, contract, owed)
    first = declare(world, contract, statement(world, contract, owed, first_day=1, end_day=2))
    period = declare(world, contract, stated)
    before = statement(world, contract, owed, first_day=1, end_day=2)
    # Everybody holds something, and the period has paid something.
    for start in range(0, len(owed), MOST_ROWS):
        world.send(contract.pay(world["relayer"], first, before, before.rows[start : start + MOST_ROWS]))
    world.send(contract.pay(world["relayer"], period, stated, stated.rows[:paid_before]))
    return contract.pay(world["relayer"], period, stated, stated.rows[paid_before : paid_before + rows])


@scenario("InterestPayments.pay, one row of four, warm")
def _(world: World) -> Transaction:
    return interest(world, 1, 2)


@scenario(f"InterestPayments.pay, {MOST_ROWS} rows of 128, warm")
def _(world: World) -> Transaction:
    return interest(world, MOST_ROWS, 27)


def job_scenario(name: str, step: Callable[[Job], Transaction], *stages: Callable[[Job], Job]) -> None:
    """Register a step of a job that has gone through some stages."""

    def prepare(world: World) -> Transaction:
        job = placed(world)
        for stage in stages:
            job = stage(job)
        return step(job)

    scenario(f"JobEscrow.{name}")(prepare)


job_scenario("cancel, two milestones", lambda job: job.escrow.cancel(job.world[PAYER], job.id))
job_scenario("accept", lambda job: job.escrow.accept(job.world[PROVIDER], job.id))
job_scenario("deliver", lambda job: job.escrow.deliver(job.world[PROVIDER], job.id, 0, CONTENT), Job.accepted)
job_scenario("concede", lambda job: job.escrow.concede(job.world[PROVIDER], job.id, 0), Job.disputed)
job_scenario("acceptDelivery", lambda job: job.escrow.accept_delivery(job.world[BUYER], job.id, 0), Job.delivered)
job_scenario("rule", lambda job: job.escrow.rule(job.world[ARBITER], job.id, 0, 5_000, GROUNDS), Job.disputed)


@scenario("JobEscrow.place, two milestones")
def _(world: World) -> Transaction:
    terms = terms_of(world)
    funded(world, terms)
    return world.network.jobs.place(world[PAYER], terms)


@scenario("JobEscrow.placeWithAuthorization, two milestones")
def _(world: World) -> Transaction:
    terms, jobs, until = terms_of(world), world.network.jobs, world.now + 3_600
    funded(world, terms)
    signature = jobs.sign_order(world[PAYER], world.network.currency, terms, until)
    return jobs.place_with_authorization(world["stranger"], world.address(PAYER), terms, until, signature)


@scenario("JobEscrow.dispute")
def _(world: World) -> Transaction:
    job = placed(world).delivered()
    world.fund(BUYER, BOND)
    world.send(world.network.currency.approve(world[BUYER], job.escrow.address, BOND))
    return job.escrow.dispute(world[BUYER], job.id, 0, EVIDENCE)


@scenario("JobEscrow.conclude, nobody rules")
def _(world: World) -> Transaction:
    job = placed(world).disputed()
    world.chain.clock.advance(job.terms.arbitration_s)
    return job.escrow.conclude(world["stranger"], job.id, 0)


@scenario("JobEscrow.payDue")
def _(world: World) -> Transaction:
    job = placed(world).delivered()
    world.send(job.escrow.accept_delivery(world[BUYER], job.id, 0))
    return job.escrow.pay_due(world["stranger"], world.address(PROVIDER), job.terms.currency)


def bank_scenario(name: str, step: Callable[[Banks], Transaction], *before: Callable[[Banks], Transaction]) -> None:
    """Register a step of two banks with positions, after other steps."""

    def prepare(world: World) -> Transaction:
        banks = open_banks(world, abroad=False)
        world.send(*(earlier(banks) for earlier in before))
        return step(banks)

    scenario(name)(prepare)


def of_buyer(banks: Banks) -> tuple[Address, Address]:
    """Return the currency and the account of a position."""
    return banks.token().address, banks.world.address(BEIJING)


bank_scenario("ParticipantRegistry.admit", lambda it: it.admit(AGENT))
bank_scenario(
    "ParticipantRegistry.setStops, second of its word",
    lambda it: it.stops(BEIJING, stopped=True),
    lambda it: it.stops(HONGKONG, stopped=True),
)
bank_scenario("LiquidityAccounts.payIn, warm", lambda it: it.pay_in(BEIJING, YUAN))
bank_scenario("LiquidityAccounts.payOut, warm", lambda it: it.pay_out(BEIJING, YUAN))
bank_scenario(
    "LiquidityAccounts.freeze",
    lambda it: it.liquidity.freeze(it.world["freezer"], *of_buyer(it), outgoing=True, incoming=False),
)
bank_scenario(
    "LiquidityAccounts.freezeAmount, first",
    lambda it: it.liquidity.freeze_amount(it.world["freezer"], *of_buyer(it), YUAN),
)
bank_scenario(
    "LiquidityAccounts.seize, warm",
    lambda it: it.liquidity.seize(it.world["seizer"], *of_buyer(it), it.world.address(HONGKONG), YUAN, GROUNDS),
)
bank_scenario("LiquidityAccounts.pause", lambda it: it.liquidity.pause(it.world["pauser"], it.token().address))
bank_scenario(
    "LiquidityAccounts.unpause",
    lambda it: it.liquidity.unpause(it.world["pauser"], it.token().address),
    lambda it: it.liquidity.pause(it.world["pauser"], it.token().address),
)
bank_scenario(
    "LiquidityAccounts.copyFreeze",
    lambda it: it.liquidity.copy_freeze(it.world["stranger"], *of_buyer(it)),
    lambda it: it.token().freeze(it.world["freezer"], it.world.address(BEIJING), outgoing=True, incoming=False),
)
bank_scenario(
    "LiquidityAccounts.copyPause",
    lambda it: it.liquidity.copy_pause(it.world["stranger"], it.token().address),
    lambda it: it.token().pause(it.world["pauser"]),
)


def house_scenario(name: str, step: Callable[[House, ProposedBatch], Transaction], *, closed: bool = False) -> None:
    """Register a step in the clearing house, with a queued batch of two items and reserved units to pay it."""

    def prepare(world: World) -> Transaction:
        banks = open_banks(world)
        for currency in (Currency.CNY, Currency.HKD):
            world.send(banks.admit(HONGKONG, currency, jurisdiction=156))
        house = open_house(banks)
        world.send(house.reserve(BEIJING, 50), house.reserve(HONGKONG, 50))
        batch = house.queued(BEIJING, (HONGKONG, 10), (HONGKONG, 20))
        if closed:
            world.send(house.close())
        else:
            house.wait(900)
        return step(house, batch)

    scenario(name)(prepare)


house_scenario("ClearingHouse.queue, 2 items", lambda it, _: it.queue(BEIJING, (HONGKONG, 10), (HONGKONG, 20)))
house_scenario(
    "ClearingHouse.setHeld, first",
    lambda it, batch: it.contract.set_held(it.banks.world[BEIJING], it.currency, batch.marking([0]), held=True),
)
house_scenario(
    "ClearingHouse.cancel", lambda it, batch: it.contract.cancel(it.banks.world[BEIJING], it.currency, batch)
)
house_scenario(
    "ClearingHouse.reject", lambda it, batch: it.contract.reject(it.banks.world[HONGKONG], it.currency, batch, REASON)
)
house_scenario(
    "ClearingHouse.setOperator, again",
    lambda it, _: it.contract.set_operator(it.banks.world[CENTRAL_BANK], it.currency, it.banks.world.address(STRANGER)),
)
house_scenario("ClearingHouse.closeCycle", lambda it, _: it.close(after=0))
house_scenario(
    "ClearingHouse.settleCycle, 2 items of one batch",
    lambda it, batch: it.settle(batch, names=(BEIJING, HONGKONG)),
    closed=True,
)
house_scenario("ClearingHouse.endCycle", lambda it, _: it.end(), closed=True)
house_scenario("LiquidityAccounts.reserve, again", lambda it, _: it.reserve(BEIJING, 1))
house_scenario("LiquidityAccounts.release", lambda it, _: it.release(BEIJING, 1))


def way_scenario(name: str, step: Callable[[Ways], Transaction], prepare: Callable[[Ways], object]) -> None:
    """Register a step of corridors between two banks, after other steps."""

    def make(world: World) -> Transaction:
        ways = ways_of(open_banks(world))
        prepare(ways)
        return step(ways)

    scenario(name)(make)


def _clearable(ways: Ways) -> None:
    """Have Hong Kong hold more e-CNY than the limit, outside the opening hours."""
    ways.open()
    ways.banks.world.send(ways.banks.admit(AGENT), ways.week())
    at(ways.banks.world, ways.banks.world.now // 86_400 * 86_400 + 86_400)


way_scenario(
    "ParticipantRegistry.agreeHome, first consent",
    lambda it: it.agree_home(Currency.CNY, 764, Address(b"\7" * 20)),
    lambda it: None,
)
way_scenario(
    "ParticipantRegistry.agreeHome, last of three consents",
    lambda it: it.agree_home(Currency.HKD, *it.proposed_home()),
    lambda it: None,
)
way_scenario("Corridors.agree, first consent", lambda it: it.agree(Currency.CNY), lambda it: None)
way_scenario(
    "Corridors.agree, in force",
    lambda it: it.agree(Currency.HKD),
    lambda it: it.banks.world.send(it.agree(Currency.CNY)),
)
way_scenario(
    "Corridors.close",
    lambda it: it.corridors.close(it.banks.world["central bank"], it.way(), it.way().currency),
    lambda it: it.open(),
)
way_scenario("Corridors.setWeek", lambda it: it.week(), lambda it: None)
way_scenario(
    "Corridors.setDays",
    lambda it: it.corridors.set_days(it.banks.world["central bank"], it.way().currency, 80, 1),
    lambda it: None,
)
way_scenario("Corridors.signPayload", lambda it: it.sign(it.statement(YUAN)), lambda it: None)
way_scenario("Corridors.clearOut", lambda it: it.clear_out(it.banks.world.address(HONGKONG)), _clearable)


def exchange(world: World, *, wait_s: int = 0) -> tuple[Banks, Instruction, list[int]]:
    """Have both banks settle two exchanges, or let the second wait; their next ids share a word with these."""
    banks = open_banks(world)
    ways = ways_of(banks)
    for currency in (Currency.CNY, Currency.HKD):
        ways.open(currency)
        world.send(ways.week(currency, DAILY))
    banks.submitted(banks.pvp())
    instruction = banks.pvp(value_time=world.now + wait_s if wait_s else 0)
    return banks, instruction, banks.submitted(instruction)


def submission(banks: Banks, instruction: Instruction) -> Transaction:
    """Return the submission of an instruction by a relayer."""
    return banks.settlement.submit(banks.world["relayer"], instruction, banks.approvals(instruction))


@scenario("AtomicSettlement.submit, two legs of two currencies, warm")
def _(world: World) -> Transaction:
    banks, _, _ = exchange(world)
    return submission(banks, banks.pvp())


@scenario("AtomicSettlement.submit, one leg, warm")
def _(world: World) -> Transaction:
    banks, _, _ = exchange(world)
    return submission(banks, banks.pvp(legs=(banks.leg(BEIJING, HONGKONG, YUAN),)))


@scenario("AtomicSettlement.submit, two legs that wait, warm")
def _(world: World) -> Transaction:
    banks, _, _ = exchange(world, wait_s=60)
    return submission(banks, banks.pvp(value_time=world.now + 60))


@scenario("AtomicSettlement.submitReturn, one leg of two")
def _(world: World) -> Transaction:
    banks, original, ids = exchange(world)
    # No corridor leads back, so that the banks are of one country now.
    world.send(banks.admit(HONGKONG, jurisdiction=156))
    first, original_id = original.legs[0].reversed(YUAN), original.settlement_id(ids)
    returning = banks.pvp(legs=(first,), original=original_id, reason=code_word("AC03"))
    approvals = banks.approvals(returning)
    return banks.settlement.submit_return(world["relayer"], returning, approvals, original, ids, [0])


@scenario("AtomicSettlement.settle, two legs")
def _(world: World) -> Transaction:
    banks, instruction, ids = exchange(world, wait_s=60)
    world.chain.clock.advance(60)
    return banks.settlement.settle(world["stranger"], instruction, ids)


@scenario("AtomicSettlement.unwind, two legs")
def _(world: World) -> Transaction:
    banks, instruction, ids = exchange(world, wait_s=60)
    world.send(banks.stops(BEIJING, stopped=True))
    return banks.settlement.unwind(world["stranger"], instruction, ids)


@scenario("AtomicSettlement.withdraw, neighbouring id")
def _(world: World) -> Transaction:
    banks, _, _ = exchange(world)
    return banks.settlement.withdraw(world[BEIJING], 255)


def abroad_scenario(name: str, step: Callable[[Abroad], Transaction]) -> None:
    """Register a step of foreign exchange after a purchase: the words of its quote and its window are in use."""

    def make(world: World) -> Transaction:
        abroad = open_abroad(open_banks(world))
        world.send(*(abroad.ways.week(it) for it in (Currency.CNY, Currency.HKD)))
        at(world, world.now // 86_400 * 86_400 + 3 * 3_600)
        world.send(abroad.rate(), abroad.buy())
        return step(abroad)

    scenario(name)(make)


abroad_scenario("ForeignExchange.purchase, by allowance, warm", lambda it: it.buy())
abroad_scenario("ForeignExchange.purchase, relayed, warm", lambda it: it.relayed())
abroad_scenario(
    "ForeignExchange.purchase, the second quote of two",
    lambda it: it.buy(it.signed(sold_amount=Units(YUAN)), it.signed()),
)
abroad_scenario("ForeignExchange.cancel, neighbouring id", lambda it: it.exchange.cancel(it.world[SELLER], 200))
scenario("ComputeMarket.setPurchasePolicy")(
    lambda world: world.network.market.set_purchase_policy(world["central bank"], world.series.address)
)
scenario("ComputeMarket.setProviderJurisdiction")(
    lambda world: world.network.market.set_provider_jurisdiction(world["central bank"], 156, admitted=True)
)
abroad_scenario("ForeignExchange.setClassLimit", lambda it: it.limit(WalletClass.I))
abroad_scenario("ForeignExchange.attestRate, again", lambda it: it.rate())
abroad_scenario(
    "ForeignExchange.admitSeries",
    lambda it: it.exchange.admit_series(it.world["relayer"], it.world.open(it.world.halting_terms()).address),
)


def measured(world: World) -> dict[str, int]:
    """Return mapping scenario -> gas of its transaction, each on the world as it was."""
    figures = {}
    for name, prepare in SCENARIOS.items():
        snapshot, opened = world.chain.snapshot(), len(world.network.series)
        deployed, currencies = dict(world.network._deployed), dict(world.network.currencies)
        (receipt,) = world.send(prepare(world))
        figures[name] = receipt.gas_used
        world.chain.revert(snapshot)
        del world.network.series[opened:]
        world.network._deployed, world.network.currencies = deployed, currencies
    return figures


@pytest.mark.long
def test_gas_is_what_was_reviewed(world: World) -> None:
    """Dearer or cheaper, a change is seen, and told with both figures."""
    if not isinstance(world.chain, EmbeddedChain):
        pytest.skip("times, and so the zero bytes of call data, are the embedded chain's")
    figures = measured(world)
    if os.environ.get("PYSETTLE_GAS") == "write":
        SNAPSHOT.write_text(json.dumps(figures, indent=2) + "\n")
    reviewed = json.loads(SNAPSHOT.read_text())
    changed = [
        f"{name}: {reviewed.get(name)} -> {figures.get(name)}"
        for name in dict.fromkeys([*reviewed, *figures])
        if reviewed.get(name) != figures.get(name)
    ]
    assert not changed, "gas has changed (PYSETTLE_GAS=write takes it over): " + "; ".join(changed)


def test_every_entry_has_a_scenario() -> None:
    """No function that changes the chain is left out, overloads apart, but those that are named with the reason."""
    entries = {
        f"{contract}.{entry['name']}"
        for contract in booked()
        for entry in artifacts.load(contract).abi
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    }
    assert entries - WITHOUT_SCENARIO.keys() == {name.partition(",")[0] for name in SCENARIOS}
    assert entries > WITHOUT_SCENARIO.keys()
