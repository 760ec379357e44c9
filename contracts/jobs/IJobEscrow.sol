// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IJobEscrow
/// @notice Batch compute by milestones: an order is paid for when it is placed, and each milestone's amount goes to the
/// provider when its delivery is accepted, or back to whoever paid.
/// @dev Per order what was funded is what is held, released and refunded, and each milestone ends once (INV-JOB).
/// Nobody administers it. What an account is due waits for it, in its currency, until anybody has it paid out: a frozen
/// party holds up nobody else. Intervals hold their beginning and not their end. Roles in an order: the payer funds it
/// and gets every refund; the buyer accepts or disputes deliveries; the provider delivers; the arbiter rules on
/// disputes, and where it is silent the default that the order states.
interface IJobEscrow {
    /// @notice Where a milestone stands. The last three are final.
    enum MilestoneState {
        /// To be delivered.
        Due,
        /// Delivered, and under review by the buyer.
        Delivered,
        /// Disputed, and before the arbiter.
        Disputed,
        /// Its amount went to the provider.
        Released,
        /// Its amount went back to the payer.
        Refunded,
        /// Its amount was split by a ruling.
        Ruled
    }

    /// @notice Where an order stands.
    enum OrderState {
        /// There is none.
        None,
        /// Paid for, and not accepted by the provider.
        Placed,
        /// Accepted: its milestones run.
        Accepted,
        /// Given back to the payer before the provider accepted.
        Cancelled
    }

    /// @notice One delivery of an order.
    struct MilestoneTerms {
        /// Units of currency that are paid for it.
        uint96 amount;
        /// Unix second before which it is to be delivered.
        uint40 deliverBefore;
    }

    /// @notice The terms of an order. They never change.
    struct OrderTerms {
        /// Currency of all amounts.
        address currency;
        /// Who accepts and disputes deliveries.
        address buyer;
        /// Who delivers.
        address provider;
        /// Who rules on disputes; none of the parties.
        address arbiter;
        /// Hash of what is ordered.
        bytes32 description;
        /// Unix second before which the provider accepts.
        uint40 acceptBefore;
        /// Seconds that the buyer has to dispute a delivery.
        uint32 reviewPeriod;
        /// Seconds that the arbiter has to rule.
        uint32 arbitrationPeriod;
        /// Share of a disputed amount that the provider gets where the arbiter is silent, in basis points.
        uint16 defaultBps;
        /// Units of currency that the buyer puts up with a dispute.
        uint96 bond;
        /// What is delivered, and for how much.
        MilestoneTerms[] milestones;
        /// Tells orders of otherwise equal terms apart.
        bytes32 salt;
    }

    /// @notice An order as it stands.
    struct Order {
        address payer;
        OrderState state;
        uint40 acceptBefore;
        uint32 reviewPeriod;
        address buyer;
        uint96 bond;
        address provider;
        uint32 arbitrationPeriod;
        uint16 defaultBps;
        address arbiter;
        address currency;
    }

    /// @notice A milestone as it stands.
    struct Milestone {
        uint96 amount;
        uint40 deliverBefore;
        MilestoneState state;
        /// Unix second of its delivery, or of the dispute.
        uint40 since;
    }

    /// @notice An order was placed and paid for.
    /// @param total Units of currency that the payer paid: the amounts of all milestones.
    /// @param terms All of its terms, so that whatever becomes of the order follows from events.
    event OrderPlaced(
        bytes32 indexed orderId,
        address indexed payer,
        address indexed provider,
        uint256 total,
        OrderTerms terms
    );
    /// @notice The provider accepted an order.
    event OrderAccepted(bytes32 indexed orderId, address indexed provider);
    /// @notice An order ended before the provider accepted; all of it is due to the payer.
    /// @param amount Units of currency: the amounts of all milestones.
    event OrderCancelled(bytes32 indexed orderId, address indexed payer, uint256 amount);
    /// @notice The provider delivered a milestone.
    /// @param content Hash of what was delivered.
    event MilestoneDelivered(bytes32 indexed orderId, uint256 indexed milestone, bytes32 content);
    /// @notice The buyer disputed a delivery.
    /// @param bond Units that it put up.
    /// @param evidence Hash of what is wrong with it.
    event MilestoneDisputed(bytes32 indexed orderId, uint256 indexed milestone, uint256 bond, bytes32 evidence);
    /// @notice A milestone's amount is due to the provider.
    /// @param amount Units of currency.
    event MilestoneReleased(bytes32 indexed orderId, uint256 indexed milestone, uint256 amount);
    /// @notice A milestone's amount is due to the payer, and the bond of a dispute to the buyer.
    /// @param amount Units of currency.
    /// @param bond Units that are due to the buyer; zero where nothing was disputed.
    event MilestoneRefunded(bytes32 indexed orderId, uint256 indexed milestone, uint256 amount, uint256 bond);
    /// @notice A disputed amount was split.
    /// @param toProvider Units due to the provider.
    /// @param toPayer Units due to the payer, which gets what rounding leaves.
    /// @param bond Units that the buyer put up.
    /// @param bondToProvider Whether the bond is due to the provider, and not to the buyer.
    /// @param grounds Hash of the arbiter's grounds; zero where it was silent.
    event MilestoneRuled(
        bytes32 indexed orderId,
        uint256 indexed milestone,
        uint256 toProvider,
        uint256 toPayer,
        uint256 bond,
        bool bondToProvider,
        bytes32 grounds
    );
    /// @notice What was due to an account was paid.
    /// @param amount Units of currency: all that was due to it.
    event DuePaid(address indexed account, address indexed currency, uint256 amount);

