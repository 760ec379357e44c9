// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BatchHeader} from "./Clearing.sol";

/// @title ICorridors
/// @notice The ways on which money crosses a border: limits for each debtor, hours of both currencies, the Travel Rule.
/// @dev The contract has no administrator. The central bank of a currency is each account that may call
/// `setClassLimits` of that currency, by its authority. A contract that may move positions counts admissions.
/// Times are unix seconds. Days are counted from 1970-01-01 in the time of a currency, a fixed offset from UTC.
interface ICorridors {
    /// @notice A way from one jurisdiction to another for one currency, under the central banks of two currencies.
    /// @dev The way back is another corridor. The pair are the home currencies of both jurisdictions, as
    /// `IHomeCurrencies` says: a third currency crosses their border only by way of its own jurisdiction.
    struct Corridor {
        /// Jurisdiction of the debtor in `currency`, an ISO 3166-1 number.
        uint16 from;
        /// Jurisdiction of the creditor in `currency`.
        uint16 to;
        /// Currency that crosses the border.
        address currency;
        /// Other currency of the pair, whose central bank agrees too.
        address counterCurrency;
    }

    /// @notice The rules of a corridor. Amounts are units of the currency that crosses.
    struct Terms {
        /// Units that one crossing has at most.
        uint72 settlementLimit;
        /// Units that one debtor is admitted with in a window at most.
        uint72 windowLimit;
        /// Units from which both institutions sign the payload of the Travel Rule first; above the limit: never.
        uint72 travelThreshold;
        /// Length of a window in seconds; windows are counted in the time of the currency.
        uint32 windowS;
        /// Units that a participant of `to` keeps at the end of a day at most.
        uint96 dayEndLimit;
    }

    /// @notice The statement that both institutions sign: this payload belongs to this payment.
    struct TravelPayload {
        address debtor;
        address creditor;
        address currency;
        /// Units of the currency.
        uint256 amount;
        /// Hash of the payload, which stays off chain.
        bytes32 payload;
    }

    /// @notice The state of the statement on a payload.
    enum PayloadState {
        Unsigned,
        Signed,
        Used
    }

    /// @notice A central bank agreed to a revision, which needs the other one.
    /// @param id Hash of the corridor.
    /// @param currency Currency of the central bank.
    event CorridorProposed(
        bytes32 indexed id,
        address indexed currency,
        uint32 revision,
        Corridor corridor,
        Terms terms
    );
    /// @notice Both central banks agreed to a revision: it is in force.
    /// @param currency Currency of the central bank that agreed last.
    event CorridorRevised(
        bytes32 indexed id,
        address indexed currency,
        uint32 revision,
        Corridor corridor,
        Terms terms
    );
    /// @notice One central bank closed a corridor. Its number of revisions rises, so that earlier consents are void.
    event CorridorClosed(bytes32 indexed id, address indexed currency, uint32 revision);
    /// @notice The opening hours of a currency were set; zero for a currency that is always open.
    event WeekSet(address indexed currency, uint256 week);
    /// @notice 256 days of a currency were set: one bit for each day that differs from its day of the week.
    /// @param place The first of them divided by 256.
    event DaysSet(address indexed currency, uint256 indexed place, uint256 bitmap);
    /// @notice Both institutions signed the statement on a payload.
    event TravelPayloadSigned(
        bytes32 indexed digest,
        address indexed debtor,
        address indexed creditor,
        address currency,
        uint256 amount,
        bytes32 payload
    );
    /// @notice A crossing was admitted and counted.
    /// @param used Units of the debtor in its window afterwards.
    event CrossingAdmitted(
        bytes32 indexed id,
        address indexed debtor,
        address indexed creditor,
        uint256 amount,
        uint256 used,
        bytes32 payload
    );
    /// @notice An admitted crossing was given back, since it does not settle.
    /// @param used Units of the debtor in its window afterwards.
    event CrossingReleased(
        bytes32 indexed id,
        address indexed debtor,
        address indexed creditor,
        uint256 amount,
        uint256 used,
        bytes32 payload
    );
    /// @notice The obligations of a batch were admitted and counted to their debtor, all together.
    /// @param amount Sum of the obligations.
    /// @param used Units of the debtor in its window afterwards.
    event BatchAdmitted(bytes32 indexed id, address indexed debtor, uint256 amount, uint256 used, bytes32 payload);
    /// @notice Admitted obligations of a batch were given back, since they do not settle.
    /// @param amount Sum of these obligations.
    /// @param used Units of the debtor in its window afterwards.
    event BatchReleased(bytes32 indexed id, address indexed debtor, uint256 amount, uint256 used, bytes32 payload);
    /// @notice The part of a foreign position above the limit went to the settlement agent.
    event ClearedOut(bytes32 indexed id, address indexed account, address indexed agent, uint256 amount);

