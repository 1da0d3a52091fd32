"""What the control says: its readings beside the source, and its settings when all of them were written."""

from collections.abc import Iterator, Mapping
from functools import partial

from bench.certification.control_rig import ControlRig
from bench.certification.controls.findings import About
from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.ltc.figures import ReadingState, TapChangerFigures
from bench.certification.ltc.preparation import prepare
from bench.certification.refusals import is_refused


def readings(rig: ControlRig, figures: TapChangerFigures) -> Iterator[Finding]:
    """Read the control and the source side by side in each state, and the tap position against the mechanism."""
    section = figures.readings
    prepare(rig, figures)
    rig.control.set_blocked(True)
    for state in section.states:
        yield from _sensed(rig, figures, state)
    if rig.tells_position:
        for tap in (rig.travel[0], 0, rig.travel[1]):
            rig.place(tap)
            rig.hold(section.settle_s, figures.probing.watch_s)
            said = rig.control.read_status().tap_position
            yield About(rig, section.clause, said=True).count("tap position that it says", tap, said, "taps")


def _sensed(rig: ControlRig, figures: TapChangerFigures, state: ReadingState) -> Iterator[Finding]:
    section, share = figures.readings, rig.accuracy.share
    about = About(rig, section.clause, said=True)
    seen = rig.sense(state.voltage_v, state.current_a, state.angle_deg)
    rig.hold(section.settle_s, figures.probing.watch_s)
    said = rig.control.read_sensed()
    where = f"at {state.voltage_v:g} V, {state.current_a:g} A, {state.angle_deg:g} deg"
    reading = Reading(said.voltage_v, share * seen.voltage_v)
    yield about.level(f"voltage that it says {where}", seen.voltage_v, section.voltage_v.value, reading)
    current = Reading(said.current_a, share * seen.current_a)
    yield about.level(f"current that it says {where}", seen.current_a, section.current_a.value, current, "A")


def settings(rig: ControlRig, figures: TapChangerFigures) -> Iterator[Finding]:
    """Write each setting, twice and in either order, and read all of them when all are written."""
    section = figures.settings
    prepare(rig, figures)
    rig.control.set_blocked(True)
    for turn in range(2):
        wanted = {case.name: case.values[turn] for case in section.cases}
        yield from _held(rig, section.clause, dict(reversed(wanted.items())) if turn else wanted)


def _held(rig: ControlRig, clause: str, wanted: Mapping[str, float | str]) -> Iterator[Finding]:
    about = About(rig, clause, said=True)
    known = {name: value for name, value in wanted.items() if rig.control.find_setting(name) is not None}
    refused = {name for name, value in known.items() if is_refused(partial(rig.write, name, value))}
    for name, value in wanted.items():
        if name not in known:
            yield about.unmeasured(f"{name}, for which the point map has no setting", "settings")
            continue
        held = name not in refused and _same(rig, name, value)
        yield about.count(f"{name} at {value}: settings held", 1, int(held), "settings")


def _same(rig: ControlRig, name: str, value: float | str) -> bool:
    """Compare what it says now with what was written, to the resolution of its register."""
    said, point = rig.control.read_setting(name), rig.control.find_setting(name)
    if isinstance(value, str):
        return bool(said == value)
    return abs(float(said) - value) <= (point.scale if point.type != "f32" else abs(value) * 1e-6)
