"""Voltages of steps of any length: what stood when, means over time, and the extreme means since any moment."""

from bisect import bisect_left, bisect_right

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PRUNED_AT = 512
"""Steps that may lie behind the window before they are dropped, all at once."""
MERGED_V = 1e-3
"""Extremes that differ by less than this count as one, at the more extreme of their values."""
_NOW_S = 1e-6


class VoltageRecord:
    """The steps of the last `keep_s`, of voltages of one shape each.

    A step's voltages stand from the step before until the step; those of the first step for no time.
    """

    def __init__(self, keep_s: float) -> None:
        self.times_s: list[float] = []
        self._steps_v: list[Floats] = []
        self._volt_seconds: list[Floats] = []
        self._keep_s = keep_s

    @property
    def latest_v(self) -> Floats:
        """The voltages of the last step."""
        return self._steps_v[-1]

    def take(self, time_s: float, volts: Floats, interval_s: float) -> list[float]:
        """Add a step, and return the ends of the intervals that it completes, s.

        An interval's mean over steps is extreme where it begins or ends with a step: those are the ones that count.
        """
        before_s = self.times_s[-1] if self.times_s else time_s
        before_vs = self._volt_seconds[-1] if self.times_s else np.zeros_like(volts)
        self.times_s.append(time_s)
        self._steps_v.append(volts)
        self._volt_seconds.append(before_vs + volts * (time_s - before_s))
        self._prune()
        ends_s = self.interval_ends_s(before_s - interval_s, time_s, interval_s)
        return [end_s for end_s in ends_s if end_s > before_s + _NOW_S]

    def interval_ends_s(self, start_s: float, end_s: float, interval_s: float) -> list[float]:
        """Return where intervals within a window of time end that begin or end with a step, in order, s."""
        first_s, last_s = max(start_s, self.times_s[0]) + interval_s - _NOW_S, min(end_s, self.times_s[-1]) + _NOW_S
        ends = self._between(first_s, last_s)
        ends += [t + interval_s for t in self._between(first_s - interval_s, last_s - interval_s)]
        ends.sort()
        return [end for i, end in enumerate(ends) if i == 0 or end - ends[i - 1] > _NOW_S]

    def mean_v(self, start_s: float, end_s: float) -> Floats:
        """Return the mean over a stretch of time; of no time what stood there."""
        if end_s - start_s < _NOW_S:
            return self._steps_v[min(bisect_left(self.times_s, end_s - _NOW_S), len(self.times_s) - 1)]
        mean: Floats = (self._until(end_s) - self._until(start_s)) / (end_s - start_s)
        return mean

    def steps_v(self, start_s: float, end_s: float) -> list[Floats]:
        """Return the voltages of the steps in a window of time, from the step that it starts in."""
        first = max(bisect_right(self.times_s, start_s) - 1, 0)
        return self._steps_v[first : bisect_right(self.times_s, end_s)]

    def _between(self, first_s: float, last_s: float) -> list[float]:
        return self.times_s[bisect_left(self.times_s, first_s) : bisect_right(self.times_s, last_s)]

    def _until(self, time_s: float) -> Floats:
        """Integrate from the first step on, V s."""
        after = min(bisect_left(self.times_s, time_s - _NOW_S), len(self.times_s) - 1)
        return self._volt_seconds[after] - self._steps_v[after] * (self.times_s[after] - time_s)

    def _prune(self) -> None:
        old = bisect_left(self.times_s, self.times_s[-1] - self._keep_s) - 1
        if old > PRUNED_AT:
            del self.times_s[:old], self._steps_v[:old], self._volt_seconds[:old]


class RunningExtreme:
    """The most extreme of all values since any moment, with its index, in memory that a rising series cannot fill.

    Of what was added only those are kept that nothing later surpasses.
    """

    def __init__(self) -> None:
        self._times_s: list[float] = []
        self._found: list[tuple[int, float]] = []

    def add(self, time_s: float, index: int, value: float, upwards: float) -> None:
        """Add a value, in the order of time; `upwards` is 1 where the highest is wanted and -1 for the lowest."""
        while self._found and upwards * (value - self._found[-1][1]) >= 0.0:
            self._times_s.pop()
            self._found.pop()
        if self._found and upwards * (self._found[-1][1] - value) < MERGED_V:
            self._times_s[-1] = time_s
            return
        self._times_s.append(time_s)
        self._found.append((index, value))

    def since(self, time_s: float) -> tuple[int, float] | None:
        """Return index and value of the most extreme since a time; None where nothing was added since."""
        place = bisect_left(self._times_s, time_s - _NOW_S)
        return self._found[place] if place < len(self._found) else None
