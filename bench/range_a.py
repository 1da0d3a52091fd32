"""Which services are out of ANSI C84.1 Range A, by what the feeder model and not any meter says."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Condition = Literal["under", "over"]

RANGE_A_LOWER_V = 114.0
RANGE_A_UPPER_V = 126.0
"""Service voltage limits on the 120 V base, ANSI C84.1-2020 Range A (0.95 and 1.05 per unit)."""


@dataclass(frozen=True)
class RangeASettings:
    """How sustained voltage is judged: mean over `interval_s`; `guard_v` is what a good meter may be wrong by.

    `poll_s` is how long a flag may stand in a meter before its radio looks.
    """

    interval_s: float
    guard_v: float
    poll_s: float = 0.0


class ServiceVoltages:
    """True service voltages of all meters over time, and since when each has been out of range."""

    def __init__(self, meters: tuple[str, ...], settings: RangeASettings) -> None:
        self.meters = meters
        self._index = {name: i for i, name in enumerate(meters)}
        self._settings = settings
        self._times_s: list[float] = []
        self._history: list[NDArray[np.float64]] = []
        self._out_since_s = np.full(len(meters), np.inf)

    def take(self, time_s: float, legs_v: NDArray[np.float64]) -> None:
        """Take one step's leg voltages, V to neutral, shape (meters, 2); one leg out of range is enough."""
        guard = self._settings.guard_v
        out = ((legs_v < RANGE_A_LOWER_V - guard) | (legs_v > RANGE_A_UPPER_V + guard)).any(axis=1)
        self._out_since_s = np.where(out, np.minimum(self._out_since_s, time_s), np.inf)
        self._times_s.append(time_s)
        self._history.append(legs_v)

    @property
    def guard_v(self) -> float:
        """What a good meter may be wrong by, V."""
        return self._settings.guard_v

    @property
    def time_s(self) -> float:
        """The time of the last step taken."""
        return self._times_s[-1]

    def must_have_flagged(self, time_s: float) -> dict[str, float]:
        """Return meters that have been out long enough to tell, with the time by which each had to begin to.

        A meter's own intervals start when they like, so a whole one lies inside any two interval lengths; then its
        radio has to look.
        """
        known_s = self._out_since_s + 2 * self._settings.interval_s + self._settings.poll_s
        return {name: float(known_s[i]) for name, i in self._index.items() if known_s[i] <= time_s}

    def may_soon_flag(self, time_s: float) -> set[str]:
        """Return meters that are out and have been for one interval, so that their alert is on its way or near."""
        ripe = self._out_since_s + self._settings.interval_s <= time_s
        return {name for name, i in self._index.items() if ripe[i]}

    def window_v(self, meter: str, start_s: float, end_s: float) -> NDArray[np.float64]:
        """Return one meter's leg voltages in a window of time, shape (steps, 2), from the step that it starts in."""
        after_start, after_end = np.searchsorted(self._times_s, [start_s, end_s], side="right")
        index = self._index[meter]
        return np.array([step[index] for step in self._history[max(int(after_start) - 1, 0) : int(after_end)]])

    def is_meter(self, meter: str) -> bool:
        """Whether the feeder has a service of that meter."""
        return meter in self._index

    def could_read(self, meter: str, voltage_v: float, time_s: float) -> bool:
        """Whether a good meter could have read this voltage within the last half interval."""
        window = self.window_v(meter, time_s - self._settings.interval_s / 2, time_s)
        guard = self._settings.guard_v
        return bool(window.min() - guard <= voltage_v <= window.max() + guard)

    def was_recently_out(self, meter: str, condition: Condition, time_s: float) -> bool:
        """Whether a good meter could tell now of an interval under or over range: three intervals and a poll back."""
        start_s = time_s - 3 * self._settings.interval_s - self._settings.poll_s
        means = self._interval_means_v(meter, start_s, time_s)
        guard = self._settings.guard_v
        out = means < RANGE_A_LOWER_V + guard if condition == "under" else means > RANGE_A_UPPER_V - guard
        return bool(np.any(out))

    def _interval_means_v(self, meter: str, start_s: float, end_s: float) -> NDArray[np.float64]:
        """Return the means over every whole interval in a window, of both legs, shape (intervals, 2)."""
        return _running_means(self.window_v(meter, start_s, end_s).reshape(-1, 2), self._interval_steps)

    def extremes(self, since_s: float) -> tuple[tuple[str, float], tuple[str, float]]:
        """Return the lowest and the highest interval mean of any leg since a time, each with its meter.

        Where less than one interval has passed, its steps so far are the interval.
        """
        first = min(int(np.searchsorted(self._times_s, since_s, side="left")), len(self._history) - 1)
        legs_v = np.array(self._history[first:])
        means = _running_means(legs_v, min(len(legs_v), self._interval_steps))
        lowest, highest = means.min(axis=(0, 2)), means.max(axis=(0, 2))
        low, high = int(lowest.argmin()), int(highest.argmax())
        return (self.meters[low], float(lowest[low])), (self.meters[high], float(highest[high]))

    def latest(self, meter: str) -> float:
        """Return a meter's present true voltage, of its legs the one farthest from 120 V."""
        return float(max(self._history[-1][self._index[meter]], key=lambda leg_v: abs(leg_v - 120.0)))

    @property
    def _interval_steps(self) -> int:
        step_s = self._times_s[-1] - self._times_s[-2] if len(self._times_s) > 1 else self._settings.interval_s
        return max(1, round(self._settings.interval_s / step_s))


def _running_means(values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Return the means of every `steps` consecutive values along the first axis; none where there are fewer."""
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    means: NDArray[np.float64] = (sums[steps:] - sums[:-steps]) / steps
    return means
