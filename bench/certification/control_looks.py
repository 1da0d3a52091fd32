"""What is seen of a control on its rig: what it senses, how well that is known, and when its contacts closed."""

import cmath
import math
from dataclasses import dataclass

from instruments.readings import SecondaryReading


@dataclass(frozen=True)
class SourceClass:
    """Uncertainty of the sensing source's own readings, half width with k = 2: a share of the reading, and an angle."""

    share: float

    @property
    def angle_rad(self) -> float:
        """Of the angle between voltage and current: what the share makes of a vector that is off across itself."""
        return self.share


@dataclass(frozen=True)
class Sensed:
    """What is on the secondaries by the source's own measurement: V, A and the current's angle against the voltage."""

    voltage_v: float
    current_a: float
    angle_deg: float

    @classmethod
    def of(cls, reading: SecondaryReading) -> "Sensed":
        """Take a reading of the source."""
        angle_deg = -math.degrees(cmath.phase(complex(reading.p_w, reading.q_var)))
        return cls(reading.voltage_v, reading.current_a, angle_deg if reading.current_a else 0.0)


@dataclass(frozen=True)
class Closure:
    """A contact that closed: +1 raise or close, -1 lower or open; after one look began, before the next was over."""

    direction: int
    after_s: float
    by_s: float

    @property
    def moment_s(self) -> float:
        """When it was, s: half way between the looks."""
        return (self.after_s + self.by_s) / 2.0


@dataclass(frozen=True)
class Look:
    """One look at the rig: what the control senses, where the apparatus stands, and closures since the rig was made."""

    time_s: float
    sensed: Sensed
    position: int
    up: int
    down: int
