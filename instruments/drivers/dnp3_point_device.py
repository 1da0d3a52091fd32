"""A DNP3 outstation behind its point map: points are read together, decoded, checked and commanded."""

import math
from collections.abc import Collection, Mapping

from instruments.dnp3_map import VARIATIONS, Dnp3Map, Dnp3Point
from instruments.dnp3_points import OWN_DOUBTS, PointValue, Ref
from instruments.errors import ConfigError, Doubtful, InstrumentError, SafetyTrip
from instruments.point_map import SettingPoint
from instruments.readings import Identity
from instruments.transports.dnp3 import Dnp3Link

_MANUFACTURER, _MODEL, _VERSION, _SERIAL = 252, 250, 242, 248


class Dnp3Readings:
    """Some points as they were read. What its quality speaks against is no reading: asking for it raises."""

    def __init__(self, device: str, point_map: Dnp3Map, values: Mapping[Ref, PointValue]) -> None:
        self._device = device
        self._map = point_map
        self._values = values

    def number(self, name: str) -> float:
        """Return a numeric point in its unit; raises Doubtful where the device gives no finite one."""
        value = self._raw(name) * self._map.find(name).scale
        if not math.isfinite(value):
            raise Doubtful(f"{self._device}: {name} reads {value}")
        return value

    def flag(self, name: str) -> bool:
        """Return a state; raises Doubtful for one that is no reading."""
        return bool(self._raw(name))

    def label(self, name: str) -> str:
        """Return the label of an enumeration; raises Doubtful for a value that the map does not know."""
        raw = self._raw(name)
        for label, value in self._map.find(name).labels.items():
            if value == raw:
                return label
        raise Doubtful(f"{self._device}: {name} reads {raw:g}, which has no label in {self._map.dnp3_map}")

    def is_offered(self, name: str) -> bool:
        """Whether the device has a point at all: what is offline for no reason of its own is one that it does not."""
        flags = self._values[_input(self._map, name)].flags
        return flags is None or bool(flags & OWN_DOUBTS)

    def _raw(self, name: str) -> float:
        ref = _input(self._map, name)
        value = self._values[ref]
        if doubts := value.doubts(ref.kind):
            raise Doubtful(f"{self._device}: {name} ({ref}) is no reading: {', '.join(doubts)}")
        return value.value


class Dnp3PointDevice:
    """Points of one outstation by name."""

    def __init__(self, link: Dnp3Link, point_map: Dnp3Map) -> None:
        self._link = link
        self.point_map = point_map

    @property
    def link(self) -> Dnp3Link:
        """The outstation's link."""
        return self._link

    def require(self, points: Mapping[str, Collection[str]]) -> None:
        """Check that the map has points, with these labels where they are enumerations; raises ConfigError with all."""
        known = self.point_map.points
        missing = [name for name in points if name not in known]
        for name in points.keys() - missing:
            labels = known[name].labels or known[name].orders
            missing += [f"{name} with the label {label}" for label in points[name] if label not in labels]
        if missing:
            raise ConfigError(f"point map {self.point_map.dnp3_map} lacks {', '.join(sorted(missing))}")

    def read(self, *names: str) -> Dnp3Readings:
        """Read points in one request; raises TransportError, InstrumentError."""
        values = self._link.read(_input(self.point_map, name) for name in names)
        return Dnp3Readings(self._link.name, self.point_map, values)

    def read_numbers(self, *names: str) -> tuple[float, ...]:
        """Read numeric points, each in its unit; NaN for one that the map lacks. Raises as `read`."""
        readings = self.read(*(name for name in names if name in self.point_map.points))
        return tuple(readings.number(name) if name in self.point_map.points else math.nan for name in names)

    def has(self, name: str) -> bool:
        """Whether the map has a point."""
        return name in self.point_map.points

    def settings(self) -> dict[str, SettingPoint]:
        """Return the points that can be commanded and read."""
        points = self.point_map.points.items()
        return {name: point for name, point in points if point.input is not None and point.output is not None}

    def read_setting(self, name: str) -> float | str | bool:
        """Read one point as what it is: a label, a state or a number."""
        point, readings = self.point_map.find(name), self.read(name)
        if point.labels:
            return readings.label(name)
        return readings.flag(name) if point.is_flag else readings.number(name)

    def write(self, name: str, value: float | str | bool) -> None:
        """Command one point: a label for an enumeration, a truth value for a state, a number in the point's unit else.

        A point that has an input is read back. Raises SafetyTrip outside the map's limits and ConfigError for a point
        that cannot take the value, before anything is sent; InstrumentError when the outstation refuses or holds else,
        Doubtful when what it shows then is no reading.
        """
        point = self.point_map.find(name)
        if point.output is None:
            raise ConfigError(f"point map {self.point_map.dnp3_map}: {name} is only read")
        raw = _raw(name, point, value)
        order = point.orders[str(value)] if point.orders else raw
        if point.output.is_binary and not point.orders:
            order = "latch_on" if raw else "latch_off"
        variation = VARIATIONS[point.type]
        self._link.operate(point.output, order, point.select, variation, pulse_ms=point.pulse_ms)
        if point.input is not None:
            self._check_taken(name, point.input, raw)

    def check(self, name: str, value: float | str | bool) -> None:
        """Raise as `write` does before it sends anything, and send nothing."""
        _raw(name, self.point_map.find(name), value)

    def identify(self) -> Identity:
        """Read who answers from its device attributes; an outstation without them is nobody in particular."""
        held = self._link.read_attributes() if self.point_map.attributes else {}
        return Identity(
            manufacturer=held.get(_MANUFACTURER, ""),
            model=held.get(_MODEL, ""),
            version=held.get(_VERSION, ""),
            serial=held.get(_SERIAL, ""),
        )

    def _check_taken(self, name: str, ref: Ref, raw: float) -> None:
        value = self._link.read([ref])[ref]
        if doubts := value.doubts(ref.kind):
            raise Doubtful(f"{self._link.name}: {name} ({ref}) is no reading: {', '.join(doubts)}")
        # Both are as coarse as an integer of the map's scale, or as a float of 32 bits.
        if not math.isclose(value.value, raw, rel_tol=1e-6, abs_tol=1e-6):
            raise InstrumentError(f"{self._link.name}: {name} reads back {value.value:g} after {raw:g} was commanded")


def _input(point_map: Dnp3Map, name: str) -> Ref:
    place = point_map.find(name).input
    if place is None:
        raise ConfigError(f"point map {point_map.dnp3_map}: {name} cannot be read")
    return place


def _raw(name: str, point: Dnp3Point, value: float | str | bool) -> float:
    """Return the raw value to command; raises SafetyTrip, ConfigError."""
    labels = point.labels or point.orders
    if labels:
        if value not in labels:
            raise ConfigError(f"{name} has no label {value!r}; known: {', '.join(labels)}")
        return float(point.labels.get(str(value), 0))
    if point.is_flag:
        return float(bool(value))
    lowest, highest = point.limits or (0.0, 0.0)
    number = float(value)
    if not lowest <= number <= highest:
        raise SafetyTrip(f"{name} = {number:g} {point.unit} lies outside {lowest:g} .. {highest:g}")
    raw = number / point.scale
    return float(round(raw)) if point.type.startswith("int") else raw
