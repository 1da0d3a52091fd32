"""What controls behind a point map have in common: who they are, and the settings that can be written and read back."""

from instruments.drivers.points import AnyMap, Link, Setting, points_of
from instruments.point_map import SettingPoint
from instruments.readings import Identity


class PointMapControl:
    """A control that a point map lays out, on Modbus or DNP3; a setting is a point that can be written and read.

    Methods that talk to the control raise TransportError when the link fails and InstrumentError when it refuses.
    """

    def __init__(self, link: Link, point_map: AnyMap) -> None:
        """Nothing is sent yet; raises ConfigError for a map of another protocol."""
        self.points = points_of(link, point_map)

    def identify(self) -> Identity:
        """Ask who answers."""
        return self.points.identify()

    def find_setting(self, name: str) -> SettingPoint | None:
        """Return the point of a setting with the values that it takes; None where the map has no such setting."""
        return self.points.settings().get(name)

    def read_setting(self, name: str) -> Setting:
        """Read one setting; raises ConfigError for one that the map has not."""
        return self.points.read_setting(name)

    def write_setting(self, name: str, value: Setting) -> None:
        """Write one setting and read it back.

        Raises SafetyTrip, before anything is sent, for a value outside of the map's limits, and ConfigError for a
        setting or a label that the map has not.
        """
        self.points.write(name, value)

    def read_as_set(self) -> dict[str, float | str]:
        """Read all settings by their names; a truth value is 0 or 1."""
        found = {name: self.read_setting(name) for name in self.points.settings()}
        return {name: float(value) if isinstance(value, bool) else value for name, value in found.items()}
