"""State of charge: what the battery tells, held against the energy that the analyzer saw."""

from collections.abc import Iterator

from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.storage.energy import HOUR_S
from bench.certification.storage.figures import StorageFigures
from bench.certification.storage.findings import found
from bench.certification.storage.rig import StorageRig
from bench.certification.storage.statement import stated_or
from bench.measurement import Limits


def efficiency_pu(on: StorageRig, figures: StorageFigures) -> float:
    """Return the efficiency of a round trip: the stated one, or the least that is taken where none is stated."""
    return stated_or(on.statement.efficiency_pu, figures.cycle.efficiency_pu.value)


def moved(share_of_capacity: float, efficiency: float) -> Limits:
    """Return by how much charge may fall, > 0, or rise, < 0, when so much energy was given or taken at the terminals.

    An efficiency is that of a round trip, and nobody states on which of its ways the losses are: all of them may be.
    """
    if share_of_capacity > 0.0:
        return Limits(share_of_capacity, share_of_capacity / efficiency)
    return Limits(share_of_capacity, share_of_capacity * efficiency)


def state_of_charge(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Give and take energy leg by leg, and judge by how much the told charge moves in each, and in all."""
    section, efficiency = figures.charge, efficiency_pu(on, figures)
    on.bring_to(section.begin_pu)
    begun, total = on.storage.read_storage().soc_pct / 100.0, Limits(0.0, 0.0)
    last, off = begun, 0.0
    for number, share in enumerate(section.legs_pu, start=1):
        energy = _leg(on, share)
        limits, u = moved(energy.value, efficiency), energy.uncertainty / efficiency
        now = on.storage.read_storage().soc_pct / 100.0
        total, off = Limits(_sum(total.lower, limits.lower), _sum(total.upper, limits.upper)), off + u
        what = f"fall of the told charge, leg {number}"
        yield found(on, what, Reading(last - now, u), _widened(limits, section.accuracy_pu.value), section.clause,
                    stimulus=energy.value)  # fmt: skip
        last = now
    fallen = Reading(begun - last, off)
    yield found(
        on, "fall of the told charge, all legs", fallen, _widened(total, section.accuracy_pu.value), section.clause
    )


def _leg(on: StorageRig, share: float) -> Reading:
    """Give, > 0, or take about a share of capacity at rated power; return what it was, a share of the capacity."""
    power_pu = on.rated_pu(1.0 if share > 0.0 else -1.0)
    begin = on.rig.hold(1.0, 1.0)
    on.command(power_pu)
    looks = [*begin, *on.settle()]
    looks += on.hold(abs(share) * on.capacity_pu / abs(power_pu) * HOUR_S, on.look_s)
    on.rest()
    looks += on.settle()
    flow = on.energy(looks)
    net = flow.discharged.value - flow.charged.value
    return on.of_capacity(Reading(net, flow.discharged.uncertainty + flow.charged.uncertainty))


def _widened(limits: Limits, by: float) -> Limits:
    return Limits((limits.lower or 0.0) - by, (limits.upper or 0.0) + by)


def _sum(one: float | None, other: float | None) -> float:
    return (one or 0.0) + (other or 0.0)
