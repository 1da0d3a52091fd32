"""Scenario 2: good equipment passes whatever is drawn, and a missing message stops it at its row.

The matrix plays a short night: the peak comes right after midnight, a quarter of an hour after the plan for it.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from playing import EMULATED, feature_steps, play, rows_in
from suppression import USE_CASE, GoodRun, observed, play_without, require_only_missing

from bench.config import BenchFile, load_bench
from bench.documents import merged
from reports.verdict import RowState, Verdict

SCENARIO = "The load turns out above its forecast, and customers make up for what the resources cannot give"
SUFFICIENT = "The resources suffice, and nobody has to shed load"
ROWS = rows_in(feature_steps(scenario=SCENARIO))
LAST = "2.12.2"
LONG = pytest.mark.long
HORIZON_S = 900.0
"""A while after the last round of calls."""
SHAPE = "hour,load_pu\n0,0.85\n1,0.80\n2,0.45\n5,0.40\n18,0.40\n22,0.70\n23,0.85\n"
"""Load over a day whose peak is at midnight."""
NIGHT = {
    "environment": {
        "start_hour": 23.9,
        "load_pu": 0.78,
        "heat": {"delay_s": 60.0, "rise_s": 60.0, "load_rise_pu": 0.04},
    },
    "actors": {
        "energy_management": {"plan_at_s": 30.0, "feeders_alike": 45},
        "resource_control": {"response_rate": 0.6},
    },
}
"""What the short night has differently from the scenario's own."""
DEFECTS = {
    "2.3.1A.5": "utility_battery:ignores-set-point",
    "2.3.1D.4": "customer_dg:ignores-set-point",
}
"""What suppresses an effect: equipment that does not do as it is told."""
PLANNED = ("2.1", "2.1.1", "2.1.2", "2.2")
SAMPLED = (
    "2.3.1B.1",
    "2.3.1C.2",
    "2.3.1D.3",
    "2.3.1A.4",
    "2.3.1A.5",
    "2.3.1D.4",
    "2.3.1C.5",
    "2.3.1B.7",
    "2.3.1A.9",
    "2.4.1D.1",
    "2.4.1B.2",
    "2.4.1C.3",
    "2.4.1A.5",
    "2.5",
    "2.7",
    "2.7.1.1",
    "2.7.1.3.1A.2",
    "2.7.1.6",
    "2.8.1A.1",
    "2.8.1B.2",
    "2.8.3",
    "2.10",
    "2.11",
    "2.12.1",
)
"""Rows of every kind and of every sequence, beside those of the plan."""

Night = Callable[[float], BenchFile]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """A scenario 2 that begins late in the evening and ends when it is told to."""
    shape = tmp_path_factory.mktemp("shape") / "midnight.csv"
    shape.write_text(SHAPE)
    bench = load_bench(EMULATED)

    def until(horizon_s: float) -> BenchFile:
        changes = merged(NIGHT, {"horizon_s": horizon_s, "environment": {"load_shape": shape}})
        return bench.model_copy(update={"scenarios": {**bench.scenarios, "2": merged(bench.scenarios["2"], changes)}})

    return until


@pytest.fixture(scope="module")
def good(night: Night, tmp_path_factory: pytest.TempPathFactory) -> GoodRun:
    return GoodRun(play(tmp_path_factory.mktemp("good") / "run", night(HORIZON_S), scenario=SCENARIO))


@LONG
def test_the_short_night_passes_all_98_rows_and_the_physical_proofs(good: GoodRun) -> None:
    assert good.record.failure == ""
    assert good.record.verdict is Verdict.PASS
    assert len(good.record.states) == 98
    assert set(good.record.states.values()) == {RowState.MET}


def test_the_sample_has_every_kind_of_observed_row_and_every_sequence() -> None:
    rows = [USE_CASE.row(number) for number in (*PLANNED, *SAMPLED)]
    assert {(row.kind, row.per) for row in rows} >= {("computation", "once"), ("exchange", "meter")}
    missing = {row.kind for row in map(USE_CASE.row, observed(ROWS))} - {row.kind for row in rows}
    assert not missing, f"no row of these kinds is tried: {missing}"
    for branch in ("2.3.1", "2.4.1"):
        letters = {row.number.removeprefix(branch)[0] for row in rows if row.number.startswith(branch)}
        assert letters == set("ABCD"), f"of branch {branch} only the sequences {letters} are tried"


@LONG
@pytest.mark.parametrize("number", [*PLANNED, *SAMPLED])
def test_a_row_that_is_suppressed_is_not_met_and_takes_its_dependents_along(
    number: str, good: GoodRun, night: Night, tmp_path: Path
) -> None:
    record = play_without(number, good, tmp_path / "run", night, SCENARIO, DEFECTS)
    require_only_missing(number, record)


@pytest.mark.soak  # the fault matrix plays the same under ten seeds
@pytest.mark.parametrize("scenario", [SCENARIO, SUFFICIENT])
@pytest.mark.parametrize("seed", range(1, 4))
def test_good_equipment_passes_whatever_is_drawn(seed: int, scenario: str, tmp_path: Path) -> None:
    """On the bench file as it is: from ten in the evening through the night and the day to the peak."""
    record = play(tmp_path / "run", load_bench(EMULATED), seed=seed, scenario=scenario)
    assert record.failure == ""
    assert record.verdict is Verdict.PASS
