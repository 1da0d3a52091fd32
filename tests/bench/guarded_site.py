"""A storage site that outlives whoever drives it: emulators in this process, driven from another one."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.assembly.guardian_process import Ward
from bench.config import Device
from instruments import ModbusConnections, SunSpecBattery, SunSpecInverter
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.grid_simulator import GridSimulatorEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.modbus_server import ModbusServer
from instruments.emulators.scpi_server import scpi_protocol

PATIENCE_S = 20.0
"""Guards against a hang only."""
LIMITS = {"voltage_v": (0, 300), "frequency_hz": (45, 65), "current_a": 100}


class OneClient(asyncio.Protocol):
    """Turns a client away while another one is connected, as many instruments do."""

    def __init__(self, inner: asyncio.Protocol, connected: list[object]) -> None:
        self._inner, self._connected, self._admitted = inner, connected, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if self._connected:
            transport.close()
            return
        self._admitted = True
        self._connected.append(self)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._admitted:
            self._inner.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._admitted:
            self._connected.remove(self)
            self._inner.connection_lost(exc)


class Silent(asyncio.Protocol):
    """Takes connections and never answers."""


@dataclass
class Site:
    """The equipment, and how a guardian is told of it."""

    host: EmulatorHost
    source: GridSimulatorEmulator
    inverter: InverterEmulator
    battery: BatteryEmulator
    wards: dict[str, Ward] = field(default_factory=dict)

    def hazards(self) -> list[str]:
        """What is alive or commanded, on the emulators' own state."""
        with self.host.lock:
            found = {
                "the source is on": self.source.node.energized,
                "the inverter may be in service": self.inverter.registers.model(703).get("ES") != 0,
                "the inverter holds a set-point": self.inverter.registers.model(704).get("WSetEna") != 0,
                "the battery holds a set-point": self.battery.registers.model(704).get("WSetEna") != 0,
            }
        return [hazard for hazard, there in found.items() if there]

    def make_hot(self) -> None:
        """Switch everything on, and command it for longer than any test takes."""
        with self.host.lock:
            self.source.scpi.execute("SOUR:VOLT1 120;VOLT2 120;VOLT3 120;FREQ 60;:OUTP ON")
        with ModbusConnections() as connections:
            inverter, battery = self.wards["utility_inverter"], self.wards["utility_battery"]
            SunSpecInverter(_link(connections, inverter)).set_power_w(10e3, 3600.0)
            SunSpecInverter(_link(connections, inverter)).enter_service()
            SunSpecBattery(_link(connections, battery)).set_power_w(10e3, 3600.0)
        assert len(self.hazards()) == 4, "the site has to be hot for a test to mean anything"

    def add_silent(self) -> None:
        """Add a device that takes connections and never answers."""
        _, port = self.host.serve(Silent)
        self.wards["silent"] = _ward("silent", "battery", "sunspec", f"modbus+tcp://127.0.0.1:{port}/1")


def _link(connections: ModbusConnections, ward: Ward):
    host, port, unit = ward.resource.removeprefix("modbus+tcp://").replace("/", ":").split(":")
    return connections.link(host, int(port), int(unit))


def _ward(name: str, role: str, driver: str, resource: str) -> Ward:
    limits = LIMITS if role == "grid_simulator" else None
    section = {"role": role, "driver": driver, "resource": resource, "limits": limits, "timeout_s": 0.5}
    return Ward(name, Device.model_validate(section), resource)


@contextmanager
def served_site() -> Iterator[Site]:
    """Serve a source that takes one client, an inverter behind it, and the battery on its DC link."""
    with EmulatorHost() as host:
        node, clients = ElectricalNode(3), list[object]()
        battery = BatteryEmulator("utility_battery", 25.0, 50.0)
        inverter = InverterEmulator("utility_inverter", 31.25, v_nom_v=207.85, node=node, dc_source=battery)
        source = GridSimulatorEmulator("grid_simulator", node)
        site = Site(host, source, inverter, battery)
        served = scpi_protocol(source.scpi, host.lock)
        _, port = host.serve(lambda: OneClient(served(), clients))
        resource = f"TCPIP0::127.0.0.1::{port}::SOCKET"
        site.wards["grid_simulator"] = _ward("grid_simulator", "grid_simulator", "scpi_generic", resource)
        for device in (battery, inverter):
            _, port = ModbusServer(host, {1: device.registers}).listen()
            site.wards[device.name] = _ward(device.name, device.role, "sunspec", f"modbus+tcp://127.0.0.1:{port}/1")
        yield site


def awaited(seen: Callable[[], bool], patience_s: float = PATIENCE_S) -> float:
    """Look until something is so, and return how long that took, s; fails when it never is."""
    began_s = time.monotonic()
    while not seen():
        assert time.monotonic() < began_s + patience_s, "what was awaited did not happen"
        time.sleep(0.005)
    return time.monotonic() - began_s
