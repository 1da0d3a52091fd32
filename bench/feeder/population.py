"""Many inverters at once: volt-var after IEEE 1547-2018 with its open-loop response time, power from what is available.

The model repeats what EPRI's OpenDER computes for the same settings (a test compares them), without its trip and
enter-service functions: devices that are looked at closely are emulated one by one elsewhere.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from bench.feeder.model import Floats

DE_ENERGISED_PU = 0.1
"""Below this voltage there is no grid to inject into."""

_OLRT_PER_HALF_STEP = 1.15  # ln(10) / 2 as OpenDER rounds it: 90 % of the way after the open-loop response time


@dataclass(frozen=True)
class VoltVarCurve:
    """Voltage in per unit of rated, reactive power in per unit of the rated apparent power, injection positive."""

    v_pu: tuple[float, float, float, float]
    q_pu: tuple[float, float, float, float]
    open_loop_response_s: float

    def q_target_pu(self, v_pu: Floats) -> Floats:
        """Return what the curve asks for at these voltages."""
        return np.interp(v_pu, self.v_pu, self.q_pu)

    def slope_pu(self, v_pu: Floats) -> Floats:
        """Return -dQ/dV at these voltages, zero in the dead band and where the curve is saturated."""
        segment = np.searchsorted(self.v_pu, v_pu, side="right") - 1
        steep = [-np.diff(self.q_pu)[i] / np.diff(self.v_pu)[i] if np.diff(self.v_pu)[i] else 0.0 for i in range(3)]
        inside = (segment >= 0) & (segment < len(steep))
        return np.where(inside, np.array(steep)[np.clip(segment, 0, len(steep) - 1)], 0.0)


CATEGORY_A = VoltVarCurve((0.90, 1.00, 1.00, 1.10), (0.25, 0.0, 0.0, -0.25), 10.0)
"""IEEE 1547-2018 table 8, category A defaults."""

CATEGORY_B = VoltVarCurve((0.92, 0.98, 1.02, 1.08), (0.44, 0.0, 0.0, -0.44), 5.0)
"""IEEE 1547-2018 table 8, category B defaults."""


class LowPowerCapability(Enum):
    """How much reactive power an inverter gives at low active power; OpenDER's NP_Q_CAPABILITY_LOW_P."""

    SAME = "same"
    """The full range at any active power, night included."""
    REDUCED = "reduced"
    """Nothing below 5 % of rated power, then a quarter of the range, rising to all of it at 20 %."""


_REDUCED = ((0.0, 0.04999, 0.05, 0.2, 1.0), (0.0, 0.0, 0.25, 1.0, 1.0))


class InverterPopulation:
    """Inverters with one volt-var curve; arrays are in the order of `rating_kva`."""

    def __init__(
        self,
        rating_kva: Floats,
        curve: VoltVarCurve = CATEGORY_B,
        low_power: LowPowerCapability = LowPowerCapability.SAME,
        q_limit_pu: float = 0.44,
    ) -> None:
        """Take the apparent power ratings; the active power rating is the same, `q_limit_pu` the reactive one."""
        self.rating_kva = np.asarray(rating_kva, dtype=np.float64)
        self.curve = curve
        self._low_power = low_power
        self._q_limit_pu = q_limit_pu
        self._asked: Floats | None = None
        self._answered = np.zeros_like(self.rating_kva)

    def step(self, v_pu: Floats, p_available_kw: Floats, dt_s: float) -> tuple[Floats, Floats]:
        """Advance by `dt_s` and return P in kW and Q in kvar; the first step starts settled.

        Args:
            v_pu: terminal voltages, shape (inverters,).
            p_available_kw: what the source gives, negative for charging, shape (inverters,).
            dt_s: time since the last step; longer than the response time, the answer follows at once.
        """
        target = self.curve.q_target_pu(v_pu)
        live = v_pu >= DE_ENERGISED_PU
        q_pu = self._filter(np.where(live, target, 0.0), dt_s)
        p_pu = _within(1.0, p_available_kw / self.rating_kva)
        p_pu, q_pu = self._limit(p_pu, q_pu)
        return np.where(live, p_pu, 0.0) * self.rating_kva, np.where(live, q_pu, 0.0) * self.rating_kva

    def settled_kvar(self, v_pu: Floats, p_kw: Floats) -> Floats:
        """Return Q in kvar once the response has died out, without advancing."""
        _, q_pu = self._limit(p_kw / self.rating_kva, self.curve.q_target_pu(v_pu))
        return q_pu * self.rating_kva

    def slope_kvar_per_pu(self, v_pu: Floats, p_kw: Floats) -> Floats:
        """Return -dQ/dV of the settled answer, zero in the dead band and where the inverter is at a limit."""
        asked = self.curve.q_target_pu(v_pu)
        _, given = self._limit(p_kw / self.rating_kva, asked)
        return np.where(given == asked, self.curve.slope_pu(v_pu), 0.0) * self.rating_kva

    def _filter(self, target: Floats, dt_s: float) -> Floats:
        """First-order lag in its bilinear form, OpenDER's equation 3.12.1-2."""
        if self._asked is None:
            self._asked, self._answered = target, target
        lag_s = self.curve.open_loop_response_s / _OLRT_PER_HALF_STEP
        if lag_s < dt_s:
            self._answered = target
        else:
            share = dt_s / (dt_s + lag_s)
            self._answered = share * (target + self._asked) + (lag_s - dt_s) / (lag_s + dt_s) * self._answered
        self._asked = target
        return self._answered

    def _limit(self, p_pu: Floats, q_pu: Floats) -> tuple[Floats, Floats]:
        """Keep Q inside its capability and give up P where the apparent power would be exceeded."""
        limit_pu: Floats | float = self._q_limit_pu
        if self._low_power is LowPowerCapability.REDUCED:
            limit_pu = self._q_limit_pu * np.interp(p_pu, *_REDUCED)
        q_pu = _within(limit_pu, q_pu)
        return _within(np.sqrt(1.0 - q_pu * q_pu), p_pu), q_pu


def _within(limit: Floats | float, values: Floats) -> Floats:
    """Keep values between -limit and +limit, as numpy.clip does at a third of its cost for short arrays."""
    return np.minimum(np.maximum(values, -limit), limit)
