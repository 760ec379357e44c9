"""The ForeignExchange: Tokens for another currency than that of the market, by the quotes of liquidity providers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from itertools import count
from typing import TYPE_CHECKING

from pysettle.client.core.contract import Contract, Receipt
from pysettle.client.settlement.opening import address_of
from pysettle.domain.core import events
from pysettle.domain.core.messages import Authorization
from pysettle.domain.core.signing import Signer
from pysettle.domain.core.typed_data import Domain
from pysettle.domain.settlement.exchange_events import PurchasedAbroad
from pysettle.domain.settlement.quotes import Order, Quote, ReferenceRate, SignedQuote, exchange_domain
from pysettle.errors.states import WalletClass
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Address, Timestamp, Units

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


class ForeignExchange(Contract):
    """The foreign exchange. Amounts are units of the currencies of a quote."""

    GAS_STEP = 200_000
    """Gas stated for one step."""
    GAS_PURCHASE = 450_000
    """Gas stated for a purchase, further quotes apart."""
    GAS_QUOTE = 250_000
    """Gas stated for each further quote."""

    def __init__(self, sender: TransactionSender, address: Address, *, first_block: int = 0) -> None:
        """Address a deployed foreign exchange."""
        super().__init__(sender, address, "ForeignExchange", first_block)

    @classmethod
    def of(cls, network: SettlementNetwork) -> ForeignExchange:
        """Return the foreign exchange of a network.

        Raises:
            UsageError: the settlement layer was not opened.
        """
        return cls(network.sender, address_of(network, "ForeignExchange"), first_block=network.first_block)

    @property
    def domain(self) -> Domain:
        """EIP-712 domain of quotes and reference rates."""
        return exchange_domain(self.chain.chain_id, self.address)

    # Buyer

    def purchase(self, buyer: TransactionSigner, quotes: Sequence[SignedQuote], order: Order) -> Transaction:
        """Buy Tokens by the first quote that works, within the allowance of the buyer to this contract."""
        return self._purchase(buyer, quotes, order, (0, 0, 0, bytes(32), b""))

    def purchase_with_authorization(
        self,
        submitter: TransactionSigner,
        quotes: Sequence[SignedQuote],
        order: Order,
        authorization: Authorization,
        signature: bytes,
    ) -> Transaction:
        """Submit a purchase that its buyer signed, by a nonce that commits to the order."""
        a = authorization
        payment = (a.value, a.valid_after, a.valid_before, a.nonce, signature)
        return self._purchase(submitter, quotes, order, payment)

    def sign_payment(
        self, buyer: Signer, paid: Domain, value: Units, order: Order, number: int | None = None
    ) -> tuple[Authorization, bytes]:
        """Sign the payment of an order, valid until its deadline.

        Args:
            buyer: Account that pays.
            paid: Domain of the currency that it pays with.
            value: Units of a quote.
            order: The order.
            number: Number of the buyer, as for `Order.nonce`.
        """
        nonce = order.nonce(self.address, number)
        authorization = Authorization(buyer.address, self.address, value, 0, order.deadline, nonce)
        return authorization, buyer.sign(authorization.receive_digest(paid))

    # Provider

    def sign_quote(self, provider: Signer, quote: Quote) -> SignedQuote:
        """Sign a quote as its provider; this sends no transaction."""
        return SignedQuote(quote, provider.sign(quote.digest(self.domain)))

    def cancel(self, provider: TransactionSigner, quote_id: int) -> Transaction:
        """Use up an id of the provider, so that no quote with it is taken any more."""
        return self._transaction(provider, self.GAS_STEP, "cancel", quote_id)

    # Central bank

    def set_class_limit(
        self,
        central_bank: TransactionSigner,
        buyers: int,
        sellers: int,
        class_: WalletClass,
        purchase: Units,
        window: Units,
    ) -> Transaction:
        """Set the limits of a wallet class in the corridor from one jurisdiction to another."""
        arguments = buyers, sellers, int(class_), (purchase, window)
        return self._transaction(central_bank, self.GAS_STEP, "setClassLimit", *arguments)

    def attest_rate(
        self, submitter: TransactionSigner, rate: ReferenceRate, signer: Address, signature: bytes
    ) -> Transaction:
        """Submit the reference rate that a central bank has signed."""
        return self._transaction(submitter, self.GAS_STEP, "attestRate", astuple(rate), signer, signature)

    # Anyone

    def admit_series(self, caller: TransactionSigner, series: Address) -> Transaction:
        """Give a series of the market the allowance by which it takes its price."""
        return self._transaction(caller, self.GAS_STEP, "admitSeries", series)

    def bought(self, receipt: Receipt) -> PurchasedAbroad:
        """Return the purchase in a transaction, with the quote that was taken."""
        said = (events.decode(log.topics, log.data) for log in receipt.logs if log.address == self.address)
        return next(event for event in said if isinstance(event, PurchasedAbroad))

    # Views

    def check(self, step: Transaction) -> None:
        """Execute a step on the present state, and send nothing.

        Raises:
            ContractReverted: the contract would refuse it now.
        """
        self._sender.call(self.address, self.interface, step.data, sender=step.sender.address)

    def reference_rate(self, paid: Address) -> ReferenceRate:
        """Return the last reference rate of a currency; zeros if none was attested."""
        return ReferenceRate(*self._read("referenceRate", paid))

    def class_limit(self, corridor: bytes, class_: WalletClass) -> tuple[Units, Units]:
        """Return the limits of a wallet class in a corridor: of one purchase, and of a window."""
        purchase, window = self._read("classLimit", corridor, int(class_))
        return Units(purchase), Units(window)

    def used(self, corridor: bytes, buyer: Address) -> tuple[Units, Timestamp]:
        """Return the units of a buyer in its last window, and the time of the first purchase in it."""
        units, since = self._read("used", corridor, buyer)
        return Units(units), Timestamp(since)

    def is_used(self, provider: Address, quote_id: int) -> bool:
        """Whether a provider has used or cancelled an id."""
        return bool(self._read("isUsed", provider, quote_id))

    def next_id(self, provider: Address) -> int:
        """Return the lowest id, from 1, that a provider has neither used nor cancelled."""
        return next(number for number in count(1) if not self.is_used(provider, number))

    def _purchase(
        self, submitter: TransactionSigner, quotes: Sequence[SignedQuote], order: Order, payment: tuple[object, ...]
    ) -> Transaction:
        gas = self.GAS_PURCHASE + self.GAS_QUOTE * (len(quotes) - 1)
        fields = [quote.fields() for quote in quotes]
        return self._transaction(submitter, gas, "purchase", fields, astuple(order), payment)
