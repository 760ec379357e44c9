// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title FixedAuthority
/// @notice A contract whose roles are given and taken by one access manager for ever.
abstract contract FixedAuthority is AccessManaged {
    /// @notice Roles are given and taken by one AccessManager for ever: another would replace all of them at once.
    error AuthorityFixed();

    /// @param authority_ The access manager.
    constructor(address authority_) AccessManaged(authority_) {}

    /// @notice Refused for ever, to whoever asks.
    /// @custom:reverts AuthorityFixed always
    function setAuthority(address) public pure override {
        revert AuthorityFixed();
    }
}
