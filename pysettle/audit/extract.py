"""From a chain to a bundle: the one place of the audit that sees the producer's code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Protocol

from pysettle.audit.blocks import RootCheck, SealedBlock, read_block, receipts_rlp
from pysettle.audit.bundle import (
    CHAIN_FILE,
    GENESIS_FILE,
    PROOFS_FILE,
    RECEIPTS_FILE,
    Bundle,
    Manifest,
    Reading,
    Source,
)
from pysettle.audit.by_receipts import needed_proofs
from pysettle.audit.encoding import EncodingError
from pysettle.audit.engines import CallRefused
from pysettle.audit.proofs import ProofSource
from pysettle.audit.receipts import outcomes
from pysettle.audit.writing import UnfinishedBundle, writing
from pysettle.domain.core.contracts import Contracts
from pysettle.errors import ChainError, NodeError, WrongChain
from pysettle.evm.backend import ExecutionReverted
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis
from pysettle.evm.node_blocks import NodeBlock, NodeBlocks
from pysettle.evm.rpc import RpcChain
from pysettle.hashing import keccak
from pysettle.pins.files import contract_files
from pysettle.values import Address, Hash32

_ATTEMPTS = 5
"""Most restarts of an export when the chain replaces blocks during the read."""
_TEXT_MAX = 200

Listed = Contracts | Callable[[int], Contracts]
"""Contracts of the network, or a function that returns those at a block."""


class Replaced(Exception):
    """The chain was replaced by another one while it was read; the message says where."""


class _Source(Protocol):
    """A chain, as an export reads it."""

    reading: Reading
    producer: str

    def genesis(self) -> bytes | None:
        """Return the file `genesis.json`, None where it could not be had."""

    def blocks(self, last: int) -> Iterator[NodeBlock | NodeError | None]:
        """Yield blocks 1 to the last; None, or a refusal, in place of one that is not there any more."""

    def proofs(self, last: int) -> ProofSource | None:
        """Return where to get proofs of the state after a block; None if the genesis makes them needless."""


class _FromFile:
    """The chain of this package, in its file or in memory."""

    reading = Reading.FILE
    producer = f"pysettle/{version('pysettle')}"

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain

    def genesis(self) -> bytes | None:
        return self._chain.genesis.to_bytes()

    def blocks(self, last: int) -> Iterator[NodeBlock | NodeError | None]:
        for number, raw in zip(range(1, last + 1), self._chain.blocks_rlp(), strict=False):
            yield NodeBlock(raw, self._chain.receipts_rlp(number), None)

    def proofs(self, last: int) -> None:
        return None


class _FromNode:
    """A chain behind JSON-RPC."""

    def __init__(self, chain: RpcChain, genesis: bytes | None) -> None:
        self._chain, self._blocks = chain, chain.node_blocks()
        self._genesis = Genesis.from_bytes(genesis) if genesis is not None else self._blocks.genesis()
        self.reading = Reading.REBUILT if self._blocks.is_rebuilt else Reading.RAW
        self.producer = "".join(it for it in chain.client_version if it.isprintable())[:_TEXT_MAX] or "unnamed"

    def genesis(self) -> bytes | None:
        """Return the file; its hash is that of the node's block 0.

        Raises:
            WrongChain: it is not.
        """
        if self._genesis is None:
            return None
        found, expected = EmbeddedChain(self._genesis).block(0).hash, self._chain.block(0).hash
        if found != expected:
            raise WrongChain(
                f"the genesis hashes to 0x{found.hex()}, block 0 of {self._chain.url} is 0x{expected.hex()}: give the "
                "genesis.json that the chain began with (--genesis)",
                actual=found,
                expected=expected,
            )
        return self._genesis.to_bytes()

    def blocks(self, last: int) -> Iterator[NodeBlock | NodeError | None]:
        return self._blocks.read(1, last)

    def proofs(self, last: int) -> _ProofsAt | None:
        return _ProofsAt(self._blocks, last) if self._genesis is None else None


@dataclass(frozen=True)
class _ProofsAt:
    """Proofs and codes of a node after a block."""

    blocks: NodeBlocks
    number: int

    def proof(self, account: Address, slots: Sequence[int]) -> Collection[bytes]:
        return self.blocks.proof(account, slots, self.number)

    def code(self, account: Address) -> bytes:
        return self.blocks.code(account, self.number)


def export_bundle(
    chain: EmbeddedChain | RpcChain,
    directory: Path,
    contracts: Listed | None = None,
    *,
    labels: Mapping[Address, str] | None = None,
    genesis: bytes | None = None,
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> Bundle:
    """Write every confirmed block as a bundle, one after the other. The same chain gives the same files.

    If a network replaces blocks during the read, the export restarts.

    Args:
        chain: The chain.
        directory: Directory of the bundle; an older bundle there is replaced.
        contracts: Contracts of the network; none if None.
        labels: Account -> name that it is called by; none if None.
        genesis: The `genesis.json` of a chain behind JSON-RPC, if its node does not return it.
        on_progress: Called after every block with the number of written blocks, and the total.

    Raises:
        UsageError: the directory holds something that is no bundle, or another export to it is at work; or the genesis
            is not of a chain of this kind.
        WrongChain: the genesis is that of another chain.
        ChainError: a block differs from its header or its hash, or the chain was replaced too often.
        BundleError: the bundle cannot be written.
    """
    source = _FromFile(chain) if isinstance(chain, EmbeddedChain) else _FromNode(chain, genesis)
    with writing(directory) as unfinished:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                claims = _write(chain, source, unfinished, contracts or Contracts(), on_progress)
                break
            except Replaced as problem:
                if attempt == _ATTEMPTS:
                    raise ChainError(
                        f"the export began {_ATTEMPTS} times, and {problem}: export again later",
                        attempts_count=_ATTEMPTS,
                    ) from None
        manifest = unfinished.publish(lambda files: replace(claims, files=files, labels=labels or {}))
    return Bundle(directory, manifest)


def _write(
    chain: EmbeddedChain | RpcChain,
    source: _Source,
    unfinished: UnfinishedBundle,
    contracts: Listed,
    on_progress: Callable[[int, int], None],
) -> Manifest:
    """Write the files of a bundle; return its claims without those about the files.

    Raises:
        Replaced: the chain was replaced meanwhile; the files have to be written again.
    """
    last, block_0 = max(0, chain.confirmed()), chain.block(0)
    listed = contracts if isinstance(contracts, Contracts) else contracts(last)
    if (content := source.genesis()) is not None:
        with unfinished.file(GENESIS_FILE) as write:
            write(content)
    hashes, state_root, roots = [bytes(block_0.hash)], bytes(block_0.state_root), RootCheck()
    with unfinished.file(CHAIN_FILE) as write, unfinished.file(RECEIPTS_FILE) as write_receipts:
        for number, found in enumerate(source.blocks(last), start=1):
            block, receipts = _checked(number, found, hashes[-1], roots)
            write(block.raw)
            write_receipts(receipts_rlp(receipts))
            hashes.append(block.hash)
            state_root = block.state_root
            on_progress(number, last)
    if len(hashes) != last + 1 or chain.block(last).hash != hashes[-1]:
        raise Replaced(f"block {last} was replaced meanwhile")
    for name, content in contract_files().items() if listed.addresses() else ():
        with unfinished.file(name) as write:
            write(content)
    if (node := source.proofs(last)) and last and listed.addresses():
        _write_proofs(unfinished, listed, chain.chain_id, state_root, node)
    told = Source(source.reading, source.producer)
    return Manifest(chain.chain_id, tuple(hashes), state_root, {}, listed, told)


def _write_proofs(
    unfinished: UnfinishedBundle, listed: Contracts, chain_id: int, state_root: bytes, node: ProofSource
) -> None:
    """Write the proofs of the state after the last block, if the node gives any."""
    try:
        node.proof(next(iter(listed.addresses())), [])
    except NodeError:
        return
    content = needed_proofs(unfinished.open_file, listed, chain_id, state_root, node).to_bytes()
    with unfinished.file(PROOFS_FILE) as write:
        write(content)


LiveChain = EmbeddedChain | RpcChain
"""A chain that goes on."""


def sealed_blocks(
    chain: LiveChain, first: int, last: int
) -> Iterator[tuple[SealedBlock, tuple[bytes, ...], dict[int, bytes]]]:
    """Yield blocks of a chain with their receipts as they are hashed, and place -> data of each that reverted.

    Args:
        chain: The chain.
        first: First block, 1 or later.
        last: Last block.

    Raises:
        ChainError: a block differs from its header or its hash.
        Replaced: the chain was replaced during the read.
    """
    if last < first:
        return
    parent, roots = bytes(chain.block(first - 1).hash), RootCheck()
    found: Iterator[NodeBlock | NodeError | None]
    if isinstance(chain, EmbeddedChain):
        raw = chain.blocks_rlp(first)
        found = (NodeBlock(it, chain.receipts_rlp(number), None) for number, it in enumerate(raw, start=first))
    else:
        found = chain.node_blocks().read(first, last)
    for number, it in enumerate(islice(found, last - first + 1), start=first):
        block, receipts = _checked(number, it, parent, roots)
        parent = block.hash
        yield block, receipts, _revert_data(chain, block, receipts)


def _revert_data(chain: LiveChain, block: SealedBlock, receipts: tuple[bytes, ...]) -> dict[int, bytes]:
    """Return place -> data of each transaction of a block that reverted, as the chain tells it."""
    failed = [place for place, it in enumerate(outcomes(receipts)) if not it.succeeded]
    hashes = [Hash32(keccak(block.transactions[place])) for place in failed]
    told = zip(failed, chain.receipts_of(hashes), strict=True)
    return {place: receipt.revert_data for place, receipt in told if receipt}


def reader_of(chain: LiveChain) -> Callable[[Address, bytes], bytes]:
    """Return a function that calls a contract at the head of a chain; it raises `CallRefused`."""

    def call(contract: Address, data: bytes) -> bytes:
        try:
            return chain.call(contract, data)
        except ExecutionReverted as problem:
            raise CallRefused(f"it reverted with {problem}") from problem

    return call


def _checked(
    number: int, found: NodeBlock | NodeError | None, parent: bytes, roots: RootCheck
) -> tuple[SealedBlock, tuple[bytes, ...]]:
    """Return a block that agrees with its header and its hash and follows the one before; and its receipts.

    Raises:
        ChainError: it is not; the message names the field.
        Replaced: it does not follow.
    """
    if not isinstance(found, NodeBlock):
        raise Replaced(f"block {number} could not be had ({found or 'there is none'})")
    try:
        block = read_block(found.raw)
    except EncodingError as problem:
        raise ChainError(f"block {number} cannot be read: {problem}", block=number) from None
    if block.parent_hash != parent or block.number != number:
        raise Replaced(f"block {number} does not follow the block before it")
    roots.see(block, iter([found.receipts]))
    for divergence in roots.divergences:
        raise ChainError(
            f"{divergence.finding.subject} is not what its header states: {divergence.finding.detail}", block=number
        )
    if found.stated_hash not in (None, block.hash):
        raise ChainError(
            f"block {number} is not what its hash states: its header hashes to 0x{block.hash.hex()}, the node states "
            f"0x{(found.stated_hash or b'').hex()}; its roots are right, so that another field of the header is not",
            block=number,
            actual=block.hash,
            stated=found.stated_hash,
        )
    return block, found.receipts
