"""A run directory: written as the run goes, read back, and checked against its own hashes."""

from reports.run_directory.integrity import Finding
from reports.run_directory.layout import JudgementLine, MeasurementLine, RowLine, TraceLine, WireLine, scenario_key
from reports.run_directory.reader import RunDirectory
from reports.run_directory.summary import (
    Comparison,
    CriterionLine,
    Moment,
    OperatingFigures,
    Precondition,
    RowItem,
    RunSummary,
    ScenarioRun,
)
from reports.run_directory.writer import RunWriter, require_empty

__all__ = [
    "Comparison",
    "CriterionLine",
    "Finding",
    "JudgementLine",
    "MeasurementLine",
    "Moment",
    "OperatingFigures",
    "Precondition",
    "RowItem",
    "RowLine",
    "RunDirectory",
    "RunSummary",
    "RunWriter",
    "ScenarioRun",
    "TraceLine",
    "WireLine",
    "require_empty",
    "scenario_key",
]
