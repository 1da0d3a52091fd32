"""Register image of a SunSpec device: the marker, a chain of models, live values on read, checks on write."""

import math
from collections.abc import Callable, Mapping, Sequence

from instruments.emulators.modbus_server import ILLEGAL_ADDRESS, ILLEGAL_VALUE, ModbusRefusal
from instruments.sunspec.layout import Counts, Layout, Point, from_words, layout, to_words

BASE = 40000
MARKER = (0x5375, 0x6E53)
"""The characters SunS, which tell a SunSpec map from any other."""
END_OF_CHAIN = (0xFFFF, 0)

Value = int | float | str | None


class WriteDropped(Exception):  # noqa: N818  equipment that says yes and does no: for its client nothing has failed
    """Raised by `on_write`: the write is answered with success, and the registers go back to what they were."""


class ModelImage:
    """One model in the image; points are set and got in engineering units, with the model's own scale factors.

    `refresh` runs before a read that touches the model, and may leave out points that are not `is_asked`. `on_write`
    runs after a write with the names of the points; it may raise ModbusRefusal or WriteDropped, and the registers go
    back to what they were. Names beginning with `locked` refuse writes.
    A point that was never set reads "not implemented" and refuses writes.
    """

    def __init__(self, plan: Layout, address: int, registers: list[int]) -> None:
        self.layout = plan
        self.address = address
        self.refresh: Callable[[], None] | None = None
        self.on_write: Callable[[frozenset[str]], None] | None = None
        self.locked = "\0"
        self._asked = range(address, address + plan.length)
        self._registers = registers
        for point in plan.points.values():
            self._put(point, point.not_implemented)

    def set(self, values: Mapping[str, Value]) -> None:
        """Set points; None, NaN and values beyond the type read "not implemented". Scale factors go first."""
        for name, value in values.items():
            point = self.layout.points[name]
            self._put(point, value if isinstance(value, str) else self._raw(point, value))

    def get(self, name: str) -> float:
        """Return a number, NaN when it is not implemented."""
        point = self.layout.points[name]
        raw = from_words(point, self.words(point))
        return math.nan if raw is None or isinstance(raw, str) else raw * 10.0 ** self._exponent(point)

    def prepare(self, asked: range) -> None:
        """Bring up to date what a read of these addresses asks for, where it touches the model."""
        if self.refresh and asked.start < self.address + self.layout.length and self.address < asked.stop:
            self._asked = asked
            self.refresh()

    def is_asked(self, point: Point) -> bool:
        """Whether the present read wants registers of a point."""
        start = self.address + point.offset
        return start < self._asked.stop and self._asked.start < start + point.size

    def implemented(self, point: Point) -> bool:
        """Whether the device has this point."""
        return from_words(point, self.words(point)) is not None

    def valid(self, point: Point) -> bool:
        """Whether the registers of a point hold a value that its type and its list of symbols know."""
        raw = from_words(point, self.words(point))
        return raw is not None and (point.kind != "enum16" or raw in point.symbols)

    def words(self, point: Point) -> list[int]:
        """Return the registers of a point."""
        start = self.address + point.offset - BASE
        return self._registers[start : start + point.size]

    def coded(self, name: str, value: float) -> list[int]:
        """Return the registers that would hold a number in a point."""
        point = self.layout.points[name]
        return to_words(point, self._raw(point, value))

    def copy_group(self, source: str, target: str) -> None:
        """Copy the writable points of one group of the model into another of the same shape."""
        for point in self.layout.group(source):
            if point.writable:
                self.put_words(self.layout.points[target + point.name.removeprefix(source)], self.words(point))

    def put_words(self, point: Point, words: Sequence[int]) -> None:
        """Set the registers of a point as they are."""
        start = self.address + point.offset - BASE
        self._registers[start : start + point.size] = words

    def _put(self, point: Point, raw: int | str) -> None:
        self.put_words(point, to_words(point, raw))

    def _raw(self, point: Point, value: float | None) -> int:
        if value is None or not math.isfinite(value):
            return point.not_implemented
        raw = value if isinstance(value, int) and point.scale == 0 else round(value / 10.0 ** self._exponent(point))
        return raw if point.fits(raw) else point.not_implemented

    def _exponent(self, point: Point) -> int:
        if isinstance(point.scale, int):
            return point.scale
        scale = self.layout.points[point.scale]
        exponent = from_words(scale, self.words(scale))
        return exponent if isinstance(exponent, int) else 0


