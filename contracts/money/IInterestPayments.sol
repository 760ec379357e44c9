// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IInterestPayments
/// @notice Interest on a currency as deposit money: declared for a period of days as one Merkle root, and paid row by
/// row by whoever submits the proofs. One contract a currency, and an operating institution of it.
/// @dev What a row is owed is worked out off chain from the ledger, from the balance of every day at its end; anyone
/// recomputes the root from the chain. Days are those of `Calendar` (UTC+8). The contract holds the operator's role and
/// an issuance quota of its own, and is a settlement account: what does not fit a wallet becomes the holder's credit.
interface IInterestPayments {
    /// @notice What became of one row of a batch; the first of this order that applies.
    enum RowResult {
        /// The interest was issued, and paid to the account or credited to it.
        Paid,
        /// The row with this index was paid before.
        PaidBefore,
        /// The row is not under the declared root.
        NotDeclared,
        /// The amount is zero or not in whole minor units.
        AmountInvalid,
        /// The account is a settlement account, whose value belongs to others.
        AccountInvalid,
        /// The declared total does not cover the amount.
        TotalExceeded
    }

    /// @notice A declared period.
    struct Period {
        /// First day that bears interest.
        uint16 firstDay;
        /// First day after it that does not.
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

    /// @notice What one account is owed, and the proof that it was declared.
    struct Row {
        /// Place of the row in its period.
        uint256 index;
        /// Holder.
        address account;
        /// Units, a whole number of minor units.
        uint256 amount;
        /// Hashes beside the way from the row's leaf to the root, lowest first.
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
    /// @notice One row was paid: to the account, or into its credit.
    /// @param amount Units issued for the row.
    /// @param paid Units of the period paid so far, with this row.
    event InterestPaid(
        uint256 indexed id,
        address indexed account,
        uint256 indexed index,
        uint256 amount,
        uint256 paid
    );

    /// @notice The currency is in full reserve, and bears no interest.
    error InterestInFullReserve();
    /// @notice `account` is not marked as a settlement account, so that a full or frozen wallet would hold up a batch.
    error InterestAccountUnmarked(address account);
    /// @notice A period has a day at the least, and every day of it has ended: today is day `today`.
    error InterestPeriodInvalid(uint16 firstDay, uint16 endDay, uint256 today);
    /// @notice A day bears interest once: the next period begins with day `earliest` or later.
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

    /// @notice Declare the interest of a period. Periods follow each other; days that are left out stay so.
    /// @dev Warning: a declaration is final, and the root is not checked against any balance: whoever relies on it
    /// recomputes it. The quota of this contract caps what can come of a false one.
    /// @param firstDay First day that bears interest.
    /// @param endDay First day after it that does not; today at the latest.
    /// @param rateBps Interest of a year of 360 days, in basis points, from 1 to 10,000.
    /// @param root Root of the Merkle tree over the rows, whose leaves are those of `leaf`.
    /// @param total Units of all rows; a positive number of whole minor units.
    /// @return id Number of the period, from 1.
    /// @custom:reverts InterestInFullReserve when the reserve has to cover all of the supply
    /// @custom:reverts InterestAccountUnmarked when this contract is no settlement account
    /// @custom:reverts InterestPeriodInvalid when the period has no day, or one that has not ended
    /// @custom:reverts InterestPeriodOverlaps when it begins before the end of the one declared last
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

    /// @notice Accept a role that was offered to this contract in the currency's access manager: the operator's, by
    /// which it issues.
    /// @param roleId The role.
    /// @custom:reverts RoleOfferNotFound when it is not offered
    function acceptRole(uint64 roleId) external;

    // ------------------------------------------------------------------- anyone

    /// @notice Pay rows of a declared period, each at most once; anyone submits them.
    /// @dev A row that cannot be paid is passed over, and its result says why; the others are paid. What is paid is
    /// issued as one amount within the quota of this contract, whatever the reserve ratio is by then. Nobody's interest
    /// has a last date.
    /// @param id Number of the period.
    /// @param rows From 1 to 100 rows.
    /// @return results What became of each row, in their order.
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

    /// @notice Currency that is paid.
    function currency() external view returns (address);

    /// @notice Number of the period declared last; zero when there is none.
    function lastPeriod() external view returns (uint256);

    /// @notice A declared period by its number.
    /// @custom:reverts InterestPeriodNotFound when there is no such period
    function period(uint256 id) external view returns (Period memory);

    /// @notice Whether a row of a period was paid.
    function isPaid(uint256 id, uint256 index) external view returns (bool);

    /// @notice Leaf of a row in the tree of a period that this contract may come to declare.
    /// @dev Twice hashed, as OpenZeppelin's StandardMerkleTree does, over (chain id, this contract, first day, end day,
    /// index, account, amount), so that a row is of one period of one contract on one chain.
    function leaf(
        uint16 firstDay,
        uint16 endDay,
        uint256 index,
        address account,
        uint256 amount
    ) external view returns (bytes32);
}
