"""The exceptions of pysettle: one tree, one exit code a branch.

An exception here is an *expected* failure. It stores its values; its message states the cause, the values and the next
step. The command line prints it as one line on stderr and ends with its exit code. Programmer mistakes stay plain
`TypeError` and `AssertionError` and are never wrapped.

The errors of contracts, one class for each Solidity error, stand in the folder of their column;
`pysettle.errors.contracts` finds them by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pysettle.errors.words import Worded, hexed
from pysettle.values import TOKENS, Amount, Asset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HASHES_NAMED = 10
"""Most hashes of transactions that a message names; `.hashes` has all of them."""
_MAY_BE_SEALED = "sent before that, and perhaps sealed: {}; look for the receipt before you send again"


class PysettleError(Exception):
    """Base of every expected failure. The command line ends with its `exit_code`."""

    exit_code: ClassVar[int] = 1

    def __init__(self, *words: object, **values: object) -> None:
        """Store the message, and the values that it says as attributes; a number has its unit in its name."""
        super().__init__(*words)
        vars(self).update(values)

    @property
    def values(self) -> Mapping[str, object]:
        """The values of the failure, by their names."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}


class UsageError(PysettleError, ValueError):
    """A bad argument, an unknown alias, a malformed input file (exit code 2)."""

    exit_code = 2


class InvalidAmount(UsageError):
    """An amount of money is not written in plain digits, has more decimals than its currency, or is too large."""


class InvalidNumber(UsageError):
    """A number is not written in plain digits, or is out of range."""


class RowError(UsageError):
    """A CSV file cannot be read: the message names the file, the row (1 is the header) and the column."""

    def __init__(self, file: str, row: int, column: str, problem: str) -> None:
        """Store the place in the file and the problem there."""
        self.file, self.row, self.column, self.problem = file, row, column, problem
        super().__init__(f"{file}: row {row}, column {column}: {problem}")


class VoucherRefused(UsageError):
    """A provider rejects a voucher and the request that came with it; the provider serves nothing."""


class UsageDisputed(UsageError):
    """A buyer rejects a usage receipt and signs no further voucher on its channel."""


class WorkspaceError(UsageError):
    """A directory is not a workspace or cannot become one, or a command needs something that the workspace lacks."""


class UnknownAccount(WorkspaceError):
    """No account of the workspace has this name: `.name`; `.known` has the existing names."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        """Store the name and the existing names."""
        self.name, self.known = name, known
        super().__init__(f"{name!r} is not an account of this workspace; use an address or one of {', '.join(known)}")


class PasswordRefused(WorkspaceError):
    """The key of an account is encrypted, and the password is missing or wrong."""


class ArtifactError(PysettleError):
    """A contract artifact is missing or stale, or the compiler is unavailable (exit code 3)."""

    exit_code = 3


class EngineError(PysettleError):
    """An independent engine of the audit could not be installed (exit code 3)."""

    exit_code = 3


class ChainError(PysettleError):
    """The chain could not be reached, or rejected a transaction before executing it (exit code 4)."""

    exit_code = 4


class ChainUnreachable(ChainError):
    """A node did not answer, or not in JSON-RPC, even after repeated attempts."""


class WrongChain(ChainError):
    """A node serves another chain than the expected one."""


class ForeignCode(ChainError):
    """The code at the address of a contract is not that of this build: `.contract`, `.address`, both hashes."""

    def __init__(self, contract: str, address: bytes, actual: bytes, expected: bytes) -> None:
        """Store the address, and keccak-256 of its code and of the code of the build."""
        self.contract, self.address, self.actual, self.expected = contract, address, actual, expected
        super().__init__(
            f"the code at 0x{address.hex()} has the hash 0x{actual.hex()}, {contract} of this build would have "
            f"0x{expected.hex()} there: trust nothing at this address; use the pysettle that deployed the contract, "
            "or begin another chain with the block 0 of `pysettle network genesis`"
        )


class PlantedStorage(ChainError):
    """Block 0 has storage in a contract of the network, or at an address without code: `.address`, `.words`."""

    def __init__(self, address: bytes, contract: str | None, words: int) -> None:
        """Store the address, the contract of the network there, if any, and the number of words."""
        self.address, self.words = address, words
        place = f"in {contract}" if contract else "an address without code, where a contract may be created later"
        super().__init__(
            f"genesis.json plants {words} words of storage at 0x{address.hex()}, {place}: somebody has prepared "
            "balances or powers; begin another chain with the block 0 of `pysettle network genesis`"
        )


class SignatureRefused(ChainError):
    """A remote signer returned another transaction than the requested one, or another signer's signature."""


class NodeError(ChainError):
    """A node answered a request with an error: `.method`, `.code`, `.data`."""

    def __init__(self, method: str, code: int, message: str, data: object = None) -> None:
        """Store the node's answer."""
        self.method, self.code, self.message, self.data = method, code, message, data
        super().__init__(f"the node refused {method}: {message} (code {code})")


