"""Findings of a battery: what was measured of it, held against its limits."""

from bench.certification.criteria import Criterion, Reading
from bench.certification.findings import Finding
from bench.certification.storage.rig import StorageRig
from bench.measurement import Limits

OF_CAPACITY = "of capacity"
"""Unit of energies and charges."""


def found(
    on: StorageRig,
    what: str,
    response: Reading,
    limits: Limits,
    clause: str,
    *,
    stimulus: float = 0.0,
    unit: str = "pu",
    source: str = "",
    any_inside: bool = False,
) -> Finding:
    """Return a finding at this moment; `source` where it is not the analyzer.

    Its target is the middle of two limits, the one that there is, or with `any_inside` whatever lies between them.
    """
    ends = [end for end in (limits.lower, limits.upper) if end is not None]
    target = min(max(response.value, min(ends)), max(ends)) if any_inside else sum(ends) / len(ends)
    criterion = Criterion(target, limits, response.uncertainty)
    by = source or on.rig.analyzer_name
    return Finding(what, Reading(stimulus), response, criterion, on.rig.clock.now_s, by, clause, unit)


def said(on: StorageRig, what: str, is_so: bool, clause: str) -> Finding:
    """Return a finding of what the battery says, which is so or not."""
    return found(on, what, Reading(float(is_so)), Limits(lower=1.0), clause, unit="of 1", source=on.rig.device)
