// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CurrencyToken} from "../../contracts/money/CurrencyToken.sol";
import {IIssuanceDesk} from "../../contracts/money/IIssuanceDesk.sol";
import {IssuanceDesk} from "../../contracts/money/IssuanceDesk.sol";
import {AtomicSettlement} from "../../contracts/settlement/AtomicSettlement.sol";
import {ClearingHouse} from "../../contracts/settlement/ClearingHouse.sol";
import {Corridors} from "../../contracts/settlement/Corridors.sol";
import {ICorridors} from "../../contracts/settlement/ICorridors.sol";
import {IHomeCurrencies} from "../../contracts/settlement/IHomeCurrencies.sol";
import {Instruction} from "../../contracts/settlement/Instruction.sol";
import {IParticipantRegistry} from "../../contracts/settlement/IParticipantRegistry.sol";
import {LiquidityAccounts} from "../../contracts/settlement/LiquidityAccounts.sol";
import {ParticipantRegistry} from "../../contracts/settlement/ParticipantRegistry.sol";
import {COLLECTOR, CurrencyWorld} from "./CurrencyWorld.sol";
import {VM} from "./Vm.sol";

/// @title Layer
/// @notice Deploys the contracts of settlement, each at an address that the ones before it know.
contract Layer {
    ParticipantRegistry public immutable registry;
    LiquidityAccounts public immutable liquidity;
    Corridors public immutable corridors;
    AtomicSettlement public immutable settlement;
    ClearingHouse public immutable clearing;

    constructor(address exchange, IHomeCurrencies.Home[] memory founding) {
        registry = new ParticipantRegistry(_created(2), founding);
        liquidity = new LiquidityAccounts(address(registry), _created(3), _created(4), exchange, _created(5));
        corridors = new Corridors(address(registry), address(liquidity));
        settlement = new AtomicSettlement(address(liquidity));
        clearing = new ClearingHouse(address(liquidity), address(corridors));
    }

    /// The account of the contract that this one creates as its n-th.
    function _created(uint8 number) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), number)))));
    }
}

