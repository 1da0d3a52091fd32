"""Data of a certification for other programs: findings and series as CSV and Parquet, settings in as-set labels."""

import csv
import io
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from reports.errors import ReportError
from reports.run_directory import RunDirectory, ScenarioRun
from reports.run_directory.layout import write_atomically
from reports.verdict import Verdict

DATA_FOLDER = "data"
SETTINGS_FILE = "settings-as-set.csv"
FINDING_COLUMNS = (
    "clause",
    "variant",
    "scenario",
    "time_s",
    "what",
    "unit",
    "stimulus",
    "response",
    "target",
    "error",
    "lower",
    "upper",
    "uncertainty",
    "verdict",
)


def write_data(directory: RunDirectory, folder: Path) -> None:
    """Write ``data/`` and the settings file into a folder; a series that cannot be read any more has no CSV.

    ``findings`` has a line a finding; ``NNNN.csv`` is ``series/NNNN.parquet`` of the run directory in text.
    """
    data = folder / DATA_FOLDER
    data.mkdir()
    table = pd.DataFrame(_findings(directory), columns=list(FINDING_COLUMNS))
    table.to_parquet(data / "findings.parquet", index=False)
    write_atomically(data / "findings.csv", _csv(table))
    for scenario in directory.run.scenarios:
        _write_series(directory, scenario, data)
    if settings := directory.run.certification.get("settings"):
        write_atomically(folder / SETTINGS_FILE, settings_csv(settings))


def settings_csv(settings: Mapping[str, Any]) -> bytes:
    """Return a settings file: a label and its value a line, below the head that such files have."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerows([("PARAMETER", "VALUE"), ("MT_FILE_INFO_TYPE", "AS"), *settings.items()])
    return text.getvalue().encode()


def _write_series(directory: RunDirectory, scenario: ScenarioRun, data: Path) -> None:
    try:
        table = directory.series(scenario)
    except ReportError:
        return  # the report says it
    if table is not None and scenario.series is not None:
        first = ["time_s"] if "time_s" in table else []
        ordered = table[first + [column for column in table.columns if column not in first]]
        write_atomically(data / f"{Path(scenario.series).stem}.csv", _csv(ordered))


def _findings(directory: RunDirectory) -> Iterator[tuple[Any, ...]]:
    for scenario in directory.run.scenarios:
        head = {"clause": scenario.id, "variant": scenario.variant, "scenario": scenario.title}
        for line in scenario.findings:
            yield tuple(head[column] if column in head else _plain(getattr(line, column)) for column in FINDING_COLUMNS)


def _plain(value: Any) -> Any:
    """Return a verdict by its name, and nothing for a limit that there is not."""
    if isinstance(value, Verdict):
        return value.value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\n", float_format="%.9g").encode()
