"""Transactions as callers describe them: each field is read, and a field that nobody knows is refused by its name.

Knows no state and no chain: `execution` executes a request, `sending` signs one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from eth.abc import SignedTransactionAPI
from eth.vm.forks.berlin.transactions import AccessListTransaction
from eth.vm.forks.cancun.constants import BLOB_TX_TYPE
from eth.vm.forks.london.transactions import DynamicFeeTransaction, UnsignedDynamicFeeTransaction
from eth.vm.forks.prague.transactions import (
    Authorization,
    PragueLegacyTransaction,
    PragueTypedTransaction,
    SetCodeTransaction,
    UnsignedSetCodeTransaction,
)
from eth.vm.spoof import SpoofTransaction

from pysettle.evm.prague import NO_BLOBS
from pysettle.node.objects import ACCESS_LIST, DYNAMIC_FEE, LEGACY, SET_CODE, access_list_object
from pysettle.node.protocol import SERVER_ERROR, InvalidParams, RpcError
from pysettle.node.values import address, data, fields, hex_address, quantity
from pysettle.values import Address

NOBODY = Address(bytes(20))
_BLOB_FIELDS = {"blobs", "blobVersionedHashes", "commitments", "maxFeePerBlobGas", "proofs"}
_FEES = ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas")
_FIELDS = {"accessList", "authorizationList", "chainId", "data", "from", "gas", "input", "nonce", "to", "type", "value"}
_LACKING = {
    # Type -> fields that a transaction of it does not have.
    LEGACY: {"maxFeePerGas", "maxPriorityFeePerGas", "accessList", "authorizationList"},
    ACCESS_LIST: {"maxFeePerGas", "maxPriorityFeePerGas", "authorizationList"},
    DYNAMIC_FEE: {"gasPrice", "authorizationList"},
    SET_CODE: {"gasPrice"},
}

Access = tuple[Address, tuple[int, ...]]
"""An account and some of its storage slots (EIP-2930)."""


class Price(NamedTuple):
    """Fees of a transaction, in wei per gas."""

    most: int
    """Most it pays."""
    tip: int
    """Highest part of that for the sealer."""


@dataclass(frozen=True, slots=True)
class TransactionRequest:
    """A transaction that is not signed, as `eth_call`, `eth_estimateGas`, `eth_sendTransaction` and others take it."""

    sender: Address
    """Account it comes from; the zero address if none was named."""
    to: Address | None
    """Account called; None to create."""
    data: bytes
    """Call data, or init code."""
    value: int
    """Wei sent along."""
    gas: int
    """Most gas; 0 where the caller named none."""
    kind: int
    """Type of the transaction (EIP-2718): the one named, or the one that its fields ask for."""
    fees: dict[str, int]
    """The named ones of `gasPrice`, `maxFeePerGas` and `maxPriorityFeePerGas`."""
    nonce: int | None
    """Nonce, if named."""
    access_list: tuple[Access, ...]
    """Accounts and slots that are paid for in advance."""
    authorizations: tuple[Authorization, ...]
    """Signed authorizations to set the code of accounts (EIP-7702)."""

    @classmethod
    def read(cls, value: Any, chain_id: int) -> TransactionRequest:
        """Read a transaction object; a field that is null counts as not named.

        Args:
            value: The object.
            chain_id: Id of this chain.

        Raises:
            InvalidParams: a field is unknown, malformed, or does not fit the others, or it is for another chain.
            RpcError: it is to carry blobs.
        """
        document = {name: entry for name, entry in fields(value, "the transaction").items() if entry is not None}
        if unknown := document.keys() - _FIELDS - _BLOB_FIELDS - {*_FEES}:
            raise InvalidParams(f"a transaction has no field {min(unknown)[:40]}")
        if "chainId" in document and (named := quantity(document["chainId"], "chainId")) != chain_id:
            raise InvalidParams(f"the transaction is for chain id {named}, this chain's is {chain_id}")
        content = data(document.get("input", document.get("data", "0x")), "input")
        if "data" in document and data(document["data"], "data") != content:
            raise InvalidParams("data and input differ: leave one out")
        request = cls(
            sender=address(document["from"], "from") if "from" in document else NOBODY,
            to=address(document["to"], "to") if document.get("to", "0x") != "0x" else None,
            data=content,
            value=quantity(document.get("value", "0x0"), "value"),
            gas=quantity(document.get("gas", "0x0"), "gas", 64),
            kind=_kind(document),
            fees={name: quantity(document[name], name) for name in _FEES if name in document},
            nonce=quantity(document["nonce"], "nonce", 64) if "nonce" in document else None,
            access_list=tuple(_accesses(document.get("accessList", []))),
            authorizations=tuple(_authorizations(document.get("authorizationList", []))),
        )
        if request.kind == SET_CODE and (request.to is None or not request.authorizations):
            raise InvalidParams("a transaction of type 0x4 has a recipient and at least one authorization")
        return request

    def price(self, base_fee: int) -> Price | None:
        """Return the fees, None where the caller named none: then a call is free."""
        if not self.fees:
            return None
        if "gasPrice" in self.fees:
            return Price(self.fees["gasPrice"], self.fees["gasPrice"])
        tip = self.fees.get("maxPriorityFeePerGas")
        most = self.fees.get("maxFeePerGas", base_fee + (tip or 0))
        return Price(most, min(most, tip or 0) if tip is None else tip)

    def executable(self, chain_id: int, nonce: int, gas: int, price: Price) -> SignedTransactionAPI:
        """Return the transaction as py-evm executes it, without a signature."""
        shared = (chain_id, nonce, price.tip, price.most, gas, self.to or b"", self.value, self.data, self.access_list)
        unsigned = (
            UnsignedSetCodeTransaction(*shared, self.authorizations)
            if self.authorizations
            else UnsignedDynamicFeeTransaction(*shared)
        )
        return cast(SignedTransactionAPI, SpoofTransaction(unsigned, from_=self.sender))

    def unsigned(self, filled: Mapping[str, Any]) -> SignedTransactionAPI:
        """Return the transaction with the fields filled in, and zeros for a signature, as clients show unsigned ones.

        Args:
            filled: Fields as eth-account signs them, chain id, nonce, gas and fees included.
        """
        to, nonce, gas, chain_id = self.to or b"", filled["nonce"], filled["gas"], filled["chainId"]
        content, signature = (gas, to, self.value, self.data), (0, 0, 0)
        if self.kind == LEGACY:
            return PragueLegacyTransaction(nonce, filled["gasPrice"], *content, *signature)
        if self.kind == ACCESS_LIST:
            inner: Any = AccessListTransaction(
                chain_id, nonce, filled["gasPrice"], *content, self.access_list, *signature
            )
        else:
            fees = (filled["maxPriorityFeePerGas"], filled["maxFeePerGas"])
            lists = (self.access_list, self.authorizations) if self.kind == SET_CODE else (self.access_list,)
            kind = SetCodeTransaction if self.kind == SET_CODE else DynamicFeeTransaction
            inner = kind(chain_id, nonce, *fees, *content, *lists, *signature)
        return PragueTypedTransaction(self.kind, inner)

    def to_dict(self) -> dict[str, Any]:
        """Return what was named of lists, recipient, data and value, as eth-account signs it."""
        document: dict[str, Any] = {
            "to": hex_address(self.to) if self.to else b"",
            "data": self.data,
            "value": self.value,
        }
        if self.kind != LEGACY:
            document |= {"type": self.kind, "accessList": access_list_object(self.access_list)}
        if self.kind == SET_CODE:
            document["authorizationList"] = [
                {
                    "chainId": entry.chain_id,
                    "address": entry.address,
                    "nonce": entry.nonce,
                    "yParity": entry.y_parity,
                    "r": entry.r,
                    "s": entry.s,
                }
                for entry in self.authorizations
            ]
        return document


def _kind(document: dict[str, Any]) -> int:
    """Return the type of a transaction: the named one, if its fields fit.

    Raises:
        InvalidParams: they do not.
        RpcError: it is one with blobs.
    """
    if "type" in document:
        kind = quantity(document["type"], "type")
    elif document.get("authorizationList"):
        kind = SET_CODE
    elif "gasPrice" in document:
        kind = ACCESS_LIST if "accessList" in document else LEGACY
    else:
        kind = DYNAMIC_FEE
    if kind == BLOB_TX_TYPE or any(document.get(name) for name in _BLOB_FIELDS):
        raise RpcError(SERVER_ERROR, NO_BLOBS)
    if kind not in _LACKING:
        raise InvalidParams(f"no transaction has the type {kind:#x}: those here are 0x0, 0x1, 0x2 and 0x4")
    if wrong := {name for name in _LACKING[kind] if document.get(name)}:
        raise InvalidParams(f"a transaction of type {kind:#x} has no field {min(wrong)}")
    return kind


def _accesses(value: Any) -> Iterator[Access]:
    for entry in _list(value, "accessList"):
        access = _exactly(entry, "an entry of accessList", ("address", "storageKeys"))
        keys = _list(access["storageKeys"], "storageKeys")
        yield (
            address(access["address"], "an address of accessList"),
            tuple(int.from_bytes(data(key, "a storage key", 32), "big") for key in keys),
        )


def _authorizations(value: Any) -> Iterator[Authorization]:
    for entry in _list(value, "authorizationList"):
        numbers = {"chainId": 256, "nonce": 64, "yParity": 8, "r": 256, "s": 256}
        shown = {name: item for name, item in fields(entry, "an authorization").items() if name != "v"}
        signed = _exactly(shown, "an authorization", ("address", *numbers))
        chain_id, nonce, y_parity, r, s = (
            quantity(signed[name], f"{name} of an authorization", bits) for name, bits in numbers.items()
        )
        yield Authorization(chain_id, address(signed["address"], "an authorized address"), nonce, y_parity, r, s)


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidParams(f"{name} is not a list")
    return value


def _exactly(value: Any, name: str, members: tuple[str, ...]) -> dict[str, Any]:
    document = fields(value, name)
    if document.keys() != {*members}:
        raise InvalidParams(f"{name} has the fields {', '.join(members)} and no others")
    return document
