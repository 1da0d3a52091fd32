"""Charts of criteria: what was measured beside its band, with the guard band of the instruments' uncertainty in it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from reports.html.charts import PALETTE, Floats, draw_legend, svg
from reports.html.plots import Chart
from reports.run_directory import CriterionLine
from reports.verdict import Verdict

BAND, GUARD, TARGET, BAD, INK = "#cfe8d5", "#f3c777", "#2f7d4f", "#b3261e", "#1c232b"
ROOM = 0.12
"""Share of what is drawn that is left free above and below, and that a band without an end goes on for."""
STILL = 0.004
"""What the measured value of a stimulus that is held moves by at most."""
MANY = 60
"""From how many findings on their bands are drawn narrower."""
PANEL_END, PANEL_BEGIN = 0.45, 0.54
"""Where the left of two panels ends and where the right one begins, as a share of the width."""


@dataclass(frozen=True)
class Numbered:
    """A finding and its number in its type test; of those that decided, `rank` 1 decided most, others have none."""

    number: int
    line: CriterionLine
    rank: int | None = None

    @property
    def decided(self) -> bool:
        """Whether it is one of those that decided."""
        return self.rank is not None


@dataclass(frozen=True)
class _Panel:
    """Where a finding is put along the axis, and what is taken off all its values."""

    place: Callable[[Numbered], float]
    less: Callable[[CriterionLine], float]


def criterion_charts(key: str, findings: Sequence[Numbered]) -> list[Chart]:
    """Draw the findings of a type test, those of one unit in one chart."""
    units = dict.fromkeys(found.line.unit for found in findings)
    return [_of_unit(key, unit, [found for found in findings if found.line.unit == unit]) for unit in units]


def _of_unit(key: str, unit: str, findings: Sequence[Numbered]) -> Chart:
    stimuli = [found.line.stimulus for found in findings]
    moves = max(stimuli) - min(stimuli) > STILL
    stimulus_unit = findings[0].line.stimulus_unit

    def draw(axes: Axes) -> None:
        errors = _split(axes) if moves else axes
        if moves:
            _draw(axes, findings, _Panel(lambda found: found.line.stimulus, lambda _: 0.0))
            axes.set_xlabel(f"measured stimulus ({stimulus_unit})" if stimulus_unit else "measured stimulus")
            axes.set_ylabel(f"response ({unit})")
        _draw(errors, findings, _Panel(lambda found: found.number, lambda line: line.target))
        errors.set_xlabel("number of the finding")
        errors.set_ylabel(f"response less target ({unit})")
        draw_legend(axes)

    title = f"Response over stimulus, and raw error ({unit})" if moves else f"Raw error ({unit})"
    return Chart(title, svg(f"{key} criteria {unit}", 3.2, draw))


def _split(axes: Axes) -> Axes:
    """Leave axes the left part of their place, and return others for the right part."""
    box = axes.get_position()
    axes.set_position((box.x0, box.y0, PANEL_END - box.x0, box.height))
    return axes.figure.add_axes((PANEL_BEGIN, box.y0, box.x1 - PANEL_BEGIN, box.height))


def _draw(axes: Axes, findings: Sequence[Numbered], panel: _Panel) -> None:
    """Draw each finding at its place: band with the guard band inside of its ends, target and response."""
    x = np.array([panel.place(found) for found in findings], dtype=np.float64)
    less = np.array([panel.less(found.line) for found in findings])
    axes.set_ylim(*_span(findings, less))
    _draw_bands(axes, findings, x, less)
    target, response = (_values(findings, name) - less for name in ("target", "response"))
    axes.plot(x, target, "_", ms=9, color=TARGET, label="target")
    _draw_responses(axes, findings, x, response)


def _draw_bands(axes: Axes, findings: Sequence[Numbered], x: Floats, less: Floats) -> None:
    """Draw the bands; where the guard band leaves nothing of one, nothing that is measured could pass."""
    bottom, top = axes.get_ylim()
    width = 5.0 if len(findings) < MANY else 2.5
    lower, upper = (_values(findings, name) - less for name in ("lower", "upper"))
    guard = _values(findings, "uncertainty")
    axes.vlines(x, np.maximum(lower, bottom), np.minimum(upper, top), color=GUARD, lw=width, label="guard band")
    begin, end = np.maximum(lower + guard, bottom), np.minimum(upper - guard, top)
    left = begin < end
    axes.vlines(x[left], begin[left], end[left], color=BAND, lw=width, label="band")


def _draw_responses(axes: Axes, findings: Sequence[Numbered], x: Floats, y: Floats) -> None:
    good = np.array([found.line.verdict is Verdict.PASS for found in findings])
    for chosen, colour, label in ((good, PALETTE[0], "measured"), (~good, BAD, "measured, not inside")):
        if chosen.any():
            axes.plot(x[chosen], y[chosen], "o", ms=3.4, mew=0, color=colour, label=label)
    decided = np.array([found.decided for found in findings])
    axes.plot(x[decided], y[decided], "o", ms=8, mfc="none", mec=INK, mew=0.9, label="decided")
    for number in np.flatnonzero(decided):
        text = str(findings[number].number)
        axes.annotate(text, (x[number], y[number]), (5, 5), textcoords="offset points", size=7.5)


def _values(findings: Sequence[Numbered], name: str) -> Floats:
    return np.array([getattr(found.line, name) for found in findings], dtype=np.float64)


def _span(findings: Sequence[Numbered], less: Floats) -> tuple[float, float]:
    """Return the ends of the axis: all that was measured or is a limit, and some room."""
    ends = np.concatenate([_values(findings, name) - less for name in ("response", "target", "lower", "upper")])
    finite = [float(end) for end in ends if math.isfinite(end)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    room = ROOM * ((high - low) or abs(high) or 1.0)
    return low - room, high + room
