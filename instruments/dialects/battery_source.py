"""How a battery simulator is spoken to: the schema of the dialects in `battery_simulator/`."""

from typing import Annotated

from pydantic import Field, model_validator

from instruments.dialects.language import Closed, Dialect, Spoken, require_blanks
from instruments.dialects.loading import load_dialect

ROLE = "battery_simulator"

BATTERY_BLANKS = ("voltage_v", "discharge_a", "charge_a", "negative_a")
"""What it is told to stand for; `negative_a` is the limit of charging as a current that is negative."""
FILLED = ("set", "change", "output.switch_on", "output.switch_off")
"""Where it may be told."""


class DcSwitch(Closed):
    """Its switch and the query of it; the first word of the answer is one of `says_on` and `says_off`."""

    switch_on: Annotated[tuple[Spoken, ...], Field(min_length=1)]
    switch_off: Annotated[tuple[Spoken, ...], Field(min_length=1)]
    state: Spoken
    says_on: Annotated[tuple[str, ...], Field(min_length=1)] = ("1", "ON")
    says_off: Annotated[tuple[str, ...], Field(min_length=1)] = ("0", "OFF")


class DcMeasured(Closed):
    """Queries of what it measures at its own output, in the order in which they are asked; > 0 flows out of it."""

    voltage: Spoken
    current: Spoken
    power: Spoken


class OwnDcLimits(Closed):
    """Queries of its own limits; where it has none, the limits of the bench stand alone.

    That of charging may be answered as a negative current.
    """

    voltage_min: Spoken | None = None
    voltage_max: Spoken | None = None
    discharge_max: Spoken | None = None
    charge_max: Spoken | None = None


class BatterySourceDialect(Dialect):
    """A whole dialect; `remote` is said before the first setting, `prepare` behind it, before the first set-point.

    `set` tells it what to stand for while its output is off, `change` while that is on; without `change` it is told the
    same. An instrument that is told all of it as it is switched on has no `set`.
    """

    remote: tuple[Spoken, ...] = ()
    prepare: tuple[Spoken, ...] = ()
    set: tuple[Spoken, ...] = ()
    change: tuple[Spoken, ...] = ()
    output: DcSwitch
    measure: DcMeasured
    limits: OwnDcLimits = OwnDcLimits()

    @model_validator(mode="after")
    def _is_sound(self) -> "BatterySourceDialect":
        for place, statement in self.statements():
            require_blanks(place, statement, BATTERY_BLANKS if place.startswith(FILLED) else ())
        for place, statements in (("change", self.changing), ("set or output.switch_on", self.starting)):
            told = {blank for statement in statements for blank in statement.blanks}
            if not {"voltage_v", "discharge_a"} <= told:
                raise ValueError(f"{place}: nothing tells voltage and current: {{voltage_v}} and {{discharge_a}}")
        return self

    @property
    def changing(self) -> tuple[Spoken, ...]:
        """What it is told while its output is on."""
        return self.change or self.set

    @property
    def starting(self) -> tuple[Spoken, ...]:
        """What it is told until its output is on."""
        return (*self.set, *self.output.switch_on)

    @property
    def separate(self) -> bool:
        """Whether the current that it gives and that it takes have limits of their own."""
        return any({"charge_a", "negative_a"} & {*statement.blanks} for statement in self.changing)


def battery_source_dialect(name: str) -> BatterySourceDialect:
    """Load the dialect of a battery simulator; raises ConfigError naming the known ones and the nearest."""
    return load_dialect(ROLE, name, BatterySourceDialect)
