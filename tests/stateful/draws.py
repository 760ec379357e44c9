"""Draws from a seed: when, who, how much and by which signature, with a liking for boundaries.

Looks at the specification to know where the boundaries are: what is free, what a limit leaves, when a day, a year, an
identification or a redemption ends. Does not know what comes of what it draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
from tests.chance import chance
from tests.spec.core.calls import Signature
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import CHINA_TIME, MINOR_UNIT, Role, Status, day_at
from tests.stateful.operations import FORMS, IN_BYTES, KEYS, SIGNED_ENTRIES, START, Operation
from tests.stateful.watched import HOLDERS, OPERATORS

LAST_YEAR = 2120
"""No leap to a New Year after it: days have 16 bits, which last until 2149."""


class Draws:
    """The parts of operations: times, parties, amounts, signatures."""

    def __init__(
        self,
        seed: int,
        spec: CurrencySpec,
        addresses: dict[str, Address],
        holders: Sequence[str] = HOLDERS,
        keys: Sequence[str] = KEYS,
    ) -> None:
        """Draw from a seed, for the specification as it stands at each draw."""
        self._random = chance(seed)
        self._spec, self._addresses = spec, addresses
        self._holders = [addresses[name] for name in holders]
        self._keys = [addresses[name] for name in keys]
        self._operators = [addresses[name] for name in OPERATORS]
        self._now = START

    def reseed(self, seed: int) -> None:
        """Draw from another seed from here on."""
        self._random.seed(seed)

    # When

    def _time(self, earliest: int) -> int:
        """Return the time of the block, at times the last second before a boundary or the first after it."""
        if self._chance(0.78):
            return earliest
        random = self._random
        boundary = random.choice((self._soon, self._day, self._day, self._expiry, self._redemption_time, self._reserve))
        if self._chance(0.02):
            boundary = self._new_year
        return boundary(earliest) - random.choice((0, 1))

    def _soon(self, earliest: int) -> int:
        return earliest + self._random.choice((1, 60, 3_600, 30_000))

    def _day(self, earliest: int) -> int:
        """Return when a day begins in China: at 16:00 UTC."""
        midnight = datetime.combine(day_at(earliest), time(), CHINA_TIME)
        return int((midnight + timedelta(days=self._random.choice((1, 1, 1, 2, 3)))).timestamp())

    def _new_year(self, earliest: int) -> int:
        year = day_at(earliest).year + 1
        return int(datetime(year, 1, 1, tzinfo=CHINA_TIME).timestamp()) if year < LAST_YEAR else earliest

    def _expiry(self, earliest: int) -> int:
        """Return when an identification ends, where one does soon."""
        today = day_at(earliest)
        expiries = {self._spec.accounts[holder].identification_expiry for holder in self._holders}
        near = sorted(day for day in expiries if timedelta() < day - today < timedelta(days=40))
        return int(datetime.combine(near[0], time(), CHINA_TIME).timestamp()) if near else earliest

    def _redemption_time(self, earliest: int) -> int:
        times = [self._spec.redemptions[number].cancellable_from for number in self._pending()]
        return min((it for it in times if it > earliest), default=earliest)

    def _reserve(self, earliest: int) -> int:
        end = self._spec.reserve.valid_before
        return end if earliest < end < earliest + 3 * 86_400 else earliest

    # Parties and amounts

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _holder(self) -> Address:
        return self._random.choice(self._holders)

    def _signer(self) -> Address:
        """Return a holder with a key, seldom a contract, which cannot sign."""
        keys = [holder for holder in self._holders if holder in self._keys]
        return self._holder() if self._chance(0.06) else self._random.choice(keys)

    def _anybody(self) -> Address:
        """Return an account, at times one that cannot hold anything."""
        if self._chance(0.05):
            return self._random.choice((ZERO_ADDRESS, self._spec.address, self._spec.desk))
        return self._holder()

    def _call(self, entry: str, sender: Address, *arguments: object) -> Operation:
        return Operation(entry, sender, self._now, arguments)

    def _by(self, role: Role, entry: str, *arguments: object) -> Operation:
        """Call by who may, or seldom by somebody else."""
        holders = sorted(set(self._spec.roles[role]).intersection(self._keys))
        return self._call(entry, self._random.choice(self._keys if self._chance(0.06) else holders), *arguments)

    def _near(self, *boundaries: int) -> int:
        """Return an amount at or next to one of some boundaries."""
        amount = self._random.choice((0, 1, *boundaries, *boundaries)) + self._random.choice((-1, 0, 0, 0, 1))
        return min(max(amount, 0), 2**256 - 1)

    def _fitting(self, most: int) -> int:
        """Return an amount up to the most that fits, that itself, or one unit more."""
        most = max(most, 0)
        return self._random.choice((most, most + 1, *(self._random.randint(0, most) for _ in range(4))))

    def _payment(self, payer: Address, to: Address) -> int:
        """Return an amount for a payment: what fits everywhere, or what is next to one of the limits."""
        spec, today = self._spec, day_at(self._now)
        account, limits, (on_day, in_year) = (
            spec.accounts[payer],
            spec.limits_on(payer, today),
            spec.spent_by(payer, today),
        )
        spendable = (limits.payment, limits.daily - on_day, limits.annual - in_year)
        room = spec.limits_on(to, today).balance - spec.accounts[to].balance
        if account.settlement:
            return self._near(account.balance, room) if self._chance(0.3) else self._fitting(account.balance)
        if self._chance(0.3):
            return self._near(account.balance, account.free, room, *spendable, *spendable)
        return self._fitting(min(account.free, room, *spendable))

    def _whole(self, amount: int) -> int:
        """Return an amount in whole minor units, seldom not."""
        return amount if self._chance(0.05) else amount // MINOR_UNIT * MINOR_UNIT

    def _pending(self) -> list[int]:
        redemptions = self._spec.redemptions.items()
        return [number for number, it in redemptions if it.status in (Status.REQUESTED, Status.TAKEN)]

    # Signatures

    def _with_signature(
        self,
        entry: str,
        submitter: Address,
        arguments: tuple[object, ...],
        signer: Address,
        message: tuple[object, ...],
    ) -> Operation:
        """Return a signed call, seldom with something wrong about the signature."""
        if signer not in self._keys:
            signer = self._random.choice(self._keys)
        signature = Signature(signer, message)
        if self._chance(0.25 if entry == "attestReserve" else 0.08):
            others = {"TransferWithAuthorization": "ReceiveWithAuthorization"}
            others |= {other: name for name, other in others.items()}
            changed = self._random.randrange(1, len(message))
            value = message[changed]
            different = value ^ 1 if isinstance(value, int) else bytes([value[0] ^ 1]) + value[1:]  # type: ignore[index]
            signature = self._random.choice(
                (
                    Signature(self._random.choice(self._keys), message),
                    Signature(signer, message, malleated=True),
                    Signature(signer, (*message[:changed], different, *message[changed + 1 :])),
                    Signature(signer, (others.get(str(message[0]), message[0]), *message[1:])),
                )
            )
        form = self._random.choice(FORMS) if entry in SIGNED_ENTRIES else IN_BYTES
        return Operation(entry, submitter, self._now, arguments, signature, form)
