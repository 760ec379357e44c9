"""GAS-PVP: two banks of two countries exchange e-CNY for e-HKD by a signed instruction, beside two plain transfers.

Every check is included: both currencies have opening hours, both corridors have terms and a window in use, and stops
and freezes are looked at. Every slot that is written holds something before and after.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from pysettle.client.core.access import Roles
from pysettle.client.settlement.corridors import Corridors
from pysettle.client.settlement.liquidity import LiquidityAccounts
from pysettle.client.settlement.opening import open_settlement
from pysettle.client.settlement.registry import ParticipantRegistry
from pysettle.client.settlement.settlement import AtomicSettlement
from pysettle.domain.core.signing import Signer
from pysettle.domain.settlement.calendars import Hours, Week
from pysettle.domain.settlement.corridors import NEVER, Corridor, CorridorTerms
from pysettle.domain.settlement.identifiers import Identity, check_digits
from pysettle.domain.settlement.messages import Instruction, Leg, LegKind, code_word
from pysettle.money import Currency
from pysettle.values import Seconds, Units
from tests.benchmarks.gas import Payments
from tests.benchmarks.measure import Goal, Row

_ENOUGH = Units(10**9)
_ALWAYS = Week((Hours(0, 1_440),) * 7, Hours(0, 1_440), 8 * 60)
_BANKS = (("PYSETTLE0000000001", "BKCHCNBJ"), ("PYSETTLE0000000002", "HSBCHKHH"))


class Exchanges(Payments):
    """A bank of the mainland with e-CNY and one of Hong Kong with e-HKD, which exchanged twice before."""

    def __init__(self) -> None:
        """Open both currencies, positions and corridors; have both banks exchange twice."""
        super().__init__()
        self._admin, issuer = Signer.derived("gas", "admin"), Signer.derived("gas", "bank")
        self._banks = [self.payer, self.payee]
        hkd = self.network.open_currency(Currency.HKD, Roles.in_one_hand(self._admin, operators=(issuer,)))
        self._tokens = [self.currency, hkd]
        open_settlement(self.network)
        self._settlement, self._numbers = AtomicSettlement.of(self.network), count(1)
        self._fund(issuer)
        self._open_corridors()
        for _ in range(2):
            self.exchange()

    def _fund(self, issuer: Signer) -> None:
        admin, hkd = self._admin, self._tokens[1]
        reserve = hkd.desk.sign_reserve(admin, 10**9, 86_400)
        self.network.send(hkd.desk.attest_reserve(admin, admin.address, *reserve))
        registry, positions = ParticipantRegistry.of(self.network), LiquidityAccounts.of(self.network)
        for token, owner in zip(self._tokens, self._banks, strict=True):
            for currency, bank, (stem, bic) in zip((Currency.CNY, Currency.HKD), self._banks, _BANKS, strict=True):
                identity = Identity(stem + check_digits(stem), bic)
                home = currency.jurisdiction
                self.network.send(registry.admit(admin, token.address, bank.address, identity, home, bank.address))
            self.network.send(
                token.desk.set_issuance_quota(admin, issuer.address, Units(4 * _ENOUGH)),
                token.desk.issue(issuer, issuer.address, _ENOUGH),
                token.transfer(issuer, owner.address, Units(_ENOUGH // 4)),
                token.approve(owner, positions.address, _ENOUGH),
                positions.pay_in(owner, token.address, Units(_ENOUGH // 8)),
            )

    def _open_corridors(self) -> None:
        corridors, admin = Corridors.of(self.network), self._admin
        first, second = (currency.jurisdiction for currency in (Currency.CNY, Currency.HKD))
        cny, hkd = (token.address for token in self._tokens)
        terms = CorridorTerms(_ENOUGH, _ENOUGH, NEVER, Seconds(86_400), _ENOUGH)
        self.network.send(
            *(corridors.set_week(admin, token, _ALWAYS) for token in (cny, hkd)),
            *(
                corridors.agree(admin, way, terms, token)
                for way in (Corridor(first, second, cny, hkd), Corridor(second, first, hkd, cny))
                for token in (cny, hkd)
            ),
        )

    def exchange(self) -> int:
        """Return the gas of an exchange, which a relayer submits with the approvals of both banks."""
        (mainland, harbour), (cny, hkd) = self._banks, (token.address for token in self._tokens)
        legs = (
            Leg(LegKind.POSITION, cny, mainland.address, harbour.address, 1_000),
            Leg(LegKind.POSITION, hkd, harbour.address, mainland.address, 1_100),
        )
        instruction = Instruction(legs, next(self._numbers).to_bytes(32, "big"), code_word("INTC"))
        until = self.network.chain.clock.now() + 3_600
        signed = [self._settlement.approve(bank, instruction, next(self._numbers), until) for bank in self._banks]
        return self._gas(self._settlement.submit(self.relayer, instruction, signed))


def gas_pvp() -> Iterator[Row]:
    """Measure an exchange of two currencies between two countries."""
    exchanges = Exchanges()
    anchor = 2 * exchanges.plain_transfer()
    yield Row("GAS-PVP", Goal(110_000, most=True, of_figure=True), exchanges.exchange(), "gas", anchor)
