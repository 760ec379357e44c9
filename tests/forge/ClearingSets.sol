// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Item, PairLink, ProposedBatch, ProposedSet} from "../../contracts/settlement/Clearing.sol";
import {ClearingBooks} from "./ClearingBooks.sol";

/// @title ClearingSets
/// @notice Proposes sets of what waits: right ones by a plain search, and wrong ones, which somebody changed.
/// @dev The search takes everything that is due and can settle. While a party lacks units, its last items drop.
abstract contract ClearingSets is ClearingBooks {
    /// What the search ignores, so that its proposal may be wrong.
    struct Ignored {
        /// Whether parties have the units.
        bool funds;
        /// Whether both debtors agreed to a pair.
        bool agreement;
        /// Whether items are due, and parties may pay and receive.
        bool standing;
    }

    /// A search. Marks are by place in the list of all batches.
    struct Search {
        Ignored ignored;
        Seen[2] seen;
        bool[2] isUsed;
        /// Places of the batches that have not ended, ascending by debtor, priority and index, by currency.
        uint256[][2] places;
        uint256[] marks;
    }

    // ---------------------------------------------------------------- the search

    function _search(bool[2] memory isUsed, Ignored memory ignored) internal view returns (Search memory search) {
        (search.ignored, search.isUsed) = (ignored, isUsed);
        search.marks = new uint256[](_queued.length);
        for (uint256 i = 0; i < 2; ++i) {
            search.seen[i] = _seen(i);
            search.places[i] = isUsed[i] ? _placesOf(search, i) : new uint256[](0);
            _markAll(search, i);
        }
        bool isDone = false;
        while (!isDone) {
            isDone = true;
            _joinPairs(search);
            if (ignored.funds) break;
            for (uint256 i = 0; i < 2; ++i) if (_dropTails(search, i)) isDone = false;
        }
    }

    /// The due batches of a currency with items that have not ended, in the order of a proposal.
    function _placesOf(Search memory search, uint256 currency) private view returns (uint256[] memory places) {
        uint256[] memory found = new uint256[](_queued.length);
        uint256 count = 0;
        for (uint256 i = 0; i < _queued.length; ++i) {
            Queued storage it = _queued[i];
            if (it.currency != currency || it.settled | it.removed == _all(it)) continue;
            if (it.header.cycle() > search.seen[currency].dueCycle && !search.ignored.standing) continue;
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
        for (uint256 i = 0; i < places.length; ++i) {
            Queued storage it = _queued[places[i]];
            if (it.header.debtor() != debtor) {
                debtor = it.header.debtor();
                isCut = !_mayPay(search.seen[currency], debtor) && !search.ignored.standing;
            }
            if (isCut) continue;
            (uint256 waits, uint256 held) = _itemsOf(it);
            (search.marks[places[i]], isCut) = _markItems(search, it, it.pair == 0 ? waits : held);
        }
    }

    function _markItems(
        Search memory search,
        Queued storage it,
        uint256 waits
    ) private view returns (uint256 marks, bool isCut) {
        if (search.ignored.standing) return (waits, false);
        Seen memory seen = search.seen[it.currency];
        bool isClosed = it.header.crosses() && !seen.isOpen;
        for (uint256 i = 0; i < it.items.length && !isCut; ++i) {
            if (waits & (1 << i) == 0) continue;
            uint256 creditor = Item.wrap(it.items[i]).creditor();
            bool canPay = _mayReceive(seen, creditor);
            if (canPay && !isClosed && _wordOf(seen, creditor).jurisdiction() == it.header.to()) marks |= 1 << i;
            else isCut = it.pair == 0 && canPay;
        }
    }

    /// The items of pairs settle in both halves or in none.
    function _joinPairs(Search memory search) private view {
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < search.places[i].length; ++j) {
                uint256 place = search.places[i][j];
                Queued storage it = _queued[place];
                if (it.pair == 0) continue;
                bool isPaired = it.partner != 0 && (it.isPaired || search.ignored.agreement);
                search.marks[place] &= isPaired ? search.marks[it.partner - 1] : 0;
                if (isPaired) search.marks[it.partner - 1] &= search.marks[place];
            }
        }
    }

    /// Drop the last items of each debtor that lacks units.
    function _dropTails(Search memory search, uint256 currency) private view returns (bool isDropped) {
        uint256[] memory places = search.places[currency];
        int256[] memory units = new int256[](BANKS + 1);
        for (uint256 i = 0; i < BANKS; ++i) {
            units[search.seen[currency].words[i].number()] += int256(
                uint256(search.seen[currency].words[i].reserved())
            );
        }
        for (uint256 i = 0; i < places.length; ++i) {
            Queued storage it = _queued[places[i]];
            for (uint256 j = 0; j < it.items.length; ++j) {
                if (search.marks[places[i]] & (1 << j) == 0) continue;
                Item item = Item.wrap(it.items[j]);
                units[item.creditor()] += int256(item.amount());
                units[it.header.debtor()] -= int256(item.amount());
            }
        }
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
    function _parties(Seen memory seen) private pure returns (address[] memory parties) {
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
            isTaken[i - 1] = _queued[places[i - 1]].header.debtor() == debtor && _isNamed(places[i - 1], marks);
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
    function _isNamed(uint256 place, uint256 marks) private view returns (bool) {
        if (marks != 0) return true;
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
            uint256 other_ = _queued[partner].currency;
            all[count++] = PairLink(setOf[it.currency], batchOf[i], setOf[other_], batchOf[partner]);
        }
        links = new PairLink[](count);
        for (uint256 i = 0; i < count; ++i) links[i] = all[i];
    }

    // ---------------------------------------------------------------- what is wrong

    /// Change one thing of a proposal.
    function _spoil(
        ProposedSet[] memory sets,
        PairLink[] memory links,
        uint256 form
    ) internal pure returns (ProposedSet[] memory, PairLink[] memory) {
        if (sets.length == 0) return (sets, links);
        uint256 kind = form % 16;
        ProposedSet memory set = sets[(form >> 8) % sets.length];
        ProposedBatch[] memory batches = set.batches;
        if (kind == 0) return (sets, new PairLink[](0));
        if (kind == 1) return (sets, _linkedWrongly(links, form));
        if (kind > 12 && links.length != 0) return (_halved(sets, links[(form >> 16) % links.length], form), links);
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

    /// One half of a pair settles with an item more or less than the other.
    function _halved(
        ProposedSet[] memory sets,
        PairLink memory link,
        uint256 form
    ) private pure returns (ProposedSet[] memory) {
        ProposedBatch memory half = sets[link.firstSet].batches[link.firstBatch];
        half.settled ^= 1 << ((form >> 32) % half.items.length);
        return sets;
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
