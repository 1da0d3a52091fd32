"""Management pays: cloudy days on the reference feeder, managed and with autonomous controls only.

A day is the same clouds twice on the same bench. All days, the short one too, run in the second stage.
"""

from itertools import pairwise
from pathlib import Path

import pytest

from bench.config import BenchFile, CloudsSection, load_bench
from bench.managed_day import Day, play_day
from bench.plant.weather import draw_fronts
from instruments.errors import ConfigError

CLOUDY_DAY = Path(__file__).parents[2] / "fixtures" / "benches" / "cloudy_day.yaml"
DAY_HOURS = 10.0


def cloudy_bench(clouds: CloudsSection | None = None, start_hour: float | None = None) -> BenchFile:
    """The cloudy day's bench, with other clouds or another beginning."""
    bench = load_bench(CLOUDY_DAY)
    changes = {"clouds": clouds, "start_hour": start_hour}
    environment = bench.environment.model_copy(update={k: v for k, v in changes.items() if v is not None})
    return bench.model_copy(update={"environment": environment})


def told(day: Day) -> str:
    return f"seed {day.seed}: managed {day.managed}, autonomous {day.autonomous}"


@pytest.fixture(scope="module")
def short_day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """An hour after noon with three short, deep fronts."""
    clouds = CloudsSection(per_12_h=24, fall_s=(30.0, 60.0), depth_pu=(0.1, 0.15), duration_s=(600.0, 700.0))
    return play_day(cloudy_bench(clouds, 12.0), 11, 1.0, tmp_path_factory.mktemp("day") / "run")


@pytest.mark.long
def test_a_short_day_has_clouds_that_autonomous_controls_do_not_cure(short_day: Day) -> None:
    assert short_day.fronts == 3
    assert short_day.autonomous.violation_min >= 15.0, told(short_day)


@pytest.mark.long
def test_management_shortens_the_time_outside_range_a(short_day: Day) -> None:
    assert short_day.managed.violation_min < 0.6 * short_day.autonomous.violation_min, told(short_day)
    assert short_day.managed.violation_meter_min < 0.5 * short_day.autonomous.violation_meter_min, told(short_day)


@pytest.mark.long
def test_management_takes_no_more_operations(short_day: Day) -> None:
    assert short_day.managed.total_operations <= short_day.autonomous.total_operations, told(short_day)


BY_NIGHT = {3, 4, 5}


@pytest.mark.parametrize(
    "seed", [pytest.param(s, marks=pytest.mark.soak if s in BY_NIGHT else pytest.mark.long) for s in range(1, 6)]
)
def test_management_pays_on_each_cloudy_day(seed: int, tmp_path: Path) -> None:
    day = play_day(cloudy_bench(), seed, DAY_HOURS, tmp_path / "run")
    assert day.managed.violation_min < day.autonomous.violation_min, told(day)
    assert day.managed.violation_meter_min < day.autonomous.violation_meter_min, told(day)
    assert day.managed.total_operations <= day.autonomous.total_operations, told(day)


@pytest.mark.parametrize(
    "bench",
    [
        pytest.param({"environment": {"clouds": None}}, id="clouds"),
        pytest.param({"actors": {"der_automation": {"review": None}}}, id="review"),
    ],
)
def test_a_bench_file_without_clouds_or_review_is_refused(bench: dict[str, dict[str, object]], tmp_path: Path) -> None:
    document = load_bench(CLOUDY_DAY).model_dump()
    for section, changes in bench.items():
        document[section] |= changes
    with pytest.raises(ConfigError, match=r"environment.clouds and actors.der_automation.review"):
        play_day(BenchFile.model_validate(document), 1, 1.0, tmp_path / "run")


def test_the_clouds_of_a_seed_are_always_the_same_and_of_another_seed_others() -> None:
    section = CloudsSection()
    assert draw_fronts(section, 1, 36000.0) == draw_fronts(section, 1, 36000.0)
    assert draw_fronts(section, 1, 36000.0) != draw_fronts(section, 2, 36000.0)


def test_fronts_keep_their_bounds_do_not_overlap_and_come_as_often_as_asked() -> None:
    section = CloudsSection(per_12_h=10, fall_s=(30.0, 90.0), depth_pu=(0.1, 0.4), duration_s=(600.0, 2400.0))
    days = [draw_fronts(section, seed, 43200.0) for seed in range(200)]
    for fronts in days:
        for front in fronts:
            assert 30.0 <= front.fall_s <= 90.0
            assert 0.1 <= front.remaining <= 0.4
            assert 600.0 <= front.duration_s <= 2400.0
        for one, other in pairwise(fronts):
            assert other.start_s > one.start_s + one.duration_s + 2 * one.fall_s, "they overlap"
    assert sum(map(len, days)) / len(days) == pytest.approx(10.0, rel=0.06)


@pytest.mark.parametrize(
    "section",
    [{"per_12_h": 40.0}, {"depth_pu": (0.4, 0.1)}, {"depth_pu": (0.5, 1.2)}, {"fall_s": (0.0, 60.0)}],
)
def test_clouds_that_cannot_be_are_refused(section: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no sun between|positive and ascending"):
        CloudsSection.model_validate(section)
