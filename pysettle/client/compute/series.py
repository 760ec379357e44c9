"""The ComputeToken: one series, its counter and its escrow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pysettle.client.core.token import Token
from pysettle.domain.compute.messages import PurchaseTerms
from pysettle.domain.compute.prices import SERVICE_CLASSES
from pysettle.domain.compute.usage import RateCard
from pysettle.domain.core.messages import ZERO_ADDRESS, Authorization, Permit
from pysettle.domain.core.signing import Signer
from pysettle.domain.core.typed_data import Domain
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Address, SeriesId, Tokens, Units


@dataclass(frozen=True, slots=True)
class SeriesTerms:
    """The terms of a series, which never change."""

    name: str
    """Name of the Token, at most 31 bytes."""
    symbol: str
    """Symbol."""
    service_class: str
    """Kind of service, for example "inference", at most 32 bytes."""
    unit_price: int
    """Micro-yuan per 1,000,000 Tokens."""
    capacity: Tokens
    """Tokens ever to be sold."""
    expiry: int
    """Unix second from which no sale, deposit or transfer is possible."""
    rate_card: RateCard
    """Tokens consumed per metered unit."""
    windows_hash: bytes = b"\0" * 32
    """`PeakHours.hash` of which hours are peak; zero where rates are the same in both windows."""
    halter: Address = ZERO_ADDRESS
    """Account that may halt the series before its expiry; zero for none."""
    halt_ground: bytes = b"\0" * 32
    """Ground on which it may be halted: keccak-256 of the agreed text; zero where nobody may."""
    compensation_bps: int = 0
    """Basis points of its price that the holder of a Token gets on top of a refund after a halt."""

    def fields(self, provider: Address) -> tuple[object, ...]:
        """Return the terms of a provider's series in the order of the contract's struct."""
        return (
            self.name,
            self.symbol,
            provider,
            self.service_class.encode().ljust(32, b"\0"),
            self.unit_price,
            self.capacity,
            self.expiry,
            self.rate_card.pack(),
            self.windows_hash,
            self.halter,
            self.halt_ground,
            self.compensation_bps,
        )


class ComputeToken(Token[Tokens]):
    """A deployed series. Token amounts are whole Tokens, payments are units of its currency."""

    GAS_PURCHASE = 300_000
    """Gas stated for one purchase."""
    GAS_PAYOUT = 200_000
    """Gas stated for one redemption, refund or sweep."""

    address: SeriesId

    def __init__(self, sender: TransactionSender, address: SeriesId) -> None:
        """One deployed series; its terms, which never change, are read at their first use."""
        super().__init__(sender, address, "ComputeToken")

    @cached_property
    def provider(self) -> Address:
        """Account that delivers, attests usage and redeems."""
        return Address(self._read("provider"))

    @cached_property
    def currency(self) -> Address:
        """Currency the series is sold for."""
        return Address(self._read("currency"))

    @cached_property
    def unit_price(self) -> int:
        """Micro-yuan per 1,000,000 Tokens."""
        return int(self._read("unitPrice"))

    @cached_property
    def capacity(self) -> Tokens:
        """Tokens ever to be sold."""
        return Tokens(self._read("capacity"))

    @cached_property
    def expiry(self) -> int:
        """Unix second from which no sale, deposit or transfer is possible."""
        return int(self._read("expiry"))

    @cached_property
    def service_class(self) -> str:
        """Kind of service."""
        return bytes(self._read("serviceClass")).rstrip(b"\0").decode(errors="backslashreplace")

    @cached_property
    def windows_hash(self) -> bytes:
        """Hash of which hours are peak."""
        return bytes(self._read("windowsHash"))

    @cached_property
    def policy(self) -> Address:
        """Policy that each purchase is checked by; the zero address for none."""
        return Address(self._read("policy"))

    @cached_property
    def halter(self) -> Address:
        """Account that may halt the series before its expiry; zero for none."""
        return Address(self._read("halter"))

    @cached_property
    def halt_ground(self) -> bytes:
        """Ground on which it may be halted: keccak-256 of the agreed text."""
        return bytes(self._read("haltGround"))

    @cached_property
    def compensation_bps(self) -> int:
        """Basis points of its price that the holder of a Token gets on top of a refund after a halt."""
        return int(self._read("compensationBps"))

    @cached_property
    def rate_card(self) -> RateCard:
        """Tokens consumed per metered unit."""
        return RateCard.unpack(self._read("rateCard"))

    @cached_property
    def symbol(self) -> str:
        """Symbol."""
        return str(self._read("symbol"))

    @property
    def is_comparable(self) -> bool:
        """Whether a reference basket is published for its service class."""
        return self.service_class in SERVICE_CLASSES

    # Buyer

    def purchase(self, buyer: TransactionSigner, beneficiary: Address, tokens: Tokens, deadline: int) -> Transaction:
        """Buy Tokens for currency the buyer has allowed the series to take."""
        return self._transaction(buyer, self.GAS_PURCHASE, "purchase", beneficiary, tokens, deadline)

    def purchase_with_authorization(
        self, submitter: TransactionSigner, authorization: Authorization, terms: PurchaseTerms, signature: bytes
    ) -> Transaction:
        """Submit a signed payment with a nonce that commits to the terms of the purchase."""
        a = authorization
        return self._transaction(
            submitter,
            self.GAS_PURCHASE,
            "purchaseWithAuthorization",
            a.payer,
            a.value,
            a.valid_after,
            a.valid_before,
            a.nonce,
            terms.beneficiary,
            terms.least_tokens,
            terms.deadline,
            signature,
        )

    def purchase_with_permit(
        self,
        buyer: TransactionSigner,
        beneficiary: Address,
        tokens: Tokens,
        deadline: int,
        permit: Permit,
        signature: bytes,
    ) -> Transaction:
        """Buy Tokens by the buyer's permit, which allows the series to take the price (EIP-2612)."""
        terms = (beneficiary, tokens, deadline, permit.value, permit.deadline, signature)
        return self._transaction(buyer, self.GAS_PURCHASE, "purchaseWithPermit", *terms)

    def sign_purchase(
        self, buyer: Signer, currency: Domain, value: Units, terms: PurchaseTerms, number: int | None = None
    ) -> tuple[Authorization, bytes]:
        """Sign a payment for a purchase, valid until the terms' deadline.

        Args:
            buyer: Account that pays.
            currency: Domain of the series' currency.
            value: Units, the exact price of the Tokens bought.
            terms: Terms of the purchase.
            number: Number of the buyer, as for `PurchaseTerms.nonce`.

        Returns:
            The authorization and the buyer's signature of it.
        """
        authorization = Authorization(buyer.address, self.address, value, 0, terms.deadline, terms.nonce(number))
        return authorization, buyer.sign(authorization.receive_digest(currency))

    def purchase_with_transfer_authorization(
        self, submitter: TransactionSigner, authorization: Authorization, signature: bytes
    ) -> Transaction:
        """Submit a stock x402 `exact` payment to the series; the payer receives the Tokens."""
        a = authorization
        return self._transaction(
            submitter,
            self.GAS_PURCHASE,
            "purchaseWithTransferAuthorization",
            a.payer,
            a.value,
            a.valid_after,
            a.valid_before,
            a.nonce,
            signature,
        )

    # Holder

    def consume(self, holder: TransactionSigner, tokens: Tokens) -> Transaction:
        """Give Tokens back against service outside a channel."""
        return self._transaction(holder, self.GAS_PAYOUT, "consume", tokens)

    def refund(self, holder: TransactionSigner, tokens: Tokens) -> Transaction:
        """After expiry or halt, exchange Tokens for the currency that backs them, and for the compensation."""
        return self._transaction(holder, self.GAS_PAYOUT, "refund", tokens)

    # Provider

    def redeem(self, provider: TransactionSigner, tokens: Tokens) -> Transaction:
        """Exchange delivered Tokens for the currency that backs them."""
        return self._transaction(provider, self.GAS_PAYOUT, "redeem", tokens)

    def sweep(self, provider: TransactionSigner) -> Transaction:
        """After expiry or halt, withdraw the surplus over the claims of outstanding Tokens."""
        return self._transaction(provider, self.GAS_PAYOUT, "sweep")

    # Views

    def price_rounded_up(self, tokens: Tokens) -> Units:
        """Price of Tokens in units."""
        return Units(self._read("priceRoundedUp", tokens))

    def delivered(self) -> Tokens:
        """Tokens delivered and not yet redeemed."""
        return Tokens(self._read("delivered"))

    def sold(self) -> Tokens:
        """Tokens ever sold."""
        return Tokens(self._read("sold"))

    def halted_at(self) -> int:
        """Unix second of the halt; zero without a halt."""
        return int(self._read("haltedAt"))
