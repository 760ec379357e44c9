"""The ledger of a gateway: channels with their newest voucher and usage, and each payment with its answer.

Voucher and request are on disk before a provider is asked. Charge and answer are one transaction, so that a key has one
answer and one charge. One thread does all of it: SQLite has one writer.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, func, or_, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import IntegrityError

from pysettle.domain.channel.metering import ChannelState, Voucher
from pysettle.domain.compute.usage import Usage
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.payments import Channel, Kind, NewPayment, Outcome, Payment, State
from pysettle.serve.gateway.tables import channels, connect, marks, payments
from pysettle.values import Address, Hash32, Tokens

_Answer = TypeVar("_Answer")
_DRAINED = "drained"
UNSETTLED = "not settled: "
"""Beginning of the reason of an exact payment that was not settled, although its answer was there."""


class KeyTaken(Exception):
    """Another request has begun with the same key, or the same payment, at the same moment."""


class Ledger:
    """The ledger in a file."""

    def __init__(self, file: Path) -> None:
        """Open it, or make one.

        Raises:
            UsageError: the file is no ledger of this format.
        """
        self._engine = connect(file)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")

    async def run(self, work: Callable[..., _Answer], *arguments: Any) -> _Answer:
        """Do a piece of work, a method of this object, in the ledger's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def close(self) -> None:
        """Close the file after the work that waits."""
        self._thread.shutdown()
        self._engine.dispose()

    # Channels

    def channel(self, channel_id: ChannelId) -> Channel | None:
        """Return a channel; None for an unknown one."""
        with self._engine.begin() as connection:
            row = connection.execute(select(channels).where(channels.c.id == channel_id)).one_or_none()
        return None if row is None else _channel(row)

    def channels(self) -> list[Channel]:
        """Return every channel, the oldest first."""
        with self._engine.begin() as connection:
            return [_channel(row) for row in connection.execute(select(channels))]

    def owing(self, payer: Address, token: Address) -> list[Channel]:
        """Return the channels of a payer in a token that have used more than is claimed."""
        which = select(channels).where(channels.c.payer == payer, channels.c.series == token)
        with self._engine.begin() as connection:
            found = list(map(_channel, connection.execute(which)))
        return [channel for channel in found if channel.charged > channel.state.claimed]

    def open(self, config: ChannelConfig, channel_id: ChannelId, usage: Usage, charged: Tokens) -> None:
        """Store a channel that is not known yet; usage and charge are those that the chain attests."""
        values = {
            "id": channel_id,
            "series": config.token,
            "payer": config.payer,
            "config": _config_text(config),
            "usage": usage.pack().to_bytes(32, "big"),
            "charged": charged,
            "ceiling": 0,
            "signature": b"",
            **_state_values(ChannelState(Tokens(0), Tokens(0))),
        }
        with self._engine.begin() as connection:
            connection.execute(insert(channels).values(values).on_conflict_do_nothing())

    def update(self, channel_id: ChannelId, state: ChannelState) -> None:
        """Store the state of a channel on the chain."""
        with self._engine.begin() as connection:
            connection.execute(channels.update().where(channels.c.id == channel_id).values(_state_values(state)))

    # Payments

    def find(self, key: bytes, payload: bytes | None) -> Payment | None:
        """Return the payment of a key, or else of a payload."""
        with self._engine.begin() as connection:
            for column, value in ((payments.c.key, key), (payments.c.payload, payload)):
                if value is not None:
                    row = connection.execute(select(payments).where(column == value)).one_or_none()
                    if row is not None:
                        return _payment(row)
        return None

    def payment(self, payment_id: str) -> Payment | None:
        """Return a payment by its id."""
        with self._engine.begin() as connection:
            row = connection.execute(select(payments).where(payments.c.id == payment_id)).one_or_none()
        return None if row is None else _payment(row)

    def begin(self, new: NewPayment, state: State, voucher: Voucher | None = None) -> str:
        """Store a request, and the voucher that covers it; return the id of the payment.

        A cancelled payment of the same key begins anew.

        Raises:
            KeyTaken: another request has begun with this key or payload at the same moment.
        """
        payment_id = str(uuid.uuid4())
        values = {field.name: getattr(new, field.name) for field in fields(new)}
        values |= {"id": payment_id, "state": state, "created_at": int(time.time())}
        try:
            with self._engine.begin() as connection:
                if new.kind is not Kind.REFUND and _is_drained(connection):
                    raise drained()
                same = or_(payments.c.key == new.key, payments.c.payload == new.payload)
                connection.execute(payments.delete().where(same, payments.c.state == State.CANCELLED))
                connection.execute(insert(payments).values(values))
                if voucher is not None:
                    _raise_ceiling(connection, voucher)
        except IntegrityError as problem:
            raise KeyTaken from problem
        return payment_id

    def settle(self, payment_id: str, outcome: Outcome, channel: Channel | None = None) -> None:
        """Store an answer and its charge in one transaction.

        Args:
            payment_id: The payment.
            outcome: Answer and charge.
            channel: The channel that pays, with usage and charge after it.
        """
        values = {**_outcome_values(outcome), "state": State.SETTLED, "ended_at": int(time.time())}
        with self._engine.begin() as connection:
            connection.execute(payments.update().where(payments.c.id == payment_id).values(values))
            if channel is not None:
                counted = {"usage": channel.usage.pack().to_bytes(32, "big"), "charged": channel.charged}
                connection.execute(channels.update().where(channels.c.id == channel.id).values(counted))

    def keep(self, payment_id: str, text: str) -> None:
        """Store the text of a stream that is not at its end."""
        self._change(payment_id, {"answer": text.encode(), "answer_type": "text/plain"})

    def withhold(self, payment_id: str, outcome: Outcome | None) -> None:
        """Store that a payment is about to be settled, with the answer that is given after it, if there is one yet."""
        values: dict[str, Any] = {"state": State.SETTLING}
        if outcome is not None:
            values |= _outcome_values(outcome)
        self._change(payment_id, values)

    def end(self, payment_id: str, state: State, reason: str, transaction: bytes | None = None) -> None:
        """Store that a payment has failed, or that its outcome is not known."""
        values = {"state": state, "reason": reason, "transaction": transaction, "ended_at": int(time.time())}
        self._change(payment_id, values)

    def has_failed(self, payer: Address) -> bool:
        """Return whether an answer had to be withheld from a payer, whose exact payment was not settled."""
        failed = payments.c.reason.startswith(UNSETTLED, autoescape=True)
        found = select(payments.c.id).where(payments.c.payer == payer, payments.c.kind == Kind.EXACT, failed).limit(1)
        with self._engine.begin() as connection:
            return connection.execute(found).one_or_none() is not None

    def settled(self) -> list[Payment]:
        """Return the payments that were charged and answered."""
        with self._engine.begin() as connection:
            return list(map(_payment, connection.execute(select(payments).where(payments.c.state == State.SETTLED))))

    def unfinished(self) -> list[Payment]:
        """Return the payments that are neither settled nor cancelled."""
        ended = (State.SETTLED, State.CANCELLED)
        with self._engine.begin() as connection:
            rows = connection.execute(select(payments).where(payments.c.state.not_in(ended)))
            return [_payment(row) for row in rows]

    def drain(self) -> None:
        """Let nothing new begin, in whatever process; refunds apart."""
        with self._engine.begin() as connection:
            connection.execute(insert(marks).values(name=_DRAINED, since=int(time.time())).on_conflict_do_nothing())

    def reopen(self) -> None:
        """Serve again."""
        with self._engine.begin() as connection:
            connection.execute(marks.delete().where(marks.c.name == _DRAINED))

    def is_drained(self) -> bool:
        """Whether nothing new may begin."""
        with self._engine.begin() as connection:
            return _is_drained(connection)

    def totals(self) -> Mapping[str, int]:
        """Return the number of payments in each state."""
        with self._engine.begin() as connection:
            rows = connection.execute(select(payments.c.state, func.count()).group_by(payments.c.state))
            return {row[0]: row[1] for row in rows}

    def _change(self, payment_id: str, values: Mapping[str, Any]) -> None:
        with self._engine.begin() as connection:
            connection.execute(payments.update().where(payments.c.id == payment_id).values(values))


