"""Charts of criteria: what was measured beside its band, with the guard band of the instruments' uncertainty in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import ticker
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
TICKS = 6
"""Most intervals between the numbers of a stimulus: more of them run into each other in half the width."""


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
    """Where findings are put along the axis, and what is taken off all values of each."""

    x: Floats
    less: Floats


def criterion_charts(key: str, findings: Sequence[Numbered]) -> list[Chart]:
    """Draw the findings of a type test, those of one unit in one chart; none of counts that are all as they must be."""
    units = dict.fromkeys(found.line.unit for found in findings)
    by_unit = {unit: [found for found in findings if found.line.unit == unit] for unit in units}
    return [_of_unit(key, unit, those) for unit, those in by_unit.items() if not all(map(_is_exact, those))]


def _is_exact(found: Numbered) -> bool:
    """Whether it is a count that may have one value only, and has it."""
    line = found.line
    return line.lower == line.upper == line.response and line.uncertainty == 0.0


def _of_unit(key: str, unit: str, findings: Sequence[Numbered]) -> Chart:
    """Draw responses beside their bands on the left; on the right their raw errors, on a scale of their own."""
    stimuli, target = _values(findings, "stimulus"), _values(findings, "target")
    moves = float(np.ptp(stimuli)) > STILL

    def draw(axes: Axes) -> None:
        errors = _split(axes)
        if moves:
            _draw_held(axes, findings, _Panel(stimuli, np.zeros_like(target)))
            axes.set_xlabel(_with_unit("measured stimulus", findings[0].line.stimulus_unit))
            axes.xaxis.set_major_locator(ticker.MaxNLocator(TICKS))
        else:
            _draw_held(axes, findings, _Panel(_numbers(findings), target))
            _finish_numbers(axes)
        axes.set_ylabel(_with_unit("response" if moves else "response less target", unit))
        _draw_errors(errors, findings)
        errors.set_ylabel(_with_unit("raw error", unit))
        draw_legend(axes)

    over = "stimulus" if moves else "number"
    return Chart(
        f"Response over {over} with its band, and raw error ({unit})", svg(f"{key} criteria {unit}", 3.2, draw)
    )


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def _draw_errors(axes: Axes, findings: Sequence[Numbered]) -> None:
    """Draw how far each response is from its target: what moves here may still be far inside of its band."""
    axes.axhline(0.0, color=TARGET, lw=0.9)
    axes.margins(y=ROOM)
    _draw_responses(axes, findings, _Panel(_numbers(findings), _values(findings, "target")))
    _finish_numbers(axes)


def _finish_numbers(axes: Axes) -> None:
    axes.set_xlabel("number of the finding")
    axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True, min_n_ticks=1))


def _split(axes: Axes) -> Axes:
    """Leave axes the left part of their place, and return others for the right part."""
    box = axes.get_position()
    axes.set_position((box.x0, box.y0, PANEL_END - box.x0, box.height))
    return axes.figure.add_axes((PANEL_BEGIN, box.y0, box.x1 - PANEL_BEGIN, box.height))


def _draw_held(axes: Axes, findings: Sequence[Numbered], panel: _Panel) -> None:
    """Draw each finding at its place: band with the guard band inside of its ends, target and response."""
    axes.set_ylim(*_span(findings, panel.less))
    _draw_bands(axes, findings, panel)
    target = _values(findings, "target") - panel.less
    axes.plot(panel.x, target, "_", ms=9, color=TARGET, label="target")
    _draw_responses(axes, findings, panel)


def _draw_bands(axes: Axes, findings: Sequence[Numbered], panel: _Panel) -> None:
    """Draw the bands; where the guard band leaves nothing of one, nothing that is measured could pass."""
    bottom, top = axes.get_ylim()
    width = 5.0 if len(findings) < MANY else 2.5
    lower, upper = (_values(findings, name) - panel.less for name in ("lower", "upper"))
    guard, x = _values(findings, "uncertainty"), panel.x
    axes.vlines(x, np.maximum(lower, bottom), np.minimum(upper, top), color=GUARD, lw=width, label="guard band")
    begin, end = np.maximum(lower + guard, bottom), np.minimum(upper - guard, top)
    left = begin < end
    axes.vlines(x[left], begin[left], end[left], color=BAND, lw=width, label="band")


def _draw_responses(axes: Axes, findings: Sequence[Numbered], panel: _Panel) -> None:
    x, y = panel.x, _values(findings, "response") - panel.less
    good = np.array([found.line.verdict is Verdict.PASS for found in findings])
    for chosen, colour, label in ((good, PALETTE[0], "measured"), (~good, BAD, "measured, not inside")):
        if chosen.any():
            axes.plot(x[chosen], y[chosen], "o", ms=3.4, mew=0, color=colour, label=label)
    decided = np.array([found.decided for found in findings])
    axes.plot(x[decided], y[decided], "o", ms=8, mfc="none", mec=INK, mew=0.9, label="decided")
    for found, at, value in zip(findings, x, y, strict=True):
        if found.decided:
            axes.annotate(str(found.number), (at, value), (5, 5), textcoords="offset points", size=7.5)


def _numbers(findings: Sequence[Numbered]) -> Floats:
    return np.array([found.number for found in findings], dtype=np.float64)


def _values(findings: Sequence[Numbered], name: str) -> Floats:
    return np.array([getattr(found.line, name) for found in findings], dtype=np.float64)


def _span(findings: Sequence[Numbered], less: Floats) -> tuple[float, float]:
    """Return the ends of the axis: all that was measured or is a limit, and some room."""
    ends = np.concatenate([_values(findings, name) - less for name in ("response", "target", "lower", "upper")])
    finite = [float(end) for end in ends if math.isfinite(end)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    room = ROOM * ((high - low) or abs(high) or 1.0)
    return low - room, high + room