class AnswerTooLarge(NodeError):
    """An answer has more bytes than the limit: `.limit`. A narrower request has a smaller answer."""

    def __init__(self, method: str, limit: int) -> None:
        """Store the limit, in bytes."""
        self.limit = limit
        super().__init__(method, -32_005, f"its answer is longer than the limit of {limit} bytes")


class TransactionRefused(ChainError):
    """A transaction was rejected before it entered a block: wrong nonce, no funds for gas, bad signature.

    It is the transaction at `.index` of its sequence, for the `.reason`. `.accepted` has the places of the transactions
    that the chain accepted all the same, `.hashes` their hashes: they may be sealed. An embedded chain accepts none of
    the sequence. A development node accepts none either, unless another client used one of the accounts meanwhile.
    `.reasons` has the reason of each refused transaction by its place, as far as the chain stated it.
    """

    def __init__(
        self,
        index: int,
        count: int,
        reason: str,
        accepted: tuple[int, ...] = (),
        hashes: tuple[bytes, ...] = (),
        reasons: Mapping[int, str] | None = None,
    ) -> None:
        """Store the place of the rejected transaction among `count`, and the reason."""
        self.index, self.reason, self.accepted, self.hashes = index, reason, accepted, hashes
        self.count, self.reasons = count, dict(reasons or {index: reason})
        fate = "and with it the whole sequence"
        if accepted:
            fate = f"{len(accepted)} others were accepted and may be sealed ({named(hashes)})"
        super().__init__(f"transaction {index} of {count} (counted from 0) was refused, {fate}: {reason}")

    def of(self, place: int) -> TransactionRefused:
        """Return the refusal of another transaction of the sequence that was not accepted."""
        reason = self.reasons.get(place, self.reason)
        return TransactionRefused(place, self.count, reason, self.accepted, self.hashes, self.reasons)


def named(hashes: tuple[bytes, ...]) -> str:
    """Return hashes as a message names them: the first ten, and the number of the others."""
    shown = ", ".join(f"0x{tx_hash.hex()}" for tx_hash in hashes[:_HASHES_NAMED])
    return shown if len(hashes) <= _HASHES_NAMED else f"{shown} and {len(hashes) - _HASHES_NAMED} more"


class OutcomeUnknown(ChainError):
    """Transactions were sent, and the chain did not report their outcome: they may be sealed.

    `.hashes` has the hash of every version that was sent, `.problem` the failure.
    """

    def __init__(self, problem: str, hashes: tuple[bytes, ...]) -> None:
        """Store the failure and the transactions."""
        self.problem, self.hashes = problem, hashes
        super().__init__(f"{problem}; {_MAY_BE_SEALED.format(named(hashes))}")


class HandOverInterrupted(KeyboardInterrupt):
    """Somebody interrupted the program after it sent transactions: they may be sealed. `.hashes`."""

    def __init__(self, hashes: tuple[bytes, ...]) -> None:
        """Store the transactions."""
        self.hashes = hashes
        super().__init__(f"interrupted; {_MAY_BE_SEALED.format(named(hashes))}")


class TransactionPending(ChainError):
    """A network accepted transactions and did not include them in its blocks, even for higher fees.

    They may still be sealed: `.hashes` has the hash of every version that was sent.
    """

    def __init__(self, hashes: tuple[bytes, ...], blocks: int) -> None:
        """Store the transactions and the number of blocks without them."""
        self.hashes = hashes
        super().__init__(f"{blocks} blocks were sealed without a transaction; {_MAY_BE_SEALED.format(named(hashes))}")


class ChainFileError(ChainError):
    """The file of a chain cannot be used; its subclasses state the reason. `.file` is its path."""

    def __init__(self, file: Path, problem: str, remedy: str) -> None:
        """Store the file; the message states problem and remedy."""
        self.file = file
        super().__init__(f"{file}: {problem}; {remedy}")


class ChainFileInvalid(ChainFileError):
    """The file does not exist, or it is not a chain of pysettle."""

    def __init__(self, file: Path, problem: str) -> None:
        """Store the reason."""
        super().__init__(file, f"this is not a chain of pysettle: {problem}", "name the workspace that made it")


class ChainFileDamaged(ChainFileError):
    """Another program than pysettle truncated or changed the file."""

    def __init__(self, file: Path, problem: str) -> None:
        """Store the place of the damage."""
        super().__init__(file, f"the file is damaged: {problem}", "restore it from a copy, or replay an audit bundle")


class ChainFileReadOnly(ChainFileError):
    """A command had to write the file, and may only read it."""

    def __init__(self, file: Path) -> None:
        """Store the file."""
        super().__init__(file, "the file can be read, not written", "allow writing to it and its folder, or copy both")


