"""Titanoboa deploys a contract of Vyper on the node, calls it and reads its revert, in an environment of its own."""

from __future__ import annotations

import os

import boa
from eth_account import Account

SOURCE = """
# pragma version ^0.4.0
event Paid:
    amount: uint256

total: public(uint256)

@external
def pay(amount: uint256):
    assert amount > 0, "nothing"
    self.total += amount
    log Paid(amount=amount)
"""

boa.set_network_env(os.environ["NODE_URL"])
boa.env.add_account(Account.from_key(os.environ["KEY"]), force_eoa=True)
contract = boa.loads(SOURCE)
contract.pay(5)
contract.pay(7)
assert contract.total() == 12
with boa.reverts("nothing"):
    contract.pay(0)
