"""`scripts/assure --engines`: 10,000 settlement transactions and a chain of geth, executed by independent engines.

Payments, sales of Tokens, their delivery and transfer, and issuance among 60 buyers fill blocks of 150 transactions.
The bundle of that chain has to reach X, with EELS, ethereumjs and geth in agreement about every block. The chain that
geth made, in the folder that `PYSETTLE_CHAINS_DIR` names, has to reach S at the state that its maker states, and
ethereumjs and geth have to agree about it; EELS, whose time grows with the state, is left out.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from pysettle import (
    ComputeAttestation,
    EmbeddedChain,
    Meters,
    Plan,
    RateCard,
    Roles,
    SeriesTerms,
    SettlementNetwork,
    Signer,
    genesis,
)
from pysettle.audit.blocks import read_foreign_blocks
from pysettle.audit.bundle import CHAIN_FILE, GENESIS_FILE
from pysettle.audit.chain_file import verify_chain_file
from pysettle.audit.extract import export_bundle
from pysettle.audit.foreign_engine import ForeignEngine
from pysettle.audit.independent.catalogue import engines
from pysettle.audit.independent.race import Race
from pysettle.audit.verify import verify
from pysettle.client.compute.series import ComputeToken
from pysettle.evm.transactions import Transaction

TRANSACTIONS = 10_000
BLOCK = 150
_BUYERS = 60
_YEAR_S = 365 * 86_400
_YUAN = 10**6
"""Units of a yuan."""
_TOKENS = 1_000_000
"""Tokens of a sale; they cost 0.15 yuan."""


class Town:
    """A network with buyers who hold e-CNY, and a series that sells Tokens."""

    def __init__(self) -> None:
        """Deploy, and give each buyer 200 yuan."""
        names = ("admin", "bank", "provider", *(f"buyer {number}" for number in range(_BUYERS)))
        self._admin, self._bank, provider, *self._buyers = (Signer.derived("at length", name) for name in names)
        accounts = [self._admin, self._bank, provider, *self._buyers]
        self.chain = EmbeddedChain(genesis(1_767_225_600, [it.address for it in accounts]))
        roles = Roles.in_one_hand(self._admin, operators=(self._bank,))
        self.network = SettlementNetwork.deploy(self.chain, Plan(roles))
        now = self.chain.clock.now()
        self._until = now + _YEAR_S
        compute = ComputeAttestation(provider.address, "Ascend 910C", 8, 1_000, now, self._until)
        compute_id = self.network.register_compute(provider, self._admin, compute)
        card = RateCard(off_peak=Meters(1, 30, 90), peak=Meters(2, 60, 180))
        terms = SeriesTerms("Tokens", "TOK", "inference", 150_000, 10**11, self._until, card)
        self._series: ComputeToken = self.network.open_series(provider, terms, compute_id)
        currency, desk, admin = self.network.currency, self.network.currency.desk, self._admin
        self.network.send(
            desk.attest_reserve(admin, admin.address, *desk.sign_reserve(admin, 10**9, _YEAR_S)),
            desk.set_issuance_quota(admin, self._bank.address, 10**7 * _YUAN),
            *(desk.issue(self._bank, it.address, 200 * _YUAN) for it in self._buyers),
            *(currency.approve(it, self._series.address, 100 * _YUAN) for it in self._buyers),
            *(self._series.purchase(it, it.address, 20 * _TOKENS, self._until) for it in self._buyers),
        )

    def transactions(self) -> Iterator[Transaction]:
        """Yield transactions without end: of ten six payments, a sale, a delivery, Tokens passed on, an issuance."""
        currency, series, number = self.network.currency, self._series, 0
        while True:
            buyer, other = (self._buyers[place % _BUYERS] for place in (number, number * 7 + 1))
            match number % 10:
                case 6:
                    yield series.purchase(buyer, other.address, _TOKENS, self._until)
                case 7:
                    yield series.consume(buyer, _TOKENS // 20)
                case 8:
                    yield series.transfer(buyer, other.address, _TOKENS // 25)
                case 9:
                    yield currency.desk.issue(self._bank, buyer.address, _YUAN // 10)
                case _:
                    yield currency.transfer(buyer, other.address, 1_000 + number)
            number += 1

    def seal(self, transactions: Sequence[Transaction]) -> None:
        """Seal transactions in one block."""
        receipts = self.network.send(*transactions)
        assert len({receipt.block_number for receipt in receipts}) == 1, "they do not fit in a block"
        assert all(receipt.succeeded for receipt in receipts)


def chain_of_geth(folder: Path) -> bool:
    """Execute the chain of geth, and say what came of it; return whether all is as its maker states."""
    genesis_file, chain = folder / GENESIS_FILE, folder / CHAIN_FILE
    report = verify_chain_file(genesis_file, chain)
    with chain.open("rb") as stream:
        heads = [block.hash for block in read_foreign_blocks(stream, chain.stat().st_size)]
    hashes = [ForeignEngine(genesis_file.read_bytes()).head.hash, *heads]
    answers = Race(genesis_file, chain, hashes).run(engines()[1:])
    stated = json.loads((folder / "headstate.json").read_text())["root"]
    print(f"{len(heads)} blocks of geth: level {report.level}, state root {report.head_state_root.hex()}")
    print(*(f"{it.title}: {answer.agreed} blocks" for it, answer in zip(engines()[1:], answers, strict=True)), sep="\n")
    agreed = all(answer.agrees and answer.agreed == len(heads) for answer in answers)
    return agreed and (report.level, report.head_state_root.hex()) == ("S", stated)


def main(count: int = TRANSACTIONS) -> int:
    """Make the chain, have it executed, and say how long that took; return the exit code."""
    if missing := [f"{it.title}: {it.missing}" for it in engines() if it.missing]:
        print("; ".join(missing), file=sys.stderr)
        return 1
    if not (folder := os.environ.get("PYSETTLE_CHAINS_DIR")):
        print("the chain of geth is left out: PYSETTLE_CHAINS_DIR is not set", file=sys.stderr)
    elif not chain_of_geth(Path(folder, "geth-ethtest")):
        return 1
    began, town = time.monotonic(), Town()
    transactions = islice(town.transactions(), count)
    while batch := list(islice(transactions, BLOCK)):
        town.seal(batch)
    blocks = town.chain.block().number
    print(f"{count} settlement transactions, {BLOCK} a block, sealed in {time.monotonic() - began:.0f} s")
    with tempfile.TemporaryDirectory() as directory:
        bundle = export_bundle(town.chain, Path(directory) / "bundle", town.network.contracts())
        began = time.monotonic()
        report = verify(bundle.directory, level="X")
    print(report.to_text())
    print(f"verified at X in {time.monotonic() - began:.0f} s, {blocks} blocks")
    return 0 if report.passed and set(report.answers.values()) == {"agrees"} else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
