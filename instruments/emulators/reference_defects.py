"""How a defective device takes its volt-var curve and the reference voltage of it otherwise than it should."""

from collections.abc import Sequence
from dataclasses import dataclass

from instruments.emulators.faults import FaultSet

Corners = Sequence[float]


@dataclass(frozen=True)
class ReferenceDefect:
    """What is wrong with volt-var beside the shares of its curve.

    `straight`: it goes straight from the first point to the last; `shifts`: its points move by what its reference
    voltage is away from nominal, although they were given as they stand; `frozen`: the reference does not follow the
    voltage; `time`: it takes so many times its time constant to.
    """

    straight: bool = False
    shifts: bool = False
    frozen: bool = False
    time: float = 1.0

    def straightened(self, x: Corners, y: Corners) -> Corners:
        """Return the responses of the corners as this device has them."""
        if not self.straight:
            return y
        slope = (y[-1] - y[0]) / (x[-1] - x[0])
        return [y[0] + slope * (point - x[0]) for point in x]


SOUND = ReferenceDefect()


def reference_defect(faults: FaultSet, time_s: float) -> ReferenceDefect:
    """Return what is wrong at a moment."""
    slow = faults.active("vref-too-slow", time_s)
    return ReferenceDefect(
        straight=faults.active("deadband-ignored", time_s) is not None,
        shifts=faults.active("vref-shifts-curve", time_s) is not None,
        frozen=faults.active("vref-frozen", time_s) is not None,
        time=slow.value if slow else SOUND.time,
    )
