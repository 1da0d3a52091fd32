"""The list of an emulated AMETEK source: columns that are stored one by one, and make a transient when it is begun."""

from collections.abc import Sequence

from instruments.emulators.scpi_instrument import Call
from instruments.emulators.scpi_status import ScpiError
from instruments.emulators.transient import Line, LineBuilder, Transient

MOST_POINTS = 100
SHORTEST_S, LONGEST_S = 0.001, 90_000.0


class TransientList:
    """Dwell times, voltages of each phase, frequency, and the rates at which they are reached."""

    def __init__(self, phases: int) -> None:
        self.dwell_s: tuple[float, ...] = ()
        self.voltage_v: list[tuple[float, ...]] = [()] * phases
        self.voltage_slew: list[tuple[float, ...]] = [()] * phases
        self.frequency_hz: tuple[float, ...] = ()
        self.frequency_slew: tuple[float, ...] = ()

    def transient(self, voltage_v: Sequence[float], frequency_hz: float) -> Transient:
        """Make a transient from voltages and frequency on; raises ScpiError -226 for columns of unequal length."""
        columns = [*self.voltage_v, *self.voltage_slew, self.frequency_hz, self.frequency_slew]
        if not self.dwell_s or any(len(column) != len(self.dwell_s) for column in columns):
            raise ScpiError(-226)
        volts = zip(voltage_v, self.voltage_v, self.voltage_slew, strict=True)
        return Transient(
            sum(self.dwell_s),
            tuple(self._line(was, column, slew) for was, column, slew in volts),
            self._line(frequency_hz, self.frequency_hz, self.frequency_slew),
        )

    def _line(self, was: float, column: Sequence[float], slew: Sequence[float]) -> Line:
        drawn = LineBuilder(was)
        for value, rate, dwell_s in zip(column, slew, self.dwell_s, strict=True):
            drawn.slew(value, rate, dwell_s)
        return drawn.line


def column_of(call: Call, lowest: float, highest: float) -> tuple[float, ...]:
    """Read a column; raises ScpiError as `Call.number` does, and -223 for one that is too long."""
    if len(call.parameters) > MOST_POINTS:
        raise ScpiError(-223)
    return tuple(call.number(lowest, highest, index) for index in range(max(1, len(call.parameters))))
