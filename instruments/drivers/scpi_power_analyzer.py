"""Power analyzer behind SCPI; a dialect says how its maker wants it spoken to."""

import math
from collections.abc import Iterator, Sequence

from instruments.dialects.analyzer import GENERIC, AnalyzerDialect, ItemList, analyzer_dialect
from instruments.dialects.language import Statement
from instruments.drivers import scpi_capture
from instruments.drivers.fence import require_within
from instruments.drivers.scpi_answers import read_identity, read_numbers
from instruments.drivers.scpi_dialect import joined
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.readings import AcMeasurement, CaptureLimits, Identity
from instruments.transports.scpi_acknowledgement import split_units
from instruments.transports.visa import VisaLink

PER_PHASE = ("voltage", "current", "active", "reactive")
INTERVALS_S, SAMPLES = (1e-6, 3600.0), (2, 10_000_000)
"""Between which a record of any analyzer lies."""
RANGE_SHARE = 1e-6
"""What a range may be below the one that was asked for, by rounding."""


class ScpiPowerAnalyzer:
    """The instrument whose word counts for power; wired so that what the equipment delivers is positive.

    Every method talks to the instrument and raises TransportError when the link fails, InstrumentError when the
    instrument refuses. A measurement is one round trip. `link` has the habits of the dialect.
    """

    def __init__(self, link: VisaLink, phases: int = 3, dialect: AnalyzerDialect | None = None) -> None:
        """Raises ConfigError for more phases than the dialect's instruments have."""
        self._link = link
        self._phases = phases
        self.dialect = dialect or analyzer_dialect(GENERIC)
        if phases > self.dialect.phases:
            raise ConfigError(f"{self.dialect.instruments} have {self.dialect.phases} phases, and {phases} are needed")
        columns = list(self._columns())
        self._keys = [key for key, _ in columns]
        self._spoken = [text for _, text in columns]
        self._configured = self._prepared = False

    def identify(self) -> Identity:
        """Ask who answers."""
        return read_identity(self._link)

    def check_errors(self) -> None:
        """Empty the error queue; raises InstrumentError listing what was in it."""
        self._prepare()
        self._link.check_errors()

    def set_range(self, voltage_v: float, current_a: float) -> None:
        """Set the measuring ranges and read them back.

        Raises SafetyTrip, before anything is sent, for what is no range; InstrumentError when one is below what was
        asked.
        """
        require_within(self._link.resource, "range", (voltage_v, current_a), (0.0, math.inf))
        self._prepare()
        said = self.dialect.ranges
        settings = [*self._each(said.voltage, range_v=voltage_v), *self._each(said.current, range_a=current_a)]
        self._link.command(";".join(settings))
        asked_v, asked_a = self._each(said.ask_voltage), self._each(said.ask_current)
        values = self._numbers(self._link.query_checked(";".join([*asked_v, *asked_a])), len(asked_v) + len(asked_a))
        range_v, range_a = min(values[: len(asked_v)]), min(values[len(asked_v) :])
        if not (range_v >= voltage_v * (1 - RANGE_SHARE) and range_a >= current_a * (1 - RANGE_SHARE)):
            raise InstrumentError(
                f"{self._link.resource} has ranges {range_v:g} V, {range_a:g} A after {voltage_v:g} V, {current_a:g} A"
            )

    def measure(self) -> AcMeasurement:
        """Measure V, A, W, var and, where it tells that, angle of each phase, and the frequency.

        What no voltage gives is NaN. Raises InstrumentError for an overflow, and when the analyzer was restarted and
        forgot its items.
        """
        try:
            self._begin()
            return self._measurement(self._values())
        except (InstrumentError, TransportError):
            self._configured = self._prepared = False  # it may have been restarted
            raise

    def read_capture_limits(self) -> CaptureLimits | None:
        """Ask at which shortest interval it records by itself, and how many samples; None when it does not."""
        return scpi_capture.read_limits(self._link) if self.dialect.records else None

    def arm_capture(self, interval_s: float, points: int) -> None:
        """Have it record from now on, at its own interval and until it has so many samples.

        Raises SafetyTrip, before anything is sent, for what is no record; InstrumentError when it records something
        else than that, ConfigError for one that records nothing.
        """
        require_within(self._link.resource, "interval of a record", (interval_s,), INTERVALS_S)
        require_within(self._link.resource, "samples of a record", (points,), SAMPLES)
        if not self.dialect.records:
            raise ConfigError(f"no records of {self.dialect.instruments} are known here")
        self._configured = False  # whatever was chosen by others: the record's columns are these
        self._begin()
        scpi_capture.arm(self._link, interval_s, points)

    def read_capture(self) -> tuple[AcMeasurement, ...]:
        """End the record and read it back, each sample with the analyzer's own time stamp.

        Raises InstrumentError for a record that tells no order in time, and for a sample without a value.
        """
        lines = scpi_capture.read_lines(self._link, len(self._keys))
        return tuple(self._measurement(line[1:], line[0]) for line in lines)

    def _columns(self) -> Iterator[tuple[str, str]]:
        """Yield what is measured, by its quantity and as it is spoken of, in the order in which it is asked for."""
        said, phases = self.dialect.quantities, range(1, self._phases + 1)
        for key in PER_PHASE:
            yield from ((key, getattr(said, key).filled(phase=phase)) for phase in phases)
        if said.lag is not None:
            yield from (("lag", said.lag.filled(phase=phase)) for phase in phases[1:])
        yield "frequency", said.frequency.filled()
        if said.stamp is not None:
            yield "stamp", said.stamp.filled()

    def _prepare(self) -> None:
        """Say once what the dialect wants said first."""
        if not self._prepared and self.dialect.prepare:
            self._link.command(joined(self.dialect.prepare))
        self._prepared = True

    def _begin(self) -> None:
        """Prepare it, and choose the items where it has a list of them."""
        self._prepare()
        if self.dialect.items is not None and not self._configured:
            self._choose(self.dialect.items)
        self._configured = True

    def _choose(self, items: ItemList) -> None:
        """Choose the items, and read the choice back: values in another order would be taken for one another."""
        count, numbered = len(self._spoken), list(enumerate(self._spoken, 1))
        choice = [items.choose.filled(number=number, item=item) for number, item in numbered]
        self._link.command(";".join([items.count.filled(count=count), *choice]))
        ask = [items.ask_count.text, *(items.ask.filled(number=number) for number, _ in numbered)]
        answer = self._link.query_checked(";".join(ask))
        if answer != ";".join([str(count), *self._spoken]):
            raise InstrumentError(f"{self._link.resource} does not take the list of items; it answers {answer!r}")

    def _values(self) -> tuple[float, ...]:
        if self.dialect.items is not None:
            return read_numbers(self._link, self._link.query_checked(self.dialect.items.values.text))
        latch = [] if self.dialect.latch is None else [self.dialect.latch.text]
        return self._numbers(self._link.query_checked(";".join([*latch, *self._spoken])), len(self._spoken))

    def _numbers(self, answer: str, count: int) -> tuple[float, ...]:
        """Read the answers to several queries, a number each."""
        found = [read_numbers(self._link, part) for part in split_units(answer)]
        if len(found) != count or any(len(values) != 1 for values in found):
            raise InstrumentError(f"{self._link.resource} answers {answer!r}; expected {count} values")
        return tuple(value for (value,) in found)

    def _measurement(self, values: Sequence[float], stamp_s: float | None = None) -> AcMeasurement:
        self._check(values)
        found: dict[str, tuple[float, ...]] = {}
        for key, value in zip(self._keys, values, strict=True):
            found[key] = (*found.get(key, ()), value)
        u, i, p, q = (found[key] for key in PER_PHASE)
        angle_deg = (0.0, *map(_angle_deg, found.get("lag", ()))) if self.dialect.quantities.lag else ()
        own_s = found["stamp"][0] if "stamp" in found else stamp_s
        return AcMeasurement(u, i, p, q, found["frequency"][0], own_s, angle_deg)

    def _check(self, values: Sequence[float]) -> None:
        if len(values) != len(self._keys):
            raise InstrumentError(f"{self._link.resource} answers {len(values)} values to {len(self._keys)} items")
        named = zip(self._keys, self._spoken, values, strict=True)
        bad = [text for key, text, value in named if key in (*PER_PHASE, "stamp") and not math.isfinite(value)]
        if bad:
            raise InstrumentError(f"{self._link.resource} has no value for {'; '.join(bad)}: outside its range")

    def _each(self, statement: Statement, **values: float) -> list[str]:
        """Fill in a statement: for each phase where it means one, else once."""
        phases = range(1, self._phases + 1) if "phase" in statement.blanks else range(1, 2)
        return [statement.filled(phase=phase, **values) for phase in phases]


def _angle_deg(lag_deg: float) -> float:
    """Turn how far a voltage lags, 0 to 360 deg, into its angle, -180 to 180 deg."""
    return math.remainder(-lag_deg, 360.0)
