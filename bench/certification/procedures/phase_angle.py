"""Riding through sudden changes of the voltages' angle: IEEE 1547.1-2020, Table 9."""

from collections.abc import Iterator

from bench.certification.figures import SuiteFigures
from bench.certification.findings import Finding
from bench.certification.played import require_angles
from bench.certification.procedures.ride_through import dwell
from bench.certification.riding import Watched, delivers
from bench.certification.rig import NOMINAL_HZ, Rig
from bench.certification.source_needs import SEQUENCED, SourceNeeds

LOOK_S = 0.1
"""How often to look just after a change, s: what is judged begins half a second after it."""


def change_phase_angle(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Turn each phase by itself and all of them together, there and back; judge that power is there again in time."""
    section = figures.ride_through.phase_angle
    symmetric = _symmetric_deg(rig.phases)
    every_s = section.one_phase_s.value / SEQUENCED
    rig.require(SourceNeeds(every_s=every_s, turned=frozenset(range(1, rig.phases + 1))))
    rig.supply(1.0)
    for iteration in range(1, section.iterations + 1):
        for name, angles, duration_s in _changes(rig, figures):
            place = f"{name}, iteration {iteration}"
            yield from _held(rig, figures, symmetric, section.before_s.value, f"before: {place}")
            if duration_s > section.settles_s.value:
                yield from _held(rig, figures, angles, duration_s, place)
            else:
                rig.set_grid(1.0, NOMINAL_HZ, angles)
                require_angles(rig, dwell(rig, duration_s, LOOK_S)[-1], angles, place)
    yield from _held(rig, figures, symmetric, section.before_s.value, "after the last change")


def _changes(rig: Rig, figures: SuiteFigures) -> Iterator[tuple[str, list[float], float]]:
    """Return a name, the angles, and for how long they stay."""
    section, symmetric = figures.ride_through.phase_angle, _symmetric_deg(rig.phases)
    one, every = section.one_phase_deg.value, section.all_phases_deg.value
    for turned in range(rig.phases):
        angles = [angle + (one if phase == turned else 0.0) for phase, angle in enumerate(symmetric)]
        yield f"phase {turned + 1} by {one:g} deg", angles, section.one_phase_s.value
    for sign in (1.0, -1.0):
        yield f"all phases by {sign * every:g} deg", [a + sign * every for a in symmetric], section.all_phases_s.value


def _held(rig: Rig, figures: SuiteFigures, angles: list[float], duration_s: float, place: str) -> list[Finding]:
    section, begun_s = figures.ride_through.phase_angle, rig.clock.now_s
    rig.set_grid(1.0, NOMINAL_HZ, angles)
    samples, uncertainty = dwell(rig, duration_s, LOOK_S), rig.instrument.power_pu
    require_angles(rig, samples[-1], angles, place)
    watched = Watched(place, section.clause, rig.analyzer_name, begun_s, samples, uncertainty)
    return delivers(watched, 1.0, 1.0 - section.delivered_pu.value, section.settles_s.value)


def _symmetric_deg(phases: int) -> list[float]:
    return [-360.0 / phases * phase for phase in range(phases)]
