"""A server that is paid through channels, of the official SDK's parts: its facilitator, its scheme, its middleware.

Two things are ours, for channels of Tokens, whose receiver authorizer is a contract: how the UsageMeter is made to sign
(`MeterAuthorizer`), and that what was used is claimed by the meter before a refund (`MeteredScheme`).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from eth_utils.address import to_canonical_address, to_checksum_address
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from x402 import x402Facilitator, x402ResourceServer
from x402.http import HTTPFacilitatorClient
from x402.http.middleware.fastapi import payment_middleware, set_settlement_overrides
from x402.http.types import PaymentOption, RouteConfig
from x402.mechanisms.evm.batch_settlement.authorizer_signer import LocalAuthorizerSigner
from x402.mechanisms.evm.batch_settlement.facilitator import BatchSettlementEvmFacilitator
from x402.mechanisms.evm.batch_settlement.server import (
    BatchSettlementChannelManager,
    BatchSettlementEvmScheme,
    BatchSettlementEvmSchemeServerConfig,
    Channel,
    ChannelManagerConfig,
)
from x402.mechanisms.evm.batch_settlement.types import ChannelConfig as PublishedConfig
from x402.mechanisms.evm.batch_settlement.types import is_refund_payload
from x402.mechanisms.evm.exact import facilitator as exact_facilitator
from x402.mechanisms.evm.exact import server as exact_server
from x402.mechanisms.evm.signers import FacilitatorWeb3Signer
from x402.schemas import AssetAmount, SettleRequest, VerifyRequest
from x402.schemas.hooks import SettleContext

from pysettle.client.channel.hub import UsageRow
from pysettle.client.core.token import Token
from pysettle.domain.channel.metering import Voucher
from pysettle.domain.compute.usage import Meters, Usage
from pysettle.domain.core.messages import ChannelConfig, ChannelId
from tests.contracts.world import World
from tests.x402.sdk import NETWORK, unhexed

CEILING = 10_000
"""Most that a call may cost: what each voucher is raised by."""


def as_config(published: PublishedConfig) -> ChannelConfig:
    """Return the terms of a channel in our words."""
    addresses = (published.payer, published.payer_authorizer, published.receiver, published.receiver_authorizer)
    ours = [to_canonical_address(address) for address in (*addresses, published.token)]
    return ChannelConfig(ours[0], ours[1], ours[2], ours[3], ours[4], published.withdraw_delay, unhexed(published.salt))


class MeterAuthorizer:
    """What the SDK takes for the receiver authorizer's key: the UsageMeter, which checks what the provider signed."""

    def __init__(self, world: World, configs: Callable[[str], ChannelConfig]) -> None:
        """Sign for a world's meter as its provider; `configs` finds the terms of a channel by its id."""
        self._world, self._configs = world, configs
        self.address = to_checksum_address(world.network.meter.address)
        """The meter."""

    def sign_typed_data(
        self, domain: dict[str, Any], types: dict[str, Any], primary_type: str, message: dict[str, Any]
    ) -> str:
        """Return a refund's approval as the meter reads it. Claims are not signed for: only usage is claimed."""
        if primary_type != "Refund":
            return "0x"
        network, channel_id = self._world.network, ChannelId(message["channelId"])
        config = self._configs("0x" + channel_id.hex())
        _, claimed = network.hub.channel(channel_id)
        terms = message["nonce"], message["amount"], claimed
        return "0x" + network.meter.approve_refund(self._world["provider"], config, *terms, network.hub).hex()


class MeteredScheme(BatchSettlementEvmScheme):
    """The SDK's scheme, for channels whose claims are a meter's."""

    def __init__(self, world: World) -> None:
        """Be paid in Tokens of a world's series."""
        series = to_checksum_address(world.series.address)
        super().__init__(
            series, BatchSettlementEvmSchemeServerConfig(receiver_authorizer_signer=MeterAuthorizer(world, self._terms))
        )
        self._world = world

    def _terms(self, channel_id: str) -> ChannelConfig:
        channel = self.get_storage().get(channel_id)
        assert channel is not None
        return as_config(channel.channel_config)

    def claim(self, channels: list[Channel]) -> None:
        """Have the meter claim what was charged on channels, from the provider's attestation of it."""
        network, series, provider = self._world.network, self._world.series, self._world["provider"]
        rows = [claim_row(channel, self._world) for channel in channels]
        attestation = network.meter.attest(provider, series.address, rows, network.hub)
        network.send(
            network.hub.claim_metered(self._world["relayer"], network.meter, series.address, rows, attestation)
        )

    def enrich_settlement_payload(self, context: SettleContext) -> dict[str, Any] | None:
        """Claim by the meter before a refund, in place of the claim that the SDK would put into it."""
        asked = context.payment_payload.payload
        if not is_refund_payload(asked):
            return super().enrich_settlement_payload(context)
        channel = self.get_storage().get(asked["voucher"]["channelId"])
        assert channel is not None
        if int(channel.charged_cumulative_amount) > int(channel.total_claimed):
            self.claim([channel])
        fields = super().enrich_settlement_payload(context) or {}
        return {name: value for name, value in fields.items() if name != "claimAuthorizerSignature"} | {"claims": []}


