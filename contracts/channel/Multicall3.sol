// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

import {Call, Call3, CallResult, IMulticall3} from "./IMulticall3.sol";

/// @title Multicall3
/// @notice Makes many calls in one. It holds no value and has no rights.
/// @dev Warning: an approval or an authorization for this address can be used by everyone.
contract Multicall3 is IMulticall3 {
    /// @inheritdoc IMulticall3
    function tryAggregate(bool requireSuccess, Call[] calldata calls) external returns (CallResult[] memory results) {
        results = new CallResult[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            results[i] = _call(calls[i].target, !requireSuccess, calls[i].callData);
        }
    }

    /// @inheritdoc IMulticall3
    function aggregate3(Call3[] calldata calls) external returns (CallResult[] memory results) {
        results = new CallResult[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            results[i] = _call(calls[i].target, calls[i].allowFailure, calls[i].callData);
        }
    }

    /// @dev Any target and any data are allowed, by design.
    function _call(address target, bool allowFailure, bytes calldata data) private returns (CallResult memory) {
        bool success = LowLevelCall.callNoReturn(target, data);
        if (!success && !allowFailure) LowLevelCall.bubbleRevert();
        return CallResult(success, LowLevelCall.returnData());
    }
}
