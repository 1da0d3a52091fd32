"""Monitoring: IEEE 1547.1-2020 clause 6.7. What a device says of its terminals, held against the analyzer.

Each quantity is compared at two points at least. Power is brought there by the device's own limit, vars by the flat
middle of a volt-var curve: functions that all equipment has.
"""

import math
from collections.abc import Iterator

from bench.certification.criteria import Reading, agrees
from bench.certification.figures import SuiteFigures
from bench.certification.figures_interoperability import MonitoringFigures, MonitoringPoint
from bench.certification.findings import Finding
from bench.certification.mapped import require_mapped
from bench.certification.not_passed import NotPassed
from bench.certification.rig import NOMINAL_HZ, Rig, Sample
from bench.certification.statements import Statements
from instruments.readings import AcReading, VoltVarCurve
from reports.verdict import Verdict

SETTLE_S = 30.0
PCT = 100.0
REVERSION_S = 3600.0
"""A limit ends by itself if the bench does not end it."""
CORNERS_V_PU = (0.90, 0.97, 1.03, 1.10)
"""Of the volt-var curve with a flat middle: such as may be set by IEEE 1547-2018 Table 8."""
RESPONSE_S = 5.0
RAMP_HZ_PER_S, RAMP_STEP_S = 0.5, 0.2
"""How fast frequency goes: equipment of every category rides through that (IEEE 1547-2018 6.5.2.5)."""


def compare_readings(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Bring the device into each state, and compare active and reactive power, voltage and frequency."""
    require_mapped(rig, "reactive_power", "voltage_1", "frequency")
    rig.supply(1.0)
    try:
        for point in figures.monitoring.points:
            _bring_into(rig, point)
            yield from _compared(rig, figures, point)
            _ramp(rig, point.f_hz, NOMINAL_HZ)
    finally:
        rig.set_grid(1.0)
        rig.functions.disable_functions()


def _bring_into(rig: Rig, point: MonitoringPoint) -> None:
    rig.set_grid(1.0)
    rig.functions.disable_functions()
    if point.q_share:
        rig.functions.set_volt_var(_flat(_wanted_q_pu(rig, point)))
    of_rating = point.power_pu * rig.nameplate.va_max_va / rig.nameplate.p_max_w
    rig.functions.limit_power_pct(min(1.0, of_rating) * PCT, REVERSION_S)
    _ramp(rig, NOMINAL_HZ, point.f_hz)
    rig.set_grid(point.v_pu, point.f_hz)
    rig.hold(SETTLE_S, 0.5)


def _wanted_q_pu(rig: Rig, point: MonitoringPoint) -> float:
    """Return the vars of a point, per unit of rated apparent power, > 0 injected."""
    plate = rig.nameplate
    rated = plate.q_max_injected_var if point.q_share > 0.0 else plate.q_max_absorbed_var
    return point.q_share * rated / plate.va_max_va


def _flat(q_pu: float) -> VoltVarCurve:
    """Return a curve that asks for the same vars at all voltages near rated."""
    return VoltVarCurve(CORNERS_V_PU, (max(q_pu, 0.0), q_pu, q_pu, min(q_pu, 0.0)), RESPONSE_S)


def _ramp(rig: Rig, before_hz: float, after_hz: float) -> None:
    """Move frequency at a rate that is ridden through, at rated voltage."""
    count = math.ceil(abs(after_hz - before_hz) / (RAMP_HZ_PER_S * RAMP_STEP_S))
    for number in range(1, count + 1):
        rig.set_grid(1.0, before_hz + (after_hz - before_hz) * number / count)
        rig.hold(RAMP_STEP_S, RAMP_STEP_S)


def _compared(rig: Rig, figures: SuiteFigures, point: MonitoringPoint) -> Iterator[Finding]:
    samples = rig.hold(0.5, 0.1)
    said, accuracy, section, time_s = rig.functions.read_ac(), figures.accuracy, figures.monitoring, rig.clock.now_s
    _require_reached(rig, section, point, samples[-1])
    for quantity, value, reference, allowed, unit in (
        ("active power", said.p_w / rig.nameplate.va_max_va, rig.active_power(samples), accuracy.power_pu, "pu"),
        ("reactive power", said.q_var / rig.nameplate.va_max_va, rig.reactive_power(samples), accuracy.power_pu, "pu"),
        ("voltage", _mean_v(said) / rig.phase_v, rig.voltage(samples), accuracy.voltage_pu, "pu"),
        ("frequency", said.frequency_hz, rig.frequency(samples), accuracy.frequency_hz, "Hz"),
    ):
        what = f"{quantity} that the device reports, {point.name}"
        if math.isnan(value):
            yield Statements(rig, section.clause).made(what, is_made=False)
        else:
            source = f"{rig.device} against {rig.analyzer_name}"
            criterion, told = agrees(reference, allowed.value), Reading(value)
            yield Finding(what, reference, told, criterion, time_s, source, section.clause, unit, stimulus_unit=unit)


def _mean_v(said: AcReading) -> float:
    return sum(said.voltage_v) / len(said.voltage_v) if said.voltage_v else math.nan


def _require_reached(rig: Rig, section: MonitoringFigures, point: MonitoringPoint, sample: Sample) -> None:
    """Raise NotPassed when the state for which the quantity is compared was missed: it was not tried then."""
    missed, farthest = {
        "active power": (sample.p_pu - point.power_pu, section.reached_pu),
        "reactive power": (sample.q_pu - _wanted_q_pu(rig, point), section.reached_pu),
        "voltage": (sample.mean_voltage_pu - point.v_pu, section.reached_pu),
        "frequency": (sample.frequency_hz - point.f_hz, section.reached_hz),
    }[point.of]
    if not abs(missed) <= farthest:
        raise NotPassed(
            f"the rig did not come to the state {point.name!r}: {point.of} is {missed:+.3f} off", Verdict.NOT_RUN
        )
