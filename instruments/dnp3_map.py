"""DNP3 point maps: which object of an outstation holds what, as validated data.

A point is read at its `input`, commanded at its `output`, or both. A number has a scale (value = raw x scale) and,
where it is commanded, limits; an enumeration has `labels`, a command that cannot be read back has `orders`; all else
are flags.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from instruments.dnp3_points import Kind, Ref, parse_ref
from instruments.errors import ConfigError
from instruments.files import parse_yaml, read_text
from instruments.point_map import Label

RAW_LIMITS = {"int32": (-2_147_483_648.0, 2_147_483_647.0), "int16": (-32_768.0, 32_767.0)}
"""What a command of each integer type can hold; floats hold any limit that is written down."""
VARIATIONS = {"int32": 1, "int16": 2, "float32": 3, "float64": 4}
"""Variation of object group 41 by the type of an analog command."""
LONGEST_PULSE_MS = 2**32 - 1
OUTPUTS = frozenset({Kind.BINARY_OUTPUT, Kind.ANALOG_OUTPUT})

Place = Annotated[Ref, BeforeValidator(lambda text: parse_ref(text) if isinstance(text, str) else text)]
Order = Literal["latch_on", "latch_off", "pulse_on", "pulse_off", "trip", "close"]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Dnp3Point(_Closed):
    """One point. `event_class` and `deadband` (in the point's unit) say which changes an outstation keeps.

    `select`: it is selected before it is operated. `pulse_ms`: how long a pulse is to last; 0 leaves it to the device.
    """

    input: Place | None = None
    output: Place | None = None
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    unit: str = ""
    limits: tuple[float, float] | None = None
    labels: dict[Label, int] = {}
    orders: dict[Label, Order] = {}
    type: Literal["int32", "int16", "float32", "float64"] = "int32"
    select: bool = False
    pulse_ms: Annotated[int, Field(ge=0, le=LONGEST_PULSE_MS)] = 0
    event_class: Annotated[int, Field(ge=0, le=3)] = 0
    deadband: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0

    @property
    def is_flag(self) -> bool:
        """Whether it is a state without labels."""
        place = self.input or self.output
        return place is not None and place.is_binary and not self.labels and not self.orders

    @property
    def is_number(self) -> bool:
        """Whether it is a number with a scale."""
        return not (self.is_flag or self.labels or self.orders)

    @model_validator(mode="after")
    def _is_sound(self) -> "Dnp3Point":
        problems = [*self._problems_of_places(), *self._problems_of_values()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems_of_places(self) -> Iterator[str]:
        if self.input is None and self.output is None:
            yield "it has neither `input` nor `output`"
        if self.output is not None and self.output.kind not in OUTPUTS:
            yield "`output` is a bo or an ao"
        if self.input and self.output and self.input.is_binary != self.output.is_binary:
            yield "`input` and `output` are both binary or both analog"
        if self.orders and (self.input or not self.output or not self.output.is_binary):
            yield "`orders` belong to a bo that is not read"
        if self.pulse_ms and not self.orders:
            yield "`pulse_ms` belongs to `orders`"
        if self.select and self.output is None:
            yield "`select` belongs to an `output`"

    def _problems_of_values(self) -> Iterator[str]:
        place = self.input or self.output
        if self.labels and self.orders:
            yield "it has `labels` or `orders`, not both"
        if len(set(self.labels.values())) < len(self.labels) or len(set(self.orders.values())) < len(self.orders):
            yield "two labels have the same value"
        if place and place.is_binary and not set(self.labels.values()) <= {0, 1}:
            yield "a binary has labels for 0 and 1"
        if not self.is_number and (self.scale != 1.0 or self.limits):
            yield "only a number has a scale and limits"
        if self.is_number and self.output is not None:
            yield from self._problems_of_limits()

    def _problems_of_limits(self) -> Iterator[str]:
        if self.limits is None:
            yield "a number that is commanded needs `limits`"
            return
        lowest, highest = self.limits
        least, most = RAW_LIMITS.get(self.type, (-float("inf"), float("inf")))
        if not lowest <= highest:
            yield "`limits` must be two numbers, the lower first"
        elif lowest / self.scale < least or highest / self.scale > most:
            yield f"`limits` do not fit into {self.type} at this scale"


class Dnp3Map(_Closed):
    """All points of a device. `attributes`: whether it tells who made it by device attributes (object group 0)."""

    dnp3_map: Label
    attributes: bool = True
    points: dict[Label, Dnp3Point]

    def find(self, name: str) -> Dnp3Point:
        """Look up a point; raises ConfigError naming the known ones and the nearest."""
        if name not in self.points:
            raise ConfigError(f"point map {self.dnp3_map}: no point {name!r}; {_hint(name, self.points)}")
        return self.points[name]


def load_dnp3_map(path: Path) -> Dnp3Map:
    """Read a DNP3 point map from a YAML file; raises ConfigError with all of its errors."""
    return _from_text(read_text(path, "point map"), str(path))


@lru_cache(maxsize=16)
def _from_text(text: str, origin: str) -> Dnp3Map:
    """Make a map of a file's text; devices of one kind, in every scenario of a run, share it."""
    try:
        document = parse_yaml(text)
    except ConfigError as error:
        raise ConfigError(f"point map {origin}: {error}") from None
    return parse_dnp3_map(document, origin)


def parse_dnp3_map(document: Any, origin: str) -> Dnp3Map:
    """Make a map of what a YAML file holds; raises ConfigError with all errors, `origin` names the file."""
    if isinstance(document, Mapping) and "point_map" in document:
        raise ConfigError(f"point map {origin} is one of Modbus registers; one of DNP3 points begins with `dnp3_map`")
    try:
        made = Dnp3Map.model_validate(document)
    except ValidationError as error:
        faults = [_worded(item) for item in error.errors()]
        raise ConfigError("\n  ".join([f"point map {origin} has {len(faults)} error(s):", *faults])) from None
    if faults := list(_taken_twice(made.points)):
        raise ConfigError("\n  ".join([f"point map {origin} has {len(faults)} error(s):", *faults]))
    return made


def _taken_twice(points: Mapping[str, Dnp3Point]) -> Iterator[str]:
    holders: dict[tuple[str, Ref], str] = {}
    for name, point in points.items():
        for way, place in (("input", point.input), ("output", point.output)):
            if place is not None and (holder := holders.setdefault((way, place), name)) != name:
                yield f"points.{name}.{way}: {place} is that of {holder}"


def _worded(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "the file"
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg'].removeprefix('Value error, ')}"
    schema = Dnp3Map if len(error["loc"]) == 1 else Dnp3Point
    return f"{place}: unknown key; {_hint(str(error['loc'][-1]), schema.model_fields)}"


def _hint(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, known, n=1)
    return (f"did you mean {near[0]!r}? " if near else "") + f"known: {', '.join(sorted(known))}"
