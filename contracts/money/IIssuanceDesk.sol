// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IIssuanceDesk
/// @notice Issuance and redemption of one currency: the central bank's reserve and quotas, and the operating
/// institutions that exchange it for tokens and back.
/// @dev Issuance and redemption are in whole minor units (fen), so that supply always meets the reserve. If a call
/// fails for several reasons, one of the desk is reported before one of the currency. Simulation only.
interface IIssuanceDesk {
    /// @notice State of a redemption. Every state but Requested and Taken is final (INV-FINAL).
    enum RedemptionStatus {
        None,
        Requested,
        Taken,
        Completed,
        Rejected,
        Cancelled
    }

    /// @notice A holder's request to an operating institution to exchange tokens for reserve.
    struct Redemption {
        /// Account that made the request, and that gets back a rejected or cancelled amount.
        address holder;
        /// Units held by the desk meanwhile; a whole number of minor units.
        uint96 amount;
        /// Operating institution of the request.
        address operator;
        /// State of the request.
        RedemptionStatus status;
        /// Unix second from which the holder may cancel: at any time before the operator takes it, then after a day.
        uint40 cancellableFrom;
    }

    /// @notice The central bank's statement on the reserve behind the tokens (EIP-712 type of the same name).
    struct ReserveAttestation {
        /// Reserve in minor units (fen).
        uint256 amountFen;
        /// Unix second of the amount.
        uint64 asOf;
        /// Number of the attestation, above the last one by at most 2**32.
        uint64 sequence;
        /// Unix second from which issuance against it is refused.
        uint64 validBefore;
    }

    /// @notice The central bank attested the reserve. An amount below the supply only stops issuance.
    /// @param amountFen Minor units (fen), replacing the amount before.
    event ReserveAttested(
        uint64 indexed sequence,
        address indexed centralBank,
        uint256 amountFen,
        uint64 asOf,
        uint64 validBefore
    );
    /// @notice The central bank set the issuance quota of an operating institution.
    /// @param quota Units, replacing the quota before.
    event IssuanceQuotaSet(address indexed operator, uint256 quota);
    /// @notice The central bank set the part of the supply that the reserve has to cover.
    /// @param ratioBps Basis points; 10,000 is full reserve.
    event ReserveRatioSet(uint256 ratioBps);
    /// @notice Tokens were created against reserve.
    /// @param amount Units created.
    /// @param quotaLeft Units the operator may still issue.
    event Issued(address indexed operator, address indexed to, uint256 amount, uint256 quotaLeft);
    /// @notice A holder requested a redemption; the desk holds the units from now on.
    event RedemptionRequested(uint256 indexed id, address indexed holder, address indexed operator, uint256 amount);
    /// @notice The operator took the request and is exchanging the reserve.
    /// @param cancellableFrom Unix second from which the holder may cancel it again.
    event RedemptionTaken(
        uint256 indexed id,
        address indexed holder,
        address indexed operator,
        uint256 amount,
        uint256 cancellableFrom
    );
    /// @notice The units were destroyed against reserve, and the operator's quota restored.
    /// @param quotaLeft Units the operator may issue after the restoration.
    event RedemptionCompleted(
        uint256 indexed id,
        address indexed holder,
        address indexed operator,
        uint256 amount,
        uint256 quotaLeft
    );
    /// @notice The operator refused the request; the units went back to the holder.
    event RedemptionRejected(uint256 indexed id, address indexed holder, address indexed operator, uint256 amount);
    /// @notice The holder cancelled the request and got the units back.
    event RedemptionCancelled(uint256 indexed id, address indexed holder, address indexed operator, uint256 amount);

