"""What a type test demands of a response: IEEE 1547.1-2020 clause 4.2, accuracies widened by 1.5.

Pure functions of measured values. The band follows from the curve over the *measured* stimulus plus and minus its
accuracy, then the response's accuracy is added. The uncertainty of the laboratory's instruments is not part of the
band: it is guarded on top, so that a verdict which it could turn is INCONCLUSIVE.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from bench.certification.curves import Expected
from bench.measurement import Limits

FULL_RESPONSE = 0.9
"""Share of the change that has to be there after the open-loop response time, IEEE 1547-2018 definition."""


@dataclass(frozen=True)
class Accuracy:
    """Widened accuracies, 1.5 times the minimum measurement accuracy: of the stimulus `x` and of the response `y`."""

    x: float
    y: float


@dataclass(frozen=True)
class Reading:
    """A value as instruments measured it, with their uncertainty (half width, k = 2)."""

    value: float
    uncertainty: float = 0.0


@dataclass(frozen=True)
class Criterion:
    """A response held against its band.

    `target` is what the curve asks for at the measured stimulus: `error`, the raw difference, shows a change inside the
    wide band. `uncertainty` is that of the response and what that of the stimulus can move the band by.
    """

    target: float
    limits: Limits
    uncertainty: float

    def error(self, response: Reading) -> float:
        """Return how far a response is from what the curve asks for."""
        return response.value - self.target


def steady_state(curve: Expected, stimulus: Reading, response: Reading, accuracy: Accuracy) -> Criterion:
    """Return the band of a response at rest."""

    def band(x: float) -> Limits:
        low, high = curve.span(x, accuracy.x)
        return Limits(low - accuracy.y, high + accuracy.y)

    return _held(curve.at(stimulus.value), band, stimulus, response)


def after_response_time(
    curve: Expected, before: Reading, stimulus: Reading, response: Reading, accuracy: Accuracy
) -> Criterion:
    """Return the band of a response one open-loop response time after its stimulus moved.

    `before` is the response just before the movement. It has to be 90 % of the way from there to where the curve ends,
    which is known as well as the stimulus is.
    """

    def band(x: float) -> Limits:
        low, high = curve.span(x, accuracy.x)
        return Limits(_on_the_way(before.value, low) - accuracy.y, _on_the_way(before.value, high) + accuracy.y)

    start = (1.0 - FULL_RESPONSE) * before.uncertainty
    uncertain = Reading(response.value, response.uncertainty + start)
    return _held(_on_the_way(before.value, curve.at(stimulus.value)), band, stimulus, uncertain)


def within_response_time(
    curve: Expected, before: Reading, stimulus: Reading, response: Reading, accuracy: Accuracy
) -> Criterion:
    """Return the band of a response when the longest time is over that it may take.

    As `after_response_time`, but a response that is there already is as good as one that is 90 % there; its target is
    what lies nearest to it between the two.
    """

    def band(x: float) -> Limits:
        low, high = curve.span(x, accuracy.x)
        lowest, highest = min(low, _on_the_way(before.value, low)), max(high, _on_the_way(before.value, high))
        return Limits(lowest - accuracy.y, highest + accuracy.y)

    start = (1.0 - FULL_RESPONSE) * before.uncertainty
    uncertain = Reading(response.value, response.uncertainty + start)
    end = curve.at(stimulus.value)
    low, high = sorted((_on_the_way(before.value, end), end))
    return _held(min(max(response.value, low), high), band, stimulus, uncertain)


def _held(target: float, band: Callable[[float], Limits], stimulus: Reading, response: Reading) -> Criterion:
    """Hold a response against the band at its stimulus, which is itself known no better than it was measured.

    Inside, what counts is how much narrower the band could be at the nearer end; outside, how much wider.
    """
    limits = band(stimulus.value)
    others = [band(stimulus.value + sign * stimulus.uncertainty) for sign in (-1.0, 1.0)]
    lower, upper = _ends(limits)
    at_lower = response.value - lower < upper - response.value
    nominal = lower if at_lower else -upper
    possible = [_ends(other)[0] if at_lower else -_ends(other)[1] for other in others]
    value = response.value if at_lower else -response.value
    moved = max(possible) - nominal if value >= nominal else nominal - min(possible)
    return Criterion(target, limits, response.uncertainty + max(moved, 0.0))


def _ends(limits: Limits) -> tuple[float, float]:
    return (
        -math.inf if limits.lower is None else limits.lower,
        math.inf if limits.upper is None else limits.upper,
    )


def at_most(highest: float, response: Reading, accuracy: float = 0.0) -> Criterion:
    """Return the limit of a response that may be anything up to a value; `accuracy` widens it."""
    return Criterion(highest, Limits(upper=highest + accuracy), response.uncertainty)


def at_least(lowest: float, response: Reading) -> Criterion:
    """Return the limit of a response that has to be there."""
    return Criterion(lowest, Limits(lower=lowest), response.uncertainty)


def agrees(reference: Reading, accuracy: float) -> Criterion:
    """Return the band of what a device says, around what an instrument measured."""
    return Criterion(reference.value, Limits.around(reference.value, accuracy), reference.uncertainty)


def _on_the_way(before: float, after: float) -> float:
    return before + FULL_RESPONSE * (after - before)
