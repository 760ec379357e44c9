// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IChannelPolicy} from "../core/IChannelPolicy.sol";
import {IERC3009} from "../core/IERC3009.sol";

/// @title ICurrencyToken
/// @notice A stablecoin backed one to one by a central bank's digital currency in reserve. One contract a currency.
/// @dev 6 decimals: for e-CNY one unit is one micro-yuan and one fen is 10,000 units. Issuance and redemption are in
/// whole minor units (fen), so that supply always meets the reserve. Simulation only.
interface ICurrencyToken is IERC3009, IChannelPolicy {
    /// @notice Where a redemption stands. Every state but Requested and Taken is final (INV-FINAL).
    enum RedemptionStatus {
        None,
        Requested,
        Taken,
        Completed,
        Rejected,
        Cancelled
    }

    /// @notice A holder's request to have tokens exchanged for reserve at an operating institution.
    struct Redemption {
        /// Who asked, and whom a rejected or cancelled amount returns to.
        address holder;
        /// Units held by this contract meanwhile; a whole number of minor units.
        uint96 amount;
        /// Operating institution that was asked.
        address operator;
        /// Where it stands.
        RedemptionStatus status;
        /// Unix second from which the holder may cancel it: at once until the operator takes it, then after a day.
        uint40 cancellableFrom;
    }

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

    /// @notice What the central bank attests of the reserve behind the tokens (EIP-712 type of the same name).
    struct ReserveAttestation {
        /// Reserve in minor units (fen).
        uint256 amountFen;
        /// Unix second the amount is of.
        uint64 asOf;
        /// Number of the attestation, above that of the one before by at most 2**32.
        uint64 sequence;
        /// Unix second from which it is too old to issue against.
        uint64 validBefore;
    }

    /// @notice The central bank attested the reserve. Below the supply it stops issuance and changes nothing else.
    /// @param amountFen Minor units (fen), replacing the amount before.
    event ReserveAttested(
        uint64 indexed sequence,
        address indexed centralBank,
        uint256 amountFen,
        uint64 asOf,
        uint64 validBefore
    );
    /// @notice The central bank set what an operating institution may issue from now on.
    /// @param quota Units, replacing the quota before.
    event IssuanceQuotaSet(address indexed operator, uint256 quota);
    /// @notice The central bank set which part of the supply the reserve has to cover.
    /// @param ratioBps Basis points; 10,000 is full reserve.
    event ReserveRatioSet(uint256 ratioBps);
    /// @notice The central bank set the limits of a wallet class, in units; 2**256 - 1 is no limit.
    event ClassLimitsSet(WalletClass indexed class, uint256 balance, uint256 payment, uint256 daily, uint256 annual);
    /// @notice Tokens were created against reserve.
    /// @param amount Units created.
    /// @param quotaLeft Units the operator may still issue.
    event Issued(address indexed operator, address indexed to, uint256 amount, uint256 quotaLeft);
    /// @notice A holder asked for redemption; the units are held by this contract from here on.
    event RedemptionRequested(uint256 indexed id, address indexed holder, address indexed operator, uint256 amount);
    /// @notice The operator took the request: it is exchanging the reserve.
    /// @param cancellableFrom Unix second from which the holder may cancel it again.
    event RedemptionTaken(
        uint256 indexed id,
        address indexed holder,
        address indexed operator,
        uint256 amount,
        uint256 cancellableFrom
    );
    /// @notice The units were destroyed against reserve, and the operator's quota restored.
    /// @param quotaLeft Units the operator may issue after the restoration.
    event RedemptionCompleted(
        uint256 indexed id,
        address indexed holder,
        address indexed operator,
        uint256 amount,
        uint256 quotaLeft
    );
    /// @notice The operator refused; the units went back to the holder.
    event RedemptionRejected(uint256 indexed id, address indexed holder, address indexed operator, uint256 amount);
    /// @notice The holder took the request back, and the units.
    event RedemptionCancelled(uint256 indexed id, address indexed holder, address indexed operator, uint256 amount);
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

