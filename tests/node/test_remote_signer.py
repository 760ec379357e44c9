"""Transactions signed by somebody else behind JSON-RPC: anvil and our node as signers, and one that lies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner
from eth_account import Account
from eth_typing import Address
from eth_utils.address import to_checksum_address

from pysettle.cli import main
from pysettle.domain.core.signing import Signer
from pysettle.errors import NodeError, SignatureRefused, WorkspaceError
from pysettle.evm.backend import Fees
from pysettle.evm.encoding import UnsignedTransaction
from pysettle.evm.genesis import GenesisAccount
from pysettle.evm.interface import Interface
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.remote_signer import RemoteSigner
from pysettle.evm.reverts import RevertDecoder
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.node.accounts import development_accounts
from pysettle.workspace.directory import Workspace
from tests.evm.accounts import genesis
from tests.evm.anvil import anvil

KEEPER = development_accounts()[0]
GWEI = 10**9
PAYMENT = UnsignedTransaction(31_337, 7, Fees(3 * GWEI, 1), 21_000, KEEPER.address, b"")


@pytest.fixture(scope="module", params=["anvil", "node"])
def signer_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a node that signs for the first development account."""
    if request.param == "node":
        yield request.getfixturevalue("url")
        return
    with anvil(genesis(), tmp_path_factory.mktemp("signer")) as url:
        yield url


@pytest.mark.parametrize("fees", [Fees(5 * GWEI, 2 * GWEI), Fees(5 * GWEI, None)])
@pytest.mark.parametrize(("to", "value"), [(KEEPER.address, 10**18), (None, 0)])
def test_it_signs_what_the_key_would(signer_url: str, fees: Fees, to: Address | None, value: int) -> None:
    """Both forms of a call and of a creation come back as the key itself would have signed them."""
    chain_id = int(JsonRpc(signer_url).ask("eth_chainId"), 16)
    unsigned = UnsignedTransaction(chain_id, 7, fees, 100_000, to, b"\x60\x00", value)
    assert unsigned.sign(RemoteSigner(signer_url, KEEPER.address)) == unsigned.sign(KEEPER)


def test_what_it_signed_is_sealed(signer_url: str) -> None:
    """A sender whose key is elsewhere sends like any other; one whose key the signer has not is refused."""
    chain = RpcChain(signer_url)
    sender, nothing = TransactionSender(chain, RevertDecoder([])), Interface("none", [])
    JsonRpc(signer_url).ask("anvil_setBalance", "0x" + KEEPER.address.hex(), hex(10**22))
    keeper, before = RemoteSigner(signer_url, KEEPER.address), chain.nonce(KEEPER.address)
    receipts = sender.send(*[Transaction(keeper, KEEPER.address, b"", 21_000, nothing)] * 2)
    assert [it.succeeded for it in receipts] == [True, True]
    assert chain.nonce(KEEPER.address) == before + 2
    stranger = RemoteSigner(signer_url, Signer.derived("stranger").address)
    with pytest.raises(NodeError):
        sender.send(Transaction(stranger, KEEPER.address, b"", 21_000, nothing))


