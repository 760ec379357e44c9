"""JSON-RPC 2.0 to a node over HTTP: batches, retries, and one error for each way it fails."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import urllib3
from urllib3.util import Timeout, make_headers, parse_url

from pysettle.documents import check_nesting
from pysettle.errors import AnswerTooLarge, ChainUnreachable, NodeError, PysettleError, UsageError
from pysettle.evm.connections import connections

BATCH_LIMIT = 500
"""Most calls in one request; geth refuses more than 1,000."""
BATCH_BYTES = 2 * 2**20
"""Most bytes of one request, a single larger call apart; geth refuses more than 5 MiB."""

ANSWER_BYTES = 64 * 2**20
"""Most bytes read of one answer."""
_DEVELOPMENT_VERBS = ("evm_", "anvil_")
_PAUSES_S = (0.0, 0.2, 0.4, 0.8, 1.6)
"""Pauses before a request is sent again."""
_NOT_NOW = frozenset({429, 502, 503, 504})
"""HTTP statuses of servers that may answer later."""
_CONNECT_S = 5.0
"""Longest time for a connection, in seconds."""
_MOMENT_S = 0.001
_NESTING_LIMIT = 256
"""Deepest nesting of an answer; Python's reader recurses, and py-evm lets it recurse beyond the size of the stack."""

Call = tuple[str, Sequence[Any]]
"""A method and its parameters."""


