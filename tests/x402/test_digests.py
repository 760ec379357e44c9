"""Channel ids, digests and nonces: ours are those of the official SDKs, PyPI `x402` and npm `@x402/evm`, asked live.

Where an SDK gives signatures rather than digests, ours over our digest is the same bytes: both sign by RFC 6979.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from eth_account import Account
from eth_typing import Address
from eth_utils.address import to_canonical_address
from x402.mechanisms.evm.batch_settlement import authorizer_signer, constants, types
from x402.mechanisms.evm.batch_settlement.abi import BATCH_SETTLEMENT_ABI
from x402.mechanisms.evm.batch_settlement.client import (
    compute_channel_id,
    create_batch_settlement_eip3009_deposit_payload,
    sign_voucher,
)
from x402.mechanisms.evm.constants import MULTICALL3_ADDRESS as PUBLISHED_MULTICALL3
from x402.mechanisms.evm.constants import MULTICALL3_TRY_AGGREGATE_ABI
from x402.mechanisms.evm.signers import EthAccountSigner
from x402.schemas import PaymentRequirements

from pysettle.client.channel.plan import CHANNEL_HUB_ADDRESS, DEPOSIT_COLLECTOR_ADDRESS
from pysettle.client.core.plan import MULTICALL3_ADDRESS
from pysettle.domain.channel.messages import (
    claim_batch_digest,
    deposit_nonce,
    hub_domain,
    refund_digest,
    voucher_digest,
)
from pysettle.domain.core.messages import ZERO_ADDRESS, Authorization, ChannelConfig
from pysettle.domain.core.signing import Signer
from pysettle.domain.core.typed_data import Domain
from pysettle.evm import artifacts
from tests.x402.sdk import CHAIN_ID, NETWORK, published_config, run_npm

HUB = hub_domain(CHAIN_ID, CHANNEL_HUB_ADDRESS)
PAYER, AUTHORIZER = Signer.derived("x402", "payer"), Signer.derived("x402", "authorizer")
SERIES, METER, CURRENCY, LAST = (Address(bytes([number]) * 20) for number in (0x33, 0x44, 0x55, 0xFF))
CONFIGS = {
    "currency": ChannelConfig(PAYER.address, PAYER.address, SERIES, AUTHORIZER.address, CURRENCY, 900),
    "Tokens": ChannelConfig(PAYER.address, PAYER.address, SERIES, METER, SERIES, 86_400, b"\x66" * 32),
    "payer signs itself": ChannelConfig(PAYER.address, ZERO_ADDRESS, SERIES, METER, SERIES, 2_592_000, b"\x01" * 32),
    "greatest values": ChannelConfig(LAST, LAST, LAST, LAST, LAST, 2**40 - 1, b"\xff" * 32),
}
IDS = {name: config.channel_id(HUB) for name, config in CONFIGS.items()}
AMOUNTS = (0, 1, 145_140, 2**128 - 1)
BATCH = [("Tokens", 900, 600), ("currency", 2**128 - 1, 1), ("Tokens", 7, 7)]
"""Rows of a claim: (channel, ceiling, total claimed)."""
TOKEN = Domain("e-CNY token (simulated)", "1", CHAIN_ID, CURRENCY)


def sdk_config(name: str) -> types.ChannelConfig:
    """Return the terms of a channel as PyPI's class."""
    return types.ChannelConfig.from_dict(published_config(CONFIGS[name]))


def hexed(data: bytes) -> str:
    """Return bytes as the SDKs write them."""
    return "0x" + data.hex()


def requirements() -> dict[str, Any]:
    """Return what a server asks for a call paid in the currency."""
    return {
        "scheme": "batch-settlement",
        "network": NETWORK,
        "asset": hexed(CURRENCY),
        "amount": "100",
        "payTo": hexed(SERIES),
        "maxTimeoutSeconds": 3_600,
        "extra": {"name": TOKEN.name, "version": TOKEN.version, "receiverAuthorizer": hexed(AUTHORIZER.address)},
    }


def check_deposit(payload: Mapping[str, Any], amount: int) -> None:
    """Check the signatures of a first payment: of the deposit, with its nonce, and of its voucher."""
    stated = payload["deposit"]["authorization"]["erc3009Authorization"]
    nonce = deposit_nonce(IDS["currency"], int(stated["salt"], 16))
    times = int(stated["validAfter"]), int(stated["validBefore"])
    authorization = Authorization(PAYER.address, DEPOSIT_COLLECTOR_ADDRESS, amount, *times, nonce)
    assert stated["signature"] == hexed(PAYER.sign(authorization.receive_digest(TOKEN)))
    assert payload["voucher"] == {
        "channelId": hexed(IDS["currency"]),
        "maxClaimableAmount": "100",
        "signature": hexed(PAYER.sign(voucher_digest(HUB, IDS["currency"], 100))),
    }


# ------------------------------------------------------------------------------------------ PyPI


@pytest.mark.parametrize("name", CONFIGS)
def test_channel_id(name: str) -> None:
    """The id of a channel is the SDK's, for each kind of channel."""
    assert compute_channel_id(sdk_config(name), NETWORK) == hexed(IDS[name])


