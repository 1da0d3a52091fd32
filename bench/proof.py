"""Physical proof at the end of a scenario: from the feeder and the meters' own wires, not from messages."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.actors.metering import service_voltage_v
from bench.measurement import Limits, Measurement
from bench.range_a import RANGE_A_LOWER_V, RANGE_A_UPPER_V, ServiceVoltages
from instruments.roles import Meter

CLAUSE = "ANSI C84.1 Range A"


@dataclass(frozen=True)
class RangeAProof:
    """Service voltages of all meters since a moment: in the feeder model, and as the meters read them at the end."""

    voltages: ServiceVoltages
    meters: Mapping[str, Meter]
    reading_uncertainty_v: float

    def measure(self, since_s: float, now_s: float) -> list[Measurement]:
        """Measure lowest and highest interval mean since `since_s`, and lowest and highest present reading."""
        low, high = self.voltages.extremes(since_s)
        readings = {name: service_voltage_v(meter) for name, meter in self.meters.items()}
        lowest, highest = min(readings, key=readings.__getitem__), max(readings, key=readings.__getitem__)
        span = f"since {since_s:.0f} s"
        return [
            _at_least(f"lowest service voltage {span}, at {low[0]}", low[1], 0.0, now_s, "feeder model"),
            _at_most(f"highest service voltage {span}, at {high[0]}", high[1], 0.0, now_s, "feeder model"),
            _at_least("lowest reading", readings[lowest], self.reading_uncertainty_v, now_s, lowest),
            _at_most("highest reading", readings[highest], self.reading_uncertainty_v, now_s, highest),
        ]


def _at_least(quantity: str, value: float, uncertainty: float, time_s: float, source: str) -> Measurement:
    limits = Limits(lower=RANGE_A_LOWER_V)
    return Measurement(quantity, value, "V", uncertainty, time_s, source, limits, clause=CLAUSE)


def _at_most(quantity: str, value: float, uncertainty: float, time_s: float, source: str) -> Measurement:
    limits = Limits(upper=RANGE_A_UPPER_V)
    return Measurement(quantity, value, "V", uncertainty, time_s, source, limits, clause=CLAUSE)
