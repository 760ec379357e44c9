// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IERC2612} from "./IERC2612.sol";
import {IERC3009} from "./IERC3009.sol";
import {Signatures} from "./Signatures.sol";

/// @title ERC20WithAuthorization
/// @notice ERC-20 allowances, EIP-2612 permits and EIP-3009 authorizations; the deriving contract stores the balances.
/// @dev Every transfer ends in `_transfer`, the one function of the deriving contract that moves value. There `msg.sig`
/// identifies the entry of the call.
abstract contract ERC20WithAuthorization is IERC20Metadata, IERC20Errors, IERC2612, IERC3009, EIP712 {
    bytes32 private constant TRANSFER_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,"
        "uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,"
        "uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant CANCEL_TYPEHASH = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );

    string private _symbol;
    mapping(address owner => mapping(address spender => uint256)) private _allowances;
    mapping(address owner => uint256 next) private _permitNonces;
    /// Bit `nonce % 256` of the word of an authorizer and `nonce / 256 % 2**56`: one if the authorization is spent.
    mapping(uint256 authorizerAndWord => NonceWord) private _spentNonces;

    /// A struct, so that the place of the word is computed once for reading and writing.
    struct NonceWord {
        uint256 bits;
    }

    constructor(string memory name_, string memory symbol_) EIP712(name_, "1") {
        _symbol = symbol_;
    }

    // ---------------------------------------------------------------- holder

    /// @inheritdoc IERC3009
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        bytes32 digest = _authorizationDigest(TRANSFER_TYPEHASH, validAfter, validBefore);
        if (!Signatures.isValid(from, digest, v, r, s)) revert AuthorizationSignatureInvalid(from);
        _useAuthorization(from, to, value, nonce);
    }

    /// @inheritdoc IERC3009
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 digest = _authorizationDigest(TRANSFER_TYPEHASH, validAfter, validBefore);
        if (!Signatures.isValidCalldata(from, digest, signature)) revert AuthorizationSignatureInvalid(from);
        _useAuthorization(from, to, value, nonce);
    }

    /// @inheritdoc IERC3009
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        if (msg.sender != to) revert AuthorizationCallerNotPayee(msg.sender, to);
        bytes32 digest = _authorizationDigest(RECEIVE_TYPEHASH, validAfter, validBefore);
        if (!Signatures.isValid(from, digest, v, r, s)) revert AuthorizationSignatureInvalid(from);
        _useAuthorization(from, to, value, nonce);
    }

    /// @inheritdoc IERC3009
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        if (msg.sender != to) revert AuthorizationCallerNotPayee(msg.sender, to);
        bytes32 digest = _authorizationDigest(RECEIVE_TYPEHASH, validAfter, validBefore);
        if (!Signatures.isValidCalldata(from, digest, signature)) revert AuthorizationSignatureInvalid(from);
        _useAuthorization(from, to, value, nonce);
    }

    /// @inheritdoc IERC3009
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external {
        bytes32 digest = _cancellationDigest(authorizer, nonce);
        if (!Signatures.isValid(authorizer, digest, v, r, s)) revert AuthorizationSignatureInvalid(authorizer);
        _cancelAuthorization(authorizer, nonce);
    }

    /// @inheritdoc IERC3009
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external {
        bytes32 digest = _cancellationDigest(authorizer, nonce);
        if (!Signatures.isValidCalldata(authorizer, digest, signature))
            revert AuthorizationSignatureInvalid(authorizer);
        _cancelAuthorization(authorizer, nonce);
    }

    /// @notice Transfer the caller's own value (ERC-20).
    /// @param value Amount in smallest units.
    function transfer(address to, uint256 value) external returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    /// @notice Transfer within an allowance (ERC-20); an allowance of 2**256 - 1 is not reduced.
    /// @param value Amount in smallest units.
    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        // Only here can a caller name the zero address as payer: it neither calls nor signs.
        if (from == address(0)) revert ERC20InvalidSender(address(0));
        uint256 allowed = _allowances[from][msg.sender];
        if (allowed != type(uint256).max) {
            if (allowed < value) revert ERC20InsufficientAllowance(msg.sender, allowed, value);
            // Just compared: allowed >= value.
            unchecked {
                _allowances[from][msg.sender] = allowed - value;
            }
        }
        _transfer(from, to, value);
        return true;
    }

    /// @notice Allow `spender` to transfer up to `value` smallest units of the caller (ERC-20).
    function approve(address spender, uint256 value) external returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    /// @inheritdoc IERC2612
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        bytes32 digest = _usePermit(owner, spender, value, deadline);
        if (!Signatures.isValid(owner, digest, v, r, s)) revert PermitSignatureInvalid(owner);
        _approve(owner, spender, value);
    }

    /// @inheritdoc IERC2612
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 digest = _usePermit(owner, spender, value, deadline);
        if (!Signatures.isValidCalldata(owner, digest, signature)) revert PermitSignatureInvalid(owner);
        _approve(owner, spender, value);
    }

    // ----------------------------------------------------------------- views

    /// @notice Name, also the name of the EIP-712 domain (version "1").
    function name() external view returns (string memory) {
        return _EIP712Name();
    }

    /// @notice Symbol.
    function symbol() external view returns (string memory) {
        return _symbol;
    }

    /// @notice Smallest units of `owner` that `spender` may still transfer.
    function allowance(address owner, address spender) external view returns (uint256) {
        return _allowances[owner][spender];
    }

    /// @inheritdoc IERC2612
    function nonces(address owner) external view returns (uint256) {
        return _permitNonces[owner];
    }

    /// @inheritdoc IERC2612
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IERC3009
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool) {
        return _spentNonces[_nonceWord(authorizer, nonce)].bits & (1 << uint8(uint256(nonce))) != 0;
    }

    // ------------------------------------------------------------- internals

    /// @dev The one place where the deriving contract moves value between two holders.
    function _transfer(address from, address to, uint256 value) internal virtual;

    function _approve(address owner, address spender, uint256 value) private {
        if (spender == address(0)) revert ERC20InvalidSpender(address(0));
        _allowances[owner][spender] = value;
        emit Approval(owner, spender, value);
    }

    /// @dev Uses the owner's next nonce and returns the digest that the owner signed; a refused signature reverts both.
    function _usePermit(address owner, address spender, uint256 value, uint256 deadline) private returns (bytes32) {
        if (block.timestamp > deadline) revert PermitExpired(deadline, block.timestamp);
        uint256 nonce = _permitNonces[owner]++;
        return _hashTypedDataV4(keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, nonce, deadline)));
    }

    /// @dev Checks the validity and returns the digest that the payer signed. Every entry begins with the six arguments
    /// of the signed struct, in its order and encoding: from, to, value, validAfter, validBefore, nonce. So their call
    /// data is hashed unchanged. The plain form is `keccak256(bytes.concat(typeHash, msg.data[4:196]))`, which costs
    /// 500 gas more.
    function _authorizationDigest(
        bytes32 typeHash,
        uint256 validAfter,
        uint256 validBefore
    ) private view returns (bytes32) {
        if (block.timestamp <= validAfter) revert AuthorizationNotYetValid(validAfter, block.timestamp);
        if (block.timestamp >= validBefore) revert AuthorizationExpired(validBefore, block.timestamp);
        bytes32 structHash;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, typeHash)
            calldatacopy(add(free, 32), 4, 192)
            structHash := keccak256(free, 224)
        }
        return _hashTypedDataV4(structHash);
    }

    function _cancellationDigest(address authorizer, bytes32 nonce) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CANCEL_TYPEHASH, authorizer, nonce)));
    }

    function _useAuthorization(address from, address to, uint256 value, bytes32 nonce) private {
        _spendNonce(from, nonce);
        emit AuthorizationUsed(from, nonce);
        _transfer(from, to, value);
    }

    function _cancelAuthorization(address authorizer, bytes32 nonce) private {
        _spendNonce(authorizer, nonce);
        emit AuthorizationCanceled(authorizer, nonce);
    }

    function _spendNonce(address authorizer, bytes32 nonce) private {
        NonceWord storage word = _spentNonces[_nonceWord(authorizer, nonce)];
        (uint256 bits, uint256 bit) = (word.bits, 1 << uint8(uint256(nonce)));
        if (bits & bit != 0) revert AuthorizationAlreadyUsed(authorizer, nonce);
        word.bits = bits | bit;
    }

    /// @dev 56 bits of the nonce above the authorizer: the shift drops those above them.
    function _nonceWord(address authorizer, bytes32 nonce) private pure returns (uint256) {
        return ((uint256(nonce) >> 8) << 200) | uint160(authorizer);
    }
}