@pytest.mark.parametrize("ceiling", AMOUNTS)
def test_voucher(ceiling: int) -> None:
    """The SDK's client signs our digest of a voucher."""
    signer = EthAccountSigner(Account.from_key(PAYER.secret))
    voucher = sign_voucher(signer, hexed(IDS["Tokens"]), ceiling, NETWORK)
    assert voucher.signature == hexed(PAYER.sign(voucher_digest(HUB, IDS["Tokens"], ceiling)))


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("nonce", [0, 5, 2**256 - 1])
def test_refund(amount: int, nonce: int) -> None:
    """The SDK's server signs our digest of a refund."""
    signer = authorizer_signer.LocalAuthorizerSigner(hexed(AUTHORIZER.secret))
    signature = authorizer_signer.sign_refund(signer, hexed(IDS["Tokens"]), amount, nonce, NETWORK)
    assert signature == hexed(AUTHORIZER.sign(refund_digest(HUB, IDS["Tokens"], nonce, amount)))


@pytest.mark.parametrize("count", range(len(BATCH) + 1))
def test_claim_batch(count: int) -> None:
    """The SDK's server signs our digest of a batch of claims, of an empty one too."""
    signer = authorizer_signer.LocalAuthorizerSigner(hexed(AUTHORIZER.secret))
    claims = [types.VoucherClaim(sdk_config(name), str(most), "0x", str(total)) for name, most, total in BATCH[:count]]
    digest = claim_batch_digest(HUB, [(IDS[name], most, total) for name, most, total in BATCH[:count]])
    assert authorizer_signer.sign_claim_batch(signer, claims, NETWORK) == hexed(AUTHORIZER.sign(digest))


def test_deposit() -> None:
    """The SDK's client signs our digest of the authorization that a deposit is collected with, and our nonce."""
    signer = EthAccountSigner(Account.from_key(PAYER.secret))
    asked = PaymentRequirements.model_validate(requirements())
    payload = create_batch_settlement_eip3009_deposit_payload(signer, asked, sdk_config("currency"), 5_000, 100)
    check_deposit(payload.to_dict(), 5_000)


def test_addresses() -> None:
    """Hub, collector and Multicall3 stand where the SDK looks for them."""
    published = (
        constants.BATCH_SETTLEMENT_ADDRESS,
        constants.ERC3009_DEPOSIT_COLLECTOR_ADDRESS,
        PUBLISHED_MULTICALL3,
    )
    ours = (CHANNEL_HUB_ADDRESS, DEPOSIT_COLLECTOR_ADDRESS, MULTICALL3_ADDRESS)
    assert tuple(map(to_canonical_address, published)) == ours


def face(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what a caller depends on in an entry of an ABI: its name, the types, what is indexed."""

    def kinds(parameters: list[Mapping[str, Any]]) -> tuple[Any, ...]:
        return tuple(
            (it["type"], it.get("indexed", False), kinds(it["components"]) if "components" in it else ())
            for it in parameters
        )

    return entry["type"], entry["name"], kinds(entry["inputs"]), kinds(entry.get("outputs", []))


@pytest.mark.parametrize(
    ("contract", "published"), [("ChannelHub", BATCH_SETTLEMENT_ABI), ("Multicall3", MULTICALL3_TRY_AGGREGATE_ABI)]
)
def test_published_abi(contract: str, published: list[dict[str, Any]]) -> None:
    """Our contracts have every function and event that the SDK calls or reads, and may have more."""
    ours = {face(entry) for entry in artifacts.load(contract).abi if entry["type"] in ("function", "event")}
    assert {face(entry) for entry in published} <= ours


# ------------------------------------------------------------------------------------------- npm


def test_npm() -> None:
    """The same by npm's SDK: ids, vouchers, refunds, batches of claims, and a deposit with its nonce."""
    answer = run_npm(
        "digests.mjs",
        {
            "network": NETWORK,
            "payer": hexed(PAYER.secret),
            "authorizer": hexed(AUTHORIZER.secret),
            "configs": [published_config(config) for config in CONFIGS.values()],
            "amounts": list(map(str, AMOUNTS)),
            "nonce": "5",
            "batch": [(hexed(IDS[name]), str(most), str(total)) for name, most, total in BATCH],
            "requirements": requirements(),
            "deposit": "5000",
        },
    )
    first, batch = IDS["currency"], [(IDS[name], most, total) for name, most, total in BATCH]
    check_deposit(answer.pop("deposit"), 5_000)
    assert answer == {
        "ids": [hexed(channel_id) for channel_id in IDS.values()],
        "vouchers": [hexed(PAYER.sign(voucher_digest(HUB, first, amount))) for amount in AMOUNTS],
        "refunds": [hexed(AUTHORIZER.sign(refund_digest(HUB, first, 5, amount))) for amount in AMOUNTS],
        "batches": [hexed(AUTHORIZER.sign(claim_batch_digest(HUB, rows))) for rows in ([], batch)],
        "addresses": [hexed(CHANNEL_HUB_ADDRESS), hexed(DEPOSIT_COLLECTOR_ADDRESS)],
    }
