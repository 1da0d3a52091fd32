"""The managed run beside the same stretch of time under autonomous controls: one table, two charts on one time axis."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from reports.html.charts import PALETTE, Band, Floats, Line, time_chart
from reports.html.plots import Chart
from reports.run_directory import Comparison


@dataclass(frozen=True)
class ComparedFigure:
    """One figure of both runs, as it is shown."""

    name: str
    managed: str
    autonomous: str


@dataclass(frozen=True)
class ComparisonView:
    """What the page shows of a comparison; `absent` says why there is no chart, or no comparison at all."""

    figures: Sequence[ComparedFigure] = ()
    charts: Sequence[Chart] = ()
    absent: str = ""


def figures(comparison: Comparison) -> list[ComparedFigure]:
    """List the figures of both runs."""
    return list(_figures(comparison))


def charts(key: str, managed: pd.DataFrame, autonomous: pd.DataFrame, band: Band) -> list[Chart]:
    """Draw both runs of a scenario over the time that both series cover."""
    steps = min(len(managed), len(autonomous))
    pair = _Pair(key, managed[:steps], autonomous[:steps])
    return [*pair.voltage(band), *pair.taps()]


@dataclass(frozen=True)
class _Pair:
    """Two series on one time axis."""

    key: str
    managed: pd.DataFrame
    autonomous: pd.DataFrame

    def voltage(self, band: Band) -> Iterator[Chart]:
        """Draw the lowest voltage of all meters against Range A."""
        if any(str(column).startswith("v:") for column in self.managed):
            lines = self._lines(_lowest_v, stepped=False)
            yield self._chart("Lowest service voltage", "V on 120 V base", lines, band)

    def taps(self) -> Iterator[Chart]:
        """Draw each tap changer's position."""
        for column in map(str, self.managed.columns):
            if column.startswith("tap:"):
                lines = self._lines(partial(_column, column), stepped=True)
                yield self._chart(f"Tap position of {column.removeprefix('tap:')}", "step", lines)

    def _lines(self, pick: Callable[[pd.DataFrame], Floats], stepped: bool) -> list[Line]:
        return [
            Line("autonomous controls only", pick(self.autonomous), PALETTE[1], stepped=stepped),
            Line("managed", pick(self.managed), PALETTE[0], stepped=stepped),
        ]

    def _chart(self, title: str, unit: str, lines: Sequence[Line], band: Band | None = None) -> Chart:
        time_s = self.managed["time_s"].to_numpy(dtype=np.float64)
        return Chart(title, time_chart(f"compared-{title}-{self.key}", unit, time_s, lines, band=band))


def _column(column: str, table: pd.DataFrame) -> Floats:
    return table[column].to_numpy(dtype=np.float64)


def _lowest_v(table: pd.DataFrame) -> Floats:
    return table.filter(regex="^v:").min(axis=1).to_numpy(dtype=np.float64)


def _figures(comparison: Comparison) -> Iterator[ComparedFigure]:
    managed, autonomous = comparison.managed, comparison.autonomous
    for name, count in managed.operations.items():
        yield ComparedFigure(f"Operations of {name}", str(count), str(autonomous.operations.get(name, 0)))
    yield _summed("Operations in all", managed.operations, autonomous.operations)
    yield _summed("Reversed operations", managed.reversed_operations, autonomous.reversed_operations)
    yield _amounts("Any meter outside Range A (min)", managed.violation_min, autonomous.violation_min)
    yield _amounts("Outside Range A (meter-min)", managed.violation_meter_min, autonomous.violation_meter_min)
    yield _amounts("Losses (kWh)", managed.losses_kwh, autonomous.losses_kwh)


def _summed(name: str, managed: Mapping[str, int], autonomous: Mapping[str, int]) -> ComparedFigure:
    return ComparedFigure(name, str(sum(managed.values())), str(sum(autonomous.values())))


def _amounts(name: str, managed: float, autonomous: float) -> ComparedFigure:
    return ComparedFigure(name, f"{managed:.1f}", f"{autonomous:.1f}")