def claim_row(channel: Channel, world: World) -> UsageRow:
    """Return what is claimed of a channel: usage that costs what was charged, and the newest voucher."""
    config, charged = as_config(channel.channel_config), int(channel.charged_cumulative_amount)
    price = world.series.rate_card.off_peak.cached_input
    channel_id = config.channel_id(world.network.hub.domain)
    voucher = Voucher(channel_id, int(channel.signed_max_claimable), unhexed(channel.signature))
    return UsageRow(config, Usage(off_peak=Meters(cached_input=charged // price)), voucher)


def facilitator_of(chain_url: str, key: bytes) -> x402Facilitator:
    """Return the SDK's facilitator, which sends its transactions with a key; our server calls it in process."""
    signer = FacilitatorWeb3Signer("0x" + key.hex(), chain_url, gas_limit=1_000_000)
    facilitator = x402Facilitator()
    facilitator.register([NETWORK], BatchSettlementEvmFacilitator(signer))
    facilitator.register([NETWORK], exact_facilitator.ExactEvmScheme(signer))
    return facilitator


def facilitator_app(facilitator: x402Facilitator) -> FastAPI:
    """Return the three routes of the SDK's facilitator behind HTTP, as its users write them."""
    app = FastAPI()

    @app.get("/supported")
    async def supported() -> Any:
        return facilitator.get_supported()

    @app.post("/verify")
    async def verify(request: Request) -> Any:
        asked = VerifyRequest.model_validate_json(await request.body())
        return await facilitator.verify(asked.payment_payload, asked.payment_requirements)

    @app.post("/settle")
    async def settle(request: Request) -> Any:
        asked = SettleRequest.model_validate_json(await request.body())
        return await facilitator.settle(asked.payment_payload, asked.payment_requirements)

    return app


class PaidService:
    """An app and what its owner settles it with: `/answer` and `/stream` are paid by a channel, `/fixed` exactly."""

    def __init__(
        self, scheme: BatchSettlementEvmScheme, token: Token, facilitator: x402Facilitator | HTTPFacilitatorClient
    ) -> None:
        """Sell answers for a token.

        Args:
            scheme: The SDK's scheme, with the receiver and its authorizer.
            token: What is paid.
            facilitator: Checks and settles payments.
        """
        self.scheme = scheme
        self.cost = 3_700
        """What the next call will cost; at most `CEILING`."""
        server = x402ResourceServer(facilitator)  # type: ignore[arg-type]  # the SDK's own types disagree
        server.register(NETWORK, scheme)  # type: ignore[arg-type]  # likewise
        server.register(NETWORK, exact_server.ExactEvmScheme())
        asset, receiver = to_checksum_address(token.address), scheme.get_receiver_address()
        price = AssetAmount(
            amount=str(CEILING), asset=asset, extra={"name": token.domain.name, "version": token.domain.version}
        )
        self.manager = BatchSettlementChannelManager(
            ChannelManagerConfig(scheme, facilitator, receiver=receiver, token=asset, network=NETWORK)
        )
        """The SDK's claims, settlements and refunds."""
        self.app = FastAPI()
        routes = {
            f"GET /{path}": RouteConfig(PaymentOption(kind, receiver, price, NETWORK, max_timeout_seconds=3_600))
            for path, kind in (("answer", "batch-settlement"), ("stream", "batch-settlement"), ("fixed", "exact"))
        }
        self.app.middleware("http")(payment_middleware(routes, server))
        self.app.get("/answer")(self._answer)
        self.app.get("/fixed")(lambda: PlainTextResponse("42"))

    def _answer(self) -> Response:
        response = PlainTextResponse("42")
        set_settlement_overrides(response, {"amount": str(self.cost)})
        return response

    @property
    def channel(self) -> Channel:
        """What the server keeps of its one channel."""
        (channel,) = self.scheme.get_storage().list()
        return channel


def currency_scheme(world: World) -> BatchSettlementEvmScheme:
    """Return the SDK's scheme for a provider that is paid in e-CNY, and authorizes by a key of its own."""
    authorizer = LocalAuthorizerSigner("0x" + world["other operator"].secret.hex())
    config = BatchSettlementEvmSchemeServerConfig(receiver_authorizer_signer=authorizer)
    return BatchSettlementEvmScheme(to_checksum_address(world.address("provider")), config)


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an app on a free port, in a thread; yield its URL."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
