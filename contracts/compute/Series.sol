// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {RateCard} from "./RateCard.sol";

/// @notice The terms of a series. They never change: a new price is a new series.
struct SeriesTerms {
    /// Name of the Token, and of its EIP-712 domain.
    string name;
    /// Symbol.
    string symbol;
    /// Who delivers the compute, attests usage and redeems what was delivered.
    address provider;
    /// Kind of service, for example "inference".
    bytes32 serviceClass;
    /// Micro-yuan per 1,000,000 Tokens.
    uint64 unitPrice;
    /// Tokens ever to be sold.
    uint96 capacity;
    /// Unix second from which nothing is sold, deposited or passed on any more.
    uint40 expiry;
    /// Tokens consumed per metered unit.
    RateCard rateCard;
    /// Hash of the document that says which hours are peak, holidays and working days included.
    bytes32 windowsHash;
    /// Who may halt the series before its expiry; zero where nobody may.
    address halter;
    /// Ground on which it may be halted: the hash of the agreed text; zero where nobody may.
    bytes32 haltGround;
    /// Share of a Token's price that its holder gets on top of a refund after a halt, in basis points.
    uint16 compensationBps;
}

/// @notice The contracts a series works with.
struct SeriesContracts {
    /// ComputeMarket that opens and halts it.
    address market;
    /// Currency it is sold for.
    address currency;
    /// ChannelHub the Tokens may be deposited in.
    address hub;
    /// Deposit collector of that hub: the only way Tokens reach it.
    address collector;
    /// UsageMeter that alone may claim from its channels.
    address meter;
}
