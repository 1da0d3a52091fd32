"""Inverter on Modbus, whatever its register layout: the roles Inverter and DerFunctions over a point map."""

from instruments.drivers.fence import UNFENCED, DerEnvelope
from instruments.drivers.labelled_functions import LabelledFunctions
from instruments.drivers.labelled_points import ModbusLabels
from instruments.drivers.point_map_der import PointMapDer
from instruments.point_map import PointMap
from instruments.readings import InverterModes, PowerCommand
from instruments.transports.modbus import ModbusLink


class PointMapInverter(PointMapDer, LabelledFunctions):
    """Fits the roles Inverter and DerFunctions, as far as its map has points for them; `lacking` tells of the first."""

    role = "inverter"

    def __init__(self, link: ModbusLink, point_map: PointMap, envelope: DerEnvelope = UNFENCED) -> None:
        """Take what the bench allows, beside the nameplate.

        Nothing is sent yet; raises ConfigError with all that keeps the map from the role.
        """
        PointMapDer.__init__(self, link, point_map, envelope)
        LabelledFunctions.__init__(self, ModbusLabels(self.points, self.read_nameplate), envelope)

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        """Command active power, W, > 0 to deliver, which ends by itself after `reversion_s`; return the read-back.

        Raises SafetyTrip, before anything is sent, for a power outside nameplate, envelope or map, and for a command
        without an end to an inverter with storage behind it.
        """
        nameplate = self.read_nameplate()
        shortest_s = 1.0 if nameplate.charge_max_w > 0.0 else 0.0
        return self._commands.set_power_w(nameplate, power_w, reversion_s, shortest_s)

    def read_modes(self) -> InverterModes:
        """Read who may command it, whether it may be in service, and whether its volt-var function is enabled."""
        values = self.points.read("panel_switch", "volt_var_enable", "service")
        switch = values.label("panel_switch")
        return InverterModes(
            remote=switch == "remote" if switch else None,
            permitted=values.label("service") == "enter",
            volt_var=values.flag("volt_var_enable"),
        )

    def cease_to_energize(self) -> None:
        """Withdraw the permission to be in service."""
        self.points.device.write("service", "cease")

    def enter_service(self) -> None:
        """Permit service; the inverter waits for its enter-service criteria and ramps."""
        self.points.device.write("service", "enter")

    def make_safe(self) -> None:
        """Cease to energize and end the active-power command, where there is one; both are tried, also if one fails."""
        try:
            self.cease_to_energize()
        finally:
            if "set_power_w" not in self.lacking:
                self.release()
