"""Constant power factor and constant reactive power of emulated equipment: points of SunSpec model 704.

Over-excited equipment injects vars, under-excited absorbs them. The modes of reactive power exclude each other: one
that is switched on switches the others off (IEEE 1547-2018 5.3.1).
"""

from collections.abc import Callable

from instruments.emulators.der_model import DerModel
from instruments.emulators.modbus_server import ILLEGAL_VALUE, ModbusRefusal
from instruments.emulators.sunspec_image import ModelImage
from instruments.readings import Nameplate

OVER_EXCITED, UNDER_EXCITED = 0, 1
PCT_OF_VA, VARS = 3, 4
"""VarSetMod: VarSetPct in per cent of rated VA, or VarSet in var."""
PCT = 100.0
INITIAL = {
    **{"PF_SF": -3, "PFWInjEna": 0, "PFWInj.PF": 1.0, "PFWInj.Ext": OVER_EXCITED},
    **{"VarSet_SF": 0, "VarSetPct_SF": -1, "VarSetEna": 0, "VarSetMod": PCT_OF_VA, "VarSet": 0, "VarSetPct": 0.0},
}


class ReactiveControl:
    """What model 704 holds of reactive power; `exclusive` switches the characteristics off that also command vars."""

    def __init__(self, model: ModelImage, nameplate: Nameplate, der: DerModel, exclusive: Callable[[], None]) -> None:
        self._model, self._nameplate, self._der, self._exclusive = model, nameplate, der, exclusive
        model.set(INITIAL)
        self._apply()

    def written(self, names: frozenset[str]) -> None:
        """Take note of the points that a client wrote; raises ModbusRefusal for what the equipment cannot do."""
        if not 0.0 < self._model.get("PFWInj.PF") <= 1.0 or abs(self._model.get("VarSetPct")) > PCT:
            raise ModbusRefusal(ILLEGAL_VALUE)
        if "PFWInjEna" in names and self._model.get("PFWInjEna") == 1:
            self._model.set({"VarSetEna": 0})
            self._exclusive()
        if "VarSetEna" in names and self._model.get("VarSetEna") == 1:
            self._model.set({"PFWInjEna": 0})
            self._exclusive()
        self._apply()

    def disable(self) -> None:
        """Switch both modes off, as equipment does when an exclusive function is switched on."""
        self._model.set({"PFWInjEna": 0, "VarSetEna": 0})
        self._apply()

    def _apply(self) -> None:
        excitation = "INJ" if self._model.get("PFWInj.Ext") == OVER_EXCITED else "ABS"
        self._der.configure(
            CONST_PF_MODE_ENABLE=self._model.get("PFWInjEna") == 1,
            CONST_PF=self._model.get("PFWInj.PF"),
            CONST_PF_EXCITATION=excitation,
            CONST_Q_MODE_ENABLE=self._model.get("VarSetEna") == 1,
            CONST_Q=self._var_pu,
        )

    @property
    def _var_pu(self) -> float:
        if self._model.get("VarSetMod") == VARS:
            return float(self._model.get("VarSet")) / self._nameplate.va_max_va
        return float(self._model.get("VarSetPct")) / PCT
