"""Tracking of the as-implemented response: learn from what was measured, and call further customers.

The model is that of `demand_response`: a customer sheds his contract times a rate of his own, which scatters around a
rate common to all; that one is not known exactly either, and is what measurements tell most about.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, variance

from bench.dispatch.demand_response import Resource, ResponseModel, estimate

ENOUGH = 8
"""Least number of measured customers out of whom the scatter of single ones is estimated anew."""
LEAST_SD = 0.01
"""Scatter below this is not believed: it comes out of few customers who did the same."""


@dataclass(frozen=True)
class Contract:
    """A customer who may be called for a size of load; `area`: where that is (a phase, a lateral), for balance."""

    customer: str
    contracted_kw: float
    area: str = ""


@dataclass(frozen=True)
class MeasuredResponse:
    """What a called customer shed, kW, and the half width within which that was measured (coverage factor 2)."""

    contracted_kw: float
    shed_kw: float
    uncertainty_kw: float = 0.0


@dataclass(frozen=True)
class Further:
    """The next request.

    `missing_kw`: what has still to be assured; `chosen`: whom to call, in order; `called`: what they are good for.
    """

    missing_kw: float
    chosen: tuple[Contract, ...]
    called: Resource

    @property
    def is_reached(self) -> bool:
        """Whether the authorized reduction is reached: nobody has to be called."""
        return self.missing_kw <= 0.0

    @property
    def suffices(self) -> bool:
        """Whether this request can be counted on to reach the authorized reduction."""
        return self.called.assured_kw >= self.missing_kw


def refine(model: ResponseModel, measured: Mapping[str, MeasuredResponse]) -> ResponseModel:
    """Update the model with measured responses (normal prior of the common rate, normal observations: conjugate).

    The scatter of single customers is estimated anew first when there are enough of them. The refined model holds for
    the event that was measured: for another day, the common rate may again lie anywhere within the former deviation.
    Customers without a contract tell nothing about a rate and are left out, and so are meters that stayed silent.
    """
    known = [response for response in measured.values() if response.contracted_kw > 0.0]
    if not known:
        return model
    rates = [response.shed_kw / response.contracted_kw for response in known]
    noise = [(response.uncertainty_kw / 2.0 / response.contracted_kw) ** 2 for response in known]
    customer_sd = _scatter(rates, noise) if len(known) >= ENOUGH else model.customer_sd
    rate, common_sd = _posterior(model, rates, [max(customer_sd, LEAST_SD) ** 2 + own for own in noise])
    return replace(model, rate=rate, customer_sd=customer_sd, common_sd=common_sd)


def further(
    authorized_kw: float,
    achieved_kw: float,
    remaining: Iterable[Contract],
    model: ResponseModel,
    achieved_uncertainty_kw: float = 0.0,
) -> Further:
    """Choose the next customers to call until the authorized reduction can be counted on, or nobody is left.

    The reduction counts as reached when what was achieved, less the uncertainty of its measurement, is at least what
    was authorized: a measurement that cannot tell whether it was reached does not end the tracking.
    """
    missing_kw = authorized_kw - (achieved_kw - achieved_uncertainty_kw)
    chosen = choose_by_size(remaining, missing_kw, model)
    return Further(missing_kw, tuple(chosen), _called(chosen, model))


def choose_by_size(candidates: Iterable[Contract], reduction_kw: float, model: ResponseModel) -> list[Contract]:
    """Choose few customers whose response can be counted on for a reduction; where all cannot, all are chosen.

    The largest contract of the area that was asked for least so far comes next; in a single area this is the smallest
    number of calls, as long as the rate exceeds twice the deviations of the model. In the end the last one makes way
    for the smallest of his area that is still enough.
    """
    left = sorted(candidates, key=lambda candidate: (-candidate.contracted_kw, candidate.customer))
    chosen: list[Contract] = []
    asked_kw = {candidate.area: 0.0 for candidate in left}
    while left and _called(chosen, model).assured_kw < reduction_kw:
        best = min(left, key=lambda candidate: asked_kw[candidate.area])  # of equals the first, that is the largest
        left.remove(best)
        chosen.append(best)
        asked_kw[best.area] += best.contracted_kw
    return _with_smaller_last(chosen, left, reduction_kw, model)


def _with_smaller_last(
    chosen: list[Contract], left: Sequence[Contract], reduction_kw: float, model: ResponseModel
) -> list[Contract]:
    if not chosen:
        return []
    *before, last = chosen
    smaller = [c for c in reversed(left) if c.area == last.area and c.contracted_kw < last.contracted_kw]
    enough = (c for c in smaller if _called([*before, c], model).assured_kw >= reduction_kw)
    return [*before, next(enough, last)]


def _called(contracts: Iterable[Contract], model: ResponseModel) -> Resource:
    return estimate((contract.contracted_kw for contract in contracts), model)


def _scatter(rates: Sequence[float], noise: Sequence[float]) -> float:
    """Standard deviation of single customers, without what the meters add to it."""
    return math.sqrt(max(LEAST_SD**2, variance(rates) - fmean(noise)))


def _posterior(model: ResponseModel, rates: Sequence[float], variances: Sequence[float]) -> tuple[float, float]:
    """Weigh what was known and what was measured by their precisions; return the mean and its standard deviation."""
    if model.common_sd <= 0.0:
        return model.rate, 0.0
    weights = [1.0 / model.common_sd**2, *(1.0 / v for v in variances)]
    mean = math.fsum(w * r for w, r in zip(weights, [model.rate, *rates], strict=True)) / math.fsum(weights)
    return mean, 1.0 / math.sqrt(math.fsum(weights))
