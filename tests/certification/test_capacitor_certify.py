"""`bench certify` with the capacitor suite: over all wires, what it records, and whose fault a broken bench is."""

from io import StringIO
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from bench.certification.capacitor.figures import FILE, load_capacitor_figures
from bench.certification.suites import suite_named
from bench.commands.certify import CertifyRequest, certify
from bench.config import load_bench
from bench.mutants import BENCHES
from instruments.errors import ConfigError
from reports.run_directory import RunDirectory, RunSummary
from reports.verdict import Verdict

BENCH = BENCHES / "certify_capacitor.yaml"
FOLLOWS = "It follows each command of SCADA once"


def carried_out(out: Path, *scenarios: str, faults: tuple[str, ...] = ()) -> RunSummary:
    request = CertifyRequest(BENCH, "capacitor", "capacitor", out, 1, faults, scenarios)
    certify(request, Console(file=StringIO()))
    return RunDirectory.open(out).run


def test_a_clause_is_recorded_with_its_findings_and_its_series(tmp_path: Path) -> None:
    run = carried_out(tmp_path / "run", FOLLOWS)
    (test,) = run.scenarios
    assert (test.id, test.verdict) == ("CMD-1", Verdict.PASS), test.reason
    sources = {finding["source"] for finding in _measurements(tmp_path / "run")}
    assert sources == {"contacts"}, "commands are judged at the contacts alone"
    table = RunDirectory.open(tmp_path / "run").series(test)
    assert table is not None
    assert (table["closures_up"].iloc[-1], table["closures_down"].iloc[-1]) == (1, 1)
    assert set(table["position"]) == {0, 1}
    settings = run.certification["settings"]
    assert {"close_below", "weekdays", "strategy"} <= set(settings), "how it came, before anything was set"


def _measurements(folder: Path) -> list[dict[str, str]]:
    lines = (folder / "measurements.jsonl").read_text(encoding="utf-8").splitlines()
    return [found for line in lines if "CMD-1" in str((found := yaml.safe_load(line)).get("clause"))]


@pytest.mark.parametrize(
    "fault",
    ["sensing_source:wrong-range=0.5", pytest.param("contacts:error-in-its-queue", marks=pytest.mark.long)],
)
def test_an_instrument_that_is_broken_is_no_finding_about_the_control(fault: str, tmp_path: Path) -> None:
    run = carried_out(tmp_path / "run", FOLLOWS, faults=(fault,))
    (test,) = run.scenarios
    assert test.verdict is Verdict.ERROR, test.reason
    assert fault.partition(":")[0] in test.reason


@pytest.mark.long
def test_the_emulated_control_passes_all_that_is_not_beyond_the_rig(tmp_path: Path) -> None:
    run = carried_out(tmp_path / "run")
    wrong = [(entry["clause"], entry["verdict"], entry["why"]) for entry in run.certification["coverage"]]
    beyond = {clause.clause for clause in load_capacitor_figures().clauses if clause.beyond}
    assert {clause for clause, verdict, _ in wrong if verdict != "PASS"} == beyond, wrong
    assert run.verdict is Verdict.PASS


def test_every_figure_that_is_judged_by_says_where_it_is_from_and_the_certificate_counts_what_is_not_confirmed() -> (
    None
):
    unconfirmed = suite_named("capacitor").unconfirmed()
    accuracy = [place for place in unconfirmed if place.startswith("accuracy.")]
    assert len(accuracy) == len(type(load_capacitor_figures().accuracy).model_fields)
    assert {"secondaries.rated_v", "secondaries.rated_a"} <= set(unconfirmed), "what shares of the bank's VA are of"
    assert "discharge_s" not in unconfirmed


@pytest.mark.parametrize(
    ("cut", "told"),
    [
        ("  close_below: 118.0\n", "base.close_below"),
        ("beyond_v: 4.0\n", "beyond_v"),
        ('  rated_a: {value: 5.0, clause: VAR-1, source: "ieee-c57-13", confirmed: false}\n', "secondaries.rated_a"),
    ],
)
def test_a_figure_that_is_missing_is_told_by_its_place(cut: str, told: str, tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert cut in text
    path = tmp_path / "capacitor.yaml"
    path.write_text(text.replace(cut, ""), encoding="utf-8")
    with pytest.raises(ConfigError, match=told):
        load_capacitor_figures(path)


def test_the_two_benches_of_a_pair_are_of_the_same_equipment() -> None:
    real, served = (
        load_bench(BENCHES / f"certify_capacitor_equipment{ending}.yaml").devices for ending in ("", "_served")
    )
    assert real.keys() == served.keys()
    assert [device.resource for device in real.values()] == [device.resource for device in served.values()]
    assert not any(device.emulate for device in real.values())
    assert all(device.emulate for device in served.values())
