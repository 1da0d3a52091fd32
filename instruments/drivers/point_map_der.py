"""What the drivers of inverters, batteries and meters with a point map have in common: values in SI units by name.

Inside, power is > 0 where the device delivers it into the network, whatever its map counts as positive.
"""

import math
from contextlib import suppress
from typing import ClassVar, Literal

from instruments.drivers.fence import UNFENCED, DerEnvelope, check_power, check_reversion
from instruments.drivers.point_map_device import PointMapDevice, PointReadings
from instruments.errors import InstrumentError, Unmapped
from instruments.point_map import Direction, PointMap
from instruments.point_map_roles import (
    DIRECTED,
    STATES_CONNECTED,
    STATES_IN_SERVICE,
    UNITS,
    family,
    has,
    lacking,
    require_role,
)
from instruments.point_units import SHARE
from instruments.readings import AcReading, Identity, Nameplate, PowerCommand
from instruments.transports.modbus import ModbusLink

PHASES = ("voltage_1", "voltage_2", "voltage_3")
_RATED = ("rated_apparent_power", "rated_reactive_injected", "rated_reactive_absorbed", "rated_charge_power")
_CATEGORIES = ("np_normal_op_cat", "np_abnormal_op_cat")
_MEASURED = ("power", "reactive_power", "apparent_power", "frequency", "current", *PHASES, "alarms")
_STATES = {state: (True, state in STATES_IN_SERVICE) for state in STATES_CONNECTED}
"""Connected and running, by operating state; in any other it is neither."""
FLOAT_STEP = 1e-6
"""What a 32-bit float rounds off, per unit."""


class DerPoints:
    """The points of a device in a role; `device` has them as they are in the map."""

    def __init__(self, link: ModbusLink, point_map: PointMap, role: str, positive: Direction = "delivered") -> None:
        """Nothing is sent yet; raises ConfigError with all that keeps the map from the role.

        `positive`: what a map counts as positive that does not say.
        """
        require_role(point_map, role)
        self.device = PointMapDevice(link, point_map)
        self._positive, self.lacking = positive, lacking(point_map, role)
        """Functions of the role that the map does not offer, with what it lacks for them."""

    @property
    def name(self) -> str:
        """What errors call the device by."""
        return self.device.link.name

    @property
    def point_map(self) -> PointMap:
        """Where everything is."""
        return self.device.point_map

    def has(self, name: str) -> bool:
        """Tell whether the map has a point, or a constant in its place."""
        return has(self.point_map, name)

    def require(self, function: str) -> None:
        """Raise Unmapped for a function that the map does not offer, with what it lacks."""
        if function in self.lacking:
            missing = ", ".join(self.lacking[function])
            raise Unmapped(f"{self.name} has no {function}: its point map lacks {missing}; nothing was sent")

    def read(self, *names: str, base: float = math.nan) -> "Values":
        """Read those of some points that the map has, or what shows them; `base` is what shares are of.

        Raises as `PointMapDevice.read`.
        """
        shown = [self.shown(name) for name in names if name in self.point_map.points]
        return Values(self, self.device.read(*shown), base)

    def shown(self, name: str) -> str:
        """Return the point that shows what another was told, or itself."""
        return self.point_map.points[name].read_back or name

    def write(self, name: str, value: float, base: float = math.nan) -> None:
        """Write a value in SI units, and read it back where that can be done; raises as `PointMapDevice.write`."""
        self.device.write(name, value / self.factor(name, base))

    def check(self, name: str, value: float, base: float = math.nan) -> None:
        """Raise SafetyTrip for a value outside the limits of the map, before anything is sent."""
        self.device.check(name, value / self.factor(name, base))

    def factor(self, name: str, base: float, kind: str = "") -> float:
        """Return what one unit of a point is in SI units, < 0 where the map counts the other way; 1 without a unit.

        `kind`: what it shows, where it is not what it is called by.
        """
        point, kind = self.point_map.points[name], kind or family(name)
        factor = UNITS.get(kind, {}).get(point.unit, 1.0) * (base if point.unit in SHARE else 1.0)
        counted = point.positive or self.point_map.positive or self._positive
        return -factor if kind in DIRECTED and counted == "absorbed" else factor

    def resolution(self, name: str, value: float, base: float) -> float:
        """Return the step in which a point holds a value, in SI units."""
        point = self.point_map.points[name]
        if point.type == "f32":
            return FLOAT_STEP * abs(value)
        return abs(point.scale * self.factor(name, base))


