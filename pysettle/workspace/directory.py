"""A workspace: a directory with a chain, a network and named accounts, which makes separate commands one system.

```
config.toml       the chain: an embedded one, or a network behind JSON-RPC (see pysettle.workspace.config)
genesis.json      block 0 of an embedded chain, as geth reads it
chain.sqlite      the embedded chain (see pysettle.evm.sqlite)
deployment.json   contracts, once they are deployed
lists.sqlite      lists, folded from the chain; it may be deleted at any time (see pysettle.client.store)
records.sqlite    rows of transactions, events and postings, likewise (see pysettle.audit.records.following)
accounts/         one file an account: an encrypted keystore, a development key, which is marked as such, or the URL of
                  a remote signer that has the key
```
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pysettle.errors import WorkspaceError
from pysettle.errors.states import Role
from pysettle.errors.words import Worded
from pysettle.money import Currency
from pysettle.workspace.accounts import Accounts
from pysettle.workspace.config import CONFIG_FILE, FORMAT, Config
from pysettle.workspace.files import UnfinishedFolder, is_file, read_whole, write_whole
from pysettle.workspace.names import LISTS_FILE
from pysettle.workspace.refusals import put_into_words
from pysettle.workspace.served import file_or_node

if TYPE_CHECKING:
    from pysettle.client.deployment import Deployment
    from pysettle.client.network import SettlementNetwork
    from pysettle.domain.core.contracts import Contracts
    from pysettle.evm.backend import ChainBackend
    from pysettle.evm.embedded import EmbeddedChain
    from pysettle.evm.genesis import Genesis
    from pysettle.evm.rpc import RpcChain
    from pysettle.evm.sqlite import SqliteDatabase

POWERS = (
    "administrator",
    "central-bank",
    "registrar",
    "freezer",
    "seizer",
    "pauser",
    "settlement-registrar",
    "attester",
    "bank",
)
"""Accounts that hold the roles of e-CNY: the bank is the operating institution, each other has the role of its name."""
ACCOUNTS = (*POWERS, "provider", "alice", "bob")
"""Accounts every workspace begins with."""


class Workspace:
    """An existing workspace. Opening it opens no chain: `chain` does, to read or to write."""

    def __init__(self, directory: Path, config: Config, url: str | None = None, *, in_file: bool = False) -> None:
        """Use a directory that `create` made; `open` checks it first."""
        self.directory = directory
        self.config = config
        self._url = url or (config.network.url if config.network else "")
        self._in_file = in_file
        self._checked: ChainBackend | None = None
        self._database: SqliteDatabase | None = None
        self.notify: Callable[[str], None] = lambda _: None
        """Called with a line about the destination of transactions while a node serves the chain."""

    @classmethod
    def create(
        cls,
        directory: Path,
        config: Config | None = None,
        *,
        extra: Sequence[str] = (),
        password: str | None = None,
        on_progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Workspace:
        """Create a workspace, whole or not at all.

        Args:
            directory: Its directory, absent or empty.
            config: Its chain.
            extra: Further accounts, which can pay for gas too.
            password: Encrypts a new random key for each account; None for development keys.
            on_progress: Called with the number of created accounts, and the total.

        Raises:
            PasswordRefused: the password is empty.
            WorkspaceError: the directory is not empty, or cannot be created; or development keys would be used on a
                network other than a development node.
            ChainError: development keys are for a node, and it does not answer, or serves another chain.
        """
        from pysettle.evm.interrupts import uninterrupted

        config = config or Config()
        if config.network and password is None and not _connected(config, config.network.url).is_development_node:
            raise WorkspaceError("this network is no development node's: encrypt keys of its own (--password-file)")
        names = tuple(dict.fromkeys((*ACCOUNTS, *extra)))
        unfinished = UnfinishedFolder(_absolute(directory))
        try:
            cls(unfinished.folder, config)._fill(names, password, on_progress)
            with uninterrupted():
                unfinished.publish(last=CONFIG_FILE)
        except BaseException:
            with uninterrupted():
                unfinished.discard()
            raise
        return cls(directory, config)

    @classmethod
    def open(cls, directory: Path, chain: str | None = None) -> Workspace:
        """Open a workspace.

        Args:
            directory: Its directory.
            chain: "embedded" for the chain in its file even while a node serves it, or a URL of its network in place of
                that in its config; None for the config.

        Raises:
            WorkspaceError: the directory is not a workspace, or its chain is of the other kind.
        """
        if not is_file(directory / CONFIG_FILE):
            raise WorkspaceError(f"{directory} is no workspace: make one with `pysettle init`", path=directory)
        config = Config.from_bytes(read_whole(directory / CONFIG_FILE))
        if chain is not None and (chain == "embedded") != (config.network is None):
            kind = "in its own file" if config.network is None else "a network"
            raise WorkspaceError(
                f"the chain of {directory} is {kind}: leave --chain out, or init another workspace", path=directory
            )
        return cls(directory, config, None if chain == "embedded" else chain, in_file=chain == "embedded")

    @classmethod
    def find(cls, start: Path, chain: str | None = None) -> Workspace:
        """Open the workspace that a directory is, or is inside of; `chain` is as for `open`.

        Raises:
            WorkspaceError: neither it nor a directory above it is one.
        """
        for directory in (start, *_absolute(start).parents):
            file = directory / CONFIG_FILE
            if is_file(file) and FORMAT.encode() in read_whole(file):
                return cls.open(directory, chain)
        raise WorkspaceError(
            f"{_absolute(start)} is in no workspace: make one with `pysettle init`, or name it", path=_absolute(start)
        )

    def _fill(self, names: Sequence[str], password: str | None, on_progress: Callable[[int, int], None]) -> None:
        from pysettle.evm.embedded import EmbeddedChain
        from pysettle.evm.sqlite import SqliteDatabase

        self.accounts.create(names, password, on_progress)
        (self.directory / CONFIG_FILE).write_text(self.config.to_text())
        if self.config.network:
            return
        block_0 = self.genesis()
        (self.directory / "genesis.json").write_bytes(block_0.to_bytes())
        with SqliteDatabase(self.directory / "chain.sqlite", create=True) as database:
            EmbeddedChain(block_0, database=database)

    @property
    def accounts(self) -> Accounts:
        """The named accounts; until the network is deployed they may be replaced."""
        return Accounts(self.directory / "accounts", self.config.seed, replaceable=not self.is_deployed)

    # The chain

    def genesis(self) -> Genesis:
        """Return a block 0 with a balance for gas of each account, and with the canonical contracts."""
        from pysettle.client.network import genesis

        accounts = self.accounts.addresses().values()
        return genesis(self.config.genesis_time, accounts, chain_id=self.config.chain_id)

    @contextmanager
    def chain(self, *, write: bool = False, wait_s: float = 10) -> Iterator[ChainBackend]:
        """Open the chain: an embedded one at its head to read, or alone to write; or a network.

        While `pysettle node` serves an embedded chain, transactions go to the node, since it alone writes to the file;
        they are signed here all the same.

        The message of a contract's refusal contains the names of accounts; a refusal for a missing role also names the
        role and its holders.

        Args:
            write: Take the lock to write; on a network it prevents that two commands use the same nonce.
            wait_s: Longest wait for another writer, in seconds.

        Raises:
            ChainFileLocked: another process writes, and did so for longer than that.
            ChainFileError: the file cannot be used, as the kind of error states.
            ChainUnreachable: the network's node does not answer.
            WrongChain: it serves another chain; or the chain no longer has the contracts deployed from here.
            WorkspaceError: development keys would write to a network other than a development node.
            OutcomeUnknown: the network's node fails after it accepted transactions; the error names them.
        """
        with self._opened(write, wait_s) as chain:
            try:
                yield chain
            except Worded as refusal:
                put_into_words(self, chain, refusal)
                raise

    @contextmanager
    def _opened(self, write: bool, wait_s: float) -> Iterator[ChainBackend]:
        from pysettle.evm.handover import handed_over
        from pysettle.evm.lock import WriterLock

        if self.config.network is None:
            in_file = self._in_file or not write
            opened: AbstractContextManager[ChainBackend] = (
                self.embedded_chain(write=write, wait_s=wait_s) if in_file else self._embedded_or_node(wait_s)
            )
            with opened as chain:
                self._check_deployed(chain)
                yield chain
            return
        lock = WriterLock(self.directory / "accounts", wait_s) if write else None
        try:
            network = _connected(self.config, self._url)
            if write and not network.is_development_node and self.accounts.development_signers():
                raise WorkspaceError("everybody knows the keys of this workspace, and this is no development node")
            self._check_deployed(network)
            with handed_over(lambda: network.handed_over):
                yield network
        finally:
            if lock:
                lock.release()

    def _embedded_or_node(self, wait_s: float) -> AbstractContextManager[ChainBackend]:
        """Open the chain in the file to write, or the node that serves it."""

        def open_file(left_s: float) -> AbstractContextManager[EmbeddedChain]:
            return self.embedded_chain(write=True, wait_s=left_s)

        return file_or_node(open_file, self.directory / "accounts", self.config.chain_id, wait_s, self.notify)

    @contextmanager
    def embedded_chain(self, *, write: bool = False, wait_s: float = 10) -> Iterator[EmbeddedChain]:
        """Open the chain in the workspace's file; arguments and errors are those of `chain`.

        Raises:
            WorkspaceError: the chain is a network's.
        """
        from pysettle.evm.embedded import EmbeddedChain
        from pysettle.evm.genesis import Genesis
        from pysettle.evm.sqlite import SqliteDatabase

        if self.config.network:
            raise WorkspaceError("the chain of this workspace is a network, not a file")
        block_0 = Genesis.from_bytes(read_whole(self.directory / "genesis.json"))
        with SqliteDatabase(self.directory / "chain.sqlite", read_only=not write, wait_s=wait_s) as database:
            self._database = database
            yield EmbeddedChain(
                block_0,
                seed=self.config.seed,
                database=database,
                block_interval_s=self.config.block_interval_s,
                real_time=machine_time if self.config.real_time else None,
            )

    def announce(self, url: str) -> None:
        """Announce the URL at which this process serves the chain, while it has the chain open to write."""
        assert self._database is not None, "a served chain is open"
        self._database.announce(url)

    # The network

    def keep(self, deployment: Deployment) -> Deployment:
        """Store the addresses of the contracts; return the record."""
        write_whole(self._deployment_file, deployment.to_bytes())
        return deployment

    @property
    def is_deployed(self) -> bool:
        """Whether the network is deployed."""
        return self._deployment_file.is_file()

    def deployment(self) -> Deployment:
        """Return where the contracts are.

        Raises:
            WorkspaceError: nothing is deployed yet, or the record cannot be read.
        """
        from pysettle.client.deployment import Deployment

        if not self.is_deployed:
            raise WorkspaceError("no network is deployed in this workspace: run `pysettle network deploy`")
        return Deployment.from_bytes(read_whole(self._deployment_file))

    def network(self, chain: ChainBackend) -> SettlementNetwork:
        """Return the network of this workspace, attached to its chain.

        Raises:
            WorkspaceError: as `deployment`.
            WrongChain: the network was deployed on another chain.
        """
        from pysettle.client.network import SettlementNetwork

        return SettlementNetwork.attach(chain, self._deployed_on(chain), self.directory / LISTS_FILE)

    def listed_contracts(self, chain: ChainBackend, until: int) -> Contracts:
        """Return the contracts that an auditor of the chain gets listed; none without a deployed network.

        The read models of the workspace are not used, so that a reader without write access can list them too.

        Args:
            chain: The chain of the workspace.
            until: Last block of the export.

        Raises:
            WorkspaceError: the record of the deployment cannot be read.
            WrongChain: the network was deployed on another chain.
        """
        from pysettle.client.network import SettlementNetwork
        from pysettle.domain.core.contracts import Contracts

        if not self.is_deployed:
            return Contracts()
        return SettlementNetwork.attach(chain, self._deployed_on(chain)).contracts(until)

    def holder(self, role: Role, currency: Currency = Currency.CNY) -> str:
        """Return the name of the account that was given a role over a currency at its deployment."""
        return self.accounts.name(self.deployment().holders(currency, role)[0])

    def _deployed_on(self, chain: ChainBackend) -> Deployment:
        deployment = self.deployment()
        if chain is not self._checked:
            deployment.check_chain(chain)
        return deployment

    def _check_deployed(self, chain: ChainBackend) -> None:
        """Check that an opened chain has the contracts deployed from here, if any."""
        if self.is_deployed:
            self.deployment().check_chain(chain)
            self._checked = chain

    @property
    def _deployment_file(self) -> Path:
        return self.directory / "deployment.json"


def _absolute(directory: Path) -> Path:
    """Return a directory from the root.

    Raises:
        WorkspaceError: the path is relative to the current folder, which was deleted.
    """
    try:
        return directory.absolute()
    except OSError as problem:
        raise WorkspaceError("the current folder was deleted: change to another one") from problem


def machine_time() -> int:
    """Return this machine's time, unix seconds."""
    return int(time.time())


def _connected(config: Config, url: str) -> RpcChain:
    from pysettle.evm.rpc import RpcChain

    assert config.network is not None
    confirmations, legacy = config.network.confirmations, config.network.legacy_fees
    return RpcChain(url, chain_id=config.chain_id, confirmations=confirmations, legacy=legacy)
