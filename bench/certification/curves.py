"""Piecewise linear characteristics, and what they allow over a band of stimulus."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Curve:
    """Response `y` over stimulus `x`, linear between its points and constant outside of them.

    A step is two points at the same `x`: there both values, and all between, are the curve's.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y) or not self.x or list(self.x) != sorted(self.x):
            raise ValueError(f"no characteristic: x {self.x} has to rise, with as many y: {self.y}")

    def at(self, x: float) -> float:
        """Return the response at a stimulus; on a step the value behind it."""
        return float(np.interp(x, self.x, self.y))

    def span(self, x: float, tolerance: float) -> tuple[float, float]:
        """Return the lowest and the highest response anywhere within `tolerance` of a stimulus."""
        low, high = x - tolerance, x + tolerance
        inside = [y for point, y in zip(self.x, self.y, strict=True) if low <= point <= high]
        values = [self.at(low), self.at(high), *inside]
        return min(values), max(values)


def midpoint(points: Sequence[float], first: int) -> float:
    """Return the stimulus half way between two neighbouring points of a curve."""
    return (points[first] + points[first + 1]) / 2.0
