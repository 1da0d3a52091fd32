"""What a battery states of itself: ratings, capacity and charge, and whether they are those of the bench file."""

import math
from collections.abc import Iterator

from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.storage.figures import StorageFigures
from bench.certification.storage.findings import OF_CAPACITY, found, said
from bench.certification.storage.rig import PCT, StorageRig
from bench.measurement import Limits

PER_CENT = "%"


def ratings(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Read ratings and charge, and judge whether they can be and fit together."""
    told, clause = on.storage.read_storage(), figures.ratings_clause

    def finding(what: str, value: float, limits: Limits, unit: str) -> Finding:
        spans = unit == PER_CENT
        return found(on, what, Reading(value), limits, clause, unit=unit, source=on.rig.device, any_inside=spans)

    yield said(on, "states a rating to charge and one to discharge", min(on.charge_pu, on.discharge_pu) > 0.0, clause)
    yield finding("state of charge", told.soc_pct, Limits(0.0, PCT), PER_CENT)
    accuracy = figures.accuracy.rating_pu.value
    if not math.isnan(told.health_pct):
        yield finding("state of health", told.health_pct, Limits(0.0, PCT), PER_CENT)
    share = told.energy_wh / told.capacity_wh
    held = told.soc_pct / PCT * told.left_wh / told.capacity_wh
    yield finding("energy left", share, Limits.around(held, accuracy), OF_CAPACITY)
    if not math.isnan(on.configured_pu):
        stated = told.capacity_wh / on.rig.nameplate.va_max_va / on.configured_pu
        yield finding("stated capacity", stated, Limits.around(1.0, accuracy), "of that of the bench file")
