"""Parts of the gateway alone: configuration, counts, prices, the ledger's amounts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from pysettle.domain.compute.serving import ServiceTerms
from pysettle.domain.compute.usage import Meters, PeakHours, RateCard
from pysettle.errors import UsageError
from pysettle.serve.gateway import counting
from pysettle.serve.gateway.config import Model, Stage, Upstream, read_config
from pysettle.serve.gateway.pricing import Counts, quote
from pysettle.serve.gateway.requests import parse_call
from pysettle.serve.gateway.shelf import Shelves
from pysettle.serve.gateway.tables import Amounts

GOOD = """
public_url = "https://api.example.com"
[[model]]
name = "m"
series = "S"
context_tokens = 1000
default_max_tokens = 10
largest_max_tokens = 100
"""
MONDAY_PEAK = 1_767_574_800  # 2026-01-05, 01:00 UTC
MODEL = Model("m", (Stage(0, "S", PeakHours(())),), 1_000, 10, 100, Upstream())


def test_a_configuration_is_checked_as_a_whole(tmp_path: Path) -> None:
    """Every problem of a file is named at once; a good one listens on loopback unless it says otherwise."""
    file = tmp_path / "gateway.toml"
    file.write_text(GOOD)
    config = read_config(file)
    assert (config.host, config.public_host, config.models[0].largest_output) == ("127.0.0.1", "api.example.com", 100)
    file.write_text(
        'public_url = "ftp://x"\nsecret = "y"\nlisten = "everywhere"\n[limits]\nwait_s = -1\n'
        '[[model]]\nname = "m"\ncontext_tokens = 5\nlargest_max_tokens = 10\nupstream = { key_file = "missing" }\n'
        '[[model]]\nname = "m"\nseries = "S"\ncontext_tokens = 1000000000\n'
    )
    with pytest.raises(UsageError) as refused:
        read_config(file)
    named = ("public_url", "secret is unknown", "listen", "limits.wait_s", "series is missing", "key_file")
    for part in (*named, "two models are called m", "context_tokens", "does not hold"):
        assert part in str(refused.value)


def test_a_model_changes_its_series(tmp_path: Path) -> None:
    """From a stated time on the new series is sold, and the old one still pays; times must follow each other."""
    file = tmp_path / "gateway.toml"
    change = '[[model.change]]\nat = 2026-01-05T01:00:00Z\nseries = "S2"\n'
    file.write_text(GOOD + change)
    (model,) = read_config(file).models
    assert [(stage.since, stage.series) for stage in model.stages] == [(0, "S"), (MONDAY_PEAK, "S2")]
    shelves = Shelves({"m": tuple(SimpleNamespace(model=model, since=it.since) for it in model.stages)})  # type: ignore[arg-type]  # no chain
    for now, expected in ((MONDAY_PEAK - 1, [0]), (MONDAY_PEAK, [MONDAY_PEAK, 0])):
        assert [shelf.since for shelf in shelves.serving("m", now)] == expected
    for wrong, word in ((change + change, "order of their times"), (change.replace("Z", ""), "with an offset")):
        file.write_text(GOOD + wrong)
        with pytest.raises(UsageError, match=word):
            read_config(file)


def test_counts() -> None:
    """Counts are those of the published vocabulary; a chat has the marks of its template."""
    # The example of the package that ships the vocabulary, which lists its 13 ids.
    assert counting.count("Hello! 毕老师\uff011 + 1 = 2") == 13
    assert counting.count("") == 0
    marks = ("begin of sentence", "User", "Assistant")
    assert all(counting.count(counting._mark(mark)) == 1 for mark in marks)
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "Hi"}]}]
    assert counting.count(counting.chat_prompt(chat)) == counting.count("Be brief.") + counting.count("Hi") + 4


def test_prices_near_the_edge_of_a_window() -> None:
    """Before an edge the dearer price is offered, after it offers of the other side are accepted that cover it."""
    card = RateCard(Meters(1, 30, 90), Meters(2, 60, 180))
    terms = ServiceTerms(card, PeakHours(hours=((1, 4),)), 100)
    call = parse_call("completions", {"prompt": [1, 2, 3], "max_tokens": 10}, MODEL)
    cheap, dear = 3 * 30 + 10 * 90, 3 * 60 + 10 * 180
    end = MONDAY_PEAK + 3 * 3_600
    expected = {
        MONDAY_PEAK - 601: (cheap, {cheap}),
        MONDAY_PEAK - 1: (dear, {cheap, dear}),
        MONDAY_PEAK: (dear, {dear}),
        end - 1: (dear, {dear}),
        end: (cheap, {cheap, dear}),
        end + 600: (cheap, {cheap}),
    }
    for moment, (offered, accepted) in expected.items():
        price = quote(terms, call, moment)
        assert (price.offered, price.accepted) == (offered, accepted), moment - MONDAY_PEAK


def test_charges_stay_within_the_price() -> None:
    """A provider that counts more than was priced is charged for the price, and no negative count lowers it."""
    call = parse_call("completions", {"prompt": [1, 2, 3], "max_tokens": 10}, MODEL)
    assert Counts(9, 9, 99).within(call) == Counts(3, 3, 10)
    assert Counts(3, -1, -5).within(call) == Counts(3, 0, 0)


def test_amounts_keep_their_order() -> None:
    """Amounts of 128 bits are text of fixed width, so that their order is that of the numbers; others are refused."""
    amounts, numbers = Amounts(), [0, 9, 10, 2**64, 2**128 - 1]
    written = [amounts.process_bind_param(number, None) for number in numbers]  # type: ignore[arg-type]  # unused
    assert written == sorted(written, key=str)
    assert [amounts.process_result_value(text, None) for text in written] == numbers  # type: ignore[arg-type]  # unused
    for wrong in (-1, 2**128):
        with pytest.raises(OverflowError):
            amounts.process_bind_param(wrong, None)  # type: ignore[arg-type]  # unused
