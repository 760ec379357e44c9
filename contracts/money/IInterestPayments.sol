// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IInterestPayments
/// @notice Interest on a currency as deposit money: declared for a period of days as one Merkle root, and paid row by
/// row to any account that submits the proofs. One contract a currency, which is an operating institution of it.
/// @dev The amounts are computed off chain from the balance of each account at the end of each day; anyone can
/// recompute the root from the chain. Days are those of `Calendar` (UTC+8). The contract holds the operator's role and
/// its own issuance quota. It is a settlement account: an amount that a wallet cannot receive becomes the holder's
/// credit.
interface IInterestPayments {
    /// @notice Result of one row of a batch; if several apply, the first in this order.
    enum RowResult {
        /// The interest was issued and paid to the account, or became its credit.
        Paid,
        /// The row with this index was paid before.
        PaidBefore,
        /// The row is not under the declared root.
        NotDeclared,
        /// The amount is zero or not in whole minor units.
        AmountInvalid,
        /// The account is a settlement account, which holds value of others.
        AccountInvalid,
        /// The declared total does not cover the amount.
        TotalExceeded
    }

    /// @notice A declared period.
    struct Period {
        /// First day that bears interest.
        uint16 firstDay;
        /// First day after the period.
        uint16 endDay;
        /// Interest of a year of 360 days, in basis points.
        uint16 rateBps;
        /// Units declared for all rows; a whole number of minor units.
        uint96 total;
        /// Units paid so far, at most the total.
        uint96 paid;
        /// Root of the Merkle tree over the rows.
        bytes32 root;
    }

    /// @notice Interest of one account, with the proof that it was declared.
    struct Row {
        /// Place of the row in its period.
        uint256 index;
        /// Holder.
        address account;
        /// Units, a whole number of minor units.
        uint256 amount;
        /// Sibling hashes from the row's leaf to the root, lowest first.
        bytes32[] proof;
    }

    /// @notice Interest was declared for the days from `firstDay` to before `endDay`.
    /// @param rateBps Interest of a year of 360 days, in basis points.
    /// @param total Units of all rows under the root.
    event InterestDeclared(
        uint256 indexed id,
        address indexed operator,
        uint16 firstDay,
        uint16 endDay,
        uint16 rateBps,
        bytes32 root,
        uint256 total
    );
    /// @notice One row was paid: to the account, or as its credit.
    /// @param amount Units issued for the row.
    /// @param paid Units of the period paid so far, including this row.
    event InterestPaid(
        uint256 indexed id,
        address indexed account,
        uint256 indexed index,
        uint256 amount,
        uint256 paid
    );

    /// @notice The currency is in full reserve, and bears no interest.
    error InterestInFullReserve();
    /// @notice `account` is not marked as a settlement account, so one full or frozen wallet would stop a whole batch.
    error InterestAccountUnmarked(address account);
    /// @notice A period has at least one day, and all its days have ended: today is day `today`.
    error InterestPeriodInvalid(uint16 firstDay, uint16 endDay, uint256 today);
    /// @notice A day bears interest once: the next period begins on day `earliest` or later.
    error InterestPeriodOverlaps(uint16 firstDay, uint16 earliest);
    /// @notice A rate is from 1 to `most` basis points.
    error InterestRateInvalid(uint16 rateBps, uint256 most);
    /// @notice A total is a positive number of whole minor units, of `minorUnit` units each, and at most `most` units.
    error InterestTotalInvalid(uint256 total, uint256 minorUnit, uint256 most);
    /// @notice No period has this id.
    error InterestPeriodNotFound(uint256 id);
    /// @notice A batch has from 1 to `most` rows.
    error InterestRowsInvalid(uint256 rows, uint256 most);

    // --------------------------------------------------- operating institution

    /// @notice Declare the interest of a period. Periods follow each other; a day between two periods never bears
    /// interest.
    /// @dev Warning: a declaration is final. The contract accepts a false root; the audit detects it. Recompute the
    /// root before relying on it. The quota of this contract limits the damage of a false one.
    /// @param firstDay First day that bears interest.
    /// @param endDay First day after the period; today at the latest.
    /// @param rateBps Interest of a year of 360 days, in basis points, from 1 to 10,000.
    /// @param root Root of the Merkle tree over the rows, with the leaves of `leaf`.
    /// @param total Units of all rows; a positive number of whole minor units.
    /// @return id Number of the period, from 1.
    /// @custom:reverts InterestInFullReserve when the reserve has to cover all of the supply
    /// @custom:reverts InterestAccountUnmarked when this contract is not a settlement account
    /// @custom:reverts InterestPeriodInvalid when the period has no day, or a day that has not ended
    /// @custom:reverts InterestPeriodOverlaps when it begins before the end of the last declared period
    /// @custom:reverts InterestRateInvalid when `rateBps` is zero or above 10,000
    /// @custom:reverts InterestTotalInvalid when `total` is zero, not in whole minor units, or above 96 bits
    /// @custom:invariant INV-ONCE
    function declare(
        uint16 firstDay,
        uint16 endDay,
        uint16 rateBps,
        bytes32 root,
        uint256 total
    ) external returns (uint256 id);

    /// @notice Accept a role that the currency's access manager offers to this contract, such as the operator's role,
    /// by which it issues.
    /// @param roleId The role.
    /// @custom:reverts RoleOfferNotFound when it is not offered
    function acceptRole(uint64 roleId) external;

    // ------------------------------------------------------------------- anyone

    /// @notice Pay rows of a declared period, each at most once. Any account may submit them.
    /// @dev A row that cannot be paid is skipped, and its result states the reason; the others are paid. The sum is
    /// issued at once within the quota of this contract, at any reserve ratio. A row can be paid at any later time.
    /// @param id Number of the period.
    /// @param rows From 1 to 100 rows.
    /// @return results Result of each row, in their order.
    /// @custom:reverts InterestPeriodNotFound when there is no such period
    /// @custom:reverts InterestRowsInvalid when there is no row, or more than 100
    /// @custom:reverts QuotaExceeded when the quota of this contract does not cover the batch
    /// @custom:reverts ReserveAttestationExpired when no attestation of the reserve is valid
    /// @custom:reverts ReserveExceeded when the reserve does not cover the batch
    /// @custom:reverts CurrencyPaused when the currency is paused
    /// @custom:invariant INV-ONCE
    /// @custom:invariant INV-RESERVE
    function pay(uint256 id, Row[] calldata rows) external returns (RowResult[] memory results);

    // -------------------------------------------------------------------- views

    /// @notice Currency of the interest.
    function currency() external view returns (address);

    /// @notice Number of the last declared period; zero when there is none.
    function lastPeriod() external view returns (uint256);

    /// @notice A declared period by its number.
    /// @custom:reverts InterestPeriodNotFound when there is no such period
    function period(uint256 id) external view returns (Period memory);

    /// @notice Whether a row of a period was paid.
    function isPaid(uint256 id, uint256 index) external view returns (bool);

    /// @notice Leaf of a row in the tree of a period.
    /// @dev Hashed twice, as OpenZeppelin's StandardMerkleTree does, over (chain id, this contract, first day, end day,
    /// index, account, amount), so that a row belongs to one period of one contract on one chain.
    function leaf(
        uint16 firstDay,
        uint16 endDay,
        uint256 index,
        address account,
        uint256 amount
    ) external view returns (bytes32);
}
