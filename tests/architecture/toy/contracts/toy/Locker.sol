// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {ILocker} from "./ILocker.sol";

/// @title Locker
/// @notice Currency comes in by `store` and leaves by `takeBack`.
contract Locker is ILocker {
    using SafeERC20 for IERC20;

    /// @inheritdoc ILocker
    address public immutable currency;
    mapping(address account => uint256 units) private _stored;

    /// @param currency_ CurrencyToken that it holds.
    constructor(address currency_) {
        currency = currency_;
    }

    /// @inheritdoc ILocker
    function store(uint256 amount) external {
        uint256 stored = _stored[msg.sender] + amount;
        _stored[msg.sender] = stored;
        emit Stored(msg.sender, amount, stored);
        IERC20(currency).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc ILocker
    function takeBack(uint256 amount) external {
        uint256 stored = _stored[msg.sender];
        if (amount > stored) revert LockerShort(msg.sender, amount, stored);

        stored -= amount;
        _stored[msg.sender] = stored;
        emit Returned(msg.sender, amount, stored);
        IERC20(currency).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc ILocker
    function storedOf(address account) external view returns (uint256) {
        return _stored[account];
    }
}
