"""Sun and load of a scenario, with the cloud front that a test lets pass and the heat that it lets rise."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

import numpy as np

from bench.config import CloudsSection, EnvironmentSection, Range
from bench.feeder.model import Floats
from bench.feeder.profiles import ClearSky, Clouded, CloudFront, CsvIrradiance, Irradiance, LoadShape, Location


@dataclass(frozen=True)
class HeatRise:
    """Air conditioning that comes on all over the feeder: the load grows by `load_rise_pu` within `rise_s`.

    It begins `delay_s` after it is let loose.
    """

    rise_s: float
    load_rise_pu: float
    delay_s: float = 0.0

    def factor(self, elapsed_s: float) -> float:
        """Return the load over what it would be without, `elapsed_s` after the beginning."""
        return 1.0 + self.load_rise_pu * min(max((elapsed_s - self.delay_s) / self.rise_s, 0.0), 1.0)


@dataclass
class StagedWeather:
    """Clear sky until a cloud front is let loose; or a recorded series, which nobody stages."""

    sky: Irradiance
    load: LoadShape | None
    load_pu_base: float
    front: CloudFront | None = None
    heat: HeatRise | None = None
    heat_since_s: float | None = None
    cloud_since_s: float | None = None

    def irradiance_pu(self, time_s: float) -> Floats:
        """Return irradiance at each site, shape (sites,)."""
        return self.sky.irradiance_pu(time_s)

    def load_pu(self, time_s: float) -> float:
        """Return load as a share of the feeder's nominal load."""
        base = self.load_pu_base * (self.load.load_pu(time_s) if self.load else 1.0)
        if self.heat is None or self.heat_since_s is None:
            return base
        return base * self.heat.factor(time_s - self.heat_since_s)

    def release_cloud(self, time_s: float) -> None:
        """Let the bench file's cloud front reach the feeder at a time; a recorded series has its own clouds."""
        if self.front is not None:
            self.cloud_since_s = time_s
            self.sky = Clouded(self.sky, (replace(self.front, start_s=time_s),))

    @property
    def has_heat(self) -> bool:
        """Whether the bench file has a load rise."""
        return self.heat is not None

    def release_heat(self, time_s: float) -> None:
        """Let the load rise from a time on, as the bench file says."""
        self.heat_since_s = time_s


def draw_fronts(section: CloudsSection, seed: int, length_s: float) -> tuple[CloudFront, ...]:
    """Draw the cloud fronts of a stretch of time: gaps of sun are exponential, the rest uniform within its bounds."""
    random = np.random.default_rng(seed)
    fronts: list[CloudFront] = []
    start_s = float(random.exponential(section.mean_gap_s))
    while start_s < length_s:
        fall_s, depth_pu, duration_s = (float(random.uniform(*bounds)) for bounds in _bounds(section))
        fronts.append(CloudFront(start_s, fall_s, depth_pu, duration_s))
        start_s += 2 * fall_s + duration_s + float(random.exponential(section.mean_gap_s))
    return tuple(fronts)


def _bounds(section: CloudsSection) -> tuple[Range, Range, Range]:
    return section.fall_s, section.depth_pu, section.duration_s


def make_weather(section: EnvironmentSection, sites: int) -> StagedWeather:
    """Make the weather of the bench file for a number of sites; raises ConfigError for a file it cannot read."""
    load = LoadShape.read(section.load_shape, section.start_hour) if section.load_shape else None
    heat = HeatRise(section.heat.rise_s, section.heat.load_rise_pu, section.heat.delay_s) if section.heat else None
    if section.irradiance_csv is not None:
        column = section.irradiance_column if section.irradiance_column is not None else 0
        sky = CsvIrradiance.read(section.irradiance_csv, column=column, places=sites)
        return StagedWeather(sky, load, section.load_pu, heat=heat)
    start = datetime.combine(section.date, time()) + timedelta(hours=section.start_hour)
    place = Location(section.latitude_deg, section.longitude_deg)
    cloud = section.cloud
    front = CloudFront(0.0, cloud.fall_s, cloud.depth_pu, cloud.duration_s) if cloud else None
    return StagedWeather(ClearSky(start, sites, place), load, section.load_pu, front, heat)
