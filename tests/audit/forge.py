"""Forgeries: what somebody who knows the format could do to a bundle."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from eth_hash.auto import keccak

from pysettle.audit.blocks import (
    HeaderCheck,
    RootCheck,
    SealedBlock,
    Unreadable,
    read_blocks,
    read_receipts,
    receipts_rlp,
)
from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, MANIFEST_FILE, RECEIPTS_FILE, Bundle, FileEntry, Manifest
from pysettle.audit.encoding import encode_list, encode_string, list_items, ordered_root, read_items
from pysettle.audit.receipts import outcomes
from pysettle.audit.report import Divergence
from pysettle.domain.core.contracts import Kind

PARENT_HASH, STATE_ROOT, RECEIPTS_ROOT, DIFFICULTY, GAS_USED, TIMESTAMP, EXTRA_DATA = 0, 3, 5, 7, 10, 11, 12
PREVRANDAO, NONCE = 13, 14
"""Places of header fields."""


def raw_blocks(bundle: Bundle) -> list[bytes]:
    """Return the RLP of each block."""
    return [block.raw for block in blocks_in(bundle.read_file(CHAIN_FILE))]


def blocks_in(chain: bytes) -> list[SealedBlock]:
    """Return the blocks of a `chain.rlp` that can be read."""
    return list(read_blocks(BytesIO(chain), len(chain)))


def rungs(manifest: Manifest, chain: bytes) -> list[Divergence]:
    """Return what H and R find in other bytes of a chain, receipts apart."""
    headers, roots, unread = HeaderCheck(manifest.hashes, manifest.head_state_root), RootCheck(), None
    try:
        for block in read_blocks(BytesIO(chain), len(chain)):
            headers.see(block)
            roots.see(block, None)
    except Unreadable as problem:
        unread = problem.divergence
    return [*headers.close(unread), *roots.divergences]


def reseal(blocks: Sequence[bytes], height: int, fields: dict[int, bytes]) -> list[bytes]:
    """Replace header fields of one block and mend the parent hash of every block above it."""
    resealed = list(blocks)
    for place in range(height - 1, len(blocks)):
        raw = resealed[place]
        parts = [raw[start:end] for start, end in list_items(raw)]
        header = [parts[0][start:end] for start, end in list_items(parts[0])]
        for field, value in fields.items():
            header[field] = encode_string(value)
        parts[0] = encode_list(header)
        resealed[place] = encode_list(parts)
        fields = {PARENT_HASH: keccak(parts[0])}
    return resealed


def copy_with_chain(bundle: Bundle, directory: Path, chain: bytes) -> Path:
    """Copy a bundle with another `chain.rlp` under the old manifest."""
    copied = copy(bundle, directory)
    (copied / CHAIN_FILE).write_bytes(chain)
    return copied


def roots(bundle: Bundle, receipts: bytes) -> list[Divergence]:
    """Return what R finds in a bundle's own chain with other bytes of receipts."""
    chain = bundle.read_file(CHAIN_FILE)
    check, found = RootCheck(), read_receipts(BytesIO(receipts), len(receipts))
    for block in read_blocks(BytesIO(chain), len(chain)):
        check.see(block, found)
    return check.close(found)


def with_file(bundle: Bundle, directory: Path, name: str, content: bytes) -> Path:
    """Copy a bundle with another content of one file, whose length and SHA-256 the manifest has."""
    copied = copy(bundle, directory)
    (copied / name).write_bytes(content)
    files = {**bundle.manifest.files, name: FileEntry(sha256(content).digest(), len(content))}
    write_manifest(copied, replace(bundle.manifest, files=files))
    return copied


def with_receipts(bundle: Bundle, directory: Path, height: int, receipts: Sequence[bytes]) -> Path:
    """Copy a bundle with other receipts of one block, and every root and hash mended, as its maker could have done."""
    content = bundle.read_file(RECEIPTS_FILE)
    blocks = list(read_items(BytesIO(content), len(content)))
    blocks[height - 1] = receipts_rlp(receipts)
    resealed = reseal(raw_blocks(bundle), height, {RECEIPTS_ROOT: ordered_root(receipts)})
    forged = Bundle.read(forge(bundle, directory, resealed))
    changed = b"".join(blocks)
    (directory / RECEIPTS_FILE).write_bytes(changed)
    files = {**forged.manifest.files, RECEIPTS_FILE: FileEntry(sha256(changed).digest(), len(changed))}
    write_manifest(directory, replace(forged.manifest, files=files))
    return directory


def with_receipt(bundle: Bundle, directory: Path, kind: Kind[Any]) -> Path:
    """Copy a bundle in which the last log of a contract of a kind states one unit more in its data, all mended."""
    content = bundle.read_file(RECEIPTS_FILE)
    (emitter,) = bundle.manifest.contracts[kind]
    by_height = [list(it) for it in read_receipts(BytesIO(content), len(content))]
    marks = [(height, place) for height, it in enumerate(by_height) for place, one in enumerate(it) if emitter in one]
    height, place = marks[-1]
    receipt = by_height[height][place]
    (log,) = [it for it in outcomes((receipt,))[0].logs if it.address == emitter and len(it.data) == 32][-1:]
    more = (int.from_bytes(log.data, "big") + 1).to_bytes(32, "big")
    assert receipt.count(log.data) >= 1
    by_height[height][place] = receipt.replace(log.data, more)
    return with_receipts(bundle, directory, height + 1, by_height[height])


def without_genesis(directory: Path) -> None:
    """Leave the genesis out of a bundle, as one has it that nobody could give."""
    manifest = Bundle.read(directory).manifest
    (directory / GENESIS_FILE).unlink()
    files = {name: entry for name, entry in manifest.files.items() if name != GENESIS_FILE}
    write_manifest(directory, replace(manifest, files=files))


def copy(bundle: Bundle, directory: Path) -> Path:
    """Copy a bundle."""
    shutil.copytree(bundle.directory, directory)
    return directory


def forge(bundle: Bundle, directory: Path, blocks: Sequence[bytes]) -> Path:
    """Write other blocks with a manifest that agrees with them in every hash."""
    chain = b"".join(blocks)
    read = blocks_in(chain)
    manifest = bundle.manifest
    files = {**manifest.files, CHAIN_FILE: FileEntry(sha256(chain).digest(), len(chain))}
    hashes = (manifest.hashes[0], *(block.hash for block in read))
    copied = copy_with_chain(bundle, directory, chain)
    write_manifest(copied, replace(manifest, hashes=hashes, files=files, head_state_root=read[-1].state_root))
    return copied


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Replace the manifest."""
    (directory / MANIFEST_FILE).write_bytes(manifest.to_bytes())
