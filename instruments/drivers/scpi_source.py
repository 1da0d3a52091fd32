"""What AC sources behind SCPI share: the fence around their set-points, and switching off with proof."""

from collections.abc import Sequence
from dataclasses import dataclass

from instruments.drivers.fence import require_within
from instruments.drivers.scpi_answers import split_answers
from instruments.errors import ConfigError, InstrumentError
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
    """The narrower of the bench's envelope and the instrument's own ranges, which it asks for once."""

    def __init__(self, link: VisaLink, envelope: SourceLimits) -> None:
        self._link = link
        self._envelope = envelope
        self._limits: SourceLimits | None = None

    def read_limits(self) -> SourceLimits:
        """Return the limits in force; raises ConfigError when envelope and ranges have nothing in common."""
        if self._limits is None:
            self._limits = self._ask_limits()
        return self._limits

    def _ask_limits(self) -> SourceLimits:
        ask = ":SOUR:VOLT1? MIN;VOLT1? MAX;FREQ? MIN;FREQ? MAX;CURR? MAX"
        answers = split_answers(self._link, self._link.query_checked(ask), (1,) * 5)
        v_min, v_max, f_min, f_max, i_max = (values[0] for values in answers)
        return SourceLimits(
            self._narrower("voltage_v", (v_min, v_max), self._envelope.voltage_v),
            self._narrower("frequency_hz", (f_min, f_max), self._envelope.frequency_hz),
            min(i_max, self._envelope.current_a),
        )

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

    def _narrower(self, name: str, own: tuple[float, float], envelope: tuple[float, float]) -> tuple[float, float]:
        lowest, highest = max(own[0], envelope[0]), min(own[1], envelope[1])
        if lowest > highest:
            raise ConfigError(
                f"{self._link.resource}: the limits of the bench for {name}, {envelope[0]:g} to {envelope[1]:g}, "
                f"and the instrument's range, {own[0]:g} to {own[1]:g}, have nothing in common"
            )
        return lowest, highest


def switch_off(link: VisaLink, phases: int) -> None:
    """Switch an output off and prove it by the switch read back and by the measured voltage.

    It does not look at the event status: an error from before must not stand in the way of a safe state.
    Raises InstrumentError when the output is still on or alive.
    """
    answer = link.query(":OUTP OFF;*OPC?;:OUTP?;:MEAS:VOLT?")
    _, (state,), voltage_v = split_answers(link, answer, (1, 1, phases))
    if state != 0 or not all(abs(voltage) < RESIDUAL_V for voltage in voltage_v):
        shown = ", ".join(f"{voltage:g}" for voltage in voltage_v)
        raise InstrumentError(f"{link.resource} does not switch off: it answers OUTP {state:g} and measures {shown} V")
