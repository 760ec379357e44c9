"""Permits (EIP-2612) of both tokens: an allowance by the owner's signature, submitted by anybody."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.client.core.token import Token
from pysettle.domain.core.messages import ZERO_ADDRESS, Permit
from pysettle.domain.core.typed_data import Domain
from pysettle.errors import contracts as errors
from pysettle.evm.backend import ExecutionReverted
from pysettle.evm.embedded import EmbeddedChain
from pysettle.evm.genesis import Genesis, GenesisAccount
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import ACCOUNT_1271, at, deploy, effect, raw_logs, refused
from tests.contracts.world import World

FUNDS = 1_000_000
"""Units or Tokens that the owner has."""
VALUE = 400_000
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
APPROVAL = keccak(b"Approval(address,address,uint256)")
_PARAMETERS = "address,address,uint256,uint256"


@dataclass
class Case:
    """A token whose buyer holds some of it."""

    world: World
    token: Token
    unit: str
    """Name of the token in the figures."""

    def permit(self, **changes: object) -> Permit:
        """Return the buyer's next permit for the stranger, valid for an hour; or a changed one."""
        owner = self.world.address("buyer")
        nonce, deadline = self.token.permit_nonce(owner), self.world.now + 3_600
        permit = Permit(owner, self.world.address("stranger"), VALUE, nonce, deadline)
        return replace(permit, **changes)  # type: ignore[arg-type]  # fields by name

    def submit(self, permit: Permit, signature: bytes | None = None, *, form: str = "bytes") -> Transaction:
        """Make the transaction that submits it, in one of the two forms; signed by the buyer if not told how."""
        signature = self.world["buyer"].sign(permit.digest(self.token.domain)) if signature is None else signature
        fields = (permit.owner, permit.spender, permit.value, permit.deadline)
        relayer, gas = self.world["relayer"], self.token.GAS_TRANSFER
        if form == "bytes":
            return self.token._transaction(relayer, gas, f"permit({_PARAMETERS},bytes)", *fields, signature)
        parts = (signature[64], signature[:32], signature[32:64])
        return self.token._transaction(relayer, gas, f"permit({_PARAMETERS},uint8,bytes32,bytes32)", *fields, *parts)


@pytest.fixture(params=["eCNY", "Tokens"])
def case(world: World, request: pytest.FixtureRequest) -> Case:
    """Give the buyer a million of the token."""
    if request.param == "eCNY":
        world.fund("buyer", FUNDS)
        return Case(world, world.network.currency, "eCNY")
    world.buy("buyer", FUNDS)
    return Case(world, world.series, "Tokens")


forms = pytest.mark.parametrize("form", ["bytes", "vrs"])


@forms
def test_permit(case: Case, form: str) -> None:
    """A permit sets the allowance, replaces the one before, counts its nonce and moves nothing, in both forms."""
    world, token = case.world, case.token
    owner, spender = world.address("buyer"), world["stranger"]
    world.send(token.approve(world["buyer"], spender.address, 7))
    permit = case.permit()
    with effect(world) as change:
        (receipt,) = world.send(case.submit(permit, form=form))
    assert change == {}
    topics = (APPROVAL, owner.rjust(32, b"\0"), spender.address.rjust(32, b"\0"))
    assert raw_logs(receipt) == [(token.address, topics, VALUE.to_bytes(32, "big"))]
    assert token.allowance(owner, spender.address) == VALUE
    assert token.permit_nonce(owner) == permit.nonce + 1
    assert token.permit_nonce(spender.address) == 0
    with effect(world) as change:
        world.send(token.transfer_from(spender, owner, world.address("provider"), VALUE))
    assert change == {f"{case.unit} buyer": -VALUE, f"{case.unit} provider": VALUE}
    assert token.allowance(owner, spender.address) == 0


def test_the_client_signs_the_next_permit(case: Case) -> None:
    """`sign_permit` and `permit` do so one after the other, each with the next nonce."""
    world, token, buyer, spender = case.world, case.token, case.world["buyer"], case.world.address("stranger")
    for nonce, value in enumerate((VALUE, 0, 2**256 - 1)):
        permit, signature = token.sign_permit(buyer, spender, value, world.now + 60)
        assert permit.nonce == nonce
        world.send(token.permit(world["relayer"], permit, signature))
        assert token.allowance(buyer.address, spender) == value


@forms
def test_replay(case: Case, form: str) -> None:
    """A permit is used once: what was revoked since does not come back (P-14)."""
    permit, owner = case.permit(), case.world["buyer"]
    submission = case.submit(permit, form=form)
    case.world.send(submission, case.token.approve(owner, permit.spender, 0))
    refused(case.world, submission, errors.PermitSignatureInvalid, owner=owner.address)
    assert case.token.allowance(owner.address, permit.spender) == 0
    assert case.token.permit_nonce(owner.address) == permit.nonce + 1


@pytest.mark.parametrize("nonce", [1, 2**256 - 1])
def test_another_nonce(case: Case, nonce: int) -> None:
    """A permit signed for a later nonce is refused, and counts nothing."""
    permit = case.permit(nonce=nonce)
    refused(case.world, case.submit(permit), errors.PermitSignatureInvalid, owner=permit.owner)
    assert case.token.permit_nonce(permit.owner) == 0


