"""The configuration of a gateway: one TOML file, checked as a whole before anything listens."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pysettle.domain.compute.usage import PeakHours
from pysettle.errors import PysettleError, UsageError

_Value = TypeVar("_Value")
_ABSENT: Any = object()

LARGEST_CONTEXT = 1_048_576
"""Largest context of a model, in LLM tokens."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where the answers of a model come from."""

    url: str | None = None
    """Base URL of an OpenAI-compatible API; None for the deterministic local provider."""
    model: str = ""
    """Name of the model there."""
    key: str | None = None
    """Key of that API, from the key file."""
    timeout_s: int = 600
    """Longest time for one answer, in seconds."""
    seed: int = 0
    """Seed of the local provider."""
    faults: str | None = None
    """File with scripted faults of the local provider."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A series that pays for a model from a moment on. A change of price is a new series."""

    since: int
    """Chain time from which it is sold, unix seconds; 0 for the first."""
    series: str
    """A symbol or an address."""
    peak_hours: PeakHours
    """Hours in which the peak rates of the series apply; the series has their hash."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model on sale."""

    name: str
    """Name in the API."""
    stages: tuple[Stage, ...]
    """Series whose Tokens pay for it, the first one first."""
    context: int
    """LLM tokens of prompt and answer together, at most."""
    default_output: int
    """LLM tokens of output for a request without `max_tokens`."""
    largest_output: int
    """Largest `max_tokens`."""
    upstream: Upstream
    """Where the answers come from."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that protect the gateway."""

    wait_s: float = 30.0
    """Longest wait of a request for its turn on its channel, in seconds."""
    held_s: float = 2.0
    """Time for which a place is held for the voucher that follows a correction, in seconds."""
    receive_s: float = 60.0
    """Longest time for the headers of a request, and as long again for its body, in seconds."""
    deposit_calls: int = 5
    """Ceilings of one request that a first deposit is asked to cover."""
    watch_s: float = 2.0
    """Time between two looks at the chain, in seconds; a notice of withdrawal runs for 15 minutes at least."""
    claim_every_s: float = 3_600.0
    """Time between two claims of everything that is due, in seconds."""
    exposure_tokens: int = 100_000_000
    """Most Tokens that a channel may have used and not paid: beyond them the gateway claims first."""
    payer_exposure_tokens: int = 400_000_000
    """Most Tokens that all channels of a payer in one token may have used and not paid."""
    requests_per_minute: int = 3_000
    """Most requests of an address, a minute and at once; an API key may have a limit of its own."""
    unpaid_per_minute: int = 600
    """Most prices stated to a caller a minute that it has not paid for afterwards."""
    refused_per_minute: int = 60
    """Most payments of a caller a minute that are refused."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key, which names its caller; nobody needs one."""

    name: str
    """Name of the caller in the metrics."""
    secret: str
    """The key, from the key file."""
    requests_per_minute: int | None
    """Its limit; None for that of an address."""


