"""What all emulated SCPI instruments have: an identity, a clock of their own, defects, and a gain that these bend."""

from abc import ABC, abstractmethod
from typing import ClassVar

from instruments.emulators.faults import FaultSet
from instruments.emulators.scpi_instrument import Handler, ScpiInstrument
from instruments.emulators.scpi_status import Status


class ScpiEmulator(ABC):
    """An instrument served over SCPI; `scpi` executes what arrives on the wire.

    Whoever calls the methods of an emulator, or looks at its state, holds the lock of the emulators' host.
    """

    role: ClassVar[str]
    model: ClassVar[str]
    termination: ClassVar[str] = "\n"
    """What ends a message and an answer on the wire."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.time_s = 0.0
        self._faults = FaultSet(self.role)
        self.scpi = ScpiInstrument(self._identity(), self._table(), self._reset, self._make_status())
        self._reset()

    def inject(self, kind: str, value: float | None = None, start_s: float = 0.0, end_s: float | None = None) -> None:
        """Give the instrument a defect of `faults.FAULT_KINDS`, in force between two moments of its own time."""
        self._faults.inject(kind, value, start_s, end_s)

    def advance(self, dt_s: float) -> None:
        """Let `dt_s` pass."""
        self.time_s += dt_s
        if self._has("error-in-its-queue"):
            self.scpi.status.report(-310)

    @abstractmethod
    def _table(self) -> dict[str, Handler]:
        """Return the commands of the instrument's own; called while it is made, before `_reset`."""

    @abstractmethod
    def _reset(self) -> None:
        """Restore the state of `*RST`."""

    def _identity(self) -> str:
        """Answer to `*IDN?`."""
        return ",".join(("derbench", self.model, self.name, "1"))

    def _make_status(self) -> Status:
        return Status()

    def _has(self, kind: str) -> bool:
        return self._faults.active(kind, self.time_s) is not None

    def _gain(self) -> float:
        """Ratio of what the instrument does to what it should: 1 without a defect."""
        drift = self._faults.active("drifted", self.time_s)
        wrong = self._faults.active("wrong-range", self.time_s)
        return (1.0 + drift.value if drift else 1.0) * (wrong.value if wrong else 1.0)
