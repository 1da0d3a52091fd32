"""The engine behind a dispatchable generator: it has to start, and then follows its command along a ramp."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PrimeMoverLimits:
    """How fast an engine is: time to start and synchronize, s, and its ramps, per unit of rated power per second.

    The defaults are engineering values of a gas engine kept warm: full load 25 s after its command, and off in 5 s.
    """

    start_s: float = 10.0
    rise_pu_per_s: float = 1.0 / 15.0
    fall_pu_per_s: float = 0.2


class PrimeMover:
    """Delivers nothing until it is asked; then it starts, and ramps to what is wanted. It cannot absorb.

    Its motion is exact for steps of any length: what is left of a step after the start belongs to the ramp.
    """

    def __init__(self, rating_w: float, limits: PrimeMoverLimits = PrimeMoverLimits()) -> None:
        """Stand still."""
        self.delivered_w = 0.0
        self.moving = False
        """Whether it starts or ramps: then it delivers something else soon."""
        self._rating_w, self._limits = rating_w, limits
        self._left_to_start_s = limits.start_s

    def advance(self, wanted_w: float, dt_s: float) -> None:
        """Let time pass, s, while so much is wanted, W; a wish below zero or beyond the rating is not granted."""
        target_w = min(max(wanted_w, 0.0), self._rating_w)
        started_s = min(self._left_to_start_s, dt_s)
        self._left_to_start_s -= started_s
        self._ramp(target_w, dt_s - started_s)
        self.moving = self.delivered_w != target_w
        if target_w == 0.0 and self.delivered_w == 0.0:
            self.trip()

    def trip(self) -> None:
        """Lose what load there is at once, and stand still; the next wish begins with a start."""
        self.delivered_w, self._left_to_start_s = 0.0, self._limits.start_s

    def _ramp(self, target_w: float, dt_s: float) -> None:
        highest_w = self.delivered_w + self._limits.rise_pu_per_s * self._rating_w * dt_s
        lowest_w = self.delivered_w - self._limits.fall_pu_per_s * self._rating_w * dt_s
        self.delivered_w = min(max(target_w, lowest_w), highest_w)
