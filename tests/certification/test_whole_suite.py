"""The whole suite on the unmutated behaviour model, in each category: it has to pass all that it can represent."""

from io import StringIO
from itertools import product
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from bench.commands.certify import CertifyRequest, certify
from bench.mutants import BENCHES
from reports.run_directory import RunDirectory, RunSummary, ScenarioRun
from reports.verdict import Verdict

SUITE = "ieee1547.1"
UNREPRESENTED = {"5.5-ROCOF", "5.5-phase-angle"}
"""Clauses that the behaviour model has nothing for that could fail."""
FIRST = ("B", "III")
CATEGORIES = [
    pytest.param(*both, marks=pytest.mark.long if both == FIRST else pytest.mark.soak, id="-".join(both))
    for both in product("AB", ("I", "II", "III"))
]


def bench_of(folder: Path, category: str, abnormal: str) -> Path:
    """Write the usual bench file with an inverter of a category."""
    usual = BENCHES / "certify_inverter.yaml"
    document = yaml.safe_load(usual.read_text(encoding="utf-8"))
    document["devices"]["inverter"]["emulate"] |= {"category": category, "abnormal": abnormal}
    document["feeder"] = {key: str((BENCHES / path).resolve()) for key, path in document["feeder"].items()}
    path = folder / f"{category}_{abnormal}.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def carried_out(bench: Path, out: Path, scenarios: tuple[str, ...] = (), faults: tuple[str, ...] = ()) -> RunSummary:
    certify(CertifyRequest(bench, "inverter", SUITE, out, 1, faults, scenarios), Console(file=StringIO()))
    return RunDirectory.open(out).run


def told(scenario: ScenarioRun) -> str:
    return f"{scenario.id} {scenario.title}: {scenario.verdict} ({scenario.reason})"


@pytest.mark.parametrize(("category", "abnormal"), CATEGORIES)
def test_the_behaviour_model_passes_all_that_it_can_represent(category: str, abnormal: str, tmp_path: Path) -> None:
    run = carried_out(bench_of(tmp_path, category, abnormal), tmp_path / "run")
    plate = run.certification["nameplate"]
    assert (plate["category"], plate["abnormal"]) == (category, abnormal)
    wrong = [told(found) for found in run.scenarios if found.verdict not in {Verdict.PASS, Verdict.NOT_RUN}]
    assert not wrong, "\n".join(wrong)
    unsaid = [told(found) for found in run.scenarios if found.verdict is Verdict.NOT_RUN and not found.reason]
    assert not unsaid, f"not run, and no word why: {unsaid}"
    assert {found.id for found in run.scenarios if found.verdict is not Verdict.PASS} == UNREPRESENTED
    assert run.complete


@pytest.mark.long
def test_a_regression_inside_the_band_passes_and_shows_in_the_raw_error(tmp_path: Path) -> None:
    errors: dict[str, float] = {}
    for name, faults in (("sound", ()), ("mutant", ("inverter:wrong-dead-band",))):
        bench = BENCHES / "certify_inverter.yaml"
        run = carried_out(bench, tmp_path / name, ("Volt-var characteristic 1 at 100 %",), faults)
        (test,) = run.scenarios
        assert test.verdict is Verdict.PASS, told(test)
        errors[name] = max(abs(finding.error) for finding in test.findings if finding.what.endswith("at rest"))
    assert errors["sound"] < 0.01
    assert errors["mutant"] == pytest.approx(0.11, abs=0.03), "a dead band of 0.02 pu at a slope of 5.5"
