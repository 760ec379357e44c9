// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NetworkAccess} from "../../contracts/core/NetworkAccess.sol";
import {IIssuanceDesk} from "../../contracts/money/IIssuanceDesk.sol";
import {CurrencyToken} from "../../contracts/money/CurrencyToken.sol";
import {IssuanceDesk} from "../../contracts/money/IssuanceDesk.sol";
import {VM} from "./Vm.sol";

// Collector of a currency that has no hub.
address constant COLLECTOR = address(0x0C01);

/// @title CurrencyWorld
/// @notice A deployed currency and its desk with an office for every power over them, as `SettlementNetwork.deploy`
/// makes them.
abstract contract CurrencyWorld {
    uint256 internal constant START = 1_767_225_600;
    uint256 internal constant FEN = 10_000;
    uint256 internal constant CENTRAL_BANK_KEY = 0xCB;
    bytes32 private constant DOMAIN = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 internal constant TRANSFER = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,"
        "uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,"
        "uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant CANCEL = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");
    bytes32 internal constant PERMIT = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant RESERVE = keccak256(
        "ReserveAttestation(uint256 amountFen,uint64 asOf,uint64 sequence,uint64 validBefore)"
    );

    NetworkAccess internal immutable access;
    CurrencyToken public immutable token;
    IssuanceDesk public immutable desk;
    address internal immutable centralBank = VM.addr(CENTRAL_BANK_KEY);
    address internal immutable operator = address(0x0901);
    address internal immutable otherOperator = address(0x0902);
    address internal immutable registrar = address(0x0003);
    address public immutable freezer = address(0x0004);
    address internal immutable seizer = address(0x0005);
    address public immutable pauser = address(0x0006);

    address internal immutable _collector;

    constructor(address collector) {
        _collector = collector;
        VM.warp(START);
        access = new NetworkAccess(address(this));
        token = new CurrencyToken("e-CNY token (simulated)", "eCNY", address(access), collector);
        desk = IssuanceDesk(token.issuanceDesk());
        _appoint(1, centralBank);
        _appoint(2, operator);
        _appoint(2, otherOperator);
        _appoint(3, registrar);
        _appoint(4, freezer);
        _appoint(5, seizer);
        _appoint(6, pauser);
        _restrict(address(desk), desk.setIssuanceQuota.selector, 1);
        _restrict(address(desk), desk.setReserveRatio.selector, 1);
        _restrict(address(token), token.setClassLimits.selector, 1);
        _restrict(address(desk), desk.issue.selector, 2);
        _restrict(address(desk), desk.takeRedemption.selector, 2);
        _restrict(address(desk), desk.completeRedemption.selector, 2);
        _restrict(address(desk), desk.rejectRedemption.selector, 2);
        _restrict(address(token), token.registerWallet.selector, 3);
        _restrict(address(token), token.markSettlementAccount.selector, 3);
        _restrict(address(token), token.freeze.selector, 4);
        _restrict(address(token), token.freezeAmount.selector, 4);
        _restrict(address(token), token.seize.selector, 5);
        _restrict(address(token), token.seizeCredit.selector, 5);
        _restrict(address(token), token.pause.selector, 6);
        _restrict(address(token), token.unpause.selector, 6);
    }

    /// A role is offered, and held once it is accepted.
    function _appoint(uint64 role, address holder) internal {
        access.grantRole(role, holder, 0);
        VM.prank(holder);
        access.acceptRole(role);
    }

    function _restrict(address target, bytes4 selector, uint64 role) internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        access.setTargetFunctionRole(target, selectors, role);
    }

    /// What holders sign, for the currency.
    function _sign(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return _signDigest(key, _typed(token.DOMAIN_SEPARATOR(), structHash));
    }

    /// What a central bank signs of the reserve, for the desk of its currency.
    function _signReserve(
        uint256 key,
        IIssuanceDesk.ReserveAttestation memory attestation
    ) internal view returns (bytes memory) {
        return _signDigest(key, _typed(_domain("pysettle IssuanceDesk", address(desk)), _reserveHash(attestation)));
    }

    function _reserveHash(IIssuanceDesk.ReserveAttestation memory attestation) internal pure returns (bytes32) {
        return keccak256(abi.encode(RESERVE, attestation));
    }

    function _signDigest(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _typed(bytes32 domain, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(bytes.concat("\x19\x01", domain, structHash));
    }

    /// The domain of a contract's signatures in its plain form.
    function _domain(string memory name, address verifyingContract) internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, keccak256(bytes(name)), keccak256("1"), block.chainid, verifyingContract));
    }

    /// Both forms of a signature: as one string of bytes, or as v, r and s.
    function _withSignature(
        string memory signature,
        bytes memory words,
        bytes memory signed,
        uint256 form
    ) internal pure returns (bytes memory) {
        if (form % 2 == 1) {
            bytes4 selector = bytes4(keccak256(bytes(string.concat(signature, ",bytes)"))));
            // The place of the string, its length of 65, and its bytes, filled up.
            return bytes.concat(selector, words, abi.encode(words.length + 32, 65), signed, bytes31(0));
        }
        (bytes32 r, bytes32 s) = abi.decode(signed, (bytes32, bytes32));
        bytes4 split = bytes4(keccak256(bytes(string.concat(signature, ",uint8,bytes32,bytes32)"))));
        return bytes.concat(split, words, abi.encode(uint8(signed[64]), r, s));
    }

    function _bound(uint256 seed, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + (seed % (most - least + 1));
    }
}
