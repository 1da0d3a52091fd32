"""Figures of the clauses on active power: frequency-droop, and what comes first where functions meet."""

from typing import Annotated, Literal

from pydantic import Field

from bench.certification.figure import Figure
from bench.config.section import Section
from instruments.errors import ConfigError

Abnormal = Literal["I", "II", "III"]


class DroopFigures(Section):
    """A droop of one abnormal category: deadband, Hz, per unit of frequency for rated power, response time, s."""

    deadband_hz: Annotated[float, Field(gt=0)]
    droop: Annotated[float, Field(gt=0)]
    response_s: Annotated[float, Field(gt=0)]


class DroopCharacteristic(Section):
    """A named droop for each abnormal category, and the shares of rated power that it is tested at."""

    name: str
    levels_pu: tuple[float, ...]
    source: str
    confirmed: bool
    I: DroopFigures  # noqa: E741 - the name of the category
    II: DroopFigures
    III: DroopFigures

    def of(self, abnormal: str) -> DroopFigures:
        """Return the droop of a category; raises ConfigError for what is none."""
        found = {"I": self.I, "II": self.II, "III": self.III}
        if abnormal not in found:
            raise ConfigError(f"there is no abnormal operating category {abnormal!r}")
        return found[abnormal]


class Rocof(Section):
    """How fast frequency moves in the tests of each abnormal category, Hz/s."""

    I: Annotated[float, Field(gt=0)]  # noqa: E741 - the name of the category
    II: Annotated[float, Field(gt=0)]
    III: Annotated[float, Field(gt=0)]
    clause: str
    source: str
    confirmed: bool

    def of(self, abnormal: str) -> float:
        """Return the rate of a category; raises ConfigError for what is none."""
        found = {"I": self.I, "II": self.II, "III": self.III}
        if abnormal not in found:
            raise ConfigError(f"there is no abnormal operating category {abnormal!r}")
        return found[abnormal]


class DroopSection(Section):
    """Frequency-droop: its clauses, the droops, how far and how fast frequency moves, and what the maker states.

    `small_pu` is the change of power up to which the response time is promised, `large_pu_per_min` how fast power moves
    beyond that, `half_pu` the power from which low frequency is tested.
    """

    clause_above: str
    clause_below: str
    settings_clause: str
    lowest_hz: Figure
    highest_hz: Figure
    rocof_hz_per_s: Rocof
    small_pu: Figure
    large_pu_per_min: Figure
    half_pu: Figure
    curves: tuple[DroopCharacteristic, ...]

    def named(self, name: str) -> DroopCharacteristic:
        """Return a droop; raises ConfigError naming the known ones."""
        for curve in self.curves:
            if curve.name == name:
                return curve
        known = ", ".join(curve.name for curve in self.curves)
        raise ConfigError(f"frequency-droop has no characteristic {name!r}; known: {known}")


class Vars(Section):
    """Reactive power of a step by category, per unit of rated apparent power, > 0 injected."""

    A: float
    B: float


class PriorityStep(Section):
    """A state of the grid, and what the standard's own table says comes of it, rounded, per unit."""

    v_pu: float
    f_hz: float
    p_pu: float
    volt_var: Vars
    watt_var: Vars


class PrioritySection(Section):
    """Which function comes first: the steps, and the settings that are in force in all of them."""

    clause: str
    source: str
    confirmed: bool
    limit_pu: Figure
    volt_watt: str
    volt_var: str
    watt_var: str
    droop: str
    constant_q_pu: Figure
    constant_pf: Figure
    settle_s: Annotated[float, Field(gt=0)]
    steps: tuple[PriorityStep, ...]
