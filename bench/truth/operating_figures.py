"""What operating a feeder cost and what its customers got: operations, reversals, time outside Range A, losses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bench.feeder.model import Floats
from bench.plant.apparatus import Operation, count_reversals
from bench.plant.plant import PlantState
from bench.truth.range_a import RANGE_A_LOWER_V, RANGE_A_UPPER_V

_ROUNDING_S = 1e-6


class Moved(Protocol):
    """Apparatus that the plant owns and that remembers how it moved."""

    @property
    def operations(self) -> list[Operation]:
        """Completed movements."""
        ...


@dataclass(frozen=True)
class OperatingFigures:
    """Figures of a stretch of time, for reports.

    `operations`, `reversed_operations`: by control, as the mechanisms moved and not as controls count;
    `violation_meter_min`: minutes outside Range A, summed over meters; `violation_min`: minutes with any meter outside.
    """

    operations: dict[str, int]
    reversed_operations: dict[str, int]
    violation_meter_min: float
    violation_min: float
    losses_kwh: float

    @property
    def total_operations(self) -> int:
        """Operations of all apparatus."""
        return sum(self.operations.values())


class OperatingRecord:
    """Listens to a plant. Voltage is judged as interval means of each leg; losses are read once an interval.

    A step that is longer than the interval is one of its own.
    """

    def __init__(self, apparatus: Mapping[str, Moved], read_losses_kw: Callable[[], float], interval_s: float) -> None:
        self._apparatus, self._read_losses_kw, self._interval_s = apparatus, read_losses_kw, interval_s
        self._began_s = self._taken_s = 0.0
        self._steps: list[Floats] = []
        self._lengths_s: list[float] = []
        self._out_meter_s = self._out_s = 0.0
        self._losses_kwh = 0.0

    def take(self, state: PlantState) -> None:
        """Add a plant step; the state that everything starts from belongs to no interval."""
        if state.time_s <= self._began_s:
            return
        self._steps.append(state.legs_v)
        self._lengths_s.append(state.time_s - self._taken_s)
        self._taken_s = state.time_s
        if state.time_s >= self._began_s + self._interval_s - _ROUNDING_S:
            self._close_interval(state.time_s)

    def figures(self) -> OperatingFigures:
        """Return the figures of all whole intervals so far, and of every movement."""
        return OperatingFigures(
            operations={name: len(moved.operations) for name, moved in self._apparatus.items()},
            reversed_operations={name: count_reversals(moved.operations) for name, moved in self._apparatus.items()},
            violation_meter_min=self._out_meter_s / 60.0,
            violation_min=self._out_s / 60.0,
            losses_kwh=self._losses_kwh,
        )

    def _close_interval(self, time_s: float) -> None:
        elapsed_s, outside = time_s - self._began_s, meters_outside(self._steps, self._lengths_s)
        self._out_meter_s += outside * elapsed_s
        self._out_s += (outside > 0) * elapsed_s
        self._losses_kwh += self._read_losses_kw() * elapsed_s / 3600.0
        self._began_s, self._steps, self._lengths_s = time_s, [], []


def meters_outside(steps: Sequence[Floats], lengths_s: Sequence[float]) -> int:
    """Count meters of which a leg's mean over these steps, each of shape (meters, 2) in V, lies outside Range A."""
    mean_v = np.average(steps, axis=0, weights=lengths_s)
    return int(np.count_nonzero(((mean_v < RANGE_A_LOWER_V) | (mean_v > RANGE_A_UPPER_V)).any(axis=1)))