class SunSpecImage:
    """Register bank that serves a chain of models from register 40000."""

    def __init__(self, models: Sequence[tuple[int, Counts]]) -> None:
        plans = [layout(model_id, counts) for model_id, counts in models]
        total = len(MARKER) + sum(plan.length for plan in plans) + len(END_OF_CHAIN)
        self._registers = [0] * total
        self._registers[: len(MARKER)] = MARKER
        self._registers[-len(END_OF_CHAIN) :] = END_OF_CHAIN
        self._models = self._place(plans)
        self._points: dict[int, tuple[ModelImage, Point]] = {
            model.address + point.offset: (model, point)
            for model in self._models
            for point in model.layout.points.values()
        }
        for model, (_, counts) in zip(self._models, models, strict=True):
            model.set({"ID": model.layout.model_id, "L": model.layout.length - 2, **dict(counts)})

    def _place(self, plans: Sequence[Layout]) -> tuple[ModelImage, ...]:
        placed, address = [], BASE + len(MARKER)
        for plan in plans:
            placed.append(ModelImage(plan, address, self._registers))
            address += plan.length
        return tuple(placed)

    def model(self, model_id: int) -> ModelImage:
        """Return the model with an id; raises KeyError when the image has none."""
        for model in self._models:
            if model.layout.model_id == model_id:
                return model
        raise KeyError(model_id)

    @property
    def ids(self) -> tuple[int, ...]:
        """Ids of its models, in their order."""
        return tuple(model.layout.model_id for model in self._models)

    def point_at(self, address: int) -> str:
        """Return the name of the point that begins at a register; empty where none does."""
        found = self._points.get(address)
        return found[1].name if found else ""

    def read(self, address: int, count: int) -> list[int]:
        """Return registers with their values of this moment; raises ModbusRefusal outside the map."""
        start = address - BASE
        if start < 0 or start + count > len(self._registers):
            raise ModbusRefusal(ILLEGAL_ADDRESS)
        for model in self._models:
            model.prepare(range(address, address + count))
        return self._registers[start : start + count]

    def write(self, address: int, values: list[int]) -> None:
        """Take whole, writable points of one model, all or none; raises ModbusRefusal."""
        targets = self._targets(address, len(values))
        model, start = targets[0][0], address - BASE
        before = self._registers[start : start + len(values)]
        self._registers[start : start + len(values)] = values
        try:
            self._accept(model, [point for _, point in targets])
        except (ModbusRefusal, WriteDropped) as error:
            self._registers[start : start + len(values)] = before
            if isinstance(error, ModbusRefusal):
                raise

    def _accept(self, model: ModelImage, points: Sequence[Point]) -> None:
        if not all(model.valid(point) for point in points):
            raise ModbusRefusal(ILLEGAL_VALUE)
        if model.on_write:
            model.on_write(frozenset(point.name for point in points))

    def _targets(self, address: int, count: int) -> list[tuple[ModelImage, Point]]:
        found, end = [], address + count
        while address < end:
            model, point = self._points.get(address, (None, None))
            if model is None or point is None or not _may_write(model, point):
                raise ModbusRefusal(ILLEGAL_ADDRESS)
            found.append((model, point))
            address += point.size
        if address != end:
            raise ModbusRefusal(ILLEGAL_ADDRESS)
        return found


def _may_write(model: ModelImage, point: Point) -> bool:
    return point.writable and not point.name.startswith(model.locked) and model.implemented(point)
