"""The world of a contract test: a network with one series, and everybody in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from eth_hash.auto import keccak
from eth_typing import Address

from pysettle.client import ComputeToken, SeriesTerms, SettlementNetwork
from pysettle.client.core.access import Role, Roles
from pysettle.client.network import Plan
from pysettle.domain.channel.messages import voucher_digest
from pysettle.domain.channel.metering import Voucher
from pysettle.domain.compute.messages import ComputeAttestation, PurchaseTerms
from pysettle.domain.compute.usage import Meters, RateCard
from pysettle.domain.core import events
from pysettle.domain.core.events import Event
from pysettle.domain.core.messages import Authorization, ChannelConfig
from pysettle.domain.core.signing import Signer
from pysettle.domain.money.messages import ReserveAttestation
from pysettle.evm.backend import ChainBackend, Receipt
from pysettle.evm.transactions import Transaction
from pysettle.money import stake_rounded_up

START = 1_767_225_600
"""2026-01-01T00:00:00Z."""
LIFE_S = 30 * 86_400
FEN = 10_000
YUAN = 1_000_000
RATE_CARD = RateCard(off_peak=Meters(1, 30, 90), peak=Meters(2, 60, 180))
CAPACITY = 1_000_000_000
UNIT_PRICE = 150_000
GROUND = keccak(b"the provider has stopped delivering")
EVIDENCE = keccak(b"a week of refused requests")
COMPENSATION_BPS = 725
ACTORS = (
    "administrator",
    "central bank",
    "registrar",
    "freezer",
    "seizer",
    "pauser",
    "settlement registrar",
    "attester",
    "halter",
    "operator",
    "other operator",
    "provider",
    "halted provider",
    "buyer",
    "other buyer",
    "relayer",
    "stranger",
)
ACTOR_KEYS = {name: Signer.derived("test", name) for name in ACTORS}


@dataclass
class World:
    """A network with one series, and everybody in it."""

    network: SettlementNetwork
    actors: dict[str, Signer]
    chain: ChainBackend
    series: ComputeToken
    salts: Iterator[int] = field(default_factory=lambda: count(1))

    def __getitem__(self, name: str) -> Signer:
        """Return an actor's key."""
        return self.actors[name]

    def address(self, name: str) -> Address:
        """Return an actor's address."""
        return self.actors[name].address

    @property
    def now(self) -> int:
        """Chain time of the next block."""
        return self.chain.clock.now()

    def send(self, *transactions: Transaction) -> tuple[Receipt, ...]:
        """Seal transactions; raise what a contract refuses."""
        return self.network.send(*transactions)

    def events(self, receipt: Receipt) -> list[Event]:
        """Return what the contracts said in a transaction, in order, without what carries no value."""
        decoded = (events.decode(log.topics, log.data) for log in receipt.logs)
        return [event for event in decoded if event is not None]

    def attest_everything(self) -> None:
        """Have the central bank attest as much reserve as there can be supply, for ever."""
        currency, bank = self.network.currency, self["central bank"]
        attestation = ReserveAttestation((2**96 - 1) // FEN, START, 1, 2**64 - 1)
        signature = bank.sign(attestation.digest(currency.desk.domain))
        self.send(currency.desk.attest_reserve(bank, bank.address, attestation, signature))

    def fund(self, name: str, amount: int) -> None:
        """Issue e-CNY to an actor."""
        self.issue(self.address(name), amount)

    def issue(self, account: Address, amount: int) -> None:
        """Issue e-CNY to any account, units."""
        self.send(*self.issuance(account, amount))

    def issuance(self, account: Address, amount: int) -> tuple[Transaction, ...]:
        """Return what issues e-CNY to any account, units."""
        currency, operator = self.network.currency, self["operator"]
        return (
            currency.desk.set_issuance_quota(self["central bank"], operator.address, amount),
            currency.desk.issue(operator, account, amount),
        )

    def stake(self, name: str, amount: int) -> None:
        """Fund an actor and have it stake units."""
        currency, market, provider = self.network.currency, self.network.market, self[name]
        self.fund(name, -(-amount // FEN) * FEN)
        self.send(currency.approve(provider, market.address, amount), market.stake(provider, amount))

    def open(self, terms: SeriesTerms, provider: str = "provider") -> ComputeToken:
        """Have an actor stake what a series needs, and open it on compute of its own."""
        locked = stake_rounded_up(terms.capacity, terms.unit_price, terms.compensation_bps)
        if locked:
            self.stake(provider, locked)
        return open_series(self.network, self.actors, terms, provider)

    def halting_terms(self, **changes: object) -> SeriesTerms:
        """Return terms of a series that the halter may halt, with compensation; or changed ones."""
        terms = SeriesTerms(
            "Halting Tokens",
            "HALT",
            "inference",
            UNIT_PRICE,
            CAPACITY,
            self.now + LIFE_S,
            RATE_CARD,
            halter=self.address("halter"),
            halt_ground=GROUND,
            compensation_bps=COMPENSATION_BPS,
        )
        return replace(terms, **changes)  # type: ignore[arg-type]  # fields by name

    def halt(self, series: ComputeToken, by: str = "halter", evidence: bytes = EVIDENCE) -> Transaction:
        """Return the halt of a series."""
        return self.network.market.halt(self[by], series.address, evidence)

    def fresh_nonce(self) -> bytes:
        """Return a nonce that was not used before in this test."""
        return next(self.salts).to_bytes(32, "big")

    def authorization(self, payer: str, payee: Address, value: int) -> Authorization:
        """Return an authorization that is valid now, for an hour."""
        return Authorization(self.address(payer), payee, value, 0, self.now + 3_600, self.fresh_nonce())

    def buy(self, name: str, tokens: int) -> int:
        """Fund an actor and have it buy Tokens by allowance; return what it paid."""
        self.send(*self.purchase(name, tokens))
        return self.series.price_rounded_up(tokens)

    def purchase(self, name: str, tokens: int) -> tuple[Transaction, ...]:
        """Return what funds an actor and has it buy Tokens by allowance."""
        price, buyer = self.series.price_rounded_up(tokens), self[name]
        return (
            *self.issuance(buyer.address, -(-price // FEN) * FEN),
            self.network.currency.approve(buyer, self.series.address, price),
            self.series.purchase(buyer, buyer.address, tokens, self.now + 60),
        )

    def purchase_terms(self, name: str, least_tokens: int) -> PurchaseTerms:
        """Return terms of a purchase for an actor, to be made within an hour."""
        return PurchaseTerms(self.series.address, self.address(name), least_tokens, self.now + 3_600)

    def config(self, name: str, **changes: object) -> ChannelConfig:
        """Return the terms of an actor's Token channel, as the series demands them; or changed ones."""
        terms: dict[str, object] = {
            "payer": self.address(name),
            "payer_authorizer": self.address(name),
            "receiver": self.series.address,
            "receiver_authorizer": self.network.meter.address,
            "token": self.series.address,
            "withdraw_delay_s": 900,
        }
        return ChannelConfig(**(terms | changes))  # type: ignore[arg-type]  # fields by name

    def deposit(self, name: str, amount: int, config: ChannelConfig | None = None) -> ChannelConfig:
        """Deposit an actor's Tokens (or the channel's other token) by its signature; return the channel's terms."""
        config = config or self.config(name)
        self.send(self.deposit_of(name, amount, config))
        return config

    def deposit_of(self, name: str, amount: int, config: ChannelConfig) -> Transaction:
        """Return the deposit of an actor's Tokens (or the channel's other token) by its signature."""
        token = self.series if config.token == self.series.address else self.network.currency
        hub = self.network.hub
        data = hub.sign_deposit(self[name], token, config, amount, self.now + 3_600, next(self.salts))
        return hub.deposit(self["relayer"], config, amount, data)

    def voucher(self, name: str, config: ChannelConfig, ceiling: int) -> Voucher:
        """Sign a voucher as an actor."""
        hub = self.network.hub.domain
        channel_id = config.channel_id(hub)
        return Voucher(channel_id, ceiling, self[name].sign(voucher_digest(hub, channel_id, ceiling)))


def open_series(
    network: SettlementNetwork, actors: dict[str, Signer], terms: SeriesTerms, provider: str = "provider"
) -> ComputeToken:
    """Open a series of an actor on compute that the attester signs for, as much as its capacity needs."""
    key, now = actors[provider], network.chain.clock.now()
    seconds = terms.expiry - now
    rate = -(-terms.capacity // seconds)
    salt = len(network.series).to_bytes(32, "big")
    compute = ComputeAttestation(key.address, "Ascend 910C", 1, rate, now, terms.expiry, salt)
    return network.open_series(key, terms, network.register_compute(key, actors["attester"], compute))


def deployed_on(chain: ChainBackend) -> World:
    """Deploy a network with one series on a chain."""
    actors = dict(ACTOR_KEYS)
    single = {role.name.lower(): actors[role.label.replace("-", " ")] for role in Role if role is not Role.OPERATOR}
    roles = Roles(**single, operators=(actors["operator"], actors["other operator"]))
    # Limits are set where they are tested: amounts of the other tests are beyond any.
    network = SettlementNetwork.deploy(chain, Plan(roles, class_limits={}))
    terms = SeriesTerms("Test Tokens", "TEST", "inference", UNIT_PRICE, CAPACITY, chain.clock.now() + LIFE_S, RATE_CARD)
    world = World(network, actors, chain, open_series(network, actors, terms))
    world.attest_everything()
    return world
