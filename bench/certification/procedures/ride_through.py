"""Riding through voltages outside of continuous operation: IEEE 1547.1-2020 clauses 5.4.4 and 5.4.7.

The source plays the orders of stages one after the other without a pause. What a stage asks for is judged by the
analyzer's current, and whether the device has tripped by what it delivers in the stages after it: while it has ceased
to energize, nobody can tell from its terminals.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from bench.certification.capture import Capture, after, interval_for
from bench.certification.criteria import Reading, at_least
from bench.certification.figures import SuiteFigures
from bench.certification.figures_ride_through import Disturbances, RideThroughFigures, Stage, VoltageRideThrough
from bench.certification.findings import Finding
from bench.certification.played import first_at, require_voltage
from bench.certification.riding import Before, Watched, active_current, ceases, keeps_current, restores
from bench.certification.rig import WALL_TIMING_S, Rig, Sample
from reports.verdict import Verdict

FINE_S, FINE_SPAN_S, COARSE_S = 0.01, 0.6, 1.0
"""Looks just after a change, for how long, and from then on, s; limits of 83 ms need hundredths of a second."""
BEFORE_S = 1.0
"""Over how much of the undisturbed stage the current of before is measured, s."""
RECORDED_S = 0.005
"""How far apart the samples of a record are, s."""
LOOKS_A_RECORD = 6
"""Looks while the analyzer records: only to let time pass in steps."""
MAY_CEASE = frozenset({"cessation", "permissive"})


@dataclass(frozen=True)
class VoltageRide:
    """The disturbances of the device's category at one level of power; `name` tells them in findings."""

    name: str
    section: VoltageRideThrough
    disturbances: Disturbances
    level_pu: float


def ride_through_voltage(rig: Rig, figures: SuiteFigures, ride: VoltageRide) -> Iterator[Finding]:
    """Play all orders; end early where the device does not deliver before a disturbance, for then it has tripped."""
    rig.supply(ride.level_pu)
    player = _Player(rig, figures, ride)
    for number, order in enumerate(ride.disturbances.orders, start=1):
        place = f"order {number} {''.join(order)} of {ride.name}"
        for name in order:
            found = player.play(f"stage {name} of {place}", ride.disturbances.stages[name])
            yield from found
            if name == order[0] and found[-1].verdict is Verdict.FAIL:
                return
    rig.set_grid(1.0)


def dwell(rig: Rig, duration_s: float, fine_s: float = FINE_S) -> list[Sample]:
    """Hold what is there, and look often, each `fine_s`, at the beginning."""
    span_s = min(duration_s, FINE_SPAN_S)
    samples = rig.hold(span_s, fine_s)
    return samples + (rig.hold(duration_s - span_s, COARSE_S) if duration_s > span_s else [])


class _Player:
    """Plays stages, and remembers what it has to know of those before."""

    def __init__(self, rig: Rig, figures: SuiteFigures, ride: VoltageRide) -> None:
        self._rig, self._ride = rig, ride
        self._asked: RideThroughFigures = figures.ride_through
        self._delivers_share = figures.service.delivers_share.value
        self._margin_pu = self._asked.margin.value * figures.accuracy.voltage_pu.value
        self._before: Before | None = None
        self._ceased = False

    def play(self, place: str, stage: Stage) -> list[Finding]:
        """Hold a stage, and judge it by what it asks for, and by what the stage before it has left time for."""
        rig, clause = self._rig, self._ride.section.clause
        begun_s, samples, timing_s = self._watch(stage)
        require_voltage(rig, samples[-1], stage.v_pu, place)
        uncertainty = rig.instrument.power_pu
        watched = Watched(place, clause, rig.analyzer_name, begun_s, samples, uncertainty, timing_s)
        found = self._judged(watched, stage)
        if stage.demand == "continuous":
            found.append(self._undisturbed(watched))
        self._ceased = stage.demand in MAY_CEASE
        return found

    def _watch(self, stage: Stage) -> tuple[float, list[Sample], float]:
        """Put the stage's voltage there and watch it; return since when, the looks, and how well times are known.

        The first part of it is taken from the analyzer's own record, where it makes one.
        """
        rig, level_pu = self._rig, stage.level_pu(self._margin_pu)
        span_s = min(stage.dwell_s, FINE_SPAN_S)
        interval_s = interval_for(rig.capture, span_s, RECORDED_S, FINE_S)
        if interval_s is None:
            begun_s = rig.clock.now_s
            rig.set_grid(level_pu)
            return begun_s, dwell(rig, stage.dwell_s), 0.0 if rig.clock.slip is None else WALL_TIMING_S
        record = Capture(rig, interval_s, span_s)
        rig.set_grid(level_pu)
        looks = dwell(rig, stage.dwell_s, span_s / LOOKS_A_RECORD)
        samples = record.read()
        first = first_at(rig, samples, stage.v_pu)
        before_s, there_s = samples[max(first - 1, 0)].time_s, samples[first].time_s
        known_s = rig.instrument.time_s + (there_s - before_s) / 2.0
        return (before_s + there_s) / 2.0, [*samples[first:], *after(looks, samples)], known_s

    def _judged(self, watched: Watched, stage: Stage) -> list[Finding]:
        asked = self._asked
        if stage.demand == "cessation":
            return ceases(watched, asked.residual_pu.value, asked.cessation_s.value)
        if self._before is None:
            return []
        if stage.demand == "mandatory":
            from_s = asked.restore_s.value if self._ceased else asked.transient_s.value
            return keeps_current(watched, self._before, asked.mandatory_share.value, from_s)
        if stage.demand == "continuous":
            return restores(watched, self._before, asked.restored_share.value, asked.restore_s.value)
        return []

    def _undisturbed(self, watched: Watched) -> Finding:
        """Measure what is delivered at the end of an undisturbed stage: the current of before the next one."""
        last = watched.since(watched.samples[-1].time_s - watched.begun_s - BEFORE_S)
        current, active = fmean(s.current_pu for s in last), fmean(active_current(s) for s in last)
        self._before = Before(Reading(current, watched.uncertainty_pu), Reading(active, watched.uncertainty_pu))
        response, wanted = self._rig.active_power(last), self._delivers_share * self._ride.level_pu
        what, time_s = f"active power at the end, {watched.place}", last[-1].time_s
        criterion = at_least(wanted, response)
        return Finding(what, self._rig.voltage(last), response, criterion, time_s, watched.source, watched.clause)
