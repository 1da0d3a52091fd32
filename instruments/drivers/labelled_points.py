"""Settings of a device by the labels of the common file format, over whatever points its map has for them."""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

from instruments.der_labels import COMMANDS, QUANTITIES, Quantity, Setting, missing, point_of
from instruments.drivers.point_map_der import DerPoints, Values
from instruments.errors import InstrumentError, Unmapped
from instruments.point_units import SHARE
from instruments.readings import Nameplate

ROUNDING: Mapping[Quantity, float] = {
    **dict.fromkeys(("share of voltage", "share of power", "share of vars", "Hz", "ratio"), 1e-3),
    **dict.fromkeys(("W", "VA", "var", "V", "S"), 0.0),
    "s": 0.011,
}
"""What may get lost of a setting in any case; a coarser point may lose half of its step."""


class LabelledPoints(Protocol):
    """What functions of IEEE 1547-2018 ask of a device's points. All raise TransportError and InstrumentError."""

    @property
    def name(self) -> str:
        """What errors call the device by."""

    def offers(self, name: str) -> bool:
        """Whether the map has a point of this name."""

    def get(self, *labels: str) -> dict[str, Setting]:
        """Read those of some labels that the map has, together; NaN for what the device has no value of."""

    def check(self, values: Mapping[str, Setting]) -> None:
        """Raise SafetyTrip for a number outside the limits of the map."""

    def put(self, label: str, value: Setting) -> None:
        """Write one label and read it back."""

    def put_function(self, function: str, values: Mapping[str, Setting]) -> None:
        """Write all that a function follows, in this order, and have the device take it over."""

    def step(self, label: str) -> float:
        """Return the step in which the device holds a number, in the unit of its label."""

    def command(self, name: str) -> None:
        """Have the device do what a point of `COMMANDS` is for; nothing where the map has no such point."""


def offered(points: LabelledPoints, *labels: str) -> list[str]:
    """Return those of some labels that the map has."""
    return [label for label in labels if points.offers(point_of(label))]


def require(points: LabelledPoints, what: str, *labels: str) -> None:
    """Raise Unmapped, with all that is missing, for a function that the map has not all points of."""
    if lacks := missing(labels, points.offers):
        raise Unmapped(f"{points.name} has no {what}: its point map lacks {', '.join(lacks)}; nothing was sent")


def require_steps(points: LabelledPoints, values: Mapping[str, Setting]) -> None:
    """Raise Unmapped for a number that falls between the steps in which its point holds them: nobody can set it."""
    for label, value in values.items():
        if isinstance(value, bool | str) or not (rounding := ROUNDING[QUANTITIES[label]]):
            continue
        step = points.step(label)
        if step > rounding and abs(value - round(value / step) * step) > rounding:
            raise Unmapped(f"{points.name} holds {label} in steps of {step:g}, and {value:g} is none; nothing was sent")


def require_held(points: LabelledPoints, values: Mapping[str, Setting]) -> None:
    """Raise InstrumentError, naming all, for settings that the device holds otherwise than they were written."""
    held = points.get(*values)
    wrong = [label for label, value in values.items() if not _same(points, label, held.get(label, math.nan), value)]
    if wrong:
        told = ", ".join(f"{label} {held.get(label)} and not {values[label]}" for label in wrong)
        raise InstrumentError(f"{points.name} holds {told}")


def _same(points: LabelledPoints, label: str, held: Setting, wanted: Setting) -> bool:
    if isinstance(wanted, bool | str) or isinstance(held, bool | str):
        return held == wanted
    slack = max(ROUNDING[QUANTITIES[label]], points.step(label) * (0.5 + 1e-6))
    return abs(held - wanted) <= slack


class ModbusLabels:
    """Labels over a map of Modbus registers. Fits LabelledPoints."""

    def __init__(self, points: DerPoints, nameplate: Callable[[], Nameplate]) -> None:
        """Take what tells the ratings, of which shares are."""
        self._points, self._nameplate = points, nameplate

    @property
    def name(self) -> str:
        """What errors call the device by."""
        return self._points.name

    def offers(self, name: str) -> bool:
        """Whether the map has a point; a constant in its place is no word of the device, and cannot be set."""
        return name in self._points.point_map.points

    def get(self, *labels: str) -> dict[str, Setting]:
        """Read those of some labels that the map has."""
        named = {label: point_of(label) for label in offered(self, *labels)}
        readings = self._points.device.read(*(self._points.shown(name) for name in named.values()))
        return {label: self._value(label, Values(self._points, readings, self._base(label))) for label in named}

    def check(self, values: Mapping[str, Setting]) -> None:
        """Raise SafetyTrip for a number outside the limits of the map."""
        for label, value in values.items():
            if not isinstance(value, bool | str):
                base = self._base(label)
                self._points.check(point_of(label), value * base, base)

    def put(self, label: str, value: Setting) -> None:
        """Write one label and read it back."""
        name, base = point_of(label), self._base(label)
        if isinstance(value, bool | str):
            self._points.device.write(name, value.lower() if isinstance(value, str) else value)
        else:
            self._points.write(name, value * base, base)

    def put_function(self, function: str, values: Mapping[str, Setting]) -> None:
        """Write one label after the other, then the point that has them taken over, where there is one."""
        for label, value in values.items():
            self.put(label, value)
        self.command(f"{function.lower()}_adopt")

    def step(self, label: str) -> float:
        """Return the step in which a register holds a number, in the unit of its label."""
        base = self._base(label)
        return self._points.resolution(point_of(label), 1.0, base) / base

    def command(self, name: str) -> None:
        """Write the label of a command; nothing where the map has no such point."""
        if self.offers(name):
            self._points.device.write(name, COMMANDS[name])

    def _value(self, label: str, values: Values) -> Setting:
        name = point_of(label)
        if QUANTITIES[label] == "switch":
            return bool(values.flag(name))
        if QUANTITIES[label] == "word":
            return values.label(name).upper()
        return values.number(name) / self._base(label)

    def _base(self, label: str) -> float:
        """Return what a share is of: 1 for a point that has shares itself, and for what is none."""
        point = self._points.point_map.points[point_of(label)]
        if point.unit in SHARE or not QUANTITIES[label].startswith("share of"):
            return 1.0
        plate = self._nameplate()
        base = {"voltage": plate.v_nom_v, "power": plate.p_max_w, "vars": plate.va_max_va}
        rated = base[QUANTITIES[label].removeprefix("share of ")]
        if not (rated > 0.0 and math.isfinite(rated)):
            raise InstrumentError(f"{self.name} states no rating that its {label} could be a share of")
        return rated
