"""Keys, signed transactions and the genesis the chain tests share."""

from __future__ import annotations

from eth_account import Account
from eth_typing import Address

from pysettle.evm.backend import ChainBackend, Receipt
from pysettle.evm.genesis import Genesis, GenesisAccount
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import relay

CHAIN_ID = 1337
START = 1_700_000_000
KEYS = tuple(number.to_bytes(32, "big") for number in range(1, 6))
ACCOUNTS = tuple(Address(bytes.fromhex(Account.from_key(key).address[2:])) for key in KEYS)
ALICE, BOB, CAROL = ACCOUNTS[:3]
ETHER = 10**18


def genesis() -> Genesis:
    """Return a genesis in which every test account holds 100 ether."""
    return Genesis(
        chain_id=CHAIN_ID,
        timestamp=START,
        alloc={account: GenesisAccount(balance=100 * ETHER) for account in ACCOUNTS},
    )


def sign(chain: ChainBackend, sender: Address, to: bytes = b"", data: bytes = b"", **fields: object) -> bytes:
    """Return a signed EIP-1559 transaction with the sender's next nonce; `fields` replace any of its fields."""
    transaction: dict[str, object] = {
        "type": 2,
        "chainId": chain.chain_id,
        "nonce": chain.nonce(sender),
        "maxFeePerGas": 3 * 10**9,
        "maxPriorityFeePerGas": tip_of(chain),
        "gas": 200_000,
        "value": 0,
        "data": data,
        "to": to,
    }
    return sign_fields(sender, {**transaction, **fields})


def tip_of(chain: ChainBackend) -> int:
    """Return the priority fee that `sign` offers: nothing where blocks are ours to seal, 1 wei on other networks."""
    return int(isinstance(chain, RpcChain) and not chain.is_development_node)


def fee_of(chain: ChainBackend, receipt: Receipt) -> int:
    """Return the wei that a transaction of `sign` paid for its gas."""
    return receipt.gas_used * (chain.block(receipt.block_number).base_fee + tip_of(chain))


def sign_fields(sender: Address, fields: dict[str, object]) -> bytes:
    """Return the transaction signed as it is."""
    return bytes(Account.sign_transaction(fields, KEYS[ACCOUNTS.index(sender)]).raw_transaction)


def deploy(chain: ChainBackend, init_code: bytes, sender: Address = ALICE) -> Address:
    """Deploy a contract and return its address."""
    receipt = relay(chain, [sign(chain, sender, data=init_code)])[0]
    assert receipt.contract_address is not None
    return receipt.contract_address


def word(number: int) -> bytes:
    """Return the number as an ABI word."""
    return number.to_bytes(32, "big")