def _outcome_values(outcome: Outcome) -> dict[str, Any]:
    values = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
    usage = outcome.usage and outcome.usage.pack().to_bytes(32, "big")
    return values | {"usage": usage, "is_estimated": int(outcome.is_estimated)}


def drained() -> ApiError:
    """Return the answer to a request for something new, while the gateway is drained."""
    return ApiError(
        503,
        "this gateway serves nothing new: ask for the rest of your channel back",
        code="gateway_drained",
        headers={"Retry-After": "60"},
    )


def _is_drained(connection: Connection) -> bool:
    return connection.execute(select(marks.c.name).where(marks.c.name == _DRAINED)).one_or_none() is not None


def _raise_ceiling(connection: Connection, voucher: Voucher) -> None:
    """Store a voucher unless a higher one is stored: the newest supersedes all before it."""
    known = connection.execute(select(channels.c.ceiling).where(channels.c.id == voucher.channel_id)).scalar_one()
    if voucher.ceiling > known:
        values = {"ceiling": voucher.ceiling, "signature": voucher.signature}
        connection.execute(channels.update().where(channels.c.id == voucher.channel_id).values(values))


def _state_values(state: ChannelState) -> dict[str, int]:
    return {
        "balance": state.balance,
        "claimed": state.claimed,
        "noticed": state.noticed,
        "withdrawable_at": state.withdrawable_at,
    }


def _config_text(config: ChannelConfig) -> str:
    members = {field.name: getattr(config, field.name) for field in fields(config)}
    return json.dumps({name: value.hex() if isinstance(value, bytes) else value for name, value in members.items()})


def _config(text: str) -> ChannelConfig:
    stored = json.loads(text)
    members: dict[str, Any] = {
        name: bytes.fromhex(value) if isinstance(value, str) else value for name, value in stored.items()
    }
    return ChannelConfig(**members)


def _channel(row: Row[Any]) -> Channel:
    channel_id = ChannelId(row.id)
    return Channel(
        id=channel_id,
        config=_config(row.config),
        usage=Usage.unpack(int.from_bytes(row.usage, "big")),
        charged=Tokens(row.charged),
        voucher=Voucher(channel_id, row.ceiling, row.signature) if row.signature else None,
        state=ChannelState(Tokens(row.balance), Tokens(row.claimed), Tokens(row.noticed), row.withdrawable_at),
    )


def _payment(row: Row[Any]) -> Payment:
    return Payment(
        id=row.id,
        kind=Kind(row.kind),
        state=State(row.state),
        request=row.request,
        payer=Address(row.payer),
        channel=None if row.channel is None else ChannelId(row.channel),
        model=row.model,
        accepted_at=row.accepted_at,
        offered=row.offered,
        nonce=row.nonce,
        signed=row.signed,
        charged=row.charged,
        usage=None if row.usage is None else Usage.unpack(int.from_bytes(row.usage, "big")),
        is_estimated=bool(row.is_estimated),
        transaction=None if row.transaction is None else Hash32(row.transaction),
        answer=row.answer,
        answer_type=row.answer_type,
        settlement=row.settlement,
        reason=row.reason,
    )
