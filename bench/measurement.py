"""A measured value, its uncertainty and its limits, judged in one place."""

import math
from dataclasses import dataclass

from reports.verdict import Verdict


@dataclass(frozen=True)
class Limits:
    """Closed interval that a quantity must lie in; None is unbounded."""

    lower: float | None = None
    upper: float | None = None

    @classmethod
    def around(cls, centre: float, tolerance: float) -> "Limits":
        """Return `centre` plus and minus `tolerance`."""
        return cls(centre - tolerance, centre + tolerance)


@dataclass(frozen=True)
class Measurement:
    """One quantity from one source; `value` None means that it was not measured. Uncertainty: half width, k = 2."""

    quantity: str
    value: float | None
    unit: str
    uncertainty: float
    time_s: float
    source: str
    limits: Limits = Limits()
    row: str | None = None
    clause: str | None = None

    @property
    def is_measured(self) -> bool:
        """Whether there is a value; not-a-number is none."""
        return self.value is not None and math.isfinite(self.value)

    @property
    def verdict(self) -> Verdict:
        """PASS or FAIL when the whole uncertainty band agrees, else INCONCLUSIVE; NOT_RUN when nothing was measured."""
        if self.value is None or not self.is_measured:
            return Verdict.NOT_RUN
        return judge(self.value, self.uncertainty, self.limits)


def judge(value: float, uncertainty: float, limits: Limits) -> Verdict:
    """Compare the band value +- uncertainty with the limits: guarded both ways, after ISO/IEC Guide 98-4."""
    lower = -math.inf if limits.lower is None else limits.lower
    upper = math.inf if limits.upper is None else limits.upper
    if lower <= value - uncertainty and value + uncertainty <= upper:
        return Verdict.PASS
    if value + uncertainty < lower or value - uncertainty > upper:
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE


@dataclass(frozen=True)
class PowerReading:
    """Power of a device as another source than the device measured it, on the feeder's side."""

    power_kw: float
    uncertainty_kw: float
    source: str
    time_s: float


@dataclass(frozen=True)
class VarReading:
    """Reactive power of a device, on the feeder's side, and the voltage at the device that it went with.

    `voltage_v` is the mean of its phases, to neutral or across the pair of a 240 V device; both come from another
    source than the device.
    """

    q_kvar: float
    uncertainty_kvar: float
    voltage_v: float
    voltage_uncertainty_v: float
    source: str
    time_s: float


def worded(measurement: Measurement) -> str:
    """Say what was measured, by what, and what was wanted."""
    if measurement.value is None:
        return f"{measurement.quantity} was not measured by {measurement.source}"
    lower, upper, unit = measurement.limits.lower, measurement.limits.upper, measurement.unit
    bounds = [f"from {lower:.1f}" if lower is not None else "", f"up to {upper:.1f}" if upper is not None else ""]
    return (
        f"{measurement.quantity} {measurement.value:.2f} +- {measurement.uncertainty:.2f} {unit} by "
        f"{measurement.source} at {measurement.time_s:.1f} s, wanted {' '.join(filter(None, bounds))} {unit}"
    )
