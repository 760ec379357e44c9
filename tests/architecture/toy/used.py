"""Uses the locker of the checkout that this runs in: by commands, in the books, and in bundles for an auditor.

In the folder that it is given it makes a workspace `town`, the bundle `true` of its chain, and the bundle `false` that
lists `FalseLocker` in place of the locker. It says in JSON what each step said.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from click.testing import CliRunner
from eth_typing import Address
from pysettle.client.toy.locker import Locker
from pysettle.domain.toy.contracts import LOCKER, STORED

import pysettle
from pysettle.audit.extract import export_bundle
from pysettle.cli import main
from pysettle.client.deploying import create_contract
from pysettle.domain import invariants
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.money.contracts import CurrencyTerms
from pysettle.money import Currency, to_units
from pysettle.workspace import Workspace

COMMANDS = (
    "network deploy",
    "network verify",
    "token issue --to alice --amount 20",
    "locker store --account alice --amount 7",
    "locker take --account alice --amount 8",
    "locker take --account alice --amount 3",
    "locker show --account alice",
)


def said(*words: str) -> tuple[int, str]:
    """Run a command; return its exit code, and what it said."""
    result = CliRunner().invoke(main, words)
    return result.exit_code, result.output


def exported(town: Workspace, folder: Path) -> dict[str, object]:
    """Export the bundle of the network as it is; return what its books say that follow the chain."""
    with town.embedded_chain() as chain:
        network = town.network(chain)
        export_bundle(chain, folder, network.contracts())
        follower = network.follow()
        follower.update()
        stored = follower.ledger.balance(network.currency.address, STORED, town.accounts.address("alice"))
        return {"stored": stored, "findings": [str(it) for it in invariants.check(follower.ledger)]}


def exported_false(town: Workspace, folder: Path) -> tuple[Address, int]:
    """Use a locker that lies, and export the bundle that lists it; return where it stands, and the last block."""
    names = ("administrator", "settlement-registrar", "alice")
    administrator, registrar, alice = map(town.accounts.signer, names)
    with town.embedded_chain(write=True) as chain:
        network = town.network(chain)
        token, seven = network.currency, to_units("7")
        false = Locker(network.sender, create_contract(network.sender, administrator, "FalseLocker", token.address))
        network.send(token.mark_settlement_account(registrar, false.address))
        network.send(
            token.approve(alice, false.address, seven), false.store(alice, seven), false.take_back(alice, to_units("3"))
        )
        listed = {**network.contracts().listed, LOCKER: {false.address: CurrencyTerms(token.address)}}
        export_bundle(chain, folder, Contracts(listed))
        return false.address, chain.block().number


def hexed(address: Address) -> str:
    """Write an address."""
    return "0x" + address.hex()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    code, output = said("init", str(folder / "town"))
    assert code == 0, output
    town = Workspace.open(folder / "town")
    commands = [said(*line.split(), "--workspace", str(town.directory)) for line in COMMANDS]
    books = exported(town, folder / "true")
    false, head = exported_false(town, folder / "false")
    told = {
        "package": str(Path(pysettle.__file__).parent),
        "help": said("--help")[1],
        "commands": commands,
        "books": books,
        "false locker": hexed(false),
        "head": head,
        "true": str(folder / "true"),
        "false": str(folder / "false"),
        "alice": hexed(town.accounts.address("alice")),
        "currency": hexed(town.deployment().token(Currency.CNY)),
    }
    json.dump(told, sys.stdout)
