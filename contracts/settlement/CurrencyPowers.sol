// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {AuthorityUtils} from "@openzeppelin/contracts/access/manager/AuthorityUtils.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title CurrencyPowers
/// @notice The officers of each currency are officers here: an account that may call a function of the currency has
/// the like power over the participants and the positions in that currency, and in no other.
/// @dev Each call asks the access manager of the currency, so that a role that is granted, revoked or handed over there
/// counts here at once. A role that acts with a delay has no power here: nothing could enforce the delay.
abstract contract CurrencyPowers {
    /// @notice The authority of the currency does not allow the caller to use this power.
    error CurrencyPowerMissing(address currency, address caller);

    /// @dev Checks that the caller may call a function of a currency at once.
    function _checkPower(address currency, bytes4 selector) internal view {
        if (!_hasPower(currency, selector)) revert CurrencyPowerMissing(currency, msg.sender);
    }

    /// @dev Whether the caller may call a function of a currency at once.
    function _hasPower(address currency, bytes4 selector) internal view returns (bool immediate) {
        if (currency.code.length == 0) return false;
        address authority = IAccessManaged(currency).authority();
        // slither-disable-next-line unused-return
        (immediate, ) = AuthorityUtils.canCallWithDelay(authority, msg.sender, currency, selector);
    }
}
