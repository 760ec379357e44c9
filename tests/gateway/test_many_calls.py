"""Many calls with scripted faults: a key has one answer and one charge, and the ledger is the chain afterwards."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pysettle.domain.core.signing import Signer
from pysettle.scenarios.gateway import prove
from pysettle.scenarios.stock_client import Buyer
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.payments import State
from tests.chance import SEED
from tests.gateway.conftest import ASKED, Shop
from tests.gateway.test_owner import owners

CALLS = 24 if SEED is None else 200
EVERY = 6 if SEED is None else 20
"""One call in so many fails, and one stream in so many is cut: one in twenty where there are enough of them."""
BUYERS = 4


async def answered(buyer: Buyer, url: str, number: int, key: str) -> tuple[bytes, int]:
    """Ask with a key until there is an answer, then once more as if it had been lost; return it and the failures."""
    body, headers, failures = ASKED | {"seed": number, "stream": number % 2 == 1}, {"Idempotency-Key": key}, 0
    async with buyer.http(timeout=120) as client:
        while (response := await client.post(url, json=body, headers=headers)).status_code == 502:
            failures += 1
        assert response.status_code == 200, response.text
        again = await client.post(url, json=body, headers=headers)
    assert again.headers["x-idempotent-replay"] == "1"
    assert again.content == response.content
    return response.content, failures


def charged(content: bytes) -> int:
    """Return the charge that an answer states."""
    text = content.decode()
    document: dict[str, Any] = json.loads(text.split("\n\n")[-3].removeprefix("data: ") if "[DONE]" in text else text)
    return int(document["x402"]["charged_tokens"])


@pytest.mark.random
def test_many_calls(mended: Shop, tmp_path: Path) -> None:
    """Each key has one answer and one charge of rate card times usage; claimed, the chain has the same sums."""
    signers = [mended.account(1_000_000) for _ in range(BUYERS)]
    mended.break_provider(fail_every=EVERY, cut_every=EVERY)

    async def all_of(signer: Signer, place: int) -> list[tuple[bytes, int]]:
        buyer = mended.buyer(signer)
        numbers = range(place, CALLS, BUYERS)
        return [await answered(buyer, mended.chat, number, secrets.token_hex(16)) for number in numbers]

    async def everybody() -> list[list[tuple[bytes, int]]]:
        return await asyncio.gather(*(all_of(signer, place) for place, signer in enumerate(signers)))

    answers = asyncio.run(everybody())
    assert sum(failures for of_buyer in answers for _, failures in of_buyer) >= CALLS // EVERY - 1
    ledger = Ledger(mended.town.config_file.parent / "gateway.sqlite")
    try:
        settled = [it for it in ledger.settled() if it.payer in {signer.address for signer in signers} and it.channel]
        assert not [it for it in ledger.unfinished() if it.state is not State.UNKNOWN]
        assert len(settled) == CALLS
        card = mended.town.series.rate_card
        for paid in settled:
            assert paid.usage is not None
            assert paid.charged == card.tokens(paid.usage)
        assert Counter(it.charged for it in settled) == Counter(
            charged(content) for of_buyer in answers for content, _ in of_buyer
        )
        owners(mended, "claim")
        for channel in ledger.channels():
            if channel.config.payer in {signer.address for signer in signers}:
                assert channel.charged == sum(it.charged or 0 for it in settled if it.channel == channel.id)
                assert mended.town.network.hub.channel(channel.id)[1] == channel.charged
    finally:
        ledger.close()
    if SEED is not None:
        report = prove(mended.town, tmp_path / "bundle")
        assert (report.level, list(report.findings)) == ("S", [])
