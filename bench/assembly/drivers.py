"""Turns device sections into drivers. Emulator or equipment makes no difference here: only the address differs."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.assembly.resources import DNP3_MASTER, Resource, parse_resource
from bench.assembly.security import client_tls
from bench.config import Device, Identification
from instruments.dialects.ac_source import ROLE as AC_SOURCE
from instruments.dialects.ac_source import ac_source_dialect
from instruments.dialects.analyzer import ROLE as ANALYZER
from instruments.dialects.analyzer import analyzer_dialect
from instruments.dialects.battery_source import ROLE as BATTERY_SOURCE
from instruments.dialects.battery_source import battery_source_dialect
from instruments.dialects.language import Dialect, Habits
from instruments.dialects.loading import dialect_names
from instruments.dialects.pv_source import ROLE as PV_SOURCE
from instruments.dialects.pv_source import pv_source_dialect
from instruments.dnp3_map import load_dnp3_map
from instruments.drivers.capacitor_control import PointMapCapacitorControl
from instruments.drivers.dnp3_inverter import Dnp3Inverter
from instruments.drivers.fence import NO_LIMIT, DerEnvelope, Span
from instruments.drivers.point_map_battery import PointMapBattery
from instruments.drivers.point_map_inverter import PointMapInverter
from instruments.drivers.point_map_meter import PointMapMeter
from instruments.drivers.scpi_battery_simulator import BatteryLimits, ScpiBatterySimulator
from instruments.drivers.scpi_digital_io import ScpiDigitalIO
from instruments.drivers.scpi_grid_simulator import ScpiGridSimulator
from instruments.drivers.scpi_power_analyzer import ScpiPowerAnalyzer
from instruments.drivers.scpi_pv_simulator import DcLimits, PvArray, ScpiPvSimulator
from instruments.drivers.scpi_sensing_source import ScpiSensingSource
from instruments.drivers.scpi_source import SourceLimits
from instruments.drivers.sunspec_battery import SunSpecBattery
from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.drivers.sunspec_meter import SunSpecMeter
from instruments.drivers.tap_changer_control import PointMapTapChangerControl
from instruments.errors import ConfigError, IdentityMismatch
from instruments.point_map import PointMap, load_point_map
from instruments.point_map_roles import ROLE_FUNCTIONS, has
from instruments.readings import Identity
from instruments.transports.dnp3 import Dnp3Connections, Dnp3Link
from instruments.transports.modbus import ModbusConnections, ModbusLink
from instruments.transports.visa import VisaLink
from instruments.wire import WireObserver

MODBUS_DRIVERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("inverter", "sunspec"): SunSpecInverter,
    ("battery", "sunspec"): SunSpecBattery,
    ("meter", "sunspec"): SunSpecMeter,
}
POINT_MAP_DRIVERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("load_tap_changer", "point_map"): PointMapTapChangerControl,
    ("capacitor_bank", "point_map"): PointMapCapacitorControl,
    ("inverter", "point_map"): PointMapInverter,
    ("battery", "point_map"): PointMapBattery,
    ("meter", "point_map"): PointMapMeter,
}
DNP3_MAP_DRIVERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("load_tap_changer", "dnp3_point_map"): PointMapTapChangerControl,
    ("capacitor_bank", "dnp3_point_map"): PointMapCapacitorControl,
    ("inverter", "ieee1815_2"): Dnp3Inverter,
}
DIALECTS: dict[str, Callable[[str], Dialect]] = {
    AC_SOURCE: ac_source_dialect,
    ANALYZER: analyzer_dialect,
    PV_SOURCE: pv_source_dialect,
    BATTERY_SOURCE: battery_source_dialect,
}
"""Roles whose instruments are spoken to in dialects."""
DIALECT = "scpi_"
"""How the name of a driver begins that speaks a dialect; the rest is the name of the dialect's file."""


def _grid_simulator(link: VisaLink, device: Device) -> ScpiGridSimulator:
    dialect = ac_source_dialect(device.driver.removeprefix(DIALECT))
    return ScpiGridSimulator(link, _limits(device), device.phases, dialect)


def _pv_simulator(link: VisaLink, device: Device) -> ScpiPvSimulator:
    array, limits = device.array, device.limits
    if array is None or limits is None or limits.voltage_v is None or limits.current_a is None:
        raise ConfigError("a pv simulator needs an array, and limits: voltage_v and current_a")
    dialect = pv_source_dialect(device.driver.removeprefix(DIALECT))
    stood_for = PvArray(array.voc_v, array.isc_a, array.vmp_v, array.imp_a)
    return ScpiPvSimulator(link, DcLimits(limits.voltage_v, limits.current_a), stood_for, dialect, array.channel)


