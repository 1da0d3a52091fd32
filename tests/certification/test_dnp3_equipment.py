"""A tap-changer control on DNP3 that is bad at the wire: what a clause comes to, and whose fault it says that it is."""

from pathlib import Path

import pytest
import yaml

from instruments.emulators.dnp3_faults import DNP3_FAULTS
from reports.run_directory import RunDirectory
from reports.verdict import Verdict
from tests.certification.test_certify import ROOT, certify

BENCH = ROOT / "fixtures" / "benches" / "certify_ltc_dnp3.yaml"
FAIL, ERROR = Verdict.FAIL, Verdict.ERROR
UNSAFE = "ltc could not be proven safe: ltc"
LOST = "gave no sound answer in"
MANUAL, SETTINGS = "Automatic and SCADA-manual", "Settings"
CASES: list[tuple[str, str, Verdict, str]] = [
    ("indicates-restart@20", MANUAL, FAIL, "ltc was restarted and may have lost its settings"),
    ("keeps-indicating-restart@20", MANUAL, ERROR, f"{UNSAFE} does not take that its restart is acknowledged"),
    ("indicates-trouble", SETTINGS, ERROR, f"{UNSAFE} says that it is in trouble"),
    ("local-without-panel", SETTINGS, ERROR, "ltc refused to operate bo 1 to latch_off: the control is in local"),
    ("readings-flagged", "Readings", FAIL, "voltage (ai 1) is no reading: offline"),
    ("frozen-values", SETTINGS, FAIL, "reads back"),
    ("refuses-commands", SETTINGS, ERROR, "ltc refused to operate bo 1 to latch_off: hardware error"),
    ("selects-and-refuses", MANUAL, FAIL, "ltc refused to operate bo 2 to close: not selected"),
    ("answers-success-alone", SETTINGS, FAIL, "reads back"),
    ("echoes-another-command", SETTINGS, ERROR, "answered to another command"),
    ("indicates-an-error@1", MANUAL, ERROR, "ltc refused to read bi 0: object unknown"),
    ("answers-too-short@1", MANUAL, ERROR, "answered to another command"),
    ("broken-crc@20..60", MANUAL, ERROR, LOST),
    ("wrong-sequence-number@20..60", MANUAL, ERROR, LOST),
    ("answers-as-another@20..60", MANUAL, ERROR, LOST),
    ("leaves-unanswered@20", MANUAL, ERROR, "gave no sound answer ("),
]


def played(folder: Path, fault: str, scenario: str) -> tuple[Verdict, str]:
    """Play one type test with a fault, and little patience; return its verdict and why."""
    impatient = {"like": str(BENCH), "bench": "impatient", "devices": {"ltc": {"timeout_s": 0.5}}}
    bench = folder.with_suffix(".yaml")
    bench.write_text(yaml.safe_dump(impatient), encoding="utf-8")
    certify(folder, "ltc", "--scenario", scenario, "--fault", f"ltc:{fault}", "--no-pdf", bench=bench, device="ltc")
    (test,) = RunDirectory.open(folder).run.scenarios
    return test.verdict, test.reason


def test_every_defect_at_the_wire_has_a_case() -> None:
    assert {fault.partition("@")[0] for fault, *_ in CASES} == {name for name, *_ in DNP3_FAULTS}


def test_readings_with_a_bad_flag_are_no_measurement_and_fail(tmp_path: Path) -> None:
    verdict, reason = played(tmp_path / "run", "readings-flagged=5", "Readings")
    assert verdict is FAIL
    assert reason == "ltc: voltage (ai 1) is no reading: communication lost"


@pytest.mark.long
@pytest.mark.parametrize(("fault", "scenario", "verdict", "words"), CASES, ids=[fault for fault, *_ in CASES])
def test_bad_equipment_is_never_passed_and_says_what_was_wrong(
    fault: str, scenario: str, verdict: Verdict, words: str, tmp_path: Path
) -> None:
    ended, reason = played(tmp_path / "run", fault, scenario)
    assert ended is verdict, reason
    assert words in reason
    assert "source" not in reason, "the laboratory's own equipment has done nothing wrong"
