"""Type tests that several processes carried out, put together into one run directory; and when they may."""

from datetime import date
from pathlib import Path

import pytest

from bench.assembly.certification import on_free_ports, reduced
from bench.certification.calibration import described, overdue
from bench.certification.parallel import PARTS, put_together
from bench.certification.session import CertificationSession, ClauseTitle
from bench.certification.suites import SUITES
from bench.commands.certify_parallel import jobs_for, scenario_count
from bench.config import BenchFile, load_bench
from reports.compare import differences
from reports.run_directory import RunDirectory, integrity
from reports.verdict import Verdict
from tests.certification.test_certify import certify

BENCH = Path(__file__).parents[2] / "fixtures" / "benches" / "certify_inverter.yaml"
FIRST, SECOND, THIRD = (ClauseTitle("5.14.4", variant, "volt_var.feature", f"Curve {variant}") for variant in "123")


@pytest.fixture(scope="module")
def bench() -> BenchFile:
    return load_bench(BENCH)


def session(path: Path, bench: BenchFile, *asked: ClauseTitle) -> CertificationSession:
    return CertificationSession(path, bench, BENCH, "inverter", SUITES["ieee1547.1"], 1, asked=asked)


def carried_out(part: CertificationSession, *titles: ClauseTitle) -> None:
    """Record type tests as a process does, with a line and a series each."""
    for title in titles:
        key, found = f"{title.clause}/{title.variant}", len(part.scenarios) + 1
        part.writer.append("measurements", {"time_s": 1.0, "quantity": title.name, "value": 0.5, "scenario": key})
        series = part.writer.write_series(found, {"time_s": [0.0, 1.0], "q_pu": [0.0, float(title.variant)]})
        entry = {"id": title.clause, "variant": title.variant, "title": title.name, "verdict": "PASS"}
        part.scenarios.append(entry | {"series": series, "findings": []})
    part.leave()


def test_they_are_put_together_in_the_order_in_which_they_were_asked_for(tmp_path: Path, bench: BenchFile) -> None:
    whole = session(tmp_path / "run", bench, FIRST, SECOND, THIRD)
    parts = tmp_path / "run" / PARTS
    carried_out(session(parts / "gw0", bench, FIRST, SECOND, THIRD), THIRD, FIRST)
    carried_out(session(parts / "gw1", bench, FIRST, SECOND, THIRD), SECOND)
    put_together(whole, stopped=False)
    whole.finish()
    run = RunDirectory.open(tmp_path / "run")
    assert [scenario.variant for scenario in run.run.scenarios] == ["1", "2", "3"]
    assert [(line.seq, line.quantity) for line in run.measurements] == [(1, "Curve 1"), (2, "Curve 2"), (3, "Curve 3")]
    for scenario in run.run.scenarios:
        table = run.series(scenario)
        assert table is not None
        assert table["q_pu"].iloc[-1] == float(scenario.variant), "a series belongs to another type test"
    assert integrity.verify(run.path) == [], "the lines were not numbered and chained anew"
    assert not parts.exists()


@pytest.mark.parametrize(("stopped", "verdict"), [(False, Verdict.ERROR), (True, Verdict.ABORTED)])
def test_what_was_on_when_its_process_ended_and_what_was_not_begun_is_no_pass(
    tmp_path: Path, bench: BenchFile, stopped: bool, verdict: Verdict
) -> None:
    whole = session(tmp_path / "run", bench)
    part = session(tmp_path / "run" / PARTS / "gw0", bench, FIRST, SECOND, THIRD)
    carried_out(part, FIRST)
    part.writer.note(part._document([*part.scenarios, _begun(SECOND)]))
    put_together(whole, stopped)
    whole.finish()
    run = RunDirectory.open(tmp_path / "run").run
    assert [scenario.verdict for scenario in run.scenarios] == [Verdict.PASS, verdict, Verdict.NOT_RUN]
    assert "ended before it was over" in run.scenarios[1].reason
    assert run.verdict is verdict


def _begun(title: ClauseTitle) -> dict[str, object]:
    return {"id": title.clause, "variant": title.variant, "title": title.name, "verdict": "ABORTED", "unfinished": True}


