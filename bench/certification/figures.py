"""The figures of a suite of type tests, each with its clause, its source and whether it is confirmed."""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from bench.certification.criteria import Accuracy
from bench.certification.curves import Curve
from bench.config.section import Section
from instruments.errors import ConfigError

FIGURES = Path(__file__).parents[2] / "fixtures" / "certification" / "ieee1547_1.yaml"
Category = Literal["A", "B"]


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

    def of_voltage_and_power(self) -> Accuracy:
        """Return the widened accuracies of a voltage that is the stimulus and of a power that answers it, per unit."""
        factor = self.widening.value
        return Accuracy(factor * self.voltage_pu.value, factor * self.power_pu.value)


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


class SuiteFigures(Section):
    """All figures of a suite."""

    suite: str
    title: str
    sources: dict[str, str]
    clauses: tuple[ClauseEntry, ...]
    accuracy: AccuracyFigures
    range_v_pu: VoltageRange
    volt_var: FunctionFigures
    volt_watt: FunctionFigures


def load_figures(path: Path = FIGURES) -> SuiteFigures:
    """Read a suite's figures; raises ConfigError with every fault of the file."""
    try:
        return SuiteFigures.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise ConfigError("\n  ".join([f"the figures {path} cannot be used:", *faults])) from None
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read the figures {path}: {error}") from None
