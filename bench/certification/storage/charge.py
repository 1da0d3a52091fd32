"""State of charge: what the battery tells, held against the energy that the analyzer saw."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.rig import Sample
from bench.certification.storage.energy import HOUR_S
from bench.certification.storage.figures import StorageFigures
from bench.certification.storage.findings import OF_CAPACITY, found
from bench.certification.storage.rig import PCT, StorageRig
from bench.certification.storage.statement import stated_or
from bench.measurement import Limits
from reports.verdict import Verdict

LEAST = 0.5
"""Share of a leg's energy that has to be moved."""


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


@dataclass
class _Sum:
    """What the legs up to now let the told charge fall by, and the uncertainty of that."""

    lower: float = 0.0
    upper: float = 0.0
    off: float = 0.0

    def add(self, limits: Limits, off: float) -> None:
        self.lower, self.upper = self.lower + (limits.lower or 0.0), self.upper + (limits.upper or 0.0)
        self.off += off


def state_of_charge(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Give and take energy leg by leg, and judge by how much the told charge moves in each, and in all.

    Raises NotPassed, NOT_RUN, where a leg moves too little: a charge that stays is told by any gauge.
    """
    section, efficiency, total = figures.charge, efficiency_pu(on, figures), _Sum()
    yield from _on_the_way(on, figures)
    told = [_told(on)]
    for number, share in enumerate(section.legs_pu, start=1):
        energy = _leg(on, share)
        if energy.value / share < LEAST:
            raise NotPassed(f"leg {number} moved {energy.value:.1%} of its capacity, not {share:.0%}", Verdict.NOT_RUN)
        limits, off = moved(energy.value, efficiency), energy.uncertainty / efficiency
        total.add(limits, off)
        told.append(_told(on))
        yield _fallen(on, figures, f"leg {number}", Reading(told[-2] - told[-1], off), limits)
    all_legs = Limits(total.lower, total.upper)
    yield _fallen(on, figures, "all legs", Reading(told[0] - told[-1], total.off), all_legs)


def _on_the_way(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Bring it to where the legs begin, and judge the told charge on the way there as in any leg.

    Raises NotPassed, NOT_RUN, for a battery that never tells that it is there.
    """
    before = _told(on)
    way = on.bring_to(figures.charge.begin_pu)
    if way is None:
        return
    energy = _net(on, way.samples)
    limits = moved(energy.value, efficiency_pu(on, figures))
    fall = Reading(before - way.looks[-1].soc_pu, energy.uncertainty / efficiency_pu(on, figures))
    yield _fallen(on, figures, "on the way to where the legs begin", fall, limits)
    if not way.ended:
        raise NotPassed(f"it tells a charge of {way.looks[-1].soc_pu:.1%} however much flows", Verdict.NOT_RUN)


def _fallen(on: StorageRig, figures: StorageFigures, where: str, fall: Reading, limits: Limits) -> Finding:
    accuracy, clause = figures.charge.accuracy_pu.value, figures.charge.clause
    wider = Limits((limits.lower or 0.0) - accuracy, (limits.upper or 0.0) + accuracy)
    what, energy = f"fall of the told charge, {where}", limits.lower or 0.0
    return found(on, what, fall, wider, clause, stimulus=energy, unit=OF_CAPACITY)


def _told(on: StorageRig) -> float:
    return on.storage.read_storage().soc_pct / PCT


def _leg(on: StorageRig, share: float) -> Reading:
    """Give, > 0, or take about a share of capacity at rated power; return what it was, a share of the capacity."""
    power_pu = on.rated_pu(1.0 if share > 0.0 else -1.0)
    looks = on.rig.hold(1.0, 1.0)
    on.command(power_pu)
    looks += on.settle()
    looks += on.hold(abs(share) * on.capacity_pu / abs(power_pu) * HOUR_S, on.look_s)
    on.rest()
    looks += on.settle()
    return _net(on, looks)


def _net(on: StorageRig, samples: Sequence[Sample]) -> Reading:
    """Return what was given, > 0, or taken, a share of the capacity."""
    flow = on.energy(samples)
    net = flow.discharged.value - flow.charged.value
    return on.of_capacity(Reading(net, flow.discharged.uncertainty + flow.charged.uncertainty))
