"""The part of the bench file about sun and load, and about how service voltage is judged."""

import datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from bench.config.section import Range, Section


class CloudSection(Section):
    """A cloud front: after `calm_s` of sun it takes irradiance down to `depth_pu` within `fall_s`, for `duration_s`."""

    calm_s: Annotated[float, Field(ge=0)] = 180.0
    fall_s: Annotated[float, Field(gt=0)] = 45.0
    depth_pu: Annotated[float, Field(ge=0, le=1)] = 0.08
    duration_s: Annotated[float, Field(ge=0)] = 7200.0


class HeatSection(Section):
    """Heat: from `delay_s` after it is let loose, air conditioning adds `load_rise_pu` to the load within `rise_s`."""

    delay_s: Annotated[float, Field(ge=0)] = 0.0
    rise_s: Annotated[float, Field(gt=0)] = 120.0
    load_rise_pu: Annotated[float, Field(gt=0)] = 0.15


class CloudsSection(Section):
    """Cloud fronts of a day, drawn from a seed: how many in twelve hours on average, and between which bounds.

    Fall and duration in seconds, `depth_pu` is the share of the sun that a front lets through.
    """

    per_12_h: Annotated[float, Field(gt=0)] = 10.0
    fall_s: Range = (30.0, 90.0)
    depth_pu: Range = (0.08, 0.4)
    duration_s: Range = (600.0, 2400.0)

    @model_validator(mode="after")
    def _has_room(self) -> "CloudsSection":
        bounds = (self.fall_s, self.depth_pu, self.duration_s)
        if any(not 0.0 < low <= high for low, high in bounds) or self.depth_pu[1] > 1.0:
            raise ValueError("bounds are positive and ascending, and a cloud lets at most all of the sun through")
        if self.mean_gap_s <= 0.0:
            raise ValueError("that many fronts of that duration leave no sun between them")
        return self

    @property
    def mean_gap_s(self) -> float:
        """Mean time of sun between two fronts, s."""
        return 43200.0 / self.per_12_h - sum(self.duration_s) / 2 - sum(self.fall_s)


class EnvironmentSection(Section):
    """Sun and load. `irradiance_csv` is a one-second record of the user's in place of clear sky and cloud.

    `line_out` is the branch of the transmission grid that a test takes out of service.
    `cloud` is the one front that a test releases; `clouds` are those of the days that `bench manage` plays.
    """

    date: datetime.date = datetime.date(2026, 6, 21)
    start_hour: Annotated[float, Field(ge=0, lt=24)] = 13.0
    latitude_deg: Annotated[float, Field(ge=-90, le=90)] = 34.05
    longitude_deg: Annotated[float, Field(ge=-180, le=180)] = -117.6
    load_pu: Annotated[float, Field(gt=0)] = 1.0
    load_shape: Path | None = None
    cloud: CloudSection | None = None
    heat: HeatSection | None = None
    clouds: CloudsSection | None = None
    line_out: str | None = None
    irradiance_csv: Path | None = None
    irradiance_column: str | None = None


class RangeASection(Section):
    """On which interval service voltage is judged and how long it must be back before an event flag clears, s."""

    interval_s: Annotated[float, Field(gt=0)] = 60.0
    recover_s: Annotated[float, Field(gt=0)] = 300.0
