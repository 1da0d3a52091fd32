"""Constant power factor and constant reactive power: IEEE 1547.1-2020 clauses 5.14.3 and 5.14.7.

The device holds what it was told while active power, voltage and the balance of its phases are disturbed, and gives no
vars once the mode is off. How fast it goes over to a mode is not judged: IEEE 1547-2018 4.6.3 leaves it up to 300 s.
Equipment with storage is taken through all of it once more while it absorbs active power; no other is asked to.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bench.certification.criteria import Accuracy, Reading, at_least, at_most, within_response_time
from bench.certification.curves import Between, Curve, Expected
from bench.certification.figures import SuiteFigures
from bench.certification.figures_reactive import PowerFactorFigures, VarFigures
from bench.certification.findings import Finding
from bench.certification.owed_power import absorbs
from bench.certification.rig import Rig
from bench.certification.sweep import Characteristic, disturbed, settled

HIGHEST_PU = 2.0
"""Active powers beyond this no equipment delivers, per unit of rated VA: where a characteristic over power ends."""
ADOPTION_RESPONSES = 2
"""How long the device has to go over to a mode, in response times."""
PCT = 100.0
THREE_PHASES = 3

Disturbance = tuple[str, Callable[[], None]]


def constant_power_factor(rig: Rig, figures: SuiteFigures, setting: PowerFactorFigures) -> Iterator[Finding]:
    """Hold a power factor of the device's category; vars are judged by the active power that is measured."""
    section, accuracy = figures.constant_power_factor, figures.accuracy
    factor = setting.of(rig.nameplate.category)
    of = Characteristic(
        clause=section.clause,
        name=f"reactive power, power factor {factor:g} {'injecting' if setting.injects else 'absorbing'}",
        curve=power_factor_curve(factor, setting.injects),
        response_s=section.within_s.value,
        accuracy=Accuracy(accuracy.widening.value * accuracy.power_pu.value, _var_accuracy(figures)),
        apply=rig.supply,
        stimulus=rig.active_power,
        answer=rig.reactive_power,
        responded=within_response_time,
    )
    levels = (section.least_power_pu.value, 1.0)
    command = partial(rig.functions.set_power_factor, factor, setting.injects)
    for side in sides(rig):
        there = replace(
            of,
            name=f"{of.name}{side.name}",
            curve=power_factor_curve(factor, setting.injects is not side.absorbs),
            apply=side.offer,
        )
        least_pu = side.rated_pu * figures.service.delivers_share.value * factor
        yield from _held(rig, there, command, _disturbances(rig, figures, levels, side), least_pu)


def constant_reactive_power(rig: Rig, figures: SuiteFigures, setting: VarFigures) -> Iterator[Finding]:
    """Hold a share of the vars that the device is rated for."""
    section, plate = figures.constant_reactive_power, rig.nameplate
    rated_pu = (plate.q_max_injected_var if setting.share > 0 else plate.q_max_absorbed_var) / plate.va_max_va
    asked_pu = setting.share * rated_pu
    of = Characteristic(
        clause=section.clause,
        name=f"reactive power, {asked_pu:+.3f} pu commanded",
        curve=held_vars(asked_pu, rated_pu, section.capability.curve),
        response_s=section.within_s.value,
        accuracy=Accuracy(0.0, _var_accuracy(figures)),
        apply=rig.supply,
        stimulus=rig.active_power,
        answer=rig.reactive_power,
        responded=within_response_time,
    )
    command = partial(rig.functions.set_reactive_power, asked_pu)
    for side in sides(rig):
        there = replace(
            of,
            name=f"{of.name}{side.name}",
            curve=held_vars(asked_pu, rated_pu, side.of_power(section.capability.curve)),
            apply=side.offer,
        )
        yield from _held(rig, there, command, _disturbances(rig, figures, section.levels_pu, side))


@dataclass(frozen=True)
class Side:
    """Which way active power flows: `offer` brings a share of the most there is, `rated_pu`, < 0 where it absorbs."""

    name: str
    offer: Callable[[float], None]
    rated_pu: float = 1.0

    @property
    def absorbs(self) -> bool:
        """Whether active power comes from the grid."""
        return self.rated_pu < 0.0

    def of_power(self, curve: Curve) -> Curve:
        """Return a characteristic over active power that flows this way; it is given over power that is delivered."""
        if not self.absorbs:
            return curve
        return Curve(tuple(-x for x in reversed(curve.x)), tuple(reversed(curve.y)))


