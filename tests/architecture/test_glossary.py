"""The words of the field, and not their look-alikes, name things in code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT = {
    "blacklist": "freeze",
    "dcep": "e-CNY",
    "minter": "operating institution",
    "mint": "issue or purchase",
    "burn": "redeem or refund",
    "iou": "obligation",
    "lockup": "escrow",
    "coupon": "voucher or credit",
    "ticket": "voucher",
    "merchant": "provider",
    "seller": "provider",
    "oracle": "attester",
    "epoch": "cycle",
    "whitelist": "role",
}
"""Word -> what the glossary says instead."""
ELSEWHERE = {"should_burn_gas"}
"""Identifiers of the EVM's own vocabulary, which libraries have given."""
SOURCES = sorted([*ROOT.glob("pysettle/**/*.py"), *ROOT.glob("contracts/**/*.sol")])
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_PROSE = re.compile(r'"""(?:.|\n)*?"""|///.*|//.*|#.*')


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_identifiers_use_the_words_of_the_field(source: Path) -> None:
    """No identifier contains a word that the glossary replaces."""
    for identifier in set(_IDENTIFIER.findall(_PROSE.sub("", source.read_text()))) - ELSEWHERE:
        words = {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)}
        wrong = words & NOT.keys()
        assert not wrong, f"{identifier}: say {', '.join(NOT[word] for word in wrong)}"
