"""Books the events of a locker in the checkout this runs in, and says in JSON what the audit makes of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from eth_typing import Address
from pysettle.domain.toy.contracts import LOCKER
from pysettle.domain.toy.events import Returned, Stored

import pysettle
from pysettle.audit.bundle import Manifest
from pysettle.audit.engines import CallRefused, ExecutedTransaction
from pysettle.audit.ledger import LedgerCheck
from pysettle.domain.core.contracts import Contracts
from pysettle.domain.core.events import Transfer
from pysettle.domain.core.messages import ZERO_ADDRESS
from pysettle.domain.money.contracts import CURRENCY_TOKEN, ISSUANCE_DESK, CurrencyTerms
from pysettle.domain.money.events import IssuanceQuotaSet, Issued, ReserveAttested, SettlementAccountMarked
from tests.audit.logs import log

CURRENCY, BANK, ALICE, TOY, DESK = (Address(bytes([number]) * 20) for number in range(1, 6))
HELD = CurrencyTerms(CURRENCY)
CONTRACTS = Contracts({CURRENCY_TOKEN: {CURRENCY: None}, ISSUANCE_DESK: {DESK: HELD}, LOCKER: {TOY: HELD}})


def booked(stated: int) -> LedgerCheck:
    """Book an issuance of 9 units, of which 7 are stored and 3 returned; the locker says what is left."""
    books = LedgerCheck(CONTRACTS)
    transactions = (
        [log(DESK, ReserveAttested(1, BANK, 1, 0, 2**40)), log(DESK, IssuanceQuotaSet(BANK, 9))],
        [log(CURRENCY, SettlementAccountMarked(TOY))],
        [log(DESK, Issued(BANK, ALICE, 9, 0)), log(CURRENCY, Transfer(ZERO_ADDRESS, ALICE, 9))],
        [log(CURRENCY, Transfer(ALICE, TOY, 7)), log(TOY, Stored(ALICE, 7, 7))],
        [log(CURRENCY, Transfer(TOY, ALICE, 3)), log(TOY, Returned(ALICE, 3, stated))],
    )
    books.apply(1, 1, [ExecutedTransaction(True, 0, tuple(logs)) for logs in transactions])
    return books


def asked(stored: int) -> list[str]:
    """Return what the audit finds where the locker answers that it stores so many units, and nobody else answers."""
    books = booked(4)

    def call(contract: Address, data: bytes) -> bytes:
        if contract != TOY:
            raise CallRefused("not asked here")
        return stored.to_bytes(32, "big")

    books.close(1, 1, call)
    return [str(it.finding) for it in books.divergences if TOY.hex() in it.finding.subject]


def findings(books: LedgerCheck) -> list[str]:
    """Return what the books find, in words."""
    return [str(it.finding) for it in books.divergences]


if __name__ == "__main__":
    true = booked(4)
    manifest = Manifest(1, (bytes(32),), bytes(32), {}, CONTRACTS)
    told = {
        "package": str(Path(pysettle.__file__).parent),
        "held": true.ledger.held(CURRENCY, TOY),
        "true": findings(true),
        "false": findings(booked(5)),
        "answered": asked(4),
        "answered falsely": asked(6),
        "manifest": json.loads(manifest.to_bytes())["contracts"],
    }
    json.dump(told, sys.stdout)
