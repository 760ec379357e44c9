"""Signed authorizations (EIP-3009) of both tokens: the currency and a series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from eth_typing import Address

from pysettle.client.core.token import Token
from pysettle.domain.core.events import AuthorizationCanceled, AuthorizationUsed, Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS, Authorization, cancel_digest
from pysettle.domain.core.signing import Signer
from pysettle.domain.core.typed_data import Domain
from pysettle.errors import contracts as errors
from pysettle.evm.transactions import Transaction
from tests.contracts.effects import ACCOUNT_1271, FORWARDER, at, deploy, effect, refused, through
from tests.contracts.world import World

FUNDS = 1_000_000
"""Units or Tokens that the payer has."""
VALUE = 400_000
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_PARAMETERS = "address,address,uint256,uint256,uint256,bytes32"


@dataclass(frozen=True)
class Kind:
    """One of the two signed types, and who submits it."""

    function: str
    """Entry that accepts it."""
    submitter: str
    """Actor that may submit it."""
    digest: Callable[[Authorization, Domain], bytes]
    """What is signed."""


TRANSFER = Kind("transferWithAuthorization", "relayer", Authorization.transfer_digest)
RECEIVE = Kind("receiveWithAuthorization", "stranger", Authorization.receive_digest)


@dataclass
class Case:
    """A token whose buyer holds some of it."""

    world: World
    token: Token
    unit: str
    """Name of the token in the figures."""

    def authorization(self, **changes: object) -> Authorization:
        """Return the buyer's authorization of a payment to the stranger, or a changed one."""
        authorization = self.world.authorization("buyer", self.world.address("stranger"), VALUE)
        return replace(authorization, **changes)  # type: ignore[arg-type]  # fields by name

    def sign(self, kind: Kind, authorization: Authorization, signer: str = "buyer") -> bytes:
        """Sign an authorization under the token's domain."""
        return self.world[signer].sign(kind.digest(authorization, self.token.domain))

    def submit(
        self, kind: Kind, authorization: Authorization, signature: bytes, *, form: str = "bytes", by: str = ""
    ) -> Transaction:
        """Make the transaction that submits it, in one of the two forms."""
        a = authorization
        fields = (a.payer, a.payee, a.value, a.valid_after, a.valid_before, a.nonce)
        submitter = self.world[by or kind.submitter]
        return self.call(submitter, f"{kind.function}({_PARAMETERS}", fields, signature, form)

    def cancel(
        self, authorizer: Address, nonce: bytes, signature: bytes, *, form: str = "bytes", by: str = "relayer"
    ) -> Transaction:
        """Make the transaction that cancels an authorization."""
        return self.call(self.world[by], "cancelAuthorization(address,bytes32", (authorizer, nonce), signature, form)

    def call(
        self, submitter: Signer, function: str, fields: tuple[object, ...], signature: bytes, form: str
    ) -> Transaction:
        """Call one of the overloads: with `bytes` or with v, r, s."""
        token = self.token
        if form == "bytes":
            return token._transaction(submitter, token.GAS_TRANSFER, f"{function},bytes)", *fields, signature)
        parts = (signature[64], signature[:32], signature[32:64])
        return token._transaction(submitter, token.GAS_TRANSFER, f"{function},uint8,bytes32,bytes32)", *fields, *parts)


@pytest.fixture(params=["eCNY", "Tokens"])
def case(world: World, request: pytest.FixtureRequest) -> Case:
    """Give the buyer a million of the token."""
    if request.param == "eCNY":
        world.fund("buyer", FUNDS)
        return Case(world, world.network.currency, "eCNY")
    world.buy("buyer", FUNDS)
    return Case(world, world.series, "Tokens")


kinds = pytest.mark.parametrize("kind", [TRANSFER, RECEIVE], ids=lambda kind: kind.function)
forms = pytest.mark.parametrize("form", ["bytes", "vrs"])


