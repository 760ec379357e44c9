"""Signed messages by three hands: pysettle, eth-account and the deployed contracts give one digest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.domain.channel.messages import (
    claim_batch_digest,
    deposit_nonce,
    refund_approval_digest,
    refund_digest,
    usage_digest,
    voucher_digest,
)
from pysettle.domain.channel.receipts import UsageReceipt
from pysettle.domain.compute.messages import ComputeAttestation, PurchaseTerms
from pysettle.domain.compute.usage import Meters, Usage
from pysettle.domain.core.messages import Authorization, ChannelConfig, ChannelId, Permit, cancel_digest
from pysettle.domain.core.typed_data import Domain
from pysettle.domain.jobs.terms import OrderTerms
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.domain.settlement.corridors import TravelPayload
from pysettle.domain.settlement.messages import Instruction, Leg, LegKind
from pysettle.domain.settlement.quotes import Order, Quote, ReferenceRate
from tests.contracts.world import World

FILE = Path(__file__).parents[1] / "vectors" / "typed_data.json"
STATED = json.loads(FILE.read_text())
VECTORS: list[dict[str, Any]] = STATED["vectors"]
DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]

vectors = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])


def read(types: dict[str, list[dict[str, str]]], kind: str, value: Any) -> Any:
    """Turn a message of the file into numbers and bytes."""
    if kind.endswith("[]"):
        return [read(types, kind[:-2], item) for item in value]
    if kind in types:
        return {field["name"]: read(types, field["type"], value[field["name"]]) for field in types[kind]}
    return int(value) if kind.startswith("uint") else bytes.fromhex(value.removeprefix("0x"))


def rows(message: dict[str, Any], name: str) -> list[tuple[Any, ...]]:
    """Return the rows of a message as tuples."""
    return [tuple(row.values()) for row in message[name]]


def snake(name: str) -> str:
    """Return the name of a field in Python."""
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def approval_digest(domain: Domain, party: Address, number: int, valid_before: int, stated: dict[str, Any]) -> bytes:
    """Return the digest of an approval of an instruction, whose legs and data have the names of the contract."""
    legs = tuple(Leg(LegKind(kind), *others) for kind, *others in rows(stated, "legs"))
    data = ("endToEndId", "purpose", "valueTime", "customers", "original", "reason")
    instruction = Instruction(legs, *(stated[name] for name in data))
    return instruction.approval_digest(domain, party, number, valid_before)


PRODUCERS: dict[str, Callable[[Domain, dict[str, Any]], bytes]] = {
    "TransferWithAuthorization": lambda domain, m: Authorization(*m.values()).transfer_digest(domain),
    "ReceiveWithAuthorization": lambda domain, m: Authorization(*m.values()).receive_digest(domain),
    "CancelAuthorization": lambda domain, m: cancel_digest(domain, *m.values()),
    "Permit": lambda domain, m: Permit(*m.values()).digest(domain),
    "ReserveAttestation": lambda domain, m: ReserveAttestation(*m.values()).digest(domain),
    "Approval": lambda domain, m: approval_digest(domain, *m.values()),
    "TravelPayload": lambda domain, m: TravelPayload(*m.values()).digest(domain),
    "Quote": lambda domain, m: Quote(*m.values()).digest(domain),
    "ReferenceRate": lambda domain, m: ReferenceRate(*m.values()).digest(domain),
    "ChannelConfig": lambda domain, m: ChannelConfig(*m.values()).channel_id(domain),
    "Voucher": lambda domain, m: voucher_digest(domain, *m.values()),
    "Refund": lambda domain, m: refund_digest(domain, *m.values()),
    "ClaimBatch": lambda domain, m: claim_batch_digest(domain, rows(m, "claims")),
    "UsageAttestation": lambda domain, m: usage_digest(
        domain, m["series"], list(zip(m["channelIds"], m["usages"], strict=True))
    ),
    "UsageReceipt": lambda domain, m: UsageReceipt(
        **{snake(name): Usage.unpack(value) if name == "usage" else value for name, value in m.items()}
    ).digest(domain),
    "RefundApproval": lambda domain, m: refund_approval_digest(domain, *m.values()),
    "ComputeAttestation": lambda domain, m: ComputeAttestation(
        *(m | {"accelerator": m["accelerator"].rstrip(b"\0").decode()}).values()
    ).digest(domain),
}
STRUCTS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "Purchase": lambda m: PurchaseTerms(*m.values()).hash(),
    "Order": lambda m: Order(*[*m.values()][1:]).nonce(m["exchange"]),
}
"""Struct without a domain, whose hash is a nonce -> its hash."""


def test_every_message_has_a_vector() -> None:
    """The file covers every signed message, and each of its names once."""
    assert {vector["primaryType"] for vector in VECTORS} == {*PRODUCERS, *STRUCTS}
    assert len({vector["name"] for vector in VECTORS}) == len(VECTORS)
    assert len({vector["structHash"] for vector in VECTORS}) == len(VECTORS)


@vectors
def test_pysettle(vector: dict[str, Any]) -> None:
    """`pysettle.domain.messages` gives the digest, of empty batches too (P-11)."""
    message = read(vector["types"], vector["primaryType"], vector["message"])
    if vector["domain"] is None:
        struct = STRUCTS[vector["primaryType"]](message)
        assert struct.hex() == vector["structHash"].removeprefix("0x")
        return
    stated = vector["domain"]
    contract = Address(bytes.fromhex(stated["verifyingContract"].removeprefix("0x")))
    domain = Domain(stated["name"], stated["version"], stated["chainId"], contract)
    digest = PRODUCERS[vector["primaryType"]](domain, message)
    assert digest.hex() == vector["digest"].removeprefix("0x")


@vectors
def test_eth_account(vector: dict[str, Any]) -> None:
    """eth-account, which shares no code with it, gives the digest from the types alone."""
    domain = vector["domain"]
    signable = encode_typed_data(
        full_message={
            "types": {"EIP712Domain": DOMAIN_TYPE if domain else [], **vector["types"]},
            "primaryType": vector["primaryType"],
            "domain": domain or {},
            "message": read(vector["types"], vector["primaryType"], vector["message"]),
        }
    )
    assert signable.body.hex() == vector["structHash"].removeprefix("0x")
    if domain:
        digest = keccak(b"\x19" + signable.version + signable.header + signable.body)
        assert digest.hex() == vector["digest"].removeprefix("0x")


@pytest.mark.parametrize("vector", STATED["depositNonces"], ids=lambda vector: vector["name"])
def test_deposit_nonce(vector: dict[str, str]) -> None:
    """`pysettle.domain.messages` gives the nonce that commits a deposit to its channel."""
    channel_id = ChannelId(bytes.fromhex(vector["channelId"].removeprefix("0x")))
    assert deposit_nonce(channel_id, int(vector["salt"])).hex() == vector["nonce"].removeprefix("0x")


@pytest.mark.parametrize("vector", STATED["orderIds"]["vectors"], ids=lambda vector: vector["name"])
def test_order_id(vector: dict[str, Any]) -> None:
    """`pysettle.domain.jobs` gives the id of an order, which is the nonce of its payment too."""
    chain_id, escrow, payer, (*parties, description, before, review, arbitration, bps, bond, stages, salt) = values(
        vector["values"]
    )
    milestones = tuple(tuple(stage) for stage in stages)
    terms = OrderTerms(*parties, description, before, review, arbitration, milestones, bps, bond, salt)
    assert terms.order_id(chain_id, escrow, payer).hex() == vector["id"].removeprefix("0x")


def values(stated: Any) -> Any:
    """Turn values of the file into numbers and bytes."""
    if isinstance(stated, list):
        return [values(it) for it in stated]
    return bytes.fromhex(stated.removeprefix("0x")) if stated.startswith("0x") else int(stated)


# ------------------------------------------------------------------------- deployed contracts


@pytest.fixture
def channels(world: World) -> list[ChannelConfig]:
    """Return the terms of three channels of the series."""
    names = ("buyer", "other buyer", "stranger")
    return [world.config(name, salt=bytes([place]) * 32) for place, name in enumerate(names)]


def test_channel_id(world: World, channels: list[ChannelConfig]) -> None:
    """The hub gives the ids of channels, also of one whose payer signs itself."""
    hub = world.network.hub
    for config in (*channels, world.config("buyer", payer_authorizer=Address(b"\0" * 20), withdraw_delay_s=2**40 - 1)):
        assert hub.channel_id(config) == config.channel_id(hub.domain)


@pytest.mark.parametrize("amount", [0, 1, 145_140, 2**128 - 1])
def test_voucher_and_refund(world: World, channels: list[ChannelConfig], amount: int) -> None:
    """The hub gives the digests of vouchers and refunds."""
    hub = world.network.hub
    for nonce, config in enumerate(channels):
        channel_id = config.channel_id(hub.domain)
        assert hub._read("getVoucherDigest", channel_id, amount) == voucher_digest(hub.domain, channel_id, amount)
        asked = hub._read("getRefundDigest", channel_id, nonce, amount)
        assert asked == refund_digest(hub.domain, channel_id, nonce, amount)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_claim_batch(world: World, channels: list[ChannelConfig], count: int) -> None:
    """The hub gives the digest of a batch of claims, of an empty one too (P-11)."""
    hub = world.network.hub
    claims = [((config.fields(), 100 + place), b"", 50 + place) for place, config in enumerate(channels[:count])]
    entries = [
        (config.channel_id(hub.domain), 100 + place, 50 + place) for place, config in enumerate(channels[:count])
    ]
    assert hub._read("getClaimBatchDigest", claims) == claim_batch_digest(hub.domain, entries)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_usage(world: World, channels: list[ChannelConfig], count: int) -> None:
    """The meter gives the digest of attested usage, of no rows too (P-11)."""
    meter, hub = world.network.meter, world.network.hub
    attested = [
        (config.channel_id(hub.domain), Usage(Meters(1, 4808, 10), Meters(output=2**42 - 1 - place)).pack())
        for place, config in enumerate(channels[:count])
    ]
    asked = meter._read("usageDigest", world.series.address, [row[0] for row in attested], [row[1] for row in attested])
    assert asked == usage_digest(meter.domain, world.series.address, attested)


@pytest.mark.parametrize(("nonce", "amount", "claimed"), [(0, 1, 0), (2**256 - 1, 2**128 - 1, 2**128 - 1)])
def test_refund_approval(world: World, channels: list[ChannelConfig], nonce: int, amount: int, claimed: int) -> None:
    """The meter gives the digest of a refund's approval."""
    meter = world.network.meter
    channel_id: ChannelId = channels[0].channel_id(world.network.hub.domain)
    asked = meter._read("refundApprovalDigest", channel_id, nonce, amount, claimed)
    assert asked == refund_approval_digest(meter.domain, channel_id, nonce, amount, claimed)


