"""A recorded certification judged again from its files alone: findings, type tests, clauses and the whole.

What is judged again is what each measurement came to by its value, its uncertainty and its limits, and what follows
from that. What a type test came to besides its findings (the bench broke, a setting was not taken, somebody stopped
it) is taken from the record, because nothing measured says it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from bench.judgement.findings import Change
from bench.judgement.limits import ChangedLimits
from bench.judgement.replay import read_measurement
from bench.truth.residual import RESIDUAL_CLAUSE
from reports.run_directory import CriterionLine, MeasurementLine, RunDirectory, ScenarioRun
from reports.verdict import Verdict, worst


@dataclass(frozen=True)
class JudgedTest:
    """A type test judged again: its verdict now, and what is not as the run has it."""

    run: ScenarioRun
    verdict: Verdict
    changes: Sequence[Change]
    findings: int


@dataclass(frozen=True)
class JudgedCertification:
    """A certification judged again."""

    tests: Sequence[JudgedTest]
    verdict: Verdict
    changes: Sequence[Change]


def judge_certification(run: RunDirectory, limits: ChangedLimits) -> JudgedCertification:
    """Judge a certification that finished again, by its own limits or by others; raises ReportError for bad files."""
    measured: dict[str, list[MeasurementLine]] = {}
    for line in run.measurements:
        if line.clause != RESIDUAL_CLAUSE:  # about the laboratory's source, and no finding; in the record it is besides
            measured.setdefault(line.scenario or "", []).append(line)
    tests = [_judge(scenario, measured.pop(scenario.key, []), limits) for scenario in run.run.scenarios]
    verdicts: dict[str, list[Verdict]] = {}
    for test in tests:
        verdicts.setdefault(test.run.id, []).append(test.verdict)
    verdict, clauses = _whole(run, verdicts)
    changes = [*clauses, *(change for test in tests for change in test.changes)]
    changes += [Change(f"measurements of {key or 'none'}", str(len(lines)), "0") for key, lines in measured.items()]
    return JudgedCertification(tests, verdict, changes)


def _judge(scenario: ScenarioRun, lines: Sequence[MeasurementLine], limits: ChangedLimits) -> JudgedTest:
    """Judge a type test again, and hold what run.json says of its findings against the measurements."""
    again = [limits.of(read_measurement(line)).verdict for line in lines]
    changes: list[Change] = []
    for number, (found, line, now) in enumerate(zip_longest(scenario.findings, lines, again), start=1):
        subject = f"type test {scenario.key} finding {number}"
        changes += _held_together(subject, found, line)
        if found is not None and now is not None and found.verdict is not now:
            changes.append(Change(f"{subject} {found.what}", found.verdict.value, now.value))
    verdict = worst([*(again or [Verdict.NOT_RUN]), *scenario.besides])
    if verdict is not scenario.verdict:
        changes.insert(0, Change(f"type test {scenario.key}", scenario.verdict.value, verdict.value))
    return JudgedTest(scenario, verdict, changes, len(again))


def _held_together(subject: str, found: CriterionLine | None, line: MeasurementLine | None) -> Iterator[Change]:
    """Tell where run.json and measurements.jsonl do not say the same of a finding."""
    said = None if found is None else _said(found)
    measured = None if line is None else _measured(line)
    if said != measured:
        yield Change(f"{subject} in run.json", said or "not there", f"{measured or 'not there'} in measurements.jsonl")
    if line is not None and found is not None and line.verdict != found.verdict.value:
        yield Change(f"{subject} in run.json", found.verdict.value, f"{line.verdict} in measurements.jsonl")


def _said(found: CriterionLine) -> str:
    numbers = (found.response, found.lower, found.upper)
    response, lower, upper = (number if math.isfinite(number) else None for number in numbers)
    return f"{found.what} {response} +- {found.uncertainty} {found.unit}, {lower} to {upper}"


def _measured(line: MeasurementLine) -> str:
    return f"{line.quantity} {line.value} +- {line.uncertainty} {line.unit}, {line.lower} to {line.upper}"


def _whole(run: RunDirectory, verdicts: Mapping[str, Sequence[Verdict]]) -> tuple[Verdict, list[Change]]:
    """Return the verdict of the whole, and the clauses that come to another one; what was not run counts as that."""
    changes, counted = [], [verdict for several in verdicts.values() for verdict in several]
    for entry in run.run.certification["coverage"]:
        clause, was = str(entry["clause"]), Verdict(entry["verdict"])
        now = worst(verdicts.get(clause, []))
        if now is not was:
            changes.append(Change(f"clause {clause}", was.value, now.value))
        if entry["counts"] and clause not in verdicts:
            counted.append(Verdict.NOT_RUN)
    verdict = worst(counted)
    if verdict is not run.run.verdict:
        changes.insert(0, Change("verdict", run.run.verdict.value, verdict.value))
    return verdict, changes
