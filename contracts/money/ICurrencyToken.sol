// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IChannelPolicy} from "../core/IChannelPolicy.sol";
import {IERC3009} from "../core/IERC3009.sol";

/// @title ICurrencyToken
/// @notice A stablecoin backed one to one by a central bank's digital currency in reserve. One contract a currency.
/// @dev 6 decimals: for e-CNY one unit is one micro-yuan and one fen is 10,000 units. Only the currency's own
/// IssuanceDesk creates and destroys units. Simulation only.
interface ICurrencyToken is IERC3009, IChannelPolicy {
    /// @notice Classes of wallets, by how well the holder is known. An unregistered account is of class IV.
    enum WalletClass {
        IV,
        III,
        II,
        I,
        Corporate
    }

    /// @notice Registration and payments of an account.
    struct Wallet {
        /// Registered class; the limits of class IV apply from the expiry of the identification on.
        WalletClass class;
        /// Day (`Calendar`) from which the identification is no longer valid; 2**16 - 1 is never.
        uint16 identificationExpiry;
        /// Jurisdiction of the holder, an ISO 3166-1 number; zero if none is known.
        uint16 jurisdiction;
        /// Whether the holder's real name is known to its operating institution.
        bool realName;
        /// Day of the last payment that counted for a daily or annual limit.
        uint16 day;
        /// Units of counted payments on that day.
        uint256 spentOnDay;
        /// Units of counted payments in the year of that day.
        uint256 spentInYear;
    }

