"""The invariants of the network, each under its stable code, checked on the ledger.

They hold after every transaction; within one, the events of a contract may run ahead of the transfers they announce.
`Watch` checks them on what a transaction changed, which costs the same however large the books are; `check` on all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from eth_typing import Address

from pysettle.domain.core.events import Emitted
from pysettle.domain.core.findings import Finding, Severity
from pysettle.domain.ledger import Entry, HaltRecord, Ledger, LedgerAccount, Purpose
from pysettle.money import PRICE_BASIS


@dataclass
class _Scope:
    """The part of the books that a check looks at. Dictionaries in place of sets: the order of findings is one."""

    currencies: dict[Address, None] = field(default_factory=dict)
    series: dict[Address, None] = field(default_factory=dict)
    accounts: dict[LedgerAccount, None] = field(default_factory=dict)
    orders: dict[bytes, None] = field(default_factory=dict)
    quotas: dict[tuple[Address, Address], None] = field(default_factory=dict)
    violations_from: int = 0
    """How many of the violations were looked at before."""

    @classmethod
    def whole(cls, ledger: Ledger) -> _Scope:
        """Return everything there is."""
        return cls(
            dict.fromkeys(sorted(ledger.contracts.currencies)),
            dict.fromkeys(ledger.contracts.series),
            dict.fromkeys(ledger.balances),
            dict.fromkeys(ledger.orders),
            dict.fromkeys(ledger.quotas),
        )


class Watch:
    """Keeps a ledger's invariants checked, each time on what changed since: the cost is that of the change.

    Balances change by postings alone; everything else that an invariant compares is of the contract that emitted the
    event, of the order that it names, or of the operating institution that it names in a currency.
    """

    def __init__(self, ledger: Ledger) -> None:
        """Watch a ledger that nothing but `apply` changes from here on."""
        self._ledger = ledger
        self._changed = _Scope(violations_from=len(ledger.violations))

    def apply(self, emitted: Emitted) -> Entry | None:
        """Apply an event to the ledger, as `Ledger.apply` does, and note what it may have changed."""
        # Before it is applied, since it may fail on its way.
        self._note_contract(emitted.emitter)
        if isinstance(order_id := getattr(emitted.event, "order_id", None), bytes):
            self._changed.orders[order_id] = None
        if isinstance(operator := getattr(emitted.event, "operator", None), bytes):
            self._changed.quotas[emitted.emitter, Address(operator)] = None
        entry = self._ledger.apply(emitted)
        for posting in entry.postings if entry else ():
            account = posting.account
            self._changed.accounts[account] = None
            self._note_contract(account.asset)
            self._note_contract(Address(account.owner))
            if account.purpose is Purpose.JOB:
                self._changed.orders[account.owner] = None
        return entry

    def check(self) -> list[Finding]:
        """Return every finding on what changed since the last check; empty when the invariants hold there."""
        changed = self._changed
        self._changed = _Scope(violations_from=len(self._ledger.violations))
        return _findings(self._ledger, changed)

    def _note_contract(self, address: Address) -> None:
        if address in self._ledger.contracts.currencies:
            self._changed.currencies[address] = None
        elif address in self._ledger.contracts.series:
            self._changed.series[address] = None


def check(ledger: Ledger) -> list[Finding]:
    """Return every finding on a ledger as it stands between two transactions; empty when all invariants hold."""
    return _findings(ledger, _Scope.whole(ledger))


def _findings(ledger: Ledger, scope: _Scope) -> list[Finding]:
    return [
        *_contradictions(ledger, scope),
        *_supply(ledger, scope),
        *_reserve(ledger, scope),
        *_backing(ledger, scope),
        *_channel(ledger, scope),
        *_job(ledger, scope),
        *_overdrawn(ledger, scope),
        *_unallocated(ledger, scope),
        *_announced(ledger, scope),
    ]


def donations(ledger: Ledger) -> list[Finding]:
    """Name what contracts hold for no purpose that the books know. Allowed, and none of anybody's backing.

    Somebody gave it to a listed contract. The books of a settlement account that is not listed are not kept:
    it may be a series that was left out, and hold what its buyers paid, or the deposit collector, which holds nothing
    between two transactions.
    """
    return [
        Finding(
            "INV-CHANNEL" if account.owner in ledger.contracts.hubs else "INV-BACKING",
            f"contract 0x{account.owner.hex()}",
            f"{name}: holds {amount} units of 0x{account.asset.hex()} for no purpose: a donation"
            if name
            else f"settlement account that is not listed: holds {amount} units of 0x{account.asset.hex()}, "
            "for a purpose that is not known",
            Severity.NOTICE,
        )
        for account, amount, name in ledger.unassigned()
    ]


def conduct(ledger: Ledger) -> list[Finding]:
    """Name what the rules allow and an auditor looks at: halts, and what was claimed of frozen payers."""
    halts = [
        Finding("INV-BACKING", f"series 0x{it.event.series.hex()}", _told(it, ledger), Severity.NOTICE)
        for it in ledger.halts
    ]
    frozen = [
        Finding(
            "INV-FROZEN",
            f"series 0x{series.hex()}",
            f"{tokens} Tokens were claimed from channels of 0x{payer.hex()} while it was frozen outgoing",
            Severity.NOTICE,
        )
        for (series, payer), tokens in ledger.claimed_of_frozen.items()
    ]
    return [*halts, *frozen]


def _told(halt: HaltRecord, ledger: Ledger) -> str:
    """Say who halted and why, and whose purchases before it the compensation may have been the reason for."""
    it, bought = halt.event, halt.bought_before
    detail = f"halted by 0x{it.halter.hex()} on the ground 0x{it.ground.hex()}, evidence 0x{it.evidence.hex()}, "
    own = ledger.bought.get((it.series, it.halter), 0)
    detail += f"{it.compensation} units of stake paid; it had bought {own} Tokens itself"
    if bought:
        most = max(bought, key=lambda payer: (bought[payer], payer))
        detail += f"; {sum(bought.values())} Tokens were bought in the hour before, most by 0x{most.hex()} "
        detail += f"({bought[most]})"
    return detail


def _contradictions(ledger: Ledger, scope: _Scope) -> Iterator[Finding]:
    """INV-ONCE, INV-FINAL, INV-USAGE, INV-RESERVE, INV-FROZEN, INV-LIMIT, INV-REPLAY, INV-BACKING, INV-CHANNEL.

    An event contradicted the history before it, or what an event states, such as a credit, is not what the books say.
    """
    for code, at, detail in ledger.violations[scope.violations_from :]:
        yield Finding(code, f"block {at.block_number} transaction {at.transaction_index}", detail)


def _supply(ledger: Ledger, scope: _Scope) -> Iterator[Finding]:
    """INV-SUPPLY: what was created and destroyed is what issuance, purchase, redemption and refund say."""
    for asset in (*scope.currencies, *scope.series):
        supply, stated = ledger.supply(asset), ledger.stated_supply[asset]
        if supply != stated:
            yield Finding("INV-SUPPLY", f"asset 0x{asset.hex()}", f"supply is {supply}, business events state {stated}")


def _reserve(ledger: Ledger, scope: _Scope) -> Iterator[Finding]:
    """INV-RESERVE: no institution is over its quota, positions sum to the supply, and the reserve covers it."""
    for currency in scope.currencies:
        if uncovered := ledger.uncovered(currency):
            yield Finding("INV-RESERVE", f"reserve of 0x{currency.hex()}", uncovered)
        supply = ledger.supply(currency)
        positions = ledger.total_positions.get(currency, 0)
        if positions != supply:
            detail = f"positions of operating institutions sum to {positions}, supply is {supply}"
            yield Finding("INV-RESERVE", f"positions in 0x{currency.hex()}", detail)
    for currency, operator in scope.quotas:
        quota = ledger.quotas.get((currency, operator), 0)
        if quota < 0:
            yield Finding(
                "INV-RESERVE", f"currency 0x{currency.hex()}", f"operator 0x{operator.hex()} is {-quota} over"
            )


def _backing(ledger: Ledger, scope: _Scope) -> Iterator[Finding]:
    """INV-BACKING: a series' escrow covers its outstanding Tokens, and after a halt the compensation of those left."""
    for series in scope.series:
        terms = ledger.contracts.series[series]
        escrow, owed = ledger.balance(terms.currency, Purpose.ESCROW, series), ledger.owed(series)
        if escrow < owed:
            detail = f"{escrow} units in escrow do not cover {ledger.supply(series)} Tokens, to which {owed} are owed"
            detail += f" at {terms.unit_price} per {PRICE_BASIS}"
            if series in ledger.halted:
                detail += f" and, of those not delivered, {terms.compensation_bps} basis points more"
            yield Finding("INV-BACKING", f"series 0x{series.hex()}", detail)


