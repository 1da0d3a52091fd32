"""Wires terminals and controls: to emulated copper and contacts directly, or through instruments."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.accuracy import Exactness
from bench.assembly.emulated_contacts import Control
from bench.assembly.emulation import EmulatedEquipment
from bench.assembly.places import FeederPlaces
from bench.config import Terminal as TerminalSection
from bench.plant.contacts import ContactScan, SourcedSensing, WiredContacts
from bench.plant.controls import Contacts, Sense
from bench.plant.terminals import FREQUENCY_HZ, DirectTerminal, MeasuredTerminal, TerminalPlace
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.faults import FaultSet
from instruments.emulators.sensing_source import Secondary
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.errors import ConfigError


def direct_terminal(
    section: TerminalSection, place: TerminalPlace, node: ElectricalNode, lock: threading.RLock
) -> DirectTerminal:
    """Wire an emulated device straight to its feeder node."""

    def apply(voltage_v: tuple[float, ...], angle_deg: tuple[float, ...]) -> None:
        with lock:
            node.apply(voltage_v, FREQUENCY_HZ, angle_deg)

    def power_w() -> tuple[float, float]:
        with lock:
            power = node.power()
        return sum(power.p_w), sum(power.q_var)

    return DirectTerminal(section.device, place, apply, power_w, section.power_scale, section.voltage_ratio)


def measured_terminal(
    section: TerminalSection, place: TerminalPlace, source: Any, analyzer: Any, exactness: Exactness
) -> MeasuredTerminal:
    """Put a grid simulator and a power analyzer, with the analyzer's uncertainty, between feeder and device."""
    return MeasuredTerminal(
        section.device,
        place,
        source,
        section.source or "",
        analyzer,
        section.analyzer or "",
        section.voltage_ratio,
        section.power_scale,
        exactness,
    )


@dataclass(frozen=True)
class ControlWiring:
    """What a control is wired to: how it senses, its contacts, and the defects of the apparatus behind it."""

    sense: Sense
    contacts: Contacts
    faults: FaultSet | None


def direct_wiring(device: str, emulated: EmulatedEquipment) -> ControlWiring:
    """Wire an emulated control straight to the feeder and to its apparatus."""
    control, lock = emulated.control(device), emulated.host.lock
    return ControlWiring(sense_into(control, lock), ControlContacts(control, lock), control.faults)


def instrument_wiring(
    device: str,
    places: FeederPlaces,
    emulated: EmulatedEquipment,
    drivers: Mapping[str, Any],
    scans: Mapping[str, ContactScan],
) -> ControlWiring:
    """Wire a control, emulated or not, through a sensing source and a digital I/O.

    Raises ConfigError for status contacts that cannot tell every position, InstrumentError and TransportError.
    """
    terminal = places.terminal(device)
    if terminal.source is None or terminal.contacts is None:
        raise ConfigError(f"devices.{device} has no source and contacts in front of it")
    wired = terminal.contacts
    lowest = _lowest_position(device, places, len(wired.status))
    contacts = WiredContacts(scans[wired.digital_io], wired.inputs, wired.status, lowest)
    sense = SourcedSensing(terminal.source, drivers[terminal.source])
    faults = emulated.control(device).faults if device in emulated.devices else None
    return ControlWiring(sense, contacts, faults)


def _lowest_position(device: str, places: FeederPlaces, status: int) -> int:
    """Return the position that has all status contacts open; raises ConfigError for too few or too many of them."""
    is_bank = places.terminal(device).capacitor is not None
    lowest, highest = (0, 1) if is_bank else places.travel(device)
    needed = (highest - lowest).bit_length()
    if status not in (0, needed):
        raise ConfigError(f"devices.{device}: {needed} status contacts tell its position, not {status}")
    return lowest


def sense_into(control: Control, lock: threading.RLock) -> Sense:
    """Return what brings secondary values to an emulated control's own terminals."""
    terminals = control.sensing
    if not isinstance(terminals, SensingTerminals):
        raise ConfigError("this control is sensed through a source")

    def sense(voltage_v: float, current_a: float, angle_deg: float) -> None:
        with lock:
            terminals.secondary = Secondary(voltage_v, current_a, angle_deg, FREQUENCY_HZ)

    return sense


class ControlContacts:
    """The contacts of an emulated control, wired to the plant's apparatus."""

    def __init__(self, control: Control, lock: threading.RLock) -> None:
        self._control, self._lock = control, lock

    def read(self) -> tuple[bool, bool]:
        """Return whether raise and lower, or close and open, are closed now or were since the last look."""
        control = self._control
        with self._lock:
            if isinstance(control, TapChangerControlEmulator):
                return control.raise_contact.sample(), control.lower_contact.sample()
            return control.close_contact.sample(), control.open_contact.sample()

    def report(self, position: int) -> None:
        """Feed position, or status contact, back to the control."""
        control = self._control
        with self._lock:
            if isinstance(control, TapChangerControlEmulator):
                control.position_input = position
            else:
                control.status_input = bool(position)
