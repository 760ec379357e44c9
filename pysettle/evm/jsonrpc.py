"""JSON-RPC 2.0 to a node over HTTP: batches, retries, and one error for each way it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

import urllib3
from urllib3.util import Retry, Timeout, make_headers, parse_url

from pysettle.errors import ChainUnreachable, NodeError, UsageError

BATCH_LIMIT = 500
"""Most calls in one request; geth refuses more than 1,000."""
BATCH_BYTES = 2 * 2**20
"""Most bytes of one request, a single larger call apart; geth refuses more than 5 MiB."""

_CONNECTIONS = 8
"""Connections kept: threads that may ask at once without a connection made anew."""
_DEVELOPMENT_VERBS = ("evm_", "anvil_")
_REPEATED = Retry(5, redirect=0, backoff_factor=0.1, status_forcelist=(429, 502, 503, 504), allowed_methods=None)
_ONCE = Retry(connect=5, read=0, redirect=0, status=0, other=0, backoff_factor=0.1)

Call = tuple[str, Sequence[Any]]
"""A method and its parameters."""


class JsonRpc:
    """A node behind a URL. Connections are kept; what fails on the way is repeated five times, ever more slowly.

    Repeating is safe for reads, and for transactions, which a node knows by their hashes. The verbs of development
    nodes (`evm_mine`) would do their work twice: they are repeated only where they cannot have arrived.
    """

    def __init__(self, url: str, *, timeout_s: int = 30) -> None:
        """Address a node; nothing is sent yet.

        Args:
            url: http or https; user and password in it are sent as basic authentication.
            timeout_s: Longest wait for an answer, in seconds.

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
        """The URL without what may be secret in it: user, password, path."""
        self.url = parsed._replace(auth=None).url
        """The URL without user and password."""
        headers = {"Content-Type": "application/json"}
        self._pool = urllib3.PoolManager(
            headers=headers | (make_headers(basic_auth=parsed.auth) if parsed.auth else {}),
            timeout=Timeout(connect=5, read=timeout_s),
        )

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
        for part in _parts(calls):
            documents = self._post(part, once=any(method.startswith(_DEVELOPMENT_VERBS) for method, _ in calls))
            answers += [_result(calls[len(answers) + place][0], documents[place]) for place in range(len(part))]
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

    def _post(self, calls: Sequence[str], *, once: bool) -> dict[int, dict[str, Any]]:
        """Send encoded calls, a single one without a batch around it; return the answers by the calls' places."""
        body = calls[0] if len(calls) == 1 else f"[{','.join(calls)}]"
        try:
            response = self._pool.request("POST", self.url, body=body, retries=_ONCE if once else _REPEATED)
        except urllib3.exceptions.HTTPError as problem:
            reason = type(problem).__name__
            raise ChainUnreachable(f"{self.name} does not answer ({reason}): is the node running?") from problem
        try:
            document = json.loads(response.data)
            answers = {answer["id"]: answer for answer in (document if len(calls) > 1 else [document])}
            assert answers.keys() == set(range(len(calls)))
        except (ValueError, KeyError, TypeError, AssertionError) as problem:
            raise ChainUnreachable(
                f"{self.name} does not answer in JSON-RPC (HTTP status {response.status}): is it the URL of a node?"
            ) from problem
        return answers


def _parts(calls: Sequence[Call]) -> Iterator[list[str]]:
    """Encode calls, in parts that a node takes; within a part a call's id is its place."""
    part: list[str] = []
    size = 0
    for method, params in calls:
        tail = f',"method":{json.dumps(method)},"params":{json.dumps(params)}}}'
        if part and (len(part) == BATCH_LIMIT or size + len(tail) > BATCH_BYTES):
            yield part
            part, size = [], 0
        part.append(f'{{"jsonrpc":"2.0","id":{len(part)}{tail}')
        size += len(tail)
    if part:
        yield part


def _result(method: str, answer: dict[str, Any]) -> Any:
    if "error" not in answer:
        return answer.get("result")
    error = cast(dict[str, Any], answer["error"])
    return NodeError(method, int(error.get("code", 0)), str(error.get("message", "")), error.get("data"))
