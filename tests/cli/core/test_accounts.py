"""Accounts by their addresses and keystores: a slip of the pen, and a key that is another's, are refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address

from pysettle.domain.core.signing import Signer
from pysettle.errors import PasswordRefused, WorkspaceError
from pysettle.workspace import Workspace
from tests.cli.running import Town, invoke

CAST = Path(__file__).parents[3] / "node_modules" / ".bin" / "cast"
TREASURY = Signer.derived("treasury")
SECRET = "correct horse"
KEYSTORE: dict[str, Any] = Account.encrypt(TREASURY.secret, SECRET, kdf="pbkdf2", iterations=2)
WRITTEN = to_checksum_address(TREASURY.address)
SCRYPT = {"dklen": 32, "n": 2, "r": 8, "p": 1, "salt": "00"}


@pytest.fixture
def empty(tmp_path: Path) -> Town:
    """Return a workspace without a network, beside which the files of a test are."""
    Workspace.create(tmp_path / "town")
    (tmp_path / "password").write_text(f"{SECRET}\n")
    return Town(tmp_path / "town")


def add(town: Town, keystore: object, *more: str) -> Any:
    """Write a keystore, and add it as `treasury`; with its password unless other options are given."""
    file, password = town.directory.parent / "keystore.json", town.directory.parent / "password"
    file.write_text(keystore if isinstance(keystore, str) else json.dumps(keystore))
    more = more or ("--password-file", str(password))
    return invoke("account", "add", "treasury", "--keystore", str(file), *more, workspace=town.directory)


def first_small(address: str) -> str:
    """Return an address whose first capital letter is a small one, which its checksum does not allow."""
    place = next(place for place, it in enumerate(address) if it.isupper())
    return address[:place] + address[place].lower() + address[place + 1 :]


def test_an_address_with_a_wrong_checksum_is_refused(town: Town) -> None:
    """Where value would go to it; letters of one case carry no checksum, and are taken."""
    wrong = first_small(WRITTEN)
    for line in (f"token transfer --from alice --to {wrong} --amount 1", f"token balance --account {wrong}"):
        town.refuse(line, 2, "checksum (EIP-55)", "copy it again")
    town.refuse(f"token balance --account {WRITTEN[:-1]}", 2, "is no address")
    assert town.held("alice") == "100.00 yuan"
    for text in (WRITTEN, WRITTEN.lower(), "0x" + WRITTEN[2:].upper()):
        town.say(f"token transfer --from alice --to {text} --amount 1")
    assert town.held(WRITTEN.lower()) == "3.00 yuan"


def test_a_signed_document_has_the_same_addresses(town: Town) -> None:
    """A changed letter of one is no signed authorization."""
    file = town.directory / "payment.json"
    town.say(f"token authorize --from alice --to bob --amount 1 --out {file}")
    signed = json.loads(file.read_text())
    written = to_checksum_address(signed["to"])
    file.write_text(json.dumps(signed | {"to": written}))
    town.say(f"token inspect --file {file}")
    file.write_text(json.dumps(signed | {"to": first_small(written)}))
    town.refuse(f"token inspect --file {file}", 2, "checksum (EIP-55)")


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it,
        lambda it: it | {"address": WRITTEN},
        lambda it: it | {"address": WRITTEN[2:].lower()},
        lambda it: {name: value for name, value in it.items() if name != "address"},
        lambda it: {"Crypto" if name == "crypto" else name: value for name, value in it.items()},
        lambda _: Account.encrypt(TREASURY.secret, SECRET, kdf="scrypt", iterations=2),
    ],
    ids=["eth-account", "checksum", "geth", "without address", "old geth", "scrypt"],
)
def test_keystores_of_other_tools_are_taken(empty: Town, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """With or without an address, under either name of what holds the key; the account then signs."""
    added = add(empty, change(KEYSTORE))
    assert added.exit_code == 0, added.output
    accounts = Workspace.open(empty.directory).accounts
    assert accounts.address("treasury") == TREASURY.address
    assert accounts.key("treasury", SECRET).address == TREASURY.address


@pytest.mark.skipif(not CAST.exists(), reason="cast is there after scripts/bootstrap --with-anvil")
def test_a_keystore_of_cast_is_taken(empty: Town) -> None:
    """As `cast wallet new` writes it today."""
    folder = empty.directory.parent
    command = [CAST, "wallet", "new", str(folder), "made", "--unsafe-password", SECRET, "--json"]
    made = subprocess.run(command, capture_output=True, check=True, text=True)
    added = add(empty, (folder / "made").read_text())
    assert added.exit_code == 0, added.output
    address = Workspace.open(empty.directory).accounts.address("treasury")
    assert json.loads(made.stdout)[0]["address"].lower() == "0x" + address.hex()


def crypto(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what changes fields of what holds the key."""
    return lambda it: it | {"crypto": it["crypto"] | changes}


