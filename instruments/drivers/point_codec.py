"""How a driver reads and writes the registers of a point: orders of words and bytes, bits, types, scale and offset.

The emulators have a codec of their own, so that neither can hide a mistake of the other.
"""

import math
import struct
from collections.abc import Sequence

from instruments.errors import ConfigError, SafetyTrip
from instruments.point_map import REGISTER_BITS, Point, PointMap

WORD = 0xFFFF


def bits_of(point_map: PointMap, point: Point, words: Sequence[int]) -> int:
    """Return a point's raw value, as an unsigned number, out of its registers."""
    ordered = words if point_map.order_of(point) == "high_first" else words[::-1]
    raw = 0
    for word in ordered:
        raw = raw << REGISTER_BITS | (word if point_map.byte_order_of(point) == "high_first" else swapped(word))
    return raw if point.bits is None else (raw & point.mask) >> point.bits[0]


def words_of(point_map: PointMap, point: Point, raw: int, before: Sequence[int] = ()) -> list[int]:
    """Return the registers that hold a raw value; where it has only some bits of one, with the others as `before`."""
    if point.bits is not None:
        raw = bits_of(point_map, point.model_copy(update={"bits": None}), before) & ~point.mask | raw << point.bits[0]
    words = [raw >> REGISTER_BITS * place & WORD for place in reversed(range(point.size))]
    if point_map.byte_order_of(point) == "low_first":
        words = [swapped(word) for word in words]
    return words if point_map.order_of(point) == "high_first" else words[::-1]


def swapped(word: int) -> int:
    """Return a register with its bytes exchanged."""
    return word >> 8 | (word & 0xFF) << 8


def number_of(point: Point, raw: int) -> float:
    """Return what a raw value stands for, in the point's unit; NaN where it says that there is none."""
    if raw == point.no_value:
        return math.nan
    if point.type == "f32":
        return float(struct.unpack(">f", raw.to_bytes(4, "big"))[0]) * point.scale + point.offset
    sign = 1 << (REGISTER_BITS * point.size - 1)
    signed = raw - 2 * sign if point.type.startswith("s") and raw & sign else raw
    return signed * point.scale + point.offset


def raw_of(name: str, point: Point, value: float | str | bool) -> int:
    """Return the raw value to write, as an unsigned number.

    Raises SafetyTrip outside the limits of the map, and ConfigError for a label that it does not have.
    """
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
    counts = (number - point.offset) / point.scale
    if point.type == "f32":
        return int.from_bytes(struct.pack(">f", counts), "big")
    return round(counts) % (1 << REGISTER_BITS * point.size)