/// @title SettlementWorld
/// @notice Two currencies under the same officers, the contracts of settlement, and five institutions: four of one
/// country, and one of another with corridors there and back.
/// @dev The foreign exchange is an account, which brings units and takes others as it likes.
abstract contract SettlementWorld is CurrencyWorld {
    uint256 internal constant BANKS = 5;
    uint256 internal constant PURSE = 1_000_000 * FEN;
    /// From this amount on both institutions sign a payload before it crosses a border.
    uint72 internal constant TRAVEL = uint72(PURSE / 8);
    uint16 internal constant HERE = 156;
    uint16 internal constant THERE = 344;
    address internal constant EXCHANGE = address(0x0FE1);
    bytes32 private constant LEG = keccak256(
        "Leg(uint8 kind,address asset,address debtor,address creditor,uint96 amount)"
    );
    string private constant INSTRUCTION =
        "Instruction(Leg[] legs,uint64 valueTime,bytes32 endToEndId,bytes32 purpose,bytes32 customers,"
        "bytes32 original,bytes32 reason)Leg(uint8 kind,address asset,address debtor,address creditor,uint96 amount)";
    string private constant APPROVAL = "Approval(address party,uint256 id,uint64 validBefore,Instruction instruction)";

    ParticipantRegistry public immutable registry;
    LiquidityAccounts public immutable liquidity;
    Corridors public immutable corridors;
    AtomicSettlement public immutable settlement;
    ClearingHouse public immutable clearing;
    CurrencyToken public immutable other;
    /// Accounts of the institutions: to compute one from its key takes longer than most calls.
    address[BANKS] private _banksByKey;

    constructor() CurrencyWorld(COLLECTOR) {
        for (uint256 i = 0; i < BANKS; ++i) _banksByKey[i] = VM.addr(1 + i);
        other = new CurrencyToken("e-HKD token (simulated)", "eHKD", address(access), COLLECTOR);
        _restrictOther();
        IHomeCurrencies.Home[] memory founding = new IHomeCurrencies.Home[](2);
        founding[0] = IHomeCurrencies.Home(HERE, address(token));
        founding[1] = IHomeCurrencies.Home(THERE, address(other));
        Layer layer = new Layer(EXCHANGE, founding);
        (registry, liquidity, corridors, settlement, clearing) = (
            layer.registry(),
            layer.liquidity(),
            layer.corridors(),
            layer.settlement(),
            layer.clearing()
        );
        for (uint256 i = 0; i < 2; ++i) _open(_currency(i));
        for (uint256 i = 0; i < 2; ++i) {
            _agree(HERE, THERE, i);
            _agree(THERE, HERE, i);
        }
    }

    function _currency(uint256 number) internal view returns (CurrencyToken) {
        return number % 2 == 0 ? token : other;
    }

    function _bank(uint256 number) internal view returns (address) {
        return _banksByKey[number % BANKS];
    }

    /// The last institution is of the other country.
    function _isAbroad(uint256 bank) internal pure returns (bool) {
        return bank % BANKS == BANKS - 1;
    }

    function _restrictOther() private {
        address office = other.issuanceDesk();
        _restrict(office, desk.setIssuanceQuota.selector, 1);
        _restrict(address(other), token.setClassLimits.selector, 1);
        _restrict(office, desk.issue.selector, 2);
        _restrict(address(other), token.registerWallet.selector, 3);
        _restrict(address(other), token.markSettlementAccount.selector, 3);
        _restrict(address(other), token.freeze.selector, 4);
        _restrict(address(other), token.freezeAmount.selector, 4);
        _restrict(address(other), token.seize.selector, 5);
        _restrict(address(other), token.pause.selector, 6);
        _restrict(address(other), token.unpause.selector, 6);
    }

    /// Issue to everybody, mark the liquidity accounts, and admit the institutions.
    function _open(CurrencyToken currency) private {
        IssuanceDesk office = IssuanceDesk(currency.issuanceDesk());
        IIssuanceDesk.ReserveAttestation memory reserve = IIssuanceDesk.ReserveAttestation(
            (2 * BANKS * PURSE) / FEN,
            uint64(START),
            1,
            uint64(START + 1 days)
        );
        bytes32 digest = _typed(_domain("pysettle IssuanceDesk", address(office)), _reserveHash(reserve));
        office.attestReserve(centralBank, reserve, _signDigest(CENTRAL_BANK_KEY, digest));
        VM.prank(centralBank);
        office.setIssuanceQuota(operator, (BANKS + 1) * PURSE);
        VM.prank(registrar);
        currency.markSettlementAccount(address(liquidity));
        for (uint256 i = 0; i <= BANKS; ++i) {
            // The numbers of the institutions differ in the two currencies.
            uint256 bank = (address(currency) == address(token) ? i : 2 * BANKS - 1 - i) % BANKS;
            address account = i == BANKS ? EXCHANGE : _bank(bank);
            VM.prank(operator);
            office.issue(account, PURSE);
            VM.prank(account);
            currency.approve(address(liquidity), type(uint256).max);
            if (i == BANKS) continue;
            VM.prank(account);
            currency.approve(address(settlement), type(uint256).max);
            VM.prank(registrar);
            registry.admit(
                address(currency),
                account,
                IParticipantRegistry.Identity("PYSETTLE000000000111", "BKCHCNBJ"),
                _isAbroad(bank) ? THERE : HERE,
                _bank(0)
            );
        }
    }

    /// Both central banks agree: they are one.
    function _agree(uint16 from, uint16 to, uint256 number) private {
        address crosses = address(_currency(number));
        address counter = address(_currency(number + 1));
        ICorridors.Corridor memory way = ICorridors.Corridor(from, to, crosses, counter);
        uint72 most = uint72(100 * PURSE);
        ICorridors.Terms memory terms = ICorridors.Terms(most, most, TRAVEL, 1 days, uint96(PURSE / 16));
        for (uint256 i = 0; i < 2; ++i) {
            VM.prank(centralBank);
            corridors.agree(way, terms, address(_currency(i)));
        }
    }

    /// What a debited party signs, in its plain form.
    function _approvalDigest(
        Instruction memory instruction,
        address party,
        uint256 id,
        uint64 validBefore
    ) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(bytes(string.concat(APPROVAL, INSTRUCTION)));
        bytes32 structHash = keccak256(abi.encode(typeHash, party, id, validBefore, _instructionHash(instruction)));
        return _typed(_domain("pysettle AtomicSettlement", address(settlement)), structHash);
    }

    function _instructionHash(Instruction memory it) private pure returns (bytes32) {
        bytes memory legs;
        for (uint256 i = 0; i < it.legs.length; ++i) {
            legs = bytes.concat(legs, keccak256(abi.encode(LEG, it.legs[i])));
        }
        bytes32 typeHash = keccak256(bytes(INSTRUCTION));
        bytes memory head = abi.encode(typeHash, keccak256(legs), it.valueTime, it.endToEndId, it.purpose);
        return keccak256(bytes.concat(head, it.customers, it.original, it.reason));
    }
}
