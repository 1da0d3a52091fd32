"""The languages that emulated AC sources speak, by the name of the driver that is spoken to them with."""

from instruments.emulators.ac_source import AcSourceEmulator
from instruments.emulators.ametek_source import AmetekSourceEmulator
from instruments.emulators.chroma_source import ChromaSourceEmulator
from instruments.emulators.grid_simulator import GridSimulatorEmulator
from instruments.emulators.keysight_source import KeysightSourceEmulator
from instruments.emulators.pacific_source import PacificSourceEmulator

AC_SOURCES: dict[str, type[AcSourceEmulator]] = {
    "scpi_generic": GridSimulatorEmulator,
    "scpi_ametek_mx": AmetekSourceEmulator,
    "scpi_chroma_61600": ChromaSourceEmulator,
    "scpi_keysight_ac6800": KeysightSourceEmulator,
    "scpi_pacific_upc": PacificSourceEmulator,
}