    /// @notice Issuance and redemption are in whole minor units: `amount` is not a positive multiple of `minorUnit`.
    error AmountNotWholeMinorUnits(uint256 amount, uint256 minorUnit);
    /// @notice The operator may issue `available` units, not `requested`.
    error QuotaExceeded(address operator, uint256 requested, uint256 available);
    /// @notice A quota, in units, or a reserve, in minor units, is more than the 96 bits of a balance allow.
    error SupplyCapExceeded(uint256 requested, uint256 available);
    /// @notice `centralBank` does not hold the central bank's role.
    error ReserveAttesterInvalid(address centralBank);
    /// @notice The signature is not the central bank's over exactly this attestation.
    error ReserveSignatureInvalid(address centralBank);
    /// @notice Attestations are submitted in rising sequence: the next one's is from `least`, one above the last one's,
    /// to `most`, 2**32 above it.
    error ReserveSequenceInvalid(uint64 sequence, uint256 least, uint256 most);
    /// @notice A reserve is attested as of a time from the last attestation's, `earliest`, to now, `latest`.
    error ReserveTimeInvalid(uint64 asOf, uint64 earliest, uint256 latest);
    /// @notice The attestation is valid until before `validBefore`, zero when there is none; chain time is `timestamp`.
    error ReserveAttestationExpired(uint64 validBefore, uint256 timestamp);
    /// @notice The attested reserve covers `available` units more, not `requested`.
    error ReserveExceeded(uint256 requested, uint256 available);
    /// @notice A reserve covers from 1 to 10,000 basis points of the supply.
    error ReserveRatioInvalid(uint256 ratioBps);
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
    /// @notice Redemption is asked of an operating institution, which `operator` is not.
    error RedemptionOperatorInvalid(address operator);
    /// @notice No redemption has this id.
    error RedemptionNotFound(uint256 id);
    /// @notice The redemption has ended already.
    error RedemptionEnded(uint256 id, RedemptionStatus status);
    /// @notice The operator is exchanging the reserve; the holder may cancel again from `cancellableFrom` on.
    error RedemptionNotCancellable(uint256 id, uint256 cancellableFrom, uint256 timestamp);
    /// @notice The operator took the request before.
    error RedemptionTakenAlready(uint256 id);
    /// @notice Only `expected` may do this to the redemption.
    error RedemptionCallerInvalid(uint256 id, address caller, address expected);
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
    /// @notice Roles are given and taken by one AccessManager for ever: another would replace all of them at once.
    error AuthorityFixed();
    /// @notice A payee-only account, such as a series, cannot be the receiver of a channel in this currency: it would
    /// be paid without delivering. Nor can the currency be (`ERC20InvalidReceiver`), which nobody pays.
    error ChannelReceiverPayeeOnly(address receiver);
    /// @notice A channel in this currency is paid in by its payer's own signature, through `expected` alone: another
    /// collector could bring what no limit of the payer counted and no freeze of it stopped.
    error ChannelCollectorRefused(address collector, address expected);

    // ------------------------------------------------------------ central bank

    /// @notice Set how many units an operating institution may issue from now on.
    /// @param operator The operating institution.
    /// @param quota Units, at most 2**96 - 1; replaces what was left.
    /// @custom:reverts SupplyCapExceeded when `quota` is above 96 bits
    function setIssuanceQuota(address operator, uint256 quota) external;

    /// @notice Set which part of the supply the reserve has to cover at an issuance. 10,000, full reserve, from the
    /// start.
    /// @param ratioBps Basis points, from 1 to 10,000. Below 10,000 the tokens are deposit money with a partial
    /// reserve.
    /// @custom:reverts ReserveRatioInvalid when it is zero or above 10,000
    /// @custom:invariant INV-RESERVE
    function setReserveRatio(uint256 ratioBps) external;

