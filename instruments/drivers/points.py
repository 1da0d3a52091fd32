"""Points of a device by name, whatever carries them: what a driver of a control needs of its point map."""

from collections.abc import Collection, Mapping
from typing import Protocol

from instruments.dnp3_map import Dnp3Map
from instruments.drivers.dnp3_point_device import Dnp3PointDevice
from instruments.drivers.point_map_device import PointMapDevice
from instruments.errors import ConfigError
from instruments.point_map import PointMap, SettingPoint
from instruments.readings import Identity
from instruments.transports.dnp3 import Dnp3Link
from instruments.transports.modbus import ModbusLink

Link = ModbusLink | Dnp3Link
AnyMap = PointMap | Dnp3Map
Setting = float | str | bool
"""A number in the point's unit, the label of an enumeration, or a truth value."""


class Readings(Protocol):
    """Points as they were read together; all raise InstrumentError for what is no reading."""

    def number(self, name: str) -> float:
        """Return a number in its unit."""

    def flag(self, name: str) -> bool:
        """Return a state."""

    def label(self, name: str) -> str:
        """Return the label of an enumeration."""


class Points(Protocol):
    """Points of one device. All but `require` raise TransportError and InstrumentError."""

    @property
    def link(self) -> Link:
        """The device's link."""

    def require(self, points: Mapping[str, Collection[str]]) -> None:
        """Check that the map has points, with these labels; raises ConfigError with all that it lacks."""

    def read(self, *names: str) -> Readings:
        """Read points together."""

    def read_numbers(self, *names: str) -> tuple[float, ...]:
        """Read numbers; NaN for one that the map lacks."""

    def has(self, name: str) -> bool:
        """Whether the map has a point."""

    def settings(self) -> dict[str, SettingPoint]:
        """Return the points that can be written and read."""

    def read_setting(self, name: str) -> Setting:
        """Read one point as what it is."""

    def write(self, name: str, value: float | str | bool) -> None:
        """Write or command one point, and read it back where it can be; SafetyTrip outside of its limits."""

    def identify(self) -> Identity:
        """Read who answers."""


def points_of(link: Link, point_map: AnyMap) -> Points:
    """Return the points of the device at a link; raises ConfigError for a map of another protocol."""
    if isinstance(link, Dnp3Link) and isinstance(point_map, Dnp3Map):
        return Dnp3PointDevice(link, point_map)
    if isinstance(link, ModbusLink) and isinstance(point_map, PointMap):
        return PointMapDevice(link, point_map)
    raise ConfigError(f"{link.name}: its point map is that of another protocol")
