"""Capacitor-bank control on Modbus or DNP3, whatever its layout: the role CapacitorBankControl over a point map."""

import math

from instruments.drivers.point_map_control import PointMapControl
from instruments.drivers.points import AnyMap, Link
from instruments.errors import InstrumentError
from instruments.point_map_roles import CONTROL_POINTS
from instruments.readings import CapacitorBankStatus, CapacitorReadings, SecondaryReading

_STATUS = (
    "control_mode",
    "var_block",
    "panel_switch",
    "switch_status",
    "voltage",
    "operations_total",
    "operations_today",
    "discharge_left",
)
_MEASURED = ("voltage", "current", "feeder_reactive_power", "neutral_current", "temperature", "refused_closes")
_CLOCK_SLACK_S = 2.0
"""What a clock may go on between its being set and its being read back, s."""
_WEEK_S = 7 * 86_400.0


class PointMapCapacitorControl(PointMapControl):
    """The control of a switched capacitor bank.

    Every method talks to the control and raises TransportError when the link fails, InstrumentError when the control
    refuses or does not read back what was written. Settings are written and read by name.
    """

    def __init__(self, link: Link, point_map: AnyMap) -> None:
        """Nothing is sent yet; raises ConfigError naming all points and labels that the map lacks."""
        super().__init__(link, point_map)
        self.points.require(CONTROL_POINTS["capacitor_bank"])

    def read_status(self) -> CapacitorBankStatus:
        """Read what the control says of itself."""
        readings = self.points.read(*_STATUS)
        return CapacitorBankStatus(
            automatic=readings.label("control_mode") == "automatic",
            blocked=readings.flag("var_block"),
            remote=readings.label("panel_switch") == "remote",
            closed=readings.label("switch_status") == "closed",
            voltage_v=readings.number("voltage"),
            operations=round(readings.number("operations_total")),
            operations_today=round(readings.number("operations_today")),
            discharge_left_s=readings.number("discharge_left"),
        )

    def read_sensed(self, kvar_per_var: float) -> SecondaryReading:
        """Read what the control says of its secondary terminals, as far as its map has points for it.

        `kvar_per_var`: what one var on the secondaries of the phase sensed makes of the reactive power it shows, kvar.
        """
        voltage_v, current_a, kvar = self.points.read_numbers("voltage", "current", "feeder_reactive_power")
        return SecondaryReading(voltage_v, current_a, math.nan, kvar / kvar_per_var)

    def close_bank(self) -> None:
        """Close the bank; works while blocked, and is refused as busy while the bank discharges."""
        self.points.write("switch_command", "close")

    def open_bank(self) -> None:
        """Open the bank; works while blocked."""
        self.points.write("switch_command", "open")

    def set_automatic(self, automatic: bool) -> None:
        """Go to automatic, or to SCADA commands alone, and read it back."""
        self.points.write("control_mode", "automatic" if automatic else "scada_manual")

    def set_blocked(self, blocked: bool) -> None:
        """Block or free its own switching logic, and read it back."""
        self.points.write("var_block", blocked)

    def offers(self, point: str) -> bool:
        """Whether its map has a point: not every control has all that others have."""
        return self.points.has(point)

    def read_measured(self) -> CapacitorReadings:
        """Read what it says that it measures."""
        return CapacitorReadings(*self.points.read_numbers(*_MEASURED))

    def read_clock(self) -> float:
        """Read its clock: time since Monday's midnight, s."""
        return self.points.read("clock").number("clock")

    def set_clock(self, second_of_week: float) -> None:
        """Set its clock to a time since Monday's midnight, to the whole second, and read it back: it goes on meanwhile.

        Raises SafetyTrip, before anything is sent, for what is no time of a week.
        """
        second = math.floor(second_of_week) if math.isfinite(second_of_week) else second_of_week
        self.points.write("set_clock", second)
        ahead_s = (self.read_clock() - second) % _WEEK_S
        if ahead_s > _CLOCK_SLACK_S:
            raise InstrumentError(f"{self.points.link.name}: its clock is {ahead_s:g} s ahead after it was set")

    def is_locked_by_neutral(self) -> bool:
        """Whether it says that a neutral current has locked the bank out."""
        return self.points.read("neutral_lockout").flag("neutral_lockout")

    def reset_lockout(self) -> None:
        """Free the bank after a neutral current; refused while the current flows."""
        self.points.write("reset_lockout", True)

    def make_safe(self) -> None:
        """Leave the control to itself: free and in automatic; both are tried, also when one fails."""
        try:
            self.set_blocked(False)
        finally:
            self.set_automatic(True)
