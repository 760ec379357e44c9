"""A node or signer that is slow, endless or gone: a request ends by its deadline, and no more is read than is kept."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from pysettle.domain.core.signing import Signer
from pysettle.errors import AnswerTooLarge, ChainUnreachable
from pysettle.evm import jsonrpc
from pysettle.evm.backend import Fees
from pysettle.evm.encoding import UnsignedTransaction
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.logs import is_too_much
from pysettle.evm.remote_signer import RemoteSigner

DEADLINE_S = 1.0
MARGIN_S = 0.7
"""Time that a busy machine adds, in seconds."""
RESULT = b'{"jsonrpc":"2.0","id":0,"result":"0x1"}'

Serve = Callable[[socket.socket, Event], None]
"""Answers one connection until it is told that the test is over."""


@contextmanager
def server(serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[None]]]:
    """Serve connections, each in a thread; yield the URL and a list that has an entry for each connection."""
    over, accepted = Event(), list[None]()

    def connection(connected: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connected, server_side=True) if context else connected as secured:
            serve(secured, over)

    def listen() -> None:
        with suppress(OSError):
            while True:
                connected, _ = listener.accept()
                accepted.append(None)
                Thread(target=connection, args=(connected,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=listen, daemon=True).start()
        try:
            yield f"{'https' if context else 'http'}://127.0.0.1:{listener.getsockname()[1]}", accepted
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)


def request(connected: socket.socket) -> bytes:
    """Read a request; return it, or nothing at the end."""
    received = b""
    while b"\r\n\r\n" not in received or len(received.partition(b"\r\n\r\n")[2]) < length(received):
        part = connected.recv(65_536)
        if not part:
            return b""
        received += part
    return received


def length(received: bytes) -> int:
    """Return the length of a request's content."""
    (stated,) = [it for it in received.lower().split(b"\r\n") if it.startswith(b"content-length:")]
    return int(stated.split(b":")[1])


def dripping(answer: bytes) -> Serve:
    """Send an answer byte by byte, five a second."""

    def serve(connected: socket.socket, over: Event) -> None:
        while request(connected):
            for byte in answer:
                connected.sendall(bytes([byte]))
                if over.wait(0.2):
                    return

    return serve


def at_once(answer: bytes) -> Serve:
    """Send an answer at once."""

    def serve(connected: socket.socket, _: Event) -> None:
        while request(connected):
            connected.sendall(answer)

    return serve


def silent(connected: socket.socket, over: Event) -> None:
    """Take a request and say nothing."""
    request(connected)
    over.wait()


def gone(connected: socket.socket, _: Event) -> None:
    """Take a request and end the connection."""
    request(connected)


def endless(connected: socket.socket, over: Event) -> None:
    """Send without end what has no stated length."""
    request(connected)
    connected.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not over.is_set():
        connected.sendall(bytes(65_536))


