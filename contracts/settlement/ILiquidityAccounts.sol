// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Leg} from "./Instruction.sol";
import {PositionWord} from "./PositionWord.sol";

/// @title ILiquidityAccounts
/// @notice Positions of participants in each currency: money comes in once, moves between positions, goes out once.
/// @dev The contract holds the currency; a position is a claim on it (INV-LIQUIDITY). It has no administrator: an
/// account that may `freeze`, `freezeAmount`, `seize`, `pause` or `unpause` in a currency, by the authority of that
/// currency, has the like power over the positions in it. No position is ever below zero. There are no fees.
interface ILiquidityAccounts {
    /// @notice The position of an account in one currency: one storage word.
    struct Position {
        /// Units that the account may pay out or settle with.
        uint96 available;
        /// Units kept for clearing cycles.
        uint96 reserved;
        /// Whether nothing leaves the position.
        bool frozenOutgoing;
        /// Whether nothing comes into the position.
        bool frozenIncoming;
        /// Whether a part of the available units is frozen.
        bool hasFrozenAmount;
        /// Whether the participant begins nothing.
        bool suspended;
        /// Whether nothing of the participant goes on.
        bool stopped;
        /// Jurisdiction of the participant, an ISO 3166-1 number; zero if it was not admitted to the currency.
        uint16 jurisdiction;
    }

    /// @notice The change of a position by a set of a clearing cycle, in two words.
    struct NetPosition {
        /// Its account (20 bytes), then its reserved units afterwards (12).
        bytes32 holding;
        /// Units that others paid to it (16 bytes), then units that it paid to others (16).
        bytes32 turnover;
    }

    /// @notice An account paid units of a currency into its position.
    /// @param available Available units of the position afterwards.
    event PaidIn(address indexed currency, address indexed account, uint256 amount, uint256 available);
    /// @notice An account received units of its position in the currency itself.
    /// @param available Available units of the position afterwards.
    event PaidOut(address indexed currency, address indexed account, uint256 amount, uint256 available);
    /// @notice Units moved from one position to another.
    /// @param debtorAvailable Available units of the debtor's position afterwards.
    /// @param creditorAvailable Available units of the creditor's position afterwards.
    event PositionMoved(
        address indexed currency,
        address indexed debtor,
        address indexed creditor,
        uint256 amount,
        uint256 debtorAvailable,
        uint256 creditorAvailable
    );
    /// @notice The units of a buyer came into the position of a provider, and units of another currency left it.
    /// @param paidAvailable Available units of the first position afterwards.
    /// @param soldAvailable Available units of the second position afterwards.
    event PositionExchanged(
        address indexed provider,
        address indexed paid,
        address indexed sold,
        uint256 paidAmount,
        uint256 soldAmount,
        uint256 paidAvailable,
        uint256 soldAvailable
    );
    /// @notice Units of a position were earmarked for a waiting settlement.
    /// @param available Available units of the position afterwards.
    event PositionEarmarked(
        address indexed currency,
        address indexed account,
        bytes32 indexed settlementId,
        uint256 amount,
        uint256 available
    );
    /// @notice Earmarked units of a settlement came into the position of its creditor.
    /// @param available Available units of the position afterwards.
    event EarmarkDelivered(
        address indexed currency,
        address indexed account,
        bytes32 indexed settlementId,
        uint256 amount,
        uint256 available
    );
    /// @notice Earmarked units of a settlement went home to the position of its debtor.
    /// @param available Available units of the position afterwards.
    event EarmarkReturned(
        address indexed currency,
        address indexed account,
        bytes32 indexed settlementId,
        uint256 amount,
        uint256 available
    );
    /// @notice An account kept available units of its position for clearing cycles.
    /// @param available Available units of the position afterwards.
    /// @param reserved Reserved units of the position afterwards.
    event PositionReserved(
        address indexed currency,
        address indexed account,
        uint256 amount,
        uint256 available,
        uint256 reserved
    );
    /// @notice Reserved units of a position became available again.
    /// @param available Available units of the position afterwards.
    /// @param reserved Reserved units of the position afterwards.
    event PositionReleased(
        address indexed currency,
        address indexed account,
        uint256 amount,
        uint256 available,
        uint256 reserved
    );
    /// @notice A set of a clearing cycle moved net amounts between reserved units.
    /// @param set Number of the set.
    /// @param positions Every party of the set. What all received is what all paid.
    event PositionsNetted(address indexed currency, uint256 indexed set, NetPosition[] positions);
    /// @notice The freezes of a position were set: whether nothing leaves it, and whether nothing comes into it.
    event PositionFreezeSet(address indexed currency, address indexed account, bool outgoing, bool incoming);
    /// @notice The frozen amount of a position was set.
    /// @param amount Units of the available ones, replacing the amount before; zero lifts it.
    event PositionFrozenAmountSet(address indexed currency, address indexed account, uint256 amount);
    /// @notice Units of a position were seized by authority of law.
    /// @param available Available units of the position afterwards.
    /// @param legalBasis Hash of the document that orders the seizure.
    event PositionSeized(
        address indexed currency,
        address indexed account,
        address indexed to,
        uint256 amount,
        uint256 available,
        bytes32 legalBasis
    );
    /// @notice The positions in a currency were paused, or the pause ended.
    event LiquidityPauseSet(address indexed currency, bool paused);

