"""A recorded certification judged again and compared, from its files alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from synthetic_certification import volt_var, write_certification

from bench.commands.replay import replay
from instruments.errors import ConfigError
from reports.compare import differences
from reports.run_directory import RunDirectory
from reports.verdict import Verdict


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_certification(tmp_path / "run")


def changed(run: Path, change: Any) -> Path:
    """Change run.json, as somebody would who wants another certificate."""
    document = json.loads((run / "run.json").read_text())
    change(document)
    (run / "run.json").write_text(json.dumps(document))
    return run


def test_the_same_limits_give_the_same_verdict(run: Path) -> None:
    text, verdict = replay(run, None)
    assert (text, verdict) == ("the same verdict for the same limits: ERROR (3 type tests, 6 findings)", Verdict.ERROR)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda run: run.update(verdict="PASS"), "verdict: was PASS, is ERROR"),
        (lambda run: run["scenarios"][1].update(verdict="PASS"), "type test 5.14.9/1: was PASS, is FAIL"),
        (lambda run: run["scenarios"][1]["findings"][0].update(verdict="PASS"), "was PASS, is FAIL"),
        (lambda run: run["scenarios"][1]["findings"][0].update(response=0.0), "finding 1 in run.json"),
        (lambda run: run["scenarios"][1]["findings"].pop(), "finding 3 in run.json: was not there"),
        (lambda run: run["scenarios"].pop(1), "measurements of 5.14.9/1: was 3, is 0"),
        (lambda run: run["certification"]["coverage"][1].update(verdict="PASS"), "clause 5.14.9: was PASS, is FAIL"),
    ],
)
def test_a_verdict_that_its_own_record_does_not_give_is_found(run: Path, change: Any, told: str) -> None:
    text, verdict = replay(changed(run, change), None)
    assert told in text
    assert verdict is Verdict.FAIL


def test_other_limits_give_another_verdict_but_never_undo_what_broke(run: Path, tmp_path: Path) -> None:
    wide = tmp_path / "limits.yaml"
    wide.write_text("measurements:\n  - {clause: 5.14.9, tolerance: 0.2}\n")
    text, verdict = replay(run, wide)
    assert "type test 5.14.9/1: was FAIL, is PASS" in text
    assert "clause 5.14.9: was FAIL, is PASS" in text
    assert text.endswith("verdict by these limits: ERROR (it was ERROR)")
    assert verdict is Verdict.ERROR, "a link that broke is no matter of limits"
    wide.write_text('rows: {"1.1": 30}\n')
    with pytest.raises(ConfigError, match="has no rows"):
        replay(run, wide)


def test_a_run_that_did_not_finish_cannot_be_judged_again(run: Path) -> None:
    text, verdict = replay(changed(run, lambda document: document.update(complete=False)), None)
    assert "did not finish" in text
    assert verdict is Verdict.INCONCLUSIVE


def test_what_differs_is_named_clause_by_clause_and_setting_by_setting(run: Path, tmp_path: Path) -> None:
    def other(document: Any) -> None:
        about = document["certification"]
        about["version"], about["settings"]["NP_P_MAX"], about["nameplate"]["category"] = "8", 20000.0, "A"
        about["coverage"][1]["verdict"] = "PASS"

    there = changed(write_certification(tmp_path / "other"), other)
    assert [str(found) for found in differences(RunDirectory.open(run), RunDirectory.open(there))] == [
        "certification version: 7 | 8",
        "certification nameplate category: B | A",
        "certification settings NP_P_MAX: 25000.0 | 20000.0",
        "certification clause 5.14.9 Volt-watt: FAIL | PASS",
    ]


def test_of_a_type_test_that_only_one_run_has_nothing_more_is_told(run: Path, tmp_path: Path) -> None:
    kept = {"id": "5.14.4", "variant": "1-100", "verdict": "PASS", "findings": volt_var()}
    less = write_certification(tmp_path / "less", scenarios=[kept])
    told = [str(found) for found in differences(RunDirectory.open(run), RunDirectory.open(less))]
    assert told == ["scenario 5.14.9/1: FAIL | absent", "scenario 5.6: ERROR | absent"]
