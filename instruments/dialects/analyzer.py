"""How a power analyzer is spoken to: the schema of the dialects in `power_analyzer/`."""

from typing import Annotated

from pydantic import Field, model_validator

from instruments.dialects.language import Closed, Dialect, Spoken, require_blanks
from instruments.dialects.loading import load_dialect

ROLE = "power_analyzer"
GENERIC = "generic"


class ItemList(Closed):
    """A list of numbered items, chosen once, whose values one query answers in the list's order.

    `count` and `choose` make one message; so do `ask_count` and `ask`, by which the choice is read back.
    """

    count: Spoken
    choose: Spoken
    ask_count: Spoken
    ask: Spoken
    values: Spoken


class Quantities(Closed):
    """What is measured of each phase: an item of a list, or a query, where the dialect has no list.

    `lag` is how far the voltage of a phase lags that of the first, 0 to 360 deg; `stamp` is the instrument's own time
    of its measurement, s.
    """

    voltage: Spoken
    current: Spoken
    active: Spoken
    reactive: Spoken
    frequency: Spoken
    lag: Spoken | None = None
    stamp: Spoken | None = None


class Ranges(Closed):
    """What sets the measuring ranges, V and A; `{phase}`: one phase by itself. Then the queries of what was taken."""

    voltage: Spoken
    current: Spoken
    ask_voltage: Spoken
    ask_current: Spoken


BLANKS: dict[str, tuple[str, ...]] = {
    "items.count": ("count",),
    "items.choose": ("number", "item"),
    "items.ask": ("number",),
    "quantities.voltage": ("phase",),
    "quantities.current": ("phase",),
    "quantities.active": ("phase",),
    "quantities.reactive": ("phase",),
    "quantities.lag": ("phase",),
    "ranges.voltage": ("phase", "range_v"),
    "ranges.current": ("phase", "range_a"),
    "ranges.ask_voltage": ("phase",),
    "ranges.ask_current": ("phase",),
}
"""What fills in the statement at a place; all others have no blanks."""


class AnalyzerDialect(Dialect):
    """A whole dialect.

    `prepare` is said once, before anything else. `latch` stands before queries whose answers have to be of one
    measurement. One that `records` may have a memory for records of its own (`*OPT?` tells).
    """

    prepare: tuple[Spoken, ...] = ()
    items: ItemList | None = None
    latch: Spoken | None = None
    quantities: Quantities
    ranges: Ranges
    records: bool = False
    phases: Annotated[int, Field(ge=1, le=7)] = 3

    @model_validator(mode="after")
    def _is_sound(self) -> "AnalyzerDialect":
        for place, statement in self.statements():
            require_blanks(place, statement, BLANKS.get(place, ()))
        if self.records and self.items is None:
            raise ValueError("records: the columns of a record are the items of a list, and there is none")
        return self


def analyzer_dialect(name: str) -> AnalyzerDialect:
    """Load the dialect of a power analyzer; raises ConfigError naming the known ones and the nearest."""
    return load_dialect(ROLE, name, AnalyzerDialect)
