"""Point maps: which Modbus register of a device holds what, as validated data.

A point has a name, a register address from 0, a type, and where they apply scale and offset (value = raw x scale +
offset), a unit, the labels of an enumeration, and the limits outside which it is never written. What all points of a
map have in common (word and byte order, table, function of writes, direction of power) stands once, beside them.
"""

import math
import struct
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from instruments.errors import ConfigError
from instruments.files import parse_yaml, read_text

REGISTERS = 0x10000
MAX_STRING_REGISTERS = 125
REGISTER_BITS = 16
WORDS = {"u16": 1, "s16": 1, "u32": 2, "s32": 2, "u64": 4, "s64": 4, "f32": 2, "bool": 1, "enum": 1}
RAW_RANGES = {
    "u16": (0.0, 65_535.0),
    "s16": (-32_768.0, 32_767.0),
    "u32": (0.0, 4_294_967_295.0),
    "s32": (-2_147_483_648.0, 2_147_483_647.0),
    "u64": (0.0, 2.0**64 - 1.0),
    "s64": (-(2.0**63), 2.0**63 - 1.0),
    "f32": (-struct.unpack(">f", b"\x7f\x7f\xff\xff")[0], struct.unpack(">f", b"\x7f\x7f\xff\xff")[0]),
}
"""What fits into the registers of each numeric type."""

PointType = Literal["u16", "s16", "u32", "s32", "u64", "s64", "f32", "bool", "enum", "string"]
Order = Literal["high_first", "low_first"]
Table = Literal["holding", "input"]
WriteFunction = Literal[6, 16]
Direction = Literal["delivered", "absorbed"]
Label = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class SettingPoint(Protocol):
    """A point that can be written and read, whatever carries it: the values that it takes."""

    @property
    def limits(self) -> tuple[float, float] | None:
        """Of a number."""

    @property
    def labels(self) -> Mapping[str, int]:
        """Of an enumeration."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Point(_Closed):
    """One point. `access` is r, rw, or w for a command that cannot be read back, unless `read_back` names where.

    `bits`: first and last bit of its register, from 0 at the low end, where it has not the whole of it. `no_value`: raw
    value, as an unsigned number, that says there is none. `positive`: whether power counts as positive where the device
    delivers it into the network, or where it absorbs it.
    """

    address: Annotated[int, Field(ge=0, lt=REGISTERS)]
    type: PointType
    access: Literal["r", "rw", "w"] = "r"
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    unit: str = ""
    limits: tuple[float, float] | None = None
    labels: dict[Label, Annotated[int, Field(ge=0, lt=REGISTERS)]] = {}
    registers: Annotated[int, Field(ge=1, le=MAX_STRING_REGISTERS)] | None = None
    word_order: Order | None = None
    byte_order: Order | None = None
    table: Table | None = None
    write_function: WriteFunction | None = None
    offset: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    bits: tuple[Annotated[int, Field(ge=0, lt=REGISTER_BITS)], Annotated[int, Field(ge=0, lt=REGISTER_BITS)]] | None = (
        None
    )
    no_value: Annotated[int, Field(ge=0)] | None = None
    read_back: Label | None = None
    positive: Direction | None = None

    @property
    def size(self) -> int:
        """Number of registers."""
        return self.registers or WORDS[self.type]

    @property
    def span(self) -> range:
        """Addresses of its registers."""
        return range(self.address, self.address + self.size)

    @property
    def mask(self) -> int:
        """The bits of a register that are its own."""
        lowest, highest = self.bits or (0, REGISTER_BITS - 1)
        return (1 << highest + 1) - (1 << lowest)

    @property
    def raw_range(self) -> tuple[float, float]:
        """What its bits can hold."""
        lowest, highest = self.bits or (0, 0)
        return (0.0, float((1 << highest - lowest + 1) - 1)) if self.bits else RAW_RANGES[self.type]

    @property
    def numeric(self) -> bool:
        """Whether it holds a number with a scale."""
        return self.type in RAW_RANGES

    @model_validator(mode="after")
    def _is_sound(self) -> "Point":
        problems = [*self._problems_of_type(), *self._problems_of_bits(), *self._problems_of_access()]
        problems += self._problems_of_limits()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems_of_type(self) -> Iterator[str]:
        if (self.type == "string") != (self.registers is not None):
            yield "`registers` is for the type string, which needs it"
        elif self.address + self.size > REGISTERS:
            yield f"its {self.size} registers go beyond the last address, {REGISTERS - 1}"
        if (self.type == "enum") != bool(self.labels):
            yield "`labels` is for the type enum, which needs it"
        if len(set(self.labels.values())) < len(self.labels):
            yield "two labels have the same value"
        if not self.numeric and (self.scale != 1.0 or self.offset):
            yield f"the type {self.type} has no scale"
        if self.type == "string" and self.access != "r":
            yield "a string is only read"

    def _problems_of_bits(self) -> Iterator[str]:
        if self.bits is None:
            return
        if self.type not in {"u16", "bool", "enum"} or self.bits[0] > self.bits[1]:
            yield "`bits` are the first and the last bit of a u16, bool or enum"
        elif max(self.labels.values(), default=0) > self.raw_range[1]:
            yield "a label does not fit into its `bits`"
        if self.access == "w":
            yield "`bits` of a register are written together with its others, so it has to be readable"

    def _problems_of_access(self) -> Iterator[str]:
        if self.table == "input" and self.access != "r":
            yield "an input register is only read"
        if self.write_function == 6 and self.size > 1:  # noqa: PLR2004  the function's number
            yield f"function 6 writes one register, and it has {self.size}"
        if self.no_value is not None and (self.access != "r" or self.no_value >> REGISTER_BITS * self.size):
            yield "`no_value` is a raw value of a point that is only read"
        if self.read_back is not None and self.access != "w":
            yield "`read_back` is for a point of access w"

    def _problems_of_limits(self) -> Iterator[str]:
        if self.limits is None:
            if self.numeric and self.access != "r":
                yield "a number that is written needs `limits`"
            return
        lowest, highest = self.limits
        if not self.numeric or self.access == "r":
            yield "`limits` is for numbers that are written"
        elif not (math.isfinite(lowest) and math.isfinite(highest) and lowest <= highest):
            yield "`limits` must be two finite numbers, the lower first"
        elif not self._holds(lowest) or not self._holds(highest):
            yield f"`limits` do not fit into {self.type} at this scale"

    def _holds(self, value: float) -> bool:
        lowest, highest = self.raw_range
        return lowest <= (value - self.offset) / self.scale <= highest


class PointMap(_Closed):
    """All points of a device, and what holds for each that does not say otherwise.

    `word_order` is that of values of more than one register, `byte_order` that within a register. `constants` are
    figures of the device that stand in no register, by the name of the point that it lacks, in W, VA, var, V, Wh and s.
    """

    point_map: Label
    word_order: Order = "high_first"
    byte_order: Order = "high_first"
    table: Table = "holding"
    write_function: WriteFunction | None = None
    positive: Direction | None = None
    constants: dict[Label, Annotated[float, Field(allow_inf_nan=False)]] = {}
    points: dict[Label, Point]

    @model_validator(mode="after")
    def _is_consistent(self) -> "PointMap":
        problems = [*self._lost_read_backs(), *self._twice_given()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _lost_read_backs(self) -> Iterator[str]:
        for name, point in self.points.items():
            shown = self.points.get(point.read_back or name)
            if shown is None or (point.read_back and shown.access == "w"):
                yield f"points.{name}: read_back names {point.read_back!r}, which is no point that can be read"

    def _twice_given(self) -> Iterator[str]:
        yield from (f"constants.{name}: it is a point as well" for name in self.constants if name in self.points)

    def order_of(self, point: Point) -> Order:
        """Word order of a point."""
        return point.word_order or self.word_order

    def byte_order_of(self, point: Point) -> Order:
        """Byte order of a point."""
        return point.byte_order or self.byte_order

    def table_of(self, point: Point) -> Table:
        """Table that a point is in: only what can be written cannot be an input register."""
        return point.table or (self.table if point.access == "r" else "holding")

    def function_of(self, point: Point) -> WriteFunction | None:
        """Return the function that writes a point, None where that is left to its length."""
        common = self.write_function if point.size == 1 or self.write_function != 6 else None  # noqa: PLR2004
        return point.write_function or common

    def find(self, name: str) -> Point:
        """Look up a point; raises ConfigError naming the known ones and the nearest."""
        if name not in self.points:
            raise ConfigError(f"point map {self.point_map}: no point {name!r}; {_hint(name, self.points)}")
        return self.points[name]


def load_point_map(path: Path) -> PointMap:
    """Read a point map from a YAML file; raises ConfigError with all of its errors."""
    return _from_text(read_text(path, "point map"), str(path))


@lru_cache(maxsize=16)
def _from_text(text: str, origin: str) -> PointMap:
    """Make a point map of a file's text; devices of one kind, in every scenario of a run, share it."""
    try:
        document = parse_yaml(text)
    except ConfigError as error:
        raise ConfigError(f"point map {origin}: {error}") from None
    return parse_point_map(document, origin)


