"""Limits of callers: requests, unpaid prices and bad payments a minute, by API key or else by address.

A payment is its own proof, so that an API key is optional: it names a caller in the metrics, and has limits of its own.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.config import ApiKey, Limits
from pysettle.serve.gateway.sdk.wire import MISMATCH

_MINUTE_S = 60.0
_CALLERS = 10_000
"""Callers that are remembered; the one that was seen longest ago is forgotten first, and begins anew."""


@dataclass(slots=True)
class Bucket:
    """Tokens of a bucket that fills evenly: so many a minute, and so many at once."""

    most: int
    """Most at once, and a minute."""
    clock: Callable[[], float]
    """Seconds that only grow."""
    _held: float = field(init=False)
    _seen_at: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin full."""
        self._held, self._seen_at = float(self.most), self.clock()

    @property
    def held(self) -> float:
        """Present content."""
        now = self.clock()
        self._held = min(self.most, self._held + (now - self._seen_at) * self.most / _MINUTE_S)
        self._seen_at = now
        return self._held

    @property
    def wait_s(self) -> float:
        """Seconds until there is one; 0 if there is."""
        return max(0.0, (1 - self.held) * _MINUTE_S / self.most)

    def take(self, number: int = 1) -> None:
        """Take some, or give some back."""
        self._held = min(self.most, self.held - number)


@dataclass(slots=True)
class Caller:
    """One caller."""

    name: str
    """Name of its API key; empty for an address."""
    requests: Bucket
    """Requests."""
    unpaid: Bucket
    """Prices that were stated and not paid for afterwards."""
    refused: Bucket
    """Payments that were refused."""

    def headers(self) -> dict[str, str]:
        """Return the headers by which OpenAI's clients know their limits."""
        bucket = self.requests
        return {
            "x-ratelimit-limit-requests": str(bucket.most),
            "x-ratelimit-remaining-requests": str(max(0, int(bucket.held))),
            "x-ratelimit-reset-requests": f"{max(0.0, bucket.most - bucket.held) * _MINUTE_S / bucket.most:.3f}s",
        }


class Callers:
    """The callers of a gateway."""

    def __init__(self, limits: Limits, keys: Sequence[ApiKey], clock: Callable[[], float] = time.monotonic) -> None:
        """Apply the limits of a configuration."""
        self._limits, self._keys, self._clock = limits, keys, clock
        self._known: OrderedDict[str, Caller] = OrderedDict()

    def caller(self, headers: Mapping[str, str], address: str) -> Caller:
        """Return the caller of a request: by its API key, else by its address."""
        given = headers.get("authorization", "").removeprefix("Bearer ").encode()
        key = next((it for it in self._keys if hmac.compare_digest(it.secret.encode(), given)), None)
        place = f"key {key.name}" if key else f"address {address}"
        known = self._known.pop(place, None)
        if known is None:
            most = (key and key.requests_per_minute) or self._limits.requests_per_minute
            buckets = (most, self._limits.unpaid_per_minute, self._limits.refused_per_minute)
            known = Caller(key.name if key else "", *(Bucket(it, self._clock) for it in buckets))
        self._known[place] = known
        if len(self._known) > _CALLERS:
            self._known.popitem(last=False)
        return known

    def admit(self, caller: Caller, *, is_paid: bool) -> None:
        """Count a request.

        Raises:
            ApiError: there were too many; nothing is served, and no voucher is used.
        """
        wait_s = max(caller.requests.wait_s, caller.refused.wait_s, 0.0 if is_paid else caller.unpaid.wait_s)
        if wait_s > 0:
            raise ApiError(
                429,
                "too many requests, unpaid prices or refused payments in a minute: wait, or pay for what was offered",
                code="rate_limit_exceeded",
                headers={"Retry-After": str(int(wait_s) + 1), **caller.headers()},
            )
        caller.requests.take()

    def answered(self, caller: Caller, status: int, code: str | None, *, is_paid: bool) -> None:
        """Count the answer: a price that was stated, a payment for one, or a payment that was refused."""
        if status == 402 and not is_paid:
            caller.unpaid.take()
        elif is_paid and status == 200:
            caller.unpaid.take(-1)
        elif is_paid and status in (400, 402) and code != MISMATCH:
            caller.refused.take()
