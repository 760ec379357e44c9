// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SeriesTerms} from "./Series.sol";

/// @title IComputeMarket
/// @notice Providers with their compute and stake, and the series they open in one currency.
/// @dev Tokens are bound to compute: a series is opened on compute that an attester has signed for, and its capacity is
/// taken from that compute once and for ever. A provider's stake stands behind the compensation that its series
/// promise: each locks its own part, which nobody else's halt can reach. The market holds stake alone, and has two
/// powers: to mark what it opens as settlement accounts, and to halt a series at the word of whom the terms of that
/// series name. It has no administrator who could reach the stake. EIP-712 domain: name "pysettle ComputeMarket",
/// version "1". Signed by attesters: `ComputeAttestation(...)`.
interface IComputeMarket {
    /// @notice What an attester signs of a provider's compute.
    struct ComputeAttestation {
        /// Who runs the compute.
        address provider;
        /// Kind of accelerator, for example "Ascend 910C".
        bytes32 accelerator;
        /// Accelerators of that kind.
        uint64 units;
        /// Tokens that one of them delivers a second.
        uint64 tokensPerUnitSecond;
        /// Unix second from which they deliver.
        uint64 validFrom;
        /// Unix second from which they no longer do.
        uint64 validBefore;
        /// Tells attestations of otherwise equal compute apart.
        bytes32 salt;
    }

    /// @notice Compute that series are opened on.
    struct Compute {
        /// Who runs it.
        address provider;
        /// Tokens it can deliver in all.
        uint96 capacity;
        /// Tokens of them that series were opened for.
        uint96 allocated;
        /// Unix second from which it no longer delivers.
        uint64 validBefore;
    }

    /// @notice What stands behind a series.
    struct SeriesStake {
        /// Whose stake it is.
        address provider;
        /// Units of currency locked; zero once released or halted.
        uint96 locked;
    }

    /// @notice Compute was registered.
    /// @param computeId Digest that the attester signed.
    /// @param capacity Tokens it can deliver: units * tokensPerUnitSecond * seconds.
    event ComputeRegistered(
        bytes32 indexed computeId,
        address indexed provider,
        address indexed attester,
        bytes32 accelerator,
        uint64 units,
        uint64 tokensPerUnitSecond,
        uint64 validFrom,
        uint64 validBefore,
        uint256 capacity
    );
    /// @notice A provider staked.
    /// @param free Units that are staked and not locked after it.
    event Staked(address indexed provider, uint256 amount, uint256 free);
    /// @notice A provider took stake back that was not locked.
    /// @param free Units that are staked and not locked after it.
    event StakeWithdrawn(address indexed provider, uint256 amount, uint256 free);
    /// @notice A series was opened.
    /// @param stake Units of the provider's stake locked for it.
    event SeriesOpened(
        address indexed series,
        address indexed provider,
        bytes32 indexed computeId,
        bytes32 serviceClass,
        uint256 capacity,
        uint256 expiry,
        uint256 stake
    );
    /// @notice A series was halted by whom its terms name, on the ground they name.
    /// @param evidence Hash of what shows that the ground is given.
    /// @param provider Whose stake it is.
    /// @param compensation Units of the stake that went to the series for its holders.
    /// @param released Units of the stake that are no longer locked.
    event SeriesHalted(
        address indexed series,
        address indexed halter,
        bytes32 indexed ground,
        bytes32 evidence,
        address provider,
        uint256 compensation,
        uint256 released
    );
    /// @notice A series expired without a halt, and its stake is no longer locked.
    event StakeReleased(address indexed series, address indexed provider, uint256 amount);

    /// @notice The attester does not hold the role.
    error ComputeAttesterInvalid(address attester);
    /// @notice The signature is not the attester's over exactly this attestation.
    error ComputeSignatureInvalid(address attester);
    /// @notice The compute is registered already.
    error ComputeRegisteredAlready(bytes32 computeId);
    /// @notice The attestation cannot be that of compute: `term` names the field.
    error ComputeTermsInvalid(string term);
    /// @notice The compute is not registered, or is another provider's.
    error ComputeNotOfProvider(bytes32 computeId, address provider);
    /// @notice The compute can deliver `available` Tokens more than series were opened for, not `requested`.
    error ComputeCapacityExceeded(bytes32 computeId, uint256 requested, uint256 available);
    /// @notice The series expires at `expiry`, after the compute ends at `validBefore` (unix seconds).
    error ComputeEndsBefore(bytes32 computeId, uint256 expiry, uint256 validBefore);
    /// @notice The provider of the terms is not the caller.
    error ProviderNotCaller(address provider, address caller);
    /// @notice The provider is frozen outgoing in the currency, and its stake answers for nothing new.
    error ProviderFrozen(address provider);
    /// @notice A stake of nothing.
    error StakeAmountZero();
    /// @notice The provider has `available` units staked and not locked, not `requested`.
    error StakeInsufficient(address provider, uint256 requested, uint256 available);
    /// @notice The stake of the series cannot be told in units of any currency.
    error StakeTooLarge(uint256 requested, uint256 most);
    /// @notice The market did not open this series.
    error SeriesUnknown(address series);
    /// @notice The terms of the series name another halter, or none.
    error SeriesCallerNotHalter(address series, address caller, address halter);
    /// @notice A halt needs the hash of its evidence.
    error HaltWithoutEvidence(address series);
    /// @notice The stake is locked until `expiry`; chain time is `timestamp` (unix seconds).
    error StakeLocked(address series, uint256 expiry, uint256 timestamp);

