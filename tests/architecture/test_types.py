"""Ids and units are types: mypy reports two that were taken for each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pysettle.evm.artifacts import ROOT
from tests.once import once

BEGINNING = """
from eth_typing import Address
from pysettle.client.channel.hub import ChannelHub, UsageMeter
from pysettle.client.compute.market import ComputeMarket
from pysettle.client.compute.series import ComputeToken
from pysettle.client.jobs.escrow import JobEscrow
from pysettle.client.money.currency import CurrencyToken
from pysettle.domain.channel.metering import Delivery, Payer, Voucher, sign_vouchers
from pysettle.domain.compute.usage import RateCard
from pysettle.domain.core.messages import ChannelConfig
from pysettle.domain.core.signing import Signer
from pysettle.evm.encoding import TransactionSigner
from pysettle.money import price_rounded_up, tokens_for
from pysettle.values import ChannelId, ComputeId, OrderId, SeriesId, Timestamp, Tokens, Units

def plant(
    hub: ChannelHub,
    meter: UsageMeter,
    delivery: Delivery,
    voucher: Voucher,
    card: RateCard,
    moment: Timestamp,
    market: ComputeMarket,
    jobs: JobEscrow,
    signer: TransactionSigner,
    payer: Signer,
    config: ChannelConfig,
    account: Address,
    channel: ChannelId,
    compute: ComputeId,
    order: OrderId,
    series: SeriesId,
    currency: CurrencyToken,
    tokens_of: ComputeToken,
    tokens: Tokens,
    units: Units,
) -> None:
"""
RIGHT = (
    "hub.channel(channel)",
    "market.compute(compute)",
    "market.locked_stake(series)",
    "jobs.cancel(signer, order)",
    "tokens_of.transfer(signer, account, tokens)",
    "tokens_of.redeem(signer, tokens_for(units, 1))",
    "currency.transfer(signer, account, price_rounded_up(tokens, 1))",
    "market.stake(signer, currency.balance_of(account))",
    "hub.sign_deposit(payer, currency, config, units, 0)",
    "hub.deposit(signer, config, units, b'')",
    "hub.refund(signer, config, hub.channel(channel)[0])",
    "Voucher.signed(payer, hub.domain, channel, units)",
    "sign_vouchers(payer, hub.domain, [(channel, tokens)])",
    "Payer(payer, hub.domain, channel, card, tokens).sign(tokens)",
    "hub.initiate_withdraw(signer, config, delivery.deposited)",
)
SWAPPED = {
    "hub.channel(order)": "ChannelId",
    "market.compute(channel)": "ComputeId",
    "market.locked_stake(account)": "SeriesId",
    "jobs.cancel(signer, compute)": "OrderId",
    "tokens_of.transfer(signer, account, units)": "Tokens",
    "tokens_of.redeem(signer, currency.balance_of(account))": "Tokens",
    "currency.transfer(signer, account, tokens)": "Units",
    "price_rounded_up(units, 1)": "Tokens",
    "tokens_for(tokens, 1)": "Units",
    "market.stake(signer, tokens_of.balance_of(account))": "Units",
    "hub.sign_deposit(payer, tokens_of, config, units, 0)": "Value",
    "hub.deposit(signer, config, 5, b'')": "Units | Tokens",
    "hub.initiate_withdraw(signer, config, moment)": "Units | Tokens",
    "hub.refund(signer, config, hub.refund_nonce(channel))": "Units | Tokens",
    "hub.refund_with_signature(signer, config, moment, 0, b'')": "Units | Tokens",
    "hub.claim(signer, [(config, voucher, moment)])": "tuple[ChannelConfig, Voucher, Units | Tokens]",
    "meter.approve_refund(payer, config, 0, units, tokens, hub)": "Tokens",
    "Voucher.signed(payer, hub.domain, channel, moment)": "Units | Tokens",
    "sign_vouchers(payer, hub.domain, [(channel, moment)])": "tuple[ChannelId, Units | Tokens]",
    "Payer(payer, hub.domain, channel, card, units)": "Tokens",
    "delivery.accept(voucher, units)": "Tokens",
    "market.stake(signer, delivery.deposited)": "Units",
}
"""Call with an id or an amount of another kind -> the kind that it should be of; "Value" is that of the token."""


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what mypy says of one file with every call, the right ones first."""

    def check(folder: Path) -> None:
        file = folder / "planted.py"
        file.write_text(BEGINNING + "".join(f"    {line}\n" for line in (*RIGHT, *SWAPPED)))
        mypy = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
        result = subprocess.run([*mypy, str(file)], cwd=ROOT, capture_output=True, text=True, check=False)
        (folder / "reported").write_text(result.stdout)

    reported = (once(tmp_path_factory, "planted", check) / "reported").read_text()
    return [line for line in reported.splitlines() if ": error: " in line]


def test_the_right_kinds_are_accepted(reported: list[str]) -> None:
    """Nothing is reported but the planted swaps, each once."""
    assert len(reported) == len(SWAPPED), reported


@pytest.mark.parametrize(("call", "kind"), SWAPPED.items())
def test_a_swap_is_an_error(reported: list[str], call: str, kind: str) -> None:
    """The line of each planted swap is reported, with the kind that it should be of."""
    line = BEGINNING.count("\n") + 1 + [*RIGHT, *SWAPPED].index(call)
    (error,) = (it for it in reported if f":{line}: " in it)
    assert f'"{kind}"' in error
