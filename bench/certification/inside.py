"""Whether findings are inside of their limits, as the last step of a scenario asks."""

from collections.abc import Sequence

from bench.certification.findings import Finding
from bench.certification.not_passed import NotInside, NotPassed
from bench.measurement import worded
from reports.verdict import Verdict, worst

SHOWN = 6


def require_inside(findings: Sequence[Finding], ending: str = "") -> None:
    """Raise NotPassed unless every finding, of those whose name ends so, is inside its limits, and there is one."""
    chosen = [finding for finding in findings if finding.what.endswith(ending)]
    if not chosen:
        raise NotPassed(f"nothing was measured {ending}".rstrip(), Verdict.NOT_RUN)
    broken = [finding for finding in chosen if finding.verdict is not Verdict.PASS]
    if not broken:
        return
    told = [worded(finding.measurement) for finding in broken[:SHOWN]]
    more = [f"and {len(broken) - SHOWN} more"] if len(broken) > SHOWN else []
    verdict = worst(finding.verdict for finding in broken)
    raise NotInside("\n".join([f"{len(broken)} of {len(chosen)} are not inside:", *told, *more]), verdict)
