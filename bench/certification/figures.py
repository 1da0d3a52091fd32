"""The figures of a suite of type tests, each with its clause, its source and whether it is confirmed."""

from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import Field, ValidationError, model_validator

from bench.certification.curves import Curve
from bench.certification.figure import Figure
from bench.certification.figures_active_power import DroopSection, PrioritySection
from bench.certification.figures_interoperability import (
    ConfigurationFigures,
    MonitoringFigures,
    NameplateFigures,
    SettingsFigures,
)
from bench.certification.figures_reactive import (
    AutonomousReferenceFigures,
    ConstantPowerFactorFigures,
    ConstantReactivePowerFigures,
    UnbalanceFigures,
)
from bench.certification.figures_ride_through import RideThroughFigures
from bench.certification.figures_service import CeaseFigures, ServiceFigures
from bench.certification.figures_trips import TripFigures
from bench.config.section import Section
from instruments.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "fixtures" / "certification"
Category = Literal["A", "B"]
S = TypeVar("S", bound="Suite")


class ClauseEntry(Section):
    """A clause of the suite. Without a scenario it says why: `missing` here, or `beyond` what the rig can do at all."""

    clause: str
    title: str
    missing: str = ""
    beyond: str = ""


class AccuracyFigures(Section):
    """Minimum measurement accuracy, and by what clause 4.2 widens it; per unit of rating where not said otherwise."""

    voltage_pu: Figure
    power_pu: Figure
    frequency_hz: Figure
    duration_pu: Figure
    widening: Figure


class VoltageRange(Section):
    """Voltages between which equipment is in continuous operation, per unit of rated."""

    lowest: Figure
    highest: Figure


class CurveFigures(Section):
    """A characteristic of one category: corner points per unit, and the open-loop response time, s."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    response_s: Annotated[float, Field(gt=0)]
    reference_v_pu: float = 1.0

    @property
    def curve(self) -> Curve:
        """The characteristic itself."""
        return Curve(self.x, self.y)

    def stretched(self, highest: float, lowest: float) -> "CurveFigures":
        """Return the characteristic with its highest response there, and its lowest at minus `lowest`."""
        up, down = highest / max(self.y), lowest / -min(self.y)
        return self.model_copy(update={"y": tuple(y * (up if y > 0 else down) for y in self.y)})

    @model_validator(mode="after")
    def _is_a_curve(self) -> "CurveFigures":
        Curve(self.x, self.y)
        return self


class CharacteristicFigures(Section):
    """A named characteristic for both categories, and the levels of active power at which it is tested.

    `of_rated_vars`: its outermost responses are the vars that the equipment is rated for; those that stand here are of
    equipment with no more than its category asks for.
    """

    name: str
    levels_pu: tuple[float, ...]
    source: str
    confirmed: bool
    of_rated_vars: bool = False
    A: CurveFigures
    B: CurveFigures

    def of(self, category: str, injected_pu: float, absorbed_pu: float) -> CurveFigures:
        """Return the characteristic of a category, for equipment with such ratings of vars, per unit of rated VA."""
        curve = self.A if category == "A" else self.B
        return curve.stretched(injected_pu, absorbed_pu) if self.of_rated_vars else curve


class FunctionFigures(Section):
    """A function that follows a characteristic: the clause of its test, that of its settings, and the curves."""

    clause: str
    settings_clause: str
    curves: tuple[CharacteristicFigures, ...]

    def named(self, name: str) -> CharacteristicFigures:
        """Return a characteristic; raises ConfigError naming the known ones."""
        for curve in self.curves:
            if curve.name == name:
                return curve
        known = ", ".join(curve.name for curve in self.curves)
        raise ConfigError(f"clause {self.clause} has no characteristic {name!r}; known: {known}")


class GridState(Section):
    """A voltage on all phases, per unit, and a frequency; rated where not said."""

    v_pu: float = 1.0
    f_hz: float = 60.0


class LimitFigures(Section):
    """Limits of active power that are commanded, each so often, and within what time they have to hold.

    Meanwhile the named volt-watt and droop are in force, and the grid goes to each state and back, `settle_s` each.
    """

    clause: str
    levels_pu: tuple[float, ...]
    repetitions: Annotated[int, Field(ge=1)]
    within_s: Figure
    volt_watt: str
    droop: str
    settle_s: Annotated[float, Field(gt=0)]
    states: tuple[GridState, ...]


class EnterServiceCase(Section):
    """Criteria, delay and ramp of entering service, and a state of the grid outside and one inside of the criteria.

    `random_s` is the longest of the delays that are drawn in place of the ramp; 0: there is a ramp.
    """

    name: str
    delay_s: Annotated[float, Field(ge=0)]
    ramp_s: Annotated[float, Field(gt=0)]
    random_s: Annotated[float, Field(ge=0)] = 0.0
    v_pu: tuple[float, float]
    f_hz: tuple[float, float]
    outside: GridState
    inside: GridState


class EnterServiceFigures(Section):
    """Cases of entering service; before `early_pu` of a time nothing may come, nor `arrived_share` of rated power."""

    clause: str
    settings_clause: str
    early_pu: Figure
    arrived_share: Figure
    cases: tuple[EnterServiceCase, ...]

    def named(self, name: str) -> EnterServiceCase:
        """Return a case; raises ConfigError naming the known ones."""
        for case in self.cases:
            if case.name == name:
                return case
        raise ConfigError(f"clause {self.clause} has no case {name!r}; known: {', '.join(c.name for c in self.cases)}")


class Suite(Section):
    """A suite and its clauses; `version` is that of its file, which who changes a figure changes too.

    `method` says in words how a verdict comes about.
    """

    suite: str
    title: str
    version: str
    method: str
    sources: dict[str, str]
    identity_clause: str
    ratings_clause: str
    """Where a device fails that cannot say who it is, or whose ratings cannot be: nothing else can be tested then."""
    clauses: tuple[ClauseEntry, ...]


class SuiteFigures(Suite):
    """All figures of IEEE 1547.1."""

    accuracy: AccuracyFigures
    service: ServiceFigures
    range_v_pu: VoltageRange
    volt_var: FunctionFigures
    volt_watt: FunctionFigures
    watt_var: FunctionFigures
    frequency_droop: DroopSection
    constant_power_factor: ConstantPowerFactorFigures
    constant_reactive_power: ConstantReactivePowerFigures
    unbalance: UnbalanceFigures
    autonomous_reference: AutonomousReferenceFigures
    limit_active_power: LimitFigures
    prioritization: PrioritySection
    enter_service: EnterServiceFigures
    cease_to_energize: CeaseFigures
    nameplate: NameplateFigures
    configuration: ConfigurationFigures
    settings: SettingsFigures
    monitoring: MonitoringFigures
    trips: TripFigures
    ride_through: RideThroughFigures


def load_figures(path: Path = FOLDER / "ieee1547_1.yaml") -> SuiteFigures:
    """Read the figures of IEEE 1547.1; raises ConfigError with every fault of the file."""
    return load_file(SuiteFigures, path)


def load_suite(path: Path) -> Suite:
    """Read a suite that has clauses and no figures; raises ConfigError with every fault of the file."""
    return load_file(Suite, path)


def load_file(kind: type[S], path: Path) -> S:
    """Read a suite as a kind of its own; raises ConfigError with every fault of the file."""
    try:
        return kind.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise ConfigError("\n  ".join([f"the suite {path} cannot be used:", *faults])) from None
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read the suite {path}: {error}") from None
