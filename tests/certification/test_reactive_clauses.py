"""Clauses of reactive power through the wire: a good inverter of either category passes, and a bad one does not."""

from pathlib import Path

import pytest

from reports.run_directory import RunDirectory
from reports.verdict import Verdict
from tests.certification.test_certify import BENCH, certify

CLAUSES = {
    "Constant power factor, least absorbing": "5.14.3",
    "Constant reactive power, all absorbing": "5.14.7",
    "Unbalanced voltages, no zero sequence": "5.14.6",
    "Autonomous reference voltage, time constant 300": "5.14.5",
}
RAW_ERROR = 0.02
"""The emulated inverter is exact but for what the analyzer adds; the bands are 0.15 wide and more."""


def played(out: Path, scenario: str, *more: str, bench: Path = BENCH) -> tuple[int, RunDirectory]:
    done = certify(out, "ieee1547.1", "--scenario", scenario, *more, bench=bench)
    return done.exit_code, RunDirectory.open(out)


@pytest.fixture
def category_a(tmp_path: Path) -> Path:
    """The bench with an inverter of category A beside the usual ones, where its relative paths hold."""
    text = BENCH.read_text(encoding="utf-8").replace("category: B", "category: A")
    assert "category: A" in text
    path = tmp_path / "category_a.yaml"
    path.write_text(text.replace("../feeders", str(BENCH.parents[1] / "feeders")), encoding="utf-8")
    return path


@pytest.mark.long
@pytest.mark.parametrize("scenario", CLAUSES)
@pytest.mark.parametrize("category", ["A", "B"])
def test_a_good_inverter_passes_with_a_small_raw_error(
    tmp_path: Path, category_a: Path, category: str, scenario: str
) -> None:
    code, directory = played(tmp_path / "run", scenario, bench=category_a if category == "A" else BENCH)
    (test,) = directory.run.scenarios
    assert (code, test.id, test.verdict) == (0, CLAUSES[scenario], Verdict.PASS), test.reason
    resting = [finding.error for finding in test.findings if finding.what.endswith(": at rest")]
    assert resting or "Autonomous" in scenario
    assert all(abs(error) < RAW_ERROR for error in resting), f"raw errors at rest: {resting}"


@pytest.mark.long
@pytest.mark.parametrize("scenario", [name for name in CLAUSES if name.startswith("Constant")])
def test_vars_that_stay_on_are_noticed_by_the_last_step_alone(tmp_path: Path, scenario: str) -> None:
    code, directory = played(tmp_path / "run", scenario, "--fault", "inverter:vars-stay-on")
    (test,) = directory.run.scenarios
    assert (code, test.verdict) == (1, Verdict.FAIL)
    failed = [finding.what for finding in test.findings if finding.verdict is Verdict.FAIL]
    assert failed, "it is the device that fails, not the bench"
    assert all("switched off" in what for what in failed), failed
