"""Fault cases are data: every kind of fault has one, they are read as a whole, and what is wrong is told at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.fault_cases import CASES, caught_at, is_row, load_cases, told_by
from bench.faults import KINDS
from bench.mutants import failed_by, load_mutants
from bench.use_case.tables import load as load_use_case
from instruments.emulators.faults import FaultKind
from instruments.errors import ConfigError
from reports.verdict import Verdict

ALL = load_cases()
TYPE_TESTED = load_mutants()
HEAD = "fault,plays,verdict,caught_at,culprit,why\n"
STUCK = "ltc:stuck,then with demand response,FAIL,1.10.2,,\n"

Files = Callable[..., Path]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Writes files of cases, by area, and returns their folder."""

    def write(**areas: str) -> Path:
        for area, lines in areas.items():
            (tmp_path / f"{area}.csv").write_text(HEAD + lines, encoding="utf-8")
        return tmp_path

    return write


def refused(folder: Path) -> str:
    with pytest.raises(ConfigError) as found:
        load_cases(folder)
    return str(found.value)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_fault_has_a_case(kind: FaultKind) -> None:
    has_one = any(played.fault.kind == kind.name for played in (*ALL, *TYPE_TESTED))
    assert has_one, f"no line below {CASES}, and none of the mutants, has {kind.name!r}: is it noticed at all?"


def test_every_kind_of_fault_is_noticed_or_tolerated_where_its_cases_say() -> None:
    rows = set(load_use_case().rows)
    for kind in KINDS:
        places = (*caught_at(kind.name, ALL), *failed_by(kind.name, TYPE_TESTED))
        tolerated = {case.verdict for case in ALL if case.fault.kind == kind.name} == {Verdict.PASS}
        untold = any(mutant.why and not mutant.clauses for mutant in TYPE_TESTED if mutant.fault.kind == kind.name)
        assert places or tolerated or untold, f"{kind.name} is caught nowhere"
        assert {place for place in places if is_row(place)} <= rows


def test_a_case_says_what_is_played_and_how_it_ends(files: Files) -> None:
    line = "ltc:stuck@5..90,THEN WITH demand,FAIL,1.10.2 | some clause,the tap changer,a remark\n"
    (case,) = load_cases(files(controls=line))
    assert (case.fault.target, case.fault.kind, case.fault.start_s, case.fault.end_s) == ("ltc", "stuck", 5.0, 90.0)
    assert case.plays == "The utility brings the voltage back, first by itself, then with demand response"
    assert (case.verdict, case.caught_at) == (Verdict.FAIL, ("1.10.2", "some clause"))
    assert (case.culprit, case.why, case.area) == ("the tap changer", "a remark", "controls")
    assert str(case) == f"ltc:stuck@5..90 in {case.plays!r}"


def test_without_a_culprit_the_fault_has_to_be_put_down_to_its_target(files: Files) -> None:
    (case,) = load_cases(files(controls=STUCK))
    assert case.culprit == "ltc"


def test_the_places_of_a_kind_are_rows_in_their_order_and_then_clauses(files: Files) -> None:
    lines = (
        "ltc:stuck,all that the feeder has,FAIL,3.7.2|b clause,,\n"
        "ltc:stuck@1,then with demand response,FAIL,1.10.2|1.2.1|a clause,,\n"
        "ltc:stuck@2,then with demand response,PASS,a counter,,\n"
    )
    cases = load_cases(files(controls=lines))
    assert caught_at("stuck", cases) == ("1.2.1", "1.10.2", "3.7.2", "a clause", "b clause")
    assert told_by("stuck", cases) == ("a counter",)
    assert caught_at("hunts", cases) == told_by("hunts", cases) == ()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ltc:stuk,then with demand response,FAIL,1.10.2,,", "no fault 'stuk'"),
        ("lct:stuck,then with demand response,FAIL,1.10.2,,", "no emulated device 'lct'"),
        ("ltc stuck,then with demand response,FAIL,1.10.2,,", "cannot read the fault 'ltc stuck'"),
        ("ltc:stuck,then with supply response,FAIL,1.10.2,,", "plays 'then with supply response'"),
        ("ltc:stuck,the,FAIL,1.10.2,,", "has to name one scenario, and fits"),
        ("ltc:stuck,,FAIL,1.10.2,,", "has to name one scenario"),
        ("ltc:stuck,then with demand response,FIAL,1.10.2,,", "did you mean FAIL?"),
        ("ltc:stuck,then with demand response,NOT_RUN,1.10.2,,", "no case ends with the verdict 'NOT_RUN'"),
        ("ltc:stuck,then with demand response,FAIL,,,", "says no row, no clause"),
        ("ltc:stuck,then with demand response,FAIL,1.10.9,,", "the use case has no row 1.10.9"),
        ("ltc:stuck,then with demand response,FAIL,3.7.2,,", "row 3.7.2 is none of 'The utility brings"),
        ("ltc:stuck,then with demand response,FAIL", "line 2: nothing under"),
    ],
)
def test_what_cannot_be_a_case_is_told_with_its_place(files: Files, line: str, told: str) -> None:
    text = refused(files(controls=line + "\n"))
    assert told in text
    assert "controls.csv, line 2" in text


def test_all_that_is_wrong_in_all_files_is_told_at_once(files: Files) -> None:
    text = refused(files(controls=STUCK + "ltc:stuk,nowhere at all,MAYBE,9.9,,\n", links=STUCK + "ltc:hunt,,,,,\n"))
    assert "fault cases have 9 errors" in text
    assert "ltc:stuck in 'The utility brings the voltage back, first by itself, then with demand response'" in text
    assert "stands there 2 times" in text
    assert text.count("controls.csv, line 3") == 4
    assert text.count("links.csv, line 3") == 4


def test_no_case_at_all_is_an_error(tmp_path: Path) -> None:
    assert "there is no case" in refused(tmp_path)
