// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {ICurrencyToken} from "./ICurrencyToken.sol";
import {IInterestPayments} from "./IInterestPayments.sol";
import {IIssuanceDesk} from "./IIssuanceDesk.sol";
import {INetworkAccess} from "../core/INetworkAccess.sol";
import {Calendar} from "../core/Calendar.sol";
import {FixedAuthority} from "../core/FixedAuthority.sol";

/// @title InterestPayments
/// @notice Interest on one currency, declared as a Merkle root and issued row by row.
/// @dev Holds no units between two transactions: a batch is issued to this contract, which pays the rows at once.
contract InterestPayments is IInterestPayments, FixedAuthority {
    using BitMaps for BitMaps.BitMap;
    using SafeERC20 for IERC20;

    uint256 private constant FULL_RESERVE = 10_000;
    uint256 private constant MOST_RATE_BPS = 10_000;
    uint256 private constant MOST_UNITS = type(uint96).max;
    uint256 private constant MOST_ROWS = 100;

    /// @inheritdoc IInterestPayments
    address public immutable currency;
    address private immutable DESK;
    uint256 private immutable MINOR_UNIT;

    /// @inheritdoc IInterestPayments
    uint256 public lastPeriod;
    mapping(uint256 id => Period) private _periods;
    mapping(uint256 id => BitMaps.BitMap) private _paid;

    /// @param currency_ CurrencyToken of the interest; its access manager has the roles.
    constructor(address currency_) FixedAuthority(IAccessManaged(currency_).authority()) {
        currency = currency_;
        DESK = ICurrencyToken(currency_).issuanceDesk();
        MINOR_UNIT = IIssuanceDesk(DESK).minorUnit();
    }

    // --------------------------------------------------- operating institution

    /// @inheritdoc IInterestPayments
    function declare(
        uint16 firstDay,
        uint16 endDay,
        uint16 rateBps,
        bytes32 root,
        uint256 total
    ) external restricted returns (uint256 id) {
        if (IIssuanceDesk(DESK).reserveRatio() == FULL_RESERVE) revert InterestInFullReserve();
        if (!ICurrencyToken(currency).isSettlementAccount(address(this))) revert InterestAccountUnmarked(address(this));
        id = lastPeriod + 1;
        _checkDays(firstDay, endDay, _periods[id - 1].endDay);
        if (rateBps == 0 || rateBps > MOST_RATE_BPS) revert InterestRateInvalid(rateBps, MOST_RATE_BPS);
        if (total == 0 || total % MINOR_UNIT != 0 || total > MOST_UNITS) {
            revert InterestTotalInvalid(total, MINOR_UNIT, MOST_UNITS);
        }

        lastPeriod = id;
        // Just compared: 96 bits.
        _periods[id] = Period(firstDay, endDay, rateBps, uint96(total), 0, root);
        emit InterestDeclared(id, msg.sender, firstDay, endDay, rateBps, root, total);
    }

    /// @inheritdoc IInterestPayments
    function acceptRole(uint64 roleId) external restricted {
        INetworkAccess(authority()).acceptRole(roleId);
    }

    // ------------------------------------------------------------------- anyone

    /// @inheritdoc IInterestPayments
    function pay(uint256 id, Row[] calldata rows) external returns (RowResult[] memory results) {
        Period memory declared = period(id);
        if (rows.length == 0 || rows.length > MOST_ROWS) revert InterestRowsInvalid(rows.length, MOST_ROWS);

        results = new RowResult[](rows.length);
        uint256 paidBefore = declared.paid;
        for (uint256 i = 0; i < rows.length; ++i) {
            Row calldata row = rows[i];
            results[i] = _examine(id, declared, row);
            if (results[i] != RowResult.Paid) continue;
            _paid[id].set(row.index);
            // Just compared: with earlier payments it is at most the total.
            declared.paid += uint96(row.amount);
            emit InterestPaid(id, row.account, row.index, row.amount, declared.paid);
        }
        if (declared.paid == paidBefore) return results;

        _periods[id].paid = declared.paid;
        IIssuanceDesk(DESK).issue(address(this), declared.paid - paidBefore);
        for (uint256 i = 0; i < rows.length; ++i) {
            if (results[i] == RowResult.Paid) IERC20(currency).safeTransfer(rows[i].account, rows[i].amount);
        }
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IInterestPayments
    function period(uint256 id) public view returns (Period memory declared) {
        declared = _periods[id];
        if (declared.endDay == 0) revert InterestPeriodNotFound(id);
    }

    /// @inheritdoc IInterestPayments
    function isPaid(uint256 id, uint256 index) external view returns (bool) {
        return _paid[id].get(index);
    }

    /// @inheritdoc IInterestPayments
    function leaf(
        uint16 firstDay,
        uint16 endDay,
        uint256 index,
        address account,
        uint256 amount
    ) public view returns (bytes32) {
        bytes memory row = abi.encode(block.chainid, address(this), firstDay, endDay, index, account, amount);
        return keccak256(bytes.concat(keccak256(row)));
    }

    // ---------------------------------------------------------------- internals

    function _checkDays(uint16 firstDay, uint16 endDay, uint16 earliest) private view {
        uint256 today = Calendar.today();
        if (firstDay >= endDay || endDay > today) revert InterestPeriodInvalid(firstDay, endDay, today);
        if (firstDay < earliest) revert InterestPeriodOverlaps(firstDay, earliest);
    }

    /// @dev The zero address, the currency and its desk are marked as settlement accounts too: no transfer of a row
    /// that passes here is refused.
    function _examine(uint256 id, Period memory declared, Row calldata row) private view returns (RowResult) {
        if (_paid[id].get(row.index)) return RowResult.PaidBefore;
        bytes32 hash = leaf(declared.firstDay, declared.endDay, row.index, row.account, row.amount);
        if (!MerkleProof.verifyCalldata(row.proof, declared.root, hash)) return RowResult.NotDeclared;
        if (row.amount == 0 || row.amount % MINOR_UNIT != 0) return RowResult.AmountInvalid;
        if (ICurrencyToken(currency).isSettlementAccount(row.account)) return RowResult.AccountInvalid;
        return row.amount > declared.total - declared.paid ? RowResult.TotalExceeded : RowResult.Paid;
    }
}
