"""A directory with a network: its chain, accounts, configuration and deployment."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pysettle.workspace.directory import Workspace

__all__ = ["Workspace"]


def __getattr__(name: str) -> Any:
    """Load a workspace at its first use: its configuration and accounts are read without a chain."""
    if name != "Workspace":
        raise AttributeError(name)
    from pysettle.workspace.directory import Workspace

    return Workspace
