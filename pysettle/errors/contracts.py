"""The errors of all contracts by their Solidity names.

`pysettle.errors.contracts.QuotaExceeded` is a class of `pysettle.errors.money`. Every package beside this module is a
column. Its modules are imported when the first error is looked up, so that no command starts slower for them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from pysettle import errors
from pysettle.errors import ContractReverted


@cache
def by_name() -> Mapping[str, type[ContractReverted]]:
    """Return Solidity name -> the class that stands for the error."""
    for column in pkgutil.iter_modules(errors.__path__, f"{errors.__name__}."):
        if column.ispkg:
            package = importlib.import_module(column.name)
            for module in pkgutil.iter_modules(package.__path__, f"{column.name}."):
                importlib.import_module(module.name)
    return ContractReverted.registered


def __getattr__(name: str) -> type[ContractReverted]:
    """Return the class of an error by its Solidity name."""
    try:
        return by_name()[name]
    except KeyError:
        raise AttributeError(f"no contract declares the error {name}") from None


def __dir__() -> list[str]:
    """Return the names of all errors."""
    return sorted(by_name())
