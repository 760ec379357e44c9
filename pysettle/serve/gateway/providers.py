"""Providers of answers: a deterministic one on this machine, and any API that speaks OpenAI's protocol."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import struct
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from pysettle.errors import UsageError
from pysettle.serve.gateway import counting
from pysettle.serve.gateway.config import Upstream
from pysettle.serve.gateway.pricing import Counts
from pysettle.serve.gateway.requests import Call

_CUT_AFTER = 3
_WORDS = (
    *("Tokens", "are", "bound", "to", "compute", "and", "each", "of", "them", "is", "backed", "by", "yuan", "in"),
    *("escrow", "so", "that", "a", "call", "costs", "its", "usage", "while", "the", "rest", "goes", "home"),
)
_DIMENSIONS = 8
"""Numbers of a vector of the local provider, unless a request says how many."""


class ProviderFailed(Exception):
    """A provider has given no answer, or none that can be read."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a streamed answer, or the whole of one that is not."""

    document: dict[str, Any]
    """As OpenAI writes it."""
    counts: Counts | None = None
    """Counts of the whole answer, with the last piece."""

    @property
    def text(self) -> str:
        """The generated text in it; of embeddings, their list as JSON without spaces."""
        if "data" in self.document:
            return json.dumps(self.document["data"], separators=(",", ":"))
        return "".join(_generated(choice) for choice in self.document.get("choices") or ())


class Provider(Protocol):
    """Generates answers."""

    def answer(self, call: Call) -> AsyncGenerator[Piece, None]:
        """Yield the answer: one piece if the call is no stream; counts come with the last piece.

        Raises:
            ProviderFailed: there is no answer, or its rest is missing.
        """

    async def close(self) -> None:
        """Close connections."""


def provider_of(upstream: Upstream) -> Provider:
    """Return the provider that a configuration names."""
    return OpenAIProvider(upstream) if upstream.url else LocalProvider(upstream)


class LocalProvider:
    """Answers that are a function of the request and a seed, with scripted faults.

    The file of faults is one JSON object: how many calls from now on fail, and how. It is read before each call, so
    that a test can write it while the gateway runs: {"fail": 1, "cut_after": 3, "delay_ms": 20, "omit_usage": 1}.
    Every 20th call fails by {"fail_every": 20}, every 20th stream is cut after three words by {"cut_every": 20}.
    """

    def __init__(self, upstream: Upstream) -> None:
        """Generate with a seed."""
        self._seed = upstream.seed
        self._faults = Path(upstream.faults) if upstream.faults else None
        self._failed = self._calls = self._streams = 0

    async def answer(self, call: Call) -> AsyncGenerator[Piece, None]:
        """Yield the answer; see `Provider`."""
        faults = self._read_faults()
        if faults.get("fail", 0) > self._failed:
            self._failed += 1
            raise ProviderFailed("the local provider was told to fail")
        self._calls += 1
        if _is_turn(self._calls, faults.get("fail_every")):
            raise ProviderFailed("the local provider was told to fail now and then")
        if call.path == "embeddings":
            counts = Counts(call.prompt_tokens, 0, 0)
            yield Piece(self._embeddings(call), None if faults.get("omit_usage") else counts)
            return
        words = [self._words(call, choice) for choice in range(call.choices)]
        texts = ["".join(of_choice) for of_choice in words]
        # Counted as a whole: parts of a text may be counted differently when they are counted alone.
        counted = await asyncio.to_thread(lambda: sum(map(counting.count, texts)))
        counts = Counts(call.prompt_tokens, 0, counted)
        delay_s = faults.get("delay_ms", 0) / 1_000
        if not call.is_stream:
            await asyncio.sleep(delay_s * len(words[0]))
            yield Piece(self._whole(call, texts, counts), None if faults.get("omit_usage") else counts)
            return
        self._streams += 1
        cut_after = _CUT_AFTER if _is_turn(self._streams, faults.get("cut_every")) else faults.get("cut_after")
        for place, pieces in enumerate(words):
            for number, word in enumerate(pieces):
                if cut_after == number + 1:
                    raise ProviderFailed("the local provider was told to stop in the middle")
                await asyncio.sleep(delay_s)
                yield Piece(self._chunk(call, place, word, None))
            yield Piece(self._chunk(call, place, "", "stop"))
        if not faults.get("omit_usage"):
            yield Piece(self._head(call, "chunk") | {"choices": [], "usage": usage_document(counts)}, counts)

    async def close(self) -> None:
        """Close nothing."""

    def _read_faults(self) -> dict[str, int]:
        if self._faults is None or not self._faults.exists():
            return {}
        faults = json.loads(self._faults.read_text() or "{}")
        if not isinstance(faults, dict) or not all(type(value) is int for value in faults.values()):
            raise UsageError(f"{self._faults} is no object of whole numbers", path=self._faults)
        return faults

    def _words(self, call: Call, choice: int) -> list[str]:
        """Return the words of an answer, of at most `max_tokens` LLM tokens."""
        digest = hashlib.sha256(f"{self._seed}:{choice}:{_canonical(call)}".encode()).digest()
        wanted = min(call.max_tokens, 8 + digest[0] % 24)
        chosen = (digest[1 + place % 31] % len(_WORDS) for place in range(wanted))
        words = [word if place == 0 else f" {word}" for place, word in enumerate(_WORDS[index] for index in chosen)]
        while counting.count("".join(words)) > call.max_tokens and len(words) > 1:
            words.pop()
        return words

    def _embeddings(self, call: Call) -> dict[str, Any]:
        """Return vectors that are a function of their texts."""
        given = call.body["input"]
        texts = [given] if isinstance(given, str) or isinstance(given[0], int) else given
        dimensions = call.body.get("dimensions") or _DIMENSIONS
        data = []
        for place, text in enumerate(texts):
            drawn = hashlib.shake_256(f"{self._seed}:{json.dumps(text)}".encode()).digest(dimensions)
            vector: Any = [byte / 256 - 0.5 for byte in drawn]
            if call.body.get("encoding_format") == "base64":
                vector = base64.b64encode(struct.pack(f"<{dimensions}f", *vector)).decode()
            data.append({"object": "embedding", "index": place, "embedding": vector})
        return {"object": "list", "model": call.model.name, "data": data}

    def _head(self, call: Call, kind: str) -> dict[str, Any]:
        is_chat = call.path == "chat/completions"
        name = hashlib.sha256(f"{self._seed}:{_canonical(call)}".encode()).hexdigest()[:24]
        objects = {"whole": "chat.completion", "chunk": "chat.completion.chunk"}
        return {
            "id": f"{'chatcmpl' if is_chat else 'cmpl'}-{name}",
            "object": objects[kind] if is_chat else "text_completion",
            "created": 0,
            "model": call.model.name,
        }

    def _whole(self, call: Call, texts: list[str], counts: Counts) -> dict[str, Any]:
        choices = [_choice(call, place, text, "stop", "message") for place, text in enumerate(texts)]
        return self._head(call, "whole") | {"choices": choices, "usage": usage_document(counts)}

    def _chunk(self, call: Call, place: int, text: str, reason: str | None) -> dict[str, Any]:
        return self._head(call, "chunk") | {"choices": [_choice(call, place, text, reason, "delta")]}