    /// @notice This contract is not a settlement account of the currency, so that it could not always pay out.
    error LiquidityAccountUnmarked(address currency);
    /// @notice The currency brought `received` units, not `amount`.
    error LiquidityPaymentMismatch(uint256 amount, uint256 received);
    /// @notice The caller is no contract that moves positions.
    error LiquidityMoverUnknown(address caller);
    /// @notice The positions in the currency are paused.
    error LiquidityPaused(address currency);
    /// @notice The position of the account has `available` units, not `requested`.
    error PositionExceeded(address token, address account, uint256 requested, uint256 available);
    /// @notice `available` units of the position are reserved, not `requested`.
    error ReservedExceeded(address token, address account, uint256 requested, uint256 available);
    /// @notice Only the clearing house settles nets.
    error CallerNotClearingHouse(address caller, address clearingHouse);
    /// @notice Only the foreign exchange exchanges units of positions.
    error CallerNotExchange(address caller, address exchange);
    /// @notice The position of the account is frozen outgoing.
    error PositionFrozenOutgoing(address currency, address account);
    /// @notice The position of the account is frozen incoming.
    error PositionFrozenIncoming(address currency, address account);
    /// @notice `frozen` units of the position are frozen; `available` of the rest can leave it, not `requested`.
    error PositionAmountFrozen(address token, address account, uint256 requested, uint256 available, uint256 frozen);
    /// @notice Only the settlement contract settles, earmarks, delivers and returns legs.
    error CallerNotSettlement(address caller, address settlement);
    /// @notice Only the registry of the participants sets their standing.
    error CallerNotRegistry(address caller, address registry);
    /// @notice The position is frozen, or the currency paused, at least as far as the currency itself says.
    error NothingToCopy(address currency, address account);

    // -------------------------------------------------------------- participant

    /// @notice Pay units into the caller's own position, within its allowance to this contract.
    /// @param amount Units of the currency.
    /// @custom:reverts LiquidityAccountUnmarked when this contract is not a settlement account of the currency
    /// @custom:reverts ParticipantNotFound when the caller was not admitted to the currency
    /// @custom:reverts ParticipantStopped when the caller is stopped
    /// @custom:reverts ParticipantSuspended when the caller is suspended
    /// @custom:reverts LiquidityPaused when the positions in the currency are paused
    /// @custom:reverts PositionFrozenIncoming when the position is frozen incoming
    /// @custom:reverts LiquidityPaymentMismatch when the currency transfers another amount
    /// @custom:invariant INV-LIQUIDITY
    function payIn(address currency, uint96 amount) external;

    /// @notice Pay units of the caller's own position to it in the currency itself.
    /// @dev This goes on while the caller is stopped or the currency is paused, since the currency's own rules meet the
    /// units there. A frozen position pays out only to an account that is frozen outgoing in the currency too.
    /// @param amount Units of the currency.
    /// @custom:reverts PositionExceeded when fewer units are available
    /// @custom:reverts PositionFrozenOutgoing when the position is frozen outgoing and the account is not
    /// @custom:reverts PositionAmountFrozen when fewer units are not frozen, and the account is not frozen outgoing
    /// @custom:invariant INV-LIQUIDITY
    /// @custom:invariant INV-FROZEN
    function payOut(address currency, uint96 amount) external;

