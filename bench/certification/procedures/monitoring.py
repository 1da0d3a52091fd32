"""Monitoring: IEEE 1547.1-2020 clause 6.7. What a device says of its terminals, held against the analyzer."""

from collections.abc import Iterator

from bench.certification.criteria import Reading, agrees
from bench.certification.figures import MonitoringPoint, SuiteFigures
from bench.certification.findings import Finding
from bench.certification.rig import Rig

SETTLE_S = 30.0


def compare_readings(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Bring the device into each state, and compare active and reactive power, voltage and frequency."""
    for point in figures.monitoring.points:
        rig.supply(point.power_pu)
        rig.set_grid(point.v_pu, point.f_hz)
        rig.hold(SETTLE_S, 0.5)
        yield from _compared(rig, figures, point)
    rig.set_grid(1.0)
    rig.supply(1.0)


def _compared(rig: Rig, figures: SuiteFigures, point: MonitoringPoint) -> Iterator[Finding]:
    samples, said, accuracy = rig.hold(0.5, 0.1), rig.functions.read_ac(), figures.accuracy
    rating_va, phases = rig.nameplate.va_max_va, len(said.voltage_v)
    mean_v = sum(said.voltage_v) / phases if phases else float("nan")
    pairs = (
        ("active power", said.p_w / rating_va, rig.active_power(samples), accuracy.power_pu.value, "pu"),
        ("reactive power", said.q_var / rating_va, rig.reactive_power(samples), accuracy.power_pu.value, "pu"),
        ("voltage", mean_v / rig.phase_v, rig.voltage(samples), accuracy.voltage_pu.value, "pu"),
        ("frequency", said.frequency_hz, rig.frequency(samples), accuracy.frequency_hz.value, "Hz"),
    )
    for quantity, value, reference, allowed, unit in pairs:
        what = f"{quantity} that the device reports, {point.name}"
        criterion = agrees(reference, allowed)
        time_s, source = samples[-1].time_s, f"{rig.device} against {rig.analyzer_name}"
        clause, told = figures.monitoring.clause, Reading(value)
        yield Finding(what, reference, told, criterion, time_s, source, clause, unit, stimulus_unit=unit)
