"""Frequency-droop: IEEE 1547.1-2020 clauses 5.15.2 above nominal and 5.15.3 below it.

Frequency is ramped to both sides of the edge of the deadband, a small way on, to the end of continuous operation, and
back. What is owed starts from the power that there was before. Small changes are judged by the 90 % rule when the
response time is over, and every step at rest; after large ones rest has to come as fast as the maker says.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.certification.active_power import NOMINAL_HZ, Droop
from bench.certification.criteria import Accuracy, Criterion, Reading, after_response_time, steady_state
from bench.certification.curves import Curve
from bench.certification.figures import SuiteFigures
from bench.certification.figures_active_power import DroopFigures
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.owed_power import absorbs, put_droop, ramp
from bench.certification.rig import Rig, Sample
from bench.certification.sweep import COARSE, DWELL_RESPONSES, REST_RESPONSES, SAMPLES_A_RESPONSE
from reports.verdict import Verdict

MINUTE_S = 60.0
RESTING = 10
"""How many looks after a large change count as at rest."""
LIMITED_S = 3600.0
ROUNDING_HZ = 1e-9
PCT = 100.0


@dataclass(frozen=True)
class Course:
    """One run of frequency away from nominal and back, from a power that the device was brought to."""

    name: str
    clause: str
    droop: Droop
    figures: DroopFigures
    offsets_hz: tuple[float, ...]
    side: float
    small_hz: float
    settle_s: float
    rocof_hz_per_s: float
    accuracy: Accuracy


def droop_above(rig: Rig, figures: SuiteFigures, name: str, level_pu: float) -> Iterator[Finding]:
    """Offer a share of rated power and raise frequency; equipment that can absorb may go on to do that."""
    droop = put_droop(rig, figures, name, highest=level_pu)
    rig.supply(level_pu)
    title = f"active power, frequency-droop {name} above nominal from {level_pu * PCT:g} %"
    course = _course(rig, figures, name, droop, title, side=1.0)
    yield from _run(rig, course, level_pu)


def droop_below(rig: Rig, figures: SuiteFigures, name: str) -> Iterator[Finding]:
    """Hold half of rated power, with all of it offered, and lower frequency; then, with storage, absorb half of it."""
    half = figures.frequency_droop.half_pu.value
    droop = put_droop(rig, figures, name, highest=1.0)
    for start_pu in (half, -half) if absorbs(rig) else (half,):
        _begin_at(rig, figures, start_pu)
        title = f"active power, frequency-droop {name} below nominal from {start_pu * PCT:g} %"
        yield from _run(rig, _course(rig, figures, name, droop, title, side=-1.0), start_pu)


def _begin_at(rig: Rig, figures: SuiteFigures, start_pu: float) -> None:
    """Bring the device to a power with more of it to be had: limited, or absorbing."""
    rig.functions.limit_power_pct(max(start_pu, 0.0) * PCT or PCT, LIMITED_S)
    if start_pu > 0.0:
        rig.supply(1.0)
    else:
        rig.absorb(-start_pu)
    rig.hold(figures.limit_active_power.within_s.value, 0.5)


def offsets(droop: DroopFigures, edge_hz: float, small_hz: float, a_hz: float) -> tuple[float, ...]:
    """Return how far from nominal frequency goes, Hz, step by step; what lies beyond the edge is left out."""
    near, far = droop.deadband_hz - a_hz, droop.deadband_hz + a_hz
    small = droop.deadband_hz + small_hz
    out = [near, far, *([small] if small < edge_hz else []), edge_hz]
    back = [*([edge_hz - small_hz] if edge_hz - small_hz > far else []), far, near]
    return (*out, *back, 0.0)


def _course(rig: Rig, figures: SuiteFigures, name: str, droop: Droop, title: str, side: float) -> Course:
    section, accuracy = figures.frequency_droop, figures.accuracy
    chosen, widening = section.named(name).of(rig.nameplate.abnormal), accuracy.widening.value
    a = Accuracy(widening * accuracy.frequency_hz.value, widening * accuracy.power_pu.value)
    edge_hz = section.highest_hz.value - NOMINAL_HZ if side > 0 else NOMINAL_HZ - section.lowest_hz.value
    small_hz = section.small_pu.value * NOMINAL_HZ * chosen.droop
    return Course(
        name=title,
        clause=section.clause_above if side > 0 else section.clause_below,
        droop=droop,
        figures=chosen,
        offsets_hz=offsets(chosen, edge_hz, small_hz, a.x),
        side=side,
        small_hz=small_hz,
        settle_s=max(DWELL_RESPONSES * chosen.response_s, MINUTE_S / section.large_pu_per_min.value),
        rocof_hz_per_s=section.rocof_hz_per_s.of(rig.nameplate.abnormal),
        accuracy=a,
    )


def _run(rig: Rig, course: Course, start_pu: float) -> Iterator[Finding]:
    """Take frequency along the course; yield what was found at each step."""
    before = _before(rig, course, start_pu)
    curve, at_step = course.droop.curve(course.droop.bounded(before.value)), before
    from_hz = NOMINAL_HZ
    for number, offset in enumerate(course.offsets_hz, start=1):
        to_hz = NOMINAL_HZ + course.side * offset
        ramp(rig, from_hz, to_hz, course.rocof_hz_per_s)
        step = _Step(rig, course, curve, before, f"step {number} at {to_hz:.3f} Hz")
        small = abs(to_hz - from_hz) <= course.small_hz + ROUNDING_HZ
        response_s = course.figures.response_s
        rising = rig.hold(response_s, response_s / SAMPLES_A_RESPONSE)
        if small:
            yield step.responded(at_step, rising[-1])
        resting = _rest(rig, course, small)
        yield step.rested(resting)
        at_step, from_hz = rig.active_power(resting[-1:]), to_hz


def _before(rig: Rig, course: Course, start_pu: float) -> Reading:
    """Measure the power before frequency moves; raises NotPassed where the device is not where the test begins."""
    rig.hold(course.figures.response_s * DWELL_RESPONSES, course.figures.response_s)
    held = rig.hold(1.0, 0.1)
    power = rig.active_power(held)
    if abs(power.value - start_pu) > course.accuracy.y:
        told = f"{course.name}: {rig.device} delivers {power.value:.3f} pu, so nothing can be told of its droop"
        raise NotPassed(told, Verdict.NOT_RUN)
    return power


def _rest(rig: Rig, course: Course, small: bool) -> list[Sample]:
    """Wait until the device has to be at rest; return what was seen of that."""
    response_s = course.figures.response_s
    if small:
        samples = rig.hold((DWELL_RESPONSES - 1) * response_s, response_s / COARSE)
        return samples[(REST_RESPONSES - 1) * COARSE :]
    rig.hold(course.settle_s - response_s, course.settle_s / SAMPLES_A_RESPONSE)
    return rig.hold(response_s, response_s / RESTING)


@dataclass(frozen=True)
class _Step:
    """A step of a course, and how what it shows is judged."""

    rig: Rig
    course: Course
    curve: Curve
    before: Reading
    place: str

    def responded(self, at_step: Reading, sample: Sample) -> Finding:
        frequency, power = self.rig.frequency([sample]), self._power([sample])
        criterion = after_response_time(self.curve, at_step, frequency, power, self.course.accuracy)
        return self._found(f"after {self.course.figures.response_s:g} s", frequency, power, criterion, sample.time_s)

    def rested(self, samples: list[Sample]) -> Finding:
        frequency, power = self.rig.frequency(samples), self._power(samples)
        criterion = steady_state(self.curve, frequency, power, self.course.accuracy)
        return self._found("at rest", frequency, power, criterion, samples[-1].time_s)

    def _power(self, samples: list[Sample]) -> Reading:
        """Return the power with all that is uncertain about it: where the droop begins was measured too."""
        power = self.rig.active_power(samples)
        return Reading(power.value, power.uncertainty + self.before.uncertainty)

    def _found(self, when: str, frequency: Reading, power: Reading, criterion: Criterion, time_s: float) -> Finding:
        name = f"{self.course.name}, {self.place}: {when}"
        source, clause = self.rig.analyzer_name, self.course.clause
        return Finding(name, frequency, power, criterion, time_s, source, clause, stimulus_unit="Hz")
