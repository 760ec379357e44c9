"""The attested reserve: signed by the central bank, submitted by anybody, and the bound of issuance."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_typing import Address

from pysettle.client.core.access import Role
from pysettle.client.core.contract import Contract
from pysettle.client.deploying import create_contract
from pysettle.client.money.currency import CurrencyToken
from pysettle.domain import invariants
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.ledger import fold
from pysettle.domain.money import events
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.domain.money.wallets import E_CNY_CLASS_LIMITS
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import ACCOUNT_1271_THAT_CALLS, at, deploy, effect, history, refused, through
from tests.contracts.world import FEN, YUAN, World

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
MOST_FEN = (2**96 - 1) // FEN
STEP = 2**32


def attestation(world: World, amount_fen: int = 1_000, **changes: int) -> ReserveAttestation:
    """Return the next attestation, as of the next block and valid for an hour from it; or a changed one."""
    last = world.network.currency.desk.reserve()
    honest = ReserveAttestation(amount_fen, world.now, last.sequence + 1, world.now + 3_600)
    return replace(honest, **changes)


def submit(
    world: World, what: ReserveAttestation, *, signer: str = "central bank", by: str = "relayer", **changed: object
) -> Transaction:
    """Make the transaction that submits it: signed as by the signer, or with another signature or claimed signer."""
    desk = world.network.currency.desk
    signature = changed.get("signature", world[signer].sign(what.digest(desk.domain)))
    claimed = changed.get("claimed", world.address(signer))
    return desk._transaction(world[by], 200_000, "attestReserve", claimed, what.fields(), signature)


def reserve_of(world: World, amount: int, **changes: int) -> None:
    """Attest a reserve of whole fen, stated in units."""
    world.send(submit(world, attestation(world, amount // FEN, **changes)))


@pytest.fixture
def issuing(world: World) -> World:
    """Give the buyer a yuan, and the operator a quota beyond every reserve here."""
    world.fund("buyer", YUAN)
    operator = world.address("operator")
    world.send(world.network.currency.desk.set_issuance_quota(world["central bank"], operator, 1_000 * YUAN))
    return world


def issue(world: World, amount: int) -> Transaction:
    """Have the operator issue to the buyer."""
    return world.network.currency.desk.issue(world["operator"], world.address("buyer"), amount)


@pytest.mark.parametrize("by", ["relayer", "stranger", "central bank"])
@pytest.mark.parametrize("amount_fen", [0, 1, MOST_FEN])
def test_attest(world: World, by: str, amount_fen: int) -> None:
    """Whoever submits it, the attestation is kept and said, and moves nothing (P-22)."""
    currency, what = world.network.currency, attestation(world, amount_fen)
    with effect(world) as change:
        (receipt,) = world.send(submit(world, what, by=by))
    assert change == {}
    bank = world.address("central bank")
    assert world.events(receipt) == [
        events.ReserveAttested(what.sequence, bank, amount_fen, what.as_of, what.valid_before)
    ]
    assert len(receipt.logs) == 1
    assert currency.desk.reserve() == what


def test_the_client_signs_the_next_attestation(world: World) -> None:
    """`sign_reserve` takes the next number, the head's time, and a validity from now."""
    currency, bank, before = world.network.currency, world["central bank"], world.network.currency.desk.reserve()
    world.chain.clock.advance(1_000)
    now = world.now
    what, signature = currency.desk.sign_reserve(bank, 5, 60)
    assert what == ReserveAttestation(5, world.chain.block().timestamp, before.sequence + 1, now + 60)
    world.send(currency.desk.attest_reserve(world["relayer"], bank.address, what, signature))
    assert currency.desk.reserve() == what


def test_issuance_reaches_the_reserve_and_no_further(issuing: World) -> None:
    """What is issued and attested meet to the last fen; one more is refused whole (P-2, P-28)."""
    reserve_of(issuing, YUAN + 3 * FEN)
    refused(issuing, issue(issuing, 4 * FEN), errors.ReserveExceeded, requested=4 * FEN, available=3 * FEN)
    with effect(issuing) as change:
        issuing.send(issue(issuing, 2 * FEN), issue(issuing, FEN))
    assert change == {
        "eCNY supply": 3 * FEN,
        "eCNY buyer": 3 * FEN,
        "quota operator": -3 * FEN,
        "position operator": 3 * FEN,
    }
    refused(issuing, issue(issuing, FEN), errors.ReserveExceeded, requested=FEN, available=0)