def _battery_simulator(link: VisaLink, device: Device) -> ScpiBatterySimulator:
    limits = device.limits
    if limits is None or limits.voltage_v is None or limits.current_a is None:
        raise ConfigError("a battery simulator needs limits: voltage_v and current_a")
    dialect = battery_source_dialect(device.driver.removeprefix(DIALECT))
    return ScpiBatterySimulator(link, BatteryLimits(limits.voltage_v, limits.current_a), dialect)


def _power_analyzer(link: VisaLink, device: Device) -> ScpiPowerAnalyzer:
    return ScpiPowerAnalyzer(link, device.phases, analyzer_dialect(device.driver.removeprefix(DIALECT)))


VISA_DRIVERS: dict[tuple[str, str], Callable[[VisaLink, Device], Any]] = {
    **{(AC_SOURCE, DIALECT + name): _grid_simulator for name in dialect_names(AC_SOURCE)},
    **{(PV_SOURCE, DIALECT + name): _pv_simulator for name in dialect_names(PV_SOURCE)},
    **{(BATTERY_SOURCE, DIALECT + name): _battery_simulator for name in dialect_names(BATTERY_SOURCE)},
    **{(ANALYZER, DIALECT + name): _power_analyzer for name in dialect_names(ANALYZER)},
    ("sensing_source", "scpi_generic"): lambda link, device: ScpiSensingSource(link, _limits(device)),
    ("digital_io", "scpi_generic"): lambda link, _device: ScpiDigitalIO(link),
}


def require_known(devices: Mapping[str, Device]) -> None:
    """Refuse drivers that there are not, all at once and before anything is opened; raises ConfigError."""
    unknown = [
        f"devices.{name}: no driver {device.driver!r} for the role {device.role!r}; known: {_known(device.role)}"
        for name, device in devices.items()
        if (device.role, device.driver) not in _every()
    ]
    if unknown:
        raise ConfigError("\n".join(unknown))


def _every() -> tuple[tuple[str, str], ...]:
    return (*MODBUS_DRIVERS, *POINT_MAP_DRIVERS, *DNP3_MAP_DRIVERS, *VISA_DRIVERS)


def _known(role: str) -> str:
    return ", ".join(sorted(driver for of, driver in _every() if of == role)) or "none"


class DriverRack:
    """Opens drivers and closes all their links; links to one Modbus or DNP3 address share a connection."""

    def __init__(self, before: Callable[[str], None] = lambda _operation: None) -> None:
        """Take who is told of each Modbus or DNP3 exchange, `read` or `write`, before it is on the wire."""
        self._modbus = ModbusConnections(before)
        self._dnp3 = Dnp3Connections(before)
        self._visa: list[VisaLink] = []

    def open(self, name: str, device: Device, resource: Resource, observer: WireObserver) -> Any:
        """Make the driver of a device; nothing is sent yet. Raises ConfigError for a driver that there is not."""
        key = (device.role, device.driver)
        if key in MODBUS_DRIVERS and resource.is_modbus:
            link = self._link(name, device, resource, observer)
            return MODBUS_DRIVERS[key](link, **_der_envelope(device))
        if key in POINT_MAP_DRIVERS and resource.is_modbus and device.point_map is not None:
            link = self._link(name, device, resource, observer)
            driver = POINT_MAP_DRIVERS[key](link, _map_of(device, device.point_map), **_envelope(device))
            _require_commands(name, device, driver)
            return driver
        if key in DNP3_MAP_DRIVERS and resource.master is not None and device.point_map is not None:
            outstation = self._outstation(name, device, resource, observer)
            return DNP3_MAP_DRIVERS[key](outstation, load_dnp3_map(device.point_map), **_envelope(device))
        if key in VISA_DRIVERS and resource.unit is None:
            visa = VisaLink(str(resource), observer, device.patience_s, _habits(device))
            self._visa.append(visa)
            return VISA_DRIVERS[key](visa, device)
        raise ConfigError(
            f"devices.{name}: no driver {device.driver!r} for the role {device.role!r} at {resource}; "
            f"known: {_known(device.role)}"
        )

    def _link(self, name: str, device: Device, resource: Resource, observer: WireObserver) -> ModbusLink:
        """Link to a unit whose errors name the device: what they say goes into traces, which no port may change."""
        host, port, unit, tls = resource.host, resource.port, resource.unit or 0, client_tls(device, resource)
        if resource.line is not None:
            link = self._modbus.serial_link(resource.line, unit, observer, device.patience_s)
        else:
            link = self._modbus.link(host, port, unit, observer, device.patience_s, tls)
        link.name = name
        return link

    def _outstation(self, name: str, device: Device, resource: Resource, observer: WireObserver) -> Dnp3Link:
        """Link to an outstation whose errors name the device."""
        master = DNP3_MASTER if resource.master is None else resource.master
        link = self._dnp3.link(resource.host, resource.port, resource.unit or 0, master, observer, device.patience_s)
        link.name = name
        return link

    def close(self) -> None:
        """Close every link."""
        self._modbus.close()
        self._dnp3.close()
        for link in self._visa:
            link.end()


