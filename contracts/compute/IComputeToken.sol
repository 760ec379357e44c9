// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {RateCard} from "./RateCard.sol";
import {IChannelPolicy} from "../core/IChannelPolicy.sol";
import {IERC3009} from "../core/IERC3009.sol";

/// @title IComputeToken
/// @notice A series: an ERC-20 of Tokens, their sale, and the escrow that backs them.
/// @dev Every outstanding Token is backed by the e-CNY of its purchase. This contract holds the e-CNY until the Token
/// is delivered and redeemed, or refunded (INV-BACKING). 0 decimals: a Token is the smallest unit. A purchase rounds
/// up, redemption and refund round down, to one unit of currency, so the remainder stays here as further backing.
/// Tokens move between holders until the series expires or is halted, and never from or to an account that is frozen in
/// its currency; afterwards only claims, withdrawals, refunds and redemption move them. These have no last date.
interface IComputeToken is IERC3009, IChannelPolicy {
    /// @notice A payer paid currency and Tokens were created, in one transaction (DvP).
    /// @param payer Account that paid.
    /// @param beneficiary Account that received the Tokens.
    /// @param tokens Tokens created.
    /// @param paid Units of currency paid.
    event Purchased(address indexed payer, address indexed beneficiary, uint256 tokens, uint256 paid);
    /// @notice A holder gave Tokens back to the series for service outside a channel: they count as delivered.
    event Consumed(address indexed holder, uint256 tokens);
    /// @notice Delivered Tokens were destroyed and their backing paid to the provider.
    event Redeemed(address indexed provider, uint256 tokens, uint256 paid);
    /// @notice A holder's Tokens were destroyed after expiry or halt, and their backing paid back.
    /// @param paid Units of currency, including the compensation.
    /// @param compensation Units paid on top of the backing, from the provider's stake.
    event Refunded(address indexed holder, uint256 tokens, uint256 paid, uint256 compensation);
    /// @notice The series was halted: no sale, deposit or transfer is possible any more; holders get refunds.
    /// @param undelivered Tokens outstanding that were not delivered.
    /// @param compensation Units of currency for the compensation of their holders.
    event Halted(uint256 undelivered, uint256 compensation);
    /// @notice After expiry or halt, the provider withdrew the surplus over the claims of outstanding Tokens.
    event Swept(address indexed provider, uint256 amount);

    /// @notice A term of the series is not acceptable: `term` names the field.
    error SeriesTermsInvalid(string term);
    /// @notice The series expired at `expiry`; chain time is `timestamp` (unix seconds).
    error SeriesExpired(uint256 expiry, uint256 timestamp);
    /// @notice The series was halted at `haltedAt` (unix seconds).
    error SeriesHalted(uint256 haltedAt);
    /// @notice The series expires at `expiry` and is not halted; chain time is `timestamp` (unix seconds).
    error SeriesNotEnded(uint256 expiry, uint256 timestamp);
    /// @notice Only the market may create a series by its factory, and halt one.
    error SeriesCallerNotMarket(address caller, address market);
    /// @notice The series holds `held` units of currency and would owe `owed` after the halt, compensation included.
    /// Its market has to pay the compensation first.
    error SeriesUnderfunded(uint256 held, uint256 owed);
    /// @notice The account is frozen outgoing in the series' currency, so its Tokens cannot move.
    error HolderFrozenOutgoing(address account);
    /// @notice The account is frozen incoming in the series' currency, so it cannot receive Tokens.
    error HolderFrozenIncoming(address account);
    /// @notice The series may sell `available` Tokens more, not `requested`.
    error CapacityExceeded(uint256 requested, uint256 available);
    /// @notice The purchase was valid before `deadline`; chain time is `timestamp` (unix seconds).
    error PurchaseDeadlinePassed(uint256 deadline, uint256 timestamp);
    /// @notice The nonce does not commit to the terms: its high 192 bits are not those of `termsHash`.
    error PurchaseNonceInvalid(bytes32 nonce, bytes32 termsHash);
    /// @notice The payment buys `tokens` Tokens, fewer than `leastTokens`.
    error PurchaseBelowLeastTokens(uint256 tokens, uint256 leastTokens);
    /// @notice The payment is not the rounded-up price of a whole number of Tokens; `price` buys the same number.
    error PurchasePaymentInexact(uint256 paid, uint256 price);
    /// @notice The number of Tokens is zero.
    error TokensZero();
    /// @notice Only the provider of the series may do this.
    error SeriesCallerNotProvider(address caller, address provider);
    /// @notice Tokens reach the series only by a delivery, through the hub or `consume`, and the hub only through its
    /// collector.
    error TokenTransferRefused(address from, address to);
    /// @notice A channel in this series must have the series as receiver and its UsageMeter as receiver authorizer.
    error ChannelTermsRefused(address receiver, address receiverAuthorizer);

