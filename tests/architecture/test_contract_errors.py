"""One Solidity error, one Python class, one line of documentation, one test that provokes it."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

from pysettle.cli.failures import failure_document
from pysettle.client.channel.hub import ClaimResult
from pysettle.client.money.interest import RowResult
from pysettle.errors import ContractReverted, contracts, solidity_name
from pysettle.errors.states import (
    CycleState,
    LegKind,
    MilestoneState,
    OrderState,
    PayloadState,
    RedemptionStatus,
    Role,
    State,
    WaitingState,
    WalletClass,
)
from pysettle.evm import abi, artifacts
from pysettle.evm.interface import Interface
from pysettle.evm.reverts import RevertDecoder
from pysettle.values import (
    Address,
    Amount,
    ChannelId,
    ComputeId,
    Currency,
    Day,
    OrderId,
    Seconds,
    SeriesId,
    Timestamp,
    Tokens,
    Units,
)
from tests import columns
from tests.cli.documents import problems

ROOT = Path(__file__).parents[2]
DEPLOYED = columns.contracts()
BUILT_IN = {"Error", "Panic"}
_NEVER_SCHEDULED = "the network grants no role with a delay, and so schedules nothing"
UNREACHABLE = {
    "AccessManagedInvalidAuthority": "no currency takes another authority, whatever it is",
    "AccessManagedRequiredDelay": "declared by the library, and never thrown by it",
    "AccessManagerAlreadyScheduled": _NEVER_SCHEDULED,
    "AccessManagerExpired": _NEVER_SCHEDULED,
    "AccessManagerInvalidInitialAdmin": "a network is deployed by the administrator it names",
    "AccessManagerLockedFunction": "the network gives roles for the currency's functions only",
    "AccessManagerNotReady": _NEVER_SCHEDULED,
    "AccessManagerUnauthorizedCancel": _NEVER_SCHEDULED,
    "AccessManagerUnauthorizedConsume": _NEVER_SCHEDULED,
    "ERC20InvalidApprover": "the caller of approve is never the zero address; part of the ERC-6093 interface",
    "InsufficientBalance": "no contract sends native value",
    "InvalidShortString": "declared by a library that packs names, and never thrown by packing",
    "SafeCastOverflowedUintDowncast": "clocks and delays fit their fields",
}
"""Errors that no transaction can provoke as of now, with the reason."""


def declared() -> dict[str, tuple[dict[str, str], ...]]:
    """Return every error the deployed contracts declare, with its arguments as the compiler describes them."""
    return {
        item["name"]: tuple(item["inputs"])
        for name in DEPLOYED
        for item in artifacts.load(name).abi
        if item["type"] == "error"
    }


def classes() -> Mapping[str, type[ContractReverted]]:
    """Return the classes that stand for one error each."""
    return contracts.by_name()


def test_the_classes_are_the_errors_of_the_contracts() -> None:
    """No error without a class, no class without an error."""
    assert set(classes()) - BUILT_IN == set(declared())


def test_the_arguments_are_those_of_the_error() -> None:
    """A class declares the arguments of its error in their order; its message leaves none out."""
    for name, arguments in declared().items():
        kind = classes()[name]
        assert [*map(solidity_name, kind.arguments())] == [it["name"] for it in arguments], name
        named = {field for _, field, _, _ in string.Formatter().parse(kind.template) if field}
        assert named == {*kind.arguments()}, name


def test_no_argument_hides_what_every_error_has() -> None:
    """An argument never takes the place of an attribute of the base class."""
    common = {*vars(ContractReverted()), *dir(ContractReverted)}
    for name, kind in classes().items():
        assert not common & {*kind.arguments()}, name


ENUMS: dict[str, type[IntEnum]] = {
    it.__name__: it
    for it in (
        ClaimResult,
        CycleState,
        LegKind,
        MilestoneState,
        OrderState,
        PayloadState,
        RedemptionStatus,
        RowResult,
        WaitingState,
        WalletClass,
    )
}
"""Name -> the enum of Python that stands for one of Solidity."""


def test_enums_are_those_of_the_contracts() -> None:
    """Every enum of Solidity has one of Python, of the same names and numbers."""
    sources = "\n".join(path.read_text() for path in (ROOT / "contracts").rglob("*.sol"))
    sources = re.sub(r"//.*", "", sources)
    found = {
        name: [it.strip().lower() for it in members.split(",") if it.strip()]
        for name, members in re.findall(r"\benum (\w+) \{(.*?)\}", sources, flags=re.DOTALL)
    }
    told = {name: [it.name.replace("_", "").lower() for it in kind] for name, kind in ENUMS.items()}
    assert told == found
    assert all([*kind] == [*range(len(kind))] for kind in ENUMS.values())


IDS = {"channelId": ChannelId, "orderId": OrderId, "computeId": ComputeId}
NUMBERS = {Units, Tokens, Amount, Timestamp, Seconds, Day}
PLAIN = {
    *("balance", "needed", "bits", "value", "code"),  # of a library, in units that nobody here uses
    *("id", "sequence", "least", "jurisdiction", "milestone", "milestones", "rows", "signatures"),
    *("debtorJurisdiction", "creditorJurisdiction"),
    *("approvals", "parties", "leg"),
    *("cycle", "debtorNumber", "participantNumber", "priority", "index", "place"),  # of a batch
    *("ratioBps", "rateBps", "providerBps", "toleranceBps", "expected", "actual"),
    *("most", "requested", "available"),  # see RANGES
}
"""Names of arguments that are plain numbers."""
RANGES = {"ReserveSequenceInvalid", "InterestRateInvalid", "InterestRowsInvalid", "SupplyCapExceeded"}
"""Errors in which a bound is a plain number; elsewhere it is an amount."""


def expected_kinds(error: str, argument: dict[str, str]) -> set[object]:
    """Return the types that an argument of an error may be declared as."""
    name, kind, internal = argument["name"], argument["type"], argument.get("internalType", "")
    if internal.startswith("enum "):
        return {ENUMS[internal.rsplit(".", 1)[-1]]}
    if name == "roleId":
        return {Role}
    if kind == "address":
        return {SeriesId} if name == "series" else {Address}
    if kind.startswith("bytes"):
        return {IDS.get(name, bytes)}
    if kind == "string":
        return {str}
    is_bound = name in ("most", "requested", "available")
    return NUMBERS | ({int} if name in PLAIN and (error in RANGES or not is_bound) else set())


def test_arguments_are_typed() -> None:
    """Each argument is declared as what it is: no enum, role, id, amount or time is a bare number."""
    for name, arguments in declared().items():
        for argument, kind in zip(arguments, classes()[name].arguments().values(), strict=True):
            assert kind in expected_kinds(name, argument), (name, argument["name"], kind)


def sample(kind: object) -> tuple[Any, str]:
    """Return a value of a kind, and the words for it in a message."""
    if isinstance(kind, type) and issubclass(kind, State):
        return int(max(kind)), max(kind).word
    if kind in (Address, SeriesId):
        return b"\x1c" * 20, "alice"
    if kind in (bytes, *IDS.values()):
        return b"\xab" * 32, "0x" + "ab" * 32
    return {
        Units: (2_500_000_000, "2,500.00"),
        Amount: (2_500_000_000, "2,500.00"),
        Tokens: (2_500_000_000, "2,500,000,000"),
        Timestamp: (1_772_618_400, "2026-03-04 10:00:00 UTC"),
        Seconds: (1_209_600, "14 days"),
        Day: (20_516, "2026-03-04"),
        int: (54_321, "54321"),
        str: ("a term", "a term"),
    }[kind]


def test_errors_say_their_values_in_words() -> None:
    """A message has amounts in yuan or Tokens, times as dates, and names of accounts; it keeps the values."""
    for kind in classes().values():
        samples = {argument: sample(it) for argument, it in kind.arguments().items()}
        refusal = kind(args_by_name={solidity_name(argument): value for argument, (value, _) in samples.items()})
        refusal.name = {b"\x1c" * 20: "alice"}.__getitem__
        message = str(refusal)
        assert {argument: getattr(refusal, argument) for argument in samples} == {
            argument: value for argument, (value, _) in samples.items()
        }
        for _, words in samples.values():
            assert words in message, message
        assert not re.search(r"\d{6}", message.replace("ab" * 32, "").replace(kind.remedy, "")), message
        kinds = {*kind.arguments().values()}
        assert ("yuan" in message) == bool(kinds & {Units, Amount}), message
        assert not kinds & {Tokens} or "000 Tokens" in message, message


def test_documents_of_errors_have_units_in_names() -> None:
    """A number of a failure's document is an amount, a time or a duration by its name, or counts something plain."""
    for kind in classes().values():
        samples = {argument: sample(it)[0] for argument, it in kind.arguments().items()}
        refusal = kind(args_by_name={solidity_name(argument): value for argument, value in samples.items()})
        document = json.loads(failure_document(refusal, "why", 5))
        plain = {name.rstrip("_") for name, it in kind.arguments().items() if it is int}
        values = {name: it for name, it in document["values"].items() if name not in plain}
        assert not problems({**document, "values": values}), document
        accounts = [name.rstrip("_") for name, it in kind.arguments().items() if it is Address]
        assert all(values[name] == "0x" + "1c" * 20 for name in accounts), document


