// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CurrencyToken} from "../../contracts/money/CurrencyToken.sol";
import {IAtomicSettlement} from "../../contracts/settlement/IAtomicSettlement.sol";
import {ILiquidityAccounts} from "../../contracts/settlement/ILiquidityAccounts.sol";
import {Approval, Instruction, Leg, LegKind} from "../../contracts/settlement/Instruction.sol";
import {SettlementWorld} from "./SettlementWorld.sol";
import {VM} from "./Vm.sol";

/// @title SettlementMoves
/// @notice Turns numbers into calls of the settlement contracts by banks, officers, a foreign exchange and strangers.
/// @dev No model: which calls succeed is the contracts' business. The moves remember only what was asked for, and what
/// was given to nobody, so that the invariants can be looked at.
contract SettlementMoves is SettlementWorld {
    /// An instruction that was accepted, with the ids of its approvals.
    struct Accepted {
        Instruction instruction;
        uint256[] ids;
    }

    uint256 private constant MOST_IDS = 600;

    uint256 internal _time = START;
    Accepted[] private _waits;
    Accepted[] private _settled;
    mapping(address party => mapping(uint256 id => bool)) private _spent;
    mapping(bytes32 settlement => bool) private _ended;

    mapping(bytes4 selector => uint256) public successes;
    /// Units that came to the liquidity accounts as a gift.
    mapping(address currency => uint256) public donations;
    /// Approvals that were accepted with an id that was accepted or withdrawn before.
    uint256 public usedTwice;
    /// Settlements that ended after they had ended.
    uint256 public endedTwice;
    /// Calls that moved positions, and changed how many units there are in all of them.
    uint256 public created;

    // -------------------------------------------------------------- participant

    function payIn(uint256 bank, uint256 currency, uint256 amount) external {
        CurrencyToken coin = _currency(currency);
        uint256 purse = coin.balanceOf(_bank(bank));
        bytes memory data = abi.encodeCall(liquidity.payIn, (address(coin), uint96(_bound(amount, 0, purse + 1))));
        _act(_bank(bank), address(liquidity), data);
    }

    function payOut(uint256 bank, uint256 currency, uint256 amount) external {
        address coin = address(_currency(currency));
        uint96 units = _upTo(coin, _bank(bank), amount);
        _act(_bank(bank), address(liquidity), abi.encodeCall(liquidity.payOut, (coin, units)));
    }

    function donate(uint256 bank, uint256 currency, uint256 amount) external {
        CurrencyToken coin = _currency(currency);
        uint256 units = amount % (PURSE / 64);
        bytes memory data = abi.encodeCall(coin.transfer, (address(liquidity), units));
        if (_act(_bank(bank), address(coin), data)) donations[address(coin)] += units;
    }

    function withdraw(uint256 bank, uint256 id) external {
        address party = _bank(bank);
        id %= MOST_IDS;
        if (_act(party, address(settlement), abi.encodeCall(settlement.withdraw, (id)))) _spend(party, id);
    }

    // ------------------------------------------------------------- instructions

    function submit(uint256 first, uint256 second, uint256 amount, uint256 wait, uint256 form) external {
        Instruction memory instruction = _instruction(first, second, amount, form);
        if (wait % 2 == 0) {
            instruction.valueTime = uint64(_time + ((wait / 2) % 2 days));
            for (uint256 i = 0; i < instruction.legs.length; ++i) instruction.legs[i].kind = LegKind.Position;
        }
        (Approval[] memory approvals, address[] memory parties) = _approvals(instruction, form);
        bytes memory data = abi.encodeCall(settlement.submit, (instruction, approvals));
        if (!_moves(msg.sender, data)) return;
        _remember(instruction.valueTime > _time ? _waits : _settled, instruction, approvals, parties);
    }

    function submitReturn(uint256 which, uint256 amount, uint256 form) external {
        if (_settled.length == 0) return;
        Accepted storage original = _settled[which % _settled.length];
        uint256 place = (which >> 128) % original.instruction.legs.length;
        Leg memory leg = original.instruction.legs[place];
        (leg.debtor, leg.creditor) = (leg.creditor, leg.debtor);
        leg.amount = uint96(amount % (uint256(leg.amount) + 2));
        Instruction memory instruction = Instruction(new Leg[](1), 0, bytes32(form), "INTC", 0, 0, "AC03");
        instruction.legs[0] = leg;
        instruction.original = settlement.settlementIdOf(original.instruction, original.ids);
        (Approval[] memory approvals, address[] memory parties) = _approvals(instruction, form);
        uint256[] memory places = new uint256[](1);
        places[0] = place;
        bytes memory data = abi.encodeCall(
            settlement.submitReturn,
            (instruction, approvals, original.instruction, original.ids, places)
        );
        if (_moves(msg.sender, data)) _spendAll(approvals, parties);
    }

    function settle(uint256 which, uint256 time) external {
        if (_waits.length == 0) return;
        Accepted storage it = _waits[which % _waits.length];
        if (time % 4 != 0 && it.instruction.valueTime > _time) _time = it.instruction.valueTime;
        _end(it, abi.encodeCall(settlement.settle, (it.instruction, it.ids)), msg.sender);
    }

    function unwind(uint256 which, uint256 by) external {
        if (_waits.length == 0) return;
        Accepted storage it = _waits[which % _waits.length];
        address sender = by % 3 == 0 ? seizer : msg.sender;
        _end(it, abi.encodeCall(settlement.unwind, (it.instruction, it.ids)), sender);
    }

    // ----------------------------------------------------------------- officers

    function freeze(uint256 bank, uint256 currency, uint256 form) external {
        (bool out, bool into) = (form % 8 == 0, form % 9 == 0);
        address coin = address(_currency(currency));
        _act(freezer, address(liquidity), abi.encodeCall(liquidity.freeze, (coin, _bank(bank), out, into)));
        uint256 amount = form % 5 == 0 ? form % PURSE : 0;
        _act(freezer, address(liquidity), abi.encodeCall(liquidity.freezeAmount, (coin, _bank(bank), amount)));
    }

    function stop(uint256 bank, uint256 currency, uint256 form) external {
        (bool suspended, bool stopped) = (form % 8 == 0, form % 9 == 0);
        address coin = address(_currency(currency));
        bytes memory data = abi.encodeCall(registry.setStops, (coin, _bank(bank), suspended, stopped, "court"));
        _act(freezer, address(registry), data);
    }

    function seize(uint256 bank, uint256 currency, uint256 amount) external {
        address coin = address(_currency(currency));
        uint96 units = _upTo(coin, _bank(bank), amount) / 8;
        bytes memory data = abi.encodeCall(liquidity.seize, (coin, _bank(bank), _bank(amount), units, "court"));
        _act(amount % 8 == 0 ? msg.sender : seizer, address(liquidity), data);
    }

    function pause(uint256 currency, uint256 form) external {
        address coin = address(_currency(currency));
        if (form % 4 == 0) _act(pauser, address(liquidity), abi.encodeCall(liquidity.pause, (coin)));
        else _act(pauser, address(liquidity), abi.encodeCall(liquidity.unpause, (coin)));
    }

    // ----------------------------------------------------------- foreign exchange

    /// The exchange brings units first, as it does in one transaction; if it may not exchange, they are a gift.
    function exchange(uint256 bank, uint256 currency, uint256 paid, uint256 sold) external {
        (CurrencyToken brought, address taken) = (_currency(currency), address(_currency((currency % 2) + 1)));
        uint96 units = uint96(paid % (PURSE / 64));
        uint96 price = _upTo(taken, _bank(bank), sold) / 8;
        if (!_act(EXCHANGE, address(brought), abi.encodeCall(brought.transfer, (address(liquidity), units)))) return;
        bytes memory data = abi.encodeCall(liquidity.exchange, (_bank(bank), address(brought), units, taken, price));
        if (!_act(EXCHANGE, address(liquidity), data)) donations[address(brought)] += units;
    }

    /// Nobody else moves positions, whatever it asks for.
    function steal(uint256 bank, uint256 currency, uint256 amount) external {
        address coin = address(_currency(currency));
        uint96 units = _upTo(coin, _bank(bank), amount);
        address thief = _bank((bank % BANKS) + 1);
        uint256[] memory legs = _wordsOf(Leg(LegKind.Position, coin, _bank(bank), thief, units));
        address layer = address(liquidity);
        bool taken = _act(thief, layer, abi.encodeCall(liquidity.move, (coin, _bank(bank), thief, units)));
        taken = _act(thief, layer, abi.encodeCall(liquidity.moveLegs, (legs, bytes32(0)))) || taken;
        taken =
            _act(thief, layer, abi.encodeCall(liquidity.earmarkLegs, (legs, bytes32(amount), bytes32(0), 0))) || taken;
        taken = _act(thief, layer, abi.encodeCall(liquidity.deliverLegs, (legs, bytes32(amount)))) || taken;
        taken =
            _act(thief, layer, abi.encodeCall(liquidity.sendLegsHome, (legs, bytes32(amount), bytes32(0), 0))) || taken;
        taken = _act(thief, layer, abi.encodeCall(liquidity.exchange, (thief, coin, units, coin, units))) || taken;
        if (taken) ++created;
    }

    function _wordsOf(Leg memory leg) private pure returns (uint256[] memory words) {
        words = new uint256[](5);
        (words[0], words[1]) = (uint256(leg.kind), uint160(leg.asset));
        (words[2], words[3], words[4]) = (uint160(leg.debtor), uint160(leg.creditor), leg.amount);
    }

    function clearOut(uint256 bank, uint256 currency) external {
        address coin = address(_currency(currency));
        // Mostly the bank that is abroad.
        address account = _bank(bank % 8 == 0 ? bank / 8 : BANKS - 1);
        bytes memory data = abi.encodeCall(corridors.clearOut, (HERE, THERE, coin, account));
        _act(msg.sender, address(corridors), data);
    }

    // ------------------------------------------------------------- what is seen

    /// Units of a currency in all positions, available and reserved.
    function positions(address currency) public view returns (uint256 sum) {
        for (uint256 i = 0; i < BANKS; ++i) {
            ILiquidityAccounts.Position memory found = liquidity.position(currency, _bank(i));
            sum += uint256(found.available) + found.reserved;
        }
    }

    /// Units of a currency in the legs of instructions that wait.
    function waitingUnits(address currency) external view returns (uint256 sum) {
        for (uint256 i = 0; i < _waits.length; ++i) {
            Accepted storage it = _waits[i];
            bytes32 id = settlement.settlementIdOf(it.instruction, it.ids);
            if (settlement.waiting(id) != IAtomicSettlement.WaitingState.Waiting) continue;
            for (uint256 j = 0; j < it.instruction.legs.length; ++j) {
                Leg storage leg = it.instruction.legs[j];
                if (leg.asset == currency && leg.kind == LegKind.Position) sum += leg.amount;
            }
        }
    }

    /// Units of a currency at everybody.
    function held(CurrencyToken currency) external view returns (uint256 sum) {
        for (uint256 i = 0; i < BANKS; ++i) sum += currency.balanceOf(_bank(i));
        sum += currency.balanceOf(EXCHANGE) + currency.balanceOf(address(liquidity));
        return sum + currency.balanceOf(address(currency));
    }

    function issued() external pure returns (uint256) {
        return (BANKS + 1) * PURSE;
    }

    // ---------------------------------------------------------------- the calls

    function _act(address caller, address target, bytes memory data) internal returns (bool succeeded) {
        (succeeded, ) = _ask(caller, target, data);
    }

    /// A call whose answer counts.
    function _ask(
        address caller,
        address target,
        bytes memory data
    ) internal virtual returns (bool succeeded, bytes memory answer) {
        VM.warp(_time);
        VM.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded, answer) = target.call(data);
        if (succeeded) ++successes[bytes4(data)];
    }

    /// A call of the settlement contract: it moves units between positions and earmarks, and none in or out.
    function _moves(address caller, bytes memory data) private returns (bool succeeded) {
        uint256[2] memory before = [_inside(address(token)), _inside(address(other))];
        succeeded = _act(caller, address(settlement), data);
        if (before[0] != _inside(address(token)) || before[1] != _inside(address(other))) ++created;
    }

    function _inside(address currency) private view returns (uint256) {
        return positions(currency) + liquidity.earmarked(currency);
    }

    function _end(Accepted storage it, bytes memory data, address caller) private {
        bytes32 id = settlement.settlementIdOf(it.instruction, it.ids);
        if (!_moves(caller, data)) return;
        if (_ended[id]) ++endedTwice;
        _ended[id] = true;
    }

    // -------------------------------------------------------------- what is signed

    /// One to three legs between banks, some of them by allowance; one in eight is of too much.
    function _instruction(
        uint256 first,
        uint256 second,
        uint256 amount,
        uint256 form
    ) private view returns (Instruction memory instruction) {
        uint256 count = 1 + (form % 3);
        instruction = Instruction(new Leg[](count), 0, bytes32(form), "INTC", 0, 0, 0);
        for (uint256 i = 0; i < count; ++i) {
            address coin = address(_currency(form / 3 + i));
            address debtor = _bank((first % BANKS) + i);
            address creditor = _bank((second % BANKS) + 2 * i);
            uint96 units = amount % 8 == 0 ? uint96(amount % PURSE) : _upTo(coin, debtor, amount) / 4;
            LegKind kind = (form / 64 + i) % 4 == 0 ? LegKind.Token : LegKind.Position;
            instruction.legs[i] = Leg(kind, coin, debtor, creditor, units);
        }
    }

    /// The approvals of all debited parties; one in eight by another key, one in eight with an id that may be old.
    function _approvals(
        Instruction memory instruction,
        uint256 form
    ) private view returns (Approval[] memory approvals, address[] memory parties) {
        address[] memory found = new address[](instruction.legs.length);
        uint256 count = 0;
        for (uint256 i = 0; i < found.length; ++i) {
            bool known = false;
            for (uint256 j = 0; j < count; ++j) known = known || found[j] == instruction.legs[i].debtor;
            if (!known) found[count++] = instruction.legs[i].debtor;
        }
        (approvals, parties) = (new Approval[](count), new address[](count));
        for (uint256 i = 0; i < count; ++i) {
            uint256 id = (form >> 16) % 8 == 0 ? (form >> 24) % MOST_IDS : uint256(keccak256(abi.encode(form, i)));
            uint256 key = _keyOf(found[i]) + ((form >> 40) % 8 == 0 ? 1 : 0);
            uint64 until = uint64(_time + 1 hours);
            bytes memory signed = _signDigest(key, _approvalDigest(instruction, found[i], id, until));
            (approvals[i], parties[i]) = (Approval(id, until, signed), found[i]);
        }
    }

    function _keyOf(address bank) internal view returns (uint256 key) {
        for (key = 1; key < BANKS; ++key) if (_bank(key - 1) == bank) return key;
    }

    // --------------------------------------------------------- what is remembered

    function _remember(
        Accepted[] storage list,
        Instruction memory instruction,
        Approval[] memory approvals,
        address[] memory parties
    ) private {
        Accepted storage it = list.push();
        for (uint256 i = 0; i < instruction.legs.length; ++i) it.instruction.legs.push(instruction.legs[i]);
        (it.instruction.valueTime, it.instruction.endToEndId) = (instruction.valueTime, instruction.endToEndId);
        it.instruction.purpose = instruction.purpose;
        for (uint256 i = 0; i < approvals.length; ++i) it.ids.push(approvals[i].id);
        _spendAll(approvals, parties);
    }

    function _spendAll(Approval[] memory approvals, address[] memory parties) private {
        for (uint256 i = 0; i < approvals.length; ++i) _spend(parties[i], approvals[i].id);
    }

    function _spend(address party, uint256 id) private {
        if (_spent[party][id]) ++usedTwice;
        _spent[party][id] = true;
    }

    /// Units up to a little more than are available.
    function _upTo(address currency, address account, uint256 seed) internal view returns (uint96) {
        uint256 available = liquidity.position(currency, account).available;
        return uint96(_bound(seed, 0, available + available / 16 + 1));
    }
}
