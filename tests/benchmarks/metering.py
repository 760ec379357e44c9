"""SPEED-SIGN and SPEED-METER: vouchers, and the requests they pay for, from the signature to the books."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from pysettle.domain.channel.messages import hub_domain
from pysettle.domain.channel.metering import Voucher, check_vouchers, sign_vouchers
from pysettle.domain.compute.contracts import ESCROW
from pysettle.domain.core.events import Emitted, Position
from pysettle.domain.core.messages import ChannelConfig
from pysettle.domain.core.signing import Signer
from pysettle.domain.ledger import Ledger, fold
from pysettle.evm.sqlite import SqliteDatabase
from pysettle.scenarios.demo import Demo
from pysettle.scenarios.workload import generate
from tests.benchmarks.anchors import NaiveSender, scratch, transfers
from tests.benchmarks.limits import Curve
from tests.benchmarks.measure import Goal, Row, in_turns

_CHAIN_ID = 31337
_HUB = hub_domain(_CHAIN_ID, Signer.derived("hub").address)
_SIGNER = Signer.derived("benchmark")
_CONFIG = ChannelConfig(
    payer=_SIGNER.address,
    payer_authorizer=_SIGNER.address,
    receiver=Signer.derived("series").address,
    receiver_authorizer=Signer.derived("meter").address,
    token=Signer.derived("series").address,
    withdraw_delay_s=86_400,
    salt=bytes(32),
)
_CHANNEL = _CONFIG.channel_id(_HUB)
_VOUCHERS = 4_000
_NAIVE = 20

Outcome = TypeVar("Outcome")


def speed_sign() -> Iterator[Row]:
    """Measure the signing and the checking of vouchers against libsecp256k1 alone, one process a core."""
    ceilings = [(_CHANNEL, ceiling) for ceiling in range(_VOUCHERS)]
    vouchers = [Voucher.signed(_SIGNER, _HUB, *drawn) for drawn in ceilings]

    def sign() -> list[Voucher]:
        return sign_vouchers(_SIGNER, _HUB, ceilings)

    def check() -> list[bool]:
        return check_vouchers(_HUB, ((_CONFIG, voucher) for voucher in vouchers))

    with closing(Curve(_SIGNER.secret, _VOUCHERS)) as curve:
        for what, bound, ours, anchor in (
            ("vouchers signed/s", 0.70, _rate(sign, vouchers), curve.signed_per_second),
            ("vouchers checked/s", 0.75, _rate(check, [True] * _VOUCHERS), curve.recovered_per_second),
        ):
            figures = in_turns(f"SPEED-SIGN, {what}", ours, anchor)
            yield Row("SPEED-SIGN", Goal(bound), figures[0], what, figures[1])


def _rate(act: Callable[[], list[Outcome]], expected: list[Outcome]) -> Callable[[int], float]:
    """Return a round that measures what an act gives a second; that it is right is compared after the clock stops."""

    def measure(_: int) -> float:
        began = time.perf_counter()
        outcomes = act()
        took = time.perf_counter() - began
        assert outcomes == expected
        return len(expected) / took

    return measure


def speed_meter() -> Iterator[Row]:
    """Measure settled requests a second against one naive transaction a request."""
    with NaiveSender.running() as naive:
        figure, anchor = in_turns(
            "SPEED-METER",
            _settled_per_second,
            lambda number: naive.per_second(transfers(number, _NAIVE)),
        )
    yield Row("SPEED-METER", Goal(300), figure, "requests/s", anchor)


def _settled_per_second(number: int) -> float:
    """Settle the demo's hour of requests on a chain in a file; return how many a second were, channels being open."""
    requests = generate(number)
    with scratch() as directory, SqliteDatabase(Path(directory) / "chain.sqlite", create=True) as database:
        demo = Demo(requests, seed=number, database=database)
        demo.issue_and_sell()
        demo.open_channels()
        began = time.perf_counter()
        demo.deliver()
        demo.claim_and_redeem()
        books = _books(demo)
        took = time.perf_counter() - began
        series = demo.series.address
        escrow = books.balance(demo.network.currency.address, ESCROW, series)
        assert escrow == demo.network.currency.balance_of(series), "the ledger is not the chain's"
        assert books.supply(series) == demo.series.total_supply(), "the ledger is not the chain's"
    return len(requests) / took


def _books(demo: Demo) -> Ledger:
    """Keep the books of the whole chain, from its logs."""

    def history() -> Iterator[Emitted]:
        contracts, timestamps = demo.network.contracts(), dict[int, int]()
        for log in demo.chain.logs():
            event = contracts.event_of(log.address, log.topics, log.data)
            if event is not None:
                number = log.block_number
                position = Position(number, log.transaction_index, log.log_index)
                if number not in timestamps:
                    timestamps[number] = demo.chain.block(number).timestamp
                yield Emitted(log.address, position, event, timestamps[number])

    return fold(demo.network.contracts(), history())
