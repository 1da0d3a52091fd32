"""A SunSpec device on a Modbus link: finding its models, reading their points, writing points.

SunSpec Device Information Model Specification: the marker at register 40000, 0 or 50000, then a chain of model id and
length, ended by id 0xFFFF.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from instruments.errors import InstrumentError
from instruments.readings import Identity
from instruments.sunspec.layout import COUNT_POINTS, END, MARKER, Counts, Layout, Point, from_words, layout, to_words
from instruments.transports.modbus import ADDRESSES, ModbusLink

BASES = (40000, 0, 50000)
MAX_MODELS = 64
LARGEST_EXPONENT = 10
"""Of a scale factor, either way (SunSpec Device Information Model Specification, type sunssf)."""


@dataclass(frozen=True)
class Block:
    """Registers of one model as they were read, and where they begin in it."""

    plan: Layout
    words: tuple[int, ...]
    start: int = 0

    def number(self, name: str) -> float:
        """Return a point in its unit; NaN when the device does not have it, or does not tell its scale."""
        point = self.plan.points[name]
        raw, exponent = self._raw(point), self.exponent(point)
        return raw * 10.0**exponent if isinstance(raw, int) and exponent is not None else math.nan

    def missing(self, *names: str) -> list[str]:
        """Return which of these points have no value."""
        return [name for name in names if math.isnan(self.number(name))]

    def text(self, name: str) -> str:
        """Return a text point; empty when the device does not have it."""
        raw = self._raw(self.plan.points[name])
        return raw if isinstance(raw, str) else ""

    def exponent(self, point: Point) -> int | None:
        """Power of ten of a point's raw value; None where the device does not tell it: then the value is no number."""
        if isinstance(point.scale, int):
            return point.scale
        raw = self._raw(self.plan.points[point.scale])
        if not isinstance(raw, int):
            return None
        if abs(raw) > LARGEST_EXPONENT:
            raise InstrumentError(f"{point.scale} of model {self.plan.model_id} reads {raw}, which no scale factor is")
        return raw

    def _raw(self, point: Point) -> int | str | None:
        first = point.offset - self.start
        if not 0 <= first <= len(self.words) - point.size:
            raise ValueError(f"{point.name} of model {self.plan.model_id} was not read")
        return from_words(point, self.words[first : first + point.size])


class SunSpecDevice:
    """Points of the models of one unit, addressed by model id and name."""

    def __init__(self, link: ModbusLink) -> None:
        self.name = link.name
        self._link = link
        self._addresses: dict[int, tuple[int, int]] = {}
        self._plans: dict[int, Layout] = {}
        self._scales: dict[int, Block] = {}

    def models(self) -> tuple[int, ...]:
        """Return the ids of the models in the order of the chain.

        Raises InstrumentError when no base address has the SunSpec marker or the chain does not end.
        """
        if not self._addresses:
            self._addresses = self._walk(self._base() + len(MARKER))
        return tuple(self._addresses)

    def identify(self) -> Identity:
        """Read model 1."""
        block = self.read(1)
        return Identity(*(block.text(name) for name in ("Mn", "Md", "Opt", "Vr", "SN")))

    def read(self, model_id: int, first: str = "ID", last: str = "") -> Block:
        """Read a model from one point to another, both included; by default all of it."""
        plan = self._plan(model_id)
        start = plan.points[first].offset
        end = plan.length if not last else plan.points[last].offset + plan.points[last].size
        return Block(plan, self._link.read(self._address(model_id) + start, end - start), start)

    def require(self, block: Block, *names: str) -> None:
        """Raise InstrumentError naming those of the points that have no value: nothing may be made of them."""
        if missing := block.missing(*names):
            raise InstrumentError(f"{self.name} gives no {', '.join(missing)} in model {block.plan.model_id}")

    def write(self, model_id: int, values: Mapping[str, float]) -> None:
        """Write points that lie side by side, in one request, in the given order.

        Raises InstrumentError when a value does not fit its point, or has no scale, and when the device refuses.
        """
        points = [self._plan(model_id).points[name] for name in values]
        words = [word for point in points for word in self._words(model_id, point, values[point.name])]
        for point, following in pairwise(points):
            if point.offset + point.size != following.offset:
                raise ValueError(f"{point.name} and {following.name} of model {model_id} do not lie side by side")
        self._link.write(self._address(model_id) + points[0].offset, words)

    def resolution(self, model_id: int, name: str) -> float:
        """Step between neighbouring values of a point, in its unit; raises InstrumentError where there is no scale."""
        return float(10.0 ** self._exponent(model_id, self._plan(model_id).points[name]))

    def _words(self, model_id: int, point: Point, value: float) -> list[int]:
        raw = round(value / 10.0 ** self._exponent(model_id, point))
        if not point.fits(raw):
            raise InstrumentError(f"{self.name}: {value:g} does not fit {point.name} of model {model_id}")
        return to_words(point, raw)

    def _exponent(self, model_id: int, point: Point) -> int:
        exponent = self._scale_block(model_id).exponent(point)
        if exponent is None:
            raise InstrumentError(f"{self.name} tells no scale factor for {point.name} of model {model_id}")
        return exponent

    def _scale_block(self, model_id: int) -> Block:
        """Scale factors do not change while a device runs, so they are read once."""
        if model_id not in self._scales:
            self._scales[model_id] = self.read(model_id)
        return self._scales[model_id]

    def _address(self, model_id: int) -> int:
        self.models()
        if model_id not in self._addresses:
            has = ", ".join(map(str, self._addresses))
            raise InstrumentError(f"{self.name} has no SunSpec model {model_id}; it has {has}")
        return self._addresses[model_id][0]

    def _plan(self, model_id: int) -> Layout:
        address = self._address(model_id)
        if model_id not in self._plans:
            plan = layout(model_id, self._counts(model_id, address))
            length = self._addresses[model_id][1]
            if plan.length != length:
                raise InstrumentError(f"{self.name}: model {model_id} has {length} registers, not {plan.length}")
            self._plans[model_id] = plan
        return self._plans[model_id]

    def _counts(self, model_id: int, address: int) -> Counts:
        names = COUNT_POINTS.get(model_id, ())
        bare = layout(model_id, tuple((name, 0) for name in names))
        counts = tuple((name, self._link.read(address + bare.points[name].offset, 1)[0]) for name in names)
        if math.prod(count for _, count in counts) > self._addresses[model_id][1]:
            told = ", ".join(f"{name} {count}" for name, count in counts)
            raise InstrumentError(f"{self.name}: model {model_id} is too short for {told}")
        return counts

    def _base(self) -> int:
        refusals = []
        for base in BASES:
            try:
                if self._link.read(base, len(MARKER)) == MARKER:
                    return base
            except InstrumentError as error:
                refusals.append(str(error))
        raise InstrumentError("; ".join([f"{self.name} has no SunSpec marker at {_listed(BASES)}", *refusals]))

    def _walk(self, address: int) -> dict[int, tuple[int, int]]:
        found: dict[int, tuple[int, int]] = {}
        for _ in range(MAX_MODELS):
            model_id, length = self._link.read(address, 2)
            if model_id == END:
                return found
            if address + length + 2 > ADDRESSES - 2:
                raise InstrumentError(f"{self.name}: model {model_id} with {length} registers runs past the last one")
            found.setdefault(model_id, (address, length + 2))
            address += length + 2
        raise InstrumentError(f"{self.name}: the chain of SunSpec models does not end")


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
