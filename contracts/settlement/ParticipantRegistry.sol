// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {HomeCurrencies} from "./HomeCurrencies.sol";
import {ILiquidityAccounts} from "./ILiquidityAccounts.sol";
import {IParticipantRegistry} from "./IParticipantRegistry.sol";
import {Identifiers} from "./Identifiers.sol";

/// @title ParticipantRegistry
/// @notice One word an institution and currency; one bit a stop, 256 participants to a word.
/// @dev Each change is written into the position of the institution too, so that a move reads no word of this contract.
contract ParticipantRegistry is IParticipantRegistry, HomeCurrencies {
    using Identifiers for bytes32;

    uint256 private constant BITS = 256;

    /// The registration of an institution in one currency: one word.
    struct Membership {
        uint16 index;
        uint16 jurisdiction;
        address settlementAgent;
    }

    /// @inheritdoc IParticipantRegistry
    address public immutable liquidity;

    mapping(address currency => mapping(address account => Membership)) private _memberships;
    /// @inheritdoc IParticipantRegistry
    mapping(address currency => uint16) public participantCount;
    /// @inheritdoc IParticipantRegistry
    mapping(address currency => mapping(uint256 index => address)) public accountOf;
    mapping(address currency => mapping(uint256 place => uint256 bitmap)) private _suspended;
    mapping(address currency => mapping(uint256 place => uint256 bitmap)) private _stopped;

    /// @param liquidity_ The positions, which know the address of this contract. The deployer creates them next.
    /// @param founding The founding home currencies.
    constructor(address liquidity_, Home[] memory founding) HomeCurrencies(founding) {
        liquidity = liquidity_;
    }

    // ---------------------------------------------------------------- registrar

    /// @inheritdoc IParticipantRegistry
    function admit(
        address currency,
        address account,
        Identity calldata identity,
        uint16 jurisdiction,
        address settlementAgent
    ) external returns (uint16 index) {
        _checkPower(currency, ICurrencyToken.registerWallet.selector);
        if (!identity.lei.isLei()) revert LeiInvalid(identity.lei);
        if (!identity.bic.isBic()) revert BicInvalid(identity.bic);
        _checkJurisdiction(jurisdiction);
        if (settlementAgent == address(0)) revert SettlementAgentMissing(account);
        // A settlement account can be neither frozen nor seized, so its position would be a hiding place.
        if (ICurrencyToken(currency).isSettlementAccount(account)) {
            revert ICurrencyToken.SettlementAccountProtected(account);
        }

        index = _memberships[currency][account].index;
        if (index == 0) {
            index = ++participantCount[currency];
            accountOf[currency][index] = account;
        }
        _memberships[currency][account] = Membership(index, jurisdiction, settlementAgent);
        emit ParticipantAdmitted(currency, account, index, jurisdiction, settlementAgent, identity.lei, identity.bic);
        _tellPositions(currency, account);
    }

    // ------------------------------------------------------------------ freezer

    /// @inheritdoc IParticipantRegistry
    function setStops(address currency, address account, bool suspended, bool stopped, bytes32 ground) external {
        _checkPower(currency, ICurrencyToken.freeze.selector);
        uint256 index = _memberships[currency][account].index;
        if (index == 0) revert ParticipantNotFound(currency, account);
        if (ground == 0) revert StopWithoutGround(currency, account);

        _set(_suspended[currency], index, suspended);
        _set(_stopped[currency], index, stopped);
        emit StopsSet(currency, account, suspended, stopped, ground);
        _tellPositions(currency, account);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IParticipantRegistry
    function participant(address currency, address account) public view returns (Participant memory) {
        Membership memory member = _memberships[currency][account];
        return
            Participant(
                member.index,
                member.jurisdiction,
                member.settlementAgent,
                _isSet(_suspended[currency], member.index),
                _isSet(_stopped[currency], member.index)
            );
    }

    /// @inheritdoc IParticipantRegistry
    function checkActive(address currency, address account) external view {
        Participant memory member = participant(currency, account);
        if (member.index == 0) revert ParticipantNotFound(currency, account);
        if (member.stopped) revert ParticipantStopped(currency, account);
        if (member.suspended) revert ParticipantSuspended(currency, account);
    }

    // ---------------------------------------------------------------- internals

    /// @dev Writes jurisdiction and stops of an institution into its position.
    function _tellPositions(address currency, address account) private {
        Participant memory member = participant(currency, account);
        ILiquidityAccounts(liquidity).setStanding(
            currency,
            account,
            member.index,
            member.jurisdiction,
            member.suspended,
            member.stopped
        );
    }

    function _set(mapping(uint256 place => uint256 bitmap) storage stops, uint256 index, bool isSet) private {
        uint256 bit = 1 << (index % BITS);
        if (isSet) stops[index / BITS] |= bit;
        else stops[index / BITS] &= ~bit;
    }

    function _isSet(mapping(uint256 place => uint256 bitmap) storage stops, uint256 index) private view returns (bool) {
        return stops[index / BITS] & (1 << (index % BITS)) != 0;
    }
}
