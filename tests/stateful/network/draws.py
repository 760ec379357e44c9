"""Draws for the compute layer: when, whose series, and by which signature, on top of the draws for the money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from eth_typing import Address

from tests.spec.compute.series import SeriesSpec
from tests.spec.core.calls import Signature
from tests.spec.money.records import day_at
from tests.spec.network import NetworkSpec
from tests.stateful.generator import Generator
from tests.stateful.network.watched import HOLDERS, SERIES_WATCHED, TOKEN_HOLDERS
from tests.stateful.operations import FORMS, IN_BYTES, NETWORK_KEYS, SIGNED_ENTRIES, Operation

PROVIDERS = ("provider", "other provider")
SOON_S = 40 * 86_400
"""No leap to an end that is further away."""

Draw = Callable[[], Operation]
Weighted = dict[str, tuple[int, Draw]]
"""What is drawn -> how often, and how."""


T = TypeVar("T")


class NothingToDo(Exception):
    """What was to be drawn would mean nothing as things stand."""


class NetworkDraws(Generator):
    """What the operations of every contract of the compute layer are made of."""

    def __init__(self, seed: int, spec: NetworkSpec, addresses: dict[str, Address]) -> None:
        """Draw from a seed, for the specification as it stands at each draw."""
        super().__init__(seed, spec.currency, addresses, HOLDERS, NETWORK_KEYS)
        self._network = spec
        self._providers = [addresses[name] for name in PROVIDERS]
        self._token_holders = [addresses[name] for name in TOKEN_HOLDERS]
        self._buyers = self._token_holders[:3]

    # When

    def _time(self, earliest: int) -> int:
        """Return the time of the block, at times just before or at the end of a series or of a delay."""
        if self._chance(0.8):
            return earliest
        if self._chance(0.75):
            return super()._time(earliest)
        ends = self._random.choice((self._ends_of_series, *2 * (self._ends_of_delays, self._ends_of_jobs)))()
        near = [end for end in ends if earliest < end < earliest + SOON_S]
        return min(near) - self._random.choice((0, 1)) if near else earliest

    def _ends_of_delays(self) -> list[int]:
        channels = self._network.hub.channels.values()
        return [it.noticed_at + it.config.withdraw_delay_s for it in channels if it.noticed]

    def _ends_of_jobs(self) -> list[int]:
        raise NotImplementedError

    def _ends_of_series(self) -> list[int]:
        return [series.terms.expiry for series in self._live().values() if not series.halted_at]

    def _is_now(self, end: int) -> bool:
        """Whether something ends with this second, or with the next."""
        return end in (self._now, self._now + 1)

    # Whose

    def _live(self) -> dict[str, SeriesSpec]:
        """Return the series that are looked at: the latest."""
        return dict(list(self._network.series.items())[-SERIES_WATCHED:])

    def _open(self) -> list[str]:
        return [name for name, series in self._live().items() if not series.has_ended(self._now)]

    def _prefer(self, meaningful: Sequence[T], others: Sequence[T]) -> T:
        """Return one of which an operation means something; seldom another, and mostly nothing where there is none."""
        if not others or (not meaningful and self._chance(0.9)):
            raise NothingToDo
        return self._random.choice(meaningful if meaningful and self._chance(0.93) else others)

    def _some_series(self) -> tuple[str, SeriesSpec]:
        """Return a series, preferably an open one."""
        live = self._live()
        name = self._random.choice(self._open() if self._open() and self._chance(0.93) else list(live))
        return name, live[name]

    def _series_where(self, wanted: Callable[[SeriesSpec], object]) -> tuple[str, SeriesSpec]:
        """Return a series of which something holds, if there is one; seldom another."""
        live = list(self._live().items())
        return self._prefer([item for item in live if wanted(item[1])], live)

    def _token_holder(self, series: SeriesSpec) -> Address:
        """Return who holds Tokens of a series, seldom who does not."""
        return self._prefer([it for it in self._token_holders if series.balances[it]], self._token_holders)

    def _held_series(self) -> tuple[str, SeriesSpec]:
        """Return an open series of which somebody holds Tokens."""
        return self._series_where(
            lambda it: not it.has_ended(self._now) and any(it.balances[holder] for holder in self._token_holders)
        )

    def _payable(self, payer: Address) -> int:
        """Return the most that an account may pay now."""
        account, today = self._spec.accounts[payer], day_at(self._now)
        if account.frozen_outgoing or self._spec.policy.paused:
            return 0
        limits, (on_day, in_year) = self._spec.limits_on(payer, today), self._spec.spent_by(payer, today)
        return max(min(account.free, limits.payment, limits.daily - on_day, limits.annual - in_year), 0)

    def _payment(self, payer: Address, to: Address) -> int:
        """Return an amount for a payment; what a contract of the network may hold has no limit."""
        accounts = self._spec.accounts
        if not accounts[to].settlement or accounts[payer].settlement:
            return super()._payment(payer, to)
        return self._near(self._payable(payer)) if self._chance(0.1) else self._fitting(self._payable(payer))

    def _room(self, payee: Address) -> int:
        """Return the most that may come into an account now."""
        account, limits = self._spec.accounts[payee], self._spec.limits_on(payee, day_at(self._now))
        return 0 if account.frozen_incoming else max(limits.balance - account.balance, 0)

    def _somebody(self) -> Address:
        """Return anyone with a key."""
        return self._random.choice(self._keys)

    def _usually(self, who: Address, *others: Address) -> Address:
        """Return who it should be, seldom another."""
        return self._random.choice((*others, *self._keys)) if self._chance(0.07) else who

    # How much and until when

    def _some(self, most: int) -> int:
        """Return an amount up to the most there is, or next to it."""
        return self._near(most) if self._chance(0.25) else self._fitting(most)

    def _part(self, most: int) -> int:
        """Return mostly a part of what there is, so that something is left to go on with."""
        amount = self._some(most)
        return min(amount, max(amount // self._random.choice((1, 3, 20)), 1))

    def _deadline(self) -> int:
        now = self._now
        return self._random.choice((*(now + 1, now + 60, 2**40) * 8, now, now - 1))

    def _window(self) -> tuple[int, int]:
        """Return between which seconds an authorization is valid; seldom it is not."""
        now = self._now
        after = self._random.choice((*(0, now - 1) * 15, now, now + 1))
        return after, self._random.choice((*(2**256 - 1, now + 90_000, now + 1) * 8, now))

    # Calls and signatures

    def _on(self, contract: str, entry: str, sender: Address, *arguments: object) -> Operation:
        return Operation(entry, sender, self._now, arguments, contract=contract)

    def _signed_on(
        self, contract: str, entry: str, sender: Address, arguments: tuple[object, ...], by: Signature
    ) -> Operation:
        form = self._random.choice(FORMS) if entry in SIGNED_ENTRIES else IN_BYTES
        return Operation(entry, sender, self._now, arguments, by, form, contract)

    def _sign(self, signer: Address, message: tuple[object, ...], elsewhere: Sequence[Address] = ()) -> Signature:
        """Return a signature, seldom with something wrong about it: one for a token elsewhere, for example."""
        if signer not in self._keys:
            signer = self._somebody()
        if not self._chance(0.07):
            return Signature(signer, message)
        wrong = [Signature(self._somebody(), message), Signature(signer, message, malleated=True)]
        plain = [place for place, it in enumerate(message) if place and isinstance(it, (int, bytes))]
        if plain:
            place = self._random.choice(plain)
            value = message[place]
            other = value ^ 1 if isinstance(value, int) else bytes([value[0] ^ 1]) + value[1:]  # type: ignore[index]
            wrong.append(Signature(signer, (*message[:place], other, *message[place + 1 :])))
        wrong += [Signature(signer, message, meant_for=token) for token in elsewhere]
        return self._random.choice(wrong)

    def _authorize(
        self, kind: str, payer: Address, to: Address, value: int, nonce: bytes, elsewhere: Sequence[Address] = ()
    ) -> tuple[tuple[object, ...], Signature]:
        """Return the fields of an EIP-3009 authorization, and its signature; seldom of the other kind."""
        fields = payer, to, value, *self._window(), nonce
        if self._chance(0.02):
            kind = {"Transfer": "Receive", "Receive": "Transfer"}[kind]
        return fields, self._sign(payer, (f"{kind}WithAuthorization", *fields), elsewhere)

    def _elsewhere(self, token: Address) -> list[Address]:
        """Return tokens that a signature may wrongly be for."""
        tokens = [self._spec.address, *(series.address for series in self._live().values())]
        return [it for it in tokens if it != token]
