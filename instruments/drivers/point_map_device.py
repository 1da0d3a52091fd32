"""A device whose registers are laid out by a point map: points are read together, decoded, checked and written."""

import math
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence

from instruments.errors import ConfigError, InstrumentError, SafetyTrip
from instruments.point_map import Point, PointMap, SettingPoint
from instruments.readings import Identity
from instruments.transports.modbus import MAX_READ, ModbusLink

_BITS = 16


class PointReadings:
    """Registers of some points as they were read."""

    def __init__(self, device: str, point_map: PointMap, words: Mapping[int, int]) -> None:
        self._device = device
        self._map = point_map
        self._words = words

    def number(self, name: str) -> float:
        """Return a numeric point in its unit; raises InstrumentError where the device gives no finite one."""
        point = self._map.find(name)
        value = _number(point, self._bits(point)) * point.scale
        if not math.isfinite(value):
            raise InstrumentError(f"{self._device}: {name} reads {value}")
        return value

    def flag(self, name: str) -> bool:
        """Return a bool point; raises InstrumentError when it is neither 0 nor 1."""
        bits = self._bits(self._map.find(name))
        if bits not in (0, 1):
            raise InstrumentError(f"{self._device}: {name} reads {bits}, neither 0 nor 1")
        return bits == 1

    def label(self, name: str) -> str:
        """Return the label of an enumeration; raises InstrumentError for a value that the map does not know."""
        point = self._map.find(name)
        bits = self._bits(point)
        for label, value in point.labels.items():
            if value == bits:
                return label
        raise InstrumentError(f"{self._device}: {name} reads {bits}, which has no label in {self._map.point_map}")

    def text(self, name: str) -> str:
        """Return a string point without its padding."""
        point = self._map.find(name)
        data = b"".join(self._words[address].to_bytes(2, "big") for address in point.span)
        return data.decode("ascii", "replace").rstrip("\0 ")

    def _bits(self, point: Point) -> int:
        words = [self._words[address] for address in point.span]
        if self._map.order_of(point) == "low_first":
            words.reverse()
        bits = 0
        for word in words:
            bits = bits << _BITS | word
        return bits


class PointMapDevice:
    """Points of one unit by name."""

    def __init__(self, link: ModbusLink, point_map: PointMap) -> None:
        self.link = link
        self.point_map = point_map
        self._mapped = frozenset(address for point in point_map.points.values() for address in point.span)

    def require(self, points: Mapping[str, Collection[str]]) -> None:
        """Check that the map has points, with these labels where they are enumerations; raises ConfigError with all."""
        missing = [name for name in points if name not in self.point_map.points]
        for name in points.keys() - missing:
            labels = self.point_map.points[name].labels
            missing += [f"{name} with the label {label}" for label in points[name] if label not in labels]
        if missing:
            raise ConfigError(f"point map {self.point_map.point_map} lacks {', '.join(sorted(missing))}")

    def read(self, *names: str) -> PointReadings:
        """Read points in as few requests as the map allows; raises TransportError, InstrumentError."""
        words: dict[int, int] = {}
        for block in self._blocks(names):
            words |= dict(zip(block, self.link.read(block.start, len(block)), strict=True))
        return PointReadings(self.link.name, self.point_map, words)

    def read_numbers(self, *names: str) -> tuple[float, ...]:
        """Read numeric points, each in its unit; NaN for one that the map lacks. Raises as `read`."""
        readings = self.read(*(name for name in names if name in self.point_map.points))
        return tuple(readings.number(name) if name in self.point_map.points else math.nan for name in names)

    def settings(self) -> dict[str, SettingPoint]:
        """Return the points that can be written and read."""
        return {name: point for name, point in self.point_map.points.items() if point.access == "rw"}

    def read_setting(self, name: str) -> float | str | bool:
        """Read one point as what it is: a label, a truth value or a number."""
        readings = self.read(name)
        match self.point_map.find(name).type:
            case "enum":
                return readings.label(name)
            case "bool":
                return readings.flag(name)
            case _:
                return readings.number(name)

    def write(self, name: str, value: float | str | bool) -> None:
        """Write one point: a label for an enumeration, a truth value for a bool, a number in the point's unit else.

        A point that can be read is read back. Raises SafetyTrip outside the map's limits and ConfigError for a point
        that cannot take the value, before anything is sent; InstrumentError when the unit refuses or reads back else.
        """
        point = self.point_map.find(name)
        words = self._words(name, point, value)
        self.link.write(point.address, words)
        if point.access == "rw" and (got := self.link.read(point.address, point.size)) != tuple(words):
            raise InstrumentError(f"{self.link.name}: {name} reads back {got} after {tuple(words)} was written")

    def identify(self) -> Identity:
        """Read who answers, from those points of identity that the map has."""
        names = [name for name in ("manufacturer", "model", "version", "serial") if name in self.point_map.points]
        readings = self.read(*names)
        return Identity(**{"manufacturer": "", "model": "", **{name: readings.text(name) for name in names}})

    def _blocks(self, names: Sequence[str]) -> Iterator[range]:
        """Join points to spans of registers that exist and fit into one request."""
        block: range | None = None
        for point in sorted((self.point_map.find(name) for name in names), key=lambda point: point.address):
            joined = range(block.start, point.span.stop) if block else point.span
            if block and (len(joined) > MAX_READ or not self._mapped.issuperset(joined)):
                yield block
                joined = point.span
            block = joined
        if block:
            yield block

    def _words(self, name: str, point: Point, value: float | str | bool) -> list[int]:
        if point.access == "r":
            raise ConfigError(f"point map {self.point_map.point_map}: {name} is only read")
        bits = _bits(name, point, value)
        words = [bits >> _BITS * place & 0xFFFF for place in reversed(range(point.size))]
        return words[::-1] if self.point_map.order_of(point) == "low_first" else words


def _number(point: Point, bits: int) -> float:
    if point.type == "f32":
        return float(struct.unpack(">f", bits.to_bytes(4, "big"))[0])
    sign = 1 << (_BITS * point.size - 1)
    return float(bits - 2 * sign if point.type.startswith("s") and bits & sign else bits)


def _bits(name: str, point: Point, value: float | str | bool) -> int:
    """Return the raw value to write as an unsigned number; raises SafetyTrip, ConfigError."""
    if point.type == "enum":
        if value not in point.labels:
            raise ConfigError(f"{name} has no label {value!r}; known: {', '.join(point.labels)}")
        return point.labels[str(value)]
    if point.type == "bool":
        return int(bool(value))
    lowest, highest = point.limits or (0.0, 0.0)
    number = float(value)
    if not lowest <= number <= highest:
        raise SafetyTrip(f"{name} = {number:g} {point.unit} lies outside {lowest:g} .. {highest:g}")
    if point.type == "f32":
        return int.from_bytes(struct.pack(">f", number / point.scale), "big")
    return round(number / point.scale) % (1 << _BITS * point.size)
