"""Nouns and their verbs in the help: in the order of work, each with an example."""

from __future__ import annotations

from shlex import quote

import click

EXAMPLES = {
    "--accelerator": "Ascend 910C",
    "--account": "alice",
    "--address": "0x1c6901925b59d5910f9ae7764f32f92a303b81a9",
    "--amount": "100",
    "--arbiter": "registrar",
    "--batch": "alice:0:3",
    "--bic": "HSBCHKHH",
    "--bundle": "build/bundle",
    "--by": "bob",
    "--capacity": "1000000000",
    "--ceiling": "1000",
    "--channel": "0x70a41e5e",
    "--class": "II",
    "--config": "gateway.toml",
    "--counter": "HKD",
    "--creditor": "bob",
    "--currency": "HKD",
    "--day-end-limit": "100000",
    "--debtor": "alice",
    "--end-day": "2026-02-01",
    "--end-to-end-id": "INV-2026-1",
    "--evidence": "evidence.pdf",
    "--file": "signed.json",
    "--first-day": "2026-01-01",
    "--from": "alice",
    "--from-jurisdiction": "156",
    "--ground": "insolvent",
    "--home": "HKD",
    "--id": "1",
    "--jurisdiction": "344",
    "--key": "auditor.json",
    "--leg": "HKD:alice:bob:12.50",
    "--legal-basis": "order.pdf",
    "--lei": "PYSETTLE000000000111",
    "--month": "2026-03",
    "--milestone": "5@2026-02-01T08:00:00+08:00",
    "--name": "Tokens",
    "--obligations": "obligations.csv",
    "--operator": "bank",
    "--order": "0x3f1c",
    "--pay-in": "HKD",
    "--out": "signed.json",
    "--payer": "alice",
    "--payload": "payload.json",
    "--pays": "20",
    "--period": "1",
    "--positions": "positions.csv",
    "--provider": "provider",
    "--provider-bps": "5000",
    "--public-out": "public.json",
    "--purchase": "1000",
    "--quote": "quote.json",
    "--rate": "1000",
    "--rate-bps": "50",
    "--rates": "1,30,90/2,60,180",
    "--reason": "AC03",
    "--reference": "0.9069",
    "--role": "operator",
    "--ruling": "ruling.txt",
    "--sells": "18",
    "--series": "DSV4",
    "--settlement-limit": "1000000",
    "--spender": "bob",
    "--symbol": "DSV4",
    "--terms": "terms.txt",
    "--to": "bob",
    "--to-jurisdiction": "344",
    "--token-file": "facilitator.token",
    "--tokens": "1000000",
    "--unit-price": "150000",
    "--units": "8",
    "--until": "2026-06-01",
    "--window-limit": "5000000",
}
"""Required option -> a value in examples of most commands."""
ARGUMENTS = {
    "account": "alice",
    "bundle": "build/bundle",
    "directory": "town",
    "file": "postings.csv",
    "kind": "postings",
    "name": "carol",
    "tx_hash": "0x70a41e5e",
}
"""Argument -> a value in examples of most commands."""
_GROUND = {"--file": "order.pdf"}
OWN = {
    "audit export": {"--out": "build/bundle"},
    "audit query": {"--party": "alice"},
    "channel check": {"--file": "signed.json"},
    "cycle operator": {"--account": "bank"},
    "fx quote": {"--out": "quote.json"},
    "fx check": {"--file": "quote.json"},
    "fx show": {"--file": "quote.json"},
    "gateway proxy": {"--to": "http://127.0.0.1:4020"},
    "job place": {"--file": "work.txt"},
    "job sign": {"--file": "work.txt"},
    "job deliver": {"--file": "result.tar"},
    "job dispute": {"--file": "complaint.txt"},
    "job rule": {"--file": "ruling.txt", "--by": "registrar"},
    "obligation queue": {"--file": "obligations.csv"},
    "participant admit-all": {"--file": "banks.csv"},
    "participant suspend": _GROUND,
    "participant stop": _GROUND,
    "participant release": _GROUND,
    "scenario run": {"name": "ring"},
    "settle withdraw": {"--by": "alice"},
    "time advance": {"--days": "1"},
}
"""Command -> values of its own; options among them are in its example although none of them is required alone."""


def example(command: click.Command, path: str) -> str:
    """Return a command line with the required options, or those of its own, and no others."""
    words, own = [path], OWN.get(path.partition(" ")[2], {})
    for parameter in command.params:
        name = str(parameter.name)
        if isinstance(parameter, click.Argument):
            words.append(own.get(name, ARGUMENTS.get(name, name)))
        elif parameter.required or parameter.opts[0] in own:
            value = own.get(parameter.opts[0]) or EXAMPLES[parameter.opts[0]]
            words.append(f"{parameter.opts[0]} {quote(value)}")
    return " ".join(words)


class Verb(click.Command):
    """A command that shows an example below its help."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example, over several lines if it is too long for one."""
        with formatter.section("Example"):
            formatter.write_text(example(self, ctx.command_path))


class Noun(click.Group):
    """Commands on one subject, in the order of work, each with its whole first sentence."""

    command_class = Verb

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of their definition."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each verb with its first sentence, which is never cut."""
        sentences = [(name, command.get_short_help_str(limit=1_000)) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(sentences, col_max=22)
