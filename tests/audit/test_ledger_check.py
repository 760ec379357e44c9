"""The books: kept from re-executed events, compared with the chain, and never fooled by what is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.audit.bundle import CHAIN_FILE, CONTRACT_FILES, GENESIS_FILE, Bundle
from pysettle.audit.engines import BlockRefused, CallRefused, ExecutedLog, ExecutedTransaction, PyEvmEngine
from pysettle.audit.extract import export_bundle
from pysettle.audit.ledger import LedgerCheck
from pysettle.audit.report import Check, Outcome
from pysettle.audit.verify import verify
from pysettle.domain import invariants
from pysettle.domain.channel.contracts import CHANNEL_HUB, DEPOSIT_COLLECTOR, USAGE_METER
from pysettle.domain.channel.events import Claimed
from pysettle.domain.compute.contracts import COMPUTE_TOKEN, SERIES_FACTORY, SeriesPricing
from pysettle.domain.compute.events import Purchased
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import AuthorizationUsed, Transfer
from pysettle.domain.core.findings import Severity
from pysettle.domain.core.messages import ZERO_ADDRESS, ChannelId
from pysettle.domain.jobs.contracts import JOB_ESCROW
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, NETWORK_ACCESS, CurrencyTerms
from pysettle.domain.money.events import (
    ClassLimitsSet,
    Credited,
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
from pysettle.domain.money.wallets import E_CNY_CLASS_LIMITS, ClassLimits, WalletClass
from pysettle.scenarios.demo import SERIES_LIFE_S, Demo
from pysettle.scenarios.workload import generate
from tests.audit import forge
from tests.audit.logs import log

CURRENCY, SERIES, HUB, METER, BANK, BUYER, DESK = (Address(bytes([number]) * 20) for number in range(1, 8))
ISSUED = {CURRENCY_TOKEN: {CURRENCY: None}, ISSUANCE_DESK: {DESK: CurrencyTerms(CURRENCY)}}
CONTRACTS = Contracts(
    {
        **ISSUED,
        COMPUTE_TOKEN: {SERIES: SeriesPricing(CURRENCY, 150_000, RateCard(Meters(1, 30, 90), Meters(2, 60, 180)))},
        CHANNEL_HUB: {HUB: None},
        USAGE_METER: {METER: None},
    }
)


def codes(*logs: ExecutedLog, contracts: Contracts = CONTRACTS) -> list[tuple[str, str]]:
    """Return (code, subject) of what the books find in one transaction of block 9 with these logs."""
    books = LedgerCheck(contracts)
    books.apply(9, 0, [ExecutedTransaction(True, 21_000, logs)])
    return [(each.finding.code, each.finding.subject) for each in books.divergences]


def test_an_honest_issuance_has_no_finding() -> None:
    """Issued within the quota and the reserve, and created as stated: nothing to find."""
    assert not codes(
        log(DESK, ReserveAttested(1, BANK, 1, 0, 1)),
        log(DESK, IssuanceQuotaSet(BANK, 10)),
        log(DESK, Issued(BANK, BUYER, 7, 3)),
        log(CURRENCY, Transfer(ZERO_ADDRESS, BUYER, 7)),
    )


FUNDED = (
    log(DESK, ReserveAttested(1, BANK, 1, 0, 2**63)),
    log(DESK, IssuanceQuotaSet(BANK, 50)),
    log(DESK, Issued(BANK, BUYER, 20, 30)),
    log(CURRENCY, Transfer(ZERO_ADDRESS, BUYER, 20)),
)

FORGED = {
    "created without issuance": ("INV-SUPPLY", [log(CURRENCY, Transfer(ZERO_ADDRESS, BUYER, 7))]),
    "spent without holding": ("INV-SUPPLY", [log(CURRENCY, Transfer(BUYER, BANK, 7))]),
    "issued beyond the quota": (
        "INV-RESERVE",
        [
            log(DESK, Issued(BANK, BUYER, 7, 0)),
            log(CURRENCY, Transfer(ZERO_ADDRESS, BUYER, 7)),
        ],
    ),
    "issued beyond the reserve": (
        "INV-RESERVE",
        [
            log(DESK, IssuanceQuotaSet(BANK, 10_001)),
            log(DESK, ReserveAttested(1, BANK, 1, 0, 1)),
            log(DESK, Issued(BANK, BUYER, 10_001, 0)),
            log(CURRENCY, Transfer(ZERO_ADDRESS, BUYER, 10_001)),
        ],
    ),
    "authorization twice": ("INV-ONCE", [log(CURRENCY, AuthorizationUsed(BUYER, bytes(32)))] * 2),
    "Tokens without backing": (
        "INV-BACKING",
        [
            log(SERIES, Purchased(BUYER, BUYER, 10**9, 0)),
            log(SERIES, Transfer(ZERO_ADDRESS, BUYER, 10**9)),
        ],
    ),
    "redeemed twice": (
        "INV-FINAL",
        [log(DESK, RedemptionCompleted(1, BUYER, BANK, 0, 0))],
    ),
    "a quota restored by more than was redeemed": (
        "INV-RESERVE",
        [
            log(DESK, RedemptionRequested(1, BUYER, BANK, 0)),
            log(DESK, RedemptionCompleted(1, BUYER, BANK, 0, 5)),
        ],
    ),
    "claimed beyond usage": (
        "INV-USAGE",
        [log(HUB, Claimed(ChannelId(bytes(32)), SERIES, SERIES, 5, 5))],
    ),
    "channel overdrawn": (
        "INV-CHANNEL",
        [log(HUB, Claimed(ChannelId(bytes(32)), BUYER, CURRENCY, 5, 5))],
    ),
    "left a frozen account": (
        "INV-FROZEN",
        [
            log(CURRENCY, FreezeSet(BUYER, True, False)),
            log(CURRENCY, Transfer(BUYER, BANK, 7)),
        ],
    ),
    "a settlement account frozen": (
        "INV-FROZEN",
        [
            log(CURRENCY, SettlementAccountMarked(HUB)),
            log(CURRENCY, FrozenAmountSet(HUB, 7)),
        ],
    ),
    "seized and not moved": ("INV-FROZEN", [log(CURRENCY, Seized(BUYER, BANK, 7, b"\1" * 32))]),
    "paid beyond a limit": (
        "INV-LIMIT",
        [
            *FUNDED,
            log(CURRENCY, ClassLimitsSet(0, 100, 100, 6, 100)),
            log(CURRENCY, Transfer(BUYER, BANK, 5)),
            log(CURRENCY, Transfer(BUYER, BANK, 2)),
        ],
    ),
    "paid out above a cap": (
        "INV-LIMIT",
        [
            *FUNDED,
            log(CURRENCY, SettlementAccountMarked(HUB)),
            log(CURRENCY, Transfer(BUYER, HUB, 7)),
            log(CURRENCY, ClassLimitsSet(0, 6, 100, 100, 100)),
            log(CURRENCY, Transfer(HUB, BANK, 7)),
        ],
    ),
    "a credit that never moved": (
        "INV-SUPPLY",
        [
            *FUNDED,
            log(CURRENCY, FreezeSet(BANK, False, True)),
            log(CURRENCY, Seized(BUYER, BANK, 7, b"\1" * 32)),
            log(CURRENCY, Credited(BANK, BUYER, 7, 7)),
        ],
    ),
    "a credit of another amount than it states": (
        "INV-REPLAY",
        [
            *FUNDED,
            log(CURRENCY, FreezeSet(BANK, False, True)),
            log(CURRENCY, Seized(BUYER, BANK, 7, b"\1" * 32)),
            log(CURRENCY, Credited(BANK, BUYER, 7, 8)),
            log(CURRENCY, Transfer(BUYER, CURRENCY, 7)),
        ],
    ),
    "cancelled though taken": (
        "INV-FINAL",
        [
            *FUNDED,
            log(DESK, RedemptionRequested(1, BUYER, BANK, 5)),
            log(CURRENCY, Transfer(BUYER, DESK, 5)),
            log(DESK, RedemptionTaken(1, BUYER, BANK, 5, 86_400)),
            log(DESK, RedemptionCancelled(1, BUYER, BANK, 5)),
            log(CURRENCY, Transfer(DESK, BUYER, 5)),
        ],
    ),
    "a ratio that the reserve does not meet": (
        "INV-RESERVE",
        [
            log(DESK, ReserveRatioSet(5_000)),
            log(DESK, ReserveAttested(1, BANK, 1, 0, 1)),
            log(DESK, IssuanceQuotaSet(BANK, 20_000)),
            log(DESK, Issued(BANK, BUYER, 20_000, 0)),
            log(CURRENCY, Transfer(ZERO_ADDRESS, BUYER, 20_000)),
            log(DESK, ReserveRatioSet(5_001)),
        ],
    ),
    "an event of another form": (
        "INV-REPLAY",
        [ExecutedLog(CURRENCY, log(CURRENCY, Transfer(BUYER, BUYER, 0)).topics[:1], b"")],
    ),
    "an event of another contract": ("INV-REPLAY", [log(CURRENCY, Purchased(BUYER, BUYER, 1, 1))]),
}


@pytest.mark.parametrize(("code", "logs"), FORGED.values(), ids=FORGED)
def test_a_forged_history_has_its_code(code: str, logs: list[ExecutedLog]) -> None:
    """A history that breaks an invariant is found under the invariant's code, at its block and transaction."""
    found = codes(*logs)
    assert code in [each[0] for each in found]
    assert all(subject.startswith("block 9 transaction 0") for _, subject in found)


