"""One type test of a control on its rig: what was found, and whether it is inside of its limits."""

from collections.abc import Callable
from typing import Generic, TypeVar

from bench.certification.control_rig import ControlRig
from bench.certification.findings import Finding
from bench.certification.inside import Judged

F = TypeVar("F")


class ControlTest(Judged, Generic[F]):
    """A control under test, with the figures of its suite. Methods raise NotPassed, and what the drivers raise."""

    def __init__(self, rig: ControlRig, figures: F, tell: Callable[[Finding], None]) -> None:
        """Take whom to tell of findings."""
        super().__init__(tell)
        self.rig, self.figures = rig, figures
