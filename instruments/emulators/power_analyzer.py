"""Emulated three-phase power analyzer on a node, wired so that what the equipment delivers counts positive.

Dialect: a list of numeric items, each a function and an element, all of them answered by one query (as Yokogawa's
WT and PX series do): `:NUM:NORM:ITEM1 U,1` ... `:NUM:NORM:VAL?`.
"""

import cmath
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from instruments.emulators.electrical import DEAD_V, ElectricalNode
from instruments.emulators.sample_record import OPTION, RecordLimits, SampleRecord
from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError

ITEM_LIMIT = 255
OVER_RANGE = 1.3
"""Crest margin of a range: above this multiple of it the reading is an overflow."""

_SUM = "SIGMA"
_LAG = "PHIU1U"
"""With the number of an element: how far its voltage lags that of the first, 0 to 360 deg; belongs to SIGMA."""
_DEFAULT_ITEMS = (("U", "1"), ("I", "1"), ("P", "1"), ("S", "1"), ("Q", "1"), ("LAMBDA", "1"), ("FU", "1"))


@dataclass(frozen=True)
class AnalyzerClass:
    """Largest gain errors as fractions of the reading, and the largest ranges."""

    voltage: float = 0.001
    current: float = 0.001
    power: float = 0.002
    range_v: float = 1000.0
    range_a: float = 200.0


@dataclass(frozen=True)
class _Element:
    """One phase as this analyzer sees it: V, A, W, var; infinite where a range is exceeded."""

    u: float
    i: float
    p: float
    q: float


@dataclass(frozen=True)
class _Gains:
    """Gain of one element; 1 is without error."""

    u: float
    i: float
    power: float


