"""Volt-var settings on trial: an operator has inverters adopt curves, and instruments show what they make of them.

Nothing that an inverter says of its own vars counts. Curves are laid around the voltage of the moment, so that every
inverter has something to do, wherever it stands; the feeder's voltage moves with its vars, and is measured again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from bench.clock import Clock
from bench.measurement import Limits, Measurement, VarReading
from bench.truth.volt_var_unit import VoltVarUnit, measured_vars
from instruments.errors import InstrumentError
from instruments.readings import VoltVarCurve

ADOPT_CLAUSE = "inverter: adopts the volt-var curve that it is given"
VOLT_VAR_CLAUSE = "inverter: vars follow the volt-var curve"
RESPONSE_CLAUSE = "inverter: open-loop response time of volt-var"

RESPONSE_S = 10.0
"""Open-loop response time that the curves ask for, s; IEEE 1547-2018 Table 8 allows 1 to 90 s."""
RESPONSE_TOLERANCE = 0.2
"""How far the measured time may lie from it, per unit (an engineering value)."""
RESPONSES = 6.0
"""For how many response times a curve is left alone before vars are judged."""
LOOK_S = 1.0
NINETY = 0.9
"""Share of the change after which the open-loop response time is over (IEEE 1547-2018, definitions)."""

OPERATION = Limits(0.88, 1.10)
"""Voltages of continuous operation, per unit (IEEE 1547-2018)."""

Offsets = tuple[tuple[float, float], ...]
SLOPE: Offsets = ((-0.02, 0.44), (0.06, 0.0), (0.10, 0.0), (0.12, -0.44))
"""Corners as voltage beside the present one, per unit, and vars: in the upper part of a slope."""
ABSORB: Offsets = ((-0.12, 0.2), (-0.10, 0.0), (-0.08, 0.0), (-0.05, -0.2))
INJECT: Offsets = ((0.06, 0.2), (0.09, 0.0), (0.11, 0.0), (0.13, -0.2))
"""Level at the present voltage, so that nothing but the response time shows on the way from one to the other."""


@dataclass
class VoltVarTrial:
    """Tries every inverter whose vars another source measures, one after the other: together they lift the feeder."""

    clock: Clock
    units: Mapping[str, VoltVarUnit]
    _own: dict[str, VoltVarCurve] = field(default_factory=dict)
    _refusals: dict[str, str] = field(default_factory=dict)
    _vars: list[Measurement] = field(default_factory=list)
    _times: list[Measurement] = field(default_factory=list)

    def is_measured(self) -> list[Measurement]:
        """Measure that each inverter has a voltage, and keep the curve that it has."""
        self._own = {name: unit.inverter.read_volt_var() for name, unit in self.units.items()}
        return [self._voltage(name, unit) for name, unit in self.units.items()]

    def try_slope(self) -> None:
        """Have each adopt a slope around its present voltage, and then its own curve again."""
        self._begin()
        for name in self.units:
            self._adopt_around(name, SLOPE)
            self._adopt(name, self._own[name])

    def try_levels(self) -> None:
        """Have each adopt a curve by which it absorbs, one by which it injects, and then its own again.

        What is kept of the way from one to the other is its time.
        """
        self._begin()
        for name in self.units:
            self._adopt_around(name, ABSORB)
            self._times.append(self._response(name, self._adopt_around(name, INJECT)))
            self._adopt(name, self._own[name])

    def adopts(self) -> list[Measurement]:
        """Tell of each inverter whether it came to an end with the curves that it was given; it says why not."""
        return [
            Measurement(
                f"curves that {name} was told to adopt and did not",
                float(name in self._refusals),
                "curves",
                0.0,
                self.clock.now_s,
                self._refusals.get(name, name),
                Limits(upper=0.0),
                clause=ADOPT_CLAUSE,
            )
            for name in self.units
        ]

    def follows(self) -> list[Measurement]:
        """Return what vars were measured at the end with each curve, against what that gives at the voltage then."""
        return self._vars

    def responds(self) -> list[Measurement]:
        """Return how long each took for nine tenths of its change from absorbing to injecting."""
        return self._times

    def _begin(self) -> None:
        self._vars, self._times = [], []

    def _adopt_around(self, name: str, offsets: Offsets) -> list[VarReading]:
        """Have an inverter adopt a curve around its present voltage; return what was measured until it had settled."""
        unit = self.units[name]
        reading = unit.reading()
        if reading is None:
            return []
        corners = [(round(unit.voltage_pu(reading) + beside, 4), q_pu) for beside, q_pu in offsets]
        return self._adopt(name, VoltVarCurve(tuple(v for v, _ in corners), tuple(q for _, q in corners), RESPONSE_S))

    def _adopt(self, name: str, curve: VoltVarCurve) -> list[VarReading]:
        try:
            self.units[name].inverter.set_volt_var(curve)
        except InstrumentError as error:
            self._refusals[name] = str(error)
        seen = self._watch(name, RESPONSES * curve.response_s)
        self._vars += [self._against(name, curve, reading) for reading in seen[-1:]]
        return seen

    def _watch(self, name: str, seconds: float) -> list[VarReading]:
        """Let the bench run, and return what was measured of an inverter on the way."""
        seen: list[VarReading] = []
        end_s = self.clock.now_s + seconds
        while True:
            reading = self.units[name].reading()
            if reading is not None and (not seen or reading.time_s > seen[-1].time_s):
                seen.append(reading)
            if self.clock.now_s >= end_s:
                return seen
            self.clock.run_until(self.clock.now_s + LOOK_S)

    def _voltage(self, name: str, unit: VoltVarUnit) -> Measurement:
        reading, now_s = unit.reading(), self.clock.now_s
        if reading is None:
            return Measurement(f"voltage at {name}", None, "pu", 0.0, now_s, "any instrument", OPERATION)
        unsure_pu = reading.voltage_uncertainty_v / unit.nominal_v
        pu = unit.voltage_pu(reading)
        return Measurement(f"voltage at {name}", pu, "pu", unsure_pu, now_s, reading.source, OPERATION)

    def _against(self, name: str, curve: VoltVarCurve, reading: VarReading) -> Measurement:
        unit = self.units[name]
        quantity = f"reactive power of {name} at {100.0 * unit.voltage_pu(reading):.2f} % of nominal voltage"
        limits = unit.limits(curve, reading, reading)
        return measured_vars(quantity, reading, limits, self.clock.now_s, VOLT_VAR_CLAUSE)

    def _response(self, name: str, seen: list[VarReading]) -> Measurement:
        return Measurement(
            f"time in which {name} goes nine tenths of the way to its new vars",
            _ninety_s([(reading.time_s, reading.q_kvar) for reading in seen]),
            "s",
            LOOK_S / 2.0,
            self.clock.now_s,
            seen[-1].source if seen else "any instrument",
            Limits.around(RESPONSE_S, RESPONSE_TOLERANCE * RESPONSE_S),
            clause=RESPONSE_CLAUSE,
        )


def _ninety_s(seen: list[tuple[float, float]]) -> float | None:
    """Return after which time a course of (s, value) has gone nine tenths of its way; None where it goes nowhere."""
    if not seen:
        return None
    (begun_s, first), (_, last) = seen[0], seen[-1]
    wanted = first + NINETY * (last - first)
    for (t0, q0), (t1, q1) in pairwise(seen):
        if q0 != q1 and (q0 < wanted <= q1 or q0 > wanted >= q1):
            return t0 + (wanted - q0) / (q1 - q0) * (t1 - t0) - begun_s
    return None
