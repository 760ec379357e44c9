"""From a chain to a bundle: the one place of the audit that sees the producer's code."""

from __future__ import annotations

from pathlib import Path

from pysettle.audit.blocks import read_blocks
from pysettle.audit.bundle import Bundle, write_bundle
from pysettle.domain.core.contracts import Contracts
from pysettle.evm.embedded import EmbeddedChain


def export_bundle(chain: EmbeddedChain, directory: Path, contracts: Contracts | None = None) -> Bundle:
    """Write everything sealed so far as a bundle. The same chain gives the same bytes.

    Args:
        chain: The chain.
        directory: Where the bundle shall be; an older bundle there is replaced whole.
        contracts: Contracts whose books the auditor is to keep; none if None.

    Raises:
        BundleError: the directory holds something that is no bundle, or cannot be written.
    """
    content = b"".join(chain.blocks_rlp())
    blocks, unread = read_blocks(content)
    assert unread is None, unread
    genesis = chain.block(0)
    return write_bundle(
        directory,
        chain_id=chain.chain_id,
        genesis=chain.genesis.to_bytes(),
        chain=content,
        hashes=[genesis.hash, *(block.hash for block in blocks)],
        head_state_root=blocks[-1].state_root if blocks else genesis.state_root,
        contracts=contracts or Contracts(),
    )