def parameters(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what changes fields of how its key is derived."""
    return lambda it: it | {"crypto": it["crypto"] | {"kdfparams": it["crypto"]["kdfparams"] | changes}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it | {"address": "0x" + "12" * 20}, "and its key is that of"),
        (lambda it: it | {"address": "12"}, "is no address"),
        (lambda it: it | {"address": first_small(WRITTEN)}, "checksum (EIP-55)"),
        (lambda it: it | {"address": 12}, "its address is no text"),
        (lambda it: it | {"version": 4}, "it has no version 3"),
        (lambda it: it | {"version": True}, "it has no version 3"),
        (lambda it: it | {"Crypto": it["crypto"]}, "no field crypto, or two"),
        (lambda _: {"version": 3}, "no field crypto, or two"),
        (lambda it: it | {"crypto": []}, "its field crypto is no object"),
        (lambda _: "[]", "it has no version 3"),
        (lambda _: "{", "is no keystore of version 3"),
        (crypto(cipher="aes-256-ctr"), "its cipher is"),
        (crypto(cipherparams=None), "its iv is no text"),
        (crypto(cipherparams={"iv": "zz"}), "its iv: 'zz' is not written in hex digits"),
        (crypto(ciphertext="00"), "its ciphertext: '00' has 1 bytes"),
        (crypto(mac=None), "its mac is no text"),
        (crypto(kdf="argon2"), "its kdf is 'argon2'"),
        (crypto(kdfparams=7), "its kdfparams are no object"),
        (parameters(salt=None), "its salt is no text"),
        (parameters(c="2"), "its c is '2'"),
        (parameters(c=10**9), "its c is 1000000000"),
        (parameters(dklen=16), "its dklen is 16"),
        (parameters(prf="hmac-sha1"), "not of hmac-sha256"),
        (crypto(kdf="scrypt", kdfparams=SCRYPT | {"n": 2**40}), "its n is"),
        (crypto(kdf="scrypt", kdfparams=SCRYPT | {"n": 2**24}), "a power of two"),
        (crypto(kdf="scrypt", kdfparams=SCRYPT | {"n": 3}), "a power of two"),
        (crypto(mac="00" * 32), "the password does not open the keystore"),
    ],
)
def test_a_malformed_keystore_is_refused_when_it_is_added(
    empty: Town, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    """In one line that says why, and no account is made: value sent to it would be lost."""
    refused = add(empty, change(KEYSTORE))
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.output
    assert said in refused.stderr
    assert "treasury" not in Workspace.open(empty.directory).accounts.addresses()


def test_a_keystore_is_opened_when_it_is_added(empty: Town) -> None:
    """Its address says nothing before its key was seen: without its password it is refused."""
    refused = add(empty, KEYSTORE, "--json")
    assert (refused.exit_code, "give the password of" in refused.stderr) == (2, True)
    wrong = empty.directory.parent / "wrong"
    wrong.write_text("battery staple")
    refused = add(empty, KEYSTORE, "--password-file", str(wrong))
    assert (refused.exit_code, "does not open" in refused.stderr) == (2, True)
    with pytest.raises(PasswordRefused):
        Workspace.open(empty.directory).accounts.import_keystore("x", empty.directory.parent / "keystore.json", None)


@pytest.mark.parametrize("name", ["alice", "treasury"])
def test_a_key_is_that_of_its_accounts_address(empty: Town, name: str) -> None:
    """Where the file of an account was changed since, nothing is signed by a key of another address."""
    assert add(empty, KEYSTORE).exit_code == 0
    file = empty.directory / "accounts" / f"{name}.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"address": "0x" + "12" * 20}))
    with pytest.raises(WorkspaceError, match=rf"the key of {name} is that of 0x.*, and .* names 0x1212"):
        Workspace.open(empty.directory).accounts.signer(name, SECRET)
