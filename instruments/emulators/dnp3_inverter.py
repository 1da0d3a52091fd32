"""An emulated inverter as its DNP3 side shows it, by the profile of IEEE 1815.2.

It is a gateway inside the equipment: commands go the way that the SunSpec registers go, so that whatever is wrong with
the inverter or its interface is wrong here too. Curves are kept here, for the profile shows one of several at a time.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from instruments.emulators.contacts import CommandRefused
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.modbus_server import ModbusRefusal
from instruments.emulators.point_bank import Binding, Value
from instruments.emulators.sunspec_image import ModelImage
from instruments.readings import Identity
from instruments.sunspec.layout import from_words, to_words

PCT = 100.0
CURVES, MOST_POINTS = 4, 10
WRITTEN_CURVE = 2
"""Set of model 705 that a curve goes through on its way into force."""
WATTS = 1
OFF_W = 1.0
"""Below so much power a connected inverter counts as idle, W."""
PHASES = {"a": "1", "b": "2", "c": "3"}
FORM = ("volt_var", "percent_voltage", "percent_of_max_var")


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


@dataclass
class HeldCurve:
    """One curve of the outstation: its form and its corners, per cent."""

    type: str = "undefined"
    points: int = 0
    x_unit: str = "undefined"
    y_unit: str = "undefined"
    x_pct: list[float] = field(default_factory=lambda: [0.0] * MOST_POINTS)
    y_pct: list[float] = field(default_factory=lambda: [0.0] * MOST_POINTS)


class Dnp3InverterPoints:
    """What the profile has of the inverter, by point name: `bindings`; `refresh` before they are looked at."""

    def __init__(self, inverter: InverterEmulator) -> None:
        self._inverter = inverter
        self._registers = InverterRegisters(inverter)
        self._selected, self._in_use = 1, 1
        self._curves = [HeldCurve() for _ in range(CURVES)]
        self._curves[0] = self._curve_in_force()
        self.refresh = self._registers.forget
        self.bindings = {
            **self._nameplate(),
            **self._state(),
            **self._power(),
            **self._volt_var(),
            **self._editing(),
            **self._meter(),
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

    def _volt_var(self) -> dict[str, Binding]:
        return {
            "volt_var_curve": Binding(lambda: float(self._in_use), self._use),
            "volt_var_rise": Binding(lambda: self._response_s, self._set_response),
            "volt_var_fall": Binding(lambda: self._response_s, self._set_response),
            "volt_var_enabled": self._switches(705, "Ena"),
            "reference_follows": Binding(lambda: self._follows, self._set_follows),
            "reference_time": Binding(lambda: self._reference_s, self._set_reference_time),
        }

    def _set_response(self, value: Value) -> None:
        self._response_s = float(value)
        self._adopt(self._curves[self._in_use - 1])

    def _set_follows(self, value: Value) -> None:
        self._follows = bool(value)
        self._adopt(self._curves[self._in_use - 1])

    def _set_reference_time(self, value: Value) -> None:
        self._reference_s = float(value)
        self._adopt(self._curves[self._in_use - 1])

    def _use(self, value: Value) -> None:
        """Have volt-var follow a curve; refuses one that is none."""
        number = round(float(value))
        curve = self._curves[number - 1] if 1 <= number <= CURVES else HeldCurve()
        if (curve.type, curve.x_unit, curve.y_unit) != FORM:
            raise CommandRefused(f"curve {number} is no volt-var curve")
        self._adopt(curve)
        self._in_use = number

    def _adopt(self, curve: HeldCurve) -> None:
        corners = range(curve.points)
        prefix = f"Crv[{WRITTEN_CURVE}]."
        written: dict[str, float] = {"ActPt": curve.points, "RspTms": self._response_s}
        for n in corners:
            written[f"Pt[{n + 1}].V"] = curve.x_pct[n]
            written[f"Pt[{n + 1}].Var"] = curve.y_pct[n] * self._of_rating(curve.y_pct[n])
        written |= {"VRefAutoTms": self._reference_s, "VRefAutoEna": float(self._follows)}
        for name, value in written.items():
            if prefix + name not in self._inverter.registers.model(705).layout.points:
                raise CommandRefused(f"it has no curve of {curve.points} points")
            self._registers.put(705, prefix + name, value)
        self._registers.put(705, "AdptCrvReq", WRITTEN_CURVE)
        for _ in range(2):  # the second look finds it done
            self._registers.forget()
            result = self._registers.get(705, "AdptCrvRslt")
        if result != 1.0:
            raise CommandRefused("it does not adopt the curve")

    def _of_rating(self, share_pct: float) -> float:
        """Return what share of its rated VA the most vars on this side are."""
        most = self._registers.get(702, "VarMaxInj" if share_pct > 0.0 else "VarMaxAbs")
        return most / self._registers.get(702, "VAMaxRtg")

    def _curve_in_force(self) -> HeldCurve:
        """Return the curve that the inverter comes up with."""
        points = round(self._registers.get(705, "Crv[1].ActPt"))
        self._response_s = self._registers.get(705, "Crv[1].RspTms")
        self._follows = self._registers.get(705, "Crv[1].VRefAutoEna") == 1.0
        self._reference_s = self._registers.get(705, "Crv[1].VRefAutoTms")
        curve = HeldCurve(FORM[0], points, FORM[1], FORM[2])
        for n in range(points):
            share_pct = self._registers.get(705, f"Crv[1].Pt[{n + 1}].Var")
            curve.x_pct[n] = self._registers.get(705, f"Crv[1].Pt[{n + 1}].V")
            curve.y_pct[n] = share_pct / self._of_rating(share_pct)
        return curve

    def _editing(self) -> dict[str, Binding]:
        corners = {
            f"curve_{axis}_{n + 1}": self._corner(f"{axis}_pct", n) for n in range(MOST_POINTS) for axis in ("x", "y")
        }
        return {
            "curve_selected": Binding(lambda: float(self._selected), self._select),
            "curve_in_use": Binding(lambda: self._selected == self._in_use),
            "curve_type": self._formed("type"),
            "curve_points": self._formed("points"),
            "curve_x_unit": self._formed("x_unit"),
            "curve_y_unit": self._formed("y_unit"),
            **corners,
        }

    def _select(self, value: Value) -> None:
        number = round(float(value))
        if not 1 <= number <= CURVES:
            raise CommandRefused(f"there is no curve {number}")
        self._selected = number

    def _edited(self) -> HeldCurve:
        """Return the curve that may be edited; refuses the one that a mode follows."""
        if self._selected == self._in_use:
            raise CommandRefused(f"curve {self._selected} is in use")
        return self._curves[self._selected - 1]

    def _formed(self, name: str) -> Binding:
        def put(value: Value) -> None:
            setattr(self._edited(), name, round(value) if isinstance(value, float) else value)

        return Binding(lambda: self._seen(name), put)

    def _seen(self, name: str) -> Value:
        held: Value = getattr(self._curves[self._selected - 1], name)
        return held

    def _corner(self, axis: str, n: int) -> Binding:
        def put(value: Value) -> None:
            getattr(self._edited(), axis)[n] = float(value)

        return Binding(lambda: float(getattr(self._curves[self._selected - 1], axis)[n]), put)

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
