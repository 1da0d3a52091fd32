"""The loop closed: the voltage behind the tap changer steps, and the control brings it back into its band."""

import math
from collections.abc import Iterator

from bench.certification.control_rig import ControlRig
from bench.certification.controls.findings import About
from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.ltc.figures import LoopCase, TapChangerFigures, case_named
from bench.certification.ltc.preparation import patient_s, prepare


def closed_loop(rig: ControlRig, figures: TapChangerFigures, name: str) -> Iterator[Finding]:
    """Step the voltage behind the taps; count operations, those back, and what comes when all should be done."""
    section, watch_s = figures.loop, figures.probing.watch_s
    case = case_named(section.clause, section.cases, name)
    prepare(rig, figures, delay=section.delay_s)
    least, most, doubt = taps_needed(figures, rig.step_pu, case, rig.accuracy.share)
    begun = len(rig.closures)
    rig.regulate(case.behind_v)
    rig.hold(patient_s(figures, section.delay_s + most * figures.number("inter_tap_delay")), watch_s)
    closed = rig.closures[begun:]
    direction, about = (1 if case.behind_v < figures.number("band_centre") else -1), About(rig, section.clause)
    yield about.between_counts(f"operations upon {case.name}", (least, most), len(closed), doubt)
    back = sum(closure.direction != direction for closure in closed)
    yield about.count(f"operations back upon {case.name}", 0, back)
    yield _in_band(rig, figures, case)
    still = rig.hold(figures.quiet_delays * section.delay_s, watch_s)
    yield about.count(f"operations after voltage is back, upon {case.name}", 0, len(still))


def taps_needed(
    figures: TapChangerFigures, step_pu: float, case: LoopCase, source_share: float
) -> tuple[int, int, float]:
    """Return between how many taps bring voltage into the band, and by how many taps that is in doubt.

    They bring it into a band wider, and into one narrower, by the tolerance. What the source may be off by, a share of
    the voltage, makes a doubt of a tap where it changes one of the two.
    """
    half_v, tolerance_v = figures.number("bandwidth") / 2.0, figures.tolerance.level_v.value
    off_v = source_share * case.behind_v

    def taps(half: float) -> int:
        away_v = abs(case.behind_v - figures.number("band_centre")) - half
        return max(0, math.ceil(away_v / (case.behind_v * step_pu)))

    halves = (half_v + tolerance_v, half_v - tolerance_v)
    doubt = max(abs(taps(half + off) - taps(half)) for half in halves for off in (-off_v, off_v))
    return taps(halves[0]), taps(halves[1]), float(doubt)


def _in_band(rig: ControlRig, figures: TapChangerFigures, case: LoopCase) -> Finding:
    voltage_v = rig.sensed.voltage_v
    half_v = figures.number("bandwidth") / 2.0 + figures.tolerance.level_v.value
    reading = Reading(voltage_v, rig.accuracy.share * voltage_v)
    about = About(rig, figures.loop.clause)
    return about.level(f"voltage in the end, upon {case.name}", figures.number("band_centre"), half_v, reading)
