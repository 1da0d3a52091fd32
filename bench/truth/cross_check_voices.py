"""Who can say what at a terminal: the source in front of it, the analyzer, the device itself, a meter of its site.

Voltages and angles are those at the device, V and deg; power is that on the feeder's side, kW and kvar, and > 0 into
the feeder. How far each may be off, and from where that is known:

- instruments and meters: their limits of error by the bench file (`bench.accuracy`);
- equipment: the minimum measurement accuracy of IEEE 1547-2018 Table 3, of its rating;
- registers: half of what the coarsest scale factor resolves that holds the rating in 16 bits (`REGISTER_SHARE`).
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bench.accuracy import Exactness
from bench.plant.terminals import DirectTerminal, MeasuredTerminal
from instruments.readings import AcMeasurement, AcReading, MeterReading, StorageReading
from reports.verdict import Verdict

ACTIVE, REACTIVE = "active power", "reactive power"
OWN_VOLTAGE_PU, OWN_POWER_PU = 0.01, 0.05
"""IEEE 1547-2018 Table 3, steady state: what equipment may be off in what it says of itself, per unit of rated."""
REGISTER_SHARE = 2e-4
"""A decimal scale factor may leave a tenth of 32 000 counts for 1.2 times the rating: half a count is 1.9e-4 of it."""
RESOLUTION_V = 1e-4
"""Of a set-point as it is written, per unit of the voltage."""
ANGLE_DEG = 1.0
"""What angles of phases may be off between source and analyzer, deg (an engineering value: a swap makes 120)."""

Said = Mapping[str, tuple[float, float]]
"""By quantity: the value, and the most by which it may be wrong."""


@dataclass(frozen=True)
class Voice:
    """A source of quantities at a terminal; `say` asks it, and raises TransportError and InstrumentError as drivers do.

    `if_wrong` and `reference` are those of its claims.
    """

    name: str
    if_wrong: Verdict
    say: Callable[[], Said]
    reference: bool = False


SECONDARY_UNITS = {
    "secondary voltage": "V",
    "secondary current": "A",
    "secondary active power": "W",
    "secondary reactive power": "var",
}
"""Quantities that controls sense, and their units."""


def unit_of(quantity: str) -> str:
    """Return the unit of a quantity."""
    known = {ACTIVE: "kW", REACTIVE: "kvar", **SECONDARY_UNITS}
    return known.get(quantity) or ("deg" if quantity.startswith("angle") else "V")


def told(terminal: MeasuredTerminal, limits: Exactness) -> Voice:
    """Let speak what a source was told: the feeder's voltage by the model, over the voltage ratio."""

    def say() -> Said:
        volts = _voltages((v, limits.voltage_v(v) + RESOLUTION_V * v) for v in map(abs, terminal.told_v.tolist()))
        return volts | _angles(np.degrees(np.angle(terminal.told_v)).tolist())

    return Voice(terminal.source_name, Verdict.ERROR, say)


def sourced(terminal: MeasuredTerminal, limits: Exactness) -> Voice:
    """Let a source say what it measures at its own output."""
    source, scale = terminal.source, terminal.power_scale
    return Voice(terminal.source_name, Verdict.ERROR, lambda: _measured(source.measure(), limits, scale))


def analyzed(terminal: MeasuredTerminal, limits: Exactness) -> Voice:
    """Let an analyzer say what it measured in the latest step; it is not asked again."""

    def say() -> Said:
        measured = terminal.measured
        return {} if measured is None else _measured(measured, limits, terminal.power_scale)

    return Voice(terminal.analyzer_name, Verdict.ERROR, say)


def in_copper(terminal: DirectTerminal) -> Voice:
    """Let speak the feeder's own node, where nothing lies between it and the device."""

    def say() -> Said:
        reading = terminal.reading()
        if reading is None:
            return {}
        volts = _voltages((abs(v), 0.0) for v in terminal.told_v.tolist())
        return volts | {ACTIVE: (reading.power_kw, 0.0), REACTIVE: (terminal.q_kvar, 0.0)}

    return Voice(f"feeder node of {terminal.device}", Verdict.ERROR, say, reference=True)


