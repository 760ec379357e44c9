"""Compute is registered once, by the word of an attester that holds the role, for as many Tokens as it can deliver."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_typing import Address

from pysettle.client.compute.market import Compute
from pysettle.client.core.access import NetworkAccess, Role
from pysettle.domain.compute.events import ComputeRegistered
from pysettle.domain.compute.messages import ComputeAttestation, market_domain
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import effect, refused
from tests.contracts.hostile import Hostile
from tests.contracts.world import LIFE_S, World


def attestation(world: World, **changes: object) -> ComputeAttestation:
    """Return what an attester signs of the provider's compute, or of changed terms."""
    now = world.now
    compute = ComputeAttestation(world.address("provider"), "Ascend 910C", 384, 2_500, now, now + LIFE_S, b"\7" * 32)
    return replace(compute, **changes)  # type: ignore[arg-type]  # fields by name


def register(world: World, compute: ComputeAttestation, by: str = "relayer", attester: str = "attester") -> Transaction:
    """Register compute that an actor has signed for."""
    market, signer = world.network.market, world[attester]
    return market.register_compute(world[by], compute, signer.address, market.attest(signer, compute))


@pytest.mark.parametrize("by", ["provider", "relayer", "attester"])
def test_register(world: World, by: str) -> None:
    """Anyone submits it; its id is the digest that was signed, its capacity what it delivers until its end (P-22)."""
    market, compute = world.network.market, attestation(world)
    transaction, compute_id = register(world, compute, by), compute.digest(market.domain)
    assert world.network.sender.simulate(transaction) == compute_id
    refused_before = market._transaction(world["relayer"], 100_000, "compute", compute_id)
    refused(world, refused_before, errors.ComputeNotOfProvider, computeId=compute_id, provider=ZERO_ADDRESS)
    with effect(world) as change:
        (receipt,) = world.send(transaction)
    assert change == {}
    assert world.events(receipt) == [
        ComputeRegistered(
            compute_id,
            compute.provider,
            world.address("attester"),
            b"Ascend 910C".ljust(32, b"\0"),
            384,
            2_500,
            compute.valid_from,
            compute.valid_before,
            384 * 2_500 * LIFE_S,
        )
    ]
    assert market.compute(compute_id) == Compute(compute.provider, 384 * 2_500 * LIFE_S, 0, compute.valid_before)


def test_replay(world: World) -> None:
    """The same compute counts once, whoever signs for it again; other compute of equal terms has another salt."""
    compute, access = attestation(world), NetworkAccess(world.network.sender, world.network.access)
    other = world["stranger"]
    world.send(
        register(world, compute),
        access.offer(world["administrator"], Role.ATTESTER, other.address),
        access.accept(other, Role.ATTESTER),
    )
    compute_id = compute.digest(world.network.market.domain)
    for attester in ("attester", "stranger"):
        again = register(world, compute, attester=attester)
        refused(world, again, errors.ComputeRegisteredAlready, computeId=compute_id)
    world.send(register(world, replace(compute, salt=b"\x08" * 32), attester="stranger"))


@pytest.mark.parametrize(
    ("term", "change"),
    [
        ("provider", {"provider": ZERO_ADDRESS}),
        ("validBefore", {"valid_from": 1_000, "valid_before": 1_000}),
        ("validBefore", {"valid_from": 1_001, "valid_before": 1_000}),
        ("tokensPerUnitSecond", {"units": 0}),
        ("tokensPerUnitSecond", {"tokens_per_unit_second": 0}),
        ("units", {"units": 2**48, "tokens_per_unit_second": 2**48, "valid_from": 0, "valid_before": 1}),
        ("units", {"units": 2**32, "tokens_per_unit_second": 2**32, "valid_from": 0, "valid_before": 2**32}),
        (
            "units",
            {"units": 2**64 - 1, "tokens_per_unit_second": 2**64 - 1, "valid_from": 0, "valid_before": 2**64 - 1},
        ),
    ],
)
def test_terms_of_no_compute(world: World, term: str, change: dict[str, object]) -> None:
    """Each term that no compute can have is refused by its name, before the signature is looked at (P-2, P-28)."""
    refused(world, register(world, attestation(world, **change)), errors.ComputeTermsInvalid, term=term)


@pytest.mark.parametrize(
    ("units", "rate", "seconds"), [(1, 1, 1), (2**64 - 1, 2**32 - 1, 1), (2**48 - 1, 2**48 + 1, 1), (3, 5, 7)]
)
def test_capacity(world: World, units: int, rate: int, seconds: int) -> None:
    """It is the product of three factors, exact to the last Token that 96 bits can tell."""
    compute = attestation(
        world, units=units, tokens_per_unit_second=rate, valid_from=world.now, valid_before=world.now + seconds
    )
    world.send(register(world, compute))
    assert compute.capacity == units * rate * seconds < 2**96
    assert world.network.market.compute(compute.digest(world.network.market.domain)).capacity == compute.capacity


