"""An emulated inverter as its DNP3 side shows it, by the profile of IEEE 1815.2.

It is a gateway inside the equipment: commands go the way that the SunSpec registers go, so that whatever is wrong with
the inverter or its interface is wrong here too. Curves are kept here, for the profile shows one of several at a time.
"""

import math
from collections.abc import Callable

from instruments.emulators.contacts import CommandRefused
from instruments.emulators.dnp3_curves import Curves, Mode
from instruments.emulators.dnp3_functions import FunctionPoints
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.modbus_server import ModbusRefusal
from instruments.emulators.point_bank import Binding, Value
from instruments.emulators.sunspec_image import ModelImage
from instruments.readings import Identity
from instruments.sunspec.layout import from_words, to_words

PCT = 100.0
WATTS = 1
OFF_W = 1.0
"""Below so much power a connected inverter counts as idle, W."""
PHASES = {"a": "1", "b": "2", "c": "3"}
VOLT_VAR = ("volt_var", "percent_voltage", "percent_of_max_var")
VOLT_WATT = ("volt_watt", "percent_voltage", "percent_of_max_power")
WATT_VAR = ("watt_var", "percent_power", "percent_of_max_var")


def _modes() -> dict[str, Mode]:
    volt_var = Mode(705, ("V", "Var"), VOLT_VAR, 1, {"RspTms": 0.0, "VRefAutoTms": 0.0, "VRefAutoEna": 0.0})
    volt_watt = Mode(706, ("V", "W"), VOLT_WATT, 3, {"RspTms": 0.0}, of_vars=False)
    return {"volt_var": volt_var, "volt_watt": volt_watt, "watt_var": Mode(712, ("W", "Var"), WATT_VAR, 5, {})}


class InverterRegisters:
    """The inverter's SunSpec points, read in blocks and written one at a time; `forget` before each look."""

    def __init__(self, inverter: InverterEmulator) -> None:
        self._inverter = inverter
        self._blocks: dict[int, list[int]] = {}

    def forget(self) -> None:
        """Let the next look find what the registers hold by then."""
        self._blocks.clear()

    def get(self, model_id: int, name: str) -> float:
        """Return a number, NaN where the device says that it does not have it; raises NoAnswer when it is gone."""
        model = self._inverter.registers.model(model_id)
        if model_id not in self._blocks:
            self._blocks[model_id] = self._inverter.interface.read(model.address, model.layout.length)
        point = model.layout.points[name]
        raw = from_words(point, self._blocks[model_id][point.offset : point.offset + point.size])
        return math.nan if raw is None or isinstance(raw, str) else raw * 10.0 ** self._exponent(model, name)

    def put(self, model_id: int, name: str, value: float) -> None:
        """Write a point; raises CommandRefused where the registers refuse it, NoAnswer when the device is gone."""
        model = self._inverter.registers.model(model_id)
        point = model.layout.points[name]
        raw = round(value / 10.0 ** self._exponent(model, name))
        try:
            self._inverter.interface.write(model.address + point.offset, to_words(point, raw))
        except (ModbusRefusal, ValueError) as refusal:
            raise CommandRefused(f"{name}: {refusal}") from refusal
        finally:
            self.forget()

    def _exponent(self, model: ModelImage, name: str) -> int:
        scale = model.layout.points[name].scale
        if isinstance(scale, int):
            return scale
        exponent = from_words(model.layout.points[scale], model.words(model.layout.points[scale]))
        return exponent if isinstance(exponent, int) else 0


