// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IChannelPolicy} from "../core/IChannelPolicy.sol";
import {IERC3009} from "../core/IERC3009.sol";

/// @title ICurrencyToken
/// @notice A stablecoin backed one to one by a central bank's digital currency in reserve. One contract a currency.
/// @dev 6 decimals: for e-CNY one unit is one micro-yuan and one fen is 10,000 units. Units are created and destroyed
/// by the currency's own IssuanceDesk alone. Simulation only.
interface ICurrencyToken is IERC3009, IChannelPolicy {
    /// @notice Classes of wallets, by how well the holder is known. An account never registered is of class IV.
    enum WalletClass {
        IV,
        III,
        II,
        I,
        Corporate
    }

    /// @notice What is registered of an account, and what it paid.
    struct Wallet {
        /// Class it was registered with; held to class IV from the expiry of its identification on.
        WalletClass class;
        /// Day (`Calendar`) from which the identification is no longer valid; 2**16 - 1 is never.
        uint16 identificationExpiry;
        /// Jurisdiction of the holder, an ISO 3166-1 number; zero where none is known.
        uint16 jurisdiction;
        /// Whether the holder's real name is known to its operating institution.
        bool realName;
        /// Day of the last payment that was counted against a daily or annual limit.
        uint16 day;
        /// Units paid on that day, as far as they were counted.
        uint256 spentOnDay;
        /// Units paid in the year of that day, as far as they were counted.
        uint256 spentInYear;
    }

    /// @notice Limits of one wallet class, in units; 2**256 - 1 is no limit, zero is a limit.
    struct ClassLimits {
        /// Most an account may hold.
        uint256 balance;
        /// Most one payment may be.
        uint256 payment;
        /// Most that may be paid on one day of UTC+8.
        uint256 daily;
        /// Most that may be paid in one year of UTC+8.
        uint256 annual;
    }
    /// @notice The central bank set the limits of a wallet class, in units; 2**256 - 1 is no limit.
    event ClassLimitsSet(WalletClass indexed class, uint256 balance, uint256 payment, uint256 daily, uint256 annual);
    /// @notice A payee reserved the submission of authorizations to itself, or gave that up.
    event PayeeOnlySet(address indexed payee, bool enabled);
    /// @notice An account was registered as a wallet of a class, or registered anew.
    event WalletRegistered(
        address indexed account,
        WalletClass indexed class,
        uint16 identificationExpiry,
        uint16 jurisdiction,
        bool realName
    );
    /// @notice Units owed to an account could not come into it, and are held for it by this contract from here on.
    /// @param payer Account they were paid out of.
    /// @param credit Units held for the account after it.
    event Credited(address indexed account, address indexed payer, uint256 amount, uint256 credit);
    /// @notice Units held for an account came into it.
    /// @param credit Units held for the account after it.
    event CreditClaimed(address indexed account, uint256 amount, uint256 credit);
    /// @notice Units held for an account were taken by authority of law.
    /// @param credit Units held for the account after it.
    /// @param legalBasis Hash of the document that says why.
    event CreditSeized(
        address indexed account,
        address indexed to,
        uint256 amount,
        uint256 credit,
        bytes32 indexed legalBasis
    );
    /// @notice An account became a settlement account, whose value belongs to others. It stays one.
    event SettlementAccountMarked(address indexed account);
    /// @notice What of an account is frozen was set: whether nothing leaves it, and whether nothing comes in.
    event FreezeSet(address indexed account, bool outgoing, bool incoming);
    /// @notice How much of an account's balance may not leave was set.
    /// @param amount Units, replacing the amount before; zero lifts it.
    event FrozenAmountSet(address indexed account, uint256 amount);
    /// @notice Units were taken from an account by authority of law.
    /// @param legalBasis Hash of the document that says why.
    event Seized(address indexed from, address indexed to, uint256 amount, bytes32 indexed legalBasis);
    /// @notice The currency was paused.
    event Paused(address account);
    /// @notice The pause ended.
    event Unpaused(address account);
    /// @notice A limit is a multiple of `step` units up to `most`, or 2**256 - 1 for none.
    error ClassLimitInvalid(uint256 limit, uint256 step, uint256 most);
    /// @notice Wallets of this class have no limits.
    error ClassWithoutLimits(WalletClass class);
    /// @notice A wallet above class IV is that of a holder whose real name is known.
    error WalletWithoutRealName(address account, WalletClass class);
    /// @notice A jurisdiction is an ISO 3166-1 number, three digits.
    error JurisdictionInvalid(uint16 jurisdiction);
    /// @notice The account's wallet class allows payments of up to `limit` units, not `requested`.
    error PaymentLimitExceeded(address account, uint256 requested, uint256 limit);
    /// @notice The account's wallet class leaves `available` units for the day, not `requested`.
    error DailyLimitExceeded(address account, uint256 requested, uint256 available);
    /// @notice The account's wallet class leaves `available` units for the year, not `requested`.
    error AnnualLimitExceeded(address account, uint256 requested, uint256 available);
    /// @notice The account's wallet class leaves room for `available` units more, not `requested`.
    error BalanceLimitExceeded(address account, uint256 requested, uint256 available);
    /// @notice `available` units are held for the account, not `requested`.
    error CreditExceeded(address account, uint256 requested, uint256 available);
    /// @notice The payee accepts authorizations only when it submits them itself.
    error PayeeOnly(address payee, address caller);
    /// @notice Only a contract can hold what belongs to others by its own rules: `account` has no code of its own.
    error SettlementAccountWithoutCode(address account);
    /// @notice A frozen account cannot become a settlement account, which nobody could freeze or unfreeze any more.
    error SettlementAccountFrozen(address account);
    /// @notice A settlement account holds what belongs to others: it is neither frozen, seized nor registered.
    error SettlementAccountProtected(address account);
    /// @notice Nothing may leave the account.
    error AccountFrozenOutgoing(address account);
    /// @notice Nothing may come into the account.
    error AccountFrozenIncoming(address account);
    /// @notice Of the account's balance `available` units may leave, since `frozen` may not.
    error FrozenAmountExceeded(address account, uint256 requested, uint256 available, uint256 frozen);
    /// @notice A seizure names the document that it rests on.
    error SeizureWithoutLegalBasis(address account);
    /// @notice The currency is paused.
    error CurrencyPaused();
    /// @notice Only the currency's own issuance desk creates, holds and destroys units.
    error CallerNotDesk(address caller, address desk);
    /// @notice A payee-only account, such as a series, cannot be the receiver of a channel in this currency: it would
    /// be paid without delivering. Nor can the currency and its desk be (`ERC20InvalidReceiver`), which nobody pays.
    error ChannelReceiverPayeeOnly(address receiver);
    /// @notice A channel in this currency is paid in by its payer's own signature, through `expected` alone: another
    /// collector could bring what no limit of the payer counted and no freeze of it stopped.
    error ChannelCollectorRefused(address collector, address expected);