def test_a_redemption_makes_room(issuing: World) -> None:
    """Units destroyed may be issued again; those under redemption still count."""
    currency, buyer, operator = issuing.network.currency, issuing["buyer"], issuing["operator"]
    reserve_of(issuing, YUAN)
    issuing.send(currency.desk.request_redemption(buyer, operator.address, FEN))
    refused(issuing, issue(issuing, FEN), errors.ReserveExceeded, requested=FEN, available=0)
    issuing.send(currency.desk.complete_redemption(operator, 1), issue(issuing, FEN))
    assert currency.total_supply() == YUAN


def test_the_quota_is_told_first(issuing: World) -> None:
    """An issuance beyond both the quota and the reserve is refused for the quota."""
    reserve_of(issuing, YUAN)
    refused(
        issuing,
        issue(issuing, 1_001 * YUAN),
        errors.QuotaExceeded,
        operator=issuing.address("operator"),
        requested=1_001 * YUAN,
        available=1_000 * YUAN,
    )


def test_validity_ends_before_its_bound(issuing: World) -> None:
    """Issuance rests on it one second before `validBefore` and not in that second: the interval is half-open (P-8)."""
    end = issuing.now + 1_000
    reserve_of(issuing, 2 * YUAN, valid_before=end)
    at(issuing, end - 1)
    issuing.send(issue(issuing, FEN))
    assert issuing.now == end
    refused(issuing, issue(issuing, FEN), errors.ReserveAttestationExpired, validBefore=end, timestamp=end)
    reserve_of(issuing, 2 * YUAN)
    issuing.send(issue(issuing, FEN))


def test_without_any_attestation(world: World) -> None:
    """Before the first attestation nothing is issued, whatever the quota."""
    network, admin, operator = world.network, world["administrator"], world["operator"]
    arguments = "e", "e", network.access, network.hub.collector
    currency = CurrencyToken(network.sender, create_contract(network.sender, admin, "CurrencyToken", *arguments))
    manager = Contract(network.sender, network.access, "NetworkAccess")
    for role, function in ((Role.CENTRAL_BANK, "setIssuanceQuota"), (Role.OPERATOR, "issue")):
        selectors = [currency.desk.interface.selector(function)]
        grant = manager._transaction(admin, 300_000, "setTargetFunctionRole", currency.desk.address, selectors, role)
        world.send(grant)
    world.send(currency.desk.set_issuance_quota(world["central bank"], operator.address, YUAN))
    assert currency.desk.reserve() == ReserveAttestation(0, 0, 0, 0)
    refused(
        world,
        currency.desk.issue(operator, world.address("buyer"), FEN),
        errors.ReserveAttestationExpired,
        validBefore=0,
        timestamp=world.now,
    )


def test_an_attestation_below_the_supply(issuing: World) -> None:
    """It destroys nothing, stops issuance alone, and is an auditor's finding until the reserve is made good."""
    currency, buyer, operator = issuing.network.currency, issuing["buyer"], issuing["operator"]
    with effect(issuing) as change:
        reserve_of(issuing, YUAN - FEN)
    assert change == {}
    refused(issuing, issue(issuing, FEN), errors.ReserveExceeded, requested=FEN, available=0)
    findings = invariants.check(fold(issuing.network.contracts(), history(issuing)))
    assert [(finding.code, finding.detail) for finding in findings] == [
        ("INV-RESERVE", f"{YUAN - FEN} is attested, supply is {YUAN}, in full reserve")
    ]
    issuing.send(
        currency.transfer(buyer, issuing.address("stranger"), FEN),
        currency.desk.request_redemption(buyer, operator.address, FEN),
        currency.desk.complete_redemption(operator, 1),
    )
    assert invariants.check(fold(issuing.network.contracts(), history(issuing))) == []


