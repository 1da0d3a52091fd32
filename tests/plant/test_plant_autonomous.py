"""A run that nobody manages, judged from its files: the event has to stay, or the use case would have nothing to do."""

from dataclasses import dataclass

import pandas as pd
import pytest
from plant_bench import BENCH_PATH, TITLE, variant

from bench.session import RunSession
from reports.run_directory import RunDirectory

CALM_S, CLOUD_S = 180.0, 1200.0
LAST_S = 900.0
RANGE_A_LOWER_V = 114.0
"""ANSI C84.1 Range A, service voltage on a 120 V base."""
INSTRUMENTS = frozenset({"grid_simulator", "power_analyzer", "sensing_source", "digital_io"})
BANKS = ("capacitor_1", "capacitor_2", "capacitor_3")


@dataclass(frozen=True)
class Unmanaged:
    """A recorded run: its series, and what was written to devices."""

    directory: RunDirectory
    series: pd.DataFrame

    @property
    def last(self) -> pd.DataFrame:
        """The last quarter of an hour of the cloud."""
        return pd.DataFrame(self.series[self.series.time_s > self.series.time_s.max() - LAST_S])

    def voltages(self, part: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(part.filter(regex="^v:"))


@pytest.fixture(scope="module")
def unmanaged(tmp_path_factory: pytest.TempPathFactory) -> Unmanaged:
    """Twenty minutes of cloud with every device on its own settings; Distribution Operations is not there."""
    path = tmp_path_factory.mktemp("unmanaged") / "run"
    bench = variant({"horizon_s": CALM_S + CLOUD_S})
    session = RunSession(path, bench, BENCH_PATH, 1, ())
    played = session.play(TITLE, ["1.1"])
    try:
        played.story.calm()
        played.story.release_cloud()
    finally:
        session.close(played)
        session.finish()
    directory = RunDirectory.open(path)
    series = directory.series(directory.run.scenarios[0])
    assert series is not None
    return Unmanaged(directory, series)


def test_the_record_covers_the_cloud_to_its_end(unmanaged: Unmanaged) -> None:
    time_s = unmanaged.series.time_s
    assert (time_s.iloc[0], time_s.iloc[-1]) == (0.0, CALM_S + CLOUD_S)
    assert unmanaged.directory.verify() == []
    sun = unmanaged.series.set_index("time_s").irradiance_pu
    assert sun[CALM_S] > 0.8, "the sky has to be clear first"
    assert sun[CALM_S + CLOUD_S] < 0.1, "and covered at the end"


def test_range_a_holds_before_the_cloud(unmanaged: Unmanaged) -> None:
    before = unmanaged.voltages(unmanaged.series[unmanaged.series.time_s <= CALM_S])
    assert before.min().min() >= RANGE_A_LOWER_V
    assert before.max().max() <= 126.0


def test_autonomous_controls_alone_do_not_cure_the_event(unmanaged: Unmanaged) -> None:
    assert unmanaged.voltages(unmanaged.last).min(axis=1).max() < RANGE_A_LOWER_V


def test_no_meter_comes_back_into_range_by_itself(unmanaged: Unmanaged) -> None:
    out = unmanaged.voltages(unmanaged.last) < RANGE_A_LOWER_V
    assert out.iloc[0].sum() > 20, "an event of a few meters is no event"
    assert (out.iloc[0] <= out).all().all(), "some meter that was out of range at first is back"


def test_tap_changer_and_banks_find_nothing_to_do(unmanaged: Unmanaged) -> None:
    """The substation's own voltage stays in its band, and the vars of the banks' lines between their thresholds.

    `test_plant_controls` shows that the same controls do act, and sense what the feeder has.
    """
    assert unmanaged.series["tap:ltc"].diff().abs().sum() <= 2
    for bank in BANKS:
        assert unmanaged.series[f"cap:{bank}"].nunique() == 1, f"{bank} switches by its own VAR logic"


def test_nobody_commanded_anything(unmanaged: Unmanaged) -> None:
    written = {
        line.endpoint
        for line in unmanaged.directory.wire
        if line.operation == "write" and line.time_s < CALM_S + CLOUD_S  # then everything is made safe
    }
    instruments = {name for name, device in unmanaged.directory.run.devices.items() if device["role"] in INSTRUMENTS}
    assert written <= instruments, "instruments are set up and fed, devices left alone"
    assert unmanaged.series["p_kw:utility_inverter"].abs().max() < 0.1