    /// @notice Limits of one wallet class, in units; 2**256 - 1 is no limit, zero is a limit.
    struct ClassLimits {
        /// Highest balance.
        uint256 balance;
        /// Highest single payment.
        uint256 payment;
        /// Highest sum of payments on one day of UTC+8.
        uint256 daily;
        /// Highest sum of payments in one year of UTC+8.
        uint256 annual;
    }
    /// @notice The central bank set the limits of a wallet class, in units; 2**256 - 1 is no limit.
    event ClassLimitsSet(WalletClass indexed class, uint256 balance, uint256 payment, uint256 daily, uint256 annual);
    /// @notice A payee reserved the submission of authorizations to itself, or ended that.
    event PayeeOnlySet(address indexed payee, bool enabled);
    /// @notice An account was registered as a wallet of a class, for the first time or again.
    event WalletRegistered(
        address indexed account,
        WalletClass indexed class,
        uint16 identificationExpiry,
        uint16 jurisdiction,
        bool realName
    );
    /// @notice An account could not receive units that it is owed; this contract holds them from now on.
    /// @param payer Account that paid them.
    /// @param credit Units held for the account afterwards.
    event Credited(address indexed account, address indexed payer, uint256 amount, uint256 credit);
    /// @notice An account received units of its credit.
    /// @param credit Units held for the account afterwards.
    event CreditClaimed(address indexed account, uint256 amount, uint256 credit);
    /// @notice Units of an account's credit were seized by authority of law.
    /// @param credit Units held for the account afterwards.
    /// @param legalBasis Hash of the document that orders the seizure.
    event CreditSeized(
        address indexed account,
        address indexed to,
        uint256 amount,
        uint256 credit,
        bytes32 indexed legalBasis
    );
    /// @notice A contract became a settlement account: its value belongs to others. The mark is permanent.
    event SettlementAccountMarked(address indexed account);
    /// @notice The freezes of an account were set: whether it cannot pay, and whether it cannot receive.
    event FreezeSet(address indexed account, bool outgoing, bool incoming);
    /// @notice The frozen amount of an account's balance was set.
    /// @param amount Units, replacing the amount before; zero lifts it.
    event FrozenAmountSet(address indexed account, uint256 amount);
    /// @notice Units of an account were seized by authority of law.
    /// @param legalBasis Hash of the document that orders the seizure.
    event Seized(address indexed from, address indexed to, uint256 amount, bytes32 indexed legalBasis);
    /// @notice The currency was paused.
    event Paused(address account);
    /// @notice The pause ended.
    event Unpaused(address account);
    /// @notice A limit is a multiple of `step` units up to `most`, or 2**256 - 1 for none.
    error ClassLimitInvalid(uint256 limit, uint256 step, uint256 most);
    /// @notice Wallets of this class have no limits.
    error ClassWithoutLimits(WalletClass class);
    /// @notice A wallet above class IV needs a holder with a known real name.
    error WalletWithoutRealName(address account, WalletClass class);
    /// @notice A jurisdiction is an ISO 3166-1 number, three digits.
    error JurisdictionInvalid(uint16 jurisdiction);
    /// @notice The account's wallet class allows payments of up to `limit` units, not `requested`.
    error PaymentLimitExceeded(address account, uint256 requested, uint256 limit);
    /// @notice The account's wallet class leaves `available` units for the day, not `requested`.
    error DailyLimitExceeded(address account, uint256 requested, uint256 available);
    /// @notice The account's wallet class leaves `available` units for the year, not `requested`.
    error AnnualLimitExceeded(address account, uint256 requested, uint256 available);
    /// @notice The account's wallet class allows it to receive `available` units more, not `requested`.
    error BalanceLimitExceeded(address account, uint256 requested, uint256 available);
    /// @notice The credit of the account is `available` units, not `requested`.
    error CreditExceeded(address account, uint256 requested, uint256 available);
    /// @notice The payee accepts authorizations only when it submits them itself.
    error PayeeOnly(address payee, address caller);
    /// @notice Only a contract can be a settlement account: `account` has no code of its own.
    error SettlementAccountWithoutCode(address account);
    /// @notice A frozen account cannot become a settlement account: nobody could lift its freeze any more.
    error SettlementAccountFrozen(address account);
    /// @notice A settlement account holds value of others: it cannot be frozen, seized or registered.
    error SettlementAccountProtected(address account);
    /// @notice The account is frozen outgoing and cannot pay.
    error AccountFrozenOutgoing(address account);
    /// @notice The account is frozen incoming and cannot receive.
    error AccountFrozenIncoming(address account);
    /// @notice `frozen` units of the account's balance are frozen; it can pay `available`, not `requested`.
    error FrozenAmountExceeded(address account, uint256 requested, uint256 available, uint256 frozen);
    /// @notice A seizure has to name the document that orders it.
    error SeizureWithoutLegalBasis(address account);
    /// @notice The currency is paused.
    error CurrencyPaused();
    /// @notice Only the currency's own issuance desk creates, holds and destroys units.
    error CallerNotDesk(address caller, address desk);
    /// @notice A payee-only account, such as a series, cannot be the receiver of a channel in this currency: it would
    /// be paid without delivery. The currency and its desk cannot be either (`ERC20InvalidReceiver`).
    error ChannelReceiverPayeeOnly(address receiver);
    /// @notice Only the collector `expected` brings deposits in this currency, each by its payer's own signature:
    /// another collector could bypass the payer's limits and freezes.
    error ChannelCollectorRefused(address collector, address expected);

    // ------------------------------------------------------------ central bank

    /// @notice Set the limits of a wallet class. A new currency has none.
    /// @dev Payments made while a class had neither a daily nor an annual limit never count.
    /// @param class One of the classes I to IV.
    /// @param limits Units, each a multiple of 100,000,000 (100 yuan) up to 3,276,600 yuan, or 2**256 - 1 for no limit.
    /// @custom:reverts ClassWithoutLimits when `class` is that of corporate wallets
    /// @custom:reverts ClassLimitInvalid when a limit is neither such a multiple nor 2**256 - 1
    /// @custom:invariant INV-LIMIT
    function setClassLimits(WalletClass class, ClassLimits calldata limits) external;

    // ------------------------------------------------------------ issuance desk

