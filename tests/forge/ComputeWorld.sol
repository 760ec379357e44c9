// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelHub} from "../../contracts/channel/ChannelHub.sol";
import {ERC3009DepositCollector} from "../../contracts/channel/ERC3009DepositCollector.sol";
import {ComputeMarket} from "../../contracts/compute/ComputeMarket.sol";
import {JobEscrow} from "../../contracts/jobs/JobEscrow.sol";
import {UsageMeter} from "../../contracts/channel/UsageMeter.sol";
import {IComputeMarket} from "../../contracts/compute/IComputeMarket.sol";
import {IIssuanceDesk} from "../../contracts/money/IIssuanceDesk.sol";
import {ChannelConfig} from "../../contracts/core/ChannelConfig.sol";
import {SeriesContracts} from "../../contracts/compute/Series.sol";
import {CurrencyWorld} from "./CurrencyWorld.sol";
import {VM} from "./Vm.sol";

/// @title ComputeWorld
/// @notice A currency with its market, hub, collector, meter and job escrow, as `SettlementNetwork.deploy` makes them,
/// and the digests that are signed there, each in its plain form.
abstract contract ComputeWorld is CurrencyWorld {
    uint256 internal constant ATTESTER_KEY = 0xA77E;
    uint64 internal constant SETTLEMENT_REGISTRAR = 7;
    uint64 internal constant ATTESTER = 8;
    uint256 internal constant PRICE_BASIS = 1_000_000;
    uint256 internal constant BPS = 10_000;

    bytes32 private constant CHANNEL = keccak256(
        "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,"
        "address token,uint40 withdrawDelay,bytes32 salt)"
    );
    bytes32 private constant VOUCHER = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");
    bytes32 private constant REFUND = keccak256("Refund(bytes32 channelId,uint256 nonce,uint128 amount)");
    bytes32 private constant CLAIM_BATCH = keccak256(
        "ClaimBatch(ClaimEntry[] claims)ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
    );
    bytes32 internal constant CLAIM_ENTRY = keccak256(
        "ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
    );
    bytes32 private constant USAGE = keccak256(
        "UsageAttestation(address series,bytes32[] channelIds,uint256[] usages)"
    );
    bytes32 private constant APPROVAL = keccak256(
        "RefundApproval(bytes32 channelId,uint256 nonce,uint128 amount,uint128 totalClaimed)"
    );
    bytes32 private constant COMPUTE = keccak256(
        "ComputeAttestation(address provider,bytes32 accelerator,uint64 units,uint64 tokensPerUnitSecond,"
        "uint64 validFrom,uint64 validBefore,bytes32 salt)"
    );
    bytes32 private constant PURCHASE = keccak256(
        "Purchase(address series,address beneficiary,uint256 leastTokens,uint256 deadline)"
    );

    ChannelHub public immutable hub;
    ERC3009DepositCollector public immutable collector;
    UsageMeter public immutable meter;
    ComputeMarket public immutable market;
    JobEscrow public immutable escrow;
    address internal immutable attester = VM.addr(ATTESTER_KEY);
    address internal immutable settlementRegistrar = address(0x0007);

    constructor() CurrencyWorld(address(new ERC3009DepositCollector(address(new ChannelHub())))) {
        collector = ERC3009DepositCollector(_collector);
        hub = ChannelHub(collector.hub());
        meter = new UsageMeter(address(hub));
        market = new ComputeMarket(
            SeriesContracts(address(0), address(token), address(hub), address(collector), address(meter), address(0))
        );
        escrow = new JobEscrow();
        _appoint(SETTLEMENT_REGISTRAR, settlementRegistrar);
        _appoint(ATTESTER, attester);
        _restrict(address(token), token.markSettlementAccount.selector, SETTLEMENT_REGISTRAR);
        _restrict(address(market), market.acceptRole.selector, SETTLEMENT_REGISTRAR);
        _restrict(address(market), market.registerCompute.selector, ATTESTER);
        _restrict(address(market), market.setPurchasePolicy.selector, 1);
        _restrict(address(market), market.setProviderJurisdiction.selector, 1);
        access.grantRole(SETTLEMENT_REGISTRAR, address(market), 0);
        VM.prank(settlementRegistrar);
        market.acceptRole(SETTLEMENT_REGISTRAR);
        _markSettlementAccount(address(hub));
        _markSettlementAccount(address(collector));
        _markSettlementAccount(address(market));
        _markSettlementAccount(address(escrow));
    }

    function _markSettlementAccount(address account) private {
        VM.prank(settlementRegistrar);
        token.markSettlementAccount(account);
    }

    /// Give accounts some currency, once.
    function _issue(address[] memory holders, uint256 each) internal {
        uint256 amount = holders.length * each;
        IIssuanceDesk.ReserveAttestation memory reserve = IIssuanceDesk.ReserveAttestation(
            amount / FEN,
            uint64(START),
            1,
            uint64(START + 1 days)
        );
        desk.attestReserve(centralBank, reserve, _signReserve(CENTRAL_BANK_KEY, reserve));
        VM.prank(centralBank);
        desk.setIssuanceQuota(operator, amount);
        for (uint256 i = 0; i < holders.length; ++i) {
            VM.prank(operator);
            desk.issue(holders[i], each);
        }
    }

    // ------------------------------------------------------------- what is signed

    function _channelId(ChannelConfig memory config) internal view returns (bytes32) {
        return _typed(_hubDomain(), keccak256(abi.encode(CHANNEL, config)));
    }

    function _voucherDigest(bytes32 id, uint256 ceiling) internal view returns (bytes32) {
        return _typed(_hubDomain(), keccak256(abi.encode(VOUCHER, id, ceiling)));
    }

    function _refundDigest(bytes32 id, uint256 nonce, uint256 amount) internal view returns (bytes32) {
        return _typed(_hubDomain(), keccak256(abi.encode(REFUND, id, nonce, amount)));
    }

    /// @param entries Hashes of the `CLAIM_ENTRY` of each row.
    function _batchDigest(bytes32[] memory entries) internal view returns (bytes32) {
        return _typed(_hubDomain(), keccak256(abi.encode(CLAIM_BATCH, keccak256(abi.encodePacked(entries)))));
    }

    function _usageDigest(
        address series,
        bytes32[] memory ids,
        uint256[] memory usages
    ) internal view returns (bytes32) {
        bytes32 structHash = keccak256(
            abi.encode(USAGE, series, keccak256(abi.encodePacked(ids)), keccak256(abi.encodePacked(usages)))
        );
        return _typed(_domain("pysettle UsageMeter", address(meter)), structHash);
    }

    function _approvalDigest(
        bytes32 id,
        uint256 nonce,
        uint256 amount,
        uint256 totalClaimed
    ) internal view returns (bytes32) {
        bytes32 structHash = keccak256(abi.encode(APPROVAL, id, nonce, amount, totalClaimed));
        return _typed(_domain("pysettle UsageMeter", address(meter)), structHash);
    }

    function _computeId(IComputeMarket.ComputeAttestation memory attestation) internal view returns (bytes32) {
        bytes32 structHash = keccak256(abi.encode(COMPUTE, attestation));
        return _typed(_domain("pysettle ComputeMarket", address(market)), structHash);
    }

    /// The high 192 bits of the terms of a purchase, above 64 bits of the payer's own.
    function _purchaseNonce(
        address series,
        address beneficiary,
        uint256 leastTokens,
        uint256 deadline,
        uint64 own
    ) internal pure returns (bytes32) {
        bytes32 terms = keccak256(abi.encode(PURCHASE, series, beneficiary, leastTokens, deadline));
        return bytes32(((uint256(terms) >> 64) << 64) | own);
    }

    /// Plainly: rate times count, lane by lane, each sum checked.
    function _cost(uint256 card, uint256 usage) internal pure returns (uint256 tokens) {
        for (uint256 lane = 0; lane < 6; ++lane) {
            tokens += ((card >> (32 * lane)) % 2 ** 32) * ((usage >> (42 * lane)) % 2 ** 42);
        }
    }

    function _hubDomain() private view returns (bytes32) {
        return _domain("x402 Batch Settlement", address(hub));
    }
}
