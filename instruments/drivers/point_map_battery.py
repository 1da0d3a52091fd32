"""Battery on Modbus, whatever its register layout: the role Battery over a point map."""

import math

from instruments.drivers.point_map_der import PointMapDer
from instruments.readings import ChargeStatus, PowerCommand, StorageLimits, StorageReading

PCT = 100.0


class PointMapBattery(PointMapDer):
    """Fits the role Battery, as far as its map has points for it; `lacking` tells what it has not."""

    role = "battery"

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

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        """Command a power, W, > 0 to discharge, which ends by itself after `reversion_s`; return the read-back.

        Raises SafetyTrip, before anything is sent, for a power outside nameplate, envelope or map, and for a command
        without an end: storage must not go on when whoever commanded it is gone.
        """
        return self._commands.set_power_w(self.read_nameplate(), power_w, reversion_s, shortest_s=1.0)

    def make_safe(self) -> None:
        """Let the battery idle, and read back that it was told so."""
        self.release()
