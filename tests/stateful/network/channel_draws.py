"""Draws for the hub: deposits, claims in every form, refunds, withdrawals, on channels of Tokens and of money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eth_typing import Address

from pysettle.domain.channel.messages import deposit_nonce
from pysettle.domain.core.messages import ZERO_ADDRESS, ChannelConfig
from tests.spec.channel.hub import DELAYS
from tests.spec.channel.records import USAGE_BITS, Approval, Channel, Claim, DepositData, MeteredRow
from tests.spec.compute.records import LANES, RATE_BITS, lanes
from tests.spec.compute.series import SeriesSpec
from tests.spec.core.calls import Signature
from tests.stateful.network.draws import NetworkDraws, NothingToDo, Weighted
from tests.stateful.operations import Operation

MOST_COUNTED = 2**USAGE_BITS - 1
ROWS_AT_MOST = 4


class ChannelDraws(NetworkDraws):
    """Operations on channels."""

    def _of_channels(self) -> Weighted:
        return {
            "deposit": (16, self._deposit),
            "claim": (8, self._claim),
            "tryClaim": (8, self._try_claim),
            "claimWithSignature": (8, self._claim_with_signature),
            "claimMetered": (12, self._claim_metered),
            "settle": (7, self._settle),
            "refund": (4, self._refund),
            "refundWithSignature": (6, self._refund_with_signature),
            "initiateWithdraw": (5, self._initiate_withdraw),
            "finalizeWithdraw": (6, self._finalize_withdraw),
            "withdrawCredit": (2, self._withdraw_credit),
            "attestUsage": (1, self._attest_usage),
            "collect": (1, self._collect),
        }

    # Which channel

    def _token_configs(self, series: SeriesSpec) -> list[ChannelConfig]:
        """Return the channels there may be in Tokens of a series: one a buyer, and not all with its own vouchers."""
        address, meter, agent = series.address, self._network.places.meter, self._addresses["agent"]
        signers, delays = (ZERO_ADDRESS, agent, self._buyers[2]), (900, 900, 3 * 86_400)
        terms = zip(self._buyers, signers, delays, strict=True)
        return [ChannelConfig(payer, signer, address, meter, address, delay) for payer, signer, delay in terms]

    def _money_configs(self) -> list[ChannelConfig]:
        """Return the channels there may be in money; one pays whom the currency never lets be paid."""
        buyer, other, provider, agent = *self._buyers, self._addresses["agent"]
        money, keeper = self._spec.address, self._addresses["other operator"]
        return [
            ChannelConfig(buyer, ZERO_ADDRESS, provider, keeper, money, 900),
            ChannelConfig(buyer, agent, self._addresses["vault"], provider, money, 86_400),
            ChannelConfig(other, ZERO_ADDRESS, provider, agent, money, 900),
            ChannelConfig(other, agent, money, keeper, money, 900),
        ]

    def _channels(self) -> list[ChannelConfig]:
        tokens = [config for series in self._live().values() for config in self._token_configs(series)]
        return [*tokens, *self._money_configs() * 2]

    def _state_of(self, config: ChannelConfig) -> Channel:
        hub = self._network.hub
        return hub.channels.get(hub.id_of(config)) or Channel(config)

    def _filled(self, configs: Sequence[ChannelConfig]) -> list[ChannelConfig]:
        return [config for config in configs if self._state_of(config).unclaimed]

    def _some_channel(self, *, in_money: bool | None = None) -> ChannelConfig:
        """Return a channel in which something is unclaimed, if there is one; seldom another."""
        money = self._spec.address
        configs = [it for it in self._channels() if in_money is None or (it.token == money) == in_money]
        return self._prefer(self._filled(configs), configs or self._channels())

    def _perhaps_wrong(self, config: ChannelConfig) -> ChannelConfig:
        """Return the terms of a channel, seldom others."""
        if not self._chance(0.11):
            return config
        somebody = self._somebody()
        fields = ("payer", "receiver", "receiver_authorizer")
        wrong: list[dict[str, object]] = [{name: who} for name in fields for who in (ZERO_ADDRESS, somebody)]
        wrong += [{"withdraw_delay_s": it} for it in (DELAYS[0] - 1, DELAYS[-1], DELAYS[-1] + 1)]
        wrong += [{"salt": b"\1" * 32}, {"receiver": self._some_series()[1].address}]
        wrong += [{"receiver": self._spec.address}]
        return replace(config, **self._random.choice(wrong))  # type: ignore[arg-type]  # fields by name

    # Payer

    def _deposit(self) -> Operation:
        configs = self._channels()
        able = [it for it in configs if self._depositable(it)]
        live = [it for it in able if it.token == self._spec.address or self._is_open(it.token)]
        config = self._perhaps_wrong(self._prefer(live, configs))
        payer, places = config.payer, self._network.places
        if config.token == self._spec.address:
            most = min(self._payment(payer, places.hub), 2**100)
            amount = min(most, max(most // self._random.choice((1, 5, 100)), 1))
        else:
            amount = self._part(self._balance(config.token, payer))
        salt = self._random.getrandbits(64) if self._chance(0.9) else self._random.randrange(4)
        channel_id = self._network.hub.id_of(config)
        nonce = deposit_nonce(channel_id, salt)
        elsewhere = self._elsewhere(config.token)
        fields, by = self._authorize("Receive", payer, places.collector, amount, nonce, elsewhere)
        _, _, _, after, before, _ = fields
        data = DepositData(int(str(after)), int(str(before)), salt, by)
        collector = self._addresses["vault"] if self._chance(0.02) else places.collector
        stated = amount + 1 if self._chance(0.02) else amount
        return self._on("hub", "deposit", self._somebody(), config, stated, collector, data)

    def _depositable(self, config: ChannelConfig) -> int:
        if config.token == self._spec.address:
            return self._payable(config.payer)
        return self._balance(config.token, config.payer)

    def _balance(self, token: Address, holder: Address) -> int:
        return self._network.market.series[token].balances[holder]

    def _is_open(self, token: Address) -> bool:
        return not self._network.market.series[token].has_ended(self._now)

    def _payer_of(self, config: ChannelConfig) -> Address:
        signer = config.voucher_signer
        return self._usually(self._random.choice((config.payer, signer)))

    def _initiate_withdraw(self) -> Operation:
        config = self._some_channel()
        amount = self._part(self._state_of(config).unclaimed)
        return self._on("hub", "initiateWithdraw", self._payer_of(config), config, amount)

    def _finalize_withdraw(self) -> Operation:
        noticed = [it for it in self._channels() if self._state_of(it).noticed]
        ending = [it for it in noticed if self._is_now(self._state_of(it).noticed_at + it.withdraw_delay_s)]
        config = self._prefer(ending or noticed, self._channels())
        return self._on("hub", "finalizeWithdraw", self._payer_of(config), config)

    # Claims

    def _ceiling(self, channel: Channel) -> int:
        random, low, high = self._random, channel.claimed, channel.balance
        choices = (high, high, 2 * high, random.randint(low, high), random.randint(low, high), self._near(low, high))
        return min(random.choice(choices), 2**127)

    def _voucher(self, config: ChannelConfig, ceiling: int) -> Signature:
        return self._sign(config.voucher_signer, ("Voucher", self._network.hub.id_of(config), ceiling))

    def _row(self, config: ChannelConfig) -> Claim:
        channel, random = self._state_of(config), self._random
        ceiling = self._ceiling(channel)
        most = min(ceiling, channel.balance)
        total = random.choice((most, most, random.randint(min(channel.claimed, most), most)))
        if self._chance(0.3):
            total = self._random.choice((ceiling + 1, channel.balance, channel.balance + 1, channel.claimed))
        return Claim(config, ceiling, total, self._voucher(config, ceiling))

    def _claim_rows(self, sender: Address | None = None) -> tuple[Claim, ...]:
        """Return rows of a claim, mostly those that a sender may make."""
        configs = self._money_configs() if self._chance(0.9) else self._channels()
        if sender is not None and self._chance(0.85):
            allowed = [it for it in configs if sender in (it.receiver, it.receiver_authorizer)]
            configs = allowed or configs
        filled = self._filled(configs)
        if not filled and self._chance(0.9):
            raise NothingToDo
        if self._chance(0.6):
            filled = self._held_back(filled) or filled
        count = 0 if self._chance(0.03) else self._random.randint(1, ROWS_AT_MOST)
        rows = [self._random.choice(filled if filled and self._chance(0.95) else configs) for _ in range(count)]
        return tuple(self._row(self._perhaps_wrong(config)) for config in rows)

    def _held_back(self, filled: Sequence[ChannelConfig]) -> list[ChannelConfig]:
        """Return the channels of frozen payers among some."""
        return [it for it in filled if self._spec.accounts[it.payer].frozen_outgoing]

    def _claimer(self) -> Address:
        config = self._some_channel(in_money=True)
        if self._chance(0.5):
            config = next(iter(self._held_back(self._filled(self._money_configs()))), config)
        able = [it for it in (config.receiver, config.receiver_authorizer) if it != self._spec.address]
        return self._usually(self._random.choice(able))

    def _claim(self) -> Operation:
        sender = self._claimer()
        return self._on("hub", "claim", sender, self._claim_rows(sender))

    def _try_claim(self) -> Operation:
        sender = self._claimer()
        return self._on("hub", "tryClaim", sender, self._claim_rows(sender if self._chance(0.7) else None))

    def _claim_with_signature(self) -> Operation:
        authorizer = self._some_channel(in_money=True).receiver_authorizer
        rows = self._claim_rows(authorizer)
        entries = [(self._network.hub.id_of(row.config), row.ceiling, row.total) for row in rows]
        by = self._sign(rows[0].config.receiver_authorizer if rows else authorizer, ("ClaimBatch", *entries))
        if len(entries) > 1 and self._chance(0.05):
            by = Signature(by.signer, ("ClaimBatch", *entries[1:]))
        return self._signed_on("hub", "claimWithSignature", self._somebody(), (rows,), by)

    def _usage(self, series: SeriesSpec, target: int) -> int:
        """Return usage that costs about so many Tokens by the card of a series."""
        rates, counts = lanes(series.terms.rate_card, RATE_BITS), [0] * LANES
        priced = [lane for lane in range(LANES) if rates[lane]]
        self._random.shuffle(priced)
        for place, lane in enumerate(priced):
            share = target // rates[lane]
            counts[lane] = min(share if place == len(priced) - 1 else self._random.randint(0, share), MOST_COUNTED)
            target -= counts[lane] * rates[lane]
        if self._chance(0.03):
            counts[self._random.randrange(LANES)] = MOST_COUNTED
        packed = sum(count << USAGE_BITS * lane for lane, count in enumerate(counts))
        return packed | 1 << 252 + self._random.randrange(4) if self._chance(0.04) else packed

    def _metered_row(self, series: SeriesSpec, config: ChannelConfig) -> MeteredRow:
        channel, random = self._state_of(config), self._random
        ceiling = self._ceiling(channel)
        target = random.choice((ceiling, channel.balance, random.randint(channel.claimed, channel.balance)))
        usage = self._usage(series, self._near(channel.claimed) if self._chance(0.1) else target)
        return MeteredRow(config, usage, ceiling, self._voucher(config, ceiling))

    def _claim_metered(self) -> Operation:
        _, series = self._series_where(lambda it: self._filled(self._token_configs(it)))
        configs = self._token_configs(series)
        filled = self._filled(configs) or configs
        receiver = self._somebody() if self._chance(0.08) else series.address
        count = 0 if self._chance(0.02) else self._random.randint(1, ROWS_AT_MOST)
        chosen = [self._random.choice(filled if self._chance(0.9) else configs) for _ in range(count)]
        if self._chance(0.05):
            chosen = [replace(config, salt=b"\2" * 32) for config in chosen]
        rows = tuple(self._metered_row(series, replace(config, receiver=receiver)) for config in chosen)
        ids, usages = tuple(self._network.hub.id_of(row.config) for row in rows), tuple(row.usage for row in rows)
        by = self._sign(series.terms.provider, ("UsageAttestation", series.address, ids, usages))
        if rows and self._chance(0.04):
            by = Signature(by.signer, ("UsageAttestation", series.address, ids, (usages[0] ^ 1, *usages[1:])))
        uneven = 1 if len(rows) > 1 and self._chance(0.08) else 0
        arguments = receiver, series.address, rows, uneven
        return self._signed_on("hub", "claimMetered", self._somebody(), arguments, by)

    # Payouts

    def _settle(self) -> Operation:
        totals = self._network.hub.totals.items()
        due = [pair for pair, it in totals if it.claimed > it.settled]
        pairs = [(config.receiver, config.token) for config in self._channels()]
        receiver, token = self._prefer(due, pairs)
        return self._on("hub", "settle", self._somebody(), receiver, token)

    def _withdraw_credit(self) -> Operation:
        money = self._spec.address
        credited = [at for (at, _), it in self._network.hub.credits.items() if it]
        account = self._holder() if self._chance(0.3) else self._prefer(credited, self._holders)
        return self._on("hub", "withdrawCredit", self._somebody(), account, money)

    def _amount_back(self, config: ChannelConfig) -> int:
        channel = self._state_of(config)
        return self._some(self._random.choice((channel.unclaimed, channel.unclaimed, channel.noticed)))

    def _refund(self) -> Operation:
        config = self._some_channel(in_money=True)
        able = [it for it in (config.receiver, config.receiver_authorizer) if it != self._spec.address]
        return self._on("hub", "refund", self._usually(self._random.choice(able)), config, self._amount_back(config))

    def _refund_with_signature(self) -> Operation:
        """Refund by the authorizer's key, or through the meter by the provider's approval."""
        config = self._perhaps_wrong(self._some_channel())
        channel, amount = self._state_of(config), self._amount_back(config)
        nonce = channel.refund_nonce + (self._random.choice((1, -1)) if self._chance(0.08) else 0)
        nonce, channel_id = max(nonce, 0), self._network.hub.id_of(config)
        approves = config.receiver_authorizer == self._network.places.meter
        if approves != self._chance(0.04):
            claimed = max(channel.claimed + (self._random.choice((1, -1)) if self._chance(0.2) else 0), 0)
            series = self._network.market.series.get(config.token)
            provider = series.terms.provider if series else self._somebody()
            by = self._sign(provider, ("RefundApproval", channel_id, nonce, amount, claimed))
            approved = amount + 1 if self._chance(0.04) else amount
            approval = Approval(config, nonce, approved, claimed, by)
            return self._on("hub", "refundWithSignature", self._somebody(), config, amount, nonce, approval)
        by = self._sign(config.receiver_authorizer, ("Refund", channel_id, nonce, amount))
        return self._signed_on("hub", "refundWithSignature", self._somebody(), (config, amount, nonce), by)

    # What only the hub may ask

    def _attest_usage(self) -> Operation:
        address = self._some_series()[1].address
        return self._on("meter", "attestUsage", self._somebody(), address, address, (), (), b"")

    def _collect(self) -> Operation:
        config = self._some_channel()
        channel_id = self._network.hub.id_of(config)
        return self._on("collector", "collect", self._somebody(), config.payer, config.token, 1, channel_id, b"")
