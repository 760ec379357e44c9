"""Calls that are tried on a copy first: of several legs the last may be refused when the others have moved."""

from __future__ import annotations

from copy import deepcopy

from tests.spec.core.calls import Call, Contract, Outcome


class TrialSpec(Contract):
    """A contract whose refused calls leave nothing, with all that it calls, although it changes before it requires."""

    def perform(self, entry: str, call: Call, *arguments: object) -> Outcome:
        """Call an entry of a copy; if that refuses nothing, call the entry itself."""
        trial = Contract.perform(deepcopy(self), entry, call, *arguments)
        return Outcome(self, trial.refusal) if trial.refusal else super().perform(entry, call, *arguments)
