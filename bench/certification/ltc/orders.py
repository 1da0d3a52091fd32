"""What people and SCADA may do: block, take over by hand, keep SCADA out; and whether operations are counted."""

from collections.abc import Iterator

from bench.certification.control_rig import ControlRig
from bench.certification.controls.findings import About
from bench.certification.findings import Finding
from bench.certification.ltc.figures import TapChangerFigures
from bench.certification.ltc.preparation import patient_s, prepare
from bench.certification.ltc.quiet import OUTSIDE, at_once, ignored, nothing_for, operates, outside_v, refused, settle


def block(rig: ControlRig, figures: TapChangerFigures) -> Iterator[Finding]:
    """Block automatic operation, leave the band on both sides, and free the control again."""
    clause, delay_s = figures.block.clause, figures.probing.delay_s
    prepare(rig, figures, delay=delay_s)
    for side, (_, direction) in OUTSIDE.items():
        rig.control.set_blocked(True)
        rig.sense(outside_v(figures, side))
        yield nothing_for(rig, figures, clause, f"while blocked, {side} the band", delay_s)
        yield _says(rig, clause, "says that it is blocked", rig.control.read_status().blocked)
        rig.control.set_blocked(False)
        yield operates(rig, figures, clause, f"when freed, {side} the band", direction, delay_s)
        settle(rig, figures, figures.number("band_centre"))


def manual(rig: ControlRig, figures: TapChangerFigures) -> Iterator[Finding]:
    """Take over by SCADA: nothing by itself, one operation for each order; in automatic no order is taken."""
    clause, delay_s = figures.manual.clause, figures.probing.delay_s
    prepare(rig, figures, delay=delay_s)
    yield ignored(rig, figures, clause, "upon a SCADA raise in automatic", rig.control.raise_tap)
    rig.control.set_automatic(False)
    for side in OUTSIDE:
        rig.sense(outside_v(figures, side))
        yield nothing_for(rig, figures, clause, f"by itself in SCADA-manual, {side} the band", delay_s)
    settle(rig, figures, figures.number("band_centre"))
    for what, direction, order in (("raise", 1, rig.control.raise_tap), ("lower", -1, rig.control.lower_tap)):
        yield from at_once(rig, figures, clause, f"the contact closes upon a SCADA {what}", direction, order)
        yield nothing_for(rig, figures, clause, f"after the one of a SCADA {what}", delay_s)
    rig.control.set_automatic(True)
    rig.sense(outside_v(figures, "below"))
    yield operates(rig, figures, clause, "back in automatic, below the band", 1, delay_s)


def local(rig: ControlRig, figures: TapChangerFigures) -> Iterator[Finding]:
    """Turn the panel's switch to local: SCADA changes nothing, and the control goes on by itself."""
    clause, delay_s = figures.local.clause, figures.probing.delay_s
    prepare(rig, figures, delay=delay_s)
    rig.set_input("remote", 0.0)
    try:
        yield from _in_local(rig, figures, clause, delay_s)
    finally:
        rig.set_input("remote", 1.0)
    rig.hold(patient_s(figures, figures.number("inter_tap_delay")), figures.probing.watch_s)
    what = "the contact closes upon a SCADA raise in remote"
    yield from at_once(rig, figures, clause, what, 1, rig.control.raise_tap)


def _in_local(rig: ControlRig, figures: TapChangerFigures, clause: str, delay_s: float) -> Iterator[Finding]:
    control, base_v = rig.control, figures.number("band_centre")
    yield _says(rig, clause, "says that it is in local", not control.read_status().remote)
    yield refused(rig, clause, "SCADA-manual in local", lambda: control.set_automatic(False))
    yield refused(rig, clause, "a block in local", lambda: control.set_blocked(True))
    yield refused(rig, clause, "a setting in local", lambda: control.write_setting("band_centre", base_v + 1.0))
    rig.sense(outside_v(figures, "below"))
    yield operates(rig, figures, clause, "by itself in local, below the band", 1, delay_s)
    settle(rig, figures, base_v)
    rig.set_input("remote", 1.0)
    control.set_automatic(False)
    rig.set_input("remote", 0.0)
    yield ignored(rig, figures, clause, "upon a SCADA raise in local", control.raise_tap)


def counter(rig: ControlRig, figures: TapChangerFigures) -> Iterator[Finding]:
    """Let it operate by itself and by SCADA, and hold its counter against the closures."""
    section, delay_s, watch_s = figures.counter, figures.probing.delay_s, figures.probing.watch_s
    prepare(rig, figures, delay=delay_s)
    before, begun = rig.control.read_status().operations, len(rig.closures)
    for side in OUTSIDE:
        rig.sense(outside_v(figures, side))
        rig.hold(patient_s(figures, delay_s + section.automatic * figures.number("inter_tap_delay")), watch_s)
        settle(rig, figures, figures.number("band_centre"))
    rig.control.set_automatic(False)
    rig.control.raise_tap()
    settle(rig, figures, figures.number("band_centre"))
    counted, closed = rig.control.read_status().operations - before, len(rig.closures) - begun
    about = About(rig, section.clause)
    yield about.at_least("closures to be counted", section.automatic, closed)
    told = About(rig, section.clause, said=True)
    yield told.count("operations that it counted", closed, counted, "operations")


def _says(rig: ControlRig, clause: str, what: str, said: bool) -> Finding:
    return About(rig, clause, said=True).count(f"times that it {what}", 1, int(said), "answers")
