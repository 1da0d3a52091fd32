"""Good tap changers and capacitor controls pass, and what is told of defective ones beside where they are caught."""

from pathlib import Path

import pytest
from plant_bench import variant
from playing import FIRST_EVENT, Record
from playing import play as play_steps

from bench.config import BenchFile
from reports.verdict import Verdict

LONG = pytest.mark.long


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


def play(folder: Path, *faults: str) -> Record:
    """Play the first event of the story: nothing after it asks more of the controls."""
    return play_steps(folder, quick_bench(), faults=faults, stop_after=FIRST_EVENT)


def test_good_controls_pass(tmp_path: Path) -> None:
    outcome = play(tmp_path / "run")
    assert outcome.failure == ""
    assert outcome.verdict is Verdict.PASS
    assert outcome.failed_measurements == []
    assert outcome.directory().measurements, "a scenario that measures nothing proves nothing"


@LONG
def test_a_hunting_tap_changer_is_told_as_one_before_anything_happens(tmp_path: Path) -> None:
    outcome = play(tmp_path / "run", "ltc:hunts")
    assert outcome.failed_step == "a clear early afternoon on the feeder"
    assert "uncommanded operations of ltc inside its band" in outcome.failure


@LONG
def test_a_tap_changer_that_ignores_its_block_leaves_where_it_was_put(tmp_path: Path) -> None:
    outcome = play(tmp_path / "run", "ltc:ignores-block")
    assert outcome.failed_step == FIRST_EVENT
    assert {line.quantity for line in outcome.failed_measurements} >= {
        "operations of ltc after it was where it was commanded"
    }
    assert all("ltc" in line.quantity for line in outcome.failed_measurements)


@LONG
def test_a_hunt_that_begins_after_the_calm_is_found_at_the_end(tmp_path: Path) -> None:
    """The DMS waits until a control that has just moved takes its step: the rows are met, the hunt is still told."""
    outcome = play(tmp_path / "run", "ltc:hunts@62")
    assert outcome.verdict is Verdict.FAIL
    assert all("ltc" in line.quantity for line in outcome.failed_measurements), outcome.failure
