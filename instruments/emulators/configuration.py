"""What the ratings of an emulated inverter are configured to, SunSpec model 702: it goes by them as by its ratings.

IEEE 1547-2018 10.4. Shares of rated apparent power and of rated vars are then shares of what is configured.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from instruments.emulators.der_registers import check_configuration
from instruments.emulators.faults import FaultSet
from instruments.emulators.sunspec_image import ModelImage
from instruments.readings import Nameplate

POINTS = {
    "p_max_w": "WMax",
    "va_max_va": "VAMax",
    "q_max_injected_var": "VarMaxInj",
    "q_max_absorbed_var": "VarMaxAbs",
    "charge_max_w": "WChaRteMax",
}
"""Rating -> the point of model 702 that holds what it is configured to."""
CHARGE_VA = "VAChaRteMax"


class Configuration:
    """Model 702 as it is configured. `nameplate` has the ratings that the equipment goes by at this moment."""

    def __init__(self, model: ModelImage, rated: Nameplate, faults: FaultSet, time_s: Callable[[], float]) -> None:
        self._model, self._rated, self._faults, self._time_s = model, rated, faults, time_s
        self.nameplate, self.charge_va = rated, rated.va_max_va
        self._is_changed = False

    def written(self, names: frozenset[str]) -> None:
        """Take note of the points that a client wrote; raises ModbusRefusal for what the equipment cannot be."""
        check_configuration(self._model, names)
        self._is_changed = True

    def advance(self) -> bool:
        """Go by what was configured, or no longer by it with a defect; return whether anything is otherwise now."""
        if not self._is_changed and self._faults.is_empty:
            return False
        self._is_changed = False
        before = self.nameplate, self.charge_va
        self.nameplate, self.charge_va = self._obeyed()
        return (self.nameplate, self.charge_va) != before

    def settings(self, storage: bool) -> dict[str, Any]:
        """Return OpenDER's settings of apparent power and vars; it has the limit of active power beside them."""
        plate = self.nameplate
        injected_pu, absorbed_pu = (
            var / plate.va_max_va for var in (plate.q_max_injected_var, plate.q_max_absorbed_var)
        )
        whole = [-1.0, 1.0]
        capability = {"P_Q_INJ_PU": whole, "Q_MAX_INJ_PU": [injected_pu] * 2}
        capability |= {"P_Q_ABS_PU": whole, "Q_MAX_ABS_PU": [absorbed_pu] * 2}
        charging = {"NP_P_MAX_CHARGE": plate.charge_max_w, "NP_APPARENT_POWER_CHARGE_MAX": self.charge_va}
        return {
            "NP_VA_MAX": plate.va_max_va,
            "NP_Q_CAPABILITY_BY_P_CURVE": capability,
            **(charging if storage else {}),
        }

    def _obeyed(self) -> tuple[Nameplate, float]:
        rated = self._rated, self._rated.va_max_va
        if self._has("ignores-configuration"):
            return rated
        if self._has("configures-active-power-alone"):
            return replace(rated[0], p_max_w=self._model.get("WMax")), rated[1]
        held: dict[str, Any] = {rating: self._model.get(point) for rating, point in POINTS.items()}
        return replace(self._rated, **held), self._model.get(CHARGE_VA)

    def _has(self, kind: str) -> bool:
        return self._faults.active(kind, self._time_s()) is not None
