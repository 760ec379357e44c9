// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeToken} from "../../contracts/compute/ComputeToken.sol";
import {ChannelConfig} from "../../contracts/core/ChannelConfig.sol";
import {Coin, Collector, Signer} from "./ComputeCast.sol";
import {ComputeWorld} from "./ComputeWorld.sol";
import {VM} from "./Vm.sol";

/// @title ComputeModel
/// @notice Who holds what, and what may be done, as it follows from the calls that were let through; kept beside the
/// contracts and never read from them. What an account can pay of its currency is asked of the currency.
abstract contract ComputeModel is ComputeWorld {
    /// A series, by its terms and by what was done with it.
    struct Series {
        ComputeToken token;
        address provider;
        address halter;
        bytes32 computeId;
        uint256 unitPrice;
        uint256 capacity;
        uint256 expiry;
        uint256 compensationBps;
        uint256 rateCard;
        uint256 sold;
        uint256 redeemed;
        uint256 refunded;
        uint256 haltedAt;
        /// Stake that stands behind it.
        uint256 locked;
        /// Whether it sells by `OwnPurchases`.
        bool hasPolicy;
    }

    /// A channel, by its terms and by what was done with it.
    struct Channel {
        ChannelConfig config;
        uint256 balance;
        uint256 claimed;
        uint256 pending;
        uint256 initiatedAt;
        uint256 refundNonce;
        /// Highest ceiling that was ever signed by whom the terms name.
        uint256 ceiling;
        /// What the highest usage cost that was ever attested by the provider.
        uint256 cost;
    }

    /// Compute that was registered.
    struct Compute {
        bytes32 id;
        address provider;
        uint256 capacity;
        uint256 allocated;
        uint256 validBefore;
    }

    uint256 internal constant HOLDERS = 5;
    uint256 internal constant PARTIES = 9;
    uint256 internal constant MOST_OPEN = 6;
    uint256 internal constant MOST_CHANNELS = 40;
    uint256 internal constant EACH = 1_000_000 * 100 * FEN;
    uint256 internal constant WALLET_KEY = 5;
    uint256 internal constant SESSION_KEYS = 0x50;
    uint256 internal constant MERCHANT_KEY = 0x3E;
    uint256 internal constant THIEF_KEY = 0x7E1F;
    uint256 internal constant NONE = type(uint256).max;

    address internal immutable merchant = VM.addr(MERCHANT_KEY);
    address public immutable thief = VM.addr(THIEF_KEY);
    address internal immutable halter = address(0x4A17);
    Coin public immutable coin;
    Collector internal immutable stranger;

    /// Four keys and a contract that buy; two providers, a merchant and the thief.
    address[] internal _parties;
    /// A second key of each holder, which may sign vouchers for it.
    address[] internal _sessions;
    mapping(address signer => uint256) internal _keyOf;
    Series[] internal _series;
    Channel[] internal _channels;
    Compute[] internal _computes;
    mapping(address token => uint256 numberFromOne) internal _seriesOf;
    mapping(bytes32 channelId => uint256 numberFromOne) internal _channelOf;

    uint256 public time = START;
    bool public paused;
    mapping(address account => bool) internal _frozenOutgoing;
    mapping(address account => bool) internal _frozenIncoming;
    /// Units of currency that an account holds, or that the currency holds for it.
    mapping(address account => uint256) public cash;
    /// Units of it that somebody gave away.
    mapping(address account => uint256) public donated;
    mapping(address account => uint256) public coins;
    uint256 public donatedCoins;
    mapping(address account => uint256) public coinCredits;
    mapping(address series => mapping(address account => uint256)) public held;
    mapping(address receiver => mapping(address token => uint256)) public claimedFor;
    mapping(address receiver => mapping(address token => uint256)) public settledFor;
    mapping(address provider => uint256) public freeStake;
    mapping(address token => mapping(address authorizer => mapping(uint64 nonce => bool))) internal _spent;

    constructor() {
        for (uint256 key = 1; key < HOLDERS; ++key) _join(VM.addr(key), key);
        _join(address(new Signer(VM.addr(WALLET_KEY))), WALLET_KEY);
        _join(VM.addr(11), 11);
        _join(VM.addr(12), 12);
        _join(merchant, MERCHANT_KEY);
        address[] memory funded = _parties;
        _issue(funded, EACH);
        for (uint256 i = 0; i < funded.length; ++i) cash[funded[i]] = EACH;
        coin = new Coin(funded);
        for (uint256 i = 0; i < funded.length; ++i) coins[funded[i]] = coin.balanceOf(funded[i]);
        stranger = new Collector(coin);
        _join(thief, THIEF_KEY);
        for (uint256 i = 0; i < HOLDERS; ++i) {
            _sessions.push(VM.addr(SESSION_KEYS + i));
            _keyOf[_sessions[i]] = SESSION_KEYS + i;
        }
    }

    function parties() external view returns (address[] memory) {
        return _parties;
    }

    function series() external view returns (Series[] memory) {
        return _series;
    }

    function channels() external view returns (Channel[] memory) {
        return _channels;
    }

    function computes() external view returns (Compute[] memory) {
        return _computes;
    }

    function _join(address party, uint256 key) private {
        _parties.push(party);
        _keyOf[party] = key;
    }

    // -------------------------------------------------------------------- rules

    function _isOpen(Series storage those) internal view returns (bool) {
        return time < those.expiry && those.haltedAt == 0;
    }

    function _outstanding(Series storage those) internal view returns (uint256) {
        return those.sold - those.redeemed - those.refunded;
    }

    /// Whether an account can pay so much of its currency by its own will.
    function _canPay(address payer, uint256 amount) internal view returns (bool) {
        return !paused && !_frozenOutgoing[payer] && amount <= token.balanceOf(payer);
    }

    function _maySell(
        Series storage those,
        address payer,
        address beneficiary,
        uint256 tokens
    ) internal view returns (bool) {
        bool received = payer == beneficiary || !_frozenIncoming[beneficiary];
        bool there = tokens != 0 && tokens <= those.capacity - those.sold;
        if (those.hasPolicy && payer != beneficiary) return false;
        return _isOpen(those) && there && received && _isHolder(those, beneficiary);
    }

    /// Whether Tokens may go from one holder to another.
    function _mayMove(Series storage those, address from, address to, uint256 tokens) internal view returns (bool) {
        bool thawed = !_frozenOutgoing[from] && !_frozenIncoming[to];
        return _isOpen(those) && thawed && _isHolder(those, to) && tokens <= held[address(those.token)][from];
    }

    function _isHolder(Series storage those, address to) private view returns (bool) {
        return to != address(0) && to != address(those.token) && to != address(hub) && to != address(collector);
    }

    function _isFresh(address of_, address authorizer, uint256 nonce) internal view returns (bool) {
        return !_spent[of_][authorizer][uint64(nonce)];
    }

    function _unclaimed(Channel storage channel) internal view returns (uint256) {
        return channel.balance - channel.claimed;
    }

    /// Whether what a payer has not been claimed is held back: not of Tokens, which are no money of its any more.
    function _isHeldBack(ChannelConfig memory config) internal view returns (bool) {
        return config.token == address(token) && _frozenOutgoing[config.payer];
    }

    /// Price of Tokens, rounded up.
    function _priceUp(Series storage those, uint256 tokens) internal view returns (uint256) {
        return (tokens * those.unitPrice + PRICE_BASIS - 1) / PRICE_BASIS;
    }

    function _backing(Series storage those, uint256 tokens) internal view returns (uint256) {
        return (tokens * those.unitPrice) / PRICE_BASIS;
    }

    /// What outstanding Tokens may ask for, rounded up: after a halt those that are not delivered are compensated too.
    function _owed(Series storage those) internal view returns (uint256) {
        uint256 outstanding = _outstanding(those);
        uint256 compensated = those.haltedAt == 0 ? 0 : outstanding - held[address(those.token)][address(those.token)];
        uint256 shares = outstanding * BPS + compensated * those.compensationBps;
        return (shares * those.unitPrice + PRICE_BASIS * BPS - 1) / (PRICE_BASIS * BPS);
    }

    function _least(uint256 one, uint256 other) internal pure returns (uint256) {
        return one < other ? one : other;
    }

    // ------------------------------------------------------------------ effects

    function _paid(address from, address to, uint256 amount) internal {
        cash[from] -= amount;
        cash[to] += amount;
    }

    function _sold(Series storage those, address payer, address beneficiary, uint256 tokens, uint256 price) internal {
        those.sold += tokens;
        held[address(those.token)][beneficiary] += tokens;
        _paid(payer, address(those.token), price);
    }

    function _moved(address of_, address from, address to, uint256 tokens) internal {
        held[of_][from] -= tokens;
        held[of_][to] += tokens;
    }

    /// The hub pays what it owes. A coin that refuses leaves it owing.
    function _paidByHub(address of_, address to, uint256 amount) internal {
        if (of_ == address(token)) return _paid(address(hub), to, amount);
        if (of_ != address(coin)) return _moved(of_, address(hub), to, amount);
        if (coin.mood() != 0) {
            coinCredits[to] += amount;
        } else {
            coins[address(hub)] -= amount;
            coins[to] += amount;
        }
    }

    function _paidBack(Channel storage channel, uint256 amount) internal {
        channel.balance -= amount;
        _paidByHub(channel.config.token, channel.config.payer, amount);
    }

    // ------------------------------------------------------------------ choices

    function _party(uint256 seed) internal view returns (address) {
        return _parties[_bound(seed, 0, PARTIES - 2)];
    }

    function _holder(uint256 seed) internal view returns (address) {
        return _parties[_bound(seed, 0, HOLDERS - 1)];
    }

    /// Whoever submits what others signed: a party, or the thief.
    function _anybody(uint256 seed) internal view returns (address) {
        return _parties[_bound(seed, 0, PARTIES - 1)];
    }

    function _provider(uint256 seed) internal view returns (address) {
        return _parties[_bound(seed, HOLDERS, HOLDERS + 1)];
    }

    /// One who shall hold Tokens of a series: mostly somebody, and now and then one that must not.
    function _payee(Series storage those, uint256 seed) internal view returns (address) {
        if (seed % 16 != 0) return _party(seed / 16);
        address[4] memory others = [address(0), address(those.token), address(hub), address(collector)];
        return others[(seed / 16) % 4];
    }

    /// Three times of four one that is open, where there is one.
    function _any(uint256 seed) internal view returns (Series storage those) {
        uint256 count = _series.length;
        uint256 first = (seed / 4) % count;
        those = _series[first];
        for (uint256 i = 0; i < count && seed % 4 != 0 && !_isOpen(those); ++i) those = _series[(first + i) % count];
    }

    /// One that holds Tokens of a series, three times of four, where there is one.
    function _anyHolder(Series storage those, uint256 seed) internal view returns (address holder) {
        holder = _party(seed / 4);
        for (uint256 i = 0; i < PARTIES && seed % 4 != 0; ++i) {
            if (held[address(those.token)][holder] != 0) return holder;
            holder = _party(seed / 4 + i);
        }
    }

    /// An amount at an edge, or one beyond, or a small one, or any up to it.
    function _near(uint256 edge, uint256 seed) internal pure returns (uint256) {
        if (seed % 8 < 2) return edge + (seed % 8);
        return _bound(seed / 8, 0, seed % 8 < 4 ? _least(edge, 20) : edge);
    }

    /// Another number of the same origin.
    function _mix(uint256 seed, uint256 purpose) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, purpose)));
    }

    /// One time of eight another key.
    function _signer(uint256 key, uint256 form) internal pure returns (uint256) {
        return _isForged(form) ? key + 1 : key;
    }

    function _isForged(uint256 form) internal pure returns (bool) {
        return form % 8 == 0;
    }

    /// A little before and after now, or never.
    function _window(uint256 seed) internal view returns (uint256 validAfter, uint256 validBefore, bool valid) {
        (validAfter, validBefore) = (time - 7 + (seed % 8), time + ((seed / 8) % 8));
        return (validAfter, validBefore, validAfter < time && time < validBefore);
    }
}
