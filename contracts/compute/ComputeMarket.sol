// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AuthorityUtils} from "@openzeppelin/contracts/access/manager/AuthorityUtils.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IComputeMarket} from "./IComputeMarket.sol";
import {IComputeToken} from "./IComputeToken.sol";
import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {FixedAuthority} from "../core/FixedAuthority.sol";
import {INetworkAccess} from "../core/INetworkAccess.sol";
import {Signatures} from "../core/Signatures.sol";
import {SeriesContracts, SeriesTerms} from "./Series.sol";
import {SeriesFactory} from "./SeriesFactory.sol";

/// @title ComputeMarket
/// @notice Stake enters by `stake` and leaves by `withdrawStake`, or to a halted series.
/// @dev The balance of the market is the sum of free and locked stake, apart from donations.
contract ComputeMarket is IComputeMarket, FixedAuthority, EIP712 {
    using SafeERC20 for IERC20;

    uint256 private constant MOST_TOKENS = type(uint96).max;
    uint256 private constant MOST_UNITS = type(uint96).max;
    /// Divisor of a unit price times basis points: 1,000,000 Tokens, 10,000 basis points.
    uint256 private constant COMPENSATION_BASIS = 1_000_000 * 10_000;
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "ComputeAttestation(address provider,bytes32 accelerator,uint64 units,uint64 tokensPerUnitSecond,"
        "uint64 validFrom,uint64 validBefore,bytes32 salt)"
    );

    /// @inheritdoc IComputeMarket
    address public immutable currency;
    address private immutable HUB;
    address private immutable COLLECTOR;
    address private immutable METER;
    /// @inheritdoc IComputeMarket
    address public immutable factory;

    /// @inheritdoc IComputeMarket
    address public purchasePolicy;
    /// @inheritdoc IComputeMarket
    mapping(uint256 jurisdiction => bool) public isAdmitted;
    mapping(bytes32 computeId => Compute) private _computes;
    mapping(address series => SeriesStake) private _stakes;
    /// @inheritdoc IComputeMarket
    mapping(address provider => uint256 units) public freeStake;

    /// @dev Creates the factory of its series, which serves this market alone.
    /// @param contracts Contracts that its series use; the currency's access manager has the roles.
    constructor(
        SeriesContracts memory contracts
    ) FixedAuthority(IAccessManaged(contracts.currency).authority()) EIP712("pysettle ComputeMarket", "1") {
        currency = contracts.currency;
        HUB = contracts.hub;
        COLLECTOR = contracts.collector;
        METER = contracts.meter;
        factory = address(new SeriesFactory());
    }

    // ----------------------------------------------------------------- provider

    /// @inheritdoc IComputeMarket
    function registerCompute(
        ComputeAttestation calldata attestation,
        address attester,
        bytes calldata signature
    ) external returns (bytes32 computeId) {
        uint256 capacity = _capacityOf(attestation);
        computeId = computeDigest(attestation);
        if (_computes[computeId].provider != address(0)) revert ComputeRegisteredAlready(computeId);
        _checkAttester(attester);
        if (!Signatures.isValidCalldata(attester, computeId, signature)) revert ComputeSignatureInvalid(attester);

        // `_capacityOf` compared it with 96 bits.
        _computes[computeId] = Compute(attestation.provider, uint96(capacity), 0, attestation.validBefore);
        emit ComputeRegistered(
            computeId,
            attestation.provider,
            attester,
            attestation.accelerator,
            attestation.units,
            attestation.tokensPerUnitSecond,
            attestation.validFrom,
            attestation.validBefore,
            capacity
        );
    }

    /// @inheritdoc IComputeMarket
    function stake(uint256 amount) external {
        if (amount == 0) revert StakeAmountZero();

        uint256 free = freeStake[msg.sender] + amount;
        freeStake[msg.sender] = free;
        emit Staked(msg.sender, amount, free);
        IERC20(currency).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IComputeMarket
    function withdrawStake(uint256 amount) external {
        if (amount == 0) revert StakeAmountZero();

        uint256 free = _takeFree(msg.sender, amount);
        emit StakeWithdrawn(msg.sender, amount, free);
        IERC20(currency).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IComputeMarket
    function openSeries(SeriesTerms calldata terms, bytes32 computeId) external returns (address series) {
        if (terms.provider != msg.sender) revert ProviderNotCaller(terms.provider, msg.sender);
        // A frozen provider could otherwise pay its stake to a buyer by a halt.
        // slither-disable-next-line unused-return
        (bool frozen, , ) = ICurrencyToken(currency).frozen(msg.sender);
        if (frozen) revert ProviderFrozen(msg.sender);
        address policy = purchasePolicy;
        if (policy != address(0)) _checkJurisdiction();
        _allocate(terms, computeId);
        uint256 locked = _stakeFor(terms);
        _takeFree(msg.sender, locked);

        // The factory only calls the series that it creates, and the constructor of a series only calls the currency.
        // slither-disable-next-line reentrancy-benign,reentrancy-events
        series = SeriesFactory(factory).create(
            terms,
            SeriesContracts(address(this), currency, HUB, COLLECTOR, METER, policy)
        );
        // `_stakeFor` compared it with 96 bits.
        _stakes[series] = SeriesStake(msg.sender, uint96(locked));
        emit SeriesOpened(series, msg.sender, computeId, terms.serviceClass, terms.capacity, terms.expiry, locked);
        ICurrencyToken(currency).markSettlementAccount(series);
    }

    /// @inheritdoc IComputeMarket
    function releaseStake(address series) external {
        SeriesStake memory stake_ = _stakeOf(series);
        uint256 expiry = IComputeToken(series).expiry();
        if (block.timestamp < expiry) revert StakeLocked(series, expiry, block.timestamp);
        if (stake_.locked == 0) revert StakeAmountZero();

        _stakes[series].locked = 0;
        freeStake[stake_.provider] += stake_.locked;
        emit StakeReleased(series, stake_.provider, stake_.locked);
    }

    // ------------------------------------------------------------------- halter

    /// @inheritdoc IComputeMarket
    function halt(address series, bytes32 evidence) external {
        SeriesStake memory stake_ = _stakeOf(series);
        address halter = IComputeToken(series).halter();
        if (msg.sender != halter) revert SeriesCallerNotHalter(series, msg.sender, halter);
        if (evidence == 0) revert HaltWithoutEvidence(series);

        _stakes[series].locked = 0;
        // Undelivered Tokens were sold, and so are within the capacity that the stake was locked for.
        uint256 compensation = IComputeToken(series).compensationRoundedUp();
        uint256 released = stake_.locked - compensation;
        freeStake[stake_.provider] += released;
        bytes32 ground = IComputeToken(series).haltGround();
        emit SeriesHalted(series, halter, ground, evidence, stake_.provider, compensation, released);
        IERC20(currency).safeTransfer(series, compensation);
        IComputeToken(series).halt();
    }

    // ------------------------------------------------------------- central bank

    /// @inheritdoc IComputeMarket
    function setPurchasePolicy(address policy) external restricted {
        if (policy != address(0) && policy.code.length == 0) revert PolicyWithoutCode(policy);

        purchasePolicy = policy;
        emit PurchasePolicySet(policy);
    }

    /// @inheritdoc IComputeMarket
    function setProviderJurisdiction(uint256 jurisdiction, bool admitted) external restricted {
        isAdmitted[jurisdiction] = admitted;
        emit ProviderJurisdictionSet(jurisdiction, admitted);
    }

    // ---------------------------------------------------------------- registrar

    /// @inheritdoc IComputeMarket
    function acceptRole(uint64 roleId) external restricted {
        INetworkAccess(authority()).acceptRole(roleId);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IComputeMarket
    function compute(bytes32 computeId) external view returns (Compute memory found) {
        found = _computes[computeId];
        if (found.provider == address(0)) revert ComputeNotOfProvider(computeId, address(0));
    }

    /// @inheritdoc IComputeMarket
    function seriesStake(address series) external view returns (SeriesStake memory) {
        return _stakes[series];
    }

    /// @inheritdoc IComputeMarket
    function computeDigest(ComputeAttestation calldata attestation) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ATTESTATION_TYPEHASH, attestation)));
    }

    // ---------------------------------------------------------------- internals

    function _allocate(SeriesTerms calldata terms, bytes32 computeId) private {
        Compute storage found = _computes[computeId];
        if (found.provider != terms.provider || terms.provider == address(0)) {
            revert ComputeNotOfProvider(computeId, terms.provider);
        }
        if (terms.expiry > found.validBefore) revert ComputeEndsBefore(computeId, terms.expiry, found.validBefore);
        uint96 available = found.capacity - found.allocated;
        if (terms.capacity > available) revert ComputeCapacityExceeded(computeId, terms.capacity, available);

        found.allocated += terms.capacity;
    }

    function _takeFree(address provider, uint256 amount) private returns (uint256 free) {
        uint256 available = freeStake[provider];
        if (amount > available) revert StakeInsufficient(provider, amount, available);
        free = available - amount;
        freeStake[provider] = free;
    }

    /// @dev Rounded up, so that it covers all undelivered Tokens at a halt.
    function _stakeFor(SeriesTerms calldata terms) private pure returns (uint256 locked) {
        uint256 price = uint256(terms.capacity) * terms.unitPrice;
        locked = Math.mulDiv(price, terms.compensationBps, COMPENSATION_BASIS, Math.Rounding.Ceil);
        if (locked > MOST_UNITS) revert StakeTooLarge(locked, MOST_UNITS);
    }

    function _stakeOf(address series) private view returns (SeriesStake memory stake_) {
        stake_ = _stakes[series];
        if (stake_.provider == address(0)) revert SeriesUnknown(series);
    }

    function _capacityOf(ComputeAttestation calldata attestation) private pure returns (uint256 capacity) {
        if (attestation.provider == address(0)) revert ComputeTermsInvalid("provider");
        if (attestation.validBefore <= attestation.validFrom) revert ComputeTermsInvalid("validBefore");
        uint256 tokensPerSecond = uint256(attestation.units) * attestation.tokensPerUnitSecond;
        if (tokensPerSecond == 0) revert ComputeTermsInvalid("tokensPerUnitSecond");
        // Three factors of 64 bits.
        capacity = tokensPerSecond * (attestation.validBefore - attestation.validFrom);
        if (capacity > MOST_TOKENS) revert ComputeTermsInvalid("units");
    }

    function _checkJurisdiction() private view {
        uint256 jurisdiction = ICurrencyToken(currency).wallet(msg.sender).jurisdiction;
        if (!isAdmitted[jurisdiction]) revert ProviderJurisdictionRefused(msg.sender, jurisdiction);
    }

    function _checkAttester(address attester) private view {
        // slither-disable-next-line unused-return
        (bool holds, ) = AuthorityUtils.canCallWithDelay(
            authority(),
            attester,
            address(this),
            IComputeMarket.registerCompute.selector
        );
        if (!holds) revert ComputeAttesterInvalid(attester);
    }
}
