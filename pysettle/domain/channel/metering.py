"""Metered delivery on one channel: the records, checks and signatures of buyer and provider from deposit to claim.

For every request the buyer signs a cumulative ceiling, the provider serves and counts, and the buyer checks the
counted usage before it signs the next one. The newest voucher supersedes all before it, so that a claim needs one a
channel, however many requests it paid for. Source: x402 `batch-settlement`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pysettle.domain.channel.messages import CEILING_BITS, voucher_digest, voucher_digests
from pysettle.domain.compute.usage import RateCard, Usage
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.domain.core.signing import Signer, recover, recover_all
from pysettle.domain.core.typed_data import Domain
from pysettle.errors import UsageDisputed, VoucherRefused
from pysettle.values import Address, Amount, Tokens


@dataclass(frozen=True, slots=True)
class Voucher:
    """A payer's signed cumulative ceiling on one channel."""

    channel_id: ChannelId
    """Channel it is drawn on."""
    ceiling: Amount
    """Most that may ever be claimed, cumulative: in Tokens, or in units of the channel's currency."""
    signature: bytes
    """The payer's, 65 bytes."""

    @classmethod
    def signed(cls, signer: Signer, hub: Domain, channel_id: ChannelId, ceiling: Amount) -> Voucher:
        """Sign a voucher, as payer or payer authorizer of the channel."""
        return cls(channel_id, ceiling, signer.sign(voucher_digest(hub, channel_id, ceiling)))


def sign_vouchers(signer: Signer, hub: Domain, ceilings: Iterable[tuple[ChannelId, Amount]]) -> list[Voucher]:
    """Sign many vouchers, on every core.

    Args:
        signer: Payer or payer authorizer of all these channels.
        hub: Domain of the hub.
        ceilings: Each channel with its ceiling, cumulative.
    """
    drawn = list(ceilings)
    signatures = signer.sign_all(voucher_digests(hub, drawn))
    return [Voucher(*terms, signature) for terms, signature in zip(drawn, signatures, strict=True)]


def check_vouchers(hub: Domain, vouchers: Iterable[tuple[ChannelConfig, Voucher]]) -> list[bool]:
    """Return for each voucher whether it belongs to its channel and has the right signature, without a chain.

    All cores check. A payer that is a contract (ERC-1271) has no key: the result for its vouchers is false here, and
    only the hub can check them.

    Args:
        hub: Domain of the hub.
        vouchers: Each with the terms of its channel.
    """
    # By identity: to hash the terms of a channel takes as long as to hash its voucher.
    terms: dict[int, tuple[ChannelConfig, ChannelId, Address]] = {}
    sound, answers = [], []
    for config, voucher in vouchers:
        if id(config) not in terms:
            terms[id(config)] = config, config.channel_id(hub), config.voucher_signer
        _, channel_id, signer = terms[id(config)]
        is_sound = voucher.channel_id == channel_id and 0 <= voucher.ceiling < 1 << CEILING_BITS
        answers.append(is_sound)
        if is_sound:
            sound.append((voucher, signer))
    digests = voucher_digests(hub, ((voucher.channel_id, voucher.ceiling) for voucher, _ in sound))
    recovered = recover_all(zip(digests, (voucher.signature for voucher, _ in sound), strict=True))
    signed = iter([signer == wanted for signer, (_, wanted) in zip(recovered, sound, strict=True)])
    return [is_sound and next(signed) for is_sound in answers]


@dataclass(frozen=True, slots=True)
class UsageStatement:
    """A provider's statement of its deliveries on a channel so far."""

    channel_id: ChannelId
    """The channel."""
    usage: Usage
    """Cumulative counts."""
    charged: Tokens
    """Tokens that the counts cost by the rate card, cumulative."""


