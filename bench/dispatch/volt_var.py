"""Volt-var dispatch: which assets bring every meter inside its limits with the fewest switching operations.

A mixed-integer linear programme on sensitivities (SciPy's HiGHS): each asset moves from 0 by an amount x, up or down,
and shifts every meter's voltage by x times its sensitivity.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

ROUNDING_V = 1e-6
"""What the solver's own tolerance may leave of a broken limit, V."""
VOLT_PENALTY, HEALTHY_PENALTY = 1e4, 1e6
"""Cost of a volt outside the limits, far above any operation: limits are broken only where nothing helps. A limit that
every meter keeps is worth more than one that is broken already."""


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
    effects = np.array([asset.effect_v for asset in assets]).reshape(len(assets), len(voltage_v)).T
    amounts = _solve(voltage_v, effects, assets, lower_v, upper_v)
    predicted = voltage_v + effects @ amounts
    shortfall = max(0.0, float(np.max(lower_v - predicted)), float(np.max(predicted - upper_v)))
    return Selection({a.device: float(x) for a, x in zip(assets, amounts, strict=True)}, predicted, shortfall)


def _solve(
    voltage_v: NDArray[np.float64],
    effects: NDArray[np.float64],
    assets: Sequence[Asset],
    lower_v: float,
    upper_v: float,
) -> NDArray[np.float64]:
    """Variables: amount upwards and downwards of each asset (both >= 0), then two excursions in volts.

    The first is common to the limits that are broken now, the second to those that hold: they are not given up for
    the others.
    """
    meters, count = effects.shape
    both_ways = np.hstack([effects, -effects])
    low, high = _slack(meters, bool(np.any(voltage_v < lower_v))), _slack(meters, bool(np.any(voltage_v > upper_v)))
    rising = LinearConstraint(np.hstack([both_ways, low]), lb=lower_v - voltage_v)
    falling = LinearConstraint(np.hstack([both_ways, -high]), ub=upper_v - voltage_v)
    lower, upper = np.array([(asset.lower, asset.upper) for asset in assets]).reshape(count, 2).T
    least, most = np.maximum([lower, -upper], 0.0), np.maximum([upper, -lower], 0.0)
    cost = np.array([asset.cost for asset in assets])
    whole = np.array([asset.integer for asset in assets], dtype=int)
    result = milp(
        c=np.concatenate([cost, cost, [VOLT_PENALTY, HEALTHY_PENALTY]]),
        constraints=[rising, falling],
        integrality=np.concatenate([whole, whole, [0, 0]]),
        bounds=Bounds(np.append(least, [0.0, 0.0]), np.append(most, [np.inf, np.inf])),
        options={"mip_rel_gap": 0.0},  # the solver's own 1e-4 of a large penalty would hide needless operations
    )
    if result.x is None:
        raise ArithmeticError(f"volt-var dispatch has no solution: {result.message}")
    amounts = result.x[:count] - result.x[count : 2 * count]
    return np.where(whole, np.round(amounts), amounts)


def _slack(meters: int, broken: bool) -> NDArray[np.float64]:
    """Return the columns of both excursions for a limit, of which it takes one, shape (meters, 2)."""
    columns = np.zeros((meters, 2))
    columns[:, 0 if broken else 1] = 1.0
    return columns
