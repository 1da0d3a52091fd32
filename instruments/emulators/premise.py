"""Emulated premises: the appliances behind a home area network that a home controller can have switched off.

A premise is told in advance when to shed, as appliances with a demand-response module are, and may be told to forget
it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instruments.emulators.faults import FaultSet
from instruments.emulators.timing import NEVER_S
from instruments.errors import ConfigError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shed:
    """A share of the premise's load, per unit, that is off from `start_s` to `end_s` of the emulator's time."""

    share: float
    start_s: float
    end_s: float


class PremiseFleet:
    """Premises in the order of `names`. `running_share` is what of each one's load is on, per unit, shape (names,)."""

    role = "premise"

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.time_s = 0.0
        self.running_share: Floats = np.ones(len(self.names))
        self._index = {name: index for index, name in enumerate(self.names)}
        self._sheds: dict[str, Shed] = {}
        self._faults = {name: FaultSet(self.role) for name in self.names}

    def schedule_shed(self, name: str, share: float, start_s: float, end_s: float) -> None:
        """Switch a share of a premise's load off from a time to another; raises ConfigError for an unknown premise."""
        self._require(name)
        self._sheds[name] = Shed(share, start_s, end_s)

    def cancel_shed(self, name: str) -> None:
        """Let all appliances of a premise run (again); raises ConfigError for an unknown premise."""
        self._require(name)
        if not self._faults[name].active("ignores-override", self.time_s):
            self._sheds.pop(name, None)

    @property
    def quiet_s(self) -> float:
        """Time until appliances are switched, s; infinite where none will be."""
        moments = (moment for shed in self._sheds.values() for moment in (shed.start_s, shed.end_s))
        return min((moment - self.time_s for moment in moments if moment > self.time_s), default=NEVER_S)

    def advance(self, dt_s: float) -> None:
        """Let a time pass, s; appliances are switched at its end."""
        self.time_s += dt_s
        self.running_share[:] = 1.0
        for name, shed in self._sheds.items():
            off = shed.start_s <= self.time_s < shed.end_s
            if off and not self._faults[name].active("does-not-shed", self.time_s):
                self.running_share[self._index[name]] = 1.0 - shed.share

    def inject(
        self, name: str, kind: str, value: float | None = None, start_s: float = 0.0, end_s: float | None = None
    ) -> None:
        """Make one premise defective in the fleet's time; raises ConfigError for an unknown premise or fault."""
        self._require(name)
        self._faults[name].inject(kind, value, start_s, end_s)

    def _require(self, name: str) -> None:
        if name not in self._index:
            raise ConfigError(f"no premise {name!r} in this fleet")
