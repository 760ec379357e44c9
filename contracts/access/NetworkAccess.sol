// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title NetworkAccess
/// @notice Who may do what in the network: OpenZeppelin's AccessManager, unchanged, compiled with the other contracts.
contract NetworkAccess is AccessManager {
    /// @param administrator First holder of the administrator role.
    constructor(address administrator) AccessManager(administrator) {}
}
