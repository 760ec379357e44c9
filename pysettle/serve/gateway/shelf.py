"""The models on sale, each with its series: what is offered for them, and what a channel that pays must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_utils.address import to_checksum_address

from pysettle.client.compute.series import ComputeToken
from pysettle.domain.compute.serving import ServiceTerms
from pysettle.domain.compute.usage import Meters, PeakHours
from pysettle.domain.core.messages import ChannelConfig
from pysettle.errors import UsageError
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.config import Config, Model
from pysettle.serve.gateway.providers import Provider, provider_of
from pysettle.serve.gateway.sdk.wire import CHANNEL_SCHEME, EXACT_SCHEME, Offer
from pysettle.values import Address, SeriesId, Tokens

if TYPE_CHECKING:
    from pysettle.client.core.token import Token
    from pysettle.client.network import SettlementNetwork

WITHDRAW_DELAY_S = 900
"""Delay of withdrawals from channels that are offered: the shortest that the hub allows."""


@dataclass(frozen=True)
class Shelf:
    """A model on sale."""

    model: Model
    """The model."""
    series: ComputeToken
    """Series whose Tokens pay for it."""
    terms: ServiceTerms
    """Its prices."""
    provider: Provider
    """Source of its answers."""
    network: str
    """Chain, as x402 names it."""
    authorizer: Address
    """The UsageMeter."""
    currency: Token[Any]
    """Currency in which the Tokens are sold."""
    deposit_calls: int
    """Ceilings that a first deposit is asked to cover."""

    def channel_offer(self, ceiling: Tokens) -> Offer:
        """Return the offer to be paid from a channel of Tokens, up to a ceiling."""
        extra = {
            **_domain(self.series),
            "receiverAuthorizer": to_checksum_address(self.authorizer),
            "withdrawDelay": WITHDRAW_DELAY_S,
            "minDeposit": str(ceiling * self.deposit_calls),
        }
        address = self.series.address
        return Offer(CHANNEL_SCHEME, self.network, address, ceiling, address, extra)

    def tokens_offer(self, tokens: Tokens) -> Offer:
        """Return the offer of Tokens, or of the few more that their rounded price buys."""
        price = self.series.price_rounded_up(tokens)
        return Offer(
            EXACT_SCHEME, self.network, self.currency.address, price, self.series.address, _domain(self.currency)
        )

    def takes(self, config: ChannelConfig) -> bool:
        """Whether a channel is one that this model is paid from."""
        return (config.receiver, config.receiver_authorizer, config.token, config.withdraw_delay_s) == (
            self.series.address,
            self.authorizer,
            self.series.address,
            WITHDRAW_DELAY_S,
        )

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
                "unit_price_micro_yuan": str(self.series.unit_price),
                "expires_at": self.series.expiry,
            },
            "rate_card": {"off_peak": _rates(card.off_peak), "peak": _rates(card.peak)},
            "peak_hours": self.terms.peak_hours.to_json(),
        }


def shelves_of(config: Config, network: SettlementNetwork) -> Mapping[str, Shelf]:
    """Return the models of a configuration with their series on the chain.

    Raises:
        UsageError: a series is missing, of another provider, or has other peak hours; every problem is named.
    """
    problems, shelves = [], {}
    for model in config.models:
        try:
            shelves[model.name] = _shelf(model, config, network)
        except UsageError as problem:
            problems.append(f"model {model.name}: {problem}")
    if problems:
        raise UsageError("; ".join(problems))
    return shelves


def _shelf(model: Model, config: Config, network: SettlementNetwork) -> Shelf:
    found = network.compute_lists.find(model.series)
    series = network.market.at(SeriesId(found.address))
    no_hours = model.peak_hours == PeakHours(())
    if series.windows_hash != (b"\0" * 32 if no_hours else model.peak_hours.hash()):
        raise UsageError(
            f"the series {model.series} has other peak hours: name their file as peak_hours", series=model.series
        )
    return Shelf(
        model=model,
        series=series,
        terms=ServiceTerms(series.rate_card, model.peak_hours, model.largest_output),
        provider=provider_of(model.upstream),
        network=f"eip155:{network.chain.chain_id}",
        authorizer=network.meter.address,
        currency=network.currency,
        deposit_calls=config.limits.deposit_calls,
    )


def shelf_of_series(shelves: Mapping[str, Shelf], series: Address) -> Shelf:
    """Return a model that is paid in Tokens of a series.

    Raises:
        ApiError: there is none.
    """
    for shelf in shelves.values():
        if shelf.series.address == series:
            return shelf
    raise ApiError(404, "nothing here is paid in these Tokens: see /v1/models", code="model_not_found")


def _domain(token: Token[Any]) -> dict[str, str]:
    return {"name": token.domain.name, "version": token.domain.version}


def _rates(meters: Meters) -> dict[str, str]:
    cached, plain, output = meters.lanes()
    return {"cached_input": str(cached), "input": str(plain), "output": str(output)}
