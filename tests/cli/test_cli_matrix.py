"""`bench faults --matrix`: a few of its runs, and what it says when something ends otherwise than it had to."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.commands import matrix as command
from bench.commands.matrix_plan import FEW_SEEDS, plan
from bench.commands.workers import Lost
from bench.fault_cases import BENCH, FaultCase, load_cases, rows_of_scenarios
from reports.matrix import read_matrix
from reports.run_directory import RunDirectory

TRIAL = "A blocked tap changer stays"


def case_of(fault: str) -> FaultCase:
    return next(case for case in load_cases() if case.fault.text == fault and case.plays == TRIAL)


@pytest.fixture
def cases(monkeypatch: pytest.MonkeyPatch) -> list[FaultCase]:
    """The cases that the matrix has, instead of all."""
    chosen: list[FaultCase] = []
    monkeypatch.setattr(command, "load_cases", lambda: tuple(chosen))
    monkeypatch.setattr(command, "load_mutants", tuple)
    return chosen


def test_a_caught_fault_and_good_equipment_end_as_they_have_to(bench, cases, tmp_path: Path) -> None:
    cases.append(case_of("ltc:ignores-block"))
    found = bench("faults", "--matrix", "--seeds", 1, "--jobs", 1, "--out", tmp_path / "matrix")
    assert found.exit_code == 0, found.output
    assert "1 faults and 1 clean runs" in found.stdout
    assert "all ended as they had to" in found.stdout
    caught, clean = read_matrix(tmp_path / "matrix").lines
    assert (caught.fault, caught.verdict, caught.where) == ("ltc:ignores-block", "FAIL", "tap-changer control: block")
    assert "ltc" in caught.told
    assert caught.figure, "value and limit have to be told"
    assert (clean.fault, clean.verdict, clean.seed, clean.run) == ("", "PASS", 1, "")
    directory = RunDirectory.open(tmp_path / "matrix" / caught.run)
    assert directory.verify() == []
    assert (directory.path / "rendered" / "report.html").is_file(), "the page leads to it"
    assert [path.name for path in (tmp_path / "matrix").iterdir() if path.is_dir()] == [caught.run]


def test_a_fault_that_is_not_noticed_where_it_has_to_be_fails_the_whole(bench, cases, tmp_path: Path) -> None:
    cases.append(replace(case_of("ltc:ignores-block"), caught_at=("another clause",)))
    found = bench("faults", "--matrix", "--seeds", 0, "--jobs", 1, "--out", tmp_path / "matrix")
    assert found.exit_code == 1
    assert "not caught at another clause with 'ltc' told there" in found.stdout
    assert "1 ended otherwise" in found.stdout
    assert read_matrix(tmp_path / "matrix").unexpected[0].verdict == "FAIL"


def test_a_bench_that_cannot_be_put_together_is_a_line_that_broke(bench, cases, tmp_path: Path) -> None:
    cases.append(replace(case_of("ltc:ignores-block"), bench=tmp_path / "gone.yaml"))
    found = bench("faults", "--matrix", "--seeds", 0, "--jobs", 1, "--out", tmp_path / "matrix")
    assert found.exit_code == 1
    assert "the run broke: ConfigError: cannot read the bench file" in found.stdout


def test_who_stops_the_matrix_is_told_what_was_played_until_then(bench, cases, monkeypatch, tmp_path: Path) -> None:
    cases += [case_of("ltc:ignores-block")]

    def stopped(_work, plays, *_limits):
        yield plays[0], Lost("it was too slow"), 1.0
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "spread", stopped)
    found = bench("faults", "--matrix", "--seeds", 2, "--out", tmp_path / "matrix")
    assert found.exit_code == 4
    assert "2 more were not played" in found.stdout
    whole = read_matrix(tmp_path / "matrix")
    assert (whole.unplayed, [line.objection for line in whole.lines]) == (2, ["the run broke: it was too slow"])


def test_every_scenario_that_a_case_plays_is_played_with_good_equipment_too(tmp_path: Path) -> None:
    cases = load_cases()
    plays = plan(tmp_path, cases, seeds=50)
    rows = rows_of_scenarios()
    assert [play.case for play in plays[: len(cases)]] == list(cases)
    for case in cases:
        seeds = [p.seed for p in plays if p.case is None and (p.scenario, p.bench) == (case.plays, case.bench)]
        first = any(row.startswith("1.") for row in rows[case.plays])
        wanted = (50 if first else 10) if rows[case.plays] and case.bench == BENCH else FEW_SEEDS
        assert seeds == list(range(1, wanted + 1)), f"{case} has no good run beside it"
    folders = [play.folder for play in plays]
    assert len(set(folders)) == len(folders), "two runs cannot be recorded in one place"


def test_what_cannot_be_played_is_told_before_anything_is(bench, cases, tmp_path: Path) -> None:
    cases.append(case_of("ltc:ignores-block"))
    (tmp_path / "file").touch()
    full = bench("faults", "--matrix", "--out", tmp_path)
    assert (full.exit_code, "is not empty" in full.stderr) == (2, True)
    nothing = bench("faults", "--matrix", "--only", "ltc:melts", "--out", tmp_path / "new")
    assert (nothing.exit_code, "no run of the matrix fits 'ltc:melts'" in nothing.stderr) == (2, True)
    assert bench("faults", "--only", "ltc").exit_code == 2
    assert not (tmp_path / "new").exists()
