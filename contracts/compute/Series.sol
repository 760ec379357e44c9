// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {RateCard} from "./RateCard.sol";

/// @notice The terms of a series. They never change: a new price is a new series.
struct SeriesTerms {
    /// Name of the Token, and of its EIP-712 domain.
    string name;
    /// Symbol.
    string symbol;
    /// Account that delivers the compute, attests usage and redeems delivered Tokens.
    address provider;
    /// Kind of service, for example "inference".
    bytes32 serviceClass;
    /// Micro-yuan per 1,000,000 Tokens.
    uint64 unitPrice;
    /// Most Tokens that the series sells.
    uint96 capacity;
    /// Unix second from which no sale, deposit or transfer is possible.
    uint40 expiry;
    /// Tokens consumed per metered unit.
    RateCard rateCard;
    /// Hash of the document with the peak hours, holidays and working days.
    bytes32 windowsHash;
    /// Account that may halt the series before its expiry; zero for none.
    address halter;
    /// Ground for a halt: the hash of the agreed text; zero without a halter.
    bytes32 haltGround;
    /// Compensation of a Token after a halt, in basis points of its price, in addition to the refund.
    uint16 compensationBps;
}

/// @notice The contracts that a series uses.
struct SeriesContracts {
    /// ComputeMarket that opens and halts the series.
    address market;
    /// Currency of the price.
    address currency;
    /// ChannelHub that accepts deposits of the Tokens.
    address hub;
    /// Deposit collector of that hub: Tokens reach the hub only through it.
    address collector;
    /// UsageMeter that alone may claim from its channels.
    address meter;
    /// Policy that each purchase is checked by; zero for none.
    address policy;
}
