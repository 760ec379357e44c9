// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IERC2612} from "../interfaces/IERC2612.sol";
import {IERC3009} from "../interfaces/IERC3009.sol";
import {Signatures} from "./Signatures.sol";

/// @title ERC20WithAuthorization
/// @notice ERC-20 allowances, EIP-2612 permits and EIP-3009 authorizations over balances the deriving contract keeps.
/// @dev Every transfer ends in `_transfer`, the deriving contract's one choke point of value movement.
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
    /// Bit `nonce % 256` of word `nonce / 256 % 2**56`: one where the authorization is spent.
    mapping(address authorizer => mapping(uint256 word => uint256 bits)) private _spentNonces;

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
        transferWithAuthorization(from, to, value, validAfter, validBefore, nonce, abi.encodePacked(r, s, v));
    }

    /// @inheritdoc IERC3009
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) public {
        _checkSubmitter(to);
        _useAuthorization(TRANSFER_TYPEHASH, from, to, value, validAfter, validBefore, nonce, signature);
        _transfer(from, to, value);
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
        receiveWithAuthorization(from, to, value, validAfter, validBefore, nonce, abi.encodePacked(r, s, v));
    }

    /// @inheritdoc IERC3009
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) public {
        if (msg.sender != to) revert AuthorizationCallerNotPayee(msg.sender, to);
        _useAuthorization(RECEIVE_TYPEHASH, from, to, value, validAfter, validBefore, nonce, signature);
        _transfer(from, to, value);
    }

    /// @inheritdoc IERC3009
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external {
        cancelAuthorization(authorizer, nonce, abi.encodePacked(r, s, v));
    }

    /// @inheritdoc IERC3009
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes memory signature) public {
        _checkSignature(authorizer, keccak256(abi.encode(CANCEL_TYPEHASH, authorizer, nonce)), signature);
        _spendNonce(authorizer, nonce);
        emit AuthorizationCanceled(authorizer, nonce);
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

    /// @notice Let `spender` transfer up to `value` smallest units of the caller's (ERC-20).
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
        permit(owner, spender, value, deadline, abi.encodePacked(r, s, v));
    }

    /// @inheritdoc IERC2612
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes memory signature) public {
        if (block.timestamp > deadline) revert PermitExpired(deadline, block.timestamp);

        // Counted before the signature is looked at; a refusal takes it back.
        bytes32 structHash = keccak256(
            abi.encode(PERMIT_TYPEHASH, owner, spender, value, _permitNonces[owner]++, deadline)
        );
        if (!Signatures.isValid(owner, _hashTypedDataV4(structHash), signature)) revert PermitSignatureInvalid(owner);
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

    /// @notice What `spender` may still transfer of `owner`'s, in smallest units.
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
        (uint256 word, uint256 bit) = _noncePlace(nonce);
        return _spentNonces[authorizer][word] & bit != 0;
    }

    // ------------------------------------------------------------- internals

    /// @dev The one place where the deriving contract moves value between two holders.
    function _transfer(address from, address to, uint256 value) internal virtual;

    /// @dev Refuse a submitter of an authorization to a payee that reserves this to itself. By default anyone may.
    function _checkSubmitter(address to) internal view virtual {}

    function _approve(address owner, address spender, uint256 value) private {
        if (spender == address(0)) revert ERC20InvalidSpender(address(0));
        _allowances[owner][spender] = value;
        emit Approval(owner, spender, value);
    }

    function _useAuthorization(
        bytes32 typeHash,
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) private {
        if (block.timestamp <= validAfter) revert AuthorizationNotYetValid(validAfter, block.timestamp);
        if (block.timestamp >= validBefore) revert AuthorizationExpired(validBefore, block.timestamp);
        _checkSignature(
            from,
            keccak256(abi.encode(typeHash, from, to, value, validAfter, validBefore, nonce)),
            signature
        );
        _spendNonce(from, nonce);
        emit AuthorizationUsed(from, nonce);
    }

    function _checkSignature(address signer, bytes32 structHash, bytes memory signature) private view {
        if (!Signatures.isValid(signer, _hashTypedDataV4(structHash), signature)) {
            revert AuthorizationSignatureInvalid(signer);
        }
    }

    function _spendNonce(address authorizer, bytes32 nonce) private {
        (uint256 word, uint256 bit) = _noncePlace(nonce);
        uint256 bits = _spentNonces[authorizer][word];
        if (bits & bit != 0) revert AuthorizationAlreadyUsed(authorizer, nonce);
        _spentNonces[authorizer][word] = bits | bit;
    }

    function _noncePlace(bytes32 nonce) private pure returns (uint256 word, uint256 bit) {
        uint256 low = uint64(uint256(nonce));
        return (low >> 8, 1 << (low & 0xff));
    }
}