    /// @notice The terms of the order cannot be accepted: `term` names the field.
    error OrderTermsInvalid(string term);
    /// @notice The payer has placed an order of these terms.
    error OrderPlacedAlready(bytes32 orderId);
    /// @notice The currency brought `received` units, not `amount`.
    error OrderPaymentMismatch(uint256 amount, uint256 received);
    /// @notice The order is `state`, which this does not start from.
    error OrderStateInvalid(bytes32 orderId, OrderState state);
    /// @notice The caller is none of those who may do this.
    error OrderCallerInvalid(bytes32 orderId, address caller);
    /// @notice The provider was to accept before `acceptBefore`; chain time is `timestamp` (unix seconds).
    error OrderAcceptancePassed(bytes32 orderId, uint256 acceptBefore, uint256 timestamp);
    /// @notice The payer is frozen outgoing in the currency of the order: what it set aside is not committed.
    error OrderPayerFrozen(bytes32 orderId, address payer);
    /// @notice The order has `milestones` milestones, counted from zero.
    error MilestoneNotFound(bytes32 orderId, uint256 milestone, uint256 milestones);
    /// @notice The milestone is `state`, which this does not start from.
    error MilestoneStateInvalid(bytes32 orderId, uint256 milestone, MilestoneState state);
    /// @notice This was to be done before `end`; chain time is `timestamp` (unix seconds).
    error MilestoneTimePassed(bytes32 orderId, uint256 milestone, uint256 end, uint256 timestamp);
    /// @notice The milestone goes on until `end`; chain time is `timestamp` (unix seconds).
    error MilestoneTimeRunning(bytes32 orderId, uint256 milestone, uint256 end, uint256 timestamp);
    /// @notice A share of more than 10,000 basis points.
    error RulingInvalid(uint256 providerBps);
    /// @notice What is stated needs the hash of what shows it.
    error JobHashZero();
    /// @notice Nothing is due to the account in this currency.
    error NothingDue(address account, address currency);

    // -------------------------------------------------------------------- payer

    /// @notice Place an order, and pay all of it with currency the caller has allowed this contract to take.
    /// @dev The currency has this contract marked as a settlement account, so that nobody can freeze or seize what it
    /// holds, and whatever becomes due can be paid at any time. Tokens of a series cannot be it: they do not move any
    /// more once the series has ended. No currency reaches what is held in another.
    /// @param terms What is ordered, of whom and by when. Each term is checked, and the first that cannot be is named.
    /// @return orderId Its id, which commits to payer and terms.
    /// @custom:reverts OrderTermsInvalid when a term cannot be
    /// @custom:reverts OrderPlacedAlready when the caller has placed it before
    /// @custom:reverts OrderPaymentMismatch when the currency brings another amount
    /// @custom:invariant INV-JOB
    function place(OrderTerms calldata terms) external returns (bytes32 orderId);

