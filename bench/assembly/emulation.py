"""Puts emulated equipment on its addresses, and wires emulated devices to each other and to the feeder."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.assembly.resources import Resource, parse_resource
from bench.config import BenchFile, Device, Emulation, Terminal
from bench.feeder.model import Floats, Service
from bench.feeder.sites import Site
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.grid_simulator import AcSourceRatings, GridSimulatorEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.meter import AlertLimits, MeterClass, MeterFleet, serve_fleet
from instruments.emulators.modbus_server import ModbusServer
from instruments.emulators.power_analyzer import AnalyzerClass, PowerAnalyzerEmulator
from instruments.emulators.scpi_server import scpi_protocol
from instruments.errors import ConfigError

Timed = InverterEmulator | BatteryEmulator | GridSimulatorEmulator | PowerAnalyzerEmulator


@dataclass(frozen=True)
class Endpoint:
    """Where an emulated device answers, as `bench emulate` prints it."""

    name: str
    role: str
    resource: Resource


@dataclass(frozen=True)
class MeterGroup:
    """A fleet of meters and the services (or generation sites) that they sit at, by position."""

    fleet: MeterFleet
    places: np.ndarray[tuple[int], np.dtype[np.intp]]
    at: str


class EmulatedEquipment:
    """All emulated devices of a bench, served until `close`."""

    def __init__(self, bench: BenchFile, services: Sequence[Service], sites: Sequence[Site], seed: int) -> None:
        """Serve everything that has an `emulate` section.

        Raises ConfigError for an address that cannot be had, naming it, and for settings that do not fit together.
        """
        self._bench, self._seed = bench, seed
        self._sites = {site.name: i for i, site in enumerate(sites)}
        self._site_list, self._services = sites, services
        self._wired = {terminal.device: terminal for terminal in bench.terminals.values()}
        self.host = EmulatorHost()
        self.endpoints: dict[str, Endpoint] = {}
        self.nodes: dict[str, ElectricalNode] = {}
        self.devices: dict[str, Timed] = {}
        self.meters: list[MeterGroup] = []
        try:
            self._serve_all()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Take everything off its address."""
        self.host.close()

    def inject(self, name: str, kind: str, value: float | None, start_s: float, end_s: float | None) -> None:
        """Make a device defective; raises ConfigError for an unknown device or fault."""
        for group in self.meters:
            if name in group.fleet.names:
                group.fleet.inject(name, kind, value, start_s, end_s)
                return
        device = self.devices.get(name)
        if device is None:
            raise ConfigError(f"no emulated device {name!r}; known: {', '.join([*self.devices, 'and every meter'])}")
        device.inject(kind, value, start_s, end_s)

    def advance(self, dt_s: float, irradiance_pu: Floats) -> None:
        """Let `dt_s` pass for everything but meters; batteries before the inverters that take their power."""
        with self.host.lock:
            for name, device in self._in_order():
                if isinstance(device, InverterEmulator):
                    device.available_w = self._available_w(name, device, irradiance_pu)
                device.advance(dt_s)

    def advance_meters(self, dt_s: float) -> None:
        """Let what the meters see stand for `dt_s`."""
        with self.host.lock:
            for group in self.meters:
                group.fleet.advance(dt_s)

    def state_of_charge_pct(self) -> dict[str, Callable[[], float]]:
        """Return for each battery what reads its true state of charge."""
        batteries = {n: d for n, d in self.devices.items() if isinstance(d, BatteryEmulator)}
        return {name: (lambda battery=battery: battery.soc_pu * 100.0) for name, battery in batteries.items()}

    def _in_order(self) -> list[tuple[str, Timed]]:
        """Sources first, then batteries, inverters, analyzers: each sees what this step brought to it."""
        ranks = (GridSimulatorEmulator, BatteryEmulator, InverterEmulator, PowerAnalyzerEmulator)
        return sorted(self.devices.items(), key=lambda item: ranks.index(type(item[1])))

    def _available_w(self, name: str, device: InverterEmulator, irradiance_pu: Floats) -> float:
        terminal = self._wired[name]
        index = self._sites.get(terminal.site or "")
        if index is None or self._site_list[index].kind != "pv":
            return 0.0
        return float(irradiance_pu[index]) * device.nameplate.p_max_w

    def _serve_all(self) -> None:
        emulated = {n: d for n, d in self._bench.devices.items() if d.emulate is not None}
        for role in ("battery", "inverter", "grid_simulator", "power_analyzer", "meter"):
            for name, device in emulated.items():
                if device.role == role:
                    self._serve(name, device, device.emulate or Emulation())
        for fleet in self._bench.fleets.values():
            self._serve_fleet(fleet.prefix, fleet.at, fleet.emulate)

    def _serve(self, name: str, device: Device, emulate: Emulation) -> None:
        wanted = parse_resource(device.resource)
        if emulate.listen:
            host, _, port = emulate.listen.rpartition(":")
            wanted = Resource(host, int(port), wanted.unit)
        if device.role == "meter":
            self._serve_meter(name, wanted, emulate)
            return
        emulator = self._make(name, device, emulate, wanted.unit or 1)
        self.devices[name] = emulator
        if isinstance(emulator, InverterEmulator | BatteryEmulator):
            server = ModbusServer(self.host, {wanted.unit or 1: emulator.registers})
            host, port = server.listen(wanted.host, wanted.port)
        else:
            host, port = self.host.serve(scpi_protocol(emulator.scpi, self.host.lock), wanted.host, wanted.port)
        self.endpoints[name] = Endpoint(name, device.role, wanted.at_port(port))

    def _make(self, name: str, device: Device, emulate: Emulation, unit: int) -> Timed:
        makers: Mapping[str, Callable[[str, Device, Emulation, int], Timed]] = {
            "battery": self._battery,
            "inverter": self._inverter,
            "grid_simulator": self._grid_simulator,
            "power_analyzer": self._power_analyzer,
        }
        if device.role not in makers:
            raise ConfigError(f"devices.{name}: there is no emulator for the role {device.role!r}")
        return makers[device.role](name, device, emulate, unit)

    def _battery(self, name: str, device: Device, emulate: Emulation, unit: int) -> BatteryEmulator:
        rating = _needed(name, "rating_kva", emulate.rating_kva)
        capacity = _needed(name, "capacity_kwh", emulate.capacity_kwh)
        return BatteryEmulator(name, rating, capacity, emulate.initial_soc_pct / 100.0, unit=unit)

    def _inverter(self, name: str, device: Device, emulate: Emulation, unit: int) -> InverterEmulator:
        source = self.devices.get(emulate.dc_source or "")
        return InverterEmulator(
            name,
            _needed(name, "rating_kva", emulate.rating_kva),
            category=emulate.category,
            abnormal=emulate.abnormal,
            v_nom_v=_needed(name, "nominal_v", emulate.nominal_v),
            phases=self._node(name).phases,
            node=self._node(name),
            dc_source=source if isinstance(source, BatteryEmulator) else None,
            volt_var=emulate.volt_var,
            unit=unit,
        )

    def _grid_simulator(self, name: str, device: Device, emulate: Emulation, unit: int) -> GridSimulatorEmulator:
        return GridSimulatorEmulator(name, self._node(self._behind("source", name)), AcSourceRatings())

    def _power_analyzer(self, name: str, device: Device, emulate: Emulation, unit: int) -> PowerAnalyzerEmulator:
        share = (emulate.accuracy_pct if emulate.accuracy_pct is not None else 0.2) / 100.0
        accuracy = AnalyzerClass(voltage=share, current=share, power=share)
        node = self._node(self._behind("analyzer", name))
        return PowerAnalyzerEmulator(name, node, accuracy, seed=_seed(self._seed, name))

    def _behind(self, key: str, instrument: str) -> str:
        """Name the device behind a source or an analyzer."""
        for terminal in self._bench.terminals.values():
            if getattr(terminal, key) == instrument:
                return terminal.device
        raise ConfigError(f"devices.{instrument}: no terminal uses it as its {key}")

    def _node(self, device: str) -> ElectricalNode:
        if device not in self.nodes:
            self.nodes[device] = ElectricalNode(phase_count(self._wired[device], self._site_list))
        return self.nodes[device]

    def _serve_meter(self, name: str, wanted: Resource, emulate: Emulation) -> None:
        terminal = self._wired[name]
        at, place = ("services", self._service(terminal)) if terminal.service else ("generation", self._place(terminal))
        fleet = self._fleet([name], emulate)
        server = ModbusServer(self.host, {wanted.unit or 1: fleet.registers[0]})
        _, port = server.listen(wanted.host, wanted.port)
        self.endpoints[name] = Endpoint(name, "meter", wanted.at_port(port))
        self.meters.append(MeterGroup(fleet, np.array([place], dtype=np.intp), at))

    def _serve_fleet(self, prefix: str, at: str, emulate: Emulation) -> None:
        taken = {int(place) for group in self.meters if group.at == at for place in group.places}
        count = len(self._services) if at == "services" else len(self._site_list)
        generation = {i for i, site in enumerate(self._site_list) if site.kind == "pv" and site.service}
        places = [i for i in range(count) if i not in taken and (at == "services" or i in generation)]
        names = [f"{prefix}_{number}" for number in range(2, len(places) + 2)]
        fleet = self._fleet(names, emulate)
        addresses, _ = serve_fleet(self.host, fleet)
        for name, address in addresses.items():
            resource = Resource(address.host, address.port, address.unit)
            self.endpoints[name] = Endpoint(name, "meter", resource)
        self.meters.append(MeterGroup(fleet, np.array(places, dtype=np.intp), at))

    def _fleet(self, names: Sequence[str], emulate: Emulation) -> MeterFleet:
        share = (emulate.accuracy_pct if emulate.accuracy_pct is not None else 0.2) / 100.0
        limits = AlertLimits(interval_s=self._bench.range_a.interval_s, recover_s=self._bench.range_a.recover_s)
        seed = _seed(self._seed, names[0] if names else "")
        return MeterFleet(names, accuracy=MeterClass(voltage=share), limits=limits, seed=seed)

    def _service(self, terminal: Terminal) -> int:
        numbers = {service.name: i for i, service in enumerate(self._services)}
        if terminal.service not in numbers:
            raise ConfigError(f"the feeder has no service {terminal.service!r}")
        return numbers[terminal.service]

    def _place(self, terminal: Terminal) -> int:
        if terminal.site not in self._sites:
            raise ConfigError(f"the table of sites has no site {terminal.site!r}")
        return self._sites[terminal.site]


def phase_count(terminal: Terminal, sites: Sequence[Site]) -> int:
    """Phases of a device's terminals; a split-phase device has one, across both legs."""
    site = next((s for s in sites if s.name == terminal.site), None)
    nodes = site.nodes if site else tuple(terminal.phases or bus_nodes(terminal.bus or ""))
    return 1 if len(nodes) < 3 else 3


def bus_nodes(bus: str) -> tuple[int, ...]:
    """Read the nodes out of `bus.1.2`; a bare bus has three phases."""
    parts = bus.split(".")[1:]
    return tuple(int(part) for part in parts) or (1, 2, 3)


def _needed(name: str, key: str, value: float | None) -> float:
    if value is None:
        raise ConfigError(f"devices.{name}.emulate: {key} is missing")
    return value


def _seed(seed: int, name: str) -> int:
    return zlib.crc32(f"{seed}/{name}".encode())
