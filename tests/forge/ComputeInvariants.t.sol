// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ChannelHub} from "../../contracts/channel/ChannelHub.sol";
import {ComputeMarket} from "../../contracts/compute/ComputeMarket.sol";
import {ComputeToken} from "../../contracts/compute/ComputeToken.sol";
import {IChannelHub} from "../../contracts/channel/IChannelHub.sol";
import {IComputeMarket} from "../../contracts/compute/IComputeMarket.sol";
import {IComputeToken} from "../../contracts/compute/IComputeToken.sol";
import {ICurrencyToken} from "../../contracts/money/ICurrencyToken.sol";
import {IDepositCollector} from "../../contracts/channel/IDepositCollector.sol";
import {IERC2612} from "../../contracts/core/IERC2612.sol";
import {IERC3009} from "../../contracts/core/IERC3009.sol";
import {IUsageMeter} from "../../contracts/channel/IUsageMeter.sol";
import {CurrencyToken} from "../../contracts/money/CurrencyToken.sol";
import {ChannelConfig} from "../../contracts/core/ChannelConfig.sol";
import {OwnPurchases} from "./ComputeCast.sol";
import {ComputeJobChecks} from "./ComputeJobChecks.sol";
import {ComputeModel} from "./ComputeModel.sol";
import {ComputeMoves} from "./ComputeMoves.sol";
import {Entries} from "./Entries.sol";
import {VM} from "./Vm.sol";

