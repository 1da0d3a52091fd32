"""Clearing and ride-through times from the emulated analyzer's own record, through its wire."""

from pathlib import Path

import pytest
import yaml

from reports.run_directory import RunDirectory, ScenarioRun
from reports.verdict import Verdict
from tests.certification.test_certify import BENCH, certify

ARMED = '":TRAC:FEED:CONT", "values": ["NEXT"]'


def recording_bench(folder: Path, driver: str = "scpi_generic") -> Path:
    """The bench of the certified inverter with an analyzer that records, where its dialect knows records."""
    bench = yaml.safe_load(BENCH.read_text(encoding="utf-8"))
    bench["feeder"] = {key: str((BENCH.parent / path).resolve()) for key, path in bench["feeder"].items()}
    analyzer = bench["devices"]["power_analyzer"]
    analyzer["driver"] = driver
    if driver == "scpi_generic":
        analyzer["emulate"]["capture"] = {"interval_s": 0.002, "points": 5000}
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(bench, sort_keys=False), encoding="utf-8")
    return path


def played(folder: Path, scenario: str, *more: str) -> tuple[ScenarioRun, str]:
    path = folder / "run"
    certify(path, "ieee1547.1", "--scenario", scenario, "--no-pdf", *more, bench=recording_bench(folder))
    (test,) = RunDirectory.open(path).run.scenarios
    return test, (path / "wire.jsonl").read_text(encoding="utf-8")


@pytest.mark.long
def test_a_trip_is_timed_by_the_record(tmp_path: Path) -> None:
    test, wire = played(tmp_path, "Frequency trip UF2, shortest")
    assert test.verdict is Verdict.PASS, test.reason
    timed = [finding for finding in test.findings if finding.what.startswith("clearing time")]
    assert timed
    assert wire.count(ARMED) >= len(timed), "each of them has a record of its own"
    assert "TRAC:DATA? 1," in wire


@pytest.mark.long
@pytest.mark.parametrize(
    ("scenario", "fault", "verdict"),
    [
        ("Overvoltage trip OV1, shortest", None, Verdict.PASS),
        ("Low-voltage ride-through at 100 %", None, Verdict.PASS),
        ("Overvoltage trip OV1, shortest", "inverter:late-trip", Verdict.FAIL),
    ],
)
def test_sound_and_defective_inverters_in_the_record(
    scenario: str, fault: str | None, verdict: Verdict, tmp_path: Path
) -> None:
    test, wire = played(tmp_path, scenario, *(["--fault", fault] if fault else []))
    assert test.verdict is verdict, test.reason
    assert ARMED in wire


@pytest.mark.long
@pytest.mark.parametrize("driver", ["scpi_yokogawa_wt", "scpi_zes_lmg"])
def test_analyzers_of_other_makers_find_the_same(driver: str, tmp_path: Path) -> None:
    done = certify(
        tmp_path / "run",
        "ieee1547.1",
        *("--scenario", "Frequency trip UF2, shortest", "--no-pdf"),
        bench=recording_bench(tmp_path, driver),
    )
    assert done.exit_code == 0, done.output
    (test,) = RunDirectory.open(tmp_path / "run").run.scenarios
    timed = [finding.response for finding in test.findings if finding.what.startswith("clearing time")]
    assert timed
    assert all(value is not None and abs(value - 0.16) < 0.01 for value in timed)
