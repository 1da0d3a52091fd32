"""Puts a rig together from a bench file: one device, the instruments in front of it, and nothing else."""

from collections.abc import Callable, Sequence
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
from bench.certification.any_rig import AnyRig
from bench.certification.not_passed import NotPassed
from bench.certification.refusals import UnderTest
from bench.certification.sunspec.image import Address
from bench.clock import make_clock
from bench.config import CONTROL_ROLES, BenchFile, Device, Terminal
from bench.evidence import Evidence
from bench.faults import Fault
from bench.feeder.sites import load_sites
from bench.lease import Lease
from bench.safety import uninterrupted
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.readings import Identity
from reports.run_directory import RunWriter
from reports.verdict import Verdict


@dataclass(frozen=True)
class RigKind:
    """What a suite needs around its device: which roles it tests, how their rig is made, and what switches it on.

    `leave` sets the device back as it was found, before all is made safe.
    """

    roles: frozenset[str]
    make: "Callable[[CertificationBench], AnyRig]"
    switch_on: "Callable[[CertificationBench], None]"
    leave: "Callable[[CertificationBench], None]" = lambda _bench: None
    require_parts: Callable[[str, BenchFile], None] = lambda _name, _bench: None
    """Raises ConfigError for a device of the bench file that lacks a part which the suite tests."""

    def require(self, name: str, bench: BenchFile) -> None:
        """Raise ConfigError for a device that is none of what the suite tests."""
        device = bench.devices[name]
        if device.role not in self.roles:
            known = " or ".join(role.replace("_", " ") for role in sorted(self.roles))
            raise ConfigError(f"{name} is a {device.role.replace('_', ' ')}; the suite tests the role {known}")
        self.require_parts(name, bench)


def reduced(bench: BenchFile, device: str) -> tuple[BenchFile, Terminal]:
    """Return the bench with one device, what is behind it and in front of it; raises ConfigError where that lacks.

    A battery on the DC link of an inverter has that between it and the instruments.
    """
    if device not in bench.devices:
        raise ConfigError(f"the bench file has no device {device!r}; known: {', '.join(bench.devices)}")
    section = bench.devices[device]
    at = bench.behind_inverter.get(device, device)
    terminal = next((t for t in bench.terminals.values() if t.device == at), None)
    if terminal is None or terminal.source is None:
        measured_by = "contacts" if section.role in CONTROL_ROLES else "analyzer"
        raise ConfigError(f"{device} has no source and {measured_by} in front of it: nothing can be certified there")
    kept = {device, at, *terminal.instruments.values(), bench.devices[at].dc_battery}
    devices = {name: found for name, found in bench.devices.items() if name in kept}
    terminals = {name: found for name, found in bench.terminals.items() if found.device == at}
    return bench.model_copy(update={"devices": devices, "terminals": terminals, "fleets": {}}), terminal


def on_free_ports(bench: BenchFile) -> BenchFile:
    """Return the bench with every emulated device at any free port: two of them can be open at the same time."""
    devices = {
        name: device.model_copy(update={"resource": str(parse_resource(device.resource).anywhere)})
        if device.emulate
        else device
        for name, device in bench.devices.items()
    }
    return bench.model_copy(update={"devices": devices})