/// @title ComputeInvariants
/// @notice What holds of series, their market, the hub and the job escrow after any moves (`ComputeMoves`), by the
/// codes of docs/architecture.md.
contract ComputeInvariants is Entries, ComputeJobChecks {
    uint256 private constant MOVES = 16_000;
    uint256 private constant LEAST_SUCCESSES = 5;
    uint256 private constant PRICE_BASIS = 1_000_000;
    uint256 private constant BPS = 10_000;

    ComputeMoves private _moves;
    CurrencyToken private _currency;
    ChannelHub private _hub;
    ComputeMarket private _market;

    function setUp() external {
        _moves = new ComputeMoves();
        (_currency, _hub, _market) = (_moves.token(), _moves.hub(), _moves.market());
    }

    /// Asked by Foundry: whom the campaign calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_moves);
    }

    /// One campaign for all of them: Foundry would make the same moves for each.
    function invariantCodes() public view {
        _checkSupply();
        _checkBacking();
        _checkChannels();
        _checkUsage();
        _checkOnce();
        _checkFinal();
        _checkFrozen();
        _checkMarket();
        _checkJobs(_moves);
        _checkMoney();
        // Last, since the codes say more of what came of it.
        _checkRules();
    }

    /// Asked by Foundry at the end of each sequence: everybody can leave, whatever was frozen, paused or halted, and
    /// then nothing is left but what was given away.
    function afterInvariant() public {
        _leaveJobs(_moves);
        _leaveChannels();
        _leaveSeries();
        _checkMoney(false);
    }

    /// Every entry that changes anything is reached with success by the moves, and every rule that depends on what
    /// happened before refuses some of them, so that a campaign means something.
    function testEveryEntrySucceeds() external {
        _makeMoves(address(_moves), "ComputeMoves", MOVES);
        string[4] memory names = ["ComputeMarket", "ComputeToken", "ChannelHub", "JobEscrow"];
        for (uint256 i = 0; i < names.length; ++i) {
            string[] memory entries = _entries(names[i]);
            for (uint256 j = 0; j < entries.length; ++j) _checkReached(_selector(entries[j]), entries[j]);
        }
        _checkReached(_moves.meter().attestUsage.selector, "attestUsage");
        _checkReached(_moves.collector().collect.selector, "collect");
        _checkMet("series", _refusalsOfSeries());
        _checkMet("market", _refusalsOfMarket());
        _checkMet("hub", _refusalsOfHub());
        _checkMet("jobs", _refusalsOfJobs());
        _checkMet("others", _refusalsOfOthers());
        invariantCodes();
        afterInvariant();
    }

    function _checkMet(string memory whose, bytes4[] memory refusals) private view {
        for (uint256 i = 0; i < refusals.length; ++i) {
            string memory which = string.concat(whose, " ", VM.toString(bytes32(refusals[i])));
            VM.assertTrue(_moves.refusals(refusals[i]) != 0, string.concat("no move meets a refusal of ", which));
        }
    }

    /// Errors of the rules that depend on the state of a series, and so on.
    function _refusalsOfSeries() private pure returns (bytes4[] memory refusals) {
        bytes4[17] memory all = [
            OwnPurchases.PurchaseForAnother.selector,
            IComputeToken.SeriesExpired.selector,
            IComputeToken.SeriesHalted.selector,
            IComputeToken.SeriesNotEnded.selector,
            IComputeToken.SeriesCallerNotMarket.selector,
            IComputeToken.HolderFrozenOutgoing.selector,
            IComputeToken.HolderFrozenIncoming.selector,
            IComputeToken.CapacityExceeded.selector,
            IComputeToken.PurchaseDeadlinePassed.selector,
            IComputeToken.PurchaseNonceInvalid.selector,
            IComputeToken.PurchaseBelowLeastTokens.selector,
            IComputeToken.PurchasePaymentInexact.selector,
            IComputeToken.TokensZero.selector,
            IComputeToken.SeriesCallerNotProvider.selector,
            IComputeToken.TokenTransferRefused.selector,
            IComputeToken.ChannelTermsRefused.selector,
            IComputeToken.SeriesTermsInvalid.selector
        ];
        refusals = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) refusals[i] = all[i];
    }

    function _refusalsOfMarket() private pure returns (bytes4[] memory refusals) {
        bytes4[16] memory all = [
            IComputeMarket.PolicyWithoutCode.selector,
            IComputeMarket.ProviderJurisdictionRefused.selector,
            IComputeMarket.ComputeAttesterInvalid.selector,
            IComputeMarket.ComputeSignatureInvalid.selector,
            IComputeMarket.ComputeRegisteredAlready.selector,
            IComputeMarket.ComputeTermsInvalid.selector,
            IComputeMarket.ComputeNotOfProvider.selector,
            IComputeMarket.ComputeCapacityExceeded.selector,
            IComputeMarket.ComputeEndsBefore.selector,
            IComputeMarket.ProviderNotCaller.selector,
            IComputeMarket.ProviderFrozen.selector,
            IComputeMarket.StakeAmountZero.selector,
            IComputeMarket.StakeInsufficient.selector,
            IComputeMarket.SeriesCallerNotHalter.selector,
            IComputeMarket.HaltWithoutEvidence.selector,
            IComputeMarket.StakeLocked.selector
        ];
        refusals = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) refusals[i] = all[i];
    }

    function _refusalsOfHub() private pure returns (bytes4[] memory refusals) {
        bytes4[22] memory all = [
            IChannelHub.ChannelConfigInvalid.selector,
            IChannelHub.WithdrawDelayOutOfRange.selector,
            IChannelHub.DepositAmountZero.selector,
            IChannelHub.DepositAmountMismatch.selector,
            IChannelHub.ClaimsEmpty.selector,
            IChannelHub.ClaimSignaturesUneven.selector,
            IChannelHub.ChannelCallerNotReceiver.selector,
            IChannelHub.ClaimAuthorizerMismatch.selector,
            IChannelHub.ClaimAboveCeiling.selector,
            IChannelHub.ClaimAboveBalance.selector,
            IChannelHub.ChannelPayerFrozen.selector,
            IChannelHub.VoucherSignatureInvalid.selector,
            IChannelHub.ReceiverAuthorizerSignatureInvalid.selector,
            IChannelHub.RefundNonceInvalid.selector,
            IChannelHub.RefundAmountZero.selector,
            IChannelHub.NothingToSettle.selector,
            IChannelHub.CreditNone.selector,
            IChannelHub.ChannelCallerNotPayer.selector,
            IChannelHub.WithdrawPending.selector,
            IChannelHub.WithdrawNotPending.selector,
            IChannelHub.WithdrawNotFinalizable.selector,
            IChannelHub.WithdrawAboveAvailable.selector
        ];
        refusals = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) refusals[i] = all[i];
    }

    function _refusalsOfOthers() private pure returns (bytes4[] memory refusals) {
        bytes4[13] memory all = [
            IUsageMeter.MeterCallerNotHub.selector,
            IUsageMeter.UsageSignatureInvalid.selector,
            IDepositCollector.CollectorCallerNotHub.selector,
            ICurrencyToken.PayeeOnly.selector,
            ICurrencyToken.ChannelReceiverPayeeOnly.selector,
            ICurrencyToken.ChannelCollectorRefused.selector,
            IERC20Errors.ERC20InvalidReceiver.selector,
            IERC3009.AuthorizationNotYetValid.selector,
            IERC3009.AuthorizationExpired.selector,
            IERC3009.AuthorizationAlreadyUsed.selector,
            IERC3009.AuthorizationSignatureInvalid.selector,
            IERC3009.AuthorizationCallerNotPayee.selector,
            IERC2612.PermitSignatureInvalid.selector
        ];
        refusals = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) refusals[i] = all[i];
    }

    function _checkReached(bytes4 selector, string memory entry) private view {
        VM.assertTrue(_moves.successes(selector) >= LEAST_SUCCESSES, string.concat("no move reaches ", entry));
    }

    // ------------------------------------------------------------------- leaving

    /// Payers withdraw what was not claimed, once they are not frozen any more; what was claimed is settled.
    function _leaveChannels() private {
        ComputeModel.Channel[] memory channels = _moves.channels();
        _moves.coin().setMood(0);
        _thaw();
        VM.warp(_moves.time() + 31 days);
        for (uint256 i = 0; i < channels.length; ++i) {
            ChannelConfig memory config = channels[i].config;
            if (channels[i].pending != 0) {
                VM.prank(config.payer);
                _hub.finalizeWithdraw(config);
            }
            (uint128 balance, uint128 claimed) = _hub.channels(_hub.getChannelId(config));
            if (balance == claimed) continue;
            VM.prank(config.payer);
            _hub.initiateWithdraw(config, balance - claimed);
        }
        VM.warp(_moves.time() + 62 days);
        for (uint256 i = 0; i < channels.length; ++i) {
            ChannelConfig memory config = channels[i].config;
            (uint128 noticed, ) = _hub.pendingWithdrawals(_hub.getChannelId(config));
            if (noticed != 0) {
                VM.prank(config.payer);
                _hub.finalizeWithdraw(config);
            }
            (uint128 claimed, uint128 settled) = _hub.receivers(config.receiver, config.token);
            if (claimed != settled) _hub.settle(config.receiver, config.token);
        }
        address coin = address(_moves.coin());
        address[] memory parties = _moves.parties();
        for (uint256 i = 0; i < parties.length; ++i) {
            if (_hub.credits(parties[i], coin) != 0) _hub.withdrawCredit(parties[i], coin);
        }
        VM.assertEq(IERC20(coin).balanceOf(address(_hub)), _moves.donatedCoins(), "INV-CHANNEL: coins stay behind");
        VM.assertEq(
            _currency.balanceOf(address(_hub)),
            _moves.donated(address(_hub)),
            "INV-CHANNEL: currency stays behind"
        );
    }

    function _thaw() private {
        address[] memory parties = _moves.parties();
        for (uint256 i = 0; i < parties.length; ++i) {
            (bool outgoing, bool incoming, ) = _currency.frozen(parties[i]);
            if (!outgoing) continue;
            VM.prank(_moves.freezer());
            _currency.freeze(parties[i], false, incoming);
        }
    }

    /// Holders are refunded, providers redeem and sweep, and take their stake back.
    function _leaveSeries() private {
        ComputeModel.Series[] memory series = _moves.series();
        address[] memory parties = _moves.parties();
        for (uint256 i = 0; i < series.length; ++i) {
            (ComputeToken of_, address provider) = (series[i].token, series[i].provider);
            VM.warp(_least(series[i].expiry, _moves.time()) + 365 days);
            for (uint256 j = 0; j < parties.length; ++j) {
                uint256 tokens = of_.balanceOf(parties[j]);
                if (tokens == 0) continue;
                VM.prank(parties[j]);
                of_.refund(tokens);
            }
            uint256 delivered = of_.delivered();
            if (delivered != 0) {
                VM.prank(provider);
                of_.redeem(delivered);
            }
            VM.prank(provider);
            of_.sweep();
            VM.assertEq(of_.totalSupply(), 0, "INV-SUPPLY: Tokens without a holder");
            VM.assertEq(_currency.balanceOf(address(of_)), 0, "INV-BACKING: currency stays behind");
            if (_market.seriesStake(address(of_)).locked != 0) _market.releaseStake(address(of_));
        }
        for (uint256 j = 0; j < parties.length; ++j) {
            uint256 free = _market.freeStake(parties[j]);
            if (free == 0) continue;
            VM.prank(parties[j]);
            _market.withdrawStake(free);
        }
        uint256 left = _currency.balanceOf(address(_market));
        VM.assertEq(left, _moves.donated(address(_market)), "stake stays behind");
    }

    // -------------------------------------------------------------------- checks

    /// Every call was let through or refused as the rules say: what is owed cannot be held up either.
    function _checkRules() private view {
        bytes memory entry = bytes.concat(_moves.lastSurprise(), _moves.lastRefusal());
        VM.assertTrue(
            _moves.surprises() == 0,
            string.concat("let through against the rules, or refused without: ", VM.toString(bytes32(entry)))
        );
        VM.assertEq(_moves.callsBack(), 0, "a collector called back into the hub");
    }

    /// INV-SUPPLY
    function _checkSupply() private view {
        ComputeModel.Series[] memory series = _moves.series();
        address[] memory parties = _moves.parties();
        for (uint256 i = 0; i < series.length; ++i) {
            ComputeToken of_ = series[i].token;
            uint256 sum = _checkHeld(of_, address(of_)) + _checkHeld(of_, address(_hub));
            for (uint256 j = 0; j < parties.length; ++j) sum += _checkHeld(of_, parties[j]);
            VM.assertEq(of_.totalSupply(), sum, "INV-SUPPLY: the supply is not the sum of balances");
            VM.assertEq(sum, _outstanding(series[i]), "INV-SUPPLY: not what was sold less redeemed and refunded");
        }
    }

    function _checkHeld(ComputeToken of_, address holder) private view returns (uint256 tokens) {
        tokens = of_.balanceOf(holder);
        VM.assertEq(tokens, _moves.held(address(of_), holder), "INV-SUPPLY: a balance is not what was moved");
    }

    /// INV-BACKING: exactly, a Token's price being a fraction of a unit; what was given away backs nothing.
    function _checkBacking() private view {
        ComputeModel.Series[] memory series = _moves.series();
        for (uint256 i = 0; i < series.length; ++i) {
            address of_ = address(series[i].token);
            uint256 backing = _currency.balanceOf(of_) - _moves.donated(of_);
            uint256 owed = _outstanding(series[i]) * series[i].unitPrice * BPS;
            if (series[i].haltedAt != 0) {
                uint256 undelivered = _outstanding(series[i]) - series[i].token.delivered();
                owed += undelivered * series[i].unitPrice * series[i].compensationBps;
            }
            VM.assertTrue(backing * PRICE_BASIS * BPS >= owed, "INV-BACKING: less than what backs the Tokens");
        }
    }

    /// INV-CHANNEL
    function _checkChannels() private view {
        ComputeModel.Series[] memory series = _moves.series();
        ComputeModel.Channel[] memory channels = _moves.channels();
        for (uint256 i = 0; i < series.length; ++i) _checkHub(address(series[i].token), channels, 0);
        _checkHub(address(_currency), channels, _moves.donated(address(_hub)));
        _checkHub(address(_moves.coin()), channels, _moves.donatedCoins());
    }

    /// What the hub holds of a token is what it owes: unclaimed to payers, unsettled to receivers, credits.
    function _checkHub(address of_, ComputeModel.Channel[] memory channels, uint256 donated) private view {
        address[] memory parties = _moves.parties();
        (uint128 claimed, uint128 settled) = _hub.receivers(of_, of_);
        VM.assertEq(claimed, _moves.claimedFor(of_, of_), "INV-CHANNEL: claimed for a series");
        VM.assertEq(settled, _moves.settledFor(of_, of_), "INV-CHANNEL: settled to a series");
        uint256 owed = donated + claimed - settled;
        for (uint256 i = 0; i < channels.length; ++i) {
            if (channels[i].config.token != of_) continue;
            (uint128 balance, uint128 totalClaimed) = _hub.channels(_hub.getChannelId(channels[i].config));
            VM.assertEq(balance, channels[i].balance, "INV-CHANNEL: a balance is not what was paid in and back");
            VM.assertTrue(totalClaimed <= balance, "INV-CHANNEL: claimed more than there was");
            owed += balance - totalClaimed;
        }
        for (uint256 i = 0; i < parties.length; ++i) {
            (claimed, settled) = _hub.receivers(parties[i], of_);
            VM.assertEq(claimed, _moves.claimedFor(parties[i], of_), "INV-CHANNEL: claimed for a receiver");
            VM.assertEq(settled, _moves.settledFor(parties[i], of_), "INV-CHANNEL: settled to a receiver");
            uint256 credit = of_ == address(_moves.coin()) ? _moves.coinCredits(parties[i]) : 0;
            VM.assertEq(_hub.credits(parties[i], of_), credit, "INV-CHANNEL: a credit");
            owed += claimed - settled + credit;
        }
        VM.assertEq(IERC20(of_).balanceOf(address(_hub)), owed, "INV-CHANNEL: the hub holds other than it owes");
    }

    /// INV-USAGE: what the model counts as claimed only ever grows.
    function _checkUsage() private view {
        VM.assertEq(_moves.misjudged(), 0, "INV-USAGE: another came of a row than its plain computation says");
        ComputeModel.Channel[] memory channels = _moves.channels();
        for (uint256 i = 0; i < channels.length; ++i) {
            (, uint128 claimed) = _hub.channels(_hub.getChannelId(channels[i].config));
            VM.assertEq(claimed, channels[i].claimed, "INV-USAGE: claimed other than was claimed in order");
            VM.assertTrue(claimed <= channels[i].ceiling, "INV-USAGE: more than any ceiling that was signed");
            bool metered = channels[i].config.receiver == channels[i].config.token;
            VM.assertTrue(!metered || claimed <= channels[i].cost, "INV-USAGE: more than any attested usage costs");
        }
    }

    /// INV-ONCE
    function _checkOnce() private view {
        VM.assertEq(_moves.usedTwice(), 0, "INV-ONCE: a message or a nonce served twice");
        ComputeModel.Channel[] memory channels = _moves.channels();
        for (uint256 i = 0; i < channels.length; ++i) {
            bytes32 id = _hub.getChannelId(channels[i].config);
            VM.assertEq(_hub.refundNonce(id), channels[i].refundNonce, "INV-ONCE: refunds counted");
            (uint128 noticed, ) = _hub.pendingWithdrawals(id);
            VM.assertEq(noticed, channels[i].pending, "INV-ONCE: a withdrawal that was noticed");
        }
    }

    /// INV-FINAL: what the model counts as sold only ever grows, and it halts once.
    function _checkFinal() private view {
        ComputeModel.Series[] memory series = _moves.series();
        for (uint256 i = 0; i < series.length; ++i) {
            VM.assertEq(series[i].token.haltedAt(), series[i].haltedAt, "INV-FINAL: halted");
            VM.assertEq(series[i].token.sold(), series[i].sold, "INV-FINAL: sold");
            VM.assertTrue(series[i].sold <= series[i].capacity, "sold beyond the capacity");
        }
    }

    /// INV-FROZEN
    function _checkFrozen() private view {
        VM.assertEq(_moves.leaks(), 0, "INV-FROZEN: Tokens left or reached a holder frozen in the currency");
    }

    /// The market holds stake, free or locked, and nothing else; compute is allocated once.
    function _checkMarket() private view {
        address[] memory parties = _moves.parties();
        uint256 stake = _moves.donated(address(_market));
        for (uint256 i = 0; i < parties.length; ++i) {
            VM.assertEq(_market.freeStake(parties[i]), _moves.freeStake(parties[i]), "free stake");
            stake += _market.freeStake(parties[i]);
        }
        ComputeModel.Series[] memory series = _moves.series();
        for (uint256 i = 0; i < series.length; ++i) {
            IComputeMarket.SeriesStake memory behind = _market.seriesStake(address(series[i].token));
            VM.assertEq(behind.locked, series[i].locked, "locked stake");
            VM.assertTrue(behind.provider == series[i].provider, "whose stake it is");
            stake += behind.locked;
        }
        VM.assertEq(_currency.balanceOf(address(_market)), stake, "the market holds other than stake");
        ComputeModel.Compute[] memory computes = _moves.computes();
        for (uint256 i = 0; i < computes.length; ++i) {
            IComputeMarket.Compute memory found = _market.compute(computes[i].id);
            uint256 taken = 0;
            for (uint256 j = 0; j < series.length; ++j) {
                if (series[j].computeId == computes[i].id) taken += series[j].capacity;
            }
            VM.assertEq(found.capacity, computes[i].capacity, "capacity of compute");
            VM.assertEq(found.allocated, taken, "compute is allocated to other than its series");
            VM.assertTrue(taken <= found.capacity, "series beyond the compute");
        }
    }

    function _checkMoney() private view {
        _checkMoney(true);
    }

    /// Nobody gains: what everybody has is what the calls paid, and together it is what there was. To the thief nobody
    /// ever paid anything.
    /// @param modelled Whether everything was done by moves.
    function _checkMoney(bool modelled) private view {
        ComputeModel.Series[] memory series = _moves.series();
        address[] memory parties = _moves.parties();
        uint256 sum = _checkCash(address(_hub), modelled) + _checkCash(address(_market), modelled);
        sum += _checkCash(address(_moves.collector()), modelled) + _checkCash(address(_moves.escrow()), modelled);
        for (uint256 i = 0; i < series.length; ++i) sum += _checkCash(address(series[i].token), modelled);
        for (uint256 i = 0; i < parties.length; ++i) sum += _checkCash(parties[i], modelled);
        VM.assertEq(_currency.totalSupply(), sum, "currency is held by somebody unknown");
        address thief = _moves.thief();
        uint256 loot = _currency.balanceOf(thief) + _currency.creditOf(thief) + _moves.coin().balanceOf(thief);
        for (uint256 i = 0; i < series.length; ++i) loot += series[i].token.balanceOf(thief);
        VM.assertEq(loot, 0, "a thief got something");
    }

    function _checkCash(address account, bool modelled) private view returns (uint256 cash) {
        cash = _currency.balanceOf(account) + _currency.creditOf(account);
        if (modelled) VM.assertEq(cash, _moves.cash(account), "an account has other than it was paid");
    }

    function _outstanding(ComputeModel.Series memory series) private pure returns (uint256) {
        return series.sold - series.redeemed - series.refunded;
    }

    function _least(uint256 one, uint256 other) private pure returns (uint256) {
        return one < other ? one : other;
    }
}
