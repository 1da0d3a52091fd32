"""A bench left alone under a sky that is given: controls act, nobody else does, and the figures say what it took."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from plant_bench import BENCH_PATH, TITLE, emulated_bench, variant

from bench.assembly.bench import BenchAssembly
from bench.feeder.profiles import ClearSky, Clouded, CloudFront
from bench.session import RunSession
from bench.use_case.tables import load
from instruments.errors import BenchError
from reports.run_directory import RunDirectory, RunWriter

FRONT_S, END_S = 60.0, 420.0


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchAssembly]:
    with RunWriter.create(tmp_path_factory.mktemp("alone") / "run") as writer:
        assembly = BenchAssembly(emulated_bench(), load(), writer, "1 autonomous", 1)
        try:
            clear = ClearSky(datetime(2026, 6, 21, 13), len(assembly.places.sites))
            assembly.run_alone(Clouded(clear, (CloudFront(FRONT_S, 45.0, 0.08, 7200.0),)), END_S)
            yield assembly
        finally:
            assembly.close()


def test_it_runs_to_the_end_that_was_asked_for(alone: BenchAssembly) -> None:
    time_s = alone.series.table()["time_s"]
    assert (time_s[0], time_s[-1], len(time_s)) == (0.0, END_S, END_S + 1)


def test_the_weather_is_the_one_that_was_given(alone: BenchAssembly) -> None:
    table = alone.series.table()
    sun = dict(zip(table["time_s"], table["irradiance_pu"], strict=True))
    assert sun[FRONT_S] > 0.8
    assert sun[FRONT_S + 45.0] < 0.1


def test_the_minutes_outside_are_those_of_the_cloud(alone: BenchAssembly) -> None:
    found = alone.operating.figures()
    cloudy_min = (END_S - FRONT_S) / 60.0
    assert cloudy_min - 2.0 <= found.violation_min <= cloudy_min
    assert found.violation_meter_min >= 20.0 * found.violation_min, "an event of a few meters is no event"


def test_the_losses_are_of_the_order_of_the_feeders(alone: BenchAssembly) -> None:
    mean_kw = alone.operating.figures().losses_kwh / (END_S / 3600.0)
    assert 50.0 < mean_kw < 800.0


def quick_cloud(path: Path, rows: list[str], *, compare: bool) -> dict[str, Any]:
    """Play a few rows in a quick cloud, and return the scenario's entry in run.json."""
    changes = {
        "horizon_s": 240.0,
        "environment.cloud.calm_s": 20.0,
        "environment.cloud.fall_s": 20.0,
        "range_a.interval_s": 20.0,
        "ami.event_poll_s": 10.0,
    }
    session = RunSession(path, variant(changes), BENCH_PATH, 1, (), compare=compare)
    played = session.play(TITLE, rows)
    try:
        played.story.calm()
        played.story.release_cloud()
    finally:
        session.close(played)
        session.finish()
    document: dict[str, Any] = json.loads((path / "run.json").read_text(encoding="utf-8"))
    (entry,) = document["scenarios"]
    return dict(entry)


def test_a_scenario_that_passed_is_followed_by_its_comparison(tmp_path: Path) -> None:
    entry = quick_cloud(tmp_path / "run", ["1.1"], compare=True)
    assert entry["verdict"] == "PASS", entry["reason"]
    comparison = entry["comparison"]
    assert comparison["managed"] == comparison["autonomous"], "nobody began the application: both runs are the same"
    assert comparison["autonomous"]["violation_min"] > 2.0
    directory = RunDirectory.open(tmp_path / "run")
    scenario = directory.run.scenarios[0]
    assert scenario.comparison is not None
    managed, autonomous = directory.series(scenario), directory.autonomous_series(scenario.comparison)
    assert managed is not None
    volts = [column for column in managed.columns if column.startswith("v:")]
    assert managed[volts].equals(autonomous[volts]), "the same weather, seed and feeder give the same voltages"
    assert directory.verify() == []


@pytest.mark.parametrize(("rows", "compare"), [(["1.1"], False), ([], True)], ids=["not asked for", "nothing managed"])
def test_other_scenarios_are_compared_with_nothing(tmp_path: Path, rows: list[str], compare: bool) -> None:
    assert "comparison" not in quick_cloud(tmp_path / "run", rows, compare=compare)


def test_a_comparison_that_breaks_is_an_error_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_the_feeder(_assembly: BenchAssembly, _sky: object, _end_s: float) -> None:
        raise BenchError("the feeder did not solve twice in a row")

    monkeypatch.setattr(BenchAssembly, "run_alone", lose_the_feeder)
    entry = quick_cloud(tmp_path / "run", ["1.1"], compare=True)
    assert entry["verdict"] == "ERROR"
    assert "autonomous controls only broke: the feeder did not solve" in entry["reason"]
    assert RunDirectory.open(tmp_path / "run").run.scenarios[0].not_compared == entry["reason"]
