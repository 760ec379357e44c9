// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {RateCard} from "./RateCard.sol";
import {IChannelPolicy} from "../core/IChannelPolicy.sol";
import {IERC3009} from "../core/IERC3009.sol";

/// @title IComputeToken
/// @notice A series: an ERC-20 of Tokens, the counter that sells them and the escrow that backs them.
/// @dev Every outstanding Token is backed by the e-CNY it was bought with, held by this contract until the Token is
/// delivered and redeemed, or refunded (INV-BACKING). 0 decimals: a Token is the smallest unit. A purchase rounds up,
/// redemption and refund round down, to one unit of currency, so what rounding leaves stays here and backs.
/// Tokens move between holders until the series expires or is halted, and never from or to an account that is frozen in
/// its currency; afterwards only claims, withdrawals, refunds and redemption move them. Nobody's right has a last date.
interface IComputeToken is IERC3009, IChannelPolicy {
    /// @notice Currency came in and Tokens were created, in one transaction (DvP).
    /// @param payer Who paid.
    /// @param beneficiary Who received the Tokens.
    /// @param tokens Tokens created.
    /// @param paid Units of currency paid.
    event Purchased(address indexed payer, address indexed beneficiary, uint256 tokens, uint256 paid);
    /// @notice A holder gave Tokens back to the series against service outside a channel: they count as delivered.
    event Consumed(address indexed holder, uint256 tokens);
    /// @notice Delivered Tokens were destroyed and their backing paid to the provider.
    event Redeemed(address indexed provider, uint256 tokens, uint256 paid);
    /// @notice A holder's Tokens were destroyed after expiry or halt, and their backing paid back.
    /// @param paid Units of currency, the compensation among them.
    /// @param compensation Units paid on top of the backing, from the provider's stake.
    event Refunded(address indexed holder, uint256 tokens, uint256 paid, uint256 compensation);
    /// @notice The series was halted: nothing is sold, deposited or passed on any more, and holders are refunded.
    /// @param undelivered Tokens outstanding that were not delivered.
    /// @param compensation Units of currency that are to compensate their holders.
    event Halted(uint256 undelivered, uint256 compensation);
    /// @notice After expiry or halt, the provider took what was there beyond what outstanding Tokens may ask for.
    event Swept(address indexed provider, uint256 amount);

    /// @notice The terms given to the constructor cannot be those of a series.
    error SeriesTermsInvalid(string term);
    /// @notice The series expired at `expiry`; chain time is `timestamp` (unix seconds).
    error SeriesExpired(uint256 expiry, uint256 timestamp);
    /// @notice The series was halted at `haltedAt` (unix seconds).
    error SeriesHalted(uint256 haltedAt);
    /// @notice The series expires only at `expiry`, and was not halted; chain time is `timestamp` (unix seconds).
    error SeriesNotEnded(uint256 expiry, uint256 timestamp);
    /// @notice Only the market may create a series by its factory, and halt one.
    error SeriesCallerNotMarket(address caller, address market);
    /// @notice The series holds `held` units of currency and would owe `owed` after the halt, compensation included:
    /// its market pays the compensation first.
    error SeriesUnderfunded(uint256 held, uint256 owed);
    /// @notice The account is frozen outgoing in the series' currency: no Token may leave it either.
    error HolderFrozenOutgoing(address account);
    /// @notice The account is frozen incoming in the series' currency: no Token may reach it either.
    error HolderFrozenIncoming(address account);
    /// @notice The series may sell `available` Tokens more, not `requested`.
    error CapacityExceeded(uint256 requested, uint256 available);
    /// @notice The purchase was to be made before `deadline`; chain time is `timestamp` (unix seconds).
    error PurchaseDeadlinePassed(uint256 deadline, uint256 timestamp);
    /// @notice The nonce does not commit to the terms: its high 192 bits are not those of `termsHash`.
    error PurchaseNonceInvalid(bytes32 nonce, bytes32 termsHash);
    /// @notice The payment buys `tokens` Tokens, fewer than `leastTokens`.
    error PurchaseBelowLeastTokens(uint256 tokens, uint256 leastTokens);
    /// @notice The payment is not the rounded-up price of a whole number of Tokens; `price` buys as many as it does.
    error PurchasePaymentInexact(uint256 paid, uint256 price);
    /// @notice Nothing to buy, redeem, refund or sweep.
    error TokensZero();
    /// @notice Only the provider of the series may do this.
    error SeriesCallerNotProvider(address caller, address provider);
    /// @notice Tokens reach the series only as delivered, through the hub or `consume`, and the hub only through its
    /// collector.
    error TokenTransferRefused(address from, address to);
    /// @notice A channel in this series must have the series as receiver and its UsageMeter as receiver authorizer.
    error ChannelTermsRefused(address receiver, address receiverAuthorizer);

