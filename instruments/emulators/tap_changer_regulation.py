"""What an emulated tap-changer control makes of what it senses: its direction of power, its band, and what it wants.

Voltages are those of the PT secondary. Nothing here knows of time.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from instruments.emulators.faults import Fault
from instruments.emulators.sensing_source import Secondary
from instruments.emulators.tap_changer_settings import PCT, Direction, ReverseMode, TapChangerSettings

TAP_STEP_PU = 0.00625
"""What the control takes a tap for, per unit: 32 steps over plus and minus 10 %."""


@dataclass(frozen=True)
class Regulation:
    """One moment of a control: its settings, what it senses, where its tap is, and which defects it has."""

    settings: TapChangerSettings
    sensed: Secondary
    position: int
    reduction_stage: int
    fault: Callable[[str], Fault | None]

    @property
    def reversed(self) -> bool:
        """Whether power flows towards the source."""
        if self.fault("ignores-reverse-power"):
            return False
        in_phase_a = self.sensed.current_a * math.cos(math.radians(self.sensed.angle_deg))
        return in_phase_a < -self.settings.reverse_threshold_a

    @property
    def regulated_v(self) -> float:
        """Voltage at the load centre by line-drop compensation, V: I (R cos phi + X sin phi) below the terminals."""
        settings, lag_rad = self.settings, math.radians(-self.sensed.angle_deg)
        r_v, x_v = settings.ldc_r_v, settings.ldc_x_v
        if self.fault("exchanges-r-and-x"):
            r_v, x_v = x_v, r_v
        drop_v = r_v * math.cos(lag_rad) + x_v * math.sin(lag_rad)
        sign = -1.0 if self.fault("compensates-backwards") else 1.0
        return self.sensed.voltage_v - sign * self.sensed.current_a / settings.ct_rated_a * drop_v

    @property
    def centre_v(self) -> float:
        """Band centre less the voltage reduction in force, V."""
        reduced_pct = (0.0, *self.settings.reduction_pct)[self.reduction_stage]
        if wrong := self.fault("wrong-reduction"):
            reduced_pct *= wrong.value
        off = self.fault("centre-off")
        return self.settings.band_centre_v * (1.0 - reduced_pct / PCT) + (off.value if off else 0.0)

    @property
    def half_band_v(self) -> float:
        """Half of the width of the band, V."""
        wrong = self.fault("wrong-bandwidth")
        return 0.0 if self.fault("hunts") else self.settings.bandwidth_v / 2.0 * (wrong.value if wrong else 1.0)

    @property
    def at_source(self) -> bool:
        """Whether it regulates the voltage on the source's side."""
        return self.settings.reverse_mode is ReverseMode.BIDIRECTIONAL and self.reversed

    @property
    def to_neutral(self) -> bool:
        """Whether it goes to neutral, whatever voltage is."""
        return self.settings.reverse_mode is ReverseMode.NEUTRAL and self.reversed

    @property
    def deviation_v(self) -> float:
        """Return how far what it regulates is above its centre, V."""
        if self.at_source:
            source_v = self.sensed.voltage_v / (1.0 + TAP_STEP_PU * self.position)
            return source_v - self.settings.reverse_centre_v
        return self.regulated_v - self.centre_v

    @property
    def band_status(self) -> int:
        """Where the regulated voltage is: -1 below the band, 0 in it, 1 above it."""
        if abs(self.deviation_v) <= self.half_band_v:
            return 0
        return 1 if self.deviation_v > 0 else -1

    @property
    def running_back(self) -> bool:
        """Whether the first customer's voltage is so high that it lowers without delay."""
        limit_v = self.settings.block_raise_v + self.settings.runback_v
        return self.sensed.voltage_v > limit_v and not self.fault("no-runback")

    @property
    def wanted(self) -> Direction | None:
        """Return which way it wants to go, None where it stays."""
        if self.sensed.voltage_v < self.settings.dead_sensing_v and not self.fault("regulates-without-potential"):
            return None
        wanted = Direction.LOWER if self.running_back else self._by_mode()
        return wanted if wanted and self.tap_allows(wanted) and self._voltage_allows(wanted) else None

    def tap_allows(self, direction: Direction) -> bool:
        """Whether its tap limits let it go there."""
        reached = self.position + direction
        within = self.settings.lowest_tap <= reached <= self.settings.highest_tap
        return within or self.fault("ignores-tap-limits") is not None

    def _by_mode(self) -> Direction | None:
        mode = self.settings.reverse_mode
        if not self.reversed or mode is ReverseMode.COGENERATION:
            return {-1: Direction.RAISE, 0: None, 1: Direction.LOWER}[self.band_status]
        if self.to_neutral:
            return None if self.position == 0 else Direction.LOWER if self.position > 0 else Direction.RAISE
        if mode is ReverseMode.BIDIRECTIONAL:
            return {-1: Direction.LOWER, 0: None, 1: Direction.RAISE}[self.band_status]
        return None

    def _voltage_allows(self, direction: Direction) -> bool:
        if self.fault("ignores-voltage-limits"):
            return True
        if direction is Direction.RAISE:
            return self.sensed.voltage_v < self.settings.block_raise_v
        return self.sensed.voltage_v > self.settings.block_lower_v