    /// @notice Set the limits of a wallet class. There are none from the start.
    /// @dev What was paid while a class had neither a daily nor an annual limit is not counted afterwards.
    /// @param class One of the classes I to IV.
    /// @param limits Units, each a multiple of 100,000,000 (100 yuan) up to 3,276,600 yuan, or 2**256 - 1 for no limit.
    /// @custom:reverts ClassWithoutLimits when `class` is that of corporate wallets
    /// @custom:reverts ClassLimitInvalid when a limit is neither such a multiple nor 2**256 - 1
    /// @custom:invariant INV-LIMIT
    function setClassLimits(WalletClass class, ClassLimits calldata limits) external;

    /// @notice Record what the central bank signed of the reserve; anyone submits it.
    /// @param centralBank Signer, a key or an ERC-1271 account; it holds the central bank's role now, without a delay.
    /// @param attestation What it signed.
    /// @param signature Over the EIP-712 digest of `attestation`.
    /// @custom:reverts ReserveSequenceInvalid when the sequence is not above the last one's, or by more than 2**32
    /// @custom:reverts ReserveTimeInvalid when `asOf` is in the future or before the last one's
    /// @custom:reverts ReserveAttestationExpired when `validBefore` is now or earlier
    /// @custom:reverts SupplyCapExceeded when the amount is above 96 bits of units
    /// @custom:reverts ReserveAttesterInvalid when the signer lacks the role
    /// @custom:reverts ReserveSignatureInvalid when the signature is not the signer's
    /// @custom:invariant INV-RESERVE
    function attestReserve(
        address centralBank,
        ReserveAttestation calldata attestation,
        bytes calldata signature
    ) external;

    // --------------------------------------------------- operating institution

    /// @notice Create units against reserve held for them, within the caller's quota and the attested reserve.
    /// @param to Recipient.
    /// @param amount Units, a multiple of `minorUnit()`, above zero.
    /// @custom:reverts AmountNotWholeMinorUnits when `amount` is zero or not in whole minor units
    /// @custom:reverts QuotaExceeded when `amount` is above the caller's quota
    /// @custom:reverts ReserveAttestationExpired when no attestation of the reserve is valid
    /// @custom:reverts ReserveExceeded when the supply would be above the attested reserve
    /// @custom:reverts ERC20InvalidReceiver when `to` is zero or this contract
    /// @custom:reverts CurrencyPaused when the currency is paused
    /// @custom:reverts AccountFrozenIncoming when nothing may come into `to`
    /// @custom:reverts BalanceLimitExceeded when `to` would hold more than its wallet class allows
    /// @custom:invariant INV-SUPPLY
    /// @custom:invariant INV-RESERVE
    function issue(address to, uint256 amount) external;

    /// @notice Take a request the caller was asked for, before the reserve is exchanged: for a day from now on its
    /// holder cannot cancel it.
    /// @custom:reverts RedemptionNotFound when there is no such request
    /// @custom:reverts RedemptionEnded when it was completed, rejected or cancelled
    /// @custom:reverts RedemptionCallerInvalid when another operator was asked
    /// @custom:reverts RedemptionTakenAlready when it was taken before
    function takeRedemption(uint256 id) external;

    /// @notice Destroy the units of a request the caller was asked for, and restore the caller's quota by as much.
    /// @dev Like the two other ends of a redemption, refused neither by a freeze nor by a pause.
    /// @custom:reverts RedemptionNotFound when there is no such request
    /// @custom:reverts RedemptionEnded when it was completed, rejected or cancelled
    /// @custom:reverts RedemptionCallerInvalid when another operator was asked
    /// @custom:invariant INV-RESERVE
    /// @custom:invariant INV-FINAL
    function completeRedemption(uint256 id) external;

