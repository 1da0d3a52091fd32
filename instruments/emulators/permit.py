"""The permit to be in service of an emulated inverter: what its registers say of it, and how it obeys."""

from collections.abc import Callable

from instruments.emulators.faults import Fault
from instruments.emulators.isolation import PERMITTING
from instruments.emulators.sunspec_image import SunSpecImage
from instruments.emulators.timing import NEVER_S


class Permit:
    """ES of model 703 and OpCtl of model 715. `fault` tells the defect of a kind that is in force now, if any."""

    def __init__(self, registers: SunSpecImage, fault: Callable[[str], Fault | None]) -> None:
        self._registers, self._fault = registers, fault
        self._withdrawn_s = 0.0
        """For how long it has been withdrawn."""

    @property
    def is_given(self) -> bool:
        """Whether its registers permit it to be in service."""
        image = self._registers
        return image.model(703).get("ES") == 1 and image.model(715).get("OpCtl") in PERMITTING

    def advance(self, dt_s: float) -> None:
        """Let time pass, s."""
        self._withdrawn_s = 0.0 if self.is_given else self._withdrawn_s + dt_s

    @property
    def holds(self) -> bool:
        """Whether it takes itself to be permitted."""
        deaf = self._fault("ignores-permit") or self._fault("keeps-delivering")
        return self.is_given or deaf is not None or self._still_s > 0.0

    @property
    def limit_pu(self) -> float | None:
        """Active power that one limits itself to, per unit of its rating, that should cease; None: it does not."""
        keeps = self._fault("keeps-delivering")
        return keeps.value if keeps and not self.is_given else None

    @property
    def quiet_s(self) -> float:
        """How long nothing of it changes by itself, s."""
        return self._still_s or NEVER_S

    @property
    def _still_s(self) -> float:
        """For how long a late one will go on after its permit was withdrawn, s."""
        late = self._fault("late-cease")
        return max(0.0, late.value - self._withdrawn_s) if late and not self.is_given else 0.0
