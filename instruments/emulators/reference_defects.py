"""How a defective device takes the reference voltage of its volt-var curve otherwise than it should."""

from dataclasses import dataclass

from instruments.emulators.faults import FaultSet


@dataclass(frozen=True)
class ReferenceDefect:
    """What is wrong with volt-var beside the shares of its curve.

    `shifts`: its points move by what its reference voltage is away from nominal, although they were given as they
    stand; `frozen`: the reference does not follow the voltage; `time`: it takes so many times its time constant to.
    """

    shifts: bool = False
    frozen: bool = False
    time: float = 1.0


SOUND = ReferenceDefect()


def reference_defect(faults: FaultSet, time_s: float) -> ReferenceDefect:
    """Return what is wrong at a moment."""
    if faults.empty:
        return SOUND
    slow = faults.active("vref-too-slow", time_s)
    return ReferenceDefect(
        shifts=faults.active("vref-shifts-curve", time_s) is not None,
        frozen=faults.active("vref-frozen", time_s) is not None,
        time=slow.value if slow else SOUND.time,
    )
