"""What the page shows, worked out from the run directory; the template only lays it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from reports.errors import ReportError
from reports.handled import Handled, handled
from reports.html import comparison
from reports.html.comparison import ComparisonView
from reports.html.failures import Failure, failures
from reports.html.plots import Chart, Plotter, ProfileRow
from reports.html.sequence import Diagram, diagram
from reports.proofs import Proof, gather_proofs
from reports.rows import RowGroup, group_rows, repeated_rows
from reports.run_directory import Finding, RunDirectory, RunSummary, ScenarioRun, TraceLine
from reports.verdict import RowState, Verdict, counts


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
    repeated: Mapping[str, Sequence[RowGroup]]
    diagram: Diagram | None
    proofs: list[Proof]
    measured: dict[str, int]
    handled: list[Handled]
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
        """What the files allow to say."""
        return verdict_of_files(self.run, self.findings)


def verdict_of_files(run: RunSummary, findings: Sequence[Finding]) -> Verdict:
    """Return a run's verdict; one that did not finish, or whose files were altered, proves no PASS."""
    if not run.complete:
        return max(run.verdict, Verdict.ABORTED, key=lambda verdict: verdict.badness)
    if findings:
        return max(run.verdict, Verdict.ERROR, key=lambda verdict: verdict.badness)
    return run.verdict


def page(directory: RunDirectory) -> PageView:
    """Work out the page of a run."""
    findings = [finding for finding in directory.verify() if not finding.file.startswith("rendered/")]
    scenarios = [_scenario(directory, scenario) for scenario in directory.run.scenarios]
    return PageView(directory.path.resolve().name, directory.run, findings, scenarios)


def _scenario(directory: RunDirectory, scenario: ScenarioRun) -> ScenarioView:
    groups = group_rows(scenario.items)
    trace = [line for line in directory.trace if directory.belongs(line, scenario)]
    wire = (line for line in directory.wire if line.error and directory.belongs(line, scenario))
    measured = [line for line in directory.measurements if directory.belongs(line, scenario)]
    states = [group.state for group in groups]
    return ScenarioView(
        run=scenario,
        groups=groups,
        states={state.value: states.count(state) for state in RowState if state in states},
        failures=failures(directory, scenario, groups),
        repeated=repeated_rows(groups),
        diagram=diagram(trace, groups),
        proofs=gather_proofs(measured),
        measured=counts(Verdict(line.verdict) for line in measured if line.verdict in set(Verdict)),
        handled=handled(trace, wire),
        plots=_plots(directory, scenario, trace),
    )


def _plots(directory: RunDirectory, scenario: ScenarioRun, trace: Sequence[TraceLine]) -> Plots:
    try:
        return _drawn(directory, scenario, directory.series(scenario), trace)
    except ReportError as error:
        return Plots(absent=str(error))


def _drawn(
    directory: RunDirectory, scenario: ScenarioRun, table: pd.DataFrame | None, trace: Sequence[TraceLine]
) -> Plots:
    if table is None or table.empty or "time_s" not in table:
        return Plots(absent="The run directory holds no time series of this scenario.")
    plotter = Plotter(scenario, table)
    profile = plotter.profile()
    devices, left_out = plotter.devices(list(directory.run.devices))
    return Plots(
        profile=profile[0] if profile else None,
        profile_rows=profile[1] if profile else (),
        system=[*plotter.needs(trace), *plotter.system()],
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
