"""What a device shows at its SunSpec base address, read frame by frame and without our driver."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sunspec2 import device as definitions

from instruments.sunspec.layout import COUNT_POINTS, END, MARKER, Counts, Layout, Point, from_words, layout
from instruments.transports.modbus_frames import ModbusFrames, read_request

BASES = (40000, 50000, 0)
"""Legal base addresses of the holding registers (SunSpec Device Information Model Specification)."""
MOST_REGISTERS = 125
MOST_MODELS = 64


@dataclass(frozen=True)
class Address:
    """Where a device answers."""

    host: str
    port: int
    unit: int


@dataclass(frozen=True)
class ShownModel:
    """One model of the chain: its id, the length that it states, where it begins, and all of its registers."""

    model_id: int
    stated_length: int
    address: int
    words: tuple[int, ...]

    @cached_property
    def plan(self) -> Layout:
        """Where its points lie, by the published definition and the counts that it states."""
        return layout(self.model_id, self._counts)

    @property
    def _counts(self) -> Counts:
        names = COUNT_POINTS.get(self.model_id, ())
        bare = layout(self.model_id, tuple((name, 0) for name in names))
        return tuple((name, self.words[bare.points[name].offset]) for name in names)

    def raw(self, name: str) -> int | str | None:
        """Return a point as it stands in the registers; None where the device says that it does not have it."""
        point = self.plan.points[name]
        return from_words(point, self.of(point))

    def of(self, point: Point) -> tuple[int, ...]:
        """Return the registers of a point."""
        return self.words[point.offset : point.offset + point.size]

    def exponent(self, point: Point) -> int | None:
        """Return the power of ten of a point; None where its scale factor is not implemented."""
        if isinstance(point.scale, int):
            return point.scale
        raw = self.raw(point.scale)
        return raw if isinstance(raw, int) else None

    @cached_property
    def mandatory(self) -> frozenset[str]:
        """Names of the points that every device with this model has to implement, those in its groups included."""
        definition: Mapping[str, Any] = definitions.get_model_def(self.model_id)["group"]
        wanted = frozenset(_mandatory(definition, ""))
        return frozenset(name for name in self.plan.points if _INDEX.sub("", name) in wanted)


_INDEX = re.compile(r"\[\d+\]")


def _mandatory(group: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Names of the mandatory points of a group and of the groups in it, without indices."""
    yield from (prefix + point["name"] for point in group.get("points", ()) if point.get("mandatory") == "M")
    for inner in group.get("groups", ()):
        yield from _mandatory(inner, f"{prefix}{inner['name']}.")


@dataclass(frozen=True)
class ShownImage:
    """The whole chain; `ended` is False where it leads out of the map.

    `others`: where else a marker stands, and the ids of the models behind it.
    """

    base: int | None
    others: tuple[tuple[int, tuple[int, ...]], ...]
    models: tuple[ShownModel, ...]
    ended: bool

    def model(self, model_id: int) -> ShownModel | None:
        """Return a model of the chain, None where the device does not have it."""
        return next((model for model in self.models if model.model_id == model_id), None)


def read_image(at: Address) -> ShownImage:
    """Read everything that a device shows; raises TransportError when it does not answer."""
    with ModbusFrames(at.host, at.port) as frames:
        bases = [base for base in BASES if _words(frames, at.unit, base, len(MARKER)) == MARKER]
        if not bases:
            return ShownImage(None, (), (), ended=False)
        models, ended = _chain(frames, at.unit, bases[0] + len(MARKER))
        others = tuple((base, _ids(frames, at.unit, base)) for base in bases[1:])
        return ShownImage(bases[0], others, tuple(models), ended)


def _ids(frames: ModbusFrames, unit: int, base: int) -> tuple[int, ...]:
    models, _ = _chain(frames, unit, base + len(MARKER))
    return tuple(model.model_id for model in models)


def _chain(frames: ModbusFrames, unit: int, address: int) -> tuple[list[ShownModel], bool]:
    found: list[ShownModel] = []
    for _ in range(MOST_MODELS):
        head = _words(frames, unit, address, 2)
        if head is None:
            return found, False
        model_id, length = head
        if model_id == END:
            return found, True
        words = _long(frames, unit, address, length + 2)
        if words is None:
            return found, False
        found.append(ShownModel(model_id, length, address, words))
        address += length + 2
    return found, False


def _long(frames: ModbusFrames, unit: int, address: int, count: int) -> tuple[int, ...] | None:
    """Read more registers than one request may ask for; None where some of them are refused."""
    words: list[int] = []
    while len(words) < count:
        part = _words(frames, unit, address + len(words), min(MOST_REGISTERS, count - len(words)))
        if part is None:
            return None
        words += part
    return tuple(words)


def _words(frames: ModbusFrames, unit: int, address: int, count: int) -> tuple[int, ...] | None:
    answer = frames.ask(unit, read_request(address, count))
    return None if answer.exception is not None else answer.words