def test_a_broken_balance_is_named_once() -> None:
    """An invariant that stays broken is one finding, named at the transaction that broke it."""
    books = LedgerCheck(CONTRACTS)
    creation = ExecutedTransaction(True, 1, (log(CURRENCY, Transfer(ZERO_ADDRESS, BUYER, 7)),))
    books.apply(1, 0, [creation])
    books.apply(2, 0, [creation, creation])
    # More is held than was issued, and than operating institutions have positions for.
    assert [(each.block, each.finding.code) for each in books.divergences] == [(1, "INV-SUPPLY"), (1, "INV-RESERVE")]


def test_units_that_a_desk_refuses_are_no_donation() -> None:
    """Units at a desk without a request are a finding under INV-SUPPLY, and no donation that is allowed."""
    books = LedgerCheck(CONTRACTS)
    books.apply(9, 0, [ExecutedTransaction(True, 1, (*FUNDED, log(CURRENCY, Transfer(BUYER, DESK, 7))))])
    (found,) = books.divergences
    assert (found.finding.code, f"desk 0x{DESK.hex()}" in found.finding.subject) == ("INV-SUPPLY", True)
    assert not [it for it in invariants.notices(books.ledger) if DESK.hex() in it.subject]


def test_an_unlisted_contract_of_the_network_is_named() -> None:
    """A contract that emits the network's events and is not listed is a notice: anybody may emit them (P-29)."""
    books = LedgerCheck(Contracts())
    said = [Transfer(BUYER, BANK, 1), Issued(BANK, BUYER, 1, 0)]
    books.apply(3, 0, [ExecutedTransaction(True, 1, tuple(log(CURRENCY, event) for event in said))])
    (notice,) = books.close(3, 1, lambda to, data: b"")
    assert (notice.code, notice.severity) == ("AUDIT-L", Severity.NOTICE)
    assert notice.detail.startswith("emits Issued, Transfer and is not listed")
    assert not books.divergences