class Values:
    """Values of points that were read together, in SI units; NaN for what the device does not have."""

    def __init__(self, points: DerPoints, readings: PointReadings, base: float) -> None:
        self._points, self._readings, self._base = points, readings, base

    def number(self, name: str) -> float:
        """Return a number: a point, or the constant in its place."""
        point_map = self._points.point_map
        if name not in point_map.points:
            return point_map.constants.get(name, math.nan)
        shown = self._points.shown(name)
        return self._readings.optional(shown) * self._points.factor(shown, self._base, family(name)) + 0.0  # not -0.0

    def needed(self, name: str) -> float:
        """Return a number; raises InstrumentError where the device gives no finite one."""
        value = self.number(name)
        if not math.isfinite(value):
            raise InstrumentError(f"{self._points.name}: {name} reads {value}")
        return value

    def label(self, name: str) -> str:
        """Return the label of an enumeration, empty where the map does not have it; raises InstrumentError."""
        return self._readings.label(self._points.shown(name)) if name in self._points.point_map.points else ""

    def flag(self, name: str) -> bool | None:
        """Return a truth value, None where the map does not have it; raises InstrumentError."""
        return self._readings.flag(self._points.shown(name)) if name in self._points.point_map.points else None


def read_nameplate(points: DerPoints, storage: bool) -> Nameplate:
    """Read the ratings; what the map does not have counts as 0, but for what follows from the rated power."""
    values = points.read("rated_power", *_RATED, "rated_voltage", *_CATEGORIES)
    rated_w = values.needed("rated_power")

    def rating(name: str, otherwise: float = 0.0) -> float:
        value = values.number(name)
        return value if math.isfinite(value) else otherwise

    def category(name: str) -> str:
        with suppress(InstrumentError):  # it states none that there is
            return values.label(name).removeprefix("cat_").upper()
        return ""

    return Nameplate(
        p_max_w=rated_w,
        va_max_va=rating("rated_apparent_power", rated_w),
        q_max_injected_var=rating("rated_reactive_injected"),
        q_max_absorbed_var=rating("rated_reactive_absorbed"),
        charge_max_w=rating("rated_charge_power", rated_w if storage else 0.0),
        v_nom_v=rating("rated_voltage"),
        category=category(_CATEGORIES[0]),
        abnormal=category(_CATEGORIES[1]),
    )


def read_ac(points: DerPoints) -> AcReading:
    """Read what the device says of its terminals."""
    values = points.read(*_MEASURED, "operating_state", "connected")
    state = _STATES.get(values.label("operating_state"), (False, False))
    flag, alarms = values.flag("connected"), values.number("alarms")
    return AcReading(
        p_w=values.needed("power"),
        q_var=values.number("reactive_power"),
        va=values.number("apparent_power"),
        frequency_hz=values.number("frequency"),
        voltage_v=tuple(volts for volts in map(values.number, PHASES) if not math.isnan(volts)),
        current_a=values.number("current"),
        connected=state[0] if flag is None else flag,
        running=state[1],
        alarms=0 if math.isnan(alarms) else int(alarms),
    )


