"""Which charts a scenario's time series allow: voltages against Range A, feeder head, taps, capacitors, devices."""

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports.html.charts import PALETTE, Band, Floats, Line, Mark, lane_chart, point_chart, time_chart
from reports.html.needs import HEAD_KW, need_charts
from reports.run_directory import Moment, ScenarioRun, TraceLine

RANGE_A_V = (114.0, 126.0)
"""Service voltage of ANSI C84.1 Range A on the 120 V base, drawn where ``run.json`` names no other band."""
MOST_DEVICES = 12
LONGEST_LABEL = 34
_HEAD = {"head_p_kw": "active power (kW)", "head_q_kvar": "reactive power (kvar)", "losses_kw": "losses (kW)"}


@dataclass(frozen=True)
class Chart:
    """A drawn chart with its heading."""

    title: str
    svg: str
    note: str = ""


@dataclass(frozen=True)
class ProfileRow:
    """Voltages over all meters at a moment, on the 120 V base."""

    label: str
    time_s: float
    lowest_v: float
    lowest_meter: str
    highest_v: float
    highest_meter: str
    below: int
    above: int
    meters: int


@dataclass(frozen=True)
class Plotter:
    """Draws one scenario's series; what the table does not hold gives no chart."""

    scenario: ScenarioRun
    table: pd.DataFrame

    @property
    def band(self) -> Band:
        """The voltage band to draw."""
        lower, upper = self.scenario.range_a_v or RANGE_A_V
        return Band(f"Range A, {lower:g} to {upper:g} V", lower, upper)

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The scenario's moments; without any, those at which the lowest voltage and the ends of the record lie."""
        return self.scenario.moments or _extreme_moments(self.time_s, self._named("v"))

    @property
    def time_s(self) -> Floats:
        """The common time axis."""
        return self._column("time_s")

    def profile(self) -> tuple[Chart, list[ProfileRow]] | None:
        """Draw every meter's voltage at the scenario's moments, over distance where distances are known."""
        volts = self._named("v")
        names = _order(volts, self.scenario.meters)
        if not names:
            return None
        sets, rows = [], []
        for number, moment in enumerate(self.moments, start=1):
            step = int(np.abs(self.time_s - moment.time_s).argmin())
            y = np.array([volts[name][step] for name in names])
            sets.append(
                (textwrap.shorten(f"{number} {moment.label}", LONGEST_LABEL), _places(names, self.scenario.meters), y)
            )
            rows.append(_profile_row(moment.label, float(self.time_s[step]), names, y, self.band))
        axis = "distance from the substation (km)" if self.scenario.meters else "meters, falling lowest voltage"
        svg = point_chart(self._name("profile"), (axis, "service voltage (V)"), sets, self.band)
        return Chart("Voltage profile at the meters", svg), rows

    def system(self) -> list[Chart]:
        """Charts of the feeder as a whole."""
        makers: tuple[Callable[[], Chart | None], ...] = (
            self._extremes,
            lambda: self._columns("Feeder head", "kW, kvar", _HEAD),
            lambda: self._columns("Irradiance", "per unit", {"irradiance_pu": "irradiance"}),
            self._taps,
            self._capacitors,
        )
        return [chart for make in makers if (chart := make()) is not None]

    def needs(self, trace: Iterable[TraceLine]) -> list[Chart]:
        """Charts of what DER were needed for, by the trace."""
        if HEAD_KW not in self.table:
            return []
        drawn = need_charts(trace, self.scenario.key, self.time_s, self._column(HEAD_KW), self._marks)
        return [Chart(chart.title, chart.svg, chart.note) for chart in drawn]

    def devices(self, configured: Sequence[str]) -> tuple[list[Chart], int]:
        """Draw the power of the devices, commanded ones first, then those that the bench file names.

        :returns: the charts, and how many devices are in the table but not drawn
        """
        commanded = self._named("p_cmd_kw")
        ranked = sorted(self._named("p_kw"), key=lambda name: (name not in commanded, name not in configured))
        drawn = [self._device(name) for name in ranked[:MOST_DEVICES]]
        return drawn, len(ranked) - len(drawn)

    def _extremes(self) -> Chart | None:
        volts = self._named("v")
        if not volts:
            return None
        frame = pd.DataFrame(volts)
        lines = [
            Line("highest meter", frame.max(axis=1).to_numpy(dtype=np.float64)),
            Line("lowest meter", frame.min(axis=1).to_numpy(dtype=np.float64)),
        ]
        svg = time_chart(
            self._name("extremes"), "V on 120 V base", self.time_s, lines, band=self.band, marks=self._marks
        )
        return Chart(f"Lowest and highest of {len(volts)} metered voltages", svg)

    def _columns(self, title: str, unit: str, columns: Mapping[str, str]) -> Chart | None:
        lines = [Line(label, self._column(column)) for column, label in columns.items() if column in self.table]
        if not lines:
            return None
        return Chart(title, time_chart(self._name(title), unit, self.time_s, lines, marks=self._marks))

    def _taps(self) -> Chart | None:
        lines = [Line(name, values, stepped=True) for name, values in self._named("tap").items()]
        if not lines:
            return None
        return Chart("Tap position", time_chart(self._name("taps"), "step", self.time_s, lines, marks=self._marks))

    def _capacitors(self) -> Chart | None:
        lanes = [Line(name, values) for name, values in self._named("cap").items()]
        if not lanes:
            return None
        svg = lane_chart(self._name("capacitors"), self.time_s, lanes, self._marks)
        return Chart("Capacitor banks", svg, "A bar is drawn while the bank is closed.")

    def _device(self, device: str) -> Chart:
        lines = [Line("P measured (kW)", self._column(f"p_kw:{device}"), PALETTE[0])]
        if (column := f"p_cmd_kw:{device}") in self.table:
            lines.append(Line("P commanded (kW)", self._column(column), PALETTE[1], dashed=True))
        if (column := f"q_kvar:{device}") in self.table:
            lines.append(Line("Q measured (kvar)", self._column(column), PALETTE[2]))
        charge = f"soc_pct:{device}"
        right = ("%", Line("state of charge", self._column(charge))) if charge in self.table else None
        svg = time_chart(self._name(f"device-{device}"), "kW, kvar", self.time_s, lines, marks=self._marks, right=right)
        return Chart(device, svg)

    def _name(self, chart: str) -> str:
        return f"{chart}-{self.scenario.key}"

    @property
    def _marks(self) -> list[Mark]:
        return [Mark(moment.label, moment.time_s) for moment in self.moments]

    def _named(self, prefix: str) -> dict[str, Floats]:
        head = f"{prefix}:"
        columns = (str(column) for column in self.table.columns)
        return {column[len(head) :]: self._column(column) for column in columns if column.startswith(head)}

    def _column(self, column: str) -> Floats:
        return self.table[column].to_numpy(dtype=np.float64)


