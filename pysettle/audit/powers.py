"""Roles of the listed currencies and their use, as notices: each is allowed, and an auditor examines them.

The source is the events of the currencies, and of the contract that each of them names as its authority (OpenZeppelin's
AccessManager). The manifest does not list the authority, since its writer could leave it out. These notices are never
part of a verdict.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pysettle.audit.engines import CallRefused, ExecutedLog
from pysettle.domain.compute.contracts import COMPUTE_MARKET, COMPUTE_TOKEN
from pysettle.domain.core import events
from pysettle.domain.core.contracts import Contracts, Kind
from pysettle.domain.core.events import Event
from pysettle.domain.core.findings import Finding, Severity
from pysettle.domain.money.contracts import CURRENCY_TOKEN, INTEREST_PAYMENTS, ISSUANCE_DESK
from pysettle.domain.money.events import CreditSeized, Issued, Seized, SettlementAccountMarked
from pysettle.errors.states import Role
from pysettle.hashing import keccak
from pysettle.values import Address

CODE = "AUDIT-POWERS"
"""Code of every notice from here."""

_KINDS: dict[Kind[Any], str] = {
    CURRENCY_TOKEN: "currency",
    ISSUANCE_DESK: "desk",
    COMPUTE_MARKET: "market",
    INTEREST_PAYMENTS: "interest",
}
"""Kind of contract over which there are powers -> word for it in a notice."""
RESTRICTED = {
    kind: {keccak(signature.encode())[:4]: signature.partition("(")[0] for signature in kind.restricted}
    for kind in _KINDS
}
"""Kind of contract -> selector -> name of each function that its authority lets a role alone call."""

_EVERYBODY = 2**64 - 1
_DEPOSIT_COLLECTOR = Address(bytes.fromhex("4020806089470a89826cb9fb1f4059150b550004"))
"""Canonical address of the hub's deposit collector: a deposit passes through it in one transaction."""
_COLLECTOR = keccak(b"collector()")[:4]
_AUTHORITY_UPDATED = keccak(b"AuthorityUpdated(address)")
_GRANTED = keccak(b"RoleGranted(uint64,address,uint32,uint48,bool)")
_REVOKED = keccak(b"RoleRevoked(uint64,address)")
_FUNCTION_ROLE = keccak(b"TargetFunctionRoleUpdated(address,bytes4,uint64)")
_PAUSES = {keccak(f"{name}(address)".encode()): name for name in ("Paused", "Unpaused")}
_OF_AUTHORITY = {_GRANTED, _REVOKED, _FUNCTION_ROLE}
_USES = (Issued, Seized, CreditSeized, SettlementAccountMarked)
_OF_CURRENCY = {
    _AUTHORITY_UPDATED,
    *_PAUSES,
    *(topic for topic, text in events.signatures().items() if text in {use.SIGNATURE for use in _USES}),
}


@dataclass(frozen=True, slots=True)
class _Deed:
    """A log with its block and time, and the signer of its transaction."""

    block: int
    timestamp: int
    sender: Address | None
    log: ExecutedLog

    def event(self) -> Event | None:
        """Return the event of a currency, None if it is unknown."""
        return events.decode(self.log.topics, self.log.data)

    def record(
        self,
        kind: str,
        contract: Address,
        account: Address,
        *,
        role: int | None = None,
        function: str = "",
        until: tuple[int, int] | None = None,
    ) -> PowerRecord:
        """Return a fact that begins with it; arguments are the fields of `PowerRecord`."""
        began = (self.block, self.timestamp, self.sender)
        return PowerRecord(kind, contract, account, *began, role, function, *(until or (None, None)))

    def __str__(self) -> str:
        """Return block, time and signer in words."""
        try:
            time = f"{dt.datetime.fromtimestamp(self.timestamp, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
        except (OverflowError, ValueError, OSError):
            time = f"unix second {self.timestamp}"  # beyond the calendar
        by = f" by a transaction of 0x{self.sender.hex()}" if self.sender is not None else ""
        return f"block {self.block} ({time}){by}"


