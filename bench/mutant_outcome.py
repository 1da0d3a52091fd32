"""Did the type tests of a mutant end as its line says? Judged from `run.json` alone."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from bench.fault_outcome import Outcome, Seen
from bench.mutants import Mutant
from reports.run_directory import CriterionLine, RunSummary, ScenarioRun
from reports.verdict import Verdict, worst

LEFT_ALONE = frozenset({Verdict.PASS, Verdict.NOT_RUN})
"""What a clause may come to that a mutant has nothing to do with."""
CONCERNED = LEFT_ALONE | {Verdict.FAIL, Verdict.INCONCLUSIVE}
"""What one may come to whose function a mutant is defective in."""


def judge_mutant(mutant: Mutant, run: RunSummary) -> Outcome:
    """Hold a run against its mutant; the objection is empty when the named clauses failed and no unrelated one did."""
    objections = [*_another_run(mutant, run)] or [*_wrong(mutant.clauses, run.scenarios, mutant.also)]
    seen = next(_seen(run.scenarios, mutant.clauses), None)
    return Outcome(run.verdict, seen, "; ".join(objections))


def judge_sound(run: RunSummary) -> Outcome:
    """Hold type tests of equipment without any defect against what it deserves."""
    findings = [finding for scenario in run.scenarios for finding in scenario.findings]
    seen = Seen("", f"{len(run.scenarios)} type tests, {len(findings)} responses inside their bands")
    if not findings or not run.complete:
        return Outcome(run.verdict, seen, "the run did not finish, or judged nothing: that proves nothing")
    return Outcome(run.verdict, seen, "; ".join(_wrong((), run.scenarios)))


def _another_run(mutant: Mutant, run: RunSummary) -> Iterator[str]:
    if not run.complete:
        yield "the run did not finish"
    if run.faults != (mutant.fault.text,):
        yield f"the run was not played with this defect, but with {', '.join(run.faults) or 'none'}"
    played = {scenario.title for scenario in run.scenarios}
    if left := [name for name in mutant.scenarios if name not in played]:
        yield f"the run did not play {', '.join(map(repr, left))}"


def _wrong(
    clauses: Sequence[str], scenarios: Sequence[ScenarioRun], also: AbstractSet[str] = frozenset()
) -> Iterator[str]:
    """Say which clauses did not end as they had to: the named ones with FAIL, the others without an objection.

    Those that are `also` concerned may fail or be in doubt; where one of them broke, nothing is proven.
    """
    for clause in dict.fromkeys([*clauses, *(scenario.id for scenario in scenarios)]):
        played = [scenario for scenario in scenarios if scenario.id == clause]
        verdict = worst(scenario.verdict for scenario in played) if played else Verdict.NOT_RUN
        if clause in clauses and verdict is not Verdict.FAIL:
            yield f"clause {clause} is {verdict}, and has to be {Verdict.FAIL}{_why(played)}"
        if clause not in clauses and verdict not in (CONCERNED if clause in also else LEFT_ALONE):
            yield f"clause {clause} is {verdict} as well, and has nothing to do with it{_why(played)}"


def _why(played: Sequence[ScenarioRun]) -> str:
    told = next((scenario.reason for scenario in played if scenario.reason), "")
    return f": {told}" if told else ""


def _seen(scenarios: Sequence[ScenarioRun], clauses: Sequence[str]) -> Iterator[Seen]:
    """Yield what the failed type tests of the named clauses say."""
    for scenario in scenarios:
        if scenario.id in clauses and scenario.verdict is Verdict.FAIL:
            failed = [finding for finding in scenario.findings if finding.verdict is Verdict.FAIL]
            yield Seen(scenario.id, f"{scenario.title}: {scenario.reason}", _figure(failed[0]) if failed else "")


def _figure(finding: CriterionLine) -> str:
    band = f"{finding.lower:.4g} … {finding.upper:.4g}"
    return f"{finding.response:.4g} {finding.unit}, band {band}, curve {finding.target:.4g}"
