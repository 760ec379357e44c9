// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IJobEscrow} from "../../contracts/jobs/IJobEscrow.sol";
import {ComputeJobs} from "./ComputeJobs.sol";

/// @title ComputeJobMoves
/// @notice Whatever the parties of orders and strangers can do at the job escrow, one function a move.
abstract contract ComputeJobMoves is ComputeJobs {
    /// An order that is placed by a signature.
    struct Placing {
        address payer;
        IJobEscrow.OrderTerms terms;
        uint256 validAfter;
        uint256 validBefore;
        uint256 nonce;
        bytes signature;
        /// Whether the payment was signed as it is asked for.
        bool valid;
    }

    // -------------------------------------------------------------------- payer

    function placeOrder(uint256 by, uint256 seed, uint256 grant) external {
        address payer = _holder(by);
        IJobEscrow.OrderTerms memory terms = _newTerms(payer, seed);
        // One time of eight an order that was placed lately.
        if (by % 8 == 0 && _jobs.length != 0) {
            Job storage job = _jobs[_jobs.length - 1 - (seed % _least(_jobs.length, 3))];
            (payer, terms) = (job.payer, job.terms);
        }
        uint256 total = _total(terms);
        if (grant % 8 != 0) _approve(payer, address(escrow), total);
        bool allowed = _mayPlace(payer, terms) && _lets(payer, total);
        if (_act(address(escrow), payer, abi.encodeCall(escrow.place, (terms)), allowed)) _placed(payer, terms);
    }

    function placeOrderWithAuthorization(uint256 by, uint256 seed, uint256 window, uint256 form) external {
        Placing memory placing;
        placing.payer = _holder(by);
        placing.terms = _newTerms(placing.payer, seed);
        (placing.validAfter, placing.validBefore, placing.valid) = _window(window);
        _signPlacing(placing, form);
        // One time of eight the submitter changes what was signed for.
        if ((form / 256) % 8 == 0) {
            _alter(placing.terms, form / 2048);
            placing.valid = false;
        }
        uint256 total = _total(placing.terms);
        bool allowed = placing.valid && _mayPlace(placing.payer, placing.terms) && _canPay(placing.payer, total);
        allowed = allowed && _isFresh(address(token), placing.payer, placing.nonce);
        bytes memory data = abi.encodeCall(
            escrow.placeWithAuthorization,
            (placing.terms, placing.payer, placing.validAfter, placing.validBefore, placing.signature)
        );
        if (!_act(address(escrow), _anybody(form), data, allowed)) return;
        _once(address(escrow), _anybody(form), data);
        _spend(address(token), placing.payer, placing.nonce);
        _placed(placing.payer, placing.terms);
    }

    function cancelOrder(uint256 which, uint256 by) external {
        if (_jobs.length == 0) return;
        Job storage job = _anyPlaced(which, by % 2 == 0);
        // Mostly by others, who have to wait: else no order would last.
        address caller =
            by % 8 == 1
                ? job.payer
                : by % 8 == 3
                    ? job.terms.buyer
                    : _anybody(by / 8);
        bool isParty = caller == job.payer || caller == job.terms.buyer;
        bool allowed = job.state == IJobEscrow.OrderState.Placed && (isParty || time >= job.terms.acceptBefore);
        if (!_act(address(escrow), caller, abi.encodeCall(escrow.cancel, (job.id)), allowed)) return;
        job.state = IJobEscrow.OrderState.Cancelled;
        for (uint256 i = 0; i < job.stages.length; ++i) _returned(job, i);
    }

    // ----------------------------------------------------------------- provider

    function acceptOrder(uint256 which, uint256 by) external {
        if (_jobs.length == 0) return;
        Job storage job = _anyPlaced(which, by % 8 == 1);
        address caller = _mostly(job.terms.provider, by);
        bool allowed = job.state == IJobEscrow.OrderState.Placed && caller == job.terms.provider;
        allowed = allowed && time < job.terms.acceptBefore && !_frozenOutgoing[job.payer];
        if (_act(address(escrow), caller, abi.encodeCall(escrow.accept, (job.id)), allowed)) {
            job.state = IJobEscrow.OrderState.Accepted;
        }
    }

    function deliver(uint256 which, uint256 by, uint256 content) external {
        if (_jobs.length == 0) return;
        (Job storage job, uint256 milestone) = _anyIn(which, IJobEscrow.MilestoneState.Due, by % 8 == 1);
        address caller = _mostly(job.terms.provider, by);
        bool allowed = _isIn(job, milestone, IJobEscrow.MilestoneState.Due) && caller == job.terms.provider;
        allowed = allowed && time < _endOf(job, milestone) && _shown(content) != 0;
        bytes memory data = abi.encodeCall(escrow.deliver, (job.id, milestone, _shown(content)));
        if (!_act(address(escrow), caller, data, allowed)) return;
        job.stages[milestone].state = IJobEscrow.MilestoneState.Delivered;
        job.stages[milestone].since = uint40(time);
    }

    function concede(uint256 which, uint256 by, uint256 state) external {
        if (_jobs.length == 0) return;
        // As often of one that has ended: else few would be disputed.
        (Job storage job, uint256 milestone) = _anyIn(which, IJobEscrow.MilestoneState(state % 6), by % 2 == 0);
        address caller = _mostly(job.terms.provider, by);
        bool allowed = _isUnfinished(job, milestone) && caller == job.terms.provider;
        bytes memory data = abi.encodeCall(escrow.concede, (job.id, milestone));
        if (_act(address(escrow), caller, data, allowed)) _returned(job, milestone);
    }

    // -------------------------------------------------------------------- buyer

    function acceptDelivery(uint256 which, uint256 by) external {
        if (_jobs.length == 0) return;
        (Job storage job, uint256 milestone) = _anyIn(which, IJobEscrow.MilestoneState.Delivered, by % 4 != 1);
        address caller = _mostly(job.terms.buyer, by);
        bool allowed = _isIn(job, milestone, IJobEscrow.MilestoneState.Delivered) && caller == job.terms.buyer;
        bytes memory data = abi.encodeCall(escrow.acceptDelivery, (job.id, milestone));
        if (_act(address(escrow), caller, data, allowed)) _released(job, milestone);
    }

    function dispute(uint256 which, uint256 by, uint256 evidence, uint256 grant) external {
        if (_jobs.length == 0) return;
        (Job storage job, uint256 milestone) = _anyIn(which, IJobEscrow.MilestoneState.Delivered, by % 8 == 1);
        address caller = _mostly(job.terms.buyer, by);
        uint256 bond = job.terms.bond;
        if (grant % 8 != 0) _approve(caller, address(escrow), bond);
        bool allowed = _isIn(job, milestone, IJobEscrow.MilestoneState.Delivered) && caller == job.terms.buyer;
        allowed = allowed && time < _endOf(job, milestone) && _shown(evidence) != 0;
        // A dispute without a bond is not held up by a freeze or a pause.
        allowed = allowed && (bond == 0 || _lets(caller, bond));
        bytes memory data = abi.encodeCall(escrow.dispute, (job.id, milestone, _shown(evidence)));
        if (!_act(address(escrow), caller, data, allowed)) return;
        job.stages[milestone].state = IJobEscrow.MilestoneState.Disputed;
        job.stages[milestone].since = uint40(time);
        _paid(caller, address(escrow), bond);
    }

    // ------------------------------------------------------------------ arbiter

    function rule(uint256 which, uint256 by, uint256 share, uint256 grounds) external {
        if (_jobs.length == 0) return;
        (Job storage job, uint256 milestone) = _anyIn(which, IJobEscrow.MilestoneState.Disputed, by % 8 == 1);
        address caller = _mostly(job.terms.arbiter, by);
        uint256 providerBps = share % 8 < 3 ? BPS - 1 + (share % 8) : _bound(share / 8, 0, BPS);
        bool allowed = _isIn(job, milestone, IJobEscrow.MilestoneState.Disputed) && caller == job.terms.arbiter;
        allowed = allowed && time < _endOf(job, milestone) && providerBps <= BPS && _shown(grounds) != 0;
        bytes memory data = abi.encodeCall(escrow.rule, (job.id, milestone, providerBps, _shown(grounds)));
        if (!_act(address(escrow), caller, data, allowed)) return;
        _ruled(job, milestone, providerBps, providerBps == BPS ? job.terms.provider : job.terms.buyer);
    }

    // ------------------------------------------------------------------- anyone

    function conclude(uint256 which, uint256 by, uint256 state) external {
        if (_jobs.length == 0) return;
        (Job storage job, uint256 milestone) = _anyIn(which, IJobEscrow.MilestoneState(state % 3), by % 4 != 0);
        bool allowed = _isUnfinished(job, milestone) && time >= _endOf(job, milestone);
        bytes memory data = abi.encodeCall(escrow.conclude, (job.id, milestone));
        if (!_act(address(escrow), _anybody(by), data, allowed)) return;
        IJobEscrow.MilestoneState from = job.stages[milestone].state;
        if (from == IJobEscrow.MilestoneState.Due) _returned(job, milestone);
        else if (from == IJobEscrow.MilestoneState.Delivered) _released(job, milestone);
        else _ruled(job, milestone, job.terms.defaultBps, job.terms.buyer);
    }

    function payDue(uint256 whose, uint256 by, uint256 of_) external {
        address account = _anybody(whose / 4);
        for (uint256 i = 0; i < PARTIES && whose % 4 != 0 && due[account] == 0; ++i) account = _parties[i];
        address currency = of_ % 8 == 0 ? address(coin) : address(token);
        uint256 amount = due[account];
        bool allowed = amount != 0 && currency == address(token);
        bytes memory data = abi.encodeCall(escrow.payDue, (account, currency));
        if (!_act(address(escrow), _anybody(by), data, allowed)) return;
        due[account] = 0;
        _paid(address(escrow), account, amount);
    }

    // -------------------------------------------------------------------- thief

    /// Of orders that others made, asked for by one who has no part in them.
    function stealFromOrder(uint256 how, uint256 which) external {
        if (_jobs.length == 0) return;
        (address target, bytes memory data) = (address(escrow), abi.encodeCall(escrow.payDue, (thief, address(token))));
        if (how % 8 == 0) data = abi.encodeCall(escrow.accept, (_anyPlaced(which, false).id));
        if (how % 8 == 1) {
            (target, data) = (address(token), abi.encodeCall(IERC20.transferFrom, (address(escrow), thief, 1)));
        }
        if (how % 8 > 2) {
            uint256 state =
                how % 8 < 5
                    ? 0
                    : how % 8 < 7
                        ? 1
                        : 2;
            (Job storage job, uint256 milestone) = _anyIn(which, IJobEscrow.MilestoneState(state), false);
            bytes32 shown = bytes32(how);
            if (how % 8 == 3) data = abi.encodeCall(escrow.deliver, (job.id, milestone, shown));
            if (how % 8 == 4) data = abi.encodeCall(escrow.concede, (job.id, milestone));
            if (how % 8 == 5) data = abi.encodeCall(escrow.acceptDelivery, (job.id, milestone));
            if (how % 8 == 6) data = abi.encodeCall(escrow.dispute, (job.id, milestone, shown));
            if (how % 8 == 7) data = abi.encodeCall(escrow.rule, (job.id, milestone, BPS, shown));
        }
        _act(target, thief, data, false);
    }

    // ---------------------------------------------------------------- internals

    /// The nonce is the order's id, and one time of sixteen the amount is another.
    function _signPlacing(Placing memory placing, uint256 form) private {
        bool inexact = (form / 16) % 16 == 0;
        uint256 total = _total(placing.terms) + (inexact ? 1 : 0);
        placing.nonce = uint256(_orderId(placing.payer, placing.terms));
        bytes memory words = abi.encode(
            placing.payer,
            address(escrow),
            total,
            placing.validAfter,
            placing.validBefore,
            placing.nonce
        );
        placing.signature = _sign(_signer(_keyOf[placing.payer], form), keccak256(bytes.concat(RECEIVE, words)));
        placing.valid = placing.valid && !_isForged(form) && !inexact;
        // Whoever would take the payment alone, without the order, is refused.
        string memory name = string.concat("receiveWithAuthorization", PASSING);
        _act(address(token), _anybody(form / 8), _withSignature(name, words, placing.signature, form), false);
    }

    function _alter(IJobEscrow.OrderTerms memory terms, uint256 how) private view {
        if (how % 6 == 0) terms.salt = ~terms.salt;
        if (how % 6 == 1) terms.buyer = thief;
        if (how % 6 == 2) terms.provider = thief;
        if (how % 6 == 3) terms.arbiter = thief;
        if (how % 6 == 4) terms.bond ^= 1;
        if (how % 6 == 5) terms.defaultBps ^= 1;
    }
}
