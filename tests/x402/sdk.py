"""Our channels in the words of the official SDK, and its npm packages run as scripts."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from pysettle.domain.core.messages import ChannelConfig
from pysettle.evm.artifacts import ROOT

CHAIN_ID = 31337
NETWORK = f"eip155:{CHAIN_ID}"
"""The chain as x402 names it (CAIP-2)."""

SCRIPTS = ROOT / "tests" / "x402" / "clients"


def published_config(config: ChannelConfig) -> dict[str, Any]:
    """Return the terms of a channel as the SDKs write them in JSON."""
    names = ("payer", "payerAuthorizer", "receiver", "receiverAuthorizer", "token")
    addresses = (config.payer, config.payer_authorizer, config.receiver, config.receiver_authorizer, config.token)
    terms = {name: to_checksum_address(address) for name, address in zip(names, addresses, strict=True)}
    return terms | {"withdrawDelay": config.withdraw_delay_s, "salt": "0x" + config.salt.hex()}


def run_npm(script: str, question: Any) -> Any:
    """Run a script of `clients` on npm's packages: JSON in, JSON out."""
    if not shutil.which("node") or not (ROOT / "node_modules" / "@x402" / "evm").exists():
        pytest.skip("@X402/EVM IS NOT INSTALLED: npm ci")
    command = ["node", str(SCRIPTS / script)]
    run = subprocess.run(
        command, input=json.dumps(question), capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def unhexed(text: str) -> bytes:
    """Return the bytes of a hexadecimal text."""
    return bytes.fromhex(text.removeprefix("0x"))
