"""Steps of any length: they tell of the same voltages what steps of a second tell, and do not fill the memory."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.truth.range_a import RangeASettings, ServiceVoltages
from bench.truth.voltage_record import RunningExtreme

INTERVAL_S = 10.0
METERS = ("near", "far")
STRETCHES = st.lists(st.tuples(st.integers(1, 45), st.floats(105.0, 135.0)), min_size=1, max_size=8)
"""How long, s, and how high a voltage stands, V."""


def record() -> ServiceVoltages:
    voltages = ServiceVoltages(METERS, RangeASettings(INTERVAL_S, 0.3))
    voltages.take(0.0, legs(120.0))
    return voltages


def legs(volts: float) -> np.ndarray:
    return np.array([[120.0, 120.0], [volts, 120.0]])


def in_long_steps(stretches: list[tuple[int, float]]) -> ServiceVoltages:
    voltages, time_s = record(), 0.0
    for seconds, volts in stretches:
        time_s += seconds
        voltages.take(time_s, legs(volts))
    return voltages


def in_seconds(stretches: list[tuple[int, float]]) -> ServiceVoltages:
    voltages, clock = record(), itertools.count(1)
    for seconds, volts in stretches:
        for _ in range(seconds):
            voltages.take(float(next(clock)), legs(volts))
    return voltages


@given(STRETCHES, st.integers(0, 60))
def test_extremes_do_not_hang_on_the_length_of_the_steps(stretches, since_s):
    long, short = in_long_steps(stretches), in_seconds(stretches)
    for of_long, of_short in zip(long.extremes(float(since_s)), short.extremes(float(since_s)), strict=True):
        assert of_long[1] == pytest.approx(of_short[1], abs=2e-3), f"since {since_s} s"


@given(STRETCHES)
def test_what_a_good_meter_may_have_found_does_not_hang_on_the_length_of_the_steps(stretches):
    long, short = in_long_steps(stretches), in_seconds(stretches)
    now_s = long.time_s
    for condition in ("under", "over"):
        assert long.was_recently_out("far", condition, now_s) == short.was_recently_out("far", condition, now_s)


def test_a_step_of_minutes_out_of_range_is_as_many_intervals() -> None:
    """Meters count a step for the time since the step before; so does the truth that they are held to."""
    voltages = record()
    voltages.take(300.0, legs(112.0))
    assert voltages.was_recently_out("far", "under", 300.0)
    assert voltages.extremes(0.0)[0] == ("far", 112.0)


def test_a_long_step_weighs_as_long_as_it_took() -> None:
    voltages = record()
    voltages.take(8.0, legs(110.0))
    voltages.take(10.0, legs(130.0))
    low, high = voltages.extremes(0.0)
    assert low == ("far", pytest.approx((8 * 110.0 + 2 * 130.0) / 10.0))
    assert high[1] == pytest.approx(120.0), "the other leg and the other meter stand at 120 V"


def test_a_day_of_seconds_takes_no_more_memory_than_an_hour() -> None:
    def kept(hours: int) -> int:
        voltages = record()
        for second in range(1, hours * 3600 + 1):
            voltages.take(float(second), legs(115.0 + 10.0 * second / 86400.0))
        record_of = voltages._record
        extremes = len(voltages._lowest._found) + len(voltages._highest._found)
        return len(record_of.times_s) + extremes

    hour, day = kept(1), kept(24)
    assert hour > 0
    assert day < 15_000, "steps of the window, and extremes a millivolt apart over ten volts"


@given(st.lists(st.floats(100.0, 140.0), min_size=1, max_size=40), st.integers(0, 45))
def test_the_running_extreme_is_that_of_all_values_since(values, since):
    lowest, highest = RunningExtreme(), RunningExtreme()
    for i, value in enumerate(values):
        lowest.add(float(i), i, value, upwards=-1.0)
        highest.add(float(i), i, value, upwards=1.0)
    low, high = lowest.since(float(since)), highest.since(float(since))
    if since >= len(values):
        assert (low, high) == (None, None)
    else:
        assert low is not None
        assert high is not None
        assert low[1] == pytest.approx(min(values[since:]), abs=1.001e-3)
        assert high[1] == pytest.approx(max(values[since:]), abs=1.001e-3)
        assert low[1] <= min(values[since:])
        assert high[1] >= max(values[since:])