def words(*numbers: int | bytes) -> bytes:
    """Return the words that a contract answers with."""
    return b"".join(it.rjust(32, b"\0") if isinstance(it, bytes) else it.to_bytes(32, "big") for it in numbers)


def asked(signature: str, *arguments: int | bytes) -> bytes:
    """Return the call data of a question."""
    return keccak(signature.encode())[:4] + words(*arguments)


UNLIMITED = words(*[2**256 - 1] * 4)
NOTHING_SAID = {
    asked("totalSupply()"): words(0),
    asked("issuanceDesk()"): words(DESK),
    asked("currency()"): words(CURRENCY),
    asked("reserveRatio()"): words(10_000),
    **{asked("classLimits(uint8)", wallet_class): UNLIMITED for wallet_class in range(5)},
}
"""The answers of a currency and its desk of which no event tells."""


def differing(logs: tuple[ExecutedLog, ...], answers: dict[bytes, bytes], timestamp: int = 0) -> list[str]:
    """Return the details of what answers differ in from the books of one block."""
    books = LedgerCheck(Contracts(ISSUED))
    books.apply(2, timestamp, [ExecutedTransaction(True, 1, logs)])
    assert not books.divergences
    asked_for = set()

    def call(to: Address, data: bytes) -> bytes:
        asked_for.add(data)
        return answers[data]

    books.close(2, 1, call)
    assert asked_for == set(answers)
    assert {(each.finding.code, each.block) for each in books.divergences} <= {("INV-REPLAY", 2), ("AUDIT-L", 2)}
    return [each.finding.detail for each in books.divergences]


