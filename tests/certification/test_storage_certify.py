"""`bench certify --suite storage` on emulated batteries: what it writes, that it passes, and that it notices."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from test_certify import certify

from bench.cli import main
from bench.mutants import BENCHES, scenarios_of
from reports.run_directory import RunDirectory, RunSummary
from reports.verdict import Verdict

ALONE, HYBRID = BENCHES / "certify_battery.yaml", BENCHES / "certify_storage.yaml"
QUICK = ("--scenario", "charge are stated", "--scenario", "discharging are alike")


def carried_out(out: Path, bench: Path, device: str, *more: str) -> RunSummary:
    done = certify(out, "storage", "--jobs", "1", *more, bench=bench, device=device)
    assert done.exit_code in {0, 1, 5}, done.output
    return RunDirectory.open(out).run


def told(run: RunSummary) -> str:
    return "\n".join(f"{found.id} {found.title}: {found.verdict} ({found.reason})" for found in run.scenarios)


@pytest.mark.parametrize(
    ("bench", "device"),
    [
        pytest.param(ALONE, "battery", id="alone"),
        pytest.param(HYBRID, "battery", id="behind an inverter", marks=pytest.mark.long),
    ],
)
def test_a_battery_is_commanded_alone_and_through_an_inverter(bench: Path, device: str, tmp_path: Path) -> None:
    run = carried_out(tmp_path / "run", bench, device, *QUICK)
    assert run.verdict is Verdict.PASS, told(run)
    assert {found.id for found in run.scenarios} == {"RATINGS", "SYMMETRY"}
    assert all(found.findings for found in run.scenarios), "what holds nothing against its limits proves nothing"
    page = (tmp_path / "run" / "rendered" / "report.html").read_text(encoding="utf-8")
    assert "SIMULATED" in page
    assert "charging beyond discharging" in page
    again = CliRunner().invoke(main, ["replay", str(tmp_path / "run")])
    assert again.exit_code == 0, again.output


def test_a_ramp_rate_that_is_not_kept_is_noticed_over_the_wire(tmp_path: Path) -> None:
    only = ("--scenario", "as fast as it was set", "--fault", "battery:ramp-rate-off")
    run = carried_out(tmp_path / "run", ALONE, "battery", *only)
    (test,) = run.scenarios
    assert (test.id, test.verdict) == ("RAMP", Verdict.FAIL)
    assert [finding.verdict for finding in test.findings] == [Verdict.FAIL, Verdict.FAIL]


def without_capacity(folder: Path) -> Path:
    """Write the bench of a hybrid whose inverter has no battery."""
    document = yaml.safe_load(HYBRID.read_text(encoding="utf-8"))
    del document["devices"]["battery"], document["devices"]["inverter"]["emulate"]["dc_source"]
    document["feeder"] = {key: str((BENCHES / path).resolve()) for key, path in document["feeder"].items()}
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def test_an_inverter_without_a_battery_is_refused(tmp_path: Path) -> None:
    done = certify(
        tmp_path / "run", "storage", "--jobs", "1", *QUICK, bench=without_capacity(tmp_path), device="inverter"
    )
    assert done.exit_code == 2, done.output
    assert "no battery behind it" in done.stderr
    assert not (tmp_path / "run").exists(), "a refused command left a run directory behind"


def test_other_suites_do_not_take_a_battery(tmp_path: Path) -> None:
    done = certify(tmp_path / "run", "ieee1547.1", bench=ALONE, device="battery")
    assert done.exit_code == 2
    assert "the suite tests the role inverter" in done.stderr


@pytest.mark.long
@pytest.mark.parametrize(("bench", "device"), [(ALONE, "battery"), (HYBRID, "inverter")], ids=["alone", "hybrid"])
def test_the_behaviour_model_passes_the_whole_suite(bench: Path, device: str, tmp_path: Path) -> None:
    run = carried_out(tmp_path / "run", bench, device)
    assert run.verdict is Verdict.PASS, told(run)
    assert {found.id for found in run.scenarios} == set(scenarios_of("storage").values())
    assert run.complete
