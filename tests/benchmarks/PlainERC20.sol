// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title PlainERC20
/// @notice OpenZeppelin's ERC20 as it is: what both sides of a ratio transfer, and what gas is compared with.
contract PlainERC20 is ERC20 {
    /// @param holders Accounts that begin with tokens.
    /// @param value Smallest units each of them gets.
    constructor(address[] memory holders, uint256 value) ERC20("Plain", "PLAIN") {
        for (uint256 i = 0; i < holders.length; ++i) {
            _mint(holders[i], value);
        }
    }
}
