"""A town with a gateway, started once: chain, facilitator and gateway are processes of their own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine, Generator, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from eth_account import Account
from x402 import x402Client
from x402.client_base import SpendControlAsset
from x402.http.clients.httpx import x402HttpxClient
from x402.mechanisms.evm.exact.client import ExactEvmScheme

from pysettle.client import genesis
from pysettle.domain.core.signing import Signer
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.money import UNITS_PER_WHOLE
from pysettle.scenarios.gateway import MODEL, Process, Town, town
from pysettle.scenarios.stock_client import Answer, Buyer
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.payments import Channel
from pysettle.serve.gateway.watching import CLOCK_TOLERANCE_S
from pysettle.values import Tokens
from tests.evm.anvil import anvil

_Value = TypeVar("_Value")
_ANSWERS: list[httpx.Response] = []
"""Answers that the running test has got."""
ASKED = {"model": MODEL, "messages": [{"role": "user", "content": "How is a Token backed?"}], "max_tokens": 32}


class Exact:
    """The official client of an account, which pays each call by itself."""

    def __init__(self, shop: Shop, signer: Signer) -> None:
        """Configure it."""
        self.client = x402Client().register(shop.network, ExactEvmScheme(Account.from_key(signer.secret)))
        """The client."""
        asset = "0x" + shop.town.network.currency.address.hex()
        allowed = SpendControlAsset(network=shop.network, asset=asset, max_amount_per_payment=str(UNITS_PER_WHOLE))
        self.client.set_spend_controls({"allowed_assets": [allowed]})

    def http(self, **settings: Any) -> httpx.AsyncClient:
        """Return an HTTP client that pays; settings are those of httpx."""
        return x402HttpxClient(self.client, **settings)


@dataclass
class Shop:
    """A town, and buyers of its gateway."""

    town: Town
    """The town."""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    """Numbers of its buyers."""

    @property
    def chat(self) -> str:
        """URL of chat completions."""
        return f"{self.town.gateway_url}/v1/chat/completions"

    @property
    def network(self) -> str:
        """Its chain, as x402 names it."""
        return f"eip155:{self.town.network.chain.chain_id}"

    @property
    def key_without_money(self) -> Signer:
        """A key of an account that has nothing."""
        return Signer.derived("gateway", "poor")

    def account(self, tokens: int = 0) -> Signer:
        """Return a new account with some e-CNY, which has bought so many Tokens."""
        network, signer = self.town.network, Signer.derived("gateway", "buyer", next(self.numbers))
        desk = network.currency.desk
        network.send(desk.issue(self.town.key("bank"), signer.address, 10 * UNITS_PER_WHOLE))
        if tokens:
            self.run(self.buyer(signer).post(f"{self.town.gateway_url}/v1/tokens", {"model": MODEL, "tokens": tokens}))
        return signer

    def buyer(self, signer: Signer) -> Buyer:
        """Return the official client of an account, without memory of earlier clients."""
        network, series = self.town.network, self.town.series
        spends = {"0x" + network.currency.address.hex(): 10 * UNITS_PER_WHOLE, "0x" + series.address.hex(): 1_000_000}
        return Buyer(signer.secret, network.chain.chain_id, self.town.node_url, spends)

    def ask(self, buyer: Buyer, **changes: Any) -> Answer:
        """Ask the usual question, or one with changes."""
        return self.run(buyer.post(self.chat, ASKED | changes))

    def channel(self, signer: Signer) -> Channel:
        """Return the one channel of an account, as the ledger has it."""
        ledger = Ledger(self.town.config_file.parent / "gateway.sqlite")
        try:
            (found,) = (channel for channel in ledger.channels() if channel.config.payer == signer.address)
        finally:
            ledger.close()
        return found

    def post(self, path: str, content: bytes | dict[str, Any], **headers: str) -> httpx.Response:
        """Post a body without paying."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return httpx.post(f"{self.town.gateway_url}{path}", content=body, headers=headers, timeout=60)

    def config_for(self, folder: Path, **changes: str) -> Path:
        """Return a configuration of a further gateway of this town: a ledger of its own, and texts that are changed."""
        text, home = self.town.config_file.read_text(), self.town.config_file.parent
        assert all(old in text for old in changes), "a text that is not there is not changed"
        for name in ("facilitator.token", "peak-hours.json", "faults.json"):
            text = text.replace(f'"{name}"', f'"{home / name}"')
        for old, new in changes.items():
            text = text.replace(old, new)
        file = folder / "gateway.toml"
        file.write_text(text)
        return file

    def gateway(self, config: Path) -> Process:
        """Start a gateway of this town."""
        at = "--workspace", str(self.town.workspace.directory)
        return Process("gateway", "serve", *at, "--config", str(config))

    def break_provider(self, **faults: int) -> None:
        """Script the faults of the provider."""
        self.town.faults_file.write_text(json.dumps(faults))

    def balance(self, signer: Signer) -> Tokens:
        """Return the Tokens that an account holds."""
        return self.town.series.balance_of(signer.address)

    @staticmethod
    def run(work: Coroutine[Any, Any, _Value]) -> _Value:
        """Do asynchronous work."""
        return asyncio.run(work)


