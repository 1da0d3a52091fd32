"""AC grid simulator behind SCPI; a dialect says how its maker wants it spoken to."""

import math
from collections.abc import Sequence
from functools import partial

from instruments.dialects.ac_source import GENERIC, AcSourceDialect, ac_source_dialect
from instruments.drivers.scpi_answers import read_identity
from instruments.drivers.scpi_dialect import PhaseSpeaker, Query, read_switches, require_finite, take_answers
from instruments.drivers.scpi_source import SourceFence, SourceLimits, switch_off
from instruments.drivers.scpi_source_angles import SpokenAngles
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.readings import AcMeasurement, Identity, SourceSetPoint
from instruments.transports.scpi_acknowledgement import split_units
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
        own = {key: found for key, found in vars(self.dialect.limits).items() if found is not None}
        inquire = self._speaker.inquire
        self._fence = SourceFence(link, limits, inquire({k: Query(found, per_phase=False) for k, found in own.items()}))
        self._set_points, self._measured = inquire(self._set_point_queries()), inquire(self._measured_queries())
        self._voltages = inquire({"voltage": Query(self.dialect.measure.voltage)})
        self._prepared = not self.dialect.prepare

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
        switches = [found.text for found in self.dialect.output.state]
        answer = self._link.query_checked(";".join([self._set_points.message, *switches]))
        parts = split_units(answer)
        found = take_answers(self._link, self._set_points, ";".join(parts[: -len(switches)]))
        require_finite(self._link, found)
        closed = read_switches(self._link, ";".join(parts[-len(switches) :]), len(switches))
        angles = self._angles.read(found.get("angle", ()))
        return SourceSetPoint(found["voltage"], angles, found["frequency"][0], all(closed))

    def output_on(self) -> None:
        """Give the current limit to the instrument, close the output, and read the switches back."""
        self._prepare()
        limit_a = self._fence.read_limits().current_a
        limit = [] if self.dialect.set.current is None else [self.dialect.set.current.filled(current_a=limit_a)]
        on = [found.text for found in self.dialect.output.switch_on]
        self._link.command(";".join([*(self._select_all() if limit else []), *limit, *on]))
        state = [found.text for found in self.dialect.output.state]
        if not all(read_switches(self._link, self._link.query_checked(";".join(state)), len(state))):
            raise InstrumentError(f"{self._link.resource} does not switch its output on")

    def output_off(self) -> None:
        """Open the output; raises InstrumentError unless switches and measured voltage prove it."""
        off, state = (
            [found.text for found in said] for said in (self.dialect.output.switch_off, self.dialect.output.state)
        )
        switch_off(self._link, off, state, self._voltages)

    def measure(self) -> AcMeasurement:
        """Measure at the source's output; power is positive where the equipment delivers it, NaN where it tells none.

        Raises InstrumentError when a protection of the source has taken its output away.
        """
        found = take_answers(self._link, self._measured, self._link.query_checked(self._measured.message))
        require_finite(self._link, found)
        self._require_untripped(found.get("condition", (0.0,))[0])
        q_var = found.get("reactive", (math.nan,) * self._phases)
        return AcMeasurement(
            found["voltage"], found["current"], _negated(found["power"]), _negated(q_var), found["frequency"][0]
        )

    def clear_protection(self) -> None:
        """Clear a protection that has tripped; the output stays off. Raises ConfigError where no command does that."""
        clear = self.dialect.protection.clear if self.dialect.protection else None
        if clear is None:
            raise ConfigError(f"{self._link.resource}: no command of {self.dialect.instruments} clears a protection")
        self._link.command(clear.text)

    def make_safe(self) -> None:
        """Open the output with proof; over a new connection where the old one turns out to be broken."""
        try:
            self.output_off()
        except TransportError:
            self.output_off()

    def _prepare(self) -> None:
        """Say once what the dialect wants said before the first set-point."""
        if not self._prepared:
            self._link.command(";".join(found.text for found in self.dialect.prepare))
            self._prepared = True

    def _set_message(self, voltage_v: Sequence[float], frequency_hz: float, angle_deg: Sequence[float]) -> str:
        say = self.dialect.set
        parts = []
        by_phase = self._voltage_by_phase(voltage_v)
        if not by_phase and say.voltage_all is not None:
            parts += [*self._select_all(), say.voltage_all.filled(voltage_v=voltage_v[0])]
        degrees = (
            {}
            if say.angle is None
            else {
                phase: say.angle.filled(phase=phase, angle_deg=angle)
                for phase, angle in self._angles.spoken(angle_deg).items()
            }
        )
        return ";".join(
            [*parts, *self._speaker.each(by_phase, degrees), say.frequency.filled(frequency_hz=frequency_hz)]
        )

    def _voltage_by_phase(self, voltage_v: Sequence[float]) -> dict[int, str]:
        """Say the voltage of each phase; nothing where one statement gives it to all of them."""
        say = self.dialect.set
        if say.voltage_all is not None and len(set(voltage_v)) == 1:
            return {}
        if say.voltage is None:
            raise ConfigError(f"{self.dialect.instruments} have one voltage for all phases, not {list(voltage_v)}")
        return {phase: say.voltage.filled(phase=phase, voltage_v=voltage) for phase, voltage in enumerate(voltage_v, 1)}

    def _select_all(self) -> list[str]:
        return [] if self.dialect.phases.select_all is None else [self.dialect.phases.select_all.text]

    def _set_point_queries(self) -> dict[str, Query]:
        read = self.dialect.read
        angle = {} if read.angle is None else {"angle": Query(read.angle)}
        return {"voltage": Query(read.voltage), **angle, "frequency": Query(read.frequency, per_phase=False)}

    def _measured_queries(self) -> dict[str, Query]:
        said, once = self.dialect.measure, partial(Query, per_phase=False)
        found = {"voltage": Query(said.voltage), "current": Query(said.current), "power": Query(said.power)}
        if said.reactive is not None:
            found["reactive"] = Query(said.reactive)
        found["frequency"] = once(said.frequency)
        if self.dialect.protection is not None:
            found["condition"] = once(self.dialect.protection.ask)
        return found

    def _require_untripped(self, condition: float) -> None:
        bits = self.dialect.protection.bits if self.dialect.protection else {}
        names = [name for bit, name in bits.items() if int(condition) & 1 << bit]
        if names:
            raise InstrumentError(
                f"{self._link.resource}: a protection switched the output off: {', '.join(names)} "
                f"(condition {condition:g})"
            )

    def _symmetric_deg(self) -> tuple[float, ...]:
        return tuple(-360.0 / self._phases * phase for phase in range(self._phases))


def _negated(values: tuple[float, ...]) -> tuple[float, ...]:
    """Turn the source's own sign, positive out of the source, into that of the equipment; 0 stays 0 and not -0."""
    return tuple(0.0 - value for value in values)
