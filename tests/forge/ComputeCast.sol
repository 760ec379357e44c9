// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IDepositCollector} from "../../contracts/channel/IDepositCollector.sol";
import {IPurchasePolicy} from "../../contracts/compute/IPurchasePolicy.sol";

/// @title Coin
/// @notice A token of somebody else's: it has nothing to say of its channels and their payers, and refuses to pay when
/// it likes.
/// @dev What it does not know it answers with nothing: into an empty refusal Foundry puts words of its own, where a key
/// was asked for a signature before (ERC-1271).
contract Coin {
    uint256 private constant MINTED = 1_000_000_000;

    mapping(address holder => uint256) public balanceOf;
    /// Pays (0), answers no (1), or reverts (2).
    uint256 public mood;

    constructor(address[] memory holders) {
        for (uint256 i = 0; i < holders.length; ++i) balanceOf[holders[i]] = MINTED;
    }

    // solhint-disable-next-line no-empty-blocks
    fallback() external {}

    function setMood(uint256 mood_) external {
        mood = mood_;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        if (mood == 1) return false;
        // solhint-disable-next-line gas-custom-errors
        require(mood == 0);
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        return true;
    }

    /// Whoever asks may take: what is deposited is not this coin's concern here.
    function take(address from, address to, uint256 value) external {
        balanceOf[from] -= value;
        balanceOf[to] += value;
    }
}

/// @title Signer
/// @notice An account that is a contract: says yes to what its owner signed (ERC-1271).
contract Signer {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 65) return 0xffffffff;
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        return ecrecover(hash, uint8(signature[64]), r, s) == OWNER ? this.isValidSignature.selector : bytes4(0);
    }
}

/// @title OwnPurchases
/// @notice A policy of purchases: everybody buys for itself alone.
contract OwnPurchases is IPurchasePolicy {
    error PurchaseForAnother();

    /// @inheritdoc IPurchasePolicy
    function checkPurchase(address payer, address beneficiary) external pure {
        if (payer != beneficiary) revert PurchaseForAnother();
    }
}

/// @title Collector
/// @notice A collector of anybody's: brings what it is told to bring, of the payer's coins or of its own currency, and
/// calls back before or after it.
contract Collector is IDepositCollector {
    Coin private immutable COIN;
    uint256 private _brings;
    address private _callee;
    bytes private _callback;
    /// Calls back that were let through.
    uint256 public callsBack;

    constructor(Coin coin) {
        COIN = coin;
    }

    function prepare(uint256 brings, address callee, bytes calldata callback) external {
        (_brings, _callee, _callback) = (brings, callee, callback);
    }

    /// @inheritdoc IDepositCollector
    function collect(address payer, address token, uint256, bytes32, bytes calldata) external {
        // solhint-disable-next-line avoid-low-level-calls
        (bool done, ) = _callee.call(_callback);
        if (done && _callee.code.length != 0) ++callsBack;
        if (_brings == 0) return;
        if (token == address(COIN)) COIN.take(payer, msg.sender, _brings);
        else IERC20(token).transfer(msg.sender, _brings);
    }
}
