"""`pysettle token authorize|permit|submit|inspect|cancel-authorization`: payments and allowances by signature."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from pysettle.cli.command import (
    Command,
    Function,
    amount_option,
    currency_command,
    currency_view,
    to_option,
)
from pysettle.cli.documents import change
from pysettle.cli.nouns import Verb
from pysettle.cli.options import Count
from pysettle.cli.output import instant, say, tell, write_text
from pysettle.errors import UsageError
from pysettle.money import to_units
from pysettle.reading import read_hex
from pysettle.values import HOUR_S

if TYPE_CHECKING:
    from pysettle.client.money.currency import CurrencyToken
    from pysettle.client.signed import SignedMessage

_hours_option = click.option(
    "--hours", type=Count(1, 10**6), default=24, show_default=True, help="Validity in hours of chain time."
)
_out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default="-",
    show_default=True,
    help="File for the signed document.",
)


def _nonce(_: click.Context, __: click.Parameter, text: str | None) -> bytes | None:
    return None if text is None else read_hex(text, 32)


def _file_option(*, required: bool) -> Callable[[Function], Function]:
    return click.option(
        "--file",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        required=required,
        help="The signed document; - for stdin.",
    )


@click.command(cls=Verb)
@click.option("--from", "payer", required=True, help="Account that pays and signs, by its name.")
@to_option
@amount_option
@_hours_option
@click.option("--receive", is_flag=True, help="Only the payee may submit it; by default any account may.")
@click.option("--nonce", callback=_nonce, help="32 bytes in hex; its last 8 bytes may be used once.  [default: random]")
@_out_option
@currency_command
def authorize(
    payer: str,
    to: str,
    amount: str,
    hours: int,
    receive: bool,
    nonce: bytes | None,
    out: Path,
    command: Command,
) -> None:
    """Sign a payment that another account submits (EIP-3009); this sends no transaction."""
    from pysettle.client.signed import SignedMessage
    from pysettle.domain.core.messages import Authorization

    units, payee = to_units(amount), command.address(to)
    key = command.key(payer)
    with command.workspace.chain() as chain:
        token = command.workspace.network(chain).system(command.currency).token
        valid_before = chain.clock.now() + hours * HOUR_S
        terms = Authorization(key.address, payee, units, 0, valid_before, nonce or secrets.token_bytes(32))
        signed = SignedMessage.authorization(token, command.currency, key, terms, receive=receive)
    submitter = to if receive else "any account"
    line = (
        f"{payer} authorizes a payment of {command.text(units)} to {to}; {submitter} may submit it before "
        f"{instant(valid_before)}"
    )
    _write(signed, line, out, command)


@click.command(cls=Verb)
@click.option("--from", "payer", required=True, help="Holder of the tokens, which signs, by its name.")
@click.option("--spender", required=True, help="Account that may transfer: a name or an address.")
@amount_option
@_hours_option
@_out_option
@currency_command
def permit(payer: str, spender: str, amount: str, hours: int, out: Path, command: Command) -> None:
    """Sign an allowance that another account submits (EIP-2612); this sends no transaction."""
    from pysettle.client.signed import SignedMessage

    units, to = to_units(amount), command.address(spender)
    key = command.key(payer)
    with command.workspace.chain() as chain:
        token = command.workspace.network(chain).system(command.currency).token
        deadline = chain.clock.now() + hours * HOUR_S
        signed = SignedMessage.permit(token, command.currency, key, to, units, deadline)
    line = f"{payer} permits {spender} to transfer {command.text(units)}, to be submitted by {instant(deadline)}"
    _write(signed, line, out, command)


@click.command(cls=Verb)
@_file_option(required=True)
@click.option("--by", help="Account that submits it.  [default: the payee, or the spender of a permit]")
@currency_command
def submit(file: Path, by: str | None, command: Command) -> None:
    """Submit a signed authorization or permit."""
    from pysettle.client.signed import Form

    signed = _read(file, command)
    submitter = command.signer(by or command.name(signed.beneficiary))
    payer, payee = command.name(signed.signer), command.name(signed.beneficiary)
    document: dict[str, object] = {"form": signed.form.value, "amount_units": str(signed.message.value)}
    with command.token() as token:
        signed.check_token(token, token.domain.chain_id)
    if signed.form is not Form.PERMIT:
        holders = {payer: signed.signer, payee: signed.beneficiary}
        useful_next = f"token balance --account {payee}"
        document |= {"allowance_units": None}
        command.move(holders, lambda token: signed.submit(token, submitter), document, useful_next)
        return
    with command.token(write=True) as token:
        before = token.allowance(signed.signer, signed.beneficiary)
        (receipt,) = token.send(signed.submit(token, submitter))
        now = token.allowance(signed.signer, signed.beneficiary)
    lines = [f"{payee} may transfer of {payer}: {command.change(before, now)}"]
    useful_next = f"token allowance --from {payer} --spender {payee}"
    document |= {"balance_units": None, "credit_units": None, "allowance_units": change(before, now)}
    command.show_sent(receipt, document, lines, useful_next)


@click.command(cls=Verb)
@_file_option(required=True)
@currency_view
def inspect(file: Path, command: Command) -> None:
    """Show the content of a signed authorization or permit, and whether it can be submitted now."""
    signed = _read(file, command)
    with command.workspace.chain() as chain:
        token = command.workspace.network(chain).system(command.currency).token
        signed.check_token(token, chain.chain_id)
        state = _state(signed, token, chain.clock.now())
    payer, payee = command.name(signed.signer), command.name(signed.beneficiary)
    lines = [f"{signed.form.value}: {command.text(signed.message.value)} of {payer} for {payee}", state]
    command.show({"state": state, "signed": signed.document()}, lines)


@click.command("cancel-authorization", cls=Verb)
@_file_option(required=False)
@click.option("--from", "payer", help="Account that signed the authorization, by its name, in place of the file.")
@click.option(
    "--nonce",
    callback=_nonce,
    help="Its nonce, in place of the file; only the last 8 bytes count.",
)
@click.option("--by", help="Account that submits the cancellation. Defaults to the signer of the authorization.")
@currency_command
def cancel_authorization(
    file: Path | None, payer: str | None, nonce: bytes | None, by: str | None, command: Command
) -> None:
    """Cancel an unused authorization: its payer signs a cancellation of the nonce."""
    from pysettle.domain.core.messages import Permit

    if (file is None) == (payer is None and nonce is None) or (payer is None) != (nonce is None):
        raise UsageError("name the authorization either by --file, or by --from and --nonce")
    if file is not None:
        signed = _read(file, command)
        if isinstance(signed.message, Permit):
            raise UsageError("this is a permit, not an authorization: replace it by `pysettle token approve`")
        payer, nonce = command.name(signed.signer), signed.message.nonce
    assert payer is not None
    assert nonce is not None
    key = command.key(payer)
    submitter = command.signer(by) if by else key
    with command.token(write=True) as token:
        (receipt,) = token.send(token.cancel_authorization(submitter, key, nonce))
    document = {"from": payer, "nonce": "0x" + nonce.hex(), "state": {"before": "open", "now": "cancelled"}}
    lines = [f"authorization {document['nonce']} of {payer}: open -> cancelled"]
    command.show_sent(receipt, document, lines, f"token balance --account {payer}")


def _state(signed: SignedMessage, token: CurrencyToken, now: int) -> str:
    from pysettle.domain.core.messages import Authorization, Permit

    message = signed.message
    if signed.is_spent(token):
        return "used or cancelled"
    if not signed.is_signed(token):
        return "not signed by the holder of the tokens"
    if now > message.deadline if isinstance(message, Permit) else now >= message.valid_before:
        return "expired"
    if isinstance(message, Authorization) and now <= message.valid_after:
        return "not valid yet"
    return "can be submitted"


def _write(signed: SignedMessage, line: str, out: Path, command: Command) -> None:
    text, in_file = json.dumps(signed.document(), indent=2), str(out) != "-"
    if in_file:
        write_text(out, text + "\n", signed.form.value)
    elif not command.as_json:
        say(text)
        tell(line)
        return
    lines = [line, f"Next: {command.next(f'token submit --file {quote(str(out))}')}"]
    command.show({"file": str(out) if in_file else None, "signed": signed.document()}, lines)


def _read(file: Path, command: Command) -> SignedMessage:
    from pysettle.client.signed import SignedMessage

    try:
        with click.open_file(str(file), "rb") as stream:
            content = stream.read()
    except OSError as problem:
        raise UsageError(f"{file} cannot be read: {problem}", path=file) from problem
    signed = SignedMessage.from_bytes(content)
    if signed.currency is not command.currency:
        raise UsageError(
            f"this message is in {signed.currency.value}: give --currency {signed.currency.value}",
            currency=signed.currency.value,
        )
    return signed
