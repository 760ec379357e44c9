// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IChannelPolicy} from "../interfaces/IChannelPolicy.sol";
import {IComputeToken, SeriesTerms} from "../interfaces/IComputeToken.sol";
import {ICurrencyToken} from "../interfaces/ICurrencyToken.sol";
import {ERC20WithAuthorization} from "../libraries/ERC20WithAuthorization.sol";
import {ChannelConfig} from "../types/Channel.sol";
import {RateCard} from "../types/RateCard.sol";

/// @title ComputeToken
/// @notice One series. Tokens move in `_move` and nowhere else; currency comes in by `_sell` and leaves by `_payOut`.
/// @dev The terms are immutable code, so that a purchase reads no storage for them. There is no administrator.
contract ComputeToken is IComputeToken, ERC20WithAuthorization {
    using SafeERC20 for IERC20;

    /// Tokens that a unit price is stated for.
    uint256 private constant PRICE_BASIS = 1_000_000;

    bytes32 private constant PURCHASE_TYPEHASH = keccak256(
        "Purchase(address series,address beneficiary,uint256 leastTokens,uint256 deadline,bytes32 salt)"
    );

    /// @inheritdoc IComputeToken
    address public immutable provider;
    /// @inheritdoc IComputeToken
    address public immutable currency;
    /// @inheritdoc IComputeToken
    address public immutable hub;
    /// @inheritdoc IComputeToken
    address public immutable collector;
    /// @inheritdoc IComputeToken
    address public immutable meter;
    /// @inheritdoc IComputeToken
    bytes32 public immutable serviceClass;
    /// @inheritdoc IComputeToken
    uint256 public immutable unitPrice;
    /// @inheritdoc IComputeToken
    uint256 public immutable capacity;
    /// @inheritdoc IComputeToken
    uint256 public immutable expiry;
    /// @inheritdoc IComputeToken
    RateCard public immutable rateCard;

    /// Tokens outstanding and Tokens ever sold: one word, written once a purchase. `sold` never exceeds the capacity,
    /// nor `outstanding` what was sold, so both stay within 128 bits.
    struct Supply {
        uint128 outstanding;
        uint128 sold;
    }

    Supply private _supply;
    mapping(address holder => uint256 tokens) private _balances;

    /// @param terms Terms of the series, for ever.
    constructor(SeriesTerms memory terms) ERC20WithAuthorization(terms.name, terms.symbol) {
        if (terms.provider == address(0)) revert SeriesTermsInvalid("provider");
        if (terms.currency.code.length == 0) revert SeriesTermsInvalid("currency");
        if (terms.unitPrice == 0) revert SeriesTermsInvalid("unitPrice");
        if (terms.capacity == 0) revert SeriesTermsInvalid("capacity");
        if (terms.expiry <= block.timestamp) revert SeriesTermsInvalid("expiry");
        if (!terms.rateCard.isWellFormed()) revert SeriesTermsInvalid("rateCard");

        provider = terms.provider;
        currency = terms.currency;
        hub = terms.hub;
        collector = terms.collector;
        meter = terms.meter;
        serviceClass = terms.serviceClass;
        unitPrice = terms.unitPrice;
        capacity = terms.capacity;
        expiry = terms.expiry;
        rateCard = terms.rateCard;

        ICurrencyToken(terms.currency).setPayeeOnly(true);
    }

    // -------------------------------------------------------------------- buyer

    /// @inheritdoc IComputeToken
    function purchase(address beneficiary, uint256 tokens, uint256 deadline) external returns (uint256 price) {
        _checkDeadline(deadline);

        price = priceRoundedUp(tokens);
        _sell(msg.sender, beneficiary, tokens, price);
        IERC20(currency).safeTransferFrom(msg.sender, address(this), price);
    }

    /// @inheritdoc IComputeToken
    function purchaseWithAuthorization(
        address payer,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        address beneficiary,
        uint256 leastTokens,
        uint256 deadline,
        bytes32 salt,
        bytes calldata signature
    ) external returns (uint256 tokens) {
        _checkDeadline(deadline);
        tokens = _tokensFor(value);
        if (tokens < leastTokens) revert PurchaseBelowLeastTokens(tokens, leastTokens);

        _sell(payer, beneficiary, tokens, value);
        bytes32 nonce = purchaseNonce(beneficiary, leastTokens, deadline, salt);
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
        _checkNotExpired();

        emit Consumed(msg.sender, tokens);
        _move(msg.sender, address(this), tokens);
    }

    /// @inheritdoc IComputeToken
    function refund(uint256 tokens) external returns (uint256 paid) {
        if (block.timestamp < expiry) revert SeriesNotExpired(expiry, block.timestamp);
        if (tokens == 0) revert TokensZero();

        paid = backingRoundedDown(tokens);
        emit Refunded(msg.sender, tokens, paid);
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
        if (block.timestamp < expiry) revert SeriesNotExpired(expiry, block.timestamp);
        if (_supply.outstanding != 0) revert SeriesOutstanding(_supply.outstanding);

        amount = IERC20(currency).balanceOf(address(this));
        emit Swept(provider, amount);
        _payOut(provider, amount);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IChannelPolicy
    function checkChannel(ChannelConfig calldata config) external view {
        if (config.receiver != address(this) || config.receiverAuthorizer != meter) {
            revert ChannelTermsRefused(config.receiver, config.receiverAuthorizer);
        }
    }

    /// @inheritdoc IComputeToken
    function purchaseNonce(
        address beneficiary,
        uint256 leastTokens,
        uint256 deadline,
        bytes32 salt
    ) public view returns (bytes32) {
        return keccak256(abi.encode(PURCHASE_TYPEHASH, address(this), beneficiary, leastTokens, deadline, salt));
    }

    /// @inheritdoc IComputeToken
    function priceRoundedUp(uint256 tokens) public view returns (uint256) {
        return Math.mulDiv(tokens, unitPrice, PRICE_BASIS, Math.Rounding.Ceil);
    }

    /// @inheritdoc IComputeToken
    function backingRoundedDown(uint256 tokens) public view returns (uint256) {
        return Math.mulDiv(tokens, unitPrice, PRICE_BASIS);
    }

    /// @inheritdoc IComputeToken
    function delivered() external view returns (uint256) {
        return _balances[address(this)];
    }

    /// @inheritdoc IComputeToken
    function sold() external view returns (uint256) {
        return _supply.sold;
    }

    /// @notice Tokens outstanding: sold, less redeemed and refunded.
    function totalSupply() external view returns (uint256) {
        return _supply.outstanding;
    }

    /// @notice Tokens held by an account.
    function balanceOf(address account) external view returns (uint256) {
        return _balances[account];
    }

    /// @notice A Token is the smallest unit.
    function decimals() external pure returns (uint8) {
        return 0;
    }

    // ---------------------------------------------------------------- internals

    /// @dev Creates the Tokens of a purchase; the caller then takes exactly `price` from the payer, or reverts all.
    function _sell(address payer, address beneficiary, uint256 tokens, uint256 price) private {
        _checkNotExpired();
        if (tokens == 0) revert TokensZero();
        if (beneficiary == address(0)) revert ERC20InvalidReceiver(address(0));
        _checkHolder(address(0), beneficiary);
        uint256 available = capacity - _supply.sold;
        if (tokens > available) revert CapacityExceeded(tokens, available);

        // Just compared: at most `capacity`, 128 bits.
        _supply.sold += uint128(tokens);
        emit Purchased(payer, beneficiary, tokens, price);
        _move(address(0), beneficiary, tokens);
    }

    /// @dev The one place where currency leaves.
    function _payOut(address to, uint256 amount) private {
        IERC20(currency).safeTransfer(to, amount);
    }

    function _transfer(address from, address to, uint256 value) internal override {
        // Out of the hub there is no last date: a claim comes home, or a payer gets back what is its own.
        if (from != hub) {
            _checkNotExpired();
            if (!_isDeposit(from, to)) _checkHolder(from, to);
        }
        if (to == address(0)) revert ERC20InvalidReceiver(address(0));
        _move(from, to, value);
    }

    /// @dev The one place where Tokens move. `from` zero creates them, `to` zero destroys them.
    function _move(address from, address to, uint256 tokens) private {
        if (from == address(0)) {
            // Within the capacity, which `_sell` checked.
            _supply.outstanding += uint128(tokens);
        } else {
            uint256 held = _balances[from];
            if (held < tokens) revert ERC20InsufficientBalance(from, held, tokens);
            // Just compared: tokens <= held.
            unchecked {
                _balances[from] = held - tokens;
            }
        }
        if (to == address(0)) {
            // What is destroyed was held, so it is at most `outstanding`.
            _supply.outstanding -= uint128(tokens);
        } else {
            _balances[to] += tokens;
        }
        emit Transfer(from, to, tokens);
    }

    /// @dev Tokens for a payment, which must be their exact rounded-up price.
    function _tokensFor(uint256 value) private view returns (uint256 tokens) {
        tokens = Math.mulDiv(value, PRICE_BASIS, unitPrice);
        uint256 price = priceRoundedUp(tokens);
        if (price != value) revert PurchasePaymentInexact(value, price);
    }

    function _checkDeadline(uint256 deadline) private view {
        if (block.timestamp >= deadline) revert PurchaseDeadlinePassed(deadline, block.timestamp);
    }

    function _checkNotExpired() private view {
        if (block.timestamp >= expiry) revert SeriesExpired(expiry, block.timestamp);
    }

    function _checkProvider() private view {
        if (msg.sender != provider) revert SeriesCallerNotProvider(msg.sender, provider);
    }

    /// @dev A deposit is two moves of the collector's own: payer to collector, collector to hub.
    function _isDeposit(address from, address to) private view returns (bool) {
        if (msg.sender != collector) return false;
        return to == collector || (from == collector && to == hub);
    }

    /// @dev Everywhere else Tokens rest with holders: not in the series, where they would count as delivered, nor in
    /// the hub or its collector, where they would belong to nobody.
    function _checkHolder(address from, address to) private view {
        if (to == address(this) || to == hub || to == collector || from == collector) {
            revert TokenTransferRefused(from, to);
        }
    }
}
