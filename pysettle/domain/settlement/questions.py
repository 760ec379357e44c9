"""Questions to the registry and the liquidity accounts at the head, with the answers that the books expect."""

from __future__ import annotations

from collections.abc import Iterator

from pysettle.domain.core.books import Books
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.core.questions import Question, call_data
from pysettle.domain.settlement.books import LiquidityBooks, ParticipantBooks, ParticipantRecord, SettlementBooks
from pysettle.domain.settlement.contracts import (
    ATOMIC_SETTLEMENT,
    EARMARK,
    LIQUIDITY_ACCOUNTS,
    PARTICIPANT_REGISTRY,
    POSITION,
    RESERVED,
)
from pysettle.values import Address

_UNKNOWN = ParticipantRecord(0, 0, ZERO_ADDRESS)
"""An account that was not admitted."""


def participants(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask registries for each participant, and for their number in each currency."""
    for registry in sorted(books.contracts[PARTICIPANT_REGISTRY]):
        about, known = f"registry 0x{registry.hex()}", books[ParticipantBooks]
        for currency, count in sorted(known.counts.items()):
            data = call_data("participantCount(address)", currency)
            yield Question(about, registry, f"participantCount(0x{currency.hex()})", data, (count,))
        for (currency, account), record in sorted(known.records.items()):
            data = call_data("participant(address,address)", currency, account)
            agent = int.from_bytes(record.settlement_agent, "big")
            expected = (record.index, record.jurisdiction, agent, int(record.suspended), int(record.stopped))
            call = f"participant(0x{currency.hex()}, 0x{account.hex()})"
            yield Question(about, registry, call, data, expected)
            data = call_data("accountOf(address,uint256)", currency, record.index.to_bytes(32, "big"))
            answer = (int.from_bytes(account, "big"),)
            yield Question(about, registry, f"accountOf(0x{currency.hex()}, {record.index})", data, answer)


def positions(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask liquidity accounts for each position, its freezes, and the pause of each currency."""
    for contract in sorted(books.contracts[LIQUIDITY_ACCOUNTS]):
        about, liquidity = f"liquidity 0x{contract.hex()}", books[LiquidityBooks]
        for currency, paused in sorted(liquidity.paused.items()):
            data = call_data("isPaused(address)", currency)
            yield Question(about, contract, f"isPaused(0x{currency.hex()})", data, (int(paused),))
        for kind in books.contracts.assets:
            for asset in books.contracts[kind]:
                if (asset, EARMARK) in books.totals:
                    data = call_data("earmarked(address)", asset)
                    units = books.total(asset, EARMARK)
                    yield Question(about, contract, f"earmarked(0x{asset.hex()})", data, (units,))
        for currency, account in _named(books):
            outgoing, incoming, amount = liquidity.freezing[currency].frozen(account)
            pair, names = (currency, account), f"(0x{currency.hex()}, 0x{account.hex()})"
            frozen_amount = call_data("frozenAmount(address,address)", *pair)
            yield Question(about, contract, f"frozenAmount{names}", frozen_amount, (amount,))
            if books.contracts.counts(currency):
                available = books.balance(currency, POSITION, account)
                record = books[ParticipantBooks].records.get((currency, account), _UNKNOWN)
                standing = (int(record.suspended), int(record.stopped), record.jurisdiction)
                reserved = books.balance(currency, RESERVED, account)
                expected = (available, reserved, int(outgoing), int(incoming), int(amount != 0), *standing)
                data = call_data("position(address,address)", *pair)
                yield Question(about, contract, f"position{names}", data, expected)


def settlements(books: Books, _chain_id: int) -> Iterator[Question]:
    """Ask settlement contracts for the ids of parties, and for the state of each instruction that waited."""
    known = books[SettlementBooks]
    for contract in sorted(books.contracts[ATOMIC_SETTLEMENT]):
        about = f"settlement 0x{contract.hex()}"
        for party, approval_id in sorted(known.used):
            data = call_data("isUsed(address,uint256)", party, approval_id.to_bytes(32, "big"))
            yield Question(about, contract, f"isUsed(0x{party.hex()}, {approval_id})", data, (1,))
        for settlement_id, record in known.records.items():
            state = int(record.state) if record.waited else 0
            data = call_data("waiting(bytes32)", settlement_id)
            yield Question(about, contract, f"waiting(0x{settlement_id.hex()})", data, (state,))
            if record.waited:
                data = call_data("dueAt(bytes32)", settlement_id)
                yield Question(about, contract, f"dueAt(0x{settlement_id.hex()})", data, (record.due_at,))
        for (original, *ends), amount in known.returned.items():
            legs = known.records[original].instruction.legs
            places = [number for number, leg in enumerate(legs) if [leg.asset, leg.debtor, leg.creditor] == ends]
            # The events of returns do not say which of two equal legs they reverse.
            if len(places) == 1:
                data = call_data("returned(bytes32,uint256)", original, places[0].to_bytes(32, "big"))
                yield Question(about, contract, f"returned(0x{original.hex()}, {places[0]})", data, (amount,))


def _named(books: Books) -> list[tuple[Address, Address]]:
    """Return (currency, account) of each position that an event named, in the order of their bytes."""
    held = {(account.asset, Address(account.owner)) for account, _ in books.held_for(POSITION)}
    freezing = books[LiquidityBooks].freezing
    frozen = {(currency, account) for currency, of in freezing.items() for account in of.accounts()}
    return sorted(held | frozen | set(books[ParticipantBooks].records))
