"""The index's answers about deeds: who held which power and used it, refused attempts, and the events of a party."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pysettle.audit.engines import ExecutedLog
from pysettle.audit.powers import RESTRICTED, Powers
from pysettle.audit.records.index import Index, Position
from pysettle.audit.records.period import Period
from pysettle.audit.records.powers import PAUSES, USES, powers
from pysettle.audit.records.query import events_of
from pysettle.audit.records.reading import Records
from pysettle.audit.records.recording import Booked, Recorded, Recorder
from pysettle.audit.records.refusals import NOT_EXECUTED, refusals
from pysettle.audit.verify import verify
from pysettle.client.core.access import Role
from pysettle.domain.catalogue import COLUMNS
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.events import Position as Place
from pysettle.domain.ledger import Ledger
from pysettle.domain.money.contracts import CURRENCY_TOKEN
from pysettle.domain.settlement.contracts import LIQUIDITY_ACCOUNTS
from pysettle.domain.settlement.events import LiquidityPauseSet, PositionFreezeSet
from pysettle.errors import UsageError
from pysettle.hashing import keccak
from pysettle.values import Address
from tests.audit.logs import log
from tests.audit.records import ALL, Troubled, opened

ASSIGNED = keccak(b"TargetFunctionRoleUpdated(address,bytes4,uint64)")


def test_each_power_has_its_holder_and_its_uses(troubled: Troubled) -> None:
    """Two powers in one hand, from a block until another, each use by its account, and the notice of the audit."""
    admin, bank = troubled.demo.network.roles.administrator.address, troubled.demo.bank.address
    with opened(troubled.index) as records:
        found = powers(records, ALL)
        later = powers(records, Period(troubled.revoked_in + 1))
    held = {(it.role, it.until_block) for it in found.tenures if it.account == admin}
    assert held == {(Role.ADMINISTRATOR, None), (Role.SEIZER, troubled.revoked_in)}
    assert {it.role for it in later.tenures if it.account == admin} == {Role.ADMINISTRATOR}
    uses = [(it.function, it.role, it.account, it.block) for it in found.uses]
    assert ("seize", Role.SEIZER, admin, troubled.seized_in) in uses
    assert sum(it[:3] == ("issue", Role.OPERATOR, bank) for it in uses) == len(troubled.demo.buyers)
    pauser = troubled.demo.network.roles.pauser.address
    assert [it[:3] for it in uses[-2:]] == [("pause", Role.PAUSER, pauser), ("unpause", Role.PAUSER, pauser)]
    assert [subject for _, subject, detail in found.notices if "several powers" in detail] == [
        f"account 0x{admin.hex()}"
    ]
    assert {it.kind for it in found.functions} == {"function"}
    assert len(found.authorities) == 3


OF_PARTICIPANTS = {
    "ApprovalWithdrawn",
    "BatchAdmitted",
    "BatchQueued",
    "BatchReleased",
    "ClearedOut",
    "CrossingAdmitted",
    "CrossingReleased",
    "CycleClosed",
    "CycleEnded",
    "EarmarkDelivered",
    "EarmarkReturned",
    "HomeCurrencyFounded",
    "InstructionEarmarked",
    "InstructionSettled",
    "InstructionUnwound",
    "ItemsCancelled",
    "ItemsHeldSet",
    "ItemsRejected",
    "PaidIn",
    "PaidOut",
    "PositionEarmarked",
    "PositionExchanged",
    "PositionMoved",
    "PositionReleased",
    "PositionReserved",
    "PositionsNetted",
    "PurchasedAbroad",
    "QuoteCancelled",
    "SeriesAdmitted",
    "SetSettled",
    "TravelPayloadSigned",
}
"""Events of settlement that no power is used for."""


def test_each_restricted_function_has_a_use() -> None:
    """No power over a currency, its desk, its market or its interest can be used unseen."""
    functions = {name for of_kind in RESTRICTED.values() for name in of_kind.values()}
    # By `acceptRole` a contract takes a role, which is shown as its tenure.
    assert functions - {"acceptRole"} == {function for function, _ in USES.values()} | set(PAUSES.values())
    # The contracts of settlement are under the powers of each currency.
    assert {it.__name__ for it in COLUMNS["settlement"].postings} - OF_PARTICIPANTS <= {*USES}


def test_powers_over_positions_are_those_of_the_currency(tmp_path: Path) -> None:
    """A freeze and a pause of positions are uses of the currency's powers; a copy of its own freeze is none."""
    currency, accounts, authority, freezer = (Address(bytes([it]) * 20) for it in (1, 2, 3, 4))
    contracts = Contracts({CURRENCY_TOKEN: {currency: None}, LIQUIDITY_ACCOUNTS: {accounts: None}})
    freeze = keccak(b"freeze(address,bool,bool)")[:4].ljust(32, b"\0")
    seen = Powers(contracts)
    seen.see(ExecutedLog(currency, (keccak(b"AuthorityUpdated(address)"),), bytes(12) + authority), 1, 100, None)
    topics = (ASSIGNED, bytes(12) + currency, int(Role.FREEZER).to_bytes(32, "big"))
    seen.see(ExecutedLog(authority, topics, freeze), 1, 100, None)
    with Index.open(tmp_path / "index.sqlite") as index:
        index.empty()
        recorder, books = Recorder(index, contracts), Ledger(contracts)
        recorder.contracts({})
        recorder.powers(seen.records(), ())
        recorder.block(2, 200, b"\2" * 32)
        for place, (event, function) in enumerate(
            (
                (PositionFreezeSet(currency, freezer, True, False), "freeze(address,address,bool,bool)"),
                (LiquidityPauseSet(currency, False), "unpause(address)"),
                (PositionFreezeSet(currency, freezer, True, True), "copyFreeze(address,address)"),
            )
        ):
            emitted, written = Emitted(accounts, Place(2, place, place), event, 200), log(accounts, event)
            booked = Booked(emitted, written.topics, written.data, books.apply(emitted))
            recorder.transaction(2, place, Recorded(bytes([place]) * 32, True, 1, freezer, function=function), [booked])
        found = powers(Records(index, Position("", 2, b"", "S", "")), ALL)
    assert [(it.contract, it.function, it.role, it.account) for it in found.uses] == [
        (accounts, "freeze", Role.FREEZER, freezer),
        (accounts, "unpause", Role.ADMINISTRATOR, freezer),
    ]


