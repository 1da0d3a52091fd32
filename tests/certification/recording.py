"""An analyzer that records by itself, around a device that is a formula; and looks whose moments are known badly.

Time passes for the device in steps of the record's interval while it is on. Stamps begin anywhere: nobody may take
them for the bench's clock.
"""

from dataclasses import replace
from typing import Any

from bench.certification.rig import Rig
from bench.clock import Clock, Slip
from instruments.readings import AcMeasurement, CaptureLimits

STAMP_BEGINS_S = 12_345.0


LIMITS = CaptureLimits(0.001, 10_000)


class Recorder:
    """The analyzer of a rig, which takes the place of the rig's own."""

    def __init__(self, rig: Rig, device: Any, limits: CaptureLimits = LIMITS) -> None:
        self._device, self.limits = device, limits
        self.time_s = STAMP_BEGINS_S
        self.armed: list[tuple[float, int]] = []
        self._lines: list[AcMeasurement] = []
        self._left, self._next_s = 0, 0.0
        rig.analyzer, rig.advance, rig.capture = self, self.advance, limits  # type: ignore[assignment]

    def measure(self) -> AcMeasurement:
        measured: AcMeasurement = self._device.measure()
        return measured

    def arm_capture(self, interval_s: float, points: int) -> None:
        assert interval_s >= self.limits.interval_s
        assert 2 <= points <= self.limits.points
        self.armed.append((interval_s, points))
        self._lines, self._left, self._next_s = [], points, self.time_s
        self._record()

    def read_capture(self) -> tuple[AcMeasurement, ...]:
        self._left = 0
        return tuple(self._lines)

    def advance(self, dt_s: float) -> None:
        while self._left and self._next_s < self.time_s + dt_s - 1e-9:
            step_s = self._next_s - self.time_s
            self._pass(step_s)
            dt_s -= step_s
        self._pass(dt_s)

    def _pass(self, dt_s: float) -> None:
        self._device.advance(dt_s)
        self.time_s += dt_s
        self._record()

    def _record(self) -> None:
        if self._left and self._next_s <= self.time_s + 1e-9:
            self._lines.append(replace(self.measure(), time_s=self._next_s))
            self._left -= 1
            self._next_s += self.armed[-1][0]


def clock_of_the_wall() -> Clock:
    """Return a clock that goes on at once, and by which moments are known as badly as by one on the wall."""
    clock = Clock()
    clock.slip = Slip(tolerance_s=1.0)
    return clock