class JsonRpc:
    """A node or signer behind a URL. Connections are kept; a failed request is repeated five times, more slowly.

    One deadline holds for a request, its repetitions and its answer to the last byte, however slowly that comes.

    Repeating is safe for reads, and for transactions, which a node knows by their hashes. The verbs of development
    nodes (`evm_mine`) would do their work twice: they are repeated only where they cannot have arrived.
    """

    def __init__(self, url: str, *, timeout_s: float = 30) -> None:
        """Address a node; nothing is sent yet.

        Args:
            url: http or https; user and password in it are sent as basic authentication.
            timeout_s: Longest wait for a whole answer, repetitions of the request included, in seconds.

        Raises:
            UsageError: it is no such URL.
        """
        try:
            parsed = parse_url(url)
        except urllib3.exceptions.LocationParseError as problem:
            raise UsageError("the chain is not a URL that can be read") from problem
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise UsageError("the chain is not the URL of a JSON-RPC node, such as http://127.0.0.1:8545")
        self.name = f"{parsed.scheme}://{parsed.netloc}"
        """The URL without its possible secrets: user, password, path."""
        self.url = parsed._replace(auth=None).url
        """The URL without user and password."""
        self._timeout_s = timeout_s
        self._headers = {"Content-Type": "application/json"}
        if parsed.auth:
            self._headers |= make_headers(basic_auth=parsed.auth)
        self._path = parsed.request_uri
        self._connections = connections(parsed)

    def ask(self, method: str, *params: Any) -> Any:
        """Return the result of one call.

        Raises:
            NodeError: the node refused it.
            ChainUnreachable: there was no answer.
        """
        (answer,) = self.ask_all([(method, params)])
        if isinstance(answer, NodeError):
            raise answer
        return answer

    def ask_all(self, calls: Sequence[Call]) -> list[Any]:
        """Return the results of many calls in order; where the node refused one, its `NodeError` stands in the list.

        Raises:
            ChainUnreachable: there was no answer.
        """
        answers: list[Any] = []
        for methods, text in _parts(calls):
            documents = self._post(methods, text)
            with self.reading(methods[0]):
                answers += [_result(method, documents[place]) for place, method in enumerate(methods)]
        return answers

    def answers(self, calls: Sequence[Call]) -> list[Any]:
        """Return the results of many calls in order.

        Raises:
            NodeError: the node refused one; the first of them.
            ChainUnreachable: there was no answer.
        """
        answers = self.ask_all(calls)
        for answer in answers:
            if isinstance(answer, NodeError):
                raise answer
        return answers

    @contextmanager
    def reading(self, method: str) -> Iterator[None]:
        """Read the node's answer to a method.

        Raises:
            ChainUnreachable: it has not the form that the execution API gives it.
        """
        try:
            yield
        except PysettleError:
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as problem:
            raise ChainUnreachable(
                f"{self.name} answers {method} with something that cannot be read: is it the URL of a node?",
                node=self.name,
                method=method,
            ) from problem

    def _post(self, methods: Sequence[str], text: str) -> dict[int, dict[str, Any]]:
        """Send the text of calls; return the answers by the calls' places."""
        once = any(method.startswith(_DEVELOPMENT_VERBS) for method in methods)
        status, content = self._exchange(text.encode(), methods[0], once=once)
        try:
            answered = content.decode()
            check_nesting(answered, _NESTING_LIMIT)
            document = json.loads(answered)
            answers = {answer["id"]: answer for answer in (document if len(methods) > 1 else [document])}
            assert answers.keys() == set(range(len(methods)))
        except (ValueError, KeyError, TypeError, AssertionError) as problem:
            raise ChainUnreachable(
                f"{self.name} does not answer in JSON-RPC (HTTP status {status}): is it the URL of a node?",
                node=self.name,
                status=status,
            ) from problem
        return answers

    def _exchange(self, body: bytes, method: str, *, once: bool) -> tuple[int, bytes]:
        """Return HTTP status and content of the answer; try again until the deadline, which is that of all attempts.

        Raises:
            ChainUnreachable: there was no answer.
            AnswerTooLarge: there was a larger one than is read.
        """
        deadline = time.monotonic() + self._timeout_s
        for pause in (*_PAUSES_S, None):
            problem, answer = None, (0, b"")
            try:
                answer = self._request(body, method, deadline)
            except urllib3.exceptions.HTTPError as failure:
                problem = failure
            # A request that could not connect has not arrived.
            may_repeat = isinstance(problem, urllib3.exceptions.ConnectTimeoutError) or not once
            done = problem is None and answer[0] not in _NOT_NOW
            if done or not may_repeat or pause is None or time.monotonic() + pause >= deadline:
                break
            time.sleep(pause)
        if problem is None:
            return answer
        if time.monotonic() + _MOMENT_S >= deadline:
            raise ChainUnreachable(
                f"{self.name} has not answered within {self._timeout_s:g} s", node=self.name
            ) from problem
        reason = type(problem).__name__
        raise ChainUnreachable(
            f"{self.name} does not answer ({reason}): is the node running?", node=self.name
        ) from problem

    def _request(self, body: bytes, method: str, deadline: float) -> tuple[int, bytes]:
        left = max(_MOMENT_S, deadline - time.monotonic())
        timeout = Timeout(connect=min(_CONNECT_S, left), total=left)
        response = self._connections.urlopen(
            "POST",
            self._path,
            body,
            self._headers,
            timeout=timeout,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            content = response.read(ANSWER_BYTES + 1)
            if len(content) > ANSWER_BYTES:
                raise AnswerTooLarge(method, ANSWER_BYTES)
        except BaseException:
            response.close()  # the unread rest would be read as the next answer
            raise
        response.release_conn()
        return response.status, content


def _parts(calls: Sequence[Call]) -> Iterator[tuple[list[str], str]]:
    """Encode calls, in parts that a node takes, a single one without a batch around it.

    Yields:
        The methods of a part, and its text, in which a call's id is its place in the part.
    """
    for first in range(0, len(calls), BATCH_LIMIT):
        part = calls[first : first + BATCH_LIMIT]
        documents = [
            {"jsonrpc": "2.0", "id": place, "method": method, "params": params}
            for place, (method, params) in enumerate(part)
        ]
        text = json.dumps(documents if len(part) > 1 else documents[0])
        if len(part) > 1 and len(text) > BATCH_BYTES:
            yield from _parts(part[: len(part) // 2])
            yield from _parts(part[len(part) // 2 :])
        else:
            yield [method for method, _ in part], text


def _result(method: str, answer: dict[str, Any]) -> Any:
    if "error" not in answer:
        return answer.get("result")
    error = cast(dict[str, Any], answer["error"])
    return NodeError(method, int(error.get("code", 0)), str(error.get("message", "")), error.get("data"))
