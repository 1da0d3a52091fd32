"""What drives a day: irradiance over time and place, and load over time. Pure functions of time, all in per unit.

Irradiance 1.0 is what yields rated power (1000 W/m2); load 1.0 is the feeder's nominal load.
"""

import csv
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np

from bench.feeder.model import Floats
from instruments.errors import ConfigError
from instruments.files import read_text

STANDARD_IRRADIANCE_W_M2 = 1000.0
DAY_S = 86400.0
_GRID_S = 60.0


class Irradiance(Protocol):
    """Irradiance at a number of places."""

    def irradiance_pu(self, time_s: float) -> Floats:
        """Return the irradiance of each place at a time, shape (places,)."""
        ...


@dataclass(frozen=True)
class Location:
    """Where and in which time zone the feeder lies (north and east positive)."""

    latitude_deg: float = 34.05
    longitude_deg: float = -117.6
    altitude_m: float = 300.0
    time_zone: str = "America/Los_Angeles"


@dataclass(frozen=True)
class ClearSky:
    """Global irradiance of a cloudless day on a tilted plane, the same at every place.

    `start` is the local time of second zero. Computed by pvlib once a minute for one day and interpolated; asked
    beyond it, the day repeats.
    """

    start: datetime
    places: int = 1
    location: Location = Location()
    tilt_deg: float = 20.0
    azimuth_deg: float = 180.0
    _grid_pu: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_grid_pu", _clear_sky_pu(self.start, self.location, self.tilt_deg, self.azimuth_deg))

    def irradiance_pu(self, time_s: float) -> Floats:
        """Return the irradiance of each place, shape (places,)."""
        times = np.arange(len(self._grid_pu)) * _GRID_S
        return np.full(self.places, np.interp(time_s % DAY_S, times, self._grid_pu))


def _clear_sky_pu(start: datetime, location: Location, tilt_deg: float, azimuth_deg: float) -> Floats:
    import pandas  # noqa: PLC0415 - pvlib and pandas cost a second at start-up; a test with a file needs neither
    import pvlib  # noqa: PLC0415

    times = pandas.date_range(start, periods=int(DAY_S / _GRID_S) + 1, freq=timedelta(seconds=_GRID_S))
    times = times.tz_localize(location.time_zone)
    place = pvlib.location.Location(location.latitude_deg, location.longitude_deg, altitude=location.altitude_m)
    with warnings.catch_warnings():
        # pvlib asks pandas for a name that pandas has begun to retire.
        warnings.filterwarnings("ignore", message="DatetimeIndex.dayofyear", category=DeprecationWarning)
        sun, sky = place.get_solarposition(times), place.get_clearsky(times)
        plane = pvlib.irradiance.get_total_irradiance(
            tilt_deg, azimuth_deg, sun["apparent_zenith"], sun["azimuth"], sky["dni"], sky["ghi"], sky["dhi"]
        )
    total: Floats = plane["poa_global"].fillna(0.0).clip(lower=0.0).to_numpy(dtype=np.float64)
    return total / STANDARD_IRRADIANCE_W_M2


@dataclass(frozen=True)
class CloudFront:
    """A cloud front: irradiance falls to `remaining` of what it was, stays there, and comes back as it went.

    `reach_s` is when the front's edge reaches each place after `start_s`; one value serves all places.
    """

    start_s: float
    fall_s: float = 60.0
    remaining: float = 0.08
    duration_s: float = 3600.0
    reach_s: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        if not 0.0 <= self.remaining <= 1.0:
            raise ConfigError(f"cloud front: remaining must lie between 0 and 1, not {self.remaining}")
        if self.fall_s <= 0.0 or self.duration_s < 0.0:
            raise ConfigError("cloud front: the fall must take some time, and the duration must not be negative")

    def factor(self, time_s: float) -> Floats:
        """Return the share of the irradiance that gets through at each place."""
        since = time_s - self.start_s - np.array(self.reach_s)
        covered = np.clip(since / self.fall_s, 0.0, 1.0)
        cleared = np.clip((since - self.fall_s - self.duration_s) / self.fall_s, 0.0, 1.0)
        return 1.0 - (1.0 - self.remaining) * (covered - cleared)


