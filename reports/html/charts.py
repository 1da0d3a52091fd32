"""Chart primitives: a few lines over time, lanes of switch states, points of a profile; each an SVG of its own.

Text stays text (small and searchable), and equal data give equal bytes.
"""

import io
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WIDTH_IN = 9.4
LEFT_IN, RIGHT_IN, BOTTOM_IN, TOP_IN = 0.75, 0.75, 0.45, 0.34
MAX_POINTS = 700
LEAST_RIGHT_SPAN = 2.0
PALETTE = ("#1f5fa8", "#c2571a", "#2f7d4f", "#7a4fa3", "#9a7b0a", "#0f7f8c")
HOUR_S = 3600.0
LONG_H, MOST_TICKS, HOUR_STEPS = 4.0, 10, (1, 2, 3, 4, 6, 12, 24, 48, 168)
"""From what length on a time axis counts hours, and how far apart its ticks may be, h."""
BAND_COLOUR, JUDGED_BAND_COLOUR = "#dff0e2", "#b5dcc0"
_GENERATED_ID = re.compile(r' id="[A-Za-z0-9.]+_\d+"')
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 9.0,
    "axes.edgecolor": "#8a94a0",
    "axes.labelcolor": "#39424e",
    "xtick.color": "#39424e",
    "ytick.color": "#39424e",
    "axes.spines.top": False,
    "axes.grid": True,
    "grid.color": "#e6e9ed",
    "axes.axisbelow": True,
    "lines.linewidth": 1.3,
}


_LABEL_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0}


@dataclass(frozen=True)
class Line:
    """Values over time; NaN leaves a gap."""

    label: str
    values: Floats
    colour: str | None = None
    dashed: bool = False
    stepped: bool = False


@dataclass(frozen=True)
class Band:
    """A permitted range, drawn as a tinted area with its limits."""

    label: str
    lower: float
    upper: float


@dataclass(frozen=True)
class Mark:
    """A named moment on the time axis."""

    label: str
    time_s: float


def time_chart(
    name: str,
    unit: str,
    time_s: Floats,
    lines: Sequence[Line],
    *,
    band: Band | None = None,
    marks: Sequence[Mark] = (),
    right: tuple[str, Line] | None = None,
    points: Sequence[tuple[float, float, float, float]] = (),
) -> str:
    """Draw lines over a common time axis; `right` is a line with an axis and unit of its own.

    `points` that were judged: time, value, and both ends of its band, which may be infinite.
    """

    def draw(axes: Axes) -> None:
        if band is not None:
            _draw_band(axes, band)
        for number, line in enumerate(lines):
            _draw_line(axes, time_s, line, line.colour or PALETTE[number % len(PALETTE)])
        _draw_judged(axes, points)
        if right is not None:
            _draw_right(axes, time_s, *right, PALETTE[max(3, len(lines)) % len(PALETTE)])
        if all(line.stepped for line in lines):
            axes.yaxis.set_major_locator(ticker.MaxNLocator(integer=True, min_n_ticks=1))
        _finish_time_axis(axes, unit, time_s, marks)

    return svg(name, 2.15, draw)


def lane_chart(name: str, time_s: Floats, lanes: Sequence[Line], marks: Sequence[Mark] = ()) -> str:
    """Draw one lane per switch, filled while its value is not zero."""

    def draw(axes: Axes) -> None:
        for number, lane in enumerate(lanes):
            axes.broken_barh(spans(time_s, lane.values), (number - 0.32, 0.64), color=PALETTE[0], lw=0)
            axes.text(0.006, number, lane.label, transform=axes.get_yaxis_transform(), va="center", bbox=_LABEL_BOX)
        axes.set_yticks([])
        axes.set_ylim(-0.6, len(lanes) - 0.4)
        _finish_time_axis(axes, "", time_s, marks, legend=False)

    return svg(name, 0.8 + 0.3 * len(lanes), draw)


def point_chart(name: str, labels: tuple[str, str], sets: Sequence[tuple[str, Floats, Floats]], band: Band) -> str:
    """Draw sets of points (label, x, y) against a permitted band."""

    def draw(axes: Axes) -> None:
        _draw_band(axes, band)
        for number, (label, x, y) in enumerate(sets):
            colour = PALETTE[number % len(PALETTE)]
            axes.plot(x, y, "os^Dv"[number % 5], ms=3.2, mew=0, alpha=0.8, color=colour, label=label)
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
        draw_legend(axes)

    return svg(name, 3.4, draw)


def _draw_band(axes: Axes, band: Band) -> None:
    axes.axhspan(band.lower, band.upper, color=BAND_COLOUR, lw=0, label=band.label)
    for limit in (band.lower, band.upper):
        axes.axhline(limit, color="#4b9460", lw=0.9)