    // ------------------------------------------------------------ central bank

    /// @notice Set the limits of a wallet class. There are none from the start.
    /// @dev What was paid while a class had neither a daily nor an annual limit is not counted afterwards.
    /// @param class One of the classes I to IV.
    /// @param limits Units, each a multiple of 100,000,000 (100 yuan) up to 3,276,600 yuan, or 2**256 - 1 for no limit.
    /// @custom:reverts ClassWithoutLimits when `class` is that of corporate wallets
    /// @custom:reverts ClassLimitInvalid when a limit is neither such a multiple nor 2**256 - 1
    /// @custom:invariant INV-LIMIT
    function setClassLimits(WalletClass class, ClassLimits calldata limits) external;

    // ------------------------------------------------------------ issuance desk

    /// @notice Create units that the desk issues.
    /// @param to Recipient.
    /// @param amount Units.
    /// @custom:reverts CallerNotDesk when the caller is not the desk
    /// @custom:reverts CurrencyPaused when the currency is paused
    /// @custom:reverts ERC20InvalidReceiver when `to` is zero, this contract or the desk
    /// @custom:reverts AccountFrozenIncoming when nothing may come into `to`
    /// @custom:reverts BalanceLimitExceeded when `to` would hold more than its wallet class allows
    /// @custom:invariant INV-SUPPLY
    function createTo(address to, uint256 amount) external;

    /// @notice Move units that a holder wants redeemed to the desk. No limit of a wallet class applies.
    /// @param holder Holder, who asked the desk for it.
    /// @param amount Units.
    /// @custom:reverts CallerNotDesk when the caller is not the desk
    /// @custom:reverts CurrencyPaused when the currency is paused
    /// @custom:reverts AccountFrozenOutgoing when nothing may leave the holder's account
    /// @custom:reverts FrozenAmountExceeded when too little of the holder's balance may leave
    /// @custom:reverts ERC20InsufficientBalance when the holder holds less
    function holdFrom(address holder, uint256 amount) external;

    /// @notice Destroy units that the desk holds, since they were redeemed. No freeze and no pause stops it.
    /// @param amount Units of one redemption.
    /// @custom:reverts CallerNotDesk when the caller is not the desk
    /// @custom:reverts ERC20InsufficientBalance when the desk holds less
    /// @custom:invariant INV-SUPPLY
    function destroyHeld(uint96 amount) external;

    // ---------------------------------------------------------------- registrar

    /// @notice Register an account as a wallet of a class, or anew. An account never registered is of class IV.
    /// @dev What was paid on the day and in the year stays counted. A balance above a lower class's limit stays too,
    /// and lets nothing in until it is below.
    /// @param account Holder's account.
    /// @param class Its class; above IV the real name is known.
    /// @param identificationExpiry Day (`Calendar`, UTC+8) from which the identification is no longer valid, and the
    /// account held to class IV; 2**16 - 1 for one without end.
    /// @param jurisdiction ISO 3166-1 number, such as 156 for China, zero where none is known.
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

    /// @notice Mark a contract whose value belongs to others (series, hub, escrow), for ever: who paid into it relied
    /// on the mark. This contract bears it from the start, for the credits, and so does the desk, for the redemptions.
    /// @dev Warning: what is paid out of a marked contract is never refused for its own sake.
    /// @custom:reverts SettlementAccountWithoutCode when `account` has no code, or delegates to code (EIP-7702)
    /// @custom:reverts SettlementAccountFrozen when something of `account` is frozen
    function markSettlementAccount(address account) external;

