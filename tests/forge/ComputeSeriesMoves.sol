// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeToken} from "../../contracts/compute/ComputeToken.sol";
import {ComputeMarketMoves} from "./ComputeMarketMoves.sol";
import {VM} from "./Vm.sol";

/// @title ComputeSeriesMoves
/// @notice Whatever buyers, holders and providers can do to a series, one function a move.
abstract contract ComputeSeriesMoves is ComputeMarketMoves {
    /// An allowance of Tokens that was given.
    struct Grant {
        ComputeToken of_;
        address owner;
        address spender;
    }

    /// A purchase that is authorized by a signature.
    struct Order {
        address payer;
        address beneficiary;
        uint256 tokens;
        uint256 value;
        uint256 leastTokens;
        uint256 deadline;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
        /// Whether all but the sale itself is in order.
        bool valid;
    }

    /// A movement of Tokens that is authorized by a signature.
    struct Passing {
        ComputeToken of_;
        address from;
        address to;
        uint256 tokens;
        uint256 validAfter;
        uint256 validBefore;
        uint256 nonce;
        bool valid;
    }

    uint256 internal constant NONCES = 600;
    string internal constant PASSING = "(address,address,uint256,uint256,uint256,bytes32";

    Grant[] private _grants;

    // -------------------------------------------------------------------- buyer

    function purchase(uint256 which, uint256 by, uint256 to, uint256 amount, uint256 until, uint256 grant) external {
        Series storage those = _any(which);
        (address payer, address beneficiary) = (_holder(by), to % 4 == 0 ? _payee(those, to / 4) : _holder(by));
        uint256 tokens = _wanted(those, amount);
        uint256 price = _priceUp(those, tokens);
        if (grant % 8 != 0) _approve(payer, address(those.token), price);
        (uint256 deadline, bool allowed) = _deadline(until);
        allowed = allowed && _maySell(those, payer, beneficiary, tokens) && _canPay(payer, price);
        allowed = allowed && token.allowance(payer, address(those.token)) >= price;
        bytes memory data = abi.encodeCall(those.token.purchase, (beneficiary, tokens, deadline));
        if (_bought(those, payer, data, allowed, payer == beneficiary)) _sold(those, payer, beneficiary, tokens, price);
    }

    function purchaseWithPermit(uint256 which, uint256 by, uint256 amount, uint256 until, uint256 form) external {
        Series storage those = _any(which);
        address payer = _holder(by);
        uint256 tokens = _wanted(those, amount);
        uint256 price = _priceUp(those, tokens);
        (uint256 deadline, bool allowed) = _deadline(until);
        allowed = allowed && _maySell(those, payer, payer, tokens) && _canPay(payer, price);
        bytes memory data;
        {
            uint256 given =
                form % 9 == 8 && price != 0
                    ? price - 1
                    : form % 3 == 0
                        ? NONE
                        : price;
            uint256 permitDeadline = time - ((form / 64) % 8 == 0 ? 1 : 0);
            bytes32 structHash = keccak256(
                abi.encode(PERMIT, payer, address(those.token), given, token.nonces(payer), permitDeadline)
            );
            bytes memory signature = _sign(_signer(_keyOf[payer], form), structHash);
            data = abi.encodeCall(
                those.token.purchaseWithPermit,
                (payer, tokens, deadline, given, permitDeadline, signature)
            );
            if (_isForged(form) || permitDeadline < time) given = token.allowance(payer, address(those.token));
            allowed = allowed && given >= price;
        }
        if (_bought(those, payer, data, allowed, true)) _sold(those, payer, payer, tokens, price);
    }

    function purchaseWithAuthorization(
        uint256 which,
        uint256 by,
        uint256 amount,
        uint256 window,
        uint256 terms,
        uint256 form
    ) external {
        Series storage those = _any(which);
        Order memory order = _order(those, by, amount, window, form);
        order.beneficiary = terms % 4 == 0 ? _payee(those, terms / 4) : order.payer;
        bool inTime;
        (order.deadline, inTime) = _deadline(terms / 64);
        order.leastTokens = order.tokens + ((terms / 1024) % 8 == 0 ? 1 : 0);
        order.nonce = _purchaseNonce(
            address(those.token),
            order.beneficiary,
            order.leastTokens,
            order.deadline,
            uint64(uint256(order.nonce))
        );
        bytes memory signature = _signedOrder(those, RECEIVE, order, form);
        order.valid = order.valid && inTime && order.leastTokens <= order.tokens;
        if ((terms / 8192) % 8 == 0) (order.beneficiary, order.valid) = (thief, false);
        if ((terms / 8192) % 8 == 1) (order.leastTokens, order.valid) = (order.leastTokens ^ 1, false);
        if ((terms / 8192) % 8 == 2) (order.deadline, order.valid) = (order.deadline + 1, false);
        _fill(those, order, _encoded(those, order, signature), _anybody(form));
    }

    function purchaseWithTransferAuthorization(
        uint256 which,
        uint256 by,
        uint256 amount,
        uint256 window,
        uint256 form
    ) external {
        Series storage those = _any(which);
        Order memory order = _order(those, by, amount, window, form);
        order.beneficiary = order.payer;
        bytes memory signature = _signedOrder(those, TRANSFER, order, form);
        bytes memory data = abi.encodeCall(
            those.token.purchaseWithTransferAuthorization,
            (order.payer, order.value, order.validAfter, order.validBefore, order.nonce, signature)
        );
        // Whoever would take the payment alone, without the Tokens, is refused.
        address stripper = _anybody(form / 8);
        _act(address(token), stripper, _stripped(those, order, signature, form), false);
        _fill(those, order, data, _anybody(form));
    }

    // ------------------------------------------------------------------- holder

    function consume(uint256 which, uint256 by, uint256 amount) external {
        Series storage those = _any(which);
        (address holder, address of_) = (_anyHolder(those, by), address(those.token));
        uint256 tokens = _near(held[of_][holder] / (1 + (by % 8)), amount);
        bool allowed = tokens != 0 && tokens <= held[of_][holder] && _isOpen(those) && !_frozenOutgoing[holder];
        bytes memory data = abi.encodeCall(those.token.consume, (tokens));
        if (_watched(of_, of_, holder, data, allowed, false, false)) _moved(of_, holder, of_, tokens);
    }

    function refund(uint256 which, uint256 by, uint256 amount) external {
        Series storage those = _ended(which);
        (address holder, address of_) = (_anyHolder(those, by), address(those.token));
        uint256 tokens = _near(held[of_][holder], amount);
        bool allowed = tokens != 0 && tokens <= held[of_][holder] && !_isOpen(those);
        bytes memory data = abi.encodeCall(those.token.refund, (tokens));
        if (!_watched(of_, of_, holder, data, allowed, true, false)) return;
        uint256 compensation = those.haltedAt == 0 ? 0 : tokens * those.unitPrice * those.compensationBps;
        held[of_][holder] -= tokens;
        those.refunded += tokens;
        _paid(of_, holder, _backing(those, tokens) + compensation / (PRICE_BASIS * BPS));
    }

    function transfer(uint256 which, uint256 by, uint256 to, uint256 amount) external {
        Series storage those = _any(which);
        (address from, address payee) = (_anyHolder(those, by), _payee(those, to));
        address of_ = address(those.token);
        uint256 tokens = _near(held[of_][from], amount);
        bytes memory data = abi.encodeCall(those.token.transfer, (payee, tokens));
        bool allowed = _mayMove(those, from, payee, tokens);
        if (_watched(of_, of_, from, data, allowed, false, false)) _moved(of_, from, payee, tokens);
    }

    function approve(uint256 which, uint256 by, uint256 to, uint256 amount) external {
        Series storage those = _any(which);
        (address owner, address spender) = (_anyHolder(those, by), to % 16 == 0 ? address(0) : _party(to / 16));
        amount = amount % 4 == 0 ? NONE : _near(held[address(those.token)][owner], amount / 4);
        bytes memory data = abi.encodeCall(those.token.approve, (spender, amount));
        if (_act(address(those.token), owner, data, spender != address(0))) {
            _grants.push(Grant(those.token, owner, spender));
        }
    }

    function permit(uint256 which, uint256 by, uint256 to, uint256 amount, uint256 until, uint256 form) external {
        Series storage those = _any(which);
        (address owner, address spender) = (_anyHolder(those, by), _party(to));
        uint256 deadline = time - 1 + (until % 4);
        bytes memory words = abi.encode(owner, spender, _near(held[address(those.token)][owner], amount), deadline);
        bytes memory data;
        {
            (, , uint256 value, ) = abi.decode(words, (address, address, uint256, uint256));
            bytes32 structHash = keccak256(
                abi.encode(PERMIT, owner, spender, value, those.token.nonces(owner), deadline)
            );
            bytes memory signature = _signToken(those, _signer(_keyOf[owner], form), structHash);
            data = _withSignature("permit(address,address,uint256,uint256", words, signature, form);
        }
        if (_act(address(those.token), _anybody(form), data, !_isForged(form) && deadline >= time)) {
            _once(address(those.token), _anybody(form), data);
            _grants.push(Grant(those.token, owner, spender));
        }
    }

    function transferFrom(uint256 which, uint256 to, uint256 amount) external {
        if (_grants.length == 0) return;
        Grant memory grant = _grants[which % _grants.length];
        // Nobody allowed the thief anything.
        if (which % 16 == 0) grant.spender = thief;
        Series storage those = _series[_seriesOf[address(grant.of_)] - 1];
        (address payee, address of_) = (_payee(those, to), address(grant.of_));
        uint256 granted = grant.of_.allowance(grant.owner, grant.spender);
        uint256 tokens = _near(_least(granted, held[of_][grant.owner]), amount);
        bytes memory data = abi.encodeCall(grant.of_.transferFrom, (grant.owner, payee, tokens));
        bool allowed = tokens <= granted && _mayMove(those, grant.owner, payee, tokens);
        if (_watched(of_, of_, grant.spender, data, allowed, false, false)) {
            _moved(of_, grant.owner, payee, tokens);
        }
    }

    function transferWithAuthorization(
        uint256 which,
        uint256 by,
        uint256 to,
        uint256 amount,
        uint256 window,
        uint256 form
    ) external {
        Passing memory passing = _passing(which, by, to, amount, window, form);
        _pass("transferWithAuthorization", TRANSFER, passing, _anybody(form / 8), form);
    }

    function receiveWithAuthorization(
        uint256 which,
        uint256 by,
        uint256 to,
        uint256 amount,
        uint256 window,
        uint256 form
    ) external {
        Passing memory passing = _passing(which, by, to, amount, window, form);
        // A collector calls for the hub alone.
        bool byOther = form % 5 == 0 || passing.to == address(collector);
        address caller = byOther ? _anybody(form / 8) : passing.to;
        passing.valid = passing.valid && caller == passing.to;
        _pass("receiveWithAuthorization", RECEIVE, passing, caller, form);
    }

    function cancelAuthorization(uint256 which, uint256 by, uint256 nonce, uint256 form) external {
        Series storage those = _any(which);
        (address authorizer, address of_) = (_holder(by), address(those.token));
        nonce %= NONCES;
        bytes memory words = abi.encode(authorizer, nonce);
        bytes memory signature = _signToken(
            those,
            _signer(_keyOf[authorizer], form),
            keccak256(bytes.concat(CANCEL, words))
        );
        bytes memory data = _withSignature("cancelAuthorization(address,bytes32", words, signature, form);
        bool allowed = !_isForged(form) && _isFresh(of_, authorizer, nonce);
        if (_act(of_, _anybody(form), data, allowed)) {
            _once(of_, _anybody(form), data);
            _spend(of_, authorizer, nonce);
        }
    }

    // ----------------------------------------------------------------- provider

    function redeem(uint256 which, uint256 by, uint256 amount) external {
        Series storage those = _series[which % _series.length];
        address of_ = address(those.token);
        for (uint256 i = 0; i < _series.length && which % 4 != 0 && held[of_][of_] == 0; ++i) {
            those = _series[i];
            of_ = address(those.token);
        }
        address caller = by % 8 == 0 ? _anybody(by / 8) : those.provider;
        uint256 tokens = _near(held[of_][of_], amount);
        bool allowed = tokens != 0 && caller == those.provider && tokens <= held[of_][of_];
        if (_watched(of_, of_, caller, abi.encodeCall(those.token.redeem, (tokens)), allowed, false, false)) {
            held[of_][of_] -= tokens;
            those.redeemed += tokens;
            _paid(of_, those.provider, _backing(those, tokens));
        }
    }

    function sweep(uint256 which, uint256 by) external {
        Series storage those = _ended(which);
        address caller = by % 8 == 0 ? _anybody(by / 8) : those.provider;
        bool allowed = caller == those.provider && !_isOpen(those);
        address of_ = address(those.token);
        if (_act(of_, caller, abi.encodeCall(those.token.sweep, ()), allowed)) {
            donated[of_] = 0;
            _paid(of_, those.provider, cash[of_] - _owed(those));
        }
    }

    /// A halt past the market.
    function haltDirectly(uint256 which, uint256 by) external {
        Series storage those = _any(which);
        address caller = by % 4 == 0 ? halter : _anybody(by / 4);
        _act(address(those.token), caller, abi.encodeCall(those.token.halt, ()), false);
    }

    // ---------------------------------------------------------------- internals

    /// @param own Whether the payer gets what it buys, which it may though it is frozen incoming.
    function _bought(
        Series storage those,
        address caller,
        bytes memory data,
        bool allowed,
        bool own
    ) internal returns (bool) {
        return _watched(address(those.token), address(those.token), caller, data, allowed, false, own);
    }

    function _fill(Series storage those, Order memory order, bytes memory data, address caller) private {
        bool fresh = _isFresh(address(token), order.payer, uint256(order.nonce));
        bool allowed = order.valid && fresh && _canPay(order.payer, order.value);
        allowed = allowed && _maySell(those, order.payer, order.beneficiary, order.tokens);
        if (!_bought(those, caller, data, allowed, order.payer == order.beneficiary)) return;
        _once(address(those.token), caller, data);
        _spend(address(token), order.payer, uint256(order.nonce));
        _sold(those, order.payer, order.beneficiary, order.tokens, order.value);
    }

    function _wanted(Series storage those, uint256 seed) internal view returns (uint256) {
        uint256 left = those.capacity - those.sold;
        return _near(seed % 64 < 8 ? left : _least(left, 50_000), seed / 64);
    }

    function _deadline(uint256 seed) private view returns (uint256 deadline, bool inTime) {
        return (time + (seed % 8), seed % 8 != 0);
    }

    function _approve(address owner, address spender, uint256 amount) internal {
        VM.prank(owner);
        token.approve(spender, amount);
    }

    /// A series that has ended, three times of four, where there is one.
    function _ended(uint256 seed) private view returns (Series storage those) {
        uint256 count = _series.length;
        uint256 first = (seed / 4) % count;
        those = _series[first];
        for (uint256 i = 0; i < count && seed % 4 != 0 && _isOpen(those); ++i) those = _series[(first + i) % count];
    }

    /// What a payer signs, with a price that one time of eight is not that of any number of Tokens, or of another.
    function _order(
        Series storage those,
        uint256 by,
        uint256 amount,
        uint256 window,
        uint256 form
    ) private view returns (Order memory order) {
        order.payer = _holder(by);
        order.value = _priceUp(those, _wanted(those, amount)) + ((form / 16) % 8 == 0 ? 1 : 0);
        // Where a unit buys many, the most that it buys.
        order.tokens = (order.value * PRICE_BASIS) / those.unitPrice;
        (order.validAfter, order.validBefore, order.valid) = _window(window);
        order.nonce = bytes32((window / 64) % NONCES);
        order.valid = order.valid && !_isForged(form) && _priceUp(those, order.tokens) == order.value;
    }

    function _signedOrder(
        Series storage those,
        bytes32 typeHash,
        Order memory order,
        uint256 form
    ) private view returns (bytes memory) {
        return _sign(_signer(_keyOf[order.payer], form), keccak256(bytes.concat(typeHash, _words(those, order))));
    }

    function _words(Series storage those, Order memory order) private view returns (bytes memory) {
        return
            abi.encode(
                order.payer,
                address(those.token),
                order.value,
                order.validAfter,
                order.validBefore,
                order.nonce
            );
    }

    function _stripped(
        Series storage those,
        Order memory order,
        bytes memory signature,
        uint256 form
    ) private view returns (bytes memory) {
        string memory name = string.concat("transferWithAuthorization", PASSING);
        return _withSignature(name, _words(those, order), signature, form);
    }

    function _encoded(
        Series storage those,
        Order memory order,
        bytes memory signature
    ) private view returns (bytes memory) {
        return
            abi.encodeCall(
                those.token.purchaseWithAuthorization,
                (
                    order.payer,
                    order.value,
                    order.validAfter,
                    order.validBefore,
                    order.nonce,
                    order.beneficiary,
                    order.leastTokens,
                    order.deadline,
                    signature
                )
            );
    }

    function _passing(
        uint256 which,
        uint256 by,
        uint256 to,
        uint256 amount,
        uint256 window,
        uint256 form
    ) private view returns (Passing memory passing) {
        Series storage those = _any(which);
        passing.of_ = those.token;
        (passing.from, passing.to) = (_anyHolder(those, by), _payee(those, to));
        passing.tokens = _near(held[address(those.token)][passing.from], amount);
        (passing.validAfter, passing.validBefore, passing.valid) = _window(window);
        passing.nonce = (window / 64) % NONCES;
        passing.valid = passing.valid && !_isForged(form);
    }

    function _pass(string memory name, bytes32 typeHash, Passing memory passing, address caller, uint256 form) private {
        address of_ = address(passing.of_);
        Series storage those = _series[_seriesOf[of_] - 1];
        bytes memory words = abi.encode(
            passing.from,
            passing.to,
            passing.tokens,
            passing.validAfter,
            passing.validBefore,
            passing.nonce
        );
        bytes memory data = _signToken(
            those,
            _signer(_keyOf[passing.from], form),
            keccak256(bytes.concat(typeHash, words))
        );
        data = _withSignature(string.concat(name, PASSING), words, data, form);
        bool allowed = passing.valid && _isFresh(of_, passing.from, passing.nonce);
        allowed = allowed && _mayMove(those, passing.from, passing.to, passing.tokens);
        if (!_watched(of_, of_, caller, data, allowed, false, false)) return;
        _once(of_, caller, data);
        _spend(of_, passing.from, passing.nonce);
        _moved(of_, passing.from, passing.to, passing.tokens);
    }

    function _signToken(Series storage those, uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return _signDigest(key, _typed(_domain("Tokens of a series", address(those.token)), structHash));
    }
}