def check_every_word(logs: tuple[ExecutedLog, ...], answers: dict[bytes, bytes], timestamp: int = 0) -> None:
    """Assert that answers agree with the books, and that each word of each, changed by one, is told."""
    assert differing(logs, answers, timestamp) == []
    for data, answer in answers.items():
        for place in range(31, len(answer), 32):
            changed = answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1 :]
            assert len(differing(logs, answers | {data: changed}, timestamp)) == 1, data.hex()


def test_answers_that_differ_from_the_books_are_named() -> None:
    """A contract that answers otherwise, too short, or not at all is a finding under INV-REPLAY."""

    def refuse(to: Address, data: bytes) -> bytes:
        raise CallRefused("no")

    check_every_word((), NOTHING_SAID)
    for answer in (lambda to, data: b"", lambda to, data: NOTHING_SAID[data][:-1], refuse):
        books = LedgerCheck(Contracts(ISSUED))
        books.close(2, 1, answer)
        found = [(each.finding.code, each.block) for each in books.divergences]
        assert sorted(found) == [("AUDIT-L", 2)] * 2 + [("INV-REPLAY", 2)] * (len(NOTHING_SAID) - 2)


def test_freezes_marks_and_reserve_are_compared_with_storage() -> None:
    """What events say is frozen, was frozen, is marked, and is in reserve, the currency must answer at the head."""
    said = (
        log(CURRENCY, FreezeSet(BUYER, True, False)),
        log(CURRENCY, FrozenAmountSet(BUYER, 7)),
        log(CURRENCY, FrozenAmountSet(BANK, 9)),
        log(CURRENCY, FrozenAmountSet(BANK, 0)),
        log(CURRENCY, SettlementAccountMarked(HUB)),
        log(DESK, ReserveAttested(3, BANK, 5, 1, 2)),
    )
    answers = NOTHING_SAID | {
        asked("reserve()"): words(5, 1, 3, 2),
        asked("frozen(address)", BUYER): words(1, 0, 7),
        asked("frozen(address)", BANK): words(0, 0, 0),
        asked("isSettlementAccount(address)", HUB): words(1),
    }
    check_every_word(said, answers)


FUNDS = {
    asked("totalSupply()"): words(20),
    asked("reserve()"): words(1, 0, 1, 2**63),
    asked("issuanceQuota(address)", BANK): words(30),
    asked("operatorPosition(address)", BANK): words(20),
}
NOT_REGISTERED = words(0, 0, 0, 0, 0, 0, 0)