    /// @notice Keep available units of the caller's own position for clearing cycles.
    /// @param amount Units of the currency.
    /// @custom:reverts LiquidityPaused when the positions in the currency are paused
    /// @custom:reverts ParticipantNotFound when the caller was not admitted to the currency
    /// @custom:reverts ParticipantStopped when the caller is stopped
    /// @custom:reverts ParticipantSuspended when the caller is suspended
    /// @custom:reverts PositionExceeded when fewer units are available
    /// @custom:reverts PositionFrozenOutgoing when the position is frozen outgoing
    /// @custom:reverts PositionAmountFrozen when fewer units are not frozen
    /// @custom:invariant INV-LIQUIDITY
    function reserve(address currency, uint96 amount) external;

    /// @notice Make reserved units of a position available again: its account, one that may seize in the currency, or
    /// corridors at the end of a day.
    /// @dev Neither a stop nor a freeze nor a pause refuses it: the units stay in the position, and are held there.
    /// @param amount Units of the currency.
    /// @custom:reverts CurrencyPowerMissing when the caller is not the account and may not seize in the currency
    /// @custom:reverts CycleStillClosed when the cycle of the currency is closed, for an hour at most
    /// @custom:reverts ReservedExceeded when fewer units are reserved
    /// @custom:invariant INV-LIQUIDITY
    function release(address currency, address account, uint96 amount) external;

    // ----------------------------------------------------------------- registry

    /// @notice Write the standing of an institution into its position, as the registry of the participants.
    /// @custom:reverts CallerNotRegistry when another account calls
    function setStanding(
        address currency,
        address account,
        uint16 index,
        uint16 jurisdiction,
        bool suspended,
        bool stopped
    ) external;

    // -------------------------------------------- contracts that move positions

    /// @notice Move units from one position to another, as a contract that moves positions.
    /// @param amount Units of the currency.
    /// @custom:reverts LiquidityMoverUnknown when the caller is no contract that moves positions
    /// @custom:reverts LiquidityPaused when the positions in the currency are paused
    /// @custom:reverts ParticipantNotFound when a party was not admitted to the currency
    /// @custom:reverts ParticipantStopped when a party is stopped
    /// @custom:reverts ParticipantSuspended when a party is suspended
    /// @custom:reverts PositionExceeded when the debtor has fewer available units
    /// @custom:reverts PositionFrozenOutgoing when the position of the debtor is frozen outgoing
    /// @custom:reverts PositionAmountFrozen when fewer units of the debtor are not frozen
    /// @custom:reverts PositionFrozenIncoming when the position of the creditor is frozen incoming
    /// @custom:invariant INV-LIQUIDITY
    /// @custom:invariant INV-FROZEN
    function move(address currency, address debtor, address creditor, uint96 amount) external;

    // ------------------------------------------------------ settlement contract

    /// @notice Move the legs between positions, one after the other, as the settlement contract; others are left out.
    /// @dev The corridors admit the legs that cross a border, and refuse as in `ICorridors.admit`.
    /// @param words The legs, five words for each: kind, asset, debtor, creditor, amount.
    /// @param payload Hash of the payload of the Travel Rule; zero if there is none.
    /// @custom:reverts CallerNotSettlement when another account calls
    /// @custom:reverts LiquidityPaused when the positions in a currency are paused
    /// @custom:reverts ParticipantNotFound when a party was not admitted to the currency
    /// @custom:reverts ParticipantStopped when a party is stopped
    /// @custom:reverts ParticipantSuspended when a party is suspended
    /// @custom:reverts PositionExceeded when a debtor has fewer available units
    /// @custom:reverts PositionFrozenOutgoing when the position of a debtor is frozen outgoing
    /// @custom:reverts PositionAmountFrozen when fewer units of a debtor are not frozen
    /// @custom:reverts PositionFrozenIncoming when the position of a creditor is frozen incoming
    /// @custom:invariant INV-LIQUIDITY
    /// @custom:invariant INV-FROZEN
    function moveLegs(uint256[] calldata words, bytes32 payload) external;

