"""Emulated power analyzer of this project's own, with a memory for records where it is given one.

Dialect: a list of numeric items, each a function and an element, all of them answered by one query (as Yokogawa's
WT and PX series do): `:NUM:NORM:ITEM1 U,1` ... `:NUM:NORM:VAL?`.
"""

import math
from collections.abc import Callable

from instruments.emulators.analyzer import AnalyzerClass, AnalyzerEmulator, Element
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.sample_record import OPTION, RecordLimits, SampleRecord
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError

ITEM_LIMIT = 255

_SUM = "SIGMA"
_LAG = "PHIU1U"
"""With the number of an element: how far its voltage lags that of the first, 0 to 360 deg; belongs to SIGMA."""
_DEFAULT_ITEMS = (("U", "1"), ("I", "1"), ("P", "1"), ("S", "1"), ("Q", "1"), ("LAMBDA", "1"), ("FU", "1"))


class PowerAnalyzerEmulator(AnalyzerEmulator):
    """Power analyzer with a list of items."""

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
        self.record = SampleRecord(record, self._values) if record else None
        super().__init__(name, node, accuracy, seed)

    def advance(self, dt_s: float) -> None:
        """Let `dt_s` pass, and record what is on the node at the end of it, where that is due."""
        super().advance(dt_s)
        if self.record is not None:
            self.record.take(self.time_s)

    def _reset(self) -> None:
        super()._reset()
        if self.record is not None:
            self.record.reset()
        self._items = list(_DEFAULT_ITEMS)
        self._count = len(_DEFAULT_ITEMS)

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
            "[INPut:]VOLTage:RANGe?": lambda call: call.level(self._ranges_v[0], 1.0, self.accuracy.range_v),
            "[INPut:]CURRent:RANGe": self._set_range_a,
            "[INPut:]CURRent:RANGe?": lambda call: call.level(self._ranges_a[0], 0.1, self.accuracy.range_a),
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
        self._ranges_v = [call.number(1.0, self.accuracy.range_v)] * self.node.phases

    def _set_range_a(self, call: Call) -> None:
        self._ranges_a = [call.number(0.1, self.accuracy.range_a)] * self.node.phases

    def _answer_values(self) -> str:
        return ",".join(map(scpi_number, self._values()))

    def _values(self) -> list[float]:
        elements = self.elements()
        return [self._value(elements, *item) for item in self._items[: self._count]]

    def _value(self, elements: list[Element], function: str, element: str) -> float:
        if function == "FU":
            return self.frequency_hz
        if function.startswith(_LAG):
            return self.lag_deg(int(function.removeprefix(_LAG)) - 1)
        chosen = elements if element == _SUM else [elements[int(element) - 1]]
        return _FUNCTIONS[function](chosen)


def _apparent(elements: list[Element]) -> float:
    return sum(element.u * element.i for element in elements)


def _power_factor(elements: list[Element]) -> float:
    apparent = _apparent(elements)
    return sum(element.p for element in elements) / apparent if apparent else math.nan


_FUNCTIONS: dict[str, Callable[[list[Element]], float]] = {
    "NONE": lambda _: math.nan,
    "U": lambda elements: sum(element.u for element in elements) / len(elements),
    "I": lambda elements: sum(element.i for element in elements) / len(elements),
    "P": lambda elements: sum(element.p for element in elements),
    "Q": lambda elements: sum(element.q for element in elements),
    "S": _apparent,
    "LAMBDA": _power_factor,
}
