"""Sensing source behind SCPI: PT and CT secondary values for a tap-changer or capacitor control."""

import cmath
import math

from instruments.drivers.scpi_answers import read_identity, split_answers
from instruments.drivers.scpi_dialect import SWITCH, Inquiry
from instruments.drivers.scpi_source import SourceFence, SourceLimits, switch_off
from instruments.errors import InstrumentError, TransportError
from instruments.readings import Identity, SecondaryReading, SensingSetPoint
from instruments.transports.visa import VisaLink

OWN_LIMITS = Inquiry(
    ":SOUR:VOLT1? MIN;VOLT1? MAX;FREQ? MIN;FREQ? MAX;CURR? MAX",
    tuple((key, 1) for key in ("voltage_min", "voltage_max", "frequency_min", "frequency_max", "current_max")),
)
PROOF = Inquiry(":OUTP?;:MEAS:VOLT?", ((SWITCH, 1), ("voltage", 1)))


class ScpiSensingSource:
    """One voltage and one current, as a control under test senses them.

    Every method talks to the instrument and raises TransportError when the link fails, InstrumentError when the
    instrument refuses. A set is one round trip.
    """

    def __init__(self, link: VisaLink, limits: SourceLimits) -> None:
        self._link = link
        self._fence = SourceFence(link, limits, OWN_LIMITS)

    def identify(self) -> Identity:
        """Ask who answers."""
        return read_identity(self._link)

    def set_sensing(self, voltage_v: float, current_a: float, angle_deg: float, frequency_hz: float) -> None:
        """Set secondary voltage and current, rms, the angle of the current against the voltage, and the frequency.

        Raises SafetyTrip, before anything is sent, outside the limits.
        """
        self._fence.check((voltage_v,), frequency_hz, (angle_deg,), (current_a,))
        self._link.command(
            f":SOUR:VOLT1 {voltage_v:.4f};CURR {current_a:.4f};PHAS {angle_deg:z.3f};FREQ {frequency_hz:.4f}"
        )

    def read_set_point(self) -> SensingSetPoint:
        """Read back what the source was told."""
        answer = self._link.query_checked(":SOUR:VOLT1?;CURR?;PHAS?;FREQ?;:OUTP?")
        voltage, current, angle, frequency, state = split_answers(self._link, answer, (1,) * 5)
        return SensingSetPoint(voltage[0], current[0], angle[0], frequency[0], bool(state[0]))

    def measure(self) -> SecondaryReading:
        """Measure at the source's output, which is what it does and not what it was told."""
        answer = self._link.query_checked(":MEAS:VOLT?;CURR?;PHAS?")
        (voltage_v,), (current_a,), (angle_deg,) = split_answers(self._link, answer, (1,) * 3)
        apparent = cmath.rect(voltage_v * current_a, math.radians(-angle_deg))
        return SecondaryReading(voltage_v, current_a, apparent.real, apparent.imag)

    def output_on(self) -> None:
        """Close the output and read the switch back."""
        self._link.command(":OUTP ON")
        if self._link.query_checked(":OUTP?") != "1":
            raise InstrumentError(f"{self._link.resource} does not switch its output on")

    def output_off(self) -> None:
        """Open the output; raises InstrumentError unless switch and measured voltage prove it."""
        switch_off(self._link, ":OUTP OFF", PROOF)

    def make_safe(self) -> None:
        """Open the output with proof; over a new connection where the old one turns out to be broken."""
        try:
            self.output_off()
        except TransportError:
            self.output_off()
