"""`bench replay`: a recorded run judged again from its files alone, by the limits that it had or by others."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.judgement.certification import judge_certification
from bench.judgement.findings import Change, changed_decisions, changes
from bench.judgement.limits import ChangedLimits, read_limits
from bench.judgement.replay import Rejudged, judge_again
from bench.use_case.tables import load as load_use_case
from instruments.errors import ConfigError
from reports.errors import ReportError
from reports.run_directory import RunDirectory
from reports.verdict import Verdict, worst


def replay(path: Path, limits_file: Path | None) -> tuple[str, Verdict]:
    """Judge a run again and say what came of it.

    By the limits that the run had, anything that is not as the run says is a finding: FAIL. By others, the verdict is
    that of the run judged anew. A run that did not finish, or that did not keep what its judge was told, is
    INCONCLUSIVE. Raises ReportError for what is no run directory, ConfigError for limits that cannot be used.
    """
    run, limits = RunDirectory.open(path), ChangedLimits() if limits_file is None else read_limits(limits_file)
    if run.run.certification:
        return _replay_certification(run, limits)
    if not run.has_judgement:
        return f"{path}: {_why_not(run)}; it cannot be judged again", Verdict.INCONCLUSIVE
    try:
        judged = judge_again(run, limits)
        found = changes(run, judged)
        if limits.is_none:
            found += changed_decisions(run, judged)
    except ReportError as error:
        return _broken(run, error)
    _require_effect(limits, judged)
    lines = [*_rules(judged, limits), *map(str, found)]
    return _by_other_limits(run, judged, lines) if not limits.is_none else _by_the_same(run, judged, found, lines)


def _replay_certification(run: RunDirectory, limits: ChangedLimits) -> tuple[str, Verdict]:
    if limits.rows:
        raise ConfigError("a certification has no rows: give limits of measurements, by quantity or clause")
    if not run.run.complete:
        return f"{run.path}: incomplete: the run did not finish, and cannot be judged again", Verdict.INCONCLUSIVE
    try:
        judged = judge_certification(run, limits)
    except ReportError as error:
        return _broken(run, error)
    lines, was = [str(change) for change in judged.changes], run.run.verdict
    if not limits.is_none:
        return "\n".join([*lines, f"verdict by these limits: {judged.verdict} (it was {was})"]), judged.verdict
    if lines:
        return "\n".join([*lines, f"{run.path}: not what its own record gives"]), Verdict.FAIL
    findings = sum(test.findings for test in judged.tests)
    return f"the same verdict for the same limits: {was} ({len(judged.tests)} type tests, {findings} findings)", was


def _why_not(run: RunDirectory) -> str:
    if run.run.complete:
        return "this run was made by a version that did not keep what its judge was told"
    return "incomplete: the run did not finish, and nothing of what its judge was told is there"


def _broken(run: RunDirectory, error: ReportError) -> tuple[str, Verdict]:
    """What a kill cuts off is missing; in a run that finished, somebody took or changed it."""
    if run.run.complete:
        return f"{run.path} is not as it was written: {error}", Verdict.FAIL
    return f"{run.path}: incomplete: {error}", Verdict.INCONCLUSIVE


def _by_the_same(
    run: RunDirectory, judged: Sequence[Rejudged], found: Sequence[Change], lines: Sequence[str]
) -> tuple[str, Verdict]:
    if found:
        return "\n".join([*lines, f"{run.path}: not what its own record gives"]), Verdict.FAIL
    if not run.run.complete:
        return "\n".join([*lines, _incomplete(run, judged)]), Verdict.INCONCLUSIVE
    rows = sum(len(scenario.items) for scenario in judged)
    text = f"the same verdict for the same rules: {run.run.verdict} ({len(judged)} scenarios, {rows} outcomes of rows)"
    return "\n".join([*lines, text]), run.run.verdict


def _by_other_limits(run: RunDirectory, judged: Sequence[Rejudged], lines: Sequence[str]) -> tuple[str, Verdict]:
    verdict = worst(scenario.verdict for scenario in judged)
    if not run.run.complete:
        return "\n".join([*lines, _incomplete(run, judged)]), Verdict.INCONCLUSIVE
    return "\n".join([*lines, f"verdict by these limits: {verdict} (it was {run.run.verdict})"]), verdict


def _incomplete(run: RunDirectory, judged: Sequence[Rejudged]) -> str:
    decided = sum(len(scenario.decided) for scenario in judged)
    return f"{run.path}: incomplete: the run did not finish; {decided} decisions on rows were made again, the same"


def _rules(judged: Sequence[Rejudged], limits: ChangedLimits) -> Iterator[str]:
    """Tell the time limits that are others: by the file, and by the tables of this version."""
    known = load_use_case().rows
    recorded = {row.number: row for scenario in judged if scenario.rules for row in scenario.rules.rows}
    for number, row in recorded.items():
        if number in limits.rows:
            yield f"limit of row {number}: was {_seconds(row.limit_s)}, is {_seconds(limits.rows[number])}"
        elif number not in known or known[number].limit_s != row.limit_s:
            now = _seconds(known[number].limit_s) if number in known else "not there"
            yield f"note: the run gave row {number} {_seconds(row.limit_s)}, this version's tables: {now}"


def _seconds(limit_s: float | None) -> str:
    return "no limit" if limit_s is None else f"{limit_s:g} s"


def _require_effect(limits: ChangedLimits, judged: Sequence[Rejudged]) -> None:
    """Raise ConfigError for limits of rows that the run does not have: a slip of the pen would change nothing."""
    recorded = {row.number for scenario in judged if scenario.rules for row in scenario.rules.rows}
    if unknown := sorted(set(limits.rows) - recorded):
        raise ConfigError(f"the run has no row {', '.join(unknown)}; it has {', '.join(sorted(recorded)) or 'none'}")
