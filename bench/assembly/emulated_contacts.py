"""Copper between emulated controls and the emulated instruments in front of them."""

from bench.config import Contacts
from bench.plant.contacts import decode_position
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.contacts import PulseContact
from instruments.emulators.digital_io import DigitalIOEmulator
from instruments.emulators.tap_changer_control import TapChangerControlEmulator

Control = TapChangerControlEmulator | CapacitorControlEmulator


def connect_contacts(control: Control, digital_io: DigitalIOEmulator, contacts: Contacts) -> None:
    """Wire a control's output contacts to inputs of the digital I/O, and outputs of that to its position input."""
    for contact, channel in zip(_outputs(control), contacts.inputs, strict=True):
        _connect_input(contact, digital_io, channel)
    if contacts.status:
        lowest = control.settings.lowest_tap if isinstance(control, TapChangerControlEmulator) else 0
        digital_io.on_output(lambda _channel, _closed: _take_status(control, digital_io, contacts, lowest))
        _take_status(control, digital_io, contacts, lowest)


def _outputs(control: Control) -> tuple[PulseContact, PulseContact]:
    """Return raise and lower, or close and open."""
    if isinstance(control, TapChangerControlEmulator):
        return control.raise_contact, control.lower_contact
    return control.close_contact, control.open_contact


def _connect_input(contact: PulseContact, digital_io: DigitalIOEmulator, channel: int) -> None:
    contact.on_change(lambda closed: digital_io.set_input(channel, closed))


def _take_status(control: Control, digital_io: DigitalIOEmulator, contacts: Contacts, lowest: int) -> None:
    """Tell the control where it stands, from the lowest position of the mechanism on, whatever its tap limits are."""
    closed = [digital_io.output(channel) for channel in contacts.status]
    if isinstance(control, TapChangerControlEmulator):
        control.position_input = decode_position(closed, lowest)
    else:
        control.status_input = closed[0]
