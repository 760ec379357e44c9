// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeToken} from "../../contracts/compute/ComputeToken.sol";
import {IComputeMarket} from "../../contracts/compute/IComputeMarket.sol";
import {RateCard} from "../../contracts/compute/RateCard.sol";
import {SeriesTerms} from "../../contracts/compute/Series.sol";
import {ComputeCalls} from "./ComputeCalls.sol";
import {OwnPurchases} from "./ComputeCast.sol";

/// @title ComputeMarketMoves
/// @notice Whatever providers, attesters and halters can do at the market, one function a move.
abstract contract ComputeMarketMoves is ComputeCalls {
    bytes32 private constant GROUND = "ground";

    OwnPurchases private immutable _policy = new OwnPurchases();
    /// Whether series that open now have the policy.
    bool private _hasPolicy;
    /// Whether providers of jurisdiction 0, of which all are, may open series with it.
    bool private _isAdmitted;

    function registerCompute(uint256 whose, uint256 units, uint256 period, uint256 form, uint256 salt) external {
        _register(_attestation(whose, units, period, salt), form);
    }

    function stake(uint256 whose, uint256 amount) external {
        address provider = _provider(whose);
        _stake(provider, _near(_least(token.balanceOf(provider), EACH / 10), amount));
    }

    function withdrawStake(uint256 whose, uint256 amount) external {
        address provider = whose % 8 == 0 ? _anybody(whose / 8) : _provider(whose);
        amount = _near(freeStake[provider] / (1 + (whose % 3)), amount);
        bool allowed = amount != 0 && amount <= freeStake[provider];
        if (_act(address(market), provider, abi.encodeCall(market.withdrawStake, (amount)), allowed)) {
            freeStake[provider] -= amount;
            _paid(address(market), provider, amount);
        }
    }

    function openSeries(uint256 which, uint256 whose, uint256 size, uint256 terms, uint256 until) external {
        if (_countOpen() == MOST_OPEN) return;
        // The later half of what was registered: the earlier is allocated, or has ended.
        Compute storage found = _computes[_bound(which, _computes.length / 2, _computes.length - 1)];
        address caller = whose % 8 == 0 ? _provider(whose / 16) : found.provider;
        SeriesTerms memory stated = _terms(found, size, terms, until);
        if (whose % 16 == 0) stated.provider = caller;
        if (whose % 8 == 1) stated.provider = _provider(whose / 16);
        _open(found, caller, stated);
    }

    function releaseStake(uint256 which, uint256 by) external {
        Series storage those = _series[which % _series.length];
        for (uint256 i = 0; i < _series.length && which % 4 != 0 && those.locked == 0; ++i) those = _series[i];
        bool allowed = time >= those.expiry && those.locked != 0;
        bytes memory data = abi.encodeCall(market.releaseStake, (address(those.token)));
        if (_act(address(market), _anybody(by), data, allowed)) {
            freeStake[those.provider] += those.locked;
            those.locked = 0;
        }
    }

    /// A halt at the market, by whom the terms name or by another.
    function halt(uint256 which, uint256 by, uint256 evidence) external {
        Series storage those = _any(which);
        address caller = by % 4 == 0 ? halter : _anybody(by / 4);
        bytes32 shown = evidence % 8 == 0 ? bytes32(0) : bytes32(evidence);
        bool allowed = caller == those.halter && shown != 0 && _isOpen(those);
        address of_ = address(those.token);
        if (!_act(address(market), caller, abi.encodeCall(market.halt, (of_, shown)), allowed)) return;
        ++successes[ComputeToken.halt.selector];
        uint256 owed = (_outstanding(those) - held[of_][of_]) * those.unitPrice * those.compensationBps;
        uint256 compensation = (owed + PRICE_BASIS * BPS - 1) / (PRICE_BASIS * BPS);
        those.haltedAt = time;
        freeStake[those.provider] += those.locked - compensation;
        those.locked = 0;
        _paid(address(market), of_, compensation);
    }

    /// The administrator offers the market a role again; only the settlement registrar has it accept.
    function acceptRole(uint256 by) external {
        bool offered = by % 2 == 0;
        if (offered) access.grantRole(SETTLEMENT_REGISTRAR, address(market), 0);
        (offered, ) = access.roleOffer(SETTLEMENT_REGISTRAR, address(market));
        address caller = by % 8 < 2 ? _anybody(by / 8) : settlementRegistrar;
        bytes memory data = abi.encodeCall(market.acceptRole, (SETTLEMENT_REGISTRAR));
        _act(address(market), caller, data, offered && caller == settlementRegistrar);
    }

    /// Series that open from now on have a policy, or none; what has no code is none.
    function setPurchasePolicy(uint256 by, uint256 which) external {
        address caller = by % 8 == 0 ? _anybody(by / 8) : centralBank;
        address[4] memory policies = [address(_policy), address(_policy), merchant, address(0)];
        address given = policies[which % 4];
        bool allowed = caller == centralBank && given != merchant;
        bytes memory data = abi.encodeCall(market.setPurchasePolicy, (given));
        if (_act(address(market), caller, data, allowed)) _hasPolicy = given != address(0);
    }

    function setProviderJurisdiction(uint256 by, uint256 which, uint256 admitted) external {
        address caller = by % 8 == 0 ? _anybody(by / 8) : centralBank;
        uint256 jurisdiction = which % 4 == 0 ? 344 : 0;
        bytes memory data = abi.encodeCall(market.setProviderJurisdiction, (jurisdiction, admitted % 2 == 0));
        bool done = _act(address(market), caller, data, caller == centralBank);
        if (done && jurisdiction == 0) _isAdmitted = admitted % 2 == 0;
    }

    // ---------------------------------------------------------------- internals

    function _register(IComputeMarket.ComputeAttestation memory attestation, uint256 form) internal {
        bytes32 id = _computeId(attestation);
        bool known = false;
        for (uint256 i = 0; i < _computes.length; ++i) known = known || _computes[i].id == id;
        uint256 delivers = uint256(attestation.units) * attestation.tokensPerUnitSecond;
        bool valid = attestation.provider != address(0) && attestation.validFrom < attestation.validBefore;
        valid = valid && delivers != 0 && !known && !_isForged(form) && form % 16 != 1;
        address signer = form % 16 == 1 ? thief : attester;
        bytes memory signature = _signDigest(form % 16 == 1 ? THIEF_KEY : _signer(ATTESTER_KEY, form), id);
        bytes memory data = abi.encodeCall(market.registerCompute, (attestation, signer, signature));
        if (_act(address(market), _anybody(form), data, valid)) {
            _once(address(market), _anybody(form), data);
            delivers *= attestation.validBefore - attestation.validFrom;
            _computes.push(Compute(id, attestation.provider, delivers, 0, attestation.validBefore));
        }
    }

    function _stake(address provider, uint256 amount) internal {
        bool mayTake = token.allowance(provider, address(market)) >= amount;
        bool allowed = amount != 0 && mayTake && _canPay(provider, amount);
        if (_act(address(market), provider, abi.encodeCall(market.stake, (amount)), allowed)) {
            freeStake[provider] += amount;
            _paid(provider, address(market), amount);
        }
    }

    function _open(Compute storage found, address caller, SeriesTerms memory stated) internal {
        uint256 locked = uint256(stated.capacity) * stated.unitPrice * stated.compensationBps;
        locked = (locked + PRICE_BASIS * BPS - 1) / (PRICE_BASIS * BPS);
        bool allowed = caller == stated.provider && caller == found.provider && stated.expiry <= found.validBefore;
        allowed = allowed && stated.capacity <= found.capacity - found.allocated && locked <= freeStake[caller];
        allowed = allowed && _isValid(stated) && !_frozenOutgoing[caller] && (!_hasPolicy || _isAdmitted);
        bytes memory data = abi.encodeCall(market.openSeries, (stated, found.id));
        if (!_act(address(market), caller, data, allowed)) return;
        address opened = abi.decode(_answer, (address));
        found.allocated += stated.capacity;
        freeStake[caller] -= locked;
        Series storage those = _series.push();
        _seriesOf[opened] = _series.length;
        those.token = ComputeToken(opened);
        (those.provider, those.halter, those.computeId) = (caller, stated.halter, found.id);
        (those.unitPrice, those.capacity, those.expiry) = (stated.unitPrice, stated.capacity, stated.expiry);
        (those.compensationBps, those.rateCard) = (stated.compensationBps, RateCard.unwrap(stated.rateCard));
        (those.locked, those.hasPolicy) = (locked, _hasPolicy);
    }

    function _countOpen() private view returns (uint256 count) {
        for (uint256 i = 0; i < _series.length; ++i) if (_isOpen(_series[i])) ++count;
    }

    function _isValid(SeriesTerms memory stated) private view returns (bool) {
        bool priced = stated.unitPrice != 0 && stated.capacity != 0 && RateCard.unwrap(stated.rateCard) < 1 << 192;
        bool halted = (stated.halter == address(0)) == (stated.haltGround == 0);
        return priced && halted && stated.expiry > time && stated.compensationBps <= BPS;
    }

    function _attestation(
        uint256 whose,
        uint256 units,
        uint256 period,
        uint256 salt
    ) internal view returns (IComputeMarket.ComputeAttestation memory attestation) {
        attestation.provider = whose % 32 == 0 ? address(0) : _provider(whose);
        attestation.accelerator = "Ascend 910C";
        attestation.units = uint64(_bound(units / 16, units % 16 == 0 ? 0 : 1, 4));
        attestation.tokensPerUnitSecond = uint64(_bound(units / 64, units % 16 == 1 ? 0 : 1, 50));
        attestation.validFrom = uint64(time + _bound(period, 0, 1 days));
        attestation.validBefore = uint64(time + _bound(period / 2, period % 16 == 0 ? 0 : 1 days, 90 days));
        attestation.salt = bytes32(salt % 64);
    }

    function _terms(
        Compute storage found,
        uint256 size,
        uint256 terms,
        uint256 until
    ) internal view returns (SeriesTerms memory stated) {
        uint64[6] memory prices = [uint64(150_000), 1, 999_983, 7_000_001, 1_000_000_000, 0];
        stated.name = "Tokens of a series";
        stated.symbol = "TKN";
        stated.provider = found.provider;
        stated.serviceClass = "inference";
        stated.unitPrice = prices[terms % 32 == 0 ? 5 : terms % 5];
        uint256 available = found.capacity - found.allocated;
        stated.capacity = uint96(size % 8 == 0 ? available + 1 : _near(_least(available, 2_000_000), size / 8));
        stated.expiry = uint40(until % 16 == 0 ? time : time + _bound(until / 16, 1 hours, 30 days));
        if (until % 8 == 1) stated.expiry = uint40(found.validBefore + ((until / 16) % 2));
        stated.rateCard = RateCard.wrap(_card(terms));
        stated.compensationBps = uint16(_bound(terms / 32, 0, 4) * 2_500);
        if ((terms / 256) % 8 != 0) (stated.halter, stated.haltGround) = (halter, GROUND);
        if ((terms / 256) % 64 == 1) stated.haltGround = 0;
        if ((terms / 256) % 64 == 2) stated.compensationBps = uint16(BPS + 1);
    }

    /// Small rates, now and then none, or the highest; or a card with a bit too high.
    function _card(uint256 seed) private pure returns (uint256 card) {
        for (uint256 lane = 0; lane < 6; ++lane) {
            uint256 rate = _mix(seed, lane) % 16;
            card |= (rate == 15 ? type(uint32).max : rate) << (32 * lane);
        }
        if (seed % 32 == 1) card |= 1 << 192;
    }
}
