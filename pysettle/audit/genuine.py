"""Check G: the code of each listed contract is the published one of its name.

A contract is genuine if published creation code made it, with arguments that decode: in a transaction, or in a genuine
contract that creates such contracts. A contract that a genesis may have is genuine there if its whole code is the
published code. Each contract that it works with must be listed under the name of its kind, and is judged too. Genuine
code keeps its rules only if nobody planted state for it; the genesis is read for that first, before any state.

Knows the pins and the listed contracts. Re-execution vouches for the creations, and for the code at the head.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pysettle.audit.encoding import created_address
from pysettle.audit.engines import ExecutedTransaction, StateReader
from pysettle.audit.report import Check, Divergence, at_block
from pysettle.domain.catalogue import kinds
from pysettle.domain.core import events
from pysettle.domain.core.contracts import Contracts, Kind
from pysettle.domain.core.findings import Finding, Severity
from pysettle.hashing import keccak
from pysettle.pins import PUBLISHED_BY_OTHERS, UNLISTED, CodeHash, Pin, Pins, is_planted
from pysettle.pins.difference import difference
from pysettle.values import Address


@dataclass(frozen=True, slots=True)
class _Origin:
    """How a listed contract came to be."""

    block: int
    """Height of the block that made it."""
    code: bytes
    """Its creation code with arguments; of a contract in the genesis its code."""


class GenuineCheck:
    """The code of the listed contracts, and what is wrong with it."""

    def __init__(
        self, contracts: Contracts, pins: Pins, accepted: Collection[bytes], sources: Mapping[str, str]
    ) -> None:
        """Begin before the genesis.

        Args:
            contracts: The listed contracts.
            pins: What is published.
            accepted: Hashes of code that the auditor accepts for whatever contract it makes.
            sources: Source unit in the bundle -> SHA-256 of its text as hex; empty if there are none.
        """
        self.divergences: list[Divergence] = []
        self.notices: list[Finding] = []
        self._contracts, self._pins, self._accepted, self._sources = contracts, pins, accepted, sources
        self._kinds = {kind.name: kind for kind in kinds()}
        self._origins: dict[Address, _Origin] = {}
        self._judged: dict[Address, bool] = {}
        self._makers: dict[Kind[Any], dict[Address, Address]] = {}
        self._other_kinds: set[Kind[Any]] = set()
        announcing = {kind.announced_by for kind in kinds()}
        self._announcing = {it for it, text in events.signatures().items() if text.partition("(")[0] in announcing}
        self._announced: set[Address] = set()
        self._saw_genesis = False

    def see_genesis(self, state: Mapping[Address, Mapping[str, Any]]) -> None:
        """Judge what a genesis has at the addresses of listed contracts.

        Args:
            state: Mapping address -> its balance, nonce, code and storage.
        """
        self._saw_genesis = True
        for address, account in state.items():
            code, kind = account["code"], self._contracts.kind_of(address)
            if is_planted(code, account["storage"], is_named=kind is not None):
                words = f"genesis.json plants {len(account['storage'])} words of storage"
                if kind:
                    self._fail(kind, address, 0, f"{words} there")
                else:
                    self._notice(f"account 0x{address.hex()}", f"{words} where a contract may be created later", 0)
            if kind is None:
                self._notice_unlisted(address, 0, (it for it in self._pins.pins if it.immutables_of(code) is not None))
            elif code:
                self._origins[address] = _Origin(0, code)
                self._judge_placed(kind, address, code)
            if kind and account["nonce"] > bool(code):
                self._fail(kind, address, 0, f"genesis.json plants the nonce {account['nonce']} there")
        for name, address in UNLISTED.items():
            if code := state.get(address, {}).get("code"):
                self._check_unlisted(name, address, code)

    def _check_unlisted(self, name: str, address: Address, code: bytes) -> None:
        """Judge a contract of the genesis that no bundle lists, and through which clients read all others."""
        pins = self._pins.of(name)
        is_known = keccak(code) == PUBLISHED_BY_OTHERS.get(name) or self._accepts(code)
        if pins and not is_known and all(pin.immutables_of(code) is None for pin in pins):
            self._add(name, address, 0, _other_code(code, pins[0]))

    def _judge_placed(self, kind: Kind[Any], address: Address, code: bytes) -> None:
        if self._accepts(code):
            self._other_kinds.add(kind)
            self._judged.setdefault(address, True)
            return
        if not kind.is_placed:
            self._fail(kind, address, 0, "genesis.json has it, and only a transaction may create it")
        elif self._check_code(kind, address, 0, code, {}):
            self._judged.setdefault(address, True)

    def see(self, block: int, transactions: Iterable[ExecutedTransaction]) -> None:
        """Take note of the contracts that the transactions of a block created, and of those that events announce."""
        for transaction in transactions:
            if (made := transaction.creation) and transaction.succeeded:
                if self._contracts.kind_of(made.address):
                    self._origins[made.address] = _Origin(block, made.data)
                else:
                    pins = (it for it in self._pins.pins if it.is_creation_code(made.data))
                    self._notice_unlisted(made.address, block, pins)
            for log in transaction.logs:
                if log.topics and log.topics[0] in self._announcing and self._contracts.kind_of(log.address):
                    self._announced.update(Address(it[-20:]) for it in log.topics[1:2])

    def close(self, head: int, state: StateReader) -> None:
        """Judge every listed contract that the genesis does not have.

        Args:
            head: Height of the head.
            state: The state after it.
        """
        if not self._saw_genesis:
            self._judge_all_placed(state)
        for of_kind in self._contracts.listed.values():
            for address in of_kind:
                self._is_genuine(address, head, state)

    def _judge_all_placed(self, state: StateReader) -> None:
        """Judge the contracts that only a genesis nobody has may have brought, by their code at the head."""
        for kind, listed in self._contracts.listed.items():
            for address in listed if kind.is_placed else ():
                if address not in self._origins and (code := state.code(address)):
                    self._origins[address] = _Origin(0, code)
                    self._judge_placed(kind, address, code)
        for name, address in UNLISTED.items():
            if code := state.code(address):
                self._check_unlisted(name, address, code)

    def names(self) -> list[str]:
        """Return the kinds of contracts that must have the published sources: no other code of them was accepted."""
        return [kind.name for kind in kinds() if kind not in self._other_kinds]

    def _is_genuine(self, address: Address, head: int, state: StateReader) -> bool:
        if address not in self._judged:
            self._judged[address] = False  # no contract makes its own maker, and if it did it were not genuine
            self._judged[address] = self._judge(address, head, state)
        return self._judged[address]

    def _judge(self, address: Address, head: int, state: StateReader) -> bool:
        kind = self._contracts.kind_of(address)
        assert kind is not None
        code, origin = state.code(address), self._origins.get(address)
        if self._accepts(origin.code if origin else code):
            self._other_kinds.add(kind)
            return True
        arguments = dict[str, Any]()
        if kind.made_by:
            problem = self._problem_of_maker(kind, address, head, state)
        else:
            found = self._read_creation(kind, origin, code)
            problem, arguments = ("", found) if isinstance(found, dict) else (found, arguments)
        block = origin.block if origin else head
        if problem:
            return self._fail(kind, address, block, problem)
        return self._check_code(kind, address, block, code, arguments)

    def _read_creation(self, kind: Kind[Any], origin: _Origin | None, code: bytes) -> dict[str, Any] | str:
        """Return the arguments of a creation by published code; a text says what is wrong with any other."""
        pins = self._pins.of(kind.name)
        if origin is None:
            if not code:
                return "no transaction created it, and it has no code"
            return f"no transaction created it, its code is {CodeHash.of(code)}{self._difference(kind, code)}"
        for pin in pins:
            if (arguments := pin.arguments_of(origin.code)) is not None:
                return arguments
        for pin in pins:
            if pin.is_creation_code(origin.code):
                return (
                    f"{len(origin.code) - pin.creation.size} bytes follow its creation code, which are not arguments "
                    f"({','.join(it for _, it in pin.arguments)}); all of it is {CodeHash.of(origin.code)}"
                )
        published = f"; the published creation code is {pins[0].creation}, and arguments follow it" if pins else ""
        return f"it was created by {CodeHash.of(origin.code)}{published}{self._difference(kind, code)}"

    def _problem_of_maker(self, kind: Kind[Any], address: Address, head: int, state: StateReader) -> str:
        """Return what is wrong with the contract that created another; empty if nothing is."""
        assert kind.made_by
        maker = self._created_by(self._kinds[kind.made_by], state).get(address)
        if maker is None:
            return f"no listed {kind.made_by} created it"
        if not self._is_genuine(maker, head, state):
            return f"0x{maker.hex()} created it, which is no genuine {kind.made_by}"
        if kind.announced_by and address not in self._announced:
            return f"no {kind.announced_by} of a listed contract names it"
        return ""

    def _created_by(self, maker: Kind[Any], state: StateReader) -> Mapping[Address, Address]:
        """Return mapping address -> listed contract of a kind that created something there, by its nonces."""
        if maker not in self._makers:
            self._makers[maker] = {
                created_address(it, nonce): it for it in self._contracts[maker] for nonce in range(1, state.nonce(it))
            }
        return self._makers[maker]

    def _check_code(
        self, kind: Kind[Any], address: Address, block: int, code: bytes, arguments: Mapping[str, bytes]
    ) -> bool:
        """Check that deployed code is published, and that each contract that it works with is listed as its kind.

        Returns:
            Whether the code is published, so that the contracts that it creates are genuine too.
        """
        pins = self._pins.of(kind.name)
        found = next(((pin, it) for pin in pins if (it := pin.immutables_of(code)) is not None), None)
        if found is None:
            detail = _other_code(code, pins[0] if pins else None) + self._difference(kind, code)
            return self._fail(kind, address, block, detail)
        pin, immutables = found
        values = {**arguments, **immutables}
        for name, other in pin.uses.items():
            place = Address(values.get(name, b"")[-20:])
            listed = self._contracts.kind_of(place)
            if listed is None or listed.name != other:
                self._fail(kind, address, block, f"{name} is 0x{place.hex()}, not listed as {other}")
        return True

    def _accepts(self, code: bytes) -> bool:
        return bool(self._accepted) and keccak(code) in self._accepted

    def _difference(self, kind: Kind[Any], code: bytes) -> str:
        pins = self._pins.of(kind.name)
        return difference(pins[0], code, self._sources) if pins else "; no pins have a contract of this name"

    def _fail(self, kind: Kind[Any], address: Address, block: int, detail: str) -> bool:
        """Add a finding on a contract, which is not genuine then; return that."""
        self._add(kind.name, address, block, detail)
        self._judged[address] = False
        return False

    def _add(self, name: str, address: Address, block: int, detail: str) -> None:
        self.divergences.append(at_block(Check.CODE, block, detail, about=f"{name} 0x{address.hex()}"))

    def _notice_unlisted(self, address: Address, block: int, pins: Iterable[Pin]) -> None:
        """Name genuine code that is not listed; a contract that no bundle lists is left out."""
        if pin := next((it for it in pins if it.name in self._kinds), None):
            detail = f"has the genuine code of {pin.name} and is not listed in the manifest"
            self._notice(f"contract 0x{address.hex()}", detail, block)

    def _notice(self, subject: str, detail: str, block: int) -> None:
        self.notices.append(Finding("AUDIT-G", subject, f"{detail} (block {block})", Severity.NOTICE))


def _other_code(code: bytes, pin: Pin | None) -> str:
    published = f"; the published code is {pin.runtime}, with zeros for immutables" if pin else ""
    return f"its code is {CodeHash.of(code)}{published}"
