"""One performance test of a battery on its rig: what the steps of a feature do and judge."""

from collections.abc import Callable, Iterator, Mapping

from bench.certification.findings import Finding
from bench.certification.inside import Judged
from bench.certification.storage.charge import state_of_charge
from bench.certification.storage.cycle import round_trip, standby
from bench.certification.storage.ends import at_empty, at_full, reserve
from bench.certification.storage.figures import StorageFigures
from bench.certification.storage.levels import quadrants, symmetry, tracking
from bench.certification.storage.ratings import ratings
from bench.certification.storage.rig import StorageRig
from bench.certification.storage.steps import ramps, step_response
from instruments.errors import ConfigError

Procedure = Callable[[StorageRig, StorageFigures], Iterator[Finding]]
PROCEDURES: Mapping[str, Procedure] = {
    "statement of itself": ratings,
    "tracking of a signal": tracking,
    "ramp rate": ramps,
    "symmetry": symmetry,
    "state of charge": state_of_charge,
    "limit at full": at_full,
    "limit at empty": at_empty,
    "full cycle": round_trip,
    "reserve": reserve,
    "four quadrants": quadrants,
    "self-discharge": standby,
}
"""By the words of the features."""


class StorageTest(Judged):
    """A battery under test. Methods raise NotPassed, and what the drivers raise."""

    def __init__(self, rig: StorageRig, figures: StorageFigures, tell: Callable[[Finding], None]) -> None:
        """Take whom to tell of findings."""
        super().__init__(tell)
        self.rig, self.figures = rig, figures

    def come_into_service(self) -> None:
        """Put rated voltage and frequency in front of it, wait until it follows a command, and let it rest."""
        self.rig.rig.set_grid(1.0)
        self.rig.come_into_service()

    def step(self, case: str) -> None:
        """Step the set-point."""
        self.take(step_response(self.rig, self.figures, self.figures.step.named(case)))

    def try_out(self, what: str) -> None:
        """Carry out a procedure; raises ConfigError naming the known ones."""
        if what not in PROCEDURES:
            raise ConfigError(f"nothing is tried as {what!r}; known: {', '.join(PROCEDURES)}")
        self.take(PROCEDURES[what](self.rig, self.figures))
