"""The level of a stimulus at which a control acts, found between one where it stays and one where it acts."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.certification.control_rig import ControlRig
from bench.certification.criteria import Reading

Apply = Callable[[float], Reading]
"""Puts a stimulus in front of the control and returns it as the source measures it."""


@dataclass(frozen=True)
class Probing:
    """How a level is probed: `rest` brings the control to rest for `rest_s`, then it has `hold_s` to act.

    Contacts are looked at every `every_s`; after an operation it rests until the next one may come, `after_s`. A level
    is known when what lies between stays within `resolution`.
    """

    rest: Callable[[], object]
    rest_s: float
    hold_s: float
    after_s: float
    every_s: float
    resolution: float


@dataclass(frozen=True)
class Threshold:
    """Where a control begins to act; `wrong` counts closures of the contact that it should not have used.

    Of one that acts at the still end already, or not even at the acting end, the level is that end: the true one lies
    beyond it.
    """

    level: Reading
    wrong: int
    beyond: str = ""

    @property
    def told(self) -> str:
        """What is to be added to the name of the level: nothing of one that was found between the two ends."""
        return f", which {self.beyond}" if self.beyond else ""


def find_threshold(
    rig: ControlRig, apply: Apply, still: float, acting: float, direction: int, probing: Probing
) -> Threshold:
    """Halve the span between a stimulus at which the control has to stay and one at which it has to act."""
    seen = _Probes(rig, apply, direction, probing)
    inner, outer = seen.at(still), seen.at(acting)
    if inner.acted:
        return Threshold(inner.reading, seen.wrong, f"acts already at {still:g}")
    if not outer.acted:
        return Threshold(outer.reading, seen.wrong, f"does not act even at {acting:g}")
    while abs(acting - still) > probing.resolution:
        middle = (still + acting) / 2.0
        found = seen.at(middle)
        inner, outer = (inner, found) if found.acted else (found, outer)
        still, acting = (still, middle) if found.acted else (middle, acting)
    low, high = inner.reading, outer.reading
    uncertainty = max(low.uncertainty, high.uncertainty) + abs(high.value - low.value) / 2.0
    return Threshold(Reading((low.value + high.value) / 2.0, uncertainty), seen.wrong)


@dataclass(frozen=True)
class _Seen:
    reading: Reading
    acted: bool


@dataclass
class _Probes:
    rig: ControlRig
    apply: Apply
    direction: int
    probing: Probing
    wrong: int = 0

    def at(self, stimulus: float) -> _Seen:
        """Rest, put the stimulus there, and see whether the contact closes."""
        rig, probing = self.rig, self.probing
        probing.rest()
        rig.hold(probing.rest_s, probing.every_s)
        reading = self.apply(stimulus)
        closure = rig.await_closure(probing.hold_s, probing.every_s)
        probing.rest()
        if closure is None:
            return _Seen(reading, acted=False)
        after = [closure, *rig.hold(probing.after_s, probing.every_s)]
        self.wrong += sum(found.direction != self.direction for found in after)
        return _Seen(reading, any(found.direction == self.direction for found in after))
