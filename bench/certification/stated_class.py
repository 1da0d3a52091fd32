"""The uncertainty of an analyzer whose maker's accuracy stands in the bench file, per unit of the device under test."""

from dataclasses import dataclass

from bench.accuracy import EXPANDED, Stated
from bench.config import Accuracy

HIGHEST_PU = 1.25
"""The highest voltage, current or power that `voltage_pu` and `power_pu` hold for."""
LOWEST_PU = 0.5
"""The lowest voltage that `voltage_pu` holds for."""


@dataclass(frozen=True)
class StatedClass:
    """Half widths with k = 2 at a reading, by `bench.accuracy`; phases are taken to carry alike.

    `phase_v` and `rating_va` are what per unit means, of one phase and of all of them.
    """

    accuracy: Accuracy
    phase_v: float
    rating_va: float
    phases: int

    def voltage_at(self, voltage_pu: float) -> float:
        """Return that of a voltage, per unit."""
        return self._stated.voltage_v(voltage_pu * self.phase_v) / self.phase_v

    def active_at(self, p_pu: float, q_pu: float) -> float:
        """Return that of the active power where P and Q flow, per unit."""
        return self._stated.active_w(self._each(p_pu), self._each(q_pu)) / self.rating_va

    def reactive_at(self, p_pu: float, q_pu: float) -> float:
        """Return that of the reactive power where P and Q flow, per unit."""
        return self.active_at(q_pu, p_pu)

    def current_at(self, current_pu: float) -> float:
        """Return that of a current, per unit."""
        rated_a = self.rating_va / self.phases / self.phase_v
        return self._stated.current_a(current_pu * rated_a) / rated_a

    @property
    def voltage_pu(self) -> float:
        """The most that a voltage of half of rated or more is unsure by, per unit of it."""
        return self.voltage_at(LOWEST_PU) / LOWEST_PU

    @property
    def power_pu(self) -> float:
        """The most that a power or a current of up to `HIGHEST_PU` is unsure by, at whatever power factor."""
        return max(self.active_at(HIGHEST_PU, HIGHEST_PU), self.current_at(HIGHEST_PU))

    @property
    def frequency_hz(self) -> float:
        """That of a frequency."""
        return EXPANDED * (self.accuracy.frequency_hz or 0.0)

    @property
    def time_s(self) -> float:
        """That of a time between two of the analyzer's time stamps."""
        return EXPANDED * (self.accuracy.time_s or 0.0)

    @property
    def _stated(self) -> Stated:
        return Stated(self.accuracy, EXPANDED)

    def _each(self, power_pu: float) -> list[float]:
        return [power_pu * self.rating_va / self.phases] * self.phases
