"""Gives the plant the mechanisms that emulated controls move: a tap changer or a switch at each one's contacts."""

from bench.assembly.emulation import EmulatedEquipment
from bench.assembly.places import FeederPlaces
from bench.assembly.wiring import ControlContacts, sense_into
from bench.feeder.engine import Feeder
from bench.feeder.probe import LineProbe, NodeProbe
from bench.plant.apparatus import CapacitorSwitch, TapMechanism
from bench.plant.controls import CapacitorBank, TapChanger
from instruments.errors import ConfigError


def make_tap_changer(device: str, feeder: Feeder, places: FeederPlaces, emulated: EmulatedEquipment) -> TapChanger:
    """Make the tap changer behind an emulated control, at the position where the feeder rests."""
    control, info = emulated.control(device), places.tap_changer(device)
    position = places.position(device)
    mechanism = TapMechanism(position, info.min_position, info.max_position, faults=control.faults)
    probe, lock = NodeProbe.at(feeder, info.bus, info.nodes[0]), emulated.host.lock
    contacts, sense = ControlContacts(control, lock), sense_into(control, lock)
    sensing, drop_ohm = places.tap_sensing(device), places.drop_ohm(device)
    return TapChanger(device, info.name, probe, sensing, drop_ohm, mechanism, sense, contacts)


def make_bank(device: str, feeder: Feeder, places: FeederPlaces, emulated: EmulatedEquipment) -> CapacitorBank:
    """Make the bank behind an emulated control; raises ConfigError when the deck does not say what line it senses."""
    control, bank, lock = emulated.control(device), places.capacitor(device), emulated.host.lock
    if bank.settings is None:
        raise ConfigError(f"devices.{device}: its bank senses no line of the feeder model")
    probe = LineProbe.on(feeder, bank.settings.line, bank.settings.terminal)
    switch = CapacitorSwitch(places.is_closed(device), faults=control.faults)
    contacts, sense = ControlContacts(control, lock), sense_into(control, lock)
    return CapacitorBank(device, bank.name, probe, places.bank_sensing(device), switch, sense, contacts)


def make_apparatus(
    feeder: Feeder, places: FeederPlaces, emulated: EmulatedEquipment
) -> dict[str, TapChanger | CapacitorBank]:
    """Make the apparatus of every emulated control on a bench, by the control's name."""
    made: dict[str, TapChanger | CapacitorBank] = {}
    for name, endpoint in emulated.endpoints.items():
        if endpoint.role == "load_tap_changer":
            made[name] = make_tap_changer(name, feeder, places, emulated)
        elif endpoint.role == "capacitor_bank":
            made[name] = make_bank(name, feeder, places, emulated)
    return made