@dataclass(frozen=True, slots=True)
class RemoteFacilitator:
    """A facilitator behind HTTP."""

    url: str
    """Its URL."""
    token: str | None
    """Bearer token, from the token file."""


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of a gateway."""

    public_url: str
    """URL by which customers reach it."""
    host: str
    """Address that it listens on: loopback unless the file names another."""
    port: int
    """Port that it listens on; 0 for any free one."""
    ledger: Path
    """SQLite file of its ledger."""
    provider: str
    """Account that attests usage and approves refunds."""
    relayer: str
    """Account that pays the gas."""
    models: tuple[Model, ...]
    """Models on sale."""
    limits: Limits
    """Its limits."""
    facilitator: RemoteFacilitator | None
    """Facilitator behind HTTP; None for one inside the gateway."""
    has_chain_clock: bool = False
    """Whether the chain's clock is right whatever the machine's says: a simulation has a time of its own."""
    keys: tuple[ApiKey, ...] = ()
    """API keys."""
    metrics: tuple[str, int] | None = None
    """Address and port of the metrics; None for none."""

    @property
    def public_host(self) -> str:
        """Name in the `Host` header of a request to the public URL."""
        return urlsplit(self.public_url).hostname or ""


class _Table:
    """A table of the file, of which each key is read once; problems are collected."""

    def __init__(self, content: Mapping[str, Any], name: str, folder: Path, problems: list[str]) -> None:
        self._left, self._name, self._folder, self._problems = dict(content), name, folder, problems

    def take(self, key: str, read: Callable[[Any], _Value], default: Any = _ABSENT) -> _Value:
        """Return a value; a problem takes its place by None, and is reported at the end."""
        value = self._left.pop(key, _ABSENT)
        if value is _ABSENT:
            if default is _ABSENT:
                self._problems.append(f"{self._name}{key} is missing")
            return None if default is _ABSENT else default  # type: ignore[return-value]  # never used after a problem
        try:
            return read(value)
        except (ValueError, TypeError, OSError, PysettleError) as problem:
            self._problems.append(f"{self._name}{key}: {problem}")
            return None  # type: ignore[return-value]  # likewise

    def table(self, key: str) -> _Table:
        """Return a table inside this one; empty if it is absent."""
        content = self._left.pop(key, {})
        if not isinstance(content, dict):
            self._problems.append(f"{self._name}{key} is no table")
            content = {}
        return _Table(content, f"{self._name}{key}.", self._folder, self._problems)

    def tables(self, key: str, least: int = 1) -> list[_Table]:
        """Return the tables of a list, of which there have to be so many at least."""
        content = self._left.pop(key, [])
        is_list = isinstance(content, list) and all(isinstance(entry, dict) for entry in content)
        if not is_list or len(content) < least:
            self._problems.append(f"{self._name}{key}: give at least one [[{key}]]")
            return []
        places = range(1, len(content) + 1)
        return [
            _Table(entry, f"{self._name}{key} {place}: ", self._folder, self._problems)
            for place, entry in zip(places, content, strict=True)
        ]

    def secret(self, value: Any) -> str:
        """Read the one line of a file that has a secret; a path is relative to the configuration."""
        return _line((self._folder / _text(value)).read_text(), value)

    def windows(self, value: Any) -> PeakHours:
        """Read a file of peak hours."""
        return PeakHours.from_json((self._folder / _text(value)).read_text())

    def path(self, value: Any) -> Path:
        """Read a path, relative to the configuration."""
        return self._folder / _text(value)

    def problem(self, text: str) -> None:
        """Report a problem of the whole table."""
        self._problems.append(f"{self._name}{text}")

    def end(self) -> None:
        """Report keys that nothing has read."""
        self._problems += [f"{self._name}{key} is unknown" for key in self._left]


def read_config(file: Path) -> Config:
    """Read and check a file; every problem in it is named at once.

    Raises:
        UsageError: it cannot be read, or is not a configuration.
    """
    try:
        content = tomllib.loads(file.read_text())
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as problem:
        raise UsageError(
            f"{file} is no configuration of a gateway ({problem}): see docs/gateway.md, Start one", path=file
        ) from problem
    problems: list[str] = []
    top = _Table(content, "", file.parent, problems)
    public_url = top.take("public_url", http_url)
    listens: tuple[str, int] | None = top.take("listen", _listening, None)
    facilitator = top.table("facilitator")
    url = facilitator.take("url", http_url, None)
    token = facilitator.take("token_file", facilitator.secret, None)
    facilitator.end()
    limits = top.table("limits")
    known_limits = Limits()
    read_limits: dict[str, Any] = {
        name: limits.take(name, _seconds if name.endswith("_s") else _positive, getattr(known_limits, name))
        for name in Limits.__slots__
    }
    limits.end()
    config = Config(
        public_url=public_url,
        host=listens[0] if listens else "127.0.0.1",
        port=listens[1] if listens else _part(public_url, "port", 80),
        ledger=top.take("ledger", top.path, file.parent / "gateway.sqlite"),
        provider=top.take("provider", _text, "provider"),
        relayer=top.take("relayer", _text, "provider"),
        models=tuple(map(_model, top.tables("model"))),
        limits=Limits(**read_limits),
        facilitator=RemoteFacilitator(url, token) if url else None,
        has_chain_clock=top.take("clock", _clock, "machine") == "chain",
        keys=tuple(map(_key, top.tables("key", least=0))),
        metrics=top.take("metrics", _listening, None),
    )
    top.end()
    names = [model.name for model in config.models if model.name]
    problems += [f"two models are called {name}" for name in sorted(set(names)) if names.count(name) > 1]
    if problems:
        raise UsageError(f"{file}: " + "; ".join(problems), path=file)
    return config


def _model(table: _Table) -> Model:
    upstream = table.table("upstream")
    first = Stage(0, table.take("series", _text), table.take("peak_hours", table.windows, PeakHours(())))
    model = Model(
        name=table.take("name", _text),
        stages=(first, *map(_stage, table.tables("change", least=0))),
        context=table.take("context_tokens", _context),
        default_output=table.take("default_max_tokens", _context, 1_024),
        largest_output=table.take("largest_max_tokens", _context, 8_192),
        upstream=Upstream(
            url=upstream.take("url", http_url, None),
            model=upstream.take("model", _text, ""),
            key=upstream.take("key_file", upstream.secret, None),
            timeout_s=upstream.take("timeout_s", _positive, 600),
            seed=upstream.take("seed", _whole, 0),
            faults=upstream.take("faults", lambda value: str(upstream.path(value)), None),
        ),
    )
    upstream.end()
    moments = [stage.since for stage in model.stages]
    if None not in moments and moments != sorted(set(moments)):
        table.problem("the changes are not in the order of their times")
    sizes = model.default_output, model.largest_output, model.context
    if None not in sizes and not sizes[0] <= sizes[1] < sizes[2]:
        table.problem("default_max_tokens <= largest_max_tokens < context_tokens does not hold")
    table.end()
    return model


def _stage(table: _Table) -> Stage:
    stage = Stage(
        since=table.take("at", _moment),
        series=table.take("series", _text),
        peak_hours=table.take("peak_hours", table.windows, PeakHours(())),
    )
    table.end()
    return stage


def _moment(value: Any) -> int:
    if not isinstance(value, datetime) or value.tzinfo is None or value.microsecond:
        raise ValueError(f"{value} is no date and time in whole seconds with an offset, such as 2026-07-01T00:00:00Z")
    return int(value.timestamp())


def _key(table: _Table) -> ApiKey:
    key = ApiKey(
        name=table.take("name", _text),
        secret=table.take("key_file", table.secret),
        requests_per_minute=table.take("requests_per_minute", _positive, None),
    )
    table.end()
    return key


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 1_000:
        raise ValueError("it is no text")
    return value


def _line(content: str, name: Any) -> str:
    lines = content.split()
    if len(lines) != 1:
        raise ValueError(f"{name} has not exactly one word")
    return lines[0]


def _clock(value: Any) -> str:
    if value not in ("machine", "chain"):
        raise ValueError(f"{value!r} is neither machine nor chain")
    return str(value)


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(f"{value!r} is no whole number from 0")
    return value


def _positive(value: Any) -> int:
    if _whole(value) == 0:
        raise ValueError("it is 0")
    return int(value)


def _context(value: Any) -> int:
    if _positive(value) > LARGEST_CONTEXT:
        raise ValueError(f"{value} is more than {LARGEST_CONTEXT}")
    return int(value)


def _seconds(value: Any) -> float:
    if type(value) not in (int, float) or not 0 < value <= 3_600:
        raise ValueError(f"{value!r} is no time from 0 to 3600 seconds")
    return float(value)


def http_url(value: Any) -> str:
    """Return a URL of http or https without its last slashes.

    Raises:
        ValueError: it is none, or has a query or a user.
    """
    parts = urlsplit(_text(value))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise ValueError(f"{value} is no URL of http or https without a query and a user")
    assert parts.port is None or parts.port >= 0  # raises ValueError for a port out of range
    return str(value).rstrip("/")


def _listening(value: Any) -> tuple[str, int]:
    host, _, port = _text(value).rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ValueError(f"{value} is not of the form address:port")
    return host.strip("[]"), int(port)


def _part(url: str | None, part: str, default: Any) -> Any:
    return default if url is None else getattr(urlsplit(url), part) or default
