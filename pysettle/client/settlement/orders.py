"""Orders as documents from a buyer to a relayer: a purchase in another currency, with its payment signed ahead.

The nonce of the payment commits to the order, so that a relayer cannot change it. A document names chain and contract,
and the signature of a key is checked while it is read, without a chain; that of a contract (ERC-1271) is left to the
chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any, ClassVar

from pysettle.client.settlement.exchange import ForeignExchange
from pysettle.client.settlement.flat import Flat
from pysettle.domain.core.messages import Authorization
from pysettle.domain.core.signing import Signer, recover
from pysettle.domain.core.typed_data import Domain
from pysettle.domain.settlement.quotes import Order, SignedQuote
from pysettle.errors import UsageError
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction
from pysettle.money import Currency
from pysettle.reading import read_address, read_hex, read_number
from pysettle.values import Address, Units


def _currency(text: str) -> Currency:
    try:
        return Currency(text)
    except ValueError:
        raise ValueError(f"{text!r} is no currency") from None


@dataclass(frozen=True, slots=True)
class OrderDocument:
    """An order with the payment that its buyer signed, and the chain and the contract that it is for."""

    chain_id: int
    """Chain that it is for."""
    exchange: Address
    """Foreign exchange that it is for."""
    currency: Currency
    """Currency that the buyer pays with."""
    paid: Address
    """Contract of that currency."""
    paid_amount: Units
    """Units that the buyer pays, those of the quote."""
    order: Order
    """The order."""
    signature: bytes
    """Signature of the buyer over the authorization of the payment."""
    FORM: ClassVar[Flat] = Flat(
        "pysettle.order/1",
        "order",
        {
            "chain_id": lambda text: read_number(text, 64),
            "exchange": read_address,
            "currency": _currency,
            "paid": read_address,
            "paid_units": lambda text: read_number(text, 96),
            "buyer": read_address,
            "series": read_address,
            "beneficiary": read_address,
            "least_tokens": lambda text: read_number(text, 256),
            "deadline_unix_s": lambda text: read_number(text, 64),
            "signature": read_hex,
        },
    )
    """Form of the document."""

    @classmethod
    def signed(
        cls, contract: ForeignExchange, buyer: Signer, currency: Currency, paid: Domain, amount: Units, order: Order
    ) -> OrderDocument:
        """Sign an order as its buyer; this sends no transaction.

        Args:
            contract: The foreign exchange.
            buyer: Its buyer.
            currency: Currency that it pays with.
            paid: Domain of that currency.
            amount: Units of the quote.
            order: The order.
        """
        _, signature = contract.sign_payment(buyer, paid, amount, order)
        place = contract.chain.chain_id, contract.address
        return cls(*place, currency, paid.contract, amount, order, signature)

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> OrderDocument:
        """Read a document; `name` is that of its file.

        Raises:
            UsageError: it is none, a field is missing or of another form, or the buyer did not sign it as it stands;
                the message names the line.
        """

        def made(chain_id: int, exchange: Address, currency: Currency, paid: Address, *others: Any) -> OrderDocument:
            amount, *order, signature = others
            found = cls(chain_id, exchange, currency, paid, amount, Order(*order), signature)
            found._check_signature()
            return found

        return cls.FORM.read(content, name, made)

    def document(self) -> dict[str, str]:
        """Return the document: integers as decimal strings, bytes as hex."""
        place = self.chain_id, self.exchange, self.currency.value, self.paid, self.paid_amount
        return self.FORM.write(*place, *astuple(self.order), self.signature)

    @property
    def authorization(self) -> Authorization:
        """The authorization of the payment, by a nonce that commits to the order."""
        nonce = self.order.nonce(self.exchange)
        return Authorization(self.order.buyer, self.exchange, self.paid_amount, 0, self.order.deadline, nonce)

    def submit(
        self, contract: ForeignExchange, submitter: TransactionSigner, quotes: Sequence[SignedQuote]
    ) -> Transaction:
        """Return the purchase by the first quote that works.

        Raises:
            UsageError: the contract, or the chain, is another one.
        """
        if (self.chain_id, self.exchange) != (contract.chain.chain_id, contract.address):
            raise UsageError(
                f"this order is for the foreign exchange 0x{self.exchange.hex()} on chain {self.chain_id}, not for "
                f"0x{contract.address.hex()} on chain {contract.chain.chain_id}: name the right --workspace",
                exchange=self.exchange,
                chain_id=self.chain_id,
            )
        return contract.purchase_with_authorization(submitter, quotes, self.order, self.authorization, self.signature)

    def _check_signature(self) -> None:
        domain = Domain(self.currency.token_name, "1", self.chain_id, self.paid)
        digest, buyer = self.authorization.receive_digest(domain), self.order.buyer
        if len(self.signature) == 65 and recover(digest, self.signature) != buyer:
            raise ValueError(f"0x{buyer.hex()} did not sign it as it stands")
