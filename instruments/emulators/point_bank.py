"""Holding registers of an emulated device, laid out by a point map and filled from the device's behaviour.

Packing is done here on its own: the driver's reading of the same map must not be able to share a mistake with it.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from instruments.emulators.contacts import CommandRefused
from instruments.emulators.modbus_server import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, ModbusRefusal
from instruments.errors import ConfigError
from instruments.point_map import Point, PointMap

SERVER_BUSY = 0x06
WRONG_STATE = ILLEGAL_FUNCTION
"""The specification gives code 01 also to a server that is in the wrong state for a request."""

_FORMATS = {
    **{"u16": ">H", "s16": ">h", "u32": ">I", "s32": ">i", "u64": ">Q", "s64": ">q", "f32": ">f"},
    **{"bool": ">H", "enum": ">H"},
}

Value = float | str | bool


@dataclass(frozen=True)
class Binding:
    """Where a point's value comes from and where a written one goes; a command has no `get`, a reading no `put`."""

    get: Callable[[], Value] | None = None
    put: Callable[[Value], None] | None = None


class PointBank:
    """Register bank of a device. One write is one whole point, so that it is taken whole or not at all.

    An address without a point, a part of a point and a write to what is only read are refused with 02, a value outside
    limits or labels with 03, a command in the wrong state with 01, one that may work later with 06.
    """

    def __init__(self, point_map: PointMap, bindings: Mapping[str, Binding]) -> None:
        """Lay out the registers; raises ConfigError for points that the device does not have or cannot take."""
        self._map = point_map
        self._bindings = bindings
        self._check()
        self._owners = {
            address: (point, bindings[name]) for name, point in point_map.points.items() for address in point.span
        }
        self._starts = {point.address: (point, bindings[name]) for name, point in point_map.points.items()}

    def read(self, address: int, count: int) -> list[int]:
        """Return registers; commands read 0."""
        words: dict[int, int] = {}
        for register in range(address, address + count):
            if register not in self._owners:
                raise ModbusRefusal(ILLEGAL_ADDRESS)
            if register not in words:
                point, binding = self._owners[register]
                words |= dict(zip(point.span, self._pack(point, binding), strict=True))
        return [words[register] for register in range(address, address + count)]

    def write(self, address: int, values: list[int]) -> None:
        """Take the value of one point."""
        point, binding = self._starts.get(address, (None, None))
        if point is None or binding is None or len(values) != point.size or point.access == "r" or binding.put is None:
            raise ModbusRefusal(ILLEGAL_ADDRESS)
        value = self._unpack(point, values)
        try:
            binding.put(value)
        except CommandRefused as refusal:
            raise ModbusRefusal(SERVER_BUSY if refusal.busy else WRONG_STATE) from refusal

    def _check(self) -> None:
        for name, point in self._map.points.items():
            if point.bits is not None or self._map.table_of(point) == "input":
                raise ConfigError(
                    f"point map {self._map.point_map}: {name!r}: the emulator has whole holding registers"
                )
            binding = self._bindings.get(name)
            if binding is None:
                known = ", ".join(sorted(self._bindings))
                raise ConfigError(
                    f"point map {self._map.point_map}: the emulator has no point {name!r}; known: {known}"
                )
            if ("w" in point.access and binding.put is None) or ("r" in point.access and binding.get is None):
                raise ConfigError(f"point map {self._map.point_map}: {name!r} cannot have access {point.access!r}")

    def _pack(self, point: Point, binding: Binding) -> list[int]:
        if point.access == "w" or binding.get is None:
            return [0] * point.size
        value = binding.get()
        if isinstance(value, str) and point.type == "string":
            words = _words(value.encode("ascii").ljust(2 * point.size, b"\0"))
            return self._ordered(point, words)[:: 1 if self._map.order_of(point) == "high_first" else -1]
        raw = float(point.labels[value]) if isinstance(value, str) else (value - point.offset) / point.scale
        return self._ordered(
            point, _words(struct.pack(_FORMATS[point.type], raw if point.type == "f32" else round(raw)))
        )

    def _unpack(self, point: Point, values: list[int]) -> Value:
        data = struct.pack(f">{point.size}H", *self._ordered(point, values))
        raw = struct.unpack(_FORMATS[point.type], data)[0]
        value = _meaning(point, raw)
        if value is None:
            raise ModbusRefusal(ILLEGAL_VALUE)
        return value

    def _ordered(self, point: Point, words: list[int]) -> list[int]:
        if self._map.byte_order_of(point) == "low_first":
            words = [int.from_bytes(word.to_bytes(2, "little"), "big") for word in words]
        return words[::-1] if self._map.order_of(point) == "low_first" else words


def _meaning(point: Point, raw: float) -> Value | None:
    """Return what a written raw value stands for; None where it stands for nothing that may be written."""
    if point.type == "enum":
        return next((label for label, number in point.labels.items() if number == raw), None)
    if point.type == "bool":
        return bool(raw) if raw in (0, 1) else None
    value, slack = raw * point.scale + point.offset, 1e-6 * point.scale
    lowest, highest = point.limits or (0.0, 0.0)
    return value if lowest - slack <= value <= highest + slack else None


def _words(data: bytes) -> list[int]:
    return list(struct.unpack(f">{len(data) // 2}H", data))
