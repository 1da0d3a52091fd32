"""Puts a rig together from a bench file: one device, the instruments in front of it, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.assembly.admission import admit
from bench.assembly.drivers import DriverRack, address_of, require_identity
from bench.assembly.emulation import EmulatedEquipment
from bench.assembly.feeders import open_feeder
from bench.assembly.live_equipment import LiveEquipment
from bench.assembly.places import FeederPlaces
from bench.assembly.resources import Resource, parse_resource
from bench.certification.not_passed import NotPassed
from bench.certification.ratings import require_usable
from bench.certification.refusals import UnderTest
from bench.certification.rig import InstrumentClass, Rig, phase_v
from bench.certification.stated_class import StatedClass
from bench.certification.sunspec.image import Address
from bench.clock import make_clock
from bench.config import BenchFile, Device, Terminal
from bench.evidence import Evidence
from bench.faults import Fault
from bench.feeder.sites import load_sites
from bench.lease import Lease
from bench.safety import uninterrupted
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.readings import Identity, Nameplate
from instruments.roles import GridSimulator, PowerAnalyzer
from reports.run_directory import RunWriter
from reports.verdict import Verdict

PCT = 100.0
ABSORBING_S = 3600.0
"""A command to absorb ends by itself if the bench does not end it."""


def reduced(bench: BenchFile, device: str) -> tuple[BenchFile, Terminal]:
    """Return the bench with one device, what is behind it and in front of it; raises ConfigError where that lacks."""
    if device not in bench.devices:
        raise ConfigError(f"the bench file has no device {device!r}; known: {', '.join(bench.devices)}")
    terminal = next((t for t in bench.terminals.values() if t.device == device), None)
    if terminal is None or terminal.source is None or terminal.analyzer is None:
        raise ConfigError(f"{device} has no source and analyzer in front of it: nothing can be certified there")
    section = bench.devices[device]
    behind = [section.emulate.dc_source] if section.emulate and section.emulate.dc_source else []
    kept = {device, terminal.source, terminal.analyzer, *behind}
    devices = {name: found for name, found in bench.devices.items() if name in kept}
    terminals = {name: found for name, found in bench.terminals.items() if found.device == device}
    return bench.model_copy(update={"devices": devices, "terminals": terminals, "fleets": {}}), terminal


@dataclass
class Fed:
    """The device under test with what feeds and what measures it."""

    device: str
    source: GridSimulator
    source_name: str
    analyzer: PowerAnalyzer
    analyzer_name: str


def instrument_class(analyzer: Device, nameplate: Nameplate, phases: int) -> InstrumentClass | StatedClass:
    """Return the uncertainty of an analyzer in front of equipment, by the bench file."""
    if analyzer.accuracy is not None:
        return StatedClass(analyzer.accuracy, phase_v(nameplate, phases), nameplate.va_max_va, phases)
    return InstrumentClass(analyzer.expanded_pct / PCT, analyzer.expanded_pct / PCT)


def on_free_ports(bench: BenchFile) -> BenchFile:
    """Return the bench with every emulated device at any free port: two of them can be open at the same time."""
    devices = {
        name: device.model_copy(update={"resource": str(parse_resource(device.resource).at_port(0))})
        if device.emulate
        else device
        for name, device in bench.devices.items()
    }
    return bench.model_copy(update={"devices": devices})


class CertificationBench:
    """One device on its rig, opened and identified; `close` makes it safe and takes it down."""

    def __init__(
        self,
        bench: BenchFile,
        device: str,
        writer: RunWriter,
        key: str,
        seed: int,
        lease: Lease | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        """Open what the device needs and switch the source on; `key` is under what everything is recorded.

        Raises ConfigError, TransportError, IdentityMismatch, DeviceError for a device that cannot say who it is, and
        RatingsError for one whose ratings cannot be; what was opened by then is made safe and closed. Real equipment
        needs a `lease`, and has a guardian from before its source is switched on. `faults` are of what is emulated.
        """
        self.config, self._terminal = reduced(bench, device)
        admit(self.config, lease)
        self._lease, self._folder = lease or Lease(), writer.path
        self._device, self._seed, self._faults = device, seed, faults
        self.clock = make_clock(bench.clock.mode, bench.clock.slip_tolerance_s)
        self.evidence = Evidence(writer, self.clock, key)
        self.live, self._rack = LiveEquipment(self.config, self.clock, self.evidence.measurement), DriverRack()
        self._drivers: dict[str, Any] = {}
        self._addresses: dict[str, Resource] = {}
        self.identities: dict[str, Identity] = {}
        self._emulated: EmulatedEquipment | None = None
        self._level_pu = 1.0
        try:
            self._open()
        except BaseException as error:
            for name, why in self.close().items():
                error.add_note(f"{name} could not be proven safe: {why}")
            raise

    @property
    def address(self) -> Address:
        """Where the device answers; raises ConfigError for one that is not reached over Modbus/TCP."""
        found = self._addresses[self._device]
        if found.unit is None:
            raise ConfigError(f"{self._device} is not reached over Modbus: {found}")
        return Address(found.host, found.port, found.unit)

    def read_settings(self) -> dict[str, float | str]:
        """Read what the device is set to, by the labels of settings files; of one that refuses that, its words."""
        try:
            return dict(self._drivers[self._device].read_as_set())
        except InstrumentError as error:
            return {"COMMENT": f"the settings could not be read: {error}"}

    def close(self) -> dict[str, str]:
        """Make everything safe, then close it; return the devices whose safe state could not be proven, with why.

        No signal interrupts it; one that comes is dealt with when all is done.
        """
        with uninterrupted():
            failures = self.live.make_safe()
            self._rack.close()
            failures |= self.live.dismiss_guardian(failures)
            if self._emulated is not None:
                self._emulated.close()
            return failures

    def _open(self) -> None:
        with open_feeder(self.config.feeder) as feeder:
            sites = load_sites(self.config.feeder.sites) if self.config.feeder.sites else ()
            self._places = FeederPlaces(self.config, feeder, sites)
            self._emulated = EmulatedEquipment(self.config, self._places, self._seed)
        for fault in self._faults:
            self._emulated.inject(fault.target, fault.kind, fault.value, fault.start_s, fault.end_s)
        for name, device in self.config.devices.items():
            self._drivers[name] = self._open_driver(name, device)
            found = self.identities[name] = self._ask_identity(name)
            require_identity(device, found, f"{name} at {device.resource}")
        self.rig = self._rig()
        self.live.register(self._drivers, self._folder, self._lease)
        self.rig.set_grid(1.0)
        self.live.switch_on(
            Fed(
                self._device,
                self.rig.source,
                self._terminal.source or "",
                self.rig.analyzer,
                self.rig.analyzer_name,
            )
        )

    def _ask_identity(self, name: str) -> Identity:
        try:
            identity: Identity = self._drivers[name].identify()
        except (TransportError, InstrumentError) as error:
            raise type(error)(f"{name}: {error}") from error
        return identity

    def _open_driver(self, name: str, device: Device) -> Any:
        endpoint = self._emulated.endpoints.get(name) if self._emulated else None
        address = self._addresses[name] = address_of(device, endpoint.resource if endpoint else None)
        driver = self._rack.open(name, device, address, self.evidence.observer(name))
        return UnderTest(driver) if name == self._device else driver

    def _rig(self) -> Rig:
        terminal, drivers = self._terminal, self._drivers
        inverter, source, analyzer = (
            drivers[self._device],
            drivers[terminal.source or ""],
            drivers[terminal.analyzer or ""],
        )
        nameplate = inverter.read_nameplate()
        require_usable(self._device, self.config.devices[self._device], nameplate)
        phases = self._places.phases(self._device)
        return Rig(
            clock=self.clock,
            device=self._device,
            functions=inverter,
            source=source,
            analyzer=analyzer,
            analyzer_name=terminal.analyzer or "",
            nameplate=nameplate,
            instrument=instrument_class(self.config.devices[terminal.analyzer or ""], nameplate, phases),
            advance=self._advance,
            supply=self._supply,
            absorb=self._absorb,
            phases=phases,
            capture=analyzer.read_capture_limits(),
            unrepresented=self._emulated.unrepresented(self._device) if self._emulated else {},
        )

    def _supply(self, level_pu: float) -> None:
        """Let the emulated sun give a share of rated power.

        Real equipment brings its own source of power, which is taken to give the rating: the analyzer tells whether it
        does. Raises NotPassed for any other share.
        """
        if self.config.devices[self._device].emulate is None and level_pu != 1.0:
            wanted = f"{level_pu * PCT:g} % of rated power"
            raise NotPassed(
                f"nothing on this bench has the source behind {self._device} give {wanted}", Verdict.NOT_RUN
            )
        self._level_pu = level_pu

    def _absorb(self, share_pu: float) -> None:
        """Command the device, and a battery behind it that has an interface of its own, to take power from the grid."""
        self._level_pu = 0.0
        power_w = -share_pu * self.rig.nameplate.p_max_w
        for name, device in self.config.devices.items():
            if name == self._device or device.role == "battery":
                self._drivers[name].set_power_w(power_w, ABSORBING_S)

    def _advance(self, dt_s: float) -> None:
        self.live.require_guardian()
        if self._emulated is not None:
            self._emulated.advance(dt_s, np.full(len(self._places.sites), self._level_pu))
