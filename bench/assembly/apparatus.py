"""Gives the plant the mechanisms that controls move: a tap changer or a switch at each one's contacts."""

from collections.abc import Callable, Mapping
from typing import Any

from bench.assembly.emulation import EmulatedEquipment
from bench.assembly.places import FeederPlaces
from bench.assembly.wiring import ControlWiring, direct_wiring, instrument_wiring
from bench.config import CONTROL_ROLES, BenchFile
from bench.feeder.engine import Feeder
from bench.feeder.probe import LineProbe, NodeProbe
from bench.plant.apparatus import CapacitorSwitch, TapMechanism
from bench.plant.contacts import ContactScan
from bench.plant.controls import CapacitorBank, TapChanger
from instruments.errors import ConfigError

Apparatus = TapChanger | CapacitorBank


def make_tap_changer(device: str, feeder: Feeder, places: FeederPlaces, wiring: ControlWiring) -> TapChanger:
    """Make the tap changer behind a control, at the position where the feeder rests."""
    info, position = places.tap_changer(device), places.position(device)
    mechanism = TapMechanism(position, info.min_position, info.max_position, faults=wiring.faults)
    probe = NodeProbe.at(feeder, info.bus, info.nodes[0])
    sensing, drop_ohm = places.tap_sensing(device), places.drop_ohm(device)
    return TapChanger(device, info.name, probe, sensing, drop_ohm, mechanism, wiring.sense, wiring.contacts)


def make_bank(device: str, feeder: Feeder, places: FeederPlaces, wiring: ControlWiring) -> CapacitorBank:
    """Make the bank behind a control; raises ConfigError when the deck does not say what line it senses."""
    bank = places.capacitor(device)
    if bank.settings is None:
        raise ConfigError(f"devices.{device}: its bank senses no line of the feeder model")
    probe = LineProbe.on(feeder, bank.settings.line, bank.settings.terminal)
    switch = CapacitorSwitch(places.is_closed(device), faults=wiring.faults)
    return CapacitorBank(device, bank.name, probe, places.bank_sensing(device), switch, wiring.sense, wiring.contacts)


def make_apparatus(
    config: BenchFile, feeder: Feeder, places: FeederPlaces, emulated: EmulatedEquipment, drivers: Mapping[str, Any]
) -> dict[str, Apparatus]:
    """Make the apparatus of every control on a bench, by the control's name.

    A control behind instruments is reached through their `drivers`; raises ConfigError for contacts that its apparatus
    cannot use, InstrumentError and TransportError for instruments that do not do what they should.
    """
    makers: dict[str, Callable[[str, Feeder, FeederPlaces, ControlWiring], Apparatus]] = {
        "load_tap_changer": make_tap_changer,
        "capacitor_bank": make_bank,
    }
    scans = {
        name: ContactScan(name, drivers[name])
        for name, device in config.devices.items()
        if device.role == "digital_io" and name in drivers
    }
    made: dict[str, Apparatus] = {}
    for name in controls_of(config):
        behind = places.terminal(name).contacts is not None
        wiring = instrument_wiring(name, places, emulated, drivers, scans) if behind else direct_wiring(name, emulated)
        made[name] = makers[config.devices[name].role](name, feeder, places, wiring)
    return made


def controls_of(config: BenchFile) -> list[str]:
    """Name the controls of a bench."""
    return [name for name, device in config.devices.items() if device.role in CONTROL_ROLES]
