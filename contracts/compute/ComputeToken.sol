// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IChannelPolicy} from "../core/IChannelPolicy.sol";
import {IComputeToken} from "./IComputeToken.sol";
import {IPurchasePolicy} from "./IPurchasePolicy.sol";
import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {IERC2612} from "../core/IERC2612.sol";
import {ERC20WithAuthorization} from "../core/ERC20WithAuthorization.sol";
import {ChannelConfig} from "../core/ChannelConfig.sol";
import {RateCard} from "./RateCard.sol";
import {SeriesContracts, SeriesTerms} from "./Series.sol";
import {Supply, SupplyFields} from "./Supply.sol";

/// @title ComputeToken
/// @notice One series. Tokens move in `_move`, and are created in `_sell` and nowhere else; currency enters after
/// `_sell` and leaves by `_payOut`.
/// @dev The terms are immutable code, so that a purchase reads no storage for them. There is no administrator.
contract ComputeToken is IComputeToken, ERC20WithAuthorization {
    using SafeERC20 for IERC20;

    /// Tokens that a unit price is stated for.
    uint256 private constant PRICE_BASIS = 1_000_000;
    uint256 private constant BPS = 10_000;

    bytes32 private constant PURCHASE_TYPEHASH = keccak256(
        "Purchase(address series,address beneficiary,uint256 leastTokens,uint256 deadline)"
    );

    /// @inheritdoc IComputeToken
    address public immutable provider;
    /// @inheritdoc IComputeToken
    address public immutable market;
    /// @inheritdoc IComputeToken
    address public immutable currency;
    /// @inheritdoc IComputeToken
    address public immutable hub;
    /// @inheritdoc IComputeToken
    address public immutable collector;
    /// @inheritdoc IComputeToken
    address public immutable meter;
    /// @inheritdoc IComputeToken
    address public immutable policy;
    /// @inheritdoc IComputeToken
    address public immutable halter;
    /// @inheritdoc IComputeToken
    bytes32 public immutable haltGround;
    /// @inheritdoc IComputeToken
    bytes32 public immutable windowsHash;
    /// @inheritdoc IComputeToken
    bytes32 public immutable serviceClass;
    /// @inheritdoc IComputeToken
    uint256 public immutable unitPrice;
    /// @inheritdoc IComputeToken
    uint256 public immutable capacity;
    /// @inheritdoc IComputeToken
    uint256 public immutable expiry;
    /// @inheritdoc IComputeToken
    uint256 public immutable compensationBps;
    /// @inheritdoc IComputeToken
    RateCard public immutable rateCard;

    /// A struct, so that the place of a balance is computed once for reading and writing.
    struct Balance {
        uint256 tokens;
    }

    Supply private _supply;
    mapping(address holder => Balance) private _balances;

    /// @param terms Permanent terms of the series.
    /// @param contracts Contracts that the series uses, permanently.
    constructor(
        SeriesTerms memory terms,
        SeriesContracts memory contracts
    ) ERC20WithAuthorization(terms.name, terms.symbol) {
        _checkTerms(terms);
        if (contracts.currency.code.length == 0) revert SeriesTermsInvalid("currency");

        market = contracts.market;
        currency = contracts.currency;
        hub = contracts.hub;
        collector = contracts.collector;
        meter = contracts.meter;
        policy = contracts.policy;
        if (contracts.policy != address(0)) _supply = SupplyFields.withPolicy();
        provider = terms.provider;
        serviceClass = terms.serviceClass;
        unitPrice = terms.unitPrice;
        capacity = terms.capacity;
        expiry = terms.expiry;
        rateCard = terms.rateCard;
        windowsHash = terms.windowsHash;
        halter = terms.halter;
        haltGround = terms.haltGround;
        compensationBps = terms.compensationBps;

        ICurrencyToken(contracts.currency).setPayeeOnly(true);
    }

    // -------------------------------------------------------------------- buyer

    /// @inheritdoc IComputeToken
    function purchase(address beneficiary, uint256 tokens, uint256 deadline) external returns (uint256 price) {
        return _purchase(beneficiary, tokens, deadline);
    }

    /// @inheritdoc IComputeToken
    function purchaseWithPermit(
        address beneficiary,
        uint256 tokens,
        uint256 deadline,
        uint256 allowance_,
        uint256 permitDeadline,
        bytes calldata signature
    ) external returns (uint256 price) {
        // Another account may have submitted the permit first: then the allowance exists, and the price can be taken.
        // solhint-disable-next-line no-empty-blocks
        try IERC2612(currency).permit(msg.sender, address(this), allowance_, permitDeadline, signature) {} catch {}
        // The currency makes no other call than a static one, to check a contract's signature.
        // slither-disable-next-line reentrancy-benign,reentrancy-events
        return _purchase(beneficiary, tokens, deadline);
    }

    /// @inheritdoc IComputeToken
    function purchaseWithAuthorization(
        address payer,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        address beneficiary,
        uint256 leastTokens,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint256 tokens) {
        _checkDeadline(deadline);
        bytes32 termsHash = purchaseTermsHash(beneficiary, leastTokens, deadline);
        if ((termsHash ^ nonce) >> 64 != 0) revert PurchaseNonceInvalid(nonce, termsHash);
        tokens = _tokensFor(value);
        if (tokens < leastTokens) revert PurchaseBelowLeastTokens(tokens, leastTokens);

        _sell(payer, beneficiary, tokens, value);
        ICurrencyToken(currency).receiveWithAuthorization(
            payer,
            address(this),
            value,
            validAfter,
            validBefore,
            nonce,
            signature
        );
    }

    /// @inheritdoc IComputeToken
    function purchaseWithTransferAuthorization(
        address payer,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external returns (uint256 tokens) {
        tokens = _tokensFor(value);

        _sell(payer, payer, tokens, value);
        ICurrencyToken(currency).transferWithAuthorization(
            payer,
            address(this),
            value,
            validAfter,
            validBefore,
            nonce,
            signature
        );
    }

    // ------------------------------------------------------------------- holder

    /// @inheritdoc IComputeToken
    function consume(uint256 tokens) external {
        if (tokens == 0) revert TokensZero();
        _checkOpen();
        _checkNotFrozenOutgoing(msg.sender);

        emit Consumed(msg.sender, tokens);
        _move(msg.sender, address(this), tokens);
    }

    /// @inheritdoc IComputeToken
    function refund(uint256 tokens) external returns (uint256 paid) {
        bool halted = _checkEnded();
        if (tokens == 0) revert TokensZero();

        uint256 compensation = halted ? Math.mulDiv(tokens, unitPrice * compensationBps, PRICE_BASIS * BPS) : 0;
        paid = backingRoundedDown(tokens) + compensation;
        emit Refunded(msg.sender, tokens, paid, compensation);
        _move(msg.sender, address(0), tokens);
        _payOut(msg.sender, paid);
    }

    // ----------------------------------------------------------------- provider

    /// @inheritdoc IComputeToken
    function redeem(uint256 tokens) external returns (uint256 paid) {
        _checkProvider();
        if (tokens == 0) revert TokensZero();

        paid = backingRoundedDown(tokens);
        emit Redeemed(provider, tokens, paid);
        _move(address(this), address(0), tokens);
        _payOut(provider, paid);
    }

    /// @inheritdoc IComputeToken
    function sweep() external returns (uint256 amount) {
        _checkProvider();
        bool halted = _checkEnded();

        amount = IERC20(currency).balanceOf(address(this)) - _owed(halted);
        emit Swept(provider, amount);
        _payOut(provider, amount);
    }

    // ------------------------------------------------------------------- market

    /// @inheritdoc IComputeToken
    function halt() external {
        if (msg.sender != market) revert SeriesCallerNotMarket(msg.sender, market);
        uint256 compensation = compensationRoundedUp();

        Supply supply = _supply.halt(block.timestamp);
        _supply = supply;
        emit Halted(supply.outstanding() - _balances[address(this)].tokens, compensation);
        uint256 held = IERC20(currency).balanceOf(address(this));
        uint256 owed = _owed(true);
        if (held < owed) revert SeriesUnderfunded(held, owed);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IChannelPolicy
    /// @dev The collector needs no check: Tokens reach the hub through one alone (`_isDeposit`).
    function checkChannel(address, ChannelConfig calldata config) external view {
        if (config.receiver != address(this) || config.receiverAuthorizer != meter) {
            revert ChannelTermsRefused(config.receiver, config.receiverAuthorizer);
        }
    }

    /// @inheritdoc IComputeToken
    function purchaseTermsHash(
        address beneficiary,
        uint256 leastTokens,
        uint256 deadline
    ) public view returns (bytes32) {
        return keccak256(abi.encode(PURCHASE_TYPEHASH, address(this), beneficiary, leastTokens, deadline));
    }

    /// @inheritdoc IComputeToken
    function priceRoundedUp(uint256 tokens) external view returns (uint256) {
        return Math.mulDiv(tokens, unitPrice, PRICE_BASIS, Math.Rounding.Ceil);
    }

    /// @inheritdoc IComputeToken
    function backingRoundedDown(uint256 tokens) public view returns (uint256) {
        return Math.mulDiv(tokens, unitPrice, PRICE_BASIS);
    }

    /// @inheritdoc IComputeToken
    function compensationRoundedUp() public view returns (uint256) {
        _checkOpen();
        uint256 undelivered = _supply.outstanding() - _balances[address(this)].tokens;
        return Math.mulDiv(undelivered * unitPrice, compensationBps, PRICE_BASIS * BPS, Math.Rounding.Ceil);
    }

    /// @inheritdoc IComputeToken
    function delivered() external view returns (uint256) {
        return _balances[address(this)].tokens;
    }

    /// @inheritdoc IComputeToken
    function sold() external view returns (uint256) {
        return _supply.sold();
    }

    /// @inheritdoc IComputeToken
    function haltedAt() external view returns (uint256) {
        return _supply.haltedAt();
    }

    /// @notice Tokens outstanding: sold, less redeemed and refunded.
    function totalSupply() external view returns (uint256) {
        return _supply.outstanding();
    }

    /// @notice Tokens held by an account.
    function balanceOf(address account) external view returns (uint256) {
        return _balances[account].tokens;
    }

    /// @notice A Token is the smallest unit.
    function decimals() external pure returns (uint8) {
        return 0;
    }

    // ---------------------------------------------------------------- internals

    function _purchase(address beneficiary, uint256 tokens, uint256 deadline) private returns (uint256 price) {
        _checkDeadline(deadline);
        price = _price(tokens);
        _sell(msg.sender, beneficiary, tokens, price);
        IERC20(currency).safeTransferFrom(msg.sender, address(this), price);
    }

    /// @dev Creates the Tokens of a purchase; the caller then takes exactly `price` from the payer, or reverts all.
    function _sell(address payer, address beneficiary, uint256 tokens, uint256 price) private {
        Supply supply = _supply;
        // Halt and policy are one comparison, so that a purchase without a policy pays nothing for it.
        if (block.timestamp >= expiry || supply.needsLook()) {
            _checkOpen(supply);
            IPurchasePolicy(policy).checkPurchase(payer, beneficiary);
        }
        if (tokens == 0) revert TokensZero();
        if (beneficiary == address(0)) revert ERC20InvalidReceiver(address(0));
        if (_isKeeper(beneficiary)) revert TokenTransferRefused(address(0), beneficiary);
        if (beneficiary != payer) _checkNotFrozenIncoming(beneficiary);
        // The sold Tokens are at most the capacity, of 96 bits, and include every balance.
        unchecked {
            uint256 available = capacity - supply.sold();
            if (tokens > available) revert CapacityExceeded(tokens, available);
            _supply = supply.sell(tokens);
            _balances[beneficiary].tokens += tokens;
        }
        emit Purchased(payer, beneficiary, tokens, price);
        emit Transfer(address(0), beneficiary, tokens);
    }

    /// @dev The one place where currency leaves.
    function _payOut(address to, uint256 amount) private {
        IERC20(currency).safeTransfer(to, amount);
    }

    function _transfer(address from, address to, uint256 value) internal override {
        // A transfer out of the hub has no last date: it delivers a claim, or returns Tokens to their payer.
        if (from != hub) {
            _checkOpen();
            if (from != collector) _checkNotFrozenOutgoing(from);
            if (!_isDeposit(from, to)) {
                _checkHolder(from, to);
                _checkNotFrozenIncoming(to);
            }
        }
        if (to == address(0)) revert ERC20InvalidReceiver(address(0));
        _move(from, to, value);
    }

    /// @dev The one place where Tokens move. `to` zero destroys them.
    function _move(address from, address to, uint256 tokens) private {
        Balance storage balance = _balances[from];
        uint256 held = balance.tokens;
        if (held < tokens) revert ERC20InsufficientBalance(from, held, tokens);
        // Just compared; and a balance is at most the supply, of 96 bits.
        unchecked {
            balance.tokens = held - tokens;
            if (to == address(0)) _supply = _supply.destroy(tokens);
            else _balances[to].tokens += tokens;
        }
        emit Transfer(from, to, tokens);
    }

    /// @dev Exact within the capacity, 96 bits times 64. For more Tokens the product may wrap; `_sell` refuses those.
    function _price(uint256 tokens) private view returns (uint256) {
        unchecked {
            return (tokens * unitPrice + PRICE_BASIS - 1) / PRICE_BASIS;
        }
    }

    /// @dev Most Tokens with the price `value`, which must be their exact rounded-up price. If the product wraps, its
    /// rest is the price of fewer Tokens, below 2**256 / 10**6, and `value` is above that price.
    function _tokensFor(uint256 value) private view returns (uint256 tokens) {
        unchecked {
            tokens = (value * PRICE_BASIS) / unitPrice;
        }
        uint256 price = _price(tokens);
        if (price != value) revert PurchasePaymentInexact(value, price);
    }

    function _checkTerms(SeriesTerms memory terms) private view {
        if (terms.provider == address(0)) revert SeriesTermsInvalid("provider");
        if (terms.unitPrice == 0) revert SeriesTermsInvalid("unitPrice");
        if (terms.capacity == 0) revert SeriesTermsInvalid("capacity");
        if (terms.expiry <= block.timestamp) revert SeriesTermsInvalid("expiry");
        if (!terms.rateCard.isWellFormed()) revert SeriesTermsInvalid("rateCard");
        if ((terms.halter == address(0)) != (terms.haltGround == 0)) revert SeriesTermsInvalid("haltGround");
        if (terms.compensationBps > BPS) revert SeriesTermsInvalid("compensationBps");
    }

    function _checkDeadline(uint256 deadline) private view {
        if (block.timestamp >= deadline) revert PurchaseDeadlinePassed(deadline, block.timestamp);
    }

    function _checkOpen() private view {
        _checkOpen(_supply);
    }

    function _checkOpen(Supply supply) private view {
        if (block.timestamp >= expiry) revert SeriesExpired(expiry, block.timestamp);
        if (supply.haltedAt() != 0) revert SeriesHalted(supply.haltedAt());
    }

    /// @dev Claims of the outstanding Tokens, rounded up: their backing, and after a halt the compensation of all
    /// undelivered ones.
    function _owed(bool halted) private view returns (uint256) {
        uint256 outstanding = _supply.outstanding();
        uint256 compensated = halted ? outstanding - _balances[address(this)].tokens : 0;
        uint256 shares = outstanding * BPS + compensated * compensationBps;
        return Math.mulDiv(shares, unitPrice, PRICE_BASIS * BPS, Math.Rounding.Ceil);
    }

    function _checkEnded() private view returns (bool halted) {
        halted = _supply.haltedAt() != 0;
        if (!halted && block.timestamp < expiry) revert SeriesNotEnded(expiry, block.timestamp);
    }

    function _checkProvider() private view {
        if (msg.sender != provider) revert SeriesCallerNotProvider(msg.sender, provider);
    }

    function _checkNotFrozenOutgoing(address account) private view {
        // slither-disable-next-line unused-return
        (bool outgoing, , ) = ICurrencyToken(currency).frozen(account);
        if (outgoing) revert HolderFrozenOutgoing(account);
    }

    function _checkNotFrozenIncoming(address account) private view {
        // slither-disable-next-line unused-return
        (, bool incoming, ) = ICurrencyToken(currency).frozen(account);
        if (incoming) revert HolderFrozenIncoming(account);
    }

    /// @dev A deposit is two moves of the collector: from the payer to the collector, then to the hub.
    function _isDeposit(address from, address to) private view returns (bool) {
        if (msg.sender != collector) return false;
        return to == collector || (from == collector && to == hub);
    }

    /// @dev Other moves go to holders: not to the series, where Tokens count as delivered, and not to the hub or its
    /// collector, where they would belong to no account.
    function _checkHolder(address from, address to) private view {
        if (_isKeeper(to) || from == collector) revert TokenTransferRefused(from, to);
    }

    function _isKeeper(address account) private view returns (bool) {
        return account == address(this) || account == hub || account == collector;
    }
}
