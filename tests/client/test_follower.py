"""Books that follow a real node whose blocks are replaced by others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pysettle.client import SettlementNetwork, genesis
from pysettle.client.core.access import Roles
from pysettle.client.follower import LedgerFollower, Progress
from pysettle.client.network import Plan
from pysettle.domain.core.signing import Signer
from pysettle.domain.ledger import Ledger
from pysettle.domain.money.books import AccountBooks
from pysettle.domain.money.wallets import Spending
from pysettle.evm.jsonrpc import JsonRpc
from pysettle.evm.rpc import RpcChain
from pysettle.evm.transactions import Transaction
from pysettle.money import UNITS_PER_MINOR
from tests.chance import SEED, chance, rounds
from tests.evm.anvil import anvil

START = 1_767_225_600
ADMIN, BANK, ALICE, BOB = (Signer.derived("follower", name) for name in ("admin", "bank", "alice", "bob"))
HOLDERS = (ALICE, BOB)
FUNDS = 1_000_000


class Town:
    """A network on an anvil of its own, in which Alice and Bob hold e-CNY."""

    def __init__(self, url: str) -> None:
        """Deploy the network and fund the holders."""
        self.rpc, self.chain = JsonRpc(url), RpcChain(url)
        self.network = SettlementNetwork.deploy(self.chain, Plan(Roles.in_one_hand(ADMIN, operators=(BANK,))))
        currency = self.network.currency
        issuances = [currency.desk.issue(BANK, it.address, FUNDS) for it in HOLDERS]
        reserve = currency.desk.sign_reserve(ADMIN, 2 * FUNDS // UNITS_PER_MINOR, 10**6)
        self.network.send(
            currency.desk.attest_reserve(ADMIN, ADMIN.address, *reserve),
            currency.desk.set_issuance_quota(ADMIN, BANK.address, 2 * FUNDS),
            *issuances,
        )

    def transfer(self, payer: Signer, payee: Signer, amount: int) -> Transaction:
        """Return a transfer that is not sent yet."""
        return self.network.currency.transfer(payer, payee.address, amount)

    def reorganise(self, depth: int, sent: Sequence[tuple[str, int]] = ()) -> None:
        """Replace the last blocks by as many others, which hold these raw transactions at their places."""
        self.rpc.ask("anvil_reorg", depth, [list(it) for it in sent])

    def raw(self, block: int) -> list[str]:
        """Return the raw transactions of a block."""
        hashes = self.rpc.ask("eth_getBlockByNumber", hex(block), False)["transactions"]
        return [str(self.rpc.ask("eth_getRawTransactionByHash", it)) for it in hashes]

    def check(self, ledger: Ledger) -> None:
        """Assert that the books are those of the chain: of every holder, and of the supply."""
        currency = self.network.currency
        for holder in HOLDERS:
            assert ledger.held(currency.address, holder.address) == currency.balance_of(holder.address)
            paid, wallet = ledger[AccountBooks].wallets[currency.address].spending, currency.wallet(holder.address)
            counted = Spending(wallet.day, wallet.spent_on_day, wallet.spent_in_year)
            assert paid.get(holder.address, Spending()) == counted
        assert ledger.supply(currency.address) == currency.total_supply() == 2 * FUNDS
        assert ledger == read_whole(self)


def read_whole(town: Town) -> Ledger:
    """Return the books of somebody who only just came."""
    follower = town.network.follow()
    follower.update()
    return follower.ledger


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Deploy on a node of its own: what is replaced cannot be taken back for the next test."""
    with anvil(genesis(START, [it.address for it in (ADMIN, BANK, *HOLDERS)]), tmp_path) as url:
        yield Town(url)


def test_a_block_that_is_replaced_is_taken_back(town: Town) -> None:
    """A transfer in a replaced block is not in the books; nothing before it is read again (P-19)."""
    follower = town.network.follow()
    follower.update()
    town.network.send(town.transfer(ALICE, BOB, 5))
    assert follower.update() == Progress(read=1, dropped=0)
    assert follower.ledger.held(town.network.currency.address, BOB.address) == FUNDS + 5
    town.reorganise(1)
    assert follower.update() == Progress(read=1, dropped=1)
    assert follower.ledger.held(town.network.currency.address, BOB.address) == FUNDS
    town.check(follower.ledger)
    assert follower.update() == Progress(read=0, dropped=0)


