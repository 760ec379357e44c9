"""The models on sale, each with its series: what is offered for them, and what a channel that pays must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_utils.address import to_checksum_address

from pysettle.client.compute.series import ComputeToken
from pysettle.domain.compute.serving import ServiceTerms
from pysettle.domain.compute.usage import Meters, PeakHours
from pysettle.domain.core.messages import ChannelConfig
from pysettle.errors import UsageError
from pysettle.money import price_rounded_up
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.config import Config, Model, Stage
from pysettle.serve.gateway.providers import Provider, provider_of
from pysettle.serve.gateway.sdk.wire import CHANNEL_SCHEME, EXACT_SCHEME, Offer
from pysettle.values import Address, Amount, SeriesId, Tokens, Units

if TYPE_CHECKING:
    from pysettle.client.core.token import Token
    from pysettle.client.network import SettlementNetwork

WITHDRAW_DELAY_S = 900
"""Delay of withdrawals from channels that are offered: the shortest that the hub allows."""


@dataclass(frozen=True)
class Shelf:
    """A model on sale in the Tokens of one series."""

    model: Model
    """The model."""
    since: int
    """Chain time from which the series is sold, unix seconds."""
    series: ComputeToken
    """Series whose Tokens pay for it."""
    unit_price: int
    """Micro-yuan for a million of them."""
    terms: ServiceTerms
    """Its prices."""
    provider: Provider
    """Source of its answers."""
    network: str
    """Chain, as x402 names it."""
    meter: Address
    """The UsageMeter, which authorizes claims and refunds of Tokens."""
    authorizer: Address
    """Account that authorizes claims and refunds of e-CNY."""
    currency: Token[Any]
    """Currency in which the Tokens are sold."""
    deposit_calls: int
    """Ceilings that a first deposit is asked to cover."""
    exposure_tokens: Tokens
    """Most Tokens that a channel may have used and not paid."""
    payer_exposure_tokens: Tokens
    """Most Tokens that all channels of a payer in one token may have used and not paid."""

    def exposure(self, *, is_in_tokens: bool) -> Amount:
        """Return the most that a channel may have used and not paid, in Tokens or in units of e-CNY."""
        return self.exposure_tokens if is_in_tokens else self.price(self.exposure_tokens)

    def payer_exposure(self, *, is_in_tokens: bool) -> Amount:
        """Return the most that all channels of a payer may have used and not paid, as `exposure`."""
        return self.payer_exposure_tokens if is_in_tokens else self.price(self.payer_exposure_tokens)

    def price(self, tokens: Tokens) -> Units:
        """Return the price of Tokens, rounded up."""
        return price_rounded_up(tokens, self.unit_price)

    def channel_offer(self, ceiling: Tokens) -> Offer:
        """Return the offer to be paid from a channel of Tokens, up to a ceiling."""
        return self._channel_offer(self.series, self.series.address, self.meter, ceiling)

    def currency_offer(self, ceiling: Tokens) -> Offer:
        """Return the offer to be paid from a channel of e-CNY, up to the price of a ceiling."""
        return self._channel_offer(self.currency, self.series.provider, self.authorizer, self.price(ceiling))

    def exact_offer(self, ceiling: Tokens) -> Offer:
        """Return the offer to be paid the price of a ceiling for one call, whatever it uses."""
        amount, currency = self.price(ceiling), self.currency
        return Offer(EXACT_SCHEME, self.network, currency.address, amount, self.series.provider, _domain(currency))

    def tokens_offer(self, tokens: Tokens) -> Offer:
        """Return the offer of Tokens, or of the few more that their rounded price buys."""
        amount, currency = self.price(tokens), self.currency
        return Offer(EXACT_SCHEME, self.network, currency.address, amount, self.series.address, _domain(currency))

    def document(self) -> dict[str, Any]:
        """Return the model as `GET /v1/models` lists it."""
        card = self.terms.rate_card
        return {
            "id": self.model.name,
            "object": "model",
            "created": 0,
            "owned_by": "0x" + self.series.provider.hex(),
            "context_tokens": self.model.context,
            "max_tokens": {"default": self.model.default_output, "largest": self.model.largest_output},
            "series": {
                "address": "0x" + self.series.address.hex(),
                "symbol": self.series.symbol,
                "unit_price_micro_yuan": str(self.unit_price),
                "expires_at": self.series.expiry,
            },
            "rate_card": {"off_peak": _rates(card.off_peak), "peak": _rates(card.peak)},
            "peak_hours": self.terms.peak_hours.to_json(),
            "changes": [
                {"at_unix_s": stage.since, "series": stage.series} for stage in self.model.stages if stage.since
            ],
        }

    def _channel_offer(self, token: Token[Any], payee: Address, authorizer: Address, ceiling: Amount) -> Offer:
        extra = {
            **_domain(token),
            "receiverAuthorizer": to_checksum_address(authorizer),
            "withdrawDelay": WITHDRAW_DELAY_S,
            "minDeposit": str(ceiling * self.deposit_calls),
        }
        return Offer(CHANNEL_SCHEME, self.network, token.address, ceiling, payee, extra)


class Shelves:
    """The models on sale. A model moves to a new series at a stated time; Tokens of the old one still pay for it."""

    def __init__(self, by_model: Mapping[str, tuple[Shelf, ...]]) -> None:
        """Put models on sale, each with its shelves in the order of their times."""
        self._by_model = by_model
        self.models = {name: shelves[0].model for name, shelves in by_model.items()}
        """Name -> model."""

    @property
    def provider(self) -> Address:
        """Account that is paid: a gateway sells for one provider."""
        return next(iter(self)).series.provider

    def __iter__(self) -> Iterator[Shelf]:
        """Iterate over all shelves."""
        return (shelf for shelves in self._by_model.values() for shelf in shelves)

    def serving(self, name: str, now: int) -> tuple[Shelf, ...]:
        """Return the shelves that serve a model at a chain time, the one on sale first."""
        return tuple(shelf for shelf in reversed(self._by_model[name]) if shelf.since <= now)

    def on_sale(self, now: int) -> Mapping[str, Shelf]:
        """Return model -> the shelf on sale at a chain time."""
        return {name: self.serving(name, now)[0] for name in self._by_model}

    def offer_of(self, config: ChannelConfig) -> tuple[Shelf, Offer]:
        """Return the shelf and the least offer that a channel would be paid by.

        Raises:
            ApiError: nothing is paid in its token.
        """
        for shelf in self:
            if config.token == shelf.series.address:
                return shelf, shelf.channel_offer(Tokens(1))
            if config.token == shelf.currency.address and config.receiver == shelf.series.provider:
                return shelf, shelf.currency_offer(Tokens(1))
        raise ApiError(404, "nothing here is paid from such a channel: see /v1/models", code="model_not_found")


def shelves_of(config: Config, network: SettlementNetwork, authorizer: Address) -> Shelves:
    """Return the models of a configuration with their series on the chain.

    Args:
        config: The configuration.
        network: The network.
        authorizer: Account that authorizes claims and refunds of e-CNY.

    Raises:
        UsageError: a series is missing, of another provider, or has other peak hours; every problem is named.
    """
    problems: list[str] = []
    by_model: dict[str, tuple[Shelf, ...]] = {}
    for model in config.models:
        provider, shelves = provider_of(model.upstream), []
        for stage in model.stages:
            try:
                shelves.append(_shelf(model, stage, provider, config, network, authorizer))
            except UsageError as problem:
                problems.append(f"model {model.name}: {problem}")
        by_model[model.name] = tuple(shelves)
    if problems:
        raise UsageError("; ".join(problems))
    return Shelves(by_model)


def _shelf(
    model: Model,
    stage: Stage,
    provider: Provider,
    config: Config,
    network: SettlementNetwork,
    authorizer: Address,
) -> Shelf:
    found = network.compute_lists.find(stage.series)
    series = network.market.at(SeriesId(found.address))
    no_hours = stage.peak_hours == PeakHours(())
    if series.windows_hash != (b"\0" * 32 if no_hours else stage.peak_hours.hash()):
        raise UsageError(
            f"the series {stage.series} has other peak hours: name their file as peak_hours", series=stage.series
        )
    return Shelf(
        model=model,
        since=stage.since,
        series=series,
        unit_price=series.unit_price,
        terms=ServiceTerms(series.rate_card, stage.peak_hours, model.largest_output),
        provider=provider,
        network=f"eip155:{network.chain.chain_id}",
        meter=network.meter.address,
        authorizer=authorizer,
        currency=network.currency,
        deposit_calls=config.limits.deposit_calls,
        exposure_tokens=Tokens(config.limits.exposure_tokens),
        payer_exposure_tokens=Tokens(config.limits.payer_exposure_tokens),
    )


def takes(offer: Offer, config: ChannelConfig) -> bool:
    """Whether a channel is one that an offer is paid from."""
    return (config.receiver, to_checksum_address(config.receiver_authorizer), config.token) == (
        offer.pay_to,
        offer.extra["receiverAuthorizer"],
        offer.asset,
    ) and config.withdraw_delay_s == offer.extra["withdrawDelay"]


def _domain(token: Token[Any]) -> dict[str, str]:
    return {"name": token.domain.name, "version": token.domain.version}


def _rates(meters: Meters) -> dict[str, str]:
    cached, plain, output = meters.lanes()
    return {"cached_input": str(cached), "input": str(plain), "output": str(output)}