    /// @notice Create the units of an issuance.
    /// @param to Recipient.
    /// @param amount Units.
    /// @custom:reverts CallerNotDesk when the caller is not the desk
    /// @custom:reverts CurrencyPaused when the currency is paused
    /// @custom:reverts ERC20InvalidReceiver when `to` is zero, this contract or the desk
    /// @custom:reverts AccountFrozenIncoming when `to` is frozen incoming
    /// @custom:reverts BalanceLimitExceeded when `to` would hold more than its wallet class allows
    /// @custom:invariant INV-SUPPLY
    function createTo(address to, uint256 amount) external;

    /// @notice Move the units of a requested redemption to the desk. No limit of a wallet class applies.
    /// @param holder Holder that requested the redemption.
    /// @param amount Units.
    /// @custom:reverts CallerNotDesk when the caller is not the desk
    /// @custom:reverts CurrencyPaused when the currency is paused
    /// @custom:reverts AccountFrozenOutgoing when the holder is frozen outgoing
    /// @custom:reverts FrozenAmountExceeded when the amount needs frozen units of the holder
    /// @custom:reverts ERC20InsufficientBalance when the holder holds less
    function holdFrom(address holder, uint256 amount) external;

    /// @notice Destroy redeemed units that the desk holds. No freeze and no pause stops this.
    /// @param amount Units of one redemption.
    /// @custom:reverts CallerNotDesk when the caller is not the desk
    /// @custom:reverts ERC20InsufficientBalance when the desk holds less
    /// @custom:invariant INV-SUPPLY
    function destroyHeld(uint96 amount) external;

    // ---------------------------------------------------------------- registrar

    /// @notice Register an account as a wallet of a class, or change its class. An unregistered account is of class IV.
    /// @dev Payments on the day and in the year stay counted. A balance above the limit of a lower class stays too, and
    /// the account cannot receive until its balance is below the limit.
    /// @param account Holder's account.
    /// @param class Its class; above IV the real name is known.
    /// @param identificationExpiry Day (`Calendar`, UTC+8) from which the identification is no longer valid and the
    /// limits of class IV apply; 2**16 - 1 for an identification without end.
    /// @param jurisdiction ISO 3166-1 number, such as 156 for China; zero if none is known.
    /// @param realName Whether the operating institution knows the holder's real name.
    /// @custom:reverts SettlementAccountProtected when `account` is a settlement account
    /// @custom:reverts WalletWithoutRealName when `class` is above IV and the real name is not known
    /// @custom:reverts JurisdictionInvalid when `jurisdiction` is above 999
    /// @custom:invariant INV-LIMIT
    function registerWallet(
        address account,
        WalletClass class,
        uint16 identificationExpiry,
        uint16 jurisdiction,
        bool realName
    ) external;

    /// @notice Mark a contract that holds value of others (series, hub, escrow). The mark is permanent, since payers
    /// rely on it. This contract is marked from the start because of the credits, and the desk because of the
    /// redemptions.
    /// @dev Warning: no limit, freeze or pause of a marked contract stops its payments.
    /// @custom:reverts SettlementAccountWithoutCode when `account` has no code, or delegates to code (EIP-7702)
    /// @custom:reverts SettlementAccountFrozen when `account` is frozen, in whole or in part
    function markSettlementAccount(address account) external;

    // ------------------------------------------------ freezer, seizer and pauser

    /// @notice Set the freezes of an account; both false lifts them. A freeze stops neither the end of a redemption nor
    /// a seizure nor the cancellation of an authorization.
    /// @param outgoing Whether the account cannot pay.
    /// @param incoming Whether the account cannot receive payments and issuance; payouts become its credit.
    /// @custom:reverts SettlementAccountProtected when `account` is a settlement account
    /// @custom:invariant INV-FROZEN
    function freeze(address account, bool outgoing, bool incoming) external;

    /// @notice Set the frozen amount of an account's balance; zero lifts it.
    /// @param amount Units, replacing the amount before. An amount above the balance freezes later receipts too.
    /// @custom:reverts SettlementAccountProtected when `account` is a settlement account
    /// @custom:invariant INV-FROZEN
    function freezeAmount(address account, uint256 amount) external;