    /// @notice Earmark the units of legs until their settlement is delivered or unwound, as the settlement contract.
    /// @dev The corridors admit the legs that cross a border, and refuse as in `ICorridors.admit`.
    /// @param words As for `moveLegs`.
    /// @param payload As for `moveLegs`.
    /// @param due Time at which they settle.
    /// @return opensAt The due time; if legs cross a border, the next one at which all of their currencies are open.
    /// @custom:reverts CallerNotSettlement when another account calls
    /// @custom:reverts LiquidityPaused when the positions in a currency are paused
    /// @custom:reverts ParticipantNotFound when a party was not admitted to the currency
    /// @custom:reverts ParticipantStopped when a party is stopped
    /// @custom:reverts ParticipantSuspended when a party is suspended
    /// @custom:reverts PositionExceeded when a debtor has fewer available units
    /// @custom:reverts PositionFrozenOutgoing when the position of a debtor is frozen outgoing
    /// @custom:reverts PositionAmountFrozen when fewer units of a debtor are not frozen
    /// @custom:invariant INV-LIQUIDITY
    /// @custom:invariant INV-FROZEN
    function earmarkLegs(
        uint256[] calldata words,
        bytes32 settlementId,
        bytes32 payload,
        uint64 due
    ) external returns (uint64 opensAt);

    /// @notice Deliver earmarked units of legs to the positions of their creditors, as the settlement contract.
    /// @dev The currencies of legs that cross a border are open: `ICorridors.checkOpen`.
    /// @param words As for `moveLegs`.
    /// @custom:reverts CallerNotSettlement when another account calls
    /// @custom:reverts LiquidityPaused when the positions in a currency are paused
    /// @custom:reverts ParticipantStopped when a party is stopped
    /// @custom:reverts PositionFrozenOutgoing when the position of a debtor is frozen outgoing or in part
    /// @custom:reverts PositionFrozenIncoming when the position of a creditor is frozen incoming
    /// @custom:invariant INV-LIQUIDITY
    /// @custom:invariant INV-FROZEN
    function deliverLegs(uint256[] calldata words, bytes32 settlementId) external;

    /// @notice Send earmarked units of legs home to the positions of their debtors, as the settlement contract.
    /// @dev Neither a stop nor a freeze nor a pause refuses units that go home: they are held there. The corridors get
    /// back what they admitted.
    /// @param words As for `moveLegs`.
    /// @param payload As for `moveLegs`.
    /// @param admittedAt Time at which the corridors admitted them.
    /// @custom:reverts CallerNotSettlement when another account calls
    /// @custom:invariant INV-LIQUIDITY
    function sendLegsHome(uint256[] calldata words, bytes32 settlementId, bytes32 payload, uint64 admittedAt) external;

    // --------------------------------------------------------- foreign exchange

    /// @notice Credit units that the caller has paid in to the position of a provider, and pay units of another
    /// position of it to the caller, as the foreign exchange.
    /// @custom:reverts CallerNotExchange when another account calls
    /// @custom:reverts LiquidityPaused when the positions in either currency are paused
    /// @custom:reverts ParticipantNotFound when the provider was not admitted to both currencies
    /// @custom:reverts ParticipantStopped when the provider is stopped
    /// @custom:reverts ParticipantSuspended when the provider is suspended
    /// @custom:reverts PositionExceeded when the provider has fewer available units
    /// @custom:reverts PositionFrozenOutgoing when the position that pays is frozen outgoing
    /// @custom:reverts PositionAmountFrozen when fewer of its units are not frozen
    /// @custom:reverts PositionFrozenIncoming when the position that is paid is frozen incoming
    /// @custom:invariant INV-LIQUIDITY
    /// @custom:invariant INV-FROZEN
    function exchange(address provider, address paid, uint96 paidAmount, address sold, uint96 soldAmount) external;

    // ----------------------------------------------------------- clearing house