def test_a_state_that_there_is_not_is_said_as_its_number() -> None:
    """A contract may answer with a number beyond its enum: the error keeps it, and is said all the same."""
    refusal = classes()["RedemptionEnded"](args_by_name={"id": 1, "status": 99})
    assert "redemption 1 is already 99" in str(refusal)


def test_amounts_are_in_what_the_call_was_about() -> None:
    """The same error is of Tokens or of a currency, by the contract, the function and the currencies that it names."""
    hkd, cny, series = (bytes([number]) * 20 for number in (1, 2, 3))
    token = Interface("CurrencyToken", artifacts.load("CurrencyToken").abi)
    selector = next(it for it, (name, *_) in token.errors.items() if name == "ERC20InsufficientBalance")
    data = selector + abi.encode(("address", "uint256", "uint256"), (series, 1_000_000, 2_000_000))
    decoder = RevertDecoder([token], {Address(hkd): Currency.HKD, Address(cny): Currency.CNY})
    said = {
        ("CurrencyToken", "transfer", hkd, b""): "holds 1.00 HKD; 2.00 needed",
        ("CurrencyToken", "transfer", cny, b""): "holds 1.00 yuan; 2.00 needed",
        ("ComputeToken", "transfer", series, b""): "holds 1,000,000 Tokens; 2,000,000 needed",
        ("ComputeToken", "transfer", series, bytes(12) + cny): "holds 1,000,000 Tokens; 2,000,000 needed",
        ("ComputeToken", "purchase", series, b""): "holds 1.00; 2.00 needed",
        ("ChannelHub", "deposit", series, b""): "holds 1,000,000 Tokens; 2,000,000 needed",
        ("ChannelHub", "deposit", series, bytes(12) + hkd): "holds 1.00 HKD; 2.00 needed",
        ("JobEscrow", "place", series, bytes(12) + hkd): "holds 1.00 HKD; 2.00 needed",
        ("JobEscrow", "dispute", series, b""): "holds 1.00; 2.00 needed",
    }
    for (contract, function, to, rest), words in said.items():
        interface = Interface(contract, artifacts.load(contract).abi)
        refusal = decoder.of_call(data, Address(to), interface, interface.selector(function) + rest)
        assert refusal.function == function
        assert words in str(refusal), refusal


def test_each_error_is_documented() -> None:
    """docs/reference/errors.md has one line for each error, with what its class says."""
    documented = {}
    for section in (ROOT / "docs" / "reference" / "errors.md").read_text().split("\n## ")[1:]:
        family = section.split("\n", 1)[0]
        for name, said in re.findall(r"^\| `(\w+)` \| (.*) \|$", section, flags=re.MULTILINE):
            documented[name] = (family, said)
    expected = {
        name: (kind.__bases__[0].__name__, f"{kind.__doc__} | {kind.remedy}") for name, kind in classes().items()
    }
    assert documented == expected


def test_each_error_is_provoked() -> None:
    """Some test expects each error that can be provoked; what cannot has a reason."""
    tests = (path.read_text() for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    words = {word for test in tests for word in re.findall(r"\w+", test)}
    assert set(classes()) - words == set(UNREACHABLE)
