// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {CurrencyPowers} from "./CurrencyPowers.sol";
import {IParticipantRegistry} from "./IParticipantRegistry.sol";
import {Identifiers} from "./Identifiers.sol";

/// @title ParticipantRegistry
/// @notice One word an institution and currency; one bit a stop, 256 participants to a word.
contract ParticipantRegistry is IParticipantRegistry, CurrencyPowers {
    using Identifiers for bytes32;

    uint256 private constant MOST_JURISDICTION = 999;
    uint256 private constant BITS = 256;

    /// The registration of an institution in one currency: one word.
    struct Membership {
        uint16 index;
        uint16 jurisdiction;
        address settlementAgent;
    }

    mapping(address currency => mapping(address account => Membership)) private _memberships;
    /// @inheritdoc IParticipantRegistry
    mapping(address currency => uint16) public participantCount;
    mapping(address currency => mapping(uint256 place => uint256 bitmap)) private _suspended;
    mapping(address currency => mapping(uint256 place => uint256 bitmap)) private _stopped;

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
        if (jurisdiction == 0 || jurisdiction > MOST_JURISDICTION) {
            revert ICurrencyToken.JurisdictionInvalid(jurisdiction);
        }
        if (settlementAgent == address(0)) revert SettlementAgentMissing(account);
        // A settlement account can be neither frozen nor seized, so its position would be a hiding place.
        if (ICurrencyToken(currency).isSettlementAccount(account)) {
            revert ICurrencyToken.SettlementAccountProtected(account);
        }

        index = _memberships[currency][account].index;
        if (index == 0) index = ++participantCount[currency];
        _memberships[currency][account] = Membership(index, jurisdiction, settlementAgent);
        emit ParticipantAdmitted(currency, account, index, jurisdiction, settlementAgent, identity.lei, identity.bic);
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
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IParticipantRegistry
    function participant(address currency, address account) external view returns (Participant memory) {
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
        _checkActive(currency, account);
    }

    /// @inheritdoc IParticipantRegistry
    function checkBothActive(address currency, address debtor, address creditor) external view {
        _checkActive(currency, debtor);
        _checkActive(currency, creditor);
    }

    /// @inheritdoc IParticipantRegistry
    function checkNotStopped(address currency, address debtor, address creditor) external view {
        if (_isStopped(currency, debtor)) revert ParticipantStopped(currency, debtor);
        if (_isStopped(currency, creditor)) revert ParticipantStopped(currency, creditor);
    }

    /// @inheritdoc IParticipantRegistry
    function isEitherStopped(address currency, address debtor, address creditor) external view returns (bool) {
        return _isStopped(currency, debtor) || _isStopped(currency, creditor);
    }

    /// @inheritdoc IParticipantRegistry
    function jurisdictionsOf(
        address currency,
        address debtor,
        address creditor
    ) external view returns (uint16 ofDebtor, uint16 ofCreditor) {
        return (_memberships[currency][debtor].jurisdiction, _memberships[currency][creditor].jurisdiction);
    }

    // ---------------------------------------------------------------- internals

    function _checkActive(address currency, address account) private view {
        uint256 index = _memberships[currency][account].index;
        if (index == 0) revert ParticipantNotFound(currency, account);
        if (_isSet(_stopped[currency], index)) revert ParticipantStopped(currency, account);
        if (_isSet(_suspended[currency], index)) revert ParticipantSuspended(currency, account);
    }

    function _isStopped(address currency, address account) private view returns (bool) {
        return _isSet(_stopped[currency], _memberships[currency][account].index);
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