@pytest.mark.parametrize("step", [0, -1])
def test_the_sequence_rises(world: World, step: int) -> None:
    """An attestation is not submitted twice, nor an older one after it; numbers may be left out (P-14)."""
    first = attestation(world, sequence=7)
    world.send(submit(world, first))
    again = attestation(world, sequence=7 + step)
    turn = {"least": 8, "most": 7 + STEP}
    refused(world, submit(world, again), errors.ReserveSequenceInvalid, sequence=7 + step, **turn)
    refused(world, submit(world, first), errors.ReserveSequenceInvalid, sequence=7, **turn)


@pytest.mark.parametrize("sequence", [STEP + 2, 2**64 - 1])
def test_no_attestation_uses_the_numbers_up(world: World, sequence: int) -> None:
    """A sequence rises by at most 2^32: whatever the central bank signs, there are numbers for what it signs next."""
    assert world.network.currency.desk.reserve().sequence == 1
    reach = attestation(world, sequence=sequence)
    refused(world, submit(world, reach), errors.ReserveSequenceInvalid, sequence=sequence, least=2, most=1 + STEP)
    world.send(submit(world, attestation(world, sequence=1 + STEP)))
    reach = attestation(world, sequence=2 + 2 * STEP)
    turn = {"least": 2 + STEP, "most": 1 + 2 * STEP}
    refused(world, submit(world, reach), errors.ReserveSequenceInvalid, sequence=2 + 2 * STEP, **turn)
    world.send(submit(world, attestation(world, sequence=1 + 2 * STEP)))


def test_it_is_not_of_the_future(world: World) -> None:
    """A reserve is attested as of the block's second at the latest."""
    now, earliest = world.now, world.network.currency.desk.reserve().as_of
    refused(
        world,
        submit(world, attestation(world, as_of=now + 1)),
        errors.ReserveTimeInvalid,
        asOf=now + 1,
        earliest=earliest,
        latest=now,
    )
    world.send(submit(world, attestation(world, as_of=world.now)))


def test_it_is_not_older_than_the_last(world: World) -> None:
    """A reserve is attested as of the last attestation's second at the earliest."""
    last = world.now
    world.send(submit(world, attestation(world, as_of=last)))
    refused(
        world,
        submit(world, attestation(world, as_of=last - 1)),
        errors.ReserveTimeInvalid,
        asOf=last - 1,
        earliest=last,
        latest=world.now,
    )
    world.send(submit(world, attestation(world, as_of=last)))


@pytest.mark.parametrize("ago", [0, 1, 86_400])
def test_it_is_valid_when_submitted(world: World, ago: int) -> None:
    """One that has ended is refused, in its last second already; one without an end is not."""
    now = world.now
    refused(
        world,
        submit(world, attestation(world, valid_before=now - ago)),
        errors.ReserveAttestationExpired,
        validBefore=now - ago,
        timestamp=now,
    )
    world.send(submit(world, attestation(world, valid_before=2**64 - 1)))


@pytest.mark.parametrize("amount_fen", [MOST_FEN + 1, 2**96, 2**96 + 1, 2**128 + 1, 2**256 - 1])
def test_more_than_96_bits_of_units(world: World, amount_fen: int) -> None:
    """A reserve beyond what a supply can be is refused, not cut (P-2)."""
    refused(
        world,
        submit(world, attestation(world, amount_fen)),
        errors.SupplyCapExceeded,
        requested=amount_fen,
        available=MOST_FEN,
    )


@pytest.mark.parametrize("name", ["administrator", "operator", "registrar", "freezer", "stranger"])
def test_signed_by_somebody_else(world: World, name: str) -> None:
    """Nobody but the central bank attests, not even who holds another role (P-9)."""
    bank = world.address(name)
    refused(world, submit(world, attestation(world), signer=name), errors.ReserveAttesterInvalid, centralBank=bank)
    central_bank = world.address("central bank")
    posed = submit(world, attestation(world), signer=name, claimed=central_bank)
    refused(world, posed, errors.ReserveSignatureInvalid, centralBank=central_bank)
    refused(
        world,
        submit(world, attestation(world), claimed=ZERO_ADDRESS, signature=bytes(65)),
        errors.ReserveAttesterInvalid,
        centralBank=ZERO_ADDRESS,
    )


