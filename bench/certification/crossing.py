"""Taking a device beyond the level of a trip: when the stimulus was there, and when the device stopped.

Both moments lie between two looks of the analyzer, and are known no better than that. An analyzer that can records by
itself meanwhile, at an interval of its own, and then they lie between two samples of that record.
"""

from collections.abc import Iterator, Sequence
from statistics import fmean

from bench.certification.capture import Capture, interval_for
from bench.certification.criteria import Reading
from bench.certification.moments import Crossing, Moment, recorded_crossing
from bench.certification.not_passed import NotPassed
from bench.certification.rig import Rig, Sample
from bench.certification.trip_plan import TripPlan
from instruments.errors import SafetyTrip
from reports.verdict import Verdict

LOOKS_A_TOLERANCE = 10
"""Looks of the analyzer during the tolerance of a clearing time, where a trip is due."""
SAMPLES_A_TOLERANCE = 4
"""Samples of a record during it at least: with fewer, looks tell more."""
LOOKS_BESIDES = 8
"""How much longer a record is than what is looked at, in looks."""
LOOKS_BEFORE = 12
"""Looks until a trip is due."""
CEASED_SHARE = 0.05
"""Of the power before, what counts as none any more."""
HOLD = 1.5
"""How long a stimulus is held beyond the level at most, in clearing times."""
RISE_LOOKS = 4
"""Looks during the time that a source has for its step."""

Lines = Sequence[int]
"""Numbers of the phases that are stepped, from 0; none of them: frequency is."""


