"""Check P: the state of the contracts on a node that has no true genesis, proven under the state root of its head."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rlp

from pysettle.audit.bundle import PROOFS_FILE, Bundle
from pysettle.audit.extract import export_bundle
from pysettle.audit.proofs import Proofs, ProvenState
from pysettle.audit.report import Check, Outcome, Report
from pysettle.audit.verify import verify
from pysettle.client import network as networks
from pysettle.client.core.access import Roles
from pysettle.client.core.contract import interface
from pysettle.client.network import Plan, SettlementNetwork
from pysettle.domain.core.signing import Signer
from pysettle.domain.money.contracts import CURRENCY_TOKEN
from pysettle.errors import ChainError
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.rpc import RpcChain
from pysettle.hashing import keccak
from pysettle.pins import MULTICALL3_ADDRESS
from tests.audit import forge
from tests.chance import chance
from tests.evm.accounts import START
from tests.evm.anvil import anvil
from tests.node.proxy import Forward, proxy

ADMIN, BANK, HOLDER, PAYEE = (Signer.derived("proofs", name) for name in ("administrator", "bank", "holder", "payee"))


class Town:
    """A network on anvil, in which one holder paid another."""

    def __init__(self, url: str) -> None:
        """Deploy it, issue and pay."""
        self.url, self.rpc, self.chain = url, JsonRpc(url), RpcChain(url)
        self.network = SettlementNetwork.deploy(self.chain, Plan(Roles.in_one_hand(ADMIN, operators=(BANK,))))
        self.currency = self.network.currency
        desk = self.currency.desk
        self.network.send(
            desk.attest_reserve(ADMIN, ADMIN.address, *desk.sign_reserve(ADMIN, 10**6, 10**6)),
            desk.set_issuance_quota(ADMIN, BANK.address, 10**6),
            desk.issue(BANK, HOLDER.address, 10**6),
            self.currency.transfer(HOLDER, PAYEE.address, 400_000),
        )

    def export(self, directory: Path, url: str = "") -> Bundle:
        """Export what the node tells, or what somebody before it tells."""
        chain = RpcChain(url) if url else self.chain
        return export_bundle(chain, directory / "bundle", self.network.contracts(self.chain.block().number))

    def balance_slot(self, account: bytes) -> str:
        """Return the storage slot of an account's balance, by what reading it accesses."""
        data = interface("CurrencyToken").encode("balanceOf", account)
        call = {"to": "0x" + self.currency.address.hex(), "data": "0x" + data.hex()}
        (accessed,) = self.rpc.ask("eth_createAccessList", call, "latest")["accessList"]
        (slot,) = accessed["storageKeys"]
        return str(slot)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Return a network on anvil."""
    block_0 = networks.genesis(START, [it.address for it in (ADMIN, BANK, HOLDER)])
    with anvil(block_0, tmp_path_factory.mktemp("anvil")) as url:
        yield Town(url)


@pytest.fixture
def meddled(town: Town) -> Iterator[Town]:
    """Return the network to change by the node's own commands; it is taken back after the test."""
    snapshot = town.rpc.ask("evm_snapshot")
    yield town
    town.rpc.ask("evm_revert", snapshot)


