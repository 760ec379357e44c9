"""`docs/reference/bundle.md` and the reader of manifests name the same fields and the same contracts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from eth_typing import Address

from pysettle.audit.bundle import (
    CHAIN_FILES,
    CONTRACT_FILES,
    MANIFEST_FILE,
    STATE_FILES,
    FileEntry,
    Manifest,
    Reading,
    Source,
    json_bytes,
)
from pysettle.audit.report import LEVELS, Check, Outcome
from pysettle.domain.catalogue import kinds
from pysettle.domain.channel.contracts import CHANNEL_HUB, DEPOSIT_COLLECTOR, USAGE_METER
from pysettle.domain.compute.contracts import COMPUTE_MARKET, COMPUTE_TOKEN, SERIES_FACTORY, SeriesPricing
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.jobs.contracts import JOB_ESCROW
from pysettle.domain.money.contracts import (
    CURRENCY_TOKEN,
    INTEREST_PAYMENTS,
    ISSUANCE_DESK,
    NETWORK_ACCESS,
    CurrencyTerms,
)
from pysettle.domain.settlement.contracts import (
    ATOMIC_SETTLEMENT,
    CLEARING_HOUSE,
    CORRIDORS,
    FOREIGN_EXCHANGE,
    LIQUIDITY_ACCOUNTS,
    PARTICIPANT_REGISTRY,
    PURCHASE_POLICY,
)
from pysettle.errors import BundleError

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "bundle.md").read_text()
CURRENCY, SERIES, HUB, METER, INTEREST, JOBS, MARKET, DESK, ACCESS, FACTORY, COLLECTOR, REGISTRY, LIQUIDITY, WAYS = (
    Address(bytes([number]) * 20) for number in range(1, 15)
)
SETTLEMENT, EXCHANGE, POLICY, CLEARING = (Address(bytes([number]) * 20) for number in range(15, 19))
EVERY_KIND = Contracts(
    {
        CURRENCY_TOKEN: {CURRENCY: None},
        ISSUANCE_DESK: {DESK: CurrencyTerms(CURRENCY)},
        COMPUTE_TOKEN: {SERIES: SeriesPricing(CURRENCY, 150_000, RateCard(Meters(1, 30, 90), Meters(2, 60, 180)), 500)},
        CHANNEL_HUB: {HUB: None},
        USAGE_METER: {METER: None},
        INTEREST_PAYMENTS: {INTEREST: None},
        JOB_ESCROW: {JOBS: None},
        COMPUTE_MARKET: {MARKET: CurrencyTerms(CURRENCY)},
        NETWORK_ACCESS: {ACCESS: None},
        SERIES_FACTORY: {FACTORY: None},
        DEPOSIT_COLLECTOR: {COLLECTOR: None},
        PARTICIPANT_REGISTRY: {REGISTRY: None},
        LIQUIDITY_ACCOUNTS: {LIQUIDITY: None},
        CORRIDORS: {WAYS: None},
        ATOMIC_SETTLEMENT: {SETTLEMENT: None},
        FOREIGN_EXCHANGE: {EXCHANGE: None},
        PURCHASE_POLICY: {POLICY: None},
        CLEARING_HOUSE: {CLEARING: None},
    }
)
FILES = {name: FileEntry(bytes(32), 1) for name in sorted({*STATE_FILES, *CHAIN_FILES, *CONTRACT_FILES})}
SOURCE, LABELS = Source(Reading.FILE, "pysettle/0.1.0"), {CURRENCY: "alice"}
MANIFEST = Manifest(1, (bytes(32),), bytes(32), FILES, EVERY_KIND, SOURCE, LABELS)
DOCUMENT: dict[str, Any] = json.loads(MANIFEST.to_bytes())


def rows(header: str) -> list[list[str]]:
    """Return the cells of a table of the page, found by its header, with the marks of code taken off."""
    table = PAGE.split(f"| {header} |\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in table]


def places(value: Any, *before: str) -> Iterator[tuple[str, ...]]:
    """Yield the path of every field of a document that holds no further fields."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, *before, name)
    else:
        yield before


def test_every_field_of_the_manifest_is_on_the_page() -> None:
    """The table of the manifest names each field, in the order of the names or not, and no other."""
    named = {name.strip() for row in rows("field | type | meaning") for name in row[0].split(",")}
    written = {".".join(path) for path in places(DOCUMENT)}
    written = {re.sub(r"^files\..*\.(\w+)$", r"files.NAME.\1", path) for path in written}
    assert named == {re.sub(r"^labels\..*$", "labels.ACCOUNT", path) for path in written}


def test_every_file_is_on_the_page() -> None:
    """The table of files names each file that a bundle has, and no other."""
    assert {row[0] for row in rows("file | contents")} == {*FILES, MANIFEST_FILE}


def test_every_way_of_reading_is_on_the_page() -> None:
    """The page says of each value of `source.reading` what it means."""
    (meaning,) = (row[2] for row in rows("field | type | meaning") if row[0] == "source.reading")
    assert set(re.findall(r"(\w+): ", meaning)) == {it.value for it in Reading}


def test_every_contract_and_field_of_it_is_on_the_page() -> None:
    """The table of contracts names each kind that a manifest may list, with each of its fields, and no other."""
    assert set(EVERY_KIND.listed) == set(kinds()), "a kind of contract is not listed here"
    named = {(row[0], row[1]) for row in rows("name | field | type | meaning")}
    written = set()
    for entry in DOCUMENT["contracts"]:
        own = {".".join(path) for path in places(entry)} - {"name", "address"}
        written |= {(entry["name"], field) for field in own or {"-"}}
    assert named == written


def test_the_reader_asks_for_exactly_these_fields() -> None:
    """The reader takes the document whole; without any one field, or with one more beside it, it refuses."""
    assert Manifest.from_bytes(MANIFEST.to_bytes()) == MANIFEST
    paths = [path for path in places(DOCUMENT) if path[0] != "labels"]  # any account may have one
    for number, entry in enumerate(DOCUMENT["contracts"]):
        paths += [("contracts", str(number), *path) for path in places(entry)]
    for path in paths:
        for change in (lambda holder, name: holder.pop(name), lambda holder, name: holder.update({name + "s": "1"})):
            document = deepcopy(DOCUMENT)
            holder: Any = document
            for step in path[:-1]:
                holder = holder[int(step)] if isinstance(holder, list) else holder[step]
            change(holder, path[-1])
            with pytest.raises(BundleError):
                Manifest.from_bytes(json_bytes(document))


def test_every_check_and_outcome_is_on_the_page() -> None:
    """The page has each check in the order of the report, and each way in which one ends, and no other."""
    assert [row[0] for row in rows("check | proves | needs")] == [check.value for check in Check]
    assert {row[0] for row in rows("outcome | meaning")} == {outcome.value for outcome in Outcome}
    assert all(f"`--level {level}`" in PAGE for level in LEVELS)