@dataclass
class _Tenure:
    """A role that an account got, and how it ended."""

    role: int
    granted: _Deed
    revoked: _Deed | None = None

    def __str__(self) -> str:
        """Return the role and its time in words."""
        return f"{role_word(self.role)} from {self.granted}" + (f" until {self.revoked}" if self.revoked else "")


@dataclass
class _Hand:
    """Every role that one account ever held."""

    tenures: list[_Tenure] = field(default_factory=list)
    held: dict[int, _Tenure] = field(default_factory=dict)
    held_several: bool = False

    def take(self, role: int, deed: _Deed) -> None:
        """Take a role, unless it is held already."""
        if role not in self.held:
            self.held[role] = _Tenure(role, deed)
            self.tenures.append(self.held[role])
            self.held_several |= len(self.held) > 1

    def lose(self, role: int, deed: _Deed) -> None:
        """Lose a role, if it is held."""
        if tenure := self.held.pop(role, None):
            tenure.revoked = deed


@dataclass(frozen=True, slots=True)
class PowerRecord:
    """One fact about a power: a role that was held, a function that was assigned, an authority, or a pause."""

    kind: str
    """`tenure`, `function`, `authority` or `pause`."""
    contract: Address
    """Currency, desk, market or interest that the power is over."""
    account: Address
    """Holder of the role, the assigning authority, the named authority, or the account that paused."""
    block: int
    """Block from which it holds."""
    timestamp: int
    """Time of that block, unix seconds."""
    sender: Address | None
    """Signer of the transaction; None if it is not known."""
    role: int | None = None
    """The role; None for an authority and a pause."""
    function: str = ""
    """Name of the assigned function, or of the event of a pause."""
    until_block: int | None = None
    """Block of the end of a role; None if it is still held."""
    until_timestamp: int | None = None
    """Time of that block."""


