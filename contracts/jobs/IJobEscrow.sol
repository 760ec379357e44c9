// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IJobEscrow
/// @notice Batch compute by milestones: the payer pays an order when it places it, and each milestone's amount goes to
/// the provider when its delivery is accepted, or back to the payer.
/// @dev Per order the funded amount equals the sum of held, released and refunded amounts, and each milestone ends once
/// (INV-JOB). The contract has no administrator. An amount due to an account waits in its currency until any account
/// calls for the payout, so that a frozen party does not stop the others. An interval contains its beginning, not its
/// end. Roles in an order: the payer funds it and gets every refund; the buyer accepts or disputes deliveries; the
/// provider delivers; the arbiter rules on disputes. Without a ruling the default of the order applies.
interface IJobEscrow {
    /// @notice State of a milestone. The last three are final.
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

    /// @notice State of an order.
    enum OrderState {
        /// There is no such order.
        None,
        /// Paid for, and not accepted by the provider.
        Placed,
        /// Accepted: its milestones run.
        Accepted,
        /// Refunded to the payer before the provider accepted.
        Cancelled
    }

    /// @notice One delivery of an order.
    struct MilestoneTerms {
        /// Units of currency for this delivery.
        uint96 amount;
        /// Unix second before which it is to be delivered.
        uint40 deliverBefore;
    }

    /// @notice The terms of an order. They never change.
    struct OrderTerms {
        /// Currency of all amounts.
        address currency;
        /// Account that accepts and disputes deliveries.
        address buyer;
        /// Account that delivers.
        address provider;
        /// Account that rules on disputes; none of the parties.
        address arbiter;
        /// Hash of the description of the work.
        bytes32 description;
        /// Unix second before which the provider accepts.
        uint40 acceptBefore;
        /// Seconds in which the buyer may dispute a delivery.
        uint32 reviewPeriod;
        /// Seconds in which the arbiter may rule.
        uint32 arbitrationPeriod;
        /// Provider's share of a disputed amount without a ruling, in basis points.
        uint16 defaultBps;
        /// Units of currency that the buyer deposits with a dispute.
        uint96 bond;
        /// Deliveries with their amounts.
        MilestoneTerms[] milestones;
        /// Distinguishes orders of otherwise equal terms.
        bytes32 salt;
    }

    /// @notice Terms and state of an order.
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

    /// @notice Terms and state of a milestone.
    struct Milestone {
        uint96 amount;
        uint40 deliverBefore;
        MilestoneState state;
        /// Unix second of its delivery, or of the dispute.
        uint40 since;
    }

    /// @notice An order was placed and paid for.
    /// @param total Units of currency that the payer paid: the amounts of all milestones.
    /// @param terms All terms, so that the books of the order follow from events.
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
    /// @param content Hash of the delivered content.
    event MilestoneDelivered(bytes32 indexed orderId, uint256 indexed milestone, bytes32 content);
    /// @notice The buyer disputed a delivery.
    /// @param bond Units that the buyer deposited.
    /// @param evidence Hash of the evidence.
    event MilestoneDisputed(bytes32 indexed orderId, uint256 indexed milestone, uint256 bond, bytes32 evidence);
    /// @notice A milestone's amount became due to the provider.
    /// @param amount Units of currency.
    event MilestoneReleased(bytes32 indexed orderId, uint256 indexed milestone, uint256 amount);
    /// @notice A milestone's amount became due to the payer, and the bond of a dispute to the buyer.
    /// @param amount Units of currency.
    /// @param bond Units due to the buyer; zero without a dispute.
    event MilestoneRefunded(bytes32 indexed orderId, uint256 indexed milestone, uint256 amount, uint256 bond);
    /// @notice A disputed amount was divided.
    /// @param toProvider Units due to the provider.
    /// @param toPayer Units due to the payer, including the remainder of rounding.
    /// @param bond Units that the buyer deposited.
    /// @param bondToProvider Whether the bond is due to the provider, and not to the buyer.
    /// @param grounds Hash of the arbiter's grounds; zero without a ruling.
    event MilestoneRuled(
        bytes32 indexed orderId,
        uint256 indexed milestone,
        uint256 toProvider,
        uint256 toPayer,
        uint256 bond,
        bool bondToProvider,
        bytes32 grounds
    );
    /// @notice The due amounts of an account were paid.
    /// @param amount Units of currency: all due units of the account.
    event DuePaid(address indexed account, address indexed currency, uint256 amount);

