"""GAS-TRANSFER, GAS-AUTH and GAS-AUTH-SEQ: what a payment in e-CNY costs, beside OpenZeppelin's ERC20 on one chain.

"Warm": both holders have paid today, so that every slot that is written holds something before and after. Both are
wallets of class II with the limits of the e-CNY, and limits, freeze and pause are checked.
"""

from __future__ import annotations

from collections.abc import Iterator

from eth_typing import Address
from eth_utils.crypto import keccak

from pysettle.client import SettlementNetwork, genesis
from pysettle.client.core.access import Roles
from pysettle.client.network import Plan
from pysettle.domain.core.messages import Authorization
from pysettle.domain.core.signing import Signer
from pysettle.domain.money.wallets import WalletClass
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.interface import Interface
from pysettle.evm.transactions import Transaction
from tests.benchmarks.measure import Goal, Row
from tests.benchmarks.plain_token import plain_token

START = 1_767_225_600
"""2026-01-01T00:00:00Z."""
AMOUNT = 1_234_567
"""Units of each payment."""
_FUNDS = 100_000_000
_GAS = 300_000
_AUTHORIZATION = "(address,address,uint256,uint256,uint256,bytes32"
_PARTS, _BYTES = f"{_AUTHORIZATION},uint8,bytes32,bytes32)", f"{_AUTHORIZATION},bytes)"


class Payments:
    """Two holders of e-CNY and of OpenZeppelin's ERC20, on one chain."""

    def __init__(self) -> None:
        """Deploy both, fund both holders, and have each pay the other once."""
        self.payer, self.payee, self.relayer, admin, bank = (
            Signer.derived("gas", name) for name in ("payer", "payee", "relayer", "admin", "bank")
        )
        signers = (self.payer, self.payee, self.relayer, admin, bank)
        chain = EmbeddedChain(genesis(START, [signer.address for signer in signers]))
        self.network = SettlementNetwork.deploy(chain, Plan(Roles.in_one_hand(admin, operators=(bank,))))
        self.currency = currency = self.network.currency
        holders = (self.payer, self.payee)
        self.network.send(
            currency.desk.attest_reserve(admin, admin.address, *currency.desk.sign_reserve(admin, 10**9, 86_400)),
            currency.desk.set_issuance_quota(admin, bank.address, 2 * _FUNDS),
            *(currency.register_wallet(admin, holder.address, WalletClass.II) for holder in holders),
            *(currency.desk.issue(bank, holder.address, _FUNDS) for holder in holders),
            *(currency.transfer(a, b.address, AMOUNT) for a, b in (holders, holders[::-1])),
        )
        self._plain = Interface("PlainERC20", plain_token().abi)
        creation = plain_token().bytecode + self._plain.encode_constructor([it.address for it in holders], _FUNDS)
        (receipt,) = self.network.send(Transaction(admin, None, creation, 6_000_000, self._plain))
        assert receipt.contract_address is not None
        self._token: Address = receipt.contract_address
        self._nonces = 0

    def plain_transfer(self) -> int:
        """Return the gas of a transfer of OpenZeppelin's ERC20."""
        data = self._plain.encode("transfer", self.payee.address, AMOUNT)
        return self._gas(Transaction(self.payer, self._token, data, _GAS, self._plain))

    def transfer(self) -> int:
        """Return the gas of a transfer of e-CNY."""
        return self._gas(self.currency.transfer(self.payer, self.payee.address, AMOUNT))

    def by_authorization(self, function: str, form: str, *, random: bool) -> int:
        """Return the gas of a payment by signature.

        Args:
            function: `transferWithAuthorization`, submitted by a third party, or `receiveWithAuthorization`.
            form: Types of its arguments: the signature in parts, or as bytes.
            random: Whether the nonce is random, so that its bit is in a fresh word, or follows the one before.
        """
        self._nonces += 1
        nonce = keccak(self._nonces.to_bytes(32, "big")) if random else (2**20 + self._nonces).to_bytes(32, "big")
        valid_before = self.network.chain.clock.now() + 3_600
        signed = Authorization(self.payer.address, self.payee.address, AMOUNT, 0, valid_before, nonce)
        receive = function == "receiveWithAuthorization"
        domain = self.currency.domain
        signature = self.payer.sign(signed.receive_digest(domain) if receive else signed.transfer_digest(domain))
        parts = (signature[64], signature[:32], signature[32:64]) if form == _PARTS else (signature,)
        fields = (signed.payer, signed.payee, signed.value, signed.valid_after, signed.valid_before, signed.nonce)
        interface = self.currency.interface
        data = interface.encode(function + form, *fields, *parts)
        submitter = self.payee if receive else self.relayer
        return self._gas(Transaction(submitter, self.currency.address, data, _GAS, interface))

    def _gas(self, transaction: Transaction) -> int:
        (receipt,) = self.network.send(transaction)
        return receipt.gas_used


def gas_transfer() -> Iterator[Row]:
    """Measure a transfer."""
    payments = Payments()
    yield Row(
        "GAS-TRANSFER", Goal(37_500, most=True, of_figure=True), payments.transfer(), "gas", payments.plain_transfer()
    )


def gas_auth() -> Iterator[Row]:
    """Measure payments by signature whose nonces are random."""
    yield from _authorizations("GAS-AUTH", Goal(68_500, most=True, of_figure=True), random=True)


def gas_auth_seq() -> Iterator[Row]:
    """Measure payments by signature whose nonces share a word."""
    yield from _authorizations("GAS-AUTH-SEQ", Goal(52_000, most=True, of_figure=True), random=False)


def _authorizations(code: str, goal: Goal, *, random: bool) -> Iterator[Row]:
    payments = Payments()
    # The first of neighbouring nonces opens their word.
    payments.by_authorization("transferWithAuthorization", _PARTS, random=random)
    for form, words in ((_PARTS, "v, r, s"), (_BYTES, "bytes")):
        for function in ("transferWithAuthorization", "receiveWithAuthorization"):
            figure = payments.by_authorization(function, form, random=random)
            yield Row(code, goal, figure, f"gas, {function}, {words}", payments.plain_transfer())
