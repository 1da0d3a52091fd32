"""When a stimulus went beyond the level of a trip, and when the device ceased: moments, and how well they are known."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.certification.criteria import Reading
from bench.certification.rig import Sample
from bench.certification.trip_plan import TripPlan


@dataclass(frozen=True)
class Moment:
    """A moment between two looks, s."""

    after_s: float
    by_s: float

    def since(self, earlier: "Moment", timing_s: float) -> Reading:
        """Return the time from an earlier moment to this one; `timing_s` is how well a look's own time is known."""
        value = (self.after_s + self.by_s - earlier.after_s - earlier.by_s) / 2.0
        spread = (self.by_s - self.after_s + earlier.by_s - earlier.after_s) / 2.0
        return Reading(value, spread + timing_s)


@dataclass(frozen=True)
class Crossing:
    """When the stimulus went beyond the level, what it was, and when power ceased: None where it did not.

    `timing_s` is how well the time of a look is known by itself.
    """

    onset: Moment
    stimulus: Reading
    ceased: Moment | None
    last: Sample
    timing_s: float

    @property
    def taken(self) -> Reading:
        """How long it took until power ceased, s; where it did not, for how long it was looked at."""
        if self.ceased is None:
            return Reading(self.last.moment_s - self.onset.by_s, self.timing_s)
        return self.ceased.since(self.onset, self.timing_s)


def recorded_crossing(
    samples: Sequence[Sample], seen: Sequence[Reading], plan: TripPlan, nothing_pu: float, timing_s: float
) -> Crossing | None:
    """Find a crossing in a record; None where the stimulus never went beyond the level for sure, or was there before.

    `seen` is the stimulus of each sample. It began between the last sample that is inside for sure and the first that
    is beyond, so that a source that takes its time is no gain of the device. Power ceased when it went away to stay
    away until the end of the record.
    """
    beyond = next((n for n, s in enumerate(seen) if plan.is_beyond(s.value, s.uncertainty)), len(seen))
    inside = next((n for n in reversed(range(beyond)) if plan.is_inside(seen[n].value, seen[n].uncertainty)), None)
    if beyond == len(seen) or inside is None:
        return None
    onset = Moment(samples[inside].moment_s, samples[beyond].moment_s)
    alive = next((n for n in reversed(range(len(samples))) if samples[n].p_pu >= nothing_pu), inside)
    ceased = Moment(samples[alive].moment_s, samples[alive + 1].moment_s) if alive + 1 < len(samples) else None
    return Crossing(onset, seen[beyond], ceased, samples[-1], timing_s)