class PowerAnalyzerEmulator(ScpiEmulator):
    """Power analyzer whose gain errors are drawn once, from `seed`, within its accuracy class."""

    role = "power_analyzer"
    model = "emulated power analyzer"

    def __init__(
        self,
        name: str,
        node: ElectricalNode,
        accuracy: AnalyzerClass | None = None,
        seed: int = 0,
        record: RecordLimits | None = None,
    ) -> None:
        """Put it on a node; with limits of a `record` it is one that can record by itself."""
        self.node = node
        self.record = SampleRecord(record, self._values) if record else None
        self.accuracy = accuracy or AnalyzerClass()
        self._gains = [_draw_gains(random.Random(f"{seed}/{phase}"), self.accuracy) for phase in range(node.phases)]  # noqa: S311
        super().__init__(name)

    def advance(self, dt_s: float) -> None:
        """Let `dt_s` pass, and record what is on the node at the end of it, where that is due."""
        super().advance(dt_s)
        if self.record is not None:
            self.record.take(self.time_s)

    def _reset(self) -> None:
        if self.record is not None:
            self.record.reset()
        self._items = list(_DEFAULT_ITEMS)
        self._count = len(_DEFAULT_ITEMS)
        self._range_v = self.accuracy.range_v
        self._range_a = self.accuracy.range_a

    def _table(self) -> dict[str, Handler]:
        return self._measuring_table() | (self.record.table() if self.record else {})

    def _measuring_table(self) -> dict[str, Handler]:
        return {
            "*OPT?": lambda _: OPTION if self.record else "0",
            "NUMeric:FORMat": self._set_format,
            "NUMeric:NORMal:NUMBer": self._set_count,
            "NUMeric:NORMal:NUMBer?": lambda _: str(self._count),
            "NUMeric:NORMal:ITEM#": self._set_item,
            "NUMeric:NORMal:ITEM#?": lambda call: ",".join(self._items[self._item_index(call)]),
            "NUMeric:NORMal:VALue?": lambda _: self._answer_values(),
            "[INPut:]VOLTage:RANGe": self._set_range_v,
            "[INPut:]VOLTage:RANGe?": lambda call: call.level(self._range_v, 1.0, self.accuracy.range_v),
            "[INPut:]CURRent:RANGe": self._set_range_a,
            "[INPut:]CURRent:RANGe?": lambda call: call.level(self._range_a, 0.1, self.accuracy.range_a),
        }

    def _set_format(self, call: Call) -> None:
        if call.text() not in {"ASC", "ASCII"}:
            raise ScpiError(-224, call.text())

    def _set_count(self, call: Call) -> None:
        self._count = int(call.number(1, ITEM_LIMIT))
        self._items += [("NONE", "1")] * (self._count - len(self._items))

    def _set_item(self, call: Call) -> None:
        function, element = call.text(0), call.text(1)
        elements = {*(str(phase + 1) for phase in range(self.node.phases)), _SUM}
        lags = {f"{_LAG}{phase}" for phase in range(2, self.node.phases + 1)} if element == _SUM else set()
        if function not in {*_FUNCTIONS, "FU", *lags} or element not in elements:
            raise ScpiError(-224, f"{function},{element}")
        self._items[self._item_index(call)] = (function, element)

    def _item_index(self, call: Call) -> int:
        suffix = call.suffixes[0] or 1
        if suffix > len(self._items):
            raise ScpiError(-114, str(suffix))
        return suffix - 1

    def _set_range_v(self, call: Call) -> None:
        self._range_v = call.number(1.0, self.accuracy.range_v)

    def _set_range_a(self, call: Call) -> None:
        self._range_a = call.number(0.1, self.accuracy.range_a)

    def _answer_values(self) -> str:
        return ",".join(map(scpi_number, self._values()))

    def _values(self) -> list[float]:
        elements = self._elements()
        return [self._value(elements, *item) for item in self._items[: self._count]]

    def _value(self, elements: list[_Element], function: str, element: str) -> float:
        if function == "FU":
            return self.node.frequency_hz if self.node.energized else math.nan
        if function.startswith(_LAG):
            return self._lag_deg(int(function.removeprefix(_LAG)) - 1)
        chosen = elements if element == _SUM else [elements[int(element) - 1]]
        return _FUNCTIONS[function](chosen)

    def _lag_deg(self, phase: int) -> float:
        node = self.node
        alive = min(node.voltage_v[0], node.voltage_v[phase]) >= DEAD_V
        return (node.angle_deg[0] - node.angle_deg[phase]) % 360.0 if alive else math.nan

    def _elements(self) -> list[_Element]:
        """Look at the copper through the leads, as they are wired, and the gains of each element."""
        voltages = [
            cmath.rect(v, math.radians(a)) for v, a in zip(self.node.voltage_v, self.node.angle_deg, strict=True)
        ]
        power = self.node.power()
        flows = (complex(p, q) for p, q in zip(power.p_w, power.q_var, strict=True))
        currents = self._leads([_current(s, v) for s, v in zip(flows, voltages, strict=True)])
        return [self._element(v, i, g) for v, i, g in zip(voltages, currents, self._gains, strict=True)]

    def _leads(self, currents: list[complex]) -> list[complex]:
        """Bring the currents to the elements; defects: two leads exchanged, one turned round, a gain that is off."""
        if self._has("swapped-phases"):
            currents[:2] = reversed(currents[:2])
        if self._has("reversed-current"):
            currents[0] = -currents[0]
        return [current * self._gain() for current in currents]

    def _element(self, voltage: complex, current: complex, gains: _Gains) -> _Element:
        u, i = abs(voltage) * gains.u, abs(current) * gains.i
        if u > OVER_RANGE * self._range_v or i > OVER_RANGE * self._range_a:
            return _Element(math.inf, math.inf, math.inf, math.inf)
        s = voltage * current.conjugate() * gains.power
        return _Element(u, i, s.real, s.imag)


def _current(power: complex, voltage: complex) -> complex:
    return (power / voltage).conjugate() if abs(voltage) >= DEAD_V else 0j


def _draw_gains(source: random.Random, accuracy: AnalyzerClass) -> _Gains:
    errors = (source.uniform(-limit, limit) for limit in (accuracy.voltage, accuracy.current, accuracy.power))
    return _Gains(*(1.0 + error for error in errors))


def _apparent(elements: list[_Element]) -> float:
    return sum(element.u * element.i for element in elements)


def _power_factor(elements: list[_Element]) -> float:
    apparent = _apparent(elements)
    return sum(element.p for element in elements) / apparent if apparent else math.nan


_FUNCTIONS: dict[str, Callable[[list[_Element]], float]] = {
    "NONE": lambda _: math.nan,
    "U": lambda elements: sum(element.u for element in elements) / len(elements),
    "I": lambda elements: sum(element.i for element in elements) / len(elements),
    "P": lambda elements: sum(element.p for element in elements),
    "Q": lambda elements: sum(element.q for element in elements),
    "S": _apparent,
    "LAMBDA": _power_factor,
}
