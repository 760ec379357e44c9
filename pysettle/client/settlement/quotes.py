"""Quotes as documents from a provider to a buyer, and the answer that the contract gives to each before it is taken.

A document names chain and contract, so that it is refused elsewhere before a transaction is sent. The signature of a
key is checked while it is read, without a chain; that of a contract (ERC-1271) is left to the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pysettle.client.settlement.exchange import ForeignExchange
from pysettle.client.settlement.flat import Flat
from pysettle.domain.core.signing import Signer, recover
from pysettle.domain.settlement.quotes import Order, Quote, SignedQuote, exchange_domain
from pysettle.errors import ContractReverted, UsageError
from pysettle.money import Currency
from pysettle.reading import read_address, read_hex, read_number
from pysettle.values import Address

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork


@dataclass(frozen=True, slots=True)
class QuoteDocument:
    """A signed quote with the chain and the contract that it is for."""

    chain_id: int
    """Chain that it is for."""
    exchange: Address
    """Foreign exchange that it is for."""
    signed: SignedQuote
    """The quote with the signature of its provider."""
    FORM: ClassVar[Flat] = Flat(
        "pysettle.quote/1",
        "quote",
        {
            "chain_id": lambda text: read_number(text, 64),
            "exchange": read_address,
            "provider": read_address,
            "taker": read_address,
            "paid": read_address,
            "sold": read_address,
            "paid_units": lambda text: read_number(text, 96),
            "sold_units": lambda text: read_number(text, 96),
            "id": lambda text: read_number(text, 256),
            "valid_before_unix_s": lambda text: read_number(text, 64),
            "signature": read_hex,
        },
    )
    """Form of the document: chain and contract, then the fields of a quote, then the signature."""

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> QuoteDocument:
        """Read a document; `name` is that of its file.

        Raises:
            UsageError: it is none, a field is missing or of another form, or the signature is not the provider's; the
                message names the line.
        """

        def made(chain_id: int, exchange: Address, *others: Any) -> QuoteDocument:
            *quote, signature = others
            found = cls(chain_id, exchange, SignedQuote(Quote(*quote), signature))
            found._check_signature()
            return found

        return cls.FORM.read(content, name, made)

    def document(self) -> dict[str, str]:
        """Return the document: integers as decimal strings, bytes as hex."""
        return self.FORM.write(self.chain_id, self.exchange, *astuple(self.signed.quote), self.signed.signature)

    def check_place(self, contract: ForeignExchange) -> None:
        """Check that it is for a contract.

        Raises:
            UsageError: the contract, or the chain, is another one.
        """
        if (self.chain_id, self.exchange) != (contract.chain.chain_id, contract.address):
            raise UsageError(
                f"this quote is for the foreign exchange 0x{self.exchange.hex()} on chain {self.chain_id}, not for "
                f"0x{contract.address.hex()} on chain {contract.chain.chain_id}: name the right --workspace",
                exchange=self.exchange,
                chain_id=self.chain_id,
            )

    def _check_signature(self) -> None:
        quote, signature = self.signed.quote, self.signed.signature
        digest = quote.digest(exchange_domain(self.chain_id, self.exchange))
        if len(signature) == 65 and recover(digest, signature) != quote.provider:
            raise ValueError(f"0x{quote.provider.hex()} did not sign it as it stands")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of the contract to a purchase by one quote."""

    signed: SignedQuote
    """The quote."""
    refusal: ContractReverted | None
    """Reason for which the contract refuses it now; None if it works."""


def preflight(
    network: SettlementNetwork, buyer: Signer, quotes: Sequence[SignedQuote], order: Order
) -> tuple[Answer, ...]:
    """Execute the purchase by each quote alone on the present state, and send nothing.

    The buyer signs each payment for this, so that its allowance does not matter.
    """
    exchange, answers = ForeignExchange.of(network), []
    tokens = {system.token.address: system.token for system in network.currencies.values()}
    for signed in quotes:
        paid = tokens.get(signed.quote.paid)
        if paid is None:
            raise UsageError(f"0x{signed.quote.paid.hex()} is no currency of this network", token=signed.quote.paid)
        payment = exchange.sign_payment(buyer, paid.domain, signed.quote.paid_amount, order)
        try:
            exchange.check(exchange.purchase_with_authorization(buyer, [signed], order, *payment))
        except ContractReverted as refusal:
            answers.append(Answer(signed, refusal))
        else:
            answers.append(Answer(signed, None))
    return tuple(answers)


@dataclass(frozen=True, slots=True)
class RefundPlace:
    """Where a refund of a purchase in the currency of the market would land."""

    wallet_class: str
    """Class of the holder's wallet in that currency on this day, in one word."""
    room: int | None
    """Units that the wallet may receive; None without a limit."""
    is_credit: bool
    """Whether the refund would become a credit at the currency, since the wallet has no room for it."""


def refund_place(network: SettlementNetwork, holder: Address, amount: int) -> RefundPlace:
    """Return where a refund of an amount would land, should the series be halted or expire now."""
    from pysettle.domain.money.wallets import NO_LIMIT

    token = network.system(Currency.CNY).token
    standing = token.wallet_standing(holder)
    limit = standing.limits.balance
    room = None if limit == NO_LIMIT else max(0, limit - token.balance_of(holder))
    is_credit = token.frozen(holder).incoming or (room is not None and amount > room)
    return RefundPlace(standing.effective_class.word, room, is_credit)
