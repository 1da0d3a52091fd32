"""Whether the resources that were dispatched sufficed, from measurements at the feeder's head and at the devices.

The feeder was to draw no more than its forecast less the requirement. A measurement whose uncertainty reaches across
that limit cannot tell; the requirement stands for the reliability of the grid, so what cannot be shown to suffice is
acted upon as if it did not: a call that was not needed costs comfort, one that was missing costs the constraint.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Finding(StrEnum):
    """What a measurement says about a limit."""

    MET = "met"
    NOT_MET = "not met"
    UNCLEAR = "cannot tell"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class HeadFinding:
    """The load at the feeder's head against its limit, kW, with the uncertainty of the measurement (coverage 2)."""

    measured_kw: float
    uncertainty_kw: float
    limit_kw: float

    @property
    def finding(self) -> Finding:
        """Met when all of the uncertainty lies at or below the limit, not met when all of it lies above."""
        return _finding(self.excess_kw, self.uncertainty_kw)

    @property
    def excess_kw(self) -> float:
        """Measured load above the limit; below zero where it lies under it."""
        return self.measured_kw - self.limit_kw

    @property
    def is_sufficient(self) -> bool:
        """Whether nothing more has to be done: only when that is shown."""
        return self.finding is Finding.MET

    @property
    def further_kw(self) -> float:
        """Reduction after which the limit is kept for sure; 0 when it is."""
        return max(0.0, self.excess_kw + self.uncertainty_kw)


@dataclass(frozen=True)
class DeviceFinding:
    """Power that was asked of a device and what it gave, kW into the feeder; `measured_kw` None: nobody measured it."""

    requested_kw: float
    measured_kw: float | None
    uncertainty_kw: float
    tolerance_kw: float

    @property
    def missing_kw(self) -> float | None:
        """What the feeder got less than was asked for: too little output, or too much charging."""
        return None if self.measured_kw is None else self.requested_kw - self.measured_kw

    @property
    def finding(self) -> Finding:
        """Met when it gave what was asked, within the tolerance, or more."""
        if self.missing_kw is None:
            return Finding.NOT_MEASURED
        return _finding(self.missing_kw - self.tolerance_kw, self.uncertainty_kw)


def judge_head(measured_kw: float, uncertainty_kw: float, forecast_kw: float, requirement_kw: float) -> HeadFinding:
    """Hold the load at the feeder's head in an interval against its forecast less the requirement, all in kW.

    Forecast and measurement are of the same kind, with or without the DER that run anyway. Raises ValueError for
    figures that are not finite, or an uncertainty below zero.
    """
    _check(uncertainty_kw, measured_kw, forecast_kw, requirement_kw)
    return HeadFinding(measured_kw, uncertainty_kw, forecast_kw - requirement_kw)


def judge_devices(
    requested_kw: Mapping[str, float],
    measured_kw: Mapping[str, float | None],
    uncertainty_kw: Mapping[str, float],
    tolerance_kw: float = 0.0,
) -> dict[str, DeviceFinding]:
    """Hold what each device gave against what was asked of it.

    Raises ValueError as `judge_head` does, and for a measurement without an uncertainty: such one proves nothing.
    """
    vague = [d for d in requested_kw if measured_kw.get(d) is not None and d not in uncertainty_kw]
    if vague:
        raise ValueError(f"measured without an uncertainty: {', '.join(vague)}")
    _check(tolerance_kw, *requested_kw.values(), *(kw for kw in measured_kw.values() if kw is not None))
    for uncertainty in uncertainty_kw.values():
        _check(uncertainty)
    return {
        device: DeviceFinding(asked_kw, measured_kw.get(device), uncertainty_kw.get(device, 0.0), tolerance_kw)
        for device, asked_kw in requested_kw.items()
    }


def _finding(beyond_kw: float, uncertainty_kw: float) -> Finding:
    if beyond_kw + uncertainty_kw <= 0.0:
        return Finding.MET
    return Finding.NOT_MET if beyond_kw - uncertainty_kw > 0.0 else Finding.UNCLEAR


def _check(at_least_zero: float, *numbers: float) -> None:
    if not (math.isfinite(at_least_zero) and at_least_zero >= 0.0 and all(map(math.isfinite, numbers))):
        raise ValueError("a power is not finite, or an uncertainty or tolerance is below zero")