def test_wallets_are_compared_with_storage() -> None:
    """Registration, what was paid on the day and in the year, limits and ratio: a changed counter is told."""
    said = (
        *FUNDED,
        log(DESK, ReserveRatioSet(9_999)),
        log(CURRENCY, ClassLimitsSet(0, 40, 30, 20, 10)),
        log(CURRENCY, ClassLimitsSet(2, 10**8, 2**256 - 1, 0, 2**256 - 1)),
        log(CURRENCY, WalletRegistered(BANK, 2, 20_000, 344, True)),
        log(CURRENCY, Transfer(BUYER, SERIES, 4)),
        log(CURRENCY, Transfer(BUYER, BANK, 3)),
    )
    answers = (
        NOTHING_SAID
        | FUNDS
        | {
            asked("reserveRatio()"): words(9_999),
            asked("classLimits(uint8)", 0): words(40, 30, 20, 10),
            asked("classLimits(uint8)", 2): words(10**8, 2**256 - 1, 0, 2**256 - 1),
            asked("balanceOf(address)", BUYER): words(13),
            asked("balanceOf(address)", SERIES): words(4),
            asked("balanceOf(address)", BANK): words(3),
            # 16 February 1970 in UTC+8.
            asked("wallet(address)", BUYER): words(0, 0, 0, 0, 46, 7, 7),
            asked("wallet(address)", BANK): words(2, 20_000, 344, 1, 0, 0, 0),
            asked("wallet(address)", SERIES): NOT_REGISTERED,
        }
    )
    check_every_word(said, answers, timestamp=46 * 86_400)


def test_credits_positions_and_redemptions_are_compared_with_storage() -> None:
    """What is owed to whom, what institutions issued less what they redeemed, and where each redemption stands."""
    other = Address(bytes([9]) * 20)
    said = (
        *FUNDED,
        log(CURRENCY, SettlementAccountMarked(DESK)),
        log(DESK, RedemptionRequested(1, BUYER, other, 6)),
        log(CURRENCY, Transfer(BUYER, DESK, 6)),
        log(DESK, RedemptionTaken(1, BUYER, other, 6, 5 + 86_400)),
        log(DESK, RedemptionCompleted(1, BUYER, other, 6, 6)),
        log(CURRENCY, Transfer(DESK, ZERO_ADDRESS, 6)),
        log(DESK, RedemptionRequested(2, BUYER, BANK, 5)),
        log(CURRENCY, Transfer(BUYER, DESK, 5)),
        log(CURRENCY, FreezeSet(BUYER, False, True)),
        log(DESK, RedemptionRejected(2, BUYER, BANK, 5)),
        log(CURRENCY, Credited(BUYER, DESK, 5, 5)),
        log(CURRENCY, Transfer(DESK, CURRENCY, 5)),
        log(DESK, RedemptionRequested(3, BUYER, BANK, 1)),
        log(CURRENCY, Transfer(BUYER, DESK, 1)),
    )
    answers = (
        NOTHING_SAID
        | FUNDS
        | {
            asked("totalSupply()"): words(14),
            asked("balanceOf(address)", BUYER): words(8),
            asked("balanceOf(address)", CURRENCY): words(5),
            asked("balanceOf(address)", DESK): words(1),
            asked("frozen(address)", BUYER): words(0, 1, 0),
            asked("issuanceQuota(address)", other): words(6),
            asked("operatorPosition(address)", other): words(2**256 - 6),
            asked("creditOf(address)", BUYER): words(5),
            asked("redemption(uint256)", 1): words(BUYER, 6, other, 3, 5 + 86_400),
            asked("redemption(uint256)", 2): words(BUYER, 5, BANK, 4, 0),
            asked("redemption(uint256)", 3): words(BUYER, 1, BANK, 1, 0),
            asked("wallet(address)", BUYER): NOT_REGISTERED,
            asked("wallet(address)", CURRENCY): NOT_REGISTERED,
            asked("wallet(address)", DESK): NOT_REGISTERED,
            asked("isSettlementAccount(address)", DESK): words(1),
        }
    )
    check_every_word(said, answers, timestamp=5)
    (told,) = differing(said, answers | {asked("operatorPosition(address)", other): words(2**256 - 7)}, timestamp=5)
    assert told.endswith("expected -6, got -7")


# ------------------------------------------------------------------------ on the real contracts


