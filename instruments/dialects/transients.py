"""How AC sources are told of transients that they play by themselves: a part of their dialects."""

from typing import Annotated

from pydantic import Field, model_validator

from instruments.dialects.language import Attested, Closed, Spoken

Bit = Annotated[int, Field(ge=0, le=15)]


class Columns(Closed):
    """A list with a statement for each column, which is filled in with the value of every point.

    A point begins at its `start`, where there is such a column, and goes to its end at its `slew`, or evenly.
    """

    duration: Spoken
    voltage: Spoken
    voltage_start: Spoken | None = None
    voltage_slew: Spoken | None = None
    frequency: Spoken
    frequency_start: Spoken | None = None
    frequency_slew: Spoken | None = None

    @model_validator(mode="after")
    def _says_how_a_point_is_reached(self) -> "Columns":
        for start, slew in ((self.voltage_start, self.voltage_slew), (self.frequency_start, self.frequency_slew)):
            if (start is None) == (slew is None):
                raise ValueError("a column has either a `start` or a `slew`: else nothing says how a point is reached")
        return self

    @property
    def slews(self) -> bool:
        """Whether it has a column of slew rates."""
        return self.voltage_slew is not None or self.frequency_slew is not None


class Program(Closed):
    """A stored program: one statement with all segments, each with a part for every phase; values always ramp."""

    define: Spoken
    segment: Spoken
    phase: Spoken


class TransientGrain(Attested):
    """How fine transients are: most points, shortest segment, how long the quickest change takes in cycles."""

    points: Annotated[int, Field(ge=2)]
    shortest_s: Annotated[float, Field(ge=0)]
    change_cycles: Annotated[float, Field(ge=0)] = 0.0


class Transients(Closed):
    """How a transient is stored, begun, and ended; `played` asks for a register in which `bit` says that it ended.

    `seconds` is the unit of durations. Without `unbalanced` all phases have one voltage. One that is `quiet` must not
    be spoken to while it plays: that would end the transient.
    """

    begin: tuple[Spoken, ...] = ()
    columns: Columns | None = None
    program: Program | None = None
    go: Annotated[tuple[Spoken, ...], Field(min_length=1)]
    abort: Spoken | None = None
    end: tuple[Spoken, ...] = ()
    played: Spoken | None = None
    bit: Bit = 0
    seconds: Annotated[float, Field(gt=0)] = 1.0
    unbalanced: bool = True
    quiet: bool = False
    grain: TransientGrain

    @model_validator(mode="after")
    def _is_stored_in_one_way(self) -> "Transients":
        if (self.columns is None) == (self.program is None):
            raise ValueError("a transient is stored as `columns` or as a `program`")
        return self


TRANSIENT_BLANKS: dict[str, tuple[str, ...]] = {
    **{f"columns.{column}": ("values",) for column in Columns.model_fields},
    "program.define": ("segments",),
    "program.segment": ("number", "frequency_hz", "phases", "duration_s"),
    "program.phase": ("phase", "voltage_v"),
}
"""What fills in the statement at a place."""
