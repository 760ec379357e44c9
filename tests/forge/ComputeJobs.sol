// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobEscrow} from "../../contracts/jobs/IJobEscrow.sol";
import {ComputeHubMoves} from "./ComputeHubMoves.sol";

/// @title ComputeJobs
/// @notice Makes terms of orders, and says what may become of each order and whom its amounts go to.
abstract contract ComputeJobs is ComputeHubMoves {
    /// An order, by its terms and by what was done with it.
    struct Job {
        bytes32 id;
        address payer;
        IJobEscrow.OrderState state;
        IJobEscrow.OrderTerms terms;
        IJobEscrow.Milestone[] stages;
        uint256 funded;
        uint256 released;
        uint256 refunded;
    }

    uint256 private constant MOST_MILESTONES = 64;
    uint256 private constant MOST_PERIOD = 8 hours;

    Job[] internal _jobs;
    mapping(bytes32 orderId => uint256 numberFromOne) internal _jobOf;
    /// Units of currency that wait for an account at the escrow.
    mapping(address account => uint256) public due;

    function jobs() external view returns (Job[] memory) {
        return _jobs;
    }

    // -------------------------------------------------------------------- terms

    function _orderId(address payer, IJobEscrow.OrderTerms memory terms) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(escrow), payer, terms));
    }

    function _total(IJobEscrow.OrderTerms memory terms) internal pure returns (uint256 total) {
        for (uint256 i = 0; i < terms.milestones.length; ++i) total += terms.milestones[i].amount;
    }

    /// Terms of another order, one time of four with a fault.
    function _newTerms(address payer, uint256 seed) internal view returns (IJobEscrow.OrderTerms memory terms) {
        terms.currency = address(token);
        terms.buyer = seed % 2 == 0 ? payer : _party(_mix(seed, 1));
        terms.provider = _party(_mix(seed, 2));
        uint256 first = _mix(seed, 3) / 2;
        terms.arbiter = _party(first);
        for (uint256 i = 1; _isPartyTo(payer, terms, terms.arbiter); ++i) terms.arbiter = _party(first + i);
        terms.description = bytes32(_mix(seed, 4));
        terms.acceptBefore = uint40(time + _bound(_mix(seed, 5), 1, MOST_PERIOD));
        terms.reviewPeriod = uint32(_bound(_mix(seed, 6), 1, MOST_PERIOD));
        terms.arbitrationPeriod = uint32(_bound(_mix(seed, 7), 1, MOST_PERIOD));
        terms.defaultBps = [uint16(0), 2_500, 3_333, 10_000][_mix(seed, 8) % 4];
        terms.bond = uint96(_mix(seed, 9) % 4 == 0 ? 0 : _bound(_mix(seed, 9) / 4, 1, FEN));
        // Now and then more than anybody has.
        if (_mix(seed, 9) % 64 == 1) terms.bond = type(uint96).max;
        terms.salt = bytes32(_mix(seed, 10) % 4);
        terms.milestones = _newMilestones(payer, terms.acceptBefore, _bound(_mix(seed, 11), 1, 3), seed);
        _spoil(payer, terms, _mix(seed, 12) % 64);
    }

    function _newMilestones(
        address payer,
        uint256 acceptBefore,
        uint256 count,
        uint256 seed
    ) private view returns (IJobEscrow.MilestoneTerms[] memory milestones) {
        milestones = new IJobEscrow.MilestoneTerms[](count);
        uint256 most = token.balanceOf(payer) / (_mix(seed, 13) % 32 == 0 ? 1 : 10_000);
        for (uint256 i = 0; i < count; ++i) {
            uint256 mixed = _mix(_mix(seed, 14), i);
            milestones[i].amount = uint96(_near(most, mixed) + 1);
            milestones[i].deliverBefore = uint40(acceptBefore + _bound(_mix(mixed, 1), 1, MOST_PERIOD));
        }
    }

    /// Each term beyond what is accepted; and the most milestones that are.
    function _spoil(address payer, IJobEscrow.OrderTerms memory terms, uint256 fault) private view {
        address[3] memory others = [address(coin), address(_series[0].token), thief];
        if (fault < 3) terms.currency = others[fault];
        if (fault == 3) terms.buyer = address(0);
        if (fault == 4) terms.provider = address(0);
        if (fault == 5) terms.arbiter = payer;
        if (fault == 6) terms.arbiter = terms.provider;
        if (fault == 7) terms.description = 0;
        if (fault == 8) terms.acceptBefore = uint40(time);
        if (fault == 9) terms.reviewPeriod = 0;
        if (fault == 10) terms.arbitrationPeriod = 0;
        if (fault == 11) terms.defaultBps = uint16(BPS + 1);
        if (fault == 12) terms.milestones = _newMilestones(payer, terms.acceptBefore, 0, fault);
        if (fault == 13) terms.milestones = _newMilestones(payer, terms.acceptBefore, MOST_MILESTONES, fault);
        if (fault == 14) terms.milestones = _newMilestones(payer, terms.acceptBefore, MOST_MILESTONES + 1, fault);
        uint256 last = terms.milestones.length - (fault == 12 ? 0 : 1);
        if (fault == 15) terms.milestones[last].amount = 0;
        if (fault == 16) terms.milestones[last].deliverBefore = terms.acceptBefore;
    }

    // -------------------------------------------------------------------- rules

    function _isPartyTo(
        address payer,
        IJobEscrow.OrderTerms memory terms,
        address account
    ) private pure returns (bool) {
        return account == payer || account == terms.buyer || account == terms.provider;
    }

    /// Whether an order may be placed, once it can be paid.
    function _mayPlace(address payer, IJobEscrow.OrderTerms memory terms) internal view returns (bool) {
        bool among = terms.buyer != address(0) && terms.provider != address(0) && terms.provider != terms.buyer;
        among = among && terms.arbiter != address(0) && !_isPartyTo(payer, terms, terms.arbiter);
        bool timed = terms.acceptBefore > time && terms.reviewPeriod != 0 && terms.arbitrationPeriod != 0;
        bool stated = terms.currency == address(token) && terms.description != 0 && terms.defaultBps <= BPS;
        uint256 count = terms.milestones.length;
        stated = stated && count != 0 && count <= MOST_MILESTONES;
        for (uint256 i = 0; i < count; ++i) {
            stated = stated && terms.milestones[i].amount != 0;
            timed = timed && terms.milestones[i].deliverBefore > terms.acceptBefore;
        }
        return among && timed && stated && _jobOf[_orderId(payer, terms)] == 0;
    }

    /// Whether an account can pay so much by its own will, and lets the escrow take it.
    function _lets(address payer, uint256 amount) internal view returns (bool) {
        return _canPay(payer, amount) && token.allowance(payer, address(escrow)) >= amount;
    }

    function _isIn(Job storage job, uint256 milestone, IJobEscrow.MilestoneState state) internal view returns (bool) {
        return _isAccepted(job, milestone) && job.stages[milestone].state == state;
    }

    function _isUnfinished(Job storage job, uint256 milestone) internal view returns (bool) {
        return _isAccepted(job, milestone) && job.stages[milestone].state < IJobEscrow.MilestoneState.Released;
    }

    function _isAccepted(Job storage job, uint256 milestone) private view returns (bool) {
        return job.state == IJobEscrow.OrderState.Accepted && milestone < job.stages.length;
    }

    /// When the time passes of what a milestone waits for.
    function _endOf(Job storage job, uint256 milestone) internal view returns (uint256) {
        IJobEscrow.Milestone storage stage = job.stages[milestone];
        if (stage.state == IJobEscrow.MilestoneState.Due) return stage.deliverBefore;
        bool reviewed = stage.state == IJobEscrow.MilestoneState.Delivered;
        return uint256(stage.since) + (reviewed ? job.terms.reviewPeriod : job.terms.arbitrationPeriod);
    }

    // ------------------------------------------------------------------ effects

    function _placed(address payer, IJobEscrow.OrderTerms memory terms) internal {
        bytes32 id = _orderId(payer, terms);
        if (_jobOf[id] != 0) ++usedTwice;
        Job storage job = _jobs.push();
        _jobOf[id] = _jobs.length;
        (job.id, job.payer, job.state) = (id, payer, IJobEscrow.OrderState.Placed);
        (job.terms.currency, job.terms.buyer, job.terms.provider) = (terms.currency, terms.buyer, terms.provider);
        (job.terms.arbiter, job.terms.description, job.terms.salt) = (terms.arbiter, terms.description, terms.salt);
        (job.terms.acceptBefore, job.terms.reviewPeriod) = (terms.acceptBefore, terms.reviewPeriod);
        (job.terms.arbitrationPeriod, job.terms.defaultBps) = (terms.arbitrationPeriod, terms.defaultBps);
        job.terms.bond = terms.bond;
        for (uint256 i = 0; i < terms.milestones.length; ++i) {
            IJobEscrow.MilestoneTerms memory stated = terms.milestones[i];
            job.terms.milestones.push(stated);
            job.stages.push(
                IJobEscrow.Milestone(stated.amount, stated.deliverBefore, IJobEscrow.MilestoneState.Due, 0)
            );
        }
        job.funded = _total(terms);
        _paid(payer, address(escrow), job.funded);
    }

    function _released(Job storage job, uint256 milestone) internal {
        IJobEscrow.Milestone storage stage = job.stages[milestone];
        stage.state = IJobEscrow.MilestoneState.Released;
        due[job.terms.provider] += stage.amount;
        job.released += stage.amount;
    }

    function _returned(Job storage job, uint256 milestone) internal {
        IJobEscrow.Milestone storage stage = job.stages[milestone];
        if (stage.state == IJobEscrow.MilestoneState.Disputed) due[job.terms.buyer] += job.terms.bond;
        stage.state = IJobEscrow.MilestoneState.Refunded;
        due[job.payer] += stage.amount;
        job.refunded += stage.amount;
    }

    function _ruled(Job storage job, uint256 milestone, uint256 providerBps, address bondTo) internal {
        IJobEscrow.Milestone storage stage = job.stages[milestone];
        stage.state = IJobEscrow.MilestoneState.Ruled;
        uint256 toProvider = (stage.amount * providerBps) / BPS;
        due[job.terms.provider] += toProvider;
        due[job.payer] += stage.amount - toProvider;
        due[bondTo] += job.terms.bond;
        job.released += toProvider;
        job.refunded += stage.amount - toProvider;
    }

    // ------------------------------------------------------------------ choices

    /// One that was placed, seven times of eight, and six times of eight one whose time to be accepted still runs, or
    /// has passed; where there is one.
    function _anyPlaced(uint256 seed, bool passed) internal view returns (Job storage job) {
        uint256 count = _jobs.length;
        job = _jobs[(seed / 8) % count];
        for (uint256 i = 0; i < count && seed % 8 != 0; ++i) {
            Job storage found = _jobs[(seed / 8 + i) % count];
            if (found.state != IJobEscrow.OrderState.Placed) continue;
            if (seed % 8 == 1 || (time >= found.terms.acceptBefore) == passed) return found;
        }
    }

    /// The same of a milestone in a state; otherwise any, or the one after the last.
    function _anyIn(
        uint256 seed,
        IJobEscrow.MilestoneState state,
        bool passed
    ) internal view returns (Job storage job, uint256 milestone) {
        uint256 count = _jobs.length;
        job = _jobs[(seed / 8) % count];
        for (uint256 i = 0; i < count && seed % 8 != 0; ++i) {
            Job storage found = _jobs[(seed / 8 + i) % count];
            for (uint256 j = 0; j < found.stages.length; ++j) {
                if (!_isIn(found, j, state)) continue;
                if (seed % 8 == 1 || (time >= _endOf(found, j)) == passed) return (found, j);
            }
        }
        milestone = _bound(_mix(seed, 1), 0, job.stages.length);
    }

    /// When the time of some order, or of a milestone of it, passes; long ago, where none waits.
    function _anyEnd(uint256 seed) internal view returns (uint256 end) {
        IJobEscrow.MilestoneState state = IJobEscrow.MilestoneState(seed % 4);
        if (seed % 4 == 3) return _anyPlaced(seed / 4, false).terms.acceptBefore;
        (Job storage job, uint256 milestone) = _anyIn(seed / 4, state, false);
        return milestone < job.stages.length ? _endOf(job, milestone) : START;
    }

    /// Whose call it is to make, and now and then another.
    function _mostly(address account, uint256 seed) internal view returns (address) {
        return seed % 8 == 0 ? _anybody(seed / 8) : account;
    }

    /// The hash of what shows something, and now and then none.
    function _shown(uint256 seed) internal pure returns (bytes32) {
        return seed % 8 == 0 ? bytes32(0) : bytes32(seed);
    }
}
