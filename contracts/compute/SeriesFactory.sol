// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeToken} from "./IComputeToken.sol";
import {SeriesContracts, SeriesTerms} from "./Series.sol";
import {ComputeToken} from "./ComputeToken.sol";

/// @title SeriesFactory
/// @notice Creates the series of one market, so that the code of the market does not contain theirs. It stores nothing
/// else.
contract SeriesFactory {
    /// @notice Market of the factory: the one that created it.
    address public immutable market;

    constructor() {
        market = msg.sender;
    }

    /// @notice Create a series of the market.
    /// @param terms Terms of the series.
    /// @param contracts Contracts that the series uses; the market of the factory replaces the market in them.
    /// @return series The series.
    /// @custom:reverts SeriesCallerNotMarket when the caller is not the market
    function create(SeriesTerms calldata terms, SeriesContracts memory contracts) external returns (address series) {
        address owner = market;
        if (msg.sender != owner) revert IComputeToken.SeriesCallerNotMarket(msg.sender, owner);

        contracts.market = owner;
        return address(new ComputeToken(terms, contracts));
    }
}
