"""Cross-checks on a whole bench: good equipment agrees whatever is drawn, and who disagrees is told by name."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from plant_bench import BENCH_PATH, TITLE, RunningBench, emulated_bench

from bench.faults import parse_fault
from bench.measurement import BENCH_CLAUSE, Measurement
from bench.session import RunSession
from bench.truth.cross_check import AGREEMENT_CLAUSE
from bench.truth.residual import RESIDUAL_CLAUSE
from reports.run_directory import RunDirectory
from reports.verdict import Verdict

POWER_KW = 600.0
SITE = "storage_site"


def look(path: Path, faults: Sequence[str] = (), *, seed: int = 1, seconds: float = 30.0) -> list[Measurement]:
    """Let storage deliver for a while with defects in the bench; return what the cross-checks measure."""
    session = RunSession(path, emulated_bench(), BENCH_PATH, seed, [parse_fault(text) for text in faults])
    with session.writer:
        played = session.play(TITLE, ())
        bench = RunningBench(played)
        try:
            bench.run_for(5.0)
            bench.command_kw("utility_inverter", "utility_battery", power_kw=POWER_KW)
            bench.run_for(seconds)
            played.story.hold_sources()
        finally:
            played.assembly.close()
    return [*played.story.measurements, *played.assembly.live.residuals]


def bad(found: Sequence[Measurement]) -> list[Measurement]:
    return [measurement for measurement in found if measurement.verdict is not Verdict.PASS]


def test_good_equipment_agrees_in_everything_that_several_can_tell(tmp_path: Path) -> None:
    """Under many seeds the fault matrix looks at it: its clean runs pass only where all sources agree."""
    found = look(tmp_path / "run")
    assert bad(found) == []
    quantities = " ".join(measurement.quantity for measurement in found)
    for quantity in ("voltage of phase 3", "angle of phase 2", "active power", "reactive power"):
        assert f"{quantity} off a positive sequence at {SITE}" in quantities or f"{quantity} at {SITE}" in quantities
    for site in ("pv_plant", "generator", "commercial_1", "commercial_2"):
        assert f"active power at {site}" in quantities
    assert "energy that credit_meter_utility_battery counted" in quantities
    assert "change of stored energy that utility_battery reports" in quantities
    everyone = " ".join(m.source for m in found if m.quantity.startswith(f"active power at {SITE}"))
    for source in ("grid_simulator", "power_analyzer", "utility_inverter", "utility_battery", "credit_meter_utility"):
        assert source in everyone


@pytest.mark.parametrize(
    ("fault", "quantity"),
    [
        ("power_analyzer:drifted", "active power"),
        ("power_analyzer:drifted=-0.01", "active power"),
        ("power_analyzer:wrong-range", "active power"),
        ("power_analyzer:swapped-phases", "active power"),
        ("power_analyzer:reversed-current", "active power"),
        ("grid_simulator:drifted", "voltage of phase 1"),
        ("grid_simulator:drifted=-0.01", "voltage of phase 1"),
        ("grid_simulator:wrong-range", "voltage of phase 1"),
        ("grid_simulator:swapped-phases", "angle of phase 2"),
    ],
)
def test_a_wrong_instrument_breaks_the_bench_and_blames_nobody_else(tmp_path: Path, fault: str, quantity: str) -> None:
    instrument = fault.partition(":")[0]
    found = bad(look(tmp_path / "run", [fault]))
    errors = [m for m in found if m.verdict is Verdict.ERROR]
    assert any(m.quantity.startswith(quantity) for m in errors), found
    assert all(m.clause == AGREEMENT_CLAUSE and instrument in m.quantity for m in errors), errors
    assert {m.verdict for m in found} <= {Verdict.ERROR, Verdict.INCONCLUSIVE}, "equipment is blamed for it"


@pytest.mark.parametrize("seed", range(1, 11))
@pytest.mark.long
def test_one_percent_of_an_analyzer_is_told_with_every_draw(tmp_path: Path, seed: int) -> None:
    errors = [m for m in look(tmp_path / "run", ["power_analyzer:drifted"], seed=seed) if m.verdict is Verdict.ERROR]
    assert [m.quantity for m in errors if "disagreement of power_analyzer with" in m.quantity], errors


@pytest.mark.parametrize(
    "fault",
    [
        "credit_meter_utility_battery:biased=0.02",
        "credit_meter_utility_battery:biased=-0.02",
        "credit_meter_customer_dg:biased=0.02",
        "feeder_meter:biased=0.02",
        "net_meter_7:biased=0.02",
        "utility_battery:reports-the-set-point-as-its-measurement",
    ],
)
def test_a_wrong_meter_or_device_fails_by_its_name(tmp_path: Path, fault: str) -> None:
    device = fault.partition(":")[0]
    found = [m for m in bad(look(tmp_path / "run", [fault])) if "stored energy" not in m.quantity]
    assert {m.verdict for m in found} == {Verdict.FAIL}, found
    assert all(device in m.quantity for m in found), found


def test_a_fault_that_has_ended_is_still_told(tmp_path: Path) -> None:
    found = bad(look(tmp_path / "run", ["power_analyzer:wrong-range@20..26"]))
    assert any(m.verdict is Verdict.ERROR and "power_analyzer" in m.quantity for m in found), found


def test_a_source_that_stays_on_is_seen_by_the_analyzer(tmp_path: Path) -> None:
    found = bad(look(tmp_path / "run", ["grid_simulator:does-not-switch-off"]))
    (left,) = found
    assert (left.verdict, left.clause, left.source) == (Verdict.ERROR, RESIDUAL_CLAUSE, "power_analyzer")
    assert "grid_simulator" in left.quantity
    assert left.value is not None
    assert left.value > 100.0, "the residual is reported"


def test_the_residual_behind_a_source_that_is_off_is_recorded(tmp_path: Path) -> None:
    look(tmp_path / "run", seconds=1.0)
    (left,) = [line for line in RunDirectory.open(tmp_path / "run").measurements if line.clause == RESIDUAL_CLAUSE]
    assert (left.verdict, left.source) == ("PASS", "power_analyzer")


@pytest.mark.parametrize("instrument", ["grid_simulator", "power_analyzer"])
def test_an_error_in_a_queue_breaks_the_bench_by_the_name_of_its_instrument(tmp_path: Path, instrument: str) -> None:
    fault = parse_fault(f"{instrument}:error-in-its-queue@10")
    session = RunSession(tmp_path / "run", emulated_bench(), BENCH_PATH, 1, [fault])
    played = session.play(TITLE, ())
    try:
        RunningBench(played).run_for(20.0)
    except Exception as error:  # the story fixture takes whatever a step raises
        played.take_failure("some step", error)
    assert session.close(played) is Verdict.ERROR
    session.finish()
    directory = RunDirectory.open(tmp_path / "run")
    (broken,) = [line for line in directory.measurements if line.clause == BENCH_CLAUSE]
    assert (broken.verdict, instrument in broken.quantity, "-310" in broken.quantity) == ("ERROR", True, True)
    assert instrument in directory.run.scenarios[0].reason
