"""States, classes and roles as the contracts number them, with one word for each.

Errors carry them as numbers, and their messages contain the words: so this module stands below all users of the words.
Tests compare them with the enums of the contracts.
"""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    """A value that a contract stores as a number."""

    @property
    def word(self) -> str:
        """The word for the value, in messages, commands and documents."""
        return self.name.lower().replace("_", " ")


class RedemptionStatus(State):
    """State of a redemption, as the contract numbers it."""

    NONE = 0
    REQUESTED = 1
    TAKEN = 2
    COMPLETED = 3
    REJECTED = 4
    CANCELLED = 5


class WalletClass(State):
    """Class of a wallet by how well its holder is known, as the contract numbers it."""

    IV = 0
    III = 1
    II = 2
    I = 3  # noqa: E741 - the class is called so
    CORPORATE = 4

    @property
    def word(self) -> str:
        """The word for the class: a Roman number, or "corporate"."""
        return "corporate" if self is WalletClass.CORPORATE else self.name


class OrderState(State):
    """State of an order, as the contract numbers it."""

    NONE = 0
    PLACED = 1
    ACCEPTED = 2
    CANCELLED = 3


class MilestoneState(State):
    """State of a milestone, as the contract numbers it; the last three are final."""

    DUE = 0
    DELIVERED = 1
    DISPUTED = 2
    RELEASED = 3
    REFUNDED = 4
    RULED = 5

    @property
    def is_final(self) -> bool:
        """Whether the escrow no longer holds the milestone's amount."""
        return self > MilestoneState.DISPUTED


class LegKind(State):
    """The way in which a leg of a settlement moves value, as the contract numbers it."""

    POSITION = 0
    TOKEN = 1


class PayloadState(State):
    """State of the statement of two institutions on a payload, as the contract numbers it."""

    UNSIGNED = 0
    SIGNED = 1
    USED = 2


class WaitingState(State):
    """State of an instruction that waited or waits, as the contract numbers it; the last two are final."""

    NONE = 0
    WAITING = 1
    SETTLED = 2
    UNWOUND = 3


class CycleState(State):
    """State of a clearing cycle, as the contract numbers it; the last two are final."""

    NONE = 0
    OPEN = 1
    CLOSED = 2
    SETTLED = 3
    UNWOUND = 4


class Role(State):
    """Powers over a currency, as its NetworkAccess numbers them."""

    ADMINISTRATOR = 0
    CENTRAL_BANK = 1
    OPERATOR = 2
    REGISTRAR = 3
    FREEZER = 4
    SEIZER = 5
    PAUSER = 6
    SETTLEMENT_REGISTRAR = 7
    ATTESTER = 8

    @property
    def word(self) -> str:
        """The label in commands and files, for example `central-bank`."""
        return self.label

    @property
    def label(self) -> str:
        """Name in commands and files, for example `central-bank`."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def labelled(cls, label: str) -> Role:
        """Return the role with a label that exists."""
        return next(role for role in cls if role.label == label)
