"""Several currencies in one network: each with its own token and powers, all of them in the books and the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pysettle.audit.bundle import Bundle
from pysettle.audit.extract import export_bundle
from pysettle.audit.verify import verify
from pysettle.client import SettlementNetwork, genesis
from pysettle.client.columns import restricted
from pysettle.client.core.access import Role, Roles
from pysettle.client.money.currency import CurrencyToken
from pysettle.client.network import Plan
from pysettle.domain import invariants
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.signing import Signer
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, CurrencyTerms
from pysettle.domain.money.wallets import NO_LIMIT, ClassLimits, WalletClass
from pysettle.errors import ContractReverted, UsageError
from pysettle.errors import contracts as errors
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency

START = 1_767_225_600
MILLION = 1_000_000
ALICE, BOB = (Signer.derived("currencies", name) for name in ("alice", "bob"))


def roles_of(currency: Currency) -> Roles:
    """Return a key of its own for each power over a currency."""
    return Roles.of({role: Signer.derived("currencies", currency.value, role.label) for role in Role})


def let_issue(token: CurrencyToken, roles: Roles, units: int) -> None:
    """Attest a reserve of so many units, and let the operator issue them."""
    central_bank = roles.central_bank
    assert isinstance(central_bank, Signer)
    token.send(
        token.desk.attest_reserve(
            central_bank, central_bank.address, *token.desk.sign_reserve(central_bank, units // 10_000, 86_400)
        ),
        token.desk.set_issuance_quota(central_bank, roles.operators[0].address, units),
    )


@pytest.fixture(scope="module")
def deployed() -> SettlementNetwork:
    """Deploy e-CNY and e-HKD, each with a reserve of 100, and issue 30 and 40 to Alice."""
    powers = [key for it in Currency for keys in roles_of(it).holders().values() for key in keys]
    chain = EmbeddedChain(genesis(START, [key.address for key in (*powers, ALICE, BOB)]))
    network = SettlementNetwork.deploy(chain, Plan(roles_of(Currency.CNY)))
    network.open_currency(Currency.HKD, roles_of(Currency.HKD))
    for currency, amount in ((Currency.CNY, 30), (Currency.HKD, 40)):
        token, roles = network.currencies[currency].token, roles_of(currency)
        let_issue(token, roles, 100 * MILLION)
        network.send(token.desk.issue(roles.operators[0], ALICE.address, amount * MILLION))
    return network


@pytest.fixture
def world(deployed: SettlementNetwork) -> Iterator[SettlementNetwork]:
    """Return that network, as it was then."""
    chain = deployed.chain
    assert isinstance(chain, EmbeddedChain)
    snapshot = chain.snapshot()
    yield deployed
    chain.revert(snapshot)


def test_a_further_currency_is_named_and_apart(world: SettlementNetwork) -> None:
    """Its token has its own name, domain, authority and balances, no wallet classes, and hub and collector marked."""
    first, second = (world.currencies[it].token for it in (Currency.CNY, Currency.HKD))
    assert (first, list(world.currencies)) == (world.currency, [Currency.CNY, Currency.HKD])
    assert second.name == "e-HKD token (simulated)"
    assert second._read("symbol") == "eHKD"
    assert second.domain.digest(b"\0" * 32) != first.domain.digest(b"\0" * 32)
    assert (first.balance_of(ALICE.address), second.balance_of(ALICE.address)) == (30 * MILLION, 40 * MILLION)
    assert all(second.class_limits(it) == ClassLimits() for it in WalletClass)
    assert first.class_limits(WalletClass.IV).payment != NO_LIMIT
    for account in (world.hub.address, world.hub.collector):
        assert second.is_settlement_account(account)
    assert not second.is_settlement_account(first.address)
    for currency, system in world.currencies.items():
        assert system.token._read("authority") == system.access.address
        assert system.access.holders(Role.ADMINISTRATOR) == (roles_of(currency).administrator.address,)


def test_a_currency_is_opened_once(world: SettlementNetwork) -> None:
    """A second one of the same code is refused before anything is deployed."""
    before = world.chain.block().number
    for currency in (Currency.CNY, Currency.HKD):
        with pytest.raises(UsageError, match=f"has {currency.value} already"):
            world.open_currency(currency, roles_of(currency))
    assert world.chain.block().number == before


_ORDERS: dict[str, Callable[[CurrencyToken, Roles], Transaction]] = {
    "setIssuanceQuota": lambda token, who: token.desk.set_issuance_quota(who.central_bank, BOB.address, 1),
    "setReserveRatio": lambda token, who: token.desk.set_reserve_ratio(who.central_bank, 5_000),
    "setClassLimits": lambda token, who: token.set_class_limits(who.central_bank, WalletClass.IV, ClassLimits()),
    "issue": lambda token, who: token.desk.issue(who.operators[0], BOB.address, MILLION),
    "takeRedemption": lambda token, who: token.desk.take_redemption(who.operators[0], 1),
    "completeRedemption": lambda token, who: token.desk.complete_redemption(who.operators[0], 1),
    "rejectRedemption": lambda token, who: token.desk.reject_redemption(who.operators[0], 1),
    "registerWallet": lambda token, who: token.register_wallet(who.registrar, BOB.address, WalletClass.I),
    "markSettlementAccount": lambda token, who: token.mark_settlement_account(who.settlement_registrar, token.address),
    "freeze": lambda token, who: token.freeze(who.freezer, ALICE.address, outgoing=True, incoming=True),
    "freezeAmount": lambda token, who: token.freeze_amount(who.freezer, ALICE.address, 1),
    "seize": lambda token, who: token.seize(who.seizer, ALICE.address, BOB.address, 1, b"\1" * 32),
    "seizeCredit": lambda token, who: token.seize_credit(who.seizer, ALICE.address, BOB.address, 1, b"\1" * 32),
    "pause": lambda token, who: token.pause(who.pauser),
    "unpause": lambda token, who: token.unpause(who.pauser),
}
"""Function -> a call of it by who holds the role for it, of some currency."""


def test_every_restricted_function_is_tried() -> None:
    """The table below leaves none out."""
    assert set(_ORDERS) == {*restricted("CurrencyToken"), *restricted("IssuanceDesk")}


@pytest.mark.parametrize("function", _ORDERS)
@pytest.mark.parametrize("own", [Currency.CNY, Currency.HKD])
def test_no_power_reaches_another_currency(world: SettlementNetwork, function: str, own: Currency) -> None:
    """Who holds the power over one currency is refused by the other for want of it, and not by its own."""
    other = Currency.HKD if own is Currency.CNY else Currency.CNY
    with pytest.raises(errors.AccessManagedUnauthorized):
        world.sender.simulate(_ORDERS[function](world.currencies[other].token, roles_of(own)))
    try:
        world.sender.simulate(_ORDERS[function](world.currencies[own].token, roles_of(own)))
    except (errors.AccessManagedUnauthorized, errors.AccessManagerUnauthorizedAccount):
        pytest.fail(f"the holder of the role was refused {function}")
    except ContractReverted:
        pass  # its arguments are refused, which comes after its role


def test_a_central_bank_attests_its_own_reserve_alone(world: SettlementNetwork) -> None:
    """The other central bank's attestation is refused, though its signature is right."""
    token, stranger = world.currencies[Currency.HKD].token, roles_of(Currency.CNY).central_bank
    assert isinstance(stranger, Signer)
    before = token.desk.reserve()
    with pytest.raises(errors.ReserveAttesterInvalid):
        token.send(
            token.desk.attest_reserve(stranger, stranger.address, *token.desk.sign_reserve(stranger, 10**9, 86_400))
        )
    assert token.desk.reserve() == before