@pytest.fixture(autouse=True)
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[httpx.Response]]:
    """Note each answer that a test gets by httpx, which all its clients use."""
    begin = httpx.Response.__init__

    def noted(self: httpx.Response, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        _ANSWERS.append(self)

    monkeypatch.setattr(httpx.Response, "__init__", noted)
    yield _ANSWERS
    _ANSWERS.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the refusals that a failed test has got: their bodies say why, and its assertion shows the status alone."""
    report = yield
    if report.failed and (refusals := [it for it in _ANSWERS if it.is_error]):
        report.sections.append(("refusals by the gateway", "\n".join(map(_shown, refusals))))
    return report


def _shown(answer: httpx.Response) -> str:
    try:
        return f"{answer.status_code} {answer.text[:1_000]}"
    except httpx.ResponseNotRead:
        return f"{answer.status_code}, and nobody read the body"


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Open the shop once; the tests use accounts of their own."""
    pytest.importorskip("x402", reason="THE GATEWAY'S TESTS NEED ITS EXTRA: pip install 'pysettle[gateway]'")
    with town(tmp_path_factory.mktemp("gateway")) as built:
        yield Shop(built)


@pytest.fixture(scope="session")
def anvil_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Open another one on Foundry's node, whose clock is the machine's, as it is for whoever starts it."""
    folder = tmp_path_factory.mktemp("anvil")
    with anvil(genesis(int(time.time()), []), folder) as url:
        JsonRpc(url).ask("anvil_removeBlockTimestampInterval")
        with town(folder, chain_url=url) as built:
            yield Shop(built)


@pytest.fixture(autouse=True)
def near_the_clock(request: pytest.FixtureRequest) -> None:
    """Let the machine's clock come near the chain's, which each block moves by a second or more.

    Tests that seal many blocks in a moment bring the chain ahead, and the gateway refuses to sell a minute ahead.
    """
    drawn = request.node.callspec.params.get("anywhere") if hasattr(request.node, "callspec") else None
    for name in {"shop", "anvil_shop"}.intersection([*request.fixturenames, drawn]):
        chain = request.getfixturevalue(name).town.network.chain
        ahead_s = chain.clock.now() - time.time()
        time.sleep(max(0, ahead_s - CLOCK_TOLERANCE_S / 2))


@pytest.fixture(params=["shop", pytest.param("anvil_shop", marks=pytest.mark.apart)])
def anywhere(request: pytest.FixtureRequest) -> Shop:
    """Return the shop on `pysettle node`, and that on anvil: real clients meet both."""
    built: Shop = request.getfixturevalue(request.param)
    return built


@pytest.fixture
def mended(shop: Shop) -> Iterator[Shop]:
    """Let a test break the provider, which is whole again afterwards."""
    yield shop
    shop.break_provider()
