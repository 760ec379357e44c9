// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SeriesContracts, SeriesTerms} from "../types/Series.sol";
import {ComputeToken} from "./ComputeToken.sol";

/// @title SeriesFactory
/// @notice Creates series, and keeps their code out of the market's. It remembers nothing: a series is the market's
/// that called, and no other market knows it.
contract SeriesFactory {
    /// @notice Create a series of the calling market.
    /// @param terms Terms of the series.
    /// @param contracts What it works with; the market is the caller, whatever they say.
    /// @return series The series.
    function create(SeriesTerms calldata terms, SeriesContracts memory contracts) external returns (address series) {
        contracts.market = msg.sender;
        return address(new ComputeToken(terms, contracts));
    }
}
