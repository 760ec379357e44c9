// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ChannelConfig} from "../../contracts/core/ChannelConfig.sol";
import {MeteredClaim} from "../../contracts/channel/Channel.sol";
import {RateCard} from "../../contracts/compute/RateCard.sol";
import {SeriesTerms} from "../../contracts/compute/Series.sol";
import {ComputeJobMoves} from "./ComputeJobMoves.sol";
import {VM} from "./Vm.sol";

/// @title ComputeMoves
/// @notice Whatever anybody can do to series, their market, their channels and orders, one function a move, beside a
/// model of what must have come of it.
/// @dev A move takes any numbers and makes of them a call that is near the edge of what is allowed, on either side. The
/// model is kept from the calls alone, and says of each beforehand whether it is let through.
contract ComputeMoves is ComputeJobMoves {
    uint256 private constant FIRST = 4;
    uint256 private constant FIRST_TOKENS = 10_000;

    constructor() {
        for (uint256 i = 0; i < 2; ++i) {
            _approve(_provider(i), address(market), NONE);
            _stake(_provider(i), EACH / 2);
        }
        for (uint256 i = 0; i < FIRST; ++i) {
            _register(_attestation(i + 1, 3, 90 days, i), 3);
            _open(_computes[i], _computes[i].provider, _first(i));
        }
        for (uint256 i = 0; i < FIRST * HOLDERS; ++i) {
            (Series storage those, address holder) = (_series[i / HOLDERS], _holder(i));
            uint256 price = _priceUp(those, FIRST_TOKENS);
            _approve(holder, address(those.token), price);
            bytes memory data = abi.encodeCall(those.token.purchase, (holder, FIRST_TOKENS, NONE));
            if (_bought(those, holder, data, true, true)) _sold(those, holder, holder, FIRST_TOKENS, price);
        }
    }

    /// Calls back into the hub that a collector got through.
    function callsBack() external view returns (uint256) {
        return stranger.callsBack();
    }

    // ----------------------------------------------------------------- currency

    function freeze(uint256 whose, uint256 directions) external {
        address account = _anybody(whose);
        (bool outgoing, bool incoming) = (directions % 4 == 0, (directions / 4) % 4 == 0);
        VM.prank(freezer);
        token.freeze(account, outgoing, incoming);
        (_frozenOutgoing[account], _frozenIncoming[account]) = (outgoing, incoming);
    }

    function pause(uint256 seed) external {
        paused = seed % 8 == 0;
        VM.prank(pauser);
        if (paused) token.pause();
        else token.unpause();
    }

    /// What was credited to an account that could not be paid is the account's still, wherever it is.
    function claimCredit(uint256 whose) external {
        VM.warp(time);
        address account = _anybody(whose);
        bytes memory data = abi.encodeCall(token.claimCredit, (account, token.creditOf(account)));
        // solhint-disable-next-line avoid-low-level-calls
        (bool paid, ) = address(token).call(data);
        if (paid == _frozenIncoming[account]) ++surprises;
    }

    function donate(uint256 whose, uint256 to, uint256 amount) external {
        address giver = _party(whose);
        address[5] memory receivers = [
            address(_any(to / 8).token),
            address(hub),
            address(market),
            address(collector),
            address(escrow)
        ];
        address receiver = receivers[to % 5];
        amount %= FEN;
        if (whose % 4 == 0) {
            coin.take(giver, address(hub), amount);
            coins[giver] -= amount;
            coins[address(hub)] += amount;
            donatedCoins += amount;
        } else if (
            _act(address(token), giver, abi.encodeCall(token.transfer, (receiver, amount)), _canPay(giver, amount))
        ) {
            donated[receiver] += amount;
            _paid(giver, receiver, amount);
        }
    }

    // -------------------------------------------------------------------- thief

    /// What belongs to others, asked for by one to whom nobody owes anything.
    function steal(uint256 how, uint256 which, uint256 amount) external {
        address target = address(hub);
        bytes memory data;
        amount = _bound(amount, 1, 100);
        Series storage those = _any(which);
        if (how % 16 < 8 || _channels.length == 0) {
            address[5] memory victims = [
                address(those.token),
                address(hub),
                address(market),
                address(collector),
                _party(which / 8)
            ];
            bool isMoney = how % 2 == 0;
            target = isMoney ? address(token) : address(those.token);
            data = abi.encodeCall(IERC20.transferFrom, (victims[(how / 16) % 5], thief, amount));
            if (how % 16 == 2) data = abi.encodeCall(IERC20.transfer, (thief, amount));
            if (how % 16 == 3) data = abi.encodeCall(those.token.refund, (amount));
            if (how % 16 == 5) data = abi.encodeCall(those.token.redeem, (amount));
            if (how % 16 == 7) data = abi.encodeCall(those.token.sweep, ());
            if (how % 16 == 6) (target, data) = (address(market), abi.encodeCall(market.withdrawStake, (amount)));
        } else {
            data = _theft(_channels[which % _channels.length].config, how % 16, uint128(amount));
        }
        _act(target, thief, data, false);
    }

    /// The same of what a channel holds.
    function _theft(ChannelConfig memory config, uint256 how, uint128 amount) private view returns (bytes memory) {
        if (how == 8) return abi.encodeCall(hub.initiateWithdraw, (config, amount));
        if (how == 9) return abi.encodeCall(hub.finalizeWithdraw, (config));
        if (how == 10) return abi.encodeCall(hub.refund, (config, amount));
        if (how == 11) return abi.encodeCall(hub.settle, (thief, config.token));
        if (how == 12) return abi.encodeCall(hub.withdrawCredit, (thief, config.token));
        if (how == 13) {
            // The same channel, but for who signs for the payer.
            config.payerAuthorizer = thief;
            return abi.encodeCall(hub.initiateWithdraw, (config, amount));
        }
        if (how == 14) {
            // A channel of the thief's own, into which nothing is brought.
            config.payer = config.receiver = config.receiverAuthorizer = thief;
            config.token = address(token);
            return abi.encodeCall(hub.deposit, (config, amount, thief, ""));
        }
        MeteredClaim[] memory rows = new MeteredClaim[](1);
        (rows[0].payer, rows[0].payerAuthorizer) = (config.payer, config.payerAuthorizer);
        (rows[0].withdrawDelay, rows[0].salt) = (config.withdrawDelay, config.salt);
        return abi.encodeCall(hub.claimMetered, (thief, config.token, thief, rows, "", ""));
    }

    // --------------------------------------------------------------------- time

    /// To the expiry of a series, the end of a withdrawal's delay or of what an order waits for, or a second before; or
    /// some hours.
    function wait(uint256 period, uint256 which, uint256 how) external {
        uint256 until = time + _bound(period, 0, 1 hours);
        if (how % 16 == 0) until = _series[which % _series.length].expiry - (period % 2);
        if (how % 16 > 12 && _jobs.length != 0) until = _anyEnd(which) - (period % 2);
        else if (how % 16 > 7 && _channels.length != 0) {
            Channel storage channel = _pendingOf(which);
            until = channel.initiatedAt + channel.config.withdrawDelay - (period % 2);
        }
        // Time never runs backwards.
        if (until > time) time = until;
    }

    function _first(uint256 i) private view returns (SeriesTerms memory stated) {
        stated.name = "Tokens of a series";
        stated.symbol = "TKN";
        stated.provider = _computes[i].provider;
        stated.serviceClass = "inference";
        stated.unitPrice = [uint64(150_000), 1, 999_983, 7_000_001][i];
        stated.capacity = 400_000;
        stated.expiry = uint40(START + (i + 1) * 2 days);
        stated.rateCard = RateCard.wrap(1 | (30 << 32) | (90 << 64) | (2 << 96) | (60 << 128) | (180 << 160));
        stated.compensationBps = uint16([0, 2_500, 5_000, 10_000][i]);
        if (i != 0) (stated.halter, stated.haltGround) = (halter, "ground");
    }
}
