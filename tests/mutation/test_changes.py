"""The lines that a difference of git makes new."""

from __future__ import annotations

from tests.mutation.changes import new_lines


def test_new_lines_of_a_difference() -> None:
    """Those that were added or changed, by file; a part that only takes away has none."""
    difference = "\n".join(
        [
            "diff --git contracts/A.sol contracts/A.sol",
            "--- contracts/A.sol",
            "+++ contracts/A.sol",
            "@@ -3 +3,2 @@ contract A {",
            "-    old",
            "+++ b.sol",
            "+    new",
            "@@ -9,2 +9,0 @@ contract A {",
            "-    gone",
            "-    gone too",
            "@@ -20 +19 @@",
            "-    old",
            "+    new",
            "diff --git contracts/B.sol contracts/B.sol",
            "--- /dev/null",
            "+++ contracts/B.sol",
            "@@ -0,0 +1,2 @@",
            "+one",
            "+two",
        ]
    )
    assert [*new_lines(difference)] == [
        *(("contracts/A.sol", line) for line in (3, 4, 19)),
        *(("contracts/B.sol", line) for line in (1, 2)),
    ]
