"""`docs/reference/cli.md`, made from the commands: `python -m pysettle.cli.manual > docs/reference/cli.md`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from pysettle.cli.main import children, main
from pysettle.cli.nouns import example

_SHARED = {
    "--workspace": "the workspace; defaults to `PYSETTLE_WORKSPACE`, then to the one that contains the current folder",
    "--chain": "URL of the workspace's network; defaults to `PYSETTLE_CHAIN`, then to the URL given to `init`",
    "--currency": "CNY, HKD, THB or AED; defaults to CNY",
    "--password-file": "file with the password of encrypted accounts; defaults to `PYSETTLE_PASSWORD_FILE`",
    "--wide": "print whole tables; by default their texts and ids are cut so that a line has 80 columns",
    "--json": "print one JSON document with a `schema`; amounts are units as decimal strings",
}
"""Option of many commands -> its purpose."""

_HEAD = """\
# Commands

`python -m pysettle.cli.manual` makes this page from the help of the commands. Everything is a simulation. Results go to
stdout, everything else to stderr.

A command ends with one of these exit codes: 0 success, 1 abort, 2 usage, 3 artifacts, 4 chain, 5 a contract refused,
6 bundle unreadable, 7 the audit has findings, 8 success without a printed result, 130 interrupted. A failure prints one
line. After exit code 8 do not repeat the command: it sent a transaction or wrote a file, and the line names it. A
command that only reads ends with 1 if its result cannot be printed; it prints no error if its reader, such as `head`,
closed the pipe. Ctrl-C ends a command with 130; the line names the last transaction that the command sent, if any.

Every number is written in the digits 0 to 9. An amount of a currency has a point and at most six decimals; an amount of
reserve, issuance or redemption has at most two. A number of Tokens has none.

With `--json` a command prints one document on stdout, also if it fails. The `schema` is `pysettle.NOUN-VERB/1` by the
words of the command. Integers are decimal strings, and a name ends with the unit: `balance_units`, `fee_bps`,
`now_unix_s`. Units of a currency stand beside the code of the `currency`. A command prints the same keys in every run,
and an absent value is null. A failure has the schema `pysettle.failure/1`: the name of the error, its values, the exit
code, and the message of the line on stderr. A command that prints a result and then fails, such as `network status`,
prints no second document.

A shell completes commands, options and names after `eval "$(_PYSETTLE_COMPLETE=bash_source pysettle)"`; `zsh_source`
and `fish_source` are for zsh and fish. It completes the accounts of the workspace, and the series, channels and orders
of the last `market list`, `channel list`, `job list` or other command that reads lists.

These options belong to many commands and are not repeated below:
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
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    own = [option.get_help_record(context) for option in options if option.required or option.opts[0] not in _SHARED]
    lines = [f"- `{record[0]}`: {_text(record[1])}" for record in own if record]
    names = [parameter.make_metavar(context) for parameter in command.params if isinstance(parameter, click.Argument)]
    arguments = " ".join(names)
    argument = f"Takes `{arguments}`.\n\n" if arguments else ""
    shown = f"```console\n$ {example(command, path)}\n```"
    return f"{_text(command.help)}\n\n{argument}{chr(10).join(lines)}".rstrip() + f"\n\n{shown}"


def _text(text: str | None) -> str:
    """Return help with each paragraph on one line."""
    return "\n\n".join(" ".join(part.split()) for part in (text or "").split("\n\n"))


if __name__ == "__main__":
    click.echo(manual(), nl=False)
