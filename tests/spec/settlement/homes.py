"""Home currencies, from the manual `contracts/settlement/IHomeCurrencies.sol`; for given central banks."""

from __future__ import annotations

from collections.abc import Mapping

from eth_typing import Address

from pysettle.domain.settlement.home_events import HomeCurrencyAgreed, HomeCurrencyProposed
from pysettle.errors import contracts as errors
from tests.spec.core.calls import Call, Contract, refuse


class HomesSpec(Contract):
    """Every home currency of a registry."""

    def __init__(
        self, address: Address, central_banks: Mapping[Address, Address], founding: Mapping[int, Address]
    ) -> None:
        """Begin with the founding ones.

        Args:
            address: Address of the registry.
            central_banks: Currency -> its central bank.
            founding: Jurisdiction -> its home currency, in the order of their numbers.
        """
        super().__init__(address, [])
        self._banks = central_banks
        self.homes = dict(founding)
        self.votes: dict[Address, tuple[int, Address]] = {}

    def agree_home(self, call: Call, jurisdiction: int, home: Address, as_currency: Address) -> bool:
        """Agree to a home currency; return whether it is one now."""
        if not 0 < jurisdiction <= 999:
            refuse(errors.JurisdictionInvalid, jurisdiction=jurisdiction)
        if jurisdiction in self.homes:
            refuse(errors.HomeCurrencyKept, jurisdiction=jurisdiction, home=self.homes[jurisdiction])
        for number, known in self.homes.items():
            if known == home:
                refuse(errors.CurrencyOfOtherJurisdiction, currency=home, jurisdiction=number)
        voters = {*self.homes.values(), home}
        if as_currency not in voters:
            refuse(errors.CurrencyWithoutVote, currency=as_currency)
        if self._banks.get(as_currency) != call.sender:
            refuse(errors.CurrencyPowerMissing, currency=as_currency, caller=call.sender)
        self.votes[as_currency] = jurisdiction, home
        number, is_agreed = len(self.homes) + 1, all(self.votes.get(it) == (jurisdiction, home) for it in voters)
        if is_agreed:
            self.homes[jurisdiction] = home
            self.votes.clear()
        kind = HomeCurrencyAgreed if is_agreed else HomeCurrencyProposed
        self._emit(kind(jurisdiction, home, as_currency, number))
        return is_agreed