@kinds
@forms
def test_use(case: Case, kind: Kind, form: str) -> None:
    """An authorization moves its value once, spends its nonce and says so, in both forms."""
    world, authorization = case.world, case.authorization()
    assert not case.token.is_authorization_spent(authorization.payer, authorization.nonce)
    with effect(world) as change:
        (receipt,) = world.send(case.submit(kind, authorization, case.sign(kind, authorization), form=form))
    assert change == {f"{case.unit} buyer": -VALUE, f"{case.unit} stranger": VALUE}
    assert {log.address for log in receipt.logs} == {case.token.address}
    assert world.events(receipt) == [
        AuthorizationUsed(authorization.payer, authorization.nonce),
        Transfer(authorization.payer, authorization.payee, VALUE),
    ]
    assert case.token.is_authorization_spent(authorization.payer, authorization.nonce)


@kinds
@forms
def test_replay(case: Case, kind: Kind, form: str) -> None:
    """The same authorization is refused the second time, in either form."""
    authorization = case.authorization()
    signature = case.sign(kind, authorization)
    case.world.send(case.submit(kind, authorization, signature))
    refused(
        case.world,
        case.submit(kind, authorization, signature, form=form),
        errors.AuthorizationAlreadyUsed,
        authorizer=authorization.payer,
        nonce=authorization.nonce,
    )


@kinds
def test_another_payment_with_the_same_nonce(case: Case, kind: Kind) -> None:
    """A nonce is spent for every payment and for both types."""
    first = case.authorization(value=1)
    second = case.authorization(value=2, nonce=first.nonce)
    other = RECEIVE if kind is TRANSFER else TRANSFER
    case.world.send(case.submit(kind, first, case.sign(kind, first)))
    for again in (kind, other):
        refused(
            case.world,
            case.submit(again, second, case.sign(again, second)),
            errors.AuthorizationAlreadyUsed,
            authorizer=first.payer,
            nonce=first.nonce,
        )


@kinds
def test_validity_begins_after_its_first_bound(case: Case, kind: Kind) -> None:
    """It is refused in the second `validAfter` itself, and accepted in the next: the interval is open."""
    start = case.world.now + 1_000
    authorization = case.authorization(valid_after=start, valid_before=start + 2)
    submission = case.submit(kind, authorization, case.sign(kind, authorization))
    for early in (start - 500, start):
        at(case.world, early)
        refused(case.world, submission, errors.AuthorizationNotYetValid, validAfter=start, timestamp=early)
    assert case.world.now == start + 1
    case.world.send(submission)


@kinds
def test_validity_ends_before_its_last_bound(case: Case, kind: Kind) -> None:
    """It is accepted one second before `validBefore`, refused in that second and ever after: the interval is open."""
    end = case.world.now + 1_000
    authorization = case.authorization(valid_before=end)
    late = case.authorization(valid_before=end)
    at(case.world, end - 1)
    case.world.send(case.submit(kind, authorization, case.sign(kind, authorization)))
    submission = case.submit(kind, late, case.sign(kind, late))
    for now in (end, end + 500):
        at(case.world, now)
        refused(case.world, submission, errors.AuthorizationExpired, validBefore=end, timestamp=now)


@kinds
@pytest.mark.parametrize(
    "change",
    ["payer", "payee", "value", "valid_after", "valid_before", "nonce"],
)
def test_altered(case: Case, kind: Kind, change: str) -> None:
    """No field can be changed after signing."""
    world, signed = case.world, case.authorization()
    altered = {
        "payer": world.address("other buyer"),
        "payee": world.address("relayer"),
        "value": VALUE + 1,
        "valid_after": 1,
        "valid_before": signed.valid_before + 1,
        "nonce": world.fresh_nonce(),
    }
    submitted = replace(signed, **{change: altered[change]})
    by = "relayer" if change == "payee" else kind.submitter
    refused(
        world,
        case.submit(kind, submitted, case.sign(kind, signed), by=by),
        errors.AuthorizationSignatureInvalid,
        authorizer=submitted.payer,
    )


