"""What the page shows, worked out from the run directory; the template only lays it out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from reports.errors import ReportError
from reports.html import comparison
from reports.html.comparison import ComparisonView
from reports.html.failures import Failure, failures
from reports.html.plots import Chart, Plotter, ProfileRow
from reports.html.sequence import Diagram, diagram
from reports.rows import RowGroup, group_rows
from reports.run_directory import Finding, MeasurementLine, RunDirectory, RunSummary, ScenarioRun
from reports.verdict import RowState, Verdict, counts

MOST_MEASUREMENTS = 300


@dataclass(frozen=True)
class PassedMeasurements:
    """Passed measurements of one quantity against the same limits, as one line."""

    first: MeasurementLine
    count: int
    least: float
    greatest: float
    sources: int


@dataclass(frozen=True)
class Measured:
    """Measurements of a scenario: all that did not pass, one by one, and the passed ones summed up."""

    counts: dict[str, int]
    others: list[MeasurementLine]
    others_left_out: int
    passed: list[PassedMeasurements]


@dataclass(frozen=True)
class Plots:
    """Charts of a scenario, or why there are none."""

    absent: str = ""
    profile: Chart | None = None
    profile_rows: Sequence[ProfileRow] = ()
    system: Sequence[Chart] = ()
    devices: Sequence[Chart] = ()
    devices_left_out: int = 0
    comparison: ComparisonView | None = None


@dataclass(frozen=True)
class ScenarioView:
    """One scenario of the page."""

    run: ScenarioRun
    groups: list[RowGroup]
    states: dict[str, int]
    failures: list[Failure]
    diagram: Diagram | None
    measured: Measured
    plots: Plots


@dataclass(frozen=True)
class PageView:
    """The whole page."""

    name: str
    run: RunSummary
    findings: list[Finding]
    scenarios: list[ScenarioView]

    @property
    def verdict(self) -> Verdict:
        """The run's verdict; a run that did not finish, or whose files were altered, proves no PASS."""
        if not self.run.complete:
            return max(self.run.verdict, Verdict.ABORTED, key=lambda verdict: verdict.badness)
        if self.findings:
            return max(self.run.verdict, Verdict.ERROR, key=lambda verdict: verdict.badness)
        return self.run.verdict


def page(directory: RunDirectory) -> PageView:
    """Work out the page of a run."""
    findings = [finding for finding in directory.verify() if not finding.file.startswith("rendered/")]
    scenarios = [_scenario(directory, scenario) for scenario in directory.run.scenarios]
    return PageView(directory.path.resolve().name, directory.run, findings, scenarios)


def _scenario(directory: RunDirectory, scenario: ScenarioRun) -> ScenarioView:
    groups = group_rows(scenario.items)
    trace = (line for line in directory.trace if directory.belongs(line, scenario))
    measured = [line for line in directory.measurements if directory.belongs(line, scenario)]
    states = [group.state for group in groups]
    return ScenarioView(
        run=scenario,
        groups=groups,
        states={state.value: states.count(state) for state in RowState if state in states},
        failures=failures(directory, scenario, groups),
        diagram=diagram(trace, groups),
        measured=_measured(measured),
        plots=_plots(directory, scenario),
    )


def _measured(lines: Sequence[MeasurementLine]) -> Measured:
    others = [line for line in lines if line.verdict != Verdict.PASS]
    others.sort(key=lambda line: -_badness(line))
    return Measured(
        counts=counts(Verdict(line.verdict) for line in lines if line.verdict in set(Verdict)),
        others=others[:MOST_MEASUREMENTS],
        others_left_out=max(len(others) - MOST_MEASUREMENTS, 0),
        passed=_passed(line for line in lines if line.verdict == Verdict.PASS),
    )


def _badness(line: MeasurementLine) -> int:
    return Verdict(line.verdict).badness if line.verdict in set(Verdict) else 0


def _passed(lines: Iterable[MeasurementLine]) -> list[PassedMeasurements]:
    alike: dict[tuple[object, ...], list[MeasurementLine]] = {}
    for line in lines:
        key = (line.quantity, line.unit, line.lower, line.upper, line.row, line.clause)
        alike.setdefault(key, []).append(line)
    return [_sum_up(members) for members in alike.values()]


def _sum_up(lines: Sequence[MeasurementLine]) -> PassedMeasurements:
    values = [line.value for line in lines if line.value is not None] or [float("nan")]
    return PassedMeasurements(lines[0], len(lines), min(values), max(values), len({line.source for line in lines}))


def _plots(directory: RunDirectory, scenario: ScenarioRun) -> Plots:
    try:
        return _drawn(directory, scenario, directory.series(scenario))
    except ReportError as error:
        return Plots(absent=str(error))


def _drawn(directory: RunDirectory, scenario: ScenarioRun, table: pd.DataFrame | None) -> Plots:
    if table is None or table.empty or "time_s" not in table:
        return Plots(absent="The run directory holds no time series of this scenario.")
    plotter = Plotter(scenario, table)
    profile = plotter.profile()
    devices, left_out = plotter.devices(list(directory.run.devices))
    return Plots(
        profile=profile[0] if profile else None,
        profile_rows=profile[1] if profile else (),
        system=plotter.system(),
        devices=devices,
        devices_left_out=left_out,
        comparison=_comparison(directory, plotter),
    )


def _comparison(directory: RunDirectory, managed: Plotter) -> ComparisonView | None:
    compared = managed.scenario.comparison
    if compared is None:
        absent = managed.scenario.not_compared
        return ComparisonView(absent=absent) if absent else None
    try:
        autonomous = directory.autonomous_series(compared)
    except ReportError as error:
        return ComparisonView(comparison.figures(compared), absent=str(error))
    drawn = comparison.charts(managed.scenario.key, managed.table, autonomous, managed.band)
    return ComparisonView(comparison.figures(compared), drawn)
