"""Puts a rig together from a bench file: one device, the instruments in front of it, and nothing else."""

import math
from typing import Any

import numpy as np

from bench.assembly.admission import admit
from bench.assembly.drivers import DriverRack, address_of, require_identity
from bench.assembly.emulation import EmulatedEquipment
from bench.assembly.feeders import open_feeder
from bench.assembly.places import FeederPlaces
from bench.assembly.resources import Resource
from bench.certification.rig import InstrumentClass, Rig
from bench.certification.sunspec.image import Address
from bench.clock import make_clock
from bench.config import BenchFile, Device, Terminal
from bench.evidence import Evidence
from bench.faults import Fault
from bench.feeder.sites import load_sites
from bench.lease import Lease
from bench.safety import SafetyChain
from instruments.errors import ConfigError
from instruments.readings import Identity
from reports.run_directory import RunWriter

PCT = 100.0


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


class CertificationBench:
    """One device on its rig, opened and identified; `close` makes it safe and takes it down."""

    def __init__(
        self, bench: BenchFile, device: str, writer: RunWriter, key: str, seed: int, lease: Lease | None = None
    ) -> None:
        """Open what the device needs and switch the source on; `key` is under what everything is recorded.

        Raises ConfigError, TransportError or IdentityMismatch; what was opened by then is made safe and closed. Real
        equipment is refused until its guardian stands behind a certification too.
        """
        self.config, self._terminal = reduced(bench, device)
        admit(self.config, lease)
        self._device, self._seed = device, seed
        self.clock = make_clock(bench.clock.mode, bench.clock.slip_tolerance_s)
        self.evidence = Evidence(writer, self.clock, key)
        self.safety, self._rack = SafetyChain(), DriverRack()
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

    def inject(self, fault: Fault) -> None:
        """Make an emulated device or instrument of the rig defective; raises ConfigError for what it cannot have."""
        if self._emulated is None:
            raise ConfigError("the bench is not open")
        self._emulated.inject(fault.target, fault.kind, fault.value, fault.start_s, fault.end_s)

    @property
    def address(self) -> Address:
        """Where the device answers; raises ConfigError for one that is not reached over Modbus/TCP."""
        found = self._addresses[self._device]
        if found.unit is None:
            raise ConfigError(f"{self._device} is not reached over Modbus: {found}")
        return Address(found.host, found.port, found.unit)

    def close(self) -> dict[str, str]:
        """Make everything safe, then close it; return the devices whose safe state could not be proven, with why."""
        failures = self.safety.make_safe()
        self._rack.close()
        if self._emulated is not None:
            self._emulated.close()
        return failures

    def _open(self) -> None:
        with open_feeder(self.config.feeder) as feeder:
            sites = load_sites(self.config.feeder.sites) if self.config.feeder.sites else ()
            self._places = FeederPlaces(self.config, feeder, sites)
            self._emulated = EmulatedEquipment(self.config, self._places, self._seed)
        for name, device in self.config.devices.items():
            self._drivers[name] = self._open_driver(name, device)
            found = self.identities[name] = self._drivers[name].identify()
            require_identity(device, found, f"{name} at {device.resource}")
        for name in self.config.devices:
            if hasattr(self._drivers[name], "make_safe"):
                self.safety.register(name, self._drivers[name])
        self.rig = self._rig()
        self.rig.set_grid(1.0)
        self.rig.source.output_on()

    def _open_driver(self, name: str, device: Device) -> Any:
        endpoint = self._emulated.endpoints.get(name) if self._emulated else None
        address = self._addresses[name] = address_of(device, endpoint.resource if endpoint else None)
        return self._rack.open(name, device, address, self.evidence.observer(name))

    def _rig(self) -> Rig:
        terminal, drivers = self._terminal, self._drivers
        inverter, source, analyzer = (
            drivers[self._device],
            drivers[terminal.source or ""],
            drivers[terminal.analyzer or ""],
        )
        share = self.config.devices[terminal.analyzer or ""].uncertainty_pct / PCT
        nameplate = inverter.read_nameplate()
        if not math.isfinite(nameplate.va_max_va) or nameplate.va_max_va <= 0 or nameplate.v_nom_v <= 0:
            raise ConfigError(f"{self._device} states no usable ratings: {nameplate}")
        return Rig(
            clock=self.clock,
            device=self._device,
            functions=inverter,
            source=source,
            analyzer=analyzer,
            analyzer_name=terminal.analyzer or "",
            nameplate=nameplate,
            instrument=InstrumentClass(share, share),
            advance=self._advance,
            supply=self._supply,
            phases=self._places.phases(self._device),
            unrepresented=self._emulated.unrepresented(self._device) if self._emulated else {},
        )

    def _supply(self, level_pu: float) -> None:
        """Let the emulated sun give a share of rated power."""
        self._level_pu = level_pu

    def _advance(self, dt_s: float) -> None:
        if self._emulated is not None:
            self._emulated.advance(dt_s, np.full(len(self._places.sites), self._level_pu))
