"""Other limits than those of the run, by which a recorded run can be judged again: a file of a closed schema."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, ValidationError, model_validator

from bench.measurement import Limits, Measurement
from instruments.errors import ConfigError
from instruments.files import read_yaml


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class MeasurementLimits(_Section):
    """New limits of measurements, chosen by quantity, clause or row, each a text in which `*` stands for anything.

    Either `lower` and `upper`, of which one that is left out stays as it was, or a `tolerance` about the middle of the
    limits that the run had.
    """

    quantity: str = "*"
    clause: str = "*"
    row: str = "*"
    lower: float | None = None
    upper: float | None = None
    tolerance: NonNegativeFloat | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        bounds = {self.lower, self.upper} - {None}
        if bool(bounds) is (self.tolerance is not None):
            raise ValueError("give either `tolerance`, or `lower` or `upper` or both")
        if self.quantity == self.clause == self.row == "*":
            raise ValueError("say which measurements: `quantity`, `clause` or `row`")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"lower {self.lower:g} lies above upper {self.upper:g}")
        return self

    def concerns(self, measurement: Measurement) -> bool:
        """Whether a measurement is one of those."""
        found = ((measurement.quantity, self.quantity), (measurement.clause, self.clause), (measurement.row, self.row))
        return all(fnmatchcase(text or "", wanted) for text, wanted in found)

    def applied(self, limits: Limits) -> Limits:
        """Return what becomes of limits; a tolerance leaves those alone that have no middle."""
        lower, upper = limits.lower, limits.upper
        if self.tolerance is None:
            return Limits(lower if self.lower is None else self.lower, upper if self.upper is None else self.upper)
        if lower is None or upper is None:
            return limits
        return Limits.around((lower + upper) / 2.0, self.tolerance)


class ChangedLimits(_Section):
    """Time limits of rows, s by number, and limits of measurements; of several that concern one, the last counts."""

    rows: Mapping[str, PositiveFloat] = Field(default_factory=dict)
    measurements: tuple[MeasurementLimits, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether nothing is changed."""
        return not self.rows and not self.measurements

    def of(self, measurement: Measurement) -> Measurement:
        """Return a measurement with the limits that it has now."""
        for changed in reversed(self.measurements):
            if changed.concerns(measurement):
                return replace(measurement, limits=changed.applied(measurement.limits))
        return measurement


def read_limits(path: Path) -> ChangedLimits:
    """Read a file of limits; raises ConfigError with all its errors at once."""
    document = read_yaml(path, "file of limits")
    try:
        return ChangedLimits.model_validate(document if document is not None else {})
    except ValidationError as error:
        raise ConfigError("\n  ".join([f"limits {path} cannot be used:", *_worded(error)])) from error


def _worded(error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        place = ".".join(map(str, item["loc"])) or "the file"
        if item["type"] != "extra_forbidden":
            yield f"{place}: {item['msg']}"
            continue
        model: type[BaseModel] = MeasurementLimits if item["loc"][0] == "measurements" else ChangedLimits
        known = sorted(model.model_fields)
        near = get_close_matches(str(item["loc"][-1]), known, n=1)
        yield f"{place}: unknown key; {f'did you mean {near[0]!r}? ' if near else ''}known here: {', '.join(known)}"
