"""From a chain to a bundle: the one place of the audit that sees the producer's code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pysettle.audit.blocks import read_block
from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE, Bundle, Manifest, writing
from pysettle.domain.core.contracts import Contracts
from pysettle.evm.embedded import EmbeddedChain


def export_bundle(
    chain: EmbeddedChain,
    directory: Path,
    contracts: Contracts | None = None,
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> Bundle:
    """Write every confirmed block as a bundle, one after the other. The same chain gives the same bytes.

    Args:
        chain: The chain.
        directory: Where the bundle shall be; an older bundle there is replaced whole.
        contracts: Contracts whose books the auditor is to keep; none if None.
        on_progress: Told after every block how many are written, and how many there will be.

    Raises:
        UsageError: the directory holds something that is no bundle, or another export to it is at work.
        BundleError: the bundle cannot be written.
    """
    genesis, last = chain.block(0), chain.confirmed()
    hashes, state_root = [bytes(genesis.hash)], bytes(genesis.state_root)
    with writing(directory) as unfinished:
        with unfinished.file(GENESIS_FILE) as write:
            write(chain.genesis.to_bytes())
        with unfinished.file(CHAIN_FILE) as write:
            for number, raw in enumerate(chain.blocks_rlp(), start=1):
                block = read_block(raw)
                write(raw)
                hashes.append(block.hash)
                state_root = block.state_root
                on_progress(number, last)
        manifest = unfinished.publish(
            lambda files: Manifest(chain.chain_id, tuple(hashes), state_root, files, contracts or Contracts())
        )
    return Bundle(directory, manifest)
