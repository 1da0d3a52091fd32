"""What brings secondary values to a control and its contacts back, over the bench's instruments.

A driver's error is told with the name of the instrument, which its address alone does not say.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.plant.terminals import FREQUENCY_HZ
from instruments.errors import ConfigError, blaming
from instruments.readings import InputContacts, SecondaryReading
from instruments.roles import DigitalIO, SensingSource

RESOLUTION = (0.002, 0.001, 0.05)
"""What a source need not be told anew: V, A and degrees, a fifth of what controls resolve in voltage."""


@dataclass
class SourcedSensing:
    """Puts PT and CT secondary values in front of a control with a sensing source, where they have moved at all."""

    name: str
    source: SensingSource
    _told: tuple[float, float, float] = field(default=(math.nan,) * 3, init=False)

    @property
    def told(self) -> SecondaryReading:
        """What the source was told last, NaN before the first time."""
        voltage_v, current_a, angle_deg = self._told
        apparent, lag_rad = voltage_v * current_a, math.radians(-angle_deg)
        return SecondaryReading(voltage_v, current_a, apparent * math.cos(lag_rad), apparent * math.sin(lag_rad))

    def __call__(self, voltage_v: float, current_a: float, angle_deg: float) -> None:
        """Set the source; raises SafetyTrip outside its limits, InstrumentError and TransportError."""
        wanted = voltage_v, current_a, angle_deg
        if all(abs(new - old) <= step for new, old, step in zip(wanted, self._told, RESOLUTION, strict=True)):
            return
        with blaming(self.name):
            self.source.set_sensing(voltage_v, current_a, angle_deg, FREQUENCY_HZ)
        self._told = wanted


class ContactScan:
    """Reads all inputs of a digital I/O at once, for all who are wired to it; each of them takes every scan once."""

    def __init__(self, name: str, digital_io: DigitalIO) -> None:
        """Read once, so that closures from before count for nothing; raises InstrumentError and TransportError."""
        self.name, self.digital_io = name, digital_io
        self.number = 0
        self.latest = self._read()

    def after(self, number: int) -> InputContacts:
        """Return the latest scan, and make it first where that is the one already known by its number."""
        if number == self.number:
            self.latest = self._read()
            self.number += 1
        return self.latest

    def _read(self) -> InputContacts:
        with blaming(self.name):
            return self.digital_io.watch_inputs()


class WiredContacts:
    """The two contacts of a control at inputs of a digital I/O, and what its outputs tell the control.

    The instrument counts closures: one that began and ended between two looks is seen. What cannot be told is how often
    a contact closed between two looks beyond the first, nor in which order two contacts did; apparatus needs longer
    for a movement than the bench for a look.
    """

    def __init__(
        self, scan: ContactScan, inputs: tuple[int, int], status: tuple[int, ...] = (), lowest: int = 0
    ) -> None:
        """Take input channels, and output channels, least significant first, which are all open at position `lowest`.

        Raises ConfigError for an input that is not there.
        """
        self._scan, self._inputs, self._status, self._lowest = scan, inputs, status, lowest
        self._number, self._counts = scan.number, scan.latest.closures
        self._told: int | None = None
        if max(inputs) > len(self._counts):
            raise ConfigError(f"{scan.name} has {len(self._counts)} inputs; there is no input {max(inputs)}")

    def read(self) -> tuple[bool, bool]:
        """Return whether raise and lower, or close and open, are closed now or were since the last look.

        Raises InstrumentError and TransportError.
        """
        seen = self._scan.after(self._number)
        before, self._number, self._counts = self._counts, self._scan.number, seen.closures
        up, down = (seen.closed[n - 1] or seen.closures[n - 1] != before[n - 1] for n in self._inputs)
        return up, down

    def report(self, position: int) -> None:
        """Feed the position, or the status contact, back to the control where it has changed; raises as `read`."""
        if position == self._told:
            return
        contacts = encode_position(position, self._lowest, len(self._status))
        with blaming(self._scan.name):
            for channel, closed in zip(self._status, contacts, strict=True):
                self._scan.digital_io.set_output(channel, closed)
        self._told = position


def encode_position(position: int, lowest: int, contacts: int) -> list[bool]:
    """Return the contacts, least significant first, of a position in Gray code: neighbours differ in one contact.

    One contact for a switch is that code as well: 0 open, 1 closed. Raises ValueError for more than they can tell.
    """
    number = position - lowest
    if contacts and not 0 <= number < 1 << contacts:
        raise ValueError(f"{contacts} contacts cannot tell position {position} above {lowest}")
    gray = number ^ number >> 1
    return [bool(gray >> place & 1) for place in range(contacts)]


def decode_position(closed: Sequence[bool], lowest: int) -> int:
    """Return the position that contacts tell, least significant first."""
    number, bit = 0, False
    for contact in reversed(closed):
        bit = bit != contact
        number = number << 1 | bit
    return lowest + number