    /// @notice The same by the payer's EIP-3009 `ReceiveWithAuthorization` to this contract, whose nonce is the id of
    /// the order, so that whoever submits it can change nothing.
    /// @param terms What is ordered, of whom and by when.
    /// @param payer Who pays, and signed.
    /// @param validAfter Unix second after which the authorization is valid.
    /// @param validBefore Unix second before which it is.
    /// @param signature The payer's, of the amounts of all milestones.
    /// @return orderId Its id, which commits to payer and terms.
    /// @custom:reverts OrderTermsInvalid when a term cannot be
    /// @custom:reverts OrderPlacedAlready when the payer has placed it before
    /// @custom:reverts OrderPaymentMismatch when the currency brings another amount
    /// @custom:invariant INV-JOB
    /// @custom:invariant INV-ONCE
    function placeWithAuthorization(
        OrderTerms calldata terms,
        address payer,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external returns (bytes32 orderId);

    /// @notice Take an order back that the provider has not accepted: payer and buyer at any time, anybody once the
    /// time to accept has passed.
    /// @custom:reverts OrderStateInvalid when the order is not placed
    /// @custom:reverts OrderCallerInvalid when somebody else calls before the time to accept has passed
    /// @custom:invariant INV-FINAL
    function cancel(bytes32 orderId) external;

    // ----------------------------------------------------------------- provider

    /// @notice Accept an order, as its provider.
    /// @custom:reverts OrderStateInvalid when the order is not placed
    /// @custom:reverts OrderCallerInvalid when the caller is not the provider
    /// @custom:reverts OrderAcceptancePassed when the time to accept has passed
    /// @custom:reverts OrderPayerFrozen when the payer is frozen outgoing in the currency
    /// @custom:invariant INV-FROZEN
    function accept(bytes32 orderId) external;

    /// @notice Deliver a milestone, as the provider.
    /// @param content Hash of what is delivered.
    /// @custom:reverts OrderStateInvalid when the order is not accepted
    /// @custom:reverts MilestoneNotFound when there is no such milestone
    /// @custom:reverts OrderCallerInvalid when the caller is not the provider
    /// @custom:reverts MilestoneStateInvalid when it is not due
    /// @custom:reverts MilestoneTimePassed when its time has passed
    /// @custom:reverts JobHashZero when `content` is zero
    function deliver(bytes32 orderId, uint256 milestone, bytes32 content) external;

    /// @notice Give a milestone up, as the provider: its amount goes back to the payer, and the bond of a dispute to
    /// the buyer.
    /// @custom:reverts OrderStateInvalid when the order is not accepted
    /// @custom:reverts MilestoneNotFound when there is no such milestone
    /// @custom:reverts OrderCallerInvalid when the caller is not the provider
    /// @custom:reverts MilestoneStateInvalid when it has ended
    /// @custom:invariant INV-FINAL
    function concede(bytes32 orderId, uint256 milestone) external;

    // -------------------------------------------------------------------- buyer

    /// @notice Accept a delivery, as the buyer; also after the review period, until somebody concludes the milestone.
    /// @custom:reverts OrderStateInvalid when the order is not accepted
    /// @custom:reverts MilestoneNotFound when there is no such milestone
    /// @custom:reverts OrderCallerInvalid when the caller is not the buyer
    /// @custom:reverts MilestoneStateInvalid when it is not delivered
    /// @custom:invariant INV-FINAL
    function acceptDelivery(bytes32 orderId, uint256 milestone) external;

    /// @notice Dispute a delivery within the review period, as the buyer, which puts up the bond.
    /// @dev Warning: the review period runs on while the currency is paused or the buyer frozen, when no bond can be
    /// put up. An order without a bond can be disputed at any time of it.
    /// @param evidence Hash of what is wrong with it.
    /// @custom:reverts OrderStateInvalid when the order is not accepted
    /// @custom:reverts MilestoneNotFound when there is no such milestone
    /// @custom:reverts OrderCallerInvalid when the caller is not the buyer
    /// @custom:reverts MilestoneStateInvalid when it is not delivered
    /// @custom:reverts MilestoneTimePassed when the review period has passed
    /// @custom:reverts JobHashZero when `evidence` is zero
    /// @custom:reverts OrderPaymentMismatch when the currency brings another bond
    function dispute(bytes32 orderId, uint256 milestone, bytes32 evidence) external;

    // ------------------------------------------------------------------ arbiter

    /// @notice Split a disputed amount, as the arbiter. The bond goes to the provider where the provider gets all of
    /// it, since the dispute was without ground, and back to the buyer otherwise.
    /// @param providerBps Share of the provider in basis points. Its part is rounded down, and the payer gets the rest.
    /// @param grounds Hash of the arbiter's grounds.
    /// @custom:reverts OrderStateInvalid when the order is not accepted
    /// @custom:reverts MilestoneNotFound when there is no such milestone
    /// @custom:reverts OrderCallerInvalid when the caller is not the arbiter
    /// @custom:reverts MilestoneStateInvalid when it is not disputed
    /// @custom:reverts MilestoneTimePassed when the time to rule has passed
    /// @custom:reverts RulingInvalid when the share is more than all
    /// @custom:reverts JobHashZero when `grounds` is zero
    /// @custom:invariant INV-FINAL
    function rule(bytes32 orderId, uint256 milestone, uint256 providerBps, bytes32 grounds) external;

    // ------------------------------------------------------------------- anyone

    /// @notice End a milestone whose time has passed. Not delivered: refunded. Not disputed: released. Not ruled on:
    /// split by the order's default, the bond back to the buyer.
    /// @custom:reverts OrderStateInvalid when the order is not accepted
    /// @custom:reverts MilestoneNotFound when there is no such milestone
    /// @custom:reverts MilestoneStateInvalid when it has ended
    /// @custom:reverts MilestoneTimeRunning when its time has not passed
    /// @custom:invariant INV-FINAL
    function conclude(bytes32 orderId, uint256 milestone) external;

    /// @notice Pay an account what is due to it in a currency: to the account alone, whoever calls.
    /// @dev Where it cannot come in, a CurrencyToken keeps it as the account's credit, and nothing waits here.
    /// @custom:reverts NothingDue when nothing is
    function payDue(address account, address currency) external;

    // -------------------------------------------------------------------- views

    /// @notice Id of a payer's order of these terms, and nonce of its authorization.
    function orderIdOf(address payer, OrderTerms calldata terms) external view returns (bytes32);

    /// @notice An order; its state is `None` where there is none.
    function order(bytes32 orderId) external view returns (Order memory);

    /// @notice The milestones of an order, in the order of its terms.
    function milestonesOf(bytes32 orderId) external view returns (Milestone[] memory);

    /// @notice Units due to an account in a currency.
    function due(address account, address currency) external view returns (uint256);
}