    // -------------------------------------------------------------------- buyer

    /// @notice Buy Tokens for currency the caller has allowed this series to take.
    /// @param beneficiary Who receives the Tokens.
    /// @param tokens Tokens wanted, above zero.
    /// @param deadline Unix second from which the purchase is refused.
    /// @return price Units of currency paid: tokens * unitPrice / 1,000,000, rounded up, at the buyer's expense.
    /// @custom:reverts PurchaseDeadlinePassed when chain time is at or after `deadline`
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when it was halted
    /// @custom:reverts TokensZero when `tokens` is zero
    /// @custom:reverts ERC20InvalidReceiver when the beneficiary is zero
    /// @custom:reverts TokenTransferRefused when the beneficiary is the series, the hub or its collector
    /// @custom:reverts HolderFrozenIncoming when the beneficiary is another than the payer, and frozen incoming
    /// @custom:reverts CapacityExceeded when fewer Tokens are left to sell
    /// @custom:invariant INV-BACKING
    /// @custom:invariant INV-SUPPLY
    function purchase(address beneficiary, uint256 tokens, uint256 deadline) external returns (uint256 price);

    /// @notice The same by the caller's EIP-2612 permit, which lets this series take the price. A permit that somebody
    /// else submitted before does not matter, as long as the allowance is there.
    /// @param allowance Units of currency that the permit allows.
    /// @param permitDeadline Unix second until which the permit is valid.
    /// @param signature The caller's signature of the permit.
    /// @custom:reverts ERC20InsufficientAllowance when the permit was not valid and no allowance is there
    /// @custom:invariant INV-BACKING
    function purchaseWithPermit(
        address beneficiary,
        uint256 tokens,
        uint256 deadline,
        uint256 allowance,
        uint256 permitDeadline,
        bytes calldata signature
    ) external returns (uint256 price);

    /// @notice Buy Tokens by the payer's EIP-3009 `ReceiveWithAuthorization` to this series, whose nonce commits to
    /// the terms of the purchase, so that whoever submits it can change nothing.
    /// @param payer Who pays and signed.
    /// @param value Units of currency, the exact rounded-up price of the Tokens bought.
    /// @param validAfter Unix second after which the authorization is valid.
    /// @param validBefore Unix second before which the authorization is valid.
    /// @param nonce High 192 bits: those of `purchaseTermsHash`. Low 64 bits: the payer's own, at random or in
    /// sequence.
    /// @param beneficiary Who receives the Tokens.
    /// @param leastTokens Fewest Tokens the payer accepts.
    /// @param deadline Unix second from which the purchase is refused.
    /// @param signature The payer's signature of the authorization.
    /// @return tokens Tokens created.
    /// @custom:reverts PurchaseDeadlinePassed when chain time is at or after `deadline`
    /// @custom:reverts PurchaseNonceInvalid when a term is not the one that the nonce commits to
    /// @custom:reverts PurchaseBelowLeastTokens when `value` buys fewer than `leastTokens`
    /// @custom:reverts PurchasePaymentInexact when `value` is not the exact price of what it buys
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when it was halted
    /// @custom:reverts TokensZero when `value` is zero
    /// @custom:reverts ERC20InvalidReceiver when the beneficiary is zero
    /// @custom:reverts TokenTransferRefused when the beneficiary is the series, the hub or its collector
    /// @custom:reverts HolderFrozenIncoming when the beneficiary is another than the payer, and frozen incoming
    /// @custom:reverts CapacityExceeded when fewer Tokens are left to sell
    /// @custom:reverts AuthorizationSignatureInvalid when anything else differs from what was signed
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
    /// spent only by delivering.
    /// @param value Units of currency, the exact rounded-up price of the Tokens bought.
    /// @return tokens Tokens created.
    /// @custom:reverts PurchasePaymentInexact when `value` is not the exact price of what it buys
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when it was halted
    /// @custom:reverts TokensZero when `value` is zero
    /// @custom:reverts CapacityExceeded when fewer Tokens are left to sell
    /// @custom:reverts AuthorizationSignatureInvalid when anything differs from what was signed
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

    /// @notice Give Tokens back to the series against service outside a channel; they count as delivered.
    /// @custom:reverts TokensZero when `tokens` is zero
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when it was halted
    /// @custom:reverts HolderFrozenOutgoing when the holder is frozen outgoing in the currency
    function consume(uint256 tokens) external;

