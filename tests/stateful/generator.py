"""A seeded source of operations on a currency, with a liking for what is nearly allowed, and for what just is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from eth_typing import Address

from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.domain.money.wallets import (
    IDENTIFICATION_WITHOUT_END,
    LIMIT_STEP,
    MOST_LIMIT,
    NO_LIMIT,
    ClassLimits,
    WalletClass,
)
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import FULL_RESERVE, MINOR_UNIT, MOST_UNITS, Role, Status, day_at, day_number
from tests.stateful.draws import Draws
from tests.stateful.operations import CONTRACTS, KEYS, Operation
from tests.stateful.watched import HOLDERS

PENDING_AT_MOST = 6
"""Redemptions left pending before some are ended: each is looked at after every operation."""
WEIGHTS = {
    "transfer": 16,
    "transferFrom": 8,
    "approve": 4,
    "permit": 4,
    "setPayeeOnly": 2,
    "transferWithAuthorization": 8,
    "receiveWithAuthorization": 6,
    "cancelAuthorization": 3,
    "requestRedemption": 5,
    "takeRedemption": 3,
    "completeRedemption": 3,
    "rejectRedemption": 3,
    "cancelRedemption": 4,
    "claimCredit": 5,
    "issue": 8,
    "seize": 3,
    "seizeCredit": 3,
    "freeze": 6,
    "freezeAmount": 5,
    "registerWallet": 6,
    "markSettlementAccount": 2,
    "pause": 1,
    "unpause": 2,
    "setIssuanceQuota": 3,
    "setReserveRatio": 2,
    "setClassLimits": 4,
    "attestReserve": 4,
    "replay": 4,
}


class Generator(Draws):
    """Draws one operation after the other."""

    def __init__(
        self,
        seed: int,
        spec: CurrencySpec,
        addresses: dict[str, Address],
        holders: Sequence[str] = HOLDERS,
        keys: Sequence[str] = KEYS,
    ) -> None:
        """Draw from a seed, for the specification as it stands at each draw."""
        super().__init__(seed, spec, addresses, holders, keys)
        self._signed: list[Operation] = []
        self._draws: dict[str, Callable[[], Operation]] = {
            "transfer": self._transfer,
            "transferFrom": self._transfer_from,
            "approve": self._approve,
            "permit": self._permit,
            "transferWithAuthorization": lambda: self._authorization("transferWithAuthorization"),
            "receiveWithAuthorization": lambda: self._authorization("receiveWithAuthorization"),
            "cancelAuthorization": self._cancel_authorization,
            "requestRedemption": self._request_redemption,
            "takeRedemption": lambda: self._redemption("takeRedemption"),
            "completeRedemption": lambda: self._redemption("completeRedemption"),
            "rejectRedemption": lambda: self._redemption("rejectRedemption"),
            "cancelRedemption": self._cancel_redemption,
            "claimCredit": self._claim_credit,
            "setPayeeOnly": lambda: self._call("setPayeeOnly", self._holder(), self._chance(0.4)),
            "issue": self._issue,
            "seize": self._seize,
            "seizeCredit": self._seize_credit,
            "freeze": self._freeze,
            "freezeAmount": self._freeze_amount,
            "registerWallet": self._register_wallet,
            "markSettlementAccount": self._mark_settlement_account,
            "pause": lambda: self._by(Role.PAUSER, "pause"),
            "unpause": lambda: self._by(Role.PAUSER, "unpause"),
            "setIssuanceQuota": self._set_issuance_quota,
            "setReserveRatio": self._set_reserve_ratio,
            "setClassLimits": self._set_class_limits,
            "attestReserve": self._attest_reserve,
            "replay": self._replay,
        }

    def draw(self, earliest: int) -> Operation:
        """Return the next operation, in a block at or after `earliest`, unix seconds."""
        self._now = max(earliest, self._time(earliest))
        if len(self._pending()) > PENDING_AT_MOST and self._chance(0.3):
            return self._redemption(self._random.choice(("completeRedemption", "rejectRedemption")))
        if self._spec.policy.paused and self._chance(0.1):
            return self._by(Role.PAUSER, "unpause")
        if self._spec.reserve.valid_before <= self._now and self._chance(0.1):
            return self._attest_reserve()
        (entry,) = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        operation = self._draws[entry]()
        if operation.signature is not None and operation.entry != "attestReserve":
            self._signed.append(operation)
        return operation

    # Payments

    def _transfer(self) -> Operation:
        payer = self._holder()
        to = payer if self._chance(0.05) else self._anybody()
        return self._call("transfer", payer, to, self._payment(payer, to))

    def _transfer_from(self) -> Operation:
        allowed_pairs = self._spec.allowances.items()
        allowances = sorted(pair for pair, allowed in allowed_pairs if allowed and pair[1] in self._holders)
        if not allowances or self._chance(0.1):
            payer, spender = self._anybody(), self._holder()
        else:
            payer, spender = self._random.choice(allowances)
        if self._chance(0.03):
            payer = ZERO_ADDRESS
        to = self._anybody()
        allowed = self._spec.allowances[payer, spender]
        value = min(allowed + 1, 2**256 - 1) if self._chance(0.05) else min(self._payment(payer, to), allowed)
        return self._call("transferFrom", spender, payer, to, value)

    def _allowance(self, owner: Address) -> int:
        held = self._spec.accounts[owner].balance
        return self._random.choice((self._near(held), self._random.randint(0, held), 2**256 - 1))

    def _spender(self) -> Address:
        return ZERO_ADDRESS if self._chance(0.06) else self._holder()

    def _approve(self) -> Operation:
        owner = self._holder()
        return self._call("approve", owner, self._spender(), self._allowance(owner))

    def _permit(self) -> Operation:
        owner, spender = self._signer(), self._spender()
        deadline = self._random.choice((*(self._now, self._now + 90_000, 2**256 - 1) * 3, self._now - 1))
        value, nonce = self._allowance(owner), self._spec.permit_nonces[owner]
        message = ("Permit", owner, spender, value, nonce, deadline)
        return self._with_signature("permit", self._holder(), (owner, spender, value, deadline), owner, message)

    def _authorization(self, entry: str) -> Operation:
        payer, to = self._signer(), self._anybody()
        now = self._now
        after = self._random.choice((*(0, now - 1) * 10, now, now + 1))
        before = self._random.choice((*(2**256 - 1, now + 90_000, now + 2, now + 1) * 5, now))
        arguments = (payer, to, self._payment(payer, to), after, before, self._nonce())
        by_payee = self._chance(0.9 if entry == "receiveWithAuthorization" else 0.3) and to in self._holders
        submitter = to if by_payee else self._random.choice((*self._holders, self._addresses["relayer"]))
        message = (entry[0].upper() + entry[1:], *arguments)
        return self._with_signature(entry, submitter, arguments, payer, message)

    def _cancel_authorization(self) -> Operation:
        authorizer, nonce = self._signer(), self._nonce()
        signed = [it for it in self._signed if it.contract == "currency"]
        payments = [it.arguments for it in signed if "WithAuthorization" in it.entry]
        if payments and self._chance(0.3):
            authorizer, *_, nonce = self._random.choice(payments[-60:])  # type: ignore[assignment]  # as drawn
        message = ("CancelAuthorization", authorizer, nonce)
        return self._with_signature("cancelAuthorization", self._holder(), (authorizer, nonce), authorizer, message)

    def _nonce(self) -> bytes:
        """Return a nonce, seldom one whose low bits were drawn before."""
        low = self._random.randrange(24) if self._chance(0.2) else self._random.getrandbits(64)
        return (self._random.getrandbits(192) << 64 | low).to_bytes(32, "big")

    def _replay(self) -> Operation:
        """Submit again what was signed before, as it was or by somebody else."""
        if not self._signed:
            return self._transfer()
        operation = replace(self._random.choice(self._signed[-60:]), now=self._now)
        return replace(operation, sender=self._holder()) if self._chance(0.4) else operation

    # Redemption and credit

    def _request_redemption(self) -> Operation:
        holder = self._holder()
        account = self._spec.accounts[holder]
        most = account.balance if account.settlement else account.free
        amount = self._near(account.balance, account.free) if self._chance(0.2) else self._fitting(most)
        operator = self._random.choice((*self._operators * 6, self._holder()))
        return self._call("requestRedemption", holder, operator, self._whole(amount))

    def _some_redemption(self, *preferred: Status) -> int:
        """Return a pending redemption, of a preferred status if there is one; seldom another, or none that there is."""
        pending = self._pending()
        of_status = [number for number in pending if self._spec.redemptions[number].status in preferred]
        if pending and self._chance(0.9):
            return self._random.choice(of_status or pending)
        count = len(self._spec.redemptions)
        return self._random.choice((0, count + 1, self._random.randint(0, count), self._random.randint(0, count)))

    def _redemption(self, entry: str) -> Operation:
        if not self._pending() and self._chance(0.9):
            return self._request_redemption()
        number = self._some_redemption()
        request = self._spec.redemptions.get(number)
        if request is None or self._chance(0.15):
            return self._by(Role.OPERATOR, entry, number)
        return self._call(entry, request.operator, number)

    def _cancel_redemption(self) -> Operation:
        if not self._pending() and self._chance(0.9):
            return self._request_redemption()
        number = self._some_redemption(*((Status.TAKEN,) if self._chance(0.7) else ()))
        request = self._spec.redemptions.get(number)
        sender = self._holder() if request is None or self._chance(0.15) else request.holder
        return self._call("cancelRedemption", sender, number)

    def _creditor(self) -> Address:
        creditors = [holder for holder in self._holders if self._spec.accounts[holder].credit]
        return self._random.choice(creditors) if creditors and self._chance(0.9) else self._anybody()

    def _claim_credit(self) -> Operation:
        account = self._creditor()
        credit, held = self._spec.accounts[account].credit, self._spec.accounts[account].balance
        room = self._spec.limits_on(account, day_at(self._now)).balance - held
        amount = self._near(credit, room) if self._chance(0.3) else self._fitting(min(credit, max(room, 0)))
        return self._call("claimCredit", self._holder(), account, amount)

    # Powers

    def _issue(self) -> Operation:
        sender = self._random.choice(self._operators)
        to, spec = self._anybody(), self._spec
        quota, covered = spec.institutions[sender].quota, spec.issuable() - spec.supply
        room = spec.limits_on(to, day_at(self._now)).balance - spec.accounts[to].balance
        most = max(min(quota, covered, room, 60 * LIMIT_STEP), 0)
        amount = self._fitting(most) // MINOR_UNIT * MINOR_UNIT
        if self._chance(0.3):
            bound = max(self._random.choice((quota, covered, room)), 0) // MINOR_UNIT
            amount = min(bound + self._random.choice((0, 1)), (2**256 - 1) // MINOR_UNIT) * MINOR_UNIT
        if self._chance(0.04):
            amount += self._random.randint(1, MINOR_UNIT - 1)
        operation = self._by(Role.OPERATOR, "issue", to, amount)
        return operation if self._chance(0.2) else replace(operation, sender=sender)

    def _legal_basis(self) -> bytes:
        return bytes(32) if self._chance(0.1) else self._random.randbytes(32)

    def _seize(self) -> Operation:
        holder, to = self._anybody(), self._anybody()
        amount = 2**256 - 1 if self._chance(0.03) else self._fitting(self._spec.accounts[holder].balance)
        return self._by(Role.SEIZER, "seize", holder, to, amount, self._legal_basis())

    def _seize_credit(self) -> Operation:
        holder, to = self._creditor(), self._anybody()
        amount = self._fitting(self._spec.accounts[holder].credit)
        return self._by(Role.SEIZER, "seizeCredit", holder, to, amount, self._legal_basis())

    def _freeze(self) -> Operation:
        frozen = [it for it in self._holders if self._spec.accounts[it].frozen_outgoing]
        if frozen and self._chance(0.5):
            return self._by(Role.FREEZER, "freeze", self._random.choice(frozen), False, self._chance(0.3))
        outgoing, incoming = self._chance(0.2), self._chance(0.25)
        return self._by(Role.FREEZER, "freeze", self._anybody(), outgoing, incoming)

    def _freeze_amount(self) -> Operation:
        holder = self._anybody()
        held = self._spec.accounts[holder].balance
        amount = self._random.choice((0, 0, self._near(held), self._random.randint(0, held), 2**256 - 1))
        return self._by(Role.FREEZER, "freezeAmount", holder, amount)

    def _register_wallet(self) -> Operation:
        today = day_number(day_at(self._now))
        wallet_class = self._random.choice(list(WalletClass))
        soon = today + self._random.choice((-1, 0, 1, 1, 2, 3, 30))
        expiry = IDENTIFICATION_WITHOUT_END if self._chance(0.5) else soon
        jurisdiction = self._random.choice((0, 156, 156, 344, 764, 999, 999, 1_000, 2**16 - 1))
        arguments = (self._anybody(), wallet_class, expiry, jurisdiction, self._chance(0.9))
        return self._by(Role.REGISTRAR, "registerWallet", *arguments)

    def _mark_settlement_account(self) -> Operation:
        contracts = [self._addresses[name] for name in CONTRACTS]
        frozen = [it for it in contracts if self._spec.accounts[it].frozen]
        if frozen and self._chance(0.7):
            return self._by(Role.SETTLEMENT_REGISTRAR, "markSettlementAccount", self._random.choice(frozen))
        # Seldom a contract that bears no mark yet: it will bear it for ever.
        choices = contracts if self._chance(0.05) else (self._addresses["escrow"], *self._keys)
        return self._by(Role.SETTLEMENT_REGISTRAR, "markSettlementAccount", self._random.choice(choices))

    def _set_issuance_quota(self) -> Operation:
        operator = self._random.choice((*self._operators * 4, self._holder()))
        quota = self._random.choice((*(self._random.randrange(10**12) for _ in range(8)), 0, MINOR_UNIT, MOST_UNITS))
        if self._chance(0.05):
            quota = MOST_UNITS + 1
        return self._by(Role.CENTRAL_BANK, "setIssuanceQuota", operator, quota)

    def _set_reserve_ratio(self) -> Operation:
        ratios = (FULL_RESERVE, FULL_RESERVE, FULL_RESERVE - 1, FULL_RESERVE + 1, 5_000, 2_000, 3_333, 1, 0, 2**255)
        return self._by(Role.CENTRAL_BANK, "setReserveRatio", self._random.choice(ratios))

    def _limit(self) -> int:
        random = self._random
        if self._chance(0.04):
            return random.choice((1, LIMIT_STEP - 1, MOST_LIMIT + LIMIT_STEP, NO_LIMIT - 1, 2**200 * LIMIT_STEP))
        if self._chance(0.35):
            return NO_LIMIT
        return random.choice((0, MOST_LIMIT, *(random.randint(1, 60) * LIMIT_STEP for _ in range(14))))

    def _set_class_limits(self) -> Operation:
        limits = ClassLimits(self._limit(), self._limit(), self._limit(), self._limit())
        wallet_class = self._random.choice((*(WalletClass.IV, *WalletClass) * 3, WalletClass.CORPORATE))
        return self._by(Role.CENTRAL_BANK, "setClassLimits", wallet_class, limits)

    def _attest_reserve(self) -> Operation:
        random, now, last = self._random, self._now, self._spec.reserve
        needed = -(-self._spec.supply * self._spec.policy.reserve_ratio // FULL_RESERVE // MINOR_UNIT)
        ample = needed + random.randrange(10**9)
        most = MOST_UNITS // MINOR_UNIT
        amount = min(random.choice((ample, ample, ample, needed, needed - 1, needed + 1, needed + 100)), most)
        if self._chance(0.04):
            amount = random.choice((most, most + 1, 2**200))
        as_of = random.choice((now, now, now, now - 1, last.as_of, last.as_of - 1, now + 1))
        sequence = last.sequence + random.choice((1, 1, 1, 1, 1, 2, 50, 2**32, 2**32 + 1, 0, -1))
        end = now + random.choice((0, 1, 2, 3_600, 86_400, 2 * 86_400, *(400 * 86_400,) * 6))
        attestation = ReserveAttestation(max(amount, 0), min(max(as_of, 0), 2**64 - 1), max(sequence, 0), end)
        bank = self._addresses["central bank"]
        attester = self._holder() if self._chance(0.1) else bank
        message = ("ReserveAttestation", *attestation.fields())
        submitter = random.choice((bank, self._holder()))
        return self._with_signature("attestReserve", submitter, (attester, attestation), attester, message)
