"""The trial of emergency isolation on the whole bench: good inverters pass it, defective ones do not."""

from pathlib import Path

import pytest
from plant_bench import RunningBench, running, variant

from bench.measurement import Measurement
from bench.truth.isolation_trial import ISOLATION_CLAUSE
from reports.verdict import Verdict

SUNNY = {"clock.longest_step_s": 60.0}


def failed(found: list[Measurement]) -> list[str]:
    assert found, "nothing was measured"
    return [m.quantity for m in found if m.verdict is not Verdict.PASS]


def isolated(bench: RunningBench) -> list[Measurement]:
    """Isolate, let the customer's system try, and measure."""
    trial = bench.played.story.isolation
    assert not failed(trial.delivers())
    trial.isolate()
    trial.customer_tries_to_reconnect()
    return trial.delivers_nothing()


def test_a_good_inverter_stays_off_until_the_utility_releases_it(tmp_path: Path) -> None:
    with running(tmp_path / "run", variant(SUNNY)) as bench:
        bench.run_for(10)
        trial = bench.played.story.isolation
        found = isolated(bench)
        assert not failed(found)
        sources = {m.source for m in found}
        assert "credit_meter_customer_battery_1" in sources
        assert "feeder node of customer_inverter_1" in sources
        trial.release()
        assert not failed(trial.returns_to_service())


@pytest.mark.parametrize("kind", ["isolation-undone"])
def test_an_inverter_that_lets_the_customer_undo_it_is_caught_at_the_feeder_and_in_its_credit_meter(
    tmp_path: Path, kind: str
) -> None:
    with running(tmp_path / "run", variant(SUNNY)) as bench:
        bench.assembly.emulated.inject("customer_inverter_1", kind, None, 0.0, None)
        bench.run_for(10)
        found = isolated(bench)
        assert len(failed(found)) == len(found) == 3
        assert {m.clause for m in found} == {ISOLATION_CLAUSE}


def test_at_night_nothing_can_be_told(tmp_path: Path) -> None:
    with running(tmp_path / "run", variant(SUNNY | {"environment.start_hour": 1.0})) as bench:
        bench.run_for(10)
        assert failed(bench.played.story.isolation.delivers()), "what delivers nothing before proves nothing after"


def test_without_an_interface_of_the_customers_there_is_nothing_to_try(tmp_path: Path) -> None:
    no_interface = {"devices.customer_inverter_1.emulate.customer_unit": None}
    with running(tmp_path / "run", variant(no_interface)) as bench:
        assert bench.played.story.isolation.delivers() == []
