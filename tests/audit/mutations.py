"""Random mutations of a bundle: what carelessness or a forger could do to its files, hashes mended or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from pysettle.audit.blocks import read_receipts, receipts_rlp
from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, MANIFEST_FILE, RECEIPTS_FILE, Bundle, json_bytes
from pysettle.audit.encoding import encode_list, list_items, ordered_root, string
from pysettle.audit.genesis import canonical_genesis
from pysettle.pins.files import INTERFACES_FILE, SOURCES_FILE
from tests.audit import forge

TRANSACTIONS_ROOT = 4
HEADER_FIELDS = 21
Way = tuple[str | int, ...]
"""Keys and places that lead to a value of a document."""


@dataclass(frozen=True)
class Mutated:
    """A bundle after one mutation."""

    directory: Path
    """Where it is."""
    story: str
    """Kind of mutation, file and place."""
    place: Way = ()
    """Where in a JSON file; empty in others."""


class Mutator:
    """Draws mutations of one bundle, with another bundle to take files from."""

    def __init__(self, bundle: Bundle, other: Bundle) -> None:
        """Read both."""
        self.bundle, self._other = bundle, other
        self._content = {name: bundle.read_file(name) for name in bundle.manifest.files}
        self._content[MANIFEST_FILE] = bundle.manifest.to_bytes()
        self._blocks = forge.raw_blocks(bundle)
        receipts = self._content[RECEIPTS_FILE]
        self._receipts = [list(it) for it in read_receipts(BytesIO(receipts), len(receipts))]
        names = (GENESIS_FILE, MANIFEST_FILE, INTERFACES_FILE, SOURCES_FILE)
        self._documents = {name: json.loads(self._content[name]) for name in names}
        self._places = {name: list(_places(document)) for name, document in self._documents.items()}
        self._kinds: tuple[Callable[[Random, Path], Mutated], ...] = (
            self.bit,
            self.cut,
            self.drop,
            self.swap,
            self.field,
            self.blocks,
            self.header,
            self.transactions,
            self.receipts,
        )

    def draw(self, chance: Random, directory: Path) -> Mutated:
        """Return a mutated copy of the bundle."""
        return chance.choice(self._kinds)(chance, directory)

    def is_equal(self, directory: Path) -> bool:
        """Whether a copy has the content of the bundle: some draws change a value to itself."""
        return all(
            (directory / name).is_file() and (directory / name).read_bytes() == it for name, it in self._content.items()
        )

    def bit(self, chance: Random, directory: Path) -> Mutated:
        """Flip one bit of a file; half of the times the manifest agrees with the result."""
        name = chance.choice(sorted(self._content))
        content = bytearray(self._content[name])
        place = chance.randrange(len(content))
        content[place] ^= 1 << chance.randrange(8)
        return self._written(chance, directory, name, bytes(content), f"bit of byte {place}")

    def cut(self, chance: Random, directory: Path) -> Mutated:
        """Cut off the end of a file, or repeat some of it at the end."""
        name = chance.choice(sorted(self._content))
        content, size = self._content[name], chance.randrange(len(self._content[name]))
        changed = content[:size] if chance.random() < 0.7 else content + content[size:]
        return self._written(chance, directory, name, changed, f"cut at {size}")

    def drop(self, chance: Random, directory: Path) -> Mutated:
        """Leave a file out; half of the times the manifest does so too."""
        name = chance.choice(sorted(self._content))
        forge.copy(self.bundle, directory)
        (directory / name).unlink()
        mended = name != MANIFEST_FILE and chance.random() < 0.5
        if mended:
            manifest = json.loads(self._content[MANIFEST_FILE])
            del manifest["files"][name]
            (directory / MANIFEST_FILE).write_bytes(json_bytes(manifest))
        return Mutated(directory, f"drop {name}, mended {mended}")

    def swap(self, chance: Random, directory: Path) -> Mutated:
        """Take a file from another bundle."""
        name = chance.choice([CHAIN_FILE, RECEIPTS_FILE, GENESIS_FILE, MANIFEST_FILE])
        content = self._other.directory.joinpath(name).read_bytes()
        return self._written(chance, directory, name, content, "swap")

    def field(self, chance: Random, directory: Path) -> Mutated:
        """Change one value of a JSON file, in the form of an export."""
        name = chance.choice(sorted(self._documents))
        document = json.loads(self._content[name])
        place = chance.choice(self._places[name])
        *way, last = place
        parent = document
        for step in way:
            parent = parent[step]
        act = _change(chance, parent, last)
        content = json_bytes(document)
        if name == GENESIS_FILE:
            with suppress(ValueError):
                content = canonical_genesis(content)
        return self._written(chance, directory, name, content, f"{act} {place}", place, mend=True)

    def blocks(self, chance: Random, directory: Path) -> Mutated:
        """Drop, repeat or reorder blocks with their receipts; the manifest agrees with the result."""
        order = _reordered(chance, len(self._blocks)) or [len(self._blocks) - 1]
        forge.forge(self.bundle, directory, [self._blocks[it] for it in order])
        receipts = b"".join(receipts_rlp(self._receipts[it]) for it in order)
        self._mend(directory, RECEIPTS_FILE, receipts)
        return Mutated(directory, f"blocks {order}")

    def header(self, chance: Random, directory: Path) -> Mutated:
        """Change a field of a header, and mend every hash after it."""
        height, place = chance.randint(1, len(self._blocks)), chance.randrange(HEADER_FIELDS)
        header = list_items(self._blocks[height - 1], *list_items(self._blocks[height - 1])[0])
        value = string(self._blocks[height - 1], *header[place])
        number = int.from_bytes(value, "big") ^ (1 << chance.randrange(max(1, 8 * len(value))))
        is_number = len(value) not in (8, 20, 32, 256)
        changed = number.to_bytes((number.bit_length() + 7) // 8 if is_number else len(value), "big")
        forge.forge(self.bundle, directory, forge.reseal(self._blocks, height, {place: changed}))
        return Mutated(directory, f"header field {place} of block {height}")

    def transactions(self, chance: Random, directory: Path) -> Mutated:
        """Drop, repeat, reorder or change transactions of a block, and mend every root and hash."""
        height = chance.choice(
            [at for at, it in enumerate(forge.blocks_in(b"".join(self._blocks)), 1) if it.transactions]
        )
        raw = self._blocks[height - 1]
        parts = [raw[start:end] for start, end in list_items(raw)]
        listed = [parts[1][start:end] for start, end in list_items(parts[1])]
        if chance.random() < 0.5:
            place = chance.randrange(len(listed))
            content = bytearray(listed[place])
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            listed[place] = bytes(content)
        else:
            listed = [listed[it] for it in _reordered(chance, len(listed))]
        parts[1] = encode_list(listed)
        blocks = list(self._blocks)
        blocks[height - 1] = encode_list(parts)
        try:
            (block,) = forge.blocks_in(blocks[height - 1])
        except Exception:  # noqa: BLE001 - it cannot be read any more, so that no root can be mended
            return self._written(
                chance, directory, CHAIN_FILE, b"".join(blocks), f"transactions of {height}", mend=True
            )
        root = ordered_root(block.transactions)
        forge.forge(self.bundle, directory, forge.reseal(blocks, height, {TRANSACTIONS_ROOT: root}))
        return Mutated(directory, f"transactions of block {height}")

    def receipts(self, chance: Random, directory: Path) -> Mutated:
        """Drop, repeat, reorder or change receipts of a block, and mend every root and hash."""
        height = chance.choice([at for at, it in enumerate(self._receipts, 1) if it])
        listed = list(self._receipts[height - 1])
        place = chance.randrange(len(listed))
        content = bytearray(listed[place])
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        listed[place] = bytes(content)
        if chance.random() < 0.3:
            listed = [self._receipts[height - 1][it] for it in _reordered(chance, len(listed))]
        forge.with_receipts(self.bundle, directory, height, listed)
        return Mutated(directory, f"receipts of block {height}")

    def _written(
        self,
        chance: Random,
        directory: Path,
        name: str,
        content: bytes,
        story: str,
        place: Way = (),
        *,
        mend: bool = False,
    ) -> Mutated:
        forge.copy(self.bundle, directory)
        mended = name != MANIFEST_FILE and (mend or chance.random() < 0.5)
        (directory / name).write_bytes(content)
        if mended:
            self._mend(directory, name, content)
        return Mutated(directory, f"{story} in {name}, mended {mended}", (name, *place))

    @staticmethod
    def _mend(directory: Path, name: str, content: bytes) -> None:
        (directory / name).write_bytes(content)
        manifest = json.loads((directory / MANIFEST_FILE).read_bytes())
        manifest["files"][name] = {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
        (directory / MANIFEST_FILE).write_bytes(json_bytes(manifest))


def _reordered(chance: Random, count: int) -> list[int]:
    """Return places from 0, of which some are dropped, repeated or exchanged; never all of them in order."""
    order = list(range(count))
    match chance.randrange(4):
        case 0:
            order = order[: chance.randrange(count)]
        case 1:
            del order[chance.randrange(count)]
        case 2:
            order.insert(chance.randrange(count + 1), chance.randrange(count))
        case _:
            chance.shuffle(order)
    return order if order != list(range(count)) else order[:-1]


def _places(document: Any, way: Way = ()) -> Iterator[Way]:
    """Yield the way to each value of a document."""
    entries = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in entries:
        yield (*way, key)
        if isinstance(value, dict | list):
            yield from _places(value, (*way, key))


def _change(chance: Random, parent: Any, key: Any) -> str:
    """Drop, repeat, exchange or change a value of a document; return what was done."""
    value = parent[key]
    if chance.random() < 0.2:
        del parent[key]
        return "drop"
    if isinstance(parent, list) and chance.random() < 0.3:
        parent.insert(chance.randrange(len(parent) + 1), value)
        return "repeat"
    if isinstance(value, bool):
        parent[key] = not value
    elif isinstance(value, int):
        parent[key] = value + chance.choice([-1, 1])
    elif isinstance(value, str) and value:
        place = chance.randrange(len(value))
        parent[key] = value[:place] + chance.choice("0123456789abcdefxyz") + value[place + 1 :]
    elif isinstance(value, dict) and value:
        parent[key] = dict(list(value.items())[1:])
    elif isinstance(value, list) and value:
        parent[key] = value[::-1] if len(value) > 1 else []
    else:
        parent[key] = "0x01" if value is None or isinstance(value, str) else None
    return "change"
