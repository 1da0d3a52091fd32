"""Findings of a battery: what was measured of it, held against its limits."""

from bench.certification.criteria import Criterion, Reading
from bench.certification.findings import Finding
from bench.certification.storage.rig import StorageRig
from bench.measurement import Limits


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
) -> Finding:
    """Return a finding at this moment; `source` where it is not the analyzer."""
    low, high = limits.lower, limits.upper
    ends = [end for end in (low, high) if end is not None]
    target = sum(ends) / len(ends)
    criterion = Criterion(target, limits, response.uncertainty)
    by = source or on.rig.analyzer_name
    return Finding(what, Reading(stimulus), response, criterion, on.rig.clock.now_s, by, clause, unit)


def said(on: StorageRig, what: str, is_so: bool, clause: str) -> Finding:
    """Return a finding of what the battery says, which is so or not."""
    return found(on, what, Reading(float(is_so)), Limits(lower=1.0), clause, unit="of 1", source=on.rig.device)