    /// @notice Move net amounts between the reserved units of positions, as the clearing house, which has checked the
    /// parties and computed the nets.
    /// @param set Number of the set.
    /// @param accounts The parties.
    /// @param received Number of a participant -> units that others pay to it.
    /// @param paid Number of a participant -> units that it pays to others. Both sums are the same.
    /// @custom:reverts CallerNotClearingHouse when another account calls
    /// @custom:reverts LiquidityPaused when the positions in the currency are paused
    /// @custom:reverts ReservedExceeded when a party has reserved fewer units than its net
    /// @custom:invariant INV-LIQUIDITY
    /// @custom:invariant INV-NET
    function settleNets(
        address currency,
        uint256 set,
        address[] calldata accounts,
        uint256[] calldata received,
        uint256[] calldata paid
    ) external;

    // ------------------------------------------------ freezer, seizer and pauser

    /// @notice Set the freezes of a position; both false lifts them.
    /// @custom:reverts CurrencyPowerMissing when the caller may not freeze accounts of the currency
    /// @custom:invariant INV-FROZEN
    function freeze(address currency, address account, bool outgoing, bool incoming) external;

    /// @notice Set the number of available units of a position that may not leave it; zero lifts it.
    /// @param amount Units; more than the position has is possible.
    /// @custom:reverts CurrencyPowerMissing when the caller may not freeze amounts in the currency
    /// @custom:invariant INV-FROZEN
    function freezeAmount(address currency, address account, uint256 amount) external;

    /// @notice Take available units of a position, frozen or not, and pay them to an account in the currency.
    /// @param amount Units of the currency.
    /// @param legalBasis Hash of the document that orders the seizure.
    /// @custom:reverts CurrencyPowerMissing when the caller may not seize in the currency
    /// @custom:reverts SeizureWithoutLegalBasis when `legalBasis` is zero
    /// @custom:reverts ERC20InvalidReceiver when `to` is this contract
    /// @custom:reverts PositionExceeded when fewer units are available
    /// @custom:invariant INV-LIQUIDITY
    function seize(address currency, address account, address to, uint96 amount, bytes32 legalBasis) external;

    /// @notice Pause the positions in a currency: nothing moves but payouts to their own accounts.
    /// @custom:reverts CurrencyPowerMissing when the caller may not pause the currency
    function pause(address currency) external;

    /// @notice End the pause of the positions in a currency.
    /// @custom:reverts CurrencyPowerMissing when the caller may not unpause the currency
    function unpause(address currency) external;

    // ------------------------------------------------------------------- anyone

    /// @notice Freeze a position as far as the account is frozen in the currency. It never lifts a freeze.
    /// @custom:reverts NothingToCopy when the position is frozen as far already
    /// @custom:invariant INV-FROZEN
    function copyFreeze(address currency, address account) external;

    /// @notice Pause the positions in a currency that is paused.
    /// @custom:reverts NothingToCopy when the currency is not paused, or its positions are paused already
    function copyPause(address currency) external;

    // -------------------------------------------------------------------- views

    /// @notice Registry of the participants.
    function registry() external view returns (address);

    /// @notice The corridors, which move what exceeds the limit at the end of a day.
    function corridors() external view returns (address);

    /// @notice Whether an account is a contract that moves positions.
    function isMover(address account) external view returns (bool);

    /// @notice The settlement contract.
    function settlement() external view returns (address);

    /// @notice The contract by which positions are exchanged against payments of buyers.
    function foreignExchange() external view returns (address);

    /// @notice The contract that nets obligations.
    function clearingHouse() external view returns (address);

    /// @notice The words of the positions of some accounts, as they are stored.
    function positionWords(
        address currency,
        address[] calldata accounts
    ) external view returns (PositionWord[] memory words);

    /// @notice Units of a currency that are earmarked for waiting settlements.
    function earmarked(address currency) external view returns (uint256);

    /// @notice Whether a stop or a freeze of a party keeps an earmarked leg from its creditor.
    function isBlocked(Leg[] calldata legs) external view returns (bool);

    /// @notice Position of an account in a currency.
    function position(address currency, address account) external view returns (Position memory);

    /// @notice Frozen units of a position; more than it has is possible.
    function frozenAmount(address currency, address account) external view returns (uint256);

    /// @notice Whether the positions in a currency are paused.
    function isPaused(address currency) external view returns (bool);
}