def test_purchase_terms(world: World) -> None:
    """The series gives the hash of a purchase's terms, whose high 192 bits stand above the payer's number."""
    terms = PurchaseTerms(world.series.address, world.address("buyer"), 2**256 - 1, 2**40)
    asked = world.series._read("purchaseTermsHash", terms.beneficiary, terms.least_tokens, terms.deadline)
    assert asked == terms.hash() == terms.nonce()
    assert terms.nonce(2**64 - 1) == asked[:24] + b"\xff" * 8


@pytest.mark.parametrize("number", [0, 2**64 - 1])
def test_compute_attestation(world: World, number: int) -> None:
    """The market gives the digest of attested compute, of the greatest values too."""
    market = world.network.market
    attestation = ComputeAttestation(
        world.address("provider"), "Ascend 910C", number, number, number, number, b"\7" * 32
    )
    assert market._read("computeDigest", attestation.fields()) == attestation.digest(market.domain)


def test_authorizations(world: World) -> None:
    """The currency accepts what is signed over pysettle's digest of its three types."""
    currency, buyer, stranger = world.network.currency, world["buyer"], world["stranger"]
    sent, received = (world.authorization("buyer", stranger.address, 0) for _ in range(2))
    cancelled = world.fresh_nonce()
    world.send(
        currency.transfer_with_authorization(stranger, sent, buyer.sign(sent.transfer_digest(currency.domain))),
        currency.receive_with_authorization(stranger, received, buyer.sign(received.receive_digest(currency.domain))),
        currency.cancel_authorization(stranger, buyer, cancelled),
    )
    for nonce in (sent.nonce, received.nonce, cancelled):
        assert currency.is_authorization_spent(buyer.address, nonce)