class OpenAIProvider:
    """Any API that speaks OpenAI's protocol."""

    def __init__(self, upstream: Upstream) -> None:
        """Connect at the first call."""
        headers = {"Authorization": f"Bearer {upstream.key}"} if upstream.key else {}
        self._client = httpx.AsyncClient(timeout=upstream.timeout_s, headers=headers)
        self._url, self._model = upstream.url, upstream.model

    async def answer(self, call: Call) -> AsyncGenerator[Piece, None]:
        """Yield the answer; see `Provider`."""
        body = {**call.body, "model": self._model or call.model.name}
        if call.is_stream:
            body["stream_options"] = {"include_usage": True}
        if call.output_limit:
            limits = {"max_completion_tokens", "max_tokens"} & body.keys() or {"max_tokens"}
            body |= dict.fromkeys(limits, call.max_tokens)
        try:
            async with self._client.stream("POST", f"{self._url}/{call.path}", json=body) as response:
                if response.status_code != 200:
                    raise ProviderFailed(f"the provider answers with status {response.status_code}")
                if not call.is_stream:
                    yield _read_piece(await response.aread(), call)
                    return
                async for line in response.aiter_lines():
                    content = line.removeprefix("data:").strip()
                    if line.startswith("data:") and content != "[DONE]":
                        yield _read_piece(content.encode(), call)
        except httpx.HTTPError as problem:
            raise ProviderFailed(f"the provider does not answer: {type(problem).__name__}") from problem

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _is_turn(number: int, every: int | None) -> bool:
    return every is not None and number % every == 0


def usage_document(counts: Counts) -> dict[str, Any]:
    """Return counts as OpenAI writes them."""
    return {
        "prompt_tokens": counts.prompt,
        "completion_tokens": counts.completion,
        "total_tokens": counts.prompt + counts.completion,
        "prompt_tokens_details": {"cached_tokens": counts.cached},
    }


def _canonical(call: Call) -> str:
    asked = {name: value for name, value in call.body.items() if name not in ("stream", "stream_options")}
    return json.dumps(asked, sort_keys=True)


def _choice(call: Call, place: int, text: str, reason: str | None, member: str) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": place, "finish_reason": reason, "logprobs": None}
    if call.path == "chat/completions":
        return choice | {member: {"role": "assistant", "content": text}}
    return choice | {"text": text}


def _generated(choice: dict[str, Any]) -> str:
    """Return the text that a choice has generated; calls of tools and reasoning count as text."""
    part = choice.get("message") or choice.get("delta") or {}
    texts: list[str] = [choice.get("text") or "", part.get("content") or "", part.get("reasoning_content") or ""]
    texts += (_arguments(called) for called in part.get("tool_calls") or ())
    return "".join(texts)


def _arguments(called: dict[str, Any]) -> str:
    function = called.get("function") or {}
    return (function.get("name") or "") + (function.get("arguments") or "")


def _read_piece(content: bytes, call: Call) -> Piece:
    try:
        document = json.loads(content)
        usage = document.get("usage")
        counts = None
        if usage:
            details = usage.get("prompt_tokens_details") or {}
            cached = details.get("cached_tokens") or usage.get("prompt_cache_hit_tokens") or 0
            counts = Counts(int(usage["prompt_tokens"]), int(cached), int(usage.get("completion_tokens") or 0))
        piece = Piece(document | {"model": call.model.name}, counts)
        assert isinstance(piece.text, str)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ProviderFailed("the provider answers with something that is no answer") from problem
    return piece
