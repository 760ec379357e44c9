"""Payments that are not what was offered: each is refused with the SDK's word, and nothing is served or taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from x402.http.utils import decode_payment_required_header, encode_payment_signature_header
from x402.schemas import PaymentPayload

from pysettle.errors.states import Role
from pysettle.money import UNITS_PER_WHOLE, Currency
from pysettle.scenarios.gateway import MODEL
from pysettle.scenarios.stock_client import Buyer
from pysettle.serve.gateway.ledger import Ledger
from pysettle.serve.gateway.payments import Kind
from tests.gateway.conftest import ASKED, Exact, Shop

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Order of secp256k1."""


def _voucher(**changes: str) -> Callable[[PaymentPayload], None]:
    return lambda payment: payment.payload["voucher"].update(changes)


def _high_s(payment: PaymentPayload) -> None:
    """Write the signature with the other s, which recovers to the same key."""
    signature = bytes.fromhex(payment.payload["voucher"]["signature"].removeprefix("0x"))
    s, v = ORDER - int.from_bytes(signature[32:64], "big"), 55 - signature[64]
    other = signature[:32] + s.to_bytes(32, "big") + bytes([v])
    payment.payload["voucher"]["signature"] = "0x" + other.hex()


def _short(payment: PaymentPayload) -> None:
    payment.payload["voucher"]["signature"] = payment.payload["voucher"]["signature"][:-2]


def _other_receiver(payment: PaymentPayload) -> None:
    payment.payload["channelConfig"]["receiver"] = "0x" + "11" * 20


def _accepted(**changes: Any) -> Callable[[PaymentPayload], None]:
    return lambda payment: payment.__setattr__("accepted", payment.accepted.model_copy(update=changes))


BAD: dict[str, tuple[Callable[[PaymentPayload], None], int, str]] = {
    "of another channel": (_voucher(channelId="0x" + "22" * 32), 402, "channel_id_mismatch"),
    "to another receiver": (_other_receiver, 402, "channel_id_mismatch"),
    "a higher ceiling than was signed": (_voucher(maxClaimableAmount="99999999"), 402, "voucher_signature"),
    "high s": (_high_s, 402, "voucher_signature"),
    "64 bytes": (_short, 402, "voucher_signature"),
    "a cheaper offer": (_accepted(amount="1"), 402, "accepts no offer"),
    "another chain": (_accepted(network="eip155:1"), 402, "accepts no offer"),
    "another payee": (_accepted(pay_to="0x" + "33" * 20), 402, "accepts no offer"),
    "more than 128 bits": (_voucher(maxClaimableAmount=str(2**128)), 400, "invalid_payload"),
    "no number": (_voucher(maxClaimableAmount="-1"), 400, "invalid_payload"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_payment(shop: Shop, name: str) -> None:
    """The stock client's own payment, with one member changed."""
    change, status, word = BAD[name]
    signer = shop.key_without_money
    asked = shop.post("/v1/chat/completions", ASKED)
    required = decode_payment_required_header(asked.headers["PAYMENT-REQUIRED"])
    payment = asyncio.run(shop.buyer(signer).client.create_payment_payload(required))
    change(payment)
    answer = _paid(shop, payment)
    assert answer.status_code == status, answer.text
    assert word in answer.json()["error"]["code"] + answer.json()["error"]["message"]


def _authorization(**changes: str) -> Callable[[PaymentPayload], None]:
    return lambda payment: payment.payload["authorization"].update(changes)


def _signature(payment: PaymentPayload) -> None:
    payment.payload["signature"] = "0x" + "11" * 32 + "22" * 32 + "1b"


BAD_EXACT: dict[str, tuple[Callable[[PaymentPayload], None], str]] = {
    "signed by nobody": (_signature, "payload_signature"),
    "expired": (_authorization(validBefore="1700000000"), "payload_authorization_valid_before"),
    "early": (_authorization(validAfter=str(2**40)), "payload_authorization_valid_after"),
    "to another payee": (_authorization(to="0x" + "33" * 20), "payload_recipient_mismatch"),
    "of a lower value": (_authorization(value="1"), "payload_authorization_value_mismatch"),
    "of a later nonce than was signed": (_authorization(nonce="0x" + "44" * 32), "payload_signature"),
    "by a frozen payer": (lambda _: None, "transaction_simulation_failed"),
}


def test_bad_exact_payments(shop: Shop) -> None:
    """Each is refused with the SDK's word before the provider is asked, and so is a payment that was used."""
    town, signer, frozen = shop.town, shop.account(), shop.account()
    currency = town.network.currency
    freezer = town.key(town.workspace.holder(Role.FREEZER, Currency.CNY))
    town.network.send(currency.freeze(freezer, frozen.address, outgoing=True, incoming=False))
    asked = shop.post("/v1/chat/completions", ASKED)
    required = decode_payment_required_header(asked.headers["PAYMENT-REQUIRED"])
    held, block = currency.balance_of(signer.address), town.network.chain.block().number
    for name, (change, word) in BAD_EXACT.items():
        payer = frozen if "frozen" in name else signer
        payment = asyncio.run(Exact(shop, payer).client.create_payment_payload(required))
        change(payment)
        answer = _paid(shop, payment)
        assert (answer.status_code, answer.json()["error"]["code"]) == (402, f"invalid_exact_evm_{word}"), name
    assert (currency.balance_of(signer.address), town.network.chain.block().number) == (held, block)
    payment = asyncio.run(Exact(shop, signer).client.create_payment_payload(required))
    assert _paid(shop, payment).status_code == 200
    again = shop.post(
        "/v1/completions",
        {"model": MODEL, "prompt": "How is a Token backed?", "max_tokens": 32},
        **{"PAYMENT-SIGNATURE": encode_payment_signature_header(payment)},
    )
    assert (again.status_code, again.json()["error"]["code"]) == (409, "idempotency_key_reused")
    ledger = Ledger(town.config_file.parent / "gateway.sqlite")
    try:
        assert len([it for it in ledger.settled() if it.payer in (signer.address, frozen.address)]) == 1
    finally:
        ledger.close()


def test_a_deposit_that_nobody_has(shop: Shop) -> None:
    """An honest payment of an account without Tokens is refused by the facilitator, and costs no gas."""
    asked = shop.post("/v1/chat/completions", ASKED)
    required = decode_payment_required_header(asked.headers["PAYMENT-REQUIRED"])
    payment = asyncio.run(shop.buyer(shop.key_without_money).client.create_payment_payload(required))
    block = shop.town.network.chain.block().number
    answer = _paid(shop, payment)
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        402,
        "invalid_batch_settlement_evm_insufficient_balance",
    )
    assert shop.town.network.chain.block().number == block


def test_a_payer_frozen_with_an_open_channel(shop: Shop) -> None:
    """No further call is served from it or charged, until the freeze is lifted."""
    town, signer = shop.town, shop.account()
    currency, buyer, url = town.network.currency, shop.buyer(signer), f"{shop.town.gateway_url}/v1/chat/completions"
    shop.run(buyer.post(f"{town.gateway_url}/v1/tokens", {"model": MODEL, "tokens": 1_000_000}))
    shop.run(buyer.post(url, ASKED))
    freezer = town.key(town.workspace.holder(Role.FREEZER, Currency.CNY))
    town.network.send(currency.freeze(freezer, signer.address, outgoing=True, incoming=False))
    with pytest.raises(httpx.HTTPStatusError) as refused:
        shop.run(buyer.post(url, ASKED))
    answer = refused.value.response
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "payer_frozen")
    town.network.send(currency.freeze(freezer, signer.address, outgoing=False, incoming=False))
    shop.run(buyer.post(url, ASKED))
    ledger = Ledger(town.config_file.parent / "gateway.sqlite")
    try:
        assert sum(it.payer == signer.address and it.kind is Kind.CALL for it in ledger.settled()) == 2
    finally:
        ledger.close()


