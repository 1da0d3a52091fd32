"""Limiting active power: IEEE 1547.1-2020 clause 5.13, with volt-watt and frequency-droop in force.

What is delivered has to be below the limit when the time to comply is over. Then frequency and voltage go away and come
back: high voltage and high frequency lower power further, low frequency raises it from where the limit held it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.certification.active_power import NOMINAL_HZ, Owed
from bench.certification.criteria import Reading, at_least, at_most
from bench.certification.figures import SuiteFigures
from bench.certification.findings import Finding
from bench.certification.owed_power import OwedPower, accuracies, put_droop, put_volt_watt
from bench.certification.rig import Rig, Sample

PCT = 100.0
REVERSION_S = 3600.0
"""A limit ends by itself if the bench does not end it."""
REST_S = 30.0


def limit_power(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Command each limit, the repetitions of the suite, and take the grid through its states under each.

    Before each limit the device delivers what is offered: one that delivers nothing would keep every limit.
    """
    section = figures.limit_active_power
    free = _unlimited(rig, figures)
    for repetition in range(1, section.repetitions + 1):
        for level_pu in section.levels_pu:
            place = f"active power limited to {level_pu * PCT:g} %, repetition {repetition}"
            yield _delivered(rig, figures, place)
            yield from _Limited(free, level_pu, place).findings(figures)
            rig.functions.limit_power_pct(PCT, REVERSION_S)
            rig.hold(section.within_s.value, 0.5)


def _unlimited(rig: Rig, figures: SuiteFigures) -> OwedPower:
    """Put volt-watt and the droop into force at rated voltage and frequency."""
    section = figures.limit_active_power
    volt_watt = put_volt_watt(rig, figures, section.volt_watt)
    return OwedPower(
        rig=rig,
        owed=Owed(put_droop(rig, figures, section.droop), volt_watt),
        accuracy=accuracies(figures.accuracy),
        clause=section.clause,
        settle_s=section.settle_s,
        rocof_hz_per_s=figures.frequency_droop.rocof_hz_per_s.of(rig.nameplate.abnormal),
    )


@dataclass(frozen=True)
class _Limited:
    """One limit in force."""

    grid: OwedPower
    level_pu: float
    place: str

    def findings(self, figures: SuiteFigures) -> Iterator[Finding]:
        """Command the limit, and judge what comes of it at rest and in each state of the grid."""
        section, rig = figures.limit_active_power, self.grid.rig
        self.grid.limit_to(self.level_pu)
        rig.functions.limit_power_pct(self.level_pu * PCT, REVERSION_S)
        rig.hold(section.within_s.value, 0.5)
        yield self._held(rig.hold(REST_S, 0.5), self.place)
        for state in section.states:
            where = f"{self.place}, at {state.v_pu:.2f} pu and {state.f_hz:.2f} Hz"
            yield self.grid.judged(self.grid.go_to(state.v_pu, state.f_hz), where)
            yield self._held(self.grid.go_to(1.0, NOMINAL_HZ), f"{where}: after it")

    def _held(self, samples: Sequence[Sample], what: str) -> Finding:
        """Judge that a limit holds at rated voltage and frequency, in every look; from there the droop will begin."""
        self.grid.begin_at(samples)
        rig = self.grid.rig
        highest = max(samples, key=lambda sample: sample.p_pu)
        response, limit = rig.active_power([highest]), Reading(self.level_pu)
        criterion = at_most(self.level_pu, response, self.grid.accuracy.power_pu)
        time_s, source, clause = highest.time_s, rig.analyzer_name, self.grid.clause
        return Finding(what, limit, response, criterion, time_s, source, clause, stimulus_unit="pu")


def _delivered(rig: Rig, figures: SuiteFigures, place: str) -> Finding:
    """Measure that there is something to limit."""
    held = rig.hold(2.0, 0.5)
    response = rig.active_power(held)
    what, clause = f"{place}: before it", figures.limit_active_power.clause
    criterion = at_least(figures.service.delivers_share.value, response)
    time_s, source = held[-1].time_s, rig.analyzer_name
    return Finding(what, Reading(1.0), response, criterion, time_s, source, clause, stimulus_unit="pu")
