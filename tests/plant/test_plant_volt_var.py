"""The trial of volt-var on the whole bench: inverters that follow their curves pass it, and no others."""

from pathlib import Path

import pytest
from plant_bench import RunningBench, running

from bench.fault_cases import caught_at, load_cases
from bench.faults import parse_fault
from bench.measurement import Measurement
from bench.truth.volt_var_trial import VoltVarTrial
from reports.verdict import Verdict

STORAGE = "utility_inverter"
LONG = pytest.mark.long


def failed(found: list[Measurement]) -> dict[str, str]:
    """What did not pass, with its clause."""
    assert found, "nothing was measured"
    return {m.quantity: m.clause or "" for m in found if m.verdict is not Verdict.PASS}


def tried(bench: RunningBench, *names: str) -> VoltVarTrial:
    """A trial of some inverters that has been through both its parts, and all that it measured."""
    trial = bench.played.story.volt_var
    trial.units = {name: trial.units[name] for name in names}
    bench.run_for(10)
    assert not failed(trial.is_measured())
    return trial


def measured(trial: VoltVarTrial) -> list[Measurement]:
    trial.try_slope()
    found = trial.follows()
    trial.try_levels()
    return [*found, *trial.follows(), *trial.responds(), *trial.adopts()]


def test_good_inverters_follow_and_have_their_own_curves_back(tmp_path: Path) -> None:
    with running(tmp_path / "run") as bench:
        trial = tried(bench, STORAGE, "customer_dg")
        before = {name: unit.inverter.read_volt_var() for name, unit in trial.units.items()}
        found = measured(trial)
        assert not failed(found)
        assert {name: unit.inverter.read_volt_var() for name, unit in trial.units.items()} == before
    sources = {m.source for m in found if m.unit == "kvar"}
    assert sources == {"power_analyzer", "feeder node of customer_dg"}, "no inverter is asked for its own vars"


@pytest.mark.parametrize(
    "fault",
    [
        "utility_inverter:wrong-volt-var-slope",
        pytest.param("utility_inverter:wrong-volt-var-slope=2", marks=LONG),
        pytest.param("customer_inverter_1:wrong-volt-var-slope=0.5", marks=LONG),
        "utility_inverter:wrong-response-time",
        pytest.param("customer_inverter_1:wrong-response-time=0.4", marks=LONG),
        "utility_inverter:curve-adopt-never-completes",
    ],
)
def test_an_inverter_with_curves_of_its_own_is_caught_by_name(fault: str, tmp_path: Path) -> None:
    one = parse_fault(fault)
    with running(tmp_path / "run") as bench:
        bench.assembly.inject([one])
        found = failed(measured(tried(bench, one.target)))
    told = caught_at(one.kind, load_cases())
    assert set(told) & set(found.values()), f"`bench faults` tells {told}, and caught was {found}"
    assert all(one.target in quantity for quantity in found)


def test_a_defect_that_ended_before_the_trial_is_not_found(tmp_path: Path) -> None:
    with running(tmp_path / "run") as bench:
        bench.assembly.inject([parse_fault("utility_inverter:wrong-volt-var-slope@0..5")])
        assert not failed(measured(tried(bench, STORAGE)))


def test_an_analyzer_in_error_is_seen_in_the_vars_of_what_it_measures(tmp_path: Path) -> None:
    """What disagrees is told with its source: the analyzer shows half of what the feeder's inverter really does."""
    with running(tmp_path / "run") as bench:
        bench.assembly.inject([parse_fault("power_analyzer:wrong-range=0.5")])
        found = measured(tried(bench, STORAGE))
    wrong = [m for m in found if m.verdict is not Verdict.PASS]
    assert {m.source for m in wrong} == {"power_analyzer"}


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (None, Verdict.PASS),
        pytest.param("customer_dg:trips@60", Verdict.FAIL, marks=LONG),
        ("customer_dg:trips@60..70", Verdict.FAIL),
    ],
)
def test_vars_are_held_against_the_curve_in_force_at_every_step(
    fault: str | None, verdict: Verdict, tmp_path: Path
) -> None:
    """At the far end of the feeder there is always something to do for volt-var."""
    with running(tmp_path / "run", rows=("1.1",)) as bench:
        bench.assembly.inject([parse_fault(fault)] if fault else [])
        bench.run_for(120)
        found = [m for check in bench.played.story.always for m in check.measure(bench.assembly.clock.now_s)]
    vars_of = {m.quantity.split()[3]: m.verdict for m in found if m.quantity.startswith("reactive power of")}
    assert vars_of.pop("customer_dg") is verdict
    assert set(vars_of.values()) == {Verdict.PASS}, vars_of
