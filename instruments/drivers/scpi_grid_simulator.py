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
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.readings import AcMeasurement, Identity, SourceSetPoint
from instruments.transports.visa import VisaLink


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
        self._prepared = not self.dialect.prepare
        self._switched_on = False

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
        self._switched_on = False
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
        self._link.command(self._set_message(voltage_v, frequency_hz, angles))

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
        if self.dialect.protection is not None:
            yield Query("condition", self.dialect.protection.ask, per_phase=False)
        else:
            yield from self._switch_queries()

    def _require_untripped(self, found: Mapping[str, Sequence[float]]) -> None:
        """Raise InstrumentError when a protection took the output away, or the output went off without our doing."""
        protection = self.dialect.protection
        if protection is None:
            if self._switched_on and not all(found[SWITCH]):
                raise InstrumentError(f"{self._link.resource}: its output went off by itself")
            return
        condition = int(found["condition"][0])
        names = [name for bit, name in protection.bits.items() if condition & 1 << bit]
        if names:
            raise InstrumentError(
                f"{self._link.resource}: a protection switched the output off: {', '.join(names)} "
                f"(condition {condition})"
            )

    def _symmetric_deg(self) -> tuple[float, ...]:
        return tuple(-360.0 / self._phases * phase for phase in range(self._phases))


def _negated(values: tuple[float, ...]) -> tuple[float, ...]:
    """Turn the source's own sign, positive out of the source, into that of the equipment; 0 stays 0 and not -0."""
    return tuple(0.0 - value for value in values)
