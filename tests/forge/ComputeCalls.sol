// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ComputeModel} from "./ComputeModel.sol";
import {VM} from "./Vm.sol";

/// @title ComputeCalls
/// @notice Makes the calls of the moves, and counts what should not be.
/// @dev Nothing fails here: what is counted, the invariants look at.
abstract contract ComputeCalls is ComputeModel {
    /// A call that was let through once, and must not be again.
    struct Submission {
        address target;
        address caller;
        bytes data;
    }

    mapping(bytes4 selector => uint256) public successes;
    mapping(bytes4 errorSelector => uint256) public refusals;
    Submission[] internal _submissions;

    /// Calls let through against the rules, or refused although they allow it.
    uint256 public surprises;
    /// The entry that was last called with another outcome than the model's, and why it was refused, if it was.
    bytes4 public lastSurprise;
    bytes4 public lastRefusal;
    /// Rows of a claim with another outcome than the model's.
    uint256 public misjudged;
    /// Messages and nonces that served twice.
    uint256 public usedTwice;
    /// Tokens that left a holder frozen outgoing, or reached one frozen incoming, in a way that is not open to them.
    uint256 public leaks;

    /// What the last call returned, or why it was refused.
    bytes internal _answer;

    function _act(address target, address caller, bytes memory data, bool allowed) internal returns (bool succeeded) {
        VM.warp(time);
        VM.prank(caller);
        bytes memory answer;
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded, answer) = target.call(data);
        _answer = answer;
        if (succeeded != allowed) {
            ++surprises;
            (lastSurprise, lastRefusal) = (bytes4(data), succeeded ? bytes4(0) : bytes4(answer));
        }
        if (!succeeded) ++refusals[bytes4(answer)];
        else if (target != address(token)) ++successes[bytes4(data)];
    }

    /// The same, watching who loses or gains Tokens of a series by it.
    /// @param leaves Whether Tokens may leave one that is frozen outgoing: by a refund of the series.
    /// @param arrives Whether they may reach one that is frozen incoming: from the hub, or by its own purchase.
    function _watched(
        address of_,
        address target,
        address caller,
        bytes memory data,
        bool allowed,
        bool leaves,
        bool arrives
    ) internal returns (bool succeeded) {
        uint256[] memory before = _balances(of_);
        succeeded = _act(target, caller, data, allowed);
        uint256[] memory afterwards = _balances(of_);
        for (uint256 i = 0; i < PARTIES; ++i) {
            if (afterwards[i] < before[i] && _frozenOutgoing[_parties[i]] && !leaves) ++leaks;
            if (afterwards[i] > before[i] && _frozenIncoming[_parties[i]] && !arrives) ++leaks;
        }
    }

    /// Keep a call that was let through by a message that serves once.
    function _once(address target, address caller, bytes memory data) internal {
        _submissions.push(Submission(target, caller, data));
    }

    function _spend(address of_, address authorizer, uint256 nonce) internal {
        if (!_isFresh(of_, authorizer, nonce)) ++usedTwice;
        _spent[of_][authorizer][uint64(nonce)] = true;
    }

    /// Submit again what was let through once.
    function replay(uint256 which, uint256 submitter) external {
        if (_submissions.length == 0) return;
        Submission memory submission = _submissions[which % _submissions.length];
        address caller = submitter % 2 == 0 ? submission.caller : _anybody(submitter / 2);
        if (_act(submission.target, caller, submission.data, false)) ++usedTwice;
    }

    function _balances(address of_) private view returns (uint256[] memory balances) {
        balances = new uint256[](PARTIES);
        for (uint256 i = 0; i < PARTIES; ++i) balances[i] = IERC20(of_).balanceOf(_parties[i]);
    }
}
