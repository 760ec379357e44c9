// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {ICurrencyToken} from "../../contracts/money/ICurrencyToken.sol";
import {IIssuanceDesk} from "../../contracts/money/IIssuanceDesk.sol";
import {Calendar} from "../../contracts/core/Calendar.sol";
import {ChannelConfig} from "../../contracts/core/ChannelConfig.sol";
import {FixedAuthority} from "../../contracts/core/FixedAuthority.sol";
import {COLLECTOR, CurrencyWorld} from "./CurrencyWorld.sol";
import {VM} from "./Vm.sol";

/// @title CurrencyProperties
/// @notice What holds of a single call, whatever its numbers: of signatures, nonces, offices and sizes.
contract CurrencyProperties is CurrencyWorld(COLLECTOR) {
    uint256 private constant KEY = 0xA11CE;
    uint256 private constant HELD = 1_000_000 * FEN;
    uint256 private constant AMOUNT = 77;

    address private immutable _payer = VM.addr(KEY);

    /// The payer holds all that was issued; one fen is left to issue.
    function setUp() external {
        VM.warp(START);
        IIssuanceDesk.ReserveAttestation memory reserve = _attestation();
        desk.attestReserve(centralBank, reserve, _signReserve(CENTRAL_BANK_KEY, reserve));
        VM.prank(centralBank);
        desk.setIssuanceQuota(operator, HELD + FEN);
        VM.prank(operator);
        desk.issue(_payer, HELD);
    }

    /// Whoever holds no office has no power, of all that is restricted in the currency.
    function testOfficesAreRefusedToOthers(address caller, uint256 which) external {
        _assumeNoOffice(caller);
        bytes[10] memory calls = [
            abi.encodeCall(token.markSettlementAccount, (address(this))),
            abi.encodeCall(token.freeze, (_payer, true, true)),
            abi.encodeCall(token.freezeAmount, (_payer, 1)),
            abi.encodeCall(token.seize, (_payer, caller, 1, bytes32("order"))),
            abi.encodeCall(token.seizeCredit, (_payer, caller, 0, bytes32("order"))),
            abi.encodeCall(token.pause, ()),
            abi.encodeCall(token.unpause, ()),
            abi.encodeCall(
                token.setClassLimits,
                (ICurrencyToken.WalletClass.IV, ICurrencyToken.ClassLimits(0, 0, 0, 0))
            ),
            abi.encodeCall(token.registerWallet, (caller, ICurrencyToken.WalletClass.I, 1, 156, true)),
            abi.encodeCall(token.setAuthority, (caller))
        ];
        VM.assertTrue(!_call(address(token), caller, calls[which % calls.length]), "an office was open to anybody");
    }

    /// And of all that is restricted at its desk.
    function testOfficesOfTheDeskAreRefusedToOthers(address caller, uint256 which) external {
        _assumeNoOffice(caller);
        VM.prank(_payer);
        desk.requestRedemption(operator, FEN);
        bytes[7] memory calls = [
            abi.encodeCall(desk.setIssuanceQuota, (caller, 1)),
            abi.encodeCall(desk.setReserveRatio, (1)),
            abi.encodeCall(desk.issue, (caller, FEN)),
            abi.encodeCall(desk.takeRedemption, (1)),
            abi.encodeCall(desk.completeRedemption, (1)),
            abi.encodeCall(desk.rejectRedemption, (1)),
            abi.encodeCall(desk.setAuthority, (caller))
        ];
        VM.assertTrue(!_call(address(desk), caller, calls[which % calls.length]), "an office was open to anybody");
    }

    /// Nobody ever replaces the access manager, which would replace all offices: not even the access manager.
    function testAuthorityIsFixed(address caller, address next, uint256 which) external {
        address[4] memory callers = [caller, address(access), address(this), centralBank];
        address[2] memory targets = [address(token), address(desk)];
        for (uint256 i = 0; i < targets.length; ++i) {
            bytes memory data = abi.encodeCall(FixedAuthority.setAuthority, (next));
            VM.assertTrue(!_call(targets[i], callers[which % 4], data), "another authority");
            VM.assertTrue(FixedAuthority(targets[i]).authority() == address(access), "the authority changed");
        }
    }

    /// Units are created, held and destroyed by the desk alone: no role that is granted, and no function that is given
    /// to a role, opens these to anybody else, not even to the access manager.
    function testDeskAloneCreatesAndDestroys(address caller, uint64 role, uint256 which, uint256 amount) external {
        VM.assume(caller != address(desk) && role != type(uint64).max);
        bytes[3] memory calls = [
            abi.encodeCall(token.createTo, (caller, amount)),
            abi.encodeCall(token.holdFrom, (_payer, _bound(amount, 0, HELD))),
            abi.encodeCall(token.destroyHeld, (0))
        ];
        bytes memory data = calls[which % 3];
        for (uint64 office = 1; office <= 6; ++office) _appoint(office, caller);
        _appoint(role, caller);
        _restrict(address(token), bytes4(data), (which / 3) % 2 == 0 ? role : type(uint64).max);
        address target = address(token);
        uint256 way = (which / 6) % 3;
        if (way == 1) (target, data) = (address(access), abi.encodeCall(access.execute, (target, data)));
        if (way == 2) caller = address(access);
        VM.assertTrue(_refusal(target, caller, data) == ICurrencyToken.CallerNotDesk.selector, "INV-SUPPLY: evaded");
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
        if (seed % 8 == 2) config.receiver = address(desk);
        bool payable_ = config.receiver != address(token) && config.receiver != address(desk);
        payable_ = payable_ && config.receiver != address(0);
        VM.prank(config.receiver);
        token.setPayeeOnly(payeeOnly);
        bool allowed = _call(address(token), config.payer, abi.encodeCall(token.checkChannel, (collector, config)));
        VM.assertTrue(allowed == (payable_ && !payeeOnly && collector == COLLECTOR), "a channel");
    }

    /// What wallets show of a currency.
    function testSaysWhatItIs() external view {
        VM.assertTrue(keccak256(bytes(token.name())) == keccak256("e-CNY token (simulated)"), "name");
        VM.assertTrue(keccak256(bytes(token.symbol())) == keccak256("eCNY"), "symbol");
        VM.assertEq(token.decimals(), 6, "decimals");
        VM.assertEq(desk.minorUnit(), FEN, "minor unit");
        VM.assertTrue(desk.currency() == address(token), "the desk's currency");
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
        IIssuanceDesk.ReserveAttestation memory reserve = _attestation();
        reserve.sequence += 1;
        bytes memory signature = _signReserve(CENTRAL_BANK_KEY, reserve);
        uint256 stranger = _bound(key, 1, CENTRAL_BANK_KEY - 1);
        bytes memory forged = _signReserve(stranger, reserve);
        VM.assertTrue(!_attest(VM.addr(stranger), reserve, forged), "INV-RESERVE: by anybody");
        bytes memory forCurrency = _sign(CENTRAL_BANK_KEY, _reserveHash(reserve));
        VM.assertTrue(!_attest(centralBank, reserve, forCurrency), "INV-RESERVE: signed for the currency");
        VM.assume(change != 0);
        _changeReserve(reserve, field, change);
        VM.assertTrue(!_attest(centralBank, reserve, signature), "INV-RESERVE: a changed attestation was taken");
        _changeReserve(reserve, field, change);
        VM.assertTrue(_attest(centralBank, reserve, signature), "INV-RESERVE: refused as it was signed");
    }

    /// Whichever way somebody is paid, the currency and its desk are not: what came in could never leave.
    function testNobodyPaysCurrencyOrDesk(bool toDesk, uint256 amount, uint256 which, uint256 form) external {
        address to = toDesk ? address(desk) : address(token);
        amount = _bound(amount, 1, HELD / 3);
        _leaveCredit(amount);
        VM.prank(_payer);
        token.approve(operator, amount);
        uint256[6] memory terms = [uint256(uint160(_payer)), uint160(to), amount, START - 1, START + 1, 0];
        bytes memory signature = _sign(KEY, keccak256(abi.encode(TRANSFER, terms)));
        string memory entry = "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32";
        address[8] memory callers = [operator, _payer, address(this), operator, _payer, seizer, seizer, _payer];
        bytes[8] memory calls = [
            abi.encodeCall(desk.issue, (to, FEN)),
            abi.encodeCall(token.transfer, (to, amount)),
            abi.encodeCall(token.transfer, (to, amount)),
            abi.encodeCall(token.transferFrom, (_payer, to, amount)),
            _withSignature(entry, abi.encode(terms), signature, form),
            abi.encodeCall(token.seize, (_payer, to, amount, bytes32("order"))),
            abi.encodeCall(token.seizeCredit, (registrar, to, amount, bytes32("order"))),
            abi.encodeCall(token.claimCredit, (to, 0))
        ];
        which %= calls.length;
        bytes4 refusal = _refusal(which == 0 ? address(desk) : address(token), callers[which], calls[which]);
        VM.assertTrue(refusal == IERC20Errors.ERC20InvalidReceiver.selector, "INV-SUPPLY: paid where nobody is");
        VM.assertEq(token.balanceOf(address(desk)), 0, "INV-SUPPLY: of the desk");
        VM.assertEq(token.balanceOf(address(token)), amount, "INV-SUPPLY: of the currency");
    }

    /// No entry moves or creates more than there is, however large the number.
    function testNothingIsTooLarge(uint256 amount, uint256 which) external {
        amount = _bound(amount, HELD + FEN, type(uint256).max - 1);
        uint256 inFen = amount - (amount % FEN);
        bytes[] memory calls = new bytes[](10);
        address[10] memory callers = [
            operator,
            centralBank,
            _payer,
            _payer,
            operator,
            seizer,
            _payer,
            seizer,
            address(desk),
            address(desk)
        ];
        calls[0] = abi.encodeCall(desk.issue, (_payer, inFen));
        calls[1] = abi.encodeCall(desk.setIssuanceQuota, (operator, amount));
        calls[2] = abi.encodeCall(desk.requestRedemption, (operator, inFen));
        calls[3] = abi.encodeCall(token.transfer, (operator, amount));
        calls[4] = abi.encodeCall(token.transferFrom, (_payer, operator, amount));
        calls[5] = abi.encodeCall(token.seize, (_payer, operator, amount, bytes32("order")));
        calls[6] = abi.encodeCall(token.claimCredit, (_payer, amount));
        calls[7] = abi.encodeCall(token.seizeCredit, (_payer, operator, amount, bytes32("order")));
        calls[8] = abi.encodeCall(token.holdFrom, (_payer, amount));
        calls[9] = abi.encodeWithSelector(token.destroyHeld.selector, amount);
        VM.prank(_payer);
        token.approve(operator, type(uint256).max);
        which %= calls.length;
        bool fits = which == 1 && amount <= type(uint96).max;
        address target = which < 3 ? address(desk) : address(token);
        VM.assertTrue(_call(target, callers[which], calls[which]) == fits, "INV-SUPPLY: more than there is");
        VM.assertEq(token.totalSupply(), HELD, "INV-SUPPLY");
        VM.assertEq(token.balanceOf(_payer), HELD, "INV-SUPPLY: of the payer");
    }

    function _assumeNoOffice(address caller) private view {
        VM.assume(caller != centralBank && caller != operator && caller != otherOperator && caller != registrar);
        VM.assume(caller != freezer && caller != seizer && caller != pauser && caller != address(access));
    }

    /// This contract becomes a settlement account with some units, and the registrar, frozen, has as many as a credit.
    function _leaveCredit(uint256 amount) private {
        VM.prank(_payer);
        token.transfer(address(this), 2 * amount);
        VM.prank(registrar);
        token.markSettlementAccount(address(this));
        VM.prank(freezer);
        token.freeze(registrar, false, true);
        token.transfer(registrar, amount);
    }

    function _attestation() private view returns (IIssuanceDesk.ReserveAttestation memory) {
        return
            IIssuanceDesk.ReserveAttestation(
                HELD / FEN + 1,
                uint64(START),
                desk.reserve().sequence + 1,
                uint64(START + 1 days)
            );
    }

    function _changeReserve(
        IIssuanceDesk.ReserveAttestation memory reserve,
        uint256 field,
        uint64 change
    ) private pure {
        if (field % 4 == 0) reserve.amountFen ^= change;
        if (field % 4 == 1) reserve.asOf ^= change;
        if (field % 4 == 2) reserve.sequence ^= change;
        if (field % 4 == 3) reserve.validBefore ^= change;
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
        return _call(address(token), address(this), _withSignature(terms, abi.encode(fields), signature, form));
    }

    function _cancel(bytes memory words, bytes memory signature, uint256 form) private returns (bool) {
        return
            _call(
                address(token),
                address(this),
                _withSignature("cancelAuthorization(address,bytes32", words, signature, form)
            );
    }

    function _permit(uint256[4] memory fields, bytes memory signature) private returns (bool) {
        string memory terms = "permit(address,address,uint256,uint256";
        return _call(address(token), address(this), _withSignature(terms, abi.encode(fields), signature, 1));
    }

    function _attest(
        address bank,
        IIssuanceDesk.ReserveAttestation memory reserve,
        bytes memory signature
    ) private returns (bool) {
        return _call(address(desk), address(this), abi.encodeCall(desk.attestReserve, (bank, reserve, signature)));
    }

    function _call(address target, address caller, bytes memory data) private returns (bool succeeded) {
        VM.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded, ) = target.call(data);
    }

    /// Selector of the error that a call is refused with; zero where it is let through.
    function _refusal(address target, address caller, bytes memory data) private returns (bytes4) {
        VM.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (bool succeeded, bytes memory reason) = target.call(data);
        return succeeded ? bytes4(0) : bytes4(reason);
    }
}