    // -------------------------------------------------------------------- buyer

    /// @notice Buy Tokens, within the caller's allowance of currency to this series.
    /// @param beneficiary Account that receives the Tokens.
    /// @param tokens Tokens to buy, above zero.
    /// @param deadline Unix second from which the purchase is refused.
    /// @return price Units of currency paid: tokens * unitPrice / 1,000,000, rounded up, at the buyer's expense.
    /// @custom:reverts PurchaseDeadlinePassed when chain time is at or after `deadline`
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when the series was halted
    /// @custom:reverts TokensZero when `tokens` is zero
    /// @custom:reverts ERC20InvalidReceiver when the beneficiary is zero
    /// @custom:reverts TokenTransferRefused when the beneficiary is the series, the hub or its collector
    /// @custom:reverts HolderFrozenIncoming when the beneficiary differs from the payer and is frozen incoming
    /// @custom:reverts CapacityExceeded when fewer Tokens are left to sell
    /// @custom:invariant INV-BACKING
    /// @custom:invariant INV-SUPPLY
    function purchase(address beneficiary, uint256 tokens, uint256 deadline) external returns (uint256 price);

    /// @notice The same by the caller's EIP-2612 permit, which allows this series to take the price. If another account
    /// submitted the permit before, its allowance suffices.
    /// @param allowance Units of currency that the permit allows.
    /// @param permitDeadline Unix second until which the permit is valid.
    /// @param signature The caller's signature of the permit.
    /// @custom:reverts ERC20InsufficientAllowance when the permit was not valid and there is no allowance
    /// @custom:invariant INV-BACKING
    function purchaseWithPermit(
        address beneficiary,
        uint256 tokens,
        uint256 deadline,
        uint256 allowance,
        uint256 permitDeadline,
        bytes calldata signature
    ) external returns (uint256 price);

