"""The watched state: each question to a contract, together with the answer that the specification gives.

A question is put to the chain when the answer of the specification changed, and, now and then and at the end, with all
the others whose contract's storage changed since: what the chain changed and the specification did not is found then.
Many questions go into one simulated execution: a call of its own costs 5 ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

from eth_typing import Address

from pysettle.evm.embedded import EmbeddedChain
from tests.spec.money.currency import CurrencySpec
from tests.spec.money.records import Redemption, Status, day_number
from tests.stateful.operations import CONTRACTS
from tests.stateful.stage import DESK_ENTRIES, Stage

HOLDERS = ("buyer", "other buyer", "provider", "operator", "escrow", "vault", "depot")
"""Accounts that hold money, and are watched."""
PAIRS = [*permutations(HOLDERS[:3], 2), ("operator", "buyer"), ("escrow", "buyer"), ("buyer", "escrow")]
"""(owner, spender) of the watched allowances."""
OPERATORS = ("operator", "other operator")

Figures = dict[str, object]

ASKED_AT_ONCE = 200
"""Questions in one simulated execution: creation code is at most 49,152 bytes."""
ASKED_IN = 160
"""Bytes of memory for the call data of a question, which is of four words at most; answers follow."""
ANSWERED_AT_ONCE = 768
"""Words answered by it: what creation code returns is code, which is at most 24,576 bytes."""


@dataclass(frozen=True)
class Question:
    """A view of a contract, its arguments, and the figures that it is expected to answer."""

    contract: str
    view: str
    arguments: tuple[object, ...]
    expected: Mapping[str, object]

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Key that no other question has."""
        return self.contract, self.view, self.arguments


class Watch:
    """Puts questions to the chain, and remembers the answers."""

    def __init__(self, stage: Stage) -> None:
        """Know nothing yet."""
        self._stage = stage
        self._encoded: dict[tuple[object, ...], tuple[Address, bytes]] = {}
        self._answers: dict[tuple[object, ...], tuple[bytes | None, Figures]] = {}
        """Key of a question -> (root of the contract's storage where all was asked, latest answer)."""

    def differences(self, asked: Iterable[Question], *, everything: bool = False) -> list[str]:
        """Return where the chain answers otherwise than is expected.

        Args:
            asked: Questions.
            everything: Whether to put every question to a contract whose storage has changed.
        """
        asked = list(asked)
        roots = {name: self._root(name) for name in {it.contract for it in asked}} if everything else {}
        put = [it for it in asked if self._is_stale(it, roots.get(it.contract))]
        figures = ask(self._stage.chain, [(*self._call(it), tuple(it.expected)) for it in put])
        for question in put:
            answer = {name: figures[name] for name in question.expected}
            self._answers[question.key] = roots.get(question.contract), answer
        return [
            f"{name}: expected {expected}, found {self._answers[question.key][1][name]}"
            for question in asked
            for name, expected in question.expected.items()
            if self._answers[question.key][1][name] != expected
        ]

    def _is_stale(self, question: Question, root: bytes | None) -> bool:
        answered_at, answer = self._answers.get(question.key, (None, None))
        return answer != question.expected or (root is not None and answered_at != root)

    def _root(self, contract: str) -> bytes:
        return self._stage.storage_root(self._stage.addresses[contract])

    def _call(self, question: Question) -> tuple[Address, bytes]:
        if question.key not in self._encoded:
            name = question.contract
            data = self._stage.interface_of(name).encode(question.view, *question.arguments)
            self._encoded[question.key] = self._stage.addresses[name], data
        return self._encoded[question.key]


def ask(chain: EmbeddedChain, questions: Iterable[tuple[Address, bytes, tuple[str, ...]]]) -> Figures:
    """Ask contracts (address, call data, names of the words answered), many in one simulated execution."""
    found, batch, words = Figures(), list[tuple[Address, bytes, tuple[str, ...]]](), 0
    for question in questions:
        words += len(question[2])
        if len(batch) == ASKED_AT_ONCE or words > ANSWERED_AT_ONCE:
            found |= _ask_at_once(chain, batch)
            batch, words = [], len(question[2])
        batch.append(question)
    return found | _ask_at_once(chain, batch) if batch else found


def _ask_at_once(chain: EmbeddedChain, questions: Sequence[tuple[Address, bytes, tuple[str, ...]]]) -> Figures:
    """Make creation code that asks every question and returns all answers, and run it on the head's state."""
    code, out, named = bytearray(), ASKED_IN, list[str]()
    for address, data, names in questions:
        assert len(data) <= ASKED_IN
        for place in range(0, len(data), 32):
            code += b"\x7f" + data[place : place + 32].ljust(32, b"\0") + b"\x60" + bytes([place]) + b"\x52"
        size, at = (32 * len(names)).to_bytes(2, "big"), out.to_bytes(2, "big")
        code += b"\x61" + size + b"\x61" + at + b"\x60" + bytes([len(data)]) + b"\x5f"
        code += b"\x73" + address + bytes.fromhex("5afa50")
        out += 32 * len(names)
        named += names
    code += b"\x61" + (out - ASKED_IN).to_bytes(2, "big") + b"\x60" + bytes([ASKED_IN]) + b"\xf3"
    answer = chain.call(None, bytes(code))
    words = [int.from_bytes(answer[at : at + 32], "big") for at in range(0, len(answer), 32)]
    return dict(zip(named, words, strict=True))


