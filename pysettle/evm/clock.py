"""The embedded chain's own time and randomness: functions of the chain and the seed, never of the machine."""

from __future__ import annotations

from collections.abc import Callable

from eth.abc import DatabaseAPI

from pysettle.errors import UsageError
from pysettle.evm.genesis import BLOCK_INTERVAL_S
from pysettle.hashing import keccak
from pysettle.values import Hash32

_ADVANCE_KEY = b"pysettle:clock-advance"


def prevrandao(seed: int, number: int) -> Hash32:
    """Return the randomness of a block: a function of the chain's seed and the block's number alone.

    Args:
        seed: 0 to 2^256 - 1.
        number: Height of the block.
    """
    return Hash32(keccak(b"pysettle prevrandao" + seed.to_bytes(32, "big") + number.to_bytes(32, "big")))


class ScheduledClock:
    """Chain time: the head's timestamp, the block interval, and the advances of the clock since the head.

    One that was given the time of the world is never behind it.
    """

    def __init__(
        self,
        database: DatabaseAPI,
        head_timestamp: int,
        block_interval_s: int = BLOCK_INTERVAL_S,
        real_time: Callable[[], int] | None = None,
    ) -> None:
        """Continue the clock kept in the database."""
        self._database = database
        self._real_time = real_time
        self.block_interval_s = block_interval_s
        """Seconds from one block to the next, advances apart, 1 or more."""
        self.head_timestamp = head_timestamp
        self.advanced = int.from_bytes(database[_ADVANCE_KEY], "big") if _ADVANCE_KEY in database else 0

    def now(self) -> int:
        """Return the timestamp that the next block carries, in unix seconds."""
        scheduled = self.head_timestamp + self.block_interval_s + self.advanced
        return scheduled if self._real_time is None else max(scheduled, self._real_time())

    def advance(self, seconds: int) -> int:
        """Move the clock forward by whole seconds; return the new `now`.

        Raises:
            UsageError: `seconds` is negative; chain time never goes back.
        """
        if seconds < 0:
            raise UsageError(
                f"chain time cannot go back (by {-seconds} seconds): advance it by 0 or more", duration_s=seconds
            )
        now = self.now() + seconds
        self.set(self.head_timestamp, now - self.head_timestamp - self.block_interval_s)
        return now

    def set(self, head_timestamp: int, advanced: int) -> None:
        """Take the head's timestamp and the seconds advanced since, and keep the latter."""
        self._database[_ADVANCE_KEY] = advanced.to_bytes(8, "big")
        self.head_timestamp, self.advanced = head_timestamp, advanced
