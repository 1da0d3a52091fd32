"""Times: the delay, definite or inverse, its beginning anew after a return into the band, and between two taps."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from bench.certification.control_rig import ControlRig
from bench.certification.controls.findings import About
from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.ltc.figures import DelayCase, InverseCase, TapChangerFigures, case_named
from bench.certification.ltc.preparation import patient_s, prepare
from bench.certification.ltc.quiet import OUTSIDE, outside_v, settle


def definite_delay(rig: ControlRig, figures: TapChangerFigures, name: str) -> Iterator[Finding]:
    """Leave the band on both sides, and time the first closure; then once with a return before the delay was over."""
    section = figures.delay
    case = case_named(section.clause, section.cases, name)
    prepare(rig, figures, delay=case.delay_s)
    for side, (_, direction) in OUTSIDE.items():
        about = f"delay {side} the band, set to {case.delay_s:g} s"
        expected = _Expected(case.delay_s, (case.delay_s, case.delay_s))
        yield from _first(rig, figures, section.clause, about, outside_v(figures, side), expected, direction)
        settle(rig, figures, figures.number("band_centre"))
    yield from _begun_anew(rig, figures, case, outside_v(figures, "below"))


def _begun_anew(rig: ControlRig, figures: TapChangerFigures, case: DelayCase, low_v: float) -> Iterator[Finding]:
    """Come back into the band before the delay is over, and leave it again: it has to begin anew."""
    section, watch_s = figures.delay, figures.probing.watch_s
    rig.sense(low_v)
    early = rig.hold(section.left_pu * case.delay_s, watch_s)
    yield About(rig, section.clause).count("closures before the delay is over", 0, len(early))
    rig.sense(figures.number("band_centre"))
    rig.hold(section.back_s, watch_s)
    what = f"delay after a return into the band, set to {case.delay_s:g} s"
    yield from _first(rig, figures, section.clause, what, low_v, _Expected(case.delay_s, (case.delay_s,) * 2), 1)


def inverse_delay(rig: ControlRig, figures: TapChangerFigures, name: str) -> Iterator[Finding]:
    """Leave the band by several half bands: the delay is the setting divided by that, which the setting holds for one.

    A control that takes voltage as well as it has to may take the deviation for another, and so may who set it: the
    former widens what the delay may be, the latter is an uncertainty.
    """
    section = figures.inverse
    case: InverseCase = case_named(section.clause, section.cases, name)
    prepare(rig, figures, delay=section.delay_s, characteristic="inverse")
    centre_v, half_v = figures.number("band_centre"), figures.number("bandwidth") / 2.0
    away_v, off_v = case.half_bands * half_v, figures.tolerance.level_v.value
    span_s = tuple(section.delay_s * half_v / (away_v + sign * off_v) for sign in (1.0, -1.0))
    expected = _Expected(section.delay_s / case.half_bands, (span_s[0], span_s[1]))
    unknown_s = expected.target_s * rig.accuracy.share * centre_v / away_v
    for side, (sign, direction) in OUTSIDE.items():
        what = f"inverse delay {side} the band by {case.half_bands:g} half bands, set to {section.delay_s:g} s"
        yield from _first(rig, figures, section.clause, what, centre_v + sign * away_v, expected, direction, unknown_s)
        settle(rig, figures, centre_v)


def inter_tap_delay(rig: ControlRig, figures: TapChangerFigures, name: str) -> Iterator[Finding]:
    """Stay outside of the band for several operations, and time them from closure to closure."""
    section = figures.inter_tap
    case = case_named(section.clause, section.cases, name)
    prepare(rig, figures, delay=figures.probing.delay_s, inter_tap_delay=case.delay_s)
    about, look_s = About(rig, section.clause), figures.probing.look_s
    rig.sense(outside_v(figures, "below"))
    tolerance_s = figures.tolerance.of_time_s(case.delay_s)
    limit_s = patient_s(figures, max(figures.probing.delay_s, case.delay_s)) + tolerance_s
    closures = [rig.await_closure(limit_s, look_s) for _ in range(section.operations)]
    for number, (first, second) in enumerate(pairwise(closures), start=1):
        what = f"time between operations {number} and {number + 1}, set to {case.delay_s:g} s"
        if first is None or second is None:
            yield about.late(f"{what}, of which the second did not come", case.delay_s + tolerance_s, limit_s)
            return
        yield about.time(what, case.delay_s, tolerance_s, about.between(first, second))
    lowered = sum(closure is not None and closure.direction != 1 for closure in closures)
    yield about.count("closures of the lower contact below the band", 0, lowered)


@dataclass(frozen=True)
class _Expected:
    """A time, and from when to when it may be before the tolerance of times."""

    target_s: float
    span_s: tuple[float, float]


def _first(
    rig: ControlRig,
    figures: TapChangerFigures,
    clause: str,
    what: str,
    voltage_v: float,
    expected: _Expected,
    direction: int,
    unknown_s: float = 0.0,
) -> Iterator[Finding]:
    """Put a voltage there, and time the first closure of a contact; tell which contact it was."""
    about, tolerance_s = About(rig, clause), figures.tolerance.of_time_s(expected.target_s)
    earliest_s, latest_s = expected.span_s[0] - tolerance_s, expected.span_s[1] + tolerance_s
    limit_s = latest_s + unknown_s + figures.probing.patience_s
    rig.sense(voltage_v)
    begun_s = rig.clock.now_s
    closure = rig.await_closure(limit_s, figures.probing.look_s)
    if closure is None:
        yield about.late(f"{what}, which had not ended", latest_s, limit_s)
        return
    taken = about.elapsed(begun_s, closure)
    found = Reading(taken.value, taken.uncertainty + unknown_s)
    yield about.time_between(what, expected.target_s, (earliest_s, latest_s), found)
    yield about.count(f"closures of the right contact after the {what}", 1, int(closure.direction == direction))