    // ------------------------------------------------ freezer, seizer and pauser

    /// @notice Set what of an account is frozen; both false lifts it. What ends a redemption, a seizure and a cancelled
    /// authorization are no concern of a freeze.
    /// @param outgoing Whether nothing may leave the account.
    /// @param incoming Whether nothing may come in: neither payments nor issuance; payouts become the account's credit.
    /// @custom:reverts SettlementAccountProtected when `account` is a settlement account
    /// @custom:invariant INV-FROZEN
    function freeze(address account, bool outgoing, bool incoming) external;

    /// @notice Set how much of an account's balance may not leave; zero lifts it.
    /// @param amount Units, replacing the amount before; may be above the balance, and then holds what comes in too.
    /// @custom:reverts SettlementAccountProtected when `account` is a settlement account
    /// @custom:invariant INV-FROZEN
    function freezeAmount(address account, uint256 amount) external;

    /// @notice Take units from an account by authority of law, frozen or not, and while paused too.
    /// @dev What is under redemption, or held as a credit, is not in the account. A frozen amount stays as it was set.
    /// Where the units cannot come into `to`, they become its credit.
    /// @param from Account whose own the units are.
    /// @param to Account named by the authority.
    /// @param amount Units.
    /// @param legalBasis Hash of the document that says why.
    /// @custom:reverts SeizureWithoutLegalBasis when `legalBasis` is zero
    /// @custom:reverts ERC20InvalidReceiver when `to` is zero, this contract or the desk
    /// @custom:reverts SettlementAccountProtected when `from` is a settlement account, or zero
    /// @custom:reverts ERC20InsufficientBalance when `from` holds less
    /// @custom:invariant INV-FROZEN
    function seize(address from, address to, uint256 amount, bytes32 legalBasis) external;

    /// @notice Take units that are held for an account as its credit, by authority of law.
    /// @param account Account whose own the credit is.
    /// @param to Account named by the authority.
    /// @param amount Units.
    /// @param legalBasis Hash of the document that says why.
    /// @custom:reverts SeizureWithoutLegalBasis when `legalBasis` is zero
    /// @custom:reverts ERC20InvalidReceiver when `to` is zero, this contract or the desk
    /// @custom:reverts SettlementAccountProtected when `account` is a settlement account, or zero: it may have a credit
    /// from before its mark
    /// @custom:reverts CreditExceeded when less is held for the account
    /// @custom:invariant INV-FROZEN
    function seizeCredit(address account, address to, uint256 amount, bytes32 legalBasis) external;

    /// @notice Stop issuance, new redemption requests, and every payment of an account that is no settlement account.
    /// @dev What settlement accounts owe is paid out, redemptions end, authorizations are cancelled, accounts frozen,
    /// seized and marked as ever. Payments into settlement accounts stop too: by a channel in the hub value would go
    /// from anybody to anybody.
    function pause() external;

    /// @notice End the pause.
    function unpause() external;

    // ------------------------------------------------------------------- holder

    /// @notice Let units come in that are held for an account since they could not; anyone asks for it.
    /// @dev Stopped by no pause: it is a payout.
    /// @param account Account whose credit it is.
    /// @param amount Units, part of the credit or all of it.
    /// @custom:reverts CreditExceeded when less is held for the account
    /// @custom:reverts ERC20InvalidReceiver when `account` is zero, this contract or the desk
    /// @custom:reverts AccountFrozenIncoming when nothing may come into `account`
    /// @custom:reverts BalanceLimitExceeded when `account` would hold more than its wallet class allows
    /// @custom:invariant INV-LIMIT
    function claimCredit(address account, uint256 amount) external;

    /// @notice Reserve the submission of authorizations to the caller to the caller itself, so that nobody can pay it
    /// without delivery; or give that up.
    function setPayeeOnly(bool enabled) external;

    // -------------------------------------------------------------------- views

    /// @notice The currency's IssuanceDesk, made with it: reserve, quotas and redemptions.
    function issuanceDesk() external view returns (address);

    /// @notice The limits of a wallet class.
    function classLimits(WalletClass class) external view returns (ClassLimits memory);

    /// @notice What is registered of an account, and what it paid.
    function wallet(address account) external view returns (Wallet memory);

    /// @notice Units held for an account since they could not come in.
    function creditOf(address account) external view returns (uint256);

    /// @notice Whether authorizations to the account can be submitted by itself only.
    function isPayeeOnly(address account) external view returns (bool);

    /// @notice Whether the account holds value that belongs to others.
    function isSettlementAccount(address account) external view returns (bool);

    /// @notice What of an account is frozen.
    /// @return outgoing Whether nothing may leave the account.
    /// @return incoming Whether nothing may come in.
    /// @return amount Units of the balance that may not leave.
    function frozen(address account) external view returns (bool outgoing, bool incoming, uint256 amount);

    /// @notice Whether the currency is paused.
    function isPaused() external view returns (bool);
}
