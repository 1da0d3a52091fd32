"""`bench verify`, `report` and `compare` on recorded runs."""

import pytest
from bench_files import record

from bench.commands.run import markers


def test_a_run_as_written_verifies_and_any_changed_byte_does_not(bench, recorded):
    assert bench("verify", recorded).exit_code == 0
    trace = recorded / "trace.jsonl"
    trace.write_bytes(trace.read_bytes().replace(b'"c"', b'"d"'))
    found = bench("verify", recorded)
    assert found.exit_code == 1
    assert "trace.jsonl" in found.stdout


def test_a_run_without_its_summary_is_held_to_its_manifest(bench, recorded):
    (recorded / "run.json").unlink()
    found = bench("verify", recorded)
    assert found.exit_code == 1
    assert "missing: run.json" in found.stdout


def test_a_run_that_never_finished_is_inconclusive(bench, tmp_path):
    found = bench("verify", record(tmp_path / "killed", finished=False))
    assert found.exit_code == 5
    assert "incomplete" in found.stdout


def test_what_is_no_run_directory_is_told_so(bench, tmp_path):
    for command in (["verify", tmp_path], ["report", tmp_path], ["compare", tmp_path, tmp_path]):
        found = bench(*command)
        assert found.exit_code == 2, command
        assert "is no run directory" in found.stderr
        assert "Traceback" not in found.output


def test_a_report_is_rendered_again_and_leaves_the_evidence_as_it_was(bench, recorded):
    found = bench("report", recorded)
    assert found.exit_code == 0
    assert (recorded / "rendered" / "report.html").is_file()
    assert str(recorded / "rendered" / "report.html") in found.stdout
    assert bench("verify", recorded).exit_code == 0


def test_equal_runs_compare_equal_and_a_different_verdict_is_named(bench, recorded, tmp_path):
    assert bench("compare", recorded, record(tmp_path / "again")).exit_code == 0
    found = bench("compare", recorded, record(tmp_path / "worse", verdict="FAIL"))
    assert found.exit_code == 1
    assert "verdict: PASS | FAIL" in found.stdout


@pytest.mark.parametrize(
    ("tags", "expression"),
    [
        ("scenario_2", "scenario_2"),
        ("scenario-2", "scenario_2"),
        ("@scenario-2 and not @variant-sufficient", "scenario_2 and not variant_sufficient"),
        ("scenario-1 and variant-1B", "scenario_1 and variant_1b"),
    ],
)
def test_scenarios_are_selected_by_tags_as_features_write_them(tags, expression):
    assert markers(tags) == expression
