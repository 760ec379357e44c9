// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IVm
/// @notice The cheat codes of Foundry that these tests use; halmos answers to those that its checks use.
interface IVm {
    /// @notice Refuse an input: the run does not count.
    function assume(bool condition) external pure;

    /// @notice Fail unless a condition holds.
    function assertTrue(bool condition, string calldata problem) external pure;

    /// @notice Fail unless two numbers are equal.
    function assertEq(uint256 left, uint256 right, string calldata problem) external pure;

    /// @notice Have the next call come from `sender`.
    function prank(address sender) external;

    /// @notice Set chain time, in unix seconds.
    function warp(uint256 timestamp) external;

    /// @notice A storage word of a contract.
    function load(address account, bytes32 slot) external view returns (bytes32);

    /// @notice Set a storage word of a contract.
    function store(address account, bytes32 slot, bytes32 word) external;

    /// @notice Address of a private key.
    function addr(uint256 key) external pure returns (address);

    /// @notice Sign a digest with a private key.
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    /// @notice A word as text, in hexadecimal digits.
    function toString(bytes32 word) external pure returns (string memory);

    /// @notice Text of a file.
    function readFile(string calldata path) external view returns (string memory);

    /// @notice Keys of the object at a place in a JSON document.
    function parseJsonKeys(string calldata json, string calldata place) external pure returns (string[] memory);

    /// @notice What is at a place in a JSON document, as ABI encoded.
    function parseJson(string calldata json, string calldata place) external pure returns (bytes memory);
}

/// @dev Foundry answers at the address that hevm chose for it.
IVm constant VM = IVm(address(uint160(uint256(keccak256("hevm cheat code")))));
