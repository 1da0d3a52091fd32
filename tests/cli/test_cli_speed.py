"""`bench speed`: the form of its lines, and that plant and bare engine really do the same work."""

import json
import re
import subprocess
import sys
import threading
from contextlib import closing

import numpy as np
import pytest

from bench.commands import speed, speed_certify, speed_many, speed_plant
from bench.commands.figures import Figure
from bench.feeder.bare import BareEngine
from bench.feeder.engine import Feeder
from bench.plant.plant import Plant
from reports.run_directory import RunWriter

FIELDS = ["name", "value", "unit", "raw", "ratio"]
TWENTY_RUNS = """
import json
from dataclasses import asdict
from bench.commands.speed_many import footprints
print(json.dumps([asdict(found) for found in footprints(runs=20, settled=10)]))
"""


@pytest.fixture(autouse=True)
def few_repetitions(monkeypatch):
    monkeypatch.setattr(speed_plant, "WARM_UP", 1)
    monkeypatch.setattr(speed_plant, "STEPS", 9)
    monkeypatch.setattr(speed, "EXCHANGES", 5)


def lines(result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_figure_is_one_json_line_with_the_raw_figure_beside_it(bench):
    told = lines(bench("speed", "--only", "step_10", "--only", "exchange"))
    assert [line["name"] for line in told] == ["step_10", "exchange"]
    for line in told:
        assert list(line) == FIELDS
        assert line["unit"] == "us"
        assert line["ratio"] == pytest.approx(line["value"] / line["raw"], rel=1e-3)


def test_the_bare_engine_arrives_at_the_plants_voltages():
    sites = speed_plant.spread_inverters(speed_plant.REFERENCE, 10)
    with Feeder.open(speed_plant.REFERENCE) as feeder:
        feeder.add_injections([site.injection for site in sites])
        plant = Plant(feeder, sites, speed_plant.Ramp(len(sites)))
        with closing(BareEngine(speed_plant.REFERENCE, feeder.sites, plant.state.snapshot)) as bare:
            for second in (1.0, 2.0, 3.0):
                state = plant.step(second, 1.0)
                voltage_v = bare.step(state.site_p_kw, state.site_q_kvar)
        assert np.ptp(state.site_p_kw) == 0.0
        assert state.site_p_kw[0] > 1.0, "the inverters have to deliver something, or there is nothing to write"
        assert voltage_v == pytest.approx(state.snapshot.voltage_v, rel=2e-5)


def test_a_day_is_told_as_a_multiple_of_real_time_without_a_raw_figure(bench, monkeypatch):
    monkeypatch.setattr(speed_plant, "DAY_S", 20)
    monkeypatch.setattr(speed_plant, "CHUNK_S", 10)
    (whole,) = lines(bench("speed", "--only", "day"))
    assert list(whole) == [*FIELDS, "note"]
    assert re.fullmatch(r"memory grew by -?\d+ MB after the first hour", whole["note"])
    assert (whole["unit"], whole["raw"], whole["ratio"]) == ("x real time", None, None)
    monkeypatch.setattr(speed_plant, "DAY_BUDGET_S", 0.0)
    (cut,) = lines(bench("speed", "--only", "day"))
    assert "only" in cut["note"], "a figure of less than a day says so"


def test_a_week_tells_how_memory_grew_after_its_first_day(bench, monkeypatch):
    monkeypatch.setattr(speed_plant, "DAY_S", 4)
    monkeypatch.setattr(speed_plant, "CHUNK_S", 2)
    (line,) = lines(bench("speed", "--only", "week"))
    assert (line["name"], line["unit"]) == ("week", "x real time")
    told = r"memory grew by -?\d+ MB after the first hour, by -?\d+ MB after the first day"
    assert re.fullmatch(told, line["note"])


def test_many_runs_tell_what_the_process_holds_at_the_end_and_what_it_held_before(bench, monkeypatch):
    monkeypatch.setattr(speed_many, "RUNS", 2)
    monkeypatch.setattr(speed_many, "SETTLED", 1)
    told = lines(bench("speed", "--only", "runs_200"))
    assert [line["name"].removeprefix("runs_200") for line in told] == [
        "",
        "_threads",
        "_descriptors",
        "_contexts",
        "_memory",
    ]
    for line in told[1:]:
        assert line["raw"] > 0, line
        assert line["ratio"] == pytest.approx(line["value"] / line["raw"], rel=1e-3)


def test_what_takes_long_is_measured_only_when_it_is_named(bench, monkeypatch):
    named = []
    for maker in ("step_figure", "exchange_figure", "run_figure", "days_figure", "runs_figures", "certify_figures"):

        def note(name="exchange", *_arguments):
            named.append(name)
            return Figure(name, 1.0, "s")

        monkeypatch.setattr(speed, maker, note)
    told = lines(bench("speed"))
    known = ["step_10", "step_1000", "exchange", "story", "use_case", "day", "certify"]
    assert [line["name"] for line in told] == named == known


@pytest.mark.long
def test_twenty_runs_leave_nothing_behind():
    """All that runs make once is made by the tenth: from there on nothing may grow. In a process of their own."""
    told = subprocess.run([sys.executable, "-c", TWENTY_RUNS], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    before, after = (speed_many.Footprint(**found) for found in json.loads(told.stdout))
    assert after.threads == before.threads, "threads of a run outlive it"
    assert after.descriptors == before.descriptors, "files or sockets of a run stay open"
    assert after.contexts == before.contexts, "engine contexts of a run are not used again"
    grown_mb = after.memory_mb - before.memory_mb
    assert grown_mb < 10.0, f"ten runs took {grown_mb:.1f} MB: more than 1 MB each"


def test_a_run_that_leaves_something_behind_is_seen(monkeypatch, tmp_path):
    """The count itself: an open file and a thread in each run show."""
    held = []

    def leaking(_request, _console) -> int:
        held.append((tmp_path / f"{len(held)}").open("w", encoding="utf-8"))
        wait = threading.Event()
        held.append(wait)
        threading.Thread(target=wait.wait, daemon=True).start()
        return 0

    monkeypatch.setattr(speed_many, "run", leaking)
    try:
        before, after = speed_many.footprints(runs=5, settled=2)
    finally:
        for thing in held:
            thing.set() if isinstance(thing, threading.Event) else thing.close()
    assert (after.descriptors - before.descriptors, after.threads - before.threads) == (3, 3)


def certified(monkeypatch, **test) -> list[object]:
    """Have `bench certify` write a run with one type test of two hours; return what it is asked for."""
    asked = []

    def carry_out(request, _console) -> int:
        asked.append(request)
        entry = {"id": "5.6", "variant": "", "verdict": "PASS", "equipment_s": 7200.0} | test
        with RunWriter.create(request.out) as writer:
            writer.finish({"verdict": "NOT_RUN", "scenarios": [entry]})
        return 5

    monkeypatch.setattr(speed_certify, "certify", carry_out)
    return asked


def test_a_certification_is_told_in_seconds_and_in_the_hours_of_its_procedures(bench, monkeypatch):
    asked = certified(monkeypatch)
    wall, procedures = lines(bench("speed", "--only", "certify"))
    assert (wall["name"], wall["unit"], wall["raw"]) == ("certify", "s", None)
    assert "1 type tests, 1 passed" in wall["note"]
    assert (procedures["name"], procedures["value"], procedures["unit"]) == ("certify_procedures", 2.0, "h")
    (request,) = asked
    assert (request.suite, request.scenarios, request.jobs) == ("ieee1547.1", (), None), "not the whole suite"


@pytest.mark.parametrize(
    ("verdict", "told"), [("FAIL", "5.6 FAIL"), ("INCONCLUSIVE", "5.6 INCONCLUSIVE"), ("NOT_RUN", "nothing passed")]
)
def test_a_certification_that_does_not_pass_is_no_figure(bench, monkeypatch, verdict, told):
    certified(monkeypatch, verdict=verdict)
    result = bench("speed", "--only", "certify")
    assert result.exit_code == 3
    assert told in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(("name", "tags"), [("story", "scenario_1"), ("use_case", None)])
def test_a_run_is_told_in_seconds_and_plays_what_it_is_named_for(bench, monkeypatch, name, tags):
    asked = []

    def play(request, _console) -> int:
        asked.append(request)
        return 0

    monkeypatch.setattr(speed, "run", play)
    (line,) = lines(bench("speed", "--only", name))
    assert [(request.features, request.tags) for request in asked] == [((), tags)]
    assert (line["name"], line["unit"], line["raw"], line["ratio"]) == (name, "s", None, None)
    assert line["value"] >= 0.0


@pytest.mark.parametrize("name", ["story", "use_case"])
def test_a_run_that_does_not_pass_is_no_figure(bench, monkeypatch, name):
    monkeypatch.setattr(speed, "run", lambda _request, _console: 1)
    result = bench("speed", "--only", name)
    assert result.exit_code == 3
    assert name in result.stderr
    assert "exit code 1" in result.stderr
    assert result.stdout == ""


@pytest.mark.soak  # CI plays the same by the README's command
def test_the_use_case_passes_and_is_told_in_seconds(bench):
    (line,) = lines(bench("speed", "--only", "use_case"))
    assert (line["name"], line["unit"]) == ("use_case", "s")
    assert line["value"] > 0.0


def test_unknown_names_and_feeders_are_told(bench, tmp_path):
    unknown = bench("speed", "--only", "step10")
    assert unknown.exit_code == 2
    assert "did you mean 'step_10'?" in unknown.stderr
    missing = bench("speed", "--only", "step_10", "--feeder", tmp_path / "gone.dss")
    assert missing.exit_code == 2
    assert "gone.dss" in missing.stderr
    bare = tmp_path / "bare.dss"
    bare.write_text(
        "clear\nnew circuit.bare phases=1 basekv=7.2 bus1=source.1\nset voltagebases=[7.2]\ncalcvoltagebases\n"
    )
    nowhere = bench("speed", "--only", "step_10", "--feeder", bare)
    assert nowhere.exit_code == 2
    assert "neither a service nor a live three-phase bus" in nowhere.stderr
