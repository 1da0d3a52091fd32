"""Puts emulated equipment on its addresses, and wires emulated devices to each other and to the feeder."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bench.assembly.control_settings import capacitor_settings, tap_changer_settings
from bench.assembly.emulated_contacts import Control, connect_contacts
from bench.assembly.emulated_instruments import Asked, make_instrument
from bench.assembly.emulated_metering import EmulatedMetering
from bench.assembly.emulated_meters import MeterGroup, Place, introduce
from bench.assembly.places import FeederPlaces
from bench.assembly.resources import PTY, Resource
from bench.assembly.security import served_tls
from bench.assembly.seeds import derived_seed
from bench.config import BenchFile, Device, Emulation
from bench.config.addresses import listening_at
from bench.customers import premise_names
from bench.feeder.model import Floats
from instruments.dnp3_map import load_dnp3_map
from instruments.emulators.acme_registers import battery_bank, inverter_bank
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.battery_source import BatterySourceEmulator
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.contacts import Sensing, SensingTerminals
from instruments.emulators.control_points import control_points, defect_of
from instruments.emulators.digital_io import DigitalIOEmulator
from instruments.emulators.dnp3_inverter import Dnp3InverterPoints
from instruments.emulators.dnp3_outstation import Dnp3Server, PointOutstation
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.framed_server import framed_protocol
from instruments.emulators.host import EmulatorHost
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.meter import MeterFleet, serve_fleet
from instruments.emulators.modbus_rtu import RtuLine
from instruments.emulators.modbus_server import ModbusServer, NoAnswer, RegisterBank
from instruments.emulators.point_bank import PointBank
from instruments.emulators.power_analyzer import PowerAnalyzerEmulator
from instruments.emulators.premise import PremiseFleet
from instruments.emulators.pv_source import PvSourceEmulator
from instruments.emulators.sample_record import SampleRecord
from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.emulators.scpi_server import scpi_protocol
from instruments.emulators.sensing_source import SensingSourceEmulator
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.emulators.timing import DAY_S
from instruments.emulators.vxi11_server import vxi11_protocol
from instruments.errors import ConfigError
from instruments.point_map import load_point_map
from instruments.transports.serial_line import SerialLine

CONTROLS = (TapChangerControlEmulator, CapacitorControlEmulator)


class Emulator(Protocol):
    """What every emulated device has."""

    def advance(self, dt_s: float) -> None:
        """Let time pass."""
        ...

    def inject(self, kind: str, value: float | None = None, start_s: float = 0.0, end_s: float | None = None) -> None:
        """Make it defective."""
        ...


@dataclass(frozen=True)
class Endpoint:
    """Where an emulated device answers, as `bench emulate` prints it."""

    name: str
    role: str
    resource: Resource


class EmulatedEquipment:
    """All emulated devices of a bench, served until `close`; `endpoints`, `devices` and `nodes` by device name."""

    def __init__(self, bench: BenchFile, places: FeederPlaces, seed: int) -> None:
        """Serve everything that has an `emulate` section.

        Raises ConfigError for an address that cannot be had, naming it, and for settings that do not fit together.
        """
        self._bench, self._places, self._seed = bench, places, seed
        self.host = EmulatorHost()
        self.endpoints: dict[str, Endpoint] = {}
        self.nodes: dict[str, ElectricalNode] = {}
        self.devices: dict[str, Emulator] = {}
        self.servers: dict[str, ModbusServer] = {}
        self.outstations: dict[str, PointOutstation] = {}
        self._lines: dict[str, RtuLine] = {}
        self._metering = EmulatedMetering(bench, places, seed, self._node)
        self._time_s = 0.0
        self._fault_moments_s: list[float] = []
        self._records: list[SampleRecord] = []
        self._simulated_sun: dict[str, tuple[InverterEmulator, PvSourceEmulator]] = {}
        """Inverters with a PV simulator in front of their DC side, by name."""
        self._sunless: set[str] = set()
        """Inverters with a battery simulator there, and nothing else."""
        self.premises = PremiseFleet(premise_names(places.services) if bench.feeder.customers else ())
        try:
            self._serve_all()
        except BaseException:
            self.close()
            raise

    @property
    def meters(self) -> list[MeterGroup]:
        """All meters, in groups that are set and read together."""
        return self._metering.groups

    def close(self) -> None:
        """Take everything off its address."""
        self.host.close()

    def inject(self, name: str, kind: str, value: float | None, start_s: float, end_s: float | None) -> None:
        """Make a device defective; raises ConfigError for an unknown device or fault."""
        self._fault_moments_s += [start_s, *([] if end_s is None else [end_s])]
        fleets: list[MeterFleet | PremiseFleet] = [*(group.fleet for group in self.meters), self.premises]
        for fleet in fleets:
            if name in fleet.names:
                fleet.inject(name, kind, value, start_s, end_s)
                return
        device = self.devices.get(name)
        if device is None:
            raise ConfigError(
                f"no emulated device {name!r}; known: {', '.join([*self.devices, 'every meter and every premise'])}"
            )
        device.inject(kind, value, start_s, end_s)

    def advance(self, dt_s: float, irradiance_pu: Floats) -> None:
        """Let `dt_s` pass for everything but meters: sources, then batteries, then the inverters they feed."""
        self._time_s += dt_s
        self.premises.advance(dt_s)
        with self.host.lock:
            for name, device in self.devices.items():
                if isinstance(device, InverterEmulator) and name not in {*self._simulated_sun, *self._sunless}:
                    share = self._places.irradiance_pu(name, irradiance_pu)
                    device.available_w = share * device.nameplate.p_max_w
            for inverter, source in self._simulated_sun.values():
                inverter.available_w = source.available_w
            for step_s in self._steps(dt_s):
                for device in self.devices.values():
                    device.advance(step_s)
            for outstation in self.outstations.values():
                if outstation.keeps_changes:
                    with suppress(NoAnswer):  # equipment that is gone notices nothing
                        outstation.sample()

    def _steps(self, dt_s: float) -> Iterator[float]:
        """Cut a time into steps that end where an analyzer that records is to take a sample."""
        left_s = dt_s
        while (due_s := min(filter(None, (record.due_s() for record in self._records)), default=left_s)) < left_s:
            yield due_s
            left_s -= due_s
        yield left_s

    def advance_meters(self, dt_s: float) -> None:
        """Let what the meters see stand for `dt_s`."""
        with self.host.lock:
            for group in self.meters:
                group.fleet.advance(dt_s)

    def unrepresented(self, name: str) -> Mapping[str, str]:
        """Return what the behaviour model of a device has nothing of, and why; nothing for one that is not emulated."""
        device = self.devices.get(name)
        return device.unrepresented if isinstance(device, InverterEmulator | BatteryEmulator) else {}

    def quiet_s(self) -> float:
        """Tell how long nothing in the equipment changes by itself, s; 0 where something is under way."""
        with self.host.lock:
            waits = [_quiet_s(device) for device in self.devices.values()]
        waits += [moment - self._time_s for moment in self._fault_moments_s if moment > self._time_s]
        return min([self.premises.quiet_s, *waits])

    def margins(self) -> list[float]:
        """Return how far what the controls sense is from making them act, in units of their own."""
        with self.host.lock:
            return [
                margin for device in self.devices.values() if isinstance(device, CONTROLS) for margin in device.margins
            ]

    def state_of_charge_pct(self) -> dict[str, Callable[[], float]]:
        """Return for each battery what reads its true state of charge."""
        batteries = {n: d for n, d in self.devices.items() if isinstance(d, BatteryEmulator)}
        return {name: partial(_soc_pct, battery) for name, battery in batteries.items()}

    def control(self, name: str) -> Control:
        """Return an emulated control; raises ConfigError when the device is none."""
        device = self.devices.get(name)
        if not isinstance(device, CONTROLS):
            raise ConfigError(f"devices.{name} is no emulated control")
        return device

    def _serve_all(self) -> None:
        """Serve in the order in which effects run: sources, contacts, batteries, inverters, controls, analyzers."""
        makers: dict[str, Callable[[str, Device, Emulation], None]] = {
            "grid_simulator": self._serve_instrument,
            "sensing_source": self._serve_instrument,
            "digital_io": self._serve_instrument,
            "battery": self._serve_battery,
            "pv_simulator": self._serve_instrument,
            "battery_simulator": self._serve_instrument,
            "inverter": self._serve_inverter,
            "load_tap_changer": self._serve_tap_changer,
            "capacitor_bank": self._serve_capacitor,
            "power_analyzer": self._serve_instrument,
            "meter": self._serve_meter,
        }
        for role, serve in makers.items():
            for name, device in self._bench.devices.items():
                if device.role == role and device.emulate is not None:
                    serve(name, device, device.emulate)
        for fleet in self._bench.fleets.values():
            self._serve_fleet(fleet.prefix, fleet.at, fleet.emulate)
        introduce(self.meters)

    def _serve_instrument(self, name: str, device: Device, emulate: Emulation) -> None:
        seed = derived_seed(self._seed, name)
        emulator = make_instrument(Asked(name, device, emulate, partial(self._node_behind, name), seed))
        if isinstance(emulator, PowerAnalyzerEmulator) and emulator.record is not None:
            self._records.append(emulator.record)
        self._serve_scpi(device, emulator)

    def _serve_battery(self, name: str, device: Device, emulate: Emulation) -> None:
        rating = _needed(name, "rating_kva", device.rated_kva or None)
        capacity = _needed(name, "capacity_kwh", device.stored_kwh)
        unit = self._wanted(device).unit or 1
        charge, efficiency = emulate.initial_soc_pct / 100.0, device.efficiency_pct / 100.0
        battery = BatteryEmulator(
            name,
            rating,
            capacity,
            charge,
            efficiency=efficiency,
            self_discharge_pct_per_day=emulate.self_discharge_pct_per_day,
            unit=unit,
            **self._own_terminals(name, device),
        )
        bank: RegisterBank = battery_bank(battery) if emulate.registers else battery.registers
        self._serve_modbus(name, device, battery, bank)

    def _own_terminals(self, name: str, device: Device) -> dict[str, Any]:
        """Return the AC side of a battery with an inverter of its own; nothing of one that is on a DC link."""
        if not any(terminal.device == name for terminal in self._bench.terminals.values()):
            return {}
        return {"node": self._node(name), "v_nom_v": _needed(name, "nominal_v", device.rated_v or None)}

    def _serve_inverter(self, name: str, device: Device, emulate: Emulation) -> None:
        source = self.devices.get(device.dc_battery or "")
        outstation = self._wanted(device).master is not None
        inverter = InverterEmulator(
            name,
            _needed(name, "rating_kva", device.rated_kva or None),
            category=emulate.category,
            abnormal=emulate.abnormal,
            v_nom_v=_needed(name, "nominal_v", device.rated_v or None),
            phases=self._node(name).phases,
            node=self._node(name),
            dc_source=source if isinstance(source, BatteryEmulator | BatterySourceEmulator) else None,
            generator=self._places.site(name).kind == "generator",
            volt_var=emulate.volt_var,
            unit=1 if outstation else self._wanted(device).unit or 1,
        )
        self.devices[name] = inverter
        if isinstance(source, PvSourceEmulator):
            source.drawn_w = lambda: sum(inverter.power.p_w)
            self._simulated_sun[name] = inverter, source
        if isinstance(source, BatterySourceEmulator):
            source.drawn_w = lambda: sum(inverter.power.p_w)
            self._sunless.add(name)
        if outstation:
            self._serve_inverter_on_dnp3(name, device, inverter)
            return
        shown = inverter_bank(inverter) if emulate.registers else inverter.interface
        banks: dict[int, RegisterBank] = {self._wanted(device).unit or 1: shown}
        if emulate.customer_unit is not None:
            if emulate.customer_unit in banks:
                raise ConfigError(f"devices.{name}.emulate.customer_unit: the utility's interface has this unit id")
            banks[emulate.customer_unit] = inverter.customer_registers
        self._listen(name, device, banks, inverter.has)

    def _serve_inverter_on_dnp3(self, name: str, device: Device, inverter: InverterEmulator) -> None:
        if device.emulate is not None and device.emulate.customer_unit is not None:
            raise ConfigError(f"devices.{name}.emulate.customer_unit: an interface of the customer's is on Modbus")
        wanted, points = self._wanted(device), Dnp3InverterPoints(inverter)
        point_map, identity = load_dnp3_map(_map_of(name, device)), points.identity
        self._serve_dnp3(
            name,
            device,
            PointOutstation(
                wanted.unit or 0,
                point_map,
                points.bindings,
                identity,
                wanted.master,
                points.refresh,
                inverter.defect,
            ),
        )

    def _serve_tap_changer(self, name: str, device: Device, _emulate: Emulation) -> None:
        settings, position = tap_changer_settings(self._places, name), self._places.position(name)
        control = TapChangerControlEmulator(self._sensing(name), settings, position, self._start_of_week_s)
        self._connect_contacts(name, control)
        self._serve_control(name, device, control)

    def _serve_capacitor(self, name: str, device: Device, _emulate: Emulation) -> None:
        settings, closed = capacitor_settings(self._places, name), self._places.is_closed(name)
        control = CapacitorControlEmulator(self._sensing(name), settings, closed, self._start_of_week_s)
        self._connect_contacts(name, control)
        self._serve_control(name, device, control)

    def _serve_control(self, name: str, device: Device, control: Control) -> None:
        wanted, path = self._wanted(device), _map_of(name, device)
        points = control_points(control)
        if wanted.master is None:
            self._serve_modbus(name, device, control, PointBank(load_point_map(path), points))
            return
        identity, address = control.identity, wanted.unit or 0
        point_map, active = load_dnp3_map(path), partial(defect_of, control)
        outstation = PointOutstation(address, point_map, points, identity, wanted.master, active=active)
        self._serve_dnp3(name, device, outstation)
        self.devices[name] = control

    def _sensing(self, control: str) -> Sensing:
        """Return where a control senses: at its sensing source, or at terminals that the plant sets."""
        source = self.devices.get(self._places.terminal(control).source or "")
        return source if isinstance(source, SensingSourceEmulator) else SensingTerminals()

    def _connect_contacts(self, name: str, control: Control) -> None:
        contacts = self._places.terminal(name).contacts
        digital_io = self.devices.get(contacts.digital_io) if contacts else None
        if contacts is not None and isinstance(digital_io, DigitalIOEmulator):
            with self.host.lock:
                connect_contacts(control, digital_io, contacts)

    def _serve_meter(self, name: str, device: Device, emulate: Emulation) -> None:
        bank = self._metering.add_meter(name, emulate)
        self._listen(name, device, {self._wanted(device).unit or 1: bank})

    def _serve_fleet(self, prefix: str, at: Place, emulate: Emulation) -> None:
        addresses, _ = serve_fleet(self.host, self._metering.add_fleet(prefix, at, emulate))
        for name, address in addresses.items():
            self.endpoints[name] = Endpoint(name, "meter", Resource(address.host, address.port, address.unit))

    def _serve_scpi(self, device: Device, emulator: ScpiEmulator) -> None:
        wanted = self._wanted(device)
        protocol: Callable[[], asyncio.Protocol] = scpi_protocol(emulator.scpi, self.host.lock, emulator.termination)
        if wanted.framed:
            protocol = framed_protocol(emulator.scpi, self.host.lock)
        if wanted.vxi11:
            protocol = vxi11_protocol(emulator.scpi, self.host.lock, emulator.termination)
        _, port = self.host.serve(protocol, wanted.host, wanted.port)
        self.devices[emulator.name] = emulator
        self.endpoints[emulator.name] = Endpoint(emulator.name, device.role, wanted.at_port(port))

    def _serve_modbus(self, name: str, device: Device, emulator: Emulator, registers: RegisterBank) -> None:
        self._listen(name, device, {self._wanted(device).unit or 1: registers})
        self.devices[name] = emulator

    def _serve_dnp3(self, name: str, device: Device, outstation: PointOutstation) -> None:
        wanted = self._wanted(device)
        _, port = Dnp3Server(self.host, outstation).listen(wanted.host, wanted.port)
        self.outstations[name] = outstation
        self.endpoints[name] = Endpoint(name, device.role, wanted.at_port(port))

    def _listen(
        self,
        name: str,
        device: Device,
        banks: Mapping[int, RegisterBank],
        defect: Callable[[str], bool] = lambda _kind: False,
    ) -> None:
        wanted = self._wanted(device)
        self.servers[name] = ModbusServer(self.host, banks, defect)
        if wanted.line is not None:
            served = wanted.at_line(self._serial_line(wanted.line, self.servers[name]).path)
        else:
            served = wanted.at_port(self.servers[name].listen(wanted.host, wanted.port, served_tls(device))[1])
        self.endpoints[name] = Endpoint(name, device.role, served)

    def _serial_line(self, line: SerialLine, server: ModbusServer) -> RtuLine:
        """Put a device on a line of its own, or on the one that others at its port are on."""
        shared = self._lines.get(line.path)
        if shared is None:
            link = line.path if line.path.startswith("/") else ""
            shared = self.host.serve_terminal(partial(RtuLine, baud=line.baud), link)
            if line.path != PTY:
                self._lines[line.path] = shared
        shared.add(server)
        return shared

    def _wanted(self, device: Device) -> Resource:
        """Return where the emulator is to answer: `listen` where the resource points at a gateway before it."""
        return listening_at(device)

    def _node_behind(self, instrument: str, key: str) -> ElectricalNode:
        """Return the terminals of the device behind a source or an analyzer."""
        for terminal in self._bench.terminals.values():
            if getattr(terminal, key) == instrument:
                return self._node(terminal.device)
        raise ConfigError(f"devices.{instrument}: no terminal uses it as its {key}")

    def _node(self, device: str) -> ElectricalNode:
        if device not in self.nodes:
            self.nodes[device] = ElectricalNode(self._places.phases(device))
        return self.nodes[device]

    @property
    def _start_of_week_s(self) -> float:
        """Time since Monday's midnight at the start, by the bench's date and hour, s."""
        environment = self._bench.environment
        return environment.date.weekday() * DAY_S + environment.start_hour * 3600.0


def _quiet_s(device: Emulator) -> float:
    """Tell how long an emulated device stays as it is; instruments never move by themselves."""
    if isinstance(device, CONTROLS):
        return 0.0 if device.under_way else device.quiet_s
    return device.quiet_s if isinstance(device, InverterEmulator | BatteryEmulator) else np.inf


def _soc_pct(battery: BatteryEmulator) -> float:
    return battery.soc_pu * 100.0


def _needed(name: str, key: str, value: float | None) -> float:
    if value is None:
        raise ConfigError(f"devices.{name}.emulate: {key} is missing")
    return value


def _map_of(name: str, device: Device) -> Path:
    if device.point_map is None:
        raise ConfigError(f"devices.{name}: the driver {device.driver!r} needs a point_map")
    return device.point_map
