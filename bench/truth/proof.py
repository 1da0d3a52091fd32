"""Physical proof at the end of a scenario: from the feeder and the devices' own wires, not from messages."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bench.actors.metering import service_voltage_v
from bench.measurement import Limits, Measurement
from bench.truth.operations import OperationWatch, Watched
from bench.truth.range_a import RANGE_A_LOWER_V, RANGE_A_UPPER_V, ServiceVoltages
from instruments.errors import InstrumentError, TransportError
from instruments.roles import Meter

CLAUSE = "ANSI C84.1 Range A"
BAND_CLAUSE = "control: no operation inside its band or blocked"
COMMAND_CLAUSE = "control: stays where it was commanded"
REPORT_CLAUSE = "control: reports the position in service"


@dataclass(frozen=True)
class RangeAProof:
    """Service voltages of all meters since a moment: in the feeder model, and as the meters read them at the end."""

    voltages: ServiceVoltages
    meters: Mapping[str, Meter]
    reading_uncertainty_v: float

    def summary(self) -> str:
        """Say how far the services have gone since the beginning."""
        low, high = self.voltages.extremes(0.0)
        return f"service voltages stayed between {low[1]:.1f} V at {low[0]} and {high[1]:.1f} V at {high[0]}"

    def measure(self, since_s: float, now_s: float) -> list[Measurement]:
        """Measure lowest and highest interval mean since `since_s`, and lowest and highest present reading.

        A meter that does not answer has no reading: that is not measured, whatever the others say.
        """
        low, high = self.voltages.extremes(since_s)
        readings, silent = self._readings()
        span = f"since {since_s:.0f} s"
        return [
            *(_at_least(f"reading of {name}", None, self.reading_uncertainty_v, now_s, name) for name in silent),
            _at_least(f"lowest service voltage {span}, at {low[0]}", low[1], 0.0, now_s, "feeder model"),
            _at_most(f"highest service voltage {span}, at {high[0]}", high[1], 0.0, now_s, "feeder model"),
            *self._extremes_of(readings, now_s),
        ]

    def _readings(self) -> tuple[dict[str, float], list[str]]:
        """Read all meters; return the voltages, V, and the names of those that do not answer."""
        readings, silent = {}, []
        for name, meter in self.meters.items():
            try:
                readings[name] = service_voltage_v(meter)
            except (TransportError, InstrumentError):
                silent.append(name)
        return readings, silent

    def _extremes_of(self, readings: Mapping[str, float], now_s: float) -> Iterator[Measurement]:
        if readings:
            lowest, highest = min(readings, key=readings.__getitem__), max(readings, key=readings.__getitem__)
            yield _at_least("lowest reading", readings[lowest], self.reading_uncertainty_v, now_s, lowest)
            yield _at_most("highest reading", readings[highest], self.reading_uncertainty_v, now_s, highest)


def _at_least(quantity: str, value: float | None, uncertainty: float, time_s: float, source: str) -> Measurement:
    limits = Limits(lower=RANGE_A_LOWER_V)
    return Measurement(quantity, value, "V", uncertainty, time_s, source, limits, clause=CLAUSE)


def _at_most(quantity: str, value: float, uncertainty: float, time_s: float, source: str) -> Measurement:
    limits = Limits(upper=RANGE_A_UPPER_V)
    return Measurement(quantity, value, "V", uncertainty, time_s, source, limits, clause=CLAUSE)


@dataclass(frozen=True)
class PositionProof:
    """Taps and banks in the plant against commands and bands, and what their controls say of them over their wires.

    `report` reads, by control, the tap that it reports; 1 for a closed bank and 0 for an open one.
    """

    watch: OperationWatch
    report: Mapping[str, Callable[[], int]]

    def measure_rest(self, now_s: float) -> list[Measurement]:
        """Count the operations that nobody commanded and nothing called for, of each tap changer and bank."""
        return [
            _none_of(f"uncommanded operations of {name} inside its band or blocked", len(w.in_band), now_s, BAND_CLAUSE)
            for name, w in self.watch.watched.items()
        ]

    def measure(self, now_s: float) -> list[Measurement]:
        """Measure that everything rests, stands where it was commanded, and is reported as it stands.

        Raises TransportError and InstrumentError when a control does not answer.
        """
        commanded = [m for name, w in self.watch.watched.items() for m in _commanded(name, w, now_s)]
        return [*self.measure_rest(now_s), *commanded, *self._reported(now_s)]

    def _reported(self, now_s: float) -> Iterator[Measurement]:
        for name, report in self.report.items():
            limits = Limits.around(self.watch.watched[name].apparatus.position, 0.0)
            quantity, source = f"position that {name} reports", f"{name} against the plant"
            yield Measurement(quantity, report(), "position", 0.0, now_s, source, limits, clause=REPORT_CLAUSE)


def _commanded(name: str, watched: Watched, now_s: float) -> Iterator[Measurement]:
    if watched.target is None:
        return
    limits = Limits.around(watched.target, 0.0)
    position = watched.apparatus.position
    yield Measurement(
        f"position of {name} at the end", position, "position", 0.0, now_s, "the plant", limits, clause=COMMAND_CLAUSE
    )
    strayed = len(watched.after_command)
    yield _none_of(f"operations of {name} after it was where it was commanded", strayed, now_s, COMMAND_CLAUSE)


def _none_of(quantity: str, count: int, time_s: float, clause: str) -> Measurement:
    return Measurement(quantity, count, "operations", 0.0, time_s, "the plant", Limits(upper=0.0), clause=clause)
