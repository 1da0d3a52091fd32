"""Servers that answer rightly but for what they twist, and every driver with calls of all its methods."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from instruments.dialects.battery_source import battery_source_dialect
from instruments.dialects.pv_source import pv_source_dialect
from instruments.drivers.capacitor_control import PointMapCapacitorControl
from instruments.drivers.point_map_inverter import PointMapInverter
from instruments.drivers.scpi_battery_simulator import BatteryLimits, ScpiBatterySimulator
from instruments.drivers.scpi_digital_io import ScpiDigitalIO
from instruments.drivers.scpi_grid_simulator import ScpiGridSimulator
from instruments.drivers.scpi_power_analyzer import ScpiPowerAnalyzer
from instruments.drivers.scpi_pv_simulator import DcLimits, PvArray, ScpiPvSimulator
from instruments.drivers.scpi_sensing_source import ScpiSensingSource
from instruments.drivers.scpi_source import SourceLimits
from instruments.drivers.sunspec_battery import SunSpecBattery
from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.drivers.sunspec_meter import SunSpecMeter
from instruments.drivers.tap_changer_control import PointMapTapChangerControl
from instruments.emulators.acme_registers import inverter_bank
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.control_points import control_points
from instruments.emulators.digital_io import DigitalIOEmulator
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.grid_simulator import GridSimulatorEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.keysight_pv import KeysightPvEmulator
from instruments.emulators.meter import MeterFleet
from instruments.emulators.modbus_server import HEADER, ModbusServer, RegisterBank
from instruments.emulators.point_bank import PointBank
from instruments.emulators.power_analyzer import PowerAnalyzerEmulator
from instruments.emulators.priority_battery import KeysightBatteryEmulator
from instruments.emulators.sample_record import RecordLimits
from instruments.emulators.scpi_instrument import ScpiInstrument
from instruments.emulators.sensing_source import Secondary, SensingSourceEmulator
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.point_map import load_point_map
from instruments.readings import VoltVarCurve
from instruments.transports.modbus import ModbusConnections
from instruments.transports.visa import VisaLink

MAPS = Path(__file__).parents[2] / "fixtures" / "point_maps"
UNIT = 5
CURVE = VoltVarCurve((0.92, 0.98, 1.02, 1.08), (0.44, 0.0, 0.0, -0.44), 5.0)
LIMITS = SourceLimits((0.0, 150.0), (45.0, 65.0), 5.0)
VOLTS = (120.0,) * 3

CLOSE, ABORT, SILENCE, DRIP, BYTEWISE = "close", "abort", "silence", "drip", "bytewise"
"""What a twist may do in place of giving bytes."""

Twist = Callable[[bytes, bytes, bytes], bytes | str]
"""Of the request, the right answer and the answer before it."""


@dataclass
class Plan:
    """Which exchange is twisted, and how; all of them with `at` below 0. `done` counts exchanges."""

    twist: Twist | None = None
    at: int = 0
    done: int = 0
    before: bytes = b""
    log: list[bytes] = field(default_factory=list)

    def answer(self, request: bytes, right: bytes) -> bytes | str:
        number, before = self.done, self.before
        self.done, self.before = number + 1, right
        self.log.append(request)
        return self.twist(request, right, before) if self.twist and (self.at < 0 or number == self.at) else right


class _Twisting(asyncio.Protocol):
    """Cuts requests out of the stream, has them answered, and sends what the plan makes of it."""

    def __init__(self, plan: Plan, cut: Callable[[bytes], int], answer: Callable[[bytes], bytes]) -> None:
        self._plan, self._cut, self._answer = plan, cut, answer
        self._buffer = b""
        self._gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._gone = True

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while end := self._cut(self._buffer):
            request, self._buffer = self._buffer[:end], self._buffer[end:]
            right = self._answer(request)
            if right:
                self._send(self._plan.answer(request, right), right)

    def _send(self, sent: bytes | str, right: bytes) -> None:
        if isinstance(sent, bytes):
            self._transport.write(sent)
        elif sent == CLOSE:
            self._transport.close()
        elif sent == ABORT:
            self._transport.abort()
        elif sent == DRIP:
            self._drip(right[:1] * 100_000, 0.01)
        elif sent == BYTEWISE:
            self._drip(right, 0.0)

    def _drip(self, data: bytes, gap_s: float) -> None:
        """Send a byte, and the next a little later, as long as somebody listens."""
        if not self._gone and data:
            self._transport.write(data[:1])
            asyncio.get_running_loop().call_later(gap_s, self._drip, data[1:], gap_s)


def _frame_end(buffer: bytes) -> int:
    if len(buffer) < HEADER.size:
        return 0
    end = HEADER.size - 1 + HEADER.unpack_from(buffer)[2]
    return end if len(buffer) >= end else 0


def _line_end(buffer: bytes) -> int:
    return buffer.find(b"\n") + 1


@dataclass(frozen=True)
class Subject:
    """A driver behind a twisting server; `calls` has every method of its role, and a few more."""

    role: str
    open: Callable[[EmulatorHost, Plan, float], Any]
    calls: dict[str, Callable[[Any], Any]]

    @contextmanager
    def driver(self, plan: Plan, timeout_s: float) -> Iterator[Any]:
        with EmulatorHost() as host:
            driver, close = self.open(host, plan, timeout_s)
            try:
                yield driver
            finally:
                close()


def _modbus(bank: Callable[[], RegisterBank], make: Callable[[Any], Any]) -> Callable[..., Any]:
    def opened(host: EmulatorHost, plan: Plan, timeout_s: float) -> Any:
        server = ModbusServer(host, {UNIT: bank()})

        def answer(frame: bytes) -> bytes:
            pdu = server.answer(frame[6], frame[7:])
            return frame[:2] + struct.pack(">HHB", 0, len(pdu) + 1, frame[6]) + pdu

        address = host.serve(lambda: _Twisting(plan, _frame_end, answer))
        connections = ModbusConnections()
        return make(connections.link(*address, UNIT, timeout_s=timeout_s)), connections.close

    return opened


def _scpi(instrument: Callable[[], ScpiInstrument], make: Callable[[VisaLink], Any]) -> Callable[..., Any]:
    def opened(host: EmulatorHost, plan: Plan, timeout_s: float) -> Any:
        scpi = instrument()

        def answer(line: bytes) -> bytes:
            told = scpi.execute(line.decode("ascii").strip())
            return told.encode("ascii") + b"\n" if told else b""

        host_name, port = host.serve(lambda: _Twisting(plan, _line_end, answer))
        link = VisaLink(f"TCPIP0::{host_name}::{port}::SOCKET", timeout_s=timeout_s)
        return make(link), link.close

    return opened


def inverter() -> InverterEmulator:
    made = InverterEmulator("pv", 25.0)
    made.node.apply(VOLTS)
    made.available_w = 25_000.0
    made.advance(1.0)
    return made


def meters() -> MeterFleet:
    fleet = MeterFleet(["m1"])
    fleet.advance(1.0)
    return fleet


def tap_changer() -> tuple[TapChangerControlEmulator, RegisterBank]:
    control = TapChangerControlEmulator(SensingTerminals(Secondary(120.0, 0.1, 0.0, 60.0)))
    return control, PointBank(load_point_map(MAPS / "ltc_generic.yaml"), control_points(control))


def capacitor() -> tuple[CapacitorControlEmulator, RegisterBank]:
    control = CapacitorControlEmulator(SensingTerminals(Secondary(120.0, 0.1, 90.0, 60.0)))
    return control, PointBank(load_point_map(MAPS / "capacitor_generic.yaml"), control_points(control))


def _manual(command: str) -> Callable[[Any], Any]:
    """Command in SCADA-manual, in which alone it is taken."""

    def call(driver: Any) -> None:
        driver.set_automatic(False)
        getattr(driver, command)()

    return call


def _plain(*names: str) -> dict[str, Callable[[Any], Any]]:
    return {name: (lambda driver, name=name: getattr(driver, name)()) for name in names}


_SETS = {"set_automatic": lambda d: d.set_automatic(False), "set_blocked": lambda d: d.set_blocked(True)}

SUBJECTS = {
    "acme_inverter": Subject(
        "inverter",
        _modbus(
            lambda: inverter_bank(inverter()),
            lambda link: PointMapInverter(link, load_point_map(MAPS / "acme_inverter.yaml")),
        ),
        {
            "read_ac": lambda d: d.read_ac(),
            "set_volt_var": lambda d: d.set_volt_var(CURVE),
            "set_power_w": lambda d: d.set_power_w(5000.0, 60.0),
        },
    ),
    "sunspec_inverter": Subject(
        "inverter",
        _modbus(lambda: inverter().registers, SunSpecInverter),
        {
            **_plain("identify", "read_nameplate", "read_ac", "read_command", "read_modes", "release", "make_safe"),
            **_plain("read_volt_var", "cease_to_energize", "enter_service"),
            "set_power_w": lambda d: d.set_power_w(5000.0, 60.0),
            "set_volt_var": lambda d: d.set_volt_var(CURVE),
            "limit_power_pct": lambda d: d.limit_power_pct(50.0, 60.0),
        },
    ),
    "sunspec_battery": Subject(
        "battery",
        _modbus(lambda: BatteryEmulator("store", 25.0, 50.0).registers, SunSpecBattery),
        {
            **_plain("identify", "read_nameplate", "read_ac", "read_storage", "read_command", "release", "make_safe"),
            "set_power_w": lambda d: d.set_power_w(5000.0, 60.0),
        },
    ),
    "sunspec_meter": Subject(
        "meter",
        _modbus(lambda: meters().registers[0], SunSpecMeter),
        _plain("identify", "read_meter", "read_voltage_v", "read_events"),
    ),
    "tap_changer_control": Subject(
        "load_tap_changer",
        _modbus(
            lambda: tap_changer()[1],
            lambda link: PointMapTapChangerControl(link, load_point_map(MAPS / "ltc_generic.yaml")),
        ),
        {
            **_plain("identify", "read_status", "read_sensed", "make_safe"),
            **_SETS,
            "raise_tap": _manual("raise_tap"),
            "lower_tap": _manual("lower_tap"),
        },
    ),
    "capacitor_control": Subject(
        "capacitor_bank",
        _modbus(
            lambda: capacitor()[1],
            lambda link: PointMapCapacitorControl(link, load_point_map(MAPS / "capacitor_generic.yaml")),
        ),
        {
            **_plain("identify", "read_status", "make_safe"),
            **_SETS,
            "read_sensed": lambda d: d.read_sensed(180.0),
            "close_bank": _manual("close_bank"),
            "open_bank": _manual("open_bank"),
        },
    ),
    "scpi_grid_simulator": Subject(
        "grid_simulator",
        _scpi(
            lambda: GridSimulatorEmulator("source", ElectricalNode(3)).scpi,
            lambda link: ScpiGridSimulator(link, LIMITS),
        ),
        {
            **_plain("identify", "read_limits", "read_set_point", "output_on", "output_off", "measure", "make_safe"),
            **_plain("read_capabilities"),
            "set_voltage": lambda d: d.set_voltage(VOLTS, 60.0),
        },
    ),
    "scpi_power_analyzer": Subject(
        "power_analyzer",
        _scpi(
            lambda: PowerAnalyzerEmulator("analyzer", ElectricalNode(3), record=RecordLimits()).scpi, ScpiPowerAnalyzer
        ),
        {
            **_plain("identify", "measure", "check_errors", "read_capture_limits"),
            "set_range": lambda d: d.set_range(300.0, 50.0),
            "arm_capture": lambda d: d.arm_capture(0.01, 5),
            "read_capture": lambda d: (d.arm_capture(0.01, 5), d.read_capture()),
        },
    ),
    "scpi_pv_simulator": Subject(
        "pv_simulator",
        _scpi(
            lambda: KeysightPvEmulator("pv").scpi,
            lambda link: ScpiPvSimulator(
                link,
                DcLimits((0.0, 600.0), 20.0),
                PvArray(500.0, 10.0, 400.0, 9.0),
                pv_source_dialect("keysight_apv"),
            ),
        ),
        {
            **_plain("identify", "output_on", "output_off", "measure_dc_w", "make_safe"),
            "set_irradiance_pu": lambda d: d.set_irradiance_pu(0.5),
        },
    ),
    "scpi_battery_simulator": Subject(
        "battery_simulator",
        _scpi(
            lambda: KeysightBatteryEmulator("battery").scpi,
            lambda link: ScpiBatterySimulator(
                link, BatteryLimits((0.0, 450.0), 80.0), battery_source_dialect("keysight_rp7900")
            ),
        ),
        {
            **_plain("identify", "read_capabilities", "output_off", "measure_dc", "make_safe"),
            "set_battery": lambda d: d.set_battery(400.0, 50.0, 50.0),
            "output_on": lambda d: (d.set_battery(400.0, 50.0, 50.0), d.output_on()),
        },
    ),
    "scpi_sensing_source": Subject(
        "sensing_source",
        _scpi(lambda: SensingSourceEmulator("sensing").scpi, lambda link: ScpiSensingSource(link, LIMITS)),
        {
            **_plain("identify", "read_set_point", "measure", "output_on", "output_off", "make_safe"),
            "set_sensing": lambda d: d.set_sensing(120.0, 1.0, 0.0, 60.0),
        },
    ),
    "scpi_digital_io": Subject(
        "digital_io",
        _scpi(lambda: DigitalIOEmulator("contacts", inputs=4, outputs=3).scpi, ScpiDigitalIO),
        {
            **_plain("identify", "read_inputs", "watch_inputs", "read_outputs", "count_closures", "make_safe"),
            "set_output": lambda d: d.set_output(2, True),
        },
    ),
}
