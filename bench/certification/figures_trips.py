"""The figures of the trip tests: what is set, how far a stimulus goes beyond it, and how well a time is known."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from bench.certification.figure import Figure
from bench.config.section import Section
from instruments.errors import ConfigError
from instruments.readings import Trip, TripKind, TripStage

Abnormal = Literal["I", "II", "III"]
StageName = Literal["OV1", "OV2", "UV1", "UV2", "OF1", "OF2", "UF1", "UF2"]
TRIP_KINDS: Mapping[str, TripKind] = {
    "OV": "over_voltage",
    "UV": "under_voltage",
    "OF": "over_frequency",
    "UF": "under_frequency",
}
"""The trip that a stage belongs to, by the first letters of its name."""


class TripSetting(Section):
    """A setting at which a stage is tested: level per unit of rated voltage or Hz, and clearing time, s."""

    name: str
    level: Annotated[float, Field(ge=0)]
    time_s: Annotated[float, Field(gt=0)]


class StageFigures(Section):
    """A stage of a trip: the clause of its test, that of its settings, and the settings by abnormal category."""

    name: StageName
    clause: str
    settings_clause: str
    source: str
    confirmed: bool
    settings: dict[Abnormal, tuple[TripSetting, ...]]

    def setting(self, abnormal: str, name: str) -> TripSetting:
        """Return a setting of a category; raises ConfigError naming the known ones."""
        of_category = {category: found for category, found in self.settings.items() if category == abnormal}
        known = {setting.name: setting for found in of_category.values() for setting in found}
        if name not in known:
            raise ConfigError(
                f"{self.name} has no setting {name!r} for category {abnormal!r}; known: {', '.join(known) or 'none'}"
            )
        return known[name]


LevelAndTime = tuple[float, float]


class WidestFigures(Section):
    """What keeps each stage out of the way: level per unit or Hz, and clearing time, s."""

    OV1: LevelAndTime
    OV2: LevelAndTime
    UV1: LevelAndTime
    UV2: LevelAndTime
    OF1: LevelAndTime
    OF2: LevelAndTime
    UF1: LevelAndTime
    UF2: LevelAndTime

    @property
    def trips(self) -> dict[TripKind, Trip]:
        """All trips with both of their stages."""
        pairs = ((self.OV1, self.OV2), (self.UV1, self.UV2), (self.OF1, self.OF2), (self.UF1, self.UF2))
        return {
            kind: Trip(TripStage(*inner), TripStage(*outer))
            for kind, (inner, outer) in zip(TRIP_KINDS.values(), pairs, strict=True)
        }


class TripTiming(Section):
    """How well equipment has to know times: up to `short_until_s` by `short_s`, beyond by the share of duration."""

    short_s: Figure
    short_until_s: Figure


class TripFigures(Section):
    """All of the trip tests. `widest`: settings that keep a stage out of the way, level and time, by category."""

    power_pu: Figure
    repetitions: Annotated[int, Field(ge=1)]
    margin: Figure
    beyond_frequency: Figure
    rise_s: Figure
    opening_s: Figure
    timing: TripTiming
    return_delay_s: Figure
    return_ramp_s: Figure
    stages: tuple[StageFigures, ...]
    widest: dict[Abnormal, WidestFigures]

    def stage(self, name: str) -> StageFigures:
        """Return a stage; raises ConfigError naming the known ones."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise ConfigError(f"there is no trip stage {name!r}; known: {', '.join(s.name for s in self.stages)}")

    def widest_trips(self, abnormal: str) -> dict[TripKind, Trip]:
        """Return what keeps every stage out of the way; raises ConfigError for an unknown category."""
        for category, found in self.widest.items():
            if category == abnormal:
                return found.trips
        raise ConfigError(f"there are no widest trips for the abnormal category {abnormal!r}")
