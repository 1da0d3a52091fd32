"""The languages that emulated battery simulators speak, by the name of the driver that is spoken to them with."""

from instruments.emulators.battery_source import BatterySourceEmulator
from instruments.emulators.ea_battery import EaBatteryEmulator
from instruments.emulators.nhr_battery import NhrBatteryEmulator
from instruments.emulators.priority_battery import (
    ItechBatteryEmulator,
    KeysightBatteryEmulator,
    SignedBatteryEmulator,
)

BATTERY_SOURCES: dict[str, type[BatterySourceEmulator]] = {
    "scpi_generic": SignedBatteryEmulator,
    "scpi_nhr_9200": NhrBatteryEmulator,
    "scpi_keysight_rp7900": KeysightBatteryEmulator,
    "scpi_itech_it6000c": ItechBatteryEmulator,
    "scpi_ea_psb": EaBatteryEmulator,
}
