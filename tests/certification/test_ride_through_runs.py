"""Riding through on the emulated inverter, through `bench certify` and the wire."""

from pathlib import Path

import pytest

from reports.run_directory import RunDirectory
from reports.verdict import Verdict
from tests.certification.test_certify import certify


def test_what_the_model_cannot_fail_at_is_not_run_with_the_reason(tmp_path: Path) -> None:
    done = certify(tmp_path / "run", "ieee1547.1", "--scenario", "Rate of change of frequency")
    assert done.exit_code == 5, done.output
    (test,) = RunDirectory.open(tmp_path / "run").run.scenarios
    assert (test.id, test.verdict) == ("5.5-ROCOF", Verdict.NOT_RUN)
    assert "no phase-locked loop" in test.reason
    assert {finding.verdict for finding in test.findings} == {Verdict.PASS}, "it was played all the same"


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "clauses"),
    [("voltage ride-through at 100 %", {"5.4.4", "5.4.7"}), ("frequency ride-through", {"5.5.3", "5.5.4"})],
)
def test_the_emulated_inverter_rides_through(tmp_path: Path, name: str, clauses: set[str]) -> None:
    done = certify(tmp_path / "run", "ieee1547.1", "--scenario", name)
    assert done.exit_code == 0, done.output
    tests = RunDirectory.open(tmp_path / "run").run.scenarios
    assert {test.id for test in tests} == clauses
    assert all(test.findings for test in tests)