    /// @notice Seize units of an account by authority of law, frozen or not, even while the currency is paused.
    /// @dev Units under redemption and credits are not in the account. A frozen amount stays as it was set. If `to`
    /// cannot receive the units, they become its credit.
    /// @param from Owner of the units.
    /// @param to Account named by the authority.
    /// @param amount Units.
    /// @param legalBasis Hash of the document that orders the seizure.
    /// @custom:reverts SeizureWithoutLegalBasis when `legalBasis` is zero
    /// @custom:reverts ERC20InvalidReceiver when `to` is zero, this contract or the desk
    /// @custom:reverts SettlementAccountProtected when `from` is a settlement account, or zero
    /// @custom:reverts ERC20InsufficientBalance when `from` holds less
    /// @custom:invariant INV-FROZEN
    function seize(address from, address to, uint256 amount, bytes32 legalBasis) external;

    /// @notice Seize units of an account's credit by authority of law.
    /// @param account Owner of the credit.
    /// @param to Account named by the authority.
    /// @param amount Units.
    /// @param legalBasis Hash of the document that orders the seizure.
    /// @custom:reverts SeizureWithoutLegalBasis when `legalBasis` is zero
    /// @custom:reverts ERC20InvalidReceiver when `to` is zero, this contract or the desk
    /// @custom:reverts SettlementAccountProtected when `account` is a settlement account, which may have a credit from
    /// before its mark, or zero
    /// @custom:reverts CreditExceeded when the credit is smaller
    /// @custom:invariant INV-FROZEN
    function seizeCredit(address account, address to, uint256 amount, bytes32 legalBasis) external;

    /// @notice Stop issuance, new redemption requests, and the payments of all accounts other than settlement accounts.
    /// @dev Settlement accounts still pay out. Redemptions still end, authorizations can be cancelled, and accounts can
    /// be frozen, seized and marked. Payments into settlement accounts stop too: otherwise value could still move
    /// between any two accounts through a channel of the hub.
    function pause() external;

    /// @notice End the pause.
    function unpause() external;

    // ------------------------------------------------------------------- holder

    /// @notice Pay an account units of its credit. Any account may call this.
    /// @dev A payout: no pause stops it.
    /// @param account Owner of the credit.
    /// @param amount Units, part of the credit or all of it.
    /// @custom:reverts CreditExceeded when the credit is smaller
    /// @custom:reverts ERC20InvalidReceiver when `account` is zero, this contract or the desk
    /// @custom:reverts AccountFrozenIncoming when `account` is frozen incoming
    /// @custom:reverts BalanceLimitExceeded when `account` would hold more than its wallet class allows
    /// @custom:invariant INV-LIMIT
    function claimCredit(address account, uint256 amount) external;

    /// @notice Reserve the submission of authorizations that pay the caller to the caller, so that every payment goes
    /// with a delivery; or end that.
    function setPayeeOnly(bool enabled) external;

    // -------------------------------------------------------------------- views

    /// @notice The currency's IssuanceDesk: reserve, quotas and redemptions. The currency created it.
    function issuanceDesk() external view returns (address);

    /// @notice The limits of a wallet class.
    function classLimits(WalletClass class) external view returns (ClassLimits memory);

    /// @notice Registration and payments of an account.
    function wallet(address account) external view returns (Wallet memory);

    /// @notice Credit of an account: units held because the account could not receive them.
    function creditOf(address account) external view returns (uint256);

    /// @notice Whether the account alone may submit authorizations that pay it.
    function isPayeeOnly(address account) external view returns (bool);

    /// @notice Whether the account is a settlement account, which holds value of others.
    function isSettlementAccount(address account) external view returns (bool);

    /// @notice Freezes of an account.
    /// @return outgoing Whether the account cannot pay.
    /// @return incoming Whether the account cannot receive.
    /// @return amount Frozen units of the balance.
    function frozen(address account) external view returns (bool outgoing, bool incoming, uint256 amount);

    /// @notice Whether the currency is paused.
    function isPaused() external view returns (bool);
}