    /// @notice A term of the order is not acceptable: `term` names the field.
    error OrderTermsInvalid(string term);
    /// @notice The payer has placed an order of these terms before.
    error OrderPlacedAlready(bytes32 orderId);
    /// @notice The currency brought `received` units, not `amount`.
    error OrderPaymentMismatch(uint256 amount, uint256 received);
    /// @notice This step is not possible in the order's `state`.
    error OrderStateInvalid(bytes32 orderId, OrderState state);
    /// @notice The caller is not the party for this step.
    error OrderCallerInvalid(bytes32 orderId, address caller);
    /// @notice The provider was to accept before `acceptBefore`; chain time is `timestamp` (unix seconds).
    error OrderAcceptancePassed(bytes32 orderId, uint256 acceptBefore, uint256 timestamp);
    /// @notice The payer is frozen outgoing in the currency of the order, so its payment cannot be committed.
    error OrderPayerFrozen(bytes32 orderId, address payer);
    /// @notice The order has `milestones` milestones, counted from zero.
    error MilestoneNotFound(bytes32 orderId, uint256 milestone, uint256 milestones);
    /// @notice This step is not possible in the milestone's `state`.
    error MilestoneStateInvalid(bytes32 orderId, uint256 milestone, MilestoneState state);
    /// @notice The time for this step ended at `end`; chain time is `timestamp` (unix seconds).
    error MilestoneTimePassed(bytes32 orderId, uint256 milestone, uint256 end, uint256 timestamp);
    /// @notice The time of the milestone's party runs until `end`; chain time is `timestamp` (unix seconds).
    error MilestoneTimeRunning(bytes32 orderId, uint256 milestone, uint256 end, uint256 timestamp);
    /// @notice A share of more than 10,000 basis points.
    error RulingInvalid(uint256 providerBps);
    /// @notice The hash of the content, the evidence or the grounds is zero.
    error JobHashZero();
    /// @notice No amount is due to the account in this currency.
    error NothingDue(address account, address currency);

    // -------------------------------------------------------------------- payer

    /// @notice Place an order and pay all of it, within the caller's allowance to this contract.
    /// @dev The currency must have marked this contract as a settlement account, so that nobody can freeze or seize its
    /// balance and every due amount can be paid at any time. Tokens of a series cannot be the currency: they no longer
    /// move once the series has ended. Amounts of different currencies are separate.
    /// @param terms Terms of the order. Each term is checked; the error names the first one that is not acceptable.
    /// @return orderId Id of the order, which commits to payer and terms.
    /// @custom:reverts OrderTermsInvalid when a term is not acceptable
    /// @custom:reverts OrderPlacedAlready when the caller has placed the order before
    /// @custom:reverts OrderPaymentMismatch when the currency transfers another amount
    /// @custom:invariant INV-JOB
    function place(OrderTerms calldata terms) external returns (bytes32 orderId);

