"""Limiting active power: IEEE 1547.1-2020 clause 5.13."""

from collections.abc import Iterator

from bench.certification.criteria import Reading, at_least, at_most
from bench.certification.figures import SuiteFigures
from bench.certification.findings import Finding
from bench.certification.rig import Rig

PCT = 100.0
REVERSION_S = 3600.0
"""A limit ends by itself if the bench does not end it."""
REST_S = 30.0
OFFERED_SHARE = 0.9
"""Of the power that is offered, what has to come for a limit to mean anything."""


def limit_power(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Command each limit, the repetitions of the suite; what is delivered after the time to comply has to be below.

    Before each limit the device delivers what is offered: one that delivers nothing would keep every limit.
    """
    section = figures.limit_active_power
    accuracy = figures.accuracy.widening.value * figures.accuracy.power_pu.value
    for repetition in range(1, section.repetitions + 1):
        for level_pu in section.levels_pu:
            place = f"active power limited to {level_pu * PCT:g} %, repetition {repetition}"
            yield _delivered(rig, place, section.clause)
            rig.functions.limit_power_pct(level_pu * PCT, REVERSION_S)
            rig.hold(section.within_s.value, 0.5)
            held = rig.hold(REST_S, 0.5)
            response = rig.active_power(held)
            criterion = at_most(level_pu, response, accuracy)
            time_s, source = held[-1].time_s, rig.analyzer_name
            limit = Reading(level_pu)
            yield Finding(place, limit, response, criterion, time_s, source, section.clause, stimulus_unit="pu")
            rig.functions.limit_power_pct(PCT, REVERSION_S)
            rig.hold(section.within_s.value, 0.5)


def _delivered(rig: Rig, place: str, clause: str) -> Finding:
    """Measure that there is something to limit."""
    held = rig.hold(2.0, 0.5)
    response = rig.active_power(held)
    what = f"{place}: before it"
    criterion, time_s, source = at_least(OFFERED_SHARE, response), held[-1].time_s, rig.analyzer_name
    return Finding(what, Reading(1.0), response, criterion, time_s, source, clause, stimulus_unit="pu")
