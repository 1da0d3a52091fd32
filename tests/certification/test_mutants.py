"""Mutants are data: each is noticed at its clauses and at no other; what is wrong with a line is told at once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.commands.mutant_plan import TypeTests, plan_mutants, play_type_tests
from bench.fault_outcome import Outcome
from bench.mutant_outcome import judge_mutant, judge_sound
from bench.mutants import Mutant, clauses_of_suites, failed_by, load_mutants, overlooked, scenarios_of
from instruments.errors import ConfigError
from reports.matrix import MatrixLine
from reports.run_directory.summary import summary
from reports.verdict import Verdict

ALL = load_mutants()
HEAD = "suite,fault,clauses,why,bench,plays,also\n"
SLOPE = "ieee1547.1,inverter:wrong-volt-var-slope=0.5,5.14.4,,,Volt-var characteristic 2\n"
Lines = Callable[[str], Path]


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    """Write lines of mutants, and return their file."""

    def write(text: str) -> Path:
        path = tmp_path / "mutants.csv"
        path.write_text(HEAD + text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.fault.text)
def test_each_mutant_is_played_at_its_clauses_and_at_one_that_it_leaves_alone(mutant: Mutant) -> None:
    known = scenarios_of(mutant.suite)
    played = {known[name] for name in mutant.scenarios}
    assert set(mutant.clauses) <= played
    assert played - set(mutant.clauses), f"{mutant} is played at nothing that has to pass"
    assert {known[name] for name in mutant.crossed.scenarios} == set(known.values())


def test_an_outline_has_a_scenario_for_each_of_its_examples() -> None:
    known = scenarios_of("ieee1547.1")
    volt_var = [name for name, clause in known.items() if clause == "5.14.4"]
    assert "Volt-var characteristic 1 at 66 % of rated power" in volt_var
    assert set(known.values()) <= clauses_of_suites()["ieee1547.1"]


def test_a_line_says_what_is_played(lines: Lines) -> None:
    (mutant,) = load_mutants(lines(SLOPE))
    assert (mutant.suite, mutant.fault.kind, mutant.fault.value) == ("ieee1547.1", "wrong-volt-var-slope", 0.5)
    assert mutant.scenarios == ("Volt-var characteristic 2 at 100 % of rated power", "Readings agree with the analyzer")


def test_without_its_last_columns_a_line_has_all_scenarios_of_its_clauses(tmp_path: Path) -> None:
    path = tmp_path / "mutants.csv"
    path.write_text("suite,fault,clauses,why\nieee1547.1,inverter:misreports-vars,6.7,\n", encoding="utf-8")
    (mutant,) = load_mutants(path)
    named = [name for name, clause in scenarios_of("ieee1547.1").items() if clause == "6.7"]
    beside = "Watt-var characteristic 1 at 100 % of rated power"
    assert mutant.scenarios == (*named, beside), "the first of the sample is of its own clause"


def test_kinds_are_listed_with_the_clauses_that_fail_and_the_suites_that_overlook_them(lines: Lines) -> None:
    mutants = load_mutants(lines(SLOPE + "sunspec,inverter:wrong-volt-var-slope,,it looks at no vars,,\n"))
    assert failed_by("wrong-volt-var-slope", mutants) == ("ieee1547.1 5.14.4",)
    assert overlooked("wrong-volt-var-slope", mutants) == ("sunspec",)
    assert failed_by("trips", mutants) == overlooked("trips", mutants) == ()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ieee1547,inverter:trips,5.6,,,", "no suite 'ieee1547'; known: capacitor, "),
        ("ieee1547.1,inverter:trips,5.14.44,,,", "has no clause '5.14.44'; did you mean 5.14.4?"),
        ("ieee1547.1,inverter:tripps,5.6,,,", "no fault 'tripps'"),
        ("ieee1547.1,ltc:stuck,5.6,,,", "no emulated device 'ltc'"),
        ("ieee1547.1,inverter trips,5.6,,,", "cannot read the fault"),
        ("ieee1547.1,inverter:trips,,,,", "it names no clause, and does not say why"),
        ("ieee1547.1,inverter:trips,5.6,,,Volt-var characteristic 2", "nothing that is played tests clause 5.6"),
        ("ieee1547.1,inverter:trips,5.6,,,Enter service|Leave service", "plays 'Leave service', which is no scenario"),
        ("ieee1547.1,inverter:trips,5.6,,somewhere,", "somewhere.yaml"),
        (SLOPE + SLOPE, "stands there 2 times"),
        (SLOPE.rstrip() + ",5.16|5.1", "ieee1547.1 has no clause '5.1'"),
        ("ieee1547.1,inverter:trips", "line 2: nothing under"),
    ],
)
def test_what_cannot_be_a_mutant_is_told_with_its_place(lines: Lines, line: str, told: str) -> None:
    with pytest.raises(ConfigError) as found:
        load_mutants(lines(f"{line}\n"))
    assert told in str(found.value)


def test_a_sample_that_fits_no_scenario_or_two_is_refused(lines: Lines, tmp_path: Path) -> None:
    sample = tmp_path / "sample.csv"
    sample.write_text("suite,scenario\nieee1547.1,Volt-var characteristic 1\nsunspec,It sings\n", encoding="utf-8")
    with pytest.raises(ConfigError) as found:
        load_mutants(lines(SLOPE), sample)
    assert "'Volt-var characteristic 1' has to name one scenario" in str(found.value)
    assert "'It sings' has to name one scenario of sunspec, and fits none" in str(found.value)


def mutant_of(fault: str, *clauses: str, **changed: Any) -> Mutant:
    found = next(mutant for mutant in ALL if mutant.fault.text == fault)
    return replace(found, clauses=clauses or found.clauses, **changed)


def judged(verdicts: Mapping[str, str], *clauses: str, **document: Any) -> Outcome:
    """Judge a run with these verdicts of clauses against a mutant whose clauses these are."""
    mutant = mutant_of("inverter:misreports-vars", *clauses, scenarios=tuple(verdicts))
    scenarios = [{"id": clause, "title": clause, "verdict": verdict} for clause, verdict in verdicts.items()]
    worst = "FAIL" if "FAIL" in verdicts.values() else "PASS"
    whole = {"complete": True, "verdict": worst, "faults": ["inverter:misreports-vars"], "scenarios": scenarios}
    return judge_mutant(mutant, summary(whole | document))


def test_a_mutant_that_fails_where_it_has_to_and_nowhere_else_is_killed() -> None:
    outcome = judged({"6.7": "FAIL", "5.6": "PASS", "5.16": "NOT_RUN"}, "6.7")
    assert (outcome.objection, outcome.verdict) == ("", Verdict.FAIL)
    assert outcome.seen is not None
    assert outcome.seen.where == "6.7"


@pytest.mark.parametrize("verdict", ["PASS", "INCONCLUSIVE", "NOT_RUN", "ERROR"])
def test_a_mutant_that_does_not_fail_at_its_clause_survives(verdict: str) -> None:
    assert f"clause 6.7 is {verdict}, and has to be FAIL" in judged({"6.7": verdict, "5.6": "PASS"}, "6.7").objection


def test_a_mutant_has_to_fail_at_every_clause_that_its_line_names() -> None:
    assert "clause 5.6 is PASS, and has to be FAIL" in judged({"6.7": "FAIL", "5.6": "PASS"}, "6.7", "5.6").objection
    assert "clause 5.13 is NOT_RUN" in judged({"6.7": "FAIL"}, "6.7", "5.13").objection, "it was not played at all"


@pytest.mark.parametrize("verdict", ["FAIL", "INCONCLUSIVE", "ERROR"])
def test_a_mutant_that_spoils_another_clause_is_objected_to(verdict: str) -> None:
    assert f"clause 5.6 is {verdict} as well" in judged({"6.7": "FAIL", "5.6": verdict}, "6.7").objection


@pytest.mark.parametrize(("verdict", "objects"), [("FAIL", False), ("INCONCLUSIVE", False), ("ERROR", True)])
def test_a_clause_that_uses_the_same_function_may_fail_as_well_but_not_break(verdict: str, objects: bool) -> None:
    mutant = mutant_of("inverter:misreports-vars", "6.7", also=frozenset({"5.6"}), scenarios=("6.7", "5.6"))
    scenarios = [{"id": c, "title": c, "verdict": v} for c, v in {"6.7": "FAIL", "5.6": verdict}.items()]
    whole = {"complete": True, "verdict": "FAIL", "faults": ["inverter:misreports-vars"], "scenarios": scenarios}
    assert bool(judge_mutant(mutant, summary(whole)).objection) is objects


def test_a_run_that_is_not_the_mutants_proves_nothing() -> None:
    verdicts = {"6.7": "FAIL", "5.6": "PASS"}
    assert "not played with this defect" in judged(verdicts, "6.7", faults=[]).objection
    assert "did not finish" in judged(verdicts, "6.7", complete=False).objection
    only = [{"id": "6.7", "title": "6.7", "verdict": "FAIL"}]
    assert judged(verdicts, "6.7", scenarios=only).objection == "the run did not play '5.6'"


def test_sound_equipment_has_to_have_been_judged_and_to_fail_nowhere() -> None:
    finding = dict.fromkeys(("time_s", "stimulus", "response", "target", "error", "uncertainty"), 0.0)
    finding |= {"what": "vars", "unit": "pu", "lower": -1.0, "upper": None, "verdict": "PASS"}
    scenario = {"id": "6.7", "verdict": "PASS", "findings": [finding]}
    run = {"complete": True, "verdict": "PASS", "scenarios": [scenario]}
    assert judge_sound(summary(run)).objection == ""
    assert "proves nothing" in judge_sound(summary(run | {"scenarios": [scenario | {"findings": []}]})).objection
    assert "proves nothing" in judge_sound(summary(run | {"complete": False})).objection
    failed = judge_sound(summary(run | {"scenarios": [scenario | {"verdict": "FAIL", "reason": "too many vars"}]}))
    assert "clause 6.7 is FAIL as well" in failed.objection
    assert "too many vars" in failed.objection


def test_sound_equipment_is_played_once_in_all_that_mutants_play(tmp_path: Path) -> None:
    plays = plan_mutants(tmp_path, ALL)
    sound = {(asked.suite, asked.bench): set(asked.scenarios) for asked in plays if asked.mutant is None}
    for mutant in ALL:
        assert set(mutant.scenarios) <= sound[mutant.suite, mutant.bench], f"{mutant} has no good run beside it"
    assert [asked.mutant for asked in plays if asked.mutant] == list(ALL)
    folders = [asked.folder for asked in plays]
    assert len(set(folders)) == len(folders), "two runs cannot be recorded in one place"


def play(mutant: Mutant, folder: Path) -> MatrixLine:
    return play_type_tests(TypeTests(mutant.suite, mutant.bench, mutant.device, folder, mutant.scenarios, mutant))


def test_a_mutant_that_is_played_is_told_with_the_clause_that_caught_it(tmp_path: Path) -> None:
    mutant = mutant_of("inverter:misreports-vars", scenarios=("Readings agree with the analyzer",))
    line = play(mutant, tmp_path / "run")
    assert line.as_expected, line.objection
    assert (line.verdict, line.where, line.caught_at) == ("FAIL", "6.7", ("6.7",))
    assert "reactive power" in line.told
    assert "band" in line.figure


@pytest.mark.soak
@pytest.mark.parametrize("mutant", ALL, ids=str)
def test_a_mutant_spoils_no_clause_of_its_whole_suite_but_its_own(mutant: Mutant, tmp_path: Path) -> None:
    line = play(mutant.crossed, tmp_path / "run")
    assert line.as_expected, line.objection
