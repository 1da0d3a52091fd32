"""The languages that emulated PV simulators speak, by the name of the driver that is spoken to them with."""

from instruments.emulators.chroma_pv import ChromaPvEmulator
from instruments.emulators.keysight_pv import KeysightPvEmulator
from instruments.emulators.pv_source import PvSourceEmulator
from instruments.emulators.terrasas_source import TerraSasEmulator

PV_SOURCES: dict[str, type[PvSourceEmulator]] = {
    "scpi_ametek_terrasas": TerraSasEmulator,
    "scpi_chroma_62000": ChromaPvEmulator,
    "scpi_keysight_apv": KeysightPvEmulator,
}