@pytest.mark.parametrize("name", ["provider", "stranger", "administrator", "central bank", "settlement registrar"])
def test_who_holds_no_role_attests_nothing(world: World, name: str) -> None:
    """Neither the provider for itself, nor who has other powers (P-9)."""
    forged = register(world, attestation(world), attester=name)
    refused(world, forged, errors.ComputeAttesterInvalid, attester=world.address(name))


def test_a_role_that_was_lost(world: World) -> None:
    """What an attester signed while it held the role counts no more after it lost it; what was registered stays."""
    access, attester = NetworkAccess(world.network.sender, world.network.access), world.address("attester")
    first, second = (attestation(world, salt=bytes([number]) * 32) for number in (1, 2))
    submitted = register(world, second)
    world.send(register(world, first), access.revoke(world["administrator"], Role.ATTESTER, attester))
    refused(world, submitted, errors.ComputeAttesterInvalid, attester=attester)
    assert world.network.market.compute(first.digest(world.network.market.domain)).capacity == first.capacity


def test_a_role_with_a_delay(world: World) -> None:
    """An attester that would have to announce each use attests nothing at once."""
    access, stranger = NetworkAccess(world.network.sender, world.network.access), world["stranger"]
    world.send(
        access.offer(world["administrator"], Role.ATTESTER, stranger.address, 3_600),
        access.accept(stranger, Role.ATTESTER),
    )
    forged = register(world, attestation(world), attester="stranger")
    refused(world, forged, errors.ComputeAttesterInvalid, attester=stranger.address)


FIELDS: dict[str, object] = {
    "provider": Address(b"\x99" * 20),
    "accelerator": "Ascend 920",
    "units": 385,
    "tokens_per_unit_second": 2_501,
    "valid_from": 1_000,
    "valid_before": 2**40,
    "salt": b"\x08" * 32,
}


@pytest.mark.parametrize("field", FIELDS)
def test_altered_by_the_relayer(world: World, field: str) -> None:
    """No field can be changed after signing (P-14)."""
    market, compute, attester = world.network.market, attestation(world), world["attester"]
    altered = replace(compute, **{field: FIELDS[field]})  # type: ignore[arg-type]  # fields by name
    forged = market.register_compute(world["relayer"], altered, attester.address, market.attest(attester, compute))
    refused(world, forged, errors.ComputeSignatureInvalid, attester=attester.address)


@pytest.mark.parametrize("what", ["chain", "contract", "attester", "empty", "malleable", "short"])
def test_other_signatures(world: World, what: str) -> None:
    """A signature for another chain or market, of another key, or in another form attests nothing (P-14)."""
    market, compute, attester = world.network.market, attestation(world), world["attester"]
    good = market.attest(attester, compute)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    other_s = (order - int.from_bytes(good[32:64], "big")).to_bytes(32, "big")
    signature = {
        "chain": attester.sign(compute.digest(market_domain(world.chain.chain_id + 1, market.address))),
        "contract": attester.sign(compute.digest(market_domain(world.chain.chain_id, world.network.meter.address))),
        "attester": market.attest(world["provider"], compute),
        "empty": b"",
        "malleable": good[:32] + other_s + bytes([55 - good[64]]),
        "short": good[:64],
    }[what]
    forged = market.register_compute(world["relayer"], compute, attester.address, signature)
    refused(world, forged, errors.ComputeSignatureInvalid, attester=attester.address)
    world.send(market.register_compute(world["relayer"], compute, attester.address, good))


def test_an_attester_that_is_a_contract(world: World) -> None:
    """An institution may attest by a contract of its own (ERC-1271), as long as that agrees."""
    access, market, owner = NetworkAccess(world.network.sender, world.network.access), world.network.market, "buyer"
    wallet, compute = Hostile(world, "Wallet", world.address(owner)), attestation(world)
    world.send(
        access.offer(world["administrator"], Role.ATTESTER, wallet.address),
        wallet.act(access.accept(world["stranger"], Role.ATTESTER)),
    )
    submitted = market.register_compute(world["relayer"], compute, wallet.address, market.attest(world[owner], compute))
    snapshot = world.chain.snapshot()
    world.send(wallet.call("close"))
    refused(world, submitted, errors.ComputeSignatureInvalid, attester=wallet.address)
    world.chain.revert(snapshot)
    world.send(submitted)
