"""The whole suite on the unmutated tap-changer control: it has to pass everything; how it was set is recorded."""

from pathlib import Path

import pytest

from bench.mutants import BENCHES, scenarios_of
from reports.run_directory import RunDirectory
from reports.verdict import Verdict
from tests.certification.test_certify import certify

BEYOND = {"PARALLEL", "OVERCURRENT"}


@pytest.mark.long
def test_the_emulated_tap_changer_control_passes_all_of_its_suite(tmp_path: Path) -> None:
    done = certify(tmp_path / "run", "ltc", "--no-pdf", bench=BENCHES / "certify_ltc.yaml", device="ltc")
    assert done.exit_code == 0, done.output
    run = RunDirectory.open(tmp_path / "run").run
    assert sorted(test.title for test in run.scenarios) == sorted(scenarios_of("ltc"))
    wrong = [f"{t.id} {t.title}: {t.verdict} ({t.reason})" for t in run.scenarios if t.verdict is not Verdict.PASS]
    assert not wrong, "\n".join(wrong)
    coverage = {entry["clause"]: entry["verdict"] for entry in run.certification["coverage"]}
    assert {clause for clause, verdict in coverage.items() if verdict != "PASS"} == BEYOND
    assert run.certification["settings"]["band_centre"] == 123.0, "as the deck has it"
    assert all(test.findings for test in run.scenarios), "a test without findings proves nothing"