    /// @notice Issuance and redemption are in whole minor units: `amount` is not a positive multiple of `minorUnit`.
    error AmountNotWholeMinorUnits(uint256 amount, uint256 minorUnit);
    /// @notice The operator may issue `available` units, not `requested`.
    error QuotaExceeded(address operator, uint256 requested, uint256 available);
    /// @notice A quota, in units, or a reserve, in minor units, is more than the 96 bits of a balance allow.
    error SupplyCapExceeded(uint256 requested, uint256 available);
    /// @notice `centralBank` does not hold the central bank's role.
    error ReserveAttesterInvalid(address centralBank);
    /// @notice The central bank did not sign exactly this attestation.
    error ReserveSignatureInvalid(address centralBank);
    /// @notice Attestations are submitted in rising sequence: the next one's is from `least`, one above the last one's,
    /// to `most`, 2**32 above it.
    error ReserveSequenceInvalid(uint64 sequence, uint256 least, uint256 most);
    /// @notice A reserve is attested as of a time from the last attestation's, `earliest`, to now, `latest`.
    error ReserveTimeInvalid(uint64 asOf, uint64 earliest, uint256 latest);
    /// @notice The attestation is valid before `validBefore`, zero when there is none; chain time is `timestamp`.
    error ReserveAttestationExpired(uint64 validBefore, uint256 timestamp);
    /// @notice The attested reserve covers `available` units more, not `requested`.
    error ReserveExceeded(uint256 requested, uint256 available);
    /// @notice A reserve covers from 1 to 10,000 basis points of the supply.
    error ReserveRatioInvalid(uint256 ratioBps);
    /// @notice `operator` is not an operating institution.
    error RedemptionOperatorInvalid(address operator);
    /// @notice No redemption has this id.
    error RedemptionNotFound(uint256 id);
    /// @notice The redemption has ended already.
    error RedemptionEnded(uint256 id, RedemptionStatus status);
    /// @notice The operator is exchanging the reserve; the holder may cancel from `cancellableFrom` on.
    error RedemptionNotCancellable(uint256 id, uint256 cancellableFrom, uint256 timestamp);
    /// @notice The operator took the request before.
    error RedemptionTakenAlready(uint256 id);
    /// @notice Only `expected` may do this to the redemption.
    error RedemptionCallerInvalid(uint256 id, address caller, address expected);

    // ------------------------------------------------------------ central bank

    /// @notice Set how many units an operating institution may issue from now on.
    /// @param operator The operating institution.
    /// @param quota Units, at most 2**96 - 1, replacing the rest of the quota before.
    /// @custom:reverts SupplyCapExceeded when `quota` is above 96 bits
    function setIssuanceQuota(address operator, uint256 quota) external;

    /// @notice Set the part of the supply that the reserve has to cover at an issuance. A new currency has 10,000, full
    /// reserve.
    /// @param ratioBps Basis points, from 1 to 10,000. Below 10,000 the tokens are deposit money with a partial
    /// reserve.
    /// @custom:reverts ReserveRatioInvalid when it is zero or above 10,000
    /// @custom:invariant INV-RESERVE
    function setReserveRatio(uint256 ratioBps) external;

    /// @notice Record an attestation of the reserve that the central bank signed. Any account may submit it.
    /// @param centralBank Signer, a key or an ERC-1271 account that holds the central bank's role now, without a delay.
    /// @param attestation The signed values.
    /// @param signature Over the EIP-712 digest of `attestation`.
    /// @custom:reverts ReserveSequenceInvalid when the sequence is not above the last one's, or by more than 2**32
    /// @custom:reverts ReserveTimeInvalid when `asOf` is in the future or before the last one's
    /// @custom:reverts ReserveAttestationExpired when `validBefore` is now or earlier
    /// @custom:reverts SupplyCapExceeded when the amount is above 96 bits of units
    /// @custom:reverts ReserveAttesterInvalid when the signer lacks the role
    /// @custom:reverts ReserveSignatureInvalid when the signature is not the signer's
    /// @custom:invariant INV-RESERVE
    function attestReserve(
        address centralBank,
        ReserveAttestation calldata attestation,
        bytes calldata signature
    ) external;

    // --------------------------------------------------- operating institution

    /// @notice Create units against reserve held for them, within the caller's quota and the attested reserve.
    /// @param to Recipient.
    /// @param amount Units, a multiple of `minorUnit()`, above zero.
    /// @custom:reverts AmountNotWholeMinorUnits when `amount` is zero or not in whole minor units
    /// @custom:reverts QuotaExceeded when `amount` is above the caller's quota
    /// @custom:reverts ReserveAttestationExpired when no attestation of the reserve is valid
    /// @custom:reverts ReserveExceeded when the supply would be above the attested reserve
    /// @custom:reverts CurrencyPaused when the currency is paused
    /// @custom:reverts ERC20InvalidReceiver when `to` is zero, the currency or this contract
    /// @custom:reverts AccountFrozenIncoming when `to` is frozen incoming
    /// @custom:reverts BalanceLimitExceeded when `to` would hold more than its wallet class allows
    /// @custom:invariant INV-SUPPLY
    /// @custom:invariant INV-RESERVE
    function issue(address to, uint256 amount) external;

