"""Piecewise linear characteristics, and what they allow over a band of stimulus."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np


class Expected(Protocol):
    """What a response has to be over its stimulus."""

    def at(self, x: float) -> float:
        """Return the response that is asked for at a stimulus."""

    def span(self, x: float, tolerance: float) -> tuple[float, float]:
        """Return the lowest and the highest response that is allowed anywhere within `tolerance` of a stimulus."""


@dataclass(frozen=True)
class Between:
    """A response that is asked for, and the least that equipment has to give of it."""

    asked: "Curve"
    least: "Curve"

    def at(self, x: float) -> float:
        """Return what is asked for at a stimulus."""
        return self.asked.at(x)

    def span(self, x: float, tolerance: float) -> tuple[float, float]:
        """Return the lowest and the highest of both within `tolerance` of a stimulus."""
        ends = (*self.asked.span(x, tolerance), *self.least.span(x, tolerance))
        return min(ends), max(ends)


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

    def moved(self, by: float) -> "Curve":
        """Return the curve at stimuli that are higher by so much."""
        return Curve(tuple(x + by for x in self.x), self.y)

    def capped(self, highest: float) -> "Curve":
        """Return the curve with nothing above a level: what equipment does that has no more than that to give."""
        crossings = [x for x in map(self._crossing(highest), pairwise(range(len(self.x)))) if x is not None]
        xs = sorted({*self.x, *crossings})
        if len(set(self.x)) != len(self.x):
            raise ValueError("a curve with steps is not capped")
        return Curve(tuple(xs), tuple(min(self.at(x), highest) for x in xs))

    def _crossing(self, level: float) -> Callable[[tuple[int, int]], float | None]:
        def crossing(ends: tuple[int, int]) -> float | None:
            (x0, x1), (y0, y1) = ((axis[ends[0]], axis[ends[1]]) for axis in (self.x, self.y))
            if (y0 - level) * (y1 - level) >= 0:
                return None
            return x0 + (x1 - x0) * (level - y0) / (y1 - y0)

        return crossing


def midpoint(points: Sequence[float], first: int) -> float:
    """Return the stimulus half way between two neighbouring points of a curve."""
    return (points[first] + points[first + 1]) / 2.0
