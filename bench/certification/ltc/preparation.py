"""How a test of a tap-changer control begins, and how its levels are probed."""

from collections.abc import Mapping

from bench.certification.control_rig import ControlRig
from bench.certification.controls.threshold import Apply, Probing
from bench.certification.criteria import Reading
from bench.certification.ltc.figures import TapChangerFigures


def prepare(rig: ControlRig, figures: TapChangerFigures, **others: float | str) -> None:
    """Put the control to rest in the middle of its band: free, in automatic, with the suite's base settings.

    `others` differ from the base. What the control has no setting for stays as it is, of `others` nothing may: raises
    NotPassed, NOT_RUN.
    """
    rig.sense(float(others.get("band_centre", figures.number("band_centre"))))
    rig.control.set_blocked(False)
    rig.control.set_automatic(True)
    base = {name: value for name, value in figures.base.items() if rig.control.find_setting(name) is not None}
    write_all(rig, base | others)
    rig.hold(rest_s(figures), figures.probing.look_s)


def write_all(rig: ControlRig, settings: Mapping[str, float | str]) -> None:
    """Write settings one after the other."""
    for name, value in settings.items():
        rig.write(name, value)


def rest_s(figures: TapChangerFigures) -> float:
    """Return how long an operation that has begun takes to be over, s: pulse, motor and inter-tap delay."""
    return figures.number("inter_tap_delay") + figures.probing.patience_s


def voltage_probing(rig: ControlRig, figures: TapChangerFigures, rest_v: float) -> Probing:
    """Probe levels of voltage, with a rest at one where the control stays."""
    probing = figures.probing
    return Probing(
        rest=lambda: rig.sense(rest_v),
        rest_s=probing.look_s,
        hold_s=probing.delay_s + figures.tolerance.of_time_s(probing.delay_s) + probing.patience_s,
        after_s=rest_s(figures),
        every_s=probing.look_s,
        resolution=probing.resolution_v,
    )


def apply_voltage(rig: ControlRig, current_a: float = 0.0, angle_deg: float = 0.0) -> Apply:
    """Put voltages in front of the control, with a current that stays."""

    def apply(voltage_v: float) -> Reading:
        sensed = rig.sense(voltage_v, current_a, angle_deg)
        return Reading(sensed.voltage_v, rig.accuracy.share * sensed.voltage_v)

    return apply
