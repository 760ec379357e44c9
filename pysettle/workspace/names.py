"""The names in a workspace, for completion by a shell: of accounts, and of the entries of lists.

No chain is opened: accounts are files, and the store has the entries of the last list.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pysettle.workspace.config import CONFIG_FILE

LISTS_FILE = "lists.sqlite"
"""File that stores lists between commands."""
RECORDS_FILE = "records.sqlite"
"""File that stores the rows of the chain between commands."""


def workspace_near(start: Path, *, above: bool) -> Path:
    """Return the directory of a workspace, or `start` if there is none.

    Args:
        start: The workspace; with `above` a directory in it.
        above: Whether to look in the directories above, too.
    """
    folders = (start, *start.absolute().parents) if above else (start,)
    return next((folder for folder in folders if (folder / CONFIG_FILE).is_file()), start)


def account_names(workspace: Path) -> list[str]:
    """Return the names of the accounts of a workspace, sorted, by the names of their files alone.

    Raises:
        OSError: the directory cannot be read.
    """
    return sorted(file.stem for file in (workspace / "accounts").glob("*.json"))


def listed_names(workspace: Path, model: str) -> list[str]:
    """Return the names of the entries of a read model, in the order of the chain, as the last list left them.

    A series is named by its symbol where no other has it and it is one plain word; everything else by its id.
    """
    from pysettle.client.store import kept

    entries = kept(workspace / LISTS_FILE, model)
    symbols = {key: str(value.get("symbol", "")) for key, value in entries.items()}
    counted = Counter(symbols.values())
    return [
        symbol if counted[symbol] == 1 and symbol.isidentifier() else f"0x{key.hex()}"
        for key, symbol in symbols.items()
    ]
