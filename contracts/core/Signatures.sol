// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Signatures
/// @notice Checks whether an account signed a digest, for keys and for contracts (ERC-1271).
/// @dev Recovers the signer before it reads its code, since nearly every signer is a key and a read of a cold account
/// costs 2,600 gas. A key's signature is r, s and v, or 65 bytes of the three; an ERC-1271 account may have its own
/// form. OpenZeppelin's `tryRecover` gives the same answer for 80 gas more.
library Signatures {
    /// Half the order of secp256k1. Each digest has two valid signatures; the one with the larger s is refused (EIP-2).
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Whether r, s, v is the signature of `signer` over `digest`; an ERC-1271 account gets it as 65 bytes.
    function isValid(address signer, bytes32 digest, uint8 v, bytes32 r, bytes32 s) internal view returns (bool) {
        if (_isOfKey(signer, digest, v, r, s)) return true;
        return SignatureChecker.isValidERC1271SignatureNow(signer, digest, abi.encodePacked(r, s, v));
    }

    /// @notice Whether `signature` is the signature of `signer` over `digest`.
    function isValidCalldata(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signature.length == 65) {
            (uint8 v, bytes32 r, bytes32 s) = ECDSA.parseCalldata(signature);
            if (_isOfKey(signer, digest, v, r, s)) return true;
        }
        return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }

    /// @notice The same for one of many signatures: a contract as signer gets at most `gasLimit` to answer.
    /// @dev Reads one word of the answer. The plain form, `signer.staticcall{gas: gasLimit}(question)`, copies the
    /// whole answer at the caller's expense, which grows with the square of the size of many answers.
    function isValidWithin(
        address signer,
        bytes32 digest,
        bytes calldata signature,
        uint256 gasLimit
    ) internal view returns (bool valid) {
        if (signature.length == 65 && _isOfKeyCalldata(signer, digest, signature)) return true;
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        bytes32 answer;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            valid := staticcall(gasLimit, signer, add(question, 32), mload(question), 0, 32)
            valid := and(valid, gt(returndatasize(), 31))
            answer := mload(0)
        }
        return valid && answer == bytes32(IERC1271.isValidSignature.selector);
    }

    /// @notice The same for a signature in memory.
    function isValid(address signer, bytes32 digest, bytes memory signature) internal view returns (bool) {
        if (signature.length == 65) {
            (uint8 v, bytes32 r, bytes32 s) = ECDSA.parse(signature);
            if (_isOfKey(signer, digest, v, r, s)) return true;
        }
        return SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature);
    }

    /// @dev `ecrecover` returns the zero address for an invalid signature, so the zero address is never a signer.
    function _isOfKey(address signer, bytes32 digest, uint8 v, bytes32 r, bytes32 s) private pure returns (bool) {
        return uint256(s) <= HALF_ORDER && signer == ecrecover(digest, v, r, s) && signer != address(0);
    }

    /// @dev The same for 65 bytes of call data. The plain form, `_isOfKey` with the result of `ECDSA.parseCalldata`,
    /// costs 200 gas more.
    function _isOfKeyCalldata(
        address signer,
        bytes32 digest,
        bytes calldata signature
    ) private view returns (bool valid) {
        bytes32 s;
        address recovered;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let message := mload(0x40)
            mstore(message, digest)
            mstore(add(message, 32), byte(0, calldataload(add(signature.offset, 64))))
            calldatacopy(add(message, 64), signature.offset, 64)
            s := mload(add(message, 96))
            mstore(0, 0)
            pop(staticcall(gas(), 1, message, 128, 0, 32))
            recovered := mload(0)
        }
        return uint256(s) <= HALF_ORDER && recovered == signer && signer != address(0);
    }
}
