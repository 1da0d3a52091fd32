"""What a type test demands of a response: IEEE 1547.1-2020 clause 4.2, accuracies widened by 1.5.

Pure functions of measured values. The band follows from the curve over the *measured* stimulus plus and minus its
accuracy, then the response's accuracy is added. The uncertainty of the laboratory's instruments is not part of the
band: it is guarded on top, so that a verdict which it could turn is INCONCLUSIVE.
"""

import math
from dataclasses import dataclass

from bench.certification.curves import Curve
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


def steady_state(curve: Curve, stimulus: Reading, response: Reading, accuracy: Accuracy) -> Criterion:
    """Return the band of a response at rest."""
    limits = _band(curve, stimulus.value, accuracy)
    moved = _band_moves_by(curve, stimulus, accuracy)
    return Criterion(curve.at(stimulus.value), limits, response.uncertainty + moved)


def after_response_time(
    curve: Curve, before: Reading, stimulus: Reading, response: Reading, accuracy: Accuracy
) -> Criterion:
    """Return the band of a response one open-loop response time after its stimulus moved.

    `before` is the response just before the movement. It has to be 90 % of the way from there to where the curve ends,
    which is known as well as the stimulus is.
    """
    low, high = curve.span(stimulus.value, accuracy.x)
    limits = Limits(_on_the_way(before.value, low) - accuracy.y, _on_the_way(before.value, high) + accuracy.y)
    moved = FULL_RESPONSE * _band_moves_by(curve, stimulus, accuracy) + (1.0 - FULL_RESPONSE) * before.uncertainty
    return Criterion(_on_the_way(before.value, curve.at(stimulus.value)), limits, response.uncertainty + moved)


def first_order(before: float, after: float, elapsed_s: float, response_s: float) -> float:
    """Return where a first-order response is that has made 90 % of its way after its open-loop response time."""
    return after + (before - after) * math.pow(10.0, -elapsed_s / response_s)


def _on_the_way(before: float, after: float) -> float:
    return before + FULL_RESPONSE * (after - before)


def _band(curve: Curve, x: float, accuracy: Accuracy) -> Limits:
    low, high = curve.span(x, accuracy.x)
    return Limits(low - accuracy.y, high + accuracy.y)


def _band_moves_by(curve: Curve, stimulus: Reading, accuracy: Accuracy) -> float:
    """Return by how much the band's ends can be off because the stimulus is known no better."""
    low, high = curve.span(stimulus.value, accuracy.x)
    moved = [curve.span(stimulus.value + sign * stimulus.uncertainty, accuracy.x) for sign in (-1.0, 1.0)]
    return max(max(abs(lower - low), abs(upper - high)) for lower, upper in moved)
