"""What a type test makes of the looks that the analyzer took while the grid was disturbed.

Pure functions of samples. A current counts as restored, or as ceased, from the moment after which it stays so to the
end of the stage; that moment lies between the first look that saw it and the look before.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.certification.criteria import Criterion, Reading, at_least, at_most
from bench.certification.findings import Finding
from bench.certification.rig import Sample

DEAD_PU = 0.01
"""Below this voltage no active current can be told from power."""


@dataclass(frozen=True)
class Before:
    """Current of before a disturbance, per unit of rated: all of it, and its active part."""

    current: Reading
    active: Reading


@dataclass(frozen=True)
class Watched:
    """The looks at one stage, and since when it was on.

    `uncertainty_pu` is that of a current, `timing_s` that of a moment by itself.
    """

    place: str
    clause: str
    source: str
    begun_s: float
    samples: Sequence[Sample]
    uncertainty_pu: float
    timing_s: float = 0.0

    def since(self, elapsed_s: float) -> list[Sample]:
        """Return the looks from so long after the beginning on."""
        return [sample for sample in self.samples if sample.time_s - self.begun_s >= elapsed_s - 1e-9]


def active_current(sample: Sample) -> float:
    """Return the part of the current that carries active power, per unit of rated; NaN of a dead grid."""
    voltage_pu = sample.mean_voltage_pu
    return sample.p_pu / voltage_pu if voltage_pu >= DEAD_PU else math.nan


def settled_after(watched: Watched, holds: Callable[[Sample], bool], within_s: float) -> Reading:
    """Return how long it took until something held and went on holding, s.

    Where it did not hold at the end, that is how long the stage was; one that was no longer than it might have taken
    leaves it open, and the uncertainty says so.
    """
    times = [watched.begun_s, *(sample.time_s for sample in watched.samples)]
    broken = [number for number, sample in enumerate(watched.samples, start=1) if not holds(sample)]
    first = broken[-1] + 1 if broken else 1
    if first < len(times):
        gap_s = times[first] - times[first - 1]
        return Reading(times[first] - watched.begun_s - gap_s / 2.0, gap_s / 2.0 + watched.timing_s)
    whole_s = times[-1] - watched.begun_s
    return Reading(whole_s, watched.timing_s if whole_s > within_s else within_s)


def ceases(watched: Watched, residual_pu: float, within_s: float) -> list[Finding]:
    """Judge a stage in which nothing may be energized: how soon, and what flows after that."""
    taken = settled_after(watched, lambda sample: sample.current_pu <= residual_pu, within_s)
    left = watched.since(within_s + _step_s(watched))
    highest = max(left, key=lambda sample: sample.current_pu, default=None)
    found = [_in_time(watched, "time until it ceases", taken, within_s)]
    if highest is not None:
        response = Reading(highest.current_pu, watched.uncertainty_pu)
        found.append(_level(watched, "current while it has ceased", highest, response, at_most(residual_pu, response)))
    return found


def keeps_current(watched: Watched, before: Before, share: float, from_s: float) -> list[Finding]:
    """Judge mandatory operation: the whole current, from a time on, is at least a share of that of before."""
    return _lowest(watched, "current", before.current, share, from_s, lambda sample: sample.current_pu)


def restores(watched: Watched, before: Before, share: float, within_s: float) -> list[Finding]:
    """Judge how soon a share of the active current of before is back, and that it stays."""
    wanted = share * before.active.value
    taken = settled_after(watched, lambda sample: active_current(sample) >= wanted, within_s)
    lowest = _lowest(watched, "active current", before.active, share, within_s + _step_s(watched), active_current)
    return [_in_time(watched, "time until it delivers again", taken, within_s), *lowest]


def delivers(watched: Watched, power_pu: float, tolerance_pu: float, from_s: float) -> list[Finding]:
    """Judge that active power is there, from a time on, up to a tolerance."""
    seen = watched.since(from_s)
    if not seen:
        return []
    least = min(seen, key=lambda sample: sample.p_pu)
    response = Reading(least.p_pu, watched.uncertainty_pu)
    criterion = Criterion(power_pu, at_least(power_pu - tolerance_pu, response).limits, response.uncertainty)
    return [_level(watched, "lowest active power", least, response, criterion)]


def _step_s(watched: Watched) -> float:
    """How far apart the looks are at the beginning, where moments are told."""
    return watched.samples[0].time_s - watched.begun_s


def _lowest(
    watched: Watched, name: str, before: Reading, share: float, from_s: float, value: Callable[[Sample], float]
) -> list[Finding]:
    """Hold the lowest value against a share of the one of before, which is itself known no better than measured."""
    seen = watched.since(from_s)
    if not seen:
        return []
    least = min(seen, key=value)
    response = Reading(value(least), watched.uncertainty_pu + share * before.uncertainty)
    return [_level(watched, f"lowest {name}", least, response, at_least(share * before.value, response))]


def _in_time(watched: Watched, name: str, taken: Reading, within_s: float) -> Finding:
    criterion, time_s = at_most(within_s, taken), watched.begun_s + taken.value
    stimulus = Reading(watched.samples[-1].mean_voltage_pu)
    what = f"{name}, {watched.place}"
    return Finding(what, stimulus, taken, criterion, time_s, watched.source, watched.clause, "s")


def _level(watched: Watched, name: str, sample: Sample, response: Reading, criterion: Criterion) -> Finding:
    stimulus = Reading(sample.mean_voltage_pu)
    what = f"{name}, {watched.place}"
    return Finding(what, stimulus, response, criterion, sample.time_s, watched.source, watched.clause)
