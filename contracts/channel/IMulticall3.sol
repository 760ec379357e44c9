// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One call of many.
struct Call {
    address target;
    bytes callData;
}

/// @notice One call of many, which says itself whether it may fail.
struct Call3 {
    address target;
    bool allowFailure;
    bytes callData;
}

/// @notice What a call returned, or what it reverted with.
struct CallResult {
    bool success;
    bytes returnData;
}

/// @title IMulticall3
/// @notice What the clients of a chain expect at `0xcA11bde05977b3631167028862bE2a173976CA11`: many reads in one call.
/// @dev The part of Multicall3 that x402's facilitators and viem call. Unlike the published one it takes no value, of
/// which there is none here but gas, and a call that may not fail reverts with its own refusal instead of a string.
interface IMulticall3 {
    /// @notice Makes calls in order, all of which may fail or none.
    /// @param requireSuccess Whether the first refusal refuses them all, and is passed on.
    /// @param calls The calls.
    /// @return results What each returned, in the same order.
    function tryAggregate(bool requireSuccess, Call[] calldata calls) external returns (CallResult[] memory results);

    /// @notice Makes calls in order, each of which says itself whether it may fail.
    /// @param calls The calls; the refusal of one that may not fail refuses them all, and is passed on.
    /// @return results What each returned, in the same order.
    function aggregate3(Call3[] calldata calls) external returns (CallResult[] memory results);
}