@kinds
def test_signed_by_another(case: Case, kind: Kind) -> None:
    """Nobody signs for another, and nobody for the zero address (P-14)."""
    for payer in (case.world.address("buyer"), ZERO_ADDRESS):
        authorization = case.authorization(payer=payer)
        for signature in (case.sign(kind, authorization, "stranger"), bytes(65), bytes(64) + b"\x1b"):
            refused(
                case.world,
                case.submit(kind, authorization, signature),
                errors.AuthorizationSignatureInvalid,
                authorizer=payer,
            )


@kinds
@pytest.mark.parametrize("change", ["contract", "chain_id", "version", "name"])
def test_signed_for_another_domain(case: Case, kind: Kind, change: str) -> None:
    """A signature for another contract, chain, version or name is worth nothing here (P-14)."""
    network = case.world.network
    other = network.currency if case.token is case.world.series else case.world.series
    domain = case.token.domain
    changed = {"contract": other.address, "chain_id": domain.chain_id + 1, "version": "2", "name": other.domain.name}
    authorization = case.authorization()
    digest = kind.digest(authorization, replace(domain, **{change: changed[change]}))
    refused(
        case.world,
        case.submit(kind, authorization, case.world["buyer"].sign(digest)),
        errors.AuthorizationSignatureInvalid,
        authorizer=authorization.payer,
    )


@kinds
def test_signed_for_the_other_token(case: Case, kind: Kind) -> None:
    """An authorization of one token cannot be used on the other."""
    network = case.world.network
    other = network.currency if case.token is case.world.series else case.world.series
    authorization = case.authorization()
    signature = case.world["buyer"].sign(kind.digest(authorization, other.domain))
    refused(
        case.world,
        case.submit(kind, authorization, signature),
        errors.AuthorizationSignatureInvalid,
        authorizer=authorization.payer,
    )


@kinds
@forms
def test_malleated(case: Case, kind: Kind, form: str) -> None:
    """The other signature of the same key and digest, with a high s, is refused (P-14)."""
    authorization = case.authorization()
    signature = case.sign(kind, authorization)
    high_s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + high_s.to_bytes(32, "big") + bytes([55 - signature[64]])
    refused(
        case.world,
        case.submit(kind, authorization, twin, form=form),
        errors.AuthorizationSignatureInvalid,
        authorizer=authorization.payer,
    )


def _compact(signature: bytes) -> bytes:
    """Return the 64-byte form of EIP-2098."""
    s = int.from_bytes(signature[32:64], "big") | (signature[64] - 27) << 255
    return signature[:32] + s.to_bytes(32, "big")


@kinds
@pytest.mark.parametrize(
    "reshape",
    [
        _compact,
        lambda signature: signature[:64],
        lambda signature: signature + b"\0",
        lambda signature: signature[:64] + bytes([signature[64] - 27]),
        lambda signature: b"",
    ],
    ids=["compact", "without v", "66 bytes", "v of 0 or 1", "empty"],
)
def test_other_forms_of_a_signature(case: Case, kind: Kind, reshape: Callable[[bytes], bytes]) -> None:
    """A signature has one form: 65 bytes with v 27 or 28 (P-14)."""
    authorization = case.authorization()
    refused(
        case.world,
        case.submit(kind, authorization, reshape(case.sign(kind, authorization))),
        errors.AuthorizationSignatureInvalid,
        authorizer=authorization.payer,
    )


@forms
@pytest.mark.parametrize(("entry", "signed"), [(TRANSFER, RECEIVE), (RECEIVE, TRANSFER)])
def test_the_two_types_are_not_exchangeable(case: Case, entry: Kind, signed: Kind, form: str) -> None:
    """Neither entry accepts the other's signature, so that nobody can strip the terms of a purchase."""
    authorization = case.authorization()
    refused(
        case.world,
        case.submit(entry, authorization, case.sign(signed, authorization), form=form),
        errors.AuthorizationSignatureInvalid,
        authorizer=authorization.payer,
    )


