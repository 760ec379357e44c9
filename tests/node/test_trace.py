"""Traces of the same transactions on our node and on anvil, field by field."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from eth_typing import Address

from pysettle.client import SeriesTerms, SettlementNetwork, genesis
from pysettle.client.core.access import Roles
from pysettle.client.network import Plan
from pysettle.domain.compute.messages import ComputeAttestation
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.domain.core.signing import Signer
from pysettle.errors import ContractReverted, NodeError
from pysettle.evm.artifacts import ROOT
from pysettle.evm.interface import Interface
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.reverts import RevertDecoder
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import Transaction, TransactionSender
from tests.evm.anvil import anvil
from tests.evm.bytecode import INVALID, REVERTER, creation
from tests.node.process import node_of

pytestmark = pytest.mark.apart

START = 1_767_225_600
ADMIN, BANK, PROVIDER, BUYER = (Signer.derived("trace", name) for name in ("admin", "bank", "provider", "buyer"))
NOTHING = Interface("none", [])
CAST = ROOT / "node_modules/@foundry-rs/cast-linux-amd64/bin/cast"

STORES = bytes.fromhex("602a5f5560075f5fa100")  # PUSH1 42 PUSH0 SSTORE, PUSH1 7 PUSH0 PUSH0 LOG1, STOP
DESTROYED = bytes.fromhex("33ff")  # CALLER SELFDESTRUCT
CALL, CALLCODE, DELEGATECALL, STATICCALL = "f1", "f2", "f4", "fa"
GAS = 500_000
WORDS = {"statechangeduringstaticcall": "write protection"}
"""What anvil says -> what geth says."""


def calling(kind: str, target: bytes, gas: str = "5a") -> bytes:
    """Return code that calls a target without data or value, with all gas (GAS) unless told otherwise."""
    value = "5f" if kind in (CALL, CALLCODE) else ""
    return bytes.fromhex("5f5f5f5f" + value + "73" + target.rjust(20, b"\0").hex() + gas + kind + "50")


@dataclass
class Node:
    """A node with a deployed network, in which the buyer holds 100 yuan."""

    rpc: JsonRpc
    chain: RpcChain
    network: SettlementNetwork

    @classmethod
    def at(cls, url: str) -> Node:
        """Deploy; the same genesis and keys give the same addresses on every node."""
        chain = RpcChain(url)
        network = SettlementNetwork.deploy(chain, Plan(Roles.in_one_hand(ADMIN, operators=(BANK,))))
        currency = network.currency
        network.send(
            currency.desk.attest_reserve(ADMIN, ADMIN.address, *currency.desk.sign_reserve(ADMIN, 10**6, 10**6)),
            currency.desk.set_issuance_quota(ADMIN, BANK.address, 10**8),
            currency.desk.issue(BANK, BUYER.address, 10**8),
            # The first payment of a year takes other gas: each that is traced is a later one.
            currency.transfer(BUYER, PROVIDER.address, 1),
        )
        card = RateCard(off_peak=Meters(1, 30, 90), peak=Meters(2, 60, 180))
        terms = SeriesTerms("Tokens", "TOK", "inference", 150_000, 10**9, START + 10**7, card)
        compute = ComputeAttestation(PROVIDER.address, "Ascend 910C", 1, 1_000, START, terms.expiry)
        network.open_series(PROVIDER, terms, network.register_compute(PROVIDER, ADMIN, compute))
        return cls(JsonRpc(url), chain, network)

    def sent(self, to: Address | None, data: bytes = b"") -> str:
        """Send a transaction, which may fail; return its hash."""
        sender = TransactionSender(self.chain, RevertDecoder([]))
        with suppress(ContractReverted):
            sender.send(Transaction(BUYER, to, data, GAS, NOTHING))
        return str(self.rpc.ask("eth_getBlockByNumber", "latest", False)["transactions"][0])

    def deployed(self, code: bytes) -> Address:
        """Deploy runtime code; return its address."""
        receipt = self.rpc.ask("eth_getTransactionReceipt", self.sent(None, creation(code)))
        return Address(bytes.fromhex(receipt["contractAddress"][2:]))

    def trace(self, transaction: str, tracer: str, **config: bool) -> Any:
        """Return a trace."""
        options = {"tracer": tracer, "tracerConfig": config}
        return self.rpc.ask("debug_traceTransaction", transaction, options)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Node]]:
    """Return our node and anvil, with the same network on the same genesis."""
    block_0 = genesis(START, [it.address for it in (ADMIN, BANK, PROVIDER, BUYER)])
    with (
        node_of(block_0, tmp_path_factory.mktemp("node")) as ours,
        anvil(block_0, tmp_path_factory.mktemp("anvil"), "--steps-tracing") as theirs,
    ):
        yield Node.at(ours), Node.at(theirs)


def everything(node: Node) -> str:
    """Send a transaction that calls in every way, creates, destroys and fails inside; return its hash."""
    stores, fails, invalid, destroyed = map(node.deployed, (STORES, REVERTER, INVALID, DESTROYED))
    parts = [calling(kind, stores, "61c350") for kind in (CALL, CALLCODE, DELEGATECALL, STATICCALL)]
    parts += [calling(CALL, fails), calling(CALL, invalid, "612000"), calling(STATICCALL, b"\4")]
    parts += [bytes.fromhex("5f5f5ff050"), bytes.fromhex("60075f5f5ff550"), calling(CALL, destroyed), b"\0"]
    return node.sent(node.deployed(b"".join(parts)))


def purchase(node: Node, allowance: int) -> str:
    """Send a purchase of Tokens for one yuan, with an allowance of so much."""
    series, currency = node.network.series[0], node.network.currency
    node.network.send(currency.approve(BUYER, series.address, allowance))
    bought = series.purchase(BUYER, BUYER.address, 6_000_000, START + 10**6)
    return node.sent(bought.to, bought.data)


TRANSACTIONS: dict[str, Callable[[Node], str]] = {
    "a purchase": lambda node: purchase(node, 10**6),
    "a purchase with a revert inside": lambda node: purchase(node, 1),
    "everything": everything,
    "a creation": lambda node: node.sent(None, creation(STORES)),
    "a creation that fails": lambda node: node.sent(None, b"\xfe"),
    "nothing": lambda node: node.sent(Address(b"\x77" * 20)),
}


def alike(found: Any) -> Any:
    """Return a trace with addresses in lower case, and without the native balance of who pays for gas."""
    if isinstance(found, list):
        return [alike(it) for it in found]
    if isinstance(found, dict):
        low = {name.lower() if name.startswith("0x") else name: alike(it) for name, it in found.items()}
        low.get("0x" + BUYER.address.hex(), {}).pop("balance", None)
        if "error" in low:
            low.pop("logs", None)  # anvil shows them where geth, and we, know that they were undone
            low["error"] = WORDS.get(low["error"], low["error"])
        return {name: it for name, it in low.items() if it != {"balance": "0x0"}}
    return found.lower() if isinstance(found, str) else found


@pytest.mark.parametrize("kind", TRANSACTIONS)
@pytest.mark.parametrize(
    ("tracer", "config"),
    [
        ("callTracer", {}),
        ("callTracer", {"withLog": True}),
        ("callTracer", {"onlyTopCall": True}),
        ("prestateTracer", {}),
        ("prestateTracer", {"diffMode": True}),
    ],
)
def test_our_traces_are_anvils(kind: str, tracer: str, config: dict[str, bool], nodes: tuple[Node, Node]) -> None:
    """Calls, failures, gas, logs, and accounts before and after."""
    ours, theirs = (node.trace(TRANSACTIONS[kind](node), tracer, **config) for node in nodes)
    if tracer == "callTracer":
        assert int(ours["gas"], 16) == GAS, "anvil takes the intrinsic gas off it, geth does not"
        theirs["gas"] = ours["gas"]
    assert alike(ours) == alike(theirs)


@pytest.mark.parametrize("options", [{}, {"enableMemory": True, "enableReturnData": True}])
@pytest.mark.parametrize("kind", ["a purchase", "a purchase with a revert inside", "a creation", "nothing"])
def test_our_steps_are_anvils(kind: str, options: dict[str, bool], nodes: tuple[Node, Node]) -> None:
    """Without a tracer each opcode is told with its gas, stack, storage, memory and return data, as anvil tells it."""
    ours, theirs = (node.rpc.ask("debug_traceTransaction", TRANSACTIONS[kind](node), options) for node in nodes)
    assert ours == theirs


def test_a_transaction_is_traced_at_its_place(nodes: tuple[Node, Node]) -> None:
    """One in the middle of a block is traced on what those before it left, and sees nothing of those after."""
    node, _ = nodes
    currency = node.network.currency
    # The second transfer writes slots that the first wrote in the same block: dearer than if that had been before it.
    receipts = node.network.send(*(currency.transfer(BUYER, BANK.address, 1) for _ in range(3)))
    balance = currency.balance_of(BANK.address)
    middle = "0x" + receipts[1].transaction_hash.hex()
    words = alike(node.trace(middle, "prestateTracer"))["0x" + currency.address.hex()]["storage"].values()
    assert balance - 2 in [int(it, 16) % 2**128 for it in words], "one transfer before, and two not yet"
    for receipt in receipts:
        trace = node.trace("0x" + receipt.transaction_hash.hex(), "callTracer")
        assert int(trace["gasUsed"], 16) == receipt.gas_used
    changed = node.trace(middle, "prestateTracer", diffMode=True)
    before, after = ([it["storage"] for it in changed[side].values() if "storage" in it] for side in ("pre", "post"))
    assert len(before) == len(after) == 1
    assert before[0].keys() == after[0].keys(), "two slots, of payer and payee"
    assert len(after[0]) == 2


@pytest.mark.parametrize(
    "options", [{"step": 1}, {"tracer": "4byteTracer"}, {"tracer": "callTracer", "tracerConfig": 1}]
)
def test_other_tracers_are_refused(options: dict[str, object], nodes: tuple[Node, Node]) -> None:
    """The answer names those that are served."""
    with pytest.raises(NodeError, match="trace"):
        nodes[0].rpc.ask("debug_traceTransaction", nodes[0].sent(BANK.address), options)


def cast_run(node_url: str, transaction: str) -> list[str]:
    """Return the calls that cast sees when it executes a transaction with what the node tells it, accounts numbered."""
    if not CAST.exists():
        pytest.skip("CAST IS NOT INSTALLED: npm ci")
    command = [str(CAST), "run", transaction, "--rpc-url", node_url, "--no-rate-limit"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    plain = re.sub(r"\x1b\[[0-9;]*m", "", run.stdout)
    seen: dict[str, str] = {}
    named = re.sub(r"0x[0-9a-fA-F]{40}", lambda it: seen.setdefault(it[0], f"account {len(seen)}"), plain)
    return [line.rstrip() for line in named.splitlines() if re.search(r"\[\d+\]|Return|Revert", line)]


@pytest.mark.parametrize("kind", ["a purchase", "a purchase with a revert inside", "everything"])
def test_cast_sees_the_same_on_both(kind: str, nodes: tuple[Node, Node]) -> None:
    """`cast run` executes what the node tells it to the calls and gas that the transaction had, as from anvil."""
    hashes = [TRANSACTIONS[kind](node) for node in nodes]
    ours, theirs = (cast_run(node.rpc.url, it) for node, it in zip(nodes, hashes, strict=True))
    assert ours == theirs
    used = nodes[0].rpc.ask("eth_getTransactionReceipt", hashes[0])["gasUsed"]
    trace = nodes[0].trace(hashes[0], "callTracer")
    calls = json.dumps(trace).count('"type"')
    assert len([line for line in ours if re.search(r"\[\d+\]", line)]) >= calls - 1, (ours, trace)
    assert int(trace["gasUsed"], 16) == int(used, 16)
