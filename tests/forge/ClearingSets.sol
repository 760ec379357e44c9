// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BatchHeader, Item, PairLink, ProposedBatch, ProposedSet} from "../../contracts/settlement/Clearing.sol";
import {PositionWord} from "../../contracts/settlement/PositionWord.sol";
import {ClearingBooks} from "./ClearingBooks.sol";

/// @title ClearingSets
/// @notice Proposes sets of what waits, by a plain search: right ones, and wrong ones that break one rule each.
/// @dev The search takes everything that is due and can settle. While a party lacks units, its last items drop. A wrong
/// proposal is a right one but for a single rule, so that nothing else refuses it.
abstract contract ClearingSets is ClearingBooks {
    /// The one rule that a proposal breaks.
    enum Fault {
        None,
        /// A party pays units that it has not reserved.
        Units,
        /// A batch settles before it is due.
        Due,
        /// A debtor pays whose position is frozen, in whole or in part.
        DebtorFrozen,
        /// A debtor pays that is suspended or stopped.
        DebtorStopped,
        /// A creditor receives that is frozen, suspended or stopped.
        Creditor,
        /// A batch crosses a border after hours.
        Hours,
        /// An item is owed to a bank of another country than its batch says.
        Country,
        /// Items settle before the first one of their debtor, which waits.
        Order,
        /// Items settle before the first batch of their debtor, which waits and is not named.
        Passed,
        /// Halves of pairs settle to which not both debtors agreed.
        Agreement,
        /// One half of a pair settles with an item less than the other.
        Masks,
        /// One half of a pair settles alone.
        Alone
    }

    /// A search. Marks are by place in the list of all batches.
    struct Search {
        Fault fault;
        Seen[2] seen;
        bool[2] isUsed;
        /// Places of the batches that have not ended, ascending by debtor, priority and index, by currency.
        uint256[][2] places;
        /// The items that settle.
        uint256[] marks;
        /// The items of which none may settle.
        uint256[] wrong;
    }

    // ---------------------------------------------------------------- the search

    function _search(bool[2] memory isUsed, Fault fault) internal view returns (Search memory search) {
        (search.fault, search.isUsed) = (fault, isUsed);
        (search.marks, search.wrong) = (new uint256[](_queued.length), new uint256[](_queued.length));
        for (uint256 i = 0; i < 2; ++i) {
            search.seen[i] = _seen(i);
            search.places[i] = isUsed[i] ? _placesOf(search, i) : new uint256[](0);
            _markAll(search, i);
            _unmarkFirst(search, i);
        }
        bool isDone = false;
        while (!isDone) {
            isDone = true;
            _joinPairs(search);
            if (fault == Fault.Units) break;
            for (uint256 i = 0; i < 2; ++i) if (_dropTails(search, i)) isDone = false;
        }
    }

    /// Whether the proposal breaks its rule: there may be nothing to break it with.
    function _isWrong(Search memory search) internal view returns (bool) {
        if (search.fault == Fault.Units) return _dropTails(search, 0) || _dropTails(search, 1);
        for (uint256 i = 0; i < search.marks.length; ++i) if (search.marks[i] & search.wrong[i] != 0) return true;
        return false;
    }

    /// The due batches of a currency with items that have not ended, in the order of a proposal.
    function _placesOf(Search memory search, uint256 currency) private view returns (uint256[] memory places) {
        uint256[] memory found = new uint256[](_queued.length);
        uint256 count = 0;
        for (uint256 i = 0; i < _queued.length; ++i) {
            Queued storage it = _queued[i];
            if (it.currency != currency || it.settled | it.removed == _all(it)) continue;
            bool isDue = it.header.cycle() <= search.seen[currency].dueCycle;
            if (!isDue && search.fault != Fault.Due) continue;
            if (!isDue) search.wrong[i] = _all(it);
            uint256 spot = count++;
            for (; spot > 0 && _queued[found[spot - 1]].header.id() > it.header.id(); --spot) {
                found[spot] = found[spot - 1];
            }
            found[spot] = i;
        }
        places = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) places[i] = found[i];
    }

    /// Everything that could settle if all parties had the units.
    function _markAll(Search memory search, uint256 currency) private view {
        uint256[] memory places = search.places[currency];
        uint256 debtor = 0;
        bool isCut = false;
        bool mayPay = false;
        for (uint256 i = 0; i < places.length; ++i) {
            Queued storage it = _queued[places[i]];
            if (it.header.debtor() != debtor) {
                debtor = it.header.debtor();
                mayPay = _mayPay(search.seen[currency], debtor);
                isCut = !mayPay && !_isLetPay(search, currency, debtor);
            }
            if (isCut) continue;
            (uint256 waits, uint256 held) = _itemsOf(it);
            isCut = _markItems(search, places[i], it.pair == 0 ? waits : held);
            if (!mayPay) search.wrong[places[i]] = _all(it);
        }
    }

    /// Whether a wrong proposal lets a debtor pay that may not.
    function _isLetPay(Search memory search, uint256 currency, uint256 debtor) private pure returns (bool) {
        PositionWord word = _wordOf(search.seen[currency], debtor);
        bool isActive = !word.isSuspended() && !word.isStopped();
        return
            isActive ? search.fault == Fault.DebtorFrozen : search.fault == Fault.DebtorStopped && !word.isHeldBack();
    }

    /// @return isCut Whether an item waits that the later ones of its debtor have to wait for.
    function _markItems(Search memory search, uint256 place, uint256 waits) private view returns (bool isCut) {
        Queued storage it = _queued[place];
        Seen memory seen = search.seen[it.currency];
        for (uint256 i = 0; i < it.items.length && !isCut; ++i) {
            uint256 bit = 1 << i;
            if (waits & bit == 0) continue;
            uint256 creditor = Item.wrap(it.items[i]).creditor();
            uint256 faults = _faultsOf(seen, it.header, creditor);
            if (faults != 0) search.wrong[place] |= bit;
            if (faults & ~_only(search.fault) == 0) search.marks[place] |= bit;
            else isCut = it.pair == 0 && _mayReceive(seen, creditor);
        }
    }

    /// The rules that an item breaks by its creditor and its way: a bit each.
    function _faultsOf(Seen memory seen, BatchHeader header, uint256 creditor) private pure returns (uint256 faults) {
        if (!_mayReceive(seen, creditor)) faults = _only(Fault.Creditor);
        if (header.crosses() && !seen.isOpen) faults |= _only(Fault.Hours);
        if (_wordOf(seen, creditor).jurisdiction() != header.to()) faults |= _only(Fault.Country);
    }

    function _only(Fault fault) private pure returns (uint256) {
        return 1 << uint256(fault);
    }

    /// Where a rule on the first item is broken, take that item out, and the others stay.
    function _unmarkFirst(Search memory search, uint256 currency) private view {
        Fault fault = search.fault;
        uint256 debtor = 0;
        for (uint256 i = 0; i < search.places[currency].length; ++i) {
            uint256 place = search.places[currency][i];
            Queued storage it = _queued[place];
            uint256 marks = search.marks[place];
            uint256 others = marks & (marks == 0 ? 0 : marks - 1);
            if (fault == Fault.Masks && it.isPaired && place < it.partner && others != 0) {
                search.marks[place] = others;
                search.wrong[it.partner - 1] = marks ^ others;
            }
            if (marks == 0 || (fault != Fault.Order && fault != Fault.Passed)) continue;
            if (it.header.debtor() == debtor) search.wrong[place] = marks;
            if (it.header.debtor() == debtor || it.pair != 0) continue;
            debtor = it.header.debtor();
            search.marks[place] = fault == Fault.Order ? others : 0;
            search.wrong[place] = marks;
        }
    }

    /// The items of pairs settle in both halves or in none.
    function _joinPairs(Search memory search) private view {
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < search.places[i].length; ++j) {
                uint256 place = search.places[i][j];
                if (_queued[place].pair != 0) search.marks[place] &= _joinedMarks(search, place);
            }
        }
    }

    /// What may settle of a half by what settles of the other one.
    function _joinedMarks(Search memory search, uint256 place) private view returns (uint256) {
        Queued storage it = _queued[place];
        if (it.partner == 0) return 0;
        if (search.fault == Fault.Alone && it.isPaired) {
            // The half that was queued first settles alone.
            search.wrong[place] = _all(it);
            return place < it.partner ? _all(it) : 0;
        }
        if (!it.isPaired) {
            if (search.fault != Fault.Agreement) return 0;
            search.wrong[place] = _all(it);
        }
        uint256 marks = search.marks[it.partner - 1];
        return search.fault == Fault.Masks && marks != 0 ? _all(it) : marks;
    }

    /// Reserved units of each party, by its number, after what is marked.
    function _unitsAfter(Search memory search, uint256 currency) private view returns (int256[] memory units) {
        units = new int256[](BANKS + 1);
        for (uint256 i = 0; i < BANKS; ++i) {
            PositionWord word = search.seen[currency].words[i];
            units[word.number()] = int256(uint256(word.reserved()));
        }
        for (uint256 i = 0; i < search.places[currency].length; ++i) {
            uint256 marks = search.marks[search.places[currency][i]];
            Queued storage it = _queued[search.places[currency][i]];
            for (uint256 j = 0; j < it.items.length; ++j) {
                if (marks & (1 << j) == 0) continue;
                Item item = Item.wrap(it.items[j]);
                units[item.creditor()] += int256(item.amount());
                units[it.header.debtor()] -= int256(item.amount());
            }
        }
    }

    /// Drop the last items of each debtor that lacks units.
    function _dropTails(Search memory search, uint256 currency) private view returns (bool isDropped) {
        uint256[] memory places = search.places[currency];
        int256[] memory units = _unitsAfter(search, currency);
        for (uint256 i = places.length; i > 0; --i) {
            Queued storage it = _queued[places[i - 1]];
            uint256 debtor = it.header.debtor();
            for (uint256 j = it.items.length; j > 0 && units[debtor] < 0; --j) {
                uint256 bit = 1 << (j - 1);
                if (search.marks[places[i - 1]] & bit == 0) continue;
                search.marks[places[i - 1]] &= ~bit;
                units[debtor] += int256(Item.wrap(it.items[j - 1]).amount());
                isDropped = true;
            }
        }
    }

    // -------------------------------------------------------------- the proposal

    function _propose(Search memory search) internal view returns (ProposedSet[] memory sets, PairLink[] memory links) {
        uint256[] memory batchOf = new uint256[](_queued.length);
        ProposedBatch[][2] memory batches = [_batches(search, 0, batchOf), _batches(search, 1, batchOf)];
        uint256 first = batches[0].length == 0 ? 1 : 0;
        uint256 last = batches[1].length == 0 ? 0 : 1;
        sets = new ProposedSet[](first > last ? 0 : last - first + 1);
        for (uint256 i = 0; i < sets.length; ++i) {
            uint256 currency = first + i;
            sets[i] = ProposedSet(address(_currency(currency)), _parties(search.seen[currency]), batches[currency]);
        }
        uint256[2] memory setOf = [uint256(0), 1 - first];
        links = _links(search, batchOf, setOf);
    }

    /// All banks, ascending by number.
    function _parties(Seen memory seen) private view returns (address[] memory parties) {
        parties = new address[](BANKS);
        for (uint256 i = 0; i < BANKS; ++i) parties[seen.words[i].number() - 1] = _bank(i);
    }

    /// The batches up to the last one of each debtor that has marks.
    function _batches(
        Search memory search,
        uint256 currency,
        uint256[] memory batchOf
    ) private view returns (ProposedBatch[] memory batches) {
        uint256[] memory places = search.places[currency];
        bool[] memory isTaken = new bool[](places.length);
        uint256 debtor = 0;
        uint256 count = 0;
        for (uint256 i = places.length; i > 0; --i) {
            uint256 marks = search.marks[places[i - 1]];
            if (marks != 0) debtor = _queued[places[i - 1]].header.debtor();
            isTaken[i - 1] = _queued[places[i - 1]].header.debtor() == debtor && _isNamed(search, places[i - 1]);
            if (isTaken[i - 1]) ++count;
        }
        batches = new ProposedBatch[](count);
        count = 0;
        for (uint256 i = 0; i < places.length; ++i) {
            if (!isTaken[i]) continue;
            batchOf[places[i]] = count;
            batches[count++] = _proposed(_queued[places[i]], search.marks[places[i]]);
        }
    }

    /// Whether a proposal has to name a batch: items of it settle, or wait.
    function _isNamed(Search memory search, uint256 place) private view returns (bool) {
        if (search.marks[place] != 0) return true;
        if (search.fault == Fault.Passed) return false;
        (uint256 waits, ) = _itemsOf(_queued[place]);
        return waits != 0;
    }

    function _links(
        Search memory search,
        uint256[] memory batchOf,
        uint256[2] memory setOf
    ) private view returns (PairLink[] memory links) {
        uint256 count = 0;
        PairLink[] memory all = new PairLink[](_queued.length);
        for (uint256 i = 0; i < _queued.length; ++i) {
            Queued storage it = _queued[i];
            // Each pair once, from the half that was queued first.
            if (it.pair == 0 || search.marks[i] == 0 || it.partner == 0 || it.partner - 1 < i) continue;
            uint256 partner = it.partner - 1;
            if (search.marks[partner] == 0) continue;
            uint256 other_ = _queued[partner].currency;
            all[count++] = PairLink(setOf[it.currency], batchOf[i], setOf[other_], batchOf[partner]);
        }
        links = new PairLink[](count);
        for (uint256 i = 0; i < count; ++i) links[i] = all[i];
    }

    // ---------------------------------------------------------------- what is wrong

    /// Change one thing of a proposal.
    function _changed(
        ProposedSet[] memory sets,
        PairLink[] memory links,
        uint256 form
    ) internal pure returns (ProposedSet[] memory, PairLink[] memory) {
        if (sets.length == 0) return (sets, links);
        uint256 kind = form % 13;
        ProposedSet memory set = sets[(form >> 8) % sets.length];
        ProposedBatch[] memory batches = set.batches;
        if (kind == 0) return (sets, new PairLink[](0));
        if (kind == 1) return (sets, _linkedWrongly(links, form));
        if (kind == 2) return (_twice(sets), links);
        if (kind == 3) set.participants[(form >> 16) % BANKS] = set.participants[(form >> 24) % BANKS];
        if (batches.length == 0) return (sets, links);
        ProposedBatch memory batch = batches[(form >> 32) % batches.length];
        uint256 item = (form >> 40) % batch.items.length;
        if (kind == 4) batch.settled ^= 1 << item;
        if (kind == 5) batch.settled = type(uint256).max >> (256 - batch.items.length);
        if (kind == 6) batch.settled = 0;
        if (kind == 7) batch.items[item] ^= 1 << ((form >> 48) % 128);
        if (kind == 8) batch.pair = 0;
        if (kind == 9) batch.settled |= 1 << (form >> 248);
        if (kind == 10) batches[(form >> 48) % batches.length] = batch;
        if (kind == 11) set.batches = _without(batches, (form >> 32) % batches.length);
        if (kind == 12) set.currency = sets[0].currency;
        return (sets, links);
    }

    /// Both halves of the first link are of another pair, or one batch is both halves.
    function _linkedWrongly(PairLink[] memory links, uint256 form) private pure returns (PairLink[] memory) {
        if (links.length == 0) return links;
        PairLink memory link = links[(form >> 16) % links.length];
        PairLink memory last = links[links.length - 1];
        if ((form >> 32) % 2 == 0) (link.secondSet, link.secondBatch) = (link.firstSet, link.firstBatch);
        else (link.firstBatch, last.firstBatch) = (last.firstBatch, link.firstBatch);
        return links;
    }

    function _twice(ProposedSet[] memory sets) private pure returns (ProposedSet[] memory all) {
        all = new ProposedSet[](sets.length + 1);
        for (uint256 i = 0; i < all.length; ++i) all[i] = sets[i % sets.length];
    }

    function _without(
        ProposedBatch[] memory batches,
        uint256 place
    ) private pure returns (ProposedBatch[] memory others) {
        others = new ProposedBatch[](batches.length - 1);
        for (uint256 i = 0; i < others.length; ++i) others[i] = batches[i < place ? i : i + 1];
    }
}
