// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {RateCard} from "../types/RateCard.sol";
import {IChannelPolicy} from "./IChannelPolicy.sol";
import {IERC3009} from "./IERC3009.sol";

/// @notice The terms of a series. They never change: a new price is a new series.
struct SeriesTerms {
    /// Name of the Token, and of its EIP-712 domain.
    string name;
    /// Symbol.
    string symbol;
    /// Who delivers the compute, attests usage and redeems what was delivered.
    address provider;
    /// Currency the series is sold for.
    address currency;
    /// ChannelHub the Tokens may be deposited in.
    address hub;
    /// Deposit collector of that hub: the only way Tokens reach it.
    address collector;
    /// UsageMeter that alone may claim from channels of this series.
    address meter;
    /// Kind of service, for example "inference".
    bytes32 serviceClass;
    /// Micro-yuan per 1,000,000 Tokens.
    uint64 unitPrice;
    /// Tokens ever to be sold.
    uint128 capacity;
    /// Unix second from which nothing is sold, deposited or passed on any more.
    uint40 expiry;
    /// Tokens consumed per metered unit.
    RateCard rateCard;
}

/// @title IComputeToken
/// @notice A series: an ERC-20 of Tokens, the counter that sells them and the escrow that backs them.
/// @dev Every outstanding Token is backed by the e-CNY it was bought with, held by this contract until the Token is
/// delivered and redeemed, or refunded (INV-BACKING). 0 decimals: a Token is the smallest unit. A purchase rounds up,
/// redemption and refund round down, to one unit of currency, so what rounding leaves stays here and backs.
/// Tokens move between holders until expiry; afterwards only claims, withdrawals, refunds and redemption move them.
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
    /// @notice A holder's Tokens were destroyed after expiry and their backing paid back.
    event Refunded(address indexed holder, uint256 tokens, uint256 paid);
    /// @notice With no Token outstanding after expiry, the provider took what rounding and donations left.
    event Swept(address indexed provider, uint256 amount);

    /// @notice The terms given to the constructor cannot be those of a series.
    error SeriesTermsInvalid(string term);
    /// @notice The series expired at `expiry`; chain time is `timestamp` (unix seconds).
    error SeriesExpired(uint256 expiry, uint256 timestamp);
    /// @notice The series expires only at `expiry`; chain time is `timestamp` (unix seconds).
    error SeriesNotExpired(uint256 expiry, uint256 timestamp);
    /// @notice The series may sell `available` Tokens more, not `requested`.
    error CapacityExceeded(uint256 requested, uint256 available);
    /// @notice The purchase was to be made before `deadline`; chain time is `timestamp` (unix seconds).
    error PurchaseDeadlinePassed(uint256 deadline, uint256 timestamp);
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
    /// @notice Tokens stay outstanding, so what backs them cannot be swept.
    error SeriesOutstanding(uint256 tokens);
    /// @notice A channel in this series must have the series as receiver and its UsageMeter as receiver authorizer.
    error ChannelTermsRefused(address receiver, address receiverAuthorizer);

    // -------------------------------------------------------------------- buyer

    /// @notice Buy Tokens for currency the caller has allowed this series to take.
    /// @param beneficiary Who receives the Tokens.
    /// @param tokens Tokens wanted, above zero.
    /// @param deadline Unix second from which the purchase is refused.
    /// @return price Units of currency paid: tokens * unitPrice / 1,000,000, rounded up, at the buyer's expense.
    /// @custom:reverts TokensZero when `tokens` is zero
    /// @custom:reverts PurchaseDeadlinePassed when chain time is at or after `deadline`
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts CapacityExceeded when fewer Tokens are left to sell
    /// @custom:invariant INV-BACKING
    /// @custom:invariant INV-SUPPLY
    function purchase(address beneficiary, uint256 tokens, uint256 deadline) external returns (uint256 price);

    /// @notice Buy Tokens by the payer's EIP-3009 `ReceiveWithAuthorization` to this series, whose nonce commits to
    /// the terms of the purchase, so that whoever submits it can change nothing.
    /// @param payer Who pays and signed.
    /// @param value Units of currency, the exact rounded-up price of the Tokens bought.
    /// @param validAfter Unix second after which the authorization is valid.
    /// @param validBefore Unix second before which the authorization is valid.
    /// @param beneficiary Who receives the Tokens.
    /// @param leastTokens Fewest Tokens the payer accepts.
    /// @param deadline Unix second from which the purchase is refused.
    /// @param salt Tells purchases of otherwise equal terms apart.
    /// @param signature The payer's signature of the authorization with the nonce `purchaseNonce(...)`.
    /// @return tokens Tokens created.
    /// @custom:reverts PurchaseDeadlinePassed when chain time is at or after `deadline`
    /// @custom:reverts PurchaseBelowLeastTokens when `value` buys fewer than `leastTokens`
    /// @custom:reverts PurchasePaymentInexact when `value` is not the exact price of what it buys
    /// @custom:reverts AuthorizationSignatureInvalid when any term differs from what was signed
    /// @custom:invariant INV-BACKING
    /// @custom:invariant INV-ONCE
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
    ) external returns (uint256 tokens);

    /// @notice Buy Tokens by a stock x402 `exact` payment: a `TransferWithAuthorization` to this series with any
    /// nonce. The payer is the beneficiary. The series is payee-only in its currency, so that the authorization can be
    /// spent only by delivering.
    /// @param value Units of currency, the exact rounded-up price of the Tokens bought.
    /// @return tokens Tokens created.
    /// @custom:reverts PurchasePaymentInexact when `value` is not the exact price of what it buys
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
    function consume(uint256 tokens) external;

    /// @notice After expiry, exchange the caller's Tokens for the currency that backs them.
    /// @param tokens Tokens to give back, above zero.
    /// @return paid Units of currency: tokens * unitPrice / 1,000,000, rounded down, at the holder's expense.
    /// @custom:reverts TokensZero when `tokens` is zero
    /// @custom:reverts SeriesNotExpired when chain time is before expiry
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

    /// @notice After expiry and with no Token outstanding, take what rounding and donations left in the series.
    /// @return amount Units of currency.
    /// @custom:reverts SeriesCallerNotProvider when the caller is not the provider
    /// @custom:reverts SeriesNotExpired when chain time is before expiry
    /// @custom:reverts SeriesOutstanding when a Token is outstanding
    function sweep() external returns (uint256 amount);

    // -------------------------------------------------------------------- views

    /// @notice The EIP-3009 nonce that commits a payer to the terms of a purchase.
    function purchaseNonce(
        address beneficiary,
        uint256 leastTokens,
        uint256 deadline,
        bytes32 salt
    ) external view returns (bytes32);

    /// @notice Price of Tokens in units of currency, rounded up.
    function priceRoundedUp(uint256 tokens) external view returns (uint256);

    /// @notice Backing that leaves with Tokens, in units of currency, rounded down.
    function backingRoundedDown(uint256 tokens) external view returns (uint256);

    /// @notice Tokens delivered and not yet redeemed: the series' own balance.
    function delivered() external view returns (uint256);

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
