"""Frequency-droop of emulated equipment: SunSpec model 711 over OpenDER's frequency-watt function."""

from collections.abc import Callable

from instruments.emulators.adoption import Adoption
from instruments.emulators.der_model import DerModel
from instruments.emulators.faults import FaultSet
from instruments.emulators.sunspec_image import ModelImage

DROOP = 711
CONTROLS = 2
COUNTS = (("NCtl", CONTROLS),)
SCALES = {"Db_SF": -3, "K_SF": -3, "RspTms_SF": -1}
SETTINGS = {"DbOf": "PF_DBOF", "DbUf": "PF_DBUF", "KOf": "PF_KOF", "KUf": "PF_KUF", "RspTms": "PF_OLRT"}
"""Point -> OpenDER setting, in the same unit: Hz, per unit of frequency for rated power, s."""
DEFAULT = {"DbOf": 0.036, "DbUf": 0.036, "KOf": 0.05, "KUf": 0.05, "RspTms": 5.0}
"""IEEE 1547-2018 Table 24."""
ALLOWED = {"DbOf": (0.017, 1.0), "DbUf": (0.017, 1.0), "KOf": (0.02, 0.07), "KUf": (0.02, 0.07), "RspTms": (0.2, 10.0)}
"""Ranges of adjustability, the widest of any category."""
PCT = 100.0
SOUND = 1.0


def slope_of(faults: FaultSet, time_s: float) -> float:
    """Return the share of its droop that a device follows at a moment, 1 of a sound one."""
    slope = faults.active("droop-wrong-slope", time_s)
    return slope.value if slope else SOUND


class FrequencyDroop:
    """Model 711; on from the start, as IEEE 1547-2018 6.5.2.7 has it. `slope`: the share of it that is followed now."""

    def __init__(self, model: ModelImage, der: DerModel, slope: Callable[[], float] = lambda: SOUND) -> None:
        self._model, self._der = model, der
        self._slope, self._applied = slope, SOUND
        model.set({**SCALES, "Ena": 1})
        self._adoption = Adoption(model, "Ctl", ("AdptCtlReq", "AdptCtlRslt"), CONTROLS, self._sound, self._apply)
        for index in range(1, CONTROLS + 1):
            prefix = self._adoption.prefix(index)
            model.set({prefix + name: value for name, value in DEFAULT.items()})
            model.set({prefix + "PMin": 0, prefix + "ReadOnly": int(index == 1)})
        model.refresh, model.on_write = self._adoption.before_read, self._written
        self._apply()

    def advance(self) -> None:
        """Finish an adoption that is under way, and let a defect begin or end."""
        self._adoption.finish()
        if self._slope() != self._applied:
            self._apply()

    def _written(self, names: frozenset[str]) -> None:
        self._adoption.written(names)
        if "Ena" in names:
            self._apply()

    def _sound(self, prefix: str) -> bool:
        absorbs = self._model.get(prefix + "PMin") < 0
        ranges = all(low <= self._model.get(prefix + name) <= high for name, (low, high) in ALLOWED.items())
        return ranges and not (absorbs and not self._der.storage)

    def _apply(self) -> None:
        active = self._adoption.active
        slope = self._applied = self._slope()
        values = {setting: self._model.get(active + point) for point, setting in SETTINGS.items()}
        values |= {name: values[name] / slope for name in ("PF_KOF", "PF_KUF")}
        if self._der.storage:
            values["NP_P_MIN_PU"] = self._model.get(active + "PMin") / PCT
        self._der.configure(PF_MODE_ENABLE=self._model.get("Ena") == 1, **values)
