// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IParticipantRegistry
/// @notice The institutions that hold and settle positions, currency by currency, and the stops on them.
/// @dev The registry has no administrator. An account that may call `registerWallet` of a currency admits institutions
/// to it; an account that may call `freeze` stops them; both by the authority of that currency, and in it alone.
/// Participants of a currency are numbered from 1 as they are admitted, so that no other currency, not even a contract
/// that only claims to be one, can use up its numbers.
interface IParticipantRegistry {
    /// @notice Names of an institution, in ASCII from the first byte on.
    struct Identity {
        /// Legal entity identifier (ISO 17442): 20 characters.
        bytes32 lei;
        /// Business identifier code (ISO 9362): 8 or 11 characters.
        bytes32 bic;
    }

    /// @notice An institution in one currency.
    struct Participant {
        /// Its number in the currency; zero if it was not admitted.
        uint16 index;
        /// Its jurisdiction, an ISO 3166-1 number.
        uint16 jurisdiction;
        /// Account that takes over its position at the end of a day; its own for a bank of the currency's country.
        address settlementAgent;
        /// Whether it takes part in nothing that begins from now on.
        bool suspended;
        /// Whether it is stopped at once, by a court or by sanctions.
        bool stopped;
    }

    /// @notice An institution was admitted to a currency, or its registration was changed.
    /// @param index Its number in the currency.
    event ParticipantAdmitted(
        address indexed currency,
        address indexed account,
        uint16 index,
        uint16 jurisdiction,
        address settlementAgent,
        bytes32 lei,
        bytes32 bic
    );
    /// @notice The stops on a participant were set: whether it is suspended, and whether it is stopped at once.
    /// @param ground Hash of the document that gives the reason.
    event StopsSet(address indexed currency, address indexed account, bool suspended, bool stopped, bytes32 ground);

    /// @notice The word is not an LEI: 20 characters, the last two of them right check digits.
    error LeiInvalid(bytes32 lei);
    /// @notice The word is not a BIC: 8 or 11 characters.
    error BicInvalid(bytes32 bic);
    /// @notice A participant needs a settlement agent.
    error SettlementAgentMissing(address account);
    /// @notice The account was not admitted to the currency.
    error ParticipantNotFound(address currency, address account);
    /// @notice The participant is suspended in the currency: nothing new begins.
    error ParticipantSuspended(address currency, address account);
    /// @notice The participant is stopped in the currency: nothing goes on.
    error ParticipantStopped(address currency, address account);
    /// @notice A stop, and its end, need the hash of the document that gives the reason.
    error StopWithoutGround(address currency, address account);

    // ---------------------------------------------------------------- registrar

    /// @notice Admit an institution to a currency, or change its registration; it keeps its number.
    /// @param account Its account in the currency, which can be frozen and seized.
    /// @param identity Its names.
    /// @param jurisdiction Its jurisdiction, an ISO 3166-1 number from 1 to 999.
    /// @param settlementAgent Account that takes over its position at the end of a day.
    /// @return index Its number in the currency, from 1.
    /// @custom:reverts CurrencyPowerMissing when the caller may not register wallets of the currency
    /// @custom:reverts LeiInvalid when the LEI has another form or false check digits
    /// @custom:reverts BicInvalid when the BIC has another form
    /// @custom:reverts JurisdictionInvalid when the jurisdiction is zero or has more than three digits
    /// @custom:reverts SettlementAgentMissing when the settlement agent is the zero address
    /// @custom:reverts SettlementAccountProtected when the account holds value of others
    function admit(
        address currency,
        address account,
        Identity calldata identity,
        uint16 jurisdiction,
        address settlementAgent
    ) external returns (uint16 index);

    // ------------------------------------------------------------------ freezer

    /// @notice Set both stops on a participant; both false lifts them.
    /// @dev A suspended participant begins nothing; instructions that were accepted before still settle. A stopped one
    /// settles nothing at all.
    /// @param ground Hash of the document that gives the reason.
    /// @custom:reverts CurrencyPowerMissing when the caller may not freeze accounts of the currency
    /// @custom:reverts ParticipantNotFound when the account was not admitted to the currency
    /// @custom:reverts StopWithoutGround when `ground` is zero
    function setStops(address currency, address account, bool suspended, bool stopped, bytes32 ground) external;

    // -------------------------------------------------------------------- views

    /// @notice The positions, into which this contract writes jurisdiction and stops of each institution.
    function liquidity() external view returns (address);

    /// @notice An institution in a currency; all zero if it was not admitted.
    function participant(address currency, address account) external view returns (Participant memory);

    /// @notice Number of institutions that were admitted to a currency.
    function participantCount(address currency) external view returns (uint16);

    /// @notice Account of the institution with a number in a currency; zero if there is none.
    function accountOf(address currency, uint256 index) external view returns (address);

    /// @notice Check that an account may begin something in a currency.
    /// @custom:reverts ParticipantNotFound when it was not admitted to the currency
    /// @custom:reverts ParticipantStopped when it is stopped
    /// @custom:reverts ParticipantSuspended when it is suspended
    function checkActive(address currency, address account) external view;
}
