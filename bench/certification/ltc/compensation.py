"""Line-drop compensation: the band moves by the drop that R and X make of the current and its angle.

The drop at the rated current of the CT is what R and X are set to (makers' manuals, and RegControl of OpenDSS): it is
I / I rated x (R cos phi + X sin phi), with phi > 0 for a current that lags.
"""

import math
from collections.abc import Iterator

from bench.certification.control_rig import ControlRig
from bench.certification.controls.findings import About
from bench.certification.controls.threshold import find_threshold
from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.ltc.figures import CompensationCase, TapChangerFigures, case_named
from bench.certification.ltc.preparation import apply_voltage, bring_to, prepare, voltage_probing


def line_drop(rig: ControlRig, figures: TapChangerFigures, name: str) -> Iterator[Finding]:
    """Find the lower edge of the band with each current of a case, and hold it against the edge and the drop."""
    section = figures.compensation
    case = case_named(section.clause, section.cases, name)
    prepare(rig, figures, ldc_r=case.r_v, ldc_x=case.x_v, delay=figures.probing.delay_s)
    for angle_deg in case.angles_deg:
        yield from _at_angle(rig, figures, case, angle_deg)


def _at_angle(
    rig: ControlRig, figures: TapChangerFigures, case: CompensationCase, angle_deg: float
) -> Iterator[Finding]:
    section, search_v = figures.compensation, figures.probing.search_v
    drop = drop_of(rig, case, section.rated_a, angle_deg)
    centre_v = figures.number("band_centre") + drop.value
    edge_v = centre_v - figures.number("bandwidth") / 2.0
    rig.sense(centre_v, case.current_a, angle_deg)
    bring_to(rig, figures, 0)
    probing = voltage_probing(rig, figures, centre_v, case.current_a, angle_deg)
    apply = apply_voltage(rig, case.current_a, angle_deg)
    found = find_threshold(rig, apply, edge_v + search_v, edge_v - search_v, 1, probing)
    about = About(rig, section.clause)
    what = f"lower edge with {case.current_a:g} A at {angle_deg:g} deg, {case.name}"
    level = Reading(found.level.value, found.level.uncertainty + drop.uncertainty)
    yield about.level(f"{what}{found.told}", edge_v, figures.tolerance.level_v.value, level)
    yield about.count(f"closures of the lower contact at the {what}", 0, found.wrong)


def drop_of(rig: ControlRig, case: CompensationCase, rated_a: float, angle_deg: float) -> Reading:
    """Return the drop that a case asks for, and by how much current and angle may be off."""
    lag_rad, share = math.radians(-angle_deg), case.current_a / rated_a
    drop_v = share * (case.r_v * math.cos(lag_rad) + case.x_v * math.sin(lag_rad))
    across_v = share * (case.x_v * math.cos(lag_rad) - case.r_v * math.sin(lag_rad))
    return Reading(drop_v, rig.accuracy.share * abs(drop_v) + rig.accuracy.angle_rad * abs(across_v))
