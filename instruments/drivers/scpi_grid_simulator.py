"""AC grid simulator behind generic SCPI: a suffix addresses the phase, one switch the output."""

from collections.abc import Sequence

from instruments.drivers.scpi_answers import read_identity, split_answers
from instruments.drivers.scpi_source import SourceFence, SourceLimits, switch_off
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.readings import AcMeasurement, Identity, SourceSetPoint
from instruments.transports.visa import VisaLink

TRIPPED = 1 | 2 | 16
"""Questionable condition: over-voltage, over-current, over-temperature took the output away."""


class ScpiGridSimulator:
    """The source that stands for the grid in front of the equipment under test.

    Every method talks to the instrument and raises TransportError when the link fails, InstrumentError when the
    instrument refuses. Each set and each measurement is one round trip.
    """

    def __init__(self, link: VisaLink, limits: SourceLimits, phases: int = 3) -> None:
        self._link = link
        self._phases = phases
        self._fence = SourceFence(link, limits)

    def identify(self) -> Identity:
        """Ask who answers."""
        return read_identity(self._link)

    def read_limits(self) -> SourceLimits:
        """Read the limits in force, the narrower of the instrument's and the bench's; asked for once."""
        return self._fence.read_limits()

    def set_voltage(
        self, voltage_v: Sequence[float], frequency_hz: float, angle_deg: Sequence[float] | None = None
    ) -> None:
        """Set rms voltage to neutral and angle of each phase and the frequency; symmetric without angles.

        Raises SafetyTrip, before anything is sent, outside the limits; ConfigError for a wrong number of phases.
        """
        angles = self._symmetric_deg() if angle_deg is None else angle_deg
        if len(voltage_v) != self._phases or len(angles) != self._phases:
            raise ConfigError(
                f"{self._link.resource} has {self._phases} phases, not {len(voltage_v)} voltages, {len(angles)} angles"
            )
        self._fence.check(voltage_v, frequency_hz, angles)
        volts = ";".join(f"VOLT{phase} {voltage:z.4f}" for phase, voltage in enumerate(voltage_v, 1))
        degrees = ";".join(f"PHAS{phase} {angle:z.3f}" for phase, angle in enumerate(angles, 1))
        self._link.command(f":SOUR:{volts};{degrees};FREQ {frequency_hz:.4f}")

    def read_set_point(self) -> SourceSetPoint:
        """Read back what the source was told; `measure` says what it does."""
        answer = self._link.query_checked(":SOUR:VOLT?;PHAS?;FREQ?;:OUTP?")
        counts = (self._phases, self._phases, 1, 1)
        voltage_v, angle_deg, (frequency_hz,), (state,) = split_answers(self._link, answer, counts)
        return SourceSetPoint(voltage_v, angle_deg, frequency_hz, bool(state))

    def output_on(self) -> None:
        """Give the current limit to the instrument, close the output, and read the switch back."""
        self._link.command(f":SOUR:CURR {self._fence.read_limits().current_a:.3f};:OUTP ON")
        if self._link.query_checked(":OUTP?") != "1":
            raise InstrumentError(f"{self._link.resource} does not switch its output on")

    def output_off(self) -> None:
        """Open the output; raises InstrumentError unless switch and measured voltage prove it."""
        switch_off(self._link, self._phases)

    def measure(self) -> AcMeasurement:
        """Measure at the source's output; power is positive where the equipment delivers it.

        Raises InstrumentError when a protection of the source has taken its output away.
        """
        answer = self._link.query_checked(":MEAS:VOLT?;CURR?;FREQ?;POW?;POW:REAC?;:STAT:QUES:COND?")
        n = self._phases
        voltage_v, current_a, frequency_hz, p_w, q_var, condition = split_answers(
            self._link, answer, (n, n, 1, n, n, 1)
        )
        if int(condition[0]) & TRIPPED:
            raise InstrumentError(
                f"{self._link.resource}: a protection switched the output off (condition {condition[0]:g})"
            )
        return AcMeasurement(voltage_v, current_a, _negated(p_w), _negated(q_var), frequency_hz[0])

    def make_safe(self) -> None:
        """Open the output with proof; over a new connection where the old one turns out to be broken."""
        try:
            self.output_off()
        except TransportError:
            self.output_off()

    def _symmetric_deg(self) -> tuple[float, ...]:
        return tuple(-360.0 / self._phases * phase for phase in range(self._phases))


def _negated(values: tuple[float, ...]) -> tuple[float, ...]:
    """Turn the source's own sign, positive out of the source, into that of the equipment; 0 stays 0 and not -0."""
    return tuple(0.0 - value for value in values)
