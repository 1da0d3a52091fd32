"""Demand response: how much load the enrolled customers are good for, and whom of them to call.

What a call brings is uncertain in two ways: each customer for himself may not be at home or decline, and all together
may have more or less to shed than on other days. Both are kept apart, because only the first averages out.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COVERAGE = 2.0
"""Coverage factor of every stated precision (about 95 % of a normal distribution)."""


@dataclass(frozen=True)
class ResponseModel:
    """What calls brought so far, per unit of contracted load: the mean, and its standard deviations.

    `customer_sd` is that of single customers against each other, `common_sd` that of all of them together.
    """

    rate: float = 0.95
    customer_sd: float = 0.3
    common_sd: float = 0.08


@dataclass(frozen=True, eq=False)
class Candidate:
    """A customer who may be called; `relief_v_per_kw`: what each meter gains for a kW shed there, shape (meters,)."""

    customer: str
    contracted_kw: float
    relief_v_per_kw: NDArray[np.float64]


@dataclass(frozen=True)
class Resource:
    """Load that is expected to be shed, and the half width within which it will lie (coverage factor 2), kW."""

    expected_kw: float
    precision_kw: float

    @property
    def assured_kw(self) -> float:
        """What can be counted on."""
        return self.expected_kw - self.precision_kw


@dataclass(frozen=True)
class Choice:
    """The customers to call, in the order in which they were chosen, and what they and all candidates are good for."""

    chosen: tuple[Candidate, ...]
    called: Resource
    available: Resource


def estimate(contracted_kw: Iterable[float], model: ResponseModel) -> Resource:
    """Estimate the response of customers with these contracts, kW."""
    contracts = list(contracted_kw)
    total_kw = math.fsum(contracts)
    own_kw = model.customer_sd * math.hypot(*contracts)
    sd_kw = math.hypot(own_kw, model.common_sd * total_kw)
    return Resource(model.rate * total_kw, COVERAGE * sd_kw)


def choose_customers(
    voltage_v: NDArray[np.float64], candidates: Sequence[Candidate], reduction_kw: float, model: ResponseModel
) -> Choice:
    """Choose one after the other whoever relieves the meter that is lowest by then, until the reduction is assured.

    Load shed on one phase lowers the others: going after the lowest meter each time keeps the phases in balance.

    Args:
        voltage_v: present voltages, V on the 120 V base, shape (meters,).
        candidates: all who may be called.
        reduction_kw: what has to be counted on; where all together cannot, all are chosen.
        model: what is known of responses.
    """
    left = sorted(candidates, key=lambda candidate: candidate.customer)
    available = estimate((candidate.contracted_kw for candidate in left), model)
    predicted_v, chosen = voltage_v.copy(), []
    called = estimate((), model)
    while left and called.assured_kw < reduction_kw:
        lowest = int(np.argmin(predicted_v))
        best = max(left, key=lambda candidate: candidate.contracted_kw * candidate.relief_v_per_kw[lowest])
        left.remove(best)
        chosen.append(best)
        predicted_v += model.rate * best.contracted_kw * best.relief_v_per_kw
        called = estimate((candidate.contracted_kw for candidate in chosen), model)
    return Choice(tuple(chosen), called, available)
