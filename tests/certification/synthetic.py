"""A device under test that is a formula, with the source and the analyzer in front of it: exact, and wrong as told.

It knows nothing of the bench's criteria and nothing of the emulators. Its answers are first-order, worked out exactly
between two changes of the stimulus; its instruments have no noise, and the uncertainty that a test gives them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from rigs import PHASE_V, PHASES, RATED_V, RATED_VA, in_pu, rig_around, seen_by_analyzer

from bench.certification.rig import InstrumentClass, Rig
from instruments.readings import AcMeasurement, AcReading, Characteristic, Nameplate, VoltVarCurve

EXACT = InstrumentClass(voltage_pu=0.0, power_pu=0.0)
AT_ONCE_S = 1e-6


@dataclass(frozen=True)
class Defect:
    """How it answers otherwise than it should: times its response time, times its curve, so much off, never at all.

    `said` is what is added to its own readings of power, vars, voltage (per unit) and frequency (Hz).
    """

    slowness: float = 1.0
    gain: float = 1.0
    offset_pu: float = 0.0
    deaf: bool = False
    said: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


SOUND = Defect()


def interpolated(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Return a piecewise linear characteristic at a stimulus, constant outside of its corners."""
    if x <= xs[0]:
        return ys[0]
    for (x0, y0), (x1, y1) in zip(zip(xs, ys, strict=True), list(zip(xs, ys, strict=True))[1:], strict=False):
        if x <= x1:
            return y1 if x1 == x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return ys[-1]


class SyntheticDevice:
    """Answers with the function in force; what steps it is measured exactly."""

    def __init__(self, defect: Defect = SOUND) -> None:
        self.defect = defect
        self.voltage_pu, self.frequency_hz, self.offered_pu, self.limit_pu = 1.0, 60.0, 1.0, 1.0
        self._p_pu, self._q_pu = 1.0, 0.0
        self.disable_functions()

    def unmapped(self, *_names: str) -> list[str]:
        return []

    def disable_functions(self) -> None:
        """Follow nothing: what is offered is delivered, without vars."""
        self._vars: Callable[[], float] = lambda: 0.0
        self._watts: Callable[[], float] = lambda: 1.0
        self._vars_s = self._watts_s = AT_ONCE_S
        self.limit_pu = 1.0

    def set_volt_var(self, curve: VoltVarCurve) -> None:
        """Follow voltage with vars."""
        self._vars = self._wrong(lambda: interpolated(self.voltage_pu, curve.v_pu, curve.q_pu))
        self._vars_s = curve.response_s * self.defect.slowness

    def set_watt_var(self, curve: Characteristic, response_s: float = 10.0) -> None:
        """Follow active power with vars, as fast as IEEE 1547-2018 allows at least."""
        self._vars = self._wrong(lambda: interpolated(self._p_pu, curve.x_pu, curve.y_pu))
        self._vars_s = response_s * self.defect.slowness

    def set_volt_watt(self, curve: Characteristic) -> None:
        """Limit active power by voltage."""
        limit = self._wrong(lambda: min(interpolated(self.voltage_pu, curve.x_pu, curve.y_pu), self.offered_pu))
        self._watts, self._watts_s = limit, curve.response_s * self.defect.slowness

    def _wrong(self, asked: Callable[[], float]) -> Callable[[], float]:
        defect = self.defect
        return (lambda: 0.0) if defect.deaf else lambda: asked() * defect.gain + defect.offset_pu

    def limit_power_pct(self, limit_pct: float, _reversion_s: float) -> None:
        """Limit active power at once."""
        self.limit_pu = limit_pct / 100.0

    def advance(self, dt_s: float) -> None:
        """Answer to a stimulus that has stayed for a time: a decade of the rest in each response time."""
        watts = self._watts() if self._watts_s != AT_ONCE_S else min(self.offered_pu, self.limit_pu)
        self._p_pu = watts + (self._p_pu - watts) * 10.0 ** -min(dt_s / self._watts_s, 300.0)
        wanted = self._vars()
        self._q_pu = wanted + (self._q_pu - wanted) * 10.0 ** -min(dt_s / self._vars_s, 300.0)

    def set_voltage(self, voltage_v: Sequence[float], frequency_hz: float, _angle_deg: object = None) -> None:
        """Be the source as well."""
        self.voltage_pu, self.frequency_hz = fmean(in_pu(voltage_v)), frequency_hz

    def supply(self, level_pu: float) -> None:
        """Be the DC side as well."""
        self.offered_pu = level_pu

    def measure(self) -> AcMeasurement:
        """Be the analyzer as well: all phases alike."""
        return seen_by_analyzer((self.voltage_pu,) * PHASES, self._p_pu, self._q_pu, self.frequency_hz)

    def read_ac(self) -> AcReading:
        """Say what its own registers say."""
        p, q, v, f = self.defect.said
        volts = ((self.voltage_pu + v) * PHASE_V,) * PHASES
        p_w, q_var = (self._p_pu + p) * RATED_VA, (self._q_pu + q) * RATED_VA
        return AcReading(p_w, q_var, math.hypot(p_w, q_var), self.frequency_hz + f, volts, 0.0, True, True)


def rig_of(device: SyntheticDevice, category: str = "B", instrument: InstrumentClass = EXACT) -> Rig:
    """Put a device on its rig."""
    vars_pu = (0.44, 0.25 if category == "A" else 0.44)
    injected, absorbed = (share * RATED_VA for share in vars_pu)
    return rig_around(
        device, Nameplate(RATED_VA, RATED_VA, injected, absorbed, 0.0, RATED_V, category, "III"), instrument, PHASES
    )
