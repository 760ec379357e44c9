"""A facilitator is killed between signature and receipt: restarted, it finds its transaction and sends no other."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from x402.http.utils import decode_payment_required_header

from pysettle.failpoints import VARIABLE
from pysettle.scenarios.gateway import MODEL, Process
from tests.gateway.conftest import ASKED, Shop

PAYER_OF_GAS = "attester"


@dataclass
class Mortal:
    """A facilitator with an account of its own, which can be told where to die."""

    shop: Shop
    points: Path
    token_file: Path
    process: Process | None = None

    def start(self) -> None:
        """Start it."""
        at = "--workspace", str(self.shop.town.workspace.directory), "--token-file", str(self.token_file)
        self.process = Process("gateway", "facilitator", *at, "--account", PAYER_OF_GAS, "--port", "0")

    def settle(self, content: dict[str, Any]) -> dict[str, Any]:
        """Have a payment settled."""
        assert self.process is not None
        headers = {"Authorization": f"Bearer {self.shop.town.facilitator_token}"}
        answer = httpx.post(f"{self.process.url}/settle", json=content, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document


@pytest.fixture
def mortal(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mortal]:
    """Return a facilitator that may be killed."""
    token_file = tmp_path / "token"
    token_file.write_text(shop.town.facilitator_token)
    built = Mortal(shop, tmp_path / "point", token_file)
    monkeypatch.setenv(VARIABLE, str(built.points))
    yield built
    if built.process is not None:
        built.process.stop()


def paid(shop: Shop, path: str, body: dict[str, Any], tokens: int = 0) -> tuple[dict[str, Any], Any]:
    """Return a request to a facilitator, with the stock client's payment for a resource, and its payer."""
    signer = shop.account(tokens)
    required = decode_payment_required_header(shop.post(path, body).headers["PAYMENT-REQUIRED"])
    payment = shop.run(shop.buyer(signer).client.create_payment_payload(required))
    content = {
        "x402Version": 2,
        "paymentPayload": payment.model_dump(by_alias=True, exclude_none=True),
        "paymentRequirements": required.accepts[0].model_dump(by_alias=True, exclude_none=True),
    }
    return json.loads(json.dumps(content)), signer


@pytest.mark.apart
@pytest.mark.parametrize(
    ("point", "path", "body", "tokens"),
    [
        ("signed", "/v1/tokens", {"model": MODEL, "tokens": 1_000}, 0),
        ("sent", "/v1/chat/completions", ASKED, 1_000_000),
    ],
    ids=["signed", "sent"],
)
def test_killed_before_the_receipt(mortal: Mortal, point: str, path: str, body: dict[str, Any], tokens: int) -> None:
    """Signed and not sent, or sent and unanswered: the payment is settled once, by the transaction that was signed."""
    shop, account = mortal.shop, mortal.shop.town.key(PAYER_OF_GAS).address
    chain = shop.town.network.chain
    mortal.start()
    content, payer = paid(shop, path, body, tokens)
    nonce, held = chain.nonce(account), shop.balance(payer)
    mortal.points.write_text(point)
    with pytest.raises(httpx.HTTPError):
        mortal.settle(content)
    assert mortal.process is not None
    mortal.process.process.communicate(timeout=60)
    assert mortal.process.process.returncode == -signal.SIGKILL, point
    assert chain.nonce(account) == nonce + (point == "sent")
    mortal.start()
    answer = mortal.settle(content)
    assert answer["success"], answer
    (receipt,) = chain.receipts_of([bytes.fromhex(answer["transaction"][2:])])  # type: ignore[list-item]  # 32 bytes
    assert receipt is not None
    assert receipt.succeeded
    assert chain.nonce(account) == nonce + 1, "one transaction was sent"
    assert shop.balance(payer) != held
    # Once answered it is a used payment again, as for any facilitator.
    assert not mortal.settle(content)["success"]
    assert chain.nonce(account) == nonce + 1
