"""What keeps a control from operating: limits of its tap and of voltage, run-back, and a lost potential."""

from collections.abc import Iterator

from bench.certification.control_rig import ControlRig
from bench.certification.controls.findings import About
from bench.certification.controls.threshold import find_threshold
from bench.certification.findings import Finding
from bench.certification.ltc.figures import LevelCase, TapChangerFigures, case_named
from bench.certification.ltc.preparation import apply_voltage, bring_to, prepare, voltage_probing
from bench.certification.ltc.quiet import OUTSIDE, at_once, ignored, nothing_for, operates, outside_v, settle

SCADA = {1: "raise", -1: "lower"}


def tap_limits(rig: ControlRig, figures: TapChangerFigures, name: str) -> Iterator[Finding]:
    """Stand one tap before a limit: one operation leads there, and none beyond it, by itself or by SCADA."""
    section, delay_s = figures.tap_limits, figures.probing.delay_s
    case = case_named(section.clause, section.cases, name)
    prepare(rig, figures, delay=delay_s, lowest_tap=case.lowest, highest_tap=case.highest)
    for side, limit in (("below", case.highest), ("above", case.lowest)):
        _, direction = OUTSIDE[side]
        bring_to(rig, figures, limit - direction)
        rig.sense(outside_v(figures, side))
        yield operates(
            rig, figures, section.clause, f"from {limit - direction} to the limit {limit}", direction, delay_s
        )
        yield nothing_for(rig, figures, section.clause, f"at the limit {limit} with voltage {side} the band", delay_s)
        yield About(rig, section.clause).count("taps from the limit", 0, abs(rig.position - limit), "taps")
        settle(rig, figures, figures.number("band_centre"))
        yield from _scada_beyond(rig, figures, limit, direction)


def _scada_beyond(rig: ControlRig, figures: TapChangerFigures, limit: int, direction: int) -> Iterator[Finding]:
    """Ask for a tap beyond a limit by SCADA."""
    section = figures.tap_limits
    rig.control.set_automatic(False)
    if rig.position != limit:
        bring_to(rig, figures, limit)
        rig.control.set_automatic(False)
    order = rig.control.raise_tap if direction > 0 else rig.control.lower_tap
    yield ignored(rig, figures, section.clause, f"upon a SCADA {SCADA[direction]} at the limit {limit}", order)
    rig.control.set_automatic(True)


def voltage_limit(rig: ControlRig, figures: TapChangerFigures, name: str) -> Iterator[Finding]:
    """Have the control want to operate, and find the voltage from which on it does not, or does at once."""
    section = figures.voltage_limits
    case = case_named(section.clause, section.cases, name)
    prepare(rig, figures, case.rest_v, **case.settings | {"delay": figures.probing.delay_s})
    yield from _level(rig, figures, section.clause, case)


def lost_potential(rig: ControlRig, figures: TapChangerFigures, name: str) -> Iterator[Finding]:
    """Take the voltage away: the control has to stay, and find the level below which it takes it for lost."""
    section, delay_s = figures.lost_potential, figures.probing.delay_s
    case = case_named(section.clause, section.cases, name)
    prepare(rig, figures, case.rest_v, **case.settings | {"delay": delay_s})
    rig.sense(0.0)
    yield nothing_for(rig, figures, section.clause, "without any voltage", delay_s)
    settle(rig, figures, figures.number("band_centre"))
    yield from _level(rig, figures, section.clause, case)


def run_back(rig: ControlRig, figures: TapChangerFigures) -> Iterator[Finding]:
    """Go beyond the first customer's limit and its run-back: the control lowers without its delay, and below not."""
    section = figures.run_back
    prepare(rig, figures, delay=section.delay_s, block_raise=section.block_raise_v, runback=section.runback_v)
    limit_v, tolerance_v = section.block_raise_v + section.runback_v, figures.tolerance.level_v.value
    beyond_v = tolerance_v + 2.0 * rig.accuracy.share * limit_v
    about = About(rig, section.clause)
    rig.sense(limit_v - beyond_v)
    early = rig.hold(figures.at_once_s.value + figures.probing.patience_s, figures.probing.watch_s)
    yield about.count("closures at once below the level of run-back", 0, len(early))
    settle(rig, figures, figures.number("band_centre"))
    what = "it lowers above the level of run-back"
    yield from at_once(rig, figures, section.clause, what, -1, lambda: rig.sense(limit_v + beyond_v))
    settle(rig, figures, figures.number("band_centre"))


def _level(rig: ControlRig, figures: TapChangerFigures, clause: str, case: LevelCase) -> Iterator[Finding]:
    """Find the level of a case between a voltage at which the control stays and one at which it operates."""
    probing = voltage_probing(rig, figures, case.rest_v)
    direction = {"raise": 1, "lower": -1}[case.contact]
    away_v = figures.probing.search_v if case.acts == "above" else -figures.probing.search_v
    found = find_threshold(rig, apply_voltage(rig), case.level_v - away_v, case.level_v + away_v, direction, probing)
    about = About(rig, clause)
    yield about.level(f"{case.name}{found.told}", case.level_v, figures.tolerance.level_v.value, found.level)
    yield about.count(f"closures of the other contact at the {case.name}", 0, found.wrong)
