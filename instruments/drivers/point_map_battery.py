"""Battery on Modbus, whatever its register layout: the role Battery over a point map."""

import math

from instruments.drivers.fence import UNFENCED, DerEnvelope
from instruments.drivers.point_map_der import DerPoints, PowerCommands, read_ac, read_nameplate
from instruments.drivers.point_map_inverter import STATES
from instruments.point_map import PointMap
from instruments.readings import (
    AcReading,
    ChargeStatus,
    Identity,
    Nameplate,
    PowerCommand,
    StorageLimits,
    StorageReading,
)
from instruments.transports.modbus import ModbusLink

PCT = 100.0


class PointMapBattery:
    """Fits the role Battery; raises as `PointMapInverter` does."""

    def __init__(self, link: ModbusLink, point_map: PointMap, envelope: DerEnvelope = UNFENCED) -> None:
        """Take what the bench allows, beside the nameplate.

        Nothing is sent yet; raises ConfigError with all that keeps the map from the role.
        """
        self.points = DerPoints(link, point_map, "battery")
        self._commands = PowerCommands(self.points, envelope)
        self._nameplate: Nameplate | None = None

    @property
    def lacking(self) -> dict[str, list[str]]:
        """Functions of the role that the map does not offer, with what it lacks for them."""
        return self.points.lacking

    def identify(self) -> Identity:
        """Read who answers, as far as it says."""
        return self.points.device.identify()

    def read_nameplate(self) -> Nameplate:
        """Read the ratings; asked of the device once. Without one for charging, it is that for discharging."""
        if self._nameplate is None:
            self._nameplate = read_nameplate(self.points, storage=True)
        return self._nameplate

    def read_ac(self) -> AcReading:
        """Read what the battery says of its terminals."""
        return read_ac(self.points, STATES)

    def read_storage(self) -> StorageReading:
        """Read state of charge, energy and power; without a point for energy it is the share of the capacity."""
        values = self.points.read("state_of_charge", "energy", "capacity", "power", base=1.0)
        soc_pu, capacity_wh = values.needed("state_of_charge"), values.needed("capacity")
        energy_wh = values.number("energy")
        return StorageReading(
            soc_pct=soc_pu * PCT,
            energy_wh=soc_pu * capacity_wh if math.isnan(energy_wh) else energy_wh,
            capacity_wh=capacity_wh,
            power_w=values.needed("power"),
        )

    def read_limits(self) -> StorageLimits:
        """Say that it states none of its limits of charge: maps have no points for them."""
        return StorageLimits(math.nan, math.nan, math.nan, math.nan)

    def read_charge_status(self) -> ChargeStatus:
        """Say that it does not tell what it is about."""
        return ""

    def read_ramp_pct_per_s(self) -> float:
        """Say that no ramp rate can be set."""
        return math.nan

    def disable_reactive_commands(self) -> None:
        """Do nothing: it has no command of reactive power."""

    def read_as_set(self) -> dict[str, float | str]:
        """Say that it has no settings in the labels of the common file format."""
        return {"COMMENT": f"the point map {self.points.point_map.point_map} has no settings"}

    def enter_service(self) -> None:
        """Permit service, where its map has that; without it, it is in service when it has a grid."""
        if "service" in self.points.point_map.points:
            self.points.device.write("service", "enter")

    def read_command(self) -> PowerCommand:
        """Read the set-point that the battery holds, which is not what it delivers."""
        return self._commands.read(self.read_nameplate().p_max_w)

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        """Command a power, W, > 0 to discharge, which ends by itself after `reversion_s`; return the read-back.

        Raises SafetyTrip, before anything is sent, for a power outside nameplate, envelope or map, and for a command
        without an end: storage must not go on when whoever commanded it is gone.
        """
        return self._commands.set_power_w(self.read_nameplate(), power_w, reversion_s, shortest_s=1.0)

    def release(self) -> None:
        """End the command; the battery idles."""
        self._commands.release()

    def make_safe(self) -> None:
        """Let the battery idle, and read back that it was told so."""
        self.release()
