"""Full cycles: the efficiency of a round trip, the energy of a discharge, and what is lost at rest."""

from collections.abc import Iterator

from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.storage.charge import efficiency_pu
from bench.certification.storage.ends import End, empty, full, reach
from bench.certification.storage.energy import HOUR_S, Throughput, ratio
from bench.certification.storage.figures import StorageFigures
from bench.certification.storage.findings import OF_CAPACITY, found
from bench.certification.storage.rig import PCT, StorageRig
from bench.certification.storage.statement import stated_or
from bench.measurement import Limits
from instruments.errors import InstrumentError
from reports.verdict import Verdict

DAY_H = 24.0


def round_trip(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """From full to empty and back to full: energy given over energy taken at the terminals, what it needs included.

    Raises InstrumentError where more came out than went in: that is no battery's doing.
    """
    section = figures.cycle
    _charge(on, figures)
    given, taken = _discharge(on, figures), _charge(on, figures)
    if taken.value <= 0.0:
        raise NotPassed("nothing was taken after a full discharge: see the limits at full and empty", Verdict.NOT_RUN)
    efficiency = ratio(given, taken)
    if efficiency.value - efficiency.uncertainty > 1.0:
        raise InstrumentError(
            f"{on.rig.analyzer_name} saw {efficiency.value:.3f} times as much energy come out as go in"
        )
    least = efficiency_pu(on, figures)
    missed = section.accuracy_pu.value if on.statement.states_efficiency else 0.0
    what = "round-trip efficiency at the AC terminals"
    yield found(on, what, efficiency, Limits(lower=least - missed), section.clause, unit="of energy taken")
    what, owed = "energy given from full to empty", Limits(lower=_owed(on, figures))
    yield found(on, what, on.of_capacity(given), owed, section.clause, unit=OF_CAPACITY)


def standby(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Discharge from full at once, and again after a long rest: what is missing then was lost at rest.

    Energy is what counts, and not what the battery tells of its charge.
    """
    section = figures.standby
    days = section.rest_h / DAY_H
    _charge(on, figures)
    at_once = _discharge(on, figures)
    if on.of_capacity(at_once).value < _owed(on, figures):
        raise NotPassed("a full discharge gives too little to miss any of it: see the full cycle", Verdict.NOT_RUN)
    _charge(on, figures)
    rested = on.hold(section.rest_h * HOUR_S, on.looks.wall_s if on.is_wall else on.looks.resting_s)
    after = _discharge(on, figures)
    idle = max(rested, key=lambda sample: abs(sample.p_pu))
    nothing = Limits.around(0.0, figures.accuracy.nothing_pu.value)
    yield found(on, "power at rest", on.rig.active_power([idle]), nothing, section.clause)
    missing = on.of_capacity(Reading(at_once.value - after.value, at_once.uncertainty + after.uncertainty))
    lost = Reading(missing.value * PCT / days, missing.uncertainty * PCT / days)
    allowed = stated_or(on.statement.self_discharge_pct_per_day, section.loss_pct_per_day.value)
    most = Limits(upper=allowed + section.accuracy_pct_per_day.value)
    yield found(on, "self-discharge", lost, most, section.clause, unit="% of capacity a day")


def _owed(on: StorageRig, figures: StorageFigures) -> float:
    """Return what a full discharge has to give at the least, a share of capacity: all losses may be on this way."""
    share = full(on, figures).soc_pu - empty(on, figures).soc_pu
    return share * efficiency_pu(on, figures) - figures.cycle.energy_pu.value


def _charge(on: StorageRig, figures: StorageFigures) -> Reading:
    return _gone(on, figures, full(on, figures)).charged


def _discharge(on: StorageRig, figures: StorageFigures) -> Reading:
    return _gone(on, figures, empty(on, figures)).discharged


def _gone(on: StorageRig, figures: StorageFigures, end: End) -> Throughput:
    """Go to an end and rest there; return the energy of all of it."""
    leg = reach(on, figures, end)
    on.rest()
    return on.energy([*leg.samples, *on.settle()])
