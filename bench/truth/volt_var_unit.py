"""What volt-var of an inverter is held against: its curve over the voltage that another source measured."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from bench.measurement import Limits, Measurement, VarReading
from instruments.readings import VoltVarCurve

VOLTAGE_ACCURACY = 0.01
"""How well an inverter has to know its own voltage, per unit of nominal (IEEE 1547-2018 Table 3, steady state)."""


class VoltVarInverter(Protocol):
    """What an inverter is told and asked about its volt-var function."""

    def read_volt_var(self) -> VoltVarCurve:
        """Read the curve in force."""
        ...

    def set_volt_var(self, curve: VoltVarCurve) -> None:
        """Have it adopt a curve; raises InstrumentError when it does not."""
        ...


@dataclass(frozen=True)
class VoltVarUnit:
    """An inverter that is told curves over its own wire, and measured from outside.

    `rating_kva` on the feeder's side, `nominal_v` of one phase at the device; `accuracy_pu` of its rating is what its
    reactive power has to be held within.
    """

    inverter: VoltVarInverter
    reading: Callable[[], VarReading | None]
    rating_kva: float
    nominal_v: float
    accuracy_pu: float

    def voltage_pu(self, reading: VarReading) -> float:
        """Voltage at the device, per unit of nominal."""
        return reading.voltage_v / self.nominal_v

    def limits(self, curve: VoltVarCurve, lowest: VarReading, highest: VarReading) -> Limits:
        """Return between which vars, kvar, a good inverter is that has lately seen a lowest and a highest voltage."""
        unsure_pu = VOLTAGE_ACCURACY + highest.voltage_uncertainty_v / self.nominal_v
        most = var_pu(curve, self.voltage_pu(lowest) - unsure_pu) + self.accuracy_pu
        least = var_pu(curve, self.voltage_pu(highest) + unsure_pu) - self.accuracy_pu
        return Limits(least * self.rating_kva, most * self.rating_kva)


def var_pu(curve: VoltVarCurve, voltage_pu: float) -> float:
    """Return what a curve gives at a voltage, per unit: straight between its corners, level beyond them."""
    corners = list(zip(curve.v_pu, curve.q_pu, strict=True))
    if voltage_pu <= corners[0][0]:
        return corners[0][1]
    for (v0, q0), (v1, q1) in pairwise(corners):
        if voltage_pu <= v1:
            return q0 + (q1 - q0) * (voltage_pu - v0) / (v1 - v0) if v1 > v0 else q1
    return corners[-1][1]


def measured_vars(quantity: str, reading: VarReading | None, limits: Limits, now_s: float, clause: str) -> Measurement:
    """Put a reading beside its limits; None was not measured."""
    if reading is None:
        return Measurement(quantity, None, "kvar", 0.0, now_s, "any instrument", limits, clause=clause)
    return Measurement(
        quantity,
        reading.q_kvar,
        "kvar",
        reading.uncertainty_kvar,
        reading.time_s,
        reading.source,
        limits,
        clause=clause,
    )
