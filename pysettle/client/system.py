"""The compute layer of a deployed network: its market with every series, and the channels they are delivered by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eth_typing import Address

from pysettle.client.channel.hub import ChannelHub, UsageMeter
from pysettle.client.compute.market import Compute, ComputeMarket
from pysettle.client.compute.series import ComputeToken
from pysettle.client.money.currency import CurrencyToken
from pysettle.domain.channel.delivered import delivered_usage
from pysettle.domain.channel.events import ChannelCreated, Claimed
from pysettle.domain.compute.events import ComputeRegistered, SeriesOpened
from pysettle.domain.compute.prices import IndexPoint, Priced, basket_cost, price_index
from pysettle.domain.core import events
from pysettle.domain.core.events import Emitted, Position
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from pysettle.errors import InvalidNumber, UsageError
from pysettle.errors.compute.market import ProviderWithoutCompute
from pysettle.evm.backend import ChainBackend
from pysettle.reading import read_address, read_hex
from pysettle.values import ComputeId, SeriesId

_IDS_AT_ONCE = 200
"""Ids in one query of logs; geth takes 1,000."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A series, as a buyer compares it."""

    series: ComputeToken
    """The series."""
    symbol: str
    """Its symbol."""
    cost: int | None
    """Micro-yuan for the reference basket of its service class; None where none is published for the class."""
    left: int
    """Tokens left to sell."""
    open: bool
    """Whether it still sells: it has neither expired, nor been halted, nor sold out."""


@dataclass(frozen=True, slots=True)
class RegisteredCompute:
    """Compute that an attester signed for, as it stands."""

    id: bytes
    """Its id."""
    accelerator: str
    """Kind of accelerator."""
    standing: Compute
    """Whose it is, what it can deliver, what of that is allocated, and until when."""


@dataclass(frozen=True, slots=True)
class ChannelStanding:
    """A channel as it stands. Amounts are in smallest units of its token."""

    id: ChannelId
    """Its id."""
    config: ChannelConfig
    """Its terms."""
    balance: int
    """What it holds, claimed units included."""
    claimed: int
    """What of it is claimed."""
    noticed: int
    """Withdrawal its payer gave notice of; zero when there is none."""
    noticed_at: int
    """Unix second of the notice."""

    @property
    def is_metered(self) -> bool:
        """Whether it is in Tokens, which come back to their series, and are claimed by usage."""
        return self.config.token == self.config.receiver


def channel_in(opened: Mapping[ChannelId, ChannelConfig], text: str) -> ChannelId:
    """Return the one of several channels' ids that begins with hex digits.

    Raises:
        UsageError: none begins so, or several do; or there are no digits, which name none.
    """
    if not text.removeprefix("0x"):
        raise UsageError(f"{text!r} names no channel: give its id, or how that begins; see `pysettle channel list`")
    found = [it for it in opened if it.hex().startswith(text.removeprefix("0x").lower())]
    if len(found) != 1:
        problem = "no channel's id begins" if not found else "several channels' ids begin"
        raise UsageError(f"{problem} with {text}: see `pysettle channel list`")
    return found[0]


