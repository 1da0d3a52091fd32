"""The judge's own calculations on plans, schedules and constraints; none of them is shared with the actors."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from bench.actors.resource_planning import DerUnit
from bench.dispatch.day_ahead import Unit
from bench.dispatch.transmission import Transmission
from bench.measurement import PowerReading
from bench.messages.resources import PeakingRequirements, RequiredResources, TransmissionConstraint
from bench.truth.grid_check import GridCheck

Floats = NDArray[np.float64]
FORECAST_SHARE = 0.03
"""How far a forecast of the feeder's head may lie from a power flow of the same hour, per unit."""
VALUE_SHARE = 1e-3
"""How much less than the best a schedule may earn, per unit: what solver and rounding leave."""
SAME_PRICE = 1e-9
"""Prices per MWh that differ by less are one."""
NEAR_KW = 0.5
"""What rounding may leave of a power, kW."""
THRESHOLD_KW = 100.0
"""Eligible is what stands behind a meter with more than this (the use case's precondition)."""
HOUR_S = 3600.0


@dataclass(frozen=True)
class Centre:
    """What the judge knows of the control centre: its units, grid, and how many feeders alike it serves.

    `forecast_kw` of the feeder's head at a time by a model of the judge's own; `out` are branches out of service.
    """

    stack: Sequence[Unit]
    reserve_kw: float
    feeders_alike: float
    network: Transmission | None
    feeders_at_bus: float
    forecast_kw: Callable[[float], float]
    out: Callable[[], frozenset[str]]