def sides(rig: Rig) -> list[Side]:
    """Return both ways in which active power can flow; for equipment that cannot absorb it, the one."""
    delivering = Side("", rig.supply)
    if not absorbs(rig):
        return [delivering]
    charge_pu = rig.nameplate.charge_max_w / rig.nameplate.p_max_w
    return [delivering, Side(", absorbing active power", lambda share: rig.absorb(share * charge_pu), -charge_pu)]


def power_factor_curve(power_factor: float, injects: bool) -> Curve:
    """Return vars over active power, both per unit of rated VA: Q = P sqrt(1 / PF^2 - 1).

    Power that is absorbed is < 0, and the vars of equipment that injects them then are > 0: so it is `injects=False`.
    """
    slope = math.sqrt(1.0 / power_factor**2 - 1.0) * (1.0 if injects else -1.0)
    return Curve((-HIGHEST_PU, HIGHEST_PU), (-HIGHEST_PU * slope, HIGHEST_PU * slope))


def held_vars(asked_pu: float, rated_pu: float, capability: Curve) -> Between:
    """Return what has to come of commanded vars over active power: as much as asked, or what there has to be."""
    least = [math.copysign(min(abs(asked_pu), share * rated_pu), asked_pu) for share in capability.y]
    return Between(Curve((0.0,), (asked_pu,)), Curve(capability.x, tuple(least)))


def _held(
    rig: Rig,
    of: Characteristic,
    command: Callable[[], None],
    disturbances: Sequence[Disturbance],
    least_power_pu: float | None = None,
) -> Iterator[Finding]:
    """Bring rated power, command, disturb, and switch the mode off; afterwards grid and power are what they were.

    `least_power_pu` of active power has to be there before that, < 0 where it is absorbed.
    """
    of.apply(1.0)
    command()
    rig.hold(ADOPTION_RESPONSES * of.response_s, of.response_s / 10.0)
    before = yield from settled(rig, of, f"{of.name}, as commanded")
    for number, (what, disturb) in enumerate(disturbances, start=1):
        before = yield from disturbed(rig, of, before, disturb, f"{of.name}, step {number} to {what}")
    if least_power_pu is not None:
        yield _delivered(rig, of, least_power_pu)
    none: Expected = Curve((0.0,), (0.0,))
    off = replace(of, curve=none)
    yield from disturbed(rig, off, before, rig.functions.disable_reactive_commands, f"{of.name}, switched off")


def _delivered(rig: Rig, of: Characteristic, least_pu: float) -> Finding:
    """Judge that active power flows: a device that has tripped holds every power factor."""
    look = rig.hold(1.0, 1.0)
    response = rig.active_power(look)
    what = f"active power beside {of.name}, at rest"
    criterion = at_least(least_pu, response) if least_pu > 0.0 else at_most(least_pu, response)
    time_s = look[-1].time_s
    return Finding(what, Reading(1.0), response, criterion, time_s, rig.analyzer_name, of.clause)


def _disturbances(rig: Rig, figures: SuiteFigures, levels_pu: Sequence[float], side: Side) -> list[Disturbance]:
    """Return the steps of active power, of voltage, and with three phases of their balance; the last ends at rated."""
    a = figures.accuracy.widening.value * figures.accuracy.voltage_pu.value
    low, high = figures.range_v_pu.lowest.value + a, figures.range_v_pu.highest.value - a
    powers = [(f"{level * PCT:g} % of rated power", partial(side.offer, level)) for level in levels_pu]
    voltages = [(f"{v:.3f} pu", partial(rig.set_grid, v)) for v in (low, high, low, 1.0)]
    return [*powers, *voltages, *unbalances(rig, figures)]


def unbalances(rig: Rig, figures: SuiteFigures) -> list[Disturbance]:
    """Return the steps to each case of unbalance and back to balance; none for equipment without three phases."""
    if rig.phases != THREE_PHASES:
        return []
    steps: list[Disturbance] = []
    for case in figures.unbalance.cases:
        steps.append((case.name, partial(rig.set_grid, case.v_pu, angle_deg=case.angle_deg)))
        steps.append((f"balance after {case.name}", partial(rig.set_grid, 1.0)))
    return steps


def _var_accuracy(figures: SuiteFigures) -> float:
    return figures.accuracy.widening.value * figures.accuracy.power_pu.value
