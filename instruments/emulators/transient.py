"""A transient that an emulated AC source plays by itself: voltages and frequency as lines over time."""

from collections.abc import Sequence
from dataclasses import dataclass

Line = tuple[tuple[float, float], ...]
"""Corners, s and value, in order of time; of two at one moment the later one holds from then on."""


@dataclass(frozen=True)
class Transient:
    """Voltage of each phase, V, and frequency, Hz, from its beginning to `duration_s`."""

    duration_s: float
    voltage_v: tuple[Line, ...]
    frequency_hz: Line


class LineBuilder:
    """Draws a line segment by segment."""

    def __init__(self, value: float) -> None:
        self._corners = [(0.0, value)]

    def jump(self, value: float) -> None:
        """Go to a value at once."""
        self._corners.append((self._corners[-1][0], value))

    def ramp(self, value: float, duration_s: float) -> None:
        """Go to a value over a time."""
        self._corners.append((self._corners[-1][0] + duration_s, value))

    def hold(self, duration_s: float) -> None:
        """Stay for a time."""
        self.ramp(self._corners[-1][1], duration_s)

    def slew(self, value: float, rate: float, duration_s: float) -> None:
        """Go to a value at no more than a rate a second; after `duration_s` the segment ends, arrived or not."""
        away = value - self._corners[-1][1]
        takes_s = abs(away) / rate
        if takes_s <= duration_s:
            self.ramp(value, takes_s)
            self.hold(duration_s - takes_s)
        else:
            self.ramp(self._corners[-1][1] + away * duration_s / takes_s, duration_s)

    @property
    def line(self) -> Line:
        """What was drawn."""
        return tuple(self._corners)


def value_at(line: Line, time_s: float) -> float:
    """Return the value of a line at a time; its ends go on for ever."""
    before = max(i for i, (moment, _) in enumerate(line) if moment <= time_s)
    start_s, start = line[before]
    if before + 1 == len(line):
        return start
    end_s, end = line[before + 1]
    return start + (end - start) * (time_s - start_s) / (end_s - start_s)


def values_at(lines: Sequence[Line], time_s: float) -> tuple[float, ...]:
    """Return the values of several lines at a time."""
    return tuple(value_at(line, time_s) for line in lines)
