"""Power analyzer behind SCPI with a list of numeric items that one query answers."""

import math

from instruments.drivers import scpi_capture
from instruments.drivers.fence import require_within
from instruments.drivers.scpi_answers import read_identity, read_numbers, split_answers
from instruments.errors import InstrumentError
from instruments.readings import AcMeasurement, CaptureLimits, Identity
from instruments.transports.visa import VisaLink

FUNCTIONS = ("U", "I", "P", "Q")


class ScpiPowerAnalyzer:
    """The instrument whose word counts for power; wired so that what the equipment delivers is positive.

    Every method talks to the instrument and raises TransportError when the link fails, InstrumentError when the
    instrument refuses. A measurement is one round trip.
    """

    def __init__(self, link: VisaLink, phases: int = 3) -> None:
        self._link = link
        self._phases = phases
        self._items = [f"{function},{phase}" for function in FUNCTIONS for phase in range(1, phases + 1)]
        self._items += [*(f"PHIU1U{phase},SIGMA" for phase in range(2, phases + 1)), "FU,1"]
        self._configured = False

    def identify(self) -> Identity:
        """Ask who answers."""
        return read_identity(self._link)

    def check_errors(self) -> None:
        """Empty the error queue; raises InstrumentError listing what was in it."""
        self._link.check_errors()

    def set_range(self, voltage_v: float, current_a: float) -> None:
        """Set the measuring ranges and read them back.

        Raises SafetyTrip, before anything is sent, for what is no range; InstrumentError when one is below what was
        asked.
        """
        require_within(self._link.resource, "range", (voltage_v, current_a), (0.0, math.inf))
        self._link.command(f":INP:VOLT:RANG {voltage_v:.3f};:INP:CURR:RANG {current_a:.3f}")
        answer = self._link.query_checked(":INP:VOLT:RANG?;:INP:CURR:RANG?")
        (range_v,), (range_a,) = split_answers(self._link, answer, (1, 1))
        if range_v < voltage_v * (1 - 1e-6) or range_a < current_a * (1 - 1e-6):
            raise InstrumentError(
                f"{self._link.resource} has ranges {range_v:g} V, {range_a:g} A after {voltage_v:g} V, {current_a:g} A"
            )

    def measure(self) -> AcMeasurement:
        """Measure V, A, W, var and angle of each phase, and the frequency; what no voltage gives is NaN.

        Raises InstrumentError for an overflow, and when the analyzer was restarted and forgot its items.
        """
        try:
            self._configure()
            answer = self._link.query_checked(":NUM:NORM:VAL?")
        except InstrumentError:
            self._configured = False
            raise
        return self._measurement(read_numbers(self._link, answer))

    def read_capture_limits(self) -> CaptureLimits | None:
        """Ask at which shortest interval it records by itself, and how many samples; None when it does not."""
        return scpi_capture.read_limits(self._link)

    def arm_capture(self, interval_s: float, points: int) -> None:
        """Have it record from now on, at its own interval and until it has so many samples.

        Raises InstrumentError when it records something else than that.
        """
        self._configured = False  # whatever was chosen by others: the record's columns are these
        self._configure()
        scpi_capture.arm(self._link, interval_s, points)

    def read_capture(self) -> tuple[AcMeasurement, ...]:
        """End the record and read it back, each sample with the analyzer's own time stamp.

        Raises InstrumentError for a record that tells no order in time, and for a sample without a value.
        """
        lines = scpi_capture.read_lines(self._link, len(self._items))
        return tuple(self._measurement(line[1:], line[0]) for line in lines)

    def _measurement(self, values: tuple[float, ...], time_s: float | None = None) -> AcMeasurement:
        self._check(values)
        n = self._phases
        u, i, p, q = (values[start : start + n] for start in range(0, 4 * n, n))
        angle_deg = (0.0, *map(_angle_deg, values[4 * n : -1]))
        return AcMeasurement(u, i, p, q, values[-1], time_s, angle_deg)

    def _configure(self) -> None:
        """Choose the items once, and read the choice back: values in another order would be taken for one another."""
        if self._configured:
            return
        choice = ";".join(f"ITEM{number} {item}" for number, item in enumerate(self._items, 1))
        self._link.command(f":NUM:FORM ASC;:NUM:NORM:NUMB {len(self._items)};{choice}")
        ask = ";".join(f"ITEM{number}?" for number in range(1, len(self._items) + 1))
        answer = self._link.query_checked(f":NUM:NORM:NUMB?;{ask}")
        if answer != ";".join([str(len(self._items)), *self._items]):
            raise InstrumentError(f"{self._link.resource} does not take the list of items; it answers {answer!r}")
        self._configured = True

    def _check(self, values: tuple[float, ...]) -> None:
        if len(values) != len(self._items):
            raise InstrumentError(f"{self._link.resource} answers {len(values)} values to {len(self._items)} items")
        bad = [item for item, value in zip(self._items, values, strict=True) if not math.isfinite(value)]
        if not set(bad) <= set(self._items[len(FUNCTIONS) * self._phases :]):
            raise InstrumentError(f"{self._link.resource} has no value for {'; '.join(bad)}: outside its range")


def _angle_deg(lag_deg: float) -> float:
    """Turn how far a voltage lags, 0 to 360 deg, into its angle, -180 to 180 deg."""
    return math.remainder(-lag_deg, 360.0)
