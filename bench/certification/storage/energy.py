"""Energy at the terminals: the integral of what the analyzer measured, and how well it is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.certification.criteria import Reading
from bench.certification.rig import Sample

HOUR_S = 3600.0


@dataclass(frozen=True)
class Throughput:
    """Energy taken and energy given, both > 0, per unit of rated VA times hours."""

    charged: Reading
    discharged: Reading


def throughput(samples: Sequence[Sample], power_uncertainty_pu: float) -> Throughput:
    """Integrate between looks by the trapezoidal rule.

    The analyzer may be off all the time by its accuracy, in one direction; between two looks power may have been that
    of either, so that a change counts with half of itself for as long as nobody looked.
    """
    charged = discharged = off_charged = off_discharged = 0.0
    for before, after in pairwise(samples):
        hours = (after.moment_s - before.moment_s) / HOUR_S
        energy = 0.5 * (before.p_pu + after.p_pu) * hours
        off = (power_uncertainty_pu + 0.5 * abs(after.p_pu - before.p_pu)) * hours
        if energy < 0.0:
            charged, off_charged = charged - energy, off_charged + off
        else:
            discharged, off_discharged = discharged + energy, off_discharged + off
    return Throughput(Reading(charged, off_charged), Reading(discharged, off_discharged))


def ratio(upper: Reading, lower: Reading) -> Reading:
    """Return a quotient of two energies, whose uncertainties add up: they are from one analyzer, but of two signs.

    Raises ZeroDivisionError where the lower one is nothing.
    """
    value = upper.value / lower.value
    return Reading(value, abs(value) * (upper.uncertainty / abs(upper.value or 1.0) + lower.uncertainty / lower.value))