@dataclass(frozen=True, slots=True)
class ChannelState:
    """Balance of a channel and its payer's notice of withdrawal, from a chain."""

    balance: Tokens
    """Tokens in the channel, those that were claimed included."""
    claimed: Tokens
    """Tokens claimed, cumulative."""
    noticed: Tokens = Tokens(0)
    """Tokens that the payer gave notice of withdrawing; zero where no notice runs."""
    withdrawable_at: int = 0
    """Unix second from which the payer may withdraw them, or the unclaimed rest; zero without a notice."""


class Payer:
    """The buyer's side of a channel: signs vouchers, and checks each receipt before the next."""

    def __init__(
        self, signer: Signer, hub: Domain, channel_id: ChannelId, rate_card: RateCard, deposited: Tokens
    ) -> None:
        """Begin a channel without usage.

        Args:
            signer: Payer or payer authorizer of the channel.
            hub: Domain of the hub.
            channel_id: The channel.
            rate_card: Rate card of its series.
            deposited: Tokens in the channel.
        """
        self._signer, self._hub, self._channel_id = signer, hub, channel_id
        self._rate_card = rate_card
        self.deposited = deposited
        self.charged = Tokens(0)
        """Tokens acknowledged so far."""
        self._usage = Usage()
        self._signed = Tokens(0)
        self._disputed = False

    def sign(self, request_ceiling: Tokens) -> Voucher:
        """Sign the next voucher: over the charges so far plus at most `request_ceiling` Tokens.

        Raises:
            VoucherRefused: the deposit does not cover it; top up the channel.
            UsageDisputed: a receipt was refused before; the provider can claim the last signed ceiling at most.
        """
        if self._disputed:
            raise UsageDisputed(
                f"channel 0x{self._channel_id.hex()} is disputed; withdraw the rest of the deposit",
                channel_id=self._channel_id,
            )
        ceiling = Tokens(self.charged + request_ceiling)
        if ceiling > self.deposited:
            raise VoucherRefused(
                f"channel 0x{self._channel_id.hex()}: a ceiling of {ceiling} Tokens exceeds the deposit of "
                f"{self.deposited}; deposit more",
                channel_id=self._channel_id,
                ceiling_tokens=ceiling,
                deposited_tokens=self.deposited,
            )
        self._signed = max(self._signed, ceiling)
        return Voucher.signed(self._signer, self._hub, self._channel_id, ceiling)

    def acknowledge(self, receipt: UsageStatement, used: Usage) -> None:
        """Accept a receipt for one served request.

        Args:
            receipt: The provider's receipt.
            used: The buyer's own count for this request.

        Raises:
            UsageDisputed: the receipt is for another channel, differs from the buyer's count or from the price by the
                rate card, or is above the signed ceiling.
        """
        usage = self._usage + used
        charged = self._rate_card.tokens(usage)
        if receipt != UsageStatement(self._channel_id, usage, charged) or charged > self._signed:
            self._disputed = True
            raise UsageDisputed(
                f"channel 0x{self._channel_id.hex()}: the receipt states {receipt.charged} Tokens for {receipt.usage}, "
                f"this side counts {charged} for {usage} under a ceiling of {self._signed}; sign nothing more on it",
                channel_id=self._channel_id,
                charged_tokens=charged,
            )
        self._usage, self.charged = usage, charged