@dataclass
class Powers:
    """The roles of the listed currencies, from logs."""

    contracts: Contracts
    """Contracts that the manifest lists."""
    _deeds: dict[Address, list[_Deed]] = field(default_factory=lambda: defaultdict(list))

    def see(self, log: ExecutedLog, block: int, timestamp: int, sender: Address | None) -> None:
        """Store a log about a role.

        Args:
            log: Any log of the chain, in the chain's order.
            block: Height of its block.
            timestamp: Time of its block, unix seconds.
            sender: Signer of its transaction; None if that is not known.
        """
        topic = log.topics[0] if log.topics else b""
        # Which authority counts is known when a currency has named it, which may be later.
        if topic in _OF_AUTHORITY or (topic in _OF_CURRENCY and self.contracts.kind_of(log.address) in _KINDS):
            self._deeds[log.address].append(_Deed(block, timestamp, sender, log))

    def notices(self, call: Callable[[Address, bytes], bytes]) -> Iterator[Finding]:
        """Yield a notice for each thing that an auditor wants to know, currency by currency.

        Args:
            call: Answers a read-only call on the head state; raises `CallRefused`.
        """
        known = self.contracts.addresses() | {_DEPOSIT_COLLECTOR, Address(bytes(20)), *self._collectors(call)}
        for currency in sorted(self.contracts[CURRENCY_TOKEN]):
            for authority in dict.fromkeys(map(_authority, self._named_by(currency))):
                yield from _several(currency, self._deeds[authority])
            yield from self._authorities(CURRENCY_TOKEN, currency)
            for desk, terms in self.contracts[ISSUANCE_DESK].items():
                if terms.currency == currency:
                    yield from self._authorities(ISSUANCE_DESK, desk)
                    yield from _to_itself(currency, self._deeds[desk], self.contracts[INTEREST_PAYMENTS])
            for market, terms in self.contracts[COMPUTE_MARKET].items():
                if terms.currency == currency:
                    yield from self._authorities(COMPUTE_MARKET, market)
            yield from _uses(currency, self._deeds[currency], known)
        for interest in sorted(self.contracts[INTEREST_PAYMENTS]):
            yield from self._authorities(INTEREST_PAYMENTS, interest)

    def records(self) -> Iterator[PowerRecord]:
        """Yield every fact about the powers over each currency, its desk, its market and its interest."""
        for kind in _KINDS:
            for contract in sorted(self.contracts[kind]):
                for deed in self._named_by(contract):
                    yield deed.record("authority", contract, _authority(deed))
                for authority in dict.fromkeys(map(_authority, self._named_by(contract))):
                    yield from self._of_authority(kind, contract, authority)
                for deed in self._deeds[contract]:
                    if deed.log.topics[0] in _PAUSES:
                        account = Address(deed.log.data[12:32])
                        yield deed.record("pause", contract, account, function=_PAUSES[deed.log.topics[0]])

    def _of_authority(self, kind: Kind[Any], contract: Address, authority: Address) -> Iterator[PowerRecord]:
        deeds = self._deeds[authority]
        if kind is CURRENCY_TOKEN:
            for account, hand in _hands(deeds).items():
                for it in hand.tenures:
                    end = (it.revoked.block, it.revoked.timestamp) if it.revoked else None
                    yield it.granted.record("tenure", contract, Address(account), role=it.role, until=end)
        for deed, selector, role in _assignments(contract, deeds):
            function = RESTRICTED[kind].get(selector, f"0x{selector.hex()}")
            yield deed.record("function", contract, authority, role=role, function=function)

    def _named_by(self, contract: Address) -> list[_Deed]:
        """Return how a contract named its authorities, one after the other."""
        return [deed for deed in self._deeds[contract] if deed.log.topics[0] == _AUTHORITY_UPDATED]

    def _authorities(self, kind: Kind[Any], contract: Address) -> Iterator[Finding]:
        """Yield a notice of each function of a contract with another role than at first."""
        about, named = f"{_KINDS[kind]} 0x{contract.hex()}", self._named_by(contract)
        for deed in named[1:]:
            yield _notice(about, deed, f"all powers over it passed to the authority 0x{_authority(deed).hex()}")
        for authority in dict.fromkeys(map(_authority, named)):
            yield from _functions(about, contract, self._deeds[authority])
        if named:
            deeds = self._deeds[_authority(named[-1])]
            yield from _of_administrator(about, RESTRICTED[kind], named[-1], [*_assignments(contract, deeds)])

    def _collectors(self, call: Callable[[Address, bytes], bytes]) -> Iterator[Address]:
        """Yield the deposit collectors that the listed series name."""
        for series in self.contracts[COMPUTE_TOKEN]:
            try:
                yield Address(call(series, _COLLECTOR)[12:32])
            except CallRefused:
                continue


def _authority(deed: _Deed) -> Address:
    """Return the authority that a contract named."""
    return Address(deed.log.data[12:32])


def _several(currency: Address, deeds: list[_Deed]) -> Iterator[Finding]:
    """Name each account that held several powers at the same time, with every power that it ever held."""
    for account, hand in _hands(deeds).items():
        if hand.held_several:
            detail = f"several powers over 0x{currency.hex()} in one hand: {'; '.join(map(str, hand.tenures))}"
            yield _notice(f"account 0x{account.hex()}", hand.tenures[-1].granted, detail, placed=True)


def _hands(deeds: list[_Deed]) -> dict[bytes, _Hand]:
    """Return the roles of each account at one authority."""
    hands: dict[bytes, _Hand] = defaultdict(_Hand)
    for deed in deeds:
        kind, topics = deed.log.topics[0], deed.log.topics
        if kind not in (_GRANTED, _REVOKED) or len(topics) != 3:
            continue
        role, hand = int.from_bytes(topics[1], "big"), hands[topics[2][12:]]
        if kind == _GRANTED:
            hand.take(role, deed)
        else:
            hand.lose(role, deed)
    return hands


def _functions(about: str, contract: Address, deeds: list[_Deed]) -> Iterator[Finding]:
    """Name each function of a contract with another role than at first, or with the public role."""
    first: dict[bytes, int] = {}
    for deed, selector, role in _assignments(contract, deeds):
        if first.setdefault(selector, role) != role or role == _EVERYBODY:
            detail = f"its function 0x{selector.hex()} was given to {role_word(role)}"
            yield _notice(about, deed, detail)


