"""Further unmodified clients, by configuration alone: PyPI's on requests, npm's on fetch, OpenAI's of npm, and mppx."""

from __future__ import annotations

import json
from typing import Any

import pytest
from eth_account import Account
from x402 import x402ClientSync
from x402.client_base import SpendControlAsset
from x402.http.clients.requests import x402_requests
from x402.mechanisms.evm.batch_settlement.client import BatchSettlementEvmScheme
from x402.mechanisms.evm.exact.client import ExactEvmScheme
from x402.mechanisms.evm.signers import EthAccountSignerWithRPC

from pysettle.money import UNITS_PER_WHOLE
from pysettle.scenarios.gateway import MODEL
from pysettle.serve.gateway import counting
from tests.gateway.conftest import ASKED, Shop
from tests.x402.sdk import run_npm

BOUGHT = 1_000_000
PURCHASE = {"model": MODEL, "tokens": BOUGHT}


def spends(shop: Shop) -> dict[str, str]:
    """Return token -> most of it that one payment may cost."""
    town = shop.town
    return {
        "0x" + town.network.currency.address.hex(): str(10 * UNITS_PER_WHOLE),
        "0x" + town.series.address.hex(): str(BOUGHT),
    }


def last_event(text: str) -> dict[str, Any]:
    """Return the last chunk of a streamed answer."""
    document: dict[str, Any] = json.loads(text.split("\n\n")[-3].removeprefix("data: "))
    return document


def test_requests(anywhere: Shop) -> None:
    """PyPI's client on requests buys Tokens, opens a channel, asks streamed and not, and is refunded."""
    signer, url = anywhere.account(), f"{anywhere.town.gateway_url}/v1"
    account = Account.from_key(signer.secret)

    def channels() -> BatchSettlementEvmScheme:
        return BatchSettlementEvmScheme(EthAccountSignerWithRPC(account, anywhere.town.node_url))

    client = x402ClientSync().register(anywhere.network, channels())
    client.register(anywhere.network, ExactEvmScheme(account))
    allowed = [
        SpendControlAsset(network=anywhere.network, asset=asset, max_amount_per_payment=most)
        for asset, most in spends(anywhere).items()
    ]
    client.set_spend_controls({"allowed_assets": allowed})
    with x402_requests(client) as session:
        bought = session.post(f"{url}/tokens", json=PURCHASE, timeout=60).json()
        answers = [
            session.post(f"{url}/{path}", json=body, timeout=60)
            for path, body in (
                ("chat/completions", ASKED),
                ("embeddings", {"model": MODEL, "input": ["Tokens", "e-CNY in escrow"]}),
            )
        ]
        with session.post(f"{url}/chat/completions", json=ASKED | {"stream": True}, stream=True, timeout=60) as stream:
            streamed = b"".join(stream.iter_content(None)).decode()
    assert bought["tokens"] == str(BOUGHT)
    documents = [*(answer.json() for answer in answers), last_event(streamed)]
    assert [len(entry["embedding"]) for entry in documents[1]["data"]] == [8, 8]
    charged = sum(int(document["x402"]["charged_tokens"]) for document in documents)
    assert anywhere.channel(signer).charged == charged
    assert channels().refund(f"{url}/chat/completions").success
    assert anywhere.balance(signer) == BOUGHT - charged


@pytest.mark.apart
def test_npm(anywhere: Shop) -> None:
    """Npm's client: six at once on a fresh and on an open channel, streamed and not, and a refund."""
    signer = anywhere.account(BOUGHT)
    answer = run_npm(
        "gateway.mjs",
        {
            "network": anywhere.network,
            "chain": anywhere.town.node_url,
            "url": anywhere.chat,
            "key": "0x" + signer.secret.hex(),
            "asset": "0x" + anywhere.town.series.address.hex(),
            "maxAmountPerPayment": str(BOUGHT),
            "question": ASKED,
        },
    )
    channel = anywhere.channel(signer)
    assert answer["statuses"] == [200] * 18
    assert sum(map(int, answer["charged"])) == channel.charged
    assert answer["refunded"] is True
    assert anywhere.balance(signer) == BOUGHT - channel.charged


@pytest.mark.apart
def test_openai_of_npm(anywhere: Shop) -> None:
    """OpenAI's client of npm over npm's fetch that pays: Tokens, chat, completion, a stream, a chat, and a refund."""
    signer, network = anywhere.account(), anywhere.network
    answer = run_npm(
        "openai.mjs",
        {
            "network": network,
            "chain": anywhere.town.node_url,
            "url": f"{anywhere.town.gateway_url}/v1",
            "key": "0x" + signer.secret.hex(),
            "allowedAssets": [
                {"network": network, "asset": asset, "maxAmountPerPayment": most}
                for asset, most in spends(anywhere).items()
            ],
            "purchase": PURCHASE,
            "question": ASKED,
        },
    )
    assert answer["bought"] == str(BOUGHT)
    assert answer["usages"] == [counting.count(text) for text in answer["texts"]]
    assert answer["refunded"] is True
    charged = sum(map(int, answer["charged"]))
    assert anywhere.channel(signer).charged == charged
    assert anywhere.balance(signer) == BOUGHT - charged


@pytest.mark.apart
def test_mppx(anywhere: Shop) -> None:
    """An implementation of x402 that is not the SDK's buys Tokens, a call and a stream, each by an exact payment."""
    signer, currency = anywhere.account(), anywhere.town.network.currency
    held = currency.balance_of(signer.address)
    answer = run_npm(
        "mppx.mjs",
        {
            "chainId": anywhere.town.network.chain.chain_id,
            "url": f"{anywhere.town.gateway_url}/v1",
            "key": "0x" + signer.secret.hex(),
            "currency": "0x" + currency.address.hex(),
            "maxAtomicAmount": str(10 * UNITS_PER_WHOLE),
            "purchase": PURCHASE,
            "question": ASKED,
        },
    )
    assert [status for status, _ in answer.values()] == [200] * 3, answer
    bought, whole = (json.loads(answer[name][1]) for name in ("bought", "whole"))
    paid = int(bought["paid_micro_yuan"]) + sum(
        int(document["x402"]["charged_micro_yuan"]) for document in (whole, last_event(answer["streamed"][1]))
    )
    assert held - currency.balance_of(signer.address) == paid
    assert anywhere.balance(signer) == BOUGHT