@dataclass(frozen=True)
class Clouded:
    """An irradiance under cloud fronts, each letting its share of the rest through."""

    clear: Irradiance
    fronts: tuple[CloudFront, ...]

    def irradiance_pu(self, time_s: float) -> Floats:
        """Return the irradiance of each place."""
        result = self.clear.irradiance_pu(time_s)
        for front in self.fronts:
            result = result * front.factor(time_s)
        return result


@dataclass(frozen=True)
class CsvIrradiance:
    """A measured series, the same at every place, interpolated between its samples and held at its ends."""

    values_pu: Floats
    step_s: float = 1.0
    places: int = 1

    @classmethod
    def read(
        cls, path: Path, *, column: int | str = 0, full_scale: float | None = None, step_s: float = 1.0, places: int = 1
    ) -> "CsvIrradiance":
        """Read one column of a file, by number from 0 or by its name in the first line.

        Args:
            path: comma-separated values, with or without a line of names.
            column: which column.
            full_scale: the value that stands for 1.0; the file's largest value by default.
            step_s: time between lines.
            places: number of places that see this series.

        Raises:
            ConfigError: no such file or column, a cell that is not a number, or nothing that is positive.
        """
        values = _column(path, column)
        scale = float(np.max(values)) if full_scale is None else full_scale
        if not scale > 0.0:
            raise ConfigError(f"{path}: the full scale must be positive, not {scale}")
        return cls(np.clip(values / scale, 0.0, None), step_s, places)

    def irradiance_pu(self, time_s: float) -> Floats:
        """Return the irradiance of each place."""
        times = np.arange(len(self.values_pu)) * self.step_s
        return np.full(self.places, np.interp(time_s, times, self.values_pu))


def _column(path: Path, column: int | str) -> Floats:
    if not path.is_file():
        raise ConfigError(f"irradiance file not found: {path}")
    text = io.StringIO(read_text(path, "irradiance file", "utf-8-sig"), newline="")
    try:
        rows = [(number, row) for number, row in enumerate(csv.reader(text), start=1) if "".join(row).strip()]
    except csv.Error as error:
        raise ConfigError(f"{path}: {error}") from None
    names = rows.pop(0)[1] if rows and not _is_number(rows[0][1]) else []
    index = _column_index(path, names, column)
    values = [_cell(path, number, row, index) for number, row in rows]
    if not values:
        raise ConfigError(f"{path}: no values")
    return np.array(values)


def _column_index(path: Path, names: Sequence[str], column: int | str) -> int:
    if isinstance(column, int):
        return column
    stripped = [name.strip() for name in names]
    if column not in stripped:
        raise ConfigError(f"{path}: no column {column!r}; it has: {', '.join(stripped) or 'no names'}")
    return stripped.index(column)


def _is_number(row: Sequence[str]) -> bool:
    try:
        [float(cell) for cell in row if cell.strip()]
    except ValueError:
        return False
    return True


def _cell(path: Path, number: int, row: Sequence[str], index: int) -> float:
    try:
        value = float(row[index])
    except (IndexError, ValueError) as error:
        raise ConfigError(f"{path}, line {number}: no number in column {index}") from error
    if not np.isfinite(value):
        raise ConfigError(f"{path}, line {number}: {row[index]} is not a finite number")
    return value


@dataclass(frozen=True)
class LoadShape:
    """Load of a day as a table of local hours, interpolated, repeated daily; second zero is at `start_hour`."""

    start_hour: float
    hours: tuple[float, ...]
    values_pu: tuple[float, ...]

    @classmethod
    def read(cls, path: Path, start_hour: float) -> "LoadShape":
        """Read a file of two columns, `hour` from 0 to below 24 rising, and `load_pu`.

        Raises:
            ConfigError: no such file or column, or hours that do not rise within a day.
        """
        hours, values = _column(path, "hour"), _column(path, "load_pu")
        if np.any(np.diff(hours) <= 0.0) or hours[0] < 0.0 or hours[-1] >= 24.0:  # noqa: PLR2004
            raise ConfigError(f"{path}: hours must rise from 0 to below 24")
        return cls(start_hour, tuple(hours.tolist()), tuple(values.tolist()))

    def load_pu(self, time_s: float) -> float:
        """Return the load at a time."""
        hour = self.start_hour + time_s / 3600.0
        return float(np.interp(hour, self.hours, self.values_pu, period=24.0))
