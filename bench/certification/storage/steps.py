"""Steps of the set-point: response time, where power ends, overshoot, rate; and a ramp rate that is set."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.rig import Sample
from bench.certification.storage.figures import StepCase, StorageFigures
from bench.certification.storage.findings import found
from bench.certification.storage.rig import WALL_LOOK_S, StorageRig
from bench.certification.storage.statement import stated_or
from bench.measurement import Limits
from reports.verdict import Verdict

PCT = 100.0
BEGIN, END = 0.1, 0.9
"""Shares of a change between which its rate is measured."""
LAST = 4
"""The last quarter of the looks at a step tells where power has ended."""


def response_s(on: StorageRig, figures: StorageFigures) -> float:
    """Return the time within which the battery has to follow its set-point, s."""
    return stated_or(on.statement.response_s, figures.step.response_s.value)


def step_response(on: StorageRig, figures: StorageFigures, case: StepCase) -> Iterator[Finding]:
    """Step the set-point once, and judge what comes of it."""
    section, limit_s = figures.step, response_s(on, figures)
    begin_pu, end_pu = on.rated_pu(case.from_pu), on.rated_pu(case.to_pu)
    on.settled(begin_pu)
    watch_s = section.watched.times * limit_s
    before, looks = watched(on, end_pu, watch_s, watch_s / section.watched.looks)
    final, accuracy = _final(looks), figures.accuracy.set_point_pu.value
    u = on.rig.instrument.power_pu

    def finding(what: str, response: Reading, limits: Limits, unit: str = "pu") -> Finding:
        told = f"{case.name}: {what}"
        return found(on, told, response, limits, section.clause, stimulus=end_pu, unit=unit)

    yield finding("power where it ends", Reading(final, u), Limits.around(end_pu, accuracy))
    within_pu = section.within_pu.value * on.rated_pu(1.0)
    time = since_command(on, before, responded([before, *looks], final, within_pu, on.rig.timing_s))
    yield finding("response time", time, Limits(upper=limit_s), "s")
    direction = math.copysign(1.0, end_pu - begin_pu)
    over = max((look.p_pu - final) * direction for look in looks)
    yield finding("overshoot", Reading(over, u), Limits(upper=section.overshoot_pu.value))
    slowest = (END - BEGIN) * abs(end_pu - begin_pu) / limit_s
    yield finding("rate", rate([before, *looks], begin_pu, final), Limits(lower=slowest), "pu/s")


def watched(on: StorageRig, power_pu: float, watch_s: float, look_s: float) -> tuple[Sample, list[Sample]]:
    """Command a power; return the look just before it and those after it."""
    before = on.rig.hold(WALL_LOOK_S, WALL_LOOK_S)[-1]
    on.command(power_pu)
    return before, on.hold(watch_s, max(look_s, WALL_LOOK_S) if on.is_wall else look_s)


def responded(looks: Sequence[Sample], final_pu: float, within_pu: float, timing_s: float) -> Reading:
    """Return after what time from the first look on power stays within a distance of where it ends, s.

    It came between two looks; one that is still outside at the last look has taken all the time, at the least.
    """
    outside = [number for number, look in enumerate(looks) if abs(look.p_pu - final_pu) > within_pu]
    last = outside[-1] if outside else 0
    if last == len(looks) - 1:
        return Reading(looks[-1].moment_s - looks[0].moment_s, timing_s)
    earliest, latest = (looks[number].moment_s - looks[0].moment_s for number in (last, last + 1))
    return Reading(0.5 * (earliest + latest), 0.5 * (latest - earliest) + timing_s)


def since_command(on: StorageRig, before: Sample, time: Reading) -> Reading:
    """Return a time from a look on as one since the command that followed: it was heard while it was being given."""
    begun_s, done_s = (moment_s - before.time_s for moment_s in on.commanded_s)
    value = max(time.value - 0.5 * (begun_s + done_s), 0.0)
    return Reading(value, time.uncertainty + 0.5 * (done_s - begun_s))


def rate(looks: Sequence[Sample], begin_pu: float, end_pu: float) -> Reading:
    """Return how fast power changes between a tenth and nine tenths of its way, per unit a second.

    Times between looks are interpolated. What is over from one look to the next is as fast as that, at the least.
    """
    change = end_pu - begin_pu
    times = [_crossing(looks, begin_pu + share * change, change) for share in (BEGIN, END)]
    if None in times or change == 0.0:
        return Reading(0.0)
    begun_s, ended_s, gap_s = times[0] or 0.0, times[1] or 0.0, _widest_gap_s(looks)
    travelled = (END - BEGIN) * abs(change)
    taken_s = ended_s - begun_s
    if taken_s <= gap_s:
        return Reading(travelled / gap_s)
    return Reading(travelled / taken_s, travelled / taken_s * 0.5 * gap_s / taken_s)


def ramps(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Set each ramp rate, and judge the rise of generated power; afterwards the rate is what it was.

    Raises NotPassed, NOT_RUN, for a battery whose rate cannot be set.
    """
    before = on.storage.read_ramp_pct_per_s()
    if math.isnan(before):
        raise NotPassed(f"{on.rig.device} has no ramp rate that can be set (704 WRmp)", Verdict.NOT_RUN)
    try:
        for rate_pct in figures.ramp.rates_pct_per_s:
            yield _ramp(on, figures, rate_pct)
    finally:
        on.storage.set_ramp_pct_per_s(before)


def _ramp(on: StorageRig, figures: StorageFigures, rate_pct: float) -> Finding:
    section, rated = figures.ramp, on.rated_pu(1.0)
    on.settled(0.0)
    on.storage.set_ramp_pct_per_s(rate_pct)
    watch_s = PCT / rate_pct + figures.step.watched.times * response_s(on, figures)
    before, looks = watched(on, rated, watch_s, watch_s / figures.step.watched.looks)
    seen = rate([before, *looks], 0.0, _final(looks))
    share = Reading(seen.value / rated * PCT, seen.uncertainty / rated * PCT)
    limits = Limits.around(rate_pct, section.accuracy_pu.value * rate_pct)
    what = f"rise of power, {rate_pct:g} % a second set"
    return found(on, what, share, limits, section.clause, stimulus=rate_pct, unit="%/s")


def _final(looks: Sequence[Sample]) -> float:
    last = looks[-max(1, len(looks) // LAST) :]
    return sum(look.p_pu for look in last) / len(last)


def _crossing(looks: Sequence[Sample], level_pu: float, change: float) -> float | None:
    """Return when power first comes to a level on its way, s of the looks."""
    for earlier, later in pairwise(looks):
        if (later.p_pu - level_pu) * change >= 0.0:
            step = later.p_pu - earlier.p_pu
            share = 1.0 if step == 0.0 else min(max((level_pu - earlier.p_pu) / step, 0.0), 1.0)
            return earlier.moment_s + share * (later.moment_s - earlier.moment_s)
    return None


def _widest_gap_s(looks: Sequence[Sample]) -> float:
    return max(later.moment_s - earlier.moment_s for earlier, later in pairwise(looks[1:]))