@dataclass(frozen=True, slots=True)
class ComputeSystem:
    """Market, hub and meter of a network, in e-CNY."""

    currency: CurrencyToken
    """The e-CNY token."""
    market: ComputeMarket
    """The ComputeMarket."""
    hub: ChannelHub
    """The ChannelHub."""
    meter: UsageMeter
    """The UsageMeter."""

    @property
    def chain(self) -> ChainBackend:
        """The chain it is on."""
        return self.market.chain

    def series(self) -> tuple[ComputeToken, ...]:
        """Return every series of the market, in the order they were opened in."""
        return tuple(self.market.at(it.series) for it in self.market.emitted(SeriesOpened))

    def registered(self) -> tuple[RegisteredCompute, ...]:
        """Return all compute that was ever registered, in that order."""
        return tuple(
            RegisteredCompute(
                it.compute_id,
                it.accelerator.rstrip(b"\0").decode(errors="backslashreplace"),
                self.market.compute(it.compute_id),
            )
            for it in self.market.emitted(ComputeRegistered)
        )

    def newest_compute(self, provider: Address) -> ComputeId:
        """Return the id of the compute of a provider that was registered last.

        Raises:
            ProviderWithoutCompute: none is registered.
        """
        registered = self.market.emitted(ComputeRegistered)
        ids = [it.compute_id for it in registered if it.provider == provider]
        if not ids:
            raise ProviderWithoutCompute(provider)
        return ids[-1]

    def find(self, name: str) -> ComputeToken:
        """Return the series of a symbol or an address.

        Raises:
            UsageError: none has it, or several have the symbol.
        """
        # A symbol has 31 bytes at the most, fewer than an address that is written out.
        address = read_address(name) if len(name) == 42 and name.startswith("0x") else None
        if address is None:
            found = [it for it in self.series() if it.symbol == name]
        else:
            opened = self.market.emitted(SeriesOpened, [address.rjust(32, b"\0")])
            found = [self.market.at(it.series) for it in opened]
        if not found:
            raise UsageError(f"no series is called {name}: see `pysettle market list`")
        if len(found) > 1:
            places = " and ".join(f"0x{it.address.hex()} (of provider 0x{it.provider.hex()})" for it in found)
            raise UsageError(f"{len(found)} series are called {name}: {places}; name one by its address")
        return found[0]

    def shortest_name(self, series: SeriesId) -> str:
        """Return what `find` finds a series by: its symbol, or its address where others have the symbol or it has none.

        Args:
            series: Address of a series.
        """
        symbols = {it.address: it.symbol for it in self.series()}
        symbol = symbols.get(series, "")
        return symbol if [*symbols.values()].count(symbol) == 1 and symbol.isalnum() else "0x" + series.hex()

    def offers(self, service_class: str | None = None) -> tuple[Offer, ...]:
        """Return the series, the cheapest first, then in the order of their opening.

        Those whose class has no reference basket cannot be compared, and come last.

        Args:
            service_class: Only series of it.
        """
        now, offers = self.chain.block().timestamp, []
        for series in self.series():
            if service_class in (None, series.service_class):
                left = series.capacity - series.sold()
                is_open = left > 0 and now < series.expiry and not series.halted_at()
                terms = series.service_class, series.rate_card, series.unit_price
                cost = basket_cost(*terms) if series.is_comparable else None
                offers.append(Offer(series, series.symbol, cost, left, is_open))
        return tuple(sorted(offers, key=lambda offer: (offer.cost is None, offer.cost or 0)))

    def price_index(self) -> tuple[IndexPoint, ...]:
        """Return the compute price index of every class and day on which something was delivered."""
        comparable = [it for it in self.series() if it.is_comparable]
        priced = {}
        for it in comparable:
            cost = basket_cost(it.service_class, it.rate_card, it.unit_price)
            priced[it.address] = Priced(it.service_class, it.unit_price, cost)
        providers = {it.address: it.provider for it in comparable}
        return price_index(priced, delivered_usage(self._deliveries(), providers))

    def channels(self) -> tuple[ChannelStanding, ...]:
        """Return every channel that was ever opened, in that order."""
        return tuple(self.standing(*item) for item in self.opened_channels().items())

    def channel(self, text: str) -> ChannelStanding:
        """Return the channel whose id begins with hex digits.

        Raises:
            UsageError: none has such an id, or several have.
        """
        opened = self.opened_channels([text])
        channel_id = channel_in(opened, text)
        return self.standing(channel_id, opened[channel_id])

    def opened_channels(self, ids: Sequence[str] = ()) -> dict[ChannelId, ChannelConfig]:
        """Return mapping id -> terms of the channels that were ever opened, in that order.

        Args:
            ids: Ids in hex digits of channels that are wanted at the least. If all are whole, no other channel is
                read; how many there are then costs nothing.
        """
        wanted = [_whole(it, 32) for it in ids]
        if not wanted or None in wanted:
            found = list(self.hub.emitted(ChannelCreated))
        else:
            indexed = [it for it in wanted if it is not None]
            parts = [indexed[place : place + _IDS_AT_ONCE] for place in range(0, len(indexed), _IDS_AT_ONCE)]
            found = [it for part in parts for it in self.hub.emitted(ChannelCreated, part)]
        return {it.channel_id: it.config for it in found}

    def standing(self, channel_id: ChannelId, config: ChannelConfig) -> ChannelStanding:
        """Return a channel as it stands."""
        noticed = self.hub.pending_withdrawal(channel_id)
        return ChannelStanding(channel_id, config, *self.hub.channel(channel_id), *noticed)

    def _deliveries(self) -> Iterator[Emitted]:
        """Yield the events that tell what was delivered on which day, in the order of the chain."""
        block, topics = self.chain.block(0), events.topics(ChannelCreated, Claimed)
        logs = self.chain.logs(from_block=self.hub.first_block, addresses=[self.hub.address], topics=topics)
        for log in logs:
            event = events.decode(log.topics, log.data)
            if event is None:
                continue
            if log.block_number != block.number:
                block = self.chain.block(log.block_number)
            position = Position(log.block_number, log.transaction_index, log.log_index)
            yield Emitted(log.address, position, event, block.timestamp)


def _whole(text: str, size: int) -> bytes | None:
    """Return the bytes that hex digits write if they are so many; None where they are others, or no hex digits."""
    try:
        read = read_hex(text)
    except InvalidNumber:
        return None
    return read if len(read) == size else None
