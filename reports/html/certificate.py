"""What the page of a certification shows: whom it is about, what every clause came to, and the points that decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports.errors import ReportError
from reports.html.charts import Held, Line, band_chart, time_chart
from reports.html.plots import Chart
from reports.html.view import verdict_of_files
from reports.run_directory import CriterionLine, Finding, RunDirectory, RunSummary, ScenarioRun
from reports.verdict import Verdict, counts

CLOSEST = 6
"""Findings of a test that are shown in figures: those nearest to, or beyond, their limits."""


@dataclass(frozen=True)
class Coverage:
    """A clause of the suite and what it came to; `why` where it was not run."""

    clause: str
    title: str
    verdict: Verdict
    scenarios: int
    why: str


@dataclass(frozen=True)
class TypeTestView:
    """One type test: its findings in pictures, and those that decided in figures."""

    run: ScenarioRun
    counted: Mapping[str, int]
    closest: Sequence[CriterionLine]
    largest_error: float | None
    charts: Sequence[Chart]
    absent: str = ""


@dataclass(frozen=True)
class CertificateView:
    """The whole page."""

    name: str
    run: RunSummary
    findings: Sequence[Finding]
    device: Mapping[str, Any]
    identity: Mapping[str, str]
    nameplate: Mapping[str, Any]
    coverage: Sequence[Coverage]
    tests: Sequence[TypeTestView]

    @property
    def verdict(self) -> Verdict:
        """What the files allow to say."""
        return verdict_of_files(self.run, self.findings)

    @property
    def about(self) -> Mapping[str, Any]:
        """Suite, device and whether all of the suite was asked for."""
        return self.run.certification


def certificate(directory: RunDirectory) -> CertificateView:
    """Work out the page of a certification."""
    run = directory.run
    findings = [finding for finding in directory.verify() if not finding.file.startswith("rendered/")]
    device = run.devices.get(str(run.certification.get("device")), {})
    return CertificateView(
        name=directory.path.resolve().name,
        run=run,
        findings=findings,
        device=device,
        identity=device.get("identity") or {},
        nameplate=run.certification.get("nameplate") or {},
        coverage=[_coverage(entry) for entry in run.certification.get("coverage", ())],
        tests=[_test(directory, scenario) for scenario in run.scenarios],
    )


def _coverage(entry: Mapping[str, Any]) -> Coverage:
    return Coverage(
        str(entry["clause"]), str(entry["title"]), Verdict(entry["verdict"]), int(entry["scenarios"]), str(entry["why"])
    )


def _test(directory: RunDirectory, scenario: ScenarioRun) -> TypeTestView:
    found = scenario.findings
    errors = [abs(finding.error) for finding in found]
    charts, absent = [*_held(scenario)], ""
    try:
        charts += _over_time(scenario, directory.series(scenario))
    except ReportError as error:
        absent = str(error)
    return TypeTestView(
        run=scenario,
        counted=counts(finding.verdict for finding in found),
        closest=sorted(found, key=lambda finding: finding.margin)[:CLOSEST],
        largest_error=max(errors, default=None),
        charts=charts,
        absent=absent,
    )


def _held(scenario: ScenarioRun) -> list[Chart]:
    if not scenario.findings:
        return []
    points = [
        Held(f.stimulus, f.response, f.target, f.lower, f.upper, f.verdict is Verdict.PASS) for f in scenario.findings
    ]
    drawn = band_chart(f"{scenario.key} bands", ("stimulus (pu)", "response (pu)"), points)
    return [Chart("Response over measured stimulus, each with its band", drawn)]


def _held_point(line: CriterionLine) -> Held:
    return Held(line.stimulus, line.response, line.target, line.lower, line.upper, line.verdict is Verdict.PASS)


def _over_time(scenario: ScenarioRun, table: pd.DataFrame | None) -> list[Chart]:
    if table is None or table.empty:
        return []
    time_s = table["time_s"].to_numpy()
    lines = [Line("reactive power", table["q_pu"].to_numpy()), Line("active power", table["p_pu"].to_numpy())]
    voltage = table[[column for column in table if str(column).startswith("voltage_")]].mean(axis=1).to_numpy()
    drawn = time_chart(f"{scenario.key} time", "pu", time_s, lines, right=("pu", Line("voltage", voltage)))
    return [Chart("Stimulus and response over time", drawn)]
