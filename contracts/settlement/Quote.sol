// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice The offer of a liquidity provider to exchange two exact amounts, once.
struct Quote {
    /// Participant that sells, and signs.
    address provider;
    /// Account that may take it; zero for any.
    address taker;
    /// Currency that the provider receives in its position.
    address paid;
    /// Currency that leaves the position of the provider: that of the market.
    address sold;
    /// Units that the buyer pays.
    uint96 paidAmount;
    /// Units that the series receives.
    uint96 soldAmount;
    /// Number of its own that the provider uses once.
    uint256 id;
    /// Unix second before which it is taken.
    uint64 validBefore;
}

/// @notice A quote with the EIP-712 signature of its provider.
struct SignedQuote {
    Quote quote;
    bytes signature;
}

/// @notice The order of a buyer: Tokens of a series for the units of a quote.
struct Order {
    /// Account that pays and counts as the buyer.
    address buyer;
    /// Series whose Tokens are bought.
    address series;
    /// Account that receives the Tokens.
    address beneficiary;
    /// Fewest Tokens that the buyer accepts.
    uint256 leastTokens;
    /// Unix second before which the purchase is made.
    uint256 deadline;
}

/// @notice How the buyer pays: by its allowance, or by an EIP-3009 authorization that another account submits.
struct Payment {
    /// Units that it authorizes: the amount of the quote that is taken.
    uint256 value;
    /// Unix second after which the authorization is valid.
    uint256 validAfter;
    /// Unix second before which the authorization is valid.
    uint256 validBefore;
    /// Nonce of the authorization: the hash of the order, apart from the lowest 64 bits.
    bytes32 nonce;
    /// Signature of the buyer; empty for a payment by allowance, which the buyer submits itself.
    bytes signature;
}

/// @notice The rate that a central bank attests for a pair.
struct ReferenceRate {
    /// Currency that buyers pay with.
    address paid;
    /// Currency of the market.
    address sold;
    /// Units of `sold` for 10**12 units of `paid`.
    uint128 rate;
    /// Basis points by which a quote may differ from the rate.
    uint16 toleranceBps;
    /// Unix second of the rate; a later one replaces it.
    uint40 observedAt;
    /// Unix second from which the rate is too old.
    uint40 validBefore;
}
