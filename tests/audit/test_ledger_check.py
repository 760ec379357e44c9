"""The books: kept from re-executed events, compared with the chain, and never fooled by what is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.audit.blocks import read_blocks
from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, Bundle
from pysettle.audit.engines import BlockRefused, CallRefused, ExecutedLog, ExecutedTransaction, PyEvmEngine
from pysettle.audit.extract import export_bundle
from pysettle.audit.ledger import LedgerCheck
from pysettle.audit.report import Check, Outcome
from pysettle.audit.verify import verify
from pysettle.domain import events
from pysettle.domain.events import Event
from pysettle.domain.ledger import Contracts, SeriesTerms
from pysettle.domain.messages import ZERO_ADDRESS, ChannelId
from pysettle.domain.usage import Meters, RateCard
from pysettle.scenarios.demo import Demo
from pysettle.scenarios.workload import generate
from tests.audit import forge

CURRENCY, SERIES, HUB, METER, BANK, BUYER = (Address(bytes([number]) * 20) for number in range(1, 7))
CONTRACTS = Contracts(
    currencies=frozenset({CURRENCY}),
    series={SERIES: SeriesTerms(CURRENCY, 150_000, RateCard(Meters(1, 30, 90), Meters(2, 60, 180)))},
    hubs=frozenset({HUB}),
    meters=frozenset({METER}),
)


def log(emitter: Address, event: Event) -> ExecutedLog:
    """Encode an event as its contract would emit it."""
    topic = next(topic for topic, signature in events.signatures().items() if signature == event.SIGNATURE)
    parameters = event.SIGNATURE.partition("(")[2].split(",")
    topics, data = [topic], b""
    for parameter, field in zip(parameters, fields(event), strict=True):
        value = getattr(event, field.name)
        word = value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\0")
        if "indexed" in parameter:
            topics.append(word)
        else:
            data += word
    return ExecutedLog(emitter, tuple(topics), data)


def codes(*logs: ExecutedLog, contracts: Contracts = CONTRACTS) -> list[tuple[str, str]]:
    """Return (code, subject) of what the books find in one transaction of block 9 with these logs."""
    books = LedgerCheck(contracts)
    books.apply(9, 0, [ExecutedTransaction(True, 21_000, logs)])
    return [(each.finding.code, each.finding.subject) for each in books.divergences]


def test_an_honest_issuance_has_no_finding() -> None:
    """Issued within the quota and the reserve, and created as stated: nothing to find."""
    assert not codes(
        log(CURRENCY, events.ReserveAttested(1, BANK, 1, 0, 1)),
        log(CURRENCY, events.IssuanceQuotaSet(BANK, 10)),
        log(CURRENCY, events.Issued(BANK, BUYER, 7, 3)),
        log(CURRENCY, events.Transfer(ZERO_ADDRESS, BUYER, 7)),
    )


FORGED = {
    "created without issuance": ("INV-SUPPLY", [log(CURRENCY, events.Transfer(ZERO_ADDRESS, BUYER, 7))]),
    "spent without holding": ("INV-SUPPLY", [log(CURRENCY, events.Transfer(BUYER, BANK, 7))]),
    "issued beyond the quota": (
        "INV-RESERVE",
        [
            log(CURRENCY, events.Issued(BANK, BUYER, 7, 0)),
            log(CURRENCY, events.Transfer(ZERO_ADDRESS, BUYER, 7)),
        ],
    ),
    "issued beyond the reserve": (
        "INV-RESERVE",
        [
            log(CURRENCY, events.IssuanceQuotaSet(BANK, 10_001)),
            log(CURRENCY, events.ReserveAttested(1, BANK, 1, 0, 1)),
            log(CURRENCY, events.Issued(BANK, BUYER, 10_001, 0)),
            log(CURRENCY, events.Transfer(ZERO_ADDRESS, BUYER, 10_001)),
        ],
    ),
    "authorization twice": ("INV-ONCE", [log(CURRENCY, events.AuthorizationUsed(BUYER, bytes(32)))] * 2),
    "Tokens without backing": (
        "INV-BACKING",
        [
            log(SERIES, events.Purchased(BUYER, BUYER, 10**9, 0)),
            log(SERIES, events.Transfer(ZERO_ADDRESS, BUYER, 10**9)),
        ],
    ),
    "redeemed twice": (
        "INV-FINAL",
        [log(CURRENCY, events.RedemptionCompleted(1, BUYER, BANK, 0, 0))],
    ),
    "a quota restored by more than was redeemed": (
        "INV-RESERVE",
        [
            log(CURRENCY, events.RedemptionRequested(1, BUYER, BANK, 0)),
            log(CURRENCY, events.RedemptionCompleted(1, BUYER, BANK, 0, 5)),
        ],
    ),
    "claimed beyond usage": (
        "INV-USAGE",
        [log(HUB, events.Claimed(ChannelId(bytes(32)), SERIES, SERIES, 5, 5))],
    ),
    "channel overdrawn": (
        "INV-CHANNEL",
        [log(HUB, events.Claimed(ChannelId(bytes(32)), BUYER, CURRENCY, 5, 5))],
    ),
    "left a frozen account": (
        "INV-FROZEN",
        [
            log(CURRENCY, events.FreezeSet(BUYER, True, False)),
            log(CURRENCY, events.Transfer(BUYER, BANK, 7)),
        ],
    ),
    "a settlement account frozen": (
        "INV-FROZEN",
        [
            log(CURRENCY, events.SettlementAccountMarked(HUB)),
            log(CURRENCY, events.FrozenAmountSet(HUB, 7)),
        ],
    ),
    "seized and not moved": ("INV-FROZEN", [log(CURRENCY, events.Seized(BUYER, BANK, 7, b"\1" * 32))]),
    "an event of another form": (
        "INV-REPLAY",
        [ExecutedLog(CURRENCY, log(CURRENCY, events.Transfer(BUYER, BUYER, 0)).topics[:1], b"")],
    ),
    "an event of another contract": ("INV-REPLAY", [log(CURRENCY, events.Purchased(BUYER, BUYER, 1, 1))]),
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
    creation = ExecutedTransaction(True, 1, (log(CURRENCY, events.Transfer(ZERO_ADDRESS, BUYER, 7)),))
    books.apply(1, 0, [creation])
    books.apply(2, 0, [creation, creation])
    assert [each.block for each in books.divergences] == [1]


def test_an_unlisted_contract_of_the_network_is_named() -> None:
    """A contract left out of the manifest is a finding when it acts as one of the network, a notice as any token."""
    books = LedgerCheck(Contracts())
    books.apply(3, 0, [ExecutedTransaction(True, 1, (log(CURRENCY, events.Transfer(BUYER, BANK, 1)),))])
    assert [notice.code for notice in books.close(3, 1, lambda to, data: b"")] == ["AUDIT-L"]
    assert not books.divergences
    books.apply(4, 0, [ExecutedTransaction(True, 1, (log(CURRENCY, events.Issued(BANK, BUYER, 1, 0)),))])
    books.close(4, 1, lambda to, data: b"")
    assert [each.finding.code for each in books.divergences] == ["AUDIT-L"]


def test_answers_that_differ_from_the_books_are_named() -> None:
    """A contract that answers otherwise, too short, or not at all is a finding under INV-REPLAY."""
    contracts = Contracts(currencies=frozenset({CURRENCY}))

    def refuse(to: Address, data: bytes) -> bytes:
        raise CallRefused("no")

    for answer in (lambda to, data: bytes(31) + b"\1", lambda to, data: b"", refuse):
        books = LedgerCheck(contracts)
        books.close(2, 1, answer)
        assert [(each.finding.code, each.block) for each in books.divergences] == [("INV-REPLAY", 2)]


def test_freezes_and_reserve_are_compared_with_storage() -> None:
    """What events say is frozen, was frozen, and is in reserve, the currency must answer at the head."""
    books = LedgerCheck(Contracts(currencies=frozenset({CURRENCY})))
    said = (
        log(CURRENCY, events.FreezeSet(BUYER, True, False)),
        log(CURRENCY, events.FrozenAmountSet(BUYER, 7)),
        log(CURRENCY, events.FrozenAmountSet(BANK, 9)),
        log(CURRENCY, events.FrozenAmountSet(BANK, 0)),
        log(CURRENCY, events.ReserveAttested(3, BANK, 5, 1, 2)),
    )
    books.apply(1, 0, [ExecutedTransaction(True, 1, said)])

    def answer(*words: int) -> bytes:
        return b"".join(word.to_bytes(32, "big") for word in words)

    answers = {
        keccak(b"totalSupply()")[:4]: answer(0),
        keccak(b"reserve()")[:4]: answer(5, 1, 3, 2),
        keccak(b"frozen(address)")[:4] + BUYER.rjust(32, b"\0"): answer(1, 0, 7),
        keccak(b"frozen(address)")[:4] + BANK.rjust(32, b"\0"): answer(0, 0, 0),
    }
    assert books.close(1, 1, lambda to, data: answers[data]) == []
    assert not books.divergences
    for wrong in list(answers)[1:]:
        found = len(books.divergences)
        books.close(1, 1, lambda to, data, wrong=wrong: answers[data] if data != wrong else bytes(len(answers[data])))
        named = [each.finding.code for each in books.divergences[found:]]
        assert set(named) <= {"INV-REPLAY"}
        # A lifted freeze is answered with zeros: that one is right.
        assert bool(named) == any(answers[wrong])


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
    reserve, signature = currency.sign_reserve(roles.central_bank, 10**6, 60)
    run.network.send(currency.attest_reserve(run.relayer, roles.central_bank.address, reserve, signature))
    bundle = export_bundle(run.chain, tmp_path / "bundle", run.network.contracts())
    report = verify(bundle.directory)
    assert report.findings == ()
    assert report.checks[Check.LEDGER] is Outcome.PASSED


def test_a_whole_settlement_passes(settlement_bundle: Bundle) -> None:
    """A settlement on the real contracts passes every check, books included."""
    report = verify(settlement_bundle.directory)
    assert report.findings == ()
    assert report.checks[Check.LEDGER] is Outcome.PASSED


Change = Callable[[Contracts], Contracts]


def _without_hub(contracts: Contracts) -> Contracts:
    return replace(contracts, hubs=frozenset())


def _without_any(contracts: Contracts) -> Contracts:
    return Contracts()


def _cheaper(contracts: Contracts) -> Contracts:
    return replace(contracts, series={a: replace(t, unit_price=1) for a, t in contracts.series.items()})


def _other_rates(contracts: Contracts) -> Contracts:
    card = RateCard(Meters(1, 1, 1), Meters(1, 1, 1))
    return replace(contracts, series={a: replace(t, rate_card=card) for a, t in contracts.series.items()})


def _code_free(contracts: Contracts) -> Contracts:
    return replace(contracts, currencies=contracts.currencies | {BUYER})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_without_hub, "AUDIT-L"),
        (_without_any, "AUDIT-L"),
        (_cheaper, "AUDIT-L"),
        (_other_rates, "INV-USAGE"),
        (_code_free, "INV-REPLAY"),
    ],
)
def test_false_claims_about_contracts_are_found(
    settlement_bundle: Bundle, tmp_path: Path, change: Change, code: str
) -> None:
    """Contracts left out, invented, or listed with other terms than the chain's fail L, and L alone."""
    directory = forge.copy(settlement_bundle, tmp_path / "b")
    manifest = settlement_bundle.manifest
    forge.write_manifest(directory, replace(manifest, contracts=change(manifest.contracts)))
    report = verify(directory)
    assert code in [finding.code for finding in report.findings]
    assert (report.level, report.passed, report.checks[Check.LEDGER]) == ("S", False, Outcome.FAILED)


# -------------------------------------------------------------------------------------- engine


def test_the_engine_answers_on_its_head(golden_bundle: Bundle) -> None:
    """Calls and storage are read on the head state, and a call leaves no trace on it."""
    engine = PyEvmEngine(golden_bundle.read_file(GENESIS_FILE))
    blocks, _ = read_blocks(golden_bundle.read_file(CHAIN_FILE))
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
