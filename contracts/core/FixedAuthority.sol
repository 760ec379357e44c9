// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title FixedAuthority
/// @notice A contract with one permanent access manager, which grants and revokes its roles.
abstract contract FixedAuthority is AccessManaged {
    /// @notice The AccessManager is permanent: another one would replace all roles at once.
    error AuthorityFixed();

    /// @param authority_ The access manager.
    constructor(address authority_) AccessManaged(authority_) {}

    /// @notice Always reverts, for every caller.
    /// @custom:reverts AuthorityFixed always
    function setAuthority(address) public pure override {
        revert AuthorityFixed();
    }
}
