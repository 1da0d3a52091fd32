"""How a test of a tap-changer control begins, and how its levels are probed."""

from collections.abc import Mapping

from bench.certification.control_rig import ControlRig
from bench.certification.controls.threshold import Apply, Probing
from bench.certification.criteria import Reading
from bench.certification.ltc.figures import TapChangerFigures
from bench.certification.not_passed import NotPassed
from bench.certification.refusals import DeviceError
from reports.verdict import Verdict


def prepare(rig: ControlRig, figures: TapChangerFigures, rest_v: float | None = None, **others: float | str) -> None:
    """Put the control to rest, at `rest_v` or in the middle of its band: free, in automatic, as the suite has it set.

    `others` differ from the base settings. What the control has no setting for stays as it is, of `others` nothing may:
    raises NotPassed, NOT_RUN, and so it does where the panel is on local.
    """
    rig.sense(figures.number("band_centre"))
    _free(rig)
    rig.control.set_automatic(True)
    base = {name: value for name, value in figures.base.items() if rig.control.find_setting(name) is not None}
    write_all(rig, base | others)
    rig.sense(float(others.get("band_centre", figures.number("band_centre"))) if rest_v is None else rest_v)
    rig.hold(rest_s(figures), figures.probing.watch_s)
    bring_to(rig, figures, 0)


def _free(rig: ControlRig) -> None:
    """Free the control; one that refuses because a person left its panel on local has done nothing wrong."""
    try:
        rig.control.set_blocked(False)
    except DeviceError:
        if not rig.control.read_status().remote:
            told = f"the panel of {rig.device} is on local: nothing can be set"
            raise NotPassed(told, Verdict.NOT_RUN) from None
        raise


def bring_to(rig: ControlRig, figures: TapChangerFigures, position: int) -> None:
    """Bring the taps to a position: the mechanism is put there, and the control told.

    A control that is told no position counts its own pulses: it is taken there by SCADA, one tap after the other, and
    is in automatic again then. Raises NotPassed when the taps do not come there.
    """
    if rig.tells_position:
        rig.place(position)
    if rig.position == position:
        return
    rig.control.set_automatic(False)
    rig.hold(rest_s(figures), figures.probing.watch_s)
    for _ in range(abs(position - rig.position)):
        (rig.control.raise_tap if position > rig.position else rig.control.lower_tap)()
        rig.hold(rest_s(figures), figures.probing.watch_s)
    rig.control.set_automatic(True)
    if rig.position != position:
        raise NotPassed(f"SCADA brings the taps to {rig.position}, not to {position}", Verdict.FAIL)


def write_all(rig: ControlRig, settings: Mapping[str, float | str]) -> None:
    """Write settings one after the other."""
    for name, value in settings.items():
        rig.write(name, value)


def rest_s(figures: TapChangerFigures) -> float:
    """Return how long an operation that has begun takes to be over, s: pulse, motor and inter-tap delay."""
    return figures.number("inter_tap_delay") + figures.probing.patience_s


def patient_s(figures: TapChangerFigures, delay_s: float) -> float:
    """Return how long it is waited for an operation, s, where it is not the time that is judged."""
    return figures.probing.patience_delays * delay_s + figures.probing.patience_s


def voltage_probing(
    rig: ControlRig, figures: TapChangerFigures, rest_v: float, current_a: float = 0.0, angle_deg: float = 0.0
) -> Probing:
    """Probe levels of voltage, with a rest at one where the control stays."""
    probing = figures.probing
    return Probing(
        rest=lambda: rig.sense(rest_v, current_a, angle_deg),
        rest_s=probing.watch_s,
        hold_s=patient_s(figures, probing.delay_s),
        after_s=rest_s(figures),
        every_s=probing.watch_s,
        resolution=probing.resolution_v,
    )


def apply_voltage(rig: ControlRig, current_a: float = 0.0, angle_deg: float = 0.0) -> Apply:
    """Put voltages in front of the control, with a current that stays."""

    def apply(voltage_v: float) -> Reading:
        sensed = rig.sense(voltage_v, current_a, angle_deg)
        return Reading(sensed.voltage_v, rig.accuracy.share * sensed.voltage_v)

    return apply
