"""Riding through voltages outside of continuous operation: IEEE 1547.1-2020 clauses 5.4.4 and 5.4.7.

The source plays the orders of stages one after the other without a pause. What a stage asks for is judged by the
analyzer's current, and whether the device has tripped by what it delivers in the stages after it: while it has ceased
to energize, nobody can tell from its terminals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from bench.certification.capture import Capture, after, interval_for
from bench.certification.criteria import Reading, at_least
from bench.certification.figures import SuiteFigures
from bench.certification.figures_ride_through import Disturbances, RideThroughFigures, Stage, VoltageRideThrough
from bench.certification.findings import Finding
from bench.certification.played import first_at, require_voltage
from bench.certification.riding import Before, Watched, active_current, ceases, keeps_current, restores
from bench.certification.rig import NOMINAL_HZ, WALL_TIMING_S, GridStage, Rig, Sample
from bench.certification.source_needs import SourceNeeds
from instruments.errors import InstrumentError
from reports.verdict import Verdict

FINE_S, FINE_SPAN_S, COARSE_S = 0.01, 0.6, 1.0
"""Looks just after a change, for how long, and from then on, s; limits of 83 ms need hundredths of a second."""
BEFORE_S = 1.0
"""Over how much of the undisturbed stage the current of before is measured, s."""
RECORDED_S = 0.005
"""How far apart the samples of a record are, s."""
LOOKS_A_RECORD = 6
"""Looks while the analyzer records: only to let time pass in steps."""
NEAR_S = 1e-9
STEP_S = 1.0 / NOMINAL_HZ
"""How long a step of voltage may take, s: a slower one would be a ramp, which equipment sees as something else."""
HOME_S = 0.5
"""How long what was set before is held at the end of what a source plays by itself, s."""
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
    stages, player = ride.disturbances.stages, _Player(rig, figures, ride)
    rig.require(player.needs)
    rig.supply(ride.level_pu)
    for number, order in enumerate(ride.disturbances.orders, start=1):
        place = f"order {number} {''.join(order)} of {ride.name}"
        undisturbed = player.play(f"stage {order[0]} of {place}", stages[order[0]])
        yield from undisturbed
        if undisturbed[-1].verdict is Verdict.FAIL:
            return
        rest = [(f"stage {name} of {place}", stages[name]) for name in order[1:]]
        yield from player.play_rest(rest, home=stages[order[0]])
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

    @property
    def needs(self) -> SourceNeeds:
        """What all orders need of the source."""
        stages = self._ride.disturbances.stages
        levels = {name: stage.level_pu(self._margin_pu) for name, stage in stages.items()}
        steps = (abs(levels[b] - levels[a]) for order in self._ride.disturbances.orders for a, b in pairwise(order))
        shortest_s = min(stage.dwell_s for stage in stages.values())
        span_pu = (min(levels.values()), max(levels.values()))
        return SourceNeeds(span_pu, step_pu=max(steps), step_s=STEP_S, shortest_s=shortest_s)

    def play_rest(self, stages: Sequence[tuple[str, Stage]], home: Stage) -> Iterator[Finding]:
        """Play the stages of an order behind its first; the source does it by itself where the wire is too slow.

        It then ends at `home`, the stage that was set before.
        """
        if not self._rig.plays(min(stage.dwell_s for _, stage in stages)):
            for place, stage in stages:
                yield from self.play(place, stage)
            return
        levels = [GridStage(stage.dwell_s, stage.level_pu(self._margin_pu)) for _, stage in stages]
        levels.append(GridStage(HOME_S, home.level_pu(self._margin_pu)))
        whole_s = sum(level.duration_s for level in levels)
        interval_s = interval_for(self._rig.capture, whole_s, RECORDED_S, FINE_S)
        if interval_s is not None:
            yield from self._played_and_recorded(stages, levels, interval_s, whole_s)
            return
        self._rig.play(levels)
        for place, stage in stages:
            yield from self._held(place, stage, guard_s=self._rig.update_s)
        self._rig.hold(HOME_S, HOME_S)
        self._rig.end_play()

    def _played_and_recorded(
        self, stages: Sequence[tuple[str, Stage]], levels: Sequence[GridStage], interval_s: float, whole_s: float
    ) -> Iterator[Finding]:
        """Have the source play and the analyzer record all of it; each stage begins where the record shows it."""
        rig, record = self._rig, Capture(self._rig, interval_s, whole_s + self._rig.update_s)
        rig.play(levels)
        rig.hold(whole_s, COARSE_S)
        rig.end_play()
        left = record.read()
        for place, stage in stages:
            begun_s, seen, timing_s = self._begun(left, stage)
            held = [s for s in seen if s.time_s <= begun_s + stage.dwell_s - timing_s - interval_s]
            if not held:
                raise InstrumentError(f"the record of {rig.analyzer_name} has nothing of {place}")
            for sample in (held[0], held[-1]):
                require_voltage(rig, sample, stage.v_pu, place)
            yield from self._found(self._watched(place, begun_s, held, timing_s), stage)
            left = [s for s in seen if s.time_s >= held[-1].time_s]

    def play(self, place: str, stage: Stage) -> list[Finding]:
        """Set a stage, hold it, and judge it; by the analyzer's own record, where it makes one."""
        span_s = min(stage.dwell_s, FINE_SPAN_S)
        interval_s = interval_for(self._rig.capture, span_s, RECORDED_S, FINE_S)
        if interval_s is not None:
            return self._recorded(place, stage, interval_s, span_s)
        self._rig.set_grid(stage.level_pu(self._margin_pu))
        return self._held(place, stage)

    def _recorded(self, place: str, stage: Stage, interval_s: float, span_s: float) -> list[Finding]:
        """Set a stage and hold it; it begins where the record shows that, of which its first part is taken."""
        rig, record = self._rig, Capture(self._rig, interval_s, span_s)
        rig.set_grid(stage.level_pu(self._margin_pu))
        looks = dwell(rig, stage.dwell_s, span_s / LOOKS_A_RECORD)
        samples = record.read()
        begun_s, recorded, timing_s = self._begun(samples, stage)
        seen = [*recorded, *after(looks, samples)]
        require_voltage(rig, seen[-1], stage.v_pu, place)
        return self._found(self._watched(place, begun_s, seen, timing_s), stage)

    def _begun(self, samples: Sequence[Sample], stage: Stage) -> tuple[float, list[Sample], float]:
        """Return when a record shows a stage to begin, s, its samples from there on, and how well that is known, s."""
        first = first_at(self._rig, samples, stage.v_pu)
        before_s, there_s = samples[max(first - 1, 0)].time_s, samples[first].time_s
        known_s = self._rig.instrument.time_s + (there_s - before_s) / 2.0
        return (before_s + there_s) / 2.0, list(samples[first:]), known_s

    def _watched(self, place: str, begun_s: float, samples: Sequence[Sample], timing_s: float) -> Watched:
        rig, clause = self._rig, self._ride.section.clause
        return Watched(place, clause, rig.analyzer_name, begun_s, samples, rig.instrument.power_pu, timing_s)

    def _held(self, place: str, stage: Stage, guard_s: float = 0.0) -> list[Finding]:
        """Hold a stage, and judge it by what it asks for, and by what the stage before it has left time for.

        `guard_s`: how far from the bench's own the beginning and the end of a stage may be that the source plays.
        """
        begun_s = self._rig.clock.now_s
        samples = dwell(self._rig, stage.dwell_s)
        inner = [s for s in samples if guard_s - NEAR_S <= s.time_s - begun_s <= stage.dwell_s - guard_s + NEAR_S]
        if not inner:
            raise InstrumentError(f"{self._rig.analyzer_name} has not looked in the middle of {place}")
        for sample in (inner[0], inner[-1]) if guard_s else inner[-1:]:
            require_voltage(self._rig, sample, stage.v_pu, place)
        timing_s = self._rig.clock.timing_s(WALL_TIMING_S)
        return self._found(self._watched(place, begun_s, inner, timing_s), stage)

    def _found(self, watched: Watched, stage: Stage) -> list[Finding]:
        """Judge a stage by what was seen, and remember what the next one has to know."""
        found = self._judged(watched, stage)
        if stage.demand == "continuous":
            found.append(self._undisturbed(watched))
        self._ceased = stage.demand in MAY_CEASE
        return found

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
