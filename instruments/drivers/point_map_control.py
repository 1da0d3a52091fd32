"""What controls behind a point map have in common: who they are, and the settings that can be written and read back."""

from instruments.drivers.point_map_device import PointMapDevice
from instruments.point_map import Point, PointMap
from instruments.readings import Identity
from instruments.transports.modbus import ModbusLink

Setting = float | str | bool
"""A number in the point's unit, the label of an enumeration, or a truth value."""


class PointMapControl:
    """A control whose registers a point map lays out; a setting is a point that can be written and read.

    Methods that talk to the control raise TransportError when the link fails and InstrumentError when it refuses.
    """

    def __init__(self, link: ModbusLink, point_map: PointMap) -> None:
        """Nothing is sent yet."""
        self.points = PointMapDevice(link, point_map)

    def identify(self) -> Identity:
        """Ask who answers."""
        return self.points.identify()

    def find_setting(self, name: str) -> Point | None:
        """Return the point of a setting with the values that it takes; None where the map has no such setting."""
        return self._settings().get(name)

    def read_setting(self, name: str) -> Setting:
        """Read one setting; raises ConfigError for one that the map has not."""
        readings = self.points.read(name)
        match self.points.point_map.find(name).type:
            case "enum":
                return readings.label(name)
            case "bool":
                return readings.flag(name)
            case _:
                return readings.number(name)

    def write_setting(self, name: str, value: Setting) -> None:
        """Write one setting and read it back.

        Raises SafetyTrip, before anything is sent, for a value outside of the map's limits, and ConfigError for a
        setting or a label that the map has not.
        """
        self.points.write(name, value)

    def read_as_set(self) -> dict[str, float | str]:
        """Read all settings by their names; a truth value is 0 or 1."""
        found = {name: self.read_setting(name) for name in self._settings()}
        return {name: float(value) if isinstance(value, bool) else value for name, value in found.items()}

    def _settings(self) -> dict[str, Point]:
        return {name: point for name, point in self.points.point_map.points.items() if point.access == "rw"}
