"""How a PV simulator is spoken to: the schema of the dialects in `pv_simulator/`."""

from typing import Annotated

from pydantic import Field, model_validator

from instruments.dialects.language import Closed, Dialect, Spoken, require_blanks
from instruments.dialects.loading import load_dialect

ROLE = "pv_simulator"

CURVE_BLANKS = ("channel", "voc_v", "isc_a", "vmp_v", "imp_a")
SUN_BLANKS = ("channel", "irradiance_w_m2", "irradiance_pct", "isc_now_a", "imp_now_a")


class Sun(Closed):
    """What sets the irradiance, and between which shares of 1000 W/m2 it can.

    By a share or by W/m2; a simulator that knows none has the currents of its curve set anew: `isc_now_a`, `imp_now_a`.
    """

    say: Annotated[tuple[Spoken, ...], Field(min_length=1)]
    span_pu: tuple[float, float] = (0.0, 1.0)


class DcOutput(Closed):
    """Its switch and the query of it."""

    switch_on: Annotated[tuple[Spoken, ...], Field(min_length=1)]
    switch_off: Annotated[tuple[Spoken, ...], Field(min_length=1)]
    state: Spoken


class DcMeasured(Closed):
    """Queries of what it measures at its own output."""

    voltage: Spoken
    current: Spoken


class PvSourceDialect(Dialect):
    """A whole dialect; `prepare` and `curve` are said once, before the first irradiance.

    What stands in one string is one message unit or several that belong on one line.
    """

    prepare: tuple[Spoken, ...] = ()
    curve: Annotated[tuple[Spoken, ...], Field(min_length=1)]
    sun: Sun
    output: DcOutput
    measure: DcMeasured

    @model_validator(mode="after")
    def _is_sound(self) -> "PvSourceDialect":
        for place, statement in self.statements():
            known = {"curve": CURVE_BLANKS, "sun": SUN_BLANKS}.get(place.partition(".")[0], ("channel",))
            require_blanks(place, statement, known)
        return self


def pv_source_dialect(name: str) -> PvSourceDialect:
    """Load the dialect of a PV simulator; raises ConfigError naming the known ones and the nearest."""
    return load_dialect(ROLE, name, PvSourceDialect)
