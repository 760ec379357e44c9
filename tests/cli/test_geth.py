"""A private network of geth, from its genesis to the audit of its blocks, by commands alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result

from pysettle.evm.genesis import Genesis
from pysettle.evm.jsonrpc import JsonRpc
from tests.cli.conftest import encrypt_cheaply
from tests.cli.running import invoke
from tests.evm.geth import GETH, geth
from tests.node.proxy import Forward, proxy

pytestmark = pytest.mark.geth
DAY_S = 86_400


@dataclass(frozen=True)
class Harbour:
    """A workspace on geth."""

    directory: Path
    """The workspace."""
    url: str
    """Where geth answers."""
    genesis: Path
    """File of its block 0."""

    def say(self, line: str) -> str:
        """Run a command that succeeds; return what it printed."""
        result = self.run(line)
        assert result.exit_code == 0, (line, result.output)
        return result.stdout

    def run(self, line: str) -> Result:
        """Run a command."""
        return invoke(*line.split(), workspace=self.directory)


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    """Begin geth with the genesis of a workspace with encrypted keys, and deploy there."""
    folder = tmp_path_factory.mktemp("geth")
    directory, genesis, password = folder / "harbour", folder / "block-0.json", folder / "password"
    password.write_text("correct horse\n")
    with pytest.MonkeyPatch.context() as patch:
        encrypt_cheaply(patch)
        patch.setenv("PYSETTLE_PASSWORD_FILE", str(password))
        begun = invoke("init", str(directory), "--chain", "http://127.0.0.1:1", "--chain-id", "4242")
        assert begun.exit_code == 0, begun.output
        assert invoke("network", "genesis", "--out", str(genesis), workspace=directory).exit_code == 0
        with geth(Genesis.from_bytes(genesis.read_bytes()), folder) as url:
            patch.setenv("PYSETTLE_CHAIN", url)
            harbour = Harbour(directory, url, genesis)
            harbour.say("network deploy")
            harbour.say("token issue --to alice --amount 100")
            yield harbour


def in_days(days: int) -> str:
    """Return a date: geth keeps the time of the machine."""
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * DAY_S))


@pytest.mark.long
def test_a_sale_on_geth_is_audited_by_other_engines(harbour: Harbour, tmp_path: Path) -> None:
    """Tokens are sold on geth; its blocks are exported as they are stored, and reach S, and X without its own vote."""
    harbour.say(f"market register --accelerator Ascend --units 8 --rate 1000 --until {in_days(200)}")
    terms = f"--unit-price 150000 --rates 1,30,90/2,60,180 --capacity 1000000000 --until {in_days(100)}"
    harbour.say(f"market open --name Tokens --symbol TOK {terms}")
    harbour.say("market buy --series TOK --tokens 10000000 --by alice")
    assert harbour.say("token balance --account alice").startswith("alice: 98.50 yuan at block ")
    bundle = tmp_path / "bundle"
    harbour.say(f"audit export --out {bundle} --genesis {harbour.genesis}")
    source = json.loads((bundle / "manifest.json").read_text())["source"]
    assert (source["reading"], source["producer"].split("-")[0]) == ("raw", f"Geth/v{GETH.version}")
    result = invoke("audit", "verify", str(bundle), "--level", "X", "--json")
    report = json.loads(result.stdout)
    assert {check: report["checks"][check] for check in "FHRSGL"} == dict.fromkeys("FHRSGL", "passed")
    *others, own = report["independent_engines"].values()
    assert own.startswith("agrees, and does not count")
    assert (report["checks"]["X"] == "passed") == (others == ["agrees", "agrees"])


def test_the_clock_of_geth_is_its_own(harbour: Harbour) -> None:
    """A command that moves the clock says that this network has its own, and sends nothing."""
    result = harbour.run("time advance --days 1")
    assert (result.exit_code, result.stdout) == (4, "")
    assert "the time of this network is its own: only a development node's clock can be advanced" in result.stderr


def test_a_payment_waits_while_geth_indexes(harbour: Harbour) -> None:
    """Geth answers for a while after its start that it indexes transactions: the sender asks again, and pays once."""
    refusals = iter(range(3))

    def indexing(methods: list[str], forward: Forward) -> bytes:
        if "eth_getTransactionReceipt" not in methods or next(refusals, None) is None:
            return forward()
        message = "transaction indexing is in progress"
        error = {"code": -32000, "message": message, "data": message}
        answers = [{"jsonrpc": "2.0", "id": place, "error": error} for place in range(len(methods))]
        return json.dumps(answers if len(answers) > 1 else answers[0]).encode()

    before = JsonRpc(harbour.url).ask("eth_blockNumber")
    with proxy(harbour.url, indexing) as url:
        told = harbour.say(f"token transfer --from alice --to bob --amount 12.50 --chain {url}")
    assert next(refusals, None) is None
    assert "12.50" in told
    assert JsonRpc(harbour.url).ask("eth_blockNumber") != before
    assert harbour.say("token balance --account bob").startswith("bob: 12.50 yuan")
