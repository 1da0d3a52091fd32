"""AC grid simulator behind SCPI; a dialect says how its maker wants it spoken to."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from instruments.dialects.ac_source import GENERIC, AcSourceDialect, ac_source_dialect
from instruments.dialects.language import Statement
from instruments.drivers.scpi_answers import read_identity
from instruments.drivers.scpi_dialect import (
    SWITCH,
    Inquiry,
    PhaseSpeaker,
    Query,
    Setting,
    joined,
    require_finite,
    take_answers,
)
from instruments.drivers.scpi_source import SourceFence, SourceLimits, switch_off
from instruments.drivers.scpi_source_angles import SpokenAngles
from instruments.drivers.scpi_source_transient import SlewRates, TransientWriter, played_transients
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.readings import AcMeasurement, Identity, Segment, SourceCapabilities, SourceSetPoint
from instruments.transports.visa import VisaLink

CYCLE_HZ = 60.0
"""Of the cycles by which what a source can do is told."""


class ScpiGridSimulator:
    """The source that stands for the grid in front of the equipment under test.

    Every method talks to the instrument and raises TransportError when the link fails, InstrumentError when the
    instrument refuses. Each set and each measurement is one round trip. `link` has the habits of the dialect.
    """

    def __init__(
        self, link: VisaLink, limits: SourceLimits, phases: int = 3, dialect: AcSourceDialect | None = None
    ) -> None:
        """Raises ConfigError for more phases than the dialect's instruments have."""
        self._link = link
        self._phases = phases
        self.dialect = dialect or ac_source_dialect(GENERIC)
        if phases > self.dialect.phases.count:
            raise ConfigError(
                f"{self.dialect.instruments} have {self.dialect.phases.count} phase(s), and {phases} are needed"
            )
        self._speaker = PhaseSpeaker(phases, self.dialect.phases.select)
        self._angles = SpokenAngles(self.dialect.angles, phases)
        inquire = self._speaker.inquire
        self._fence = SourceFence(link, limits, inquire(*self._limit_queries()))
        self._switches = inquire(*self._switch_queries())
        self._set_points = inquire(*self._set_point_queries(), *self._switch_queries())
        self._measured = inquire(*self._measured_queries())
        self._off_proof = inquire(*self._switch_queries(), Query("voltage", self.dialect.measure.voltage))
        self._slew = inquire(*self._slew_queries())
        self._prepared = not self.dialect.prepare
        self._switched_on = self._playing = False
        self._told: Segment | None = None

    def identify(self) -> Identity:
        """Ask who answers."""
        return read_identity(self._link)

    def read_limits(self) -> SourceLimits:
        """Read the limits in force, the narrower of the instrument's and the bench's; asked for once."""
        return self._fence.read_limits()

    def reset(self, pause: Callable[[float], None] = time.sleep) -> None:
        """Have it forget all settings, output off, and leave it alone for as long as it then needs.

        `pause` lets that time pass, s.
        """
        self._link.tell(self.dialect.reset.text)
        self._prepared = not self.dialect.prepare
        self._switched_on = self._playing = False
        self._told = None
        pause(self.dialect.link.settles_s)
        self._link.check_errors()

    def set_voltage(
        self, voltage_v: Sequence[float], frequency_hz: float, angle_deg: Sequence[float] | None = None
    ) -> None:
        """Set rms voltage to neutral and angle of each phase and the frequency; symmetric without angles.

        Where the instrument cannot turn its first phase, angles are against it.

        Raises SafetyTrip, before anything is sent, outside the limits; ConfigError for a wrong number of phases, and
        for what the instrument cannot do.
        """
        angles = self._symmetric_deg() if angle_deg is None else angle_deg
        if len(voltage_v) != self._phases or len(angles) != self._phases:
            raise ConfigError(
                f"{self._link.resource} has {self._phases} phases, not {len(voltage_v)} voltages, {len(angles)} angles"
            )
        self._fence.check(voltage_v, frequency_hz, angles)
        self._prepare()
        self._stop_playing()
        self._link.command(self._set_message(voltage_v, frequency_hz, angles))
        self._told = Segment(0.0, tuple(voltage_v), frequency_hz)

    def read_capabilities(self) -> SourceCapabilities:
        """Read what it can do: its own limits and slew rates, and what its dialect says of its kind."""
        limits, rates, transients = self._fence.read_limits(), self._read_slew(), self.dialect.transients
        return SourceCapabilities(
            self._phases,
            limits.voltage_v,
            limits.frequency_hz,
            limits.current_a,
            frozenset(self._angles.turned),
            self.dialect.set.voltage is not None,
            rates.voltage_v_per_s,
            rates.frequency_hz_per_s,
            None if transients is None else played_transients(transients, CYCLE_HZ),
        )

    def play(self, segments: Sequence[Segment]) -> None:
        """Begin a transient, and return while it is on; it ends with what the source was set to before.

        Raises SafetyTrip, before anything is sent, outside the limits; ConfigError for what it cannot play.
        """
        if self.dialect.transients is None or self._told is None:
            why = "play no transients" if self.dialect.transients is None else "have to be set to something first"
            raise ConfigError(f"{self.dialect.instruments} {why}")
        for segment in segments:
            self._fence.check(segment.voltage_v, segment.frequency_hz, ())
        writer = TransientWriter(self.dialect, self.dialect.transients, self._speaker, self._phases)
        for message in list(writer.write(segments, self._told, self._read_slew())):
            self._link.command(message)
        self._playing = True
        go = joined(self.dialect.transients.go)
        self._link.tell(go) if self.dialect.transients.quiet else self._link.start(go)

    def end_play(self) -> None:
        """Leave a transient whose time is over; raises InstrumentError where the source says that it is still on."""
        transients = self.dialect.transients
        if transients is None or not self._playing:
            return
        played = Query("played", transients.played, per_phase=False) if transients.played else None
        if played and not int(self._ask(self._speaker.inquire(played))["played"][0]) & 1 << transients.bit:
            raise InstrumentError(f"{self._link.resource}: a transient is still on")
        self._playing = False
        if transients.end:
            self._link.command(joined(transients.end))
        self._link.check_errors()

    def read_set_point(self) -> SourceSetPoint:
        """Read back what the source was told; `measure` says what it does."""
        found = self._ask(self._set_points)
        angles = self._angles.read(found.get("angle", ()))
        return SourceSetPoint(found["voltage"], angles, found["frequency"][0], all(found[SWITCH]))

    def output_on(self) -> None:
        """Give the current limit to the instrument, close the output, and read the switches back."""
        self._prepare()
        limit_a, say = self._fence.read_limits().current_a, self.dialect.set.current
        limit = [] if say is None else [*self._select_all(), say.filled(current_a=limit_a)]
        self._link.command(";".join([*limit, joined(self.dialect.output.switch_on)]))
        if not all(self._ask(self._switches)[SWITCH]):
            raise InstrumentError(f"{self._link.resource} does not switch its output on")
        self._switched_on = True

    def output_off(self) -> None:
        """Open the output; raises InstrumentError unless switches and measured voltage prove it."""
        self._switched_on = False
        switch_off(self._link, joined(self.dialect.output.switch_off), self._off_proof)

    def measure(self) -> AcMeasurement:
        """Measure at the source's output; power is positive where the equipment delivers it, NaN where it tells none.

        Raises InstrumentError when a protection of the source has taken its output away.
        """
        found = self._ask(self._measured)
        self._require_untripped(found)
        q_var = found.get("reactive", (math.nan,) * self._phases)
        return AcMeasurement(
            found["voltage"], found["current"], _negated(found["power"]), _negated(q_var), found["frequency"][0]
        )

    def clear_protection(self) -> None:
        """Clear a protection that has tripped; the output stays off. Raises ConfigError where no command does that."""
        clear = self.dialect.protection.clear if self.dialect.protection else None
        if clear is None:
            raise ConfigError(f"{self._link.resource}: no command of {self.dialect.instruments} clears a protection")
        self._switched_on = False
        self._link.command(clear.text)

    def make_safe(self) -> None:
        """Open the output with proof; over a new connection where the old one turns out to be broken."""
        try:
            self.output_off()
        except TransportError:
            self.output_off()

    def _ask(self, inquiry: Inquiry) -> dict[str, tuple[float, ...]]:
        found = take_answers(self._link, inquiry, self._link.query_checked(inquiry.message))
        require_finite(self._link, found)
        return found

    def _read_slew(self) -> SlewRates:
        found = {}
        if self._slew.answers:
            found = take_answers(self._link, self._slew, self._link.query_checked(self._slew.message))
        (volts,), (hertz,) = found.get("voltage", (math.inf,)), found.get("frequency", (math.inf,))
        if not (volts > 0.0 and hertz > 0.0):
            raise InstrumentError(f"{self._link.resource} answers slew rates {volts:g} V/s and {hertz:g} Hz/s")
        return SlewRates(volts, hertz)

    def _stop_playing(self) -> None:
        """End a transient that is on, if one is, before anything else is set."""
        transients, was_playing = self.dialect.transients, self._playing
        self._playing = False
        ending = [] if transients is None else [*filter(None, [transients.abort]), *transients.end]
        if was_playing and ending:
            self._link.command(joined(ending))

    def _prepare(self) -> None:
        """Say once what the dialect wants said before the first set-point."""
        if not self._prepared:
            self._link.command(joined(self.dialect.prepare))
            self._prepared = True

    def _set_message(self, voltage_v: Sequence[float], frequency_hz: float, angle_deg: Sequence[float]) -> str:
        say, parts, settings = self.dialect.set, list[str](), list[Setting]()
        if say.voltage_all is not None and len(set(voltage_v)) == 1:
            parts += [*self._select_all(), say.voltage_all.filled(voltage_v=voltage_v[0])]
        else:
            settings.append(Setting(self._single_voltage(), "voltage_v", dict(enumerate(voltage_v, 1))))
        if say.angle is not None:
            settings.append(Setting(say.angle, "angle_deg", self._angles.spoken(angle_deg)))
        return ";".join([*parts, *self._speaker.each(*settings), say.frequency.filled(frequency_hz=frequency_hz)])

    def _single_voltage(self) -> Statement:
        """Return what gives one phase a voltage of its own."""
        if self.dialect.set.voltage is None:
            raise ConfigError(f"{self.dialect.instruments} have one voltage for all phases")
        return self.dialect.set.voltage

    def _select_all(self) -> list[str]:
        return [] if self.dialect.phases.select_all is None else [self.dialect.phases.select_all.text]

    def _limit_queries(self) -> Iterator[Query]:
        asked = vars(self.dialect.limits).items()
        return (Query(key, statement, per_phase=False) for key, statement in asked if statement is not None)

    def _switch_queries(self) -> Iterator[Query]:
        return (Query(SWITCH, statement, per_phase=False) for statement in self.dialect.output.state)

    def _set_point_queries(self) -> Iterator[Query]:
        read = self.dialect.read
        yield Query("voltage", read.voltage)
        if read.angle is not None:
            yield Query("angle", read.angle, phases=self._angles.turned)
        yield Query("frequency", read.frequency, per_phase=False)

    def _measured_queries(self) -> Iterator[Query]:
        said = self.dialect.measure
        yield from (Query("voltage", said.voltage), Query("current", said.current), Query("power", said.power))
        if said.reactive is not None:
            yield Query("reactive", said.reactive)
        yield Query("frequency", said.frequency, per_phase=False)
        yield from self._switch_queries()
        if self.dialect.protection is not None:
            yield Query("condition", self.dialect.protection.ask, per_phase=False)

    def _slew_queries(self) -> Iterator[Query]:
        asked = vars(self.dialect.slew).items()
        return (Query(key, statement, per_phase=False) for key, statement in asked if statement is not None)

    def _require_untripped(self, found: Mapping[str, Sequence[float]]) -> None:
        """Raise InstrumentError when a protection took the output away, or the output went off without our doing."""
        bits = self.dialect.protection.bits if self.dialect.protection else {}
        condition = int(found["condition"][0]) if bits else 0
        if names := [name for bit, name in bits.items() if condition & 1 << bit]:
            raise InstrumentError(
                f"{self._link.resource}: a protection switched the output off: {', '.join(names)} "
                f"(condition {condition})"
            )
        if self._switched_on and not all(found[SWITCH]):
            raise InstrumentError(f"{self._link.resource}: its output went off by itself")

    def _symmetric_deg(self) -> tuple[float, ...]:
        return tuple(-360.0 / self._phases * phase for phase in range(self._phases))


def _negated(values: tuple[float, ...]) -> tuple[float, ...]:
    """Turn the source's own sign, positive out of the source, into that of the equipment; 0 stays 0 and not -0."""
    return tuple(0.0 - value for value in values)