def test_the_deadline_is_its_last_second(case: Case) -> None:
    """It is accepted in the second of its deadline and refused in the next, as the standard says (P-8)."""
    end = case.world.now + 1_000
    at(case.world, end)
    case.world.send(case.submit(case.permit(deadline=end)))
    late = case.submit(case.permit(deadline=end))
    refused(case.world, late, errors.PermitExpired, deadline=end, timestamp=end + 1)


@pytest.mark.parametrize("change", ["owner", "spender", "value", "deadline"])
def test_altered(case: Case, change: str) -> None:
    """No field can be changed after signing."""
    signed = case.permit()
    altered = {
        "owner": case.world.address("other buyer"),
        "spender": case.world.address("relayer"),
        "value": VALUE + 1,
        "deadline": signed.deadline + 1,
    }
    submitted = replace(signed, **{change: altered[change]})
    signature = case.world["buyer"].sign(signed.digest(case.token.domain))
    refused(case.world, case.submit(submitted, signature), errors.PermitSignatureInvalid, owner=submitted.owner)


def test_signed_by_another(case: Case) -> None:
    """Nobody permits for another, and nobody for the zero address (P-14)."""
    for owner in (case.world.address("buyer"), ZERO_ADDRESS):
        permit = case.permit(owner=owner)
        for signature in (case.world["stranger"].sign(permit.digest(case.token.domain)), bytes(65), b""):
            refused(case.world, case.submit(permit, signature), errors.PermitSignatureInvalid, owner=owner)


@pytest.mark.parametrize("change", ["contract", "chain_id", "version", "name"])
def test_signed_for_another_domain(case: Case, change: str) -> None:
    """A permit for another contract, chain, version or name is worth nothing here (P-14)."""
    domain, permit = case.token.domain, case.permit()
    changed = {"contract": case.world.network.hub.address, "chain_id": 1, "version": "2", "name": "another"}
    digest = permit.digest(replace(domain, **{change: changed[change]}))
    signature = case.world["buyer"].sign(digest)
    refused(case.world, case.submit(permit, signature), errors.PermitSignatureInvalid, owner=permit.owner)


@forms
def test_malleated(case: Case, form: str) -> None:
    """The other signature of the same key and digest, with a high s, is refused (P-14)."""
    permit = case.permit()
    signature = case.world["buyer"].sign(permit.digest(case.token.domain))
    high_s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + high_s.to_bytes(32, "big") + bytes([55 - signature[64]])
    refused(case.world, case.submit(permit, twin, form=form), errors.PermitSignatureInvalid, owner=permit.owner)


def test_for_nobody(case: Case) -> None:
    """The zero address cannot be permitted, and the nonce stays."""
    permit = case.permit(spender=ZERO_ADDRESS)
    refused(case.world, case.submit(permit), errors.ERC20InvalidSpender, spender=ZERO_ADDRESS)
    assert case.token.permit_nonce(permit.owner) == 0


@forms
def test_an_account_permits(case: Case, form: str) -> None:
    """A contract permits with a signature that it accepts itself (ERC-1271), once, and not with another."""
    world, account, signature = case.world, deploy(case.world, ACCOUNT_1271), b"\x5a" * 65
    permit = case.permit(owner=account, nonce=0)
    submission = case.submit(permit, signature, form=form)
    refused(world, submission, errors.PermitSignatureInvalid, owner=account)
    approval = permit.digest(case.token.domain) + signature[:32]
    world.send(Transaction(world["stranger"], account, approval, 100_000, case.token.interface))
    with effect(world, account=account) as change:
        world.send(submission)
    assert change == {}
    assert case.token.allowance(account, permit.spender) == VALUE
    refused(world, submission, errors.PermitSignatureInvalid, owner=account)


def test_the_domain_separator(case: Case) -> None:
    """The contract states the separator that clients sign under."""
    assert case.token._read("DOMAIN_SEPARATOR") == case.token.domain.separator


def test_the_domain_follows_the_chain_id(case: Case) -> None:
    """On a fork under another chain id the separator is that chain's, so that no signature is good on both (P-14)."""
    token, here = case.token, case.world.chain
    contracts: dict[Address, GenesisAccount] = {
        token.address: GenesisAccount(nonce=1, code=here.code(token.address)),
    }
    fork = EmbeddedChain(Genesis(chain_id=4242, timestamp=case.world.now, alloc=contracts))
    answer = fork.call(token.address, token.interface.encode("DOMAIN_SEPARATOR"))
    there = Domain(token.domain.name, "1", 4242, token.address)
    assert answer == there.separator != token.domain.separator
    permit = case.permit()
    for domain, accepted in ((there, True), (token.domain, False)):
        data = case.submit(permit, case.world["buyer"].sign(permit.digest(domain))).data
        if accepted:
            fork.call(token.address, data)
        else:
            with pytest.raises(ExecutionReverted):
                fork.call(token.address, data)
