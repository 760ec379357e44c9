// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IDepositCollector} from "./IDepositCollector.sol";
import {IERC3009} from "../core/IERC3009.sol";

/// @title ERC3009DepositCollector
/// @notice Deposits by EIP-3009 `ReceiveWithAuthorization`; the nonce commits the payer to one channel.
/// @dev Holds no value between two transactions.
contract ERC3009DepositCollector is IDepositCollector {
    using SafeERC20 for IERC20;

    /// @notice Hub of the collector.
    address public immutable hub;

    /// @param hub_ Hub of the collector.
    constructor(address hub_) {
        hub = hub_;
    }

    /// @inheritdoc IDepositCollector
    function collect(address payer, address token, uint256 amount, bytes32 channelId, bytes calldata data) external {
        if (msg.sender != hub) revert CollectorCallerNotHub(msg.sender, hub);

        (uint256 validAfter, uint256 validBefore, uint256 salt, bytes memory signature) = abi.decode(
            data,
            (uint256, uint256, uint256, bytes)
        );
        IERC3009(token).receiveWithAuthorization(
            payer,
            address(this),
            amount,
            validAfter,
            validBefore,
            keccak256(abi.encode(channelId, salt)),
            signature
        );
        IERC20(token).safeTransfer(hub, amount);
    }
}
