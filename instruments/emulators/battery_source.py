"""What emulated battery simulators do, whatever language they speak: hold a voltage, give and take current.

The languages are subclasses, each with its own table of commands; `battery_sources` finds them by name.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from instruments.emulators.battery import DcLink
from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.emulators.scpi_instrument import Call


@dataclass(frozen=True)
class BatterySourceRatings:
    """The largest voltage, V, and currents that it gives and takes, A."""

    voltage_v: float = 1000.0
    discharge_a: float = 200.0
    charge_a: float = 200.0


@dataclass(frozen=True)
class HeldBattery:
    """What it was told: a voltage, V, and the most that it gives and takes, A."""

    voltage_v: float = 0.0
    discharge_a: float = 0.0
    charge_a: float = 0.0


class BatterySourceEmulator(ScpiEmulator):
    """DC source in front of an inverter, on whose DC link it is the battery.

    It gives or takes what the other end of the `link` asks for, within its limits. `drawn_w` tells what that passes
    at this moment; who serves it sets both.
    """

    role = "battery_simulator"

    def __init__(self, name: str, ratings: BatterySourceRatings | None = None) -> None:
        self.ratings = ratings or BatterySourceRatings()
        self.link: DcLink | None = None
        self.drawn_w: Callable[[], float] = lambda: 0.0
        super().__init__(name)

    @property
    def charge_max_w(self) -> float:
        """What the inverter may think of its battery: how much it takes is set later, and not told to the inverter."""
        return math.inf

    @property
    def delivered_w(self) -> float:
        """What it gives to the link, W; < 0 is taken from it."""
        if not self._gives or self.link is None:
            return 0.0
        lowest, highest = self.link()
        wanted = highest if highest > 0.0 else lowest
        lowest_w, highest_w = self._span_w
        return max(lowest_w, min(highest_w, wanted))

    @property
    def voltage_v(self) -> float:
        """At its output."""
        return self.battery.voltage_v * self._gain() if self._gives else 0.0

    @property
    def current_a(self) -> float:
        """At its output; > 0 is given."""
        return self.power_w / self.voltage_v if self.voltage_v else 0.0

    @property
    def power_w(self) -> float:
        """At its output; > 0 is given."""
        lowest_w, highest_w = self._span_w
        return max(lowest_w, min(highest_w, self.drawn_w())) if self._gives else 0.0

    @property
    def _span_w(self) -> tuple[float, float]:
        return -self.battery.charge_a * self.voltage_v, self.battery.discharge_a * self.voltage_v

    @property
    def _gives(self) -> bool:
        return self._is_on or (self._was_on and self._has("does-not-switch-off"))

    def _reset(self) -> None:
        self._is_on = self._was_on = False
        self.battery = HeldBattery()

    def _switch(self, on: bool) -> None:
        self._was_on = on or self._was_on
        self._is_on = on

    def _switched(self, call: Call) -> None:
        self._switch(call.switch())
