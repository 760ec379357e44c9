// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SeriesTerms} from "./Series.sol";

/// @title IComputeMarket
/// @notice Providers with their compute and stake, and the series they open in one currency.
/// @dev Tokens are bound to compute: a series is opened on compute that an attester has signed for, and permanently
/// uses a part of its capacity. A provider's stake backs the compensation that its series promise: each series locks
/// its own part, and halting another series never uses that part. The market holds stake alone. It has two powers: it
/// marks its series as settlement accounts, and it halts a series at the call of the halter in the terms of the series.
/// No administrator can reach the stake. EIP-712 domain: name "pysettle ComputeMarket", version "1". Signed by
/// attesters: `ComputeAttestation(...)`.
interface IComputeMarket {
    /// @notice An attester's signed statement on a provider's compute.
    struct ComputeAttestation {
        /// Provider that runs the compute.
        address provider;
        /// Kind of accelerator, for example "Ascend 910C".
        bytes32 accelerator;
        /// Accelerators of that kind.
        uint64 units;
        /// Tokens that one accelerator delivers a second.
        uint64 tokensPerUnitSecond;
        /// Unix second from which they deliver.
        uint64 validFrom;
        /// Unix second from which they no longer deliver.
        uint64 validBefore;
        /// Distinguishes attestations of otherwise equal compute.
        bytes32 salt;
    }

    /// @notice Registered compute, on which series are opened.
    struct Compute {
        /// Provider that runs the compute.
        address provider;
        /// Tokens that the compute can deliver in all.
        uint96 capacity;
        /// Tokens of the capacity that series use.
        uint96 allocated;
        /// Unix second from which the compute no longer delivers.
        uint64 validBefore;
    }

    /// @notice Stake of a series.
    struct SeriesStake {
        /// Provider that staked.
        address provider;
        /// Locked units of currency; zero once released or halted.
        uint96 locked;
    }

    /// @notice Compute was registered.
    /// @param computeId Digest that the attester signed.
    /// @param capacity Tokens that the compute can deliver: units * tokensPerUnitSecond * seconds.
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
    /// @param free Units staked and not locked afterwards.
    event Staked(address indexed provider, uint256 amount, uint256 free);
    /// @notice A provider withdrew free stake.
    /// @param free Units staked and not locked afterwards.
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
    /// @notice The halter of a series halted it on the ground in its terms.
    /// @param evidence Hash of the evidence for the ground.
    /// @param provider Provider that staked.
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
    /// @notice Series that are opened from now on have this policy; zero for none.
    event PurchasePolicySet(address indexed policy);
    /// @notice Providers of a jurisdiction may open series with a policy, or may not any more.
    event ProviderJurisdictionSet(uint256 indexed jurisdiction, bool admitted);

    /// @notice The attester does not hold the role.
    error ComputeAttesterInvalid(address attester);
    /// @notice The attester did not sign exactly this attestation.
    error ComputeSignatureInvalid(address attester);
    /// @notice The compute is registered already.
    error ComputeRegisteredAlready(bytes32 computeId);
    /// @notice A term of the attestation is not acceptable: `term` names the field.
    error ComputeTermsInvalid(string term);
    /// @notice The compute is not registered, or belongs to another provider.
    error ComputeNotOfProvider(bytes32 computeId, address provider);
    /// @notice `available` Tokens of the compute are free, not `requested`.
    error ComputeCapacityExceeded(bytes32 computeId, uint256 requested, uint256 available);
    /// @notice The series expires at `expiry`, after the compute ends at `validBefore` (unix seconds).
    error ComputeEndsBefore(bytes32 computeId, uint256 expiry, uint256 validBefore);
    /// @notice The provider of the terms is not the caller.
    error ProviderNotCaller(address provider, address caller);
    /// @notice The provider is frozen outgoing in the currency, so its stake cannot back a new series.
    error ProviderFrozen(address provider);
    /// @notice The market does not admit providers of this jurisdiction; zero is an unknown one.
    error ProviderJurisdictionRefused(address provider, uint256 jurisdiction);
    /// @notice There is no contract at the address of the policy.
    error PolicyWithoutCode(address policy);
    /// @notice The stake is zero.
    error StakeAmountZero();
    /// @notice The provider has `available` units staked and not locked, not `requested`.
    error StakeInsufficient(address provider, uint256 requested, uint256 available);
    /// @notice The stake of the series is larger than the supply of any currency.
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

