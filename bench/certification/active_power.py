"""What active power equipment owes at a voltage and a frequency: IEEE 1547-2018 5.4.2 and 6.5.2.7, 5.15 and 5.16.

Pure functions of settings and measured values, per unit of rated active power. The frequency-droop begins at the power
of the moment at which frequency left its deadband; volt-watt caps whatever the droop asks for; a limit of active power
holds without a droop and sets where a droop begins, but does not hold back a rise that low frequency asks for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from bench.certification.criteria import Criterion, Reading
from bench.certification.curves import Curve
from bench.measurement import Limits

NOMINAL_HZ = 60.0


@dataclass(frozen=True)
class Droop:
    """A droop of the same deadband, Hz, and slope above and below nominal, between `lowest` and `highest` power."""

    deadband_hz: float
    droop: float
    lowest: float = 0.0
    highest: float = 1.0

    def curve(self, before: float) -> Curve:
        """Return power over frequency for a power before the disturbance; raises ValueError for one out of bounds."""
        if not self.lowest <= before <= self.highest:
            raise ValueError(f"a power of {before:g} before the disturbance is not in {self.lowest} to {self.highest}")
        slope_hz = NOMINAL_HZ * self.droop
        above, below = NOMINAL_HZ + self.deadband_hz, NOMINAL_HZ - self.deadband_hz
        x = (below - (self.highest - before) * slope_hz, below, above, above + (before - self.lowest) * slope_hz)
        return Curve(x, (self.highest, before, before, self.lowest))

    def is_inside(self, frequency_hz: float) -> bool:
        """Whether a frequency is within the deadband."""
        return abs(frequency_hz - NOMINAL_HZ) <= self.deadband_hz

    def bounded(self, before: float) -> float:
        """Return a measured power, freed of what measurement puts it beyond the bounds by."""
        return min(max(before, self.lowest), self.highest)


@dataclass(frozen=True)
class Owed:
    """Volt-watt, frequency-droop and a limit of active power, all in force; `limit` 1.0 is none."""

    droop: Droop
    volt_watt: Curve
    limit: float = 1.0

    def at(self, voltage_pu: float, frequency_hz: float, before: float) -> float:
        """Return the power that is owed; `before` is that of when frequency left the deadband."""
        free = self.limit if self.droop.is_inside(frequency_hz) else self.droop.curve(before).at(frequency_hz)
        return min(free, self.volt_watt.at(voltage_pu), self.droop.highest)

    def criterion(
        self, voltage: Reading, frequency: Reading, before: Reading, power: Reading, accuracy: "Accuracies"
    ) -> Criterion:
        """Return the band of a power at rest, and what is uncertain about it."""
        start = self.droop.bounded(before.value)

        def band(v: float, f: float) -> tuple[float, float]:
            corners = product(_around(v, accuracy.voltage_pu), _around(f, accuracy.frequency_hz))
            return _span(self.at(a, b, start) for a, b in corners)

        low, high = band(voltage.value, frequency.value)
        others = [
            band(v, f)
            for v, f in product(
                _around(voltage.value, voltage.uncertainty), _around(frequency.value, frequency.uncertainty)
            )
        ]
        moved = max(max(abs(a - low), abs(b - high)) for a, b in others)
        inside = self.droop.is_inside(frequency.value)
        uncertainty = power.uncertainty + moved + (0.0 if inside else before.uncertainty)
        limits = Limits(low - accuracy.power_pu, high + accuracy.power_pu)
        return Criterion(self.at(voltage.value, frequency.value, start), limits, uncertainty)


@dataclass(frozen=True)
class Accuracies:
    """Widened accuracies of voltage, frequency and active power."""

    voltage_pu: float
    frequency_hz: float
    power_pu: float


def _around(value: float, half: float) -> tuple[float, float]:
    return value - half, value + half


def _span(values: Iterable[float]) -> tuple[float, float]:
    found = list(values)
    return min(found), max(found)
