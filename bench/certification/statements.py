"""What a device says over its interface, held against what it has to say: its own words, and no measurement."""

import math

from bench.certification.criteria import Criterion, Reading, agrees, at_least
from bench.certification.findings import Finding
from bench.certification.rig import Rig


class Statements:
    """Words findings of one clause about what a device says."""

    def __init__(self, rig: Rig, clause: str) -> None:
        self._rig, self._clause = rig, clause

    def made(self, what: str, is_made: bool) -> Finding:
        """Judge whether something is said at all."""
        said = Reading(float(is_made))
        return self.held(what, said, at_least(1.0, said), "statements")

    def same(self, what: str, said: float, wanted: float, tolerance: float, unit: str) -> Finding:
        """Judge whether what is said is what it should be; what is not said at all is no statement."""
        if math.isnan(said):
            return self.made(what, is_made=False)
        return self.held(what, Reading(said), agrees(Reading(wanted), tolerance), unit)

    def held(self, what: str, said: Reading, criterion: Criterion, unit: str) -> Finding:
        """Hold what is said against a criterion, or what was measured against what was said."""
        reference = Reading(criterion.target)
        return Finding(what, reference, said, criterion, self._rig.clock.now_s, self._rig.device, self._clause, unit)
