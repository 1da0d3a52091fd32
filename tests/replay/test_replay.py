"""`bench replay`: a recorded run judged again from its files, by its own limits and by others."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from forging import edit_log, edit_summary
from playing import EMULATED, STORY, play

from bench.cli import main
from bench.config import load_bench
from reports.run_directory import RunDirectory
from reports.run_directory.layout import write_manifest


def replay(run: Path, limits: str = "", folder: Path | None = None) -> Result:
    if not limits:
        return CliRunner().invoke(main, ["replay", str(run)])
    file = (folder or run.parent) / "limits.yaml"
    file.write_text(limits, encoding="utf-8")
    return CliRunner().invoke(main, ["replay", str(run), "--limits", str(file)])


def test_run_that_passed_passes_again_on_another_place_with_nothing_but_its_files(copied: Path) -> None:
    shutil.rmtree(copied / "rendered")

    result = replay(copied)

    assert result.exit_code == 0, result.output
    assert result.output.startswith("the same verdict for the same rules: PASS"), result.output


def test_run_that_failed_fails_again_in_every_row(failed: Path) -> None:
    result = replay(failed)

    assert result.exit_code == 1, result.output
    assert result.output.startswith("the same verdict for the same rules: FAIL"), result.output


def forge_rows(document: dict[str, Any]) -> None:
    document["verdict"] = document["scenarios"][0]["verdict"] = "PASS"
    document["counts"] = {"PASS": 1}
    for item in document["scenarios"][0]["rows"]["items"]:
        item |= {"state": "MET", "reason": ""}


def test_rows_that_were_forged_are_named_although_all_hashes_were_made_anew(failed: Path, tmp_path: Path) -> None:
    forged = shutil.copytree(failed, tmp_path / "run")
    edit_summary(forged, forge_rows)
    assert RunDirectory.open(forged).verify() == [], "the forger has made all hashes anew"

    result = replay(forged)

    assert result.exit_code == 1
    assert "verdict: was PASS, is FAIL" in result.output
    assert re.search("row 1.3.4 .*utility_battery: was MET", result.output), result.output
    assert "wanted from" in result.output, "the reason says what was measured"


@pytest.mark.parametrize(
    "log",
    ["rows", "measurements", "trace", "wire", "judgement"],
)
def test_log_that_loses_what_a_row_rests_on_no_longer_gives_the_same(copied: Path, log: str) -> None:
    def halve(records: list[dict[str, Any]]) -> None:
        del records[len(records) // 2 :]

    edit_log(copied, log, halve)

    result = replay(copied)

    assert result.exit_code == 1, f"{log}.jsonl lost its second half: {result.output}"


@pytest.mark.parametrize("changed", [{}, {"value": 790.0}, {"lower": -1.0}, {"uncertainty": 0.0}])
def test_measurement_that_was_edited_to_pass_is_named(failed: Path, tmp_path: Path, changed: dict[str, float]) -> None:
    forged = shutil.copytree(failed, tmp_path / "run")

    def pass_all(records: list[dict[str, Any]]) -> None:
        for record in records:
            if record["verdict"] == "FAIL":
                record.update({"verdict": "PASS"} | changed)

    edit_log(forged, "measurements", pass_all)

    result = replay(forged)

    assert result.exit_code == 1
    assert "active power of utility_battery" in result.output, result.output


def test_tighter_time_limit_fails_the_row_and_leaves_out_what_comes_after_it(copied: Path) -> None:
    result = replay(copied, 'rows: {"1.3": 0.001}')

    assert result.exit_code == 1, result.output
    assert "limit of row 1.3: was" in result.output
    assert "row 1.3 " in result.output
    assert "NOT_MET" in result.output
    assert "waited for 1.3" in result.output, "what depends on the row is NOT_RUN"
    assert "verdict by these limits: FAIL (it was PASS)" in result.output


def test_limits_that_change_nothing_give_the_verdict_that_was(copied: Path) -> None:
    result = replay(copied, 'rows: {"1.3": 9999}')

    assert result.exit_code == 0, result.output
    assert "verdict by these limits: PASS (it was PASS)" in result.output


def test_tighter_tolerance_fails_what_was_measured(copied: Path) -> None:
    result = replay(copied, 'measurements: [{quantity: "active power of *", lower: 5000}]')

    assert result.exit_code == 1, result.output
    assert "row 1.3.4" in result.output
    assert "wanted from 5000.0" in result.output


def test_wider_tolerance_never_passes_what_was_not_tried(failed: Path, tmp_path: Path) -> None:
    result = replay(failed, 'measurements: [{quantity: "active power of *", lower: -100}]', tmp_path)

    assert "row 1.3.4" in result.output
    assert "is MET" in result.output, result.output
    assert result.exit_code in {1, 5}, "rows behind it were never played"


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ("row: {}", "did you mean 'rows'?"),
        ("measurements: [{quantiy: x, tolerance: 1}]", "did you mean 'quantity'?"),
        ("measurements: [{quantity: x}]", "give either"),
        ("measurements: [{tolerance: 1}]", "say which measurements"),
        ('rows: {"1.99": 3}', "the run has no row 1.99"),
        ('rows: {"1.3": -3}', "greater than 0"),
        ("rows: [", "cannot read the file of limits"),
    ],
)
def test_limits_that_cannot_be_used_say_why(recorded: Path, tmp_path: Path, limits: str, told: str) -> None:
    result = replay(recorded, limits, tmp_path)

    assert result.exit_code == 2
    assert told in result.output


def test_run_of_a_version_that_kept_no_judgement_cannot_be_judged_again(copied: Path) -> None:
    (copied / "judgement.jsonl").unlink()
    write_manifest(copied)

    result = replay(copied)

    assert result.exit_code == 5
    assert "cannot be judged again" in result.output


PEAKING = "The load turns out above its forecast, and customers make up for what the resources cannot give"
SUFFICIENT = "The resources suffice, and nobody has to shed load"
TRANSMISSION = "A line is out, and all that the feeder has is used to relieve the grid"
ISOLATION = "An isolated inverter stays off until the utility itself releases it"


@pytest.mark.long
@pytest.mark.parametrize(
    ("scenario", "faults", "code"),
    [
        (STORY, (), 0),
        (STORY, ("net_meter_1:alert-never-sent",), 1),
        (STORY, ("capacitor_1:does-not-close",), 1),
        (PEAKING, (), 0),
        (PEAKING, ("utility_battery:scaled=0.9",), 1),
        (SUFFICIENT, (), 0),
        (TRANSMISSION, (), 0),
        (TRANSMISSION, ("customer_battery_1:ignores-set-point",), 1),
        (ISOLATION, (), 0),
    ],
)
def test_whole_scenarios_come_out_the_same(tmp_path: Path, scenario: str, faults: tuple[str, ...], code: int) -> None:
    record = play(tmp_path / "run", load_bench(EMULATED), faults=faults, scenario=scenario)

    result = replay(record.path)

    assert result.output.startswith(f"the same verdict for the same rules: {record.verdict}"), result.output[:2000]
    assert result.exit_code == code, result.output[:2000]
