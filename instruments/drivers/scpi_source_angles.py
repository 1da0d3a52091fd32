"""Angles of an AC source's phases, as they are meant and as a dialect speaks of them."""

from collections.abc import Sequence

from instruments.dialects.ac_source import ONE_TURN_DEG, Angles


class SpokenAngles:
    """Turns angles, deg, > 0 where a phase leads, into those of a dialect by phase, and back.

    Where the dialect cannot turn the first phase, angles are against it: turning all phases together is nothing then.
    """

    def __init__(self, angles: Angles, phases: int) -> None:
        self._sign = 1.0 if angles.sense == "leads" else -1.0
        self._span_deg = angles.span_deg
        self.turned = tuple(phase for phase in angles.phases if phase <= phases)
        self._phases = phases

    def spoken(self, angle_deg: Sequence[float]) -> dict[int, float]:
        """Return what is said of each phase that can be turned."""
        reference = 0.0 if 1 in self.turned else angle_deg[0]
        return {phase: self._within(self._sign * (angle_deg[phase - 1] - reference)) for phase in self.turned}

    def read(self, told: Sequence[float]) -> tuple[float, ...]:
        """Return the angle of each phase from answers for all of them, or for those that can be turned.

        One that cannot be turned is at 0.
        """
        asked = range(1, self._phases + 1) if len(told) == self._phases else self.turned
        found = dict(zip(asked, told, strict=True))
        return tuple(
            0.0 + self._sign * found[phase] if phase in self.turned else 0.0 for phase in range(1, self._phases + 1)
        )

    def _within(self, angle_deg: float) -> float:
        """Turn an angle by whole turns into the span, where it is not in there already."""
        lowest, highest = self._span_deg
        return angle_deg if lowest <= angle_deg <= highest else lowest + (angle_deg - lowest) % ONE_TURN_DEG
