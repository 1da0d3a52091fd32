"""The figures of the suite for tap-changer controls. Voltages are those of the PT secondary."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol, TypeVar

from pydantic import Field

from bench.certification.figure import Figure
from bench.certification.figures import FOLDER, Suite, load_file
from bench.config.section import Section
from instruments.errors import ConfigError

FILE = FOLDER / "ltc.yaml"
Positive = Annotated[float, Field(gt=0)]


class Named(Protocol):
    """A case that a feature names."""

    @property
    def name(self) -> str:
        """As the feature has it."""
        ...


N = TypeVar("N", bound=Named)


def case_named(clause: str, cases: Sequence[N], name: str) -> N:
    """Return a case; raises ConfigError naming the known ones."""
    for case in cases:
        if case.name == name:
            return case
    raise ConfigError(f"clause {clause} has no case {name!r}; known: {', '.join(case.name for case in cases)}")


class ToleranceFigures(Section):
    """What a control is held to: levels of voltage, and times, the larger of two."""

    level_v: Figure
    time_pu: Figure
    time_s: Figure

    def of_time_s(self, time_s: float) -> float:
        """Return the tolerance of a time."""
        return max(self.time_pu.value * time_s, self.time_s.value)


class ProbingFigures(Section):
    """How levels are probed: with what delay set, to what resolution, how far beyond on both sides, how often looked.

    `patience_s` is what a control may take beyond its delay until a probe counts as one at which it stays.
    """

    delay_s: Positive
    resolution_v: Positive
    search_v: Positive
    look_s: Positive
    patience_s: Positive


class BandCase(Section):
    """A band by its centre and whole width, V."""

    name: str
    centre_v: Positive
    width_v: Positive


class BandFigures(Section):
    """Bands that are tested, and for how many delays nothing may happen inside of them."""

    clause: str
    inside_delays: Positive
    cases: tuple[BandCase, ...]


class TapChangerFigures(Suite):
    """All figures of the suite; `base` are the settings that each test begins with."""

    base: dict[str, float | str]
    tolerance: ToleranceFigures
    probing: ProbingFigures
    band: BandFigures

    def number(self, setting: str) -> float:
        """Return a base setting that is a number; raises ConfigError for one that the suite has not."""
        value = self.base.get(setting)
        if not isinstance(value, float | int):
            raise ConfigError(f"the suite's base has no number for {setting}")
        return float(value)


def load_tap_changer_figures(path: Path = FILE) -> TapChangerFigures:
    """Read the figures; raises ConfigError with every fault of the file."""
    return load_file(TapChangerFigures, path)