def test_a_function_for_everybody_and_another_authority_are_shown(tmp_path: Path) -> None:
    """From logs alone: our own currency keeps its authority, a forged one may not."""
    currency, first, second = (Address(bytes([it]) * 20) for it in (1, 2, 3))
    contracts = Contracts({CURRENCY_TOKEN: {currency: None}})
    seen, seize = Powers(contracts), keccak(b"seize(address,address,uint256,bytes32)")[:4]
    named = keccak(b"AuthorityUpdated(address)")
    for block, emitter, topics, data in (
        (1, currency, (named,), bytes(12) + first),
        (2, first, (ASSIGNED, bytes(12) + currency, (2**64 - 1).to_bytes(32, "big")), seize.ljust(32, b"\0")),
        (3, currency, (named,), bytes(12) + second),
    ):
        seen.see(ExecutedLog(emitter, topics, data), block, 100 * block, None)
    with Index.open(tmp_path / "index.sqlite") as index:
        index.empty()
        Recorder(index, contracts).powers(seen.records(), seen.notices(lambda _to, _data: bytes(32)))
        found = powers(Records(index, Position("", 3, b"", "S", "")), ALL)
        before = powers(Records(index, Position("", 3, b"", "S", "")), Period(0, 2))
    assert [(it.block, it.account) for it in found.authorities] == [(1, first), (3, second)]
    assert [(it.function, it.role) for it in found.functions] == [("seize", 2**64 - 1)]
    said = "\n".join(detail for _, _, detail in found.notices)
    assert "given to everybody" in said
    assert f"passed to the authority 0x{second.hex()}" in said
    assert len(before.authorities) == 1


