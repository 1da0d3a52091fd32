"""Figures of the tests of reactive power: commanded modes, unbalanced voltages, the autonomous reference voltage."""

from typing import Annotated, TypeVar

from pydantic import Field

from bench.certification.curves import Curve
from bench.certification.figure import Figure
from bench.config.section import Section
from instruments.errors import ConfigError

PerPhase = tuple[float, float, float]


class PowerFactorFigures(Section):
    """A power factor of each category at which vars are injected or absorbed."""

    name: str
    injects: bool
    A: Annotated[float, Field(gt=0, lt=1)]
    B: Annotated[float, Field(gt=0, lt=1)]

    def of(self, category: str) -> float:
        """Return the power factor of a category."""
        return self.A if category == "A" else self.B


class VarFigures(Section):
    """A share of what the equipment is rated to inject, > 0, or to absorb, < 0."""

    name: str
    share: Annotated[float, Field(ge=-1, le=1)]


Named = TypeVar("Named", PowerFactorFigures, VarFigures)


class ConstantPowerFactorFigures(Section):
    """Power factors that are commanded, the longest response time, s, and the active powers between which it steps."""

    clause: str
    settings_clause: str
    within_s: Figure
    least_power_pu: Figure
    settings: tuple[PowerFactorFigures, ...]

    def named(self, name: str) -> PowerFactorFigures:
        """Return a setting; raises ConfigError naming the known ones."""
        return _named(self.clause, self.settings, name)


class CapabilityFigures(Section):
    """Share of rated vars that equipment has to have at an active power, per unit."""

    p_pu: tuple[float, ...]
    share: tuple[float, ...]
    clause: str
    source: str
    confirmed: bool

    @property
    def curve(self) -> Curve:
        """Share of rated vars over active power."""
        return Curve(self.p_pu, self.share)


class ConstantReactivePowerFigures(Section):
    """Vars that are commanded, the longest response time, s, and the active powers that are stepped through."""

    clause: str
    settings_clause: str
    within_s: Figure
    levels_pu: tuple[float, ...]
    capability: CapabilityFigures
    settings: tuple[VarFigures, ...]

    def named(self, name: str) -> VarFigures:
        """Return a setting; raises ConfigError naming the known ones."""
        return _named(self.clause, self.settings, name)


class UnbalanceCase(Section):
    """Voltages of three phases, per unit, and their angles."""

    name: str
    v_pu: PerPhase
    angle_deg: PerPhase


class UnbalanceFigures(Section):
    """Unbalanced voltages, and the characteristic that is in force then."""

    clause: str
    characteristic: str
    source: str
    confirmed: bool
    cases: tuple[UnbalanceCase, ...]


class AutonomousReferenceFigures(Section):
    """The reference voltage follows: `share` of the outer corner's vars may be left after so many time constants."""

    clause: str
    characteristic: str
    time_constants_s: tuple[float, ...]
    share: Figure
    within_time_constants: Figure


def _named(clause: str, settings: tuple[Named, ...], name: str) -> Named:
    for setting in settings:
        if setting.name == name:
            return setting
    raise ConfigError(f"clause {clause} has no setting {name!r}; known: {', '.join(s.name for s in settings)}")
