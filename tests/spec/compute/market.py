"""The market, from the manual `contracts/compute/IComputeMarket.sol`."""

from __future__ import annotations

from collections import defaultdict

from eth_typing import Address

from pysettle.domain.compute.events import (
    ComputeRegistered,
    ProviderJurisdictionSet,
    PurchasePolicySet,
    SeriesHalted,
    SeriesOpened,
    Staked,
    StakeReleased,
    StakeWithdrawn,
)
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.errors import contracts as errors
from tests.spec.compute.records import MOST, PRICE_BASIS, Compute, Stake, Terms, created_by
from tests.spec.compute.series import PurchaseRule, SeriesSpec
from tests.spec.core.calls import Call, Contract, Signature, refuse
from tests.spec.core.records import BPS, NOTHING, Places
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Role


class MarketSpec(Contract):
    """The market of one currency, and every series it opened."""

    def __init__(self, places: Places, currency: CurrencySpec, attester: Address) -> None:
        """Begin with nothing registered, staked or opened; the attester is given beforehand."""
        super().__init__(places.market, currency.events)
        self._places, self.currency, self._attester = places, currency, attester
        self.rules: dict[Address, PurchaseRule] = {}
        """Address -> each policy that there is."""
        self.policy: Address = ZERO_ADDRESS
        self.admitted: set[int] = set()
        """Jurisdictions whose providers open series with a policy."""
        self.computes: dict[bytes, Compute] = {}
        self.free: defaultdict[Address, int] = defaultdict(int)
        """Provider -> units staked and not locked."""
        self.stakes: dict[Address, Stake] = {}
        self.series: dict[Address, SeriesSpec] = {}

    def register_compute(
        self, call: Call, attestation: ComputeAttestation, attester: Address, signature: Signature
    ) -> bytes:
        """Register compute that an attester signed for; return its id."""
        _require_compute(attestation)
        compute_id = attestation.digest(self._places.market_domain)
        if compute_id in self.computes:
            refuse(errors.ComputeRegisteredAlready, computeId=compute_id)
        if attester != self._attester:
            refuse(errors.ComputeAttesterInvalid, attester=attester)
        if signature != Signature(attester, ("ComputeAttestation", *attestation.fields())):
            refuse(errors.ComputeSignatureInvalid, attester=attester)
        seconds = attestation.valid_before - attestation.valid_from
        capacity = attestation.units * attestation.tokens_per_unit_second * seconds
        self.computes[compute_id] = Compute(attestation.provider, capacity, attestation.valid_before)
        provider, *stated, _ = attestation.fields()
        self._emit(ComputeRegistered(compute_id, provider, attester, *stated, capacity))
        return compute_id

    def stake(self, call: Call, amount: int) -> None:
        """Stake units that the caller let the market take."""
        _require_amount(amount)
        self._emit(Staked(call.sender, amount, self.free[call.sender] + amount))
        self.currency.transfer_from(self._at(call), call.sender, self.address, amount)
        self.free[call.sender] += amount

    def withdraw_stake(self, call: Call, amount: int) -> None:
        """Give stake back that is not locked."""
        _require_amount(amount)
        self._require_free(call.sender, amount)
        self.free[call.sender] -= amount
        self._emit(StakeWithdrawn(call.sender, amount, self.free[call.sender]))
        self.currency.transfer(self._at(call), call.sender, amount)

    def open_series(self, call: Call, terms: Terms, compute_id: bytes) -> Address:
        """Open a series on compute of the caller's; return it."""
        provider = terms.provider
        if provider != call.sender:
            refuse(errors.ProviderNotCaller, provider=provider, caller=call.sender)
        if self.currency.accounts[provider].frozen_outgoing:
            refuse(errors.ProviderFrozen, provider=provider)
        jurisdiction = self.currency.accounts[provider].jurisdiction
        if self.policy != ZERO_ADDRESS and jurisdiction not in self.admitted:
            refuse(errors.ProviderJurisdictionRefused, provider=provider, jurisdiction=jurisdiction)
        compute = self.computes.get(compute_id)
        if compute is None or compute.provider != provider:
            refuse(errors.ComputeNotOfProvider, computeId=compute_id, provider=provider)
        end = compute.valid_before
        if terms.expiry > end:
            refuse(errors.ComputeEndsBefore, computeId=compute_id, expiry=terms.expiry, validBefore=end)
        available = compute.capacity - compute.allocated
        if terms.capacity > available:
            stated = {"requested": terms.capacity, "available": available}
            refuse(errors.ComputeCapacityExceeded, computeId=compute_id, **stated)
        locked = -(-terms.capacity * terms.unit_price * terms.compensation // (PRICE_BASIS * BPS))
        if locked > MOST:
            refuse(errors.StakeTooLarge, requested=locked, most=MOST)
        self._require_free(provider, locked)
        address = created_by(self._places.factory, len(self.series) + 1)
        rule = self.rules.get(self.policy)
        series = SeriesSpec(address, terms, self._places, self.currency, call.now, rule)
        compute.allocated += terms.capacity
        self.free[provider] -= locked
        self.stakes[address] = Stake(provider, locked)
        self.series[address] = series
        opened = compute_id, terms.SERVICE_CLASS, terms.capacity, terms.expiry, locked
        self._emit(SeriesOpened(address, provider, *opened))
        self.currency.mark_settlement_account(self._at(call), address)
        return address

    def release_stake(self, call: Call, series: Address) -> None:
        """Free the stake of a series that expired without a halt."""
        stake = self._stake_of(series)
        expiry = self.series[series].terms.expiry
        if call.now < expiry:
            refuse(errors.StakeLocked, series=series, expiry=expiry, timestamp=call.now)
        _require_amount(stake.locked)
        self.free[stake.provider] += stake.locked
        self._emit(StakeReleased(series, stake.provider, stake.locked))
        stake.locked = 0

    def halt(self, call: Call, series: Address, evidence: bytes) -> None:
        """Halt a series at the word of its halter: compensation goes to it, the rest of its stake is free."""
        stake = self._stake_of(series)
        halter = self.series[series].terms.halter
        if call.sender != halter:
            refuse(errors.SeriesCallerNotHalter, series=series, caller=call.sender, halter=halter)
        if evidence == NOTHING:
            refuse(errors.HaltWithoutEvidence, series=series)
        compensation = self.series[series].compensation_rounded_up(call)
        released = stake.locked - compensation
        self.free[stake.provider] += released
        stake.locked = 0
        halted = self.series[series].terms.ground, evidence, stake.provider, compensation, released
        self._emit(SeriesHalted(series, halter, *halted))
        self.currency.transfer(self._at(call), series, compensation)
        self.series[series].halt(self._at(call))

    # Central bank

    def set_purchase_policy(self, call: Call, policy: Address) -> None:
        """Set the policy of series that are opened from now on."""
        self._require_central_bank(call)
        if policy not in (ZERO_ADDRESS, *self.currency.contracts, *self.rules):
            refuse(errors.PolicyWithoutCode, policy=policy)
        self.policy = policy
        self._emit(PurchasePolicySet(policy))

    def set_provider_jurisdiction(self, call: Call, jurisdiction: int, admitted: bool) -> None:
        """Admit providers of a jurisdiction, or end that."""
        self._require_central_bank(call)
        (self.admitted.add if admitted else self.admitted.discard)(jurisdiction)
        self._emit(ProviderJurisdictionSet(jurisdiction, admitted))

    def _require_central_bank(self, call: Call) -> None:
        if call.sender not in self.currency.roles[Role.CENTRAL_BANK]:
            refuse(errors.AccessManagedUnauthorized, caller=call.sender)

    def _at(self, call: Call) -> Call:
        """Return the call that the market makes in turn."""
        return Call(self.address, call.now)

    def _stake_of(self, series: Address) -> Stake:
        if series not in self.stakes:
            refuse(errors.SeriesUnknown, series=series)
        return self.stakes[series]

    def _require_free(self, provider: Address, amount: int) -> None:
        free = self.free[provider]
        if amount > free:
            refuse(errors.StakeInsufficient, provider=provider, requested=amount, available=free)


def _require_compute(attestation: ComputeAttestation) -> None:
    """Require sensible compute: with a provider, for some time, of some Tokens, and not too many."""
    rate = attestation.units * attestation.tokens_per_unit_second
    seconds = attestation.valid_before - attestation.valid_from
    sensible = {
        "provider": attestation.provider != ZERO_ADDRESS,
        "validBefore": seconds > 0,
        "tokensPerUnitSecond": rate > 0,
        "units": rate * seconds <= MOST,
    }
    for term, is_sensible in sensible.items():
        if not is_sensible:
            refuse(errors.ComputeTermsInvalid, term=term)


def _require_amount(amount: int) -> None:
    if amount == 0:
        refuse(errors.StakeAmountZero)
