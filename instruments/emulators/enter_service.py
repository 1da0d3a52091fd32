"""How emulated equipment enters service: SunSpec model 703 over OpenDER's criteria, delay and ramp.

Where a longest drawn delay is set, each entry waits for a time of its own below that and then takes all power at once,
in place of the ramp (IEEE 1547-2018 4.10.3 c, for sites below 500 kVA).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from instruments.emulators.der_model import DerModel
from instruments.emulators.faults import FaultSet
from instruments.emulators.sunspec_image import ModelImage
from instruments.readings import Nameplate

PCT = 100.0
SETTINGS = {
    "ESVHi": ("ES_V_HIGH", 105.0, PCT),
    "ESVLo": ("ES_V_LOW", 91.7, PCT),
    "ESHzHi": ("ES_F_HIGH", 60.1, 1.0),
    "ESHzLo": ("ES_F_LOW", 59.5, 1.0),
    "ESDlyTms": ("ES_DELAY", 300.0, 1.0),
    "ESRmpTms": ("ES_RAMP_RATE", 300.0, 1.0),
}
"""Point of model 703 -> OpenDER setting, default of IEEE 1547-2018 Table 4, divisor to OpenDER's unit."""
DRAWS_BELOW_VA = 500e3
NO_LIMIT_PU, NO_LIMIT_HZ = 2.0, 100.0


@dataclass(frozen=True)
class ServiceDefect:
    """How equipment enters service otherwise than it is set: shares of its delay and ramp, criteria that it ignores."""

    delay: float = 1.0
    ramp: float = 1.0
    any_voltage: bool = False
    any_frequency: bool = False


SOUND = ServiceDefect()


def service_defect(faults: FaultSet, time_s: float) -> ServiceDefect:
    """Return what is wrong with the way of entering service at a moment."""
    early, ramp = faults.active("early-entry", time_s), faults.active("wrong-ramp-rate", time_s)
    return ServiceDefect(
        delay=early.value if early else SOUND.delay,
        ramp=ramp.value if ramp else SOUND.ramp,
        any_voltage=faults.active("ignores-entry-voltage", time_s) is not None,
        any_frequency=faults.active("ignores-entry-frequency", time_s) is not None,
    )


class EnterService:
    """Model 703 of an emulated device. `name` seeds what it draws; `defect` tells what is wrong at this moment."""

    def __init__(
        self, model: ModelImage, der: DerModel, nameplate: Nameplate, name: str, defect: Callable[[], ServiceDefect]
    ) -> None:
        self._model, self._der, self._defect = model, der, defect
        self._random = random.Random(name)  # noqa: S311 - spreads entries over time, guards nothing
        self._drawn_pu, self._was_connected = self._random.random(), True
        self._applied: tuple[bool, float, ServiceDefect] | None = None
        model.set({"V_SF": -2, "Hz_SF": -3, "ES": 1} | {point: value for point, (_, value, _) in SETTINGS.items()})
        model.set({"ESRndTms": 0 if nameplate.va_max_va < DRAWS_BELOW_VA else None})

    def advance(self, permitted: bool, connected: bool) -> None:
        """Draw anew each time the equipment is out of service, and let the permit and defects begin or end."""
        if self._was_connected and not connected:
            self._drawn_pu = self._random.random()
        self._was_connected = connected
        if (permitted, self._drawn_pu, self._defect()) != self._applied:
            self.apply(permitted)

    def apply(self, permitted: bool) -> None:
        """Let OpenDER enter service as the registers and the defects of this moment have it."""
        defect = self._defect()
        self._applied = (permitted, self._drawn_pu, defect)
        values = {setting: self._model.get(point) / unit for point, (setting, _, unit) in SETTINGS.items()}
        longest_s = self._longest_draw_s
        values["ES_DELAY"] *= defect.delay
        values["ES_RAMP_RATE"] *= 0.0 if longest_s else defect.ramp
        values["ES_RANDOMIZED_DELAY_ACTUAL"] = longest_s * self._drawn_pu
        values |= {"ES_V_LOW": 0.0, "ES_V_HIGH": NO_LIMIT_PU} if defect.any_voltage else {}
        values |= {"ES_F_LOW": 0.0, "ES_F_HIGH": NO_LIMIT_HZ} if defect.any_frequency else {}
        self._der.configure(ES_PERMIT_SERVICE=permitted, **values)

    @property
    def _longest_draw_s(self) -> float:
        return self._model.get("ESRndTms") if self._model.implemented(self._model.layout.points["ESRndTms"]) else 0.0
