// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BatchHeader, Item, PairLink, ProposedSet} from "../../contracts/settlement/Clearing.sol";
import {IClearingHouse} from "../../contracts/settlement/IClearingHouse.sol";
import {ICorridors} from "../../contracts/settlement/ICorridors.sol";
import {ClearingSets} from "./ClearingSets.sol";
import {VM} from "./Vm.sol";

/// @title ClearingMoves
/// @notice Turns numbers into calls of the clearing house by its participants, central banks, operators and anybody,
/// between the moves of positions and instructions (`SettlementMoves`).
contract ClearingMoves is ClearingSets {
    /// A batch that its debtor wants to queue.
    struct Wanted {
        address debtor;
        uint256 currency;
        uint256 priority;
        uint16 to;
        uint256[] items;
        bytes32 pair;
    }

    address internal constant OPERATOR = address(0x0C1E);
    /// 06:00 to 18:00 UTC on each day.
    uint256 private constant DAYTIME = (((360 | (1_080 << 12)) * (2 ** 168 - 1)) / (2 ** 24 - 1)) | (1_440 << 192);
    uint256 private constant RECENT = 48;

    /// Calls with the money or the items of others that succeeded.
    uint256 public stolen;
    /// Proposals that broke one rule, by the error with which they were refused, and the rule.
    mapping(bytes4 reason => mapping(uint256 fault => uint256)) public refusals;

    /// Cycles run, and each bank has reserved a quarter of its units: a sequence is too short to begin with nothing.
    constructor() {
        for (uint256 i = 0; i < 2; ++i) {
            address coin = address(_currency(i));
            VM.prank(centralBank);
            clearing.setOperator(coin, OPERATOR);
            for (uint256 j = 0; j < BANKS; ++j) {
                VM.prank(_bank(j));
                liquidity.payIn(coin, uint96(PURSE / 2));
                VM.prank(_bank(j));
                liquidity.reserve(coin, uint96(PURSE / 4));
            }
        }
    }

    // -------------------------------------------------------------- participant

    function reserve(uint256 bank, uint256 currency, uint256 amount) external {
        address coin = address(_currency(currency));
        uint96 units = _upTo(coin, _bank(bank), amount);
        _act(_bank(bank), address(liquidity), abi.encodeCall(liquidity.reserve, (coin, units)));
    }

    function release(uint256 bank, uint256 currency, uint256 amount, uint256 by) external {
        address coin = address(_currency(currency));
        uint256 held = liquidity.position(coin, _bank(bank)).reserved;
        // Mostly a little, so that others find the units.
        uint96 units = uint96(_bound(amount, 0, by % 8 == 1 ? held + 1 : held / 8));
        bytes memory data = abi.encodeCall(liquidity.release, (coin, _bank(bank), units));
        _act(by % 4 == 0 ? seizer : _bank(bank), address(liquidity), data);
    }

    function queue(uint256 bank, uint256 currency, uint256 form, uint256 amount) external {
        Wanted memory wanted;
        (wanted.debtor, wanted.currency) = (_bank(bank), currency % 2);
        wanted.to = _isAbroad(bank) || form % 4 != 0 ? HERE : THERE;
        wanted.items = new uint256[](1 + ((form >> 8) % 4));
        for (uint256 i = 0; i < wanted.items.length; ++i) {
            // One last item in eight is owed to another country than the others, or to the debtor itself.
            bool isElsewhere = i + 1 == wanted.items.length && (form >> 32) % 8 == 0;
            uint256 creditor = _creditor(bank, (wanted.to == HERE) != isElsewhere ? HERE : THERE, form >> (16 + 4 * i));
            wanted.items[i] = _item(currency, _bank(creditor), amount, i);
        }
        wanted.priority = (form >> 40) % 64 == 0 ? 4 : (form >> 46) % 4;
        _queue(wanted, form);
    }

    /// Two banks queue a half each. In one of three pairs the second half is not there, or is not what both agreed to:
    /// it has another amount than the agreed one, another debtor or creditor, or the currency of the first.
    function queuePair(uint256 first, uint256 second, uint256 form, uint256 amount) external {
        if (first % BANKS == second % BANKS) second = (second % BANKS) + 1;
        uint256 kind = (form >> 24) % 16;
        uint256 third = _third(first, second);
        Wanted memory ours = _wantedHalf(first, second, form, amount);
        Wanted memory theirs = _wantedHalf(
            kind == 2 ? third : second,
            kind == 3 ? third : first,
            kind == 4 ? form : form ^ 1,
            ~amount
        );
        ours.pair = keccak256(abi.encode(_halfOf(ours), _halfOf(theirs)));
        theirs.pair = ours.pair;
        if (kind == 1) ++theirs.items[0];
        uint256 place = _queue(ours, form);
        if (place == 0 || kind == 0) return;
        uint256 partner = _queue(theirs, form >> 1);
        if (partner == 0) return;
        (_queued[place - 1].partner, _queued[partner - 1].partner) = (partner, place);
        if (kind > 4) (_queued[place - 1].isPaired, _queued[partner - 1].isPaired) = (true, true);
    }

    function setHeld(uint256 which, uint256 form) external {
        if (_queued.length == 0) return;
        uint256 place = _recent(which);
        Queued storage it = _queued[place];
        (uint256 waits, uint256 held) = _itemsOf(it);
        bool isHolding = form % 2 == 0;
        uint256 marks = _some(isHolding ? waits : held, form);
        address coin = address(_currency(it.currency));
        bytes memory data = abi.encodeCall(clearing.setHeld, (coin, _proposed(it, marks), isHolding));
        _change(_debtorOrAnother(it, form), place, marks, data);
    }

    function cancel(uint256 which, uint256 form) external {
        if (_queued.length == 0) return;
        uint256 place = _recent(which);
        Queued storage it = _queued[place];
        uint256 marks = _some(_all(it) & ~((form >> 8) % 8 == 0 ? 0 : it.settled | it.removed), form);
        address coin = address(_currency(it.currency));
        bytes memory data = abi.encodeCall(clearing.cancel, (coin, _proposed(it, marks)));
        if (_change(_debtorOrAnother(it, form), place, marks, data)) it.removed |= marks;
    }

    /// A creditor rejects all items of a batch that are owed to it, or also others.
    function reject(uint256 which, uint256 form) external {
        if (_queued.length == 0) return;
        uint256 place = _recent(which);
        Queued storage it = _queued[place];
        uint256 creditor = Item.wrap(it.items[form % it.items.length]).creditor();
        uint256 marks = 0;
        for (uint256 i = 0; i < it.items.length; ++i) {
            bool isOwn = Item.wrap(it.items[i]).creditor() == creditor || (form >> 8) % 8 == 0;
            if (isOwn && (it.settled | it.removed) & (1 << i) == 0) marks |= 1 << i;
        }
        address coin = address(_currency(it.currency));
        address by = registry.accountOf(coin, creditor);
        bytes memory data = abi.encodeCall(clearing.reject, (coin, _proposed(it, marks), "AC03"));
        if (_change(by, place, marks, data)) it.removed |= marks;
    }

    // ------------------------------------------------------------------- cycles

    function setOperator(uint256 currency, uint256 form) external {
        address coin = address(_currency(currency));
        address by = form % 16 == 0 ? address(0) : OPERATOR;
        _act(centralBank, address(clearing), abi.encodeCall(clearing.setOperator, (coin, by)));
    }

    function closeCycle(uint256 currency, uint256 wait, uint256 by) external {
        address coin = address(_currency(currency));
        bool isOperator = by % 4 != 0;
        if (wait % 4 != 0) _waitFor(currency, isOperator ? 5 minutes : OPERATOR_ALONE);
        _act(isOperator ? OPERATOR : msg.sender, address(clearing), abi.encodeCall(clearing.closeCycle, (coin)));
    }

    function endCycle(uint256 currency, uint256 wait, uint256 by) external {
        address coin = address(_currency(currency));
        bool isOperator = by % 4 != 0;
        if (wait % 4 == 0) _waitFor(currency, LONGEST_CLOSED);
        _act(isOperator ? OPERATOR : msg.sender, address(clearing), abi.encodeCall(clearing.endCycle, (coin)));
    }

    /// One currency, or both together, which pairs need. Pairs settle seldom: each of them is first proposed wrongly.
    function settleCycle(uint256 form, uint256 by) external {
        bool[2] memory isUsed = [form % 4 != 0, form % 4 != 1];
        (ProposedSet[] memory sets, PairLink[] memory links) = _propose(_search(isUsed, Fault.None));
        if (links.length != 0) _breakRules(isUsed);
        _settle(sets, links, form, by);
    }

    function settleWrongly(uint256 form) external {
        _breakRules([form % 8 != 0, form % 8 != 1]);
    }

    /// Somebody changes one thing of a right proposal.
    function settleChanged(uint256 form, uint256 by) external {
        bool[2] memory isUsed = [(form >> 8) % 4 != 0, (form >> 8) % 4 != 1];
        (ProposedSet[] memory sets, PairLink[] memory links) = _propose(_search(isUsed, Fault.None));
        (sets, links) = _changed(sets, links, form >> 16);
        _settle(sets, links, form >> 4, by);
    }

    function setHours(uint256 currency, uint256 form) external {
        address coin = address(_currency(currency));
        bytes memory data = abi.encodeCall(corridors.setWeek, (coin, form % 2 == 0 ? 0 : DAYTIME));
        _act(centralBank, address(corridors), data);
    }

    /// After the hours of a currency anybody clears a bank of the other country.
    function clearOutAfterHours(uint256 currency, uint256 bank) external {
        bool isHere = currency % 2 == 0;
        address coin = address(_currency(currency));
        if (corridors.week(coin) == 0) return;
        if (corridors.isOpenAt(coin, _time)) _time += (42 hours - (_time % 1 days)) % 1 days;
        (uint16 from, uint16 to) = isHere ? (HERE, THERE) : (THERE, HERE);
        address account = _bank(isHere ? BANKS - 1 : bank % (BANKS - 1));
        _act(msg.sender, address(corridors), abi.encodeCall(corridors.clearOut, (from, to, coin, account)));
    }

    /// Nobody else moves reserved units or items, whatever it asks for.
    function stealNets(uint256 bank, uint256 currency, uint256 amount) external {
        address coin = address(_currency(currency));
        (address owner, address thief) = (_bank(bank), _bank((bank % BANKS) + 1));
        uint96 units = liquidity.position(coin, owner).reserved;
        uint256[] memory received = new uint256[](BANKS + 1);
        uint256[] memory paid = new uint256[](BANKS + 1);
        (received[(amount % BANKS) + 1], paid[(((amount % BANKS) + 1) % BANKS) + 1]) = (units, units);
        bytes memory nets = abi.encodeCall(liquidity.settleNets, (coin, amount, _banks(), received, paid));
        bool taken = _act(thief, address(liquidity), nets);
        taken = _act(thief, address(liquidity), abi.encodeCall(liquidity.release, (coin, owner, units))) || taken;
        taken = _act(thief, address(clearing), abi.encodeCall(clearing.setOperator, (coin, thief))) || taken;
        if (taken) ++stolen;
    }

    // ---------------------------------------------------------------- internals

    /// @return place Place of the batch in the list, and one; zero if it was refused.
    function _queue(Wanted memory wanted, uint256 form) private returns (uint256 place) {
        address coin = address(_currency(wanted.currency));
        bytes32 payload = (form >> 64) % 8 == 0 ? bytes32(0) : bytes32(form);
        for (uint256 i = 0; i < wanted.items.length && payload != 0; ++i) {
            _signPayload(wanted.debtor, coin, wanted.items[i], payload);
        }
        bytes memory data = abi.encodeCall(
            clearing.queue,
            (coin, wanted.priority, wanted.to, payload, wanted.items, wanted.pair)
        );
        (bool isQueued, bytes memory answer) = _ask(wanted.debtor, address(clearing), data);
        if (!isQueued) return 0;
        Queued storage it = _queued.push();
        (it.currency, it.header) = (wanted.currency, abi.decode(answer, (BatchHeader)));
        (it.payload, it.pair, it.items) = (payload, wanted.pair, wanted.items);
        place = _queued.length;
        if (_placeOf[coin][it.header.id()] != 0) ++itemsTwice;
        _placeOf[coin][it.header.id()] = place;
    }

    function _wantedHalf(
        uint256 debtor,
        uint256 creditor,
        uint256 form,
        uint256 amount
    ) private view returns (Wanted memory wanted) {
        (wanted.debtor, wanted.currency) = (_bank(debtor), form % 2);
        (wanted.priority, wanted.to) = ((form >> 16) % 4, _isAbroad(creditor) ? THERE : HERE);
        wanted.items = new uint256[]((form >> 8) % 8 == 0 ? 1 : 2 + ((form >> 12) % 2));
        for (uint256 i = 0; i < wanted.items.length; ++i) {
            wanted.items[i] = _item(wanted.currency, _bank(creditor), amount, i);
        }
    }

    /// Both institutions sign each item that needs a payload.
    function _signPayload(address debtor, address coin, uint256 word, bytes32 payload) private {
        Item item = Item.wrap(word);
        address creditor = registry.accountOf(coin, item.creditor());
        if (item.amount() < TRAVEL || creditor == address(0)) return;
        ICorridors.TravelPayload memory statement = ICorridors.TravelPayload(
            debtor,
            creditor,
            coin,
            item.amount(),
            payload
        );
        bytes32 digest = corridors.digestOf(statement);
        bytes memory ours = _signDigest(_keyOf(debtor), digest);
        bytes memory theirs = _signDigest(_keyOf(creditor), digest);
        _act(debtor, address(corridors), abi.encodeCall(corridors.signPayload, (statement, ours, theirs)));
    }

    /// Each rule is broken alone, where there is something to break it with, while the operator may settle.
    function _breakRules(bool[2] memory isUsed) private {
        for (uint256 i = 0; i < 2; ++i) isUsed[i] = isUsed[i] && _isSettling(i);
        for (uint256 i = 1; i <= uint256(type(Fault).max); ++i) {
            Search memory search = _search(isUsed, Fault(i));
            (ProposedSet[] memory sets, PairLink[] memory links) = _propose(search);
            if (!_isWrong(search)) continue;
            bytes memory answer = _settleSets(OPERATOR, sets, abi.encodeCall(clearing.settleCycle, (sets, links)));
            if (answer.length != 0) ++refusals[bytes4(answer)][i];
        }
    }

    function _settle(ProposedSet[] memory sets, PairLink[] memory links, uint256 form, uint256 by) private {
        bool isOperator = by % 4 != 0;
        if (!isOperator && (form >> 8) % 2 == 0) {
            for (uint256 i = 0; i < 2; ++i) {
                bool isClosed = clearing.cycleOf(address(_currency(i))).state == IClearingHouse.CycleState.Closed;
                if (isClosed) _waitFor(i, OPERATOR_ALONE);
            }
        }
        bytes memory data = abi.encodeCall(clearing.settleCycle, (sets, links));
        if (sets.length != 0) _settleSets(isOperator ? OPERATOR : msg.sender, sets, data);
    }

    /// Whether the operator of a currency may settle.
    function _isSettling(uint256 currency) private view returns (bool) {
        Seen memory seen = _seen(currency);
        if (seen.cycle.operator != OPERATOR || seen.isPaused) return false;
        return seen.cycle.state == IClearingHouse.CycleState.Open || _isClosed(seen);
    }

    function _waitFor(uint256 currency, uint256 span) private {
        uint256 earliest = clearing.cycleOf(address(_currency(currency))).since + span;
        if (earliest > _time) _time = earliest;
    }

    /// A bank of the country, and not the debtor.
    function _creditor(uint256 bank, uint16 to, uint256 number) private pure returns (uint256) {
        if (to == THERE) return BANKS - 1;
        number %= BANKS - 1;
        return number == bank % BANKS ? (number + 1) % (BANKS - 1) : number;
    }

    /// A bank that is neither of two.
    function _third(uint256 first, uint256 second) private pure returns (uint256 third) {
        third = (first % BANKS) + 1;
        if (third % BANKS == second % BANKS) ++third;
    }

    function _item(uint256 currency, address creditor, uint256 amount, uint256 place) private view returns (uint256) {
        uint256 number = registry.participant(address(_currency(currency)), creditor).index;
        // Some need a payload, and many others find the units.
        uint256 most = amount % 4 == 0 ? PURSE / 6 : PURSE / 24;
        uint256 units = 1 + (uint256(keccak256(abi.encode(amount, place))) % most);
        return (number << 96) | units;
    }

    /// The hash of a half in its plain form.
    function _halfOf(Wanted memory half) private view returns (bytes32) {
        address coin = address(_currency(half.currency));
        uint256 number = registry.participant(coin, half.debtor).index;
        return keccak256(abi.encode(coin, number, keccak256(abi.encodePacked(half.items))));
    }

    /// One of the last batches, or the oldest that has not ended, behind which others may wait.
    function _recent(uint256 which) private view returns (uint256 place) {
        uint256 count = _queued.length;
        if ((which >> 128) % 4 == 0) return count - 1 - (which % (count < RECENT ? count : RECENT));
        while (place + 1 < count && _queued[place].settled | _queued[place].removed == _all(_queued[place])) ++place;
    }

    /// All of the items, or some.
    function _some(uint256 marks, uint256 form) private pure returns (uint256) {
        return (form >> 16) % 2 == 0 ? marks : marks & (form >> 24);
    }

    function _debtorOrAnother(Queued storage it, uint256 form) private view returns (address) {
        if ((form >> 4) % 8 == 0) return _bank(form);
        return registry.accountOf(address(_currency(it.currency)), it.header.debtor());
    }
}