    /// @notice The same by the payer's EIP-3009 `ReceiveWithAuthorization` to this contract. Its nonce is the id of the
    /// order, so that the submitting account cannot change anything.
    /// @param terms Terms of the order.
    /// @param payer Account that pays and signed.
    /// @param validAfter Unix second after which the authorization is valid.
    /// @param validBefore Unix second before which the authorization is valid.
    /// @param signature The payer's signature over the amounts of all milestones.
    /// @return orderId Id of the order, which commits to payer and terms.
    /// @custom:reverts OrderTermsInvalid when a term is not acceptable
    /// @custom:reverts OrderPlacedAlready when the payer has placed the order before
    /// @custom:reverts OrderPaymentMismatch when the currency transfers another amount
    /// @custom:invariant INV-JOB
    /// @custom:invariant INV-ONCE
    function placeWithAuthorization(
        OrderTerms calldata terms,
        address payer,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external returns (bytes32 orderId);

    /// @notice Cancel an order that the provider has not accepted: payer and buyer at any time, any account once the
    /// time to accept has passed.
    /// @custom:reverts OrderStateInvalid when the order is not placed
    /// @custom:reverts OrderCallerInvalid when another account calls before the time to accept has passed
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
    /// @param content Hash of the delivered content.
    /// @custom:reverts OrderStateInvalid when the order is not accepted
    /// @custom:reverts MilestoneNotFound when there is no such milestone
    /// @custom:reverts OrderCallerInvalid when the caller is not the provider
    /// @custom:reverts MilestoneStateInvalid when it is not due
    /// @custom:reverts MilestoneTimePassed when its time has passed
    /// @custom:reverts JobHashZero when `content` is zero
    function deliver(bytes32 orderId, uint256 milestone, bytes32 content) external;

    /// @notice Give up a milestone, as the provider: its amount goes back to the payer, and the bond of a dispute to
    /// the buyer.
    /// @custom:reverts OrderStateInvalid when the order is not accepted
    /// @custom:reverts MilestoneNotFound when there is no such milestone
    /// @custom:reverts OrderCallerInvalid when the caller is not the provider
    /// @custom:reverts MilestoneStateInvalid when it has ended
    /// @custom:invariant INV-FINAL
    function concede(bytes32 orderId, uint256 milestone) external;

    // -------------------------------------------------------------------- buyer

    /// @notice Accept a delivery, as the buyer; also after the review period, until an account concludes the milestone.
    /// @custom:reverts OrderStateInvalid when the order is not accepted
    /// @custom:reverts MilestoneNotFound when there is no such milestone
    /// @custom:reverts OrderCallerInvalid when the caller is not the buyer
    /// @custom:reverts MilestoneStateInvalid when it is not delivered
    /// @custom:invariant INV-FINAL
    function acceptDelivery(bytes32 orderId, uint256 milestone) external;

    /// @notice Dispute a delivery within the review period, as the buyer, which deposits the bond.
    /// @dev Warning: the review period also runs while the currency is paused or the buyer is frozen and so cannot
    /// deposit a bond. An order without a bond can be disputed then too.
    /// @param evidence Hash of the evidence.
    /// @custom:reverts OrderStateInvalid when the order is not accepted
    /// @custom:reverts MilestoneNotFound when there is no such milestone
    /// @custom:reverts OrderCallerInvalid when the caller is not the buyer
    /// @custom:reverts MilestoneStateInvalid when it is not delivered
    /// @custom:reverts MilestoneTimePassed when the review period has passed
    /// @custom:reverts JobHashZero when `evidence` is zero
    /// @custom:reverts OrderPaymentMismatch when the currency transfers another bond
    function dispute(bytes32 orderId, uint256 milestone, bytes32 evidence) external;

    // ------------------------------------------------------------------ arbiter

    /// @notice Divide a disputed amount, as the arbiter. If the provider gets all of it, the dispute had no ground and
    /// the bond goes to the provider; otherwise the bond goes back to the buyer.
    /// @param providerBps Share of the provider in basis points, rounded down; the payer gets the rest.
    /// @param grounds Hash of the arbiter's grounds.
    /// @custom:reverts OrderStateInvalid when the order is not accepted
    /// @custom:reverts MilestoneNotFound when there is no such milestone
    /// @custom:reverts OrderCallerInvalid when the caller is not the arbiter
    /// @custom:reverts MilestoneStateInvalid when it is not disputed
    /// @custom:reverts MilestoneTimePassed when the time to rule has passed
    /// @custom:reverts RulingInvalid when the share is above 10,000
    /// @custom:reverts JobHashZero when `grounds` is zero
    /// @custom:invariant INV-FINAL
    function rule(bytes32 orderId, uint256 milestone, uint256 providerBps, bytes32 grounds) external;

    // ------------------------------------------------------------------- anyone

    /// @notice End a milestone after its time. Without a delivery it is refunded. Without a dispute it is released.
    /// Without a ruling it is divided by the order's default, and the bond goes back to the buyer.
    /// @custom:reverts OrderStateInvalid when the order is not accepted
    /// @custom:reverts MilestoneNotFound when there is no such milestone
    /// @custom:reverts MilestoneStateInvalid when it has ended
    /// @custom:reverts MilestoneTimeRunning when its time has not passed
    /// @custom:invariant INV-FINAL
    function conclude(bytes32 orderId, uint256 milestone) external;

    /// @notice Pay an account its due amounts in a currency. Any account may call this.
    /// @dev If the account cannot receive them, a CurrencyToken holds them as its credit; they never stay here.
    /// @custom:reverts NothingDue when no amount is due
    function payDue(address account, address currency) external;

    // -------------------------------------------------------------------- views

    /// @notice Id of a payer's order of these terms, and nonce of its authorization.
    function orderIdOf(address payer, OrderTerms calldata terms) external view returns (bytes32);

    /// @notice An order; its state is `None` if there is no such order.
    function order(bytes32 orderId) external view returns (Order memory);

    /// @notice The milestones of an order, in the order of its terms.
    function milestonesOf(bytes32 orderId) external view returns (Milestone[] memory);

    /// @notice Units due to an account in a currency.
    function due(address account, address currency) external view returns (uint256);
}
