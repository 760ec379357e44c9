// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {Order, Payment, Quote, ReferenceRate, SignedQuote} from "./Quote.sol";

/// @title IForeignExchange
/// @notice Tokens of a series for another currency than its own, by the quote of a liquidity provider: PvP and DvP in
/// one transaction.
/// @dev The buyer pays into the position of the provider, whose position pays the series. The contract has no
/// administrator and holds no units between transactions. The central bank of the market's currency is each account
/// that may call `setClassLimits` of it. Times are unix seconds.
interface IForeignExchange {
    /// @notice The limits of purchases by one wallet class in a corridor, in units of the currency of the market.
    struct ClassLimit {
        /// Units that one purchase has at most.
        uint96 purchase;
        /// Units that one buyer spends in a window of the corridor at most.
        uint96 window;
    }

    /// @notice A buyer bought Tokens by a quote. The events of the purchase itself follow in the same transaction.
    /// @param quote The quote that was taken.
    /// @param corridor Id of the corridor that the purchase was counted to.
    /// @param used Units of the buyer in its window afterwards.
    event PurchasedAbroad(
        address indexed buyer,
        address indexed provider,
        address indexed series,
        Quote quote,
        bytes32 corridor,
        uint256 used
    );
    /// @notice A provider used up an id, so that no quote with it is taken any more.
    event QuoteCancelled(address indexed provider, uint256 indexed id);
    /// @notice A central bank attested the reference rate of a currency.
    /// @param rate Units of `sold` for 10**12 units of `paid`.
    event ReferenceRateAttested(
        address indexed paid,
        address indexed sold,
        address indexed signer,
        uint256 rate,
        uint256 toleranceBps,
        uint256 observedAt,
        uint256 validBefore
    );
    /// @notice The limits of a wallet class in a corridor were set, by the central bank of a currency.
    event PurchaseLimitSet(
        bytes32 indexed corridor,
        address indexed currency,
        ICurrencyToken.WalletClass indexed class,
        uint256 purchase,
        uint256 window
    );
    /// @notice A series of the market may be paid from now on.
    event SeriesAdmitted(address indexed series);

    /// @notice A purchase needs at least one quote.
    error QuotesMissing();
    /// @notice Only the buyer itself pays by allowance.
    error BuyerNotCaller(address buyer, address caller);
    /// @notice The market sells for another currency.
    error QuoteCurrencyOther(address currency, address expected);
    /// @notice The quote is for another buyer.
    error QuoteTakerOther(address provider, uint256 id, address taker, address buyer);
    /// @notice The quote expired at `validBefore`.
    error QuoteExpired(address provider, uint256 id, uint256 validBefore, uint256 timestamp);
    /// @notice The quote expires at `validBefore`, which is after `latest`, the latest time for a quote taken now.
    error QuoteTooLong(address provider, uint256 id, uint256 validBefore, uint256 latest);
    /// @notice The provider used or cancelled this id.
    error QuoteUsed(address provider, uint256 id);
    /// @notice The provider did not sign exactly this quote.
    error QuoteSignatureInvalid(address provider, uint256 id);
    /// @notice The quote sells `sold` units, and `expected` by the reference rate, which it may miss by `toleranceBps`.
    error QuoteOffRate(address provider, uint256 id, uint256 sold, uint256 expected, uint256 toleranceBps);
    /// @notice There is no reference rate for the currency that is recent enough; `validBefore` is zero if none was
    /// attested.
    error ReferenceRateExpired(address paid, uint256 validBefore, uint256 timestamp);
    /// @notice The time of a rate is after that of the last one, and not in the future.
    error ReferenceRateTimeInvalid(address paid, uint256 observedAt, uint256 last, uint256 timestamp);
    /// @notice The central bank did not sign exactly this rate.
    error RateSignatureInvalid(address signer);
    /// @notice The buyer is frozen in a currency, outgoing, incoming or in part.
    error BuyerFrozen(address currency, address buyer);
    /// @notice Nobody has had the market confirm this series.
    error SeriesNotAdmitted(address series);
    /// @notice One purchase of the class has at most `limit` units in this corridor, not `requested`.
    error PurchaseLimitExceeded(
        bytes32 corridor,
        address buyer,
        ICurrencyToken.WalletClass class,
        uint256 requested,
        uint256 limit
    );
    /// @notice The buyer may spend `available` more units in this window of the corridor, not `requested`.
    error PurchaseWindowExceeded(
        bytes32 corridor,
        address buyer,
        ICurrencyToken.WalletClass class,
        uint256 requested,
        uint256 available
    );

    // -------------------------------------------------------------------- buyer