    /// @notice Take a request to the caller before exchanging the reserve: its holder cannot cancel it for a day.
    /// @custom:reverts RedemptionNotFound when there is no such request
    /// @custom:reverts RedemptionEnded when it was completed, rejected or cancelled
    /// @custom:reverts RedemptionCallerInvalid when the request is to another operator
    /// @custom:reverts RedemptionTakenAlready when it was taken before
    function takeRedemption(uint256 id) external;

    /// @notice Destroy the units of a request to the caller, and restore the caller's quota by the same amount.
    /// @dev No freeze and no pause stops this, nor the two other ends of a redemption.
    /// @custom:reverts RedemptionNotFound when there is no such request
    /// @custom:reverts RedemptionEnded when it was completed, rejected or cancelled
    /// @custom:reverts RedemptionCallerInvalid when the request is to another operator
    /// @custom:invariant INV-RESERVE
    /// @custom:invariant INV-FINAL
    function completeRedemption(uint256 id) external;

    /// @notice Refuse a request; the units go back to the holder, even during a pause, or become its credit if it
    /// cannot receive them.
    /// @custom:reverts RedemptionNotFound when there is no such request
    /// @custom:reverts RedemptionEnded when it was completed, rejected or cancelled
    /// @custom:reverts RedemptionCallerInvalid when the request is to another operator
    function rejectRedemption(uint256 id) external;

    // ------------------------------------------------------------------- holder

    /// @notice Request an exchange of units for reserve from an operating institution; the desk holds the units
    /// meanwhile.
    /// @param operator The operating institution, not necessarily the one that issued.
    /// @param amount Units, a multiple of `minorUnit()`, above zero.
    /// @return id Number of the request, from 1.
    /// @custom:reverts RedemptionOperatorInvalid when `operator` could not complete it
    /// @custom:reverts AmountNotWholeMinorUnits when `amount` is zero or not in whole minor units
    /// @custom:reverts CurrencyPaused when the currency is paused
    /// @custom:reverts AccountFrozenOutgoing when the caller is frozen outgoing
    /// @custom:reverts FrozenAmountExceeded when the amount needs frozen units of the caller
    /// @custom:reverts ERC20InsufficientBalance when the caller holds less
    function requestRedemption(address operator, uint256 amount) external returns (uint256 id);

    /// @notice Cancel a request: at any time before the operator takes it, and from a day after that.
    /// @dev The units go back to the holder, or become its credit if it cannot receive them.
    /// @custom:reverts RedemptionNotFound when there is no such request
    /// @custom:reverts RedemptionEnded when it was completed, rejected or cancelled
    /// @custom:reverts RedemptionCallerInvalid when the caller did not make it
    /// @custom:reverts RedemptionNotCancellable when the operator took it less than a day ago
    function cancelRedemption(uint256 id) external;

    // -------------------------------------------------------------------- views

    /// @notice The currency that the desk issues and redeems.
    function currency() external view returns (address);

    /// @notice Units of the smallest amount of reserve: 10,000 for e-CNY (one fen).
    function minorUnit() external view returns (uint256);

    /// @notice The last attestation of the reserve; all zero when there is none.
    function reserve() external view returns (ReserveAttestation memory);

    /// @notice Units an operating institution may still issue.
    function issuanceQuota(address operator) external view returns (uint256);

    /// @notice Units that an operating institution issued less the units that it redeemed; negative if it redeemed
    /// more. The positions of all institutions sum to the supply (INV-RESERVE).
    function operatorPosition(address operator) external view returns (int256);

    /// @notice Basis points of the supply that the reserve has to cover; 10,000 is full reserve.
    function reserveRatio() external view returns (uint256);

    /// @notice A redemption by its number.
    function redemption(uint256 id) external view returns (Redemption memory);
}
