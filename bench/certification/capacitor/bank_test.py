"""One type test of a capacitor control on its rig: what the steps of a feature carry out."""

from collections.abc import Callable, Iterator
from typing import Concatenate, ParamSpec

from bench.certification.capacitor.figures import CapacitorFigures
from bench.certification.capacitor.stand import Stand
from bench.certification.control_rig import ControlRig
from bench.certification.controls.control_test import ControlTest
from bench.certification.findings import Finding

P = ParamSpec("P")


class CapacitorTest(ControlTest[CapacitorFigures]):
    """A capacitor control under test. Methods raise NotPassed, and what the drivers raise."""

    def __init__(
        self, rig: ControlRig, figures: CapacitorFigures, clause: str, tell: Callable[[Finding], None]
    ) -> None:
        """Take the clause that is tested, and whom to tell of findings."""
        super().__init__(rig, figures, tell)
        self.stand = Stand(rig, figures, clause)

    def carry_out(
        self, procedure: Callable[Concatenate[Stand, P], Iterator[Finding]], *others: P.args, **named: P.kwargs
    ) -> None:
        """Carry out a procedure of the suite, and keep what it finds."""
        self.take(procedure(self.stand, *others, **named))
