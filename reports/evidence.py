"""Looks up what a row cites (``wire:88``, ``measurement:412``, ``trace:12``, ``row:7``) and says it in one line."""

import json
from collections.abc import Mapping
from typing import Any

from reports.run_directory import MeasurementLine, RowLine, RunDirectory, TraceLine, WireLine

_LONGEST = 260
_TWO_DIGITS = 99.5
"""Where numbers of two digits end when they are rounded."""


def describe(directory: RunDirectory, citation: str) -> str:
    """Say what a citation stands for; a citation of nothing is said to be one."""
    kind, _, number = citation.partition(":")
    lines = _logs(directory).get(kind, ())
    if not number.isdigit() or not 0 < int(number) <= len(lines):
        return "is not in this run directory"
    return sentence(lines[int(number) - 1])


def _logs(directory: RunDirectory) -> Mapping[str, tuple[Any, ...]]:
    return {
        "trace": directory.trace,
        "wire": directory.wire,
        "measurement": directory.measurements,
        "row": directory.rows,
    }


def wire_endpoint(directory: RunDirectory, citation: str) -> str | None:
    """Device or instrument of a cited exchange; None for any other citation."""
    kind, _, number = citation.partition(":")
    if kind != "wire" or not number.isdigit() or not 0 < int(number) <= len(directory.wire):
        return None
    return directory.wire[int(number) - 1].endpoint


def sentence(line: TraceLine | WireLine | MeasurementLine | RowLine) -> str:
    """One line of a log, for a person."""
    match line:
        case TraceLine():
            text = f"{line.producer} → {line.receiver}: {line.information}{_json(line.payload)}"
        case WireLine():
            text = f"{line.endpoint} {line.protocol} {line.operation} {line.address}{_json(line.values)}"
            text += f" failed: {line.error}" if line.error else ""
        case MeasurementLine():
            text = f"{line.quantity} {measured(line)} by {line.source}, {bounds(line)}: {line.verdict}"
        case RowLine():
            text = f"row {line.row} {line.instance or ''} {line.state} {line.reason or ''}"
    return f"{line.time_s:.1f} s  {text}"


def _json(value: Any) -> str:
    if value in (None, {}, []):
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return " " + (text if len(text) <= _LONGEST else text[:_LONGEST] + " …")


def measured(line: MeasurementLine) -> str:
    """Value with uncertainty and unit."""
    if line.value is None:
        return "not measured"
    band = "" if line.uncertainty is None else f" ± {_uncertainty(line.uncertainty)}"
    return f"{_number(line.value)}{band} {line.unit or ''}".rstrip()


def bounds(line: MeasurementLine) -> str:
    """The limits that the value was held against."""
    unit = f" {line.unit}" if line.unit else ""
    match line.lower, line.upper:
        case None, None:
            return "no limits"
        case lower, None:
            return f"at least {_number(lower)}{unit}"
        case None, upper:
            return f"at most {_number(upper)}{unit}"
        case lower, upper:
            return f"{_number(lower)} … {_number(upper)}{unit}"


def _uncertainty(value: float) -> str:
    """Two significant digits; all of them where there are more before the point."""
    return f"{value:.2g}" if value < _TWO_DIGITS else f"{value:.0f}"


def _number(value: float | None) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)
