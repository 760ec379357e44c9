"""Check F: the files of a bundle are those of its manifest, in the one form that an export writes."""

from __future__ import annotations

from pysettle.audit.blocks import differs
from pysettle.audit.bundle import CHAIN_FILES, GENESIS_FILE, Bundle, json_bytes, sha256_of
from pysettle.audit.genesis import canonical_genesis
from pysettle.audit.report import Check, Divergence
from pysettle.documents import parse_json
from pysettle.domain.core.findings import Finding


def check_files(bundle: Bundle) -> tuple[set[str], list[Divergence]]:
    """Check length, SHA-256 and form of each file; return the names of those that could be read, and the findings."""
    readable, divergences = set[str](), list[Divergence]()
    for name, entry in bundle.manifest.files.items():
        try:
            stream, size = bundle.open_file(name)
            with stream:
                # A longer file is another one, and need not be read to its end.
                digest = sha256_of(stream) if size == entry.size else b""
            content = b"" if name in CHAIN_FILES else bundle.read_file(name)
            readable.add(name)
            if size != entry.size:
                divergences.append(in_file(name, differs("bytes", entry.size, size)))
            elif digest != entry.sha256:
                divergences.append(in_file(name, differs("sha256", entry.sha256, digest)))
            elif name not in CHAIN_FILES:
                _check_form(name, content)
        except OSError as problem:
            divergences.append(in_file(name, f"cannot be read: {problem.strerror or problem}"))
        except ValueError as problem:
            divergences.append(in_file(name, f"is not in the form that an export writes: {problem}"))
    return readable, divergences


def _check_form(name: str, content: bytes) -> None:
    """Check that a JSON file is in the one form that an export writes.

    Raises:
        ValueError: other bytes say the same, or it is malformed.
    """
    expected = canonical_genesis(content) if name == GENESIS_FILE else json_bytes(parse_json(content))
    if content != expected:
        place = next(
            (index for index, (one, two) in enumerate(zip(content, expected, strict=False)) if one != two), None
        )
        where = f"byte {min(len(content), len(expected)) if place is None else place}"
        raise ValueError(f"other bytes say the same, from {where} on")


def in_file(name: str, detail: str, check: Check = Check.FILES) -> Divergence:
    """Return a divergence of a file; that of the genesis is at block 0, that of the chain at a block others name."""
    block, subject = (0, f"file {name} (block 0)") if name == GENESIS_FILE else (None, f"file {name}")
    return Divergence(check, block, Finding(f"AUDIT-{check.value}", subject, detail))
