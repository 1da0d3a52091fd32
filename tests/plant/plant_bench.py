"""What the tests of a whole bench share: variants of the emulated bench file, a run on it, and looks at its copper."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from bench.assembly.bench import BenchAssembly
from bench.assembly.emulation import EmulatedEquipment
from bench.config import BenchFile, load_bench
from bench.feeder.engine import Feeder
from bench.plant.plant import PlantState
from bench.session import Played, RunSession, Title
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.grid_simulator import GridSimulatorEmulator
from instruments.emulators.inverter import InverterEmulator

ROOT = Path(__file__).parents[2]
BENCH_PATH = ROOT / "fixtures" / "benches" / "emulated.yaml"
TITLE = Title("1", None, "test.feature", "a scenario of the plant tests")

STORAGE = "utility_battery"
"""Site of the inverter behind grid simulator and analyzer."""
POWER_SCALE, VOLTAGE_RATIO = 40.0, 60.0
"""Of the terminal `storage_site`."""


@cache
def emulated_bench() -> BenchFile:
    """The bench file that everyone starts with."""
    return load_bench(BENCH_PATH)


def variant(changes: dict[str, Any]) -> BenchFile:
    """The emulated bench with other values at dotted keys, checked like any bench file."""
    document = emulated_bench().model_dump()
    for key, value in changes.items():
        *path, last = key.split(".")
        section = document
        for part in path:
            section = section[part]
        section[last] = value
    return BenchFile.model_validate(document)


def write_bench(path: Path, bench: BenchFile) -> Path:
    """Write a bench as a file that the command line takes."""
    path.write_text(yaml.safe_dump(bench.model_dump(mode="json", exclude_defaults=True)), encoding="utf-8")
    return path


@dataclass
class RunningBench:
    """A bench with its plant running, and nobody on it but the test."""

    played: Played

    @property
    def assembly(self) -> BenchAssembly:
        return self.played.assembly

    @property
    def state(self) -> PlantState:
        return self.assembly.plant.state

    @property
    def source(self) -> GridSimulatorEmulator:
        return source_of(self.assembly.emulated)

    @property
    def inverter(self) -> InverterEmulator:
        return inverter_of(self.assembly.emulated)

    @property
    def analyzer_kw(self) -> float:
        """What the power analyzer measured in the latest step, on the feeder's side."""
        reading = self.assembly.terminals[STORAGE].reading()
        assert reading is not None, "the storage site was never measured"
        return reading.power_kw

    def phase_voltages_v(self, bus: str, state: PlantState) -> list[complex]:
        """What a state says of a three-phase bus; the nodes are looked up by a feeder opened for this alone."""
        with Feeder.open(self.assembly.config.feeder.model) as feeder:
            feeder.add_injections([site.injection for site in self.assembly.places.sites])
            names = list(feeder.node_names)
        return [complex(state.snapshot.voltage_v[names.index(f"{bus}.{phase}")]) for phase in (1, 2, 3)]

    def run_for(self, seconds: float) -> None:
        """Let the plant go on."""
        self.assembly.clock.run_until(self.assembly.clock.now_s + seconds)

    def command_kw(self, *devices: str, power_kw: float, reversion_s: float = 3600.0) -> None:
        """Command devices of the storage site over their own wire, in kW of the feeder's side."""
        for device in devices:
            self.assembly.drivers[device].set_power_w(power_kw * 1000.0 / POWER_SCALE, reversion_s)


@contextmanager
def running(path: Path, bench: BenchFile | None = None, rows: Sequence[str] = ()) -> Iterator[RunningBench]:
    """Put a bench together with a run directory, and take it down again; no verdict is asked for."""
    session = RunSession(path, bench or emulated_bench(), BENCH_PATH, 1, ())
    with session.writer:
        played = session.play(TITLE, rows)
        try:
            yield RunningBench(played)
        finally:
            assert played.assembly.close() == {}, "not everything could be made safe"


@contextmanager
def pysunspec2_client(bench: RunningBench, device: str) -> Iterator[SunSpecModbusClientDeviceTCP]:
    """A client that nobody here wrote, scanned, at a device's own address."""
    resource = bench.assembly.emulated.endpoints[device].resource
    client = SunSpecModbusClientDeviceTCP(resource.unit, ipaddr=resource.host, ipport=resource.port, timeout=2)
    try:
        client.scan()
        yield client
    finally:
        client.close()


def source_of(emulated: EmulatedEquipment) -> GridSimulatorEmulator:
    source = emulated.devices["grid_simulator"]
    assert isinstance(source, GridSimulatorEmulator)
    return source


def inverter_of(emulated: EmulatedEquipment) -> InverterEmulator:
    inverter = emulated.devices["utility_inverter"]
    assert isinstance(inverter, InverterEmulator)
    return inverter


def battery_of(emulated: EmulatedEquipment) -> BatteryEmulator:
    battery = emulated.devices["utility_battery"]
    assert isinstance(battery, BatteryEmulator)
    return battery


def hazards(emulated: EmulatedEquipment) -> list[str]:
    """What is still alive or commanded on the emulators' own state; empty when the bench is safe."""
    source, inverter, battery = source_of(emulated), inverter_of(emulated), battery_of(emulated)
    found = {
        f"the grid simulator's output has {source.node.voltage_v} V": source.node.energized,
        "the inverter may be in service": inverter.registers.model(703).get("ES") != 0,
        "the inverter holds a set-point": inverter.registers.model(704).get("WSetEna") != 0,
        "the battery holds a set-point": battery.registers.model(704).get("WSetEna") != 0,
    }
    return [hazard for hazard, there in found.items() if there]