def test_a_payer_who_may_not_pay(shop: Shop) -> None:
    """A frozen payer buys nothing, and one beyond the limit of its wallet neither; an open channel stays its own."""
    town, currency = shop.town, shop.town.network.currency
    frozen, wealthy = shop.account(), shop.account()
    freezer = town.key(town.workspace.holder(Role.FREEZER, Currency.CNY))
    town.network.send(currency.freeze(freezer, frozen.address, outgoing=True, incoming=False))
    for _ in range(2):
        town.network.send(currency.desk.issue(town.key("bank"), wealthy.address, 1_500 * UNITS_PER_WHOLE))
    limits = {"0x" + currency.address.hex(): 3_000 * UNITS_PER_WHOLE}
    rich = Buyer(wealthy.secret, town.network.chain.chain_id, town.node_url, limits)
    dear = 2_500 * UNITS_PER_WHOLE * 1_000_000 // town.series.unit_price
    for buyer, tokens, signer in ((shop.buyer(frozen), 1_000, frozen), (rich, dear, wealthy)):
        held = currency.balance_of(signer.address)
        with pytest.raises(httpx.HTTPStatusError) as refused:
            shop.run(buyer.post(f"{town.gateway_url}/v1/tokens", {"model": MODEL, "tokens": tokens}))
        assert refused.value.response.status_code == 402
        assert refused.value.response.json()["error"]["code"].startswith("invalid_exact_evm")
        assert (currency.balance_of(signer.address), shop.balance(signer)) == (held, 0)


def _paid(shop: Shop, payment: PaymentPayload) -> httpx.Response:
    header = encode_payment_signature_header(payment)
    return shop.post("/v1/chat/completions", ASKED, **{"PAYMENT-SIGNATURE": header})
