// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Signatures
/// @notice One answer to "did this account sign this digest", for keys and for contracts (ERC-1271).
/// @dev Recovers before it looks whether the signer has code, since nearly every signer is a key and a look at a cold
/// account costs 2,600 gas. What recovers nobody recovers the zero address, which never signs. A key's signature has a
/// low s (ECDSA refuses others); r, s, v are 65 bytes where they are not apart, and an ERC-1271 account may have a form
/// of its own.
library Signatures {
    /// @notice Whether r, s, v is `signer`'s signature over `digest`, for an ERC-1271 account as 65 bytes.
    function isValid(address signer, bytes32 digest, uint8 v, bytes32 r, bytes32 s) internal view returns (bool) {
        // slither-disable-next-line unused-return
        (address recovered, , ) = ECDSA.tryRecover(digest, v, r, s);
        if (recovered == signer && signer != address(0)) return true;
        return SignatureChecker.isValidERC1271SignatureNow(signer, digest, abi.encodePacked(r, s, v));
    }

    /// @notice Whether `signature` is `signer`'s over `digest`.
    function isValidCalldata(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        // slither-disable-next-line unused-return
        (address recovered, , ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (recovered == signer && signer != address(0)) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }

    /// @notice The same for a signature that was decoded from something larger.
    function isValid(address signer, bytes32 digest, bytes memory signature) internal view returns (bool) {
        // slither-disable-next-line unused-return
        (address recovered, , ) = ECDSA.tryRecover(digest, signature);
        if (recovered == signer && signer != address(0)) return true;
        return SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature);
    }
}
