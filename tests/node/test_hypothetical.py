"""Executions on what is not so: overridden accounts and blocks, access lists to come, and blocks never sealed."""

from __future__ import annotations

from typing import Any

import pytest

from pysettle.node import execution
from pysettle.node.protocol import Later, RpcError
from tests.node.inside import FROM, TO, Client

READS_SLOT = "5f545f5260205ff3"  # returns slot 0
READS_BLOCK = "435f524260205248604052456060524460805260a05ff3"  # NUMBER, TIMESTAMP, BASEFEE, GASLIMIT, PREVRANDAO
ADDS_TO_SLOT = "5f546001015f5500"
ELSEWHERE = "0x" + "77" * 20
ELSEWHERE_SHOWN = "0x7777777777777777777777777777777777777777"
SLOT = "0x" + "00" * 32


@pytest.fixture
def client() -> Client:
    """Return a client of a fresh node."""
    return Client()


def words(data: str) -> list[int]:
    """Return the words of a result."""
    return [int(data[place : place + 64], 16) for place in range(2, len(data), 64)]


def test_accounts_are_overridden_for_one_call(client: Client) -> None:
    """Code, storage, balance and nonce are what the caller says, for that call alone."""
    override = {ELSEWHERE: {"code": "0x" + READS_SLOT, "stateDiff": {SLOT: "0x" + "00" * 31 + "2a"}}}
    assert words(client.ask("eth_call", {"to": ELSEWHERE}, "latest", override)) == [42]
    assert client.ask("eth_call", {"to": ELSEWHERE}, "latest") == "0x"
    poor = "0x" + "66" * 20
    paid = {"from": poor, "to": TO, "value": hex(10**18)}
    assert client.ask("eth_estimateGas", paid, "latest", {poor: {"balance": hex(10**18)}}) == hex(21_000)
    with pytest.raises(RpcError, match="state or stateDiff"):
        client.ask("eth_call", {"to": ELSEWHERE}, "latest", {ELSEWHERE: {"state": {}, "stateDiff": {}}})
    with pytest.raises(RpcError, match="nonce has more than 64 bits"):
        client.ask("eth_call", {"to": ELSEWHERE}, "latest", {ELSEWHERE: {"nonce": hex(2**64)}})
    with pytest.raises(RpcError, match="no field movePrecompileToAddress"):
        client.ask("eth_call", {"to": ELSEWHERE}, "latest", {ELSEWHERE: {"movePrecompileToAddress": TO}})


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas", "eth_createAccessList"])
def test_what_takes_long_is_done_aside(client: Client, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An execution that tries the patience of others is begun anew beside them, on the state of then, up to a limit."""
    code = "5f5b600101806103e81160015743" + "5f5260205ff3"  # counts to 1,000, returns NUMBER
    request = {"to": client.deployed(code), "from": FROM}
    at_once = client.methods[method](None, request, "pending")
    monkeypatch.setattr(execution, "_PATIENCE_S", 0)
    later = client.methods[method](None, request, "pending")
    assert isinstance(later, Later)
    client.ask("evm_mine")
    assert later.work() == at_once
    monkeypatch.setattr(execution, "LONGEST_S", 0)
    with pytest.raises(RpcError, match="takes longer than 60 s"):
        client.ask(method, request)
    with pytest.raises(RpcError, match="takes longer than 60 s"):
        client.ask("eth_simulateV1", {"blockStateCalls": [{"calls": [request]}]})


def test_the_block_is_overridden_for_one_call(client: Client) -> None:
    """Number, time, base fee, gas limit and randomness are what the caller says, free of fees all the same."""
    block = {
        "number": "0x64",
        "time": "0x6553f200",
        "baseFeePerGas": "0x7",
        "gasLimit": "0x989680",
        "prevRandao": "0x9",
    }
    found = words(client.ask("eth_call", {"data": "0x" + READS_BLOCK}, "latest", None, block))
    assert found == [100, 0x6553F200, 7, 10_000_000, 9]
    with pytest.raises(RpcError, match="blobBaseFee of a block cannot be overridden"):
        client.ask("eth_call", {"to": TO}, "latest", {}, {"blobBaseFee": "0x1"})


def test_blocks_keep_their_hashes_under_another_number(client: Client) -> None:
    """A call in a later block finds the hash of each block where it is."""
    client.ask("anvil_mine", 3)
    reads_hash = {"data": "0x6002405f5260205ff3"}  # the hash of block 2
    expected = client.ask("eth_getBlockByNumber", "0x2")["hash"]
    for number in (3, 4, 5, 50):
        assert client.ask("eth_call", reads_hash, "latest", None, {"number": hex(number)}) == expected


def test_an_access_list_is_made(client: Client) -> None:
    """It names what the transaction looks at, but what is warm anyway, and the gas is that with the list."""
    target = client.deployed("73" + ELSEWHERE[2:] + "31" + ADDS_TO_SLOT)  # BALANCE of somebody, then the slot
    call = {"from": FROM, "to": target}
    made = client.ask("eth_createAccessList", call)
    assert [(it["address"], it["storageKeys"]) for it in made["accessList"]] in (
        [(ELSEWHERE_SHOWN, []), (target, [SLOT])],
        [(target, [SLOT]), (ELSEWHERE_SHOWN, [])],
    )
    sent = client.sent(to=target, accessList=made["accessList"], gas=hex(200_000))
    assert client.ask("eth_getTransactionReceipt", sent)["gasUsed"] == made["gasUsed"]
    assert "error" not in made
    assert client.ask("eth_createAccessList", {"from": FROM, "data": "0x5f5ffd"})["error"] == "execution reverted"


def simulated(client: Client, *blocks: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """Return simulated blocks."""
    found: list[dict[str, Any]] = client.ask("eth_simulateV1", {"blockStateCalls": [*blocks]} | options, "latest")
    return found


def test_simulated_blocks_follow_each_other(client: Client) -> None:
    """Each block is executed on the one before it, gaps are filled, and the chain stays as it is."""
    target = client.deployed(ADDS_TO_SLOT)
    head = client.number("eth_blockNumber")
    adds, reads = {"from": FROM, "to": target}, {"to": target, "input": "0x"}
    blocks = simulated(
        client,
        {"calls": [adds, adds]},
        {
            "blockOverrides": {"number": hex(head + 3)},
            "calls": [reads],
            "stateOverrides": {target: {"code": "0x" + READS_SLOT}},
        },
    )
    assert [int(it["number"], 16) - head for it in blocks] == [1, 2, 3]
    assert [it["parentHash"] for it in blocks[1:]] == [it["hash"] for it in blocks[:-1]]
    assert words(blocks[2]["calls"][0]["returnData"]) == [2]
    assert int(blocks[0]["gasUsed"], 16) == sum(int(it["gasUsed"], 16) for it in blocks[0]["calls"])
    assert client.number("eth_getStorageAt", target, "0x0") == 0
    assert client.number("eth_blockNumber") == head


def test_simulated_transfers_and_failures_are_told(client: Client) -> None:
    """A native transfer is a log where that is asked for; a revert has its data, and the next call goes on."""
    pays, fails = {"from": FROM, "to": TO, "value": "0x5"}, {"from": FROM, "data": "0x602a5f5260205ffd"}
    (block,) = simulated(client, {"calls": [pays, fails, pays]}, traceTransfers=True, returnFullTransactions=True)
    paid, failed, again = block["calls"]
    assert (paid["status"], failed["status"], again["status"]) == ("0x1", "0x0", "0x1")
    assert (failed["error"]["code"], words(failed["error"]["data"])) == (3, [42])
    assert [int(it["logIndex"], 16) for it in (*paid["logs"], *again["logs"])] == [0, 1]
    assert (paid["logs"][0]["address"].lower(), int(paid["logs"][0]["data"], 16)) == ("0x" + "ee" * 20, 5)
    assert paid["logs"][0]["blockHash"] == block["hash"]
    assert [it["nonce"] for it in block["transactions"]] == ["0x0", "0x1", "0x2"]
    assert block["transactions"][0]["from"].lower() == FROM


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ({"calls": [{"from": FROM, "to": TO, "nonce": "0x5", "maxFeePerGas": hex(10**10)}]}, -38011),
        ({"calls": [{"from": FROM, "to": TO}]}, -38012),
        ({"calls": [{"from": FROM, "to": TO, "gas": "0x1", "gasPrice": hex(10**10)}]}, -38013),
        ({"calls": [{"from": ELSEWHERE, "to": TO, "gas": "0x5208", "gasPrice": hex(10**10)}]}, -38014),
        ({"calls": [{"from": FROM, "to": TO, "gas": hex(10**8)}]}, -38015),
        ({"blockOverrides": {"number": "0x0"}}, -38020),
        ({"blockOverrides": {"time": "0x0"}}, -38021),
        ({"calls": [{"from": FROM, "data": "0x" + "00" * 50_000, "gasPrice": hex(10**10)}]}, -38025),
        ({"blockOverrides": {"number": hex(1_000)}}, -38026),
        ({"call": []}, -32602),
    ],
)
def test_what_no_simulated_block_can_contain_has_its_code(client: Client, block: dict[str, Any], code: int) -> None:
    """A simulation that validates refuses as a chain would, each reason by the code that the standard gives it."""
    with pytest.raises(RpcError) as raised:
        simulated(client, block, validation=True)
    assert raised.value.code == code