def _channel(ledger: Ledger, scope: _Scope) -> Iterator[Finding]:
    """INV-CHANNEL: the hub holds what channels have unclaimed and receivers unsettled, and no channel is overdrawn."""
    for account in scope.accounts:
        amount = ledger.balances.get(account, 0)
        hub = account.purpose is Purpose.OWN and account.owner in ledger.contracts.hubs
        if amount < 0 and (hub or account.purpose in (Purpose.CHANNEL, Purpose.CLAIM, Purpose.PAYOUT)):
            yield Finding("INV-CHANNEL", f"{account.purpose.value} 0x{account.owner.hex()}", f"{-amount} units short")


def _job(ledger: Ledger, scope: _Scope) -> Iterator[Finding]:
    """INV-JOB: per order, what was funded is released, refunded or of open milestones, and that and bonds are held."""
    for order_id in scope.orders:
        order = ledger.orders.get(order_id)
        if order is None:
            continue  # an event named it that could not be booked
        funded, open_ = order.terms.total, order.unfinished
        held = ledger.balance(order.terms.currency, Purpose.JOB, order_id)
        short = ledger.contracts.counts(order.terms.currency) and held != open_ + order.bonds
        if order.released + order.refunded + open_ != funded or short:
            detail = f"{funded} units funded; {order.released} released, {order.refunded} refunded, {open_} open; "
            detail += f"{order.bonds} put up in disputes; {held} held"
            yield Finding("INV-JOB", f"order 0x{order_id.hex()}", detail)