    /// @notice Buy Tokens by the first quote of a list that works. If none does, the last one is reported.
    /// @dev The corridor leads from the jurisdiction of the buyer's wallet in the paid currency to that of the provider
    /// of the series in the currency of the market, for the latter. Its limits and those of the buyer's class hold.
    /// @param quotes Quotes in the order of preference.
    /// @param order The order. With a signature its hash is the nonce of the payment, apart from the lowest 64 bits.
    /// @param payment An authorization, or an empty signature for a payment within the allowance to this contract.
    /// @return tokens Tokens bought: those that the sold amount of the quote is the exact price of.
    /// @custom:reverts QuotesMissing when the list is empty
    /// @custom:reverts BuyerNotCaller when another account pays by the buyer's allowance
    /// @custom:reverts PurchaseNonceInvalid when the nonce is not of this order
    /// @custom:reverts QuoteCurrencyOther when the quote sells another currency than the market's
    /// @custom:reverts QuoteTakerOther when the quote is for another buyer
    /// @custom:reverts QuoteExpired when the quote has expired
    /// @custom:reverts QuoteTooLong when the quote expires more than 60 seconds from now
    /// @custom:reverts ReferenceRateExpired when no recent reference rate was attested
    /// @custom:reverts QuoteOffRate when the amounts differ too much from the reference rate
    /// @custom:reverts QuoteSignatureInvalid when the provider did not sign the quote
    /// @custom:reverts CurrencyPaused when either currency is paused
    /// @custom:reverts BuyerFrozen when the buyer is frozen in either currency
    /// @custom:reverts SeriesNotAdmitted when nobody had the market confirm the series
    /// @custom:reverts ParticipantNotFound when the provider was not admitted to both currencies
    /// @custom:reverts ParticipantStopped when the provider is stopped
    /// @custom:reverts ParticipantSuspended when the provider is suspended
    /// @custom:reverts CurrencyClosed when either currency is closed
    /// @custom:reverts PurchaseBelowLeastTokens when the quote buys fewer Tokens than ordered
    /// @custom:reverts QuoteUsed when the id was used or cancelled
    /// @custom:reverts CorridorNotOpen when the corridor is not open
    /// @custom:reverts CorridorOfOtherPair when the corridor is open for another pair
    /// @custom:reverts TravelPayloadUnsigned when the amount reaches the threshold of the Travel Rule
    /// @custom:reverts PurchaseLimitExceeded when the amount is above the limit of the class or the corridor
    /// @custom:reverts PurchaseWindowExceeded when the buyer has fewer units left in its window
    /// @custom:reverts PurchasePaymentInexact when the sold amount is the exact price of no number of Tokens, or the
    /// authorization is for another amount than the quote
    /// @custom:invariant INV-LINK
    /// @custom:invariant INV-CORRIDOR
    /// @custom:invariant INV-FROZEN
    /// @custom:invariant INV-ONCE
    function purchase(
        SignedQuote[] calldata quotes,
        Order calldata order,
        Payment calldata payment
    ) external returns (uint256 tokens);

    /// @notice Take one quote of a list, as this contract itself: a quote that does not work leaves nothing behind.
    /// @custom:reverts CallerNotExchange when another account calls
    function take(
        SignedQuote calldata signed,
        Order calldata order,
        Payment calldata payment
    ) external returns (uint256 tokens);

    // ----------------------------------------------------------------- provider

    /// @notice Use up an id of the caller, so that no quote with it is taken any more.
    /// @custom:reverts QuoteUsed when it was used or cancelled before
    /// @custom:invariant INV-ONCE
    function cancel(uint256 id) external;

    // ------------------------------------------------------------- central bank

    /// @notice Set the limits of a wallet class in a corridor; without them the class buys nothing. They only narrow
    /// the limits on which both central banks agreed.
    /// @param from Jurisdiction of the buyers.
    /// @param to Jurisdiction of the providers of series.
    /// @custom:reverts CurrencyPowerMissing when the caller is not the central bank of the currency of the market
    /// @custom:invariant INV-CORRIDOR
    function setClassLimit(
        uint16 from,
        uint16 to,
        ICurrencyToken.WalletClass class,
        ClassLimit calldata limit
    ) external;

    // ------------------------------------------------------------------- anyone

    /// @notice Submit the reference rate that the central bank of the currency of the market has signed.
    /// @custom:reverts QuoteCurrencyOther when the rate is for another currency than the market's
    /// @custom:reverts CurrencyPowerMissing when the signer is not that central bank
    /// @custom:reverts ReferenceRateTimeInvalid when a rate of that time or later is known, or the time is to come
    /// @custom:reverts RateSignatureInvalid when the signer did not sign the rate
    function attestRate(ReferenceRate calldata rate, address signer, bytes calldata signature) external;

    /// @notice Give a series the allowance by which it takes its price, once the market confirms that it opened it.
    /// @custom:reverts SeriesUnknown when the market did not open the series
    function admitSeries(address series) external;

    // -------------------------------------------------------------------- views

    /// @notice The positions of providers.
    function liquidity() external view returns (address);

    /// @notice The corridors.
    function corridors() external view returns (address);

    /// @notice Market whose series are sold.
    function market() external view returns (address);

    /// @notice Currency of the market.
    function currency() external view returns (address);

    /// @notice Whether a provider has used or cancelled an id.
    function isUsed(address provider, uint256 id) external view returns (bool);

    /// @notice The last reference rate of a currency.
    function referenceRate(address paid) external view returns (ReferenceRate memory);

    /// @notice The limits of a wallet class in a corridor.
    function classLimit(bytes32 corridor, ICurrencyToken.WalletClass class) external view returns (ClassLimit memory);

    /// @notice The use of a corridor by a buyer in its last window.
    /// @return units Units of the currency of the market.
    /// @return since Time of the first purchase in that window.
    function used(bytes32 corridor, address buyer) external view returns (uint256 units, uint256 since);

    /// @notice EIP-712 digest of a quote that its provider signs.
    function quoteDigest(Quote calldata quote) external view returns (bytes32);

    /// @notice EIP-712 digest of a rate that the central bank signs.
    function rateDigest(ReferenceRate calldata rate) external view returns (bytes32);

    /// @notice Hash of an order: the nonce of the authorization that pays it, apart from the lowest 64 bits.
    function orderHash(Order calldata order) external view returns (bytes32);
}