    // ----------------------------------------------------------------- provider

    /// @notice Register compute that an attester has signed for. Anyone may submit it.
    /// @param attester Who signed: an account that holds the attester role.
    /// @return computeId Its id.
    /// @custom:reverts ComputeTermsInvalid when it is nobody's, nothing, or delivers for no time
    /// @custom:reverts ComputeRegisteredAlready when it is registered
    /// @custom:reverts ComputeAttesterInvalid when the attester does not hold the role
    /// @custom:reverts ComputeSignatureInvalid when the signature is not the attester's
    /// @custom:invariant INV-ONCE
    function registerCompute(
        ComputeAttestation calldata attestation,
        address attester,
        bytes calldata signature
    ) external returns (bytes32 computeId);

    /// @notice Stake currency that the caller has allowed the market to take.
    /// @param amount Units of currency.
    /// @custom:reverts StakeAmountZero when `amount` is zero
    function stake(uint256 amount) external;

    /// @notice Take stake back that is not locked.
    /// @param amount Units of currency.
    /// @custom:reverts StakeAmountZero when `amount` is zero
    /// @custom:reverts StakeInsufficient when less is free
    function withdrawStake(uint256 amount) external;

    /// @notice Open a series on compute of the caller's, which locks stake for the compensation it promises.
    /// @param terms Terms of the series; its provider is the caller.
    /// @param computeId Compute whose capacity it takes.
    /// @return series The series.
    /// @custom:reverts ProviderNotCaller when the terms name another provider
    /// @custom:reverts ProviderFrozen when the provider is frozen outgoing in the currency
    /// @custom:reverts ComputeNotOfProvider when the compute is not the caller's
    /// @custom:reverts ComputeEndsBefore when the series would outlive the compute
    /// @custom:reverts ComputeCapacityExceeded when less is left of the compute
    /// @custom:reverts StakeTooLarge when the stake is beyond any supply
    /// @custom:reverts StakeInsufficient when less is free than capacity * unitPrice * compensationBps / 10^10
    /// @custom:reverts SeriesTermsInvalid when the terms cannot be those of a series
    function openSeries(SeriesTerms calldata terms, bytes32 computeId) external returns (address series);

    /// @notice Unlock the stake of a series that expired without a halt. Anyone may call.
    /// @custom:reverts SeriesUnknown when the market did not open it
    /// @custom:reverts StakeLocked when it has not expired
    /// @custom:reverts StakeAmountZero when none is locked: it was released, the series was halted, or promises nothing
    function releaseStake(address series) external;

    // ------------------------------------------------------------------- halter

    /// @notice Halt a series before its expiry, on the ground that its terms name: what is undelivered is refunded, and
    /// compensated from the stake.
    /// @param evidence Hash of what shows that the ground is given.
    /// @custom:reverts SeriesUnknown when the market did not open it
    /// @custom:reverts SeriesCallerNotHalter when the terms name another halter
    /// @custom:reverts HaltWithoutEvidence when `evidence` is zero
    /// @custom:reverts SeriesExpired when it has expired
    /// @custom:reverts SeriesHalted when it was halted before
    /// @custom:invariant INV-BACKING
    function halt(address series, bytes32 evidence) external;

    // ---------------------------------------------------------------- registrar

    /// @notice Accept a role that was offered to this contract.
    /// @custom:reverts RoleOfferNotFound when it was not offered
    function acceptRole(uint64 roleId) external;

    // -------------------------------------------------------------------- views

    /// @notice Compute by its id.
    /// @custom:reverts ComputeNotOfProvider when it is not registered
    function compute(bytes32 computeId) external view returns (Compute memory);

    /// @notice Units that a provider has staked and that are not locked.
    function freeStake(address provider) external view returns (uint256);

    /// @notice What stands behind a series; zeros where the market did not open it.
    function seriesStake(address series) external view returns (SeriesStake memory);

    /// @notice Digest an attester signs.
    function computeDigest(ComputeAttestation calldata attestation) external view returns (bytes32);

    /// @notice What creates its series.
    function factory() external view returns (address);

    /// @notice Currency that series are sold for and stake is held in.
    function currency() external view returns (address);
}