    /// @notice A corridor has two different jurisdictions, and the pair of their home currencies.
    error CorridorInvalid(
        uint16 debtorJurisdiction,
        uint16 creditorJurisdiction,
        address currency,
        address counterCurrency
    );
    /// @notice The terms contradict themselves: a window has a length and holds at least one settlement.
    error CorridorTermsInvalid(uint256 settlementLimit, uint256 windowLimit, uint256 window);
    /// @notice The currency is none of the pair of the corridor.
    error CurrencyNotOfCorridor(bytes32 id, address currency);
    /// @notice The corridor is open for the pair with another currency.
    error CorridorOfOtherPair(bytes32 id, address counterCurrency);
    /// @notice The corridor is not open.
    error CorridorNotOpen(bytes32 id);
    /// @notice One crossing has at most `limit` units, not `requested`.
    error SettlementLimitExceeded(bytes32 id, address debtor, uint256 requested, uint256 limit);
    /// @notice The debtor may cross with `available` more units in this window, not `requested`.
    error WindowLimitExceeded(bytes32 id, address debtor, uint256 requested, uint256 available);
    /// @notice From `threshold` units on both institutions sign the payload first; it is unsigned, or used.
    error TravelPayloadUnsigned(bytes32 id, address debtor, uint256 amount, uint256 threshold);
    /// @notice The signature is not that of the institution over the statement.
    error TravelSignatureInvalid(address signer, bytes32 digest);
    /// @notice Both institutions signed this statement already.
    error TravelPayloadKnown(bytes32 digest);
    /// @notice The currency is closed.
    error CurrencyClosed(address currency, uint256 time);
    /// @notice The end of the day has not come: the currency is open.
    error CurrencyStillOpen(address currency, uint256 time);
    /// @notice The word has another form than the opening hours of a week.
    error WeekInvalid(address currency);
    /// @notice The currencies are not open together in the time that is looked at, from `time` on.
    error NoCommonOpening(uint256 time);
    /// @notice The participant is of another jurisdiction than the corridor leads to.
    error ParticipantOfOtherJurisdiction(address account, uint256 jurisdiction, uint256 expected);
    /// @notice The position has `units`, available and reserved, which are not above the limit.
    error NothingToClear(address account, uint256 units, uint256 limit);

    // ------------------------------------------------------------- central bank

    /// @notice Agree to terms of a corridor. They are in force as soon as the central banks of both currencies agreed
    /// to the same terms for the same number of revision.
    /// @param asCurrency Currency of the pair for whose central bank the caller agrees.
    /// @return revision Number of the revision.
    /// @custom:reverts HomeCurrencyMissing when a jurisdiction has no home currency
    /// @custom:reverts CorridorInvalid when both jurisdictions are the same, or the pair are not their home currencies
    /// @custom:reverts CurrencyNotOfCorridor when `asCurrency` is none of the pair
    /// @custom:reverts CurrencyPowerMissing when the caller is not the central bank of `asCurrency`
    /// @custom:reverts CorridorTermsInvalid when the window has no length, or holds less than one settlement
    /// @custom:invariant INV-CORRIDOR
    function agree(
        Corridor calldata corridor,
        Terms calldata terms,
        address asCurrency
    ) external returns (uint32 revision);

    /// @notice Close a corridor for new admissions; either central bank may, alone. Crossings that were admitted go on.
    /// @param asCurrency Currency of the pair for whose central bank the caller closes.
    /// @custom:reverts HomeCurrencyMissing when a jurisdiction has no home currency
    /// @custom:reverts CorridorInvalid when both jurisdictions are the same, or the pair are not their home currencies
    /// @custom:reverts CurrencyNotOfCorridor when `asCurrency` is none of the pair
    /// @custom:reverts CurrencyPowerMissing when the caller is not the central bank of `asCurrency`
    function close(Corridor calldata corridor, address asCurrency) external;

    /// @notice Set the opening hours of a currency.
    /// @param week_ 24 bits for each day from Monday on, the lowest first: the minute of opening in the lower 12, the
    /// minute of closing in the upper 12, both zero for a closed day. Then 24 bits for a day worked instead of a
    /// weekend, and 16 bits for the offset from UTC in minutes, plus 1,440. Zero for a currency that is always open.
    /// @custom:reverts CurrencyPowerMissing when the caller is not the central bank of the currency
    /// @custom:reverts WeekInvalid when a day closes before it opens, or an offset or a minute cannot be
    function setWeek(address currency, uint256 week_) external;

