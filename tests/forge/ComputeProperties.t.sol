// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {ComputeToken} from "../../contracts/compute/ComputeToken.sol";
import {IComputeMarket} from "../../contracts/compute/IComputeMarket.sol";
import {IComputeToken} from "../../contracts/compute/IComputeToken.sol";
import {IDepositCollector} from "../../contracts/channel/IDepositCollector.sol";
import {RefundApproval} from "../../contracts/channel/IUsageMeter.sol";
import {ChannelHash} from "../../contracts/channel/ChannelHash.sol";
import {Signatures} from "../../contracts/core/Signatures.sol";
import {ChannelConfig} from "../../contracts/core/ChannelConfig.sol";
import {ClaimResult, MeteredClaim, Voucher, VoucherClaim} from "../../contracts/channel/Channel.sol";
import {RateCard, Usage} from "../../contracts/compute/RateCard.sol";
import {SeriesContracts, SeriesTerms} from "../../contracts/compute/Series.sol";
import {Coin, Signer} from "./ComputeCast.sol";
import {ComputeWorld} from "./ComputeWorld.sol";
import {VM} from "./Vm.sol";

/// @title ComputeProperties
/// @notice What holds of a single call at the compute layer, whatever its numbers: of signatures and their fields, of
/// what is written by hand beside its plain form, and of prices.
contract ComputeProperties is ComputeWorld, IDepositCollector {
    uint256 private constant KEY = 0xA11CE;
    uint256 private constant PROVIDER_KEY = 0xB0B;
    uint256 private constant HELD = 1e22;
    uint128 private constant DEPOSITED = 1_000;
    uint128 private constant CEILING = 600;
    uint64 private constant UNIT_PRICE = 150_000;
    uint256 private constant CARD = 1 | (30 << 32) | (90 << 64) | (2 << 96) | (60 << 128) | (180 << 160);
    string private constant NAME = "Tokens of a series";

    address private immutable _payer = VM.addr(KEY);
    address private immutable _provider = VM.addr(PROVIDER_KEY);
    Signer private immutable _wallet = new Signer(VM.addr(KEY));
    ComputeToken private _series;
    Coin private _coin;
    Coin private _otherCoin;

    function setUp() external {
        VM.warp(START);
        address[] memory holders = new address[](2);
        (holders[0], holders[1]) = (_payer, address(this));
        _issue(holders, HELD);
        (_coin, _otherCoin) = (new Coin(holders), new Coin(holders));
        _series = _create(UNIT_PRICE, type(uint96).max, CARD);
    }

    /// As a collector: bring what a deposit of coins needs, for whatever payer.
    function collect(address, address token_, uint256 amount, bytes32, bytes calldata) external {
        Coin(token_).transfer(address(hub), amount);
    }

    // -------------------------------------------------------------------- channels

    /// A voucher is of its channel's terms and its ceiling: none of them can be changed.
    function testVoucherIsOfAllItsFields(uint256 field, uint256 change) external {
        ChannelConfig memory config = _config();
        ChannelConfig memory other = _config();
        uint128 ceiling = CEILING;
        if (field % 8 == 7) ceiling = uint128(_other(CEILING, change, type(uint128).max));
        else _changeConfig(other, field % 8, change);
        bytes memory signature = _signDigest(KEY, _voucherDigest(_channelId(config), CEILING));
        _deposit(config);
        if (field % 8 != 7) _deposit(other);
        VoucherClaim memory row = VoucherClaim(Voucher(other, ceiling), signature, 1);
        VM.assertTrue(_tryClaim(row) > ClaimResult.NothingNew, "a changed voucher was taken");
        VM.assertTrue(!_claim(row), "a changed voucher was taken by the claim that is all or nothing");
        row.voucher = Voucher(config, CEILING);
        VM.assertTrue(_tryClaim(row) == ClaimResult.Claimed, "refused as it was signed");
        row.totalClaimed = CEILING + 1;
        VM.assertTrue(_tryClaim(row) == ClaimResult.AboveCeiling, "INV-USAGE: above the ceiling");
    }

    /// A refund is signed for one channel, nonce and amount, and is made once.
    function testRefundIsOfAllItsFields(uint256 field, uint256 change) external {
        ChannelConfig memory config = _config();
        ChannelConfig memory other = _config();
        (uint128 amount, uint256 nonce) = (77, 0);
        bytes memory signature = _signDigest(PROVIDER_KEY, _refundDigest(_channelId(config), 0, 77));
        if (field % 9 == 7) amount = uint128(_other(77, change, DEPOSITED));
        else if (field % 9 == 8) nonce = _other(0, change, type(uint256).max);
        else _changeConfig(other, field % 9, change);
        _deposit(config);
        if (field % 9 < 7) _deposit(other);
        VM.assertTrue(!_refund(other, amount, nonce, signature), "a changed refund was made");
        VM.assertTrue(_refund(config, 77, 0, signature), "refused as it was signed");
        (uint128 balance, ) = hub.channels(_channelId(config));
        VM.assertEq(balance, DEPOSITED - 77, "INV-CHANNEL: what was signed is returned");
        VM.assertTrue(!_refund(config, 77, 0, signature), "INV-ONCE: refunded twice");
    }

    /// The approval of a provider lets the meter answer for one refund, as long as nothing more is claimed.
    function testApprovalIsOfAllItsFields(uint256 field, uint256 change) external {
        ChannelConfig memory config = _tokenConfig(KEY, 0);
        _depositTokens(KEY, config, DEPOSITED);
        _claimTokens(config, 100);
        bytes32 id = _channelId(config);
        bytes memory signature = _signDigest(PROVIDER_KEY, _approvalDigest(id, 0, 77, 100));
        RefundApproval memory approval = RefundApproval(config, 0, 77, 100, signature);
        bytes32 hash = _refundDigest(id, 0, 77);
        VM.assertTrue(_isApproved(hash, approval), "refused as it was signed");
        uint256 which = field % 5;
        if (which == 0) approval.amount = uint128(_other(77, change, type(uint128).max));
        if (which == 1) approval.nonce = _other(0, change, type(uint256).max);
        if (which == 2) approval.totalClaimed = uint128(_other(100, change, type(uint128).max));
        if (which == 3) approval.config.salt = bytes32(_other(uint256(config.salt), change, type(uint256).max));
        // The digest of what is changed, which the hub would ask for then; or another, for what is not.
        bytes32 changed = _refundDigest(_channelId(approval.config), approval.nonce, approval.amount);
        if (which == 4) changed = bytes32(_other(uint256(hash), change, type(uint256).max));
        VM.assertTrue(!_isApproved(changed, approval), "a changed approval was taken");
        VM.assertTrue(which == 4 || !_isApproved(hash, approval), "an approval was taken for another refund");
        _claimTokens(config, 101);
        approval = RefundApproval(config, 0, 77, 100, signature);
        VM.assertTrue(!_isApproved(hash, approval), "an approval outlived a claim");
    }

    /// Usage is attested by the provider of the series, for exactly these channels, counters and order.
    function testUsageIsOfAllItsFields(uint256 field, uint256 change, uint256 key) external {
        bytes memory signatures;
        MeteredClaim[] memory rows = new MeteredClaim[](2);
        for (uint256 i = 0; i < 2; ++i) {
            ChannelConfig memory config = _tokenConfig(KEY, i);
            _depositTokens(KEY, config, DEPOSITED);
            rows[i] = _row(config, 100, CEILING);
            signatures = bytes.concat(signatures, _signDigest(KEY, _voucherDigest(_channelId(config), CEILING)));
        }
        bytes memory attestation = _attested(_series, rows, PROVIDER_KEY);
        bytes memory forged = _attested(_series, rows, _bound(key, 1, PROVIDER_KEY - 1));
        VM.assertTrue(!_claimMetered(_series, rows, signatures, forged), "INV-USAGE: attested by another");
        uint256 place = change % 2;
        MeteredClaim memory honest = rows[place];
        rows[place] = _row(_tokenConfig(KEY, place), Usage.unwrap(honest.usage), CEILING);
        if (field % 7 == 0) rows[place].usage = Usage.wrap(_other(100, change, type(uint256).max));
        if (field % 7 == 1) rows[place].salt = bytes32(_other(place, change, type(uint256).max));
        if (field % 7 == 2) rows[place].withdrawDelay = uint40(_other(1 hours, change, type(uint40).max));
        if (field % 7 == 3) rows[place].payer = address(uint160(_other(uint160(_payer), change, type(uint160).max)));
        if (field % 7 == 4) rows[place].payerAuthorizer = address(uint160(_other(0, change, type(uint160).max)));
        if (field % 7 == 5) (rows[0], rows[1]) = (rows[1], rows[0]);
        if (field % 7 == 6) attestation = _attestedFor(address(_create(1, 1, CARD)), _series, rows, PROVIDER_KEY);
        VM.assertTrue(!_claimMetered(_series, rows, signatures, attestation), "INV-USAGE: changed usage was taken");
        if (field % 7 == 5) (rows[0], rows[1]) = (rows[1], rows[0]);
        rows[place] = honest;
        attestation = _attested(_series, rows, PROVIDER_KEY);
        VM.assertTrue(_claimMetered(_series, rows, signatures, attestation), "refused as it was signed");
    }

    /// What the hub claims of metered rows, it claims by the plain computation: ids and digests by its views, prices
    /// lane by lane, never above ceiling or balance.
    function testMeteredClaimIsThePlainOne(
        uint256 card,
        uint256[4] calldata usages,
        uint128[4] calldata ceilings,
        uint256 seed
    ) external {
        ComputeToken of_ = _create(1, type(uint96).max, card >> 64);
        MeteredClaim[] memory rows = new MeteredClaim[](_bound(seed, 1, 4));
        uint256[] memory wanted = new uint256[](rows.length);
        bytes memory signatures;
        for (uint256 i = 0; i < rows.length; ++i) {
            (rows[i], wanted[i]) = _drawn(of_, usages[i], ceilings[i], uint256(keccak256(abi.encode(seed, i))));
            bool forged = (seed >> (8 + i)) % 8 == 0;
            if (forged) wanted[i] = 0;
            bytes32 digest = hub.getVoucherDigest(
                hub.getChannelId(_configOf(rows[i], of_)),
                uint128(rows[i].maxClaimableAmount)
            );
            signatures = bytes.concat(signatures, _signDigest(forged ? KEY + 1 : KEY, digest));
        }
        uint256[2] memory claimed = _plainly(of_, rows, wanted);
        bytes memory attestation = _attested(of_, rows, PROVIDER_KEY);
        VM.assertTrue(_claimMetered(of_, rows, signatures, attestation), "a claim was refused as a whole");
        for (uint256 i = 0; i < rows.length; ++i) {
            (, uint128 total) = hub.channels(hub.getChannelId(_configOf(rows[i], of_)));
            VM.assertEq(total, claimed[uint256(rows[i].salt)], "INV-USAGE: not what the plain computation claims");
        }
        (uint128 sum, ) = hub.receivers(address(of_), address(of_));
        VM.assertEq(sum, claimed[0] + claimed[1], "INV-CHANNEL: not what the rows claimed together");
    }

    /// A row of one of two channels, which hold something, and what it wants.
    function _drawn(
        ComputeToken of_,
        uint256 usage,
        uint256 ceiling,
        uint256 seed
    ) private returns (MeteredClaim memory row, uint256 wanted) {
        // Of few counts or of many, and now and then with a bit too high.
        usage >>= 4 + ((seed >> 8) % 2 == 0 ? 0 : (seed >> 9) % 248);
        if (seed % 16 == 0) usage |= 1 << (252 + ((seed >> 16) % 4));
        row = _row(_tokenConfig(KEY, (seed >> 24) % 2), usage, ceiling >> ((seed >> 32) % 64));
        ChannelConfig memory config = _configOf(row, of_);
        (uint128 balance, ) = hub.channels(hub.getChannelId(config));
        // Mostly more than any usage costs, and now and then less.
        if (balance == 0)
            _depositTokens(KEY, config, uint128((2 ** 80) >> ((seed >> 64) % 4 == 0 ? (seed >> 66) % 80 : 0)));
        wanted = usage >> 252 == 0 ? _least(_cost(RateCard.unwrap(of_.rateCard()), usage), row.maxClaimableAmount) : 0;
    }

    /// What is claimed in the end of each of the two channels.
    function _plainly(
        ComputeToken of_,
        MeteredClaim[] memory rows,
        uint256[] memory wanted
    ) private view returns (uint256[2] memory claimed) {
        for (uint256 i = 0; i < rows.length; ++i) {
            (uint128 balance, ) = hub.channels(hub.getChannelId(_configOf(rows[i], of_)));
            uint256 salt = uint256(rows[i].salt);
            uint256 most = _least(wanted[i], balance);
            if (most > claimed[salt]) claimed[salt] = most;
        }
    }

    /// Ids of many rows and digests of vouchers, which are written by hand, are those of the plain form.
    function testHashesAreThePlainOnes(
        bytes32 domain,
        address[3] calldata parties,
        MeteredClaim[] calldata rows
    ) external view {
        (bytes32[] memory ids, uint256[] memory usages) = this.read(domain, parties, rows);
        VM.assertEq(ids.length, rows.length, "an id for each row");
        VM.assertEq(usages.length, rows.length, "a usage for each row");
        for (uint256 i = 0; i < rows.length; ++i) {
            ChannelConfig memory config = ChannelConfig(
                rows[i].payer,
                rows[i].payerAuthorizer,
                parties[0],
                parties[1],
                parties[2],
                rows[i].withdrawDelay,
                rows[i].salt
            );
            VM.assertTrue(ids[i] == ChannelHash.channelId(domain, config), "the id of a channel");
            VM.assertTrue(hub.getChannelId(config) == _channelId(config), "the id as the hub tells it");
            VM.assertEq(usages[i], Usage.unwrap(rows[i].usage), "usage");
            uint128 ceiling = uint128(rows[i].maxClaimableAmount);
            VM.assertTrue(hub.getVoucherDigest(ids[i], ceiling) == _voucherDigest(ids[i], ceiling), "a voucher");
            VM.assertTrue(
                hub.getRefundDigest(ids[i], usages[i], ceiling) == _refundDigest(ids[i], usages[i], ceiling),
                "a refund"
            );
        }
    }

    /// What `testHashesAreThePlainOnes` asks about rows that are call data.
    function read(
        bytes32 domain,
        address[3] calldata parties,
        MeteredClaim[] calldata rows
    ) external pure returns (bytes32[] memory ids, uint256[] memory words) {
        Usage[] memory usages;
        (ids, usages) = ChannelHash.read(domain, parties[0], parties[1], parties[2], rows);
        words = new uint256[](usages.length);
        for (uint256 i = 0; i < usages.length; ++i) words[i] = Usage.unwrap(usages[i]);
    }

    // ------------------------------------------------------------------ signatures

    /// One answer whether somebody signed, and it is OpenZeppelin's: of keys, of contracts, of nobody; whatever r, s
    /// and v, at any length.
    function testSignaturesAreOpenZeppelins(
        uint256 how,
        bytes32 digest,
        bytes32 r,
        bytes32 s,
        bytes calldata any
    ) external view {
        // A digest is a hash: of 28 zero bytes at its beginning the precompile that repeats what it is told would make
        // an answer that counts.
        digest = keccak256(abi.encode(digest));
        bytes memory signature = _mangled(how % 16, digest, r, s, any);
        address[4] memory signers = [_payer, address(_wallet), address(this), address(uint160((how >> 8) % 12))];
        address signer = signers[(how >> 4) % 4];
        // A key that nobody has: whom the signature recovers, if anybody.
        if (how % 16 == 8) signer = ecrecover(digest, uint8(signature[64]), r, s);
        if (how % 16 == 12) digest = keccak256(abi.encode(digest, r));
        bool expected = SignatureChecker.isValidSignatureNow(signer, digest, signature);
        VM.assertTrue(!expected || signer != _payer || how % 16 != 4, "a signature has two forms");
        VM.assertTrue(
            expected || how % 16 != 0 || signer == address(this) || signer < address(12),
            "refused as signed"
        );
        _checkSignature(signer, digest, signature, expected);
    }

    function _mangled(
        uint256 how,
        bytes32 digest,
        bytes32 r,
        bytes32 s,
        bytes calldata any
    ) private pure returns (bytes memory signature) {
        signature = _signDigest(KEY, digest);
        (bytes32 honestR, bytes32 honestS) = abi.decode(signature, (bytes32, bytes32));
        uint8 v = uint8(signature[64]);
        if (how == 1) return abi.encodePacked(honestR, s, v);
        if (how == 2) return abi.encodePacked(r, honestS, v);
        if (how == 3) return abi.encodePacked(honestR, honestS, uint8(uint256(r)));
        if (how == 4) return abi.encodePacked(honestR, _highS(honestS), uint8(v == 27 ? 28 : 27));
        if (how == 5) return abi.encodePacked(honestR, _highS(honestS), v);
        if (how == 6) return abi.encodePacked(honestR, honestS, v, any);
        if (how == 7) return any;
        if (how == 8) return abi.encodePacked(r, s, uint8(27 + (uint256(digest) % 2)));
        if (how == 9) return abi.encodePacked(honestR, _compact(honestS, v));
        if (how == 10) return abi.encodePacked(bytes32(0), honestS, v);
        if (how == 11) return abi.encodePacked(honestR, bytes32(0), v);
    }

    function _checkSignature(address signer, bytes32 digest, bytes memory signature, bool expected) private view {
        VM.assertTrue(this.isValidWithin(signer, digest, signature) == expected, "one of many signatures");
        VM.assertTrue(this.isValidCalldata(signer, digest, signature) == expected, "a signature of call data");
        VM.assertTrue(Signatures.isValid(signer, digest, signature) == expected, "a signature in memory");
        if (signature.length != 65) return;
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        bool isValid = Signatures.isValid(signer, digest, uint8(signature[64]), r, s);
        VM.assertTrue(isValid == expected, "a signature in parts");
    }

    function isValidWithin(address signer, bytes32 digest, bytes calldata signature) external view returns (bool) {
        return Signatures.isValidWithin(signer, digest, signature, 200_000);
    }

    function isValidCalldata(address signer, bytes32 digest, bytes calldata signature) external view returns (bool) {
        return Signatures.isValidCalldata(signer, digest, signature);
    }

    // ------------------------------------------------------------------------ market

    /// Compute is attested by an attester, over all its fields, and once.
    function testComputeIsOfAllItsFields(uint256 field, uint256 change, uint256 key) external {
        IComputeMarket.ComputeAttestation memory attestation = IComputeMarket.ComputeAttestation(
            _provider,
            "Ascend 910C",
            8,
            50,
            uint64(START),
            uint64(START + 30 days),
            0
        );
        bytes memory signature = _signDigest(ATTESTER_KEY, _computeId(attestation));
        uint256 stranger = _bound(key, 1, ATTESTER_KEY - 1);
        bytes memory forged = _signDigest(stranger, _computeId(attestation));
        VM.assertTrue(!_register(attestation, VM.addr(stranger), forged), "attested by anybody");
        VM.assertTrue(!_register(attestation, attester, forged), "attested by another");
        uint256[7] memory words = abi.decode(abi.encode(attestation), (uint256[7]));
        uint256[7] memory sizes = [uint256(160), 256, 64, 64, 64, 64, 256];
        words[field % 7] = _other(words[field % 7], change, type(uint256).max >> (256 - sizes[field % 7]));
        attestation = abi.decode(abi.encode(words), (IComputeMarket.ComputeAttestation));
        VM.assertTrue(!_register(attestation, attester, signature), "a changed attestation was taken");
        VM.assertTrue(market.computeDigest(attestation) == _computeId(attestation), "the digest");
        if (attestation.provider == address(0)) return;
        bytes memory another = _signDigest(ATTESTER_KEY, _computeId(attestation));
        if (_register(attestation, attester, another)) {
            uint256 period = attestation.validBefore - attestation.validFrom;
            uint256 capacity = market.compute(_computeId(attestation)).capacity;
            VM.assertEq(capacity, uint256(attestation.units) * attestation.tokensPerUnitSecond * period, "capacity");
            VM.assertTrue(!_register(attestation, attester, another), "INV-ONCE: registered twice");
        }
    }

    // ------------------------------------------------------------------------ series

    /// A purchase is of what its payer signed: the payment by the signature, the terms by its nonce.
    function testPurchaseIsOfAllItsFields(uint256 field, uint256 change, uint256 tokens, uint64 own) external {
        tokens = _bound(tokens, 1, 1_000_000_000);
        uint256 price = _series.priceRoundedUp(tokens);
        uint256 bought = (price * PRICE_BASIS) / UNIT_PRICE;
        uint256 deadline = START + 60;
        bytes32 nonce = _purchaseNonce(address(_series), address(this), bought, deadline, own);
        uint256[8] memory fields = [
            uint256(uint160(_payer)),
            price,
            START - 1,
            START + 60,
            uint256(nonce),
            uint160(address(this)),
            bought,
            deadline
        ];
        bytes memory signature = _signedPayment(RECEIVE, address(_series), price, nonce);
        uint256 honest = fields[field % 8];
        fields[field % 8] = _other(
            honest,
            change,
            field % 8 == 0 || field % 8 == 5 ? type(uint160).max : type(uint256).max
        );
        VM.assertTrue(!_purchase(fields, signature), "a changed purchase was made");
        fields[field % 8] = honest;
        bytes memory stock = _signedPayment(TRANSFER, address(_series), price, nonce);
        VM.assertTrue(!_purchase(fields, stock), "a stock payment was taken for a purchase by terms");
        VM.assertTrue(!_purchaseByTransfer(_series, price, nonce, signature), "the terms were stripped");
        VM.assertTrue(_purchase(fields, signature), "refused as it was signed");
        VM.assertEq(_series.balanceOf(address(this)), bought, "INV-SUPPLY: what was bought");
        VM.assertEq(token.balanceOf(address(_series)), price, "INV-BACKING: what was paid");
        VM.assertTrue(!_purchase(fields, signature), "INV-ONCE: bought twice");
    }

    /// A nonce carries the terms in its high 192 bits, each of them, and what the payer likes in the low 64.
    function testNonceCarriesTheTerms(
        uint256 bit,
        address beneficiary,
        uint256 leastTokens,
        uint256 deadline
    ) external {
        deadline = _bound(deadline, START + 1, type(uint256).max - 1);
        bytes32 terms = _series.purchaseTermsHash(beneficiary, leastTokens, deadline);
        bytes32 plain = _purchaseNonce(address(_series), beneficiary, leastTokens, deadline, uint64(uint256(terms)));
        VM.assertTrue(terms == plain, "the hash of the terms");
        bytes32 nonce = bytes32(uint256(terms) ^ (1 << (bit % 256)));
        uint256[8] memory fields = [
            uint256(uint160(_payer)),
            1,
            START - 1,
            START + 60,
            uint256(nonce),
            uint160(beneficiary),
            leastTokens,
            deadline
        ];
        bytes memory answer = _refusalOfPurchase(fields, "");
        bool refused = bytes4(answer) == IComputeToken.PurchaseNonceInvalid.selector;
        VM.assertTrue(refused == (bit % 256 > 63), "a nonce of other terms");
    }

    /// A price is rounded up, what backs Tokens down. A payment buys the most Tokens of that price; one that is the
    /// price of no number of Tokens buys none.
    function testPricesGoBackAndForth(uint64 unitPrice, uint256 tokens, uint256 value) external {
        if (unitPrice == 0) unitPrice = 1;
        ComputeToken of_ = _create(unitPrice, type(uint96).max, CARD);
        tokens = _bound(tokens, 1, _least(type(uint96).max, ((HELD / 2) * PRICE_BASIS) / unitPrice + 1));
        uint256 price = of_.priceRoundedUp(tokens);
        VM.assertEq(price, (tokens * unitPrice + PRICE_BASIS - 1) / PRICE_BASIS, "a price");
        VM.assertEq(of_.backingRoundedDown(tokens), (tokens * unitPrice) / PRICE_BASIS, "INV-BACKING");
        value = value % 4 == 0 ? _bound(value / 4, 0, HELD) : price + (value % 4) - 1;
        if (price > HELD) return;
        bool exact = of_.priceRoundedUp((value * PRICE_BASIS) / unitPrice) == value && value != 0 && value <= HELD;
        bytes memory signature = _signedPayment(TRANSFER, address(of_), value, bytes32(value));
        VM.assertTrue(_purchaseByTransfer(of_, value, bytes32(value), signature) == exact, "a payment");
        VM.assertEq(token.balanceOf(address(of_)), exact ? value : 0, "INV-BACKING: what was paid");
        if (!exact) return;
        uint256 bought = of_.balanceOf(_payer);
        VM.assertEq(of_.priceRoundedUp(bought), value, "a payment is not the price of what it bought");
        VM.assertTrue(of_.priceRoundedUp(bought + 1) > value, "a payment buys less than it could");
        VM.assertTrue(value != price || bought >= tokens, "the price of Tokens buys fewer");
        VM.assertTrue(value * PRICE_BASIS >= bought * unitPrice, "INV-BACKING: bought for less than backs it");
    }

    /// Digests as the contracts tell them to who signs, and what wallets show of a series.
    function testSaysWhatItIs(bytes32[] calldata ids, uint256 nonce, uint128 amount, uint128 claimed) external view {
        uint256[] memory usages = new uint256[](ids.length);
        Usage[] memory same = new Usage[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            usages[i] = uint256(keccak256(abi.encode(ids[i])));
            same[i] = Usage.wrap(usages[i]);
        }
        address of_ = address(_series);
        VM.assertTrue(meter.usageDigest(of_, ids, same) == _usageDigest(of_, ids, usages), "usage");
        bytes32 id = keccak256(abi.encode(ids));
        bytes32 approval = meter.refundApprovalDigest(id, nonce, amount, claimed);
        VM.assertTrue(approval == _approvalDigest(id, nonce, amount, claimed), "an approval");
        bytes32 batch = hub.getClaimBatchDigest(new VoucherClaim[](0));
        VM.assertTrue(batch == _batchDigest(new bytes32[](0)), "a batch of no claims");
        VM.assertEq(_series.decimals(), 0, "decimals");
        VM.assertTrue(keccak256(bytes(_series.name())) == keccak256(bytes(NAME)), "name");
        VM.assertTrue(_series.DOMAIN_SEPARATOR() == _domain(NAME, of_), "domain");
    }

    /// Nobody ever replaces the access manager of a market, which would replace its attesters: not even that manager.
    function testAuthorityIsFixed(address caller, address next, bool byManager) external {
        if (byManager) caller = address(access);
        VM.assertTrue(!_call(caller, address(market), abi.encodeCall(market.setAuthority, (next))), "another");
        VM.assertTrue(market.authority() == address(access), "the authority changed");
    }

    // ------------------------------------------------------------------- the scene

    function _create(uint64 unitPrice, uint96 capacity, uint256 card) private returns (ComputeToken) {
        SeriesTerms memory terms;
        (terms.name, terms.symbol, terms.provider) = (NAME, "TKN", _provider);
        (terms.unitPrice, terms.capacity, terms.expiry) = (unitPrice, capacity, uint40(START + 30 days));
        terms.rateCard = RateCard.wrap(card);
        return
            new ComputeToken(
                terms,
                SeriesContracts(
                    address(market),
                    address(token),
                    address(hub),
                    address(collector),
                    address(meter),
                    address(0)
                )
            );
    }

    /// A channel of currency to the provider, which is also who authorises claims.
    function _config() private view returns (ChannelConfig memory) {
        return ChannelConfig(_payer, address(0), _provider, _provider, address(_coin), 1 hours, 0);
    }

    function _tokenConfig(uint256 key, uint256 salt) private view returns (ChannelConfig memory config) {
        config = ChannelConfig(VM.addr(key), address(0), address(_series), address(meter), address(0), 1 hours, 0);
        (config.token, config.salt) = (address(_series), bytes32(salt));
    }

    function _row(
        ChannelConfig memory config,
        uint256 usage,
        uint256 ceiling
    ) private pure returns (MeteredClaim memory) {
        return
            MeteredClaim(
                config.payer,
                config.payerAuthorizer,
                config.withdrawDelay,
                config.salt,
                Usage.wrap(usage),
                ceiling
            );
    }

    function _configOf(MeteredClaim memory row, ComputeToken of_) private view returns (ChannelConfig memory) {
        return
            ChannelConfig(
                row.payer,
                row.payerAuthorizer,
                address(of_),
                address(meter),
                address(of_),
                row.withdrawDelay,
                row.salt
            );
    }

    /// Some other terms that a deposit is taken for: field by field, in the order of the struct.
    function _changeConfig(ChannelConfig memory config, uint256 field, uint256 change) private view {
        address other = VM.addr(_bound(change, 1, KEY - 1));
        if (field == 0) config.payer = other;
        if (field == 1) config.payerAuthorizer = other;
        if (field == 2) config.receiver = other;
        if (field == 3) config.receiverAuthorizer = other;
        if (field == 4) config.token = address(_otherCoin);
        if (field == 5) {
            config.withdrawDelay = uint40(15 minutes + _other(45 minutes, change, 30 days - 15 minutes));
        }
        if (field == 6) config.salt = bytes32(_other(0, change, type(uint256).max));
    }

    function _deposit(ChannelConfig memory config) private {
        hub.deposit(config, DEPOSITED, address(this), "");
    }

    /// Buy Tokens for a payer, and deposit them by its signature.
    function _depositTokens(uint256 key, ChannelConfig memory config, uint128 amount) private {
        ComputeToken of_ = ComputeToken(config.token);
        token.approve(address(of_), type(uint256).max);
        of_.purchase(config.payer, amount, type(uint256).max);
        bytes32 nonce = keccak256(abi.encode(_channelId(config), 0));
        bytes32 structHash = keccak256(
            abi.encode(RECEIVE, config.payer, address(collector), amount, START - 1, START + 60, nonce)
        );
        bytes memory signature = _signDigest(key, _typed(_domain(NAME, address(of_)), structHash));
        hub.deposit(config, amount, address(collector), abi.encode(START - 1, START + 60, 0, signature));
    }

    function _claimTokens(ChannelConfig memory config, uint256 total) private {
        MeteredClaim[] memory rows = new MeteredClaim[](1);
        rows[0] = _row(config, total, CEILING);
        bytes memory signature = _signDigest(KEY, _voucherDigest(_channelId(config), CEILING));
        VM.assertTrue(_claimMetered(_series, rows, signature, _attested(_series, rows, PROVIDER_KEY)), "a claim");
    }

    function _tryClaim(VoucherClaim memory row) private returns (ClaimResult) {
        VoucherClaim[] memory rows = new VoucherClaim[](1);
        rows[0] = row;
        VM.prank(row.voucher.channel.receiver);
        return hub.tryClaim(rows)[0];
    }

    function _claim(VoucherClaim memory row) private returns (bool) {
        VoucherClaim[] memory rows = new VoucherClaim[](1);
        rows[0] = row;
        return _call(row.voucher.channel.receiver, address(hub), abi.encodeCall(hub.claim, (rows)));
    }

    function _refund(
        ChannelConfig memory config,
        uint128 amount,
        uint256 nonce,
        bytes memory signature
    ) private returns (bool) {
        bytes memory data = abi.encodeCall(hub.refundWithSignature, (config, amount, nonce, signature));
        return _call(address(this), address(hub), data);
    }

    function _isApproved(bytes32 hash, RefundApproval memory approval) private view returns (bool) {
        return meter.isValidSignature(hash, abi.encode(approval)) == meter.isValidSignature.selector;
    }

    function _attested(ComputeToken of_, MeteredClaim[] memory rows, uint256 key) private view returns (bytes memory) {
        return _attestedFor(address(of_), of_, rows, key);
    }

    function _attestedFor(
        address stated,
        ComputeToken of_,
        MeteredClaim[] memory rows,
        uint256 key
    ) private view returns (bytes memory) {
        bytes32[] memory ids = new bytes32[](rows.length);
        uint256[] memory usages = new uint256[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            (ids[i], usages[i]) = (_channelId(_configOf(rows[i], of_)), Usage.unwrap(rows[i].usage));
        }
        return _signDigest(key, _usageDigest(stated, ids, usages));
    }

    function _claimMetered(
        ComputeToken of_,
        MeteredClaim[] memory rows,
        bytes memory signatures,
        bytes memory attestation
    ) private returns (bool) {
        bytes memory data = abi.encodeCall(
            hub.claimMetered,
            (address(of_), address(of_), address(meter), rows, signatures, attestation)
        );
        return _call(address(this), address(hub), data);
    }

    function _register(
        IComputeMarket.ComputeAttestation memory attestation,
        address signer,
        bytes memory signature
    ) private returns (bool) {
        bytes memory data = abi.encodeCall(market.registerCompute, (attestation, signer, signature));
        return _call(address(this), address(market), data);
    }

    function _signedPayment(
        bytes32 typeHash,
        address to,
        uint256 value,
        bytes32 nonce
    ) private view returns (bytes memory) {
        return _sign(KEY, keccak256(abi.encode(typeHash, _payer, to, value, START - 1, START + 60, nonce)));
    }

    function _purchase(uint256[8] memory fields, bytes memory signature) private returns (bool) {
        return _call(address(this), address(_series), _encoded(fields, signature));
    }

    function _refusalOfPurchase(uint256[8] memory fields, bytes memory signature) private returns (bytes memory why) {
        // solhint-disable-next-line avoid-low-level-calls
        (, why) = address(_series).call(_encoded(fields, signature));
    }

    /// The eight words of a purchase, the place of the signature, and the signature, filled up.
    function _encoded(uint256[8] memory fields, bytes memory signature) private pure returns (bytes memory) {
        bytes memory words = bytes.concat(
            ComputeToken.purchaseWithAuthorization.selector,
            abi.encode(fields),
            abi.encode(uint256(288), signature.length)
        );
        return bytes.concat(words, signature, bytes31(0));
    }

    function _purchaseByTransfer(
        ComputeToken of_,
        uint256 value,
        bytes32 nonce,
        bytes memory signature
    ) private returns (bool) {
        bytes memory data = abi.encodeCall(
            of_.purchaseWithTransferAuthorization,
            (_payer, value, START - 1, START + 60, nonce, signature)
        );
        return _call(address(this), address(of_), data);
    }

    function _call(address caller, address target, bytes memory data) private returns (bool succeeded) {
        VM.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded, ) = target.call(data);
    }

    /// Half the order of the curve twice, and one: what s and its other form add up to.
    function _highS(bytes32 s) private pure returns (bytes32) {
        return bytes32(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141 - uint256(s));
    }

    /// The short form of EIP-2098.
    function _compact(bytes32 s, uint8 v) private pure returns (bytes32) {
        return bytes32(uint256(s) | (uint256(v - 27) << 255));
    }

    /// Any number up to the most, but not this one.
    function _other(uint256 value, uint256 change, uint256 most) private pure returns (uint256) {
        uint256 other = change % most;
        return other < value ? other : other + 1;
    }

    function _least(uint256 one, uint256 other) private pure returns (uint256) {
        return one < other ? one : other;
    }
}
