"""The languages that emulated power analyzers speak, by the name of the driver that is spoken to them with."""

from instruments.emulators.analyzer import AnalyzerEmulator
from instruments.emulators.power_analyzer import PowerAnalyzerEmulator
from instruments.emulators.yokogawa_analyzer import YokogawaAnalyzerEmulator
from instruments.emulators.zes_analyzer import ZesAnalyzerEmulator

ANALYZERS: dict[str, type[AnalyzerEmulator]] = {
    "scpi_generic": PowerAnalyzerEmulator,
    "scpi_yokogawa_wt": YokogawaAnalyzerEmulator,
    "scpi_zes_lmg": ZesAnalyzerEmulator,
}
