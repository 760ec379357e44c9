// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AuthorityUtils} from "@openzeppelin/contracts/access/manager/AuthorityUtils.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IComputeMarket} from "../compute/IComputeMarket.sol";
import {IComputeToken} from "../compute/IComputeToken.sol";
import {Calendar} from "../core/Calendar.sol";
import {Signatures} from "../core/Signatures.sol";
import {ICurrencyToken} from "../money/ICurrencyToken.sol";
import {CurrencyPowers} from "./CurrencyPowers.sol";
import {ICorridors} from "./ICorridors.sol";
import {IForeignExchange} from "./IForeignExchange.sol";
import {ILiquidityAccounts} from "./ILiquidityAccounts.sol";
import {OpeningHours} from "./OpeningHours.sol";
import {Order, Payment, Quote, ReferenceRate, SignedQuote} from "./Quote.sol";

/// @title ForeignExchange
/// @notice Holds units within one transaction only: the buyer's go to the position of the provider, and the provider's
/// to the series.
/// @dev One word holds 256 ids of a provider, one the reference rate of a currency, one a buyer's use of a window.
contract ForeignExchange is IForeignExchange, CurrencyPowers, EIP712, ReentrancyGuardTransient {
    using OpeningHours for uint256;
    using SafeERC20 for IERC20;

    /// Longest time for which a quote may be signed ahead.
    uint256 private constant LONGEST_QUOTE = 60;
    /// Units of the paid currency that a rate is stated for.
    uint256 private constant RATE_BASIS = 10 ** 12;
    uint256 private constant BPS = 10_000;
    uint256 private constant BITS = 256;
    /// Tokens that the unit price of a series is stated for.
    uint256 private constant PRICE_BASIS = 1_000_000;
    bytes32 private constant QUOTE_TYPEHASH = keccak256(
        "Quote(address provider,address taker,address paid,address sold,uint96 paidAmount,uint96 soldAmount,"
        "uint256 id,uint64 validBefore)"
    );
    bytes32 private constant RATE_TYPEHASH = keccak256(
        "ReferenceRate(address paid,address sold,uint128 rate,uint16 toleranceBps,uint40 observedAt,"
        "uint40 validBefore)"
    );
    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(address exchange,address buyer,address series,address beneficiary,uint256 leastTokens,uint256 deadline)"
    );

    /// The reference rate of a currency: one word.
    struct Rate {
        uint128 rate;
        uint16 toleranceBps;
        uint40 observedAt;
        uint40 validBefore;
    }

    /// A buyer's use of a window: one word. The time of the first purchase says which window it is.
    struct Use {
        uint40 since;
        uint96 units;
    }

    /// @inheritdoc IForeignExchange
    address public immutable liquidity;
    /// @inheritdoc IForeignExchange
    address public immutable corridors;
    /// @inheritdoc IForeignExchange
    address public immutable market;
    /// @inheritdoc IForeignExchange
    address public immutable currency;

    mapping(address provider => mapping(uint256 place => uint256 bitmap)) private _used;
    mapping(address paid => Rate) private _rates;
    mapping(bytes32 corridor => mapping(ICurrencyToken.WalletClass class => ClassLimit)) private _limits;
    mapping(bytes32 corridor => mapping(address buyer => Use)) private _uses;

    /// @param liquidity_ The positions, which obey this contract.
    /// @param market_ Market whose series are sold.
    constructor(address liquidity_, address market_) EIP712("pysettle ForeignExchange", "1") {
        liquidity = liquidity_;
        corridors = ILiquidityAccounts(liquidity_).corridors();
        market = market_;
        currency = IComputeMarket(market_).currency();
    }

    // -------------------------------------------------------------------- buyer

    /// @inheritdoc IForeignExchange
    function purchase(
        SignedQuote[] calldata quotes,
        Order calldata order,
        Payment calldata payment
    ) external nonReentrant returns (uint256 tokens) {
        if (quotes.length == 0) revert QuotesMissing();
        if (payment.signature.length == 0) {
            if (msg.sender != order.buyer) revert BuyerNotCaller(order.buyer, msg.sender);
        } else {
            bytes32 termsHash = orderHash(order);
            if ((termsHash ^ payment.nonce) >> 64 != 0) {
                revert IComputeToken.PurchaseNonceInvalid(payment.nonce, termsHash);
            }
        }

        uint256 last = quotes.length - 1;
        for (uint256 i = 0; i < last; ++i) {
            try this.take(quotes[i], order, payment) returns (uint256 bought) {
                return bought;
            } catch {
                continue;
            }
        }
        return _take(quotes[last], order, payment);
    }

    /// @inheritdoc IForeignExchange
    function take(
        SignedQuote calldata signed,
        Order calldata order,
        Payment calldata payment
    ) external returns (uint256 tokens) {
        if (msg.sender != address(this)) revert ILiquidityAccounts.CallerNotExchange(msg.sender, address(this));

        return _take(signed, order, payment);
    }

    // ----------------------------------------------------------------- provider

    /// @inheritdoc IForeignExchange
    function cancel(uint256 id) external {
        _use(msg.sender, id);

        emit QuoteCancelled(msg.sender, id);
    }

    // ------------------------------------------------------------- central bank

    /// @inheritdoc IForeignExchange
    function setClassLimit(
        uint16 from,
        uint16 to,
        ICurrencyToken.WalletClass class,
        ClassLimit calldata limit
    ) external {
        _checkPower(currency, ICurrencyToken.setClassLimits.selector);

        bytes32 id = ICorridors(corridors).idOf(from, to, currency);
        _limits[id][class] = limit;
        emit PurchaseLimitSet(id, currency, class, limit.purchase, limit.window);
    }

    // ------------------------------------------------------------------- anyone

    /// @inheritdoc IForeignExchange
    function attestRate(ReferenceRate calldata rate, address signer, bytes calldata signature) external {
        if (rate.sold != currency) revert QuoteCurrencyOther(rate.sold, currency);
        if (!_mayAttest(signer)) revert CurrencyPowerMissing(currency, signer);
        uint256 last = _rates[rate.paid].observedAt;
        if (rate.observedAt <= last || rate.observedAt > block.timestamp) {
            revert ReferenceRateTimeInvalid(rate.paid, rate.observedAt, last, block.timestamp);
        }
        if (!Signatures.isValidCalldata(signer, rateDigest(rate), signature)) revert RateSignatureInvalid(signer);

        _rates[rate.paid] = Rate(rate.rate, rate.toleranceBps, rate.observedAt, rate.validBefore);
        emit ReferenceRateAttested(
            rate.paid,
            rate.sold,
            signer,
            rate.rate,
            rate.toleranceBps,
            rate.observedAt,
            rate.validBefore
        );
    }

    /// @inheritdoc IForeignExchange
    function admitSeries(address series) external {
        if (IComputeMarket(market).seriesStake(series).provider == address(0)) {
            revert IComputeMarket.SeriesUnknown(series);
        }

        emit SeriesAdmitted(series);
        IERC20(currency).forceApprove(series, type(uint256).max);
    }

    // -------------------------------------------------------------------- views

    /// @inheritdoc IForeignExchange
    function isUsed(address provider, uint256 id) external view returns (bool) {
        return _used[provider][id / BITS] & (1 << (id % BITS)) != 0;
    }

    /// @inheritdoc IForeignExchange
    function referenceRate(address paid) external view returns (ReferenceRate memory) {
        Rate memory rate = _rates[paid];
        return ReferenceRate(paid, currency, rate.rate, rate.toleranceBps, rate.observedAt, rate.validBefore);
    }

    /// @inheritdoc IForeignExchange
    function classLimit(bytes32 corridor, ICurrencyToken.WalletClass class) external view returns (ClassLimit memory) {
        return _limits[corridor][class];
    }

    /// @inheritdoc IForeignExchange
    function used(bytes32 corridor, address buyer) external view returns (uint256 units, uint256 since) {
        Use memory use = _uses[corridor][buyer];
        return (use.units, use.since);
    }

    /// @inheritdoc IForeignExchange
    function quoteDigest(Quote calldata quote) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(QUOTE_TYPEHASH, quote)));
    }

    /// @inheritdoc IForeignExchange
    function rateDigest(ReferenceRate calldata rate) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RATE_TYPEHASH, rate)));
    }

    /// @inheritdoc IForeignExchange
    function orderHash(Order calldata order) public view returns (bytes32) {
        return keccak256(abi.encode(ORDER_TYPEHASH, address(this), order));
    }

    // ---------------------------------------------------------------- internals

    /// @dev Takes one quote: checks first, then the records, then all units.
    function _take(
        SignedQuote calldata signed,
        Order calldata order,
        Payment calldata payment
    ) private returns (uint256 tokens) {
        Quote calldata quote = signed.quote;
        _checkQuote(quote, order.buyer);
        if (!Signatures.isValidCalldata(quote.provider, quoteDigest(quote), signed.signature)) {
            revert QuoteSignatureInvalid(quote.provider, quote.id);
        }
        _checkParties(quote, order);
        // An exact price follows: the series refuses Tokens for any other amount below.
        tokens = (uint256(quote.soldAmount) * PRICE_BASIS) / IComputeToken(order.series).unitPrice();
        if (tokens < order.leastTokens) revert IComputeToken.PurchaseBelowLeastTokens(tokens, order.leastTokens);

        _use(quote.provider, quote.id);
        (bytes32 corridor, uint256 units) = _countToCorridor(quote, order);
        emit PurchasedAbroad(order.buyer, quote.provider, order.series, quote, corridor, units);
        _collect(quote, order.buyer, payment);
        ILiquidityAccounts(liquidity).exchange(
            quote.provider,
            quote.paid,
            quote.paidAmount,
            quote.sold,
            quote.soldAmount
        );
        uint256 price = IComputeToken(order.series).purchase(order.beneficiary, tokens, order.deadline);
        if (price != quote.soldAmount) revert IComputeToken.PurchasePaymentInexact(quote.soldAmount, price);
    }

    /// @dev The units of the buyer go to the liquidity accounts. An authorization pays its submitter first.
    function _collect(Quote calldata quote, address buyer, Payment calldata payment) private {
        if (payment.signature.length == 0) {
            // The buyer is the caller.
            // slither-disable-next-line arbitrary-send-erc20
            return IERC20(quote.paid).safeTransferFrom(buyer, liquidity, quote.paidAmount);
        }
        if (payment.value != quote.paidAmount) {
            revert IComputeToken.PurchasePaymentInexact(payment.value, quote.paidAmount);
        }
        ICurrencyToken(quote.paid).receiveWithAuthorization(
            buyer,
            address(this),
            payment.value,
            payment.validAfter,
            payment.validBefore,
            payment.nonce,
            payment.signature
        );
        IERC20(quote.paid).safeTransfer(liquidity, payment.value);
    }

    function _use(address provider, uint256 id) private {
        uint256 bitmap = _used[provider][id / BITS];
        uint256 bit = 1 << (id % BITS);
        if (bitmap & bit != 0) revert QuoteUsed(provider, id);
        _used[provider][id / BITS] = bitmap | bit;
    }

    /// @dev Counts the purchase to the buyer, within the corridor from its jurisdiction to that of the series.
    function _countToCorridor(Quote calldata quote, Order calldata order) private returns (bytes32 id, uint256 units) {
        ICurrencyToken.Wallet memory wallet = ICurrencyToken(quote.paid).wallet(order.buyer);
        id = _corridorOf(wallet.jurisdiction, order.series);
        // slither-disable-next-line unused-return
        (ICorridors.Terms memory terms, address counterCurrency, , bool isOpen) = ICorridors(corridors).corridorOf(id);
        if (!isOpen) revert ICorridors.CorridorNotOpen(id);
        if (counterCurrency != quote.paid) revert ICorridors.CorridorOfOtherPair(id, counterCurrency);
        if (quote.soldAmount >= terms.travelThreshold) {
            revert ICorridors.TravelPayloadUnsigned(id, order.buyer, quote.soldAmount, terms.travelThreshold);
        }
        return (id, _count(id, order.buyer, _classOf(wallet), quote.soldAmount, terms));
    }

    /// @dev A window begins with the first purchase in it, as one of the corridors begins with the first admission.
    function _count(
        bytes32 id,
        address buyer,
        ICurrencyToken.WalletClass class,
        uint96 amount,
        ICorridors.Terms memory terms
    ) private returns (uint256) {
        ClassLimit memory limit = _limits[id][class];
        uint256 most = Math.min(limit.purchase, terms.settlementLimit);
        if (amount > most) revert PurchaseLimitExceeded(id, buyer, class, amount, most);
        Use memory use = _uses[id][buyer];
        uint256 passed = ICorridors(corridors).week(currency).localTime(block.timestamp) % terms.windowS;
        if (use.since + passed < block.timestamp) use = Use(uint40(block.timestamp), 0);
        most = Math.saturatingSub(Math.min(limit.window, terms.windowLimit), use.units);
        if (amount > most) revert PurchaseWindowExceeded(id, buyer, class, amount, most);

        use.units += amount;
        _uses[id][buyer] = use;
        return use.units;
    }

    function _corridorOf(uint16 jurisdiction, address series) private view returns (bytes32) {
        address provider = IComputeToken(series).provider();
        uint16 to = ICurrencyToken(currency).wallet(provider).jurisdiction;
        return ICorridors(corridors).idOf(jurisdiction, to, currency);
    }

    function _checkQuote(Quote calldata quote, address buyer) private view {
        if (quote.sold != currency) revert QuoteCurrencyOther(quote.sold, currency);
        if (quote.taker != address(0) && quote.taker != buyer) {
            revert QuoteTakerOther(quote.provider, quote.id, quote.taker, buyer);
        }
        if (block.timestamp >= quote.validBefore) {
            revert QuoteExpired(quote.provider, quote.id, quote.validBefore, block.timestamp);
        }
        if (quote.validBefore > block.timestamp + LONGEST_QUOTE) {
            revert QuoteTooLong(quote.provider, quote.id, quote.validBefore, block.timestamp + LONGEST_QUOTE);
        }
        Rate memory rate = _rates[quote.paid];
        if (block.timestamp >= rate.validBefore) {
            revert ReferenceRateExpired(quote.paid, rate.validBefore, block.timestamp);
        }
        // 96 bits times 128, and then 14 bits of basis points.
        uint256 expected = uint256(quote.paidAmount) * rate.rate;
        uint256 stated = uint256(quote.soldAmount) * RATE_BASIS;
        uint256 difference = stated > expected ? stated - expected : expected - stated;
        if (difference * BPS > expected * rate.toleranceBps) {
            revert QuoteOffRate(quote.provider, quote.id, quote.soldAmount, expected / RATE_BASIS, rate.toleranceBps);
        }
    }

    /// @dev The paid currency itself checks the payment of the buyer, its limits and its pause; the liquidity accounts
    /// check the standing and the positions of the provider.
    function _checkParties(Quote calldata quote, Order calldata order) private view {
        if (ICurrencyToken(currency).isPaused()) revert ICurrencyToken.CurrencyPaused();
        _checkNotFrozen(quote.paid, order.buyer);
        _checkNotFrozen(currency, order.buyer);
        if (IERC20(currency).allowance(address(this), order.series) == 0) revert SeriesNotAdmitted(order.series);
        _checkOpen(quote.paid);
        _checkOpen(currency);
    }

    /// @dev Any freeze counts: a purchase in another currency is no way around it.
    function _checkNotFrozen(address inCurrency, address buyer) private view {
        (bool outgoing, bool incoming, uint256 amount) = ICurrencyToken(inCurrency).frozen(buyer);
        if (outgoing || incoming || amount != 0) revert BuyerFrozen(inCurrency, buyer);
    }

    function _checkOpen(address inCurrency) private view {
        if (!ICorridors(corridors).isOpenAt(inCurrency, block.timestamp)) {
            revert ICorridors.CurrencyClosed(inCurrency, block.timestamp);
        }
    }

    /// @dev Whether an account may attest the rate: the central bank of the currency of the market.
    function _mayAttest(address signer) private view returns (bool immediate) {
        address authority = IAccessManaged(currency).authority();
        bytes4 selector = ICurrencyToken.setClassLimits.selector;
        // slither-disable-next-line unused-return
        (immediate, ) = AuthorityUtils.canCallWithDelay(authority, signer, currency, selector);
    }

    /// @dev Class IV once the identification has expired.
    function _classOf(ICurrencyToken.Wallet memory wallet) private view returns (ICurrencyToken.WalletClass) {
        if (Calendar.today() >= wallet.identificationExpiry) return ICurrencyToken.WalletClass.IV;
        return wallet.class;
    }
}
