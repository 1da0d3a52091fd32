"""Scenario 3: good equipment passes whatever is drawn, and every defect and missing message stops it at its row."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playing import EMULATED, feature_steps, play, rows_in
from suppression import USE_CASE, GoodRun, observed, play_without, require_only_missing

from bench.config import BenchFile, load_bench
from reports.verdict import RowState, Verdict

SCENARIO = "A line is out, and all that the feeder has is used to relieve the grid"
ROWS = rows_in(feature_steps(scenario=SCENARIO))
HORIZON_S = 420.0
"""A while after the last row."""
LONG = pytest.mark.long
DEFECTS = {
    "3.3.1A.5": "utility_battery:ignores-set-point",
    "3.3.1B.5": "customer_battery_1:ignores-set-point",
    "3.3.1C.4": "utility_dg:ignores-set-point",
    "3.3.1D.4": "customer_dg:ignores-set-point",
    "3.6.3": "capacitor_1:does-not-close",
    "3.7.2": "ltc:stuck",
    "3.9.1.4": "premise_s016:does-not-shed",
}
"""What suppresses an effect: equipment that does not do as it is told."""
IN_EVERY_RUN = {"3.3.1C.6"}
"""Rows whose suppression is tried in the quick tests; all others are in the long ones, or in those for a night."""
SEQUENCES = re.compile(r"3\.[34]\.1([A-D])\.(\d+)")
"""Rows that the same systems exchange in the same way for each of four kinds of resource."""


def mark(number: str) -> pytest.MarkDecorator | tuple[()]:
    """Mark a row by when its suppression is tried: of what four sequences share, each has its turn by day."""
    found = SEQUENCES.fullmatch(number)
    by_night = found and number not in DEFECTS and (ord(found[1]) - ord("A") + int(found[2])) % 4
    if number in IN_EVERY_RUN:
        return ()
    return pytest.mark.soak if by_night else LONG


def quick_bench(horizon_s: float) -> BenchFile:
    """Return the emulated bench with a scenario 3 that ends sooner."""
    bench = load_bench(EMULATED)
    section = bench.scenarios["3"] | {"horizon_s": horizon_s}
    return bench.model_copy(update={"scenarios": {**bench.scenarios, "3": section}})


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> GoodRun:
    return GoodRun(play(tmp_path_factory.mktemp("good") / "run", quick_bench(HORIZON_S), scenario=SCENARIO))


def test_good_equipment_passes_all_108_rows_and_the_physical_proofs(good: GoodRun) -> None:
    assert good.record.failure == ""
    assert good.record.verdict is Verdict.PASS
    assert len(good.record.states) == 108
    assert set(good.record.states.values()) == {RowState.MET}


def test_every_effect_has_a_defect_that_suppresses_it() -> None:
    assert set(DEFECTS) == {number for number in ROWS if USE_CASE.row(number).kind == "effect"}


@pytest.mark.parametrize("number", [pytest.param(number, marks=mark(number)) for number in observed(ROWS)])
def test_a_row_that_is_suppressed_is_not_met_and_takes_its_dependents_along(
    number: str, good: GoodRun, tmp_path: Path
) -> None:
    record = play_without(number, good, tmp_path / "run", quick_bench, SCENARIO, DEFECTS)
    require_only_missing(number, record)


@LONG
@pytest.mark.parametrize("meter", ["net_meter_17", "credit_meter_7"])
def test_where_a_called_customers_meter_is_silent_it_is_not_known_whether_he_shed_load(
    meter: str, good: GoodRun, tmp_path: Path
) -> None:
    """Neither met nor failed: nothing else measures at the customer's (DESIGN: unmeasured is NOT_RUN, never PASS)."""
    row = "3.9.1.4"
    faults = [f"{meter}:does-not-answer"]
    record = play(tmp_path / "run", quick_bench(good.due_s(row)), faults=faults, scenario=SCENARIO)
    assert record.states[row] is RowState.INCONCLUSIVE
    assert record.verdict is Verdict.NOT_RUN
    assert record.failed_at == ""
    assert f"load reduction of premise_s016 was not measured by {meter}" in record.reasons[row]


@pytest.mark.soak  # the fault matrix plays the same under ten seeds
@pytest.mark.parametrize("seed", [2, 3])
def test_good_equipment_passes_whatever_is_drawn(seed: int, tmp_path: Path) -> None:
    """On the bench file as it is, to its own horizon; many more seeds are for the fault matrix."""
    record = play(tmp_path / "run", load_bench(EMULATED), seed=seed, scenario=SCENARIO)
    assert record.failure == ""
    assert record.verdict is Verdict.PASS


@LONG
def test_the_same_seed_leaves_the_same_bytes_again_whatever_the_hash_seed(good: GoodRun, tmp_path: Path) -> None:
    again = play(tmp_path / "again", quick_bench(HORIZON_S), scenario=SCENARIO)
    other = played_elsewhere(tmp_path / "elsewhere", hash_seed="271")
    for name in ("trace", "rows", "wire", "measurements"):
        assert again.log(name) == good.record.log(name), f"{name}.jsonl differs between two runs with the same seed"
        found = (other / f"{name}.jsonl").read_bytes()
        assert found == good.record.log(name), f"{name}.jsonl depends on the hash seed"


def played_elsewhere(folder: Path, hash_seed: str) -> Path:
    """Play the scenario in a process of its own, with another order of sets, and return its run directory."""
    code = (
        "import sys, pathlib; from test_transmission_story import *; "
        "play(pathlib.Path(sys.argv[1]), quick_bench(HORIZON_S), scenario=SCENARIO)"
    )
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code, str(folder)], env=environment, check=True, timeout=600)
    return folder
