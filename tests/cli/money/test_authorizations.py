"""Payments and allowances by signature, as documents between who signs and who submits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.running import Town, invoke

NONCE = "0x" + "07" * 32


def signed(town: Town, line: str) -> dict[str, str]:
    """Run a command that signs; return the document on stdout, which is all there is."""
    result = invoke(*line.split(), workspace=town.directory)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_an_authorization_is_signed_inspected_and_submitted(town: Town, tmp_path: Path) -> None:
    """Signing moves nothing; anybody submits it, once; its document says all that it is."""
    file = tmp_path / "payment.json"
    line = f"token authorize --from alice --to bob --amount 12.5 --hours 2 --nonce {NONCE}"
    document = signed(town, line)
    accounts = {name: (town.directory / "accounts" / f"{name}.json") for name in ("alice", "bob")}
    addresses = {name: json.loads(it.read_text())["address"] for name, it in accounts.items()}
    now = int(town.tell("time show")["now_unix_s"])
    deployment = json.loads((town.directory / "deployment.json").read_text())
    signature = document.pop("signature")
    assert len(signature) == 2 + 130
    assert document == {
        "schema": "pysettle.transfer-authorization/1",
        "currency": "CNY",
        "chain_id": "31337",
        "token": deployment["contracts"]["CurrencyToken"]["address"],
        "from": addresses["alice"],
        "to": addresses["bob"],
        "amount_units": "12500000",
        "valid_after_unix_s": "0",
        "valid_before_unix_s": str(now + 7_200),
        "nonce": NONCE,
    }
    assert town.held("alice") == "100.00 yuan"

    said = town.say(f"{line} --out {file}")
    assert f"Next: pysettle token submit --file {file}" in said
    assert json.loads(file.read_text()) == document | {"signature": signature}
    inspected = town.tell(f"token inspect --file {file}")
    assert inspected["state"] == "can be submitted"
    assert inspected["signed"] == json.loads(file.read_text())
    submitted = town.tell(f"token submit --file {file} --by carol")
    assert submitted["balance_units"] == {
        "alice": {"before": "100000000", "now": "87500000"},
        "bob": {"before": "0", "now": "12500000"},
    }
    assert "used or cancelled" in town.say(f"token inspect --file {file}")
    town.refuse(f"token submit --file {file}", 5, "AuthorizationAlreadyUsed")


def test_a_document_comes_by_stdin(town: Town) -> None:
    """`-` is stdin, so that signing and submitting make one pipe; in another currency too."""
    document = signed(town, "token authorize --from alice --to bob --amount 5 --currency HKD")
    arguments = ("token", "submit", "--file", "-", "--currency", "HKD")
    result = invoke(*arguments, workspace=town.directory, stdin=json.dumps(document))
    assert result.exit_code == 0, result.output
    assert (town.held("bob", "HKD"), town.held("bob")) == ("5.00 HKD", "0.00 yuan")


def test_the_payee_alone_submits_a_receipt(town: Town, tmp_path: Path) -> None:
    """With `--receive` the payee does, without being named; nobody else."""
    file = tmp_path / "receipt.json"
    town.say(f"token authorize --from alice --to bob --amount 5 --receive --out {file}")
    assert json.loads(file.read_text())["schema"] == "pysettle.receive-authorization/1"
    town.refuse(f"token submit --file {file} --by carol", 5, "AuthorizationCallerNotPayee")
    assert "bob: 0.00 -> 5.00 yuan" in town.say(f"token submit --file {file}")


def test_random_nonces_differ(town: Town) -> None:
    """Two authorizations of the same payment can both be submitted."""
    first, second = (signed(town, "token authorize --from alice --to bob --amount 5") for _ in range(2))
    assert first["nonce"] != second["nonce"]


def test_an_authorization_ends(town: Town, tmp_path: Path) -> None:
    """When its hours have passed it is expired, and refused."""
    file = tmp_path / "payment.json"
    town.say(f"token authorize --from alice --to bob --amount 5 --hours 1 --out {file}")
    town.say("time advance --hours 1")
    assert town.tell(f"token inspect --file {file}")["state"] == "expired"
    town.refuse(f"token submit --file {file}", 5, "AuthorizationExpired")


@pytest.mark.parametrize("by_file", [True, False])
def test_an_authorization_is_cancelled(town: Town, tmp_path: Path, by_file: bool) -> None:
    """Its payer spends the nonce, by the document or by hand; it cannot be submitted, nor cancelled again."""
    file = tmp_path / "payment.json"
    town.say(f"token authorize --from alice --to bob --amount 5 --nonce {NONCE} --out {file}")
    what = f"--file {file}" if by_file else f"--from alice --nonce {NONCE} --by carol"
    cancelled = town.tell(f"token cancel-authorization {what}")
    assert (cancelled["from"], cancelled["nonce"], cancelled["state"]["now"]) == ("alice", NONCE, "cancelled")
    town.refuse(f"token submit --file {file}", 5, "AuthorizationAlreadyUsed")
    town.refuse(f"token cancel-authorization {what}", 5, "AuthorizationAlreadyUsed")
    assert town.held("alice") == "100.00 yuan"


def test_a_permit_is_an_allowance(town: Town, tmp_path: Path) -> None:
    """Submitted, it lets the spender transfer so much; its nonce is used by then."""
    file = tmp_path / "permit.json"
    town.say(f"token permit --from alice --spender bob --amount 7 --out {file}")
    assert "can be submitted" in town.say(f"token inspect --file {file}")
    submitted = town.tell(f"token submit --file {file} --by carol")
    assert (submitted["form"], submitted["allowance_units"]) == (
        "pysettle.permit/1",
        {"before": "0", "now": "7000000"},
    )
    assert town.tell("token allowance --from alice --spender bob")["allowance_units"] == "7000000"
    assert "carol: 0.00 -> 6.00 yuan" in town.say("token transfer --from alice --to carol --amount 6 --by bob")
    town.refuse("token transfer --from alice --to carol --amount 1.01 --by bob", 5, "ERC20InsufficientAllowance")
    assert "used or cancelled" in town.say(f"token inspect --file {file}")
    town.refuse(f"token submit --file {file}", 5, "PermitSignatureInvalid")
    town.refuse(f"token cancel-authorization --file {file}", 2, "a permit, not an authorization")


def test_an_allowance_is_given_by_transaction(town: Town) -> None:
    """It replaces the one before, and is the spender's alone."""
    first = town.tell("token approve --from alice --spender bob --amount 3")
    assert first["allowance_units"] == {"before": "0", "now": "3000000"}
    assert "bob may transfer of alice: 3.00 -> 2.00 yuan" in town.say(
        "token approve --from alice --spender bob --amount 2"
    )
    town.refuse("token transfer --from alice --to carol --amount 1 --by carol", 5, "ERC20InsufficientAllowance")
    assert "bob may transfer 2.00 yuan of alice" in town.say("token allowance --from alice --spender bob")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount_units": "12500001"}, "AuthorizationSignatureInvalid"),
        ({"currency": "HKD"}, "this message is in HKD: give --currency HKD"),
        ({"chain_id": "1"}, "on chain 1, not for"),
        ({"token": "0x" + "1" * 40}, "this was signed for the token 0x1111"),
        ({"amount_units": "-1"}, "is no whole number"),
        ({"amount_units": 5}, "this is no signed authorization or permit"),
        ({"nonce": "0x00"}, "has 1 bytes, not 32"),
        ({"from": "alice"}, "is no address; write it as 0x and 40 hex digits"),
        ({"schema": "pysettle.authorization/9"}, "this is no signed authorization or permit"),
        ({"currency": "XXX"}, "this is no signed authorization or permit"),
    ],
    ids=lambda it: ", ".join(it) if isinstance(it, dict) else "",
)
def test_a_changed_document_is_refused(town: Town, tmp_path: Path, change: dict[str, object], said: str) -> None:
    """Whatever is changed of it, nothing moves: by the contract, or before anything is sent."""
    file = tmp_path / "payment.json"
    file.write_text(json.dumps(signed(town, "token authorize --from alice --to bob --amount 12.5") | change))
    town.refuse(f"token submit --file {file}", 5 if said.startswith("Authorization") else 2, said)
    assert town.held("alice") == "100.00 yuan"


