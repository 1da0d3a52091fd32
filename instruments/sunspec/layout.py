"""Where the points of a SunSpec model lie and how their values are coded, from the model definitions of pysunspec2.

A point inside a repeating group is named with its index from 1, as the specification counts: `Crv[1].Pt[2].V`.
Offsets count registers from the model's ID register; register values are unsigned 16-bit integers, high word first.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from sunspec2 import device

SIGNED = frozenset({"int16", "int32", "int64", "sunssf"})
TEXT = "string"
ACCUMULATORS = frozenset({"acc16", "acc32", "acc64"})

WORD = 0xFFFF
"""All bits of a register."""
MARKER, END = (0x5375, 0x6E53), 0xFFFF
"""Words before the first model of a device, and the number behind its last."""
COUNT_POINTS = {
    **dict.fromkeys((705, 706, 712), ("NPt", "NCrv")),
    **dict.fromkeys((707, 708, 709, 710), ("NPt", "NCrvSet")),
    711: ("NCtl",),
    714: ("NPrt",),
}
"""Points that size the repeating groups of a model; they lie before the groups, so they are found without counts."""

Counts = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Point:
    """One value in a model: `scale` names the point that holds its power of ten, or is that power."""

    name: str
    offset: int
    size: int
    kind: str
    scale: str | int
    writable: bool
    symbols: frozenset[int]

    @cached_property
    def not_implemented(self) -> int:
        """Raw value that says the device does not have this point."""
        if self.kind == TEXT or self.kind in ACCUMULATORS:
            return 0
        bits = 16 * self.size
        return -(1 << bits - 1) if self.kind in SIGNED or self.kind == "pad" else (1 << bits) - 1

    def fits(self, raw: int) -> bool:
        """Whether a raw value can be told from "not implemented" and is in the range of the type."""
        lowest, highest = self._range
        return lowest <= raw <= highest

    @cached_property
    def _range(self) -> tuple[int, int]:
        bits = 16 * self.size
        if self.kind in SIGNED:
            return 1 - (1 << bits - 1), (1 << bits - 1) - 1
        return 0, (1 << bits) - (1 if self.kind in ACCUMULATORS else 2)

    @cached_property
    def is_signed(self) -> bool:
        """Whether its registers hold a number in two's complement."""
        return self.kind in SIGNED or self.kind == "pad"


@dataclass(frozen=True)
class Layout:
    """All points of one model; `length` is the whole model, ID and L registers included."""

    model_id: int
    points: Mapping[str, Point]
    length: int

    def group(self, prefix: str) -> tuple[Point, ...]:
        """Return the points whose names begin with a prefix, in register order."""
        return tuple(point for name, point in self.points.items() if name.startswith(prefix))


@cache
def layout(model_id: int, counts: Counts = ()) -> Layout:
    """Lay out a model; `counts` gives each count point of a repeating group, as (("NPt", 4), ("NCrv", 3)).

    Raises KeyError for a count that is missing and `sunspec2.device.ModelError` for an unknown model.
    """
    definition: dict[str, Any] = device.get_model_def(model_id)["group"]
    points: dict[str, Point] = {}
    length = 0
    for name, spec in _walk(definition, "", dict(counts)):
        points[name] = _point(name, spec, length)
        length += int(spec["size"])
    return Layout(model_id, points, length)


def _walk(group: dict[str, Any], prefix: str, counts: Mapping[str, int]) -> Iterator[tuple[str, dict[str, Any]]]:
    for spec in group.get("points", ()):
        yield prefix + spec["name"], spec
    for inner in group.get("groups", ()):
        for label in _labels(inner, counts):
            yield from _walk(inner, f"{prefix}{label}.", counts)


def _labels(group: dict[str, Any], counts: Mapping[str, int]) -> list[str]:
    count = group.get("count", 1)
    if count == 1:
        return [group["name"]]
    number = count if isinstance(count, int) else counts[count]
    return [f"{group['name']}[{index}]" for index in range(1, number + 1)]


def _point(name: str, spec: dict[str, Any], offset: int) -> Point:
    symbols = frozenset(int(symbol["value"]) for symbol in spec.get("symbols", ()))
    writable = spec.get("access", "R") == "RW"
    return Point(name, offset, int(spec["size"]), spec["type"], spec.get("sf", 0), writable, symbols)


def to_words(point: Point, raw: int | str) -> list[int]:
    """Code a raw value into registers; a text is cut to its size. Raises ValueError when a number does not fit."""
    size = 2 * point.size
    if isinstance(raw, str):
        data = raw.encode("utf-8")[:size].ljust(size, b"\0")
        return [data[i] << 8 | data[i + 1] for i in range(0, size, 2)]
    if raw != point.not_implemented and not point.fits(raw):
        raise ValueError(f"{raw} does not fit the {point.kind} of {point.name}")
    return [raw >> shift & WORD for shift in range(16 * (point.size - 1), -1, -16)]


def from_words(point: Point, words: Sequence[int]) -> int | str | None:
    """Decode registers into a raw value; None where the device says that it does not have the point."""
    if point.kind == TEXT:
        data = b"".join(word.to_bytes(2, "big") for word in words)
        return data.split(b"\0", 1)[0].decode("utf-8", errors="replace").strip()
    raw = 0
    for word in words:
        raw = raw << 16 | word
    if point.is_signed and raw >> 16 * point.size - 1:
        raw -= 1 << 16 * point.size
    return None if raw == point.not_implemented and point.kind not in ACCUMULATORS else raw


def scale_exponent(largest: float, limit: int) -> int:
    """Smallest power of ten that brings the magnitude `largest` into `limit` counts."""
    return math.ceil(math.log10(largest / limit))