class CertificationBench:
    """One device on its rig, opened and identified; `close` makes it safe and takes it down."""

    rig: AnyRig

    def __init__(
        self,
        bench: BenchFile,
        device: str,
        kind: RigKind,
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
        self.config, self.terminal = reduced(bench, device)
        kind.require(device, self.config)
        admit(self.config, lease)
        self._lease, self._folder = lease or Lease(), writer.path
        self.device, self._kind, self._seed, self.faults = device, kind, seed, faults
        self.clock = make_clock(bench.clock.mode, bench.clock.slip_tolerance_s)
        self.evidence = Evidence(writer, self.clock, key)
        self.live, self._rack = LiveEquipment(self.config, self.clock, self.evidence.measurement), DriverRack()
        self.drivers: dict[str, Any] = {}
        self._addresses: dict[str, Resource] = {}
        self.identities: dict[str, Identity] = {}
        self._emulated: EmulatedEquipment | None = None
        self.sun_pu = 1.0
        """How much of its rating the emulated source behind a device has, per unit."""
        try:
            self._open()
        except BaseException as error:
            for name, why in self.close().items():
                error.add_note(f"{name} could not be proven safe: {why}")
            raise

    @property
    def address(self) -> Address:
        """Where the device answers; raises ConfigError for one that is not reached over Modbus/TCP.

        Raises NotPassed for one on a serial line, where frames cannot be sent beside the driver's.
        """
        found = self._addresses[self.device]
        if found.line is not None:
            reason = f"its frames are examined one by one on TCP only, and {self.device} is on a serial line"
            raise NotPassed(reason, Verdict.NOT_RUN)
        if found.unit is None:
            raise ConfigError(f"{self.device} is not reached over Modbus: {found}")
        return Address(found.host, found.port, found.unit)

    def read_settings(self) -> dict[str, float | str]:
        """Read what the device is set to, by the labels of settings files; of one that refuses that, its words."""
        driver = self.drivers[self.device]
        if not hasattr(driver, "read_as_set"):
            return {"COMMENT": f"the driver {self.config.devices[self.device].driver} reads no settings"}
        try:
            return dict(driver.read_as_set())
        except InstrumentError as error:
            return {"COMMENT": f"the settings could not be read: {error}"}

    def close(self) -> dict[str, str]:
        """Make everything safe, then close it; return the devices whose safe state could not be proven, with why.

        No signal interrupts it; one that comes is dealt with when all is done.
        """
        with uninterrupted():
            failures = self._left() | self.live.make_safe()
            self._rack.close()
            failures |= self.live.dismiss_guardian(failures)
            if self._emulated is not None:
                self._emulated.close()
            return failures

    def advance(self, dt_s: float) -> None:
        """Let time pass for what is emulated, s; raises BenchError when the guardian is gone."""
        self.live.require_guardian()
        if self._emulated is not None:
            self._emulated.advance(dt_s, np.full(len(self.places.sites), self.sun_pu))

    @property
    def emulated(self) -> EmulatedEquipment:
        """What of the rig is emulated, which may be nothing."""
        if self._emulated is None:
            raise ConfigError("the rig is not open yet")
        return self._emulated

    def _left(self) -> dict[str, str]:
        """Set the device back as it was found; say what did not come back."""
        try:
            if hasattr(self, "rig"):
                self._kind.leave(self)
        except Exception as error:  # whatever it is, all is made safe after this
            return {self.device: f"it was not set back as it was found: {error}"}
        return {}

    def _open(self) -> None:
        with open_feeder(self.config.feeder) as feeder:
            sites = load_sites(self.config.feeder.sites) if self.config.feeder.sites else ()
            self.places = FeederPlaces(self.config, feeder, sites)
            self._emulated = EmulatedEquipment(self.config, self.places, self._seed)
            for fault in self.faults:
                self._emulated.inject(fault.target, fault.kind, fault.value, fault.start_s, fault.end_s)
            for name, device in self.config.devices.items():
                self.drivers[name] = self._open_driver(name, device)
                found = self.identities[name] = self._ask_identity(name)
                require_identity(device, found, f"{name} at {device.resource}")
            self.rig = self._kind.make(self)
        self.live.register(self.drivers, self._folder, self._lease)
        self._kind.switch_on(self)

    def _ask_identity(self, name: str) -> Identity:
        try:
            identity: Identity = self.drivers[name].identify()
        except (TransportError, InstrumentError) as error:
            raise type(error)(f"{name}: {error}") from error
        return identity

    def _open_driver(self, name: str, device: Device) -> Any:
        endpoint = self.emulated.endpoints.get(name)
        address = self._addresses[name] = address_of(device, endpoint.resource if endpoint else None)
        driver = self._rack.open(name, device, address, self.evidence.observer(name))
        return UnderTest(driver) if name == self.device else driver
