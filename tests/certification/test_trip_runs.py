"""Each trip clause through the wire, on the emulated inverter."""

from pathlib import Path

import pytest

from reports.run_directory import RunDirectory
from reports.verdict import Verdict
from tests.certification.test_certify import certify

ONE_A_CLAUSE = {
    "5.4.2": "Overvoltage trip OV2, fixed",
    "5.4.3": "Undervoltage trip UV2, shortest",
    "5.5.1": "Frequency trip UF2, shortest",
}


@pytest.mark.parametrize("clause", ONE_A_CLAUSE)
def test_a_sound_inverter_passes_and_its_times_are_seen(clause: str, tmp_path: Path) -> None:
    done = certify(tmp_path / "run", "ieee1547.1", "--scenario", ONE_A_CLAUSE[clause])
    assert done.exit_code == 0, done.output
    (test,) = RunDirectory.open(tmp_path / "run").run.scenarios
    assert (test.id, test.verdict) == (clause, Verdict.PASS)
    kinds = [finding.what.partition(",")[0] for finding in test.findings]
    assert sum(kind.startswith("active power after") for kind in kinds) >= 1, "just inside nothing was looked at"
    assert sum(kind == "active power when it has tripped" or " beyond" in kind for kind in kinds) >= 5, kinds


@pytest.mark.long
def test_a_late_inverter_fails_with_the_time_it_took(tmp_path: Path) -> None:
    scenario = "Frequency trip UF1, shortest"
    done = certify(tmp_path / "run", "ieee1547.1", "--scenario", scenario, "--fault", "inverter:late-trip")
    assert done.exit_code == 1, done.output
    (test,) = RunDirectory.open(tmp_path / "run").run.scenarios
    late = [finding for finding in test.findings if finding.verdict is Verdict.FAIL]
    assert {finding.what.partition(",")[0] for finding in late} == {"clearing time"}
    for finding in late:
        assert abs(finding.response - 1.25 * 180.0) <= finding.uncertainty, f"{finding.what}: {finding.response} s"