    /// @notice Refuse a request; the units go back to the holder, while paused too, or become its credit where they
    /// cannot.
    /// @custom:reverts RedemptionNotFound when there is no such request
    /// @custom:reverts RedemptionEnded when it was completed, rejected or cancelled
    /// @custom:reverts RedemptionCallerInvalid when another operator was asked
    function rejectRedemption(uint256 id) external;

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
    /// on the mark. This contract bears it from the start, for the redemptions under way.
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
    /// @custom:reverts ERC20InvalidReceiver when `to` is zero or this contract
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
    /// @custom:reverts ERC20InvalidReceiver when `to` is zero or this contract
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

    /// @notice Ask an operating institution to exchange units for reserve; this contract holds them meanwhile.
    /// @param operator The operating institution, not necessarily the one that issued.
    /// @param amount Units, a multiple of `minorUnit()`, above zero.
    /// @return id Number of the request, from 1.
    /// @custom:reverts RedemptionOperatorInvalid when `operator` could not complete it
    /// @custom:reverts AmountNotWholeMinorUnits when `amount` is zero or not in whole minor units
    /// @custom:reverts CurrencyPaused when the currency is paused
    /// @custom:reverts AccountFrozenOutgoing when nothing may leave the caller's account
    /// @custom:reverts FrozenAmountExceeded when too little of the caller's balance may leave
    /// @custom:reverts ERC20InsufficientBalance when the caller holds less
    function requestRedemption(address operator, uint256 amount) external returns (uint256 id);

    /// @notice Take a request back, as long as the operator has not taken it, and from a day after that.
    /// @dev The units go back to the holder, or become its credit where they cannot.
    /// @custom:reverts RedemptionNotFound when there is no such request
    /// @custom:reverts RedemptionEnded when it was completed, rejected or cancelled
    /// @custom:reverts RedemptionCallerInvalid when the caller did not make it
    /// @custom:reverts RedemptionNotCancellable when the operator took it less than a day ago
    function cancelRedemption(uint256 id) external;

    /// @notice Let units come in that are held for an account since they could not; anyone asks for it.
    /// @dev Stopped by no pause: it is a payout.
    /// @param account Account whose credit it is.
    /// @param amount Units, part of the credit or all of it.
    /// @custom:reverts CreditExceeded when less is held for the account
    /// @custom:reverts ERC20InvalidReceiver when `account` is zero or this contract
    /// @custom:reverts AccountFrozenIncoming when nothing may come into `account`
    /// @custom:reverts BalanceLimitExceeded when `account` would hold more than its wallet class allows
    /// @custom:invariant INV-LIMIT
    function claimCredit(address account, uint256 amount) external;

    /// @notice Reserve the submission of authorizations to the caller to the caller itself, so that nobody can pay it
    /// without delivery; or give that up.
    function setPayeeOnly(bool enabled) external;

    // -------------------------------------------------------------------- views

    /// @notice Units in the smallest amount the reserve can hold: 10,000 for e-CNY (one fen).
    function minorUnit() external view returns (uint256);

    /// @notice The last attestation of the reserve; all zero when there is none.
    function reserve() external view returns (ReserveAttestation memory);

    /// @notice Units an operating institution may still issue.
    function issuanceQuota(address operator) external view returns (uint256);

    /// @notice Units an operating institution issued, less those redeemed at it: negative where others issued more of
    /// what it redeemed. The positions of all institutions sum to the supply (INV-RESERVE).
    function operatorPosition(address operator) external view returns (int256);

    /// @notice Basis points of the supply that the reserve has to cover; 10,000 is full reserve.
    function reserveRatio() external view returns (uint256);

    /// @notice The limits of a wallet class.
    function classLimits(WalletClass class) external view returns (ClassLimits memory);

    /// @notice What is registered of an account, and what it paid.
    function wallet(address account) external view returns (Wallet memory);

    /// @notice Units held for an account since they could not come in.
    function creditOf(address account) external view returns (uint256);

    /// @notice A redemption by its number.
    function redemption(uint256 id) external view returns (Redemption memory);

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