    /// @notice After expiry or halt, exchange the caller's Tokens for the currency that backs them, and after a halt
    /// for the agreed compensation too.
    /// @param tokens Tokens to give back, above zero.
    /// @return paid Units of currency: tokens * unitPrice / 1,000,000, and after a halt that times compensationBps /
    /// 10,000 on top; each rounded down, at the holder's expense.
    /// @custom:reverts TokensZero when `tokens` is zero
    /// @custom:reverts SeriesNotEnded when it has neither expired nor been halted
    /// @custom:invariant INV-BACKING
    function refund(uint256 tokens) external returns (uint256 paid);

    // ----------------------------------------------------------------- provider

    /// @notice Exchange delivered Tokens for the currency that backs them. There is no last date.
    /// @param tokens Delivered Tokens, above zero.
    /// @return paid Units of currency: tokens * unitPrice / 1,000,000, rounded down, at the provider's expense.
    /// @custom:reverts TokensZero when `tokens` is zero
    /// @custom:reverts SeriesCallerNotProvider when the caller is not the provider
    /// @custom:reverts ERC20InsufficientBalance when fewer Tokens were delivered
    /// @custom:invariant INV-BACKING
    function redeem(uint256 tokens) external returns (uint256 paid);

    /// @notice After expiry or halt, take what is in the series beyond what outstanding Tokens may ask for: what
    /// rounding and donations left, and after a halt the compensation of Tokens that were delivered after all.
    /// @return amount Units of currency, possibly none. What stays is rounded up, at the provider's expense.
    /// @custom:reverts SeriesCallerNotProvider when the caller is not the provider
    /// @custom:reverts SeriesNotEnded when it has neither expired nor been halted
    /// @custom:invariant INV-BACKING
    function sweep() external returns (uint256 amount);

    // ------------------------------------------------------------------- market

    /// @notice Halt the series. The market has taken the compensation from the provider's stake and paid it in: the
    /// series counts what it holds, and believes nobody that more will come.
    /// @custom:reverts SeriesCallerNotMarket when the caller is not the market
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when it was halted before
    /// @custom:reverts SeriesUnderfunded when it holds less than all that it owes from then on
    /// @custom:invariant INV-BACKING
    function halt() external;

    // -------------------------------------------------------------------- views

    /// @notice What a payer's nonce commits to: the hash of the terms of a purchase of this series.
    function purchaseTermsHash(
        address beneficiary,
        uint256 leastTokens,
        uint256 deadline
    ) external view returns (bytes32);

    /// @notice Price of Tokens in units of currency, rounded up.
    function priceRoundedUp(uint256 tokens) external view returns (uint256);

    /// @notice Backing that leaves with Tokens, in units of currency, rounded down.
    function backingRoundedDown(uint256 tokens) external view returns (uint256);

    /// @notice Compensation that a halt now owes: undelivered Tokens * unitPrice * compensationBps / 10^10, in units of
    /// currency, rounded up, at the provider's expense.
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when it was halted before
    function compensationRoundedUp() external view returns (uint256);

    /// @notice Tokens delivered and not yet redeemed: the series' own balance.
    function delivered() external view returns (uint256);

    /// @notice Unix second of the halt; zero where it was not halted.
    function haltedAt() external view returns (uint256);

    /// @notice Who may halt the series; zero where nobody may.
    function halter() external view returns (address);

    /// @notice Ground on which it may be halted: the hash of the agreed text.
    function haltGround() external view returns (bytes32);

    /// @notice Compensation after a halt, in basis points of a Token's price.
    function compensationBps() external view returns (uint256);

    /// @notice ComputeMarket that opened the series.
    function market() external view returns (address);

    /// @notice Tokens ever sold.
    function sold() external view returns (uint256);

    /// @notice Tokens ever to be sold.
    function capacity() external view returns (uint256);

    /// @notice Micro-yuan per 1,000,000 Tokens.
    function unitPrice() external view returns (uint256);

    /// @notice Unix second from which nothing is sold, deposited or passed on any more.
    function expiry() external view returns (uint256);

    /// @notice Tokens consumed per metered unit.
    function rateCard() external view returns (RateCard);

    /// @notice Hash of the document that says which hours are peak.
    function windowsHash() external view returns (bytes32);

    /// @notice Kind of service.
    function serviceClass() external view returns (bytes32);

    /// @notice Who delivers, attests usage and redeems.
    function provider() external view returns (address);

    /// @notice Currency the series is sold for.
    function currency() external view returns (address);

    /// @notice UsageMeter that alone may claim from channels of this series.
    function meter() external view returns (address);

    /// @notice ChannelHub the Tokens may be deposited in.
    function hub() external view returns (address);

    /// @notice Deposit collector of that hub.
    function collector() external view returns (address);
}
