"""How a device responds that meets an open-loop response time exactly: a lag of first order."""

import math


def first_order(before: float, after: float, elapsed_s: float, response_s: float) -> float:
    """Return where a first-order response is that has made 90 % of its way after its open-loop response time."""
    return after + (before - after) * math.pow(10.0, -elapsed_s / response_s)
