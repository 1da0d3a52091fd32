"""Findings about a control: levels, times and counts, each with what is known of it and no better."""

import math
from dataclasses import dataclass

from bench.certification.control_looks import Closure
from bench.certification.control_rig import ControlRig
from bench.certification.criteria import Criterion, Reading
from bench.certification.findings import Finding
from bench.measurement import Limits


@dataclass(frozen=True)
class About:
    """Of which clause findings are, and who measured: the source for levels, the contacts for times and counts.

    With `said`, what is held against its limits is the control's own word, and no instrument's.
    """

    rig: ControlRig
    clause: str
    said: bool = False

    def level(self, what: str, target: float, tolerance: float, found: Reading, unit: str = "V") -> Finding:
        """Hold a level against its target."""
        criterion = Criterion(target, Limits.around(target, tolerance), found.uncertainty)
        return self._finding(what, Reading(target), found, criterion, self.rig.source_name, unit)

    def time(self, what: str, target_s: float, tolerance_s: float, found: Reading) -> Finding:
        """Hold a time against its target."""
        criterion = Criterion(target_s, Limits.around(target_s, tolerance_s), found.uncertainty)
        return self._finding(what, Reading(target_s), found, criterion, self.rig.scan.name, "s")

    def time_between(self, what: str, target_s: float, span_s: tuple[float, float], found: Reading) -> Finding:
        """Hold a time against an earliest and a latest one."""
        criterion = Criterion(target_s, Limits(*span_s), found.uncertainty)
        return self._finding(what, Reading(target_s), found, criterion, self.rig.scan.name, "s")

    def within(self, what: str, limit_s: float, found: Reading) -> Finding:
        """Hold a time against what it may be at most."""
        criterion = Criterion(0.0, Limits(upper=limit_s), found.uncertainty)
        return self._finding(what, Reading(limit_s), found, criterion, self.rig.scan.name, "s")

    def late(self, what: str, target_s: float, waited_s: float) -> Finding:
        """Tell of what had not come when the wait was over: its time is at least that, and the limit less."""
        criterion = Criterion(target_s, Limits(upper=target_s), self.rig.timing_s)
        return self._finding(what, Reading(target_s), Reading(waited_s), criterion, self.rig.scan.name, "s")

    def count(self, what: str, wanted: int, found: int, unit: str = "closures") -> Finding:
        """Hold a count against what it has to be."""
        return self._count(what, float(wanted), Limits.around(float(wanted), 0.0), found, unit)

    def between_counts(self, what: str, wanted: tuple[int, int], found: int, doubt: float) -> Finding:
        """Hold closures between two counts, which themselves are in doubt by so many."""
        return self._count(what, float(wanted[0]), Limits(*map(float, wanted)), found, "closures", doubt)

    def at_least(self, what: str, wanted: int, found: int, unit: str = "closures") -> Finding:
        """Hold a count against what it has to be at least."""
        return self._count(what, float(wanted), Limits(lower=float(wanted)), found, unit)

    def unmeasured(self, what: str, unit: str) -> Finding:
        """Tell of what nothing could be measured: it is not run."""
        criterion = Criterion(math.nan, Limits(), 0.0)
        return self._finding(what, Reading(math.nan), Reading(math.nan), criterion, self.rig.scan.name, unit)

    def elapsed(self, begun_s: float, closure: Closure) -> Reading:
        """Return how long after a moment of the bench a contact closed."""
        return Reading(closure.moment_s - begun_s, self.rig.uncertainty_s(closure))

    def between(self, first: Closure, second: Closure) -> Reading:
        """Return the time from one closure to another."""
        uncertainty = self.rig.uncertainty_s(first) + self.rig.uncertainty_s(second)
        return Reading(second.moment_s - first.moment_s, uncertainty)

    def _count(self, what: str, wanted: float, limits: Limits, found: int, unit: str, doubt: float = 0.0) -> Finding:
        criterion = Criterion(wanted, limits, doubt)
        return self._finding(what, Reading(wanted), Reading(float(found)), criterion, self.rig.scan.name, unit)

    def _finding(
        self, what: str, stimulus: Reading, response: Reading, criterion: Criterion, source: str, unit: str
    ) -> Finding:
        now_s, by = self.rig.clock.now_s, self.rig.device if self.said else source
        return Finding(what, stimulus, response, criterion, now_s, by, self.clause, unit, stimulus_unit=unit)
