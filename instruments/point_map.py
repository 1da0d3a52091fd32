"""Point maps: which Modbus holding register of a device holds what, as validated data.

A point has a name, a register address from 0, a type, and where they apply a scale (value = raw x scale), a unit, the
labels of an enumeration, and the limits outside which it is never written.
"""

import csv
import io
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
WORDS = {"u16": 1, "s16": 1, "u32": 2, "s32": 2, "f32": 2, "bool": 1, "enum": 1}
RAW_RANGES = {
    "u16": (0.0, 65_535.0),
    "s16": (-32_768.0, 32_767.0),
    "u32": (0.0, 4_294_967_295.0),
    "s32": (-2_147_483_648.0, 2_147_483_647.0),
    "f32": (-struct.unpack(">f", b"\x7f\x7f\xff\xff")[0], struct.unpack(">f", b"\x7f\x7f\xff\xff")[0]),
}
"""What fits into the registers of each numeric type."""

PointType = Literal["u16", "s16", "u32", "s32", "f32", "bool", "enum", "string"]
WordOrder = Literal["high_first", "low_first"]
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
    """One point. `access` is r, rw, or w for a command that cannot be read back."""

    address: Annotated[int, Field(ge=0, lt=REGISTERS)]
    type: PointType
    access: Literal["r", "rw", "w"] = "r"
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    unit: str = ""
    limits: tuple[float, float] | None = None
    labels: dict[Label, Annotated[int, Field(ge=0, lt=REGISTERS)]] = {}
    registers: Annotated[int, Field(ge=1, le=MAX_STRING_REGISTERS)] | None = None
    word_order: WordOrder | None = None

    @property
    def size(self) -> int:
        """Number of registers."""
        return self.registers or WORDS[self.type]

    @property
    def span(self) -> range:
        """Addresses of its registers."""
        return range(self.address, self.address + self.size)

    @property
    def numeric(self) -> bool:
        """Whether it holds a number with a scale."""
        return self.type in RAW_RANGES

    @model_validator(mode="after")
    def _is_sound(self) -> "Point":
        problems = [*self._problems_of_type(), *self._problems_of_limits()]
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
        if not self.numeric and self.scale != 1.0:
            yield f"the type {self.type} has no scale"
        if self.type == "string" and self.access != "r":
            yield "a string is only read"

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
        elif lowest / self.scale < RAW_RANGES[self.type][0] or highest / self.scale > RAW_RANGES[self.type][1]:
            yield f"`limits` do not fit into {self.type} at this scale"


class PointMap(_Closed):
    """All points of a device; `word_order` is that of values of two registers, unless a point says otherwise."""

    point_map: Label
    word_order: WordOrder = "high_first"
    points: dict[Label, Point]

    def order_of(self, point: Point) -> WordOrder:
        """Word order of a point."""
        return point.word_order or self.word_order

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
    faults = list(_overlaps(_sound_points(document)))
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


def _overlaps(points: Mapping[str, Point]) -> Iterator[str]:
    reach, holder = 0, ""
    for name, point in sorted(points.items(), key=lambda item: item[1].address):
        if point.address < reach:
            yield f"points.{name}: overlaps {holder} at register {point.address}"
        if point.span.stop > reach:
            reach, holder = point.span.stop, name


def _worded(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "the file"
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg'].removeprefix('Value error, ')}"
    schema = PointMap if len(error["loc"]) == 1 else Point
    return f"{place}: unknown key; {_hint(str(error['loc'][-1]), schema.model_fields)}"


def _hint(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, known, n=1)
    return (f"did you mean {near[0]!r}? " if near else "") + f"known: {', '.join(sorted(known))}"


_COLUMNS = ("name", "address", "type")
_OPTIONAL_COLUMNS = ("access", "scale", "unit")


def scaffold_point_map(csv_path: Path) -> str:
    """Start a point map from a maker's register list; returns YAML that its author goes on with.

    The list is a CSV with the columns name, address, type, and where it has them access, scale, unit. Names become
    lower case with underscores. What a map needs and a list does not have stands in the text as a comment to resolve:
    the labels of an enumeration, the length of a string, the limits of a number that is written.

    Raises:
        ConfigError: the file cannot be read or lacks a column.
    """
    text = read_text(csv_path, "register list", "utf-8-sig")
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise ConfigError(f"cannot read the register list {csv_path}: {error}") from None
    missing = [column for column in _COLUMNS if not rows or column not in rows[0]]
    if missing:
        raise ConfigError(f"register list {csv_path}: no column {', '.join(missing)}, or no row")
    short = [number for number, row in enumerate(rows, start=2) if any(row[column] is None for column in _COLUMNS)]
    if short:
        raise ConfigError(f"register list {csv_path}, line {short[0]}: nothing under {', '.join(_COLUMNS)}")
    head = [
        f"point_map: {_label(csv_path.stem)}",
        "word_order: high_first  # to check in the maker's manual",
        "points:",
    ]
    return "\n".join([*head, *map(_scaffold_line, rows)]) + "\n"


def _scaffold_line(row: Mapping[str, str]) -> str:
    present = [(key, row[key].strip()) for key in (*_COLUMNS[1:], *_OPTIONAL_COLUMNS) if (row.get(key) or "").strip()]
    kind, access = row["type"].strip(), (row.get("access") or "r").strip()
    needs = {"enum": "labels", "string": "registers"}.get(kind) or (
        "limits" if access != "r" and kind != "bool" else ""
    )
    entry = ", ".join(f"{key}: {value}" for key, value in present)
    return f"  {_label(row['name'])}: {{{entry}}}" + (f"  # to add: {needs}" if needs else "")


def _label(text: str) -> str:
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in text.lower()).split()
    label = "_".join(words)
    return label if label[:1].isalpha() else f"point_{label}"