    /// @notice Buy Tokens by the payer's EIP-3009 `ReceiveWithAuthorization` to this series. Its nonce commits to the
    /// terms of the purchase, so that the submitting account cannot change anything.
    /// @param payer Account that pays and signed.
    /// @param value Units of currency, the exact rounded-up price of the Tokens bought.
    /// @param validAfter Unix second after which the authorization is valid.
    /// @param validBefore Unix second before which the authorization is valid.
    /// @param nonce High 192 bits: those of `purchaseTermsHash`. Low 64 bits: chosen by the payer, at random or in
    /// sequence.
    /// @param beneficiary Account that receives the Tokens.
    /// @param leastTokens Fewest Tokens the payer accepts.
    /// @param deadline Unix second from which the purchase is refused.
    /// @param signature The payer's signature of the authorization.
    /// @return tokens Tokens created.
    /// @custom:reverts PurchaseDeadlinePassed when chain time is at or after `deadline`
    /// @custom:reverts PurchaseNonceInvalid when the nonce does not commit to these terms
    /// @custom:reverts PurchaseBelowLeastTokens when `value` buys fewer than `leastTokens`
    /// @custom:reverts PurchasePaymentInexact when `value` is not the exact price of whole Tokens
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when the series was halted
    /// @custom:reverts TokensZero when `value` is zero
    /// @custom:reverts ERC20InvalidReceiver when the beneficiary is zero
    /// @custom:reverts TokenTransferRefused when the beneficiary is the series, the hub or its collector
    /// @custom:reverts HolderFrozenIncoming when the beneficiary differs from the payer and is frozen incoming
    /// @custom:reverts CapacityExceeded when fewer Tokens are left to sell
    /// @custom:reverts AuthorizationSignatureInvalid when any other value differs from the signed one
    /// @custom:invariant INV-BACKING
    /// @custom:invariant INV-ONCE
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
    ) external returns (uint256 tokens);

    /// @notice Buy Tokens by a stock x402 `exact` payment: a `TransferWithAuthorization` to this series with any
    /// nonce. The payer is the beneficiary. The series is payee-only in its currency, so that the authorization can be
    /// used only with a delivery.
    /// @param value Units of currency, the exact rounded-up price of the Tokens bought.
    /// @return tokens Tokens created.
    /// @custom:reverts PurchasePaymentInexact when `value` is not the exact price of whole Tokens
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when the series was halted
    /// @custom:reverts TokensZero when `value` is zero
    /// @custom:reverts CapacityExceeded when fewer Tokens are left to sell
    /// @custom:reverts AuthorizationSignatureInvalid when any value differs from the signed one
    /// @custom:invariant INV-BACKING
    /// @custom:invariant INV-ONCE
    function purchaseWithTransferAuthorization(
        address payer,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external returns (uint256 tokens);

    // ------------------------------------------------------------------- holder

    /// @notice Give Tokens back to the series for service outside a channel; they count as delivered.
    /// @custom:reverts TokensZero when `tokens` is zero
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when the series was halted
    /// @custom:reverts HolderFrozenOutgoing when the holder is frozen outgoing in the currency
    function consume(uint256 tokens) external;

    /// @notice After expiry or halt, exchange the caller's Tokens for their backing, and after a halt also for the
    /// agreed compensation.
    /// @param tokens Tokens to give back, above zero.
    /// @return paid Units of currency: tokens * unitPrice / 1,000,000, and after a halt that times compensationBps /
    /// 10,000 on top; each rounded down, at the holder's expense.
    /// @custom:reverts TokensZero when `tokens` is zero
    /// @custom:reverts SeriesNotEnded when it has neither expired nor been halted
    /// @custom:invariant INV-BACKING
    function refund(uint256 tokens) external returns (uint256 paid);

    // ----------------------------------------------------------------- provider

    /// @notice Exchange delivered Tokens for their backing. There is no last date.
    /// @param tokens Delivered Tokens, above zero.
    /// @return paid Units of currency: tokens * unitPrice / 1,000,000, rounded down, at the provider's expense.
    /// @custom:reverts TokensZero when `tokens` is zero
    /// @custom:reverts SeriesCallerNotProvider when the caller is not the provider
    /// @custom:reverts ERC20InsufficientBalance when fewer Tokens were delivered
    /// @custom:invariant INV-BACKING
    function redeem(uint256 tokens) external returns (uint256 paid);

    /// @notice After expiry or halt, withdraw the surplus over the claims of outstanding Tokens: remainders of
    /// rounding, donations, and after a halt the compensation of Tokens that were delivered after all.
    /// @return amount Units of currency, possibly zero. The rest is rounded up, at the provider's expense.
    /// @custom:reverts SeriesCallerNotProvider when the caller is not the provider
    /// @custom:reverts SeriesNotEnded when it has neither expired nor been halted
    /// @custom:invariant INV-BACKING
    function sweep() external returns (uint256 amount);

    // ------------------------------------------------------------------- market

    /// @notice Halt the series. The market has taken the compensation from the provider's stake and paid it in before:
    /// the series checks its own balance.
    /// @custom:reverts SeriesCallerNotMarket when the caller is not the market
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when the series was halted before
    /// @custom:reverts SeriesUnderfunded when it holds less than it owes after the halt
    /// @custom:invariant INV-BACKING
    function halt() external;

    // -------------------------------------------------------------------- views

    /// @notice Hash of the terms of a purchase of this series, to which a payer's nonce commits.
    function purchaseTermsHash(
        address beneficiary,
        uint256 leastTokens,
        uint256 deadline
    ) external view returns (bytes32);

    /// @notice Price of Tokens in units of currency, rounded up.
    function priceRoundedUp(uint256 tokens) external view returns (uint256);

    /// @notice Backing of Tokens, in units of currency, rounded down.
    function backingRoundedDown(uint256 tokens) external view returns (uint256);

    /// @notice Compensation of a halt now: undelivered Tokens * unitPrice * compensationBps / 10^10, in units of
    /// currency, rounded up, at the provider's expense.
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when the series was halted before
    function compensationRoundedUp() external view returns (uint256);

    /// @notice Tokens delivered and not yet redeemed: the series' own balance.
    function delivered() external view returns (uint256);

    /// @notice Unix second of the halt; zero without a halt.
    function haltedAt() external view returns (uint256);

    /// @notice Account that may halt the series; zero for none.
    function halter() external view returns (address);

    /// @notice Ground for a halt: the hash of the agreed text.
    function haltGround() external view returns (bytes32);

    /// @notice Compensation after a halt, in basis points of a Token's price.
    function compensationBps() external view returns (uint256);

    /// @notice ComputeMarket that opened the series.
    function market() external view returns (address);

    /// @notice Tokens sold so far.
    function sold() external view returns (uint256);

    /// @notice Most Tokens that the series sells.
    function capacity() external view returns (uint256);

    /// @notice Micro-yuan per 1,000,000 Tokens.
    function unitPrice() external view returns (uint256);

    /// @notice Unix second from which no sale, deposit or transfer is possible.
    function expiry() external view returns (uint256);

    /// @notice Tokens consumed per metered unit.
    function rateCard() external view returns (RateCard);

    /// @notice Hash of the document with the peak hours.
    function windowsHash() external view returns (bytes32);

    /// @notice Kind of service.
    function serviceClass() external view returns (bytes32);

    /// @notice Account that delivers, attests usage and redeems.
    function provider() external view returns (address);

    /// @notice Currency of the series' price.
    function currency() external view returns (address);

    /// @notice Policy that each purchase is checked by, permanently; zero for none.
    function policy() external view returns (address);

    /// @notice UsageMeter that alone may claim from channels of this series.
    function meter() external view returns (address);

    /// @notice ChannelHub that accepts deposits of the Tokens.
    function hub() external view returns (address);

    /// @notice Deposit collector of that hub.
    function collector() external view returns (address);
}