    /// @notice Set 256 days of a currency: a set bit closes a day that is open by its day of the week, a holiday, and
    /// opens one that is closed, a weekend that is worked.
    /// @param place The first of the days divided by 256; the lowest bit is the first day.
    /// @custom:reverts CurrencyPowerMissing when the caller is not the central bank of the currency
    function setDays(address currency, uint256 place, uint256 bitmap) external;

    // ------------------------------------------------------- contracts that settle

    /// @notice Admit the legs of one settlement, and count each that crosses a border to its debtor.
    /// @dev A leg crosses if debtor and creditor are participants of two jurisdictions in its currency.
    /// @param words All legs of the settlement, as in `ILiquidityAccounts.moveLegs`.
    /// @param crossed Id of the corridor of each leg, as the liquidity accounts return it; zero if it crosses none.
    /// @param payload Hash of the payload of the Travel Rule; zero if there is none.
    /// @param due Time at which they settle; now or earlier is at once.
    /// @return opensAt The due time, or the next one at which the currencies of all legs that cross are open.
    /// @custom:reverts LiquidityMoverUnknown when the caller may not move positions
    /// @custom:reverts CorridorNotOpen when a corridor is not open
    /// @custom:reverts SettlementLimitExceeded when a leg is above the limit
    /// @custom:reverts WindowLimitExceeded when a debtor has fewer units left in its window
    /// @custom:reverts TravelPayloadUnsigned when the payload had to be signed first, or is used
    /// @custom:reverts CurrencyClosed when it settles at once and a currency is closed
    /// @custom:reverts NoCommonOpening when it settles later and the currencies have no common opening soon
    /// @custom:invariant INV-CORRIDOR
    /// @custom:invariant INV-TRAVEL
    function admit(
        uint256[] calldata words,
        bytes32[] calldata crossed,
        bytes32 payload,
        uint64 due
    ) external returns (uint64 opensAt);

    /// @notice Give back legs that were admitted and do not settle. A window that has ended is left as it is.
    /// @param words All legs of the settlement, as in `ILiquidityAccounts.moveLegs`.
    /// @param crossed Id of the corridor of each leg; zero if it crosses no border.
    /// @param payload Hash of the payload of the Travel Rule; zero if there is none.
    /// @param admittedAt Time of their admission.
    /// @custom:reverts LiquidityMoverUnknown when the caller may not move positions
    /// @custom:invariant INV-CORRIDOR
    function release(uint256[] calldata words, bytes32[] calldata crossed, bytes32 payload, uint64 admittedAt) external;

    /// @notice Admit the obligations of a batch that cross a border, and count their sum to their debtor. Each of them
    /// keeps the limit of one settlement; from the threshold on both institutions signed the payload first.
    /// @param header Header of the batch, with the jurisdictions of debtor and creditors.
    /// @param payload Hash of the payload of the Travel Rule; zero if there is none.
    /// @param total Sum of the obligations, which the caller computes.
    /// @param greatest Greatest of them.
    /// @custom:reverts LiquidityMoverUnknown when the caller may not move positions
    /// @custom:reverts CorridorNotOpen when the corridor is not open
    /// @custom:reverts SettlementLimitExceeded when an obligation is above the limit
    /// @custom:reverts WindowLimitExceeded when the debtor has fewer units left in its window
    /// @custom:reverts TravelPayloadUnsigned when the payload of an obligation had to be signed first, or is used
    /// @custom:invariant INV-CORRIDOR
    /// @custom:invariant INV-TRAVEL
    function admitBatch(
        BatchHeader header,
        address currency,
        address debtor,
        bytes32 payload,
        uint256[] calldata items,
        uint256 total,
        uint256 greatest
    ) external;

    /// @notice Give back obligations of a batch that was admitted. A window that has ended is left as it is.
    /// @param header Header of the batch, with both jurisdictions and the time of its admission.
    /// @param payload Hash of the payload of the Travel Rule; zero if there is none.
    /// @param items All obligations of the batch.
    /// @param places Those that do not settle: one bit each, the lowest for the first.
    /// @custom:reverts LiquidityMoverUnknown when the caller may not move positions
    /// @custom:invariant INV-CORRIDOR
    function releaseBatch(
        BatchHeader header,
        address currency,
        address debtor,
        bytes32 payload,
        uint256[] calldata items,
        uint256 places
    ) external;

