"""The IssuanceDesk: reserve and quotas of one currency, its issuance and its redemption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pysettle.client.core.contract import Contract
from pysettle.errors.states import RedemptionStatus as RedemptionStatus
from pysettle.evm.backend import Receipt
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Units

if TYPE_CHECKING:
    from pysettle.domain.core.signing import Signer
    from pysettle.domain.money.messages import ReserveAttestation
    from pysettle.values import Address


@dataclass(frozen=True, slots=True)
class Redemption:
    """A holder's request to have tokens exchanged for reserve."""

    holder: Address
    """Holder that made the request."""
    operator: Address
    """Operating institution of the request."""
    amount: Units
    """Units held meanwhile."""
    status: RedemptionStatus
    """State."""
    cancellable_from: int
    """Unix second from which the holder may cancel it."""


class IssuanceDesk(Contract):
    """Issues and redeems one currency. Amounts are units: micro-yuan for e-CNY."""

    GAS_ISSUANCE = 250_000
    """Gas stated for an issuance or one step of a redemption."""

    def __init__(self, sender: TransactionSender, address: Address) -> None:
        """Address the desk of a deployed currency."""
        from pysettle.domain.money.messages import desk_domain

        super().__init__(sender, address, "IssuanceDesk")
        self.domain = desk_domain(sender.chain.chain_id, address)
        """EIP-712 domain of reserve attestations."""

    # Central bank

    def sign_reserve(self, central_bank: Signer, amount_fen: int, valid_s: int) -> tuple[ReserveAttestation, bytes]:
        """Attest the reserve as of the head, as the next of its sequence; return the attestation and its signature.

        Args:
            central_bank: Key that attests.
            amount_fen: Reserve in fen.
            valid_s: Seconds of chain time from now in which it allows issuance.
        """
        from pysettle.domain.money.messages import ReserveAttestation

        chain = self._sender.chain
        as_of, valid_before = chain.block().timestamp, chain.clock.now() + valid_s
        attestation = ReserveAttestation(amount_fen, as_of, self.reserve().sequence + 1, valid_before)
        return attestation, central_bank.sign(attestation.digest(self.domain))

    def attest_reserve(
        self, submitter: TransactionSigner, central_bank: Address, attestation: ReserveAttestation, signature: bytes
    ) -> Transaction:
        """Submit an attestation that the central bank signed; any account may."""
        fields = attestation.fields()
        return self._transaction(submitter, self.GAS_ISSUANCE, "attestReserve", central_bank, fields, signature)

    def set_issuance_quota(self, central_bank: TransactionSigner, operator: Address, quota: Units) -> Transaction:
        """Set how many units an operating institution may issue from now on."""
        return self._transaction(central_bank, self.GAS_ISSUANCE, "setIssuanceQuota", operator, quota)

    def set_reserve_ratio(self, central_bank: TransactionSigner, ratio_bps: int) -> Transaction:
        """Set which part of the supply the reserve has to cover, in basis points; 10,000 is full reserve."""
        return self._transaction(central_bank, self.GAS_ISSUANCE, "setReserveRatio", ratio_bps)

    # Operating institution

    def issue(self, operator: TransactionSigner, to: Address, amount: Units) -> Transaction:
        """Create units against reserve; whole fen."""
        return self._transaction(operator, self.GAS_ISSUANCE, "issue", to, amount)

    def take_redemption(self, operator: TransactionSigner, redemption_id: int) -> Transaction:
        """Take a request before the reserve is exchanged: for a day its holder cannot cancel it."""
        return self._transaction(operator, self.GAS_ISSUANCE, "takeRedemption", redemption_id)

    def complete_redemption(self, operator: TransactionSigner, redemption_id: int) -> Transaction:
        """Destroy the units of a request and restore the operator's quota."""
        return self._transaction(operator, self.GAS_ISSUANCE, "completeRedemption", redemption_id)

    def reject_redemption(self, operator: TransactionSigner, redemption_id: int) -> Transaction:
        """Refuse a request; the units go back to the holder."""
        return self._transaction(operator, self.GAS_ISSUANCE, "rejectRedemption", redemption_id)

    # Holder

    def request_redemption(self, holder: TransactionSigner, operator: Address, amount: Units) -> Transaction:
        """Request an exchange of units for reserve from an operating institution; whole fen."""
        return self._transaction(holder, self.GAS_ISSUANCE, "requestRedemption", operator, amount)

    def cancel_redemption(self, holder: TransactionSigner, redemption_id: int) -> Transaction:
        """Take a request back."""
        return self._transaction(holder, self.GAS_ISSUANCE, "cancelRedemption", redemption_id)

    # Views

    def redemption_id(self, receipt: Receipt) -> int:
        """Return the number of the redemption that a transaction requested."""
        from pysettle.domain.core import events
        from pysettle.domain.money.events import RedemptionRequested

        requests = (events.decode(log.topics, log.data) for log in receipt.logs if log.address == self.address)
        return next(event.redemption_id for event in requests if isinstance(event, RedemptionRequested))

    def redemptions(self, party: Address | None = None) -> dict[int, Redemption]:
        """Return mapping number -> redemption of all requests, oldest first.

        Args:
            party: Only redemptions of this holder or this institution; None for all.
        """
        from pysettle.domain.money.events import RedemptionRequested

        requested = self.emitted(RedemptionRequested)
        numbers = [request.redemption_id for request in requested if party in (None, request.holder, request.operator)]
        return {number: self.redemption(number) for number in numbers}

    def reserve(self) -> ReserveAttestation:
        """Return the last attestation of the reserve; all zero when there is none."""
        from pysettle.domain.money.messages import ReserveAttestation

        return ReserveAttestation(*self._read("reserve"))

    def issuance_quota(self, operator: Address) -> Units:
        """Return how many units an operating institution may still issue."""
        return Units(self._read("issuanceQuota", operator))

    def operator_position(self, operator: Address) -> Units:
        """Return the units that an institution issued less those that it redeemed; negative if it redeemed more."""
        return Units(self._read("operatorPosition", operator))

    def reserve_ratio(self) -> int:
        """Return the basis points of the supply that the reserve has to cover."""
        return int(self._read("reserveRatio"))

    def redemption(self, redemption_id: int) -> Redemption:
        """Return a redemption by its number."""
        holder, amount, operator, status, cancellable_from = self._read("redemption", redemption_id)
        return Redemption(holder, operator, amount, RedemptionStatus(status), cancellable_from)
