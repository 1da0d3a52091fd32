"""Profiles: closed-form points, and files good and bad."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.feeder.profiles import DAY_S, ClearSky, Clouded, CloudFront, CsvIrradiance, LoadShape
from instruments.errors import ConfigError

PROFILES = Path(__file__).parents[2] / "fixtures" / "profiles"
FRONT = CloudFront(start_s=100.0, fall_s=60.0, remaining=0.08, duration_s=1000.0)


@pytest.fixture(scope="module")
def sky() -> ClearSky:
    return ClearSky(datetime(2024, 6, 21, 13, 0), places=3)


def test_a_clear_early_afternoon_is_bright_and_midnight_is_dark(sky: ClearSky) -> None:
    afternoon, midnight = sky.irradiance_pu(0.0), sky.irradiance_pu(11 * 3600.0)
    assert afternoon.shape == (3,)
    assert 0.85 < afternoon[0] < 1.1
    assert midnight[0] == 0.0


def test_a_clear_day_has_the_sun_highest_near_solar_noon(sky: ClearSky) -> None:
    times = np.arange(-7 * 3600.0, 7 * 3600.0, 300.0)
    day = [sky.irradiance_pu(float(time))[0] for time in times]
    hour = 13.0 + times[int(np.argmax(day))] / 3600.0
    assert 12.0 < hour < 14.0, f"brightest at {hour:.1f} h, summer time"


def test_a_day_repeats(sky: ClearSky) -> None:
    assert sky.irradiance_pu(3600.0)[0] == pytest.approx(sky.irradiance_pu(3600.0 + DAY_S)[0])


@pytest.mark.parametrize(
    ("time_s", "factor"),
    [(0, 1.0), (100, 1.0), (130, 0.54), (160, 0.08), (1160, 0.08), (1190, 0.54), (1220, 1.0), (9999, 1.0)],
)
def test_a_front_falls_stays_and_clears(time_s: float, factor: float) -> None:
    assert FRONT.factor(time_s)[0] == pytest.approx(factor)


def test_a_travelling_front_reaches_each_place_in_its_turn(sky: ClearSky) -> None:
    front = CloudFront(0.0, fall_s=60.0, remaining=0.1, duration_s=600.0, reach_s=(0.0, 30.0, 300.0))
    clouded, clear = Clouded(sky, (front,)).irradiance_pu(60.0), sky.irradiance_pu(60.0)
    np.testing.assert_allclose(clouded / clear, [0.1, 0.55, 1.0])


@given(st.floats(-1e4, 1e4), st.floats(0.0, 1.0), st.floats(1.0, 600.0), st.floats(0.0, 5000.0))
def test_a_front_never_lets_more_through_than_there_is(time_s: float, rest: float, fall: float, stay: float) -> None:
    factor = CloudFront(0.0, fall, rest, stay).factor(time_s)[0]
    assert rest - 1e-12 <= factor <= 1.0 + 1e-12


@pytest.mark.parametrize("wrong", [{"remaining": 1.5}, {"fall_s": 0.0}, {"duration_s": -1.0}])
def test_an_impossible_front_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="cloud front"):
        CloudFront(0.0, **wrong)


def test_a_file_is_interpolated_scaled_and_held_at_its_ends(tmp_path: Path) -> None:
    path = tmp_path / "sun.csv"
    path.write_text("time,roof\n0,100\n1,300\n2,400\n\n")
    series = CsvIrradiance.read(path, column="roof", full_scale=500.0, step_s=10.0, places=2)
    assert [series.irradiance_pu(t)[1] for t in (-5.0, 0.0, 5.0, 20.0, 99.0)] == pytest.approx(
        [0.2, 0.2, 0.4, 0.8, 0.8]
    )
    assert CsvIrradiance.read(path, column=1).irradiance_pu(20.0) == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("time,roof\n0,1\n", "rof", "no column 'rof'; it has: time, roof"),
        ("1\nx\n", 0, "line 2: no number"),
        ("1\nnan\n", 0, "line 2: nan is not a finite"),
        ("1\n2\n", 3, "line 1: no number in column 3"),
        ("name\n", 0, "no values"),
        ("0\n0\n", 0, "full scale must be positive"),
        ("1\n", "roof", "it has: no names"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, column: int | str, said: str) -> None:
    path = tmp_path / "sun.csv"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        CsvIrradiance.read(path, column=column)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not found"):
        CsvIrradiance.read(tmp_path / "sun.csv")


@pytest.mark.parametrize("name", ["123Bus/PV5sdata1.csv", "8500-Node/Normalized-1s-2900-pts.CSV"])
def test_measured_irradiance_is_read(decks: Path, name: str) -> None:
    series = CsvIrradiance.read(decks / name)
    assert len(series.values_pu) == len((decks / name).read_text().split()) > 2000
    assert series.values_pu.max() == 1.0
    assert series.values_pu.std() > 0.01, "a measured series moves"


def test_the_load_shape_is_cyclic_and_highest_in_the_early_afternoon() -> None:
    shape = LoadShape.read(PROFILES / "residential_summer.csv", start_hour=13.0)
    assert shape.load_pu(0.0) == 1.0
    assert shape.load_pu(DAY_S) == 1.0
    assert shape.load_pu(10 * 3600.0) == pytest.approx(0.5)
    assert 0.42 < shape.load_pu(10.5 * 3600.0) < 0.5, "between the last hour of the day and the first of the next"


def test_hours_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    path.write_text("hour,load_pu\n3,1\n2,1\n")
    with pytest.raises(ConfigError, match="hours must rise"):
        LoadShape.read(path, 0.0)
