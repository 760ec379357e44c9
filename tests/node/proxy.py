"""A proxy between a client and a real node, which loses and garbles answers as networks do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import urllib3

Forward = Callable[[], bytes]
"""Sends the request on to the node; returns the node's answer."""


class Lost(Exception):
    """The connection ends without an answer."""


@contextmanager
def proxy(node: str, answer: Callable[[list[str], Forward], bytes | tuple[int, bytes]]) -> Iterator[str]:
    """Stand before a node; yield the URL.

    Args:
        node: URL of the node.
        answer: Called with the methods of each request and what sends it on; returns what the client gets, with an
            HTTP status or under 200.
    """
    pool = urllib3.PoolManager()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            document = json.loads(body)
            methods = [it["method"] for it in (document if isinstance(document, list) else [document])]
            headers = {"Content-Type": "application/json"}
            try:
                given = answer(methods, lambda: pool.request("POST", node, body=body, headers=headers).data)
            except Lost:
                self.close_connection = True
                return
            status, content = given if isinstance(given, tuple) else (200, given)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def refusing(answer: bytes, code: int, message: str) -> bytes:
    """Return an answer of a node in which each result is an error instead."""
    document: Any = json.loads(answer)
    error = {"code": code, "message": message}
    documents = document if isinstance(document, list) else [document]
    refused = [{"jsonrpc": "2.0", "id": it["id"], "error": error} for it in documents]
    return json.dumps(refused if isinstance(document, list) else refused[0]).encode()
