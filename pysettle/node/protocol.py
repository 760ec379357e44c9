"""JSON-RPC 2.0 as text in and text out: parsing, dispatch, batches and the standard errors.

This module knows nothing of Ethereum, of chains or of sockets. The answer to any text is a well-formed response: no
input raises.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, Final

from pysettle.documents import parse_json

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
SERVER_ERROR: Final = -32000
LIMIT_EXCEEDED: Final = -32005
EXECUTION_REVERTED: Final = 3

BATCH_LIMIT: Final = 1000
"""Most requests of one batch."""

_log = logging.getLogger("pysettle.node")
_ABSENT: Final = object()


class RpcError(Exception):
    """The answer to a failed request: a code, a sentence, and data if there are any."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        """Keep the three members of a JSON-RPC error."""
        self.code, self.message, self.data = code, message, data
        super().__init__(message)

    def to_dict(self) -> dict[str, Any]:
        """Return the member `error` of a response."""
        return {"code": self.code, "message": self.message} | ({} if self.data is None else {"data": self.data})


class InvalidParams(RpcError):
    """The parameters do not fit the method (-32602)."""

    def __init__(self, message: str) -> None:
        """Name the wrong parameter and the problem."""
        super().__init__(INVALID_PARAMS, message)


class Encoded(str):
    """A result that is JSON already: a long one, made piece by piece."""


class Later:
    """A result that takes long to make; its making reads nothing that changes, so that others need not wait for it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        """Keep the work, which returns the result or raises `RpcError`."""
        self.work = work


@dataclass(frozen=True, slots=True)
class Request:
    """One well-formed request."""

    method: str
    """Name of the method."""
    params: Sequence[Any]
    """Parameters by place."""
    id: Any
    """Id that the response repeats: a string, a number or null."""
    wants_answer: bool
    """False for a notification, which has no id and gets no response."""


Method = Callable[..., Any]
"""Called with the caller and the parameters by place; returns JSON values or `Later`, or raises `RpcError`."""
Aside = Callable[[Callable[[], str], Callable[["str | None"], None]], None]
"""Called with the work that makes an answer, and with where the answer goes; has it done while others are answered."""
GroupMethod = Callable[[Any, Sequence[Sequence[Any]]], "Sequence[Any | RpcError]"]
"""Called with the caller and the parameters of many requests; returns a result or an error for each."""


@dataclass(frozen=True, slots=True)
class Received:
    """A text with its caller and the destination of its answer."""

    text: str | bytes
    """Received text."""
    caller: Any
    """Caller, passed to each method."""
    answer: Callable[[str | None], None]
    """Called once with the answer, None for none."""


class Dispatcher:
    """Answers JSON-RPC texts from a table of methods."""

    def __init__(self, methods: Mapping[str, Method], groups: Mapping[str, GroupMethod] | None = None) -> None:
        """Use the table, and the methods that answer several requests together.

        Args:
            methods: Mapping name -> method; a name such as `engine_*` stands for all others of its namespace.
            groups: Mapping name -> how requests of that name are answered together: neighbours in one batch, or
                single ones of different callers.
        """
        self._methods = methods
        self._groups = groups or {}
        places = {name: list(signature(method).parameters.values())[1:] for name, method in methods.items()}
        self._least = {
            name: sum(it.default is Parameter.empty and it.kind is not Parameter.VAR_POSITIONAL for it in its)
            for name, its in places.items()
        }
        self._most = {
            name: None if any(it.kind is Parameter.VAR_POSITIONAL for it in its) else len(its)
            for name, its in places.items()
        }

    def handle(self, text: str | bytes, caller: Any = None) -> str | None:
        """Answer a request or a batch; None where there is nothing to answer (notifications alone).

        Args:
            text: Received text.
            caller: Caller, passed to each method.
        """
        answer = self._respond(_read(text), caller)
        return answer() if callable(answer) else answer

    def handle_all(self, received: Sequence[Received], aside: Aside | None = None) -> None:
        """Answer texts of different callers, which wait at the same time.

        Single requests of a group method are done together, after the others, so that none delays a waiting request by
        more than one of them.

        Args:
            received: The texts.
            aside: Has answers made that take long; without it they are made at once.
        """
        together: dict[str, list[tuple[Request, Received]]] = {}
        for item in received:
            read = _read(item.text)
            if isinstance(read, Request) and read.method in self._groups:
                together.setdefault(read.method, []).append((read, item))
            else:
                answer = self._respond(read, item.caller)
                if not callable(answer):
                    item.answer(answer)
                elif aside is None:
                    item.answer(answer())
                else:
                    aside(answer, item.answer)
        for run in together.values():
            outcomes = self._call_group([request for request, _ in run], None)
            for (request, item), outcome in zip(run, outcomes, strict=True):
                item.answer(encode(_response(request, outcome)) if request.wants_answer else None)

    def _respond(
        self, read: Request | RpcError | list[Request | RpcError], caller: Any
    ) -> str | Callable[[], str] | None:
        """Return the answer, or the work that makes it, if that takes long."""
        requests = read if isinstance(read, list) else [read]
        responses = [response for response in self._answer(requests, caller) if response is not None]
        if not responses:
            return None

        def text() -> str:
            texts = [_encode_response(response) for response in responses]
            return f"[{','.join(texts)}]" if isinstance(read, list) else texts[0]

        return text if any(isinstance(response.get("result"), Later) for response in responses) else text()

    def _answer(self, requests: Sequence[Request | RpcError], caller: Any) -> list[dict[str, Any] | None]:
        """Return the response to each request, None for a notification; runs of group methods are done together."""
        responses: list[dict[str, Any] | None] = []
        while len(responses) < len(requests):
            first = requests[len(responses)]
            if isinstance(first, RpcError):
                responses.append(_failed(None, first))
                continue
            run = [first]
            if first.method in self._groups:
                for other in requests[len(responses) + 1 :]:
                    if isinstance(other, RpcError) or other.method != first.method:
                        break
                    run.append(other)
            outcomes = self._call_group(run, caller) if len(run) > 1 else [self._call(first, caller)]
            for request, outcome in zip(run, outcomes, strict=True):
                responses.append(_response(request, outcome) if request.wants_answer else None)
        return responses

    def _call(self, request: Request, caller: Any) -> Any:
        name = request.method
        if name not in self._methods:
            name = f"{name.partition('_')[0]}_*"
        method = self._methods.get(name)
        if method is None:
            return RpcError(METHOD_NOT_FOUND, f"the method {request.method[:80]} does not exist")
        most = self._most[name]
        if len(request.params) < self._least[name] or (most is not None and len(request.params) > most):
            return InvalidParams(f"{request.method} does not take {len(request.params)} parameters")
        return _outcome(request.method, lambda: method(caller, *request.params))

    def _call_group(self, run: Sequence[Request], caller: Any) -> Sequence[Any]:
        name = run[0].method
        outcome = _outcome(name, lambda: self._groups[name](caller, [request.params for request in run]))
        return [outcome] * len(run) if isinstance(outcome, RpcError) else outcome