class ChainFileFull(ChainFileError):
    """No space was left for the block; the chain is as it was before it."""

    def __init__(self, file: Path) -> None:
        """Store the file."""
        super().__init__(file, "the disk is full; the last sealed block is kept", "free some space and repeat the last")


class ChainFileTooNew(ChainFileError):
    """A newer pysettle wrote the file: its `.version`, the highest `.supported` one here."""

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
    """Name of its machine."""
    command: str
    """Its command line."""
    url: str | None = None
    """URL on this machine at which the process serves the chain as JSON-RPC; None if it does not."""


class ChainFileLocked(ChainFileError):
    """Another process writes to the file: `.holder`, None if that process has not named itself."""

    def __init__(self, file: Path, holder: LockHolder | None, waited_s: float) -> None:
        """Store the process and the time for which the command waited."""
        self.holder, self.waited_s = holder, waited_s
        writer = f"process {holder.pid} on {holder.host} ({holder.command})" if holder else "another process"
        problem = f"{writer} is writing to it, and still was after {waited_s:g} s"
        remedy = "wait for its end, or end it"
        if holder and holder.url:
            problem = f"{writer} serves it at {holder.url}, and alone writes to it"
            remedy = "send to that URL, or end the process"
        super().__init__(file, problem, remedy)


class ContractReverted(Worded, PysettleError):
    """A contract refused: `.contract`, `.error`, `.args_by_name`, `.selector`, `.data`, `.tx_hash` (exit code 5).

    Each Solidity error has a subclass of the same name, which registers itself. It declares the arguments of the error
    in their order; a trailing underscore does not belong to a name. A subclass without a template is a family.
    """

    exit_code = 5
    template = "the contract refused without a reason"
    remedy = "read the contract's interface for when it reverts"
    registered: ClassVar[dict[str, type[ContractReverted]]] = {}
    """Solidity name -> class, for the imported columns; `pysettle.errors.contracts` imports all columns."""

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
            contract: Name of the called contract, as in its artifact.
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
        """Address of the called contract, and the data of the call; None if it is not known."""
        self.function = ""
        """Name of the called function; empty if it is not known."""
        self.notes: list[str] = []
        """Further facts about the refusal, added at the end of the message by a caller that knows them."""
        super().__init__(*(self.args_by_name[solidity_name(attribute)] for attribute in self.arguments()))

    @property
    def error(self) -> str:
        """Name of the Solidity error."""
        return type(self).__name__

    def __str__(self) -> str:
        """Return contract, error, cause, remedy and notes."""
        contract = f"{self.contract}: " if self.contract else ""
        return "; ".join((f"{contract}{self._cause()}", self.remedy, *self.notes))

    def _cause(self) -> str:
        return f"{self.error}: {self.sentence()}"

    def _asset(self, kind: object) -> Asset | None:
        """Return the asset of a kind of values: amounts are in Tokens unless the call is about a currency."""
        # A purchase pays a series in currency; its other calls move Tokens. A channel holds currency or Tokens.
        is_of_series = self.contract == "ComputeToken" and not self.function.startswith("purchase")
        is_of_tokens = is_of_series or (self.contract == "ChannelHub" and not self.asset)
        return TOKENS if kind is Amount and is_of_tokens else super()._asset(kind)


def solidity_name(attribute: str) -> str:
    """Return the Solidity name of the argument that an attribute stores.

    Example:
        >>> solidity_name("valid_before"), solidity_name("class_")
        ('validBefore', 'class')
    """
    first, *others = attribute.rstrip("_").split("_")
    return first + "".join(map(str.capitalize, others))


class UnknownRevert(ContractReverted):
    """The data of a revert matches no known error; `.data` has all of it."""

    remedy = "compare the selector with the ABI of the called contract"

    @property
    def values(self) -> Mapping[str, object]:
        """The contract, and the data that no error explains."""
        return {"contract": self.contract or None, "data": self.data}

    def _cause(self) -> str:
        return f"reverted with unknown data ({hexed(self.data) if self.data else 'empty'})"


class BundleError(PysettleError):
    """The manifest of an audit bundle is missing, malformed or of an unknown format version (exit code 6)."""

    exit_code = 6


class AuditFailed(PysettleError):
    """The audit has findings (exit code 7). The command line raises it; the library returns findings."""

    exit_code = 7


class OutputFailed(PysettleError):
    """A command has succeeded, and its result could not be printed (exit code 8): do not repeat the command.

    `.done` states the effects of the command, `.reason` why the result could not be printed.
    """

    exit_code = 8

    def __init__(self, done: str, reason: str) -> None:
        """Store the effects of the command, and the reason why its result could not be printed."""
        self.done, self.reason = done, reason
        super().__init__(f"do not repeat it: {done}; only the result could not be printed ({reason})")
