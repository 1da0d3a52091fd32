"""Defective tap changers and capacitor controls: each is caught where `bench faults` says, and is told by its name."""

from pathlib import Path

import pytest
from plant_bench import variant
from playing import FIRST_EVENT, STORY, Record
from playing import play as play_steps

from bench.config import BenchFile
from bench.faults import CAUGHT_AT, CAUGHT_BY, parse_fault, rows_catching
from instruments.emulators.faults import kinds_for
from reports.verdict import Verdict

VAR_BLOCK = "A blocked capacitor control leaves its bank alone, but obeys SCADA"
LOCKOUT = "A discharging bank refuses to close"
TAP_BLOCK = "A blocked tap changer stays"

LONG = pytest.mark.long
AT_A_ROW = (
    "ltc:two-steps",
    "capacitor_1:bounces",
    "capacitor_1:reports-closed-when-open",
)
AT_A_ROW_TOO = (
    "ltc:stuck",
    "ltc:wrong-direction",
    "ltc:reports-a-move-it-did-not-make",
    "capacitor_1:does-not-close",
    "capacitor_2:bounces=1",
    "capacitor_3:reports-closed-when-open",
)
"""Tried with the long tests: what they break is broken by others in every run."""
BY_A_CLAUSE = {
    "ltc:hunts": STORY,
    "ltc:ignores-block": TAP_BLOCK,
    "capacitor_1:ignores-the-var-block": VAR_BLOCK,
    "capacitor_3:closes-inside-the-discharge-time": LOCKOUT,
}


def quick_bench() -> BenchFile:
    """The emulated bench with a quicker cloud and shorter voltage intervals, up to a while after the last row."""
    return variant(
        {
            "horizon_s": 330.0,
            "range_a.interval_s": 20.0,
            "range_a.recover_s": 60.0,
            "ami.event_poll_s": 10.0,
            "environment.cloud.calm_s": 60.0,
            "environment.cloud.fall_s": 20.0,
        }
    )


def play(folder: Path, scenario: str, *faults: str, bench: BenchFile | None = None, seed: int = 1) -> Record:
    """Play a scenario, of the story the first event: nothing after it asks more of the controls."""
    stop_after = FIRST_EVENT if scenario == STORY else None
    bench = bench or quick_bench()
    return play_steps(folder, bench, faults=faults, seed=seed, scenario=scenario, stop_after=stop_after)


def test_every_kind_of_fault_of_a_control_has_to_be_caught_somewhere_and_is_tried_here() -> None:
    kinds = {kind.name for role in ("load_tap_changer", "capacitor_bank") for kind in kinds_for(role)}
    assert kinds == {kind for kind in CAUGHT_AT.keys() | CAUGHT_BY.keys() if kind in kinds}
    assert {parse_fault(text).kind for text in (*AT_A_ROW, *AT_A_ROW_TOO, *BY_A_CLAUSE)} == kinds


def test_good_controls_pass(tmp_path: Path) -> None:
    outcome = play(tmp_path / "run", STORY)
    assert outcome.failure == ""
    assert outcome.verdict is Verdict.PASS
    assert outcome.failed_measurements == []
    assert outcome.directory().measurements, "a scenario that measures nothing proves nothing"


@pytest.mark.parametrize("text", [*AT_A_ROW, *(pytest.param(text, marks=LONG) for text in AT_A_ROW_TOO)])
def test_a_defect_is_caught_at_its_row(tmp_path: Path, text: str) -> None:
    fault = parse_fault(text)
    outcome = play(tmp_path / "run", STORY, text)
    (row,) = rows_catching(fault.kind, scenario="1")
    first = outcome.not_met[0]
    assert (first.row, outcome.verdict) == (row, Verdict.FAIL), outcome.failure
    assert fault.target in first.reason
    assert outcome.failure.startswith(f"row {row}: "), "the scenario has to end at that row"
    assert all(item.instance in {fault.target, ""} for item in outcome.not_met if item.row == row)


@pytest.mark.parametrize(("text", "scenario"), BY_A_CLAUSE.items())
def test_a_defect_that_shows_at_no_row_is_caught_by_its_measurement(tmp_path: Path, text: str, scenario: str) -> None:
    fault = parse_fault(text)
    outcome = play(tmp_path / "run", scenario, text)
    assert outcome.verdict is Verdict.FAIL, f"{text} went through {scenario!r}"
    assert outcome.failed_measurements, outcome.failure
    assert {line.clause for line in outcome.failed_measurements} == {CAUGHT_BY[fault.kind]}
    assert all(fault.target in line.quantity for line in outcome.failed_measurements), "another device is blamed"
    assert fault.target in outcome.directory().run.scenarios[0].reason
    assert outcome.not_met == []


@LONG
def test_a_hunting_tap_changer_is_told_as_one_before_anything_happens(tmp_path: Path) -> None:
    outcome = play(tmp_path / "run", STORY, "ltc:hunts")
    assert outcome.failed_step == "a clear early afternoon on the feeder"
    assert "uncommanded operations of ltc inside its band" in outcome.failure


@LONG
def test_a_tap_changer_that_ignores_its_block_leaves_where_it_was_put(tmp_path: Path) -> None:
    outcome = play(tmp_path / "run", STORY, "ltc:ignores-block")
    assert outcome.failed_step == FIRST_EVENT
    assert {line.quantity for line in outcome.failed_measurements} >= {
        "operations of ltc after it was where it was commanded"
    }
    assert all("ltc" in line.quantity for line in outcome.failed_measurements)


@LONG
def test_a_hunt_that_begins_after_the_calm_is_found_at_the_end(tmp_path: Path) -> None:
    """The DMS waits until a control that has just moved takes its step: the rows are met, the hunt is still told."""
    outcome = play(tmp_path / "run", STORY, "ltc:hunts@62")
    assert outcome.verdict is Verdict.FAIL
    assert all("ltc" in line.quantity for line in outcome.failed_measurements), outcome.failure


@LONG
@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("scenario", [STORY, VAR_BLOCK, LOCKOUT, TAP_BLOCK])
def test_good_equipment_passes_whatever_is_drawn(tmp_path: Path, scenario: str, seed: int) -> None:
    """On the bench file as it is, to its own horizon."""
    outcome = play(tmp_path / "run", scenario, bench=variant({}), seed=seed)
    assert outcome.failure == ""
    assert outcome.verdict is Verdict.PASS
