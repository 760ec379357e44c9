"""The signed messages of settlement: authorizations, purchases, channels, vouchers, usage and refunds (EIP-712).

Each is the exact counterpart of a type hash in the contracts; `tests/vectors` holds digests for other languages.
"""

from __future__ import annotations

from dataclasses import dataclass

from pysettle.domain.core.typed_data import Domain, StructType
from pysettle.values import Address
from pysettle.values import ChannelId as ChannelId

ZERO_ADDRESS = Address(b"\0" * 20)
"""No account: the sender of created units and the receiver of destroyed units."""

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
_CONFIG = StructType(
    "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,"
    "address token,uint40 withdrawDelay,bytes32 salt)"
)


@dataclass(frozen=True, slots=True)
class Authorization:
    """A payer's EIP-3009 authorization of one transfer. Valid in the open interval (valid_after, valid_before)."""

    payer: Address
    """Account that pays and signs."""
    payee: Address
    """Account that is paid."""
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
    """Holder of the value and signer."""
    spender: Address
    """Account that may transfer."""
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
class ChannelConfig:
    """The immutable terms of a channel (x402 `ChannelConfig`)."""

    payer: Address
    """Account that deposits value and receives the rest."""
    payer_authorizer: Address
    """Account that signs vouchers; zero if the payer signs."""
    receiver: Address
    """Account that receives claimed value; for Tokens their series."""
    receiver_authorizer: Address
    """Account that authorises claims and refunds; for Tokens the UsageMeter."""
    token: Address
    """Token of the channel."""
    withdraw_delay_s: int
    """Seconds between notice and completion of a withdrawal, 15 minutes to 30 days."""
    salt: bytes = b"\0" * 32
    """Distinguishes channels of otherwise equal terms."""

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
        """Account that signs vouchers."""
        return self.payer if self.payer_authorizer == ZERO_ADDRESS else self.payer_authorizer
