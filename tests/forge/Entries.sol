// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VM} from "./Vm.sol";

/// @title Entries
/// @notice The entries of a contract, as the compiler tells them: what was added without a move is seen.
abstract contract Entries {
    /// Numbers that a move takes at most.
    uint256 private constant MOST_NUMBERS = 6;

    /// Make moves of a fixed seed.
    function _makeMoves(address moves, string memory name, uint256 count) internal {
        string[] memory all = _entries(name);
        for (uint256 i = 0; i < count; ++i) {
            bytes4 selector = _selector(all[_number(i, MOST_NUMBERS) % all.length]);
            bytes memory data = bytes.concat(selector, _numbers(i));
            // solhint-disable-next-line avoid-low-level-calls
            (bool made, ) = moves.call(data);
            VM.assertTrue(made, "a move failed by itself");
        }
    }

    /// The most that a move takes.
    function _numbers(uint256 seed) internal pure returns (bytes memory) {
        return
            abi.encode(
                _number(seed, 0),
                _number(seed, 1),
                _number(seed, 2),
                _number(seed, 3),
                _number(seed, 4),
                _number(seed, 5)
            );
    }

    function _number(uint256 seed, uint256 place) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, place)));
    }

    function _selector(string memory signature) internal pure returns (bytes4) {
        return bytes4(keccak256(bytes(signature)));
    }

    /// Signatures of the functions of a contract that change the chain, from what the compiler says.
    function _entries(string memory name) internal view returns (string[] memory entries) {
        string memory json = VM.readFile(string.concat("build/forge/out/", name, ".sol/", name, ".json"));
        string memory place = "$.abi[?(@.type == 'function' && @.stateMutability == 'nonpayable')].name";
        string[] memory changing = abi.decode(VM.parseJson(json, place), (string[]));
        string[] memory all = VM.parseJsonKeys(json, "$.methodIdentifiers");
        entries = new string[](changing.length);
        uint256 count = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            for (uint256 j = 0; j < changing.length; ++j) {
                if (!_isNamed(all[i], changing[j])) continue;
                entries[count++] = all[i];
                break;
            }
        }
        VM.assertEq(count, changing.length, "an entry is missing");
    }

    function _isNamed(string memory signature, string memory name) private pure returns (bool) {
        bytes memory start = bytes.concat(bytes(name), "(");
        for (uint256 i = 0; i < start.length; ++i) {
            if (bytes(signature)[i] != start[i]) return false;
        }
        return true;
    }
}
