"""The exceptions of pysettle: one tree, one exit code a branch.

An exception here is an *expected* failure: it stores the values that made it, says what happened, with which
values and what to do next, and the command line turns it into one line on stderr and an exit code. Programmer
mistakes stay plain `TypeError` and `AssertionError` and are never wrapped.

The errors of contracts, one class for each Solidity error, stand in the folder of their column;
`pysettle.errors.contracts` finds them by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pysettle.errors.words import Worded, hexed
from pysettle.values import TOKENS, Amount, Asset

if TYPE_CHECKING:
    from pathlib import Path

_HASHES_NAMED = 10
"""Most hashes of transactions that a message names; `.hashes` has all."""
_MAY_BE_SEALED = "handed over before that, and perhaps sealed: {}; look for the receipt before you send again"


class PysettleError(Exception):
    """Base of every expected failure. `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 1


class UsageError(PysettleError, ValueError):
    """A bad argument, an unknown alias, a malformed input file (exit code 2)."""

    exit_code = 2


class InvalidAmount(UsageError):
    """An amount of money that is not written in plain digits, has more decimals than its currency, or is too large."""


class InvalidNumber(UsageError):
    """A number that is not written in plain digits, or is out of range."""


class TraceError(UsageError):
    """A usage trace that cannot be read: names the file, the row (1 is the header) and the column."""

    def __init__(self, file: str, row: int, column: str, problem: str) -> None:
        """Store where the trace is wrong and what is wrong there."""
        self.file, self.row, self.column, self.problem = file, row, column, problem
        super().__init__(f"{file}: row {row}, column {column}: {problem}")


class VoucherRefused(UsageError):
    """A provider refuses a voucher, and so the request it came with: nothing is served on it."""


class UsageDisputed(UsageError):
    """A buyer refuses a usage receipt, and so signs no further voucher on its channel."""


class WorkspaceError(UsageError):
    """A directory is no workspace, or cannot become one, or the workspace lacks what a command needs."""


class UnknownAccount(WorkspaceError):
    """A name that no account of the workspace has: `.name`, and those there are in `.known`."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        """Store the name and those there are."""
        self.name, self.known = name, known
        super().__init__(f"{name!r} is no account of this workspace; use an address or one of {', '.join(known)}")


class PasswordRefused(WorkspaceError):
    """The key of an account is encrypted, and there was no password, or a wrong one."""


class ArtifactError(PysettleError):
    """A contract artifact is missing or stale, or the compiler is unavailable (exit code 3)."""

    exit_code = 3


class ChainError(PysettleError):
    """The chain could not be reached, or refused a transaction before executing it (exit code 4)."""

    exit_code = 4


class ChainUnreachable(ChainError):
    """A node did not answer, or not in JSON-RPC; repeated attempts included."""


class WrongChain(ChainError):
    """A node serves another chain than the one that was expected."""


class ForeignCode(ChainError):
    """Another code than this build's stands where a contract of ours should: `.contract`, `.address`, both hashes."""

    def __init__(self, contract: str, address: bytes, found: bytes, expected: bytes) -> None:
        """Store where it stands, and keccak-256 of the code there and of that of the build."""
        self.contract, self.address, self.found, self.expected = contract, address, found, expected
        super().__init__(
            f"the code at 0x{address.hex()} has the hash 0x{found.hex()}, {contract} of this build would have "
            f"0x{expected.hex()} there: trust nothing at this address; use the pysettle that the contract was deployed "
            "with, or begin another chain with the block 0 of `pysettle network genesis`"
        )


class PlantedStorage(ChainError):
    """Block 0 has storage in a contract of ours, or where one may be created over it: `.address`, `.words`."""

    def __init__(self, address: bytes, contract: str | None, words: int) -> None:
        """Store where, the contract that stands there if it is one of ours, and how many words there are."""
        self.address, self.words = address, words
        whose = f"in {contract}" if contract else "where no code is, under whatever is created there later"
        super().__init__(
            f"genesis.json plants {words} words of storage at 0x{address.hex()}, {whose}: somebody has prepared "
            "balances or powers; begin another chain with the block 0 of `pysettle network genesis`"
        )


class SignatureRefused(ChainError):
    """A remote signer returned something else than the transaction it was asked for, signed by the account."""


class NodeError(ChainError):
    """A node answered a request with an error: `.method`, `.code`, `.data`."""

    def __init__(self, method: str, code: int, message: str, data: object = None) -> None:
        """Store what the node said."""
        self.method, self.code, self.message, self.data = method, code, message, data
        super().__init__(f"the node refused {method}: {message} (code {code})")


class AnswerTooLarge(NodeError):
    """An answer has more bytes than are read of one: `.limit`. A question for less has a smaller answer."""

    def __init__(self, method: str, limit: int) -> None:
        """Store the limit, in bytes."""
        self.limit = limit
        super().__init__(method, -32_005, f"its answer has more than {limit} bytes, of which no more are read")


class TransactionRefused(ChainError):
    """A transaction was refused before it entered a block: wrong nonce, no funds for gas, bad signature.

    It is the one at `.index` of its sequence, and why is in `.reason`. `.accepted` are the places of those that the
    chain took all the same, `.hashes` their hashes: they are sealed, or may be. An embedded chain takes none, nor does
    a development node unless somebody else used one of the accounts at that moment.
    """

    def __init__(
        self,
        index: int,
        count: int,
        reason: str,
        accepted: tuple[int, ...] = (),
        hashes: tuple[bytes, ...] = (),
    ) -> None:
        """Store which of `count` transactions was refused, and why."""
        self.index, self.reason, self.accepted, self.hashes = index, reason, accepted, hashes
        fate = "and with it the whole sequence"
        if accepted:
            fate = f"{len(accepted)} others were accepted and may be sealed ({named(hashes)})"
        super().__init__(f"transaction {index} of {count} (counted from 0) was refused, {fate}: {reason}")


def named(hashes: tuple[bytes, ...]) -> str:
    """Return hashes as a message names them: the first ten, and how many more there are."""
    shown = ", ".join(f"0x{it.hex()}" for it in hashes[:_HASHES_NAMED])
    return shown if len(hashes) <= _HASHES_NAMED else f"{shown} and {len(hashes) - _HASHES_NAMED} more"


class OutcomeUnknown(ChainError):
    """Transactions were handed over, and then the chain did not say what became of them: they may be sealed.

    `.hashes` are those of every version that was sent, `.problem` says what failed.
    """

    def __init__(self, problem: str, hashes: tuple[bytes, ...]) -> None:
        """Store what failed, and the transactions."""
        self.problem, self.hashes = problem, hashes
        super().__init__(f"{problem}; {_MAY_BE_SEALED.format(named(hashes))}")


class HandOverInterrupted(KeyboardInterrupt):
    """Somebody interrupted the program after transactions were handed over: they may be sealed. `.hashes`."""

    def __init__(self, hashes: tuple[bytes, ...]) -> None:
        """Store the transactions."""
        self.hashes = hashes
        super().__init__(f"interrupted; {_MAY_BE_SEALED.format(named(hashes))}")


class TransactionPending(ChainError):
    """A network accepted transactions and left them out of its blocks, higher fees notwithstanding.

    They may still be sealed: `.hashes` are those of every version that was sent.
    """

    def __init__(self, hashes: tuple[bytes, ...], blocks: int) -> None:
        """Store the transactions, and for how many blocks they were waited for."""
        self.hashes = hashes
        super().__init__(f"{blocks} blocks were sealed without a transaction; {_MAY_BE_SEALED.format(named(hashes))}")


class ChainFileError(ChainError):
    """The file that holds a chain cannot be used; its kinds say why. `.file` is its path."""

    def __init__(self, file: Path, problem: str, remedy: str) -> None:
        """Store the file; say what is wrong with it and what to do."""
        self.file = file
        super().__init__(f"{file}: {problem}; {remedy}")


class ChainFileInvalid(ChainFileError):
    """There is no such file, or it is not a chain of pysettle."""

    def __init__(self, file: Path, problem: str) -> None:
        """Store why it is none."""
        super().__init__(file, f"this is no chain of pysettle: {problem}", "name the workspace it was made in")


class ChainFileDamaged(ChainFileError):
    """The file was truncated or changed by something else than pysettle."""

    def __init__(self, file: Path, problem: str) -> None:
        """Store where it was noticed."""
        super().__init__(file, f"the file is damaged: {problem}", "restore it from a copy, or replay an audit bundle")


class ChainFileReadOnly(ChainFileError):
    """The file was to be written, and is open to read only."""

    def __init__(self, file: Path) -> None:
        """Store the file."""
        super().__init__(file, "the file can be read, not written", "allow writing to it and its folder, or copy both")


class ChainFileFull(ChainFileError):
    """No space was left for the block; the chain is as it was before it."""

    def __init__(self, file: Path) -> None:
        """Store the file."""
        super().__init__(file, "the disk is full; the last sealed block is kept", "free some space and repeat the last")


class ChainFileTooNew(ChainFileError):
    """The file was written by a newer pysettle: `.version` of it, `.supported` at the most here."""

    def __init__(self, file: Path, version: int, supported: int) -> None:
        """Store both versions."""
        self.version, self.supported = version, supported
        super().__init__(
            file, f"the file is of version {version}, this pysettle reads up to {supported}", "use a newer pysettle"
        )


@dataclass(frozen=True, slots=True)
class LockHolder:
    """The process that writes to a chain's file."""

    pid: int
    """Its process id."""
    host: str
    """Name of the machine it runs on."""
    command: str
    """Its command line."""
    url: str | None = None
    """Where on this machine it serves the chain as JSON-RPC; None where it does not."""


class ChainFileLocked(ChainFileError):
    """Another process writes to the file: `.holder`, None where it has not said who it is."""

    def __init__(self, file: Path, holder: LockHolder | None, waited_s: float) -> None:
        """Store who holds it and how long it was waited for."""
        self.holder, self.waited_s = holder, waited_s
        who = f"process {holder.pid} on {holder.host} ({holder.command})" if holder else "another process"
        problem, remedy = f"{who} is writing to it, and still was after {waited_s:g} s", "wait for its end, or end it"
        if holder and holder.url:
            problem, remedy = f"{who} serves it at {holder.url}, and alone writes to it", "send to that URL, or end it"
        super().__init__(file, problem, remedy)


class ContractReverted(Worded, PysettleError):
    """A contract refused: `.contract`, `.error`, `.args_by_name`, `.selector`, `.data`, `.tx_hash` (exit code 5).

    Each Solidity error has a subclass of the same name, which registers itself. It declares the arguments of the error
    in their order; a trailing underscore is no part of a name. A subclass without a template is a family of errors.
    """

    exit_code = 5
    template = "the contract refused without a reason"
    remedy = "read the contract's interface for when it reverts"
    registered: ClassVar[dict[str, type[ContractReverted]]] = {}
    """Solidity name -> its class, of the columns that were imported; `pysettle.errors.contracts` imports them all."""

    def __init_subclass__(cls) -> None:
        """Register an error under its Solidity name."""
        if "template" in vars(cls):
            assert cls.__name__ not in cls.registered, f"two classes stand for the error {cls.__name__}"
            cls.registered[cls.__name__] = cls

    def __init__(
        self,
        *,
        contract: str = "",
        args_by_name: dict[str, Any] | None = None,
        data: bytes = b"",
        tx_hash: bytes | None = None,
    ) -> None:
        """Store the decoded revert, and its arguments as attributes of their types.

        Args:
            contract: Name of the contract that was called, as in its artifact.
            args_by_name: The error's arguments by their Solidity names.
            data: The raw revert data: four bytes of selector, then the ABI encoding of the arguments.
            tx_hash: Hash of the transaction that reverted, None when it was only simulated.
        """
        self.contract = contract
        self.args_by_name = args_by_name or {}
        self.data = data
        self.selector = data[:4]
        self.tx_hash = tx_hash
        self.call: tuple[bytes, bytes] | None = None
        """Address of the contract that was called, and the data of the call; None where it is not known."""
        self.function = ""
        """Name of the function that was called; empty where it is not known."""
        self.notes: list[str] = []
        """What somebody else knows of the refusal, to be said at the end of the message."""
        super().__init__(*(self.args_by_name[solidity_name(it)] for it in self.arguments()))

    @property
    def error(self) -> str:
        """Name of the Solidity error."""
        return type(self).__name__

    def __str__(self) -> str:
        """Say what was refused and what to do next."""
        where = f"{self.contract}: " if self.contract else ""
        return "; ".join((f"{where}{self._what()}", self.remedy, *self.notes))

    def _what(self) -> str:
        return f"{self.error}: {self.sentence()}"

    def _asset(self, kind: object) -> Asset | None:
        """Return what a kind of values is counted in: amounts in Tokens, where the call is about no currency."""
        # A series is paid in its currency, and moves Tokens in every other call; a channel holds either.
        is_of_series = self.contract == "ComputeToken" and not self.function.startswith("purchase")
        is_of_tokens = is_of_series or (self.contract == "ChannelHub" and not self.asset)
        return TOKENS if kind is Amount and is_of_tokens else super()._asset(kind)


def solidity_name(attribute: str) -> str:
    """Return the Solidity name of an argument whose value is kept under an attribute.

    Example:
        >>> solidity_name("valid_before"), solidity_name("class_")
        ('validBefore', 'class')
    """
    first, *others = attribute.rstrip("_").split("_")
    return first + "".join(map(str.capitalize, others))


class UnknownRevert(ContractReverted):
    """A revert whose data matches no known error; `.data` keeps it whole."""

    remedy = "compare the selector with the ABI of the contract that was called"

    def _what(self) -> str:
        return f"reverted with unknown data ({hexed(self.data) if self.data else 'empty'})"


class BundleError(PysettleError):
    """An audit bundle whose manifest cannot be read: missing, malformed, unknown format version (exit code 6)."""

    exit_code = 6


class AuditFailed(PysettleError):
    """The audit ran and found something (exit code 7); raised by the command line, the library returns findings."""

    exit_code = 7


class OutputFailed(PysettleError):
    """The deed is done, and its result could not be printed (exit code 8): it must not be repeated.

    `.done` says what was done, `.reason` why it could not be printed.
    """

    exit_code = 8

    def __init__(self, done: str, reason: str) -> None:
        """Store what was done, and why nobody could read of it."""
        self.done, self.reason = done, reason
        super().__init__(f"do not repeat it: {done}; only the result could not be printed ({reason})")