def test_a_signature_by_another_key_is_told(town: Town, tmp_path: Path) -> None:
    """`inspect` says so before anything is submitted."""
    file = tmp_path / "payment.json"
    document = signed(town, "token authorize --from alice --to bob --amount 1")
    file.write_text(json.dumps(document | {"amount_units": "2000000"}))
    assert "not signed by the holder of the tokens" in town.say(f"token inspect --file {file}")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("token submit --file FOLDER/none.json", "cannot be read"),
        ("token authorize --from alice --to bob --amount 1 --out FOLDER/no/file.json", "cannot be written"),
        ("token authorize --from alice --to bob --amount 1 --nonce 0x12", "has 1 bytes in hex, not 32"),
        ("token authorize --from alice --to bob --amount 1 --nonce zz", "is not written in hex digits"),
        ("token cancel-authorization --from alice", "either by --file, or by --from and --nonce"),
        ("token cancel-authorization", "either by --file, or by --from and --nonce"),
        (f"token cancel-authorization --from alice --nonce {NONCE} --file FOLDER/none.json", "either by --file"),
        ("token permit --from carla --spender bob --amount 1", "is not an account of this workspace"),
    ],
)
def test_what_is_refused_before_anything_is_signed(town: Town, tmp_path: Path, line: str, said: str) -> None:
    """Files that are none, nonces of another length, and names of nobody: exit code 2, in one line."""
    town.refuse(line.replace("FOLDER", str(tmp_path)), 2, said)


