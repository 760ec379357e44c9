"""From a chain to a bundle: the one place of the audit that sees the producer's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

from pysettle.audit.blocks import read_block, receipts_rlp
from pysettle.audit.bundle import (
    CHAIN_FILE,
    GENESIS_FILE,
    INTERFACES_FILE,
    RECEIPTS_FILE,
    SOURCES_FILE,
    Bundle,
    Manifest,
    Reading,
    Source,
    json_bytes,
)
from pysettle.audit.writing import writing
from pysettle.documents import parse_json
from pysettle.domain.catalogue import kinds
from pysettle.domain.core.contracts import Contracts
from pysettle.evm import artifacts
from pysettle.evm.embedded import EmbeddedChain
from pysettle.values import Address


def export_bundle(
    chain: EmbeddedChain,
    directory: Path,
    contracts: Contracts | None = None,
    *,
    labels: Mapping[Address, str] | None = None,
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> Bundle:
    """Write every confirmed block as a bundle, one after the other. The same chain gives the same bytes.

    Args:
        chain: The chain.
        directory: Where the bundle shall be; an older bundle there is replaced whole.
        contracts: Contracts of the network; none if None.
        labels: Account -> name that it is called by; none if None.
        on_progress: Told after every block how many are written, and how many there will be.

    Raises:
        UsageError: the directory holds something that is no bundle, or another export to it is at work.
        BundleError: the bundle cannot be written.
    """
    genesis, last = chain.block(0), chain.confirmed()
    contracts = contracts or Contracts()
    hashes, state_root = [bytes(genesis.hash)], bytes(genesis.state_root)
    with writing(directory) as unfinished:
        with unfinished.file(GENESIS_FILE) as write:
            write(chain.genesis.to_bytes())
        with unfinished.file(CHAIN_FILE) as write, unfinished.file(RECEIPTS_FILE) as write_receipts:
            for number, raw in enumerate(chain.blocks_rlp(), start=1):
                block = read_block(raw)
                write(raw)
                write_receipts(receipts_rlp(chain.receipts_rlp(number)))
                hashes.append(block.hash)
                state_root = block.state_root
                on_progress(number, last)
        for name, content in _contract_files().items() if contracts.addresses() else ():
            with unfinished.file(name) as write:
                write(content)
        manifest = unfinished.publish(
            lambda files: Manifest(
                chain_id=chain.chain_id,
                hashes=tuple(hashes),
                head_state_root=state_root,
                files=files,
                contracts=contracts,
                source=Source(Reading.FILE, f"pysettle/{version('pysettle')}"),
                labels=labels or {},
            )
        )
    return Bundle(directory, manifest)


@cache
def _contract_files() -> dict[str, bytes]:
    """Return mapping name -> content of the files in `contracts/`, which are those of this build."""
    built = {kind.name: artifacts.load(kind.name) for kind in kinds()}
    interfaces = {
        "compiler": built[kinds()[0].name].compiler_version,
        "contracts": {
            name: {"source": it.source_path, "abi": list(it.abi), "storage_layout": it.storage_layout}
            for name, it in built.items()
        },
    }
    standard_input = parse_json((artifacts.ROOT / artifacts.FOLDER / artifacts.INPUT_FILE).read_bytes())
    return {INTERFACES_FILE: json_bytes(interfaces), SOURCES_FILE: json_bytes(standard_input)}
