// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IHomeCurrencies
/// @notice The home currency of each jurisdiction, whose central bank agrees to the corridors there and back.
/// @dev The deployer names the founding ones. Each further one needs the consent of the central banks of all home
/// currencies, and of the new one: its own consent alone says nothing, since a contract that only claims to be a
/// currency is its own central bank. Nobody changes a home currency: a jurisdiction has one, a currency is that of one.
interface IHomeCurrencies {
    /// @notice A jurisdiction with its home currency.
    struct Home {
        /// Jurisdiction, an ISO 3166-1 number from 1 to 999.
        uint16 jurisdiction;
        /// Its currency.
        address currency;
    }

    /// @notice The deployer named a founding home currency.
    event HomeCurrencyFounded(uint16 indexed jurisdiction, address indexed home);
    /// @notice A central bank agreed to a home currency, which needs further consents.
    /// @param home The home currency.
    /// @param currency Currency of the central bank.
    /// @param number Number that the home currency gets, from 1: the next one.
    event HomeCurrencyProposed(
        uint16 indexed jurisdiction,
        address indexed home,
        address indexed currency,
        uint256 number
    );
    /// @notice All central banks agreed to a home currency: it is one from now on.
    /// @param home The home currency.
    /// @param currency Currency of the central bank that agreed last.
    /// @param number Number of the home currency, from 1.
    event HomeCurrencyAgreed(
        uint16 indexed jurisdiction,
        address indexed home,
        address indexed currency,
        uint256 number
    );

    /// @notice The jurisdiction has the home currency `home`, and keeps it.
    error HomeCurrencyKept(uint16 jurisdiction, address home);
    /// @notice The currency is the home currency of another jurisdiction, and stays it.
    error CurrencyOfOtherJurisdiction(address currency, uint16 jurisdiction);
    /// @notice The currency is neither a home currency nor the one that may become it: its central bank has no vote.
    error CurrencyWithoutVote(address currency);
    /// @notice The jurisdiction has no home currency yet.
    error HomeCurrencyMissing(uint16 jurisdiction);

    /// @notice Agree to the home currency of a jurisdiction. It is the one as soon as the central banks of all home
    /// currencies, and of the new one, agreed to the same.
    /// @dev A central bank has one consent at a time: a later one replaces it. Each new home currency makes all earlier
    /// consents void, so that its central bank is asked too.
    /// @param home Currency that becomes the home currency.
    /// @param asCurrency Currency for whose central bank the caller agrees: a home currency, or `home`.
    /// @return isAgreed Whether it is the home currency now.
    /// @custom:reverts JurisdictionInvalid when the jurisdiction is zero or has more than three digits
    /// @custom:reverts HomeCurrencyKept when the jurisdiction has a home currency
    /// @custom:reverts CurrencyOfOtherJurisdiction when the currency is the home currency of a jurisdiction
    /// @custom:reverts CurrencyWithoutVote when `asCurrency` is neither a home currency nor `home`
    /// @custom:reverts CurrencyPowerMissing when the caller is not the central bank of `asCurrency`
    /// @custom:invariant INV-CORRIDOR
    function agreeHome(uint16 jurisdiction, address home, address asCurrency) external returns (bool isAgreed);

    /// @notice The home currency of a jurisdiction.
    /// @custom:reverts HomeCurrencyMissing when it has none
    function homeOf(uint16 jurisdiction) external view returns (address);

    /// @notice The jurisdiction of a home currency; zero for every other currency.
    function jurisdictionOf(address currency) external view returns (uint16);

    /// @notice All home currencies by their number, the first of them at place zero.
    function homes() external view returns (address[] memory);

    /// @notice The last consent of a central bank: the hash of number, jurisdiction and home currency; zero if none.
    function homeConsent(address currency) external view returns (bytes32);
}