def _of_administrator(
    about: str, restricted: Mapping[bytes, str], named: _Deed, assignments: list[_Assignment]
) -> Iterator[Finding]:
    """Name the functions of the administrator at the head: all functions without an assigned role.

    OpenZeppelin's AccessManager allows the administrator to call a restricted function without a role.

    Args:
        about: Contract of the functions.
        restricted: Selector -> name of each of them.
        named: How the contract named its authority.
        assignments: Assignments of that authority for the contract, in order.
    """
    last = {selector: (deed, role) for deed, selector, role in assignments}
    own = {selector: last.get(selector, (named, 0)) for selector in restricted}
    since = {selector: deed for selector, (deed, role) in own.items() if role == Role.ADMINISTRATOR}
    if since:
        latest = max(since.values(), key=lambda deed: deed.block)
        names = ", ".join(restricted[selector] for selector in since)
        detail = f"the administrator alone may call its functions {names}; all of them since {latest}"
        yield _notice(about, latest, detail, placed=True)


_Assignment = tuple[_Deed, bytes, int]


def _assignments(contract: Address, deeds: list[_Deed]) -> Iterator[_Assignment]:
    """Yield each assignment of a function of a contract, as (deed, selector, role)."""
    for deed in deeds:
        topics = deed.log.topics
        if topics[0] == _FUNCTION_ROLE and len(topics) == 3 and topics[1][12:] == contract:
            yield deed, deed.log.data[:4], int.from_bytes(topics[2], "big")


def _to_itself(currency: Address, deeds: list[_Deed], interest: Collection[Address]) -> Iterator[Finding]:
    """Name each operating institution that issued to itself, with how much and how often.

    A contract of `interest` is none: it issues the interest of an account to itself, and pays it on at once.
    """
    own: dict[Address, list[tuple[_Deed, int]]] = defaultdict(list)
    for deed in deeds:
        event = deed.event()
        if isinstance(event, Issued) and event.operator == event.receiver and event.operator not in interest:
            own[event.operator].append((deed, event.amount))
    for operator, issues in own.items():
        (first, _), (last, _) = issues[0], issues[-1]
        detail = f"issued {sum(units for _, units in issues)} units of 0x{currency.hex()} to itself"
        detail += f" at {first}" if len(issues) == 1 else f" in {len(issues)} issuances, from {first} to {last}"
        yield _notice(f"account 0x{operator.hex()}", last, detail, placed=True)


def _uses(currency: Address, deeds: list[_Deed], known: frozenset[Address]) -> Iterator[Finding]:
    """Name each seizure, and each settlement account that is no contract of the network."""
    for deed in deeds:
        event = deed.event()
        if isinstance(event, SettlementAccountMarked) and event.account not in known:
            detail = f"marked as a settlement account of 0x{currency.hex()}, and no contract that the manifest lists"
            yield _notice(f"account 0x{event.account.hex()}", deed, detail)
        elif isinstance(event, Seized):
            detail = f"{event.amount} units of 0x{currency.hex()} seized for 0x{event.receiver.hex()}"
            detail += f" on the legal basis 0x{event.legal_basis.hex()}"
            yield _notice(f"account 0x{event.holder.hex()}", deed, detail)
        elif isinstance(event, CreditSeized):
            detail = f"{event.amount} units of its credit in 0x{currency.hex()} seized for 0x{event.receiver.hex()}"
            detail += f" on the legal basis 0x{event.legal_basis.hex()}"
            yield _notice(f"account 0x{event.account.hex()}", deed, detail)


def role_word(number: int) -> str:
    """Return the name of a role, "everybody" for the public one."""
    if number == _EVERYBODY:
        return "everybody"
    return Role(number).label.replace("-", " ") if number in set(Role) else f"role {number}"


def _notice(subject: str, deed: _Deed, detail: str, *, placed: bool = False) -> Finding:
    """Return a notice; its detail ends with block, time and signer, unless it contains them."""
    return Finding(
        CODE, subject, detail if placed else f"{detail} at {deed}", Severity.NOTICE, deed.block, deed.timestamp
    )
