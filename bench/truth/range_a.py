"""Which services are out of ANSI C84.1 Range A, by what the feeder model and not any meter says."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.truth.voltage_record import RunningExtreme, VoltageRecord

Condition = Literal["under", "over"]

RANGE_A_LOWER_V = 114.0
RANGE_A_UPPER_V = 126.0
"""Service voltage limits on the 120 V base, ANSI C84.1-2020 Range A (0.95 and 1.05 per unit)."""
LATE_S = 900.0
"""How late a message may come that tells of a voltage, s: so long the steps that it may be about are kept."""


@dataclass(frozen=True)
class RangeASettings:
    """How sustained voltage is judged: mean over `interval_s`; `guard_v` is what a good meter may be wrong by.

    `poll_s` is how long a flag may stand in a meter before its radio looks.
    """

    interval_s: float
    guard_v: float
    poll_s: float = 0.0


class ServiceVoltages:
    """True service voltages of all meters over time, and since when each has been out of range.

    A step's voltages count for the time since the step before, as they do in the meters; steps may be of any length.
    Kept are the steps of a window behind the present one, and of all before the interval means that are extreme since
    any moment: memory does not grow with the length of a run.
    """

    def __init__(self, meters: tuple[str, ...], settings: RangeASettings) -> None:
        self.meters = meters
        self._index = {name: i for i, name in enumerate(meters)}
        self._settings = settings
        self._record = VoltageRecord(4 * settings.interval_s + settings.poll_s + LATE_S)
        self._lowest, self._highest = RunningExtreme(), RunningExtreme()
        self._out_since_s = np.full(len(meters), np.inf)

    def take(self, time_s: float, legs_v: NDArray[np.float64]) -> None:
        """Take one step's leg voltages, V to neutral, shape (meters, 2); one leg out of range is enough."""
        guard = self._settings.guard_v
        out = ((legs_v < RANGE_A_LOWER_V - guard) | (legs_v > RANGE_A_UPPER_V + guard)).any(axis=1)
        self._out_since_s = np.where(out, np.minimum(self._out_since_s, time_s), np.inf)
        interval_s = self._settings.interval_s
        for end_s in self._record.take(time_s, legs_v, interval_s):
            self._note_extremes(end_s - interval_s, self._record.mean_v(end_s - interval_s, end_s))

    @property
    def guard_v(self) -> float:
        """What a good meter may be wrong by, V."""
        return self._settings.guard_v

    @property
    def time_s(self) -> float:
        """The time of the last step taken."""
        return self._record.times_s[-1]

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
        index = self._index[meter]
        return np.array([step[index] for step in self._record.steps_v(start_s, end_s)])

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
        interval_s, index = self._settings.interval_s, self._index[meter]
        ends_s = self._record.interval_ends_s(start_s, end_s, interval_s)
        return np.array([self._record.mean_v(e - interval_s, e)[index] for e in ends_s]).reshape(-1, 2)

    def extremes(self, since_s: float) -> tuple[tuple[str, float], tuple[str, float]]:
        """Return the lowest and the highest interval mean of any leg since a time, each with its meter.

        Where less than one interval has passed, its steps so far are the interval.
        """
        low, high = self._lowest.since(since_s), self._highest.since(since_s)
        if low is None or high is None:
            means = self._record.mean_v(max(since_s, self._record.times_s[0]), self.time_s)
            low, high = _extreme(means, -1.0), _extreme(means, 1.0)
        return (self.meters[low[0]], low[1]), (self.meters[high[0]], high[1])

    def latest(self, meter: str) -> float:
        """Return a meter's present true voltage, of its legs the one farthest from 120 V."""
        return float(max(self._record.latest_v[self._index[meter]], key=lambda leg_v: abs(leg_v - 120.0)))

    def _note_extremes(self, start_s: float, means_v: NDArray[np.float64]) -> None:
        self._lowest.add(start_s, *_extreme(means_v, -1.0), upwards=-1.0)
        self._highest.add(start_s, *_extreme(means_v, 1.0), upwards=1.0)


def _extreme(means_v: NDArray[np.float64], upwards: float) -> tuple[int, float]:
    """Return the meter with the most extreme leg, by its number, and that leg's voltage; shape (meters, 2)."""
    place = int((upwards * means_v).argmax())
    return place // means_v.shape[1], float(means_v.flat[place])
