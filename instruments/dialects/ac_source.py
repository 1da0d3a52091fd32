"""How an AC source is spoken to: the schema of the dialects in `grid_simulator/`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from instruments.dialects.language import Attested, Closed, Dialect, Spoken, Statement, require_blanks
from instruments.dialects.loading import load_dialect
from instruments.dialects.transients import TRANSIENT_BLANKS, Bit, Transients

ROLE = "grid_simulator"
GENERIC = "generic"
ONE_TURN_DEG = 360.0

Phase = Annotated[int, Field(ge=1, le=3)]


class Phases(Closed):
    """How many phases it has and how one of them is meant.

    By a blank `{phase}` in the statements themselves, or by a statement that selects it for those that follow.
    """

    count: Phase = 3
    select: Spoken | None = None
    select_all: Spoken | None = None


class Settings(Closed):
    """What sets it; `voltage_all` gives one voltage to all phases, `current` limits the current of each."""

    voltage: Spoken | None = None
    voltage_all: Spoken | None = None
    frequency: Spoken
    angle: Spoken | None = None
    current: Spoken | None = None

    @model_validator(mode="after")
    def _sets_voltage(self) -> "Settings":
        if self.voltage is None and self.voltage_all is None:
            raise ValueError("a source without `voltage` or `voltage_all` has no voltage to set")
        return self


class Angles(Attested):
    """Which phases have an angle to set, how it counts, and between which values.

    A phase that is not among them is at 0 deg, and the angles of the others are against it.
    """

    phases: tuple[Phase, ...] = (1, 2, 3)
    sense: Literal["leads", "lags"] = "leads"
    span_deg: tuple[float, float] = (-ONE_TURN_DEG, ONE_TURN_DEG)


class Output(Closed):
    """Its switches, in the order in which they are thrown, and the query of each: the output is on when all are."""

    switch_on: tuple[Spoken, ...]
    switch_off: tuple[Spoken, ...]
    state: Annotated[tuple[Spoken, ...], Field(min_length=1)]


class ReadBack(Closed):
    """Queries of what it was told."""

    voltage: Spoken
    frequency: Spoken
    angle: Spoken | None = None


class Measured(Closed):
    """Queries of what it measures at its own output; power counts positive out of the source.

    One that has no `reactive` does not tell reactive power.
    """

    voltage: Spoken
    current: Spoken
    power: Spoken
    reactive: Spoken | None = None
    frequency: Spoken


class OwnLimits(Closed):
    """Queries of its own limits; where it has none, the limits of the bench stand alone."""

    voltage_min: Spoken | None = None
    voltage_max: Spoken | None = None
    frequency_min: Spoken | None = None
    frequency_max: Spoken | None = None
    current_max: Spoken | None = None


class Protection(Closed):
    """The query of its condition, the bits by which a protection has taken its output away, and how it is cleared."""

    ask: Spoken
    bits: Annotated[dict[Bit, str], Field(min_length=1)]
    clear: Spoken | None = None


class Slew(Closed):
    """Queries of the rates, V/s and Hz/s, at which it goes to a new set-point; infinite is 9.9E37."""

    voltage: Spoken | None = None
    frequency: Spoken | None = None


BLANKS: dict[str, tuple[str, ...]] = {
    "phases.select": ("phase",),
    "set.voltage": ("phase", "voltage_v"),
    "set.voltage_all": ("voltage_v",),
    "set.angle": ("phase", "angle_deg"),
    "set.frequency": ("frequency_hz",),
    "set.current": ("current_a",),
    "read.voltage": ("phase",),
    "read.angle": ("phase",),
    "measure.voltage": ("phase",),
    "measure.current": ("phase",),
    "measure.power": ("phase",),
    "measure.reactive": ("phase",),
    **{f"transients.{place}": blanks for place, blanks in TRANSIENT_BLANKS.items()},
}
"""What fills in the statement at a place; all others have no blanks."""


class AcSourceDialect(Dialect):
    """A whole dialect; `prepare` is said once, before the first set-point."""

    phases: Phases = Phases()
    prepare: tuple[Spoken, ...] = ()
    reset: Spoken = Statement(text="*RST")
    set: Settings
    angles: Angles = Angles()
    output: Output
    read: ReadBack
    measure: Measured
    limits: OwnLimits = OwnLimits()
    protection: Protection | None = None
    slew: Slew = Slew()
    transients: Transients | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> "AcSourceDialect":
        for place, statement in self.statements():
            require_blanks(place, statement, BLANKS.get(place, ()))
        if self.phases.select is None and self.phases.count > 1:
            for place, said in (("set.voltage", self.set.voltage), ("set.angle", self.set.angle)):
                if said is not None and "phase" not in said.blanks:
                    raise ValueError(f"{place}: nothing says which phase is meant: neither {{phase}} nor phases.select")
        columns = self.transients.columns if self.transients else None
        if columns and columns.slews and (self.slew.voltage is None or self.slew.frequency is None):
            raise ValueError("slew: a list with slew rates is filled in with those in force, so they are asked for")
        return self


def ac_source_dialect(name: str) -> AcSourceDialect:
    """Load the dialect of an AC source; raises ConfigError naming the known ones and the nearest."""
    return load_dialect(ROLE, name, AcSourceDialect)