@pytest.fixture(scope="module")
def proven(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return the bundle of the network; never written to."""
    return town.export(tmp_path_factory.mktemp("proven"))


def outcomes(report: Report) -> str:
    """Return the outcomes in the order F H R P S G L: `+` passed, `!` failed, `.` could not be had, `-` not asked."""
    signs = {Outcome.PASSED: "+", Outcome.FAILED: "!", Outcome.NOT_HAD: ".", Outcome.NOT_ASKED: "-"}
    return "".join(signs[report.checks[check]] for check in map(Check, "FHRPSGL"))


def test_proofs_take_the_place_of_execution(proven: Bundle) -> None:
    """At level P code is genuine and answers are compared, without a genesis; the report says what is left out."""
    assert not proven.manifest.has_genesis
    report = verify(proven.directory, level="P")
    assert (report.passed, report.level, outcomes(report)) == (True, "P", "++++-++")
    assert "block 0, which has no genesis.json here" in report.to_text()
    assert not any("answers" in part for part in report.not_checked[Check.LEDGER])
    state = ProvenState(
        proven.manifest.chain_id,
        forge.raw_blocks(proven)[-1],
        Proofs.from_bytes(proven.read_file(PROOFS_FILE)),
    )
    (currency,) = proven.manifest.contracts[CURRENCY_TOKEN]
    answer = state.call(currency, interface("CurrencyToken").encode("balanceOf", PAYEE.address))
    assert int.from_bytes(answer, "big") == 400_000


def test_other_levels_are_as_they_were(proven: Bundle) -> None:
    """R asks no proofs and no code; S cannot be had without a genesis, nor code by it."""
    assert outcomes(verify(proven.directory, level="R")) == "+++---+"
    executed = verify(proven.directory)
    assert outcomes(executed) == "+++-..+"
    assert executed.reasons[Check.EXECUTION] == "the bundle has no genesis.json, and has proofs for --level P"


def test_a_changed_balance_is_found(meddled: Town, tmp_path: Path) -> None:
    """Units that no event brought are in the proven answer and not in the books."""
    word = "0x" + (10**9).to_bytes(32, "big").hex()
    meddled.rpc.ask(
        "anvil_setStorageAt",
        "0x" + meddled.currency.address.hex(),
        meddled.balance_slot(HOLDER.address),
        word,
    )
    meddled.rpc.ask("anvil_mine", hex(1))
    report = verify(meddled.export(tmp_path).directory, level="P")
    assert outcomes(report) == "++++-+!"
    assert "expected 600000, got 1000000000" in report.to_text()


def test_changed_code_is_found(meddled: Town, tmp_path: Path) -> None:
    """Code that somebody put in the place of the published code is named, with its hash."""
    code = bytearray(meddled.chain.code(meddled.currency.address))
    code[-60] ^= 1
    meddled.rpc.ask("anvil_setCode", "0x" + meddled.currency.address.hex(), "0x" + code.hex())
    meddled.rpc.ask("anvil_mine", hex(1))
    report = verify(meddled.export(tmp_path).directory, level="P")
    assert outcomes(report) == "++++-!+"
    assert f"its code is {len(code)} bytes with the hash 0x{keccak(bytes(code)).hex()}" in report.to_text()


def test_a_hub_in_no_genesis_is_judged_by_its_code(meddled: Town, tmp_path: Path) -> None:
    """A hub that no transaction created is compared whole, and so is the contract through which clients read."""
    hub, reader = meddled.network.hub.address, MULTICALL3_ADDRESS
    for address in (hub, reader):
        code = meddled.chain.code(address)
        meddled.rpc.ask("anvil_setCode", "0x" + address.hex(), "0x" + code[:-1].hex())
    meddled.rpc.ask("anvil_mine", hex(1))
    text = verify(meddled.export(tmp_path).directory, level="P").to_text()
    for name, address in (("ChannelHub", hub), ("Multicall3", reader)):
        assert f"{name} 0x{address.hex()}: its code is" in text


def test_damaged_proofs_prove_nothing(proven: Bundle, tmp_path: Path) -> None:
    """Each dropped, changed, added, repeated or misplaced node or code ends in a finding of P that names the file."""
    proofs, draw = Proofs.from_bytes(proven.read_file(PROOFS_FILE)), chance(11)
    nodes, codes = list(proofs.nodes), list(proofs.codes)
    place = draw.randrange(len(nodes))
    flipped = bytearray(nodes[place])
    flipped[draw.randrange(len(flipped))] ^= 1 << draw.randrange(8)
    changed = {
        "dropped node": (nodes[:place] + nodes[place + 1 :], codes),
        "changed node": (sorted([*nodes[:place], bytes(flipped), *nodes[place + 1 :]]), codes),
        "added node": (sorted([*nodes, rlp.encode([b"\x20", b"\1"])]), codes),
        "repeated node": (sorted([*nodes, nodes[0]]), codes),
        "order": (nodes[::-1], codes),
        "dropped code": (nodes, codes[1:]),
        "changed code": (nodes, sorted([codes[0] + b"\0", *codes[1:]])),
        "added code": (nodes, sorted([*codes, b"\0"])),
        "long node": (sorted([*nodes, bytes(2_000)]), codes),
    }
    for name, (some, others) in changed.items():
        content = Proofs(tuple(some), tuple(others)).to_bytes()
        report = verify(forge.with_file(proven, tmp_path / name, PROOFS_FILE, content), level="P")
        assert report.checks[Check.PROOFS] is Outcome.FAILED, name
        assert not report.passed, name
        assert PROOFS_FILE in str(report.first_divergence) or "is not proven" in str(report.first_divergence), name


def test_every_node_is_needed(proven: Bundle) -> None:
    """Without any one node another one is not led to, or a reading of the check is not proven."""
    proofs, root = Proofs.from_bytes(proven.read_file(PROOFS_FILE)), proven.manifest.head_state_root
    assert proofs.split(root) == (proofs, [])
    for place, node in enumerate(proofs.nodes):
        rest = Proofs(proofs.nodes[:place] + proofs.nodes[place + 1 :], proofs.codes)
        kept, _ = rest.split(root)
        assert node not in kept.nodes
    assert proofs.split(bytes(32)) == (Proofs(), [keccak(it) for it in (*proofs.nodes, *proofs.codes)])


HOSTILE = {
    "no list": b"\x81\xff",
    "nested": b"\xc0" * 40,
    "three items": rlp.encode([b"1", b"2", b"3"]),
    "short reference": rlp.encode([b"\0", b"12345"]),
    "cut off": rlp.encode([b"\x20" + bytes(30), b"1"])[:-1],
    "no account": rlp.encode([b"\x20" + bytes(30), rlp.encode([b"1", b"2"])]),
    "account of bytes": rlp.encode([b"\x20" + bytes(30), b"\x80\x80"]),
}


@pytest.mark.parametrize("node", HOSTILE.values(), ids=HOSTILE)
def test_what_a_root_names_may_be_no_node(node: bytes) -> None:
    """A producer can state the hash of anything as its state root; it is refused with its hash or its content."""
    with pytest.raises(ValueError, match="0x"):
        Proofs((node,)).split(keccak(node))


def test_many_paths_to_one_node_are_no_work() -> None:
    """Branches whose children are all the same next branch look like 16 to the power of 60 nodes, and are read once."""
    nodes = [rlp.encode([b"\x20" + bytes(30), b"1"])]
    while len(nodes) < 60:
        nodes.append(rlp.encode([*[keccak(nodes[-1])] * 16, b""]))
    root = keccak(nodes[-1])
    kept, beside = Proofs(tuple(nodes[1:])).split(root)
    assert (len(kept.nodes), beside) == (59, [])


def altered(method: str, change: Any) -> Any:
    """Answer as the node does, but for the result of one method; None in its place refuses the method."""

    def answer(methods: list[str], forward: Forward) -> bytes:
        document = json.loads(forward())
        for asked, reply in zip(methods, document if isinstance(document, list) else [document], strict=True):
            if asked == method and change is None:
                del reply["result"]
                reply["error"] = {"code": -32601, "message": "Method not found"}
            elif asked == method:
                reply["result"] = change(reply["result"])
        return json.dumps(document).encode()

    return answer


def test_a_node_without_proofs_still_gives_its_blocks(town: Town, tmp_path: Path) -> None:
    """The bundle has no proofs then, and P could not be had, with the reason."""
    with proxy(town.url, altered("eth_getProof", None)) as url:
        bundle = town.export(tmp_path, url)
    report = verify(bundle.directory, level="P")
    assert (outcomes(report), bundle.manifest.has_proofs) == ("+++.-.+", False)
    assert PROOFS_FILE in report.reasons[Check.PROOFS]


LIES = {
    "account": ("eth_getProof", lambda it: {**it, "accountProof": it["accountProof"][:-1]}),
    "storage": ("eth_getProof", lambda it: {**it, "storageProof": []}),
    "node": ("eth_getProof", lambda it: {**it, "accountProof": ["0x80", *it["accountProof"][1:]]}),
    "code": ("eth_getCode", lambda it: it + "00"),
    "form": ("eth_getProof", lambda it: {"accountProof": 7}),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_node_that_lies_about_a_proof_is_refused(town: Town, tmp_path: Path, lie: tuple[str, Any]) -> None:
    """The export ends with one error, and no bundle is left."""
    with proxy(town.url, altered(*lie)) as url, pytest.raises(ChainError, match=r"proof|eth_getProof"):
        town.export(tmp_path, url)
    assert list(tmp_path.iterdir()) == []


def test_an_index_of_proven_receipts(proven: Bundle, tmp_path: Path) -> None:
    """An index is filled at level P too, and what it asks is in the proofs."""
    report = verify(proven.directory, level="P", index=tmp_path / "index.sqlite")
    assert (report.passed, report.level) == (True, "P")
    assert (tmp_path / "index.sqlite").exists()
