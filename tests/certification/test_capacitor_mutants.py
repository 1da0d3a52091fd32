"""Each clause of the capacitor suite passes a sound control, and fails each mutant that is its own, and only those."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from capacitor_rigs import emulated_stand

from bench.certification.capacitor import protections, supervision, thresholds, times
from bench.certification.capacitor.stand import Stand
from bench.certification.findings import Finding
from bench.certification.refusals import verdict_of
from bench.mutants import Mutant, clauses_of_suites, load_mutants
from instruments.errors import InstrumentError
from reports.verdict import Verdict, worst

Procedure = Callable[[Stand], Iterator[Finding]]
PROCEDURES: dict[str, tuple[Procedure, ...]] = {
    "IDN-1": (supervision.identification,),
    "SET-1": (supervision.settings,),
    "SEN-1": (supervision.readings,),
    "VLT-1": (thresholds.voltage_mode,),
    "VAR-1": tuple(partial(thresholds.var_mode, angle_deg=angle) for angle in (90.0, 45.0)),
    "TMP-1": (thresholds.temperature_mode,),
    "TIM-1": (times.schedule_in_a_day, times.schedule_over_midnight),
    "CLK-1": (times.whole_day,),
    "DLY-1": (times.delays,),
    "OVR-1": (thresholds.override_thresholds,),
    "PRI-1": tuple(partial(protections.override_before_mode, mode=mode) for mode in ("var", "temperature", "time")),
    "CMD-1": (supervision.commands,),
    "MAN-1": (supervision.remote_manual, supervision.local),
    "BLK-1": (supervision.block,),
    "DIS-1": (protections.no_close_by_scada, protections.no_close_by_mode),
    "LIM-1": (protections.daily_limit,),
    "NEU-1": (protections.neutral_current,),
    "LOS-1": (protections.lost_potential,),
    "CNT-1": (supervision.status_and_counters,),
}
MUTANTS = [mutant for mutant in load_mutants() if mutant.suite == "capacitor"]


def ends(procedure: Procedure, clause: str, *faults: str) -> tuple[Verdict, str]:
    """Carry a procedure out on an emulated control; return what it comes to, and the first that is not inside."""
    found: list[Finding] = []
    with emulated_stand(clause, *faults) as stand:
        try:
            found.extend(procedure(stand))
        except (AssertionError, InstrumentError) as error:
            return worst([verdict_of(error), *(finding.verdict for finding in found)]), str(error)
    assert found, f"{clause} found nothing"
    wrong = next((finding.worded for finding in found if finding.verdict is not Verdict.PASS), "")
    return worst(finding.verdict for finding in found), wrong


def clause_ends(clause: str, *faults: str) -> tuple[Verdict, str]:
    ended = [ends(procedure, clause, *faults) for procedure in PROCEDURES[clause]]
    verdict = worst(verdict for verdict, _ in ended)
    return verdict, "; ".join(told for _, told in ended if told)


def test_every_clause_that_is_not_beyond_the_rig_is_here() -> None:
    assert set(PROCEDURES) < clauses_of_suites()["capacitor"]
    assert {clause for mutant in MUTANTS for clause in mutant.clauses} == set(PROCEDURES) - {"IDN-1"}


@pytest.mark.parametrize("clause", PROCEDURES)
def test_a_sound_control_passes(clause: str) -> None:
    assert clause_ends(clause) == (Verdict.PASS, "")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.fault.text)
def test_a_mutant_fails_at_its_clauses(mutant: Mutant) -> None:
    ended = {clause: clause_ends(clause, _injected(mutant)) for clause in mutant.clauses}
    assert {clause: verdict for clause, (verdict, _) in ended.items()} == dict.fromkeys(mutant.clauses, Verdict.FAIL)


@pytest.mark.long
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.fault.text)
def test_a_mutant_fails_at_no_other_clause(mutant: Mutant) -> None:
    others = [clause for clause in PROCEDURES if clause not in mutant.clauses]
    ended = {clause: clause_ends(clause, _injected(mutant)) for clause in others}
    spoilt = {clause: end for clause, end in ended.items() if end[0] not in {Verdict.PASS, Verdict.NOT_RUN}}
    assert not spoilt, f"{mutant} is no defect that these clauses are about: {spoilt}"


def _injected(mutant: Mutant) -> str:
    return mutant.fault.text.partition(":")[2]
