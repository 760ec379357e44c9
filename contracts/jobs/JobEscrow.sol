// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {IERC3009} from "../core/IERC3009.sol";
import {IJobEscrow} from "./IJobEscrow.sol";

/// @title JobEscrow
/// @notice Currency enters by `place` and `dispute`, becomes due in `_owe`, and leaves by `payDue`.
contract JobEscrow is IJobEscrow, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant BPS = 10_000;
    /// Most milestones of one order: each ends by its own event, and a cancellation of all of them fits a block.
    uint256 private constant MOST_MILESTONES = 64;

    mapping(bytes32 orderId => Order) private _orders;
    mapping(bytes32 orderId => Milestone[]) private _milestones;
    /// @inheritdoc IJobEscrow
    mapping(address account => mapping(address currency => uint256 units)) public due;

    // -------------------------------------------------------------------- payer

    /// @inheritdoc IJobEscrow
    function place(OrderTerms calldata terms) external nonReentrant returns (bytes32 orderId) {
        uint256 total;
        (orderId, total) = _open(msg.sender, terms);
        _collect(terms.currency, msg.sender, total);
    }

    /// @inheritdoc IJobEscrow
    function placeWithAuthorization(
        OrderTerms calldata terms,
        address payer,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external nonReentrant returns (bytes32 orderId) {
        uint256 total;
        (orderId, total) = _open(payer, terms);
        uint256 before = IERC20(terms.currency).balanceOf(address(this));
        IERC3009(terms.currency).receiveWithAuthorization(
            payer,
            address(this),
            total,
            validAfter,
            validBefore,
            orderId,
            signature
        );
        _checkReceived(terms.currency, before, total);
    }

    /// @inheritdoc IJobEscrow
    function cancel(bytes32 orderId) external {
        Order storage found = _orderIn(orderId, OrderState.Placed);
        bool isParty = msg.sender == found.payer || msg.sender == found.buyer;
        if (!isParty && block.timestamp < found.acceptBefore) revert OrderCallerInvalid(orderId, msg.sender);

        found.state = OrderState.Cancelled;
        uint256 total = 0;
        Milestone[] storage milestones = _milestones[orderId];
        for (uint256 i = 0; i < milestones.length; ++i) {
            milestones[i].state = MilestoneState.Refunded;
            total += milestones[i].amount;
        }
        emit OrderCancelled(orderId, found.payer, total);
        _owe(found.payer, found.currency, total);
    }

    // ----------------------------------------------------------------- provider

    /// @inheritdoc IJobEscrow
    function accept(bytes32 orderId) external {
        Order storage found = _orderIn(orderId, OrderState.Placed);
        _checkCaller(orderId, found.provider);
        if (block.timestamp >= found.acceptBefore) {
            revert OrderAcceptancePassed(orderId, found.acceptBefore, block.timestamp);
        }
        // slither-disable-next-line unused-return
        (bool frozen, , ) = ICurrencyToken(found.currency).frozen(found.payer);
        if (frozen) revert OrderPayerFrozen(orderId, found.payer);

        found.state = OrderState.Accepted;
        emit OrderAccepted(orderId, msg.sender);
    }

    /// @inheritdoc IJobEscrow
    function deliver(bytes32 orderId, uint256 milestone, bytes32 content) external {
        (Order storage found, Milestone storage stage) = _milestoneOf(orderId, milestone);
        _checkCaller(orderId, found.provider);
        _checkState(orderId, milestone, stage, MilestoneState.Due);
        _checkBefore(orderId, milestone, stage.deliverBefore);
        if (content == 0) revert JobHashZero();

        (stage.state, stage.since) = (MilestoneState.Delivered, uint40(block.timestamp));
        emit MilestoneDelivered(orderId, milestone, content);
    }

    /// @inheritdoc IJobEscrow
    function concede(bytes32 orderId, uint256 milestone) external {
        (Order storage found, Milestone storage stage) = _milestoneOf(orderId, milestone);
        _checkCaller(orderId, found.provider);
        if (stage.state > MilestoneState.Disputed) revert MilestoneStateInvalid(orderId, milestone, stage.state);

        _refund(orderId, milestone, found, stage);
    }

    // -------------------------------------------------------------------- buyer

    /// @inheritdoc IJobEscrow
    function acceptDelivery(bytes32 orderId, uint256 milestone) external {
        (Order storage found, Milestone storage stage) = _milestoneOf(orderId, milestone);
        _checkCaller(orderId, found.buyer);
        _checkState(orderId, milestone, stage, MilestoneState.Delivered);

        _release(orderId, milestone, found, stage);
    }

    /// @inheritdoc IJobEscrow
    function dispute(bytes32 orderId, uint256 milestone, bytes32 evidence) external nonReentrant {
        (Order storage found, Milestone storage stage) = _milestoneOf(orderId, milestone);
        _checkCaller(orderId, found.buyer);
        _checkState(orderId, milestone, stage, MilestoneState.Delivered);
        _checkBefore(orderId, milestone, uint256(stage.since) + found.reviewPeriod);
        if (evidence == 0) revert JobHashZero();

        (stage.state, stage.since) = (MilestoneState.Disputed, uint40(block.timestamp));
        emit MilestoneDisputed(orderId, milestone, found.bond, evidence);
        if (found.bond != 0) _collect(found.currency, msg.sender, found.bond);
    }

    // ------------------------------------------------------------------ arbiter

    /// @inheritdoc IJobEscrow
    function rule(bytes32 orderId, uint256 milestone, uint256 providerBps, bytes32 grounds) external {
        (Order storage found, Milestone storage stage) = _milestoneOf(orderId, milestone);
        _checkCaller(orderId, found.arbiter);
        _checkState(orderId, milestone, stage, MilestoneState.Disputed);
        _checkBefore(orderId, milestone, uint256(stage.since) + found.arbitrationPeriod);
        if (providerBps > BPS) revert RulingInvalid(providerBps);
        if (grounds == 0) revert JobHashZero();

        _split(orderId, milestone, found, stage, providerBps, grounds);
    }

    // ------------------------------------------------------------------- anyone

    /// @inheritdoc IJobEscrow
    function conclude(bytes32 orderId, uint256 milestone) external {
        (Order storage found, Milestone storage stage) = _milestoneOf(orderId, milestone);
        MilestoneState state = stage.state;
        if (state > MilestoneState.Disputed) revert MilestoneStateInvalid(orderId, milestone, state);
        uint256 end = stage.deliverBefore;
        if (state == MilestoneState.Delivered) end = uint256(stage.since) + found.reviewPeriod;
        if (state == MilestoneState.Disputed) end = uint256(stage.since) + found.arbitrationPeriod;
        if (block.timestamp < end) revert MilestoneTimeRunning(orderId, milestone, end, block.timestamp);

        if (state == MilestoneState.Due) _refund(orderId, milestone, found, stage);
        else if (state == MilestoneState.Delivered) _release(orderId, milestone, found, stage);
        else _split(orderId, milestone, found, stage, found.defaultBps, 0);
    }

    /// @inheritdoc IJobEscrow
    function payDue(address account, address currency) external nonReentrant {
        uint256 amount = due[account][currency];
        if (amount == 0) revert NothingDue(account, currency);

        delete due[account][currency];
        emit DuePaid(account, currency, amount);
        IERC20(currency).safeTransfer(account, amount);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IJobEscrow
    function orderIdOf(address payer, OrderTerms calldata terms) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), payer, terms));
    }

    /// @inheritdoc IJobEscrow
    function order(bytes32 orderId) external view returns (Order memory) {
        return _orders[orderId];
    }

    /// @inheritdoc IJobEscrow
    function milestonesOf(bytes32 orderId) external view returns (Milestone[] memory) {
        return _milestones[orderId];
    }

    // ---------------------------------------------------------------- internals

    function _open(address payer, OrderTerms calldata terms) private returns (bytes32 orderId, uint256 total) {
        _checkTerms(payer, terms);
        orderId = orderIdOf(payer, terms);
        Order storage opened = _orders[orderId];
        if (opened.state != OrderState.None) revert OrderPlacedAlready(orderId);

        opened.payer = payer;
        opened.state = OrderState.Placed;
        opened.acceptBefore = terms.acceptBefore;
        opened.reviewPeriod = terms.reviewPeriod;
        opened.buyer = terms.buyer;
        opened.bond = terms.bond;
        opened.provider = terms.provider;
        opened.arbitrationPeriod = terms.arbitrationPeriod;
        opened.defaultBps = terms.defaultBps;
        opened.arbiter = terms.arbiter;
        opened.currency = terms.currency;
        total = _keepMilestones(orderId, terms);
        emit OrderPlaced(orderId, payer, terms.provider, total, terms);
    }

    function _keepMilestones(bytes32 orderId, OrderTerms calldata terms) private returns (uint256 total) {
        for (uint256 i = 0; i < terms.milestones.length; ++i) {
            MilestoneTerms calldata milestone = terms.milestones[i];
            if (milestone.amount == 0) revert OrderTermsInvalid("amount");
            if (milestone.deliverBefore <= terms.acceptBefore) revert OrderTermsInvalid("deliverBefore");
            _milestones[orderId].push(Milestone(milestone.amount, milestone.deliverBefore, MilestoneState.Due, 0));
            total += milestone.amount;
        }
    }

    function _release(bytes32 orderId, uint256 milestone, Order storage found, Milestone storage stage) private {
        stage.state = MilestoneState.Released;
        emit MilestoneReleased(orderId, milestone, stage.amount);
        _owe(found.provider, found.currency, stage.amount);
    }

    function _refund(bytes32 orderId, uint256 milestone, Order storage found, Milestone storage stage) private {
        uint256 bond = stage.state == MilestoneState.Disputed ? found.bond : 0;
        stage.state = MilestoneState.Refunded;
        emit MilestoneRefunded(orderId, milestone, stage.amount, bond);
        _owe(found.payer, found.currency, stage.amount);
        _owe(found.buyer, found.currency, bond);
    }

    /// @dev A default ruling has no grounds, and never decides that a dispute had no ground.
    function _split(
        bytes32 orderId,
        uint256 milestone,
        Order storage found,
        Milestone storage stage,
        uint256 providerBps,
        bytes32 grounds
    ) private {
        stage.state = MilestoneState.Ruled;
        uint256 toProvider = (stage.amount * providerBps) / BPS;
        uint256 toPayer = stage.amount - toProvider;
        bool bondToProvider = providerBps == BPS && grounds != 0;
        emit MilestoneRuled(orderId, milestone, toProvider, toPayer, found.bond, bondToProvider, grounds);
        _owe(found.provider, found.currency, toProvider);
        _owe(found.payer, found.currency, toPayer);
        _owe(bondToProvider ? found.provider : found.buyer, found.currency, found.bond);
    }

    function _owe(address account, address currency, uint256 amount) private {
        due[account][currency] += amount;
    }

    function _collect(address currency, address from, uint256 amount) private {
        uint256 before = IERC20(currency).balanceOf(address(this));
        IERC20(currency).safeTransferFrom(from, address(this), amount);
        _checkReceived(currency, before, amount);
    }

    function _checkReceived(address currency, uint256 before, uint256 amount) private view {
        uint256 received = IERC20(currency).balanceOf(address(this)) - before;
        if (received != amount) revert OrderPaymentMismatch(amount, received);
    }

    function _checkTerms(address payer, OrderTerms calldata terms) private view {
        if (!_isSettlementAccountIn(terms.currency)) revert OrderTermsInvalid("currency");
        if (terms.buyer == address(0)) revert OrderTermsInvalid("buyer");
        if (terms.provider == address(0) || terms.provider == terms.buyer) revert OrderTermsInvalid("provider");
        address arbiter = terms.arbiter;
        bool isParty = arbiter == payer || arbiter == terms.buyer || arbiter == terms.provider;
        if (arbiter == address(0) || isParty) revert OrderTermsInvalid("arbiter");
        if (terms.description == 0) revert OrderTermsInvalid("description");
        if (terms.acceptBefore <= block.timestamp) revert OrderTermsInvalid("acceptBefore");
        if (terms.reviewPeriod == 0) revert OrderTermsInvalid("reviewPeriod");
        if (terms.arbitrationPeriod == 0) revert OrderTermsInvalid("arbitrationPeriod");
        if (terms.defaultBps > BPS) revert OrderTermsInvalid("defaultBps");
        uint256 milestones = terms.milestones.length;
        if (milestones == 0 || milestones > MOST_MILESTONES) revert OrderTermsInvalid("milestones");
    }

    function _isSettlementAccountIn(address currency) private view returns (bool) {
        if (currency.code.length == 0) return false;
        try ICurrencyToken(currency).isSettlementAccount(address(this)) returns (bool isMarked) {
            return isMarked;
        } catch {
            return false;
        }
    }

    function _orderIn(bytes32 orderId, OrderState state) private view returns (Order storage found) {
        found = _orders[orderId];
        if (found.state != state) revert OrderStateInvalid(orderId, found.state);
    }

    function _milestoneOf(
        bytes32 orderId,
        uint256 milestone
    ) private view returns (Order storage found, Milestone storage stage) {
        found = _orderIn(orderId, OrderState.Accepted);
        uint256 milestones = _milestones[orderId].length;
        if (milestone >= milestones) revert MilestoneNotFound(orderId, milestone, milestones);
        stage = _milestones[orderId][milestone];
    }

    function _checkCaller(bytes32 orderId, address expected) private view {
        if (msg.sender != expected) revert OrderCallerInvalid(orderId, msg.sender);
    }

    function _checkState(
        bytes32 orderId,
        uint256 milestone,
        Milestone storage stage,
        MilestoneState expected
    ) private view {
        if (stage.state != expected) revert MilestoneStateInvalid(orderId, milestone, stage.state);
    }

    function _checkBefore(bytes32 orderId, uint256 milestone, uint256 end) private view {
        if (block.timestamp >= end) revert MilestoneTimePassed(orderId, milestone, end, block.timestamp);
    }
}
