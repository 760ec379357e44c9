"""The ABI of a contract: calls encoded, answers decoded, errors found by selector.

Selectors are computed once; values are encoded by `pysettle.evm.abi`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pysettle.evm import abi
from pysettle.hashing import keccak


def _canonical(parameter: Mapping[str, Any]) -> str:
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(_canonical, parameter['components']))}){kind[len('tuple') :]}"


@dataclass(frozen=True, slots=True)
class _Signature:
    """A function, error or constructor of an ABI."""

    name: str
    inputs: tuple[str, ...]
    input_names: tuple[str, ...]
    outputs: tuple[str, ...]

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> _Signature:
        inputs = item.get("inputs", ())
        return cls(
            item.get("name", ""),
            tuple(map(_canonical, inputs)),
            tuple(parameter["name"] for parameter in inputs),
            tuple(map(_canonical, item.get("outputs", ()))),
        )

    @property
    def text(self) -> str:
        return f"{self.name}({','.join(self.inputs)})"

    @property
    def selector(self) -> bytes:
        return keccak(self.text.encode())[:4]


class Interface:
    """A contract's ABI, ready for use."""

    def __init__(self, contract_name: str, items: Iterable[Mapping[str, Any]]) -> None:
        """Read a JSON ABI as the compiler writes it."""
        self.contract_name = contract_name
        self._functions: dict[str, tuple[bytes, _Signature]] = {}
        self.errors: dict[bytes, tuple[str, tuple[str, ...], tuple[str, ...]]] = {}
        """Selector -> (name, argument types, argument names) of every error the contract declares."""
        self._constructor: tuple[str, ...] = ()
        for item in items:
            signature = _Signature.of(item)
            if item["type"] == "function":
                # By name for the common case, by full signature for overloads.
                self._functions.setdefault(signature.name, (signature.selector, signature))
                self._functions[signature.text] = (signature.selector, signature)
            elif item["type"] == "error":
                self.errors[signature.selector] = (signature.name, signature.inputs, signature.input_names)
            elif item["type"] == "constructor":
                self._constructor = signature.inputs

    def encode(self, function: str, *arguments: Any) -> bytes:
        """Encode a call.

        Args:
            function: Name, or full signature where the name is overloaded.
            arguments: One value a parameter; addresses as 20 bytes, structs as tuples.
        """
        selector, signature = self._functions[function]
        return selector + abi.encode(signature.inputs, arguments)

    def decode(self, function: str, answer: bytes) -> Any:
        """Decode the return data of a call: None, one value, or a tuple of several."""
        values = abi.decode(self._functions[function][1].outputs, answer)
        return values[0] if len(values) == 1 else values or None

    def encode_constructor(self, *arguments: Any) -> bytes:
        """Encode constructor arguments, to follow the creation code."""
        return abi.encode(self._constructor, arguments)

    def selector(self, function: str) -> bytes:
        """Return the four bytes that call a function."""
        return self._functions[function][0]

    def called(self, data: bytes) -> str:
        """Return the name of the function that a call's data begin with; empty where there is none."""
        return next((function.name for selector, function in self._functions.values() if selector == data[:4]), "")
