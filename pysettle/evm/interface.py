"""The ABI of a contract: calls encoded, answers decoded, errors found by selector.

A thin layer over eth-abi with the selectors computed once; addresses are 20 bytes throughout, where eth-abi's default
is text, and what is no UTF-8 in a text is shown escaped: anybody can deploy a contract with such a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.codec import ABICodec
from eth_abi.decoding import AddressDecoder, StringDecoder
from eth_abi.encoding import AddressEncoder, TextStringEncoder
from eth_abi.registry import ABIRegistry, BaseEquals, registry
from eth_hash.auto import keccak
from eth_typing import Address


class _AddressBytesDecoder(AddressDecoder):
    """Decodes an address as its 20 bytes."""

    decoder_fn = staticmethod(Address)  # type: ignore[assignment]  # bytes in place of text is the point


class _LenientStringDecoder(StringDecoder):
    """Decodes bytes that are no UTF-8 as escapes: a backslash, x, two digits."""

    def __init__(self) -> None:
        super().__init__(handle_string_errors="backslashreplace")  # type: ignore[no-untyped-call]  # eth-abi leaves it untyped


def _codec() -> ABICodec:
    bytes_registry: ABIRegistry = registry.copy()  # type: ignore[no-untyped-call]  # eth-abi leaves it untyped
    bytes_registry.unregister("address")
    is_address = BaseEquals("address")  # type: ignore[no-untyped-call]  # eth-abi leaves it untyped
    bytes_registry.register(is_address, AddressEncoder, _AddressBytesDecoder, label="address")
    bytes_registry.unregister("string")
    is_string = BaseEquals("string", with_sub=False)  # type: ignore[no-untyped-call]  # eth-abi leaves it untyped
    bytes_registry.register(is_string, TextStringEncoder, _LenientStringDecoder, label="string")
    return ABICodec(bytes_registry)


_CODEC = _codec()


def abi_encode(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """Encode values as Solidity's `abi.encode` does; addresses are 20 bytes."""
    return _CODEC.encode(types, values)


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

    def __init__(self, contract_name: str, abi: Iterable[Mapping[str, Any]]) -> None:
        """Read a JSON ABI as the compiler writes it."""
        self.contract_name = contract_name
        self._functions: dict[str, tuple[bytes, _Signature]] = {}
        self.errors: dict[bytes, tuple[str, tuple[str, ...], tuple[str, ...]]] = {}
        """Selector -> (name, argument types, argument names) of every error the contract declares."""
        self._constructor: tuple[str, ...] = ()
        for item in abi:
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
        return selector + _CODEC.encode(signature.inputs, arguments)

    def decode(self, function: str, answer: bytes) -> Any:
        """Decode what a call returned: None, one value, or a tuple of several."""
        values = _CODEC.decode(self._functions[function][1].outputs, answer)
        return values[0] if len(values) == 1 else values or None

    def encode_constructor(self, *arguments: Any) -> bytes:
        """Encode constructor arguments, to follow the creation code."""
        return _CODEC.encode(self._constructor, arguments)

    def selector(self, function: str) -> bytes:
        """Return the four bytes that call a function."""
        return self._functions[function][0]

    def called(self, data: bytes) -> str:
        """Return the name of the function that a call's data begin with; empty where there is none."""
        return next((it.name for selector, it in self._functions.values() if selector == data[:4]), "")


def decode_arguments(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """Decode ABI-encoded arguments; addresses are 20 bytes.

    Raises:
        eth_abi.exceptions.DecodingError: the data do not fit the types.
    """
    return _CODEC.decode(types, data)
