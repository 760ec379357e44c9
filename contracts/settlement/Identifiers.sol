// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Identifiers
/// @notice Form of the two names of an institution: its LEI (ISO 17442) and its BIC (ISO 9362).
/// @dev Both are ASCII from the first byte of a word on, and zeros after their last character.
library Identifiers {
    uint256 private constant LEI_LENGTH = 20;
    uint256 private constant LEI_CHECK_DIGITS_AT = 18;
    uint256 private constant SHORT_BIC_LENGTH = 8;
    uint256 private constant LONG_BIC_LENGTH = 11;

    /// @notice Whether a word is an LEI: 18 digits or capital letters and two check digits, which make the whole number
    /// 1 modulo 97 (ISO 7064) when a letter counts from 10 for A to 35 for Z.
    function isLei(bytes32 lei) internal pure returns (bool) {
        if (!_endsAt(lei, LEI_LENGTH)) return false;
        uint256 remainder = 0;
        for (uint256 i = 0; i < LEI_LENGTH; ++i) {
            bytes1 character = lei[i];
            if (_isDigit(character)) {
                remainder = (remainder * 10 + uint8(character) - uint8(bytes1("0"))) % 97;
            } else if (_isLetter(character) && i < LEI_CHECK_DIGITS_AT) {
                remainder = (remainder * 100 + uint8(character) - uint8(bytes1("A")) + 10) % 97;
            } else {
                return false;
            }
        }
        return remainder == 1;
    }

    /// @notice Whether a word is a BIC: four digits or capital letters, two letters of the country, two characters of
    /// the place, and three of the branch or none.
    function isBic(bytes32 bic) internal pure returns (bool) {
        uint256 length = bic[SHORT_BIC_LENGTH] == 0 ? SHORT_BIC_LENGTH : LONG_BIC_LENGTH;
        if (!_endsAt(bic, length)) return false;
        for (uint256 i = 0; i < length; ++i) {
            bool isCountry = i == 4 || i == 5;
            if (!_isLetter(bic[i]) && (isCountry || !_isDigit(bic[i]))) return false;
        }
        return true;
    }

    function _endsAt(bytes32 text, uint256 length) private pure returns (bool) {
        return uint256(text) << (8 * length) == 0;
    }

    function _isDigit(bytes1 character) private pure returns (bool) {
        return character >= "0" && character <= "9";
    }

    function _isLetter(bytes1 character) private pure returns (bool) {
        return character >= "A" && character <= "Z";
    }
}
