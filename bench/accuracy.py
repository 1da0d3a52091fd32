"""How far instruments may be off: the one place where an accuracy of the bench file becomes a number.

A maker states limits of error, +-a. Nothing else being known, an error is anywhere within them alike, so the standard
uncertainty is a / sqrt(3) (JCGM 100 (GUM) 4.3.7), and the expanded one, which verdicts guard, is U = k a / sqrt(3) with
the coverage factor k = 2 (GUM 6.2.1). The parts of a limit (of reading, range and power factor) are added as makers
add them. The elements of an instrument were adjusted against one standard and are taken to err the same way,
so their limits are added as well (GUM 5.2.2, note 1, correlation +1): no averaging makes anything smaller.

    voltage, current of a phase   a = r |x| + g X
    active power of phases        a = sum(r |P| + g X + d |Q|)
    reactive power of phases      a = sum(r |Q| + g X + d |P|)

with r and g as shares of reading and range X, and the error of phase d, rad: P = S cos(phi) moves by S sin(phi) d,
which is Q d, and Q by P d; at a low power factor that is most of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.config import Accuracy, Device, class_of_pct
from instruments.errors import ConfigError

COVERAGE_FACTOR = 2.0
"""k: for the level of about 95 % that `bench.measurement` judges by."""
EXPANDED = COVERAGE_FACTOR / math.sqrt(3.0)
"""Expanded uncertainty over the limit of error."""
USUAL_FREQUENCY_HZ, USUAL_TIME_S = 0.001, 0.001
"""Expanded uncertainties of a frequency, and of a time between two time stamps, of an analyzer of which the bench file
does not say: class A of IEC 61000-4-30 asks for 10 mHz, most have 1; stamps are told to the millisecond."""
PCT = 100.0

Phases = Sequence[float]
"""A value for each phase."""


def expanded(limit_of_error: float) -> float:
    """Return the expanded uncertainty, k = 2, that a limit of error stands for, in its unit."""
    return EXPANDED * limit_of_error


class Exactness(Protocol):
    """How far an instrument may be off at a reading, V, A, W and var; powers are of all phases together."""

    def voltage_v(self, voltage_v: float) -> float:
        """Of the voltage of a phase, or of the mean of several."""
        ...

    def current_a(self, current_a: float) -> float:
        """Of the current of a phase, or of the mean of several."""
        ...

    def active_w(self, p_w: Phases, q_var: Phases) -> float:
        """Of the active power of all phases."""
        ...

    def reactive_var(self, p_w: Phases, q_var: Phases) -> float:
        """Of the reactive power of all phases."""
        ...


@dataclass(frozen=True)
class ByShare:
    """One share of everything: of a reading, and of the apparent power, or of `rating_va` where that is given."""

    share: float
    rating_va: float | None = None

    def voltage_v(self, voltage_v: float) -> float:
        """Return the share of it."""
        return self.share * abs(voltage_v)

    def current_a(self, current_a: float) -> float:
        """Return the share of it."""
        return self.share * abs(current_a)

    def active_w(self, p_w: Phases, q_var: Phases) -> float:
        """Return the share of the rating, or of the apparent power."""
        if self.rating_va is not None:
            return self.share * self.rating_va
        return self.share * math.fsum(map(math.hypot, p_w, q_var))

    def reactive_var(self, p_w: Phases, q_var: Phases) -> float:
        """Return the same as for active power."""
        return self.active_w(p_w, q_var)


@dataclass(frozen=True)
class Stated:
    """Limits of error as the maker states them, times a factor: 1, or what makes uncertainties of them."""

    accuracy: Accuracy
    factor: float = 1.0

    def voltage_v(self, voltage_v: float) -> float:
        """Return r |U| + g X."""
        stated = self.accuracy.voltage
        return self.factor * (stated.reading_pct / PCT * abs(voltage_v) + stated.fixed)

    def current_a(self, current_a: float) -> float:
        """Return r |I| + g X."""
        stated = self.accuracy.current
        return self.factor * (stated.reading_pct / PCT * abs(current_a) + stated.fixed)

    def active_w(self, p_w: Phases, q_var: Phases) -> float:
        """Return r |P| + g X + d |Q|, added up over the phases; raises ConfigError where nothing is stated."""
        stated = self.accuracy.power
        if stated is None:
            raise ConfigError("the bench file says nothing of how far this instrument's power may be off")
        along, across = math.fsum(map(abs, p_w)), math.fsum(map(abs, q_var))
        own = stated.reading_pct / PCT * along + len(p_w) * stated.fixed
        return self.factor * (own + stated.zero_factor_pct / PCT * across)

    def reactive_var(self, p_w: Phases, q_var: Phases) -> float:
        """Return r |Q| + g X + d |P|, added up over the phases."""
        return self.active_w(q_var, p_w)


def limits_of_error(device: Device) -> Exactness:
    """Return how far an instrument or a meter may be off at most, by the bench file."""
    if device.accuracy is not None:
        return Stated(device.accuracy)
    return ByShare(class_of_pct(device) / PCT)


def uncertainty_of(device: Device, rating_va: float) -> Exactness:
    """Return the expanded uncertainty, k = 2, of what an instrument measures at equipment of a rating.

    Its `uncertainty_pct` is one already: of a reading, and of that rating for power.
    """
    if device.accuracy is not None:
        return Stated(device.accuracy, EXPANDED)
    return ByShare(device.expanded_pct / PCT, rating_va)
