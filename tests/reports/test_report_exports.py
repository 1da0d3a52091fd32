"""JUnit, Allure and comparison: other readers see the same verdicts."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from synthetic_run import write_run

from reports.compare import differences
from reports.junit import junit_xml
from reports.rendering import render
from reports.run_directory import RunDirectory, RunWriter


def suite_of(run: Path) -> ET.Element:
    return ET.fromstring(junit_xml(RunDirectory.open(run)))[0]  # noqa: S314 - made by ourselves


def run_with_states(path: Path, verdict: str, *states: str, reason: str = "why") -> Path:
    items = [{"row": f"1.{number}", "state": state, "reason": reason} for number, state in enumerate(states, start=1)]
    scenario = {"id": "1", "verdict": verdict, "rows": {"expected": len(items), "met": 0, "items": items}}
    with RunWriter.create(path) as writer:
        writer.finish({"verdict": verdict, "scenarios": [scenario]})
    return path


def test_junit_has_a_case_for_each_row_and_one_for_the_scenario(failing_run: Path) -> None:
    suite = suite_of(failing_run)
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "21", "failures": "2", "errors": "6", "skipped": "0",
    }  # fmt: skip
    (failed,) = (case for case in suite if "1.3.4" in str(case.get("name")))
    assert "did not respond" in str(failed[0].get("message"))
    assert "measurement:21" in str(failed[0].text)


@pytest.mark.parametrize(
    ("state", "tag"),
    [
        ("MET", None),
        ("ABSENT_AS_REQUIRED", None),
        ("NOT_MET", "failure"),
        ("NOT_RUN", "error"),
        ("INCONCLUSIVE", "error"),
        ("NOT_APPLICABLE", "skipped"),
    ],
)
def test_junit_never_hides_what_was_not_judged(tmp_path: Path, state: str, tag: str | None) -> None:
    case = suite_of(run_with_states(tmp_path / "run", "PASS", state))[0]
    assert [child.tag for child in case] == ([tag] if tag else [])


@pytest.mark.parametrize("verdict", ["INCONCLUSIVE", "NOT_RUN", "ABORTED", "FAIL", "ERROR"])
def test_junit_shows_a_scenario_that_fell_though_its_rows_were_met(tmp_path: Path, verdict: str) -> None:
    own = suite_of(run_with_states(tmp_path / "run", verdict, "MET"))[-1]
    assert [child.get("type") for child in own] == [verdict]


def test_junit_of_a_killed_run_is_no_success(tmp_path: Path) -> None:
    RunWriter.create(tmp_path / "run").close()
    assert suite_of(tmp_path / "run").get("errors") == "1"


def test_junit_carries_what_xml_cannot(tmp_path: Path) -> None:
    run = run_with_states(tmp_path / "run", "FAIL", "NOT_MET", reason="bell \x07 <b> & \ud800 end")
    assert suite_of(run)[0][0].get("message") == "bell \ufffd <b> & \ufffd end"
    assert "bell" in (render(run) / "report.html").read_text()


def results_in(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("allure-results/*-result.json"))]


def test_allure_has_a_step_for_each_row_with_its_evidence(tmp_path: Path) -> None:
    folder = render(write_run(tmp_path / "run", failing=True, steps=5, alerts=3))
    (result,) = results_in(folder)
    assert result["status"] == "failed"
    assert len(result["steps"]) == 20
    statuses = {step["name"].split()[1]: step["status"] for step in result["steps"]}
    assert (statuses["1.1"], statuses["1.3.4"], statuses["1.3.5"]) == ("passed", "failed", "skipped")
    for step in result["steps"]:
        for attachment in step.get("attachments", ()):
            assert (folder / "allure-results" / attachment["source"]).read_text().strip(), attachment


@pytest.mark.parametrize(
    ("verdict", "status"),
    [("PASS", "passed"), ("FAIL", "failed"), ("ERROR", "broken"), ("ABORTED", "broken"), ("INCONCLUSIVE", "unknown")],
)
def test_allure_status_follows_the_verdict(tmp_path: Path, verdict: str, status: str) -> None:
    (result,) = results_in(render(run_with_states(tmp_path / "run", verdict, "MET")))
    assert result["status"] == status


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_rendering_again_gives_the_same_files_and_leaves_the_evidence_alone(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", failing=True, steps=30, alerts=3)
    first = contents(render(run))
    (run / "rendered" / "stale.html").write_text("old")
    assert contents(render(run)) == first
    assert RunDirectory.open(run).verify() == []


def test_an_altered_report_is_found(tmp_path: Path) -> None:
    folder = render(write_run(tmp_path / "run", steps=5, alerts=2))
    (folder / "report.html").write_text("PASS")
    findings = RunDirectory.open(tmp_path / "run").verify()
    assert [(finding.kind, finding.file) for finding in findings] == [("changed", "rendered/report.html")]


def test_a_run_does_not_differ_from_itself(failing_run: Path) -> None:
    assert differences(RunDirectory.open(failing_run), RunDirectory.open(failing_run)) == []


def test_differences_run_from_the_verdict_to_the_first_message(passing_run: Path, failing_run: Path) -> None:
    found = differences(RunDirectory.open(passing_run), RunDirectory.open(failing_run))
    assert [str(difference) for difference in found[:2]] == ["verdict: PASS | FAIL", "scenario 1: PASS | FAIL"]
    assert str(found[2]).startswith("scenario 1 row 1.3.4 e1: MET at 739 s | NOT_MET (Row 1.3.4 was not met: the")
    assert found[-1].subject.startswith("trace line 250")
    assert found[-1].right is None


def test_a_scenario_that_only_one_run_has_is_named(tmp_path: Path, failing_run: Path) -> None:
    with RunWriter.create(tmp_path / "run") as writer:
        writer.finish({"verdict": "FAIL", "scenarios": []})
    found = differences(RunDirectory.open(tmp_path / "run"), RunDirectory.open(failing_run))
    assert "scenario 1: absent | FAIL" in map(str, found)
