"""The page of the fault matrix: every line is on it, what ended otherwise comes first, and text stays text."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from reports.errors import ReportError
from reports.matrix import Matrix, MatrixLine, read_matrix, write_matrix
from reports.verdict import Verdict

CAUGHT = MatrixLine(
    area="controls",
    fault="ltc:stuck",
    scenario="A line is out",
    bench="quick",
    seed=1,
    expected="FAIL",
    caught_at=("3.7.2", "a clause"),
    culprit="ltc",
    verdict="FAIL",
    where="3.7.2",
    told="ltc: tap in service",
    figure="5 tap, 10 … 10 tap",
    objection="",
    seconds=7.25,
    run="001-ltc-stuck",
)
CLEAN = replace(CAUGHT, area="", fault="", expected="PASS", caught_at=(), verdict="PASS", where="", figure="", run="")
MISSED = replace(CAUGHT, verdict="PASS", objection="it ended with PASS, and has to end with FAIL")


def page(folder: Path, *lines: MatrixLine) -> str:
    return write_matrix(folder, Matrix(lines, 60.0, 2)).read_text(encoding="utf-8")


def test_a_matrix_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    matrix = Matrix([CAUGHT, CLEAN, replace(CLEAN, seed=2)], 60.0, 2)
    write_matrix(tmp_path, matrix)
    assert read_matrix(tmp_path) == matrix


def test_json_and_csv_have_every_line_and_the_sum_of_them(tmp_path: Path) -> None:
    page(tmp_path, CAUGHT, MISSED, CLEAN)
    document = json.loads((tmp_path / "matrix.json").read_text(encoding="utf-8"))
    assert (document["verdict"], document["faults"], document["clean"], document["unexpected"]) == ("FAIL", 2, 1, 1)
    assert document["ends"] == {"PASS": 1, "FAIL": 1}
    assert [line["as_expected"] for line in document["lines"]] == [True, False, True]
    with (tmp_path / "matrix.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["caught_at"] for row in rows] == ["3.7.2|a clause", "3.7.2|a clause", ""]


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [([CAUGHT, CLEAN], Verdict.PASS), ([CAUGHT, MISSED], Verdict.FAIL), ([], Verdict.NOT_RUN)],
)
def test_one_line_that_ended_otherwise_fails_the_whole(lines: list[MatrixLine], verdict: Verdict) -> None:
    assert Matrix(lines, 1.0, 1).verdict is verdict


def test_a_matrix_that_was_stopped_is_no_proof(tmp_path: Path) -> None:
    matrix = Matrix([CAUGHT, CLEAN], 60.0, 2, unplayed=3)
    assert matrix.verdict is Verdict.ABORTED
    assert "Stopped before the last 3 runs" in write_matrix(tmp_path, matrix).read_text(encoding="utf-8")
    assert read_matrix(tmp_path) == matrix
    assert Matrix([MISSED], 60.0, 2, unplayed=3).verdict is Verdict.FAIL


def test_the_page_shows_where_each_fault_was_caught_and_leads_to_its_run(tmp_path: Path) -> None:
    html = page(tmp_path, CAUGHT, CLEAN)
    for text in ("All 2 runs ended as they had to", "ltc:stuck", "3.7.2", "5 tap, 10 … 10 tap", "Good equipment"):
        assert text in html, f"the page does not show {text!r}"
    assert 'href="001-ltc-stuck/rendered/report.html"' in html
    assert "What ended otherwise" not in html


def test_what_ended_otherwise_is_told_first(tmp_path: Path) -> None:
    html = page(tmp_path, CAUGHT, MISSED)
    assert "1 of 2 runs ended otherwise" in html
    assert html.index(MISSED.objection) < html.index("Faults of controls")


def test_text_of_a_run_stays_text_and_the_page_asks_for_nothing_from_outside(tmp_path: Path) -> None:
    html = page(tmp_path, replace(CAUGHT, told="<script>alert(1)</script>", objection="<b>x</b>", run='x" onclick="y'))
    assert "<script" not in html
    assert "<b>x</b>" not in html
    assert 'onclick="y' not in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert "https://" not in html


def test_a_folder_without_a_matrix_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="no fault matrix"):
        read_matrix(tmp_path)
