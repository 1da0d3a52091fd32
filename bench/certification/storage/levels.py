"""Powers at rest: a signal by its levels, charging against discharging, and all four quadrants."""

import math
from collections.abc import Iterator

from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.storage.figures import StorageFigures
from bench.certification.storage.findings import found
from bench.certification.storage.rig import StorageRig
from bench.certification.storage.steps import response_s
from bench.measurement import Limits
from reports.verdict import Verdict


def tracking(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Go through the levels of a signal, and judge power at the end of each."""
    section, dwell_s = figures.tracking, figures.tracking.dwell_responses * response_s(on, figures)
    accuracy = figures.accuracy.set_point_pu.value
    for number, level in enumerate(section.levels_pu, start=1):
        asked = on.rated_pu(level)
        on.command(asked)
        power = on.rig.active_power(on.hold(dwell_s, dwell_s / 10.0)[-2:])
        what = f"power, level {number}: {level:+g} of its rating"
        yield found(on, what, power, Limits.around(asked, accuracy), section.clause, stimulus=asked)


def symmetry(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Discharge and charge with the same powers, within both ratings, and judge the difference of what comes."""
    section, rated = figures.symmetry, min(on.charge_pu, on.discharge_pu)
    for level in section.levels_pu:
        given, taken = (on.rig.active_power(on.settled(sign * level * rated)) for sign in (1.0, -1.0))
        difference = Reading((abs(taken.value) - abs(given.value)) / rated, 2.0 * given.uncertainty / rated)
        what = f"charging beyond discharging at {level:g} of rated power"
        limits = Limits.around(0.0, section.accuracy_pu.value)
        yield found(on, what, difference, limits, section.clause, stimulus=level)
        least = Limits(lower=section.least_pu.value * level * rated)
        yield found(on, f"discharging at {level:g} of rated power", given, least, section.clause, stimulus=level)


def quadrants(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Command active power and vars of all signs, up to the circle of rated VA, and judge both.

    Raises NotPassed, NOT_RUN, for a battery that states no rated vars.
    """
    plate, section = on.rig.nameplate, figures.quadrants
    rated = (plate.q_max_injected_var / plate.va_max_va, plate.q_max_absorbed_var / plate.va_max_va)
    if min(rated) <= 0.0:
        raise NotPassed(f"{on.rig.device} states no rated vars to be tested with", Verdict.NOT_RUN)
    try:
        for p_share, q_share in section.points:
            q_pu = q_share * (rated[0] if q_share > 0.0 else rated[1])
            p_pu = p_share * min(abs(on.rated_pu(math.copysign(1.0, p_share))), math.sqrt(1.0 - q_pu**2))
            yield from _point(on, figures, p_pu, q_pu)
    finally:
        on.storage.disable_reactive_commands()


def _point(on: StorageRig, figures: StorageFigures, p_pu: float, q_pu: float) -> Iterator[Finding]:
    on.storage.set_reactive_power(q_pu)
    looks, clause, accuracy = on.settled(p_pu), figures.quadrants.clause, figures.accuracy
    where = f"at {p_pu:+.2f} and {q_pu:+.2f} pu"
    p_limits = Limits.around(p_pu, accuracy.set_point_pu.value)
    q_limits = Limits.around(q_pu, accuracy.vars_pu.value)
    yield found(on, f"active power {where}", on.rig.active_power(looks), p_limits, clause, stimulus=p_pu)
    yield found(on, f"reactive power {where}", on.rig.reactive_power(looks), q_limits, clause, stimulus=q_pu)
