"""The published face of the hub: selectors, type strings and digests as x402 `batch-settlement` states them."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak

from pysettle.client.channel.plan import CHANNEL_HUB_ADDRESS, DEPOSIT_COLLECTOR_ADDRESS
from pysettle.client.core.contract import interface
from pysettle.domain.channel.messages import (
    claim_batch_digest,
    deposit_nonce,
    hub_domain,
    refund_digest,
    voucher_digest,
)
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.evm import abi, artifacts
from tests.contracts.world import World

CONFIG = "(address,address,address,address,address,uint40,bytes32)"
ROW = f"(({CONFIG},uint128),bytes,uint128)"

PUBLISHED = {
    "multicall(bytes[])": ("bytes[]",),
    f"deposit({CONFIG},uint128,address,bytes)": (),
    f"claim({ROW}[])": (),
    f"claimWithSignature({ROW}[],bytes)": (),
    "settle(address,address)": (),
    f"initiateWithdraw({CONFIG},uint128)": (),
    f"finalizeWithdraw({CONFIG})": (),
    f"refund({CONFIG},uint128)": (),
    f"refundWithSignature({CONFIG},uint128,uint256,bytes)": (),
    f"getChannelId({CONFIG})": ("bytes32",),
    "channels(bytes32)": ("uint128", "uint128"),
    "pendingWithdrawals(bytes32)": ("uint128", "uint40"),
    "receivers(address,address)": ("uint128", "uint128"),
    "refundNonce(bytes32)": ("uint256",),
    "getVoucherDigest(bytes32,uint128)": ("bytes32",),
    "getRefundDigest(bytes32,uint256,uint128)": ("bytes32",),
    f"getClaimBatchDigest({ROW}[])": ("bytes32",),
}
"""Function -> what it returns, of the ABI in the official SDK (PyPI x402 2.25.0)."""

OWN = {"tryClaim", "claimMetered", "withdrawCredit", "credits"}
"""What the hub has beside it: claims that fail row by row, and payouts that a token refused."""

PUBLISHED_EVENT = "Settled(address indexed,address indexed,address indexed,uint128)"

# Made with the SDK's own type tables and eth-account, for the hub at its canonical address on chain 31337.
SDK_CONFIG = ChannelConfig(
    *(bytes([number]) * 20 for number in (0x11, 0x22, 0x33, 0x44, 0x55)), withdraw_delay_s=900, salt=b"\x66" * 32
)
SDK_CHANNEL_ID = ChannelId(bytes.fromhex("e5d1b33e3c98882840021ab5f03e3adc8383ddacc0ca7506b80d8b7b50227905"))
SDK_VOUCHER = bytes.fromhex("52dc61615c3fa2aaccb9ea1f18d8400df36e70406a32af95322f2082fd09bdcc")
SDK_REFUND = bytes.fromhex("260bc149adac8623ddf8dea9a9636e4abcceb472b190a66265314ba52016af49")
SDK_CLAIM_BATCH = bytes.fromhex("d382649f6e83598e005914814ade8ffcd47550eb508c01b4e1896f88de7addd1")
SDK_DEPOSIT_NONCE = bytes.fromhex("54cda8ba1ebe785a6aa6bb458d11c6aee5d05710e5aa8ea3cc64a3c2ca09b431")


@pytest.mark.parametrize("signature", PUBLISHED)
def test_published_function_is_there(signature: str) -> None:
    """Stock clients call the hub by these selectors and read these answers."""
    known = interface("ChannelHub")
    assert known.selector(signature) == keccak(signature.encode())[:4]
    abi = artifacts.load("ChannelHub").abi
    (entry,) = [item for item in abi if item["type"] == "function" and item["name"] == signature.split("(")[0]]
    assert tuple(output["type"] for output in entry["outputs"]) == PUBLISHED[signature]


def test_hub_has_no_other_function() -> None:
    """No administrator, no recovery, no pause: beside what is published there are two claims and credits (P-24)."""
    abi = artifacts.load("ChannelHub").abi
    names = [item["name"] for item in abi if item["type"] == "function"]
    assert sorted(names) == sorted({signature.split("(")[0] for signature in PUBLISHED} | OWN)
    assert not [item for item in abi if item["type"] in ("constructor", "fallback", "receive")]
    assert artifacts.load("ChannelHub").immutable_references == {}


def test_published_event_is_there() -> None:
    """Stock servers look for this event, by its indexed arguments."""
    (event,) = [i for i in artifacts.load("ChannelHub").abi if i["type"] == "event" and i["name"] == "Settled"]
    arguments = ",".join(p["type"] + (" indexed" if p["indexed"] else "") for p in event["inputs"])
    assert f"Settled({arguments})" == PUBLISHED_EVENT


def test_digests_equal_the_sdks() -> None:
    """Our off-chain digests are the official SDK's, bit for bit."""
    domain = hub_domain(31337, CHANNEL_HUB_ADDRESS)
    assert SDK_CONFIG.channel_id(domain) == SDK_CHANNEL_ID
    assert voucher_digest(domain, SDK_CHANNEL_ID, 123_456) == SDK_VOUCHER
    assert refund_digest(domain, SDK_CHANNEL_ID, 5, 654_321) == SDK_REFUND
    assert claim_batch_digest(domain, [(SDK_CHANNEL_ID, 900, 600), (SDK_CHANNEL_ID, 7, 7)]) == SDK_CLAIM_BATCH
    assert deposit_nonce(SDK_CHANNEL_ID, 99) == SDK_DEPOSIT_NONCE


def test_digests_on_chain_equal_the_sdks(world: World) -> None:
    """The hub at its canonical address computes the same."""
    hub = world.network.hub
    assert (hub.address, hub.collector) == (CHANNEL_HUB_ADDRESS, DEPOSIT_COLLECTOR_ADDRESS)
    assert hub.channel_id(SDK_CONFIG) == SDK_CHANNEL_ID
    assert hub._read("getVoucherDigest", SDK_CHANNEL_ID, 123_456) == SDK_VOUCHER
    assert hub._read("getRefundDigest", SDK_CHANNEL_ID, 5, 654_321) == SDK_REFUND
    rows = [((SDK_CONFIG.fields(), ceiling), b"", total) for ceiling, total in ((900, 600), (7, 7))]
    assert hub._read("getClaimBatchDigest", rows) == SDK_CLAIM_BATCH
    assert keccak(abi.encode(("bytes32", "uint256"), (SDK_CHANNEL_ID, 99))) == SDK_DEPOSIT_NONCE
