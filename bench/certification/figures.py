"""The figures of a suite of type tests, each with its clause, its source and whether it is confirmed."""

from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import Field, ValidationError, model_validator

from bench.certification.curves import Curve
from bench.config.section import Section
from instruments.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "fixtures" / "certification"
Category = Literal["A", "B"]
S = TypeVar("S", bound="Suite")


class Figure(Section):
    """One number of a standard, and where it is from."""

    value: float
    clause: str
    source: str
    confirmed: bool


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

    @model_validator(mode="after")
    def _is_a_curve(self) -> "CurveFigures":
        Curve(self.x, self.y)
        return self


class CharacteristicFigures(Section):
    """A named characteristic for both categories, and the levels of active power at which it is tested."""

    name: str
    levels_pu: tuple[float, ...]
    source: str
    confirmed: bool
    A: CurveFigures
    B: CurveFigures

    def of(self, category: Category) -> CurveFigures:
        """Return the characteristic of a category."""
        return self.A if category == "A" else self.B


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


class LimitFigures(Section):
    """Limits of active power that are commanded, each so often, and within what time they have to hold."""

    clause: str
    levels_pu: tuple[float, ...]
    repetitions: Annotated[int, Field(ge=1)]
    within_s: Figure


class GridState(Section):
    """A voltage on all phases, per unit, and a frequency; rated where not said."""

    v_pu: float = 1.0
    f_hz: float = 60.0


class EnterServiceCase(Section):
    """Criteria, delay and ramp of entering service, and a state of the grid outside and one inside of the criteria."""

    name: str
    delay_s: Annotated[float, Field(ge=0)]
    ramp_s: Annotated[float, Field(gt=0)]
    v_pu: tuple[float, float]
    f_hz: tuple[float, float]
    outside: GridState
    inside: GridState


class EnterServiceFigures(Section):
    """Cases of entering service; before `early_pu` of a time nothing may come; a stop has to come `stop_within_s`."""

    clause: str
    settings_clause: str
    early_pu: Figure
    stop_within_s: Figure
    cases: tuple[EnterServiceCase, ...]

    def named(self, name: str) -> EnterServiceCase:
        """Return a case; raises ConfigError naming the known ones."""
        for case in self.cases:
            if case.name == name:
                return case
        raise ConfigError(f"clause {self.clause} has no case {name!r}; known: {', '.join(c.name for c in self.cases)}")


class MonitoringPoint(Section):
    """A state in which a device's own readings are compared with the analyzer's."""

    name: str
    power_pu: float
    v_pu: float = 1.0
    f_hz: float = 60.0


class MonitoringFigures(Section):
    """States in which readings are compared."""

    clause: str
    points: tuple[MonitoringPoint, ...]


class Suite(Section):
    """A suite and its clauses; `version` is that of its file, which who changes a figure changes too.

    `method` says in words how a verdict comes about.
    """

    suite: str
    title: str
    version: str
    method: str
    sources: dict[str, str]
    clauses: tuple[ClauseEntry, ...]


class SuiteFigures(Suite):
    """All figures of IEEE 1547.1."""

    accuracy: AccuracyFigures
    range_v_pu: VoltageRange
    volt_var: FunctionFigures
    volt_watt: FunctionFigures
    watt_var: FunctionFigures
    limit_active_power: LimitFigures
    enter_service: EnterServiceFigures
    monitoring: MonitoringFigures


def load_figures(path: Path = FOLDER / "ieee1547_1.yaml") -> SuiteFigures:
    """Read the figures of IEEE 1547.1; raises ConfigError with every fault of the file."""
    return _load(SuiteFigures, path)


def load_suite(path: Path) -> Suite:
    """Read a suite that has clauses and no figures; raises ConfigError with every fault of the file."""
    return _load(Suite, path)


def _load(kind: type[S], path: Path) -> S:
    try:
        return kind.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise ConfigError("\n  ".join([f"the suite {path} cannot be used:", *faults])) from None
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read the suite {path}: {error}") from None