def _outcome(name: str, call: Callable[[], Any]) -> Any:
    """Return the result or the error of the call; a mistake of this program is logged, not shown."""
    try:
        return call()
    except RpcError as problem:
        return problem
    except Exception as problem:  # noqa: BLE001 - one request must not end the server
        _log.exception("%s failed", name)
        return RpcError(INTERNAL_ERROR, f"{name} failed inside the node: {type(problem).__name__}")


def _read(text: str | bytes) -> Request | RpcError | list[Request | RpcError]:
    """Read a request or a batch; an error where the whole text is answered with one."""
    try:
        document = parse_json(text)
    except ValueError as problem:
        return RpcError(PARSE_ERROR, f"not JSON: {problem}")
    if not isinstance(document, list):
        return _parse(document)
    if not document:
        return RpcError(INVALID_REQUEST, "an empty batch")
    if len(document) > BATCH_LIMIT:
        return RpcError(INVALID_REQUEST, f"a batch of {len(document)} requests, the most is {BATCH_LIMIT}: split it")
    return [_parse(entry) for entry in document]


def _parse(entry: Any) -> Request | RpcError:
    if not isinstance(entry, dict):
        return RpcError(INVALID_REQUEST, "a request is an object")
    request_id = entry.get("id", _ABSENT)
    if request_id is not _ABSENT and not isinstance(request_id, str | int | float | None):
        return RpcError(INVALID_REQUEST, "an id is a string, a number or null")
    if isinstance(request_id, bool) or entry.get("jsonrpc", "2.0") != "2.0" or not isinstance(entry.get("method"), str):
        return RpcError(INVALID_REQUEST, 'a request has "jsonrpc": "2.0", a method by name, and an id')
    params = entry.get("params")
    wants_answer = request_id is not _ABSENT
    request_id = None if request_id is _ABSENT else request_id
    # Parameters that are no list are the method's to refuse, under the request's own id.
    by_place = [] if params is None else params if isinstance(params, list) else [_Misplaced()]
    return Request(entry["method"], by_place, request_id, wants_answer)


class _Misplaced:
    """Parameters by name, which no method here takes; it is of no JSON type, so that every method refuses it."""


def _response(request: Request, outcome: Any) -> dict[str, Any]:
    if isinstance(outcome, RpcError):
        return _failed(request.id, outcome)
    return {"jsonrpc": "2.0", "id": request.id, "result": outcome}


def _failed(request_id: Any, problem: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "error": problem.to_dict()}


def notification(subscription: str, result: Any) -> str:
    """Return the text of one event of a subscription, as `eth_subscribe` promises it."""
    params = {"subscription": subscription, "result": result}
    return encode({"jsonrpc": "2.0", "method": "eth_subscription", "params": params})


def _encode_response(response: dict[str, Any]) -> str:
    result = response.get("result")
    if isinstance(result, Later):
        outcome = _outcome("a long answer", result.work)
        if isinstance(outcome, RpcError):
            return encode(_failed(response["id"], outcome))
        result = outcome
    if isinstance(result, Encoded):
        return f"{encode(response | {'result': None})[: -len('null}')]}{result}}}"
    return encode(response | {"result": result} if "result" in response else response)


def encode(value: Any) -> str:
    """Return JSON without spaces."""
    return value if isinstance(value, Encoded) else json.dumps(value, separators=(",", ":"))