@contextmanager
def answering(answer: Callable[[dict[str, Any]], Any]) -> Iterator[str]:
    """Serve a signer that answers as it likes; yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            response = {"jsonrpc": "2.0", "id": request["id"], "result": answer(request["params"][0])}
            body = json.dumps(response).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def signed(request: dict[str, Any], signer: Signer = KEEPER, **changes: Any) -> str:
    """Sign a request, changed, as `eth_signTransaction` answers."""
    fields = {name: value for name, value in request.items() if name != "from"} | {"type": 2} | changes
    fields["to"] = to_checksum_address(fields["to"])
    return "0x" + Account.sign_transaction(fields, signer.secret).raw_transaction.hex()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda it: signed(it, value=1), "another transaction"),
        (lambda it: signed(it, nonce=8), "another transaction"),
        (lambda it: signed(it, to="0x" + "11" * 20), "another transaction"),
        (lambda it: signed(it, Signer.derived("somebody else")), "not the account's"),
        (lambda _: "0x02", "no signed transaction"),
        (lambda _: {"raw": "0xzz"}, "no signed transaction"),
        (lambda _: None, "no signed transaction"),
        (lambda it: signed(it) + "00", "no signed transaction"),
    ],
)
def test_a_signer_is_not_trusted(answer: Callable[[dict[str, Any]], Any], words: str) -> None:
    """What was signed must be what was asked for, by the account; the error says which it was not."""
    with answering(answer) as url, pytest.raises(SignatureRefused, match=words):
        PAYMENT.sign(RemoteSigner(url, KEEPER.address))


def test_accounts_come_from_elsewhere(url: str, tmp_path: Path) -> None:
    """A keystore and a remote signer become accounts by their names, which pay like any other."""
    directory, password = tmp_path / "town", tmp_path / "password"
    password.write_text("correct horse")
    keystore = tmp_path / "treasury.json"
    treasury = Signer.derived("treasury")
    keystore.write_text(json.dumps(Account.encrypt(treasury.secret, "correct horse", iterations=2)))

    def run(*arguments: str) -> Any:
        done = CliRunner().invoke(main, [*arguments, "--json"], env={"PYSETTLE_WORKSPACE": str(directory)})
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    run("init", str(directory), "--chain", url)
    run("account", "add", "treasury", "--keystore", str(keystore), "--password-file", str(password))
    keeper = ["--signer", url, "--address", "0x" + KEEPER.address.hex()]
    run("account", "add", "keeper", *keeper)
    run("account", "add", "bank", *keeper, "--replace")
    keys = {name: it["key"] for name, it in run("account", "list")["accounts"].items()}
    assert (keys["treasury"], keys["alice"]) == ("encrypted keystore", "development key")
    assert keys["keeper"] == keys["bank"] == f"remote signer at {url}"
    run("network", "deploy")
    run("token", "issue", "--to", "treasury", "--amount", "5")
    RpcChain(url).set_accounts({treasury.address: GenesisAccount(balance=10**18)})
    run("token", "transfer", "--from", "treasury", "--to", "keeper", "--amount", "2", "--password-file", str(password))
    run("token", "transfer", "--from", "keeper", "--to", "bob", "--amount", "1")
    assert run("token", "balance", "--account", "keeper")["balance_units"] == str(10**6)


def test_an_account_is_added_whole_or_not_at_all(tmp_path: Path) -> None:
    """What is no keystore, a name that is taken, and a URL with a password are refused, and change nothing."""
    workspace = Workspace.create(tmp_path / "town")
    before = workspace.accounts.addresses()
    (tmp_path / "other.json").write_text('{"address": "12"}')
    for name, file, words in (
        ("treasury", "none.json", "cannot be read"),
        ("treasury", "other.json", "no keystore of version 3"),
        ("../x", "other.json", "no keystore of version 3"),
    ):
        with pytest.raises(WorkspaceError, match=words):
            workspace.accounts.import_keystore(name, tmp_path / file, "secret")
    for name, url, words in (
        ("alice", "http://127.0.0.1:1", "already"),
        ("../x", "http://127.0.0.1:1", "cannot name"),
        ("keeper", "http://user:secret@127.0.0.1:1", "password"),
    ):
        with pytest.raises(WorkspaceError, match=words):
            workspace.accounts.add_remote_signer(name, url, KEEPER.address)
    assert workspace.accounts.addresses() == before
    (workspace.directory / "deployment.json").write_text("{}")
    with pytest.raises(WorkspaceError, match="may hold a role"):
        workspace.accounts.add_remote_signer("alice", "http://127.0.0.1:1", KEEPER.address, replace=True)


@pytest.mark.parametrize(
    "given",
    [
        ["--signer", "http://127.0.0.1:1"],
        ["--keystore", "x", "--address", "0x"],
        ["--keystore", "x", "--signer", "http://127.0.0.1:1", "--address", "0x" + "c1" * 20],
    ],
)
def test_a_key_comes_from_one_place(given: list[str], tmp_path: Path) -> None:
    """Half of one, or both, is refused with what to give."""
    Workspace.create(tmp_path / "town")
    refused = CliRunner().invoke(main, ["account", "add", "x", *given, "--workspace", str(tmp_path / "town")])
    assert (refused.exit_code, "either by --keystore" in refused.stderr) == (2, True)