@pytest.mark.parametrize("delay", [None, 3_600])
def test_a_role_lost_or_with_a_delay(world: World, delay: int | None) -> None:
    """The role counts when the attestation is submitted, and must hold without a delay."""
    manager = Contract(world.network.sender, world.network.access, "NetworkAccess")
    what, bank = submit(world, attestation(world)), world.address("central bank")
    world.send(manager._transaction(world["administrator"], 300_000, "revokeRole", Role.CENTRAL_BANK, bank))
    if delay:
        world.send(manager._transaction(world["administrator"], 300_000, "grantRole", Role.CENTRAL_BANK, bank, delay))
    refused(world, what, errors.ReserveAttesterInvalid, centralBank=bank)


@pytest.mark.parametrize("field", ["amount_fen", "as_of", "sequence", "valid_before"])
def test_altered(world: World, field: str) -> None:
    """No field can be changed after signing (P-14)."""
    signed, bank = attestation(world, as_of=world.now - 1), world["central bank"]
    altered = replace(signed, **{field: getattr(signed, field) + 1})
    signature = bank.sign(signed.digest(world.network.currency.domain))
    refused(
        world,
        submit(world, altered, signature=signature),
        errors.ReserveSignatureInvalid,
        centralBank=bank.address,
    )


def test_signed_for_another_domain_or_malleated(world: World) -> None:
    """Neither another contract's nor another chain's signature, nor the twin with a high s, is accepted (P-14)."""
    domain, bank, what = world.network.currency.domain, world["central bank"], attestation(world)
    signature = bank.sign(what.digest(domain))
    high_s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    for wrong in (
        bank.sign(what.digest(replace(domain, contract=world.series.address))),
        bank.sign(what.digest(replace(domain, chain_id=domain.chain_id + 1))),
        signature[:32] + high_s.to_bytes(32, "big") + bytes([55 - signature[64]]),
        signature[:64],
        b"",
    ):
        refused(
            world,
            submit(world, what, signature=wrong),
            errors.ReserveSignatureInvalid,
            centralBank=bank.address,
        )


def test_a_central_bank_that_is_a_contract(world: World) -> None:
    """An ERC-1271 account that holds the role attests with a signature that it accepts, and not with another."""
    account: Address = deploy(world, ACCOUNT_1271_THAT_CALLS)
    manager = Contract(world.network.sender, world.network.access, "NetworkAccess")
    world.send(
        manager._transaction(world["administrator"], 300_000, "grantRole", Role.CENTRAL_BANK, account, 0),
        through(world, account, manager._transaction(world["stranger"], 300_000, "acceptRole", Role.CENTRAL_BANK)),
    )
    what, signature = attestation(world), b"\x5a" * 65
    submission = submit(world, what, claimed=account, signature=signature)
    refused(world, submission, errors.ReserveSignatureInvalid, centralBank=account)
    approval = what.digest(world.network.currency.desk.domain) + signature[:32]
    world.send(Transaction(world["stranger"], account, approval, 100_000, world.series.interface))
    (receipt,) = world.send(submission)
    assert world.events(receipt) == [
        events.ReserveAttested(what.sequence, account, what.amount_fen, what.as_of, what.valid_before)
    ]


def test_while_paused(world: World) -> None:
    """The pause stops issuance, not the statement of what is in reserve."""
    what = attestation(world)
    world.send(world.network.currency.pause(world["pauser"]), submit(world, what))
    assert world.network.currency.desk.reserve() == what


# -------------------------------------------------------------------------------- reserve ratio