def test_each_refused_attempt_has_its_reason(troubled: Troubled, tmp_path: Path) -> None:
    """The reasons are those that the chain gave, in words; without re-execution none is known."""
    with opened(troubled.index) as records:
        found = list(refusals(records, ALL))
        assert list(refusals(records, Period(0, troubled.seized_in))) == []
    assert [(it.row.error, it.row.tx_hash) for it in found] == [(it.error, it.tx_hash) for it in troubled.refused]
    assert [it.row.revert_data for it in found] == [it.data for it in troubled.refused]
    assert found[0].reason == "buyer holds 0.87 yuan; 5,000.00 needed"
    assert [it.row.function for it in found] == [
        "transfer(address,uint256)",
        "seize(address,address,uint256,bytes32)",
        "issue(address,uint256)",
    ]
    proven = tmp_path / "index.sqlite"
    assert verify(troubled.bundle, level="R", index=proven).passed
    with opened(proven) as records:
        assert [(it.row.tx_hash, it.reason) for it in refusals(records, ALL)] == [
            (it.tx_hash, NOT_EXECUTED) for it in troubled.refused
        ]


def test_the_events_of_a_party_and_a_series_are_found(troubled: Troubled) -> None:
    """Every event that names them, by name, address or symbol, and no other; both together are the intersection."""
    buyer, series = troubled.demo.buyers[0].signer.address, troubled.demo.series.address
    with opened(troubled.index) as records:
        ids, events = events_of(records, {"party": "buyer"}, ALL)
        of_party = [*events]
        assert ids == {"party": buyer}
        expected = [it for it in records.events(ALL) if f"0x{buyer.hex()}" in str(it.fields)]
        assert of_party == expected
        assert {it.event for it in of_party} >= {"Issued", "Transfer", "Purchased", "Seized"}
        of_series = [*events_of(records, {"series": "DSV4P"}, ALL)[1]]
        assert [it for it in of_series if it.contract == series] == [
            it for it in records.events(ALL) if it.contract == series
        ]
        both = [*events_of(records, {"party": f"0x{buyer.hex()}", "series": f"0x{series.hex()[:6]}"}, ALL)[1]]
        assert [(it.block, it.log_index) for it in both] == [
            (it.block, it.log_index) for it in of_party if it in of_series
        ]
        for text in ("nobody", "0x", "0xffffffffff", ""):
            with pytest.raises(UsageError):
                events_of(records, {"party": text}, ALL)


def test_orders_and_channels_are_found_by_their_ids(settlement_index: Path) -> None:
    """From the creation of a channel to its last settlement, by how its id begins."""
    with opened(settlement_index) as records:
        created = next(records.events(ALL, "AND e.name = 'ChannelCreated'"))
        channel = created.fields["channel_id"]
        ids, events = events_of(records, {"channel": channel[:12]}, ALL)
        found = [it.event for it in events]
    assert ids == {"channel": bytes.fromhex(channel[2:])}
    assert (found[0], found[1]) == ("ChannelCreated", "Deposited")
    assert {"UsageAttested", "Claimed", "WithdrawInitiated", "WithdrawFinalized"} <= {*found}


def used(records: Records) -> object:
    """Return the uses of powers."""
    return powers(records, ALL).uses


PLANTED: dict[str, tuple[str, Callable[[Records], object]]] = {
    "a hidden use": ("DELETE FROM events WHERE name = 'Seized'", used),
    "a hidden pause": ("DELETE FROM powers WHERE kind = 'pause'", used),
    "a use by another": ("UPDATE transactions SET sender = zeroblob(20)", used),
    "a hidden role": ("DELETE FROM powers WHERE role = '5'", lambda records: powers(records, ALL).tenures),
    "a hidden refusal": ("UPDATE transactions SET succeeded = 1", lambda records: [*refusals(records, ALL)]),
    "another reason": ("UPDATE transactions SET revert = x'00000000'", lambda records: [*refusals(records, ALL)]),
    "a hidden event": (
        "DELETE FROM mentions WHERE log = 0",
        lambda records: [*events_of(records, {"party": "buyer"}, ALL)[1]],
    ),
}


@pytest.mark.parametrize("about", PLANTED)
def test_a_hidden_row_changes_the_answer(troubled: Troubled, tmp_path: Path, about: str) -> None:
    """The answers come from these rows, and from nowhere else."""
    change, ask = PLANTED[about]
    with opened(Path(shutil.copy(troubled.index, tmp_path))) as records:
        before = ask(records)
        records.index.database.execute(change)
        assert ask(records) != before
