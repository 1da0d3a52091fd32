"""What the page of a certification shows: whom it is about, what every clause came to, and the points that decided."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.errors import ReportError
from reports.html.criterion_charts import Numbered, criterion_charts
from reports.html.plots import Chart
from reports.html.series_charts import series_charts
from reports.html.view import verdict_of_files
from reports.run_directory import CriterionLine, Finding, RunDirectory, RunSummary, ScenarioRun
from reports.verdict import Verdict, counts

DECIDED = 6
"""Findings of a test that are shown in figures: those nearest to, or beyond, their limits."""
HOUR_S = 3600.0


@dataclass(frozen=True)
class Coverage:
    """A clause of the suite and what it came to; `why` where that is not PASS.

    `tests` by their numbers on the page; the suite has so many `of` them.
    """

    clause: str
    title: str
    verdict: Verdict
    why: str
    tests: Sequence[int]
    of: int


@dataclass(frozen=True)
class Instrument:
    """What sourced or measured, and how well it is known to."""

    name: str
    role: str
    identity: str
    emulated: bool
    accuracy: str
    calibrated: str
    due: str


@dataclass(frozen=True)
class TypeTestView:
    """One type test: its findings in pictures, and those that decided in figures."""

    number: int
    run: ScenarioRun
    findings: Sequence[Numbered]
    charts: Sequence[Chart]
    absent: str = ""

    @property
    def counted(self) -> Mapping[str, int]:
        """How many findings have each verdict."""
        return counts(found.line.verdict for found in self.findings)

    @property
    def decided(self) -> Sequence[Numbered]:
        """The findings that decided, that which decided most first."""
        return sorted((found for found in self.findings if found.decided), key=lambda found: found.rank or 0)

    @property
    def errors(self) -> Mapping[str, CriterionLine]:
        """The finding of each unit that is furthest from its target: it moves long before a band is left."""
        known = (found.line for found in self.findings if math.isfinite(found.line.error))
        lines = sorted(known, key=lambda line: abs(line.error))
        return {line.unit: line for line in lines}


@dataclass(frozen=True)
class CertificateView:
    """The whole page."""

    name: str
    run: RunSummary
    findings: Sequence[Finding]
    device: Mapping[str, Any]
    identity: Mapping[str, str]
    nameplate: Mapping[str, Any]
    instruments: Sequence[Instrument]
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

    @property
    def foot(self) -> str:
        """What is printed at the foot of each page: a style holds it, in which nothing may be but a plain name."""
        return re.sub(r"[^\w.-]", "_", self.name, flags=re.ASCII)

    @property
    def files(self) -> Sequence[Mapping[str, Any]]:
        """The bench file and those that it begins with."""
        return [self.run.bench, *self.run.bench.get("like", ())]

    @property
    def stated(self) -> Mapping[str, Any]:
        """What the bench file has of the maker's statements, by key."""
        return self.device.get("stated") or {}

    @property
    def counted(self) -> Mapping[str, int]:
        """How many clauses came to each verdict."""
        return counts(entry.verdict for entry in self.coverage)

    @property
    def equipment_h(self) -> float:
        """How long all that was done took in the equipment's own time, h."""
        return sum(test.run.equipment_s for test in self.tests) / HOUR_S


def certificate(directory: RunDirectory) -> CertificateView:
    """Work out the page of a certification."""
    run, about = directory.run, directory.run.certification
    device = run.devices.get(str(about.get("device")), {})
    role = str(device.get("role") or "")
    return CertificateView(
        name=directory.path.resolve().name,
        run=run,
        findings=[finding for finding in directory.verify() if not finding.file.startswith("rendered/")],
        device=device,
        identity=device.get("identity") or {},
        nameplate=about.get("nameplate") or {},
        instruments=list(_instruments(run)),
        coverage=[_coverage(entry, run.scenarios) for entry in about.get("coverage", ())],
        tests=[_test(directory, number, scenario, role) for number, scenario in enumerate(run.scenarios, start=1)],
    )


def _instruments(run: RunSummary) -> Iterator[Instrument]:
    for name, device in run.devices.items():
        if name == run.certification.get("device"):
            continue
        identity, pct = device.get("identity") or {}, device.get("uncertainty_pct")
        emulated = bool(device.get("emulated"))
        unsaid = "emulated" if emulated else "not stated"
        yield Instrument(
            name=name,
            role=str(device.get("role") or "").replace("_", " "),
            identity=" · ".join(str(value) for value in identity.values() if value) or "not stated",
            emulated=emulated,
            accuracy=str(device.get("accuracy") or ("not stated" if pct is None else f"{pct:.2g} % (expanded, k = 2)")),
            calibrated=str(device.get("calibrated") or unsaid),
            due=str(device.get("calibration_due") or unsaid),
        )


def _coverage(entry: Mapping[str, Any], scenarios: Sequence[ScenarioRun]) -> Coverage:
    clause = str(entry["clause"])
    tests = [number for number, scenario in enumerate(scenarios, start=1) if scenario.id == clause]
    verdict, of = Verdict(entry["verdict"]), int(entry.get("of", len(tests)))
    return Coverage(clause, str(entry["title"]), verdict, str(entry["why"]), tests, of)


def _test(directory: RunDirectory, number: int, scenario: ScenarioRun, role: str) -> TypeTestView:
    findings = _numbered(scenario.findings)
    charts, absent = criterion_charts(scenario.key, findings), ""
    try:
        table = directory.series(scenario)
        charts += [] if table is None else series_charts(scenario.key, table, findings, role)
    except ReportError as error:
        absent = str(error)
    return TypeTestView(number, scenario, findings, charts, absent)


def _numbered(lines: Sequence[CriterionLine]) -> list[Numbered]:
    ordered = sorted(range(len(lines)), key=lambda index: _decisiveness(lines[index]))[:DECIDED]
    ranks = {index: rank for rank, index in enumerate(ordered, start=1)}
    return [Numbered(index + 1, line, ranks.get(index)) for index, line in enumerate(lines)]


def _decisiveness(line: CriterionLine) -> tuple[int, float]:
    """Order findings: the worst verdict first, among equal ones the nearest to its limit, not measured ones before."""
    return -line.verdict.badness, line.share if math.isfinite(line.share) else -math.inf
