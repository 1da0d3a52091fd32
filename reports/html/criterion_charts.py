"""Charts of criteria: what was measured beside its band, with the guard band of the instruments' uncertainty in it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from reports.html.charts import PALETTE, Floats, Line, legend, svg, time_chart
from reports.html.plots import Chart
from reports.run_directory import CriterionLine
from reports.verdict import Verdict

BAND, GUARD, TARGET, BAD = "#cfe8d5", "#f3d9a4", "#2f7d4f", "#b3261e"
ROOM = 0.12
"""Share of what is drawn that is left free above and below, and that a band without an end goes on for."""
STILL_PU, STILL_HZ = 0.004, 0.02
"""What a stimulus that is held may move by, and phases that are alike may differ by."""
QUANTITIES = {"reactive power": "q_pu", "active power": "p_pu"}
"""How the name of a finding begins -> column of the series that shows its response."""
RIGHT_IN = 0.54
"""Where the right of two panels begins, as a share of the width."""


@dataclass(frozen=True)
class Numbered:
    """A finding and its number in its type test; `decided`: it is one of those that decided."""

    number: int
    line: CriterionLine
    decided: bool


def criterion_charts(key: str, findings: Sequence[Numbered]) -> list[Chart]:
    """Draw the findings of a type test, those of one unit in one chart."""
    units = dict.fromkeys(found.line.unit for found in findings)
    return [_of_unit(key, unit, [found for found in findings if found.line.unit == unit]) for unit in units]


def _of_unit(key: str, unit: str, findings: Sequence[Numbered]) -> Chart:
    stimuli = [found.line.stimulus for found in findings]
    moves = max(stimuli) - min(stimuli) > STILL_PU

    def draw(axes: Axes) -> None:
        errors = axes
        if moves:
            box = axes.get_position()
            axes.set_position((box.x0, box.y0, RIGHT_IN - 0.09 - box.x0, box.height))
            errors = axes.figure.add_axes((RIGHT_IN, box.y0, box.x1 - RIGHT_IN, box.height))
            _draw(axes, findings, lambda f: f.line.stimulus, centre=lambda _: 0.0)
            axes.set_xlabel("measured stimulus (pu)")
            axes.set_ylabel(f"response ({unit})")
        _draw(errors, findings, lambda f: f.number, centre=lambda line: line.target)
        errors.set_xlabel("finding")
        errors.set_ylabel(f"response less target ({unit})")
        legend(axes)

    title = "Response over stimulus, and raw error" if moves else "Raw error"
    return Chart(f"{title}, beside the band ({unit})", svg(f"{key} criteria {unit}", 2.9, draw))


def _draw(
    axes: Axes,
    findings: Sequence[Numbered],
    place: Callable[[Numbered], float],
    centre: Callable[[CriterionLine], float],
) -> None:
    """Draw each finding at its place: band, guard band inside of its ends, target and response, less a centre."""
    low_end, high_end = _range(findings, centre)
    x = np.array([place(found) for found in findings])
    lower, upper, guard, target, response = (
        np.array([pick(found.line) for found in findings])
        for pick in (
            lambda line: line.lower - centre(line),
            lambda line: line.upper - centre(line),
            lambda line: line.uncertainty,
            lambda line: line.target - centre(line),
            lambda line: line.response - centre(line),
        )
    )
    width = 5.0 if len(findings) < 60 else 2.5
    bottom, top = np.maximum(lower, low_end), np.minimum(upper, high_end)
    axes.vlines(x, bottom, top, color=GUARD, lw=width, label="guard band")
    inside = [(np.where(np.isfinite(end), end, clipped)) for end, clipped in ((lower + guard, bottom), (upper - guard, top))]
    shown = inside[0] < inside[1]
    axes.vlines(x[shown], inside[0][shown], inside[1][shown], color=BAND, lw=width, label="band")
    axes.plot(x, target, "_", ms=9, color=TARGET, label="target")
    _draw_points(axes, findings, x, response)
    axes.set_ylim(low_end, high_end)


def _draw_points(axes: Axes, findings: Sequence[Numbered], x: Floats, y: Floats) -> None:
    good = np.array([found.line.verdict is Verdict.PASS for found in findings])
    for chosen, colour, label in ((good, PALETTE[0], "measured"), (~good, BAD, "measured, not inside")):
        if chosen.any():
            axes.plot(x[chosen], y[chosen], "o", ms=3.4, mew=0, color=colour, label=label)
    decided = np.array([found.decided for found in findings])
    axes.plot(x[decided], y[decided], "o", ms=8, mfc="none", mec="#1c232b", mew=0.9, label="decided")
    for found, at, value in zip(findings, x, y, strict=True):
        if found.decided:
            axes.annotate(str(found.number), (at, value), (4, 4), textcoords="offset points", size=7)


def _range(findings: Sequence[Numbered], centre: Callable[[CriterionLine], float]) -> tuple[float, float]:
    """Return the ends of the axis: all that is measured or a limit, and some room."""
    ends = [
        value - centre(found.line)
        for found in findings
        for value in (found.line.response, found.line.target, found.line.lower, found.line.upper)
        if math.isfinite(value)
    ]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    room = ROOM * ((high - low) or abs(high) or 1.0)
    return low - room, high + room


def series_charts(key: str, table: pd.DataFrame, findings: Sequence[Numbered]) -> list[Chart]:
    """Draw stimulus and response over time, with each judged point and its band where the series shows its quantity."""
    if table.empty or "time_s" not in table:
        return []
    time_s = table["time_s"].to_numpy(dtype=np.float64)
    asked = {column for found in findings if (column := _column(found.line))}
    lines = [Line(name, table[c].to_numpy()) for name, c in QUANTITIES.items() if c in table and c in (asked or [c])]
    stimuli = _stimuli(table)
    charts = []
    if lines:
        right = next(iter(stimuli.items()), None)
        chosen = None if right is None or len(right[1]) > 1 else (right[0], right[1][0])
        drawn = time_chart(f"{key} time", "response (pu)", time_s, lines, right=chosen, points=_points(findings, lines))
        charts.append(Chart("Stimulus and response over time", drawn, "Bars: band of each finding; rings: measured."))
        if chosen is not None:
            stimuli.pop(chosen[0])
    charts += [Chart(unit, time_chart(f"{key} {unit}", unit, time_s, several)) for unit, several in stimuli.items()]
    return charts


def _stimuli(table: pd.DataFrame) -> dict[str, list[Line]]:
    """Return what moves at the device's terminals: one voltage where phases are alike, the frequency if it moves."""
    phases = [str(column) for column in table if str(column).startswith("voltage_")]
    volts = table[phases]
    alike = not phases or bool((volts.max(axis=1) - volts.min(axis=1)).max() < STILL_PU)
    mean = [Line("voltage", volts.mean(axis=1).to_numpy())] if phases else []
    each = [Line(name.removesuffix("_pu").replace("_", " "), table[name].to_numpy()) for name in phases]
    found: dict[str, list[Line]] = {}
    if phases and (not alike or float(np.ptp(mean[0].values)) > STILL_PU):
        found["voltage (pu)"] = mean if alike else each
    if "frequency_hz" in table and float(np.ptp(table["frequency_hz"].to_numpy())) > STILL_HZ:
        found["frequency (Hz)"] = [Line("frequency", table["frequency_hz"].to_numpy())]
    return found


def _points(findings: Sequence[Numbered], lines: Sequence[Line]) -> list[tuple[float, float, float, float]]:
    shown = {line.label for line in lines}
    return [
        (found.line.time_s, found.line.response, found.line.lower, found.line.upper)
        for found in findings
        if found.line.unit == "pu" and _quantity(found.line) in shown
    ]


def _column(line: CriterionLine) -> str | None:
    return QUANTITIES.get(_quantity(line))


def _quantity(line: CriterionLine) -> str:
    return next((name for name in QUANTITIES if line.what.startswith(name)), "")