@forms
@pytest.mark.parametrize("by", ["buyer", "relayer"])
def test_received_by_another(case: Case, form: str, by: str) -> None:
    """Only the payee submits a receive authorization, not even the payer."""
    authorization = case.authorization()
    refused(
        case.world,
        case.submit(RECEIVE, authorization, case.sign(RECEIVE, authorization), form=form, by=by),
        errors.AuthorizationCallerNotPayee,
        caller=case.world.address(by),
        payee=authorization.payee,
    )


@forms
def test_received_through_a_contract_the_payee_called(case: Case, form: str) -> None:
    """The caller counts, not who signed the transaction (P-12)."""
    forwarder, authorization = deploy(case.world, FORWARDER), case.authorization()
    submission = case.submit(RECEIVE, authorization, case.sign(RECEIVE, authorization), form=form)
    refused(
        case.world,
        through(case.world, forwarder, submission),
        errors.AuthorizationCallerNotPayee,
        caller=forwarder,
        payee=authorization.payee,
    )


@kinds
def test_more_than_is_held(case: Case, kind: Kind) -> None:
    """A payment above the balance is refused and its nonce stays unspent."""
    authorization = case.authorization(value=FUNDS + 1)
    refused(
        case.world,
        case.submit(kind, authorization, case.sign(kind, authorization)),
        errors.ERC20InsufficientBalance,
        sender=authorization.payer,
        balance=FUNDS,
        needed=FUNDS + 1,
    )
    assert not case.token.is_authorization_spent(authorization.payer, authorization.nonce)


def test_to_nobody(case: Case) -> None:
    """Nothing is paid to the zero address."""
    authorization = case.authorization(payee=ZERO_ADDRESS)
    refused(
        case.world,
        case.submit(TRANSFER, authorization, case.sign(TRANSFER, authorization)),
        errors.ERC20InvalidReceiver,
        receiver=ZERO_ADDRESS,
    )


# ------------------------------------------------------------------------------- cancelling


@forms
def test_cancel(case: Case, form: str) -> None:
    """Whoever submits it, a signed cancellation spends the nonce and moves nothing."""
    world, buyer, nonce = case.world, case.world["buyer"], case.world.fresh_nonce()
    signature = buyer.sign(cancel_digest(case.token.domain, buyer.address, nonce))
    with effect(world) as change:
        (receipt,) = world.send(case.cancel(buyer.address, nonce, signature, form=form))
    assert change == {}
    assert world.events(receipt) == [AuthorizationCanceled(buyer.address, nonce)]
    assert len(receipt.logs) == 1
    assert case.token.is_authorization_spent(buyer.address, nonce)


@kinds
def test_use_after_cancelling(case: Case, kind: Kind) -> None:
    """A cancelled authorization cannot be used."""
    world, authorization = case.world, case.authorization()
    world.send(case.token.cancel_authorization(world["relayer"], world["buyer"], authorization.nonce))
    refused(
        world,
        case.submit(kind, authorization, case.sign(kind, authorization)),
        errors.AuthorizationAlreadyUsed,
        authorizer=authorization.payer,
        nonce=authorization.nonce,
    )


@forms
def test_cancel_after_use_or_cancelling(case: Case, form: str) -> None:
    """What is spent cannot be cancelled."""
    world, authorization, buyer = case.world, case.authorization(), case.world["buyer"]
    cancelled = world.fresh_nonce()
    world.send(
        case.submit(TRANSFER, authorization, case.sign(TRANSFER, authorization)),
        case.token.cancel_authorization(buyer, buyer, cancelled),
    )
    for nonce in (authorization.nonce, cancelled):
        signature = buyer.sign(cancel_digest(case.token.domain, buyer.address, nonce))
        refused(
            world,
            case.cancel(buyer.address, nonce, signature, form=form),
            errors.AuthorizationAlreadyUsed,
            authorizer=buyer.address,
            nonce=nonce,
        )


