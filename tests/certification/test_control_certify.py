"""`bench certify` on the emulated controls: their rig, what it refuses, and what it records."""

from pathlib import Path

import pytest

from reports.run_directory import RunDirectory
from reports.verdict import Verdict
from tests.certification.test_certify import ROOT, certify

BENCH = ROOT / "fixtures" / "benches" / "certify_ltc.yaml"
CAPACITOR = ROOT / "fixtures" / "benches" / "certify_capacitor.yaml"


def test_a_band_is_found_at_the_contacts_and_recorded_with_its_series(tmp_path: Path) -> None:
    done = certify(tmp_path / "run", "ltc", "--scenario", "Band of 2 V around 120 V", bench=BENCH, device="ltc")
    assert done.exit_code == 0, done.output
    directory = RunDirectory.open(tmp_path / "run")
    (test,) = directory.run.scenarios
    assert (test.id, test.verdict) == ("BAND", Verdict.PASS)
    edges = [finding for finding in test.findings if "edge of the band" in finding.what and finding.unit == "V"]
    assert [abs(edge.error) < 0.05 for edge in edges] == [True, True]
    assert all(edge.uncertainty > 0.0005 * edge.response for edge in edges), "the source's class is in each level"
    table = directory.series(test)
    assert table is not None
    assert {"sensed_v", "position", "closures_up", "closures_down"} <= set(table)
    assert table["closures_up"].iloc[-1] > 0


@pytest.mark.parametrize(
    ("bench", "device", "suite", "told"),
    [
        (BENCH, "ltc", "ieee1547.1", "ltc is a load tap changer; the suite tests the role inverter"),
        (CAPACITOR, "capacitor", "ltc", "capacitor is a capacitor bank; the suite tests the role load tap changer"),
        (BENCH, "contacts", "ltc", "no source and analyzer in front of it"),
    ],
)
def test_a_device_that_is_none_of_the_suites_is_refused(
    tmp_path: Path, bench: Path, device: str, suite: str, told: str
) -> None:
    done = certify(tmp_path / "run", suite, bench=bench, device=device)
    assert done.exit_code == 2, done.output
    assert told in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_defect_of_apparatus_is_refused_because_the_apparatus_is_the_rigs_own(tmp_path: Path) -> None:
    done = certify(
        tmp_path / "run", "ltc", "--scenario", "around 120 V", "--fault", "ltc:stuck", bench=BENCH, device="ltc"
    )
    assert done.exit_code == 2, done.output
    assert "the apparatus of a type test is the rig's own" in done.stderr
