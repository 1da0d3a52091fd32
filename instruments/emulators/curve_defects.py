"""How a defective device follows its characteristics otherwise than it should."""

from collections.abc import Sequence
from dataclasses import dataclass

from instruments.emulators.faults import FaultSet

PCT = 100.0
VOLT_VAR, VOLT_WATT, WATT_VAR = 705, 706, 712
SLOPES = {VOLT_VAR: "wrong-volt-var-slope", VOLT_WATT: "wrong-volt-watt-slope", WATT_VAR: "wrong-watt-var-slope"}
RESPONSES = {VOLT_VAR: "wrong-response-time", VOLT_WATT: "wrong-volt-watt-response-time"}
REVERSALS = {VOLT_VAR: "volt-var-reversed", WATT_VAR: "watt-var-reversed"}
VOLT_VAR_CORNERS, VOLT_WATT_CORNERS = 4, 2

Corners = Sequence[float]


@dataclass(frozen=True)
class CurveDefect:
    """Shares of slope, of the dead band's width and of response time; the sign of the response; a shift of voltage, %.

    `adopts`: whether an adoption comes to an end; `adopts_any`: whether of anything; `keeps_old`: without effect.
    """

    slope: float = 1.0
    response: float = 1.0
    dead_band: float = 1.0
    sign: float = 1.0
    shift_pct: float = 0.0
    adopts: bool = True
    adopts_any: bool = False
    keeps_old: bool = False

    def bent(self, x_pct: Corners, y_pct: Corners) -> tuple[Corners, Corners]:
        """Return the corners, in percent, of the curve that is followed instead of one."""
        x: Corners = x_pct
        y: Corners = y_pct
        if len(x_pct) == VOLT_VAR_CORNERS:
            x = self._volt_var(*x_pct)
        elif len(x_pct) == VOLT_WATT_CORNERS:
            x = self._volt_watt(*x_pct)
        else:
            y = [value * self.slope for value in y_pct]
        return [value + self.shift_pct for value in x], [value * self.sign for value in y]

    def _volt_var(self, v1: float, v2: float, v3: float, v4: float) -> Corners:
        """Move the inner corners towards their middle, and the outer ones so that their slopes are a share."""
        middle, half = (v2 + v3) / 2.0, (v3 - v2) / 2.0 * self.dead_band
        inner = (v2, v3) if self.dead_band == 1.0 else (middle - half, middle + half)
        outer = (v1, v4) if self.slope == 1.0 else (v2 - (v2 - v1) / self.slope, v3 + (v4 - v3) / self.slope)
        return outer[0], *inner, outer[1]

    def _volt_watt(self, v1: float, v2: float) -> Corners:
        return v1, v1 + (v2 - v1) / self.slope


SOUND = CurveDefect()


def defect_of(faults: FaultSet, model_id: int, time_s: float) -> CurveDefect:
    """Return what is wrong with the function behind a curve model at a moment."""

    def value(kind: str | None, otherwise: float) -> float:
        found = faults.active(kind, time_s) if kind else None
        return found.value if found else otherwise

    by_voltage = model_id != WATT_VAR
    reversal = REVERSALS.get(model_id)
    return CurveDefect(
        slope=value(SLOPES[model_id], 1.0),
        response=value(RESPONSES.get(model_id), 1.0),
        dead_band=value("wrong-dead-band" if model_id == VOLT_VAR else None, 1.0),
        sign=-1.0 if reversal and faults.active(reversal, time_s) else 1.0,
        shift_pct=value("curves-shifted", 0.0) * PCT if by_voltage else 0.0,
        adopts=model_id != VOLT_VAR or faults.active("curve-adopt-never-completes", time_s) is None,
        adopts_any=faults.active("adopts-any-curve", time_s) is not None,
        keeps_old=faults.active("adopts-nothing", time_s) is not None,
    )
