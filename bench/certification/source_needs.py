"""What a test needs of its source, held against what the source says that it can do, before anything is done.

A source that cannot do what a test needs would do something else: the test is NOT_RUN then, and says what is missing.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from bench.certification.not_passed import NotPassed
from instruments.readings import SourceCapabilities
from reports.verdict import Verdict

NEAR = 1e-6
"""Relative room for the rounding of what was computed."""
SEQUENCED = 10.0
"""A disturbance is told over the wire where it lasts so many times what a set-point takes: then it errs by a tenth."""


@dataclass(frozen=True)
class SourceNeeds:
    """What a test asks of its source; what is left out, it does not need.

    Voltages, per unit of the device's, and frequencies from lowest to highest. `step_pu`, the largest step of voltage,
    is over within `step_s`; frequency changes at `rate_hz_per_s`, in steps of `ramp_step_s` where it is told them over
    its wire; a new set-point is due each `every_s`; the shortest disturbance lasts `shortest_s`. `turned`: phases, from
    1, whose angle jumps while the others keep theirs.
    """

    voltage_pu: tuple[float, float] = (1.0, 1.0)
    frequency_hz: tuple[float, float] = (60.0, 60.0)
    step_pu: float = 0.0
    step_s: float = math.inf
    rate_hz_per_s: float = 0.0
    ramp_step_s: float = math.inf
    every_s: float = math.inf
    shortest_s: float = math.inf
    turned: frozenset[int] = frozenset()
    unbalanced: bool = False


@dataclass(frozen=True)
class SourceOnRig:
    """A source where it stands: what it can do, the voltage, V, of one per unit, and how long a set-point takes, s.

    `update_s` is 0 in virtual time, which stands still meanwhile.
    """

    able: SourceCapabilities
    phase_v: float
    update_s: float = 0.0

    def plays(self, shortest_s: float) -> bool:
        """Whether a disturbance is so short that the source has to play it by itself."""
        return shortest_s < SEQUENCED * self.update_s

    def require(self, needs: SourceNeeds) -> None:
        """Raise NotPassed, NOT_RUN, naming all that a test needs and the source cannot do."""
        if lacking := "; ".join(self.lacking(needs)):
            raise NotPassed(f"the source may not or cannot do what the test needs: {lacking}", Verdict.NOT_RUN)

    def lacking(self, needs: SourceNeeds) -> Iterator[str]:
        """Yield what is missing, in words."""
        yield from self._ranges(needs)
        yield from self._changes(needs)
        yield from self._timing(needs)
        if fixed := sorted(needs.turned - self.able.turned):
            phases = ", ".join(map(str, fixed))
            yield f"the angle of phase {phases} by itself: it has no angle to set there, or others count against it"
        if needs.unbalanced and not self.able.unbalanced:
            yield "a voltage of its own on each phase: it has one for all"

    def _ranges(self, needs: SourceNeeds) -> Iterator[str]:
        volts = tuple(pu * self.phase_v for pu in needs.voltage_pu)
        for name, wanted, has in (
            ("V", volts, self.able.voltage_v),
            ("Hz", needs.frequency_hz, self.able.frequency_hz),
        ):
            room = NEAR * max(map(abs, has))
            if not has[0] - room <= wanted[0] <= wanted[1] <= has[1] + room:
                yield f"{wanted[0]:g} to {wanted[1]:g} {name}: it has {has[0]:g} to {has[1]:g}"

    def _changes(self, needs: SourceNeeds) -> Iterator[str]:
        step_v = needs.step_pu * self.phase_v
        takes_s = step_v / self.able.voltage_slew_v_per_s
        if takes_s > needs.step_s * (1.0 + NEAR):
            yield (
                f"a step of {step_v:.3g} V within {needs.step_s:.3g} s: at {self.able.voltage_slew_v_per_s:g} V/s "
                f"it takes {takes_s:.3g} s"
            )
        if needs.rate_hz_per_s > self.able.frequency_slew_hz_per_s * (1.0 + NEAR):
            yield f"{needs.rate_hz_per_s:g} Hz/s: it changes by no more than {self.able.frequency_slew_hz_per_s:g} Hz/s"

    def _timing(self, needs: SourceNeeds) -> Iterator[str]:
        if self.update_s > needs.every_s:
            yield f"a new set-point each {needs.every_s:g} s: over its wire one takes {self.update_s:.3g} s"
        if self.update_s > needs.ramp_step_s and self.able.transients is None:
            yield (
                f"a ramp in steps of {needs.ramp_step_s:g} s: over its wire a set-point takes {self.update_s:.3g} s, "
                "and it ramps none by itself"
            )
        if not self.plays(needs.shortest_s):
            return
        plays = self.able.transients
        told = f"a disturbance of {needs.shortest_s:g} s: over its wire a set-point takes {self.update_s:.3g} s"
        if plays is None:
            yield f"{told}, and it plays none by itself"
        elif needs.shortest_s < plays.shortest_s or plays.change_s > needs.step_s * (1.0 + NEAR):
            yield f"{told}, and by itself it plays none shorter than {plays.shortest_s:g} s"
