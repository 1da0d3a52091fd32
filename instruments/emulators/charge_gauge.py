"""What an emulated battery tells of its state of charge: what was counted, unless it is defective."""

from instruments.emulators.der_registers import HOUR_S
from instruments.emulators.faults import FaultSet

NEAR_END_PU = 0.03
"""A gauge that drifts says neither full nor empty by itself: it stops so far from both until one is really reached."""
FULL_PU, EMPTY_PU = 1.0 - 1e-6, 1e-6
"""Where charge counts as full and as empty: what is counted in steps does not end at them exactly."""
BENT = 4.0
"""A gauge that is off at one end is so from there on up to so many times what it is off by; beyond it is right."""


class ChargeGauge:
    """Tells the state of charge, per unit of capacity."""

    def __init__(self, faults: FaultSet) -> None:
        self._faults = faults
        self._drift_pu = 0.0
        self._frozen_pu: float | None = None

    def advance(self, counted_pu: float, time_s: float, dt_s: float) -> None:
        """Let time pass, s, at whose end so much charge was counted."""
        drifts = self._faults.active("soc-drifts", time_s)
        at_end = not EMPTY_PU < counted_pu < FULL_PU
        self._drift_pu = 0.0 if at_end or drifts is None else self._drift_pu + drifts.value * dt_s / HOUR_S
        if self._faults.active("soc-frozen", time_s) and self._frozen_pu is None:
            self._frozen_pu = counted_pu

    def told_pu(self, counted_pu: float, time_s: float) -> float:
        """Return what it tells of a charge that was counted."""
        if self._frozen_pu is not None and self._faults.active("soc-frozen", time_s):
            return self._frozen_pu
        if self._drift_pu:
            return min(max(counted_pu + self._drift_pu, NEAR_END_PU), 1.0 - NEAR_END_PU)
        early, late = (self._faults.active(kind, time_s) for kind in ("overcharges", "over-discharges"))
        told_pu = counted_pu if early is None else 1.0 - _short_of(1.0 - counted_pu, early.value)
        return told_pu if late is None else _short_of(told_pu, late.value)


def _short_of(distance_pu: float, short_pu: float) -> float:
    """Return a distance to an end that reads 0 when so much is left, and is right from `BENT` times that on."""
    if distance_pu >= BENT * short_pu:
        return distance_pu
    return max(distance_pu - short_pu, 0.0) * BENT / (BENT - 1.0)
