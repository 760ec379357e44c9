"""The signed messages of channels: deposits, vouchers, claims, usage and refunds (EIP-712)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pysettle.domain.core.messages import ChannelId
from pysettle.domain.core.typed_data import Domain, StructType, hash_array, word
from pysettle.hashing import keccak
from pysettle.values import Address, Amount, Tokens

CHANNEL_HUB_NAME = "x402 Batch Settlement"
"""Name in the hub's EIP-712 domain, as published by x402."""

CEILING_BITS = 128
"""Bits of a ceiling, as x402's `Voucher` has it."""

USAGE_METER_NAME = "pysettle UsageMeter"
"""Name in the meter's EIP-712 domain."""

_VOUCHER = StructType("Voucher(bytes32 channelId,uint128 maxClaimableAmount)")
_REFUND = StructType("Refund(bytes32 channelId,uint256 nonce,uint128 amount)")
_CLAIM_ENTRY_SIGNATURE = "ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
_CLAIM_ENTRY = StructType(_CLAIM_ENTRY_SIGNATURE)
_CLAIM_BATCH_HASH = keccak(f"ClaimBatch(ClaimEntry[] claims){_CLAIM_ENTRY_SIGNATURE}".encode())
_ATTESTATION_HASH = keccak(b"UsageAttestation(address series,bytes32[] channelIds,uint256[] usages)")
_REFUND_APPROVAL = StructType("RefundApproval(bytes32 channelId,uint256 nonce,uint128 amount,uint128 totalClaimed)")


def hub_domain(chain_id: int, hub: Address) -> Domain:
    """Return the domain of a ChannelHub."""
    return Domain(CHANNEL_HUB_NAME, "1", chain_id, hub)


def meter_domain(chain_id: int, meter: Address) -> Domain:
    """Return the domain of a UsageMeter."""
    return Domain(USAGE_METER_NAME, "1", chain_id, meter)


def deposit_nonce(channel_id: ChannelId, salt: int) -> bytes:
    """Return the EIP-3009 nonce that commits a deposit to its channel (x402 `ERC3009DepositCollector`)."""
    return keccak(channel_id + word(salt))


def voucher_digest(hub: Domain, channel_id: ChannelId, ceiling: Amount) -> bytes:
    """Digest of a payer's cumulative ceiling on one channel, in smallest units of its token.

    Raises:
        OverflowError: the ceiling is negative or does not fit `CEILING_BITS`.
        ValueError: the id has not 32 bytes.
    """
    return voucher_digests(hub, [(channel_id, ceiling)])[0]


def voucher_digests(hub: Domain, drawn: Iterable[tuple[ChannelId, Amount]]) -> list[bytes]:
    """Digests of many vouchers: `StructType.hash` and `Domain.digest` in one expression, since each call counts here.

    Args:
        hub: Domain of the hub.
        drawn: Each channel with its ceiling.

    Raises:
        OverflowError: a ceiling is negative or does not fit `CEILING_BITS`.
        ValueError: an id has not 32 bytes.
    """
    prefix, kind, ceiling_bytes = b"\x19\x01" + hub.separator, _VOUCHER.type_hash, CEILING_BITS // 8
    left = bytes(32 - ceiling_bytes)
    digests = []
    for channel_id, ceiling in drawn:
        if len(channel_id) != 32:
            raise ValueError(f"bytes32 needs 32 bytes, got {len(channel_id)}")
        struct_hash = keccak(kind + channel_id + left + ceiling.to_bytes(ceiling_bytes, "big"))
        digests.append(keccak(prefix + struct_hash))
    return digests


def refund_digest(hub: Domain, channel_id: ChannelId, nonce: int, amount: int) -> bytes:
    """Digest a receiver authorizer signs for a cooperative refund."""
    return hub.digest(_REFUND.hash(channel_id, nonce, amount))


def claim_batch_digest(hub: Domain, entries: Sequence[tuple[ChannelId, int, int]]) -> bytes:
    """Digest a receiver authorizer signs for a batch of claims.

    Args:
        hub: Domain of the hub.
        entries: (channel id, ceiling, total claimed) of each row, in order.
    """
    hashes = [_CLAIM_ENTRY.hash(*entry) for entry in entries]
    return hub.digest(keccak(_CLAIM_BATCH_HASH + hash_array(hashes)))


def usage_digest(meter: Domain, series: Address, rows: Sequence[tuple[ChannelId, int]]) -> bytes:
    """Digest a provider signs for the usage of many channels of one series.

    Args:
        meter: Domain of the UsageMeter.
        series: The series.
        rows: (channel id, packed cumulative usage) of each channel, in order.
    """
    ids, usages = hash_array([channel_id for channel_id, _ in rows]), hash_array([word(usage) for _, usage in rows])
    return meter.digest(keccak(_ATTESTATION_HASH + word(int.from_bytes(series, "big")) + ids + usages))


def refund_approval_digest(
    meter: Domain, channel_id: ChannelId, nonce: int, amount: Tokens, total_claimed: Tokens
) -> bytes:
    """Digest a provider signs to approve a cooperative refund of a channel of its series."""
    return meter.digest(_REFUND_APPROVAL.hash(channel_id, nonce, amount, total_claimed))
