"""Bodies beyond plain chats: embeddings, choices, tools and JSON pass and are counted; nothing uncountable is."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from pysettle.serve.gateway import counting
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.config import Upstream
from pysettle.serve.gateway.pricing import Counts
from pysettle.serve.gateway.providers import LocalProvider, OpenAIProvider, Piece, Provider
from pysettle.serve.gateway.requests import Call, parse_call
from tests.gateway.test_parts import MODEL

TOOL = {"type": "function", "function": {"name": "price", "parameters": {"type": "object", "properties": {}}}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object", "properties": {}}}}
MESSAGES = [{"role": "user", "content": "How is a Token backed?"}]


def chat(**members: Any) -> Call:
    """Return a chat with further members."""
    return parse_call("chat/completions", {"messages": MESSAGES, "max_tokens": 20, **members}, MODEL)


def answer_of(provider: Provider, call: Call) -> Piece:
    """Return the one piece of an answer that is no stream."""

    async def ask() -> Piece:
        (piece,) = [piece async for piece in provider.answer(call)]
        await provider.close()
        return piece

    return asyncio.run(ask())


def test_members_pass_and_count() -> None:
    """Choices, tools and forms of answers reach the provider as they are; all that it reads and writes is counted."""
    asked: list[dict[str, Any]] = []
    called = {"id": "1", "type": "function", "function": {"name": "price", "arguments": "{}"}}
    choices = [{"index": place, "message": {"content": None, "tool_calls": [called]}} for place in range(2)]
    answer = {"choices": choices, "usage": {"prompt_tokens": 30, "completion_tokens": 9}}

    class Upper(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            pass

    members = {"n": 2, "tools": [TOOL], "tool_choice": "auto", "response_format": SCHEMA}
    call = chat(**members)
    assert call.output_limit == 2 * 20
    plain, form = chat().prompt_tokens, chat(response_format={"type": "json_object"})
    assert plain == form.prompt_tokens < chat(tools=[TOOL]).prompt_tokens < call.prompt_tokens
    with HTTPServer(("127.0.0.1", 0), Upper) as server:
        Thread(target=server.handle_request, daemon=True).start()
        piece = answer_of(OpenAIProvider(Upstream(url=f"http://127.0.0.1:{server.server_port}", model="x")), call)
    assert {name: asked[0][name] for name in members} == members
    assert (asked[0]["model"], asked[0]["max_tokens"]) == ("x", 20)
    assert (piece.counts, piece.text) == (Counts(30, 0, 9), "price{}" * 2)


def test_embeddings() -> None:
    """Embeddings cost their input; OpenAI's clients ask for them in base64."""
    texts = ["Tokens", "e-CNY in escrow"]
    call = parse_call("embeddings", {"input": texts}, MODEL)
    assert (call.prompt_tokens, call.output_limit) == (sum(map(counting.count, texts)), 0)
    assert parse_call("embeddings", {"input": [1, 2, 3]}, MODEL).prompt_tokens == 3
    piece = answer_of(LocalProvider(Upstream()), call)
    assert piece.counts == Counts(call.prompt_tokens, 0, 0)
    packed = answer_of(
        LocalProvider(Upstream()), parse_call("embeddings", {"input": texts, "encoding_format": "base64"}, MODEL)
    )
    for plain, coded in zip(piece.document["data"], packed.document["data"], strict=True):
        assert list(struct.unpack("<8f", base64.b64decode(coded["embedding"]))) == plain["embedding"]


PART = {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "an image": ("chat/completions", {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "content"),
    "audio": ("chat/completions", {"messages": [{"role": "user", "content": [PART]}]}, "content"),
    "a file": ("chat/completions", {"messages": [{"role": "user", "content": [{"type": "file"}]}]}, "content"),
    "audio as answer": ("chat/completions", {"messages": MESSAGES, "modalities": ["audio"]}, "modalities"),
    "a form without a type": ("chat/completions", {"messages": MESSAGES, "response_format": "json"}, "response_format"),
    "no input": ("embeddings", {"input": []}, "input"),
    "an empty text": ("embeddings", {"input": [""]}, "input"),
    "another encoding": ("embeddings", {"input": "a", "encoding_format": "hex"}, "encoding_format"),
    "a stream of embeddings": ("embeddings", {"input": "a", "stream": True}, "stream"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """Content that nobody can count beforehand is refused with OpenAI's error, which names the member."""
    path, body, member = REFUSED[name]
    with pytest.raises(ApiError) as refused:
        parse_call(path, body, MODEL)
    error = refused.value.document()["error"]
    assert (refused.value.status, error["type"], error["code"]) == (400, "invalid_request_error", "invalid_value")
    assert member in error["param"]
