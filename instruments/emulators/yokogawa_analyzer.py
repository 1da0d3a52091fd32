"""Emulated power analyzer that speaks as Yokogawa's WT series does.

Dialect: numeric items, each a function and an element, answered by one query; answers repeat their header until that is
switched off; ranges come in steps and with a unit; errors are positive numbers and stand under STATus. Written from
what is known of the instruments, and not from our driver's table.
"""

import math

from instruments.emulators.analyzer import AnalyzerEmulator
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError, Status

ITEM_LIMIT = 200
RANGES_V = (15.0, 30.0, 60.0, 100.0, 150.0, 300.0, 600.0, 1000.0)
RANGES_A = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
_NAMES = {"U": "u", "URMS": "u", "I": "i", "IRMS": "i", "P": "p", "Q": "q"}
_LAG = "PHIU1U"
_SUM = "SIGMA"
Item = tuple[str, str]


class PositiveStatus(Status):
    """A queue whose errors have no sign."""

    def error_entry(self, code: int, detail: str = "") -> str:
        """Word an error as the queue has it."""
        return super().error_entry(code, detail).lstrip("-")


class YokogawaAnalyzerEmulator(AnalyzerEmulator):
    """Power analyzer with a list of items."""

    model = "emulated WT1800"

    def _make_status(self) -> Status:
        return PositiveStatus()

    def _reset(self) -> None:
        super()._reset()
        self._headed = True
        self._items: list[Item] = [("URMS", "1"), ("IRMS", "1"), ("P", "1")]
        self._count = len(self._items)
        self._ranges_v, self._ranges_a = ([steps[-1]] * self.node.phases for steps in (RANGES_V, RANGES_A))

    def _table(self) -> dict[str, Handler]:
        return {
            "SYSTem:ERRor[:NEXT]?": self._undefined,
            "STATus:ERRor?": lambda _: self.scpi.status.take_error(),
            "STATus:CONDition?": lambda _: "0",
            "COMMunicate:HEADer": self._set_header,
            "COMMunicate:HEADer?": lambda _: self._answered("COMMUNICATE:HEADER", str(int(self._headed))),
            "NUMeric:FORMat": self._set_format,
            "NUMeric[:NORMal]:NUMBer": self._set_count,
            "NUMeric[:NORMal]:NUMBer?": lambda _: self._answered("NUMERIC:NORMAL:NUMBER", str(self._count)),
            "NUMeric[:NORMal]:ITEM#": self._set_item,
            "NUMeric[:NORMal]:ITEM#?": self._answer_item,
            "NUMeric[:NORMal]:VALue?": lambda _: self._answer_values(),
            "[INPut:]VOLTage:RANGe[:ALL]": lambda call: self._set_ranges(self._ranges_v, RANGES_V, "V", call),
            "[INPut:]CURRent:RANGe[:ALL]": lambda call: self._set_ranges(self._ranges_a, RANGES_A, "A", call),
            "[INPut:]VOLTage:RANGe:ELEMent#?": lambda call: self._answer_range("VOLTAGE", self._ranges_v, call),
            "[INPut:]CURRent:RANGe:ELEMent#?": lambda call: self._answer_range("CURRENT", self._ranges_a, call),
        }

    def _undefined(self, _call: Call) -> str:
        raise ScpiError(-113)

    def _answered(self, header: str, answer: str) -> str:
        return f":{header} {answer}" if self._headed else answer

    def _set_header(self, call: Call) -> None:
        self._headed = call.switch()

    def _set_format(self, call: Call) -> None:
        if call.text() not in {"ASC", "ASCII"}:
            raise ScpiError(-224, call.text())

    def _set_count(self, call: Call) -> None:
        self._count = int(call.number(1, ITEM_LIMIT))
        self._items += [("NONE", "1")] * (self._count - len(self._items))

    def _set_item(self, call: Call) -> None:
        item = call.text(0), call.text(1)
        single = item[0] in {*_NAMES, "FU"} and item[1] in {str(n + 1) for n in range(self.node.phases)}
        lags = {f"{_LAG}{phase}" for phase in range(2, self.node.phases + 1)}
        if not single and not (item[0] in lags and item[1] == _SUM):
            raise ScpiError(-224, ",".join(item))
        self._items[self._index(call)] = item

    def _answer_item(self, call: Call) -> str:
        index = self._index(call)
        return self._answered(f"NUMERIC:NORMAL:ITEM{index + 1}", ",".join(self._items[index]))

    def _index(self, call: Call) -> int:
        number = call.suffixes[0] or 1
        if number > len(self._items):
            raise ScpiError(-114, str(number))
        return number - 1

    def _answer_values(self) -> str:
        values = ",".join(_written(self._value(*item)) for item in self._items[: self._count])
        return self._answered("NUMERIC:NORMAL:VALUE", values)

    def _value(self, function: str, element: str) -> float:
        if function == "FU":
            return self.frequency_hz
        if function.startswith(_LAG):
            return self.lag_deg(int(function.removeprefix(_LAG)) - 1)
        if function == "NONE":
            return math.nan
        value: float = getattr(self.elements()[int(element) - 1], _NAMES[function])
        return value

    def _set_ranges(self, ranges: list[float], steps: tuple[float, ...], unit: str, call: Call) -> None:
        word = call.text().removesuffix(unit)
        wanted = Call(call.suffixes, (word,)).number(0.0, steps[-1])
        ranges[:] = [next(step for step in steps if step >= wanted)] * len(ranges)

    def _answer_range(self, name: str, ranges: list[float], call: Call) -> str:
        number = call.suffixes[0] or 1
        if number > len(ranges):
            raise ScpiError(-114, str(number))
        return self._answered(f"INPUT:{name}:RANGE:ELEMENT{number}", scpi_number(ranges[number - 1]))


def _written(value: float) -> str:
    """Write a value; what is none is NAN, and an overflow INF."""
    return ("NAN" if math.isnan(value) else "INF") if not math.isfinite(value) else scpi_number(value)
