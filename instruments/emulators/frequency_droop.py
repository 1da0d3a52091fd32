"""Frequency-droop of emulated equipment: SunSpec model 711 over OpenDER's frequency-watt function."""

from instruments.emulators.adoption import Adoption
from instruments.emulators.der_model import DerModel
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


class FrequencyDroop:
    """Model 711; on from the start, as IEEE 1547-2018 6.5.2.7 has it."""

    def __init__(self, model: ModelImage, der: DerModel) -> None:
        self._model, self._der = model, der
        model.set({**SCALES, "Ena": 1})
        self._adoption = Adoption(model, "Ctl", ("AdptCtlReq", "AdptCtlRslt"), CONTROLS, self._sound, self._apply)
        for index in range(1, CONTROLS + 1):
            prefix = self._adoption.prefix(index)
            model.set({prefix + name: value for name, value in DEFAULT.items()})
            model.set({prefix + "PMin": 0, prefix + "ReadOnly": int(index == 1)})
        model.refresh, model.on_write = self._adoption.before_read, self._written
        self._apply()

    def advance(self) -> None:
        """Finish an adoption that is under way."""
        self._adoption.finish()

    def _written(self, names: frozenset[str]) -> None:
        self._adoption.written(names)
        if "Ena" in names:
            self._apply()

    def _sound(self, prefix: str) -> bool:
        return all(low <= self._model.get(prefix + name) <= high for name, (low, high) in ALLOWED.items())

    def _apply(self) -> None:
        active = self._adoption.active
        values = {setting: self._model.get(active + point) for point, setting in SETTINGS.items()}
        self._der.configure(PF_MODE_ENABLE=self._model.get("Ena") == 1, **values)