class Dnp3InverterPoints:
    """What the profile has of the inverter, by point name: `bindings`; `refresh` before they are looked at."""

    def __init__(self, inverter: InverterEmulator) -> None:
        self._inverter = inverter
        self._registers = InverterRegisters(inverter)
        self.refresh = self._registers.forget
        ways = self._registers.get, self._registers.put, self._registers.forget
        self._curves = Curves(*ways, _modes())
        self.bindings = {
            **self._nameplate(),
            **self._state(),
            **self._power(),
            **self._modes(),
            **self._meter(),
            **FunctionPoints(*ways).bindings,
        }

    @property
    def identity(self) -> Identity:
        """Who answers."""
        return Identity("derbench", "emulated inverter", version="1", serial=self._inverter.name)

    def _shows(self, model_id: int, name: str, factor: float = 1.0) -> Binding:
        return Binding(lambda: self._registers.get(model_id, name) * factor)

    def _holds(self, model_id: int, name: str, factor: float = 1.0) -> Binding:
        return Binding(
            lambda: self._registers.get(model_id, name) * factor,
            lambda value: self._registers.put(model_id, name, float(value) / factor),
        )

    def _switches(self, model_id: int, name: str) -> Binding:
        return Binding(
            lambda: self._registers.get(model_id, name) == 1.0,
            lambda value: self._registers.put(model_id, name, float(bool(value))),
        )

    def _nameplate(self) -> dict[str, Binding]:
        plate = self._inverter.nameplate
        return {
            "rated_power": self._shows(702, "WMaxRtg"),
            "rated_charge": Binding(lambda: -plate.charge_max_w),
            "rated_injected": self._shows(702, "VarMaxInjRtg"),
            "rated_absorbed": self._shows(702, "VarMaxAbsRtg", -1.0),
            "rated_apparent": self._shows(702, "VAMaxRtg"),
            "normal_category": Binding(plate.category.lower),
            "abnormal_category": Binding(plate.abnormal.lower),
            "reference_voltage": self._shows(702, "VNomRtg"),
            "maximum_power": self._shows(702, "WMax"),
            "maximum_injected": self._shows(702, "VarMaxInj"),
            "maximum_absorbed": self._shows(702, "VarMaxAbs", -1.0),
        }

    def _state(self) -> dict[str, Binding]:
        return {
            "alarm": Binding(lambda: self._registers.get(701, "Alrm") > 0.0),
            "local": Binding(lambda: self._registers.get(715, "LocRemCtl") == 1.0),
            "started": Binding(lambda: self._registers.get(701, "InvSt") in {3.0, 4.0}),
            "connected_idle": Binding(lambda: self._connected(lambda power_w: abs(power_w) < OFF_W)),
            "connected_generating": Binding(lambda: self._connected(lambda power_w: power_w >= OFF_W)),
            "connected_charging": Binding(lambda: self._connected(lambda power_w: power_w <= -OFF_W)),
            "permission": self._switches(703, "ES"),
            "start_up": Binding(put=lambda _order: self._start()),
            "stop": Binding(put=lambda _order: self._registers.put(703, "ES", 0.0)),
        }

    def _connected(self, flows: Callable[[float], bool]) -> bool:
        power_w = self._registers.get(701, "W")
        return self._registers.get(701, "ConnSt") == 1.0 and flows(0.0 if math.isnan(power_w) else power_w)

    def _start(self) -> None:
        if self._registers.get(703, "ES") != 1.0:
            raise CommandRefused("it has no permission to start")

    def _power(self) -> dict[str, Binding]:
        return {
            "power_reversion": self._holds(704, "WSetRvrtTms"),
            "power_target": Binding(self._target_pct, self._set_target),
            "power_enabled": self._switches(704, "WSetEna"),
        }

    def _target_pct(self) -> float:
        return self._registers.get(704, "WSet") / self._registers.get(702, "WMax") * PCT

    def _set_target(self, value: Value) -> None:
        self._registers.put(704, "WSetMod", WATTS)
        self._registers.put(704, "WSet", float(value) / PCT * self._registers.get(702, "WMax"))

    def _modes(self) -> dict[str, Binding]:
        curves = self._curves
        return {
            "volt_var_curve": curves.index("volt_var"),
            "volt_var_rise": curves.header("volt_var", "RspTms"),
            "volt_var_fall": curves.header("volt_var", "RspTms"),
            "volt_var_enabled": self._switches(705, "Ena"),
            "reference_follows": curves.header("volt_var", "VRefAutoEna"),
            "reference_time": curves.header("volt_var", "VRefAutoTms"),
            "volt_watt_curve": curves.index("volt_watt"),
            "pv_olrt": curves.header("volt_watt", "RspTms"),
            "pv_olrt_fall": curves.header("volt_watt", "RspTms"),
            "pv_mode_enable": self._switches(706, "Ena"),
            "watt_var_curve": curves.index("watt_var"),
            "qp_mode_enable": self._switches(712, "Ena"),
            **curves.editing(),
        }

    def _meter(self) -> dict[str, Binding]:
        by_phase = {
            f"{quantity}_{phase}": self._shows(701, f"{name}{number}")
            for quantity, name in (("voltage", "VL"), ("current", "AL"))
            for phase, number in PHASES.items()
        }
        return {
            "frequency": self._shows(701, "Hz"),
            "power": self._shows(701, "W"),
            "reactive_power": self._shows(701, "Var"),
            "apparent_power": self._shows(701, "VA"),
            **by_phase,
        }
