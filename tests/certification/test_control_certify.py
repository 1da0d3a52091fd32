"""`bench certify` on the emulated controls: their rig, what it refuses, and what it records."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from bench.certification.calibration import described
from bench.cli import main
from bench.config import load_bench
from reports.run_directory import RunDirectory
from reports.verdict import Verdict
from tests.certification.test_certify import ROOT, certify

BENCH = ROOT / "fixtures" / "benches" / "certify_ltc.yaml"
CAPACITOR = ROOT / "fixtures" / "benches" / "certify_capacitor.yaml"


def test_a_band_is_found_at_the_contacts_and_recorded_with_its_series(tmp_path: Path) -> None:
    done = certify(tmp_path / "run", "ltc", "--scenario", "Band of 2 V around 120 V", bench=BENCH, device="ltc")
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(main, ["replay", str(tmp_path / "run")]).exit_code == 0, "its record gives what it says"
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


@pytest.mark.long
def test_a_control_that_is_told_no_position_is_taken_to_its_limits_by_scada(tmp_path: Path) -> None:
    document = yaml.safe_load(BENCH.read_text(encoding="utf-8"))
    del document["terminals"]["under_test"]["contacts"]["status"]
    document["feeder"] = {key: str((BENCH.parent / path).resolve()) for key, path in document["feeder"].items()}
    document["devices"]["ltc"]["point_map"] = str(ROOT / "fixtures" / "point_maps" / "ltc_generic.yaml")
    bench = tmp_path / "bench.yaml"
    bench.write_text(yaml.safe_dump(document), encoding="utf-8")
    asked = ("--scenario", "Tap limits of -8 to 8", "--scenario", "mode neutral")
    done = certify(tmp_path / "run", "ltc", *asked, bench=bench, device="ltc")
    assert done.exit_code == 0, done.output
    assert [test.verdict for test in RunDirectory.open(tmp_path / "run").run.scenarios] == [Verdict.PASS] * 2


def test_of_a_sensing_source_the_certificate_names_the_class_that_findings_are_guarded_by() -> None:
    bench = load_bench(BENCH)
    assert described(bench.devices["sensing_source"])["uncertainty_pct"] == 0.05
    assert described(bench.devices["contacts"])["uncertainty_pct"] is None, "contacts have no accuracy"
