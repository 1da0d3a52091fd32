"""What a battery states of itself: ratings, capacity and charge, and whether they are those of the bench file."""

import math
from collections.abc import Iterator

from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.storage.figures import StorageFigures
from bench.certification.storage.findings import found, said
from bench.certification.storage.rig import PCT, StorageRig
from bench.measurement import Limits


def ratings(on: StorageRig, figures: StorageFigures) -> Iterator[Finding]:
    """Read ratings and charge, and judge whether they can be and fit together."""
    told, clause = on.storage.read_storage(), figures.ratings_clause

    def finding(what: str, value: float, limits: Limits, unit: str = "pu") -> Finding:
        return found(on, what, Reading(value), limits, clause, unit=unit, source=on.rig.device)

    yield said(on, "states a rating to charge and one to discharge", min(on.charge_pu, on.discharge_pu) > 0.0, clause)
    yield finding("state of charge", told.soc_pct, Limits(0.0, PCT), "%")
    accuracy = figures.accuracy.rating_pu.value
    if told.capacity_wh > 0.0:
        share = told.energy_wh / told.capacity_wh
        yield finding("energy left, of its capacity", share, Limits.around(told.soc_pct / PCT, accuracy))
    if not math.isnan(on.configured_pu):
        limits = Limits.around(1.0, accuracy)
        yield finding("stated capacity, of the one that the bench file has", on.capacity_pu / on.configured_pu, limits)
