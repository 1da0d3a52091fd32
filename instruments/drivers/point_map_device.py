"""A device whose registers are laid out by a point map: points are read together, decoded, checked and written."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence

from instruments.drivers.point_codec import bits_of, number_of, raw_of, swapped, words_of
from instruments.errors import ConfigError, InstrumentError
from instruments.point_map import Point, PointMap, SettingPoint, Table
from instruments.readings import Identity
from instruments.transports.modbus import MAX_READ, ModbusLink

WRITE_MANY = 16
Place = tuple[Table, int]
"""Table and address of a register."""


class PointReadings:
    """Registers of some points as they were read."""

    def __init__(self, device: str, point_map: PointMap, words: Mapping[Place, int]) -> None:
        self._device = device
        self._map = point_map
        self._words = words

    def number(self, name: str) -> float:
        """Return a numeric point in its unit; raises InstrumentError where the device gives no finite one."""
        value = self.optional(name)
        if not math.isfinite(value):
            raise InstrumentError(f"{self._device}: {name} reads {value}")
        return value

    def optional(self, name: str) -> float:
        """Return a numeric point in its unit, NaN where the device says that it has none."""
        point = self._map.find(name)
        return number_of(point, self._bits(point))

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
        words = self._registers(point)
        if self._map.byte_order_of(point) == "low_first":
            words = [swapped(word) for word in words]
        data = b"".join(word.to_bytes(2, "big") for word in words)
        return data.decode("ascii", "replace").rstrip("\0 ")

    def _bits(self, point: Point) -> int:
        return bits_of(self._map, point, self._registers(point))

    def _registers(self, point: Point) -> list[int]:
        table = self._map.table_of(point)
        return [self._words[table, address] for address in point.span]


class PointMapDevice:
    """Points of one unit by name."""

    def __init__(self, link: ModbusLink, point_map: PointMap) -> None:
        self.link = link
        self.point_map = point_map
        readable = [point for point in point_map.points.values() if point.access != "w"]
        self._readable = frozenset((point_map.table_of(point), address) for point in readable for address in point.span)

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
        words: dict[Place, int] = {}
        for table, block in self._blocks(names):
            places = [(table, address) for address in block]
            words |= dict(zip(places, self._read(table, block.start, len(block)), strict=True))
        return PointReadings(self.link.name, self.point_map, words)

    def read_numbers(self, *names: str) -> tuple[float, ...]:
        """Read numeric points, each in its unit; NaN for one that the map lacks. Raises as `read`."""
        readings = self.read(*(name for name in names if name in self.point_map.points))
        return tuple(readings.number(name) if name in self.point_map.points else math.nan for name in names)

    def has(self, name: str) -> bool:
        """Whether the map has a point."""
        return name in self.point_map.points

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

        A point that can be read is read back, or the one that shows it. Raises SafetyTrip outside the map's limits and
        ConfigError for a point that cannot take the value, before anything is sent; InstrumentError when the unit
        refuses or reads back else.
        """
        point = self.point_map.find(name)
        if point.access == "r":
            raise ConfigError(f"point map {self.point_map.point_map}: {name} is only read")
        raw = raw_of(name, point, value)
        before = self.link.read(point.address, point.size) if point.bits else ()
        words = words_of(self.point_map, point, raw, before)
        if self.point_map.function_of(point) == WRITE_MANY:
            self.link.write_many(point.address, words)
        else:
            self.link.write(point.address, words)
        if point.access == "rw" and not self._is_held(point, got := self.link.read(point.address, point.size), raw):
            raise InstrumentError(f"{self.link.name}: {name} reads back {got} after {tuple(words)} was written")
        if point.read_back is not None:
            self._check_shown(point, point.read_back, value)

    def check(self, name: str, value: float | str | bool) -> None:
        """Raise as `write` does before it sends anything, and send nothing."""
        raw_of(name, self.point_map.find(name), value)

    def identify(self) -> Identity:
        """Read who answers, from those points of identity that the map has."""
        names = [name for name in ("manufacturer", "model", "version", "serial") if name in self.point_map.points]
        readings = self.read(*names)
        return Identity(**{"manufacturer": "", "model": "", **{name: readings.text(name) for name in names}})

    def _is_held(self, point: Point, got: Sequence[int], raw: int) -> bool:
        """Tell whether registers hold what was written; the other bits of one may have changed because of it."""
        return bits_of(self.point_map, point, got) == raw

    def _check_shown(self, point: Point, shown: str, value: float | str | bool) -> None:
        """Hold what was written against the point that shows it; raises InstrumentError."""
        readings, by = self.read(shown), self.point_map.find(shown)
        if by.type == "enum":
            got: float | str | bool = readings.label(shown)
        else:
            got = readings.flag(shown) if by.type == "bool" else readings.number(shown)
        slack = max(point.scale, by.scale) / 2.0
        same = abs(float(got) - float(value)) <= slack if by.numeric and not isinstance(value, str) else got == value
        if not same:
            raise InstrumentError(f"{self.link.name}: {shown} reads {got} after {value} was written")

    def _read(self, table: Table, address: int, count: int) -> tuple[int, ...]:
        read = self.link.read_inputs if table == "input" else self.link.read
        return read(address, count)

    def _blocks(self, names: Sequence[str]) -> Iterator[tuple[Table, range]]:
        """Join points to spans of registers that exist and fit into one request."""
        points = [self.point_map.find(name) for name in names]
        for table in ("holding", "input"):
            spans = sorted(
                {p.address: p.span for p in points if self.point_map.table_of(p) == table}.values(), key=_first
            )
            yield from ((table, block) for block in self._joined(table, spans))

    def _joined(self, table: Table, spans: Sequence[range]) -> Iterator[range]:
        block: range | None = None
        for span in spans:
            joined = range(block.start, span.stop) if block else span
            exists = self._readable.issuperset((table, address) for address in joined)
            if block and (len(joined) > MAX_READ or not exists):
                yield block
                joined = span
            block = joined
        if block:
            yield block


def _first(span: range) -> int:
    return span.start
