"""Source maps as solc writes them, against its documentation."""

from __future__ import annotations

from tests.mutation.reach import instructions


def test_fields_left_out_are_those_before() -> None:
    """Each instruction has its place, a PUSH with its bytes is one; units of others are left out."""
    # PUSH2 0x6060, ADD, PUSH0, PUSH1 0x01, STOP, of the units 0, 0, 1, 2 and 0.
    code = bytes.fromhex("61606001" + "5f" + "6001" + "00")
    units = {0: "contracts/A.sol", 1: "contracts/B.sol"}
    assert instructions(code, "10:20:0:-:0;30:4;:5:1:i;2:2:2;7::0", units) == {
        0: ("contracts/A.sol", 10, 30),
        3: ("contracts/A.sol", 30, 34),
        4: ("contracts/B.sol", 30, 35),
        7: ("contracts/A.sol", 7, 9),
    }