_HOLDING = frozenset(Purpose) - {Purpose.ISSUANCE, Purpose.CHANNEL, Purpose.CLAIM, Purpose.PAYOUT}
"""Purposes of which nobody may hold less than nothing, those of INV-CHANNEL apart."""


def _overdrawn(ledger: Ledger, scope: _Scope) -> Iterator[Finding]:
    """INV-SUPPLY: nobody holds less than nothing."""
    for account in scope.accounts:
        amount = ledger.balances.get(account, 0)
        if amount < 0 and account.purpose in _HOLDING:
            if account.owner in ledger.contracts.hubs:
                continue  # named by INV-CHANNEL
            yield Finding("INV-SUPPLY", f"{account.purpose.value} 0x{account.owner.hex()}", f"{-amount} units short")


def _unallocated(ledger: Ledger, scope: _Scope) -> Iterator[Finding]:
    """INV-SUPPLY: a currency holds nothing but what is under redemption or credited, for it refuses donations."""
    for currency in scope.currencies:
        if (amount := ledger.balance(currency, Purpose.OWN, currency)) > 0:
            yield Finding("INV-SUPPLY", f"currency 0x{currency.hex()}", f"holds {amount} of its units for no purpose")


def _announced(ledger: Ledger, scope: _Scope) -> Iterator[Finding]:
    """INV-FROZEN, INV-REPLAY: what was seized, and whatever else a currency announced, has moved."""
    for currency in scope.currencies:
        if announced := ledger.announced.get(currency):
            yield Finding(announced.code, f"currency 0x{currency.hex()}", f"{announced}, which did not move")
