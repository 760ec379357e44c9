"""The watched state of a currency, by a name a figure, as the model has it and as the contract answers.

The contract is asked through its views, all of them in one simulated execution: a call of its own costs 5 ms each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, permutations

from eth_typing import Address

from pysettle.client import CurrencyToken, IssuanceDesk
from pysettle.domain.money.wallets import WalletClass
from pysettle.evm.embedded import EmbeddedChain
from tests.spec.money.currency import CurrencyModel
from tests.spec.money.records import Redemption, Status, day_number
from tests.stateful.operations import CONTRACTS, DESK_ENTRIES, Stage

HOLDERS = ("buyer", "other buyer", "provider", "operator", "escrow", "vault", "depot")
"""Accounts that hold money, and are watched."""
PAIRS = [*permutations(HOLDERS[:3], 2), ("operator", "buyer"), ("escrow", "buyer"), ("buyer", "escrow")]
"""(owner, spender) of the watched allowances."""
OPERATORS = ("operator", "other operator")

Figures = dict[str, object]
Question = tuple[str, tuple[object, ...], tuple[str, ...]]
"""A view, its arguments, and the names of the words it answers."""

ACCOUNT_VIEWS = {
    "balanceOf": ("balance",),
    "creditOf": ("credit",),
    "frozen": ("frozen outgoing", "frozen incoming", "frozen amount"),
    "wallet": (
        *("class", "identification expiry", "jurisdiction", "real name"),
        *("day counted", "spent on day", "spent in year"),
    ),
    "isPayeeOnly": ("payee only",),
    "isSettlementAccount": ("settlement account",),
    "nonces": ("permit nonce",),
}
KEEPER_VIEWS = ("balanceOf", "isPayeeOnly", "isSettlementAccount")
CURRENCY_VIEWS = {
    "totalSupply": ("supply",),
    "isPaused": ("paused",),
    "reserveRatio": ("reserve ratio",),
    "reserve": ("reserve in fen", "reserve as of", "reserve sequence", "reserve valid before"),
}
OPERATOR_VIEWS = {"issuanceQuota": ("quota",), "operatorPosition": ("position",)}
ASKED_AT_ONCE = 200
"""Questions in one simulated execution: creation code is at most 49,152 bytes."""
ANSWERED_AT_ONCE = 768
"""Words answered by it: what creation code returns is code, which is at most 24,576 bytes."""
LIMITS = ("most held", "most at once", "most on a day", "most in a year")
REDEMPTION = ("holder", "amount", "operator", "status", "cancellable from")


class Watch:
    """What is looked at after every operation."""

    def __init__(
        self, stage: Stage, holders: Sequence[str] = HOLDERS, keepers: Sequence[str] = ("currency", "desk")
    ) -> None:
        """Watch everybody on a stage: who holds for itself, and who for others and does nothing with it."""
        self._stage, self._holders, self._keepers = stage, holders, keepers
        self._seen: tuple[object, Figures] = (None, {})

    def on_chain(self, redemptions: Iterable[int], nonces: Iterable[tuple[Address, bytes]]) -> Figures:
        """Return what the contract says, of the redemptions and authorizations given as well.

        What was asked before is asked again only where the contract's storage has changed since.
        """
        passing: list[Question] = [
            ("redemption", (number,), tuple(f"redemption {number}: {it}" for it in REDEMPTION))
            for number in redemptions
        ]
        passing += [("authorizationState", pair, (_nonce_name(*pair),)) for pair in nonces]
        asked_at = *map(self._stage.storage_root, self._addresses()), *self._keepers
        if self._seen[0] != asked_at:
            self._seen = asked_at, self._ask(self._lasting())
        return self._seen[1] | self._ask(passing)

    def in_model(
        self, model: CurrencyModel, redemptions: Iterable[int], nonces: Iterable[tuple[Address, bytes]]
    ) -> Figures:
        """Return what the model has, by the same names."""
        addresses, policy, reserve = self._stage.addresses, model.policy, model.reserve
        found: Figures = {"supply": model.supply, "paused": policy.paused, "reserve ratio": policy.reserve_ratio}
        stated = (reserve.amount_fen, reserve.as_of, reserve.sequence, reserve.valid_before)
        found |= zip(CURRENCY_VIEWS["reserve"], stated, strict=True)
        for wallet_class, limits in policy.limits.items():
            values = (limits.balance, limits.payment, limits.daily, limits.annual)
            found |= {f"{wallet_class.name}: {it}": n for it, n in zip(LIMITS, values, strict=True)}
        for name in OPERATORS:
            institution = model.institutions[addresses[name]]
            found |= {f"{name}: quota": institution.quota, f"{name}: position": institution.position % 2**256}
        for name in (*self._holders, *self._keepers):
            figures = dict(_account(model, addresses[name]))
            found |= {f"{name}: {it}": figures[it] for names in self._views_of(name).values() for it in names}
        for owner, spender in PAIRS:
            found[f"{owner} lets {spender}"] = model.allowances[addresses[owner], addresses[spender]]
        for number in redemptions:
            request = model.redemptions.get(number)
            found |= {f"redemption {number}: {it}": value for it, value in _redemption(request)}
        for authorizer, nonce in nonces:
            found[_nonce_name(authorizer, nonce)] = model.is_spent(authorizer, nonce)
        return found

    def _lasting(self) -> Iterator[Question]:
        addresses = self._stage.addresses
        for view, names in CURRENCY_VIEWS.items():
            yield view, (), names
        for wallet_class in WalletClass:
            yield "classLimits", (wallet_class,), tuple(f"{wallet_class.name}: {it}" for it in LIMITS)
        for holder in OPERATORS:
            for view, names in OPERATOR_VIEWS.items():
                yield view, (addresses[holder],), tuple(f"{holder}: {it}" for it in names)
        for holder in (*self._holders, *self._keepers):
            for view, names in self._views_of(holder).items():
                yield view, (addresses[holder],), tuple(f"{holder}: {it}" for it in names)
        for owner, spender in PAIRS:
            yield "allowance", (addresses[owner], addresses[spender]), (f"{owner} lets {spender}",)

    def _views_of(self, name: str) -> dict[str, tuple[str, ...]]:
        """Return the views of an account that can change: a contract signs no permit, a keeper holds and no more."""
        if name in self._keepers:
            return {view: ACCOUNT_VIEWS[view] for view in KEEPER_VIEWS}
        return {view: names for view, names in ACCOUNT_VIEWS.items() if view != "nonces" or name not in CONTRACTS}

    def _ask(self, questions: Iterable[Question]) -> Figures:
        currency, encoded = self._stage.currency, list[tuple[Address, bytes, tuple[str, ...]]]()
        for view, args, names in questions:
            asked: CurrencyToken | IssuanceDesk = currency.desk if view in DESK_ENTRIES else currency
            encoded.append((asked.address, asked.interface.encode(view, *args), names))
        return ask(self._stage.chain, encoded)

    def _addresses(self) -> tuple[Address, Address]:
        return self._stage.currency.address, self._stage.currency.desk.address


def ask(chain: EmbeddedChain, questions: Iterable[tuple[Address, bytes, tuple[str, ...]]]) -> Figures:
    """Ask contracts (address, call data, names of the words answered), many in one simulated execution."""
    found, batch, words = Figures(), list[tuple[Address, bytes, tuple[str, ...]]](), 0
    for question in questions:
        words += len(question[2])
        if len(batch) == ASKED_AT_ONCE or words > ANSWERED_AT_ONCE:
            found |= _ask_at_once(chain, batch)
            batch, words = [], len(question[2])
        batch.append(question)
    return found | _ask_at_once(chain, batch) if batch else found


def _ask_at_once(chain: EmbeddedChain, questions: Sequence[tuple[Address, bytes, tuple[str, ...]]]) -> Figures:
    """Make creation code that asks every question and returns all answers, and run it on the head's state."""
    code, out, named = bytearray(), 96, list[str]()
    for address, data, names in questions:
        for place in range(0, len(data), 32):
            code += b"\x7f" + data[place : place + 32].ljust(32, b"\0") + b"\x60" + bytes([place]) + b"\x52"
        size, at = (32 * len(names)).to_bytes(2, "big"), out.to_bytes(2, "big")
        code += b"\x61" + size + b"\x61" + at + b"\x60" + bytes([len(data)]) + b"\x5f"
        code += b"\x73" + address + bytes.fromhex("5afa50")
        out += 32 * len(names)
        named += names
    code += b"\x61" + (out - 96).to_bytes(2, "big") + b"\x60\x60\xf3"
    answer = chain.call(None, bytes(code))
    words = [int.from_bytes(answer[at : at + 32], "big") for at in range(0, len(answer), 32)]
    return dict(zip(named, words, strict=True))


def _nonce_name(authorizer: Address, nonce: bytes) -> str:
    return f"authorization 0x{nonce.hex()} of 0x{authorizer.hex()}"


def _account(model: CurrencyModel, address: Address) -> Iterator[tuple[str, object]]:
    account = model.accounts[address]
    values = (
        account.balance,
        account.credit,
        account.frozen_outgoing,
        account.frozen_incoming,
        account.frozen_amount,
        account.wallet_class,
        day_number(account.identification_expiry),
        account.jurisdiction,
        account.real_name,
        day_number(account.last_counted),
        account.spent_on_day,
        account.spent_in_year,
        account.payee_only,
        account.settlement,
        model.permit_nonces[address],
    )
    return zip(chain.from_iterable(ACCOUNT_VIEWS.values()), values, strict=True)


def _redemption(request: Redemption | None) -> Iterator[tuple[str, object]]:
    if request is None:
        return zip(REDEMPTION, (0, 0, 0, Status.NONE, 0), strict=True)
    holder, operator = int.from_bytes(request.holder, "big"), int.from_bytes(request.operator, "big")
    return zip(REDEMPTION, (holder, request.amount, operator, request.status, request.cancellable_from), strict=True)
