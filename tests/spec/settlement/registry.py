"""The registry of participants, from the manual `contracts/settlement/IParticipantRegistry.sol`; of one currency."""

from __future__ import annotations

import re

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.settlement.events import ParticipantAdmitted, StopsSet
from pysettle.domain.settlement.identifiers import Identity
from pysettle.errors import contracts as errors
from tests.spec.core.calls import Call, Contract, refuse
from tests.spec.core.records import NOTHING
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Role
from tests.spec.settlement.records import Member


class RegistrySpec(Contract):
    """Every participant of a currency."""

    def __init__(self, address: Address, currency: CurrencySpec) -> None:
        """Begin without any."""
        super().__init__(address, currency.events)
        self._currency = currency
        self.members: dict[Address, Member] = {}

    def admit(
        self,
        call: Call,
        currency: Address,
        account: Address,
        identity: Identity,
        jurisdiction: int,
        settlement_agent: Address,
    ) -> int:
        """Admit an institution, or change its registration; return its number."""
        self.require_power(call, currency, Role.REGISTRAR)
        lei, bic = identity.words()
        if not re.fullmatch("[0-9A-Z]{18}[0-9]{2}", identity.lei) or int(_decimal(identity.lei)) % 97 != 1:
            refuse(errors.LeiInvalid, lei=lei)
        if not re.fullmatch("[0-9A-Z]{4}[A-Z]{2}[0-9A-Z]{2}([0-9A-Z]{3})?", identity.bic):
            refuse(errors.BicInvalid, bic=bic)
        if not 0 < jurisdiction <= 999:
            refuse(errors.JurisdictionInvalid, jurisdiction=jurisdiction)
        if settlement_agent == ZERO_ADDRESS:
            refuse(errors.SettlementAgentMissing, account=account)
        if self._currency.accounts[account].settlement:
            refuse(errors.SettlementAccountProtected, account=account)
        known = self.members.setdefault(account, Member(len(self.members) + 1, 0, settlement_agent))
        known.jurisdiction, known.settlement_agent = jurisdiction, settlement_agent
        self._emit(ParticipantAdmitted(currency, account, known.index, jurisdiction, settlement_agent, lei, bic))
        return known.index

    def set_stops(
        self, call: Call, currency: Address, account: Address, suspended: bool, stopped: bool, ground: bytes
    ) -> None:
        """Set both stops on a participant."""
        self.require_power(call, currency, Role.FREEZER)
        if account not in self.members:
            refuse(errors.ParticipantNotFound, currency=currency, account=account)
        if ground == NOTHING:
            refuse(errors.StopWithoutGround, currency=currency, account=account)
        member = self.members[account]
        member.suspended, member.stopped = suspended, stopped
        self._emit(StopsSet(currency, account, suspended, stopped, ground))

    def require_active(self, currency: Address, account: Address) -> None:
        """Require a participant without stops."""
        named = {"currency": currency, "account": account}
        if account not in self.members:
            refuse(errors.ParticipantNotFound, **named)
        if self.members[account].stopped:
            refuse(errors.ParticipantStopped, **named)
        if self.members[account].suspended:
            refuse(errors.ParticipantSuspended, **named)

    def require_power(self, call: Call, currency: Address, role: Role) -> None:
        """Require a role over the currency itself."""
        if currency != self._currency.address or call.sender not in self._currency.roles[role]:
            refuse(errors.CurrencyPowerMissing, currency=currency, caller=call.sender)


def _decimal(text: str) -> str:
    """Return digits and letters as digits, a letter as two."""
    return "".join(str(int(character, 36)) for character in text)
