// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelConfig} from "../../contracts/core/ChannelConfig.sol";
import {ClaimResult, MeteredClaim, Voucher, VoucherClaim} from "../../contracts/channel/Channel.sol";
import {Usage} from "../../contracts/compute/RateCard.sol";
import {ComputeSeriesMoves} from "./ComputeSeriesMoves.sol";

/// @title ComputeChannels
/// @notice Makes channels, and rows of claims on them, and says what must become of each row.
abstract contract ComputeChannels is ComputeSeriesMoves {
    /// A row of a claim: a voucher, and what is claimed under it.
    struct Row {
        /// Number of the channel.
        uint256 channel;
        uint256 ceiling;
        /// Cumulative amount; or, of a metered claim, usage.
        uint256 wanted;
        uint256 usage;
        bool forged;
    }

    uint256 internal constant MOST_AMOUNT = type(uint128).max;
    uint256 private constant CARD_LANES = 6;
    uint256 private constant MOST_COUNT = (1 << 42) - 1;

    // ----------------------------------------------------------------- channels

    /// A channel, two times of three one that exists, and mostly one that can be deposited in.
    function _channelFor(uint256 seed) internal view returns (ChannelConfig memory config, bool valid) {
        uint256 count = _channels.length;
        if (count == 0 || seed % 3 == 0) {
            (config, valid) = _newConfig(seed / 3);
            if (!valid || count < MOST_CHANNELS) return (config, valid);
        }
        for (uint256 i = 0; i < count; ++i) {
            config = _channels[(seed / 3 + i) % count].config;
            uint256 number = _seriesOf[config.token];
            if (number == 0 || seed % 16 == 1 || _isOpen(_series[number - 1])) break;
        }
        return (config, true);
    }

    /// Another, and whether the hub and the token accept its terms.
    function _newConfig(uint256 seed) private view returns (ChannelConfig memory config, bool valid) {
        uint256 holder = _bound(seed, 0, HOLDERS - 1);
        uint256 kind = _mix(seed, 2) % 8;
        if (kind > 3) {
            config.token = config.receiver = address(_any(_mix(seed, 3)).token);
            config.receiverAuthorizer = address(meter);
            for (uint256 i = 0; i < HOLDERS && held[config.token][_parties[holder]] == 0; ++i) {
                holder = (holder + 1) % HOLDERS;
            }
        } else {
            config.token = kind == 3 ? address(coin) : address(token);
            config.receiver = _mix(seed, 3) % 2 == 0 ? merchant : _provider(_mix(seed, 3) / 2);
            config.receiverAuthorizer = merchant;
        }
        config.payer = _parties[holder];
        if (_mix(seed, 1) % 2 == 0) config.payerAuthorizer = _sessions[holder];
        config.withdrawDelay = uint40(15 minutes + _bound(_mix(seed, 4), 0, 1 hours));
        config.salt = bytes32(_mix(seed, 5) % 4);
        valid = true;
        uint256 fault = _mix(seed, 6) % 32;
        if (fault < 8) (config, valid) = (_faulty(config, fault), false);
    }

    function _faulty(ChannelConfig memory config, uint256 fault) private view returns (ChannelConfig memory) {
        if (fault == 0) config.receiver = address(0);
        if (fault == 1) config.receiverAuthorizer = address(0);
        if (fault == 2) config.withdrawDelay = 15 minutes - 1;
        if (fault == 3) config.withdrawDelay = 30 days + 1;
        // Currency to a series, which sells, to itself or its desk; Tokens to anybody else, who does not deliver.
        bool isSeries = _seriesOf[config.token] != 0;
        if (fault > 3) {
            if (!isSeries) config.token = address(token);
            config.receiver = isSeries ? thief : address(_series[0].token);
            if (!isSeries && fault == 4) config.receiver = address(token);
            if (!isSeries && fault == 5) config.receiver = address(desk);
        }
        return config;
    }

    /// Who signs vouchers.
    function _voucherSigner(ChannelConfig memory config) internal pure returns (address) {
        return config.payerAuthorizer == address(0) ? config.payer : config.payerAuthorizer;
    }

    // --------------------------------------------------------------------- rows

    /// Rows of channels; of one series only, where it is given.
    function _rows(uint256 seed, uint256 count, address of_) internal view returns (Row[] memory rows) {
        rows = new Row[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 mixed = _mix(seed, i);
            rows[i].channel = _nextOf(mixed, of_);
            Channel storage channel = _channels[rows[i].channel];
            mixed = _mix(mixed, 1);
            rows[i].ceiling = channel.claimed + _near(_unclaimed(channel) / (1 + ((mixed / 8) % 4)), mixed / 32);
            mixed = _mix(mixed, 2);
            rows[i].wanted = mixed % 8 == 0 ? rows[i].ceiling + 1 : _bound(mixed, channel.claimed, rows[i].ceiling);
            if (_seriesOf[channel.config.token] != 0) {
                uint256 card = _series[_seriesOf[channel.config.token] - 1].rateCard;
                rows[i].usage = _usageOf(card, rows[i].wanted, _mix(mixed, 3));
            }
            rows[i].forged = _isForged(_mix(mixed, 4));
        }
    }

    /// The next channel of a token, from an arbitrary one on.
    function _nextOf(uint256 seed, address of_) private view returns (uint256 number) {
        uint256 count = _channels.length;
        for (uint256 i = 0; i < count; ++i) {
            number = ((seed % count) + i) % count;
            if (of_ == address(0) || _channels[number].config.token == of_) return number;
        }
    }

    /// Usage that costs about so much; now and then any, up to the most, or with a bit too high.
    function _usageOf(uint256 card, uint256 tokens, uint256 seed) private pure returns (uint256 usage) {
        if (seed % 16 == 0) return seed >> 4;
        if (seed % 16 == 1) return _mix(seed, 1);
        uint256 lane = _bound(seed / 16, 0, CARD_LANES - 1);
        for (uint256 i = 0; i < CARD_LANES; ++i) {
            uint256 rate = (card >> (32 * ((lane + i) % CARD_LANES))) % 2 ** 32;
            if (rate == 0) continue;
            usage |= _least(tokens / rate, MOST_COUNT) << (42 * ((lane + i) % CARD_LANES));
            tokens %= rate;
        }
    }

    function _voucherClaims(Row[] memory rows) internal returns (VoucherClaim[] memory claims) {
        claims = new VoucherClaim[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            claims[i].voucher = Voucher(_channels[rows[i].channel].config, uint128(rows[i].ceiling));
            claims[i].signature = _signVoucher(rows[i]);
            claims[i].totalClaimed = uint128(rows[i].wanted);
        }
    }

    function _signVoucher(Row memory row) internal returns (bytes memory) {
        Channel storage channel = _channels[row.channel];
        uint256 key = _keyOf[_voucherSigner(channel.config)];
        if (row.forged) key = THIEF_KEY;
        else if (row.ceiling > channel.ceiling) channel.ceiling = row.ceiling;
        return _signDigest(key, _voucherDigest(_channelId(channel.config), row.ceiling));
    }

    // ------------------------------------------------------------------ outcomes

    /// What must become of a row that costs only itself, and what is claimed by it then.
    function _judge(
        Row memory row,
        uint256 claimed,
        bool isCaller,
        bool isMetered
    ) internal view returns (ClaimResult result, uint256 total) {
        Channel storage channel = _channels[row.channel];
        uint256 wanted = isMetered ? _least(row.wanted, row.ceiling) : row.wanted;
        if (isMetered && row.usage >> 252 != 0) return (ClaimResult.UsageMalformed, claimed);
        if (!isCaller) return (ClaimResult.CallerNotReceiver, claimed);
        if (_isHeldBack(channel.config)) return (ClaimResult.PayerFrozen, claimed);
        if (wanted > row.ceiling) return (ClaimResult.AboveCeiling, claimed);
        total = _least(wanted, channel.balance);
        if (total <= claimed) return (ClaimResult.NothingNew, claimed);
        if (row.forged) return (ClaimResult.VoucherSignatureInvalid, claimed);
        return (total < wanted ? ClaimResult.ClaimedInPart : ClaimResult.Claimed, total);
    }

    /// Judge rows one after the other; what they claim is kept, where the call was let through.
    /// @param results What the hub said became of them.
    function _settleRows(Row[] memory rows, address caller, bool isMetered, ClaimResult[] memory results) internal {
        if (results.length != rows.length) ++misjudged;
        for (uint256 i = 0; i < rows.length; ++i) {
            ChannelConfig memory config = _channels[rows[i].channel].config;
            bool isCaller = isMetered || caller == config.receiver || caller == config.receiverAuthorizer;
            (ClaimResult expected, uint256 total) = _judge(
                rows[i],
                _channels[rows[i].channel].claimed,
                isCaller,
                isMetered
            );
            if (results[i] != expected) ++misjudged;
            _claimedUpTo(rows[i].channel, total);
        }
    }

    /// Whether all rows can be claimed of a claim that is refused as a whole.
    function _mayClaim(Row[] memory rows, address caller) internal view returns (bool) {
        for (uint256 i = 0; i < rows.length; ++i) {
            Channel storage channel = _channels[rows[i].channel];
            if (caller != channel.config.receiver && caller != channel.config.receiverAuthorizer) return false;
            uint256 claimed = channel.claimed;
            for (uint256 j = 0; j < i; ++j) {
                if (rows[j].channel == rows[i].channel && rows[j].wanted > claimed) claimed = rows[j].wanted;
            }
            if (rows[i].wanted <= claimed) continue;
            (ClaimResult result, ) = _judge(rows[i], claimed, true, false);
            if (result != ClaimResult.Claimed) return false;
        }
        return true;
    }

    function _claimAll(Row[] memory rows) internal {
        for (uint256 i = 0; i < rows.length; ++i) {
            if (rows[i].wanted > _channels[rows[i].channel].claimed) _claimedUpTo(rows[i].channel, rows[i].wanted);
        }
    }

    function _claimedUpTo(uint256 number, uint256 total) private {
        Channel storage channel = _channels[number];
        claimedFor[channel.config.receiver][channel.config.token] += total - channel.claimed;
        channel.claimed = total;
    }

    /// What the usage of rows costs becomes what is wanted; keep the highest that was attested of each channel.
    function _attest(Row[] memory rows, uint256 card, bool attested) internal {
        for (uint256 i = 0; i < rows.length; ++i) {
            Channel storage channel = _channels[rows[i].channel];
            rows[i].wanted = _cost(card, rows[i].usage);
            bool counts = attested && rows[i].usage >> 252 == 0;
            if (counts && rows[i].wanted > channel.cost) channel.cost = rows[i].wanted;
        }
    }

    function _metered(Row[] memory rows) internal returns (MeteredClaim[] memory claims, bytes memory signatures) {
        claims = new MeteredClaim[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            ChannelConfig memory config = _channels[rows[i].channel].config;
            claims[i].payer = config.payer;
            claims[i].payerAuthorizer = config.payerAuthorizer;
            claims[i].withdrawDelay = config.withdrawDelay;
            claims[i].salt = config.salt;
            claims[i].usage = Usage.wrap(rows[i].usage);
            claims[i].maxClaimableAmount = rows[i].ceiling;
            signatures = bytes.concat(signatures, _signVoucher(rows[i]));
        }
    }
}
