"""The SDK's idea of time: the chain's clock in place of the machine's.

The SDK compares the times of a payment with the machine's clock, and the contracts compare them with the chain's. Where
the two differ, a payment that the contract accepts is refused, or gas is spent on one that the contract refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace


def go_by(now: Callable[[], int], *modules: ModuleType) -> None:
    """Have modules of the SDK ask a chain for the time.

    Args:
        now: Returns unix seconds.
        modules: Modules that call `time.time`.
    """
    for module in modules:
        vars(module)["time"] = SimpleNamespace(time=now)