def test_real_equipment_and_time_of_the_wall_have_one_at_a_time(
    bench: BenchFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    small, _ = reduced(bench, "inverter")
    assert jobs_for(small, 9, 4) == 4
    assert jobs_for(small, 3, 4) == 3, "no process without a scenario"
    wall = small.model_copy(update={"clock": small.clock.model_copy(update={"mode": "wall"})})
    real = dict(small.devices) | {"inverter": small.devices["inverter"].model_copy(update={"emulate": None})}
    assert jobs_for(wall, 9, 4) == 1
    assert jobs_for(small.model_copy(update={"devices": real}), 9, 4) == 1
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    assert jobs_for(small, 9, None) == 1, "the processors are shared out already"


def test_each_process_has_ports_of_its_own(bench: BenchFile) -> None:
    inverter = bench.devices["inverter"].model_copy(update={"resource": "modbus+tcp://127.0.0.1:5502/1"})
    real = inverter.model_copy(update={"emulate": None})
    moved = on_free_ports(bench.model_copy(update={"devices": {"emulated": inverter, "real": real}}))
    assert moved.devices["emulated"].resource == "modbus+tcp://127.0.0.1:0/1"
    assert moved.devices["real"].resource == "modbus+tcp://127.0.0.1:5502/1", "real equipment stays where it is"


def test_scenarios_are_counted_as_they_are_played() -> None:
    features = SUITES["ieee1547.1"].features
    assert scenario_count(features, ["volt-VAR characteristic 1 at 20 %", "no such"]) == 1
    assert scenario_count(features, []) == sum(SUITES["ieee1547.1"].scenario_counts().values())


def test_an_analyzer_past_its_calibration_proves_nothing(bench: BenchFile) -> None:
    emulated = bench.devices["power_analyzer"]
    dated = emulated.model_copy(update={"calibration_due": date(2026, 3, 1)})
    real = dated.model_copy(update={"emulate": None})
    assert "was due on 2026-03-01" in overdue({"pa": real}, ["pa"], date(2026, 3, 2))
    assert overdue({"pa": real}, ["pa"], date(2026, 3, 1)) == "", "the day itself is inside"
    assert overdue({"pa": dated}, ["pa"], date(2026, 3, 2)) == "", "nothing real is past anything"
    assert overdue({"pa": real.model_copy(update={"calibration_due": None})}, ["pa"]) == ""
    assert described(real)["calibration_due"] == "2026-03-01"


@pytest.mark.long
def test_several_processes_find_what_one_finds(tmp_path: Path) -> None:
    asked = ("--scenario", "shortest settings", "--scenario", "stays below each limit", "--no-pdf")
    for name, jobs in (("one", "1"), ("two", "2")):
        done = certify(tmp_path / name, "ieee1547.1", *asked, "--jobs", jobs)
        assert done.exit_code == 0, done.output
        assert integrity.verify(tmp_path / name) == []
    one, two = (RunDirectory.open(tmp_path / name) for name in ("one", "two"))
    assert differences(one, two) == []
    assert [scenario.key for scenario in two.run.scenarios] == [scenario.key for scenario in one.run.scenarios]
    assert (tmp_path / "two" / "measurements.jsonl").read_bytes() == (
        tmp_path / "one" / "measurements.jsonl"
    ).read_bytes()


def test_a_makers_statements_are_what_the_bench_file_has_of_them_and_no_default() -> None:
    benches = Path(BENCH).parent
    battery = load_bench(benches / "certify_battery_equipment.yaml").devices["battery"]
    assert described(battery)["stated"] == {
        "rating_kva": 25.0,
        "capacity_kwh": 50.0,
        "nominal_v": 208.0,
        "efficiency_pct": 90.0,
        "response_s": 3.0,
        "self_discharge_pct_per_day": 0.1,
    }
    control = load_bench(benches / "certify_ltc_equipment.yaml").devices["ltc"]
    assert described(control)["stated"] == {}, "an efficiency of 90 % is a default of the file, and nobody's word"
