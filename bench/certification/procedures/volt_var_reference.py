"""Volt-var beyond its curve: unbalanced voltages and the autonomous reference voltage, clauses 5.14.6 and 5.14.5."""

from collections.abc import Iterator, Sequence

from bench.certification.criteria import Accuracy, Reading, at_most, steady_state
from bench.certification.curves import Curve, midpoint
from bench.certification.figures import CurveFigures, SuiteFigures
from bench.certification.findings import Finding
from bench.certification.procedures.reactive_commands import unbalances
from bench.certification.rig import Rig, Sample
from bench.certification.sweep import Characteristic, disturbed, settled
from instruments.readings import VoltVarCurve

LOOKS_A_TIME_CONSTANT = 100
ENOUGH = 10
"""Looks one after the other with few enough vars, after which the reference counts as having followed."""
ANSWERED_RESPONSES = 2.0
"""When volt-var itself has answered, in response times: long before its reference has moved."""
LOOKS_AN_ANSWER = 20
PCT = 100.0


def unbalanced_voltages(rig: Rig, figures: SuiteFigures, of: Characteristic, angles: str) -> Iterator[Finding]:
    """Put unbalanced voltages in front of a device that follows a volt-var curve, and balance again."""
    before = yield from settled(rig, of, f"{of.name}, balanced")
    for number, (what, disturb) in enumerate(unbalances(rig, figures, angles), start=1):
        before = yield from disturbed(rig, of, before, disturb, f"{of.name}, {angles}, step {number} to {what}")


def autonomous_reference(
    rig: Rig, figures: SuiteFigures, curve: CurveFigures, time_constant_s: float
) -> Iterator[Finding]:
    """Let the reference voltage follow a step up and one down; yield two findings a step.

    First the device has to answer as its curve says, around the reference that it had: one that gives no vars at all
    would follow any reference. Then the vars have to go away, within the time that the suite leaves.
    """
    wanted = VoltVarCurve(curve.x, curve.y, curve.response_s, curve.reference_v_pu, time_constant_s)
    rig.functions.set_volt_var(wanted)
    rig.hold(time_constant_s, time_constant_s / LOOKS_A_TIME_CONSTANT)
    reference_pu = curve.reference_v_pu
    for name, first, corner in (("up", 2, curve.y[-1]), ("down", 0, curve.y[0])):
        voltage_pu = midpoint(curve.x, first)
        place = f"reactive power after a step {name} to {voltage_pu:.3f} pu, time constant {time_constant_s:g} s"
        begun_s = rig.clock.now_s
        rig.set_grid(voltage_pu)
        moved = curve.curve.moved(reference_pu - curve.reference_v_pu)
        yield _answered(rig, figures, moved, curve.response_s, place)
        yield _followed(rig, figures, corner, time_constant_s, begun_s, place)
        reference_pu = voltage_pu
    rig.set_grid(1.0)


def _answered(rig: Rig, figures: SuiteFigures, curve: Curve, response_s: float, place: str) -> Finding:
    answered_s = ANSWERED_RESPONSES * response_s
    sample = rig.hold(answered_s, answered_s / LOOKS_AN_ANSWER)[-1:]
    widening, accuracy = figures.accuracy.widening.value, figures.accuracy
    widened = Accuracy(widening * accuracy.voltage_pu.value, widening * accuracy.power_pu.value)
    stimulus, response = rig.voltage(sample), rig.reactive_power(sample)
    criterion = steady_state(curve, stimulus, response, widened)
    clause = figures.autonomous_reference.clause
    what = f"{place}: as its curve says"
    return Finding(what, stimulus, response, criterion, sample[-1].time_s, rig.analyzer_name, clause)


def _followed(
    rig: Rig, figures: SuiteFigures, corner: float, time_constant_s: float, begun_s: float, place: str
) -> Finding:
    """Look until the vars stay below the share of the corner's, or the time is over; judge the last look."""
    section = figures.autonomous_reference
    limit_pu = section.share.value * abs(corner)
    looks: list[Sample] = []
    while rig.clock.now_s - begun_s < section.within_time_constants.value * time_constant_s:
        looks += rig.hold(time_constant_s / LOOKS_A_TIME_CONSTANT, time_constant_s / LOOKS_A_TIME_CONSTANT)
        if len(looks) >= ENOUGH and all(abs(look.q_pu) < limit_pu / 2.0 for look in looks[-ENOUGH:]):
            break
    response = Reading(abs(looks[-1].q_pu), rig.instrument.power_pu)
    criterion = at_most(limit_pu, response)
    what, stimulus = f"{place}: once its reference has followed", rig.voltage(looks[-1:])
    told = (_after_one(looks, begun_s, time_constant_s),)
    return Finding(
        what, stimulus, response, criterion, looks[-1].time_s, rig.analyzer_name, section.clause, details=told
    )


def _after_one(looks: Sequence[Sample], begun_s: float, time_constant_s: float) -> str:
    """Tell the vars after one time constant, which the text of 2020 asks about, and how long it was waited."""
    waited = f"ended after {(looks[-1].time_s - begun_s) / time_constant_s:.2f} time constants"
    there = [look for look in looks if look.time_s - begun_s >= time_constant_s]
    return f"{there[0].q_pu:+.4f} pu after one time constant; {waited}" if there else waited
