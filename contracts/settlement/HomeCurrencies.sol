// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {CurrencyPowers} from "./CurrencyPowers.sol";
import {IHomeCurrencies} from "./IHomeCurrencies.sol";

/// @title HomeCurrencies
/// @notice The home currency of each jurisdiction, by the consent of all.
/// @dev A loop over all home currencies has as many rounds as there are jurisdictions at most.
abstract contract HomeCurrencies is IHomeCurrencies, CurrencyPowers {
    uint256 private constant MOST_JURISDICTION = 999;

    address[] private _homes;
    mapping(uint16 jurisdiction => address) private _homeOf;
    /// @inheritdoc IHomeCurrencies
    mapping(address currency => uint16) public jurisdictionOf;
    /// @inheritdoc IHomeCurrencies
    mapping(address currency => bytes32) public homeConsent;

    /// @param founding The founding home currencies.
    constructor(Home[] memory founding) {
        for (uint256 i = 0; i < founding.length; ++i) {
            (uint16 jurisdiction, address home) = (founding[i].jurisdiction, founding[i].currency);
            _checkNew(jurisdiction, home);

            _keep(jurisdiction, home);
            emit HomeCurrencyFounded(jurisdiction, home);
        }
    }

    // ------------------------------------------------------------- central bank

    /// @inheritdoc IHomeCurrencies
    function agreeHome(uint16 jurisdiction, address home, address asCurrency) external returns (bool isAgreed) {
        _checkNew(jurisdiction, home);
        if (asCurrency != home && jurisdictionOf[asCurrency] == 0) revert CurrencyWithoutVote(asCurrency);
        _checkPower(asCurrency, ICurrencyToken.setClassLimits.selector);

        uint256 number = _homes.length + 1;
        bytes32 wanted = keccak256(abi.encode(number, jurisdiction, home));
        homeConsent[asCurrency] = wanted;
        if (!_haveAgreed(wanted, home)) {
            emit HomeCurrencyProposed(jurisdiction, home, asCurrency, number);
            return false;
        }
        _keep(jurisdiction, home);
        emit HomeCurrencyAgreed(jurisdiction, home, asCurrency, number);
        return true;
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IHomeCurrencies
    function homeOf(uint16 jurisdiction) external view returns (address home) {
        home = _homeOf[jurisdiction];
        if (home == address(0)) revert HomeCurrencyMissing(jurisdiction);
    }

    /// @inheritdoc IHomeCurrencies
    function homes() external view returns (address[] memory) {
        return _homes;
    }

    // ---------------------------------------------------------------- internals

    function _checkJurisdiction(uint16 jurisdiction) internal pure {
        if (jurisdiction == 0 || jurisdiction > MOST_JURISDICTION) {
            revert ICurrencyToken.JurisdictionInvalid(jurisdiction);
        }
    }

    function _checkNew(uint16 jurisdiction, address home) private view {
        _checkJurisdiction(jurisdiction);
        if (_homeOf[jurisdiction] != address(0)) revert HomeCurrencyKept(jurisdiction, _homeOf[jurisdiction]);
        if (jurisdictionOf[home] != 0) revert CurrencyOfOtherJurisdiction(home, jurisdictionOf[home]);
    }

    function _keep(uint16 jurisdiction, address home) private {
        _homes.push(home);
        _homeOf[jurisdiction] = home;
        jurisdictionOf[home] = jurisdiction;
    }

    /// @dev Whether the central banks of all home currencies, and of the new one, gave this consent last.
    function _haveAgreed(bytes32 wanted, address home) private view returns (bool) {
        if (homeConsent[home] != wanted) return false;
        // slither-disable-next-line cache-array-length
        for (uint256 i = 0; i < _homes.length; ++i) {
            if (homeConsent[_homes[i]] != wanted) return false;
        }
        return true;
    }
}
