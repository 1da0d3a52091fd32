"""What is wrong with the registers in which equipment tells its measured values, when it is defective.

SunSpec models of the 700 series hold integers: there is no bit pattern for "not a number". A value is none when its
register says "not implemented", or when its scale factor does.
"""

import math
from collections.abc import Mapping

from instruments.emulators.faults import FaultSet
from instruments.emulators.sunspec_image import ModelImage

TERMINALS = 701
MEASURED: Mapping[int, tuple[str, ...]] = {
    701: ("W", "VA", "Var", "PF", "A", "LLV", "LNV", "Hz"),
    713: ("WHAvail", "SoC"),
    714: ("DCW", "Prt[1].DCW"),
}
"""Points that hold measured values, by model."""
SCALES: Mapping[int, tuple[str, ...]] = {
    701: ("W_SF", "VA_SF", "Var_SF", "PF_SF", "A_SF", "V_SF", "Hz_SF"),
    713: ("WH_SF", "Pct_SF"),
    714: ("DCW_SF",),
}
"""Their scale factors."""
VOLTAGES = ("LLV", "LNV", "VL1", "VL2", "VL3", "VL1L2", "VL2L3", "VL3L1")
POWER_SCALES: Mapping[int, tuple[str, ...]] = {701: ("W_SF", "VA_SF", "Var_SF"), 713: (), 714: ("DCW_SF",)}


class Reporting:
    """Spoils one model after each refresh, and mends it before the next."""

    def __init__(self, model: ModelImage, faults: FaultSet) -> None:
        """Take the model with its scale factors set."""
        self._model, self._faults = model, faults
        number = model.layout.model_id
        self._values, self._power_scales = MEASURED[number], POWER_SCALES[number]
        self._scales = {name: int(model.get(name)) for name in SCALES[number]}

    def mend(self) -> None:
        """Put the true scale factors back, so that values can be set."""
        self._model.set(self._scales)

    def spoil(self, time_s: float) -> None:
        """Let the defects of a moment act on what was set."""
        if self._faults.active("not-implemented-values", time_s):
            self._model.set(dict.fromkeys(self._values))
        self._misreport(time_s)
        wrong = self._faults.active("wrong-scale-factor", time_s)
        if wrong:
            self._model.set({name: self._scales[name] + round(wrong.value) for name in self._power_scales})
        if self._faults.active("not-a-number", time_s):
            self._model.set(dict.fromkeys(self._scales))

    def _misreport(self, time_s: float) -> None:
        """Bend what equipment says of its terminals; a battery's other models say nothing of them."""
        if self._model.layout.model_id != TERMINALS:
            return
        if off := self._faults.active("misreports-voltage", time_s):
            told = {name: self._model.get(name) for name in VOLTAGES}
            self._model.set({name: volts * (1.0 + off.value) for name, volts in told.items() if math.isfinite(volts)})
        if off := self._faults.active("misreports-power", time_s):
            self._model.set({"W": self._model.get("W") * (1.0 + off.value)})
        if off := self._faults.active("misreports-vars", time_s):
            self._model.set({"Var": self._model.get("Var") + self._model.get("W") * off.value})
        if off := self._faults.active("misreports-frequency", time_s):
            self._model.set({"Hz": self._model.get("Hz") + off.value})
