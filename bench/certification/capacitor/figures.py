"""The figures of the suite `capacitor`: how far a control may be off, and what it is set to while it is tested."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from bench.certification.figure import Figure
from bench.certification.figures import FOLDER, Suite, load_file
from bench.config.section import Section

FILE = FOLDER / "capacitor.yaml"
DAY_S = 86_400.0
WEEK = 7
"""Days."""
WEEK_S = WEEK * DAY_S

Positive = Annotated[float, Field(gt=0)]


class Rule(Section):
    """What is asked of a control that is no number, and where it is from."""

    rule: str
    clause: str
    source: str
    confirmed: bool


class AccuracyFigures(Section):
    """How far the control may be off."""

    voltage_v: Figure
    current_a: Figure
    reactive_power_pu: Figure
    temperature_c: Figure
    neutral_current_pu: Figure
    delay_s: Figure
    delay_pu: Figure
    command_s: Figure
    clock_s: Figure
    clock_s_per_day: Figure
    discharge_s: Figure
    settled_s: Figure
    resolution_kvar: Figure

    def of_delay_s(self, delay_s: float) -> float:
        """Return by how much a delay may be off, s."""
        return max(self.delay_s.value, self.delay_pu.value * delay_s)


class Secondaries(Section):
    """What the secondaries of PT and CT are rated for: shares of the bank's VA are of both together."""

    rated_v: Figure
    rated_a: Figure

    @property
    def rated_va(self) -> float:
        """Return what one phase of them is rated for, VA."""
        return self.rated_v.value * self.rated_a.value


class Rest(Section):
    """What the control senses where no mode asks for anything."""

    voltage_v: Positive
    temperature_c: float


class Search(Section):
    """How a threshold is looked for: from `reach` accuracies before it to as many behind, `steps` to an accuracy.

    One that is not found counts as the end of the search, which so has to lie outside of the limits.
    """

    reach: Annotated[float, Field(gt=1)]
    steps: Annotated[int, Field(ge=1)]


class Patience(Section):
    """For how many delays something is waited for, how long at least, and how far apart the looks are, s."""

    delays: Annotated[float, Field(gt=1)]
    coarse_s: Positive
    fine_s: Positive
    idle_s: Positive


class DelayCase(Section):
    """Delays of closing and opening, s; what began one goes away for `return_s` after a share of it."""

    close_s: Positive
    open_s: Positive
    before_return: Annotated[float, Field(gt=0, lt=1)]
    return_s: Positive


class State(Section):
    """What is put on the secondaries: V, A, and the angle of the current against the voltage."""

    voltage_v: float
    current_a: float
    angle_deg: float


class Schedule(Section):
    """A schedule inside of a day and one over midnight, s of the day, on some days; begun so long before a moment."""

    close_at: float
    open_at: float
    days: tuple[Annotated[int, Field(ge=0, le=6)], ...]
    approach_s: Positive
    night_close_at: float
    night_open_at: float

    @property
    def weekdays(self) -> int:
        """The days as a set of bits, bit 0 for Monday."""
        return sum(1 << day for day in self.days)


class LimitCase(Section):
    """A daily limit, and how many movements count as one operation of it."""

    operations: Annotated[int, Field(ge=1)]
    movements: Figure


class LossCase(Section):
    """Voltages of a lost potential, and a current that goes on flowing."""

    voltages_v: tuple[float, ...]
    current_a: float


class Crossed(Section):
    """A setting that cannot work together with the others."""

    setting: str
    value: float


class Settings(Section):
    """What the suite sets a control to, by the names of its points."""

    close_below: Positive
    open_above: Positive
    override_low: Positive
    override_high: Positive
    close_above_reactive_power: float
    open_below_reactive_power: float
    close_above_temperature: float
    open_below_temperature: float
    close_delay: Positive
    open_delay: Positive
    override_delay: Positive
    neutral_limit: Positive
    discharge_time: Positive
    dead_sensing: Positive
    daily_limit: Positive
    pt_ratio: Positive
    ct_ratio: Positive
    phases: Positive

    def by_name(self) -> dict[str, float]:
        """Return all of them."""
        return {name: float(value) for name, value in self}


class CapacitorFigures(Suite):
    """All figures of the suite."""

    rules: tuple[Rule, ...]
    accuracy: AccuracyFigures
    secondaries: Secondaries
    discharge_s: Figure
    base: Settings
    rest: Rest
    beyond_v: Positive
    search: Search
    patience: Patience
    delays: DelayCase
    states: tuple[State, ...]
    schedule: Schedule
    limit: LimitCase
    loss: LossCase
    crossed: tuple[Crossed, ...]

    @property
    def settings(self) -> dict[str, float]:
        """What the suite sets, by name."""
        return self.base.by_name()


def load_capacitor_figures(path: Path = FILE) -> CapacitorFigures:
    """Read the figures; raises ConfigError with every fault of the file."""
    return load_file(CapacitorFigures, path)