def parse_point_map(document: Any, origin: str) -> PointMap:
    """Make a point map of what a YAML file holds; raises ConfigError with all errors, `origin` names the file."""
    if isinstance(document, Mapping) and "dnp3_map" in document:
        raise ConfigError(f"point map {origin} is one of DNP3 points; one of Modbus registers begins with `point_map`")
    table = document.get("table", "holding") if isinstance(document, Mapping) else "holding"
    faults = list(_overlaps(_sound_points(document), table))
    try:
        point_map = PointMap.model_validate(document)
    except ValidationError as error:
        faults = [*map(_worded, error.errors()), *faults]
    if faults:
        raise ConfigError("\n  ".join([f"point map {origin} has {len(faults)} error(s):", *faults]))
    return point_map


def _sound_points(document: Any) -> dict[str, Point]:
    """Return the points that are sound by themselves, so that overlaps are told along with other errors."""
    entries = document.get("points") if isinstance(document, Mapping) else None
    sound = {}
    for name, entry in (entries if isinstance(entries, Mapping) else {}).items():
        try:
            sound[str(name)] = Point.model_validate(entry)
        except ValidationError:
            continue
    return sound


def _overlaps(points: Mapping[str, Point], common: Any) -> Iterator[str]:
    """Find registers that two points claim; bits of one register may belong to several."""
    holders: dict[tuple[Any, int], list[tuple[int, str]]] = {}
    for name, point in sorted(points.items(), key=lambda item: item[1].address):
        table = point.table or (common if point.access == "r" else "holding")
        for address in point.span:
            claims = holders.setdefault((table, address), [])
            if taken := next((other for mask, other in claims if mask & point.mask), None):
                yield f"points.{name}: overlaps {taken} at register {address}"
                break
            claims.append((point.mask, name))


def _worded(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "the file"
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg'].removeprefix('Value error, ')}"
    schema = PointMap if len(error["loc"]) == 1 else Point
    return f"{place}: unknown key; {_hint(str(error['loc'][-1]), schema.model_fields)}"


def _hint(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, known, n=1)
    return (f"did you mean {near[0]!r}? " if near else "") + f"known: {', '.join(sorted(known))}"