@pytest.mark.parametrize("ratio_bps", [1, 2_000, 9_999, 10_000])
def test_a_ratio(world: World, ratio_bps: int) -> None:
    """The supply may be as great as the reserve covers at the ratio, rounded down to whole fen (INV-RESERVE)."""
    currency, bank, operator = world.network.currency, world["central bank"], world["operator"]
    (receipt,) = world.send(
        submit(world, attestation(world, 7)),
        currency.desk.set_issuance_quota(bank, operator.address, 10**6 * YUAN),
        currency.desk.set_reserve_ratio(bank, ratio_bps),
    )[2:]
    assert world.events(receipt) == [events.ReserveRatioSet(ratio_bps)]
    assert currency.desk.reserve_ratio() == ratio_bps
    most = 7 * FEN * 10_000 // ratio_bps
    whole = most // FEN * FEN
    world.send(currency.desk.issue(operator, world.address("buyer"), whole))
    refused(
        world,
        currency.desk.issue(operator, world.address("buyer"), FEN),
        errors.ReserveExceeded,
        requested=FEN,
        available=most - whole,
    )


@pytest.mark.parametrize(("first", "second"), [(10_000, 1), (1, 10_000), (4_095, 5_904), (1, 9_999)])
def test_another_ratio_changes_nothing_else(world: World, first: int, second: int) -> None:
    """It replaces the one before whole, and leaves the pause and the limits of every class alone."""
    currency, bank = world.network.currency, world["central bank"]
    for wallet_class, limits in E_CNY_CLASS_LIMITS.items():
        world.send(currency.set_class_limits(bank, wallet_class, limits))
    world.send(currency.pause(world["pauser"]))
    for ratio in (first, second):
        world.send(currency.desk.set_reserve_ratio(bank, ratio))
        assert currency.desk.reserve_ratio() == ratio
        assert currency.is_paused
        assert {it: currency.class_limits(it) for it in E_CNY_CLASS_LIMITS} == E_CNY_CLASS_LIMITS
    world.send(currency.unpause(world["pauser"]))
    assert currency.desk.reserve_ratio() == second


def test_full_reserve_is_where_it_begins(world: World) -> None:
    """Every token is backed one to one until the central bank says otherwise."""
    assert world.network.currency.desk.reserve_ratio() == 10_000


@pytest.mark.parametrize("ratio_bps", [0, 10_001, 2**14, 2**256 - 1])
def test_what_is_no_ratio(world: World, ratio_bps: int) -> None:
    """Neither nothing nor more than all of the supply is covered (P-2)."""
    refused(
        world,
        world.network.currency.desk.set_reserve_ratio(world["central bank"], ratio_bps),
        errors.ReserveRatioInvalid,
        ratioBps=ratio_bps,
    )


def test_back_to_full_reserve(world: World) -> None:
    """With more in circulation than the reserve covers, issuance waits until it does again."""
    currency, bank, operator = world.network.currency, world["central bank"], world["operator"]
    world.send(
        submit(world, attestation(world, 7)),
        currency.desk.set_issuance_quota(bank, operator.address, YUAN),
        currency.desk.set_reserve_ratio(bank, 5_000),
        currency.desk.issue(operator, world.address("buyer"), 14 * FEN),
        currency.desk.set_reserve_ratio(bank, 10_000),
    )
    issue = currency.desk.issue(operator, world.address("buyer"), FEN)
    refused(world, issue, errors.ReserveExceeded, requested=FEN, available=0)
    world.send(
        submit(world, attestation(world, 15, sequence=world.network.currency.desk.reserve().sequence + 1)), issue
    )


def test_a_partial_reserve_makes_no_more_than_a_supply_can_be(world: World) -> None:
    """The least ratio on the greatest reserve still leaves a supply of 96 bits (P-2)."""
    currency, bank, operator = world.network.currency, world["central bank"], world["operator"]
    most = (2**96 - 1) // FEN * FEN
    world.send(
        currency.desk.set_reserve_ratio(bank, 1),
        currency.desk.set_issuance_quota(bank, operator.address, 2**96 - 1),
        currency.desk.issue(operator, world.address("buyer"), most),
        currency.desk.set_issuance_quota(bank, operator.address, 2**96 - 1),
    )
    refused(
        world,
        currency.desk.issue(operator, world.address("buyer"), FEN),
        errors.ReserveExceeded,
        requested=FEN,
        available=2**96 - 1 - most,
    )
