"""Tap changer and switched banks in the plant: what their controls sense, and what their contacts move.

The position of a tap and the state of a switch belong to the plant; a control only closes contacts.
"""

import cmath
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bench.feeder.engine import Feeder
from bench.feeder.model import Complexes, Snapshot
from bench.feeder.probe import LineProbe, NodeProbe
from bench.plant.apparatus import CapacitorSwitch, Operation, TapMechanism

Sense = Callable[[float, float, float], None]
"""Takes secondary voltage (V), secondary current (A) and the current's angle against the voltage (deg)."""


class Contacts(Protocol):
    """The two output contacts of a control, as the apparatus sees them."""

    def read(self) -> tuple[bool, bool]:
        """Return whether raise and lower (close and open) are closed."""
        ...

    def report(self, position: int) -> None:
        """Feed the apparatus's position, or its status contact as 0 and 1, back to the control."""
        ...


@dataclass(frozen=True)
class InstrumentTransformers:
    """Ratios of the potential and current transformers in front of a control."""

    pt_ratio: float
    ct_ratio: float

    def secondary(self, voltage_v: complex, current_a: complex) -> tuple[float, float, float]:
        """Return V, A and degrees on the secondary side; the angle is that of the current against the voltage."""
        angle = math.degrees(np.angle(current_a * np.conj(voltage_v))) if abs(current_a) > 0 else 0.0
        return abs(voltage_v) / self.pt_ratio, abs(current_a) / self.ct_ratio, angle


class TapChanger:
    """A load tap changer with its control: the first phase it regulates is sensed, contacts move its mechanism."""

    def __init__(
        self,
        name: str,
        transformer: str,
        probe: NodeProbe,
        transformers: InstrumentTransformers,
        drop_ohm: complex,
        mechanism: TapMechanism,
        sense: Sense,
        contacts: Contacts,
    ) -> None:
        """Take the line-drop compensation as V of drop per A of secondary current; 0 where there is none."""
        self.name, self.transformer = name, transformer
        self._probe, self._transformers, self._drop_ohm = probe, transformers, drop_ohm
        self._mechanism, self.sensing, self._contacts = mechanism, sense, contacts
        self.sensed = 0.0
        """What the control last regulated by: voltage less the compensated drop, V on the PT secondary."""
        self.sensed_v = 0.0
        """Voltage last brought to the control, V on the PT secondary."""

    @property
    def operations(self) -> list[Operation]:
        """Completed movements."""
        return self._mechanism.operations

    @property
    def position(self) -> int:
        """The tap in service."""
        return self._mechanism.position

    @property
    def quiet_s(self) -> float:
        """How long the position stays while the contacts stay, s; infinite at rest."""
        return self._mechanism.quiet_s

    def sense(self, snapshot: Snapshot) -> None:
        """Bring the regulated bus's voltage, and the current that leaves it, to the control."""
        voltages: Complexes = snapshot.voltage_v
        voltage_v, current_a = self._probe.voltage_v(voltages), self._probe.current_a(voltages)
        self.sensed_v, secondary_a, angle_deg = self._transformers.secondary(voltage_v, current_a)
        self.sensed = self.sensed_v - (self._drop_ohm * cmath.rect(secondary_a, math.radians(angle_deg))).real
        self.sensing(self.sensed_v, secondary_a, angle_deg)

    def begin(self, snapshot: Snapshot) -> None:
        """Tell the control where it stands, and what it will sense, before anything is switched on."""
        self._contacts.report(self._mechanism.position)
        self.sense(snapshot)

    def act(self, feeder: Feeder, dt_s: float) -> None:
        """Let the mechanism follow the contacts, and the feeder the mechanism."""
        before = self._mechanism.position
        self._mechanism.advance(dt_s, *self._contacts.read())
        if self._mechanism.position != before:
            feeder.set_tap(self.transformer, self._mechanism.position)
        self._contacts.report(self._mechanism.position)


class CapacitorBank:
    """A switched bank with its control, which senses one phase of the line that feeds it."""

    def __init__(
        self,
        name: str,
        bank: str,
        probe: LineProbe,
        transformers: InstrumentTransformers,
        switch: CapacitorSwitch,
        sense: Sense,
        contacts: Contacts,
    ) -> None:
        self.name, self.bank = name, bank
        self._probe, self._transformers = probe, transformers
        self._switch, self.sensing, self._contacts = switch, sense, contacts
        self.sensed = 0.0
        """Reactive power towards the load on the line last brought to the control, kvar: one phase for all."""
        self.sensed_v = 0.0
        """Voltage last brought to the control, V on the PT secondary."""

    @property
    def operations(self) -> list[Operation]:
        """Completed movements."""
        return self._switch.operations

    @property
    def closed(self) -> bool:
        """The switch in service."""
        return self._switch.closed

    @property
    def position(self) -> int:
        """The switch in service as a number: 1 closed, 0 open."""
        return int(self._switch.closed)

    @property
    def quiet_s(self) -> float:
        """How long the switch stays while the contacts stay, s; infinite at rest."""
        return self._switch.quiet_s

    def sense(self, snapshot: Snapshot) -> None:
        """Bring the first phase's voltage and current to the control."""
        voltages: Complexes = snapshot.voltage_v
        voltage_v, current_a = complex(self._probe.voltage_v(voltages)[0]), complex(self._probe.current_a(voltages)[0])
        phases = len(self._probe.voltage_v(voltages))
        self.sensed = phases * (voltage_v * current_a.conjugate()).imag / 1000.0
        self.sensed_v = abs(voltage_v) / self._transformers.pt_ratio
        self.sensing(*self._transformers.secondary(voltage_v, current_a))

    def begin(self, snapshot: Snapshot) -> None:
        """Tell the control where its switch stands, and what it will sense, before anything is switched on."""
        self._contacts.report(int(self._switch.closed))
        self.sense(snapshot)

    def act(self, feeder: Feeder, dt_s: float) -> None:
        """Let the switch follow the contacts, and the feeder the switch."""
        before = self._switch.closed
        self._switch.advance(dt_s, *self._contacts.read())
        if self._switch.closed != before:
            feeder.set_capacitor(self.bank, self._switch.closed)
        self._contacts.report(int(self._switch.closed))
