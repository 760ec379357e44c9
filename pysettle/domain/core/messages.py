"""The signed messages of settlement: authorizations, purchases, channels, vouchers, usage and refunds (EIP-712).

Each is the exact counterpart of a type hash in the contracts; `tests/vectors` holds digests for other languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType

from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.domain.core.typed_data import Domain, StructType, hash_array, word

ChannelId = NewType("ChannelId", bytes)
"""32 bytes: the EIP-712 digest of a channel's terms."""

ZERO_ADDRESS = Address(b"\0" * 20)
"""No account: the source of what is created and the destination of what is destroyed."""

CHANNEL_HUB_NAME = "x402 Batch Settlement"
"""Name in the hub's EIP-712 domain, as published by x402."""

COMPUTE_MARKET_NAME = "pysettle ComputeMarket"
"""Name in the market's EIP-712 domain."""

USAGE_METER_NAME = "pysettle UsageMeter"
"""Name in the meter's EIP-712 domain."""

_TRANSFER = StructType(
    "TransferWithAuthorization(address from,address to,uint256 value,"
    "uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
_RECEIVE = StructType(
    "ReceiveWithAuthorization(address from,address to,uint256 value,"
    "uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
_CANCEL = StructType("CancelAuthorization(address authorizer,bytes32 nonce)")
_PERMIT = StructType("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")
_RESERVE = StructType("ReserveAttestation(uint256 amountFen,uint64 asOf,uint64 sequence,uint64 validBefore)")
_PURCHASE = StructType("Purchase(address series,address beneficiary,uint256 leastTokens,uint256 deadline)")
_COMPUTE = StructType(
    "ComputeAttestation(address provider,bytes32 accelerator,uint64 units,uint64 tokensPerUnitSecond,"
    "uint64 validFrom,uint64 validBefore,bytes32 salt)"
)
_CONFIG = StructType(
    "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,"
    "address token,uint40 withdrawDelay,bytes32 salt)"
)
_VOUCHER = StructType("Voucher(bytes32 channelId,uint128 maxClaimableAmount)")
_REFUND = StructType("Refund(bytes32 channelId,uint256 nonce,uint128 amount)")
_CLAIM_ENTRY_SIGNATURE = "ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
_CLAIM_ENTRY = StructType(_CLAIM_ENTRY_SIGNATURE)
_CLAIM_BATCH_HASH = keccak(f"ClaimBatch(ClaimEntry[] claims){_CLAIM_ENTRY_SIGNATURE}".encode())
_ATTESTATION_HASH = keccak(b"UsageAttestation(address series,bytes32[] channelIds,uint256[] usages)")
_REFUND_APPROVAL = StructType("RefundApproval(bytes32 channelId,uint256 nonce,uint128 amount,uint128 totalClaimed)")


@dataclass(frozen=True, slots=True)
class Authorization:
    """A payer's EIP-3009 authorization of one transfer. Valid in the open interval (valid_after, valid_before)."""

    payer: Address
    """Who pays and signs."""
    payee: Address
    """Who is paid."""
    value: int
    """Smallest units of the token."""
    valid_after: int
    """Unix seconds."""
    valid_before: int
    """Unix seconds."""
    nonce: bytes
    """32 bytes, of which the last 8 are used at most once with the payer: the token counts nonces by these 64 bits."""

    def _fields(self) -> tuple[object, ...]:
        return (self.payer, self.payee, self.value, self.valid_after, self.valid_before, self.nonce)

    def transfer_digest(self, token: Domain) -> bytes:
        """Digest for `transferWithAuthorization`, which anyone may submit."""
        return token.digest(_TRANSFER.hash(*self._fields()))

    def receive_digest(self, token: Domain) -> bytes:
        """Digest for `receiveWithAuthorization`, which only the payee may submit."""
        return token.digest(_RECEIVE.hash(*self._fields()))


def cancel_digest(token: Domain, authorizer: Address, nonce: bytes) -> bytes:
    """Digest for `cancelAuthorization`."""
    return token.digest(_CANCEL.hash(authorizer, nonce))


@dataclass(frozen=True, slots=True)
class Permit:
    """An owner's EIP-2612 permit: an allowance by signature."""

    owner: Address
    """Whose value it is, and who signs."""
    spender: Address
    """Who may transfer it."""
    value: int
    """Smallest units of the token, replacing the allowance before."""
    nonce: int
    """The owner's next permit nonce."""
    deadline: int
    """Last unix second of its validity."""

    def digest(self, token: Domain) -> bytes:
        """Digest the owner signs."""
        return token.digest(_PERMIT.hash(self.owner, self.spender, self.value, self.nonce, self.deadline))


@dataclass(frozen=True, slots=True)
class ReserveAttestation:
    """What the central bank attests of the reserve behind a currency."""

    amount_fen: int
    """Reserve in fen."""
    as_of: int
    """Unix second the amount is of."""
    sequence: int
    """Number of the attestation, above that of the one before."""
    valid_before: int
    """Unix second from which it is too old to issue against."""

    def fields(self) -> tuple[int, ...]:
        """Return the attestation in the order of the contract's struct."""
        return (self.amount_fen, self.as_of, self.sequence, self.valid_before)

    def digest(self, currency: Domain) -> bytes:
        """Digest the central bank signs."""
        return currency.digest(_RESERVE.hash(*self.fields()))


@dataclass(frozen=True, slots=True)
class PurchaseTerms:
    """What a buyer's payment authorization commits to through its nonce."""

    series: Address
    """Series that sells."""
    beneficiary: Address
    """Who receives the Tokens."""
    least_tokens: int
    """Fewest Tokens accepted."""
    deadline: int
    """Unix second from which the purchase is refused."""

    def hash(self) -> bytes:
        """Return the hash of the terms."""
        return _PURCHASE.hash(self.series, self.beneficiary, self.least_tokens, self.deadline)

    def nonce(self, number: int | None = None) -> bytes:
        """Return an EIP-3009 nonce that commits to the terms: the high 192 bits of their hash, above a number.

        Args:
            number: The buyer's own, 64 bits, by which alone the token tells nonces apart: no number is used twice, in
                whatever authorization. Numbers in sequence share storage words, and cost less. Without one the nonce is
                the whole hash, for one purchase of these terms.
        """
        whole = self.hash()
        return whole if number is None else whole[:24] + number.to_bytes(8, "big")


@dataclass(frozen=True, slots=True)
class ComputeAttestation:
    """What an attester signs of a provider's compute."""

    provider: Address
    """Who runs it."""
    accelerator: str
    """Kind of accelerator, for example "Ascend 910C", at most 32 bytes."""
    units: int
    """Accelerators of that kind."""
    tokens_per_unit_second: int
    """Tokens that one of them delivers a second."""
    valid_from: int
    """Unix second from which they deliver."""
    valid_before: int
    """Unix second from which they no longer do."""
    salt: bytes = b"\0" * 32
    """Tells attestations of otherwise equal compute apart."""

    @property
    def capacity(self) -> int:
        """Tokens that the compute can deliver in all."""
        return self.units * self.tokens_per_unit_second * (self.valid_before - self.valid_from)

    def fields(self) -> tuple[object, ...]:
        """Return the attestation in the order of the contract's struct."""
        accelerator = self.accelerator.encode().ljust(32, b"\0")
        times = (self.valid_from, self.valid_before)
        return (self.provider, accelerator, self.units, self.tokens_per_unit_second, *times, self.salt)

    def digest(self, market: Domain) -> bytes:
        """Digest the attester signs; it is also the id of the compute."""
        return market.digest(_COMPUTE.hash(*self.fields()))


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """The immutable terms of a channel (x402 `ChannelConfig`)."""

    payer: Address
    """Whose value is deposited, and to whom what is left returns."""
    payer_authorizer: Address
    """Who signs vouchers; zero when the payer does."""
    receiver: Address
    """To whom claimed value is settled; for Tokens their series."""
    receiver_authorizer: Address
    """Who authorises claims and refunds; for Tokens the UsageMeter."""
    token: Address
    """What the channel holds."""
    withdraw_delay_s: int
    """Seconds between notice and completion of a withdrawal, 15 minutes to 30 days."""
    salt: bytes = b"\0" * 32
    """Tells channels of otherwise equal terms apart."""

    def fields(self) -> tuple[object, ...]:
        """Return the terms in the order of the contract's struct."""
        return (
            self.payer,
            self.payer_authorizer,
            self.receiver,
            self.receiver_authorizer,
            self.token,
            self.withdraw_delay_s,
            self.salt,
        )

    def channel_id(self, hub: Domain) -> ChannelId:
        """Return the channel's id under a hub."""
        return ChannelId(hub.digest(_CONFIG.hash(*self.fields())))

    @property
    def voucher_signer(self) -> Address:
        """Who signs vouchers."""
        return self.payer if self.payer_authorizer == ZERO_ADDRESS else self.payer_authorizer


def hub_domain(chain_id: int, hub: Address) -> Domain:
    """Return the domain of a ChannelHub."""
    return Domain(CHANNEL_HUB_NAME, "1", chain_id, hub)


def meter_domain(chain_id: int, meter: Address) -> Domain:
    """Return the domain of a UsageMeter."""
    return Domain(USAGE_METER_NAME, "1", chain_id, meter)


def market_domain(chain_id: int, market: Address) -> Domain:
    """Return the EIP-712 domain of a ComputeMarket."""
    return Domain(COMPUTE_MARKET_NAME, "1", chain_id, market)


def deposit_nonce(channel_id: ChannelId, salt: int) -> bytes:
    """Return the EIP-3009 nonce that commits a deposit to its channel (x402 `ERC3009DepositCollector`)."""
    return keccak(channel_id + word(salt))


def voucher_digest(hub: Domain, channel_id: ChannelId, ceiling: int) -> bytes:
    """Digest of a payer's cumulative ceiling on one channel, in smallest units of its token."""
    return hub.digest(_VOUCHER.hash(channel_id, ceiling))


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


def refund_approval_digest(meter: Domain, channel_id: ChannelId, nonce: int, amount: int, total_claimed: int) -> bytes:
    """Digest a provider signs to approve a cooperative refund of a channel of its series."""
    return meter.digest(_REFUND_APPROVAL.hash(channel_id, nonce, amount, total_claimed))
