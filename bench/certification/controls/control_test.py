"""One type test of a control on its rig: what was found, and whether it is inside of its limits."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from bench.certification.control_rig import ControlRig
from bench.certification.findings import Finding
from bench.certification.inside import require_inside

F = TypeVar("F")


class ControlTest(Generic[F]):
    """A control under test, with the figures of its suite. Methods raise NotPassed, and what the drivers raise."""

    def __init__(self, rig: ControlRig, figures: F, tell: Callable[[Finding], None]) -> None:
        """Take whom to tell of findings."""
        self.rig, self.figures, self._tell = rig, figures, tell
        self.findings: list[Finding] = []

    def take(self, findings: Iterable[Finding]) -> None:
        """Keep findings as they come, and tell them."""
        for finding in findings:
            self.findings.append(finding)
            self._tell(finding)

    def require_all(self) -> None:
        """Raise NotPassed unless every finding is inside its limits."""
        require_inside(self.findings)
