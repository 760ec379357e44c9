"""A gateway with all that it needs, each in a process of its own, and one purchase from e-CNY to refund.

The parts are the commands that anybody starts: `pysettle node`, `pysettle gateway facilitator` and
`pysettle gateway serve`.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pysettle.audit.extract import export_bundle
from pysettle.audit.verify import Report, verify
from pysettle.audit.writing import check_replaceable
from pysettle.client import ComputeToken, SeriesTerms, SettlementNetwork
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.errors import ChainError
from pysettle.money import UNITS_PER_MINOR, UNITS_PER_WHOLE
from pysettle.scenarios.deepseek import (
    DEEPSEEK_V4_PRO_PEAK_HOURS,
    DEEPSEEK_V4_PRO_RATE_CARD,
    DEEPSEEK_V4_PRO_UNIT_PRICE,
)
from pysettle.values import DAY_S, HOUR_S, Tokens, Units
from pysettle.workspace import Workspace
from pysettle.workspace.config import Config
from pysettle.workspace.deploying import deploy
from pysettle.workspace.exporting import of_workspace

if TYPE_CHECKING:
    from pysettle.domain.core.signing import Signer

MODEL, SYMBOL = "deepseek-v4-pro", "DSV4P"
QUESTION = "In one sentence: how is a Token backed?"
_CAPACITY = Tokens(100_000_000_000)
_RELAYERS = ("relayer", "gas")
_QUOTA_YUAN = 1_000_000
_START_S = 120.0


@dataclass
class Town:
    """A workspace whose chain is served, with a series on sale, a facilitator and a gateway."""

    workspace: Workspace
    """The workspace."""
    network: SettlementNetwork
    """Its network, through the node."""
    series: ComputeToken
    """The series on sale."""
    node_url: str
    """JSON-RPC of its chain."""
    facilitator_url: str
    """Its facilitator."""
    facilitator_token: str
    """Bearer token of the facilitator."""
    gateway_url: str
    """Its gateway."""
    gateway: Process
    """Process of the gateway."""
    config_file: Path
    """Configuration of the gateway."""
    faults_file: Path
    """File of the faults of the local provider."""

    def key(self, name: str) -> Signer:
        """Return the key of an account."""
        return self.workspace.accounts.key(name)

    def issue(self, name: str, yuan: int) -> None:
        """Have the bank issue e-CNY to an account."""
        desk = self.network.currency.desk
        amount = Units(yuan * UNITS_PER_WHOLE)
        self.network.send(desk.issue(self.key("bank"), self.key(name).address, amount))


class Process:
    """A command of this package that serves, as a process."""

    def __init__(self, *words: str) -> None:
        """Start `pysettle WORDS --json`, and wait until it tells its URL.

        Raises:
            ChainError: it ended before.
        """
        command = [sys.executable, "-m", "pysettle", *words, "--json"]
        # Its stderr is a file, and no pipe: nobody reads it while the process serves, and a full pipe would stop it.
        with tempfile.TemporaryFile("w+") as said:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True)
            """The process."""
            assert self.process.stdout is not None
            line = self.process.stdout.readline()
            if not line.startswith("{") or "url" not in json.loads(line):
                self.process.communicate()
                said.seek(0)
                reason = said.read().strip()[-500:]
                raise ChainError(f"pysettle {' '.join(words[:2])} has not started: {reason}", command=words)
        self.url: str = json.loads(line)["url"]
        """URL at which it serves."""

    def stop(self) -> int:
        """End it as its owner does; return its exit code."""
        self.process.terminate()
        try:
            self.process.communicate(timeout=_START_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        return int(self.process.returncode)


@contextmanager
def town(folder: Path, *, real_time: bool = True, chain_url: str | None = None, **limits: float) -> Iterator[Town]:
    """Build a town in an empty folder, and end its processes afterwards.

    Args:
        folder: Where to.
        real_time: Whether its chain follows the machine's clock, as clients do that nobody has told the chain's time. A
            chain of a simulation begins at a stated time, and moves it by its blocks.
        chain_url: Development node to build on; None for a chain of the workspace, which `pysettle node` serves.
        limits: Limits of the gateway other than its defaults.
    """
    if chain_url is not None:
        config = Config.of_network(chain_url)
    else:
        config = Config(genesis_time=int(time.time()) - HOUR_S, real_time=True) if real_time else Config()
    workspace = Workspace.create(folder / "town", config, extra=_RELAYERS)
    with ExitStack() as stack:

        def start(*words: str) -> Process:
            process = Process(*words)
            stack.callback(process.stop)
            return process

        at = "--workspace", str(workspace.directory)
        node_url = chain_url or start("node", "--port", "0", *at).url
        with workspace.chain(write=True) as chain:
            deploy(
                workspace,
                chain,
                quota=Units(_QUOTA_YUAN * UNITS_PER_WHOLE),
                reserve_fen=_QUOTA_YUAN * UNITS_PER_WHOLE // UNITS_PER_MINOR,
            )
            network = workspace.network(chain)
        series = _open_series(workspace, network)
        token = secrets.token_urlsafe(32)
        token_file = folder / "facilitator.token"
        token_file.touch(mode=0o600)
        token_file.write_text(token)
        facilitator = start(
            "gateway", "facilitator", *at, "--account", "gas", "--token-file", str(token_file), "--port", "0"
        )
        config_file = _write_config(folder, facilitator.url, limits, "machine" if real_time else "chain")
        gateway = start("gateway", "serve", *at, "--config", str(config_file))
        yield Town(
            workspace=workspace,
            network=network,
            series=series,
            node_url=node_url,
            facilitator_url=facilitator.url,
            facilitator_token=token,
            gateway_url=gateway.url,
            gateway=gateway,
            config_file=config_file,
            faults_file=folder / "faults.json",
        )


def _open_series(workspace: Workspace, network: SettlementNetwork) -> ComputeToken:
    provider, attester = workspace.accounts.key("provider"), workspace.accounts.key("attester")
    now = network.chain.clock.now()
    expiry = now + 30 * DAY_S
    terms = SeriesTerms(
        name="deepseek-v4-pro Tokens",
        symbol=SYMBOL,
        service_class="inference",
        unit_price=DEEPSEEK_V4_PRO_UNIT_PRICE,
        capacity=_CAPACITY,
        expiry=expiry,
        rate_card=DEEPSEEK_V4_PRO_RATE_CARD,
        windows_hash=DEEPSEEK_V4_PRO_PEAK_HOURS.hash(),
    )
    rate = -(-_CAPACITY // (expiry - now))
    compute = ComputeAttestation(provider.address, "Ascend 910C", 1, rate, now, expiry)
    return network.open_series(provider, terms, network.register_compute(provider, attester, compute))


def _write_config(folder: Path, facilitator_url: str, limits: dict[str, float], clock: str) -> Path:
    (folder / "peak-hours.json").write_text(DEEPSEEK_V4_PRO_PEAK_HOURS.to_json())
    lines = [
        'public_url = "http://127.0.0.1:4020"',
        'listen = "127.0.0.1:0"',
        'ledger = "gateway.sqlite"',
        'provider = "provider"',
        'relayer = "relayer"',
        f'clock = "{clock}"',
        "",
        "[facilitator]",
        f'url = "{facilitator_url}"',
        'token_file = "facilitator.token"',
        "",
        "[limits]",
        *(f"{name} = {value}" for name, value in limits.items()),
        "",
        "[[model]]",
        f'name = "{MODEL}"',
        f'series = "{SYMBOL}"',
        "context_tokens = 131072",
        "default_max_tokens = 256",
        'peak_hours = "peak-hours.json"',
        'upstream = { faults = "faults.json" }',
    ]
    file = folder / "gateway.toml"
    file.write_text("\n".join(lines) + "\n")
    return file


@dataclass(frozen=True, slots=True)
class GatewayResult:
    """The figures of one purchase."""

    model: str
    """Model."""
    question: str
    """Question."""
    answer: str
    """Its answer."""
    bought: int
    """Tokens bought."""
    paid: int
    """Units paid for them."""
    prompt_tokens: int
    """LLM tokens of input."""
    completion_tokens: int
    """LLM tokens of output."""
    deposited: int
    """Tokens deposited."""
    charged: int
    """Tokens charged."""
    returned: int
    """Tokens returned by the refund."""
    delivered: int
    """Tokens delivered to the series."""
    report: Report
    """Result of the verification of the bundle."""
    bundle: Path | None
    """Directory of the bundle, None if it was not kept."""


def run(out: Path | None = None) -> GatewayResult:
    """Buy one answer, from e-CNY to refund, and verify the history, which is the same each time, byte for byte.

    Args:
        out: Directory for the bundle; a temporary one, removed afterwards, if None.

    Raises:
        UsageError: `out` holds files that are no bundle; nothing was run.
    """
    from pysettle.scenarios.stock_client import simulated

    if out is not None:
        check_replaceable(out)
    with tempfile.TemporaryDirectory(prefix="pysettle-") as directory:
        folder = Path(directory)
        with town(folder, real_time=False) as built, simulated(built.network.chain.clock.now):
            figures = buy(built)
        bundle = out or folder / "bundle"
        return GatewayResult(**figures, report=prove(built, bundle), bundle=out)


def prove(built: Town, bundle: Path) -> Report:
    """Export the history of a town as a bundle, and verify it by re-execution."""
    with of_workspace(built.workspace) as source:
        export_bundle(source.chain, bundle, source.contracts, labels=source.labels)
    return verify(bundle)


def buy(built: Town, account: str = "alice") -> dict[str, Any]:
    """Buy Tokens for e-CNY, ask one question, take the rest back; return the figures."""
    from pysettle.scenarios.stock_client import Buyer

    network, series = built.network, built.series
    built.issue(account, 10)
    key = built.key(account)
    currency = "0x" + network.currency.address.hex()
    buyer = Buyer(
        key.secret,
        network.chain.chain_id,
        built.node_url,
        {currency: 10 * UNITS_PER_WHOLE, "0x" + series.address.hex(): 1_000_000},
    )
    asked = {"model": MODEL, "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 64}
    url = f"{built.gateway_url}/v1/chat/completions"
    bought = asyncio.run(buyer.post(f"{built.gateway_url}/v1/tokens", {"model": MODEL, "tokens": "1000000"}))
    before = series.balance_of(key.address)
    answer = asyncio.run(buyer.post(url, asked))
    deposited = before - series.balance_of(key.address)
    refund = buyer.refund(url)
    if not refund.success:
        raise ChainError(f"the refund was refused: {refund.error_reason}", reason=refund.error_reason)
    settled = network.hub.receiver_totals(series.address, series.address)[0]
    network.send(network.hub.settle(built.key("relayer"), series.address, series.address))
    usage = answer.document["usage"]
    return {
        "model": MODEL,
        "question": QUESTION,
        "answer": answer.document["choices"][0]["message"]["content"],
        "bought": int(bought.document["tokens"]),
        "paid": int(bought.document["paid_micro_yuan"]),
        "prompt_tokens": usage["prompt_tokens"],
        "completion_tokens": usage["completion_tokens"],
        "deposited": deposited,
        "charged": int(answer.document["x402"]["charged_tokens"]),
        "returned": int(refund.amount or 0),
        "delivered": settled,
    }
