// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {JobEscrow} from "../../contracts/jobs/JobEscrow.sol";
import {IJobEscrow} from "../../contracts/jobs/IJobEscrow.sol";
import {ComputeJobs} from "./ComputeJobs.sol";
import {ComputeMoves} from "./ComputeMoves.sol";
import {VM} from "./Vm.sol";

/// @title ComputeJobChecks
/// @notice What holds of the job escrow after any moves, and how everybody leaves it.
abstract contract ComputeJobChecks {
    /// INV-JOB: what is held for orders, for disputes and for accounts is all there, and each order went as it was led.
    function _checkJobs(ComputeMoves moves) internal view {
        JobEscrow escrow = moves.escrow();
        ComputeJobs.Job[] memory jobs = moves.jobs();
        address[] memory parties = moves.parties();
        address currency = address(moves.token());
        uint256 owed = moves.donated(address(escrow));
        for (uint256 i = 0; i < jobs.length; ++i) owed += _checkJob(escrow, jobs[i]);
        for (uint256 i = 0; i < parties.length; ++i) {
            uint256 due = escrow.due(parties[i], currency);
            VM.assertEq(due, moves.due(parties[i]), "INV-JOB: due to an account");
            owed += due;
        }
        VM.assertEq(moves.token().balanceOf(address(escrow)), owed, "INV-JOB: the escrow holds other than it owes");
    }

    /// @return held Units that are held for the order: of its milestones, and bonds.
    function _checkJob(JobEscrow escrow, ComputeJobs.Job memory job) private view returns (uint256 held) {
        VM.assertTrue(escrow.orderIdOf(job.payer, job.terms) == job.id, "INV-JOB: the id of an order");
        _checkOrder(escrow.order(job.id), job);
        IJobEscrow.Milestone[] memory stages = escrow.milestonesOf(job.id);
        VM.assertEq(stages.length, job.stages.length, "INV-JOB: milestones of an order");
        uint256 unfinished = 0;
        uint256 bonds = 0;
        for (uint256 i = 0; i < stages.length; ++i) {
            bool same = keccak256(abi.encode(stages[i])) == keccak256(abi.encode(job.stages[i]));
            VM.assertTrue(same, "INV-JOB: a milestone is other than what was done with it");
            if (stages[i].state < IJobEscrow.MilestoneState.Released) unfinished += stages[i].amount;
            if (stages[i].state == IJobEscrow.MilestoneState.Disputed) bonds += job.terms.bond;
        }
        uint256 all = job.released + job.refunded + unfinished;
        VM.assertEq(all, job.funded, "INV-JOB: an order is funded with other than is released, refunded and held");
        return unfinished + bonds;
    }

    /// INV-FINAL: the terms never change, and in the model an order is accepted or cancelled once.
    function _checkOrder(IJobEscrow.Order memory order, ComputeJobs.Job memory job) private pure {
        IJobEscrow.Order memory expected;
        (expected.payer, expected.state) = (job.payer, job.state);
        (expected.buyer, expected.provider) = (job.terms.buyer, job.terms.provider);
        (expected.arbiter, expected.currency) = (job.terms.arbiter, job.terms.currency);
        (expected.acceptBefore, expected.reviewPeriod) = (job.terms.acceptBefore, job.terms.reviewPeriod);
        (expected.arbitrationPeriod, expected.defaultBps) = (job.terms.arbitrationPeriod, job.terms.defaultBps);
        expected.bond = job.terms.bond;
        bool same = keccak256(abi.encode(order)) == keccak256(abi.encode(expected));
        VM.assertTrue(same, "INV-FINAL: an order is other than what was done with it");
    }

    /// Whoever comes first ends what nobody ended in time, and has everybody paid, frozen or not.
    function _leaveJobs(ComputeMoves moves) internal {
        JobEscrow escrow = moves.escrow();
        ComputeJobs.Job[] memory jobs = moves.jobs();
        VM.warp(moves.time() + 1 days);
        for (uint256 i = 0; i < jobs.length; ++i) {
            if (jobs[i].state == IJobEscrow.OrderState.Placed) escrow.cancel(jobs[i].id);
            if (jobs[i].state != IJobEscrow.OrderState.Accepted) continue;
            for (uint256 j = 0; j < jobs[i].stages.length; ++j) {
                bool ended = jobs[i].stages[j].state > IJobEscrow.MilestoneState.Disputed;
                if (!ended) escrow.conclude(jobs[i].id, j);
            }
        }
        address[] memory parties = moves.parties();
        address currency = address(moves.token());
        for (uint256 i = 0; i < parties.length; ++i) {
            if (escrow.due(parties[i], currency) != 0) escrow.payDue(parties[i], currency);
        }
        uint256 left = moves.token().balanceOf(address(escrow));
        VM.assertEq(left, moves.donated(address(escrow)), "INV-JOB: currency stays behind");
    }

    /// Errors of the rules that depend on the state of an order, of its milestones or of what is due.
    function _refusalsOfJobs() internal pure returns (bytes4[] memory refusals) {
        bytes4[13] memory all = [
            IJobEscrow.OrderTermsInvalid.selector,
            IJobEscrow.OrderPlacedAlready.selector,
            IJobEscrow.OrderStateInvalid.selector,
            IJobEscrow.OrderCallerInvalid.selector,
            IJobEscrow.OrderAcceptancePassed.selector,
            IJobEscrow.OrderPayerFrozen.selector,
            IJobEscrow.MilestoneNotFound.selector,
            IJobEscrow.MilestoneStateInvalid.selector,
            IJobEscrow.MilestoneTimePassed.selector,
            IJobEscrow.MilestoneTimeRunning.selector,
            IJobEscrow.RulingInvalid.selector,
            IJobEscrow.JobHashZero.selector,
            IJobEscrow.NothingDue.selector
        ];
        refusals = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) refusals[i] = all[i];
    }
}
