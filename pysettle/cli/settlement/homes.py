"""`pysettle corridor homes` and `agree-home`: the home currency of each jurisdiction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pysettle.cli.command import Command, dry_run_option, network_command, network_view
from pysettle.cli.nouns import Verb
from pysettle.cli.options import Count, wide_option
from pysettle.cli.output import table
from pysettle.errors.states import Role
from pysettle.money import Currency

if TYPE_CHECKING:
    from pysettle.client.network import SettlementNetwork
    from pysettle.values import Address

_CODES = [currency.value for currency in Currency]


@click.command(cls=Verb)
@wide_option
@network_view
def homes(command: Command) -> None:
    """List the home currency of each jurisdiction, and the consents to further ones."""
    from pysettle.client.settlement.homes import HomeCurrencies

    with command.workspace.chain() as chain:
        network = command.workspace.network(chain)
        found = HomeCurrencies.of(network)
        known, proposed = found.homes(), found.proposed()
        rows = [(f"{number:03}", _code(network, home), "home currency") for home, number in known.items()]
        documents = [{"jurisdiction": str(number), "home": _code(network, it)} for it, number in known.items()]
        further = []
        for (number, home), agreed in proposed.items():
            missing = [_code(network, it) for it in (*known, home) if it not in agreed]
            codes = [_code(network, it) for it in agreed]
            names = {"jurisdiction": str(number), "home": _code(network, home)}
            further.append({**names, "agreed": codes, "missing": missing})
            rows.append((f"{number:03}", _code(network, home), f"{', '.join(missing)} missing"))
    command.show({"homes": documents, "proposed": further}, [table(("jurisdiction", "currency", "standing"), rows)])


@click.command("agree-home", cls=Verb)
@click.option("--home", type=click.Choice(_CODES), required=True, help="Currency that becomes the home currency.")
@click.option(
    "--jurisdiction",
    type=Count(1, 999),
    help="ISO 3166-1 number.  [default: that of the country that issues the currency]",
)
@click.option(
    "--as",
    "as_",
    type=click.Choice(_CODES),
    help="Currency for whose central bank to agree.  [default: that of --home]",
)
@click.option("--by", help="Account that holds the role central-bank.  [default: that of the deployment]")
@dry_run_option
@network_command
def agree_home(
    home: str, jurisdiction: int | None, as_: str | None, by: str | None, dry_run: bool, command: Command
) -> None:
    """Agree to the home currency of a jurisdiction; it is one when all central banks have agreed."""
    from pysettle.client.settlement.homes import HomeCurrencies

    new, acting = Currency(home), Currency(as_ or home)
    number = jurisdiction or new.jurisdiction
    with command.workspace.chain(write=not dry_run) as chain:
        network = command.workspace.network(chain)
        found, place = HomeCurrencies.of(network), network.system(new).token.address
        voter = network.system(acting).token.address
        signer = command.signer(by or command.workspace.holder(Role.CENTRAL_BANK, acting))
        step = found.agree_home(signer, number, place, voter)
        if dry_run:
            found.check(step)
            receipt = None
        else:
            (receipt,) = found.send(step)
        known = found.homes()
        agreed = found.proposed().get((number, place), [])
        missing = [_code(network, it) for it in (*known, place) if it not in agreed]
    is_home = place in known
    document = {"jurisdiction": str(number), "home": home, "is_home": is_home, "missing": [] if is_home else missing}
    if is_home:
        lines = [f"the home currency of jurisdiction {number:03} is {home}"]
        return command.show_sent(receipt, document, lines, "corridor homes")
    lines = [f"the central bank of {acting.value} agreed to {home} as the home currency of jurisdiction {number:03}"]
    lines += [f"it is one when the central banks of all others agree too: {', '.join(missing)}"]
    following = f"corridor agree-home --home {home} --jurisdiction {number} --as {(missing or [acting.value])[0]}"
    return command.show_sent(receipt, document, lines, following)


def _code(network: SettlementNetwork, place: Address) -> str:
    """Return the code of a currency of the network; the address of any other."""
    for currency, system in network.currencies.items():
        if system.token.address == place:
            return currency.value
    return f"0x{place.hex()}"
