"""Draws for the series: purchases in every form, Tokens passed on, and what is paid for them in the end."""

from __future__ import annotations

from collections.abc import Sequence

from eth_typing import Address

from pysettle.domain.compute.messages import PurchaseTerms
from pysettle.domain.core.messages import ZERO_ADDRESS
from tests.spec.compute.records import PRICE_BASIS
from tests.spec.compute.series import SeriesSpec
from tests.spec.core.tokens import NO_END
from tests.stateful.network.draws import NetworkDraws, NothingToDo, Weighted
from tests.stateful.operations import Operation

AUTHORIZED = ("transferWithAuthorization", "receiveWithAuthorization")


class SeriesDraws(NetworkDraws):
    """Operations on series."""

    def _of_series(self) -> Weighted:
        return {
            "purchase": (9, self._purchase),
            "purchaseWithPermit": (6, self._purchase_with_permit),
            "purchaseWithAuthorization": (8, self._purchase_with_authorization),
            "purchaseWithTransferAuthorization": (6, self._purchase_with_transfer_authorization),
            "consume": (4, self._consume),
            "refund": (10, self._refund_tokens),
            "redeem": (6, self._redeem),
            "sweep": (3, self._sweep),
            "transfer": (4, self._transfer_tokens),
            "transferFrom": (3, self._transfer_tokens_from),
            "approve": (2, self._approve_tokens),
            "permit": (2, self._permit_tokens),
            "transferWithAuthorization": (3, lambda: self._authorize_tokens("Transfer")),
            "receiveWithAuthorization": (3, lambda: self._authorize_tokens("Receive")),
            "cancelAuthorization": (1, self._cancel_tokens),
            "donate": (1, self._donate),
        }

    # Purchases

    def _sale(self, payers: Sequence[Address]) -> tuple[str, SeriesSpec, Address]:
        """Return a series that has something to sell, and who can pay for some of it."""
        name, series = self._series_where(lambda it: not it.has_ended(self._now) and it.left)
        able = [it for it in payers if self._payable(it) >= series.price(1)]
        return name, series, self._prefer(able, payers)

    def _tokens_wanted(self, series: SeriesSpec, payer: Address, allowed: int = NO_END) -> int:
        """Return Tokens that the payer can pay for and that are left, or as many as one of both is next to."""
        affordable = min(self._payment(payer, series.address), allowed) * PRICE_BASIS // series.terms.unit_price
        if self._chance(0.1):
            return min(self._near(series.left, affordable, series.terms.capacity), 2**100)
        # Not all at once, so that something is left to go on with.
        return min(max(affordable // self._random.choice((1, 5, 30, 300)), min(affordable, 1)), series.left)

    def _beneficiary(self, payer: Address) -> Address:
        if self._chance(0.65):
            return payer
        if self._chance(0.06):
            places = self._network.places
            return self._random.choice((ZERO_ADDRESS, places.hub, places.collector, self._some_series()[1].address))
        return self._random.choice(self._token_holders)

    def _purchase(self) -> Operation:
        """Let a series take units, or buy of it."""
        name, series, payer = self._sale(self._token_holders)
        allowed = self._spec.allowances[payer, series.address]
        if allowed < 10**6 and self._chance(0.85):
            return self._call("approve", payer, series.address, self._random.choice((NO_END, self._allowance(payer))))
        tokens = self._tokens_wanted(series, payer, allowed)
        return self._on(name, "purchase", payer, self._beneficiary(payer), tokens, self._deadline())

    def _purchase_with_permit(self) -> Operation:
        name, series, payer = self._sale(self._buyers if self._chance(0.95) else self._token_holders)
        tokens = self._tokens_wanted(series, payer)
        price = series.price(tokens)
        allowance = self._random.choice((price, price, price + 1, max(price - 1, 0), NO_END))
        end = self._random.choice((*(self._now, self._now + 60) * 6, self._now - 1))
        message = ("Permit", payer, series.address, allowance, self._spec.permit_nonces[payer], end)
        by = self._sign(payer, message, self._elsewhere(self._spec.address))
        terms = self._beneficiary(payer), tokens, self._deadline(), allowance, end
        return self._signed_on(name, "purchaseWithPermit", payer, terms, by)

    def _payment_for(self, series: SeriesSpec, payer: Address) -> int:
        """Return the exact price of what is wanted, seldom one unit beside it."""
        value = series.price(self._tokens_wanted(series, payer))
        if self._chance(0.015):
            return 2**96 + self._random.choice((0, -1))
        return max(value + self._random.choice((1, -1)), 0) if self._chance(0.2) else value

    def _purchase_with_authorization(self) -> Operation:
        name, series, payer = self._sale(self._buyers)
        value, beneficiary, deadline = self._payment_for(series, payer), self._beneficiary(payer), self._deadline()
        bought = value * PRICE_BASIS // series.terms.unit_price
        least = self._random.choice((*(bought, 0, 1) * 4, bought + 1))
        committed = PurchaseTerms(series.address, beneficiary, least, deadline)
        nonce = committed.nonce(self._random.choice((None, self._random.randrange(64))))
        if self._chance(0.05):
            nonce = bytes([nonce[0] ^ 1]) + nonce[1:]
        fields, by = self._authorize(
            "Receive", payer, series.address, value, nonce, self._elsewhere(self._spec.address)
        )
        stated = (fields[0], *fields[2:], beneficiary, least + (1 if self._chance(0.02) else 0), deadline)
        return self._signed_on(name, "purchaseWithAuthorization", self._somebody(), stated, by)

    def _purchase_with_transfer_authorization(self) -> Operation:
        name, series, payer = self._sale(self._buyers)
        value, nonce = self._payment_for(series, payer), self._nonce()
        fields, by = self._authorize(
            "Transfer", payer, series.address, value, nonce, self._elsewhere(self._spec.address)
        )
        # Anybody may try to spend the same without delivery.
        if self._chance(0.08):
            return self._signed_on("currency", "transferWithAuthorization", self._somebody(), fields, by)
        stated = (fields[0], *fields[2:])
        return self._signed_on(name, "purchaseWithTransferAuthorization", self._somebody(), stated, by)

    # Holders and providers

    def _consume(self) -> Operation:
        name, series = self._held_series()
        holder = self._token_holder(series)
        return self._on(name, "consume", holder, self._part(series.balances[holder]))

    def _consume_frozen(self) -> Operation:
        """Have a frozen holder consume: few are frozen, and none for long."""
        held = [
            (name, holder, series.balances[holder])
            for name, series in self._live().items()
            if not series.has_ended(self._now)
            for holder in self._token_holders
            if series.balances[holder] and self._spec.accounts[holder].frozen_outgoing
        ]
        if not held:
            raise NothingToDo
        name, holder, tokens = self._random.choice(held)
        return self._on(name, "consume", holder, self._part(tokens))

    def _refund_tokens(self) -> Operation:
        name, series = self._series_where(lambda it: it.has_ended(self._now) and it.outstanding > it.delivered)
        holder = self._token_holder(series)
        held = series.balances[holder]
        return self._on(name, "refund", holder, held if self._chance(0.3) else self._part(held))

    def _redeem(self) -> Operation:
        name, series = self._series_where(lambda it: it.delivered)
        tokens = series.delivered if self._chance(0.3) else self._part(series.delivered)
        return self._on(name, "redeem", self._usually(series.terms.provider, *self._providers), tokens)

    def _sweep(self) -> Operation:
        early = self._chance(0.2)
        name, series = self._series_where(lambda it: it.has_ended(self._now) and early == bool(it.outstanding))
        return self._on(name, "sweep", self._usually(series.terms.provider, *self._providers))

    def _donate(self) -> Operation:
        """Pay a contract for nothing."""
        payer, places = self._holder(), self._network.places
        series = self._some_series()[1].address
        to = self._random.choice((series, series, places.market, places.hub))
        return self._call("transfer", payer, to, self._payment(payer, to) // 1_000)

    # Tokens

    def _payee(self) -> Address:
        if self._chance(0.1):
            places = self._network.places
            return self._random.choice((ZERO_ADDRESS, places.hub, places.collector, self._some_series()[1].address))
        return self._random.choice(self._token_holders)

    def _transfer_tokens(self) -> Operation:
        name, series = self._held_series()
        holder = self._token_holder(series)
        return self._on(name, "transfer", holder, self._payee(), self._some(series.balances[holder]))

    def _transfer_tokens_from(self) -> Operation:
        name, series = self._some_series()
        holders = self._token_holders
        given = sorted(pair for pair, allowed in series.allowances.items() if allowed and pair[1] in holders)
        pairs = [(self._token_holder(series), self._random.choice(self._token_holders))]
        owner, spender = self._random.choice(given if given and self._chance(0.9) else pairs)
        if self._chance(0.03):
            owner = ZERO_ADDRESS
        most = min(series.allowances[owner, spender], series.balances[owner])
        return self._on(name, "transferFrom", spender, owner, self._payee(), self._some(most))

    def _spender_of(self, owner: Address) -> Address:
        if self._chance(0.06):
            return ZERO_ADDRESS
        places = dict(zip(("buyer", "other buyer", "vault"), ("other buyer", "buyer", "buyer"), strict=True))
        mates = [self._addresses[to] for name, to in places.items() if self._addresses[name] == owner]
        return self._random.choice((*mates, *mates, *self._token_holders))

    def _approve_tokens(self) -> Operation:
        name, series = self._held_series()
        owner = self._token_holder(series)
        amount = self._random.choice((series.balances[owner], NO_END, self._some(series.balances[owner])))
        return self._on(name, "approve", owner, self._spender_of(owner), amount)

    def _permit_tokens(self) -> Operation:
        name, series = self._some_series()
        owner = self._random.choice(self._buyers)
        value, end = self._some(series.balances[owner]), self._random.choice((*(self._now, NO_END) * 5, self._now - 1))
        arguments = owner, self._spender_of(owner), value, end
        message = ("Permit", *arguments[:3], series.permit_nonces[owner], end)
        by = self._sign(owner, message, self._elsewhere(series.address))
        return self._signed_on(name, "permit", self._somebody(), arguments, by)

    def _authorize_tokens(self, kind: str) -> Operation:
        name, series = self._held_series()
        payer, to = self._token_holder(series), self._payee()
        value = self._some(series.balances[payer])
        fields, by = self._authorize(kind, payer, to, value, self._nonce(), self._elsewhere(series.address))
        can_call = to in self._keys or to in self._token_holders
        by_payee = can_call and self._chance(0.9 if kind == "Receive" else 0.2)
        return self._signed_on(
            name, f"{kind.lower()}WithAuthorization", to if by_payee else self._somebody(), fields, by
        )

    def _cancel_tokens(self) -> Operation:
        name, series = self._some_series()
        authorizer, nonce = self._random.choice(self._buyers), self._nonce()
        used = [it.arguments for it in self._signed if it.contract == name and it.entry in AUTHORIZED]
        if used and self._chance(0.5):
            authorizer, *_, nonce = self._random.choice(used)  # type: ignore[assignment]  # as drawn
        by = self._sign(authorizer, ("CancelAuthorization", authorizer, nonce), self._elsewhere(series.address))
        return self._signed_on(name, "cancelAuthorization", self._somebody(), (authorizer, nonce), by)
