// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPurchasePolicy} from "../compute/IPurchasePolicy.sol";
import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {ICorridors} from "./ICorridors.sol";
import {IForeignExchange} from "./IForeignExchange.sol";

/// @title PurchasePolicy
/// @notice Tokens go to holders whose jurisdiction is known: the domestic one, or one with an open corridor to it.
/// @dev It stores nothing. The foreign exchange has checked its buyers already, by their wallets in the currency that
/// they pay with, so that it is asked nothing more.
contract PurchasePolicy is IPurchasePolicy {
    /// @notice Foreign exchange, whose purchases are admitted.
    address public immutable exchange;
    /// @notice The corridors.
    address public immutable corridors;
    /// @notice Currency of the market.
    address public immutable currency;
    /// @notice Jurisdiction of the market, an ISO 3166-1 number.
    uint16 public immutable domestic;

    /// @notice No jurisdiction of the beneficiary is known in the currency of the market.
    error BeneficiaryJurisdictionUnknown(address beneficiary);

    /// @param exchange_ Foreign exchange of the market.
    /// @param domestic_ Jurisdiction of the market.
    constructor(address exchange_, uint16 domestic_) {
        exchange = exchange_;
        corridors = IForeignExchange(exchange_).corridors();
        currency = IForeignExchange(exchange_).currency();
        domestic = domestic_;
    }

    /// @inheritdoc IPurchasePolicy
    function checkPurchase(address payer, address beneficiary) external view {
        if (payer == exchange) return;
        uint16 jurisdiction = ICurrencyToken(currency).wallet(beneficiary).jurisdiction;
        if (jurisdiction == domestic) return;
        if (jurisdiction == 0) revert BeneficiaryJurisdictionUnknown(beneficiary);
        bytes32 id = ICorridors(corridors).idOf(jurisdiction, domestic, currency);
        // slither-disable-next-line unused-return
        (, , , bool isOpen) = ICorridors(corridors).corridorOf(id);
        if (!isOpen) revert ICorridors.CorridorNotOpen(id);
    }
}
