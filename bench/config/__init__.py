"""The bench file: what is on the bench, how it is wired, and on which feeder. A closed schema; all errors at once."""

from bench.config.accuracy import Accuracy
from bench.config.actors import ActorsSection, DispatchSection, EnergyManagementSection, PlanningSection
from bench.config.bench_file import BenchFile, bench_files, load_bench
from bench.config.environment import CloudsSection, EnvironmentSection, RangeASection
from bench.config.equipment import (
    CONTROL_ROLES,
    DC_SOURCES,
    EMULATED_TIMEOUT_S,
    Contacts,
    Device,
    Emulation,
    Identification,
    StoreSection,
    Terminal,
    class_of_pct,
)
from bench.config.feeder import BankControlSection, DerSection, FeederSection, PlantSection
from bench.config.section import Range

__all__ = [
    "CONTROL_ROLES",
    "DC_SOURCES",
    "EMULATED_TIMEOUT_S",
    "Accuracy",
    "ActorsSection",
    "BankControlSection",
    "BenchFile",
    "CloudsSection",
    "Contacts",
    "DerSection",
    "Device",
    "DispatchSection",
    "Emulation",
    "EnergyManagementSection",
    "EnvironmentSection",
    "FeederSection",
    "Identification",
    "PlanningSection",
    "PlantSection",
    "Range",
    "RangeASection",
    "StoreSection",
    "Terminal",
    "bench_files",
    "class_of_pct",
    "load_bench",
]
