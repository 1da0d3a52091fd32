"""Sources that say the same of one thing, held against each other: which of them stands alone.

A claim is an interval in which its source puts the true value: what it says, plus and minus the most that its class
allows. Class errors are systematic: averaging over time takes nothing off them, and two good sources overlap at every
moment, whatever was drawn for their errors. Of several claims the largest set that has a point in common is believed,
and what lies outside of it is wrong (the intersection of intervals of K. Marzullo's thesis, Stanford 1984, by which
network time chooses its clocks). Two sets of the same size say that something is wrong, and not what.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.measurement import Limits, Measurement
from reports.verdict import Verdict

AGREEMENT_CLAUSE = "cross-check: sources of one quantity agree"


@dataclass(frozen=True)
class Claim:
    """What a source says of a quantity, and the most by which it may be wrong.

    `if_wrong`: ERROR for an instrument of the laboratory, FAIL for equipment and meters. A `reference` is right by what
    it is, as the feeder's own node is where nothing lies between it and the device.
    """

    source: str
    value: float
    bound: float
    if_wrong: Verdict
    reference: bool = False

    @property
    def lower(self) -> float:
        """Smallest value that the source allows."""
        return self.value - self.bound

    @property
    def upper(self) -> float:
        """Largest value that the source allows."""
        return self.value + self.bound


@dataclass(frozen=True)
class Finding:
    """What a comparison came to: of all claims the one that is farthest off, by how much, and by how much it may be.

    `suspects` are wrong, or, where it is not `told` which of them, one of them is; empty where all agree.
    """

    claims: tuple[Claim, ...]
    farthest: Claim
    deviation: float
    allowed: float
    suspects: tuple[str, ...] = ()
    verdict: Verdict = Verdict.PASS
    told: bool = True

    @property
    def share(self) -> float:
        """The deviation over what is allowed."""
        return abs(self.deviation) / self.allowed if self.allowed > 0.0 else float(self.deviation != 0.0)

    @property
    def badness(self) -> tuple[int, float]:
        """Orders findings: by what they make of a scenario, then by how far the farthest is off."""
        return self.verdict.badness, self.share

    def measurement(self, quantity: str, unit: str, time_s: float) -> Measurement:
        """Word it as a measurement of the farthest claim against the others."""
        sources = dict.fromkeys(claim.source for claim in self.claims)
        others = [source for source in sources if source != self.farthest.source]
        who = (" and " if self.told else " or ").join(self.suspects or [self.farthest.source])
        untold = "" if self.told else ", which of them is wrong cannot be told"
        return Measurement(
            quantity=f"{quantity}: disagreement of {who} with the other sources{untold}",
            value=self.deviation,
            unit=unit,
            uncertainty=0.0,
            time_s=time_s,
            source=f"{self.farthest.source} against {', '.join(others)}",
            limits=Limits.around(0.0, self.allowed),
            clause=AGREEMENT_CLAUSE,
            outside=self.verdict if self.suspects else Verdict.FAIL,
        )


def weigh(claims: Sequence[Claim]) -> Finding | None:
    """Find out whether claims agree, and which does not; None where there are not two sources."""
    if len({claim.source for claim in claims}) < 2:  # noqa: PLR2004  one source cannot disagree
        return None
    groups = _largest_groups(claims)
    members = [claims[i] for i in sorted(groups[0])]
    outvotes = 2 * len(members) > len(claims) or any(claim.reference for claim in members)
    if len(groups) == 1 and outvotes:
        return _against(tuple(claims), members)
    return _undecided(tuple(claims), groups)


def _largest_groups(claims: Sequence[Claim]) -> list[frozenset[int]]:
    """Return the largest sets of claims that have a point in common; where there is a reference, only those with it.

    Intervals that overlap do so where one of them begins.
    """
    points = sorted({claim.lower for claim in claims})
    groups = {frozenset(i for i, c in enumerate(claims) if c.lower <= point <= c.upper) for point in points}
    backed = [group for group in groups if any(claims[i].reference for i in group)] or groups
    most = max(map(len, backed))
    return sorted((group for group in backed if len(group) == most), key=sorted)


def _against(claims: tuple[Claim, ...], members: Sequence[Claim]) -> Finding:
    """Measure from the middle of what the believed allow those that are not among them, or all where there is none."""
    middle = (max(c.lower for c in members) + min(c.upper for c in members)) / 2.0
    wrong = [claim for claim in claims if claim not in members]
    findings = [Finding(claims, claim, claim.value - middle, claim.bound) for claim in wrong or members]
    worst = max(findings, key=lambda finding: finding.share)
    if not wrong:
        return worst
    verdict = max((claim.if_wrong for claim in wrong), key=lambda found: found.badness)
    return replace(worst, suspects=tuple(dict.fromkeys(claim.source for claim in wrong)), verdict=verdict)


def _undecided(claims: tuple[Claim, ...], groups: Sequence[frozenset[int]]) -> Finding:
    """Name all that some believe and others do not; where only the laboratory's are among them, the bench is broken."""
    common = frozenset.intersection(*groups) if len(groups) > 1 else frozenset()
    doubtful = [claim for i, claim in enumerate(claims) if i not in common]
    low, high = min(doubtful, key=lambda c: c.upper), max(doubtful, key=lambda c: c.lower)
    broken = all(claim.if_wrong is Verdict.ERROR for claim in doubtful)
    return Finding(
        claims,
        high,
        high.value - low.value,
        high.bound + low.bound,
        tuple(dict.fromkeys(claim.source for claim in doubtful)),
        Verdict.ERROR if broken else Verdict.INCONCLUSIVE,
        told=False,
    )
