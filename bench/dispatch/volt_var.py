"""Volt-var dispatch: which assets bring every meter inside its limits with the fewest switching operations.

A mixed-integer linear programme on sensitivities (SciPy's HiGHS): each asset moves from 0 by an amount x, up or down,
and shifts every meter's voltage by x times its sensitivity. What is switched can be asked to fit several states of the
feeder at once, the sun and the cloud: steps and switches are then the same in all of them, other assets follow each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

ROUNDING_V = 1e-6
"""What the solver's own tolerance may leave of a broken limit, V."""
VOLT_PENALTY = 1e4
"""Cost of a volt outside the limits, far above any operation: limits are broken only where nothing helps."""
HEALTHY_FACTOR = 100.0
"""How much dearer a volt is outside a limit that is not to be given up for another."""


@dataclass(frozen=True)
class Asset:
    """Something that moves voltages.

    `effect_v`: volts (120 V base) at each meter for one unit of the asset, shape (meters,); `lower`, `upper`: range of
    the amount, in units, in which 0 need not lie; `integer`: whole units only (steps, switches); `cost`: of one unit,
    in either direction.
    """

    device: str
    effect_v: NDArray[np.float64]
    lower: float
    upper: float
    integer: bool
    cost: float


@dataclass(frozen=True)
class Outlook:
    """A state of the feeder: voltages with all assets at 0, V on the 120 V base, and what each asset does in it.

    `penalty_per_v`: cost of a volt outside the limits in this state; `keeps_healthy`: a limit that every meter keeps by
    itself is not given up for one that is broken.
    """

    voltage_v: NDArray[np.float64]
    assets: Sequence[Asset]
    penalty_per_v: float = VOLT_PENALTY
    keeps_healthy: bool = False


@dataclass(frozen=True)
class Selection:
    """Amounts by device, and what the model expects of them; `shortfall_v` > 0 says that the limits stay broken."""

    amounts: dict[str, float]
    predicted_v: NDArray[np.float64]
    shortfall_v: float

    @property
    def feasible(self) -> bool:
        """Whether every meter is expected inside the limits."""
        return self.shortfall_v < ROUNDING_V


def select(voltage_v: NDArray[np.float64], assets: Sequence[Asset], lower_v: float, upper_v: float) -> Selection:
    """Choose the cheapest amounts that keep `lower_v` <= voltage <= `upper_v` at every meter.

    :param voltage_v: present voltages, V on the 120 V base, shape (meters,)
    :param lower_v: lower limit with its margin, V; `upper_v` likewise
    :returns: the optimum; where limits cannot be met, the least possible worst excursion comes first
    """
    return select_for_all([Outlook(voltage_v, assets, keeps_healthy=True)], lower_v, upper_v)[0]


def select_for_all(outlooks: Sequence[Outlook], lower_v: float, upper_v: float) -> list[Selection]:
    """Choose the cheapest amounts that keep every meter inside the limits in all outlooks.

    Integer assets of the same name have one amount for all outlooks, paid for once; all others one for each.

    :returns: a selection for each outlook, in their order; where limits cannot be met, the excursions are weighed
        against operations by the outlooks' penalties
    :raises ArithmeticError: the solver finds no solution
    """
    columns = _Columns(outlooks)
    amounts = _solve(columns, outlooks, lower_v, upper_v)
    return [_selection(outlook, amounts[columns.of[k]], lower_v, upper_v) for k, outlook in enumerate(outlooks)]


def _selection(outlook: Outlook, amounts: NDArray[np.float64], lower_v: float, upper_v: float) -> Selection:
    predicted = outlook.voltage_v + _effects(outlook) @ amounts
    shortfall = max(0.0, float(np.max(lower_v - predicted)), float(np.max(predicted - upper_v)))
    named = {asset.device: float(x) for asset, x in zip(outlook.assets, amounts, strict=True)}
    return Selection(named, predicted, shortfall)


def _effects(outlook: Outlook) -> NDArray[np.float64]:
    """Volts for one unit of each asset, shape (meters, assets)."""
    if not outlook.assets:
        return np.zeros((len(outlook.voltage_v), 0))
    return np.column_stack([asset.effect_v for asset in outlook.assets])


class _Columns:
    """Which variable stands for which asset: `of[k]` are those of outlook k, `assets` the assets by variable."""

    def __init__(self, outlooks: Sequence[Outlook]) -> None:
        self.assets: list[Asset] = []
        self.of: list[list[int]] = []
        shared: dict[str, int] = {}
        for outlook in outlooks:
            numbers = []
            for asset in outlook.assets:
                if not asset.integer or asset.device not in shared:
                    shared[asset.device] = len(self.assets)
                    self.assets.append(asset)
                numbers.append(shared[asset.device])
            self.of.append(numbers)


def _solve(columns: _Columns, outlooks: Sequence[Outlook], lower_v: float, upper_v: float) -> NDArray[np.float64]:
    """Variables: amount upwards and downwards of each asset (both >= 0), then two excursions in volts of each outlook.

    The second is that of limits which hold with all assets at 0 and are to be kept, the first that of all others.
    """
    assets, count = columns.assets, len(columns.assets)
    limits = [(asset.lower, asset.upper) for asset in assets]
    lower, upper = np.array(limits, dtype=np.float64).reshape(count, 2).T
    least, most = np.maximum([lower, -upper], 0.0), np.maximum([upper, -lower], 0.0)
    cost = np.array([asset.cost for asset in assets])
    whole = np.array([asset.integer for asset in assets], dtype=int)
    excursions = 2 * len(outlooks)
    penalties = [outlook.penalty_per_v * factor for outlook in outlooks for factor in (1.0, HEALTHY_FACTOR)]
    result = milp(
        c=np.concatenate([cost, cost, penalties]),
        constraints=[c for k in range(len(outlooks)) for c in _limits(columns, outlooks, k, lower_v, upper_v)],
        integrality=np.concatenate([whole, whole, np.zeros(excursions, dtype=int)]),
        bounds=Bounds(np.append(least, np.zeros(excursions)), np.append(most, np.full(excursions, np.inf))),
        options={"mip_rel_gap": 0.0},  # the solver's own 1e-4 of a large penalty would hide needless operations
    )
    if result.x is None:
        raise ArithmeticError(f"volt-var dispatch has no solution: {result.message}")
    amounts: NDArray[np.float64] = result.x[:count] - result.x[count : 2 * count]
    return np.where(whole, np.round(amounts), amounts)


def _limits(
    columns: _Columns, outlooks: Sequence[Outlook], number: int, lower_v: float, upper_v: float
) -> tuple[LinearConstraint, LinearConstraint]:
    """Hold one outlook's meters above the lower and below the upper limit, but for its excursions."""
    outlook = outlooks[number]
    effects = np.zeros((len(outlook.voltage_v), len(columns.assets)))
    effects[:, columns.of[number]] = _effects(outlook)
    low, high = np.zeros((2, len(outlook.voltage_v), 2 * len(outlooks)))
    keeps = outlook.keeps_healthy
    low[:, 2 * number + int(keeps and np.all(outlook.voltage_v >= lower_v))] = 1.0
    high[:, 2 * number + int(keeps and np.all(outlook.voltage_v <= upper_v))] = 1.0
    both_ways = np.hstack([effects, -effects])
    rising = LinearConstraint(np.hstack([both_ways, low]), lb=lower_v - outlook.voltage_v)
    falling = LinearConstraint(np.hstack([both_ways, -high]), ub=upper_v - outlook.voltage_v)
    return rising, falling
