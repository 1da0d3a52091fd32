"""The limits of charge: what happens at full, at empty and at a reserve, by the analyzer and by what is told."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.rig import Sample
from bench.certification.storage.charge import efficiency_pu
from bench.certification.storage.figures import StorageFigures
from bench.certification.storage.findings import OF_CAPACITY, found, said
from bench.certification.storage.rig import PCT, Leg, Look, StorageRig
from bench.certification.storage.statement import stated_or
from bench.measurement import Limits
from instruments.readings import ChargeStatus
from reports.verdict import Verdict

STILL = 2
"""Looks in a row at which nothing flows, after which a battery has stopped."""


@dataclass(frozen=True)
class End:
    """An end of the charge: its name, the share of rated power that goes there, the charge there, and its clause."""

    name: str
    status: ChargeStatus
    share: float
    soc_pu: float
    clause: str

    @property
    def working(self) -> ChargeStatus:
        """What a battery says while it goes there."""
        return "charging" if self.share < 0.0 else "discharging"

    def left_pu(self, look: Look) -> float:
        """Return how much of the capacity lies between a told charge and this end."""
        return max((look.soc_pu - self.soc_pu) * self.share, 0.0)


def full(on: StorageRig, figures: StorageFigures) -> End:
    """Return the upper end: up to where the battery states to charge, or all of it."""
    highest_pct = on.storage.read_limits().highest_pct
    return End("full", "full", -1.0, stated_or(highest_pct, PCT) / PCT, figures.ends.full_clause)


def empty(on: StorageRig, figures: StorageFigures) -> End:
    """Return the lower end: what the battery states to keep, or nothing."""
    limits = on.storage.read_limits()
    kept = max((value for value in (limits.lowest_pct, limits.reserve_pct) if not math.isnan(value)), default=0.0)
    return End("empty", "empty", 1.0, kept / PCT, figures.ends.empty_clause)


def go_to(on: StorageRig, figures: StorageFigures, end: End) -> Leg:
    """Charge or discharge at rated power until it stops by itself, or patience is over; the command stays.

    Nothing in one look only may be a pause.
    """

    def stopped(looks: Sequence[Look]) -> bool:
        return len(looks) >= STILL and all(is_nothing(look.sample, figures) for look in looks[-STILL:])

    return on.drive(on.rated_pu(end.share), end.soc_pu, stopped)


def reach(on: StorageRig, figures: StorageFigures, end: End) -> Leg:
    """Go to an end as a part of another test; raises NotPassed, NOT_RUN, where that does not come."""
    leg = go_to(on, figures, end)
    if not leg.ended:
        raise NotPassed(
            f"it does not stop by itself when it should be {end.name}: see clause {end.clause}", Verdict.NOT_RUN
        )
    return leg


def is_nothing(sample: Sample, figures: StorageFigures) -> bool:
    """Whether a battery neither charges nor discharges."""
    return abs(sample.p_pu) <= figures.accuracy.nothing_pu.value


def limit_at(on: StorageRig, figures: StorageFigures, end: End) -> Iterator[Finding]:
    """Go to an end and keep commanding; judge that it stops, says so, goes no further, and resumes the other way."""
    leg = go_to(on, figures, end)
    after = on.hold(on.commands.rest_s, on.commands.rest_s / 10.0)
    last = on.look(after[-1])
    yield from _beyond(on, figures, end, leg, after)
    yield _stopped(on, figures, end, after)
    yield from _told(on, figures, end, [*leg.looks, last])
    yield _resumes(on, figures, end)
    on.rest()


def _beyond(on: StorageRig, figures: StorageFigures, end: End, leg: Leg, after: Sequence[Sample]) -> Iterator[Finding]:
    """Judge the energy that flowed after the battery first told that it was there, or nearly so.

    Charging, more may flow than is stored. One that never tells has no such energy; what it tells is judged apart.
    """
    first = next((look for look in leg.looks if end.left_pu(look) <= figures.ends.told_pu.value), None)
    if first is None:
        return
    efficiency = efficiency_pu(on, figures) if end.share < 0.0 else 1.0
    left, flow = end.left_pu(first) / efficiency, on.energy([*leg.since(first), *after])
    energy = on.of_capacity(flow.charged if end.share < 0.0 else flow.discharged)
    what = f"energy after {end.name} was told, beyond what was left"
    response = Reading(energy.value - left, energy.uncertainty)
    yield found(on, what, response, Limits(upper=figures.ends.beyond_pu.value), end.clause, unit=OF_CAPACITY)


def _stopped(on: StorageRig, figures: StorageFigures, end: End, after: Sequence[Sample]) -> Finding:
    most = max(after, key=lambda sample: abs(sample.p_pu))
    limits = Limits.around(0.0, figures.accuracy.nothing_pu.value)
    return found(on, f"power at {end.name}, commanded on", on.rig.active_power([most]), limits, end.clause)


def _told(on: StorageRig, figures: StorageFigures, end: End, looks: Sequence[Look]) -> Iterator[Finding]:
    tolerance, source = figures.ends.told_pu.value, on.rig.device
    last = Reading(looks[-1].soc_pu)
    limits = Limits.around(end.soc_pu, tolerance)
    yield found(on, f"charge told at {end.name}", last, limits, end.clause, unit=OF_CAPACITY, source=source)
    extremes = [look.soc_pu for look in looks]
    span = Limits(0.0, 1.0)
    for what, value in (("highest", max(extremes)), ("lowest", min(extremes))):
        told = f"{what} charge told on the way to {end.name}"
        yield found(on, told, Reading(value), span, end.clause, unit=OF_CAPACITY, source=source, any_inside=True)
    status = on.storage.read_charge_status()
    if status:
        flows = abs(looks[-1].sample.p_pu) > on.rig.instrument.power_pu
        so = {end.status, "holding", *([end.working] if flows else [])}
        yield said(on, f"says what is so at {end.name}", status in so, end.clause)


def _resumes(on: StorageRig, figures: StorageFigures, end: End) -> Finding:
    """Judge that power goes the other way when that is commanded; how much of it, is judged where it is tracked."""
    asked, least = on.rated_pu(-end.share), figures.ends.resume_pu.value
    on.command(asked)
    power = on.rig.active_power(on.hold(figures.ends.resume_s.value, 2.0)[-2:])
    share = Reading(power.value / asked, power.uncertainty / abs(asked))
    what = f"power the other way, commanded at {end.name}"
    return found(on, what, share, Limits(lower=least), end.clause, unit="of what was asked")


def reserve(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Set a reserve, discharge until it stops, and judge what was given and what is left; then take it back.

    Raises NotPassed, NOT_RUN, for a battery that has none.
    """
    section, kept = figures.reserve, figures.reserve.reserve_pu
    before = on.storage.read_limits().reserve_pct
    if math.isnan(before):
        raise NotPassed(f"{on.rig.device} has no reserve that can be set (802 SoCRsvMin)", Verdict.NOT_RUN)
    on.require_at(section.begin_pu)
    on.storage.set_reserve_pct(kept * PCT)
    try:
        yield from _kept(on, figures, End("its reserve", "empty", 1.0, kept, section.clause))
    finally:
        on.rest()
        on.storage.set_reserve_pct(before)


def _kept(on: StorageRig, figures: StorageFigures, end: End) -> Iterator[Finding]:
    accuracy, begun = figures.reserve.accuracy_pu.value, on.storage.read_storage().soc_pct / PCT
    leg = go_to(on, figures, end)
    after = on.hold(on.commands.rest_s, on.commands.rest_s / 10.0)
    given = on.of_capacity(on.energy([*leg.samples, *after]).discharged)
    above = begun - end.soc_pu
    limits = Limits(above * efficiency_pu(on, figures) - accuracy, above + accuracy)
    yield found(on, "energy given above the reserve", given, limits, end.clause, unit=OF_CAPACITY, any_inside=True)
    yield _stopped(on, figures, end, after)
    left = Reading(on.look(after[-1]).soc_pu)
    least = Limits(lower=end.soc_pu - figures.charge.accuracy_pu.value)
    told = "charge told at its reserve"
    yield found(on, told, left, least, end.clause, unit=OF_CAPACITY, source=on.rig.device)
    yield _resumes(on, figures, end)


def at_full(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Judge the upper end."""
    yield from limit_at(on, figures, full(on, figures))


def at_empty(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Judge the lower end."""
    yield from limit_at(on, figures, empty(on, figures))
