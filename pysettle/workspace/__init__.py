"""A directory with a network: its chain, accounts, configuration and deployment."""

from pysettle.workspace.directory import Workspace

__all__ = ["Workspace"]
