"""The event classes of the domain are the events of the contracts."""

from __future__ import annotations

from eth_hash.auto import keccak

from pysettle.domain import events
from pysettle.evm import artifacts

DEPLOYED = (
    "CurrencyToken",
    "ComputeToken",
    "ComputeMarket",
    "ChannelHub",
    "UsageMeter",
    "InterestPayments",
    "JobEscrow",
)
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
