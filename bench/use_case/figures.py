"""Whether what is told of dispatched DER follows from its own figures: sums, conclusions, who fell short."""

import math
from collections.abc import Iterable

from bench.messages.resources import EventHistory, RelevantEventHistory, ResourceAssessment

SHORT_SHARE = 0.05
"""Share of its request by which a DER has to miss it to have fallen short."""


def unlike_sum(what: str, told_kw: float, parts_kw: Iterable[float]) -> str | None:
    """Say that a told power is not the sum of its parts, kW; None when it is."""
    total_kw = math.fsum(parts_kw)
    if math.isclose(total_kw, told_kw, rel_tol=1e-6, abs_tol=1e-3):
        return None
    return f"tells {told_kw:.1f} kW {what}, its resources add up to {total_kw:.1f} kW"


def inconsistent(assessment: ResourceAssessment) -> str | None:
    """Say where an assessment does not follow from its own figures: what cannot be shown to suffice does not."""
    beyond_kw = assessment.head_load_kw + assessment.uncertainty_kw - assessment.limit_kw
    if assessment.sufficient is not (beyond_kw <= 0.0):
        word = "sufficient" if assessment.sufficient else "insufficient"
        return f"calls itself {word}, {beyond_kw:.1f} kW being beyond the limit with the uncertainty of the load"
    if math.isclose(assessment.shortfall_kw, max(0.0, beyond_kw), rel_tol=1e-6, abs_tol=1e-3):
        return None
    return f"tells a shortfall of {assessment.shortfall_kw:.1f} kW, where {max(0.0, beyond_kw):.1f} kW follow"


def present(history: EventHistory, time_s: float) -> dict[str, float]:
    """Return what a history tells of requests that are in force yet, by device: it can still be measured."""
    return {
        record.request.device: record.delivered_kw
        for record in history.resources
        if record.delivered_kw is not None
        and record.request.start_s <= time_s < record.request.start_s + record.request.duration_s
    }


def not_those_that_fell_short(relevant: RelevantEventHistory) -> str | None:
    """Say that a history calls others short than its own figures do; None when it does not."""
    short = {
        record.request.request
        for record in relevant.resources
        if record.delivered_kw is None
        or abs(record.delivered_kw - record.request.power_kw) > SHORT_SHARE * abs(record.request.power_kw)
    }
    if set(relevant.short) == short:
        return None
    return (
        f"calls {', '.join(relevant.short) or 'nobody'} short, by its figures {', '.join(sorted(short)) or 'nobody'} is"
    )
