"""The contract files of a bundle: sources, ABIs and storage layouts, compared with the published ones.

They prove nothing about the chain. An auditor reads them, so that each must be what it seems to be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from pysettle.audit.bundle import Bundle, json_bytes
from pysettle.audit.report import Check, Divergence
from pysettle.documents import parse_json
from pysettle.domain.catalogue import kinds
from pysettle.domain.core.findings import Finding
from pysettle.pins import CodeHash, Pins, interface_hash
from pysettle.pins.difference import listed
from pysettle.pins.files import INTERFACES_FILE, SOURCES_FILE
from pysettle.pins.sources import compile_again


@dataclass(frozen=True)
class ContractFiles:
    """The files as somebody wrote them; None for one that cannot be read, which F reports."""

    sources: Any
    """solc's standard JSON."""
    interfaces: Any
    """The document of ABIs and storage layouts."""
    as_read: Mapping[str, str] = field(default_factory=dict)
    """File -> SHA-256 of its bytes, as hex."""

    @classmethod
    def read(cls, bundle: Bundle, readable: Collection[str]) -> ContractFiles:
        """Read those of a bundle that can be read."""
        documents, as_read = dict[str, Any](), dict[str, str]()
        for name in {SOURCES_FILE, INTERFACES_FILE}.intersection(readable):
            with suppress(OSError, ValueError):
                content = bundle.read_file(name)
                documents[name] = parse_json(content)
                as_read[name] = sha256(content).hexdigest()
        return cls(documents.get(SOURCES_FILE), documents.get(INTERFACES_FILE), as_read)

    def source_hashes(self) -> dict[str, str]:
        """Return mapping source unit -> SHA-256 of its text as hex."""
        entries = _object_in(self.sources, "sources")
        texts = {unit: it.get("content") for unit, it in entries.items() if isinstance(it, dict)}
        return {unit: _sha256(it) for unit, it in texts.items() if isinstance(it, str)}

    def compare(self, names: Collection[str], pins: Pins) -> Iterator[Divergence]:
        """Yield the differences from the published sources and interfaces of contracts.

        Args:
            names: The contracts.
            pins: What is published; a contract without pins is left out.
        """
        named = list(self._compare_contracts(names, pins))
        yield from named
        if named or not pins.files or {kind.name for kind in kinds()} - set(names):
            return
        for file, document in ((SOURCES_FILE, self.sources), (INTERFACES_FILE, self.interfaces)):
            # Other bytes may say the same, which is for F to report. Few files need to be written again to find out.
            if document is None or self.as_read.get(file) in pins.files:
                continue
            if sha256(json_bytes(document)).hexdigest() not in pins.files:
                yield _in_file(file, "differs from the published file outside sources and interfaces of contracts")

    def _compare_contracts(self, names: Collection[str], pins: Pins) -> Iterator[Divergence]:
        """Yield the differences in what the pins of contracts know."""
        found, published = self.source_hashes(), {name: pins.of(name) for name in names}
        if self.sources is not None:
            differing = {
                unit
                for of_name in published.values()
                for unit in min(
                    ([it for it in pin.sources if found.get(it) != pin.sources[it]] for pin in of_name),
                    key=len,
                    default=[],
                )
            }
            if differing:
                yield _in_file(SOURCES_FILE, f"differs from the published sources: {listed(sorted(differing))}")
        if self.interfaces is not None:
            stated = _object_in(self.interfaces, "contracts")
            others = sorted(
                name
                for name, of_name in published.items()
                if of_name and interface_hash(stated.get(name)) not in {pin.interface for pin in of_name}
            )
            if others:
                yield _in_file(INTERFACES_FILE, f"differs from the published interfaces: {listed(others)}")

    def compiled_again(self, names: Collection[str], pins: Pins) -> Iterator[Divergence]:
        """Yield the differences between the result of compiling the sources and the published code of contracts.

        Raises:
            ValueError: the sources cannot be read, or are no standard JSON that holds them.
            ArtifactError: the compiler is not available, or the sources do not compile.
        """
        compiled = compile_again(self.sources, names)
        for name in names:
            code, published = compiled.get(name), pins.of(name)
            if code is None:
                yield _in_file(SOURCES_FILE, f"has no contract {name}")
            elif CodeHash.of(code) not in (it.creation for it in published):
                than = f"; published are {published[0].creation}" if published else ""
                yield _in_file(SOURCES_FILE, f"compiles {name} to {CodeHash.of(code)}{than}")


def _object_in(document: Any, name: str) -> Mapping[str, Any]:
    inner = document.get(name) if isinstance(document, dict) else None
    return inner if isinstance(inner, dict) else {}


def _sha256(text: str) -> str:
    return sha256(text.encode(errors="replace")).hexdigest()


def _in_file(name: str, detail: str) -> Divergence:
    return Divergence(Check.CODE, None, Finding("AUDIT-G", f"file {name}", detail))