@forms
@pytest.mark.parametrize("signer", ["stranger", "administrator", "provider"])
def test_cancel_for_another(case: Case, form: str, signer: str) -> None:
    """Nobody cancels another's authorization (P-10)."""
    world, buyer, nonce = case.world, case.world.address("buyer"), case.world.fresh_nonce()
    signature = world[signer].sign(cancel_digest(case.token.domain, buyer, nonce))
    refused(
        world,
        case.cancel(buyer, nonce, signature, form=form, by=signer),
        errors.AuthorizationSignatureInvalid,
        authorizer=buyer,
    )
    assert not case.token.is_authorization_spent(buyer, nonce)


def test_cancel_with_a_signature_for_something_else(case: Case) -> None:
    """Neither the cancellation of another nonce nor a payment's signature cancels."""
    world, buyer, authorization = case.world, case.world["buyer"], case.authorization()
    for signature in (
        buyer.sign(cancel_digest(case.token.domain, buyer.address, world.fresh_nonce())),
        case.sign(TRANSFER, authorization),
    ):
        refused(
            world,
            case.cancel(buyer.address, authorization.nonce, signature),
            errors.AuthorizationSignatureInvalid,
            authorizer=buyer.address,
        )


# ------------------------------------------------------------------------------------ nonces


@kinds
@pytest.mark.parametrize("high", [1 << 64, 1 << 255, (2**192 - 1) << 64])
def test_nonces_that_agree_in_their_low_64_bits(case: Case, kind: Kind, high: int) -> None:
    """They exclude each other: the second is refused, never paid twice (INV-ONCE)."""
    low = 0x1234_5678_9ABC_DEF0
    first = case.authorization(value=1, nonce=low.to_bytes(32, "big"))
    second = case.authorization(value=1, nonce=(high | low).to_bytes(32, "big"))
    case.world.send(case.submit(kind, first, case.sign(kind, first)))
    assert case.token.is_authorization_spent(second.payer, second.nonce)
    refused(
        case.world,
        case.submit(kind, second, case.sign(kind, second)),
        errors.AuthorizationAlreadyUsed,
        authorizer=second.payer,
        nonce=second.nonce,
    )


@pytest.mark.parametrize("used", [0, 255, 256, 2**63, 2**64 - 1])
def test_neighbouring_nonces(case: Case, used: int) -> None:
    """A spent nonce excludes neither its neighbours nor the same bit of another word."""
    world = case.world
    first = case.authorization(value=1, nonce=used.to_bytes(32, "big"))
    world.send(case.submit(TRANSFER, first, case.sign(TRANSFER, first)))
    others = {(used + distance) % 2**64 for distance in (-256, -1, 1, 256, 2**32, 2**63)}
    for number in others:
        nonce = number.to_bytes(32, "big")
        assert not case.token.is_authorization_spent(first.payer, nonce)
        other = case.authorization(value=1, nonce=nonce)
        world.send(case.submit(TRANSFER, other, case.sign(TRANSFER, other)))
    assert case.token.balance_of(world.address("stranger")) == 1 + len(others)


def test_a_nonce_is_its_payers_own(case: Case) -> None:
    """Whoever uses a nonce first spends it for nobody but itself (P-26)."""
    world, nonce = case.world, (7).to_bytes(32, "big")
    theirs = replace(world.authorization("stranger", world.address("relayer"), 0), nonce=nonce)
    world.send(case.submit(TRANSFER, theirs, case.sign(TRANSFER, theirs, "stranger")))
    ours = case.authorization(nonce=nonce)
    assert not case.token.is_authorization_spent(ours.payer, nonce)
    with effect(world) as change:
        world.send(case.submit(TRANSFER, ours, case.sign(TRANSFER, ours)))
    assert change == {f"{case.unit} buyer": -VALUE, f"{case.unit} stranger": VALUE}


# ---------------------------------------------------------------------------------- ERC-1271


@pytest.fixture
def account(case: Case) -> Address:
    """Deploy an account whose signatures are what it approved, and give it all the buyer has."""
    account = deploy(case.world, ACCOUNT_1271)
    case.world.send(case.token.transfer(case.world["buyer"], account, FUNDS))
    return account