def test_a_transaction_that_moves_to_another_block_is_counted_once(town: Town) -> None:
    """The same transfer in another block of the other history is in the books once, at its new place."""
    follower = town.network.follow()
    town.network.send(town.transfer(ALICE, BOB, 7))
    town.rpc.ask("evm_mine")
    follower.update()
    head = town.chain.block().number
    town.reorganise(2, [(raw, 1) for raw in town.raw(head - 1)])
    assert follower.update() == Progress(read=2, dropped=2)
    assert follower.ledger.held(town.network.currency.address, BOB.address) == FUNDS + 7
    assert town.chain.block(head).transaction_hashes
    town.check(follower.ledger)


def test_a_freeze_that_is_replaced_is_lifted(town: Town) -> None:
    """What the events of a replaced block said of an account is forgotten with it, and what came before is kept."""
    follower, currency = town.network.follow(), town.network.currency
    town.network.send(currency.freeze_amount(ADMIN, BOB.address, 10))
    follower.update()
    town.network.send(currency.freeze(ADMIN, ALICE.address, outgoing=True, incoming=False))
    follower.update()
    frozen = follower.ledger[AccountBooks].freezing[currency.address].frozen
    assert (frozen(ALICE.address), frozen(BOB.address)) == ((True, False, 0), (False, False, 10))
    town.reorganise(1)
    follower.update()
    frozen = follower.ledger[AccountBooks].freezing[currency.address].frozen
    assert (frozen(ALICE.address), frozen(BOB.address)) == ((False, False, 0), (False, False, 10))
    town.check(follower.ledger)


@pytest.mark.parametrize("kept_blocks", [1, 64])
def test_payments_are_counted_on_the_days_of_their_blocks(town: Town, kept_blocks: int) -> None:
    """Whether blocks are read one by one or many at once, each payment is of the day its own block was sealed on."""
    follower = LedgerFollower(town.chain, town.network.contracts(), kept_blocks=kept_blocks)
    for amount in (3, 4):
        town.network.send(town.transfer(ALICE, BOB, amount))
        town.chain.clock.advance(86_400)
        town.rpc.ask("evm_mine")
    follower.update()
    spent = follower.ledger[AccountBooks].wallets[town.network.currency.address].spending[ALICE.address]
    assert (spent.on_day, spent.in_year) == (4, 7)
    town.check(follower.ledger)


def test_more_than_is_kept_is_read_again(town: Town) -> None:
    """When the chain replaces more blocks than are kept singly, the books are kept anew from the first."""
    follower = LedgerFollower(town.chain, town.network.contracts(), kept_blocks=2)
    for amount in range(1, 6):
        town.network.send(town.transfer(ALICE, BOB, amount))
        follower.update()
    head = town.chain.block().number
    town.reorganise(4)
    assert follower.update() == Progress(read=head + 1, dropped=head + 1)
    town.check(follower.ledger)


@pytest.mark.random
@pytest.mark.parametrize("kept_blocks", [3] if SEED is None else [1, 3, 64])
def test_whatever_the_chain_does_the_books_are_its_own(town: Town, kept_blocks: int) -> None:
    """Transfers, empty blocks and reorganisations of one to four blocks at random, some of which keep transactions."""
    draw = chance(kept_blocks)
    follower = LedgerFollower(town.chain, town.network.contracts(), kept_blocks=kept_blocks)
    town.rpc.ask("anvil_mine", 4)  # so that what funded the holders is not replaced
    dropped = 0
    for _ in range(rounds(20, campaign=80)):
        payer, payee = draw.sample(HOLDERS, 2)
        head, kind = town.chain.block().number, draw.random()
        if kind < 0.5:
            town.network.send(*(town.transfer(payer, payee, draw.randrange(1, 100)) for _ in range(2)))
        elif kind < 0.6:
            town.rpc.ask("evm_mine")
        elif kind < 0.9:
            depth = draw.randrange(1, 5)
            # Kept from the first replaced block on, so that no nonce is missing.
            kept = [raw for block in range(head - depth + 1, head + 1) for raw in town.raw(block)]
            town.reorganise(depth, [(raw, draw.randrange(depth - 1, depth)) for raw in kept[: draw.randrange(9)]])
        if draw.random() < 0.7:
            dropped += follower.update().dropped
            town.check(follower.ledger)
    follower.update()
    town.check(follower.ledger)
    assert dropped > 2, "blocks were taken back"
