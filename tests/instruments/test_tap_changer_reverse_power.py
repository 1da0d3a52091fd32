"""The emulated tap-changer control with power that flows towards its source, by hand: PT secondary, 120 V base."""

import pytest

from instruments.emulators.tap_changer_settings import Characteristic, ReverseMode
from tests.instruments.test_tap_changer_control import make

REVERSED = {"current_a": 2.0, "angle_deg": 180.0}


def test_cogeneration_regulates_forward():
    bench = make(118.0, reverse_mode=ReverseMode.COGENERATION)
    bench.sense(118.0, **REVERSED)
    assert bench.run(31.0) == [(30.0, "raise")]


def test_idle_stays_until_power_flows_forward_again():
    bench = make(reverse_mode=ReverseMode.IDLE)
    bench.sense(118.0, **REVERSED)
    assert bench.run(600.0) == []
    bench.sense(118.0, 2.0, 0.0)
    assert bench.run(31.0) == [(630.0, "raise")]


@pytest.mark.parametrize(("position", "way"), [(2, "lower"), (-2, "raise")])
def test_neutral_goes_to_neutral_whatever_voltage_is(position, way):
    bench = make(120.0, position, reverse_mode=ReverseMode.NEUTRAL)
    bench.sense(120.0, **REVERSED)
    assert bench.run(600.0) == [(30.0, way), (35.0, way)]


def test_neutral_takes_the_whole_delay_though_no_deviation_shortens_it():
    inverse = {"characteristic": Characteristic.INVERSE, "reverse_mode": ReverseMode.NEUTRAL}
    bench = make(120.0, 1, **inverse)
    bench.sense(120.0, **REVERSED)
    assert bench.run(40.0) == [(30.0, "lower")]


@pytest.mark.parametrize(
    ("voltage_v", "position", "way"),
    [
        (120.9, 0, None),
        (121.1, 0, "raise"),  # high at the source: more taps take it down there
        (118.9, 0, "lower"),
        (126.0, 8, None),  # 126 / 1.05 = 120 at the source
        (127.2, 8, "raise"),  # 121.14
        (124.8, 8, "lower"),  # 118.86
    ],
)
def test_bidirectional_keeps_the_voltage_at_the_source(voltage_v, position, way):
    bench = make(120.0, position, reverse_mode=ReverseMode.BIDIRECTIONAL, reverse_centre_v=120.0)
    bench.sense(voltage_v, **REVERSED)
    assert [moved for _, moved in bench.run(31.0)] == ([way] if way else [])


@pytest.mark.parametrize(("current_a", "angle_deg", "reversed_"), [(0.09, 180.0, False), (0.11, 180.0, True)])
@pytest.mark.parametrize("turned_deg", [0.0, 60.0])
def test_what_counts_is_the_current_in_phase(current_a, angle_deg, reversed_, turned_deg):
    bench = make(118.0, reverse_mode=ReverseMode.IDLE, reverse_threshold_a=0.1 if turned_deg == 0.0 else 0.05)
    bench.sense(118.0, current_a, angle_deg - turned_deg)
    assert (bench.run(31.0) == []) is reversed_


def test_its_defect_takes_reverse_power_for_forward():
    bench = make(118.0, reverse_mode=ReverseMode.IDLE)
    bench.control.inject("ignores-reverse-power")
    bench.sense(118.0, **REVERSED)
    assert bench.run(31.0) == [(30.0, "raise")]