def approve(case: Case, account: Address, digest: bytes, signature: bytes) -> None:
    """Have the account accept a signature of a digest."""
    data = digest + signature[:32]
    case.world.send(Transaction(case.world["stranger"], account, data, 100_000, case.token.interface))


@kinds
@forms
def test_an_account_pays(case: Case, kind: Kind, form: str, account: Address) -> None:
    """A contract pays with a signature that it accepts itself (ERC-1271), once."""
    world, authorization = case.world, case.authorization(payer=account)
    signature = b"\x5a" * 65
    approve(case, account, kind.digest(authorization, case.token.domain), signature)
    submission = case.submit(kind, authorization, signature, form=form)
    with effect(world, account=account) as change:
        (receipt,) = world.send(submission)
    assert change == {f"{case.unit} account": -VALUE, f"{case.unit} stranger": VALUE}
    assert world.events(receipt) == [
        AuthorizationUsed(account, authorization.nonce),
        Transfer(account, authorization.payee, VALUE),
    ]
    refused(world, submission, errors.AuthorizationAlreadyUsed, authorizer=account, nonce=authorization.nonce)


@kinds
@forms
def test_an_account_is_given_65_bytes(case: Case, kind: Kind, form: str) -> None:
    """Whichever form they came in."""
    account = deploy(case.world, bytes.fromhex("604435604114631626ba7e60e01b025f5260205ff3"))
    case.world.send(case.token.transfer(case.world["buyer"], account, FUNDS))
    authorization = case.authorization(payer=account)
    with effect(case.world, account=account) as change:
        case.world.send(case.submit(kind, authorization, b"\x5a" * 65, form=form))
    assert change == {f"{case.unit} account": -VALUE, f"{case.unit} stranger": VALUE}


@kinds
@pytest.mark.parametrize("wrong", ["digest", "signature", "type"])
def test_an_account_says_no(case: Case, kind: Kind, wrong: str, account: Address) -> None:
    """What the account does not accept is refused: another digest, another signature, the other type."""
    authorization, signature = case.authorization(payer=account), b"\x5a" * 65
    approved, approving = replace(authorization, value=VALUE + (wrong == "digest")), kind
    if wrong == "type":
        approving = RECEIVE if kind is TRANSFER else TRANSFER
    approve(case, account, approving.digest(approved, case.token.domain), signature)
    submitted = b"\x5b" * 65 if wrong == "signature" else signature
    refused(
        case.world,
        case.submit(kind, authorization, submitted),
        errors.AuthorizationSignatureInvalid,
        authorizer=account,
    )


@kinds
def test_a_key_does_not_sign_for_an_account(case: Case, kind: Kind, account: Address) -> None:
    """A well-formed signature of some key is worth nothing for an account that did not accept it."""
    authorization = case.authorization(payer=account)
    refused(
        case.world,
        case.submit(kind, authorization, case.sign(kind, authorization, "stranger")),
        errors.AuthorizationSignatureInvalid,
        authorizer=account,
    )


def test_a_contract_that_does_not_know_erc_1271(case: Case) -> None:
    """A contract that answers nothing of the kind, such as the hub, cannot be made to pay."""
    hub = case.world.network.hub.address
    authorization = case.authorization(payer=hub, value=0)
    refused(
        case.world,
        case.submit(TRANSFER, authorization, bytes(65)),
        errors.AuthorizationSignatureInvalid,
        authorizer=hub,
    )


@forms
def test_an_account_cancels(case: Case, form: str, account: Address) -> None:
    """A contract cancels with a signature that it accepts, and not with another."""
    world, nonce, signature = case.world, case.world.fresh_nonce(), b"\x5a" * 65
    cancel = case.cancel(account, nonce, signature, form=form)
    refused(world, cancel, errors.AuthorizationSignatureInvalid, authorizer=account)
    approve(case, account, cancel_digest(case.token.domain, account, nonce), signature)
    (receipt,) = world.send(cancel)
    assert world.events(receipt) == [AuthorizationCanceled(account, nonce)]
    assert case.token.is_authorization_spent(account, nonce)