def content(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    """Return an answer with its length."""
    return f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def content_drips(connected: socket.socket, over: Event) -> None:
    """Send a head, and then a byte now and then."""
    request(connected)
    connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not over.wait(0.2):
        connected.sendall(b" ")


def head_without_end(line: bytes) -> Serve:
    """Send a head that goes on for as long as anybody reads."""

    def serve(connected: socket.socket, over: Event) -> None:
        request(connected)
        connected.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.is_set():
            connected.sendall(line)

    return serve


SLOW: dict[str, Serve] = {
    "headers without end": head_without_end(b"X-More: 1\r\n"),
    "a header without end": head_without_end(b"X" * 65_536),
    "the content drips": content_drips,
    "the head drips": dripping(content(RESULT)),
    "chunks drip": dripping(CHUNKED + b"1\r\n \r\n" * 100),
    "it is silent": silent,
    "it asks to come again in an hour": at_once(content(b"", "503 Busy", "Retry-After: 3600\r\n")),
}


@pytest.mark.parametrize("kind", SLOW)
def test_one_deadline_holds_for_a_request(kind: str) -> None:
    """However an answer is delayed, and however often the request is repeated, it is given up at the deadline."""
    with server(SLOW[kind]) as (url, _):
        rpc, before = JsonRpc(url, timeout_s=DEADLINE_S), time.monotonic()
        with pytest.raises(ChainUnreachable):
            rpc.ask("eth_chainId")
        assert time.monotonic() - before < DEADLINE_S + MARGIN_S


@pytest.mark.parametrize("kind", ["the content drips", "the head drips"])
def test_the_same_deadline_holds_for_a_signer(kind: str) -> None:
    """A remote signer that drips does not hold up who asked for a signature."""
    account = Signer.derived("anybody").address
    with server(SLOW[kind]) as (url, _):
        signer, before = RemoteSigner(url, account, timeout_s=DEADLINE_S), time.monotonic()
        with pytest.raises(ChainUnreachable, match="within 1 s"):
            UnsignedTransaction(1, 0, Fees(1, 0), 21_000, account, b"").sign(signer)
        assert time.monotonic() - before < DEADLINE_S + MARGIN_S


def test_the_same_deadline_holds_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An encrypted answer that drips is given up too; one that comes is read."""
    if not shutil.which("openssl"):
        pytest.skip("OPENSSL IS NOT INSTALLED")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=node",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
    ]
    subprocess.run([*command, "-addext", "subjectAltName=IP:127.0.0.1"], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    with server(at_once(content(RESULT)), context) as (url, accepted):
        rpc = JsonRpc(url)
        assert [rpc.ask("eth_chainId") for _ in range(3)] == ["0x1"] * 3
        assert len(accepted) == 1
    with server(content_drips, context) as (url, _):
        rpc, before = JsonRpc(url, timeout_s=DEADLINE_S), time.monotonic()
        with pytest.raises(ChainUnreachable, match="within 1 s"):
            rpc.ask("eth_chainId")
        assert time.monotonic() - before < DEADLINE_S + MARGIN_S


LARGE: dict[str, Serve] = {
    "a stated length": at_once(content(b" " * 2_000)),
    "a length that is a lie": at_once(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b" " * 2_000),
    "chunks": at_once(CHUNKED + b"400\r\n" + b" " * 1024 + b"\r\n" + b"400\r\n" + b" " * 1024 + b"\r\n0\r\n\r\n"),
    "no end": endless,
}


@pytest.mark.parametrize("kind", LARGE)
def test_no_more_is_read_than_one_answer_may_have(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A larger answer is refused for its size, as a node refuses too large a question, and not asked for again."""
    monkeypatch.setattr(jsonrpc, "ANSWER_BYTES", 1_500)
    with server(LARGE[kind]) as (url, accepted):
        with pytest.raises(AnswerTooLarge, match="longer than the limit of 1500 bytes") as refused:
            JsonRpc(url, timeout_s=5).ask("eth_getLogs", {})
        assert refused.value.method == "eth_getLogs"
        assert is_too_much(refused.value), "logs are asked for again in a smaller range"
        assert len(accepted) == 1


def test_connections_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that were read whole leave their connection to the next request, whatever time they took."""
    monkeypatch.setattr(jsonrpc, "ANSWER_BYTES", 1_500)
    for answer in (content(RESULT), CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(RESULT), RESULT)):
        with server(at_once(answer)) as (url, accepted):
            rpc = JsonRpc(url)
            assert [rpc.ask("eth_chainId") for _ in range(20)] == ["0x1"] * 20
            assert len(accepted) == 1


def test_what_is_lost_is_repeated_but_for_development_verbs() -> None:
    """A request is sent six times before it is given up, one that seals a block once."""
    for method, times in (("eth_chainId", 6), ("evm_mine", 1)):
        with server(gone) as (url, accepted):
            with pytest.raises(ChainUnreachable, match="does not answer"):
                JsonRpc(url).ask(method)
            assert len(accepted) == times


def test_a_server_that_is_busy_is_asked_again() -> None:
    """A status that says so is no answer; the one after it is."""
    numbers = count()

    def serve(connected: socket.socket, _: Event) -> None:
        while request(connected):
            connected.sendall(content(RESULT) if next(numbers) > 1 else content(b"", "503 Busy", "Retry-After: 60\r\n"))

    with server(serve) as (url, _):
        assert JsonRpc(url, timeout_s=5).ask("eth_chainId") == "0x1"


def test_nobody_is_there() -> None:
    """A port without a server is named."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(ChainUnreachable, match="is the node running"):
        JsonRpc(url, timeout_s=1).ask("eth_chainId")
