// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UsageMeter} from "../../contracts/channel/UsageMeter.sol";
import {RefundApproval} from "../../contracts/channel/IUsageMeter.sol";
import {ChannelConfig} from "../../contracts/core/ChannelConfig.sol";
import {ClaimResult, MeteredClaim, VoucherClaim} from "../../contracts/channel/Channel.sol";
import {Usage} from "../../contracts/compute/RateCard.sol";
import {ComputeChannels} from "./ComputeChannels.sol";

/// @title ComputeHubMoves
/// @notice Whatever payers, receivers and strangers can do at the hub and its meter, one function a move.
abstract contract ComputeHubMoves is ComputeChannels {
    /// Of a deposit, or of a refund by signature.
    struct Offer {
        ChannelConfig config;
        uint256 amount;
        uint256 nonce;
        bool valid;
    }

    // -------------------------------------------------------------------- payer

    function deposit(uint256 which, uint256 amount, uint256 window, uint256 salt, uint256 form) external {
        Offer memory offer;
        (offer.config, offer.valid) = _channelFor(which);
        address of_ = offer.config.token;
        if (of_ == address(coin)) return _depositCoins(offer, amount, form);
        bool isMoney = of_ == address(token);
        if (isMoney && form % 16 == 2) return _bringMoney(offer.config);
        uint256 most = isMoney ? token.balanceOf(offer.config.payer) / 1_000_000 : held[of_][offer.config.payer];
        offer.amount = _near(most, amount);
        bytes memory data = _authorizedDeposit(offer, window, salt, form);
        offer.valid = offer.valid && offer.amount != 0 && _isFresh(of_, offer.config.payer, offer.nonce);
        if (isMoney) {
            offer.valid = offer.valid && _canPay(offer.config.payer, offer.amount);
            if (!_act(address(hub), _anybody(form), data, offer.valid)) return;
            _paid(offer.config.payer, address(hub), offer.amount);
        } else {
            Series storage those = _series[_seriesOf[of_] - 1];
            offer.valid = offer.valid && _isOpen(those) && !_frozenOutgoing[offer.config.payer];
            offer.valid = offer.valid && offer.amount <= held[of_][offer.config.payer];
            if (!_watched(of_, address(hub), _anybody(form), data, offer.valid, false, false)) return;
            _moved(of_, offer.config.payer, address(hub), offer.amount);
        }
        ++successes[collector.collect.selector];
        _once(address(hub), _anybody(form), data);
        _spend(of_, offer.config.payer, offer.nonce);
        _deposited(offer);
    }

    function initiateWithdraw(uint256 which, uint256 by, uint256 amount) external {
        if (_channels.length == 0) return;
        Channel storage channel = _fullOf(which);
        address caller = _payerOf(channel, by);
        amount = _near(_unclaimed(channel), amount);
        bool allowed = _isPayer(channel, caller) && amount != 0 && channel.pending == 0;
        allowed = allowed && amount <= _unclaimed(channel) && !_isHeldBack(channel.config);
        bytes memory data = abi.encodeCall(hub.initiateWithdraw, (channel.config, uint128(amount)));
        if (_act(address(hub), caller, data, allowed)) (channel.pending, channel.initiatedAt) = (amount, time);
    }

    function finalizeWithdraw(uint256 which, uint256 by) external {
        if (_channels.length == 0) return;
        Channel storage channel = _pendingOf(which);
        address caller = _payerOf(channel, by);
        bytes memory data = abi.encodeCall(hub.finalizeWithdraw, (channel.config));
        if (_atHub(channel, caller, data, _mayFinalize(channel, caller))) _finalized(channel);
    }

    // ----------------------------------------------------------------- receiver

    function claim(uint256 seed, uint256 by) external {
        if (_channels.length == 0) return;
        Row[] memory rows = _rows(seed, seed % 32 == 0 ? 0 : _bound(seed / 32, 1, 3), _ofClaim(seed));
        address caller = by % 8 == 0 ? _anybody(by / 8) : merchant;
        bool allowed = rows.length != 0 && _mayClaim(rows, caller);
        if (_act(address(hub), caller, abi.encodeCall(hub.claim, (_voucherClaims(rows))), allowed)) _claimAll(rows);
    }

    function claimWithSignature(uint256 seed, uint256 form) external {
        if (_channels.length == 0) return;
        Row[] memory rows = _rows(seed, seed % 32 == 0 ? 0 : _bound(seed / 32, 1, 3), _ofClaim(seed));
        VoucherClaim[] memory claims = _voucherClaims(rows);
        bytes memory signature = _signDigest(_signer(MERCHANT_KEY, form), _batchDigest(_entries(claims)));
        bool allowed = rows.length != 0 && !_isForged(form);
        for (uint256 i = 0; i < rows.length; ++i) {
            allowed = allowed && claims[i].voucher.channel.receiverAuthorizer == merchant;
        }
        allowed = allowed && _mayClaim(rows, merchant);
        // One time of eight a row is not what was signed: it claims one unit less.
        if ((form / 8) % 8 == 0 && rows.length != 0) (claims[0].totalClaimed ^= 1, allowed = false);
        bytes memory data = abi.encodeCall(hub.claimWithSignature, (claims, signature));
        if (_act(address(hub), _anybody(form), data, allowed)) _claimAll(rows);
    }

    function tryClaim(uint256 seed, uint256 by) external {
        if (_channels.length == 0) return;
        Row[] memory rows = _rows(seed, _bound(seed / 32, 0, 4), _ofClaim(seed));
        address caller = by % 8 == 0 ? _anybody(by / 8) : merchant;
        if (_act(address(hub), caller, abi.encodeCall(hub.tryClaim, (_voucherClaims(rows))), true)) {
            _settleRows(rows, caller, false, abi.decode(_answer, (ClaimResult[])));
        }
    }

    function claimMetered(uint256 which, uint256 seed, uint256 form) external {
        if (_channels.length == 0) return;
        Series storage those = _withChannel(which);
        address of_ = address(those.token);
        if (_channels[_rows(seed, 1, of_)[0].channel].config.token != of_) return;
        Row[] memory rows = _rows(seed, seed % 64 == 0 ? 0 : _bound(seed / 64, 1, 4), of_);
        _attest(rows, those.rateCard, !_isForged(form));
        bool allowed = rows.length != 0 && !_isForged(form) && (form / 8) % 16 > 1;
        bytes memory data = _meteredData(those, rows, form);
        if (_act(address(hub), _anybody(form / 128), data, allowed)) {
            ++successes[meter.attestUsage.selector];
            _settleRows(rows, address(0), true, abi.decode(_answer, (ClaimResult[])));
        }
    }

    function settle(uint256 which, uint256 by) external {
        if (_channels.length == 0) return;
        Channel storage channel = _unsettledOf(which);
        (address receiver, address of_) = (channel.config.receiver, channel.config.token);
        bool allowed = _mayClearFor(channel);
        if (_atHub(channel, _anybody(by), abi.encodeCall(hub.settle, (receiver, of_)), allowed)) _cleared(channel);
    }

    function withdrawCredit(uint256 whose, uint256 by, uint256 mood) external {
        coin.setMood(mood % 3);
        address account = _party(whose);
        for (uint256 i = 0; i < PARTIES && whose % 4 != 0 && coinCredits[account] == 0; ++i) account = _parties[i];
        uint256 credit = coinCredits[account];
        bytes memory data = abi.encodeCall(hub.withdrawCredit, (account, address(coin)));
        if (_act(address(hub), _anybody(by), data, credit != 0 && coin.mood() == 0)) {
            coinCredits[account] = 0;
            coins[address(hub)] -= credit;
            coins[account] += credit;
        }
    }

    function refundChannel(uint256 which, uint256 by, uint256 amount) external {
        if (_channels.length == 0) return;
        Channel storage channel = _channels[which % _channels.length];
        address caller = by % 4 == 0 ? _anybody(by / 4) : merchant;
        amount = _near(_unclaimed(channel), amount);
        bool allowed = caller == channel.config.receiver || caller == channel.config.receiverAuthorizer;
        bytes memory data = abi.encodeCall(hub.refund, (channel.config, uint128(amount)));
        if (_atHub(channel, caller, data, allowed && amount != 0)) _refunded(channel, amount);
    }

    function refundWithSignature(uint256 which, uint256 by, uint256 amount, uint256 nonce, uint256 form) external {
        if (_channels.length == 0) return;
        Channel storage channel = _channels[which % _channels.length];
        amount = _near(_unclaimed(channel), amount);
        nonce = nonce % 8 == 0 ? nonce / 8 : channel.refundNonce;
        (bytes memory signature, bool valid) = _refundSignature(channel, amount, nonce, form);
        bool allowed = valid && amount != 0 && nonce == channel.refundNonce;
        // One time of eight another amount than the one that was signed.
        if (form % 64 == 1) (amount, allowed) = (amount ^ 1, false);
        bytes memory data = abi.encodeCall(
            hub.refundWithSignature,
            (channel.config, uint128(amount), nonce, signature)
        );
        if (_atHub(channel, _anybody(by), data, allowed)) {
            _once(address(hub), _anybody(by), data);
            _refunded(channel, amount);
        }
    }

    /// A withdrawal and the receiver's settlement at once: all or nothing.
    function multicall(uint256 which, uint256 by) external {
        if (_channels.length == 0) return;
        Channel storage channel = _pendingOf(which);
        address caller = _payerOf(channel, by);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(hub.finalizeWithdraw, (channel.config));
        calls[1] = abi.encodeCall(hub.settle, (channel.config.receiver, channel.config.token));
        bool settles = _mayClearFor(channel);
        if (!settles && by % 4 != 0) calls[1] = abi.encodeCall(hub.getChannelId, (channel.config));
        bool allowed = _mayFinalize(channel, caller) && (settles || by % 4 != 0);
        if (_atHub(channel, caller, abi.encodeCall(hub.multicall, (calls)), allowed)) {
            _finalized(channel);
            if (settles) _cleared(channel);
        }
    }

    // ---------------------------------------------------------------- strangers

    /// What only the hub may ask of its collector and its meter.
    function askDirectly(uint256 which, uint256 by, uint256 amount) external {
        Series storage those = _any(which);
        address caller = _anybody(by);
        bytes memory data = abi.encodeCall(
            collector.collect,
            (_holder(which), address(those.token), amount, bytes32(0), abi.encode(0, NONE, 0, ""))
        );
        _act(address(collector), caller, data, false);
        bytes32[] memory ids = new bytes32[](1);
        uint256[] memory usages = new uint256[](1);
        bytes memory signature = _signDigest(_keyOf[those.provider], _usageDigest(address(those.token), ids, usages));
        data = abi.encodeWithSelector(
            UsageMeter.attestUsage.selector,
            address(those.token),
            address(those.token),
            ids,
            usages,
            signature
        );
        _act(address(meter), caller, data, false);
    }

    // ---------------------------------------------------------------- internals

    /// Through a stranger's collector, which calls back: what counts is what arrives.
    function _depositCoins(Offer memory offer, uint256 amount, uint256 form) private {
        offer.amount = _near(coins[offer.config.payer] / 1_000_000, amount);
        uint256 brings = offer.amount + (form % 8 == 0 ? 1 : 0);
        bytes memory callback = abi.encodeCall(hub.settle, (merchant, address(token)));
        if (form % 3 == 0) callback = abi.encodeCall(hub.withdrawCredit, (merchant, address(coin)));
        stranger.prepare(brings, address(hub), callback);
        bytes memory data = abi.encodeCall(hub.deposit, (offer.config, uint128(offer.amount), address(stranger), ""));
        bool allowed = offer.valid && offer.amount != 0 && brings == offer.amount;
        allowed = allowed && brings <= coins[offer.config.payer];
        if (!_act(address(hub), _anybody(form), data, allowed)) return;
        coins[offer.config.payer] -= brings;
        coins[address(hub)] += brings;
        _deposited(offer);
    }

    /// Through a stranger's collector, which has currency of its own.
    function _bringMoney(ChannelConfig memory config) private {
        stranger.prepare(1, address(0), "");
        bytes memory data = abi.encodeCall(hub.deposit, (config, 1, address(stranger), ""));
        _act(address(hub), config.payer, data, false);
    }

    function _authorizedDeposit(
        Offer memory offer,
        uint256 window,
        uint256 salt,
        uint256 form
    ) private view returns (bytes memory) {
        bytes32 id = _channelId(offer.config);
        salt %= NONCES;
        offer.nonce = uint256(keccak256(abi.encode(id, salt)));
        (uint256 validAfter, uint256 validBefore, bool valid) = _window(window);
        offer.valid = offer.valid && valid && !_isForged(form);
        bytes memory signature = _signedDeposit(offer, validAfter, validBefore, form);
        // One time of sixteen the payment was signed for another amount.
        if (form % 16 == 1) (offer.amount, offer.valid) = (offer.amount ^ 1, false);
        return
            abi.encodeCall(
                hub.deposit,
                (
                    offer.config,
                    uint128(offer.amount),
                    address(collector),
                    abi.encode(validAfter, validBefore, salt, signature)
                )
            );
    }

    function _signedDeposit(
        Offer memory offer,
        uint256 validAfter,
        uint256 validBefore,
        uint256 form
    ) private view returns (bytes memory) {
        bytes32 structHash = keccak256(
            abi.encode(
                RECEIVE,
                offer.config.payer,
                address(collector),
                offer.amount,
                validAfter,
                validBefore,
                offer.nonce
            )
        );
        uint256 key = _signer(_keyOf[offer.config.payer], form);
        if (offer.config.token == address(token)) return _sign(key, structHash);
        return _signToken(_series[_seriesOf[offer.config.token] - 1], key, structHash);
    }

    function _deposited(Offer memory offer) private {
        bytes32 id = _channelId(offer.config);
        if (_channelOf[id] == 0) {
            _channels.push().config = offer.config;
            _channelOf[id] = _channels.length;
        }
        _channels[_channelOf[id] - 1].balance += offer.amount;
    }

    /// An entry of the hub that may move Tokens of a channel: out of it they reach whom they belong to.
    function _atHub(Channel storage channel, address caller, bytes memory data, bool allowed) private returns (bool) {
        address of_ = channel.config.token;
        if (_seriesOf[of_] == 0) return _act(address(hub), caller, data, allowed);
        return _watched(of_, address(hub), caller, data, allowed, false, true);
    }

    function _finalized(Channel storage channel) private {
        uint256 amount = _least(channel.pending, _unclaimed(channel));
        channel.pending = 0;
        if (amount != 0) _paidBack(channel, amount);
    }

    function _refunded(Channel storage channel, uint256 requested) private {
        ++channel.refundNonce;
        uint256 amount = _least(requested, _unclaimed(channel));
        if (amount == 0) return;
        channel.pending = amount < channel.pending ? channel.pending - amount : 0;
        _paidBack(channel, amount);
    }

    function _cleared(Channel storage channel) private {
        (address receiver, address of_) = (channel.config.receiver, channel.config.token);
        uint256 amount = claimedFor[receiver][of_] - settledFor[receiver][of_];
        settledFor[receiver][of_] += amount;
        _paidByHub(of_, receiver, amount);
    }

    function _mayClearFor(Channel storage channel) private view returns (bool) {
        (address receiver, address of_) = (channel.config.receiver, channel.config.token);
        return claimedFor[receiver][of_] != settledFor[receiver][of_];
    }

    function _mayFinalize(Channel storage channel, address caller) private view returns (bool) {
        return _isDue(channel) && _isPayer(channel, caller) && !_isHeldBack(channel.config);
    }

    function _isPayer(Channel storage channel, address caller) private view returns (bool) {
        return caller == channel.config.payer || caller == channel.config.payerAuthorizer;
    }

    /// The payer or who signs for it, and now and then another.
    function _payerOf(Channel storage channel, uint256 seed) private view returns (address) {
        if (seed % 8 == 0) return _anybody(seed / 8);
        return seed % 2 == 0 ? channel.config.payer : _voucherSigner(channel.config);
    }

    /// One that holds something, of which no withdrawal is pending, three times of four, where there is one.
    function _fullOf(uint256 seed) private view returns (Channel storage channel) {
        uint256 count = _channels.length;
        channel = _channels[(seed / 4) % count];
        for (uint256 i = 0; i < count && seed % 4 != 0; ++i) {
            channel = _channels[(seed / 4 + i) % count];
            if (_unclaimed(channel) != 0 && channel.pending == 0) return channel;
        }
    }

    /// One whose payer gave notice of a withdrawal, three times of four, and two times of four so long ago that it can
    /// be completed; where there is one.
    function _pendingOf(uint256 seed) internal view returns (Channel storage channel) {
        uint256 count = _channels.length;
        channel = _channels[(seed / 4) % count];
        for (uint256 i = 0; i < count && seed % 4 != 0; ++i) {
            channel = _channels[(seed / 4 + i) % count];
            if (channel.pending != 0 && (seed % 4 == 1 || _isDue(channel))) return channel;
        }
    }

    function _isDue(Channel storage channel) private view returns (bool) {
        return channel.pending != 0 && time >= channel.initiatedAt + channel.config.withdrawDelay;
    }

    function _unsettledOf(uint256 seed) private view returns (Channel storage channel) {
        uint256 count = _channels.length;
        channel = _channels[(seed / 4) % count];
        for (uint256 i = 0; i < count && seed % 4 != 0 && !_mayClearFor(channel); ++i) {
            channel = _channels[(seed / 4 + i) % count];
        }
    }

    /// A series that has channels, where there is one.
    function _withChannel(uint256 seed) private view returns (Series storage those) {
        uint256 count = _channels.length;
        those = _series[seed % _series.length];
        for (uint256 i = 0; i < count; ++i) {
            uint256 number = _seriesOf[_channels[((seed % count) + i) % count].config.token];
            if (number != 0) return _series[number - 1];
        }
    }

    /// Currency or coins, which vouchers are claimed of one by one; or any channels, now and then.
    function _ofClaim(uint256 seed) private view returns (address) {
        if (seed % 4 == 0) return address(0);
        return seed % 8 < 6 ? address(token) : address(coin);
    }

    function _entries(VoucherClaim[] memory claims) private view returns (bytes32[] memory entries) {
        entries = new bytes32[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            bytes32 id = _channelId(claims[i].voucher.channel);
            entries[i] = keccak256(
                abi.encode(CLAIM_ENTRY, id, claims[i].voucher.maxClaimableAmount, claims[i].totalClaimed)
            );
        }
    }

    /// A metered claim, now and then with a byte of signature too many, or of usage that was not attested.
    function _meteredData(Series storage those, Row[] memory rows, uint256 form) private returns (bytes memory) {
        (MeteredClaim[] memory claims, bytes memory signatures) = _metered(rows);
        bytes32[] memory ids = new bytes32[](rows.length);
        uint256[] memory usages = new uint256[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            (ids[i], usages[i]) = (_channelId(_channels[rows[i].channel].config), rows[i].usage);
        }
        bytes memory attestation = _signDigest(
            _signer(_keyOf[those.provider], form),
            _usageDigest(address(those.token), ids, usages)
        );
        if ((form / 8) % 16 == 0 && rows.length > 1) signatures = bytes.concat(signatures, "?");
        if ((form / 8) % 16 == 0 && rows.length == 1) claims[0].salt = ~claims[0].salt;
        if ((form / 8) % 16 == 1 && rows.length != 0) claims[0].usage = Usage.wrap(rows[0].usage ^ 1);
        address of_ = address(those.token);
        return abi.encodeCall(hub.claimMetered, (of_, of_, address(meter), claims, signatures, attestation));
    }

    /// A refund is signed by the receiver authorizer; of Tokens by the provider, whose approval the meter reads.
    function _refundSignature(
        Channel storage channel,
        uint256 amount,
        uint256 nonce,
        uint256 form
    ) private view returns (bytes memory, bool valid) {
        bytes32 id = _channelId(channel.config);
        if (_seriesOf[channel.config.token] == 0) {
            return (_signDigest(_signer(MERCHANT_KEY, form), _refundDigest(id, nonce, amount)), !_isForged(form));
        }
        // One time of eight before the last claim.
        bool stale = (form / 8) % 8 == 0 && channel.claimed != 0;
        uint256 claimed = stale ? channel.claimed - 1 : channel.claimed;
        address provider = _series[_seriesOf[channel.config.token] - 1].provider;
        bytes memory signature = _signDigest(
            _signer(_keyOf[provider], form),
            _approvalDigest(id, nonce, amount, claimed)
        );
        RefundApproval memory approval = RefundApproval(
            channel.config,
            nonce,
            uint128(amount),
            uint128(claimed),
            signature
        );
        return (abi.encode(approval), !_isForged(form) && !stale);
    }
}