def _draw_judged(axes: Axes, points: Sequence[tuple[float, float, float, float]]) -> None:
    """Draw points over their bands; a band without an end goes to that of the axis, which it leaves as it is."""
    if not points:
        return
    x, y, lower, upper = np.array(points).T
    bottom, top = axes.get_ylim()
    finite = [*y, *lower[np.isfinite(lower)], *upper[np.isfinite(upper)]]
    room = 0.05 * (max(top, *finite) - min(bottom, *finite))
    bottom, top = min(bottom, min(finite) - room), max(top, max(finite) + room)
    axes.vlines(x, np.maximum(lower, bottom), np.minimum(upper, top), color=JUDGED_BAND_COLOUR, lw=4.0, label="band")
    axes.plot(x, y, "o", ms=4.5, mfc="none", mec="#1c232b", mew=0.8, label="judged")
    axes.set_ylim(bottom, top)


def _draw_line(axes: Axes, time_s: Floats, line: Line, colour: str) -> None:
    keep = thin(line.values, time_s)
    axes.plot(
        time_s[keep],
        line.values[keep],
        color=colour,
        label=line.label,
        linestyle="--" if line.dashed else "-",
        drawstyle="steps-post" if line.stepped or line.dashed else "default",
    )


def _draw_right(axes: Axes, time_s: Floats, unit: str, line: Line, colour: str) -> None:
    other = axes.twinx()
    other.grid(visible=False)
    _draw_line(other, time_s, line, colour)
    other.set_ylabel(unit)
    other.margins(y=0.15)
    low, high = other.get_ylim()
    if high - low < LEAST_RIGHT_SPAN:  # a flat line shall look flat
        other.set_ylim((low + high - LEAST_RIGHT_SPAN) / 2, (low + high + LEAST_RIGHT_SPAN) / 2)
    axes.plot([], [], color=colour, label=f"{line.label} (right)")


def _finish_time_axis(axes: Axes, unit: str, time_s: Floats, marks: Sequence[Mark], *, legend: bool = True) -> None:
    axes.set_xlim(float(time_s[0]), float(max(time_s[-1], time_s[0] + 1.0)))
    for number, mark in enumerate(marks, start=1):
        axes.axvline(mark.time_s, color="#59636e", lw=0.8, linestyle=":")
        axes.text(
            mark.time_s, 1.0, str(number), transform=axes.get_xaxis_transform(), va="bottom", ha="center", size=7.5
        )
    hours = float(time_s[-1] - time_s[0]) / HOUR_S
    if hours > LONG_H:
        step_h = next((step for step in HOUR_STEPS if hours / step <= MOST_TICKS), HOUR_STEPS[-1])
        axes.xaxis.set_major_locator(ticker.MultipleLocator(step_h * HOUR_S))
        axes.xaxis.set_major_formatter(lambda second, _: f"{second / HOUR_S:g}")
        axes.set_xlabel("time (h)")
    else:
        axes.set_xlabel("time (s)")
    axes.set_ylabel(unit)
    if legend:
        draw_legend(axes)


def draw_legend(axes: Axes) -> None:
    """Put the legend above the axes."""
    axes.legend(loc="lower left", bbox_to_anchor=(-0.012, 1), ncols=6, frameon=False, borderaxespad=1.0)


def spans(time_s: Floats, values: Floats) -> list[tuple[float, float]]:
    """Return begin and duration, s, of each stretch in which a value is not zero; one holds until the next sample."""
    on = np.concatenate(([False], np.nan_to_num(values) != 0, [False]))
    turns = np.minimum(np.flatnonzero(on[1:] != on[:-1]), len(time_s) - 1)
    return [(float(time_s[a]), float(time_s[b] - time_s[a])) for a, b in zip(turns[::2], turns[1::2], strict=True)]


def thin(values: Floats, time_s: Floats, most: int = MAX_POINTS) -> NDArray[np.intp]:
    """Indices that keep the first, the last, the least and the greatest value of every stretch, so no peak is lost.

    Stretches are of equal time: where steps are long, as in a quiet night, every one of them is kept.
    """
    if len(values) <= most:
        return np.arange(len(values))
    ends_s = np.linspace(time_s[0], time_s[-1], most // 4 + 1)[1:-1]
    edges = np.concatenate(([0], np.searchsorted(time_s, ends_s), [len(values)]))
    stretches = ((start, end) for start, end in itertools.pairwise(edges) if end > start)
    kept = {index for start, end in stretches for index in _extremes(values, start, end)}
    return np.array(sorted(kept), dtype=np.intp)


def _extremes(values: Floats, start: int, end: int) -> tuple[int, int, int, int]:
    part = values[start:end]
    low = int(np.argmin(np.where(np.isnan(part), np.inf, part)))
    high = int(np.argmax(np.where(np.isnan(part), -np.inf, part)))
    return start, start + low, start + high, end - 1


def svg(name: str, height_in: float, draw: Callable[[Axes], None]) -> str:
    """Draw into axes that fill a figure of the common width; the name makes the ids in it."""
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(WIDTH_IN, height_in))
        FigureCanvasSVG(figure)
        size = (1 - (LEFT_IN + RIGHT_IN) / WIDTH_IN, 1 - (BOTTOM_IN + TOP_IN) / height_in)
        draw(figure.add_axes((LEFT_IN / WIDTH_IN, BOTTOM_IN / height_in, *size)))
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawn = text.getvalue()
    return _GENERATED_ID.sub("", drawn[drawn.index("<svg") :])
