"""What is found of a device under test, and whether it is inside of its limits, as the last step of a scenario asks."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, nullcontext

from bench.certification.findings import Finding
from bench.certification.not_passed import NotInside, NotPassed
from bench.measurement import worded
from reports.verdict import Verdict, worst

SHOWN = 6


class Judged:
    """Keeps what is found of a device under test, and tells it as it comes."""

    def __init__(self, tell: Callable[[Finding], None]) -> None:
        """Take whom to tell of findings."""
        self.findings: list[Finding] = []
        self._tell = tell

    def take(self, findings: Iterable[Finding]) -> None:
        """Keep findings as they come, and tell them; a procedure that is left in the middle puts back what it set."""
        with closing(findings) if isinstance(findings, Generator) else nullcontext():
            for finding in findings:
                self.findings.append(finding)
                self._tell(finding)

    def require_all(self, ending: str = "") -> None:
        """Raise NotPassed unless every finding, of those whose name ends so, is inside its limits."""
        require_inside(self.findings, ending)


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
