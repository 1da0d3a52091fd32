"""What emulated PV simulators do, whatever language they speak: give an inverter what an array would.

The languages are subclasses, each with its own table of commands; `pv_sources` finds them by name.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.emulators.scpi_instrument import Call, Handler
from instruments.emulators.scpi_status import ScpiError


@dataclass
class Curve:
    """Open and short circuit and the point of most power; `share` is what irradiance leaves of the currents."""

    voc_v: float = 0.0
    isc_a: float = 0.0
    vmp_v: float = 0.0
    imp_a: float = 0.0
    share: float = 1.0

    @property
    def is_sound(self) -> bool:
        """Whether an array can be like that."""
        return self.voc_v > self.vmp_v >= 0.0 and self.isc_a > self.imp_a >= 0.0

    @property
    def pmp_w(self) -> float:
        """The most that it gives, W."""
        return self.vmp_v * self.imp_a * self.share


@dataclass(frozen=True)
class DcRatings:
    """The largest voltage and current."""

    voltage_v: float = 1000.0
    current_a: float = 100.0


class PvSourceEmulator(ScpiEmulator):
    """DC source in front of an inverter, which finds the point of most power at once and draws up to that.

    `drawn_w` tells what the inverter takes; who serves it sets that.
    """

    role = "pv_simulator"

    def __init__(self, name: str, ratings: DcRatings | None = None) -> None:
        self.ratings = ratings or DcRatings()
        self.drawn_w: Callable[[], float] = lambda: 0.0
        super().__init__(name)

    @property
    def available_w(self) -> float:
        """What the inverter can take, W."""
        return self.curve.pmp_w * self._gain() if self._gives else 0.0

    @property
    def voltage_v(self) -> float:
        """At its output: that of the most power while something is drawn, else that of the open circuit."""
        if not self._gives:
            return 0.0
        return self.curve.vmp_v if self.current_a else self.curve.voc_v

    @property
    def current_a(self) -> float:
        """At its output."""
        drawn_w = min(max(self.drawn_w(), 0.0), self.available_w)
        return drawn_w / self.curve.vmp_v if drawn_w else 0.0

    @property
    def _gives(self) -> bool:
        return self._on or (self._was_on and self._has("does-not-switch-off"))

    def _reset(self) -> None:
        self._on = self._was_on = False
        self.curve = Curve()

    @abstractmethod
    def _table(self) -> dict[str, Handler]:
        """Return the commands of the language."""

    def _switch(self, on: bool) -> None:
        self._was_on = on or self._was_on
        self._on = on

    def _switched(self, call: Call) -> None:
        self._switch(call.switch())

    def _take_over(self, curve: Curve) -> None:
        """Take a curve over whole; raises ScpiError -221 for one that no array has, and keeps the one before."""
        if not curve.is_sound:
            raise ScpiError(-221, "no curve of an array")
        self.curve = curve
