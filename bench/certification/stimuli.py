"""Which stimuli a test of a characteristic goes through, in their order, per unit of rated.

Corners are approached from both sides, by the widened accuracy of the stimulus. What lies outside of the equipment's
range, drawn in by that accuracy, is left out, and so is what would repeat the stimulus before it.
"""

from collections.abc import Iterable
from itertools import groupby, pairwise

from bench.certification.curves import Curve, midpoint

VOLT_VAR_POINTS = 4


def volt_var_steps(curve: Curve, reference: float, span: tuple[float, float], a: float) -> list[float]:
    """Return voltages of IEEE 1547.1-2020 clause 5.14.4: up, back, down and back, ending at the reference voltage.

    Raises ValueError for a curve without four points.
    """
    if len(curve.x) != VOLT_VAR_POINTS:
        raise ValueError(f"a volt-var characteristic has {VOLT_VAR_POINTS} points, not {len(curve.x)}")
    up = [*_around(curve.x[2], a), midpoint(curve.x, 2), *_around(curve.x[3], a)]
    down = [*_around(curve.x[1], -a), midpoint(curve.x, 0), *_around(curve.x[0], -a)]
    above = [*up, span[1] - a, *reversed(up), reference]
    below = [*down, span[0] + a, *reversed(down), reference]
    return _inside([*above, *below], span, a)


def volt_watt_steps(curve: Curve, reference: float, span: tuple[float, float], a: float) -> list[float]:  # noqa: ARG001
    """Return voltages of clause 5.14.9: from the lowest over both corners to the highest, and back."""
    up = [span[0] + a, *_around(curve.x[0], a), midpoint(curve.x, 0), *_around(curve.x[1], a)]
    return _inside([*up, span[1] - a, *reversed(up)], span, a)


def watt_var_steps(curve: Curve, reference: float, span: tuple[float, float], a: float) -> list[float]:  # noqa: ARG001
    """Return active powers of clause 5.14.8 from 0 over the corners of generation to rated power, and back."""
    corners = [x for x in curve.x if x > 0]
    middle = [(low + high) / 2.0 for low, high in pairwise(corners)]
    up = sorted({*(side for corner in corners for side in _around(corner, a)), *middle, 1.0})
    return _inside([*up, *reversed(up)], (-a, 1.0 + a), a)


def _around(corner: float, towards: float) -> tuple[float, float]:
    """Return both sides of a corner, the near one first."""
    return corner - towards, corner + towards


def _inside(stimuli: Iterable[float], span: tuple[float, float], a: float) -> list[float]:
    inside = [x for x in stimuli if span[0] + a <= x <= span[1] - a]
    return [x for x, _ in groupby(inside)]
