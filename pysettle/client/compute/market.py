"""The ComputeMarket: compute that attesters signed for, stake, and the series that are opened and halted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pysettle.client.compute.series import ComputeToken, SeriesTerms
from pysettle.client.core.contract import Contract
from pysettle.domain.compute.events import SeriesOpened
from pysettle.domain.compute.messages import ComputeAttestation, market_domain
from pysettle.domain.core import events
from pysettle.domain.core.signing import Signer
from pysettle.evm.backend import Receipt
from pysettle.evm.encoding import TransactionSigner
from pysettle.evm.transactions import Transaction, TransactionSender
from pysettle.values import Address, ComputeId, SeriesId, Units


@dataclass(frozen=True, slots=True)
class Compute:
    """Compute that series are opened on."""

    provider: Address
    """Provider that runs the compute."""
    capacity: int
    """Tokens it can deliver in all."""
    allocated: int
    """Tokens of them that series were opened for."""
    valid_before: int
    """Unix second from which it no longer delivers."""


class ComputeMarket(Contract):
    """The market of one currency. Stake is in units of that currency."""

    GAS_OPENING = 4_500_000
    """Gas stated for opening a series, which creates a contract."""
    GAS_REGISTRATION = 250_000
    """Gas stated for registering compute."""
    GAS_STAKE = 250_000
    """Gas stated for a movement of stake, a halt among them."""

    def __init__(self, sender: TransactionSender, address: Address, *, first_block: int = 0) -> None:
        """Address a deployed market."""
        super().__init__(sender, address, "ComputeMarket", first_block)
        self.domain = market_domain(sender.chain.chain_id, address)
        """EIP-712 domain of attestations."""

    @cached_property
    def factory(self) -> Address:
        """Factory of the series."""
        return Address(self._read("factory"))

    # Provider

    def attest(self, attester: Signer, attestation: ComputeAttestation) -> bytes:
        """Sign for compute, as an attester."""
        return attester.sign(attestation.digest(self.domain))

    def register_compute(
        self, submitter: TransactionSigner, attestation: ComputeAttestation, attester: Address, signature: bytes
    ) -> Transaction:
        """Register compute that an attester signed for; anyone submits it. Its id is the digest that was signed."""
        arguments = attestation.fields(), attester, signature
        return self._transaction(submitter, self.GAS_REGISTRATION, "registerCompute", *arguments)

    def stake(self, provider: TransactionSigner, amount: Units) -> Transaction:
        """Stake units that the provider has allowed the market to take."""
        return self._transaction(provider, self.GAS_STAKE, "stake", amount)

    def withdraw_stake(self, provider: TransactionSigner, amount: Units) -> Transaction:
        """Take stake back that is not locked."""
        return self._transaction(provider, self.GAS_STAKE, "withdrawStake", amount)

    def open_series(self, provider: TransactionSigner, terms: SeriesTerms, compute_id: ComputeId) -> Transaction:
        """Open a series on compute of the provider's; `opened` reads it from the receipt."""
        fields = terms.fields(provider.address)
        return self._transaction(provider, self.GAS_OPENING, "openSeries", fields, compute_id)

    def at(self, address: SeriesId) -> ComputeToken:
        """Return the series at an address."""
        return ComputeToken(self._sender, address)

    def opened(self, receipt: Receipt) -> ComputeToken:
        """Return the series that a transaction opened."""
        decoded = (events.decode(log.topics, log.data) for log in receipt.logs if log.address == self.address)
        (opened,) = (event for event in decoded if isinstance(event, SeriesOpened))
        return self.at(opened.series)

    def opened_until(self, last: int) -> list[ComputeToken]:
        """Return every series that was opened up to a block, in that order."""
        return [self.at(event.series) for event in self.emitted(SeriesOpened, until=last)]

    def release_stake(self, submitter: TransactionSigner, series: SeriesId) -> Transaction:
        """Unlock the stake of a series that expired without a halt; anyone submits it."""
        return self._transaction(submitter, self.GAS_STAKE, "releaseStake", series)

    # Halter

    def halt(self, halter: TransactionSigner, series: SeriesId, evidence: bytes) -> Transaction:
        """Halt a series on the ground in its terms; `evidence` is keccak-256 of the evidence for it."""
        return self._transaction(halter, self.GAS_STAKE, "halt", series, evidence)

    # Central bank

    def set_purchase_policy(self, central_bank: TransactionSigner, policy: Address) -> Transaction:
        """Set the policy of series that are opened from now on; the zero address for none."""
        return self._transaction(central_bank, self.GAS_STAKE, "setPurchasePolicy", policy)

    def set_provider_jurisdiction(
        self, central_bank: TransactionSigner, jurisdiction: int, *, admitted: bool
    ) -> Transaction:
        """Admit providers of a jurisdiction to open series with a policy, or end that."""
        return self._transaction(central_bank, self.GAS_STAKE, "setProviderJurisdiction", jurisdiction, admitted)

    # Registrar

    def accept_role(self, registrar: TransactionSigner, role: int) -> Transaction:
        """Have the market accept a role that was offered to it."""
        return self._transaction(registrar, self.GAS_STAKE, "acceptRole", role)

    # Views

    def purchase_policy(self) -> Address:
        """Return the policy of series that are opened now; the zero address for none."""
        return Address(self._read("purchasePolicy"))

    def admits(self, jurisdiction: int) -> bool:
        """Whether providers of a jurisdiction may open series with a policy."""
        return bool(self._read("isAdmitted", jurisdiction))

    def compute(self, compute_id: ComputeId) -> Compute:
        """Return registered compute.

        Raises:
            ComputeNotOfProvider: it is not registered.
        """
        return Compute(*self._read("compute", compute_id))

    def free_stake(self, provider: Address) -> Units:
        """Units that a provider has staked and that are not locked."""
        return Units(self._read("freeStake", provider))

    def locked_stake(self, series: SeriesId) -> Units:
        """Units locked behind a series."""
        _, locked = self._read("seriesStake", series)
        return Units(locked)
