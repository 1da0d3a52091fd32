"""Total load affected by a call, from interval readings before and after it (NAESB's Meter Before / Meter After).

Readings are validated, estimated and edited first: spikes are taken out, gaps filled between their neighbours, and what
is left is held against the meter's own energy registers. A customer without usable readings is estimated from the
response of the others.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

SPIKE_SHARE, SPIKE_W = 0.5, 1000.0
"""A reading farther from the median of its window than this share of it and this power is a spike."""
USABLE_SHARE = 0.5
"""Least share of a window's readings that must be there and be no spike."""
SUM_SHARE, REGISTER_WH = 0.02, 1.0
"""How far energy out of readings may lie from the registers: a share of it, and one count of each register read."""
DEMAND_SHARE, DEMAND_W = 0.05, 50.0
"""How far the mean after a call may lie from the read on demand: a share of it, and a power that changes by itself."""
READING_UNCERTAINTY = 0.004
"""Of a meter's power reading, share of it (coverage factor 2): class 0.2 %, and load that moves within the window."""
HOUR_S = 3600.0


@dataclass(frozen=True)
class Reading:
    """A customer's load (net meter and generation together) and energy so far; None where a meter was silent."""

    time_s: float
    load_w: float | None
    energy_wh: float | None


@dataclass(frozen=True)
class Window:
    """Mean load of a stretch of readings after editing, W, None where too few were usable; and what editing found."""

    mean_w: float | None
    edited: int
    verified: bool


@dataclass(frozen=True)
class CalledCustomer:
    """A called customer: expected response, kW, readings before and after the call, and the load read on demand, W."""

    expected_kw: float
    before: Sequence[Reading]
    after: Sequence[Reading]
    demanded_w: float | None = None


@dataclass(frozen=True)
class Affected:
    """Load that a call removed, kW, in total and by customer, with what had to be estimated or does not add up."""

    total_kw: float
    uncertainty_kw: float
    by_customer_kw: dict[str, float]
    estimated: tuple[str, ...]
    unverified: tuple[str, ...]
    edited: int


def total_load_affected(customers: Mapping[str, CalledCustomer]) -> Affected:
    """Compute the load affected; raises ValueError when no customer at all has usable readings."""
    windows = {name: (examine(c.before), verify(examine(c.after), c.demanded_w)) for name, c in customers.items()}
    measured_kw, variance = {}, 0.0
    for name, (before, after) in windows.items():
        if before.mean_w is not None and after.mean_w is not None:
            measured_kw[name] = (before.mean_w - after.mean_w) / 1000.0
            variance += (READING_UNCERTAINTY / 1000.0) ** 2 * (before.mean_w**2 + after.mean_w**2)
    missing = [name for name in customers if name not in measured_kw]
    rate, spread = _response(measured_kw, customers)
    estimated_kw = {name: rate * customers[name].expected_kw for name in missing}
    variance += math.fsum((2.0 * spread * customers[name].expected_kw) ** 2 for name in missing)
    by_customer = {name: measured_kw.get(name, estimated_kw.get(name, 0.0)) for name in customers}
    return Affected(
        total_kw=math.fsum(by_customer.values()),
        uncertainty_kw=math.sqrt(variance),
        by_customer_kw=by_customer,
        estimated=tuple(missing),
        unverified=tuple(name for name, pair in windows.items() if not all(window.verified for window in pair)),
        edited=sum(window.edited for pair in windows.values() for window in pair),
    )


def examine(readings: Sequence[Reading]) -> Window:
    """Validate, estimate and edit the readings of a stretch of time in which the load is meant to stand still."""
    loads_w = [reading.load_w for reading in readings]
    present_w = [load_w for load_w in loads_w if load_w is not None]
    if not present_w:
        return Window(None, len(readings), verified=True)
    centre_w = median(present_w)
    spike_w = max(SPIKE_SHARE * abs(centre_w), SPIKE_W)
    kept = [load_w if load_w is not None and abs(load_w - centre_w) <= spike_w else None for load_w in loads_w]
    edited = sum(load_w is None for load_w in kept)
    if len(kept) - edited < USABLE_SHARE * len(kept):
        return Window(None, edited, verified=True)
    filled_w = fill_gaps([reading.time_s for reading in readings], kept)
    return Window(math.fsum(filled_w) / len(filled_w), edited, _adds_up(readings, filled_w))


def verify(window: Window, demanded_w: float | None) -> Window:
    """Hold the readings after a call against the read on demand, and use that where there are none."""
    if demanded_w is None:
        return window
    if window.mean_w is None:
        return replace(window, mean_w=demanded_w)
    agrees = abs(window.mean_w - demanded_w) <= DEMAND_SHARE * abs(demanded_w) + DEMAND_W
    return replace(window, verified=window.verified and agrees)


def fill_gaps(times_s: Sequence[float], values: Sequence[float | None]) -> list[float]:
    """Fill missing values on a straight line between neighbours, at an end with the nearest; one must be there."""
    known = [(t, v) for t, v in zip(times_s, values, strict=True) if v is not None]
    filled = []
    for time_s, value in zip(times_s, values, strict=True):
        before = [item for item in known if item[0] <= time_s]
        after = [item for item in known if item[0] >= time_s]
        if value is not None:
            filled.append(value)
        elif before and after:
            (t0, v0), (t1, v1) = before[-1], after[0]
            filled.append(v0 + (v1 - v0) * (time_s - t0) / (t1 - t0))
        else:
            filled.append((before or after)[-1 if before else 0][1])
    return filled


def _adds_up(readings: Sequence[Reading], loads_w: Sequence[float]) -> bool:
    """Hold the energy under the readings (trapezoids) against the registers, from their first to their last reading."""
    at = [i for i, reading in enumerate(readings) if reading.energy_wh is not None]
    if len(at) < 2:  # noqa: PLR2004  two readings span a time
        return True
    first, last = at[0], at[-1]
    taken_wh = math.fsum(
        (loads_w[i] + loads_w[i + 1]) / 2.0 * (readings[i + 1].time_s - readings[i].time_s) / HOUR_S
        for i in range(first, last)
    )
    registered_wh = (readings[last].energy_wh or 0.0) - (readings[first].energy_wh or 0.0)
    return abs(taken_wh - registered_wh) <= SUM_SHARE * abs(registered_wh) + 2.0 * REGISTER_WH


def _response(measured_kw: Mapping[str, float], customers: Mapping[str, CalledCustomer]) -> tuple[float, float]:
    """Return the mean response over what was expected, and the standard deviation of single customers around it."""
    expected_kw = math.fsum(customers[name].expected_kw for name in measured_kw)
    if expected_kw <= 0.0:
        if len(measured_kw) < len(customers):
            raise ValueError("no called customer has usable readings: the load affected cannot be told")
        return 0.0, 0.0
    rate = math.fsum(measured_kw.values()) / expected_kw
    residuals = [measured_kw[n] / customers[n].expected_kw - rate for n in measured_kw if customers[n].expected_kw > 0]
    return rate, math.sqrt(math.fsum(r * r for r in residuals) / max(1, len(residuals) - 1))