class PlanningField:
    """Answers the judge of planning and dispatching DER."""

    def __init__(
        self,
        centre: Centre,
        units: Sequence[DerUnit],
        read_kwh: Mapping[str, Callable[[], float]],
        reserve_pu: float,
        head_load_kw: Callable[[], float],
        power: Callable[[str], PowerReading | None],
    ) -> None:
        """Take the register of DER, what reads the energy in a battery over its wire, kWh, and what is measured."""
        self._centre, self._reserve_pu = centre, reserve_pu
        self._units = {unit.resource.device: unit for unit in units}
        self._read_kwh = read_kwh
        self.head_load_kw, self.power = head_load_kw, power

    @property
    def dispatchable(self) -> frozenset[str]:
        """Name storage and generation whose meters have enough behind them."""
        able = (d for d, unit in self._units.items() if d in self._read_kwh or unit.resource.kind == "generator")
        return frozenset(device for device in able if self.is_eligible(device))

    def is_eligible(self, device: str) -> bool:
        """Add up what stands behind the device's meter."""
        unit = self._units.get(device)
        if unit is None:
            return False
        behind = (u.resource.rating_kw for u in self._units.values() if u.resource.meter == unit.resource.meter)
        return sum(behind) > THRESHOLD_KW + NEAR_KW * 1e-3

    def most_kw(self, device: str, duration_s: float) -> float | None:
        """Return the rating, or what the battery's own registers say that it can hold for the time."""
        unit = self._units.get(device)
        if unit is None or (device not in self._read_kwh and unit.resource.kind != "generator"):
            return None
        if device not in self._read_kwh:
            return unit.resource.rating_kw
        usable_kwh = (self._read_kwh[device]() - self._reserve_pu * unit.energy_kwh) * unit.efficiency
        return min(unit.resource.rating_kw, max(0.0, usable_kwh) * HOUR_S / max(duration_s, 1.0))

    def rating_kw(self, device: str) -> float | None:
        """Return the rating of a DER of the register."""
        unit = self._units.get(device)
        return None if unit is None else unit.resource.rating_kw

    def planned_wrongly(self, plan: PeakingRequirements) -> str | None:
        """Hold forecast, system lambda and requirement against units and power flow, interval by interval."""
        columns = (plan.area_load_kw, plan.feeder_load_kw, plan.lambda_per_mwh, plan.requirement_kw, plan.limit_kw)
        if not plan.area_load_kw or len({len(column) for column in columns}) != 1:
            return f"tells {', '.join(str(len(column)) for column in columns)} intervals in its columns"
        found = (self._interval_wrong(plan, number) for number in range(len(plan.area_load_kw)))
        return next((f"interval {number}: {wrong}" for number, wrong in enumerate(found) if wrong), None)

    def _interval_wrong(self, plan: PeakingRequirements, number: int) -> str | None:
        feeder_kw, told_kw = plan.feeder_load_kw[number], plan.requirement_kw[number]
        flow_kw = self._centre.forecast_kw(plan.start_s + (number + 0.5) * plan.interval_s)
        if abs(feeder_kw - flow_kw) > FORECAST_SHARE * abs(flow_kw) + NEAR_KW:
            return f"forecasts {feeder_kw:.0f} kW at the feeder's head, a power flow gives {flow_kw:.0f} kW"
        area_kw, alike_kw = plan.area_load_kw[number], self._centre.feeders_alike * feeder_kw
        if area_kw is None or abs(area_kw - alike_kw) > NEAR_KW * self._centre.feeders_alike:
            return f"forecasts {area_kw} kW for the area, whose feeders take {alike_kw:.0f} kW"
        needed_kw = max(0.0, area_kw - self._most_kw) / self._centre.feeders_alike
        if abs(told_kw - needed_kw) > NEAR_KW:
            return f"requires {told_kw:.1f} kW, the stack leaves {needed_kw:.1f} kW unserved"
        if abs(plan.limit_kw[number] - (feeder_kw - told_kw)) > NEAR_KW:
            return f"allows {plan.limit_kw[number]:.1f} kW, {feeder_kw - told_kw:.1f} kW being left of the forecast"
        return self._no_marginal_price(plan.lambda_per_mwh[number], area_kw)

    @property
    def _most_kw(self) -> float:
        """What the stack may serve: the reserve stays unused."""
        return sum(unit.highest_kw for unit in self._centre.stack) - self._centre.reserve_kw

    def _no_marginal_price(self, price: float | None, load_kw: float) -> str | None:
        """A price is system lambda when cheaper output alone does not serve the load, and output up to it does."""
        if price is None:
            return None  # a gap is said to be one
        blocks = [block for unit in self._centre.stack for block in unit.blocks]
        least_kw = sum(unit.lowest_kw for unit in self._centre.stack)
        if load_kw < least_kw - NEAR_KW:  # what runs anyway makes more than is taken
            return None if abs(price) < SAME_PRICE else f"{price:.2f} per MWh, where output is to be had for nothing"
        cheaper_kw = least_kw + sum(block.width_kw for block in blocks if block.cost_per_mwh < price - SAME_PRICE)
        up_to_kw = least_kw + sum(block.width_kw for block in blocks if block.cost_per_mwh <= price + SAME_PRICE)
        is_dear = price >= max(block.cost_per_mwh for block in blocks) - SAME_PRICE
        if is_dear and load_kw > self._most_kw - NEAR_KW:  # nothing but the reserve is left
            return None
        if cheaper_kw <= load_kw + NEAR_KW and load_kw < min(up_to_kw, self._most_kw) + NEAR_KW:
            return None
        return f"{price:.2f} per MWh is not the cost of the next kWh at {load_kw:.0f} kW"

    def scheduled_wrongly(self, plan: PeakingRequirements, required: RequiredResources) -> str | None:
        """Hold a schedule against the equipment's limits, then against the best that another programme finds."""
        hours = plan.interval_s / HOUR_S
        wrong = self._malformed(plan, required) or self._any_impossible(required, hours)
        if wrong:
            return wrong
        prices = _bridged(plan.lambda_per_mwh)
        powers = {device: np.array(power) for device, power in required.power_kw.items()}
        needed = np.array(plan.requirement_kw)
        given = sum(powers.values(), np.zeros(len(needed)))
        uncovered = np.maximum(0.0, needed - given)[needed > 0.0].sum()
        value = sum(float(np.dot(prices - self._cost(d), p)) for d, p in powers.items()) * hours / 1000.0
        if abs(value - required.value) > VALUE_SHARE * abs(value) + 0.01:
            return f"tells a value of {required.value:.2f}, its powers earn {value:.2f}"
        best = self._best(required, prices, needed, hours)
        told_kw = sum(required.uncovered_kw)
        if abs(told_kw - uncovered) > NEAR_KW:
            return f"tells that {told_kw:.1f} kW are not covered, its powers leave {uncovered:.1f} kW"
        if uncovered > best.uncovered_kw + NEAR_KW:
            return f"leaves {uncovered:.1f} kW of the requirement, {best.uncovered_kw:.1f} kW would be left at best"
        if value < best.value - VALUE_SHARE * abs(best.value) - 0.01:
            return f"earns {value:.2f}, a schedule that covers as much earns {best.value:.2f}"
        return self._unlike_its_requests(plan, required)

    def _malformed(self, plan: PeakingRequirements, required: RequiredResources) -> str | None:
        """Say what keeps a schedule from being held against the plan at all: every eligible DER has to be in it."""
        known = self.dispatchable
        asked = {request.device for request in required.requests}
        if wrong := sorted((asked | set(required.power_kw)) - known):
            return f"schedules {', '.join(wrong)}, which may not be dispatched"
        if missing := sorted(known - set(required.power_kw)):
            return f"leaves out {', '.join(missing)}, which may be dispatched"
        gaps = sum(price is None for price in plan.lambda_per_mwh)
        if gaps == len(plan.lambda_per_mwh) or required.estimated != gaps:
            return f"tells of {required.estimated} estimated prices, the signal has {gaps} gaps"
        odd = (device for device, power in required.power_kw.items() if len(power) != len(plan.requirement_kw))
        return next((f"schedules {device} for another number of intervals than were planned" for device in odd), None)

    def _unlike_its_requests(self, plan: PeakingRequirements, required: RequiredResources) -> str | None:
        for device, power in required.power_kw.items():
            for number, kw in enumerate(power):
                middle_s = plan.start_s + (number + 0.5) * plan.interval_s
                asked = sum(
                    r.power_kw
                    for r in required.requests
                    if r.device == device and r.start_s <= middle_s < r.start_s + r.duration_s
                )
                if abs(asked - kw) > NEAR_KW:
                    return f"schedules {kw:.1f} kW of {device} in interval {number}, but requests {asked:.1f} kW"
        return None

    def _cost(self, device: str) -> float:
        unit = self._units[device]
        return unit.cost_per_mwh if unit.resource.kind == "generator" else 0.0

    def _any_impossible(self, required: RequiredResources, hours: float) -> str | None:
        found = (self._impossible(d, np.array(power), hours, required) for d, power in required.power_kw.items())
        return next((wrong for wrong in found if wrong), None)

    def _impossible(self, device: str, power: Floats, hours: float, required: RequiredResources) -> str | None:
        unit = self._units[device]
        if np.any(np.abs(power) > unit.resource.rating_kw + NEAR_KW):
            return f"asks {np.abs(power).max():.1f} kW of {device}, which is rated {unit.resource.rating_kw:.1f} kW"
        if unit.resource.kind == "generator":
            return f"charges {device}, a generator" if np.any(power < -NEAR_KW) else None
        if not unit.may_charge and np.any(power < -NEAR_KW):
            return f"charges {device}, against its tariff"
        held_kwh = self._read_kwh[device]()
        start_kwh = required.state_of_charge_kwh[device]
        if abs(start_kwh - held_kwh) > 0.01 * unit.energy_kwh:
            return f"begins with {start_kwh:.1f} kWh in {device}, which holds {held_kwh:.1f} kWh"
        stored = start_kwh - hours * np.cumsum(np.where(power > 0, power / unit.efficiency, power * unit.efficiency))
        low, high = self._reserve_pu * unit.energy_kwh - NEAR_KW, unit.energy_kwh + NEAR_KW
        if stored.min() < low or stored.max() > high:
            extremes = f"{stored.min():.1f} or {stored.max():.1f} kWh"
            return f"takes {device} to {extremes}, which may hold {low:.0f} to {high:.0f} kWh"
        return None

    def _best(self, required: RequiredResources, prices: Floats, needed: Floats, hours: float) -> "_Best":
        """Solve the schedule anew: first the least that is left uncovered, then the most that is earned with that.

        Variables by interval: output of each generator, discharge and charge of each storage, what is uncovered.
        """
        count = len(prices)
        devices = list(required.power_kw)
        units = [self._units[device] for device in devices]
        gains: list[Floats] = []
        sums: list[tuple[int, float]] = []
        bounds: list[tuple[float, float]] = []
        limits_a, limits_b = [], []
        for k, unit in enumerate(units):
            is_storage = unit.resource.kind != "generator"
            for sign in (1.0, -1.0) if is_storage else (1.0,):
                gains.append(sign * prices - self._cost(devices[k]))
                most_kw = unit.resource.rating_kw if sign > 0.0 or unit.may_charge else 0.0
                bounds += [(0.0, most_kw)] * count
                sums.append((k, sign))
        width = (len(sums) + 1) * count
        for k, unit in enumerate(units):
            if unit.resource.kind == "generator":
                continue
            drawn = np.zeros((count, width))
            for column, (owner, sign) in enumerate(sums):
                if owner == k:
                    factor = 1.0 / unit.efficiency if sign > 0 else -unit.efficiency
                    drawn[:, column * count : (column + 1) * count] = np.tril(np.full((count, count), factor * hours))
            start = required.state_of_charge_kwh[devices[k]]
            limits_a += [drawn, -drawn]
            limits_b += [
                np.full(count, start - self._reserve_pu * unit.energy_kwh),
                np.full(count, unit.energy_kwh - start),
            ]
        covers = np.hstack([*(-sign * np.eye(count) for _, sign in sums), -np.eye(count)])
        limits_a.append(covers[needed > 0.0])
        limits_b.append(-needed[needed > 0.0])
        matrix, right = np.vstack(limits_a), np.concatenate(limits_b)
        bounds += [(0.0, math.inf)] * count
        left_over = np.concatenate([np.zeros(len(sums) * count), np.ones(count)])
        first = linprog(left_over, A_ub=matrix, b_ub=right, bounds=bounds)
        least_kw = float(first.fun or 0.0)
        earned = np.concatenate([*gains, np.zeros(count)]) * hours / 1000.0
        second = linprog(
            -earned,
            A_ub=np.vstack([matrix, left_over]),
            b_ub=np.append(right, least_kw + NEAR_KW * 1e-3),
            bounds=bounds,
        )
        return _Best(least_kw, -float(second.fun or 0.0))

    def constrained_wrongly(self, constraint: TransmissionConstraint) -> str | None:
        """Solve the grid with the outage, and again with the load reduced as is required."""
        network, out = self._centre.network, self._centre.out()
        if network is None or constraint.bus != network.feeder_bus:
            return "is about a bus at which this feeder does not hang"
        return GridCheck(network, self._centre.feeders_at_bus, out).constrained_wrongly(constraint)


@dataclass(frozen=True)
class _Best:
    """The least that any schedule leaves uncovered, kW over all intervals, and the most that one earns with that."""

    uncovered_kw: float
    value: float


def _bridged(prices: Sequence[float | None]) -> Floats:
    """Fill gaps on straight lines, at the ends with the nearest."""
    known = [number for number, price in enumerate(prices) if price is not None]
    values = [price for price in prices if price is not None]
    return np.interp(np.arange(len(prices)), known, values)