def test_an_authorization_is_of_one_currency(world: SettlementNetwork) -> None:
    """What was signed for one token is refused by the other: their domains differ (P-14)."""
    first, second = (world.currencies[it].token for it in (Currency.CNY, Currency.HKD))
    permit, signature = first.sign_permit(ALICE, BOB.address, 5, START + 10**6)
    with pytest.raises(errors.PermitSignatureInvalid):
        second.send(second.permit(BOB, permit, signature))
    assert second.allowance(ALICE.address, BOB.address) == 0


def test_books_and_audit_balance_for_both(world: SettlementNetwork, tmp_path: Path) -> None:
    """Ledger and audit keep each currency's supply, holders and reserve; a redemption in one is none in the other."""
    first, second = (world.currencies[it].token for it in (Currency.CNY, Currency.HKD))
    hkd = roles_of(Currency.HKD)
    (asked, *_) = world.send(
        second.desk.request_redemption(ALICE, hkd.operators[0].address, 15 * MILLION),
        first.transfer(ALICE, BOB.address, 3 * MILLION),
        second.transfer(ALICE, BOB.address, 5 * MILLION),
    )
    world.send(second.desk.complete_redemption(hkd.operators[0], second.desk.redemption_id(asked)))
    follower = world.follow()
    follower.update()
    ledger = follower.ledger
    assert invariants.check(ledger) == []
    assert world.contracts()[CURRENCY_TOKEN].keys() == {first.address, second.address}
    expected = {first: (30, 27, 3), second: (25, 20, 5)}
    for token, amounts in expected.items():
        supply, alice, bob = (amount * MILLION for amount in amounts)
        assert ledger.supply(token.address) == token.total_supply() == supply
        for holder, units in ((ALICE, alice), (BOB, bob)):
            assert ledger.held(token.address, holder.address) == token.balance_of(holder.address) == units
    chain = world.chain
    assert isinstance(chain, EmbeddedChain)
    export_bundle(chain, tmp_path / "bundle", world.contracts())
    report = verify(tmp_path / "bundle")
    assert (report.passed, report.level, report.findings) == (True, "S", ())
    assert Bundle.read(tmp_path / "bundle").manifest.contracts[CURRENCY_TOKEN].keys() == {first.address, second.address}


def test_a_currency_that_the_books_leave_out_is_named(world: SettlementNetwork, tmp_path: Path) -> None:
    """Of a bundle that lists e-CNY alone a notice says of the other token that its books are not kept."""
    chain, token = world.chain, world.currency
    only = {
        CURRENCY_TOKEN: {token.address: None},
        ISSUANCE_DESK: {token.desk.address: CurrencyTerms(token.address)},
    }
    assert isinstance(chain, EmbeddedChain)
    export_bundle(chain, tmp_path / "bundle", Contracts({**world.contracts().listed, **only}))
    report = verify(tmp_path / "bundle")
    named = world.currencies[Currency.HKD].token.address.hex()
    assert report.findings == ()
    assert [it.detail for it in report.notices if it.subject == f"contract 0x{named}"]