def test_frozen_and_seized_money_passes(tmp_path: Path) -> None:
    """A currency that was frozen, seized, paused and attested anew verifies, storage included."""
    run = Demo(generate(4, 20), seed=4)
    run.issue_and_sell()
    currency, roles, (first, second) = run.network.currency, run.network.roles, run.buyers[:2]
    held, holder = currency.balance_of(first.signer.address), first.signer.address
    assert held > 1
    run.network.send(
        currency.freeze(roles.freezer, holder, outgoing=True, incoming=True),
        currency.freeze_amount(roles.freezer, holder, held),
        currency.freeze_amount(roles.freezer, second.signer.address, 5),
        currency.freeze_amount(roles.freezer, second.signer.address, 0),
        currency.pause(roles.pauser),
        currency.seize(roles.seizer, holder, second.signer.address, held - 1, b"\1" * 32),
        currency.unpause(roles.pauser),
    )
    reserve, signature = currency.desk.sign_reserve(roles.central_bank, 10**6, 60)
    run.network.send(currency.desk.attest_reserve(run.relayer, roles.central_bank.address, reserve, signature))
    bundle = export_bundle(run.chain, tmp_path / "bundle", run.network.contracts())
    report = verify(bundle.directory)
    assert report.findings == ()
    assert report.checks[Check.LEDGER] is Outcome.PASSED


def test_limited_and_credited_money_passes(tmp_path: Path) -> None:
    """Payments counted over days, payouts that could not come in, claims and seizures of them verify on real contracts.

    A series pays out to a closed account, a redemption is refused to a full one, and one seizure ends as a credit.
    """
    run = Demo(generate(4, 20), seed=4)
    run.issue_and_sell()
    network, currency, roles, bank = run.network, run.network.currency, run.network.roles, run.bank
    first, second, third = (buyer.signer for buyer in run.buyers[:3])
    tokens = run.series.balance_of(first.address)
    fen = 10_000
    network.send(
        currency.register_wallet(roles.registrar, third.address, WalletClass.I, jurisdiction=156),
        currency.transfer(second, first.address, 3 * fen),
        currency.transfer(third, second.address, fen),
        currency.desk.request_redemption(second, bank.address, 2 * fen),
        currency.desk.request_redemption(first, bank.address, fen),
        currency.desk.request_redemption(third, bank.address, fen),
        currency.desk.take_redemption(bank, 1),
        currency.desk.take_redemption(bank, 2),
        currency.desk.complete_redemption(bank, 2),
        currency.desk.cancel_redemption(third, 3),
        currency.desk.set_reserve_ratio(roles.central_bank, 9_000),
    )
    run.chain.clock.advance(run.last + SERIES_LIFE_S + 86_400 - run.chain.clock.now())
    network.send(
        currency.transfer(second, third.address, fen),
        currency.set_class_limits(roles.central_bank, WalletClass.IV, ClassLimits(balance=0)),
        currency.desk.cancel_redemption(second, 1),
        currency.freeze(roles.freezer, first.address, outgoing=True, incoming=True),
        run.series.refund(first, tokens),
        currency.seize(roles.seizer, first.address, second.address, fen, b"\1" * 32),
        currency.seize_credit(roles.seizer, second.address, first.address, 2 * fen, b"\1" * 32),
        currency.set_class_limits(roles.central_bank, WalletClass.IV, E_CNY_CLASS_LIMITS[WalletClass.IV]),
        currency.claim_credit(run.relayer, second.address, fen),
        currency.seize_credit(roles.seizer, first.address, third.address, fen, b"\1" * 32),
    )
    assert currency.credit_of(second.address) == 0
    assert currency.credit_of(first.address) == currency.balance_of(currency.address) > fen
    assert currency.wallet(second.address).spent_on_day == fen
    report = verify(export_bundle(run.chain, tmp_path / "bundle", network.contracts()).directory)
    assert report.findings == ()
    assert report.checks[Check.LEDGER] is Outcome.PASSED


def test_a_whole_settlement_passes(settlement_bundle: Bundle) -> None:
    """A settlement on the real contracts passes every check, books included."""
    report = verify(settlement_bundle.directory)
    assert report.findings == ()
    assert report.checks[Check.LEDGER] is Outcome.PASSED


Change = Callable[[Contracts], Contracts]


def _without_meter(contracts: Contracts) -> Contracts:
    return Contracts({**contracts.listed, USAGE_METER: {}})


