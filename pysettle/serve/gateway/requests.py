"""The requests for inference: which bodies are served, what they ask for at most, and which are refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pysettle.documents import parse_json
from pysettle.serve.gateway import counting
from pysettle.serve.gateway.answers import ApiError
from pysettle.serve.gateway.config import Model

BYTES_A_TOKEN = 8
"""Bytes of a body for each LLM token of the context: UTF-8 text with JSON's escapes."""
_CHOICES = 8
_PLAIN = {
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "metadata",
    "parallel_tool_calls",
    "presence_penalty",
    "reasoning_effort",
    "response_format",
    "seed",
    "stop",
    "store",
    "temperature",
    "tool_choice",
    "top_logprobs",
    "top_p",
    "user",
}
"""Members that pass to the provider as they are: none makes a request cost more than its ceiling."""
_KNOWN = {
    "chat/completions": _PLAIN
    | {"messages", "model", "max_tokens", "max_completion_tokens", "n", "stream", "stream_options", "tools"},
    "completions": _PLAIN | {"prompt", "model", "max_tokens", "n", "stream", "stream_options", "echo"},
    "embeddings": {"input", "model", "encoding_format", "dimensions", "user"},
}
PAID_PATHS = tuple(_KNOWN)
"""Paths below `/v1/` of requests for inference."""
_INPUTS = 2_048
"""Most texts of one request for embeddings, as OpenAI has it."""
_ROLES = {"system", "developer", "user", "assistant", "tool"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request for inference that can be served."""

    path: str
    """Path below `/v1/`."""
    model: Model
    """Model that serves it."""
    body: Mapping[str, Any]
    """Its body."""
    prompt_tokens: int
    """LLM tokens of input, by our count."""
    output_limit: int
    """LLM tokens of output at most, over all choices."""

    @property
    def is_stream(self) -> bool:
        """Whether the answer is asked for as a stream."""
        return bool(self.body.get("stream"))

    @property
    def max_tokens(self) -> int:
        """LLM tokens of one choice at most."""
        return self.output_limit // self.choices

    @property
    def choices(self) -> int:
        """Number of answers."""
        return int(self.body.get("n") or 1)


def parse_body(content: bytes) -> dict[str, Any]:
    """Return the object of a body.

    Raises:
        ApiError: it is none, or has text that is no Unicode.
    """
    try:
        body = parse_json(content)
        json.dumps(
            body, ensure_ascii=False
        ).encode()  # half of a surrogate pair is in JSON's reach, and in no provider's
    except (ValueError, RecursionError) as problem:
        raise ApiError(400, f"the body is not JSON: {problem}", code="invalid_json") from problem
    if not isinstance(body, dict):
        raise ApiError(400, "the body is no object", code="invalid_json")
    return body


def named_model(body: Mapping[str, Any], models: Mapping[str, Model]) -> Model:
    """Return the model that a body names.

    Raises:
        ApiError: there is none of its name.
    """
    name = body.get("model")
    if not isinstance(name, str) or name not in models:
        shown = str(name)[:100]
        raise ApiError(404, f"the model {shown!r} is not on sale: see /v1/models", code="model_not_found")
    return models[name]


def parse_call(path: str, body: Mapping[str, Any], model: Model) -> Call:
    """Read a request; count its input.

    Raises:
        ApiError: a member is unknown or malformed, the request has content that cannot be counted before it is served,
            or it does not fit the context of the model.
    """
    for name in sorted(body.keys() - _KNOWN[path]):
        raise _invalid(name, "it is not supported")
    if path == "embeddings":
        return _embeddings(body, model)
    choices = _whole(body, "n", 1, _CHOICES)
    named = "max_completion_tokens" if body.get("max_completion_tokens") is not None else "max_tokens"
    most = _whole(body, named, model.default_output, model.largest_output)
    if not isinstance(body.get("stream") or False, bool):
        raise _invalid("stream", "it is neither true nor false")
    prompt: str | int = _chat(body) if path == "chat/completions" else _completion(body)
    counted = prompt if isinstance(prompt, int) else counting.count(prompt)
    if counted + most > model.context:
        raise _too_long(counted, most, model, named)
    return Call(path, model, body, counted, most * choices)


def _embeddings(body: Mapping[str, Any], model: Model) -> Call:
    """Read a request for embeddings, which has input alone."""
    given, size = body.get("input"), counting.vocabulary_size()
    texts = [given] if isinstance(given, str) or _are_tokens(given, size) else given
    if not isinstance(texts, list) or not 1 <= len(texts) <= _INPUTS:
        raise _invalid("input", f"give one text, or a list of 1 to {_INPUTS} texts")
    if body.get("encoding_format") not in (None, "float", "base64"):
        raise _invalid("encoding_format", "it is neither float nor base64")
    _whole(body, "dimensions", 1, _INPUTS)
    counts = []
    for place, text in enumerate(texts):
        if not (isinstance(text, str) and text) and not _are_tokens(text, size):
            raise _invalid(f"input[{place}]", "it is neither a text nor the ids of its LLM tokens")
        counts.append(counting.count(text) if isinstance(text, str) else len(text))
    if max(counts) > model.context:
        raise _too_long(max(counts), 0, model, "input")
    return Call("embeddings", model, body, sum(counts), 0)


def _are_tokens(given: Any, size: int) -> bool:
    return isinstance(given, list) and bool(given) and all(type(it) is int and 0 <= it < size for it in given)


def _too_long(counted: int, most: int, model: Model, named: str) -> ApiError:
    return ApiError(
        400,
        f"{counted} LLM tokens of input and {most} of output do not fit the context of {model.context}",
        code="context_length_exceeded",
        parameter=named,
    )


def _whole(body: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if type(value) is not int or not 1 <= value <= most:
        raise _invalid(name, f"it is no whole number from 1 to {most}")
    return value


def _chat(body: Mapping[str, Any]) -> str:
    messages, tools = body.get("messages"), body.get("tools") or ()
    if not isinstance(messages, list) or not messages:
        raise _invalid("messages", "give a list of at least one message")
    if not isinstance(tools, Sequence) or isinstance(tools, str):
        raise _invalid("tools", "it is no list")
    for place, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            raise _invalid(f"messages[{place}]", f"a message is an object with a role of {', '.join(sorted(_ROLES))}")
        _check_content(message.get("content"), f"messages[{place}].content")
    form = body.get("response_format")
    if form is not None and not (isinstance(form, dict) and isinstance(form.get("type"), str)):
        raise _invalid("response_format", "it is no object with a type")
    # A provider puts the schema of an answer before the conversation, as it does with tools.
    schema = [form] if form and form["type"] == "json_schema" else []
    return counting.chat_prompt(messages, [*tools, *schema])


def _check_content(content: Any, place: str) -> None:
    if content is None or isinstance(content, str):
        return
    parts = content if isinstance(content, list) else [None]
    for part in parts:
        if not (isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)):
            raise _invalid(place, "only text is served: images, audio and files cannot be counted before they are read")


def _completion(body: Mapping[str, Any]) -> str | int:
    prompt = body.get("prompt")
    if isinstance(prompt, str):
        return prompt
    if _are_tokens(prompt, counting.vocabulary_size()):
        assert isinstance(prompt, list)
        return len(prompt)
    raise _invalid("prompt", "give one text, or the ids of its LLM tokens")


def _invalid(name: str, why: str) -> ApiError:
    return ApiError(400, f"{name}: {why}", code="invalid_value", parameter=name)
