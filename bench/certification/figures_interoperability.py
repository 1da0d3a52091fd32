"""Figures of the interoperability tests: nameplate, configuration, settings and monitoring (clauses 6.4 to 6.7)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from bench.certification.figure import Figure
from bench.config.section import Section

Share = Annotated[float, Field(gt=0, lt=1)]
POINTS = 2
"""At which each setting and each reading is tried, at least."""


class CapabilityFigures(Section):
    """What a normal operating category demands: vars per unit of rated apparent power, and the functions it has."""

    injected_pu: Figure
    absorbed_pu: Figure
    functions: tuple[str, ...]


class NameplateFigures(Section):
    """Items that a nameplate has to state, by the labels of settings files; `storage_items` of what can absorb.

    `rounding_pu` is what the scale factors of its registers may round off.
    """

    clause: str
    source: str
    confirmed: bool
    items: tuple[str, ...]
    storage_items: tuple[str, ...]
    rounding_pu: Annotated[float, Field(ge=0)]
    A: CapabilityFigures
    B: CapabilityFigures

    def of(self, category: str) -> CapabilityFigures:
        """Return what a category demands."""
        return self.A if category == "A" else self.B


class ConfigurationFigures(Section):
    """Ratings that are configured to a share of themselves and back, and within what time that is obeyed.

    Those of one of `groups` go down in their order and come back in the opposite one: the first is limited by the last.
    """

    clause: str
    share_pu: Figure
    within_s: Figure
    groups: tuple[tuple[str, ...], ...]


class SettingsPoint(Section):
    """One of the points at which a function is set, by the labels of settings files without their ending.

    `words` are the labels that hold a word and no number.
    """

    function: str
    name: str
    labels: Mapping[str, float]
    words: Mapping[str, str] = {}


class SettingsFigures(Section):
    """Settings that are written and read back; what is held may differ by `rounding` of the value, or of 1.

    `trips` are the names of those settings of the stages of trips that are set here too.
    """

    clause: str
    source: str
    confirmed: bool
    rounding: Annotated[float, Field(gt=0)]
    points: tuple[SettingsPoint, ...]
    trips: Annotated[tuple[str, ...], Field(min_length=POINTS)]

    @model_validator(mode="after")
    def _is_set_at_two_points(self) -> "SettingsFigures":
        _require_two_each([point.function for point in self.points])
        return self


Quantity = Literal["active power", "reactive power", "voltage", "frequency"]


class MonitoringPoint(Section):
    """A state in which a device's readings are held against the analyzer's; `of` is the quantity it is there for.

    Powers are per unit: active of rated apparent power, reactive of the vars that the device is rated for.
    """

    of: Quantity
    name: str
    power_pu: Annotated[float, Field(gt=0, le=1)]
    q_share: Annotated[float, Field(ge=-1, le=1)] = 0.0
    v_pu: float = 1.0
    f_hz: float = 60.0


class MonitoringFigures(Section):
    """States in which readings are compared, how far a state may be missed, and the sag at which a device trips."""

    clause: str
    reached_pu: Share
    reached_hz: Annotated[float, Field(gt=0)]
    sag_v_pu: Figure
    sag_s: Figure
    points: tuple[MonitoringPoint, ...]

    @model_validator(mode="after")
    def _has_two_points_each(self) -> "MonitoringFigures":
        _require_two_each([point.of for point in self.points])
        return self


def _require_two_each(names: Sequence[str]) -> None:
    if lonely := sorted({name for name in names if names.count(name) < POINTS}):
        raise ValueError(f"has fewer than {POINTS} points: {', '.join(lonely)}")