def reported(name: str, read_ac: Callable[[], AcReading], rating_kva: float, power_scale: float) -> Voice:
    """Let a device with AC terminals say what it measures of itself."""

    def say() -> Said:
        reading = read_ac()
        volts = _voltages((v, OWN_VOLTAGE_PU * v) for v in reading.voltage_v)
        bound = (OWN_POWER_PU + REGISTER_SHARE) * rating_kva
        p_kw, q_kvar = (value * power_scale / 1000.0 for value in (reading.p_w, reading.q_var))
        return volts | {ACTIVE: (p_kw, bound), REACTIVE: (q_kvar, bound)}

    return Voice(name, Verdict.FAIL, say)


def stored(name: str, read: Callable[[], StorageReading], rating_kva: float, power_scale: float) -> Voice:
    """Let a battery that is alone behind its inverter say what it delivers."""
    bound = (OWN_POWER_PU + REGISTER_SHARE) * rating_kva
    return Voice(name, Verdict.FAIL, lambda: {ACTIVE: (read().power_w * power_scale / 1000.0, bound)})


def metered(
    name: str, read: Callable[[], MeterReading], class_pct: float, rating_kva: float, volts_ratio: float | None
) -> Voice:
    """Let a meter of the site say what flows; `volts_ratio`: volts at the device for one of its legs, where it has."""

    def say() -> Said:
        reading = read()
        said = _power(-reading.p_w / 1000.0, -reading.q_var / 1000.0, class_pct / 100.0, REGISTER_SHARE * rating_kva)
        if volts_ratio is None:
            return said
        bound = class_pct / 100.0 + RESOLUTION_V
        return said | _voltages((v * volts_ratio, bound * v * volts_ratio) for v in reading.voltage_v)

    return Voice(name, Verdict.FAIL, say)


def _measured(measured: AcMeasurement, limits: Exactness, power_scale: float) -> dict[str, tuple[float, float]]:
    scale, p_w = power_scale / 1000.0, measured.p_w
    q_var = [0.0 if math.isnan(q) else q for q in measured.q_var]  # not every source tells reactive power
    volts = _voltages((v, limits.voltage_v(v) + RESOLUTION_V * v) for v in measured.voltage_v)
    rounding = RESOLUTION_V * scale * math.fsum(map(math.hypot, p_w, q_var))
    active = measured.total_p_w * scale, scale * limits.active_w(p_w, q_var) + rounding
    reactive = measured.total_q_var * scale, scale * limits.reactive_var(p_w, q_var) + rounding
    return volts | _angles(list(measured.angle_deg)) | {ACTIVE: active, REACTIVE: reactive}


def _power(p_kw: float, q_kvar: float, share: float, rounding: float) -> dict[str, tuple[float, float]]:
    """Return both powers with a class error of the apparent power; a meter without reactive power has that of P."""
    apparent = abs(p_kw) if math.isnan(q_kvar) else math.hypot(p_kw, q_kvar)
    bound = share * apparent + rounding
    return {ACTIVE: (p_kw, bound), REACTIVE: (q_kvar, bound)}


def _voltages(said: Iterable[tuple[float, float]]) -> dict[str, tuple[float, float]]:
    return {f"voltage of phase {phase}": one for phase, one in enumerate(said, 1)}


def _angles(angle_deg: list[float]) -> dict[str, tuple[float, float]]:
    """Return the angles of all phases but the first, against the first, so that 0 is a positive sequence."""
    turn = 360.0 / max(len(angle_deg), 1)
    found = {}
    for phase, angle in enumerate(angle_deg[1:], 1):
        off = math.remainder(angle - angle_deg[0] + turn * phase, 360.0)
        found[f"angle of phase {phase + 1} off a positive sequence"] = (off, ANGLE_DEG)
    return found
