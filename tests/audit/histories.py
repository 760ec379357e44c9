"""Clean histories at random: a network in which all goes by the rules, among strangers who do as they like."""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from itertools import chain
from pathlib import Path
from random import Random

from eth_abi import encode
from eth_typing import Address

from pysettle.audit.bundle import Bundle
from pysettle.audit.extract import export_bundle
from pysettle.domain.compute.events import SeriesOpened
from pysettle.errors import ContractReverted
from pysettle.evm.backend import Receipt
from pysettle.evm.interface import Interface
from pysettle.evm.transactions import Transaction
from tests.benchmarks.plain_token import plain_token
from tests.chance import chance
from tests.spec.network import NetworkSpec
from tests.stateful.network.comparison import opening
from tests.stateful.network.generator import NetworkGenerator
from tests.stateful.network.stage import NetworkStage
from tests.stateful.network.strangers import Stranger
from tests.stateful.operations import Operation, perform

LEFT_OUT = {"attestReserve", "setReserveRatio"}
"""Entries that may leave the reserve below the supply, which an audit has to find."""
OPERATIONS = 12
NOISE = 0.6
"""How often a stranger acts before an operation."""
_GAS = 2_000_000


class Histories:
    """One network with three series, from which each history begins, among strangers."""

    def __init__(self) -> None:
        """Deploy it, and whatever strangers have."""
        self._stage = stage = NetworkStage()
        self._key, self._stranger = stage.keys["relayer"], Stranger(stage)
        token = plain_token()
        self._interface = Interface("PlainERC20", token.abi)
        creation = token.bytecode + encode(["address[]", "uint256"], [[self._key.address], 10**12])
        self._token = self._send(None, creation).contract_address
        spec, now = stage.specified_network(), stage.chain.clock.now
        generator = NetworkGenerator(0, spec, stage.addresses)
        self._opening = list[Operation]()
        for operation in chain(opening(stage.addresses, now), generator.opening(now)):
            self._do(spec, operation)
            self._opening.append(operation)
        self._addresses, self._series = dict(stage.addresses), list(stage.network.series)
        self._opened = stage.chain.snapshot()

    def bundle(self, number: int, directory: Path) -> Bundle:
        """Export the history of a number."""
        stage, draw = self._stage, chance(f"history {number}")
        spec, stranger = self._begin_again(), copy(self._stranger)
        generator = NetworkGenerator(draw.getrandbits(32), spec, stage.addresses)
        for _ in range(OPERATIONS):
            while draw.random() < NOISE:
                self._make_noise(draw, stranger)
            operation = generator.draw(stage.chain.clock.now())
            if operation.entry not in LEFT_OUT:
                self._do(spec, operation)
        return export_bundle(stage.chain, directory, stage.network.contracts())

    def _begin_again(self) -> NetworkSpec:
        """Take the network back to its opening; return its specification there."""
        stage = self._stage
        stage.chain.revert(self._opened)
        self._opened = stage.chain.snapshot()
        stage.network.series[:] = self._series
        for later in stage.addresses.keys() - self._addresses.keys():
            del stage.addresses[later]
        spec = stage.specified_network()
        for operation in self._opening:
            perform(spec.at(operation.contract), operation)
        return spec

    def _do(self, spec: NetworkSpec, operation: Operation) -> None:
        """Do an operation, which the contracts refuse or not, as specified."""
        expected = perform(spec.at(operation.contract), operation)
        refused, receipt = self._stage.perform(operation)
        assert expected.refusal == refused, operation
        if receipt and operation.entry == "openSeries":
            contracts = self._stage.network.contracts()
            told = [contracts.event_of(log.address, log.topics, log.data) for log in receipt.logs]
            (series,) = (it.series for it in told if isinstance(it, SeriesOpened))
            self._stage.meet(series)

    def _make_noise(self, draw: Random, stranger: Stranger) -> None:
        """Do one thing that has nothing to do with the network; some are refused."""
        anybody = draw.choice([*self._stage.addresses.values(), Address(draw.randbytes(20))])
        with suppress(ContractReverted):
            match draw.choice(["act", "say", "say malformed", "token", "token", "ether"]):
                case "act":
                    stranger.act(draw)
                case "say":
                    stranger.say(draw)
                case "say malformed":
                    stranger.say_malformed(draw)
                case "token":
                    function = draw.choice(["transfer", "approve"])
                    self._send(self._token, self._interface.encode(function, anybody, draw.randrange(10**6)))
                case "ether":
                    self._send(anybody, b"", draw.randrange(10**9))

    def _send(self, to: Address | None, data: bytes, value: int = 0) -> Receipt:
        (receipt,) = self._stage.network.send(Transaction(self._key, to, data, _GAS, self._interface, value))
        return receipt
