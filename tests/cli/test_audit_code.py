"""`pysettle audit verify` and code: pins of others, code that is accepted, and the pins of this build."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import ComputeTown, invoke


def test_code_is_compared_with_pins(compute_town: ComputeTown, tmp_path: Path) -> None:
    """With pins of another build G fails by name; the hash of the finding accepts the contract, and nothing else."""
    bundle, file = str(tmp_path / "bundle"), tmp_path / "pins.json"
    compute_town.say(f"audit export --out {bundle}")
    told = json.loads(invoke("audit", "verify", bundle, "--json").stdout)
    assert (told["checks"]["G"], told["accepted_code"], told["notices"]) == ("passed", [], [])
    wrote = invoke("audit", "pins", "--out", str(file))
    assert wrote.stdout == f"Wrote the pins of 19 contracts to {file}.\n"
    document = json.loads(file.read_text())
    assert json.loads(invoke("audit", "pins").stdout) == document
    assert json.loads(invoke("audit", "pins", "--json").stdout)["pins"] == document
    document["version"] = "another"
    document["contracts"]["JobEscrow"]["creation"]["bytes"] -= 1
    file.write_text(json.dumps(document))
    result = invoke("audit", "verify", bundle, "--pins", str(file), "--json")
    told = json.loads(result.stdout)
    (finding,) = told["findings"]
    assert (result.exit_code, told["pin_versions"], told["checks"]["G"]) == (7, ["another"], "failed")
    place = json.loads((compute_town.directory / "deployment.json").read_bytes())["contracts"]["JobEscrow"]["address"]
    assert f"JobEscrow {place}" in finding["subject"]
    named = next(it.strip(";,") for it in finding["detail"].split() if it.startswith("0x"))
    accepted = invoke("audit", "verify", bundle, "--pins", str(file), "--accept-code", named)
    assert (
        accepted.exit_code,
        f"PASSED, level S; by the pins of another; code {named} accepted\n" in accepted.stdout,
    ) == (0, True)


def test_wrong_pins_and_hashes(tmp_path: Path) -> None:
    """They are refused in one line before anything is verified."""
    file = tmp_path / "pins.json"
    for words in (("--pins", str(file)), ("--accept-code", "0x12"), ("--accept-code", "alice")):
        result = invoke("audit", "verify", str(tmp_path), *words)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.stderr
    file.write_text("{}")
    assert "is no file of pins" in invoke("audit", "verify", str(tmp_path), "--pins", str(file)).stderr
