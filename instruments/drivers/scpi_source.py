"""What AC sources behind SCPI share: the fence around their set-points, and switching off with proof."""

from collections.abc import Sequence
from dataclasses import dataclass

from instruments.drivers.fence import require_within
from instruments.drivers.scpi_dialect import SWITCH, Inquiry, require_finite, take_answers
from instruments.errors import ConfigError, InstrumentError
from instruments.transports.scpi_acknowledgement import split_units
from instruments.transports.visa import VisaLink

ONE_TURN_DEG = (-360.0, 360.0)
RESIDUAL_V = 10.0
"""An output that is off shows less than this, V; far below what is dangerous to touch."""


@dataclass(frozen=True)
class SourceLimits:
    """The bench's envelope for a source: phase to neutral voltage, frequency, rms current per phase."""

    voltage_v: tuple[float, float]
    frequency_hz: tuple[float, float]
    current_a: float


class SourceFence:
    """The narrower of the bench's envelope and the instrument's own ranges, which it asks for once.

    `own` asks for what the instrument can tell of: voltage_min, voltage_max, frequency_min, frequency_max, current_max.
    """

    def __init__(self, link: VisaLink, envelope: SourceLimits, own: Inquiry) -> None:
        self._link = link
        self._envelope = envelope
        self._own = own
        self._limits: SourceLimits | None = None

    def read_limits(self) -> SourceLimits:
        """Return the limits in force; raises ConfigError when envelope and ranges have nothing in common."""
        if self._limits is None:
            self._limits = self._ask_limits()
        return self._limits

    def _ask_limits(self) -> SourceLimits:
        told = self._ask_own()
        return SourceLimits(
            self._narrower("voltage", told, self._envelope.voltage_v, "voltage_v"),
            self._narrower("frequency", told, self._envelope.frequency_hz, "frequency_hz"),
            min(told.get("current_max", self._envelope.current_a), self._envelope.current_a),
        )

    def _ask_own(self) -> dict[str, float]:
        if not self._own.answers:
            return {}
        found = take_answers(self._link, self._own, self._link.query_checked(self._own.message))
        require_finite(self._link, found)
        return {key: value for key, (value,) in found.items()}

    def check(
        self,
        voltage_v: Sequence[float],
        frequency_hz: float,
        angle_deg: Sequence[float],
        current_a: Sequence[float] = (),
    ) -> None:
        """Raise SafetyTrip for a set-point outside the limits; nothing is clipped."""
        limits, name = self.read_limits(), self._link.resource
        require_within(name, "voltage_v", voltage_v, limits.voltage_v)
        require_within(name, "frequency_hz", (frequency_hz,), limits.frequency_hz)
        require_within(name, "angle_deg", angle_deg, ONE_TURN_DEG)
        require_within(name, "current_a", current_a, (0.0, limits.current_a))

    def _narrower(
        self, key: str, told: dict[str, float], envelope: tuple[float, float], name: str
    ) -> tuple[float, float]:
        own = (told.get(f"{key}_min", envelope[0]), told.get(f"{key}_max", envelope[1]))
        lowest, highest = max(own[0], envelope[0]), min(own[1], envelope[1])
        if lowest > highest:
            raise ConfigError(
                f"{self._link.resource}: the limits of the bench for {name}, {envelope[0]:g} to {envelope[1]:g}, "
                f"and the instrument's range, {own[0]:g} to {own[1]:g}, have nothing in common"
            )
        return lowest, highest


def switch_off(link: VisaLink, off: str, proof: Inquiry) -> None:
    """Switch an output off and prove it by its switches read back and by the measured voltage, in one message.

    It does not look at the event status: an error from before must not stand in the way of a safe state.
    Raises InstrumentError when the output is still on or alive.
    """
    done = ["*OPC?"] if "complete" in link.habits.acknowledge else []
    parts = split_units(link.query(";".join([off, *done, proof.message])))[len(done) :]
    found = take_answers(link, proof, ";".join(parts))
    switches, volts = found[SWITCH], found["voltage"]
    if any(switches) or not all(abs(value) < RESIDUAL_V for value in volts):
        says, shown = (", ".join(f"{value:g}" for value in values) for values in (switches, volts))
        raise InstrumentError(f"{link.resource} does not switch off: its switch says {says}, it measures {shown} V")
