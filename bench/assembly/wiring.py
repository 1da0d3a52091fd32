"""Wires terminals and controls: to emulated copper and contacts directly, or through instruments."""

import threading
from typing import Any

from bench.config import Terminal as TerminalSection
from bench.plant.controls import Sense
from bench.plant.terminals import FREQUENCY_HZ, DirectTerminal, MeasuredTerminal, TerminalPlace
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.sensing_source import Secondary
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.errors import ConfigError

Control = TapChangerControlEmulator | CapacitorControlEmulator


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
    section: TerminalSection, place: TerminalPlace, source: Any, analyzer: Any, share: float, rating_kva: float
) -> MeasuredTerminal:
    """Put a grid simulator and a power analyzer between feeder and device.

    `share`: the analyzer's uncertainty, per unit: of the site's rating for power, of reading for voltage.
    """
    return MeasuredTerminal(
        section.device,
        place,
        source,
        analyzer,
        section.analyzer or "",
        section.voltage_ratio,
        section.power_scale,
        share * rating_kva,
        share,
    )


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