def _order(volts: Mapping[str, Floats], distance_km: Mapping[str, float]) -> list[str]:
    if distance_km:
        return [name for name in volts if name in distance_km]
    return sorted(volts, key=lambda name: -float(np.min(np.nan_to_num(volts[name], nan=np.inf))))


def _places(names: Sequence[str], distance_km: Mapping[str, float]) -> Floats:
    return np.array([distance_km.get(name, number) for number, name in enumerate(names, start=1)], dtype=np.float64)


def _extreme_moments(time_s: Floats, volts: Mapping[str, Floats]) -> tuple[Moment, ...]:
    if not volts:
        return ()
    lowest = int(pd.DataFrame(dict(volts)).min(axis=1).fillna(np.inf).to_numpy().argmin())
    found = (("start", 0), ("lowest voltage", lowest), ("end", len(time_s) - 1))
    return tuple(Moment(label, float(time_s[step])) for label, step in found)


def _profile_row(label: str, time_s: float, names: Sequence[str], y: Floats, band: Band) -> ProfileRow:
    low = int(np.argmin(np.where(np.isnan(y), np.inf, y)))
    high = int(np.argmax(np.where(np.isnan(y), -np.inf, y)))
    return ProfileRow(
        label=label,
        time_s=time_s,
        lowest_v=float(y[low]),
        lowest_meter=names[low],
        highest_v=float(y[high]),
        highest_meter=names[high],
        below=int(np.sum(y < band.lower)),
        above=int(np.sum(y > band.upper)),
        meters=int(np.sum(~np.isnan(y))),
    )
