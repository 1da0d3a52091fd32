"""Tap-changer control on Modbus or DNP3, whatever its layout: the role LoadTapChangerControl over a point map."""

import math

from instruments.drivers.fence import NO_LIMIT, Span, require_within
from instruments.drivers.point_map_control import PointMapControl
from instruments.drivers.points import AnyMap, Link
from instruments.point_map_roles import CONTROL_POINTS
from instruments.readings import LoadTapChangerStatus, SecondaryReading

_STATUS = ("control_mode", "blocked", "panel_switch", "tap_position", "voltage", "operations_total")


class PointMapTapChangerControl(PointMapControl):
    """The control of a load tap changer.

    Every method talks to the control and raises TransportError when the link fails, InstrumentError when the control
    refuses or does not read back what was written. Settings are written and read by name.
    """

    def __init__(self, link: Link, point_map: AnyMap, taps: Span = NO_LIMIT) -> None:
        """Take between which taps the bench allows it to be moved, beside the control's own limits.

        Nothing is sent yet; raises ConfigError naming all points and labels that the map lacks.
        """
        super().__init__(link, point_map)
        self._taps = taps
        self.points.require(CONTROL_POINTS["load_tap_changer"])

    def read_status(self) -> LoadTapChangerStatus:
        """Read what the control says of itself."""
        readings = self.points.read(*_STATUS)
        return LoadTapChangerStatus(
            automatic=readings.label("control_mode") == "automatic",
            blocked=readings.flag("blocked"),
            remote=readings.label("panel_switch") == "remote",
            tap_position=round(readings.number("tap_position")),
            voltage_v=readings.number("voltage"),
            operations=round(readings.number("operations_total")),
        )

    def read_sensed(self) -> SecondaryReading:
        """Read what the control says of its secondary terminals, as far as its map has points for it."""
        voltage_v, current_a, angle_deg = self.points.read_numbers("voltage", "current", "current_angle")
        apparent, lag_rad = voltage_v * current_a, math.radians(-angle_deg)
        return SecondaryReading(voltage_v, current_a, apparent * math.cos(lag_rad), apparent * math.sin(lag_rad))

    def raise_tap(self) -> None:
        """Raise by one tap; the control takes it in SCADA-manual only, and not before its inter-tap delay is over.

        Raises SafetyTrip, before anything is sent, where the tap would leave what the bench allows.
        """
        self._check_tap(1)
        self.points.write("tap_command", "raise")

    def lower_tap(self) -> None:
        """Lower by one tap, under the same conditions."""
        self._check_tap(-1)
        self.points.write("tap_command", "lower")

    def set_automatic(self, automatic: bool) -> None:
        """Go to automatic, or to SCADA-manual, and read it back."""
        self.points.write("control_mode", "automatic" if automatic else "scada_manual")

    def set_blocked(self, blocked: bool) -> None:
        """Block or free automatic operation, and read it back."""
        self.points.write("blocked", blocked)

    def _check_tap(self, steps: int) -> None:
        """Hold a step to the limit that it goes towards: one that comes back from beyond the other is welcome."""
        if self._taps != NO_LIMIT:
            tap, (lowest, highest) = self.read_status().tap_position + steps, self._taps
            ahead = (-math.inf, highest) if steps > 0 else (lowest, math.inf)
            require_within(self.points.link.name, "tap", (tap,), ahead)

    def make_safe(self) -> None:
        """Leave the control to itself: free and in automatic; both are tried, also when one fails."""
        try:
            self.set_blocked(False)
        finally:
            self.set_automatic(True)