def test_a_document_of_another_workspace_is_refused(town: Town, tmp_path: Path) -> None:
    """The same network deployed by other accounts has another token."""
    other = Town(tmp_path / "other")
    assert invoke("init", str(other.directory), "--seed", "7").exit_code == 0
    other.say("network deploy")
    file = tmp_path / "payment.json"
    town.say(f"token authorize --from alice --to bob --amount 1 --out {file}")
    other.refuse(f"token submit --file {file} --by alice", 2, "this was signed for the token")
    shutil.rmtree(other.directory)


def test_a_nonce_is_spent_with_all_of_its_last_eight_bytes(town: Town) -> None:
    """The token counts nonces by 64 bits: one that it would refuse is refused before anything is signed."""
    file, other = town.directory / "payment.json", "0x" + "09" * 24 + "07" * 8
    line = "token authorize --from alice --to bob --amount 1 --nonce"
    town.say(f"{line} {NONCE} --out {file}")
    signed(town, f"{line} {other}")
    town.say(f"token submit --file {file}")
    for nonce in (NONCE, other):
        town.refuse(
            f"{line} {nonce}", 2, f"the nonce {nonce} of alice", "last 8 bytes (0x0707070707070707)", "is spent"
        )
    assert signed(town, line.replace("alice", "bob").replace("to bob", "to alice") + f" {NONCE}")["nonce"] == NONCE
    cancelled = "0x" + "00" * 31 + "01"
    town.say(f"token cancel-authorization --from alice --nonce {cancelled}")
    town.refuse(f"{line} 0x{'ff' * 24}{cancelled[-16:]}", 2, "was used or cancelled")


def test_a_signed_document_replaces_no_file(town: Town) -> None:
    """Above all not what another command reads; one of its own kind, which can be signed again, it does."""
    file = town.directory / "payment.json"
    file.write_text("usage of a month")
    for line in ("authorize --from alice --to bob", "permit --from alice --spender bob"):
        town.refuse(f"token {line} --amount 1 --out {file}", 2, "exists already, and is not replaced")
    assert file.read_text() == "usage of a month"
    town.say("token authorize --from alice --to bob --amount 1 --out /dev/null")
    permit, other = (town.directory / name for name in ("permit.json", "other.json"))
    for amount in ("1", "2"):
        town.say(f"token permit --from alice --spender bob --amount {amount} --out {permit}")
        town.say(f"token authorize --from alice --to bob --amount {amount} --out {other}")
    assert json.loads(permit.read_text())["amount_units"] == "2000000"
    town.refuse(f"token authorize --from alice --to bob --amount 1 --out {permit}", 2, "exists already")
