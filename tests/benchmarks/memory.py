"""MEMORY: the peak of each command of the audit on a long history, beside a tenth of that history."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from pysettle.audit.records.statement import trial_balance
from pysettle.client import SeriesTerms, SettlementNetwork
from pysettle.client.channel.hub import UsageRow
from pysettle.domain.channel.messages import voucher_digest
from pysettle.domain.channel.metering import Voucher
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.compute.usage import Meters, RateCard, Usage
from pysettle.domain.core.messages import ChannelConfig
from pysettle.domain.core.signing import Signer
from pysettle.evm.transactions import Transaction
from pysettle.money import UNITS_PER_WHOLE
from pysettle.values import SeriesId, Tokens, Units
from pysettle.workspace.deploying import deploy
from pysettle.workspace.directory import Workspace
from tests.audit.records import ALL, opened
from tests.benchmarks.anchors import scratch
from tests.benchmarks.measure import Goal, Row, say

MANY, FEW = 1_000_000, 100_000
"""Postings."""
CHANNELS, ROWS = 1_000, 100
_CLAIMS_A_BLOCK = 10
_DEPOSIT = Tokens(100_000)
_CODE = "MEMORY"
_MOST = Goal(1.2, most=True)
_LAUNCH = """
import os, sys
child = os.fork()
if not child:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(child, 0)
print(used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Runs a command from a small process, whose memory would count with that of the command."""


def memory(many: int = MANY, few: int = FEW) -> Iterator[Row]:
    """Compare export and verification with an index, at S, of one workspace that goes on from few postings to many."""
    with scratch() as directory:
        town = _Town(Path(directory) / "town")
        before, after = (town.measured(size) for size in (few, many))
    for command, peak in after.items():
        yield Row(_CODE, _MOST, peak, f"MB at the peak of {command}, {many:,} postings", before[command])


class _Town:
    """A workspace with a thousand channels of as many payers, claimed from a hundred at a time."""

    def __init__(self, directory: Path) -> None:
        self._workspace = Workspace.create(directory)
        keys = self._workspace.accounts
        self._provider, self._relayer = keys.key("provider"), keys.key("alice")
        self._payers = [Signer.derived(_CODE, f"payer {number}") for number in range(CHANNELS)]
        self._claims = 0
        with self._workspace.chain(write=True) as chain:
            deploy(self._workspace, chain, quota=Units(10**6 * UNITS_PER_WHOLE), reserve_fen=10**8)
            network = self._workspace.network(chain)
            self._open(network)
        say(f"{_CODE}: {CHANNELS:,} channels are open")

    def _open(self, network: SettlementNetwork) -> None:
        keys, currency, now = self._workspace.accounts, network.currency, network.chain.clock.now()
        provider, alice, until = self._provider, self._relayer, now + 300 * 86_400
        attested = ComputeAttestation(provider.address, "Ascend 910C", 8, 1_000, now, until)
        compute = network.register_compute(provider, keys.key("attester"), attested)
        card = RateCard(Meters(1, 1, 1), Meters(2, 2, 2))
        terms = SeriesTerms("Tokens", "TOK", "inference", 150_000, Tokens(10**10), until, card)
        series = network.open_series(provider, terms, compute)
        network.send(
            currency.desk.issue(keys.key("bank"), alice.address, Units(1_000 * UNITS_PER_WHOLE)),
            currency.approve(alice, series.address, Units(1_000 * UNITS_PER_WHOLE)),
        )
        hub, meter = network.hub, network.meter
        self._vouchers = list[tuple[ChannelConfig, Voucher]]()
        transactions = list[Transaction]()
        for payer in self._payers:
            config = ChannelConfig(
                payer.address, payer.address, series.address, meter.address, series.address, 3_600, bytes(32)
            )
            data = hub.sign_deposit(payer, series, config, _DEPOSIT, until)
            transactions += [
                series.purchase(alice, payer.address, _DEPOSIT, until),
                hub.deposit(alice, config, _DEPOSIT, data),
            ]
            channel = config.channel_id(hub.domain)
            signature = payer.sign(voucher_digest(hub.domain, channel, _DEPOSIT))
            self._vouchers.append((config, Voucher(channel, _DEPOSIT, signature)))
        for place in range(0, len(transactions), 100):
            network.send(*transactions[place : place + 100])

    def measured(self, postings: int) -> Mapping[str, float]:
        """Claim until the books have so many postings; return command -> its peak, MB. Debits equal credits."""
        self._grow(postings)
        folder, workspace = self._workspace.directory.parent, str(self._workspace.directory)
        bundle, index, rows = (folder / f"{postings}.{end}" for end in ("bundle", "sqlite", "csv"))
        peaks = {
            "export": _peak("audit", "export", "--workspace", workspace, "--out", str(bundle)),
            "verification at S with an index": _peak("audit", "verify", str(bundle), "--index", str(index)),
            "a file of postings": _peak(
                "audit", "rows", "postings", str(rows), "--bundle", str(bundle), "--index", str(index)
            ),
        }
        _check_totals(index, rows, postings)
        return peaks

    def _grow(self, postings: int) -> None:
        with self._workspace.chain(write=True) as chain:
            network = self._workspace.network(chain)
            while self._claims * ROWS * 2 < postings:
                network.send(*[self._claim(network) for _ in range(_CLAIMS_A_BLOCK)])
                if self._claims % 100 == 0:
                    say(f"{_CODE}: {self._claims * ROWS * 2:,} of {postings:,} postings")

    def _claim(self, network: SettlementNetwork) -> Transaction:
        """Return the next claim: a Token more of each of the next hundred channels."""
        turn, group = divmod(self._claims, CHANNELS // ROWS)
        self._claims += 1
        usage = Usage(off_peak=Meters(output=turn + 1))
        hub, meter, series = network.hub, network.meter, SeriesId(self._vouchers[0][0].token)
        rows = [UsageRow(config, usage, it) for config, it in self._vouchers[group * ROWS : (group + 1) * ROWS]]
        attestation = meter.attest(self._provider, series, rows, hub)
        return hub.claim_metered(self._relayer, meter, series, rows, attestation)


def _check_totals(index: Path, rows: Path, postings: int) -> None:
    """Check that the file has as many postings at least, and the debits of the trial balance, which equal credits."""
    debits, found = defaultdict[str, int](int), 0
    with rows.open(newline="") as stream:
        for row in csv.DictReader(stream):
            found += 1
            debits[row["asset"]] += max(0, int(row["amount_units"] or row["amount_tokens"]))
    assert found >= postings
    with opened(index) as records:
        assert debits == {f"0x{it.asset.address.hex()}": it.debits for it in trial_balance(records, ALL).totals}


def _peak(*words: str) -> float:
    """Run a command; return the most memory that it had, MB."""
    program = str(Path(sys.executable).with_name("pysettle"))
    done = subprocess.run([sys.executable, "-S", "-c", _LAUNCH, program, *words], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return int(done.stdout) / 1_024
