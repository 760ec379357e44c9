// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Signatures} from "../core/Signatures.sol";
import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {BatchHeader, Item} from "./Clearing.sol";
import {CorridorLimits} from "./CorridorLimits.sol";
import {ICorridors} from "./ICorridors.sol";
import {IHomeCurrencies} from "./IHomeCurrencies.sol";
import {ILiquidityAccounts} from "./ILiquidityAccounts.sol";
import {IParticipantRegistry} from "./IParticipantRegistry.sol";
import {Leg, corridorIdOf, legsOf} from "./Instruction.sol";
import {OpenHours} from "./OpeningHours.sol";

/// @title Corridors
/// @notice A corridor is in force by the consent of two central banks; an admission counts to its debtor alone.
/// @dev Its pair are the home currencies of its two jurisdictions, so that no other contract stands for a central bank.
contract Corridors is CorridorLimits, EIP712 {
    bytes32 private constant PAYLOAD_TYPEHASH = keccak256(
        "TravelPayload(address debtor,address creditor,address currency,uint256 amount,bytes32 payload)"
    );

    /// @inheritdoc ICorridors
    address public immutable registry;
    /// @inheritdoc ICorridors
    address public immutable liquidity;

    /// @inheritdoc ICorridors
    mapping(bytes32 id => mapping(address currency => bytes32)) public consent;
    /// @inheritdoc ICorridors
    mapping(bytes32 digest => PayloadState) public payloadState;

    /// @param registry_ Registry of the participants.
    /// @param liquidity_ The positions.
    constructor(address registry_, address liquidity_) EIP712("pysettle Corridors", "1") {
        registry = registry_;
        liquidity = liquidity_;
    }

    // ------------------------------------------------------------- central bank

    /// @inheritdoc ICorridors
    function agree(Corridor calldata way, Terms calldata terms, address asCurrency) external returns (uint32 revision) {
        bytes32 id = _checkCentralBank(way, asCurrency);
        if (terms.windowS == 0 || terms.settlementLimit > terms.windowLimit) {
            revert CorridorTermsInvalid(terms.settlementLimit, terms.windowLimit, terms.windowS);
        }

        revision = _policies[id].revision + 1;
        bytes32 wanted = keccak256(abi.encode(revision, way, terms));
        address other = asCurrency == way.currency ? way.counterCurrency : way.currency;
        if (consent[id][other] != wanted) {
            consent[id][asCurrency] = wanted;
            emit CorridorProposed(id, asCurrency, revision, way, terms);
            return revision;
        }
        delete consent[id][other];
        delete consent[id][asCurrency];
        _policies[id] = Policy({
            settlementLimit: terms.settlementLimit,
            windowLimit: terms.windowLimit,
            travelThreshold: terms.travelThreshold,
            windowS: terms.windowS,
            isOpen: true,
            counterCurrency: way.counterCurrency,
            dayEndLimit: terms.dayEndLimit,
            revision: revision
        });
        emit CorridorRevised(id, asCurrency, revision, way, terms);
    }

    /// @inheritdoc ICorridors
    function close(Corridor calldata way, address asCurrency) external {
        bytes32 id = _checkCentralBank(way, asCurrency);

        _policies[id].isOpen = false;
        uint32 revision = ++_policies[id].revision;
        emit CorridorClosed(id, asCurrency, revision);
    }

    // ------------------------------------------------------- contracts that settle

    /// @inheritdoc ICorridors
    function admit(
        uint256[] calldata words,
        bytes32[] calldata crossed,
        bytes32 payload,
        uint64 due
    ) external returns (uint64 opensAt) {
        _checkMover();
        Leg[] calldata legs = legsOf(words);
        bool waits = due > block.timestamp;
        for (uint256 i = 0; i < legs.length; ++i) {
            if (crossed[i] != 0) _admit(crossed[i], legs[i], payload, waits);
        }
        return waits ? _openingOf(legs, crossed, due) : due;
    }

    /// @inheritdoc ICorridors
    function release(
        uint256[] calldata words,
        bytes32[] calldata crossed,
        bytes32 payload,
        uint64 admittedAt
    ) external {
        _checkMover();
        Leg[] calldata legs = legsOf(words);
        for (uint256 i = 0; i < legs.length; ++i) {
            if (crossed[i] != 0) _release(crossed[i], legs[i], payload, admittedAt);
        }
    }

    /// @inheritdoc ICorridors
    function admitBatch(
        BatchHeader header,
        address currency,
        address debtor,
        bytes32 payload,
        uint256[] calldata items,
        uint256 total,
        uint256 greatest
    ) external {
        _checkMover();
        uint256 local = _hoursNow(currency).localTime(block.timestamp);
        bytes32 id = corridorIdOf(header.from(), header.to(), currency);
        Limits memory limits = _limitsOf(id);
        if (greatest > limits.settlementLimit) {
            revert SettlementLimitExceeded(id, debtor, greatest, limits.settlementLimit);
        }
        if (greatest >= limits.travelThreshold) {
            _useItems(id, currency, debtor, payload, items, limits.travelThreshold);
        }
        uint256 units = _count(id, debtor, total, local, limits);
        emit BatchAdmitted(id, debtor, total, units, payload);
    }

    /// @inheritdoc ICorridors
    function releaseBatch(
        BatchHeader header,
        address currency,
        address debtor,
        bytes32 payload,
        uint256[] calldata items,
        uint256 places
    ) external {
        _checkMover();
        uint256 total = 0;
        for (uint256 i = 0; i < items.length; ++i) {
            if (places & (1 << i) == 0) continue;
            Item item = Item.wrap(items[i]);
            total += item.amount();
            if (payload != 0) _freePayload(_digestOfItem(currency, debtor, item, payload));
        }
        bytes32 id = corridorIdOf(header.from(), header.to(), currency);
        uint256 units = _discount(id, debtor, total, header.queuedAt());
        emit BatchReleased(id, debtor, total, units, payload);
    }

    // ------------------------------------------------------------------- anyone

    /// @inheritdoc ICorridors
    function signPayload(
        TravelPayload calldata statement,
        bytes calldata debtorSignature,
        bytes calldata creditorSignature
    ) external returns (bytes32 digest) {
        digest = digestOf(statement);
        if (payloadState[digest] != PayloadState.Unsigned) revert TravelPayloadKnown(digest);
        _checkSignature(statement.debtor, digest, debtorSignature);
        _checkSignature(statement.creditor, digest, creditorSignature);

        payloadState[digest] = PayloadState.Signed;
        emit TravelPayloadSigned(
            digest,
            statement.debtor,
            statement.creditor,
            statement.currency,
            statement.amount,
            statement.payload
        );
    }

    /// @inheritdoc ICorridors
    function clearOut(uint16 from, uint16 to, address currency, address account) external {
        if (isOpenAt(currency, block.timestamp)) revert CurrencyStillOpen(currency, block.timestamp);
        IParticipantRegistry.Participant memory member = IParticipantRegistry(registry).participant(currency, account);
        if (member.jurisdiction != to) revert ParticipantOfOtherJurisdiction(account, member.jurisdiction, to);
        bytes32 id = corridorIdOf(from, to, currency);
        // A window always has a length, so that no length means that the corridor never had terms.
        if (_policies[id].windowS == 0) revert CorridorNotOpen(id);
        uint256 limit = _policies[id].dayEndLimit;
        ILiquidityAccounts.Position memory held = ILiquidityAccounts(liquidity).position(currency, account);
        uint256 units = uint256(held.available) + held.reserved;
        if (units <= limit || member.settlementAgent == account) revert NothingToClear(account, units, limit);

        uint96 excess = SafeCast.toUint96(units - limit);
        emit ClearedOut(id, account, member.settlementAgent, excess);
        // Available units go first. A closed cycle counts on the reserved ones, so that they wait for its end.
        if (excess > held.available) {
            ILiquidityAccounts(liquidity).release(currency, account, excess - held.available);
        }
        ILiquidityAccounts(liquidity).move(currency, account, member.settlementAgent, excess);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc ICorridors
    function idOf(uint16 from, uint16 to, address currency) external pure returns (bytes32) {
        return corridorIdOf(from, to, currency);
    }

    /// @inheritdoc ICorridors
    function checkOpen(uint256[] calldata words, bytes32[] calldata crossed) external view {
        Leg[] calldata legs = legsOf(words);
        for (uint256 i = 0; i < legs.length; ++i) {
            if (crossed[i] != 0 && !isOpenAt(legs[i].asset, block.timestamp)) {
                revert CurrencyClosed(legs[i].asset, block.timestamp);
            }
        }
    }

    /// @inheritdoc ICorridors
    function digestOf(TravelPayload memory statement) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(PAYLOAD_TYPEHASH, statement)));
    }

    // ---------------------------------------------------------------- internals

    /// @dev The first time from `due` on at which the currencies of all legs that cross a border are open.
    function _openingOf(Leg[] calldata legs, bytes32[] calldata crossed, uint256 due) private view returns (uint64) {
        address[] memory currencies = new address[](legs.length);
        uint256 count = 0;
        for (uint256 i = 0; i < legs.length; ++i) {
            if (crossed[i] != 0) currencies[count++] = legs[i].asset;
        }
        return uint64(_nextOpening(currencies, count, due));
    }

    /// @dev Checks one leg and counts it.
    function _admit(bytes32 id, Leg calldata leg, bytes32 payload, bool waits) private {
        address currency = leg.asset;
        OpenHours found = _hoursNow(currency);
        if (!waits && !found.contain(block.timestamp)) revert CurrencyClosed(currency, block.timestamp);
        Limits memory limits = _limitsOf(id);
        (address debtor, uint256 amount) = (leg.debtor, leg.amount);
        if (amount > limits.settlementLimit) {
            revert SettlementLimitExceeded(id, debtor, amount, limits.settlementLimit);
        }
        uint256 units = _count(id, debtor, amount, found.localTime(block.timestamp), limits);
        if (amount >= limits.travelThreshold) {
            _usePayload(id, debtor, amount, _digestOf(leg, payload), limits.travelThreshold);
        }
        emit CrossingAdmitted(id, debtor, leg.creditor, amount, units, payload);
    }

    function _release(bytes32 id, Leg calldata leg, bytes32 payload, uint256 admittedAt) private {
        uint256 units = _discount(id, leg.debtor, leg.amount, admittedAt);
        _freePayload(_digestOf(leg, payload));
        emit CrossingReleased(id, leg.debtor, leg.creditor, leg.amount, units, payload);
    }

    /// @dev A signed statement is of one payment: it is used up, until its payment is given back.
    function _usePayload(bytes32 id, address debtor, uint256 amount, bytes32 digest, uint256 threshold) private {
        if (payloadState[digest] != PayloadState.Signed) {
            revert TravelPayloadUnsigned(id, debtor, amount, threshold);
        }
        payloadState[digest] = PayloadState.Used;
    }

    /// @dev Uses up the payloads of the items of a batch from the threshold on.
    function _useItems(
        bytes32 id,
        address currency,
        address debtor,
        bytes32 payload,
        uint256[] calldata items,
        uint256 threshold
    ) private {
        for (uint256 i = 0; i < items.length; ++i) {
            Item item = Item.wrap(items[i]);
            if (item.amount() < threshold) continue;
            _usePayload(id, debtor, item.amount(), _digestOfItem(currency, debtor, item, payload), threshold);
        }
    }

    function _freePayload(bytes32 digest) private {
        if (payloadState[digest] == PayloadState.Used) payloadState[digest] = PayloadState.Signed;
    }

    function _checkCentralBank(Corridor calldata way, address asCurrency) private view returns (bytes32 id) {
        if (!_canBe(way)) revert CorridorInvalid(way.from, way.to, way.currency, way.counterCurrency);
        id = corridorIdOf(way.from, way.to, way.currency);
        if (asCurrency != way.currency && asCurrency != way.counterCurrency) {
            revert CurrencyNotOfCorridor(id, asCurrency);
        }
        _checkPower(asCurrency, ICurrencyToken.setClassLimits.selector);
    }

    function _checkMover() private view {
        if (msg.sender != liquidity && !ILiquidityAccounts(liquidity).isMover(msg.sender)) {
            revert ILiquidityAccounts.LiquidityMoverUnknown(msg.sender);
        }
    }

    function _checkSignature(address signer, bytes32 digest, bytes calldata signature) private view {
        if (!Signatures.isValidCalldata(signer, digest, signature)) revert TravelSignatureInvalid(signer, digest);
    }

    function _digestOf(Leg calldata leg, bytes32 payload) private view returns (bytes32) {
        return digestOf(TravelPayload(leg.debtor, leg.creditor, leg.asset, leg.amount, payload));
    }

    function _digestOfItem(
        address currency,
        address debtor,
        Item item,
        bytes32 payload
    ) private view returns (bytes32) {
        address creditor = IParticipantRegistry(registry).accountOf(currency, item.creditor());
        return digestOf(TravelPayload(debtor, creditor, currency, item.amount(), payload));
    }

    /// @dev Whether the pair are the home currencies of the two jurisdictions, in either order.
    function _canBe(Corridor calldata way) private view returns (bool) {
        if (way.from == way.to) return false;
        address first = IHomeCurrencies(registry).homeOf(way.from);
        address second = IHomeCurrencies(registry).homeOf(way.to);
        return
            (way.currency == first && way.counterCurrency == second) ||
            (way.currency == second && way.counterCurrency == first);
    }
}