class Stepper:
    """Puts the stimulus of a plan in front of a device. Raises NotPassed where the source or the analyzer cannot."""

    def __init__(self, rig: Rig, plan: TripPlan, target: float, rise_s: float) -> None:
        """Take where beyond the level the stimulus is put, and for how long a source may be on the way, s."""
        self._rig, self._plan, self._target, self._rise_s = rig, plan, target, rise_s
        self._fine_s = max(plan.tolerance_s / LOOKS_A_TOLERANCE, 2.0 * rig.timing_s)
        wanted_s, longest_s = plan.tolerance_s / LOOKS_A_TOLERANCE, plan.tolerance_s / SAMPLES_A_TOLERANCE
        self._recorded_s = HOLD * plan.setting.time_s + rise_s + LOOKS_BESIDES * self._fine_s
        self._interval_s = interval_for(rig.capture, self._recorded_s, wanted_s, longest_s)

    def require_timing(self) -> None:
        """Raise NotPassed where times are known so badly that no verdict could come of it."""
        if self._interval_s is None:
            self._require_timed_looks()

    def _require_timed_looks(self) -> None:
        known_s, wanted_s = self._rig.timing_s, self._plan.tolerance_s / 2.0
        if known_s > wanted_s:
            raise NotPassed(
                f"{self._rig.analyzer_name} gives no times of its own, and the bench knows a moment to {known_s:g} s "
                f"where {wanted_s:g} s is needed",
                Verdict.NOT_RUN,
            )

    def nominal(self) -> None:
        """Bring voltage and frequency back to rated."""
        self._rig.set_grid(1.0)

    def inside(self, lines: Lines, duration_s: float) -> Reading:
        """Hold the stimulus just inside; return what it was."""
        self._put(self._plan.inside, lines)
        stimulus = self.measured(self._rig.hold(duration_s, duration_s / LOOKS_BEFORE), lines)
        if not self._plan.is_inside(stimulus.value, stimulus.uncertainty):
            raise NotPassed(self._wrong(stimulus, self._plan.inside), Verdict.NOT_RUN)
        return stimulus

    def dwell(self, lines: Lines, duration_s: float) -> Reading:
        """Hold the stimulus beyond the level for a time, by looks, then bring it back; return what it was."""
        self._require_timed_looks()
        onset, first = self._step(lines)
        left_s = duration_s - (first.moment_s - onset.after_s)
        samples = self._rig.hold(left_s, left_s / LOOKS_BEFORE) if left_s > 0.0 else [first]
        self.nominal()
        return self.measured(samples, lines)

    def cross(self, lines: Lines, before_pu: float) -> Crossing:
        """Hold the stimulus beyond the level until power ceases, or for so long that it is late for sure."""
        nothing = CEASED_SHARE * before_pu
        if self._interval_s is not None:
            return self._recorded(lines, nothing, self._interval_s)
        return self._looked_at(lines, nothing)

    def _looked_at(self, lines: Lines, nothing: float) -> Crossing:
        timing_s = self._rig.timing_s
        onset, first = self._step(lines)
        stimulus, last = self.measured([first], lines), first
        if first.p_pu < nothing:
            return Crossing(onset, stimulus, Moment(onset.after_s, first.moment_s), first, timing_s)
        for dt_s in self._looks(first.moment_s - onset.after_s):
            sample = self._rig.hold(dt_s, dt_s)[-1]
            if sample.p_pu < nothing:
                return Crossing(onset, stimulus, Moment(last.moment_s, sample.moment_s), sample, timing_s)
            last = sample
        return Crossing(onset, stimulus, None, last, timing_s)

    def _recorded(self, lines: Lines, nothing: float, interval_s: float) -> Crossing:
        """Have the analyzer record, and look only to know when it is over."""
        rig, besides_s = self._rig, 2.0 * interval_s
        record = Capture(rig, interval_s, self._recorded_s + 2.0 * besides_s)
        rig.hold(besides_s, besides_s)
        self._put(self._target, lines)
        for dt_s in self._looks(0.0):
            if rig.hold(dt_s, dt_s)[-1].p_pu < nothing:
                break
        rig.hold(besides_s, besides_s)
        samples = record.read()
        seen = [self.measured([sample], lines) for sample in samples]
        found = recorded_crossing(samples, seen, self._plan, nothing, rig.instrument.time_s)
        if found is None or found.onset.by_s - found.onset.after_s > self._rise_s + besides_s:
            raise NotPassed(self._wrong(seen[-1], self._target), Verdict.NOT_RUN)
        self._require_whole(found)
        return found

    def _require_whole(self, crossing: Crossing) -> None:
        """Raise NotPassed for a record that ends before it is sure that the device was late."""
        latest_s, taken = self._plan.limits.upper or 0.0, crossing.taken
        if crossing.ceased is None and taken.value - taken.uncertainty <= latest_s:
            reason = f"the record of {self._rig.analyzer_name} ends after {taken.value:.4g} s, before a trip was late"
            raise NotPassed(reason, Verdict.NOT_RUN)

    def stay(self, crossing: Crossing) -> None:
        """Stay beyond the level until the trip would have been due at the latest."""
        left_s = (self._plan.limits.upper or 0.0) - (crossing.last.moment_s - crossing.onset.by_s)
        if left_s > 0.0:
            self._rig.hold(left_s, left_s)

    def measured(self, samples: Sequence[Sample], lines: Lines) -> Reading:
        """Return what the analyzer saw of the stimulus."""
        if not self._plan.by_voltage:
            return self._rig.frequency(samples)
        value = fmean(sample.voltage_pu[line] for sample in samples for line in lines)
        return Reading(value, self._rig.instrument.voltage_at(value))

    def _put(self, value: float, lines: Lines) -> None:
        try:
            if self._plan.by_voltage:
                self._rig.set_grid([value if line in lines else 1.0 for line in range(self._rig.phases)])
            else:
                self._rig.set_grid(1.0, value)
        except SafetyTrip as error:
            raise NotPassed(f"the source may not or cannot do what the test needs: {error}", Verdict.NOT_RUN) from error

    def _step(self, lines: Lines) -> tuple[Moment, Sample]:
        """Step beyond the level; return when that was, and the first look that shows it."""
        look_s = min(self._fine_s, max(self._rise_s / RISE_LOOKS, self._rig.timing_s))
        last = self._rig.hold(look_s, look_s)[-1]
        self._put(self._target, lines)
        due_s = last.moment_s + self._rise_s + look_s
        while True:
            sample = self._rig.hold(look_s, look_s)[-1]
            seen = self.measured([sample], lines)
            if self._plan.is_beyond(seen.value, seen.uncertainty):
                return Moment(last.moment_s, sample.moment_s), sample
            if sample.moment_s >= due_s:
                raise NotPassed(self._wrong(seen, self._target), Verdict.NOT_RUN)
            last = sample

    def _wrong(self, seen: Reading, wanted: float) -> str:
        unit = "pu" if self._plan.by_voltage else "Hz"
        return (
            f"the source was to bring {wanted:g} {unit} within {self._rise_s:g} s, and the analyzer saw "
            f"{seen.value:.4g} +- {seen.uncertainty:.2g} {unit}: too close to the level, {self._plan.setting.level:g}, "
            "to say anything"
        )

    def _looks(self, elapsed_s: float) -> Iterator[float]:
        """Return the distances of looks: far apart until a trip is due, close while it is, then far apart again."""
        limits, fine_s = self._plan.limits, self._fine_s
        due_s, latest_s = (limits.lower or 0.0) - 2.0 * fine_s, (limits.upper or 0.0) + 2.0 * fine_s
        if due_s - elapsed_s > fine_s:
            yield from [(due_s - elapsed_s) / LOOKS_BEFORE] * LOOKS_BEFORE
            elapsed_s = due_s
        close = max(1, round((latest_s - elapsed_s) / fine_s))
        yield from [fine_s] * close
        left_s = HOLD * self._plan.setting.time_s - latest_s
        if left_s > 0.0:
            yield from [left_s / LOOKS_BEFORE] * LOOKS_BEFORE
