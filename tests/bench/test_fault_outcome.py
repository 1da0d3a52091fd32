"""A run with a fault is held against its case from its directory alone: verdict, place, and who is named there."""

from pathlib import Path
from typing import Any

import pytest

from bench.fault_cases import FaultCase
from bench.fault_outcome import judge, judge_clean
from bench.faults import parse_fault
from reports.run_directory import RunDirectory, RunWriter
from reports.verdict import Verdict

TITLE = "A line is out"
FAULT = "ltc:stuck"
ROW = {"row": "1.10.2", "instance": "ltc", "state": "NOT_MET", "reason": "tap is 6", "evidence": ["measurement:1"]}
MEASURED = {
    "time_s": 225.0,
    "quantity": "tap in service of ltc",
    "value": 6.0,
    "unit": "tap",
    "lower": 10.0,
    "upper": 10.0,
    "source": "the plant's tap changer",
    "verdict": "FAIL",
    "clause": "control: one operation",
}


def case(verdict: Verdict = Verdict.FAIL, *caught_at: str, culprit: str = "ltc") -> FaultCase:
    return FaultCase(parse_fault(FAULT), TITLE, verdict, caught_at, culprit)


def recorded(
    folder: Path,
    verdict: str = "FAIL",
    items: tuple[dict[str, Any], ...] = (),
    measurements: tuple[dict[str, Any], ...] = (),
    faults: tuple[str, ...] = (FAULT,),
    **scenario: Any,
) -> RunDirectory:
    """Write a run of one scenario, and open it."""
    met = sum(item["state"] == "MET" for item in items)
    rows = {"expected": len(items), "met": met, "items": list(items)}
    entry = {"id": "3", "title": TITLE, "verdict": verdict, "rows": rows} | scenario
    head = {"seed": 1, "faults": list(faults), "devices": {"ltc": {"faults": list(faults)}}}
    with RunWriter.create(folder / "run", head) as writer:
        for line in measurements:
            writer.append("measurements", line)
        writer.finish(head | {"verdict": verdict, "counts": {verdict: 1}, "scenarios": [entry]})
    return RunDirectory.open(folder / "run")


def test_a_fault_that_is_caught_at_its_row_is_told_with_value_and_limit(tmp_path: Path) -> None:
    outcome = judge(case(Verdict.FAIL, "1.10.2"), recorded(tmp_path, items=(ROW,), measurements=(MEASURED,)))
    assert outcome.objection == ""
    assert outcome.seen is not None
    assert (outcome.seen.where, outcome.seen.told) == ("1.10.2", "ltc: tap is 6")
    assert outcome.seen.figure == "6 tap, 10 … 10 tap"


def test_a_fault_that_is_caught_by_a_measurement_is_told_by_its_clause(tmp_path: Path) -> None:
    outcome = judge(case(Verdict.FAIL, "control: one operation"), recorded(tmp_path, measurements=(MEASURED,)))
    assert outcome.objection == ""
    assert outcome.seen is not None
    assert outcome.seen.told == "tap in service of ltc, by the plant's tap changer"


@pytest.mark.parametrize("verdict", ["PASS", "ERROR", "INCONCLUSIVE", "NOT_RUN", "ABORTED"])
def test_another_verdict_is_objected_to_whatever_failed(tmp_path: Path, verdict: str) -> None:
    outcome = judge(case(Verdict.FAIL, "1.10.2"), recorded(tmp_path, verdict, items=(ROW,)))
    assert outcome.objection == f"it ended with {verdict}, and has to end with FAIL"


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (case(Verdict.FAIL, "1.6.2"), "not caught at 1.6.2"),
        (case(Verdict.FAIL, "1.10.2", culprit="capacitor_1"), "with 'capacitor_1' told there"),
        (case(Verdict.FAIL, "another clause"), "not caught at another clause"),
    ],
)
def test_another_place_and_another_culprit_are_objected_to(tmp_path: Path, wanted: FaultCase, told: str) -> None:
    outcome = judge(wanted, recorded(tmp_path, items=(ROW,), measurements=(MEASURED,)))
    assert told in outcome.objection
    assert "1.10.2: ltc: tap is 6" in outcome.objection, "it has to say what did fail"


