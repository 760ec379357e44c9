"""JSON-RPC 2.0 as text in and text out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pysettle.node.protocol import BATCH_LIMIT, Dispatcher, Received, RpcError


def fail(_: Any) -> None:
    """Break as a mistake of the program's would."""
    raise KeyError("secret")


def revert(_: Any) -> None:
    """Refuse with data."""
    raise RpcError(3, "execution reverted", "0x1234")


DISPATCHER = Dispatcher(
    {"add": lambda _, a, b=0: a + b, "fail": fail, "revert": revert, "who": lambda caller: caller},
    {"add": lambda _, runs: [sum(params) + 1000 for params in runs]},
)


def ask(document: Any) -> Any:
    """Return the answer to a document."""
    answer = DISPATCHER.handle(json.dumps(document), "caller")
    return None if answer is None else json.loads(answer)


def request(method: str, *params: Any, request_id: Any = 1) -> dict[str, Any]:
    """Return a request."""
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": list(params)}


def test_a_request_is_answered_under_its_id() -> None:
    """The result comes with the request's id, and the method knows who asks."""
    assert ask(request("add", 2, 3, request_id="x")) == {"jsonrpc": "2.0", "id": "x", "result": 5}
    assert ask(request("who"))["result"] == "caller"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", -32700),
        ("", -32700),
        ("NaN", -32700),
        ("[" * 100_000, -32700),
        ("1" * 10_000, -32700),
        ("1", -32600),
        ("[]", -32600),
        ('{"method": 1, "id": 1}', -32600),
        ('{"method": "add", "id": {}}', -32600),
        ('{"method": "add", "id": true}', -32600),
        ('{"jsonrpc": "1.0", "method": "add", "id": 1}', -32600),
        ('{"method": "none", "id": 1}', -32601),
        ('{"method": "add", "id": 1}', -32602),
        ('{"method": "add", "params": [1, 2, 3], "id": 1}', -32602),
        ('{"method": "revert", "id": 1}', 3),
    ],
)
def test_each_failure_has_its_code(text: str, code: int) -> None:
    """The standard codes, whatever is wrong."""
    answer = json.loads(DISPATCHER.handle(text) or "")
    assert answer["error"]["code"] == code
    assert answer["jsonrpc"] == "2.0"


def test_a_mistake_inside_shows_no_detail(caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception is an internal error, logged here and not told there."""
    error = ask(request("fail"))["error"]
    assert error["code"] == -32603
    assert "secret" not in json.dumps(error)
    assert "secret" in caplog.text


def test_the_data_of_a_revert_is_kept() -> None:
    """Clients decode custom errors from the member `data`."""
    assert ask(request("revert"))["error"] == {"code": 3, "message": "execution reverted", "data": "0x1234"}


def test_a_batch_keeps_order_and_drops_notifications() -> None:
    """Each request that has an id is answered, a malformed one too, in order."""
    silent = {"jsonrpc": "2.0", "method": "who"}
    answers = ask([request("who", request_id=7), silent, 5, request("none", request_id=8)])
    assert [(it["id"], it.get("error", {}).get("code")) for it in answers] == [(7, None), (None, -32600), (8, -32601)]
    assert ask([silent]) is None
    assert ask(silent) is None


def test_neighbours_of_a_group_are_done_together() -> None:
    """A run of a group method in one batch is one call; a single one is not."""
    batch = [request("add", 1), request("add", 2), request("who"), request("add", 3)]
    assert [it["result"] for it in ask(batch)] == [1001, 1002, "caller", 3]


def test_what_waits_together_is_grouped_after_the_rest() -> None:
    """Single requests of a group method, of whichever caller, are one call; each gets its own answer, reads first."""
    answered: list[tuple[str, Any]] = []

    def received(name: str, text: str) -> Received:
        return Received(text, name, lambda answer: answered.append((name, answer and json.loads(answer))))

    silent = json.dumps({"jsonrpc": "2.0", "method": "add", "params": [5]})
    texts = {"a": request("add", 1, request_id=7), "b": request("who"), "c": request("add", 2, request_id=8)}
    DISPATCHER.handle_all([*(received(name, json.dumps(it)) for name, it in texts.items()), received("d", silent)])
    assert [name for name, _ in answered] == ["b", "a", "c", "d"]
    answers = dict(answered)
    assert answers["b"]["result"] == "b"
    assert [(answers[it]["id"], answers[it]["result"]) for it in "ac"] == [(7, 1001), (8, 1002)]
    assert answers["d"] is None


def test_a_batch_has_a_limit() -> None:
    """A batch above the limit is refused as a whole."""
    assert len(ask([request("who")] * BATCH_LIMIT)) == BATCH_LIMIT
    assert ask([request("who")] * (BATCH_LIMIT + 1))["error"]["code"] == -32600


@given(st.binary() | st.text())
def test_no_text_breaks_it(text: bytes | str) -> None:
    """Whatever comes in, JSON or nothing goes out."""
    answer = DISPATCHER.handle(text)
    assert answer is None or json.loads(answer)
