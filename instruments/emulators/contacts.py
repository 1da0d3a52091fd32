"""What a control is wired to: pulsed output contacts, and the secondary terminals on which it senses."""

from collections.abc import Callable
from typing import Protocol

from instruments.emulators.sensing_source import DEAD, Secondary
from instruments.emulators.timing import EPSILON_S, NEVER_S
from instruments.errors import InstrumentError

ContactObserver = Callable[[bool], None]


class CommandRefused(InstrumentError):  # noqa: N818  an answer of the equipment, not a defect of the emulator
    """A control does not carry out a command in its present state.

    `busy` when the same command may work later, `local` when the switch on its panel stands on local.
    """

    def __init__(self, reason: str, busy: bool = False, local: bool = False) -> None:
        super().__init__(reason)
        self.busy, self.local = busy, local


class Sensing(Protocol):
    """PT and CT secondaries: the emulated sensing source has them, and so do `SensingTerminals`."""

    @property
    def secondary(self) -> Secondary:
        """What is on the terminals now."""


class SensingTerminals:
    """Secondary terminals that their owner sets, where no sensing source stands in front of the control."""

    def __init__(self, secondary: Secondary = DEAD) -> None:
        self.secondary = secondary


class PulseContact:
    """Output contact that closes for `pulse_s` at a time; `closures` counts the pulses given."""

    def __init__(self, pulse_s: float) -> None:
        self.closed = False
        self.closures = 0
        self._latched = False
        self._pulse_s = pulse_s
        self._left_s = NEVER_S
        self._observers: list[ContactObserver] = []

    def on_change(self, observer: ContactObserver) -> None:
        """Call `observer(closed)` at each change, for instance to set an input of the emulated digital I/O."""
        self._observers.append(observer)

    @property
    def quiet_s(self) -> float:
        """Time until the contact opens by itself, s; infinite while it is open."""
        return self._left_s

    def pulse(self) -> None:
        """Close for one pulse."""
        self.closures += 1
        self._latched = True
        self._left_s = self._pulse_s
        self._set(True)

    def sample(self) -> bool:
        """Whether it is closed or has been since the last sample: what a latched input sees.

        No pulse is lost then, provided that samples are nearer to each other than pulses.
        """
        seen = self.closed or self._latched
        self._latched = False
        return seen

    def elapse(self, dt_s: float) -> None:
        """Let time pass, s."""
        self._left_s -= dt_s

    def act(self) -> None:
        """Open when the pulse is over."""
        if self._left_s <= EPSILON_S:
            self._left_s = NEVER_S
            self._set(False)

    def _set(self, closed: bool) -> None:
        self.closed = closed
        for observer in self._observers:
            observer(closed)
