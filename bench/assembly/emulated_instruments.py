"""Makes emulated instruments: each speaks as its driver expects, and measures at the terminals that it is wired to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bench.config import Device, Emulation
from instruments.emulators.ac_sources import AC_SOURCES
from instruments.emulators.analyzer import AnalyzerClass
from instruments.emulators.analyzers import ANALYZERS
from instruments.emulators.battery_sources import BATTERY_SOURCES
from instruments.emulators.digital_io import DigitalIOEmulator
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.power_analyzer import PowerAnalyzerEmulator
from instruments.emulators.pv_sources import PV_SOURCES
from instruments.emulators.sample_record import RecordLimits
from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.emulators.sensing_source import SensingSourceEmulator
from instruments.errors import ConfigError

GENERIC_ANALYZER = "scpi_generic"
USUAL_CLASS_PCT = 0.2
"""Accuracy of an emulated analyzer of which the bench file does not say."""
M = TypeVar("M")


@dataclass(frozen=True)
class Asked:
    """An instrument of the bench file, and its seed; `node` gives the terminals that it is wired to, by their key."""

    name: str
    device: Device
    emulate: Emulation
    node: Callable[[str], ElectricalNode]
    seed: int


def make_instrument(asked: Asked) -> ScpiEmulator:
    """Return the emulator of an instrument; raises ConfigError for a driver that none is spoken to by."""
    return MAKERS[asked.device.role](asked)


def _grid_simulator(asked: Asked) -> ScpiEmulator:
    return _spoken_to(asked, "AC source", AC_SOURCES)(asked.name, asked.node("source"))


def _pv_simulator(asked: Asked) -> ScpiEmulator:
    return _spoken_to(asked, "PV simulator", PV_SOURCES)(asked.name)


def _battery_simulator(asked: Asked) -> ScpiEmulator:
    return _spoken_to(asked, "battery simulator", BATTERY_SOURCES)(asked.name)


def _analyzer(asked: Asked) -> ScpiEmulator:
    stated_pct, capture = asked.emulate.accuracy_pct, asked.emulate.capture
    share = (USUAL_CLASS_PCT if stated_pct is None else stated_pct) / 100.0
    node, accuracy = asked.node("analyzer"), AnalyzerClass(voltage=share, current=share, power=share)
    if capture is not None and asked.device.driver != GENERIC_ANALYZER:
        raise ConfigError(f"devices.{asked.name}.emulate.capture: no records of {asked.device.driver} are known")
    make = _spoken_to(asked, "analyzer", ANALYZERS)
    if capture is None:
        return make(asked.name, node, accuracy, asked.seed)
    limits = RecordLimits(capture.interval_s, capture.points)
    return PowerAnalyzerEmulator(asked.name, node, accuracy, asked.seed, limits)


def _spoken_to(asked: Asked, what: str, known: Mapping[str, M]) -> M:
    driver = asked.device.driver
    if driver not in known:
        raise ConfigError(f"devices.{asked.name}: no emulated {what} speaks {driver!r}; known: {', '.join(known)}")
    return known[driver]


MAKERS: dict[str, Callable[[Asked], ScpiEmulator]] = {
    "grid_simulator": _grid_simulator,
    "sensing_source": lambda asked: SensingSourceEmulator(asked.name),
    "digital_io": lambda asked: DigitalIOEmulator(asked.name),
    "pv_simulator": _pv_simulator,
    "battery_simulator": _battery_simulator,
    "power_analyzer": _analyzer,
}
"""How each kind of instrument is made, by its role."""