    // ------------------------------------------------------------------- anyone

    /// @notice Store that both institutions signed the statement on a payload.
    /// @param debtorSignature Over the EIP-712 digest of `statement`.
    /// @param creditorSignature Over the same digest.
    /// @return digest The digest.
    /// @custom:reverts TravelPayloadKnown when both signed it before
    /// @custom:reverts TravelSignatureInvalid when a signature is not of its institution
    /// @custom:invariant INV-TRAVEL
    function signPayload(
        TravelPayload calldata statement,
        bytes calldata debtorSignature,
        bytes calldata creditorSignature
    ) external returns (bytes32 digest);

    /// @notice After the end of a day, move the part of a foreign position above the limit to the settlement agent.
    /// @dev A currency that is always open has no end of a day. Reserved units count as available ones do. They go
    /// last, and not while a cycle of the currency is closed.
    /// @param from Jurisdiction from which the currency came.
    /// @param to Jurisdiction of the participant.
    /// @custom:reverts CurrencyStillOpen when the currency is open
    /// @custom:reverts ParticipantOfOtherJurisdiction when the participant is of another one than the corridor leads to
    /// @custom:reverts ParticipantNotFound when the participant or its agent was not admitted to the currency
    /// @custom:reverts ParticipantStopped when one of them is stopped
    /// @custom:reverts ParticipantSuspended when one of them is suspended
    /// @custom:reverts CorridorNotOpen when the corridor never had terms
    /// @custom:reverts NothingToClear when the position is not above the limit, or the participant its own agent
    /// @custom:reverts CycleStillClosed when reserved units have to go and the cycle is closed, for an hour at most
    /// @custom:reverts LiquidityPaused when the positions in the currency are paused
    /// @custom:reverts PositionFrozenOutgoing when the position is frozen outgoing
    /// @custom:reverts PositionFrozenIncoming when the position of the agent is frozen incoming
    /// @custom:reverts PositionAmountFrozen when fewer units are not frozen
    /// @custom:invariant INV-CORRIDOR
    function clearOut(uint16 from, uint16 to, address currency, address account) external;

    // -------------------------------------------------------------------- views

    /// @notice Registry of the participants.
    function registry() external view returns (address);

    /// @notice The positions; contracts that may move them may count.
    function liquidity() external view returns (address);

    /// @notice Id of a corridor: the hash of jurisdictions and currency.
    function idOf(uint16 from, uint16 to, address currency) external pure returns (bytes32);

    /// @notice The last terms of a corridor.
    /// @return terms The terms.
    /// @return counterCurrency Other currency of its pair.
    /// @return revision Number of the last revision.
    /// @return isOpen Whether it is open.
    function corridorOf(
        bytes32 id
    ) external view returns (Terms memory terms, address counterCurrency, uint32 revision, bool isOpen);

    /// @notice Terms to which a central bank agreed for the next revision: their hash with its number; zero if none.
    function consent(bytes32 id, address currency) external view returns (bytes32);

    /// @notice The use of a corridor by a debtor in its last window.
    /// @return units Units admitted and not given back.
    /// @return since Time of the first admission in that window.
    function used(bytes32 id, address debtor) external view returns (uint256 units, uint256 since);

    /// @notice The opening hours of a currency, as in `setWeek`.
    function week(address currency) external view returns (uint256);

    /// @notice 256 days of a currency, as in `setDays`.
    function changedDays(address currency, uint256 place) external view returns (uint256 bitmap);

    /// @notice Whether a currency is open.
    function isOpenAt(address currency, uint256 time) external view returns (bool);

    /// @notice The first time from `time` on at which all of some currencies are open, within 64 days.
    /// @custom:reverts NoCommonOpening when there is none
    function nextOpening(address[] calldata currencies, uint256 time) external view returns (uint256);

    /// @notice Check that the currency of each leg that crosses a border is open now.
    /// @param words All legs of the settlement, as in `ILiquidityAccounts.moveLegs`.
    /// @param crossed Id of the corridor of each leg; zero if it crosses no border.
    /// @custom:reverts CurrencyClosed when one is closed
    function checkOpen(uint256[] calldata words, bytes32[] calldata crossed) external view;

    /// @notice State of the statement with this digest.
    function payloadState(bytes32 digest) external view returns (PayloadState);

    /// @notice EIP-712 digest of the statement that both institutions sign.
    function digestOf(TravelPayload calldata statement) external view returns (bytes32);
}
