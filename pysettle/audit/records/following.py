"""The records of a workspace's own chain: the rows of an index that follows its head.

Nobody verified them: they are as right as the chain that is read. The store is one file that may be deleted at any
time. If the chain replaced blocks, their rows go and the books are folded again from the events that stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from pysettle.audit.extract import LiveChain, Replaced, reader_of, sealed_blocks
from pysettle.audit.ledger import LedgerCheck
from pysettle.audit.receipts import outcomes
from pysettle.audit.records.filling import Filling
from pysettle.audit.records.index import Index, IndexUnusable, Position
from pysettle.audit.records.reading import Records
from pysettle.audit.records.recording import Recorder
from pysettle.domain.core import events
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Emitted
from pysettle.domain.core.events import Position as Place
from pysettle.errors import ChainError
from pysettle.values import Address

_ATTEMPTS = 5
"""Most attempts while the chain replaces blocks during the read."""
_MEMORY = Path(":memory:")
_OF_BLOCKS = {"blocks": "number", "transactions": "block", "events": "block", "mentions": "block", "postings": "block"}
"""Table of rows of blocks -> its column with the block."""


@contextmanager
def followed(
    chain: LiveChain, network: bytes, contracts: Callable[[], Contracts], labels: Mapping[Address, str], file: Path
) -> Iterator[Records]:
    """Bring the records of a chain up to its head, and yield them.

    Args:
        chain: The chain.
        network: Identifies the deployed contracts; the rows of another deployment are filled again.
        contracts: Returns the contracts of the network at the head; it is called if there are new blocks.
        labels: Account -> name.
        file: The store; a damaged one is filled again, and where none can be written the rows stay in memory.

    Raises:
        ChainError: the chain was replaced too often, or cannot be read.
    """
    with ExitStack() as stack:
        yield _brought_up(stack, file, lambda index: _update(index, chain, network, contracts, labels))


def _brought_up(stack: ExitStack, file: Path, update: Callable[[Index], Position]) -> Records:
    for place in (file, file, _MEMORY):
        try:
            with ExitStack() as attempt:
                index = attempt.enter_context(Index.open(place))
                position = update(index)
                stack.enter_context(attempt.pop_all())
                return Records(index, position)
        except IndexUnusable as problem:
            if place == _MEMORY:
                raise
            # Another command may fill it at this moment.
            if "locked" not in str(problem):
                _remove(file)
    raise AssertionError("memory is always there")


def _remove(file: Path) -> None:
    with suppress(OSError):
        for leftover in (file, file.with_name(file.name + "-journal")):
            leftover.unlink(missing_ok=True)


def _update(
    index: Index,
    chain: LiveChain,
    network: bytes,
    contracts: Callable[[], Contracts],
    labels: Mapping[Address, str],
) -> Position:
    """Take replaced blocks back, and record new ones up to the head."""
    identity = sha256(chain.block(0).hash + network).hexdigest()
    for _ in range(_ATTEMPTS):
        head = chain.block()
        position = Position(identity, head.number, head.hash, "", "")
        is_new = position != index.position()
        if is_new or dict(index.rows("SELECT account, name FROM labels")) != labels:
            try:
                with index.transaction():
                    if is_new:
                        _record(index, chain, contracts(), position)
                    Recorder(index, Contracts()).labels(labels)
                    index.settle(position)
            except Replaced:
                continue
        return position
    raise ChainError(
        f"the chain replaced its blocks {_ATTEMPTS} times during the read: ask again", attempts_count=_ATTEMPTS
    )


def _record(index: Index, chain: LiveChain, contracts: Contracts, to: Position) -> None:
    """Write the rows of the blocks after those that stay."""
    before = index.position()
    if before is None or before.identity != to.identity:
        index.empty()
        last = 0
    else:
        last = _take_back(index, chain, min(before.block, to.block))
    hashes: dict[int, bytes] = {}
    filling = Filling(index, contracts, hashes.__getitem__)
    books = LedgerCheck(contracts, filling)
    for emitted in _stored(index):
        books.ledger.apply(emitted)
    for block, receipts, reverted in sealed_blocks(chain, last + 1, to.block):
        hashes[block.number] = block.hash
        executed = outcomes(receipts, block.transactions)
        told = [it._replace(revert_data=reverted.get(place)) for place, it in enumerate(executed)]
        books.apply(block.number, block.timestamp, told)
        hashes.clear()
    if to.block and next(index.rows("SELECT hash FROM blocks WHERE number = ?", [to.block]), None) != (to.hash,):
        raise Replaced(f"block {to.block} was replaced meanwhile")
    filling.close_books(books.ledger, reader_of(chain))


def _take_back(index: Index, chain: LiveChain, last: int) -> int:
    """Remove the rows of replaced blocks; return the last block that stays."""
    for number, known in index.rows("SELECT number, hash FROM blocks WHERE number <= ? ORDER BY number DESC", [last]):
        if chain.block(number).hash == known:
            last = number
            break
    else:
        last = 0
    for table, column in _OF_BLOCKS.items():
        index.database.execute(f"DELETE FROM {table} WHERE {column} > ?", (last,))  # noqa: S608  # our own names
    return last


def _stored(index: Index) -> Iterator[Emitted]:
    """Yield the events that are recorded."""
    rows = index.rows(
        "SELECT e.block, e.place, e.log, e.emitter, e.topics, e.data, b.time FROM events e "
        "JOIN blocks b ON b.number = e.block ORDER BY e.block, e.log"
    )
    for block, place, log, emitter, topics, data, time in rows:
        words = [topics[start : start + 32] for start in range(0, len(topics), 32)]
        event = events.decode(words, data)
        assert event is not None, "events alone are stored"
        yield Emitted(Address(emitter), Place(block, place, log), event, time)
