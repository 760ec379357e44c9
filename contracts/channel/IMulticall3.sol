// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One call of many.
struct Call {
    address target;
    bytes callData;
}

/// @notice One call of many, with its own permission to fail.
struct Call3 {
    address target;
    bool allowFailure;
    bytes callData;
}

/// @notice Return data or revert data of a call.
struct CallResult {
    bool success;
    bytes returnData;
}

/// @title IMulticall3
/// @notice Many reads in one call; clients expect it at `0xcA11bde05977b3631167028862bE2a173976CA11`.
/// @dev The part of Multicall3 that x402's facilitators and viem call. Unlike the published contract it takes no native
/// value, since native coin only pays for gas here, and a call that may not fail reverts with its own data, not a
/// string.
interface IMulticall3 {
    /// @notice Makes calls in order, all of which may fail or none.
    /// @param requireSuccess Whether the first revert reverts all calls, with its data.
    /// @param calls The calls.
    /// @return results Result of each call, in the same order.
    function tryAggregate(bool requireSuccess, Call[] calldata calls) external returns (CallResult[] memory results);

    /// @notice Makes calls in order, each with its own permission to fail.
    /// @param calls The calls; the revert of one that may not fail reverts all calls, with its data.
    /// @return results Result of each call, in the same order.
    function aggregate3(Call3[] calldata calls) external returns (CallResult[] memory results);
}
