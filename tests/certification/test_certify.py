"""`bench certify` on the emulated inverter: what it writes, and that it notices."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from bench.certification.suites import SUITES
from bench.cli import main
from reports.run_directory import RunDirectory, RunWriter
from reports.verdict import Verdict

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "fixtures" / "benches" / "certify_inverter.yaml"


def certify(out: Path, suite: str, *more: str, bench: Path = BENCH, device: str = "inverter") -> Result:
    arguments = ["certify", "--bench", str(bench), "--device", device, "--suite", suite, "--out", str(out), *more]
    return CliRunner().invoke(main, arguments)


def test_a_clause_that_was_passed_is_recorded_with_its_points_and_its_coverage(tmp_path: Path) -> None:
    done = certify(tmp_path / "run", "ieee1547.1", "--scenario", "Watt-var characteristic 1")
    assert done.exit_code == 0, done.output
    run = RunDirectory.open(tmp_path / "run").run
    (test,) = run.scenarios
    assert (test.id, test.verdict) == ("5.14.8", Verdict.PASS)
    assert test.findings, "a type test that holds nothing against its band proves nothing"
    assert all(finding.verdict is Verdict.PASS for finding in test.findings)
    resting = [finding.error for finding in test.findings if finding.what.endswith("at rest")]
    assert max(map(abs, resting)) < 0.01, "far inside the wide band"
    coverage = {entry["clause"]: entry["verdict"] for entry in run.certification["coverage"]}
    assert coverage.pop("5.14.8") == "PASS"
    assert set(coverage.values()) == {"NOT_RUN"}
    assert "5.14.9" not in done.output, "the table is of what was asked for"
    assert f"{len(coverage)} other clauses of the suite were not carried out" in done.output
    page = (tmp_path / "run" / "rendered" / "report.html").read_text()
    assert "only a part of the suite was asked for" in page
    assert "SIMULATED" in page


def test_a_misspelled_scenario_is_refused_with_the_nearest_also_beside_one_that_is_there(tmp_path: Path) -> None:
    done = certify(tmp_path / "run", "ieee1547.1", "--scenario", "Watt-var", "--scenario", "Nampelate")
    assert done.exit_code == 2, done.output
    assert "no scenario of the suite has 'Nampelate' in its name" in done.output
    assert "Its nameplate is whole" in done.output
    assert not (tmp_path / "run").exists(), "nothing is started"


def test_a_directory_with_a_run_in_it_is_refused_and_its_verdict_is_not_taken_for_one_of_today(tmp_path: Path) -> None:
    done = tmp_path / "run"
    with RunWriter.create(done) as writer:
        writer.finish({"verdict": "PASS", "scenarios": []})
    before = {path: path.read_bytes() for path in done.rglob("*") if path.is_file()}
    again = certify(done, "ieee1547.1", "--scenario", "Watt-var characteristic 1")
    assert again.exit_code == 2, again.output
    assert "is not empty" in again.stderr
    assert {path: path.read_bytes() for path in done.rglob("*") if path.is_file()} == before


def test_a_directory_that_cannot_be_made_is_told_before_anything_is_started(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = certify(tmp_path / "file" / "run", "ieee1547.1", "--scenario", "Watt-var characteristic 1")
    assert done.exit_code == 2, done.output
    assert "cannot make the run directory" in done.stderr


def test_all_drivers_that_there_are_not_are_told_at_once_and_before_anything_is_opened(tmp_path: Path) -> None:
    bench = tmp_path / "bench.yaml"
    wrong = {"inverter": {"driver": "sunspek"}, "power_analyzer": {"driver": "scpi_generik"}}
    bench.write_text(yaml.safe_dump({"like": str(BENCH), "bench": "typo", "devices": wrong}))
    done = certify(tmp_path / "run", "ieee1547.1", "--scenario", "Watt-var characteristic 1", bench=bench)
    assert done.exit_code == 2, done.output
    assert "devices.inverter: no driver 'sunspek' for the role 'inverter'; known: ieee1815_2, point_map" in done.stderr
    assert "devices.power_analyzer: no driver 'scpi_generik'" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.long
def test_a_device_on_a_serial_line_is_certified_and_what_looks_at_tcp_frames_is_not_run(tmp_path: Path) -> None:
    on_a_line = {"inverter": {"resource": "modbus+rtu://pty?baud=115200/7"}}
    bench = tmp_path / "bench.yaml"
    bench.write_text(yaml.safe_dump({"like": str(BENCH), "bench": "serial", "devices": on_a_line}))
    passed = certify(tmp_path / "passed", "ieee1547.1", "--scenario", "Watt-var characteristic 1", bench=bench)
    assert passed.exit_code == 0, passed.output
    (test,) = RunDirectory.open(tmp_path / "passed").run.scenarios
    assert (test.id, test.verdict) == ("5.14.8", Verdict.PASS)
    frames = certify(tmp_path / "frames", "sunspec", "--scenario", "legal base address", bench=bench)
    assert frames.exit_code == 5, frames.output
    (test,) = RunDirectory.open(tmp_path / "frames").run.scenarios
    assert test.verdict is Verdict.NOT_RUN
    assert "inverter is on a serial line" in test.reason


def test_every_clause_with_a_scenario_is_in_the_suites_coverage_and_the_other_way_round() -> None:
    folders = {"ieee1547.1": "ieee1547_1"} | {name: name for name in ("sunspec", "storage", "ltc", "capacitor")}
    for name, folder in folders.items():
        features = (ROOT / "features" / "certification" / folder).glob("*.feature")
        tagged = {word[8:] for path in features for word in path.read_text().split() if word.startswith("@clause-")}
        suite = SUITES[name].load()
        with_scenario = {entry.clause for entry in suite.clauses if not (entry.missing or entry.beyond)}
        assert tagged == with_scenario, f"suite {name}: clauses and features differ"


def test_the_help_names_every_suite() -> None:
    told = " ".join(CliRunner().invoke(main, ["certify", "--help"]).output.split())
    names = told.partition("suite of type tests: ")[2].partition(" [required]")[0]
    assert set(names.split(", ")) == set(SUITES)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--device", "invertr"), "no device 'invertr'"),
        (("--suite", "ieee1547"), "no suite 'ieee1547'; known: ieee1547.1, sunspec"),
        (("--fault", "inverter:bent"), "no fault 'bent'"),
        (("--device", "power_analyzer"), "no source and analyzer in front of it"),
    ],
)
def test_what_cannot_be_certified_is_refused_before_anything_is_opened(
    tmp_path: Path, more: tuple[str, ...], told: str
) -> None:
    done = certify(tmp_path / "run", "sunspec", *more)
    assert done.exit_code == 2, done.output
    assert told in done.stderr
    assert not (tmp_path / "run").exists()
