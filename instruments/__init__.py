"""Drivers and links of bench equipment that stand on their own: `from instruments import SunSpecInverter`.

Names are loaded when they are first asked for: the transports behind them take time to import, and a command line
that only prints its help needs none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instruments.dialects.ac_source import ac_source_dialect
    from instruments.drivers.capacitor_control import PointMapCapacitorControl
    from instruments.drivers.dnp3_inverter import Dnp3Inverter
    from instruments.drivers.point_map_battery import PointMapBattery
    from instruments.drivers.point_map_inverter import PointMapInverter
    from instruments.drivers.point_map_meter import PointMapMeter
    from instruments.drivers.scpi_digital_io import ScpiDigitalIO
    from instruments.drivers.scpi_grid_simulator import ScpiGridSimulator
    from instruments.drivers.scpi_power_analyzer import ScpiPowerAnalyzer
    from instruments.drivers.scpi_sensing_source import ScpiSensingSource
    from instruments.drivers.sunspec_battery import SunSpecBattery
    from instruments.drivers.sunspec_inverter import SunSpecInverter
    from instruments.drivers.sunspec_meter import SunSpecMeter
    from instruments.drivers.tap_changer_control import PointMapTapChangerControl
    from instruments.transports.dnp3 import Dnp3Connections
    from instruments.transports.modbus import ModbusConnections
    from instruments.transports.visa import VisaLink

__all__ = [
    "Dnp3Connections",
    "Dnp3Inverter",
    "ModbusConnections",
    "PointMapBattery",
    "PointMapCapacitorControl",
    "PointMapInverter",
    "PointMapMeter",
    "PointMapTapChangerControl",
    "ScpiDigitalIO",
    "ScpiGridSimulator",
    "ScpiPowerAnalyzer",
    "ScpiSensingSource",
    "SunSpecBattery",
    "SunSpecInverter",
    "SunSpecMeter",
    "VisaLink",
    "ac_source_dialect",
]

_HOMES = {
    "Dnp3Connections": "transports.dnp3",
    "Dnp3Inverter": "drivers.dnp3_inverter",
    "ac_source_dialect": "dialects.ac_source",
    "ModbusConnections": "transports.modbus",
    "PointMapBattery": "drivers.point_map_battery",
    "PointMapInverter": "drivers.point_map_inverter",
    "PointMapMeter": "drivers.point_map_meter",
    "PointMapCapacitorControl": "drivers.capacitor_control",
    "PointMapTapChangerControl": "drivers.tap_changer_control",
    "ScpiDigitalIO": "drivers.scpi_digital_io",
    "ScpiGridSimulator": "drivers.scpi_grid_simulator",
    "ScpiPowerAnalyzer": "drivers.scpi_power_analyzer",
    "ScpiSensingSource": "drivers.scpi_sensing_source",
    "SunSpecBattery": "drivers.sunspec_battery",
    "SunSpecInverter": "drivers.sunspec_inverter",
    "SunSpecMeter": "drivers.sunspec_meter",
    "VisaLink": "transports.visa",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
