"""`pysettle wallet`: the class, the limits and the freezes of accounts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import (
    Command,
    account_option,
    by_option,
    currency_command,
    currency_view,
)
from pysettle.cli.documents import whole
from pysettle.cli.money.enforcement import freeze, freeze_document, freeze_words, seize, seize_credit, unfreeze
from pysettle.cli.money.limits import CLASSES, class_text, class_word, limits
from pysettle.cli.nouns import Noun
from pysettle.cli.options import Count, Moment
from pysettle.errors import UsageError
from pysettle.errors.states import Role
from pysettle.money import to_units

if TYPE_CHECKING:
    from pysettle.client.money.wallets import Wallet, WalletStanding


@click.group(cls=Noun)
def wallet() -> None:
    """Register, show, freeze and seize accounts of a currency (simulated)."""


for _command in (limits, freeze, unfreeze, seize, seize_credit):
    wallet.add_command(_command)


@wallet.command("show")
@account_option
@currency_view
def show_(account: str, command: Command) -> None:
    """Show the balance of an account, its class, the rest of its limits, and its freezes."""
    address = command.address(account)
    with command.workspace.chain() as chain:
        token, block = command.workspace.network(chain).system(command.currency).token, chain.block().number
        units, frozen, credit = token.balance_of(address), token.frozen(address), token.credit_of(address)
        settlement, paused = token.is_settlement_account(address), token.is_paused
        standing, payee_only = token.wallet_standing(address), token.is_payee_only(address)
    document = {
        "account": account,
        "address": "0x" + address.hex(),
        "block": str(block),
        "balance_units": str(units),
        "credit_units": str(credit),
        "frozen": freeze_document(frozen),
        "settlement_account": settlement,
        "payee_only": payee_only,
        "currency_paused": paused,
        **_standing_document(standing),
    }
    kind = (
        "settlement account, cannot be frozen or seized" if settlement else f"frozen: {freeze_words(frozen, command)}"
    )
    lines = [f"{account}: {command.text(units)} at block {block}; {kind}"]
    lines += [] if settlement else _standing_lines(standing, command)
    lines += [f"credit, held because the account could not receive it: {command.text(credit)}"] * bool(credit)
    lines += ["Payee-only: the account alone submits authorizations that pay it."] * payee_only
    lines += ["The currency is paused."] * paused
    command.show(document, lines)


@wallet.command()
@account_option
@click.option("--class", "class_", type=click.Choice(list(CLASSES)), required=True, help="Class of the wallet.")
@click.option("--jurisdiction", type=Count(0, 999), default=0, help="ISO 3166-1 number, such as 156.")
@click.option("--real-name/--anonymous", default=True, show_default=True, help="Whether the real name is known.")
@click.option(
    "--identification-until",
    type=Moment(["%Y-%m-%d"]),
    help="Last day of UTC+8, inclusive, on which the identification is valid.  [default: without end]",
)
@by_option(Role.REGISTRAR)
@currency_command
def register(
    account: str,
    class_: str,
    jurisdiction: int,
    real_name: bool,
    identification_until: dt.datetime | None,
    by: str | None,
    command: Command,
) -> None:
    """Register an account as a wallet of a class, or change its class. An unregistered account is of class IV."""
    address, expiry = command.address(account), _expiry(identification_until)
    registrar = command.holder(by, Role.REGISTRAR)
    with command.token(write=True) as token:
        before = token.wallet(address)
        order = token.register_wallet(
            registrar,
            address,
            CLASSES[class_],
            identification_expiry=expiry,
            jurisdiction=jurisdiction,
            real_name=real_name,
        )
        (receipt,) = token.send(order)
        now = token.wallet(address)
    document = {"account": account, "wallet": {"before": _wallet_document(before), "now": _wallet_document(now)}}
    lines = [f"{account}: {class_text(before.wallet_class)} -> {class_text(now.wallet_class)}; {_identification(now)}"]
    command.show_sent(receipt, document, lines, f"wallet show --account {account}")


@wallet.command("payee-only")
@click.option("--account", required=True, help="The payee, by its name.")
@click.option("--on/--off", "enabled", default=True, show_default=True, help="Set or clear the mark.")
@currency_command
def payee_only(account: str, enabled: bool, command: Command) -> None:
    """Mark an account as payee-only: it alone submits authorizations that pay it, and so delivers for each."""
    payee = command.signer(account)
    with command.token(write=True) as token:
        before = token.is_payee_only(payee.address)
        (receipt,) = token.send(token.set_payee_only(payee, enabled))
    words = {True: "the account alone", False: "any account"}
    lines = [f"may submit authorizations that pay {account}: {words[before]} -> {words[enabled]}"]
    document = {"account": account, "payee_only": {"before": before, "now": enabled}}
    command.show_sent(receipt, document, lines, f"wallet show --account {account}")


@wallet.command("mark-settlement")
@account_option
@by_option(Role.SETTLEMENT_REGISTRAR)
@currency_command
def mark_settlement(account: str, by: str | None, command: Command) -> None:
    """Mark a contract that holds value of others as a settlement account. The mark is permanent."""
    address = command.address(account)
    registrar = command.holder(by, Role.SETTLEMENT_REGISTRAR)
    with command.token(write=True) as token:
        before = token.is_settlement_account(address)
        (receipt,) = token.send(token.mark_settlement_account(registrar, address))
    words = "settlement account" if before else "own account"
    document = {"account": account, "settlement_account": {"before": before, "now": True}}
    lines = [f"{account}: {words} -> settlement account"]
    command.show_sent(receipt, document, lines, f"wallet show --account {account}")


@wallet.command("claim-credit")
@account_option
@click.option("--amount", help="Amount of the currency, part of the credit.  [default: all of it]")
@click.option("--by", help="Account that submits the claim; any account may. Defaults to the account.")
@currency_command
def claim_credit(account: str, amount: str | None, by: str | None, command: Command) -> None:
    """Pay an account its credit: an amount that it could not receive before."""
    address = command.address(account)
    submitter = command.signer(by or account)
    with command.token() as token:
        units = token.credit_of(address) if amount is None else to_units(amount)
    if not units:
        raise UsageError(f"{account} has no credit, or the amount is zero", account=account)
    document, useful_next = {"amount_units": str(units)}, f"wallet show --account {account}"
    command.move(
        {account: address},
        lambda token: token.claim_credit(submitter, address, units),
        document,
        useful_next,
    )


def _expiry(until: dt.datetime | None) -> int:
    """Return the first day on which an identification is no longer valid."""
    from pysettle.client.money.wallets import date_of, day_number
    from pysettle.domain.money.wallets import IDENTIFICATION_WITHOUT_END

    if until is None:
        return IDENTIFICATION_WITHOUT_END
    expiry = day_number(until.date()) + 1
    if not 0 < expiry < IDENTIFICATION_WITHOUT_END:
        last = date_of(IDENTIFICATION_WITHOUT_END - 2)
        raise UsageError(
            f"the last day of an identification is from 1970-01-01 to {last}; leave the option out for no end",
            latest=last,
        )
    return expiry


def _identification(wallet: Wallet) -> str:
    from pysettle.client.money.wallets import date_of
    from pysettle.domain.money.wallets import IDENTIFICATION_WITHOUT_END

    if wallet.identification_expiry == 0:
        return "no identification"
    without_end = wallet.identification_expiry == IDENTIFICATION_WITHOUT_END
    until = "without end" if without_end else f"valid until {date_of(wallet.identification_expiry - 1)} (UTC+8)"
    name = "real name" if wallet.real_name else "anonymous"
    country = f"jurisdiction {wallet.jurisdiction:03}" if wallet.jurisdiction else "no jurisdiction"
    return f"identification {until}, {name}, {country}"


def _wallet_document(wallet: Wallet) -> dict[str, object]:
    from pysettle.client.money.wallets import date_of
    from pysettle.domain.money.wallets import IDENTIFICATION_WITHOUT_END

    expiry = wallet.identification_expiry
    bounded = 0 < expiry < IDENTIFICATION_WITHOUT_END
    return {
        "class": class_word(wallet.wallet_class),
        "identification_until": date_of(expiry - 1).isoformat() if bounded else None,
        "identification_expiry_day": str(expiry),
        "jurisdiction": str(wallet.jurisdiction),
        "real_name": wallet.real_name,
    }


def _standing_document(standing: WalletStanding) -> dict[str, object]:
    from pysettle.client.money.wallets import date_of

    def spent(units: int, left: int | None) -> dict[str, object]:
        return {"spent_units": whole(units if standing.counts else None), "left_units": whole(left)}

    return {
        **_wallet_document(standing.wallet),
        "effective_class": class_word(standing.effective_class),
        "day": date_of(standing.today).isoformat(),
        "today": spent(standing.spent_today, standing.left_today),
        "this_year": spent(standing.spent_this_year, standing.left_this_year),
    }


def _standing_lines(standing: WalletStanding, command: Command) -> list[str]:
    from pysettle.client.money.wallets import date_of
    from pysettle.domain.money.wallets import NO_LIMIT

    registered, effective = standing.wallet.wallet_class, standing.effective_class
    held = "" if effective == registered else f", identification expired: held to {class_text(effective)}"
    lines = [f"{class_text(registered)}{held}; {_identification(standing.wallet)}"]
    most = (("balance", standing.limits.balance), ("one payment", standing.limits.payment))
    caps = [f"{name} {command.text(limit)}" for name, limit in most if limit != NO_LIMIT]
    lines += [f"at most: {', '.join(caps)}"] if caps else ["no limit for balance and payment"]
    if not standing.counts:
        return [*lines, "no daily and annual limit; payments are not counted"]
    spans = (
        (f"today ({date_of(standing.today)}, UTC+8)", standing.spent_today, standing.left_today),
        ("this year", standing.spent_this_year, standing.left_this_year),
    )
    return lines + [
        f"spent {span}: {command.text(spent)}, {'no limit' if left is None else f'{command.text(left)} left'}"
        for span, spent, left in spans
    ]