def _cheaper(contracts: Contracts) -> Contracts:
    series = {address: replace(terms, unit_price=1) for address, terms in contracts[COMPUTE_TOKEN].items()}
    return Contracts({**contracts.listed, COMPUTE_TOKEN: series})


def _other_rates(contracts: Contracts) -> Contracts:
    card = RateCard(Meters(1, 1, 1), Meters(1, 1, 1))
    series = {address: replace(terms, rate_card=card) for address, terms in contracts[COMPUTE_TOKEN].items()}
    return Contracts({**contracts.listed, COMPUTE_TOKEN: series})


def _code_free(contracts: Contracts) -> Contracts:
    desks = {**contracts[ISSUANCE_DESK], DESK: CurrencyTerms(BUYER)}
    currencies = {**contracts[CURRENCY_TOKEN], BUYER: None}
    return Contracts({**contracts.listed, CURRENCY_TOKEN: currencies, ISSUANCE_DESK: desks})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_without_meter, "INV-USAGE"),
        (_cheaper, "AUDIT-L"),
        (_other_rates, "INV-USAGE"),
        (_code_free, "INV-REPLAY"),
    ],
)
def test_false_claims_about_contracts_are_found(
    settlement_bundle: Bundle, tmp_path: Path, change: Change, code: str
) -> None:
    """Contracts that others listed need, invented ones, or terms that are not the chain's fail L, and L alone."""
    directory = forge.copy(settlement_bundle, tmp_path / "b")
    manifest = settlement_bundle.manifest
    forge.write_manifest(directory, replace(manifest, contracts=change(manifest.contracts)))
    report = verify(directory)
    assert code in [finding.code for finding in report.findings]
    assert (report.level, report.passed, report.checks[Check.LEDGER]) == ("S", False, Outcome.FAILED)


@pytest.mark.parametrize("left", ["ChannelHub", "all"])
def test_what_is_left_out_of_the_manifest_is_named(settlement_bundle: Bundle, tmp_path: Path, left: str) -> None:
    """A contract that the manifest leaves out is a notice: its books are not kept. G names each that works with it."""
    directory = forge.copy(settlement_bundle, tmp_path / "b")
    manifest = settlement_bundle.manifest
    whole = manifest.contracts
    kept = {kind: listed for kind, listed in whole.listed.items() if left not in (kind.name, "all")}
    listed = Contracts(kept)
    files = {it: entry for it, entry in manifest.files.items() if kept or it not in CONTRACT_FILES}
    forge.write_manifest(directory, replace(manifest, contracts=listed, files=files))
    report = verify(directory)
    assert {it.check for it in report.divergences} == ({Check.CODE} if kept else set())
    assert all("not listed as ChannelHub" in it.detail for it in report.findings)
    named = {it.subject for it in report.notices if it.code == "AUDIT-L"}
    # The settlement orders no job; the others emit nothing that the books are kept from.
    silent = [
        address for kind in (JOB_ESCROW, NETWORK_ACCESS, SERIES_FACTORY, DEPOSIT_COLLECTOR) for address in whole[kind]
    ]
    assert named == {f"contract 0x{it.hex()}" for it in whole.addresses() - listed.addresses() - {*silent}}


# -------------------------------------------------------------------------------------- engine


def test_the_engine_answers_on_its_head(golden_bundle: Bundle) -> None:
    """Calls and storage are read on the head state, and a call leaves no trace on it."""
    engine = PyEvmEngine(golden_bundle.read_file(GENESIS_FILE))
    blocks = forge.blocks_in(golden_bundle.read_file(CHAIN_FILE))
    outcomes = [engine.execute(block.raw) for block in blocks]
    token = outcomes[1][0].logs[0].address
    holder = int.from_bytes(outcomes[1][0].logs[0].topics[1], "big")
    assert all(each.succeeded for each in outcomes[1])
    before = engine.storage(token, holder)
    assert engine.call(token, holder.to_bytes(32, "big") + (9).to_bytes(32, "big")) == b""
    assert engine.storage(token, holder) == before
    assert engine.head_state_root == blocks[-1].state_root
    with pytest.raises(BlockRefused):
        engine.execute(blocks[0].raw)