    /// @notice Register compute that an attester has signed for. Any account may submit the attestation.
    /// @param attester Signer, which holds the attester role.
    /// @return computeId Id of the compute.
    /// @custom:reverts ComputeTermsInvalid when provider, units, rate or time of the compute is zero, or the capacity
    /// is above 96 bits
    /// @custom:reverts ComputeRegisteredAlready when the compute is registered
    /// @custom:reverts ComputeAttesterInvalid when the attester does not hold the role
    /// @custom:reverts ComputeSignatureInvalid when the attester did not sign
    /// @custom:invariant INV-ONCE
    function registerCompute(
        ComputeAttestation calldata attestation,
        address attester,
        bytes calldata signature
    ) external returns (bytes32 computeId);

    /// @notice Stake currency, within the caller's allowance to the market.
    /// @param amount Units of currency.
    /// @custom:reverts StakeAmountZero when `amount` is zero
    function stake(uint256 amount) external;

    /// @notice Withdraw free stake.
    /// @param amount Units of currency.
    /// @custom:reverts StakeAmountZero when `amount` is zero
    /// @custom:reverts StakeInsufficient when the free stake is smaller
    function withdrawStake(uint256 amount) external;

    /// @notice Open a series on the caller's compute, and lock stake for the compensation that the series promises.
    /// @param terms Terms of the series; its provider is the caller.
    /// @param computeId Compute of the series.
    /// @return series The series.
    /// @custom:reverts ProviderNotCaller when the terms name another provider
    /// @custom:reverts ProviderFrozen when the provider is frozen outgoing in the currency
    /// @custom:reverts ProviderJurisdictionRefused when purchases have a policy and the market does not admit the
    /// jurisdiction of the provider's wallet
    /// @custom:reverts ComputeNotOfProvider when the compute does not belong to the caller
    /// @custom:reverts ComputeEndsBefore when the series would outlive the compute
    /// @custom:reverts ComputeCapacityExceeded when the free capacity of the compute is smaller
    /// @custom:reverts StakeTooLarge when the stake is larger than any supply
    /// @custom:reverts StakeInsufficient when the free stake is below capacity * unitPrice * compensationBps / 10^10
    /// @custom:reverts SeriesTermsInvalid when a term is not acceptable
    function openSeries(SeriesTerms calldata terms, bytes32 computeId) external returns (address series);

    /// @notice Unlock the stake of a series that expired without a halt. Any account may call this.
    /// @custom:reverts SeriesUnknown when the market did not open the series
    /// @custom:reverts StakeLocked when the series has not expired
    /// @custom:reverts StakeAmountZero when no stake is locked: it was released, or the series was halted, or the
    /// series promises no compensation
    function releaseStake(address series) external;

    // ------------------------------------------------------------------- halter

    /// @notice Halt a series before its expiry, on the ground in its terms: holders get refunds for undelivered Tokens,
    /// and compensation from the stake.
    /// @param evidence Hash of the evidence for the ground.
    /// @custom:reverts SeriesUnknown when the market did not open the series
    /// @custom:reverts SeriesCallerNotHalter when the terms name another halter
    /// @custom:reverts HaltWithoutEvidence when `evidence` is zero
    /// @custom:reverts SeriesExpired when the series has expired
    /// @custom:reverts SeriesHalted when the series was halted before
    /// @custom:invariant INV-BACKING
    function halt(address series, bytes32 evidence) external;

    // ------------------------------------------------------------- central bank

    /// @notice Set the policy of series that are opened from now on; the series that exist keep theirs.
    /// @param policy The policy; zero for none.
    /// @custom:reverts PolicyWithoutCode when there is no contract at the address
    function setPurchasePolicy(address policy) external;

    /// @notice Admit providers of a jurisdiction to open series with a policy, or end that.
    /// @param jurisdiction ISO 3166-1 number.
    function setProviderJurisdiction(uint256 jurisdiction, bool admitted) external;

    // ---------------------------------------------------------------- registrar

    /// @notice Accept a role that was offered to this contract.
    /// @custom:reverts RoleOfferNotFound when it was not offered
    function acceptRole(uint64 roleId) external;

    // -------------------------------------------------------------------- views

    /// @notice Compute by its id.
    /// @custom:reverts ComputeNotOfProvider when it is not registered
    function compute(bytes32 computeId) external view returns (Compute memory);

    /// @notice Free stake of a provider: units staked and not locked.
    function freeStake(address provider) external view returns (uint256);

    /// @notice Stake of a series; zeros if the market did not open the series.
    function seriesStake(address series) external view returns (SeriesStake memory);

    /// @notice Digest an attester signs.
    function computeDigest(ComputeAttestation calldata attestation) external view returns (bytes32);

    /// @notice Policy of the series that are opened now; zero for none.
    function purchasePolicy() external view returns (address);

    /// @notice Whether providers of a jurisdiction may open series with a policy.
    function isAdmitted(uint256 jurisdiction) external view returns (bool);

    /// @notice Factory that creates the series of the market.
    function factory() external view returns (address);

    /// @notice Currency of the series' prices and of the stake.
    function currency() external view returns (address);
}