# -------------------------------------------------------------------------- of a currency


def money_questions(
    stage: Stage, spec: CurrencySpec, holders: Sequence[str] = HOLDERS, keepers: Sequence[str] = ("currency", "desk")
) -> Iterator[Question]:
    """Yield what is looked at of a currency: its holders, and the keepers that hold for others and do nothing else."""
    addresses, policy, reserve = stage.addresses, spec.policy, spec.reserve
    yield _of_money("totalSupply", (), {"supply": spec.supply})
    yield _of_money("isPaused", (), {"paused": policy.paused})
    yield _of_money("reserveRatio", (), {"reserve ratio": policy.reserve_ratio})
    stated = {"in fen": reserve.amount_fen, "as of": reserve.as_of, "sequence": reserve.sequence}
    stated["valid before"] = reserve.valid_before
    yield _of_money("reserve", (), _called("reserve", stated))
    for wallet_class, limits in policy.limits.items():
        stated = {"most held": limits.balance, "most at once": limits.payment}
        stated |= {"most on a day": limits.daily, "most in a year": limits.annual}
        yield _of_money("classLimits", (wallet_class,), _called(wallet_class.name, stated))
    for name in OPERATORS:
        institution, at = spec.institutions[addresses[name]], (addresses[name],)
        yield _of_money("issuanceQuota", at, {f"{name}: quota": institution.quota})
        yield _of_money("operatorPosition", at, {f"{name}: position": institution.position % 2**256})
    for name in holders:
        yield from _holder(spec, name, addresses[name])
    for name in keepers:
        yield from _keeper(spec, name, addresses[name])
    for owner, spender in PAIRS:
        pair = addresses[owner], addresses[spender]
        yield _of_money("allowance", pair, {f"{owner} lets {spender}": spec.allowances[pair]})


def passing_questions(
    spec: CurrencySpec, redemptions: Iterable[int], nonces: Iterable[tuple[Address, bytes]]
) -> Iterator[Question]:
    """Yield what is looked at of redemptions and of authorizations."""
    for number in redemptions:
        yield _of_money("redemption", (number,), _called(f"redemption {number}", _redemption(spec, number)))
    for authorizer, nonce in nonces:
        name = f"authorization 0x{nonce.hex()} of 0x{authorizer.hex()}"
        yield _of_money("authorizationState", (authorizer, nonce), {name: spec.is_spent(authorizer, nonce)})


def _of_money(view: str, arguments: tuple[object, ...], expected: Mapping[str, object]) -> Question:
    return Question("desk" if view in DESK_ENTRIES else "currency", view, arguments, expected)


def _called(what: str, figures: Mapping[str, object]) -> Figures:
    return {f"{what}: {name}": figure for name, figure in figures.items()}


def _keeper(spec: CurrencySpec, name: str, address: Address) -> Iterator[Question]:
    account = spec.accounts[address]
    yield _of_money("balanceOf", (address,), {f"{name}: balance": account.balance})
    yield _of_money("isPayeeOnly", (address,), {f"{name}: payee only": account.payee_only})
    yield _of_money("isSettlementAccount", (address,), {f"{name}: settlement account": account.settlement})


def _holder(spec: CurrencySpec, name: str, address: Address) -> Iterator[Question]:
    yield from _keeper(spec, name, address)
    account = spec.accounts[address]
    yield _of_money("creditOf", (address,), {f"{name}: credit": account.credit})
    stated: Figures = {"frozen outgoing": account.frozen_outgoing, "frozen incoming": account.frozen_incoming}
    stated["frozen amount"] = account.frozen_amount
    yield _of_money("frozen", (address,), _called(name, stated))
    stated = {
        "class": account.wallet_class,
        "identification expiry": day_number(account.identification_expiry),
        "jurisdiction": account.jurisdiction,
        "real name": account.real_name,
        "day counted": day_number(account.last_counted),
        "spent on day": account.spent_on_day,
        "spent in year": account.spent_in_year,
    }
    yield _of_money("wallet", (address,), _called(name, stated))
    if name not in CONTRACTS:  # a contract signs no permit
        yield _of_money("nonces", (address,), {f"{name}: permit nonce": spec.permit_nonces[address]})


def _redemption(spec: CurrencySpec, number: int) -> Figures:
    request = spec.redemptions.get(number, Redemption(Address(bytes(20)), Address(bytes(20)), 0, Status.NONE))
    return {
        "holder": int.from_bytes(request.holder, "big"),
        "amount": request.amount,
        "operator": int.from_bytes(request.operator, "big"),
        "status": request.status,
        "cancellable from": request.cancellable_from,
    }
