"""The event classes of the domain are the events of the contracts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from pysettle.domain.core import events
from pysettle.evm import artifacts
from tests.columns import booked

DEPLOYED = booked()
WITHOUT_VALUE = {
    "Approval": "moves nothing",
    "AuthorityUpdated": "roles are the AccessManager's own history",
    "ChannelClosed": "follows from the withdrawal or refund beside it",
    "EIP712DomainChanged": "never emitted",
    "PayeeOnlySet": "moves nothing",
    "Paused": "moves nothing, and no invariant rests on it",
    "Unpaused": "as Paused",
}
"""Events the ledger does not need, with the reason."""


def _kind(parameter: dict[str, object]) -> str:
    outer = str(parameter["type"])
    if not outer.startswith("tuple"):
        return outer
    components: list[dict[str, object]] = parameter["components"]  # type: ignore[assignment]  # JSON
    return f"({','.join(map(_kind, components))}){outer.removeprefix('tuple')}"


def test_every_event_that_matters_can_be_decoded() -> None:
    """Each event of each contract has a class under the hash the contract emits, or a reason not to."""
    known = events.signatures()
    for name in DEPLOYED:
        for item in artifacts.load(name).abi:
            if item["type"] == "event" and item["name"] not in WITHOUT_VALUE:
                parameters = [(_kind(p), p["indexed"]) for p in item["inputs"]]
                signature = f"{item['name']}({','.join(kind for kind, _ in parameters)})"
                assert known.pop(keccak(signature.encode()), None) is not None or item["name"] in {
                    "Transfer",
                    "AuthorizationUsed",
                    "AuthorizationCanceled",
                }, f"{name}.{signature}"
    assert not known, "events that no contract emits"


def test_indexed_arguments_agree() -> None:
    """What is a topic to the contract is a topic to the decoder: read from the declarations themselves."""
    for name in DEPLOYED:
        for item in artifacts.load(name).abi:
            if item["type"] == "event" and item["name"] not in WITHOUT_VALUE:
                declaration = ",".join(
                    f"{_kind(p)}{' indexed' if p['indexed'] else ''} {p['name']}" for p in item["inputs"]
                )
                assert f"{item['name']}({declaration})" in set(events.signatures().values())


def _greatest(parameter: dict[str, Any]) -> Any:
    """Return the value of a parameter that fills every bit of its type; of an array, two of them."""
    kind = str(parameter["type"])
    if kind.endswith("[]"):
        return [_greatest(parameter | {"type": kind.removesuffix("[]")})] * 2
    if kind == "tuple":
        return tuple(map(_greatest, parameter["components"]))
    fixed = {"address": "0x" + "ff" * 20, "bool": True, "bytes32": b"\xff" * 32}
    return fixed[kind] if kind in fixed else 2 ** int(kind.removeprefix("uint")) - 1


def _logs() -> Iterator[Any]:
    """Yield (topics, data) of each event that the contracts emit and the books know, with the greatest values."""
    for name in DEPLOYED:
        for item in artifacts.load(name).abi:
            if item["type"] == "event" and item["name"] not in WITHOUT_VALUE:
                inputs = item["inputs"]
                topics = [keccak(f"{item['name']}({','.join(map(_kind, inputs))})".encode())]
                topics += [encode([_kind(it)], [_greatest(it)]) for it in inputs if it["indexed"]]
                plain = [it for it in inputs if not it["indexed"]]
                data = encode([_kind(it) for it in plain], [_greatest(it) for it in plain])
                yield pytest.param(topics, data, id=f"{name}.{item['name']}")


@pytest.mark.parametrize(("topics", "data"), list(_logs()))
def test_a_word_beyond_its_type_is_not_of_the_event(topics: list[bytes], data: bytes) -> None:
    """The greatest value of every type is read; one more in any word that its type does not fill is another form."""
    assert events.decode(topics, data) is not None
    words = [*topics[1:], *(data[place : place + 32] for place in range(0, len(data), 32))]
    for place, word in enumerate(words):
        if word != b"\xff" * 32:
            more = (int.from_bytes(word, "big") + 1).to_bytes(32, "big")
            changed = [*words[:place], more, *words[place + 1 :]]
            topic_count = len(topics) - 1
            assert events.decode([topics[0], *changed[:topic_count]], b"".join(changed[topic_count:])) is None, place