class PowerCommands:
    """The active-power command of a device, which ends by its own timer, or when its watchdog hears no more of it."""

    def __init__(self, points: DerPoints, envelope: DerEnvelope) -> None:
        self._points, self._envelope, self._beat = points, envelope, 0

    def set_power_w(self, nameplate: Nameplate, power_w: float, reversion_s: float, shortest_s: float) -> PowerCommand:
        """Command a power, > 0 to deliver, that ends after `reversion_s`, and return the read-back.

        The set-point goes before the mode that obeys it, so that an old one never acts. Raises SafetyTrip, before
        anything is sent, for a power or a time that nameplate, envelope or map do not allow; InstrumentError for a map
        that has no such command, and for a device that does not hold it.
        """
        points, rated_w = self._points, nameplate.p_max_w
        points.require("set_power_w")
        check_reversion(points.name, reversion_s, shortest_s)
        check_power(points.name, nameplate, self._envelope, power_w)
        points.check("power_set_point", power_w, rated_w)
        timer = self._timer(reversion_s)
        points.write("power_set_point", power_w, rated_w)
        if timer:
            points.write(timer, reversion_s)
        points.device.write("control_mode", "commanded")
        self._be_alive()
        held = self.read(rated_w)
        if not held.enabled or abs(held.power_w - power_w) > points.resolution("power_set_point", power_w, rated_w):
            raise InstrumentError(f"{points.name} was told {power_w:g} W and reads back {held}")
        return held

    def read(self, rated_w: float) -> PowerCommand:
        """Read the set-point that the device holds; NaN of one that has none."""
        if "set_power_w" in self._points.lacking:
            return PowerCommand(False, math.nan, math.nan)
        values = self._points.read("control_mode", "power_set_point", "reversion_remaining", base=rated_w)
        return PowerCommand(
            enabled=values.label("control_mode") == "commanded",
            power_w=values.number("power_set_point"),
            remaining_s=values.number("reversion_remaining"),
        )

    def release(self) -> None:
        """End the command, and read back that it is ended."""
        self._points.require("set_power_w")
        self._points.device.write("control_mode", "autonomous")

    def _timer(self, reversion_s: float) -> str:
        """Return the point that takes the time after which the command ends, none where the device has its own.

        Raises SafetyTrip for a time that the map does not allow; Unmapped where the device has another.
        """
        points = self._points
        timer = "reversion_time" if points.has("reversion_time") else "watchdog_timeout"
        if timer in points.point_map.points:
            points.check(timer, reversion_s)
            return timer
        fixed_s = points.point_map.constants[timer]
        if fixed_s < reversion_s:
            raise Unmapped(
                f"{points.name} ends any command after {fixed_s:g} s without a heartbeat, and nobody here keeps one up "
                f"for {reversion_s:g} s; nothing was sent"
            )
        return ""

    def _be_alive(self) -> None:
        """Let a watchdog begin to count: it is told once, and counts down from there."""
        point = self._points.point_map.points.get("heartbeat")
        if point is not None:
            self._beat = (self._beat + 1) % (int((point.limits or (0.0, 1.0))[1]) + 1)
            self._points.write("heartbeat", self._beat)


class PointMapDer:
    """What the drivers of inverters and batteries share: who it is, its ratings, its terminals and its command.

    Every method talks to the device and raises TransportError when the link fails, InstrumentError when the device
    refuses, does not read back what was written, or has no such function in its map.
    """

    role: ClassVar[Literal["inverter", "battery"]]

    def __init__(self, link: ModbusLink, point_map: PointMap, envelope: DerEnvelope = UNFENCED) -> None:
        """Take what the bench allows, beside the nameplate.

        Nothing is sent yet; raises ConfigError with all that keeps the map from the role.
        """
        self.points = DerPoints(link, point_map, self.role)
        self._envelope = envelope
        self._commands = PowerCommands(self.points, envelope)
        self._nameplate: Nameplate | None = None

    @property
    def lacking(self) -> dict[str, list[str]]:
        """Functions of the role that the map does not offer, with what it lacks for them."""
        return self.points.lacking

    def identify(self) -> Identity:
        """Read who answers, as far as it says."""
        return self.points.device.identify()

    def read_nameplate(self) -> Nameplate:
        """Read the ratings; asked of the device once. A battery without one for charging has that for discharging."""
        if self._nameplate is None:
            self._nameplate = read_nameplate(self.points, storage=self.role == "battery")
        return self._nameplate

    def read_ac(self) -> AcReading:
        """Read what the device says of its terminals."""
        return read_ac(self.points)

    def read_command(self) -> PowerCommand:
        """Read the set-point that the device holds, which is not what it delivers; NaN without one in the map."""
        return self._commands.read(self.read_nameplate().p_max_w)

    def release(self) -> None:
        """End the active-power command; a battery idles then."""
        self._commands.release()
