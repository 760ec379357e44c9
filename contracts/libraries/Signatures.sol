// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Signatures
/// @notice One answer to "did this account sign this digest", for keys and for contracts (ERC-1271).
library Signatures {
    /// @notice Whether `signature` is `signer`'s over `digest`.
    /// @dev Recovers before it looks whether the signer has code, since nearly every signer is a key and a look at a
    /// cold account costs 2,600 gas. Signatures are 65 bytes with a low s (ECDSA refuses others), or whatever an
    /// ERC-1271 account accepts.
    /// @param signer Account that should have signed.
    /// @param digest EIP-712 digest.
    /// @param signature 65 bytes r, s, v; or the ERC-1271 account's own form.
    function isValid(address signer, bytes32 digest, bytes memory signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecover(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return signer.code.length != 0 && SignatureChecker.isValidERC1271SignatureNow(signer, digest, signature);
    }
}