@pytest.mark.parametrize(
    ("culprit", "told", "named"),
    [
        ("net_meter_1", "reading of net_meter_1, late", True),
        ("net_meter_1", "reading of net_meter_17", False),
        ("meter_1", "reading of net_meter_1", False),
        ("DRAACS", "DRAACSystem told", True),
    ],
)
def test_a_name_within_another_name_is_not_the_culprits(tmp_path: Path, culprit: str, told: str, named: bool) -> None:
    directory = recorded(tmp_path, items=(ROW | {"instance": "", "reason": told},))
    assert (judge(case(Verdict.FAIL, "1.10.2", culprit=culprit), directory).objection == "") is named


def test_a_measurement_that_passed_and_a_row_that_was_met_catch_nothing(tmp_path: Path) -> None:
    good = (MEASURED | {"verdict": "PASS"},)
    directory = recorded(tmp_path, items=(ROW | {"state": "MET"},), measurements=good)
    assert judge(case(Verdict.FAIL, "1.10.2", "control: one operation"), directory).objection


def test_a_run_without_the_fault_proves_nothing(tmp_path: Path) -> None:
    directory = recorded(tmp_path, items=(ROW,), faults=())
    assert "not played with this fault" in judge(case(Verdict.FAIL, "1.10.2"), directory).objection


def test_a_run_of_another_scenario_proves_nothing(tmp_path: Path) -> None:
    directory = recorded(tmp_path, items=(ROW,), title="A cloud")
    assert "A cloud" in judge(case(Verdict.FAIL, "1.10.2"), directory).objection


def test_a_run_that_did_not_finish_proves_nothing(tmp_path: Path) -> None:
    with RunWriter.create(tmp_path / "run", {"seed": 1, "faults": [FAULT], "verdict": "FAIL"}):
        pass
    directory = RunDirectory.open(tmp_path / "run")
    assert judge(case(Verdict.FAIL, "1.10.2"), directory).objection == "the run did not finish"
    assert judge_clean(directory).objection


@pytest.mark.parametrize(("count", "noticed"), [(3, True), (0, False)])
def test_what_is_tolerated_has_to_be_counted(tmp_path: Path, count: int, noticed: bool) -> None:
    links = {"links": {"ami": {"delivered": 9, "frames_lost": count}}}
    outcome = judge(case(Verdict.PASS, "frames lost"), recorded(tmp_path, "PASS", links=links))
    assert (outcome.objection == "") is noticed
    assert noticed or "nothing in the run says that it happened" in outcome.objection


def test_the_name_of_the_fault_is_no_sign_that_it_happened(tmp_path: Path) -> None:
    assert judge(case(Verdict.PASS, "stuck"), recorded(tmp_path, "PASS")).objection


def test_a_broken_bench_is_told_in_the_scenarios_reason(tmp_path: Path) -> None:
    directory = recorded(tmp_path, "ERROR", reason="InstrumentError: ltc has -222 in its queue")
    assert judge(case(Verdict.ERROR), directory).objection == ""
    assert judge(case(Verdict.ERROR, "-222"), directory).objection == ""
    assert judge(case(Verdict.ERROR, "-350"), directory).objection
    assert judge(case(Verdict.ERROR, culprit="power_analyzer"), directory).objection


def test_good_equipment_has_to_pass_with_something_measured(tmp_path: Path) -> None:
    good = (MEASURED | {"verdict": "PASS"},)
    outcome = judge_clean(recorded(tmp_path / "good", "PASS", (ROW | {"state": "MET"},), good, faults=()))
    assert outcome.objection == ""
    assert outcome.seen is not None
    assert outcome.seen.told == "1 of 1 rows met, 1 measurements passed"
    assert "nothing was measured" in judge_clean(recorded(tmp_path / "empty", "PASS", faults=())).objection
    failed = judge_clean(recorded(tmp_path / "failed", "FAIL", (ROW,), good, faults=(), reason="row 1.10.2"))
    assert failed.objection == "good equipment ended with FAIL: row 1.10.2"
