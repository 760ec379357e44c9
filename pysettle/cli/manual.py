"""`docs/reference/cli.md`, made from the commands: `python -m pysettle.cli.manual > docs/reference/cli.md`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from pysettle.cli.main import children, main
from pysettle.cli.nouns import example

_SHARED = {
    "--workspace": "the workspace; `PYSETTLE_WORKSPACE` if left out, else the one the current folder is in",
    "--chain": "where the workspace's network answers; `PYSETTLE_CHAIN` if left out",
    "--currency": "CNY, HKD, THB or AED; CNY if left out",
    "--password-file": "file with the password of encrypted accounts; `PYSETTLE_PASSWORD_FILE` if left out",
    "--wide": "print tables whole; without it they are cut to 80 columns, but for numbers and dates",
    "--json": "print one JSON document with a `schema`: amounts are units as decimal strings",
}
"""Option -> what it is for, of those that many commands have."""

_HEAD = """\
# Commands

Made from the commands' own help by `python -m pysettle.cli.manual`; everything is a simulation. Results are on stdout,
everything else on stderr. Exit codes: 0 done and clean, 1 abort, 2 usage, 3 artifacts, 4 chain, 5 a contract refused,
6 bundle unreadable, 7 the audit found something, 8 done, but its result could not be printed, 130 interrupted. A
refusal is one line. After 8 do not repeat the command: it sent or wrote something, which the line names. A command that
only reads ends with 1 where its result cannot be printed; it says nothing where its reader closed the pipe, as `head`
does. Ctrl-C ends a command with 130; the line names the last transaction that was handed over, or says that
none was.

Every number is written in the digits 0 to 9. An amount of a currency has a point and at most six decimals, or two where
reserve comes in or goes out; a number of Tokens has none.

With `--json` a command prints one document on stdout, whatever becomes of it. Its `schema` is
`pysettle.NOUN-VERB/1` by the words of the command; integers are decimal strings, an absent value is null. A failure is
a document of the schema `pysettle.failure/1`: the name of the error, its values, the exit code, and in words what the
line on stderr says. A command that has printed what it found, such as `network status`, prints no second document.

A shell completes commands, options and names after `eval "$(_PYSETTLE_COMPLETE=bash_source pysettle)"`; `zsh_source`
and `fish_source` are for zsh and fish. The names of accounts are those of the workspace; series, channels and orders
are those that `market list`, `channel list`, `job list` or any other command that reads lists has seen last.

Options that many commands have, left out below:
"""


def manual() -> str:
    """Return the manual as Markdown."""
    shared = "\n".join(f"- `{name}`: {text}" for name, text in _SHARED.items())
    return "\n\n".join([_HEAD.rstrip("\n"), shared, *_sections(main, "pysettle")]) + "\n"


def _sections(group: click.Group, path: str) -> Iterator[str]:
    for name, command in children(group):
        if isinstance(command, click.Group):
            yield f"## {path} {name}\n\n{_text(command.help)}"
            for verb, child in children(command):
                yield f"### {path} {name} {verb}\n\n{_body(child, f'{path} {name} {verb}')}"
        else:
            yield f"## {path} {name}\n\n{_body(command, f'{path} {name}')}"


def _body(command: click.Command, path: str) -> str:
    context = click.Context(command)
    options = [it for it in command.params if isinstance(it, click.Option)]
    told = [it.get_help_record(context) for it in options if it.required or it.opts[0] not in _SHARED]
    lines = [f"- `{record[0]}`: {_text(record[1])}" for record in told if record]
    arguments = "".join(f" {it.make_metavar(context)}" for it in command.params if isinstance(it, click.Argument))
    argument = f"Takes `{arguments.strip()}`.\n\n" if arguments else ""
    shown = f"```console\n$ {example(command, path)}\n```"
    return f"{_text(command.help)}\n\n{argument}{chr(10).join(lines)}".rstrip() + f"\n\n{shown}"


def _text(text: str | None) -> str:
    """Return help in one paragraph a paragraph."""
    return "\n\n".join(" ".join(part.split()) for part in (text or "").split("\n\n"))


if __name__ == "__main__":
    click.echo(manual(), nl=False)
