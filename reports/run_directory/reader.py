"""Reads a run directory back, whole or as a killed run left it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self, get_args, get_type_hints

import pandas as pd

from reports.errors import ReportError
from reports.run_directory import integrity
from reports.run_directory.integrity import Finding
from reports.run_directory.layout import (
    COLUMNS,
    LINE_TYPES,
    RUN_FILE,
    SCHEMA,
    JudgementLine,
    LogName,
    MeasurementLine,
    RowLine,
    TraceLine,
    WireLine,
    log_file,
    split_lines,
    temporary_of,
)
from reports.run_directory.summary import Comparison, RunSummary, ScenarioRun, scenarios_from_rows, summary


@dataclass(frozen=True)
class RunDirectory:
    """A recorded run. Logs are read when first asked for; a last line that was cut off is left out of them."""

    path: Path
    run: RunSummary

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open a run directory.

        :raises ReportError: it is none, or of a schema that this version does not know
        """
        root = Path(path)
        directory = cls(root, _read_summary(root))
        if directory.run.scenarios or directory.run.complete:
            return directory
        return cls(root, replace(directory.run, scenarios=scenarios_from_rows(directory.rows)))

    @cached_property
    def trace(self) -> tuple[TraceLine, ...]:
        """Messages on the bus."""
        return self._log("trace")

    @cached_property
    def rows(self) -> tuple[RowLine, ...]:
        """Row states as they changed."""
        return self._log("rows")

    @cached_property
    def wire(self) -> tuple[WireLine, ...]:
        """Exchanges with devices and instruments."""
        return self._log("wire")

    @cached_property
    def measurements(self) -> tuple[MeasurementLine, ...]:
        """Measurements with their limits and verdicts."""
        return self._log("measurements")

    @cached_property
    def judgement(self) -> tuple[JudgementLine, ...]:
        """Moments at which matcher and judge looked; none in a run of a version that did not keep them."""
        return self._log("judgement") if self.has_judgement else ()

    @property
    def has_judgement(self) -> bool:
        """Whether the run kept what its judge was told."""
        return (self.path / log_file("judgement")).is_file()

    def _log(self, log: LogName) -> tuple[Any, ...]:
        """Read a log; one that was not made yet when the run was killed is empty."""
        if not self.run.complete and not (self.path / log_file(log)).exists():
            return ()
        return _read_log(self.path, log)

    def series(self, scenario: ScenarioRun) -> pd.DataFrame | None:
        """Time series of a scenario, one row a plant step; None when it has none.

        :raises ReportError: the file that ``run.json`` names is missing or cannot be read
        """
        return None if scenario.series is None else self._table(scenario.series)

    def autonomous_series(self, comparison: Comparison) -> pd.DataFrame:
        """Time series of the same stretch of time under autonomous controls.

        :raises ReportError: as for `series`
        """
        return self._table(comparison.series)

    def _table(self, name: str) -> pd.DataFrame:
        target = (self.path / name).resolve()
        if not target.is_relative_to(self.path.resolve()):
            raise ReportError(f"{RUN_FILE}: series {name!r} lies outside the run directory")
        try:
            return pd.read_parquet(target)
        except (OSError, ValueError) as error:  # pyarrow's errors derive from these
            raise ReportError(f"cannot read {name}: {error}") from error

    def belongs(self, line: TraceLine | RowLine | WireLine | MeasurementLine, scenario: ScenarioRun) -> bool:
        """Whether a line was written in this scenario; a line that names none belongs to the only one there is."""
        if line.scenario is None:
            return len(self.run.scenarios) == 1
        return line.scenario == scenario.key

    def verify(self) -> list[Finding]:
        """Check hash chain and manifests; an empty list says that every byte is as written."""
        return integrity.verify(self.path)


def _read_summary(root: Path) -> RunSummary:
    if temporary_of(root / RUN_FILE).exists() and not (root / RUN_FILE).exists():
        return summary({"complete": False})  # the run was killed before it began
    try:
        document = json.loads((root / RUN_FILE).read_bytes())
    except OSError as error:
        raise ReportError(f"{root} is no run directory: {RUN_FILE}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{root / RUN_FILE} cannot be read: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ReportError(f"{root / RUN_FILE} is not of schema {SCHEMA}")
    try:
        return summary(document)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise ReportError(f"{root / RUN_FILE} does not follow its schema: {error!r}") from error


def _read_log(root: Path, log: LogName) -> tuple[Any, ...]:
    path = root / log_file(log)
    try:
        lines, _cut_short = split_lines(path.read_bytes())
    except OSError as error:
        raise ReportError(f"cannot read {path}: {error.strerror}") from error
    return tuple(_read_line(path, log, number, line) for number, line in enumerate(lines, start=1))


_CARRIES: Mapping[Any, tuple[type, ...]] = {float: (float, int), int: (int,), str: (str,)}


def _kinds(hint: Any) -> tuple[type, ...]:
    """Return the types that a column may have; none where anything goes."""
    options = get_args(hint) or (hint,)
    return tuple(kind for option in options for kind in _CARRIES.get(option, (option,))) if hint is not Any else ()


_KINDS: Mapping[LogName, Mapping[str, tuple[type, ...]]] = {
    log: {column: kinds for column, hint in get_type_hints(line).items() if (kinds := _kinds(hint))}
    for log, line in LINE_TYPES.items()
}


def _require_types(log: LogName, record: Mapping[str, Any]) -> None:
    """Raise TypeError for a column of another type than the log has it in; a truth value is no number."""
    for column, kinds in _KINDS[log].items():
        value = record.get(column)
        if column in record and (type(value) is bool or not isinstance(value, kinds)):
            raise TypeError(f"{column} is {value!r}")


def _read_line(path: Path, log: LogName, number: int, line: bytes) -> Any:
    try:
        record = json.loads(line)
        _require_types(log, record)
        return LINE_TYPES[log](**{column: record[column] for column in COLUMNS[log] if column in record})
    except (ValueError, TypeError, RecursionError) as error:
        raise ReportError(f"{path} line {number} is no record: {error}") from error
