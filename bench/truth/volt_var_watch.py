"""Holds the vars of every measured inverter, at each step of the plant, against the curve that is in force in it."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.measurement import Limits, Measurement, VarReading
from bench.plant.plant import PlantState
from bench.truth.volt_var_unit import VoltVarUnit, measured_vars
from instruments.errors import InstrumentError, TransportError
from instruments.readings import VoltVarCurve

VOLT_VAR_WATCH_CLAUSE = "inverter: volt-var is on, as a precondition says"
RESPONSES = 3.0
"""How many response times ago a voltage may still show in the vars."""
LEAST = 2
"""How many of the latest readings count at least, however long ago they are: long steps show no more."""


@dataclass
class _Course:
    """What was seen of one inverter of late, and of all readings that which was farthest outside, or nearest to it."""

    curve: VoltVarCurve
    recent: deque[VarReading] = field(default_factory=deque)
    farthest: tuple[float, VarReading, Limits] | None = None

    def take(self, unit: VoltVarUnit, reading: VarReading) -> None:
        self.recent.append(reading)
        oldest_s = reading.time_s - RESPONSES * self.curve.response_s
        while len(self.recent) > LEAST and self.recent[0].time_s < oldest_s:
            self.recent.popleft()
        if len(self.recent) < LEAST:
            return
        lowest = min(self.recent, key=lambda seen: seen.voltage_v)
        highest = max(self.recent, key=lambda seen: seen.voltage_v)
        limits = unit.limits(self.curve, lowest, highest)
        outside = max(reading.q_kvar - (limits.upper or 0.0), (limits.lower or 0.0) - reading.q_kvar)
        if self.farthest is None or outside > self.farthest[0]:
            self.farthest = outside, reading, limits


class VoltVarWatch:
    """Follows all inverters of a bench from the first step on."""

    def __init__(self, units: Mapping[str, VoltVarUnit]) -> None:
        self._units = units
        self._courses: dict[str, _Course | None] = {}

    def take(self, state: PlantState) -> None:  # noqa: ARG002 - each step has one, but what counts is at the terminal
        """Read every curve at the first step, and what is measured from then on."""
        for name, unit in self._units.items():
            if name not in self._courses:
                self._courses[name] = _course(unit)
            course, reading = self._courses[name], unit.reading()
            if course is not None and reading is not None:
                course.take(unit, reading)

    def measure(self, now_s: float) -> list[Measurement]:
        """Measure of each inverter the vars that were farthest from its curve."""
        return [self._measured(name, course, now_s) for name, course in self._courses.items()]

    def _measured(self, name: str, course: _Course | None, now_s: float) -> Measurement:
        quantity = f"reactive power of {name} farthest from its volt-var curve"
        if course is None or course.farthest is None:
            return measured_vars(quantity, None, Limits(), now_s, VOLT_VAR_WATCH_CLAUSE)
        _, reading, limits = course.farthest
        quantity += f", at {100.0 * self._units[name].voltage_pu(reading):.2f} % of nominal voltage"
        return measured_vars(quantity, reading, limits, now_s, VOLT_VAR_WATCH_CLAUSE)


def _course(unit: VoltVarUnit) -> _Course | None:
    try:
        return _Course(unit.inverter.read_volt_var())
    except (TransportError, InstrumentError):
        return None