def _habits(device: Device) -> Habits:
    """Return how the instrument behaves on its link; what is no dialect's own is as IEEE 488.2 has it."""
    if device.role not in DIALECTS:
        return Habits()
    return DIALECTS[device.role](device.driver.removeprefix(DIALECT)).link


def require_identity(device: Device, found: Identity, where: str) -> None:
    """Raise IdentityMismatch, saying in what they differ, when a device is another than the one configured."""
    wanted = (device.identity or Identification()).model_dump(exclude_none=True)
    wrong = [f"{k} is {getattr(found, k)!r}, not {v!r}" for k, v in wanted.items() if getattr(found, k) != v]
    if wrong:
        raise IdentityMismatch(f"{where} is another device: {'; '.join(wrong)}")


def anonymous_meter(*timeouts_s: float) -> Device:
    """Return the section of a meter that belongs to a fleet and has none of its own; it is given the longest time."""
    patience = {"timeout_s": max(timeouts_s)} if timeouts_s else {}
    return Device.model_validate({"role": "meter", "driver": "sunspec", "resource": ""} | patience)


def address_of(device: Device, served: Resource | None) -> Resource:
    """Return where a device is reached: its resource, or `served` where an emulator took the resource's place.

    An emulator that has a `listen` of its own is reached through what is at the resource, a gateway.
    """
    behind_gateway = device.emulate is not None and device.emulate.listen is not None
    return parse_resource(device.resource) if served is None or behind_gateway else served


def customer_address(device: Device, served: Resource | None) -> Resource | None:
    """Return where the customer's own system reaches a device, None where it has no interface to it."""
    if device.emulate is not None and served is not None:
        unit = device.emulate.customer_unit
        return None if unit is None else replace(served, unit=unit)
    return None if device.customer_resource is None else parse_resource(device.customer_resource)


def _der_envelope(device: Device) -> dict[str, DerEnvelope]:
    """Return what the bench allows an inverter or battery, as their drivers take it; no other Modbus device has it."""
    limits = device.limits
    if limits is None:
        return {}
    return {"envelope": DerEnvelope(limits.power_w or NO_LIMIT, limits.reactive_var or NO_LIMIT)}


def _envelope(device: Device) -> dict[str, Any]:
    """Return what the bench allows a device with a point map, as its driver takes it."""
    if device.role in {"inverter", "battery"}:
        return _der_envelope(device)
    return _tap_envelope(device)


def _map_of(device: Device, path: Path) -> PointMap:
    """Return the map of a device, with the voltage that the bench file gives where the map has none."""
    point_map = load_point_map(path)
    if device.role not in ROLE_FUNCTIONS or has(point_map, "rated_voltage") or not device.rated_v:
        return point_map
    return point_map.model_copy(update={"constants": point_map.constants | {"rated_voltage": device.rated_v}})


def _require_commands(name: str, device: Device, driver: Any) -> None:
    """Raise ConfigError for an inverter with a battery behind it that cannot be commanded by its map."""
    missing = getattr(driver, "lacking", {}).get("set_power_w")
    if device.dc_battery is not None and missing:
        raise ConfigError(
            f"devices.{name}: the power of {device.dc_battery} passes within its command, for which its map lacks "
            f"{', '.join(missing)}"
        )


def _tap_envelope(device: Device) -> dict[str, Span]:
    return {"taps": device.limits.tap} if device.limits is not None and device.limits.tap is not None else {}


def _limits(device: Device) -> SourceLimits:
    limits = device.limits
    if limits is None or None in (limits.voltage_v, limits.frequency_hz, limits.current_a):
        raise ConfigError(f"a {device.role.replace('_', ' ')} needs limits: voltage_v, frequency_hz and current_a")
    return SourceLimits(limits.voltage_v or (0, 0), limits.frequency_hz or (0, 0), limits.current_a or 0.0)