class Delivery:
    """The provider's side of a channel: checks vouchers, counts served requests, stores the data for a claim.

    It reads no chain. `update` gives it the state on the chain: at the opening of the channel here, and after each
    deposit, notice of a withdrawal, withdrawal, refund and claim. `client.DeliveryFollower` does both.
    """

    def __init__(self, hub: Domain, config: ChannelConfig, rate_card: RateCard, deposited: Tokens) -> None:
        """Begin a channel without usage.

        Args:
            hub: Domain of the hub.
            config: Terms of the channel.
            rate_card: Rate card of its series.
            deposited: Tokens in the channel on the chain.
        """
        self._hub, self.config, self._rate_card = hub, config, rate_card
        self.channel_id = config.channel_id(hub)
        self.deposited = deposited
        """Tokens in the channel, those that were claimed included."""
        self.claimed = Tokens(0)
        """Tokens claimed, cumulative."""
        self.noticed = Tokens(0)
        """Tokens that the payer gave notice of withdrawing."""
        self.withdrawable_at = 0
        """Unix second from which it may; zero where no notice runs."""
        self.usage = Usage()
        """Cumulative counts."""
        self.charged = Tokens(0)
        """Tokens the counts cost, cumulative."""
        self.voucher: Voucher | None = None
        """The newest voucher accepted: with `usage`, all that a claim needs."""

    def update(self, state: ChannelState) -> None:
        """Store the state of the channel on the chain.

        While a notice runs, a request is accepted only if the rest of the channel after the withdrawal covers it; after
        a notice for the whole channel none is. After a further deposit, the end of the withdrawal or a refund, requests
        are accepted up to the new balance. A notice does not affect requests accepted before it; claim them before
        `claim_before`.
        """
        self.deposited, self.claimed = state.balance, state.claimed
        self.noticed, self.withdrawable_at = state.noticed, state.withdrawable_at

    @property
    def claim_before(self) -> int | None:
        """Unix second before which the served requests have to be claimed; the payer may withdraw from then on.

        None without a risk: no notice runs, or the rest after the withdrawal covers the served requests.
        """
        staying = max(self.claimed, self.deposited - self.noticed)
        return self.withdrawable_at if self.noticed and self.charged > staying else None

    def accept(self, voucher: Voucher, request_ceiling: Tokens) -> None:
        """Accept a voucher for one request that may cost up to `request_ceiling` Tokens; store it before serving.

        Raises:
            VoucherRefused: another channel, a ceiling that does not cover the request or exceeds the deposit, a request
                that may cost more than a withdrawal leaves, or a signature that is not the payer's.
        """
        problem = self._problem(voucher, request_ceiling)
        if problem:
            raise VoucherRefused(
                f"channel 0x{self.channel_id.hex()}: {problem}; have the payer sign again", channel_id=self.channel_id
            )
        self.voucher = voucher

    def serve(self, used: Usage) -> UsageStatement:
        """Count one served request.

        Args:
            used: Usage of the request.

        Raises:
            VoucherRefused: the request costs more than the rest of the accepted voucher, or than the balance of the
                channel after a withdrawal.
        """
        usage = self.usage + used
        charged = self._rate_card.tokens(usage)
        if self.voucher is None or charged > self.voucher.ceiling:
            raise VoucherRefused(
                f"channel 0x{self.channel_id.hex()}: {charged} Tokens used, no voucher covers them",
                channel_id=self.channel_id,
                charged_tokens=charged,
            )
        if charged > self.deposited:
            raise VoucherRefused(
                f"channel 0x{self.channel_id.hex()}: {charged} Tokens used, the channel holds {self.deposited} since a "
                "withdrawal; have the payer deposit more",
                channel_id=self.channel_id,
                charged_tokens=charged,
                deposited_tokens=self.deposited,
            )
        self.usage, self.charged = usage, charged
        return UsageStatement(self.channel_id, usage, charged)

    def _problem(self, voucher: Voucher, request_ceiling: Tokens) -> str | None:
        if voucher.channel_id != self.channel_id:
            return f"the voucher is for 0x{voucher.channel_id.hex()}"
        if voucher.ceiling < self.charged + request_ceiling:
            return f"a ceiling of {voucher.ceiling} does not cover {self.charged} charged and {request_ceiling} more"
        if voucher.ceiling > self.deposited:
            return f"a ceiling of {voucher.ceiling} exceeds the deposit of {self.deposited}"
        if self.charged + request_ceiling > self.deposited - self.noticed:
            return (
                f"the payer withdraws {self.noticed} of {self.deposited} Tokens, which leaves too few for "
                f"{self.charged} charged and {request_ceiling} more"
            )
        digest = voucher_digest(self._hub, self.channel_id, voucher.ceiling)
        if recover(digest, voucher.signature) != self.config.voucher_signer:
            return "the voucher is not signed by the payer"
        return None
