"""The accounts of a workspace: the signer of each, and its file."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pysettle.documents import parse_json
from pysettle.errors import PasswordRefused, UnknownAccount, UsageError, WorkspaceError
from pysettle.errors.states import Role
from pysettle.money import Currency
from pysettle.reading import read_address
from pysettle.workspace.files import is_file, read_whole, write_whole
from pysettle.workspace.keystore import check_keystore, read_keystore, unlock

if TYPE_CHECKING:
    from pysettle.domain.core.signing import Signer
    from pysettle.evm.encoding import TransactionSigner
    from pysettle.values import Address

_ADDRESS_BYTES = 20
_NAME_BYTES = 100
"""Longest name of an account, in UTF-8: its file, and the file before that is whole, carry it."""
_DEVELOPMENT = "development key: everybody with pysettle knows it; it protects simulated money on this chain alone"


def default_account(role: Role, currency: Currency = Currency.CNY) -> str:
    """Return the name of the account that holds a role unless another is named, such as `hkd-central-bank`."""
    name = "bank" if role is Role.OPERATOR else role.label
    return name if currency is Currency.CNY else f"{currency.value.lower()}-{name}"


class Accounts:
    """A folder with one file an account: an encrypted keystore, a development key, or where its remote signer is."""

    def __init__(self, folder: Path, seed: int, *, replaceable: bool = False) -> None:
        """Use a folder.

        Args:
            folder: Folder of the files.
            seed: Seed of development keys.
            replaceable: Whether accounts may still be replaced by others of their names.
        """
        self._folder, self._seed, self._replaceable = folder, seed, replaceable

    def addresses(self) -> dict[str, Address]:
        """Return mapping name -> address, ordered by name."""
        from pysettle.values import Address

        names = sorted(file.stem for file in self._folder.glob("*.json"))
        if not names:
            raise WorkspaceError(f"{self._folder} holds no account: restore it from a copy", path=self._folder)
        return {name: Address(bytes.fromhex(self._account(name)["address"][2:])) for name in names}

    def keys(self) -> dict[str, str]:
        """Return mapping name -> where the account's key is, in words, ordered by name."""

        def place(document: dict[str, Any]) -> str:
            if "remote" in document:
                return f"remote signer at {document['remote']}"
            return "development key" if "development" in document else "encrypted keystore"

        return {name: place(self._account(name)) for name in self.addresses()}

    def address(self, name: str) -> Address:
        """Return the address of a named account, or the one that is written out.

        Raises:
            UnknownAccount: neither.
            InvalidNumber: it begins like an address but is malformed, or its checksum (EIP-55) is wrong.
        """
        from pysettle.values import Address

        if name.startswith("0x"):
            return read_address(name)
        return Address(bytes.fromhex(self._account(name)["address"][2:]))

    def name(self, address: Address) -> str:
        """Return the name of the account that has an address, or the address written out where none has."""
        names = (name for name, known in self.addresses().items() if known == address)
        return next(names, "0x" + address.hex())

    def signer(self, name: str, password: str | None = None) -> TransactionSigner:
        """Return the signer of the transactions of a named account.

        Raises:
            UnknownAccount: no such account.
            PasswordRefused: the key is encrypted, and the password missing or wrong.
            WorkspaceError: the key is not that of the account's address.
        """
        from pysettle.evm.remote_signer import RemoteSigner

        document = self._account(name)
        if "remote" in document:
            return RemoteSigner(document["remote"], self.address(name))
        if "development" in document:
            signer = self.development_key(name)
        elif password is None:
            raise PasswordRefused(
                f"the key of {name} is encrypted: give its password in a file (--password-file)", account=name
            )
        else:
            signer = unlock(document["keystore"], password, f"the key of {name}")
        if signer.address != self.address(name):
            raise WorkspaceError(
                f"the key of {name} is that of 0x{signer.address.hex()}, and {self._account_file(name)} names "
                f"{document['address']}: restore that file from a copy",
                account=name,
            )
        return signer

    def key(self, name: str, password: str | None = None) -> Signer:
        """Return the key of a named account, for signatures other than those of transactions (EIP-712).

        Raises:
            UnknownAccount: no such account.
            PasswordRefused: the key is encrypted, and the password missing or wrong.
            UsageError: the key is behind a remote signer, which only signs transactions.
        """
        from pysettle.domain.core.signing import Signer

        signer = self.signer(name, password)
        if not isinstance(signer, Signer):
            raise UsageError(
                f"{name} has to sign a statement (EIP-712), and its remote signer signs transactions alone: "
                f"give the account a keystore (pysettle account add {name} --keystore FILE --replace)",
                account=name,
            )
        return signer

    def import_keystore(self, name: str, file: Path, password: str | None, *, replace: bool = False) -> Address:
        """Add an account with its key in a keystore file (Web3 Secret Storage, version 3), which is copied.

        The keystore is opened once. It need not name an address, and a named one need not be that of the key; value
        could then be sent to an account without a known key.

        Args:
            name: Name of the account in commands.
            file: The keystore.
            password: Opens it; the copy keeps this password.
            replace: Whether it replaces an account of that name, before the network is deployed.

        Raises:
            WorkspaceError: the file is no keystore, its address is not its key's, or the name cannot be used.
            PasswordRefused: the password is missing, or does not open it.
        """
        try:
            keystore, stated = read_keystore(file.read_bytes())
        except OSError as problem:
            raise WorkspaceError(f"{file} cannot be read: {problem.strerror}", path=file) from problem
        except ValueError as problem:
            raise WorkspaceError(f"{file} is no keystore of version 3: {problem}", path=file) from problem
        if password is None:
            raise PasswordRefused(
                f"give the password of {file} in a file (--password-file): it is opened once, to check its address",
                path=file,
            )
        address = unlock(keystore, password, f"the keystore {file}").address
        if stated is not None and stated != address:
            raise WorkspaceError(
                f"{file} names the address 0x{stated.hex()}, and its key is that of 0x{address.hex()}", path=file
            )
        self._add(name, {"address": "0x" + address.hex(), "keystore": keystore}, replace)
        return address

    def add_remote_signer(self, name: str, url: str, address: Address, *, replace: bool = False) -> None:
        """Add an account with a signer of transactions behind JSON-RPC; arguments and errors as `import_keystore`.

        Raises:
            WorkspaceError: the URL has a user or password in it, which are not stored in a file.
        """
        from pysettle.evm.jsonrpc import JsonRpc

        shown = JsonRpc(url).url
        if "@" in url and "@" not in shown:
            raise WorkspaceError("the URL of a signer is stored in a file: leave user and password out of it")
        self._add(name, {"address": "0x" + address.hex(), "remote": shown}, replace)

    def add_key(self, name: str, password: str | None, *, replace: bool = False) -> Address:
        """Add an account with a key as `create` makes it; return its address. Arguments as `import_keystore`.

        Raises:
            WorkspaceError: the name cannot be used, or an account of that name does not give way.
            PasswordRefused: the password is empty.
        """
        from pysettle.values import Address

        document = self._with_key(name, password)
        self._add(name, document, replace)
        return Address(bytes.fromhex(document["address"][2:]))

    def _with_key(self, name: str, password: str | None) -> dict[str, Any]:
        """Return an account with a fresh random key under the password, or with the development key of its name."""
        if password is None:
            address = self.development_key(name).address
            return {"address": "0x" + address.hex(), "development": _DEVELOPMENT}
        from eth_account import Account as EthAccount

        from pysettle.domain.core.signing import Signer

        _check_password(password)
        signer = Signer(secrets.token_bytes(32))
        return {"address": "0x" + signer.address.hex(), "keystore": EthAccount.encrypt(signer.secret, password)}

    def _add(self, name: str, document: dict[str, Any], replace: bool) -> None:
        _check_name(name)
        if self._account_file(name).exists():
            if not replace:
                way_out = ", or --replace it" if self._replaceable else ""
                raise WorkspaceError(f"there is an account {name} already: choose another name{way_out}", account=name)
            if not self._replaceable:
                raise WorkspaceError(
                    f"the network is deployed, and {name} may hold a role in it: choose another name", account=name
                )
        self._write(name, document)

    def _write(self, name: str, document: dict[str, Any]) -> None:
        content = json.dumps({"name": name, **document}, indent=2) + "\n"
        write_whole(self._account_file(name), content.encode())

    def create(
        self, names: Sequence[str], password: str | None, on_progress: Callable[[int, int], None] = lambda *_: None
    ) -> None:
        """Make the folder, and an account for each name: a fresh random key under the password, or a development key.

        Raises:
            WorkspaceError: a name cannot be used.
            PasswordRefused: the password is empty.
        """
        for name in names:
            _check_name(name)
        if password is not None:
            _check_password(password)
        try:
            self._folder.mkdir()
        except OSError as problem:
            raise WorkspaceError(f"{self._folder} cannot be made: {problem.strerror}", path=self._folder) from problem
        self.make(names, password, on_progress)

    def make(
        self, names: Sequence[str], password: str | None, on_progress: Callable[[int, int], None] = lambda *_: None
    ) -> tuple[str, ...]:
        """Create the missing accounts of these names, with keys as by `create`; return their names.

        Args:
            names: Names of the accounts in commands.
            password: Encrypts their keys, which takes about a second each; None for development keys.
            on_progress: Called with the number of created accounts, and the total.

        Raises:
            WorkspaceError: a name cannot be used; then no account is created.
            PasswordRefused: the password is empty; then no account is created.
        """
        for name in names:
            _check_name(name)
        if password is not None:
            _check_password(password)
        missing = tuple(name for name in dict.fromkeys(names) if not self._account_file(name).exists())
        for made, name in enumerate(missing):
            on_progress(made, len(missing))
            self._write(name, self._with_key(name, password))
        return missing

    def development_signers(self) -> tuple[Signer, ...]:
        """Return the keys that are not encrypted, in the order of their accounts' names."""
        return tuple(self.development_key(name) for name in self.addresses() if "development" in self._account(name))

    def development_key(self, name: str) -> Signer:
        """Return the development key of an account of that name, whether or not it is used here."""
        from pysettle.domain.core.signing import Signer

        return Signer.derived("workspace", self._seed, name)

    def _account_file(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _account(self, name: str) -> dict[str, Any]:
        if not _can_name(name) or not is_file(self._account_file(name)):
            raise UnknownAccount(name, tuple(sorted(file.stem for file in self._folder.glob("*.json"))))
        file = self._account_file(name)
        try:
            return _checked(parse_json(read_whole(file)))
        except WorkspaceError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise WorkspaceError(
                f"{file} is no account of a workspace ({problem}): restore it from a copy", path=file
            ) from problem


def _checked(document: Any) -> dict[str, Any]:
    """Return the document of an account with all its fields; raise Python's own error for a wrong form."""
    if len(bytes.fromhex(document["address"].removeprefix("0x"))) != _ADDRESS_BYTES or document["address"][:2] != "0x":
        raise ValueError(f"{document['address']!r} is no address")
    kinds = [kind for kind in ("development", "remote", "keystore") if kind in document]
    if len(kinds) != 1 or not isinstance(document[kinds[0]], dict if kinds == ["keystore"] else str):
        raise ValueError("it names no key, or several")
    if kinds == ["keystore"]:
        check_keystore(document["keystore"])
    return dict(document)


def _check_password(password: str) -> None:
    if not password:
        raise PasswordRefused("the password is empty, and would protect nothing: write one into its file")


def _can_name(name: str) -> bool:
    """Whether a file can be called after an account of that name."""
    fits = name.replace("-", "").isalnum() and not name.startswith("0x")
    return fits and len(name.encode()) <= _NAME_BYTES


def _check_name(name: str) -> None:
    if not _can_name(name):
        raise WorkspaceError(
            f"{name[:80]!r} cannot name an account: use letters, digits and hyphens, up to {_NAME_BYTES} bytes, and "
            "no 0x at the beginning, as an address has",
            name=name,
        )
