// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICurrencyToken} from "../../contracts/money/ICurrencyToken.sol";
import {Calendar} from "../../contracts/core/Calendar.sol";
import {ChannelConfig} from "../../contracts/core/ChannelConfig.sol";
import {COLLECTOR, CurrencyWorld} from "./CurrencyWorld.sol";
import {VM} from "./Vm.sol";

/// @title CurrencyProperties
/// @notice What holds of a single call, whatever its numbers: of signatures, nonces, offices and sizes.
contract CurrencyProperties is CurrencyWorld(COLLECTOR) {
    uint256 private constant KEY = 0xA11CE;
    uint256 private constant HELD = 1_000_000 * FEN;
    uint256 private constant AMOUNT = 77;

    address private immutable _payer = VM.addr(KEY);

    function setUp() external {
        VM.warp(START);
        ICurrencyToken.ReserveAttestation memory reserve = _attestation();
        token.attestReserve(centralBank, reserve, _sign(CENTRAL_BANK_KEY, keccak256(abi.encode(RESERVE, reserve))));
        VM.prank(centralBank);
        token.setIssuanceQuota(operator, HELD);
        VM.prank(operator);
        token.issue(_payer, HELD);
    }

    /// Whoever holds no office has no power, of all that is restricted.
    function testOfficesAreRefusedToOthers(address caller, uint256 which) external {
        VM.assume(caller != centralBank && caller != operator && caller != otherOperator && caller != registrar);
        VM.assume(caller != freezer && caller != seizer && caller != pauser && caller != address(access));
        bytes[] memory calls = new bytes[](16);
        calls[0] = abi.encodeCall(token.setIssuanceQuota, (caller, 1));
        calls[1] = abi.encodeCall(token.issue, (caller, FEN));
        calls[2] = abi.encodeCall(token.completeRedemption, (1));
        calls[3] = abi.encodeCall(token.rejectRedemption, (1));
        calls[4] = abi.encodeCall(token.markSettlementAccount, (address(this)));
        calls[5] = abi.encodeCall(token.freeze, (_payer, true, true));
        calls[6] = abi.encodeCall(token.freezeAmount, (_payer, 1));
        calls[7] = abi.encodeCall(token.seize, (_payer, caller, 1, bytes32("order")));
        calls[8] = abi.encodeCall(token.pause, ());
        calls[9] = abi.encodeCall(token.unpause, ());
        calls[10] = abi.encodeCall(token.setReserveRatio, (1));
        calls[11] = abi.encodeCall(
            token.setClassLimits,
            (ICurrencyToken.WalletClass.IV, ICurrencyToken.ClassLimits(0, 0, 0, 0))
        );
        calls[12] = abi.encodeCall(token.takeRedemption, (1));
        calls[13] = abi.encodeCall(token.registerWallet, (caller, ICurrencyToken.WalletClass.I, 1, 156, true));
        calls[14] = abi.encodeCall(token.seizeCredit, (_payer, caller, 0, bytes32("order")));
        calls[15] = abi.encodeCall(token.setAuthority, (caller));
        VM.assertTrue(!_call(caller, calls[which % calls.length]), "an office was open to anybody");
    }

    /// Nobody ever replaces the access manager, which would replace all offices: not even the access manager.
    function testAuthorityIsFixed(address caller, address next, uint256 which) external {
        address[4] memory callers = [caller, address(access), address(this), centralBank];
        VM.assertTrue(!_call(callers[which % 4], abi.encodeCall(token.setAuthority, (next))), "another authority");
        VM.assertTrue(token.authority() == address(access), "the authority changed");
    }

    /// The year of a day is that which counting days year by year from 1970 gives.
    function testYearOfADay(uint16 day) external pure {
        uint256 year = 1970;
        for (uint256 left = day; ; ++year) {
            uint256 length = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) ? 366 : 365;
            if (left < length) break;
            left -= length;
        }
        VM.assertEq(Calendar.yearOf(day), year, "the year of a day");
    }

    /// An authorization, of either kind, pays what was signed and nothing else: no field can be changed.
    function testAuthorizationIsOfAllItsFields(bool received, uint256 field, uint256 change, uint256 form) external {
        bytes32 typeHash = received ? RECEIVE : TRANSFER;
        uint256[6] memory fields = _payment(bytes32(uint256(1)));
        bytes memory signature = _sign(KEY, keccak256(abi.encode(typeHash, fields)));
        _change(fields, field, change);
        VM.assertTrue(!_authorize(received, fields, signature, form), "a changed authorization was let through");
        VM.assertTrue(
            !_authorize(!received, _payment(bytes32(uint256(1))), signature, form),
            "taken by the other entry"
        );
        VM.assertTrue(_authorize(received, _payment(bytes32(uint256(1))), signature, form), "refused as it was signed");
        VM.assertEq(token.balanceOf(_payer), HELD - AMOUNT, "INV-SUPPLY: what was signed is paid");
        VM.assertTrue(!_authorize(received, _payment(bytes32(uint256(1))), signature, form), "INV-ONCE: paid twice");
    }

    /// A nonce is cancelled by its own authorizer's signature only.
    function testCancellationIsOfItsAuthorizer(bytes32 nonce, uint256 key, uint256 form) external {
        bytes memory words = abi.encode(_payer, nonce);
        bytes32 structHash = keccak256(bytes.concat(CANCEL, words));
        VM.assertTrue(!_cancel(words, _sign(_bound(key, 1, KEY - 1), structHash), form), "cancelled by another");
        VM.assertTrue(!token.authorizationState(_payer, nonce), "spent by another");
        VM.assertTrue(_cancel(words, _sign(KEY, structHash), form), "refused as it was signed");
        VM.assertTrue(token.authorizationState(_payer, nonce), "INV-ONCE: a cancelled nonce");
        VM.assertTrue(!_authorize(false, _payment(nonce), _signed(nonce), form), "INV-ONCE: paid after it");
    }

    /// No channel pays an account that wants to submit what it is paid itself, nor one that nobody can pay; and none is
    /// paid in through another collector.
    function testChannelsToAPayeeOnlyAccount(
        ChannelConfig memory config,
        address collector,
        bool payeeOnly,
        uint256 seed
    ) external {
        if (seed % 8 != 1) collector = COLLECTOR;
        if (seed % 4 == 0) config.receiver = address(token);
        bool payable_ = config.receiver != address(token) && config.receiver != address(0);
        VM.prank(config.receiver);
        token.setPayeeOnly(payeeOnly);
        bool allowed = _call(config.payer, abi.encodeCall(token.checkChannel, (collector, config)));
        VM.assertTrue(allowed == (payable_ && !payeeOnly && collector == COLLECTOR), "a channel");
    }

    /// What wallets show of a currency.
    function testSaysWhatItIs() external view {
        VM.assertTrue(keccak256(bytes(token.name())) == keccak256("e-CNY token (simulated)"), "name");
        VM.assertTrue(keccak256(bytes(token.symbol())) == keccak256("eCNY"), "symbol");
        VM.assertEq(token.decimals(), 6, "decimals");
        VM.assertEq(token.minorUnit(), FEN, "minor unit");
    }

    /// Nonces are one and the same if their low 64 bits are, and strangers to each other otherwise.
    function testNoncesAreOfTheirLow64Bits(bytes32 spent, bytes32 other, uint256 bit) external {
        other = bit % 3 == 0 ? bytes32(uint256(spent) ^ (1 << (bit % 256))) : other;
        VM.assertTrue(_authorize(false, _payment(spent), _signed(spent), 1), "the first is paid");
        bool same = uint64(uint256(spent)) == uint64(uint256(other));
        VM.assertTrue(token.authorizationState(_payer, spent), "a spent nonce");
        VM.assertTrue(token.authorizationState(_payer, other) == same, "another nonce");
        VM.assertTrue(!token.authorizationState(address(this), spent), "another's nonce");
        VM.assertTrue(
            _authorize(false, _payment(other), _signed(other), 1) == !same,
            "INV-ONCE: by place of the nonce"
        );
    }

    /// A permit gives what was signed and nothing else.
    function testPermitIsOfAllItsFields(uint256 field, uint256 change) external {
        uint256[4] memory fields = [uint256(uint160(_payer)), uint256(uint160(operator)), AMOUNT, START];
        bytes32 structHash = keccak256(abi.encode(PERMIT, fields[0], fields[1], fields[2], 0, fields[3]));
        bytes memory signature = _sign(KEY, structHash);
        VM.assume(change != 0);
        fields[field % 4] ^= change;
        VM.assertTrue(!_permit(fields, signature), "a changed permit was let through");
        fields[field % 4] ^= change;
        VM.assertTrue(_permit(fields, signature), "refused as it was signed");
        VM.assertEq(token.allowance(_payer, operator), AMOUNT, "what was signed is allowed");
        VM.assertTrue(!_permit(fields, signature), "INV-ONCE: permitted twice");
    }

    /// An attestation of the reserve is the central bank's, over all its fields.
    function testAttestationIsOfAllItsFields(uint256 field, uint64 change, uint256 key) external {
        ICurrencyToken.ReserveAttestation memory reserve = _attestation();
        reserve.sequence += 1;
        bytes32 structHash = keccak256(abi.encode(RESERVE, reserve));
        bytes memory signature = _sign(CENTRAL_BANK_KEY, structHash);
        uint256 stranger = _bound(key, 1, CENTRAL_BANK_KEY - 1);
        VM.assertTrue(!_attest(VM.addr(stranger), reserve, _sign(stranger, structHash)), "INV-RESERVE: by anybody");
        VM.assume(change != 0);
        if (field % 4 == 0) reserve.amountFen ^= change;
        if (field % 4 == 1) reserve.asOf ^= change;
        if (field % 4 == 2) reserve.sequence ^= change;
        if (field % 4 == 3) reserve.validBefore ^= change;
        VM.assertTrue(!_attest(centralBank, reserve, signature), "INV-RESERVE: a changed attestation was taken");
    }

    /// No entry moves or creates more than there is, however large the number.
    function testNothingIsTooLarge(uint256 amount, uint256 which) external {
        amount = _bound(amount, HELD + FEN, type(uint256).max - 1);
        bytes[] memory calls = new bytes[](8);
        address[8] memory callers = [_payer, operator, _payer, seizer, operator, centralBank, _payer, seizer];
        calls[0] = abi.encodeCall(token.transfer, (operator, amount));
        calls[1] = abi.encodeCall(token.transferFrom, (_payer, operator, amount));
        calls[2] = abi.encodeCall(token.requestRedemption, (operator, amount - (amount % FEN)));
        calls[3] = abi.encodeCall(token.seize, (_payer, operator, amount, bytes32("order")));
        calls[4] = abi.encodeCall(token.issue, (_payer, amount - (amount % FEN)));
        calls[5] = abi.encodeCall(token.setIssuanceQuota, (operator, amount));
        calls[6] = abi.encodeCall(token.claimCredit, (_payer, amount));
        calls[7] = abi.encodeCall(token.seizeCredit, (_payer, operator, amount, bytes32("order")));
        VM.prank(_payer);
        token.approve(operator, type(uint256).max);
        which %= calls.length;
        bool fits = which == 5 && amount <= type(uint96).max;
        VM.assertTrue(_call(callers[which], calls[which]) == fits, "INV-SUPPLY: more than there is");
        VM.assertEq(token.totalSupply(), HELD, "INV-SUPPLY");
        VM.assertEq(token.balanceOf(_payer), HELD, "INV-SUPPLY: of the payer");
    }

    function _attestation() private view returns (ICurrencyToken.ReserveAttestation memory) {
        return
            ICurrencyToken.ReserveAttestation(
                HELD / FEN,
                uint64(START),
                token.reserve().sequence + 1,
                uint64(START + 1 days)
            );
    }

    /// From, to, value, valid after, valid before, nonce; this contract is the payee.
    function _payment(bytes32 nonce) private view returns (uint256[6] memory) {
        return [uint256(uint160(_payer)), uint160(address(this)), AMOUNT, START - 1, START + 1, uint256(nonce)];
    }

    function _signed(bytes32 nonce) private view returns (bytes memory) {
        return _sign(KEY, keccak256(abi.encode(TRANSFER, _payment(nonce))));
    }

    function _change(uint256[6] memory fields, uint256 field, uint256 change) private pure {
        VM.assume(change != 0);
        fields[field % 6] ^= change;
    }

    function _authorize(
        bool received,
        uint256[6] memory fields,
        bytes memory signature,
        uint256 form
    ) private returns (bool) {
        string memory name = received ? "receiveWithAuthorization" : "transferWithAuthorization";
        string memory terms = string.concat(name, "(address,address,uint256,uint256,uint256,bytes32");
        return _call(address(this), _withSignature(terms, abi.encode(fields), signature, form));
    }

    function _cancel(bytes memory words, bytes memory signature, uint256 form) private returns (bool) {
        return _call(address(this), _withSignature("cancelAuthorization(address,bytes32", words, signature, form));
    }

    function _permit(uint256[4] memory fields, bytes memory signature) private returns (bool) {
        string memory terms = "permit(address,address,uint256,uint256";
        return _call(address(this), _withSignature(terms, abi.encode(fields), signature, 1));
    }

    function _attest(
        address bank,
        ICurrencyToken.ReserveAttestation memory reserve,
        bytes memory signature
    ) private returns (bool) {
        return _call(address(this), abi.encodeCall(token.attestReserve, (bank, reserve, signature)));
    }

    function _call(address caller, bytes memory data) private returns (bool succeeded) {
        VM.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded, ) = address(token).call(data);
    }
}
