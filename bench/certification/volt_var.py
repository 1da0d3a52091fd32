"""Which voltages a volt-var test goes through: IEEE 1547.1-2020 clause 5.14.4, a sweep up, back, down and back."""

from itertools import groupby

from bench.certification.curves import Curve, midpoint

POINTS = 4


def voltage_steps_pu(
    curve: Curve, reference_v_pu: float, range_v_pu: tuple[float, float], a_v_pu: float
) -> list[float]:
    """Return the voltages in their order, per unit of rated, beginning behind the reference voltage.

    `a_v_pu` is the widened accuracy of voltage, by which corners are approached from both sides. What lies outside of
    the equipment's range, drawn in by it, is left out. Raises ValueError for a curve without four points.
    """
    if len(curve.x) != POINTS:
        raise ValueError(f"a volt-var characteristic has {POINTS} points, not {len(curve.x)}")
    lowest, highest = range_v_pu[0] + a_v_pu, range_v_pu[1] - a_v_pu
    up = [*_around(curve.x[2], a_v_pu), midpoint(curve.x, 2), *_around(curve.x[3], a_v_pu)]
    down = [*_around(curve.x[1], -a_v_pu), midpoint(curve.x, 0), *_around(curve.x[0], -a_v_pu)]
    above = [*up, highest, *reversed(up), reference_v_pu]
    below = [*down, lowest, *reversed(down), reference_v_pu]
    inside = [voltage for voltage in (*above, *below) if lowest <= voltage <= highest]
    return [voltage for voltage, _ in groupby(inside)]


def _around(corner: float, towards: float) -> tuple[float, float]:
    """Return both sides of a corner, the near one first."""
    return corner - towards, corner + towards
