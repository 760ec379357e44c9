"""A node with limits: a proxy in front of a real node, which refuses queries of logs as another node would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import urllib3


@dataclass
class Limits:
    """What the proxy refuses, and what it was asked for."""

    blocks: int = 10**9
    """Most blocks of one query."""
    logs: int = 10**9
    """Most logs of one query."""
    code: int = -32005
    """Code of a refusal."""
    message: str = "limit exceeded"
    """Words of a refusal."""
    missing: tuple[str, ...] = ()
    """Methods it does not have."""
    url: str = ""
    """Where it listens."""
    queries: list[tuple[int, int]] = field(default_factory=list)
    """First and last block of each query, in the order they came."""
    posts: list[list[str]] = field(default_factory=list)
    """Methods of each HTTP request, in the order they came."""

    def answer(self, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        """Return what the proxy answers in place of the node."""
        if request["method"] in self.missing:
            return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32601, "message": "no such method"}}
        if request["method"] != "eth_getLogs":
            return answer
        first, last = (int(request["params"][0][name], 16) for name in ("fromBlock", "toBlock"))
        self.queries.append((first, last))
        if "error" in answer or (last - first < self.blocks and len(answer["result"]) <= self.logs):
            return answer
        return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": self.code, "message": self.message}}


@contextmanager
def limited(node: str, limits: Limits) -> Iterator[Limits]:
    """Run the proxy in front of a node; yield its limits, which may be changed, with where it listens."""
    pool = urllib3.PoolManager()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {"Content-Type": "application/json"}
            asked, told = json.loads(body), json.loads(pool.request("POST", node, body=body, headers=headers).data)
            limits.posts.append([it["method"] for it in (asked if isinstance(asked, list) else [asked])])
            if isinstance(asked, dict):
                told = limits.answer(asked, told)
            else:
                requests = {it["id"]: it for it in asked}
                told = [limits.answer(requests[it["id"]], it) for it in told]
            content = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever).start()
        limits.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield limits
        finally:
            server.shutdown()
            pool.clear()
