"""True service voltages over time: what a good meter must have found, could have found, could have read."""

import numpy as np
import pytest

from bench.truth.range_a import Condition, RangeASettings, ServiceVoltages

INTERVAL_S, GUARD_V = 10.0, 0.3
METERS = ("near", "far")
HEALTHY = (120.0, 120.0)
CONDITIONS: tuple[Condition, ...] = ("under", "over")


def history(*far_legs_v: tuple[float, float], step_s: float = 1.0) -> ServiceVoltages:
    """Give `far` these leg voltages, one pair a step from time 0 on; `near` stays healthy."""
    voltages = ServiceVoltages(METERS, RangeASettings(INTERVAL_S, GUARD_V))
    for i, legs_v in enumerate(far_legs_v):
        voltages.take(i * step_s, np.array([HEALTHY, legs_v]))
    return voltages


def falling(healthy_steps: int, out_steps: int, out_v: float = 113.0) -> ServiceVoltages:
    return history(*[HEALTHY] * healthy_steps, *[(out_v, out_v)] * out_steps)


def test_a_meter_must_know_after_two_intervals_and_not_before() -> None:
    voltages = falling(5, 25)
    assert voltages.must_have_flagged(24.9) == {}, "a meter's own interval may just have begun when the voltage fell"
    assert voltages.must_have_flagged(25.0) == {"far": 25.0}, "out since 5 s: whole within two intervals of 10 s"
    assert voltages.must_have_flagged(29.0) == {"far": 25.0}, "the time by which it had to know does not move on"


def test_one_leg_is_enough() -> None:
    voltages = history(*[(120.0, 113.0)] * 21)
    assert set(voltages.must_have_flagged(20.0)) == {"far"}


@pytest.mark.parametrize(
    ("out_v", "found"),
    [
        (113.69, True),
        (113.71, False),
        (114.0, False),
        (126.0, False),
        (126.29, False),
        (126.31, True),
    ],
)
def test_no_meter_has_to_find_what_lies_within_its_class_of_the_limit(out_v: float, found: bool) -> None:
    assert ("far" in falling(0, 21, out_v).must_have_flagged(20.0)) is found


def test_a_moment_back_in_range_starts_the_count_again() -> None:
    out = (113.0, 113.0)
    voltages = history(*[out] * 15, HEALTHY, *[out] * 15)
    assert voltages.must_have_flagged(30.0) == {}, "out from 0 to 14 s and from 16 s on: never two whole intervals"
    assert voltages.may_soon_flag(30.0) == {"far"}


def test_an_alert_may_be_on_its_way_after_one_interval() -> None:
    voltages = falling(5, 25)
    assert voltages.may_soon_flag(14.9) == set()
    assert voltages.may_soon_flag(15.0) == {"far"}


def test_an_alert_of_a_service_that_was_never_out_is_known_to_be_false() -> None:
    voltages = history(*[HEALTHY] * 40)
    assert not voltages.was_recently_out("far", "under", 39.0)


@pytest.mark.parametrize(
    ("mean_v", "possible"),
    [(114.31, None), (114.29, "under"), (114.0, "under"), (113.0, "under"), (125.69, None), (125.71, "over")],
)
def test_a_good_meter_may_find_what_lies_within_its_class_of_the_limit(mean_v: float, possible: str | None) -> None:
    voltages = history(*[(mean_v, mean_v)] * 30)
    found = [condition for condition in CONDITIONS if voltages.was_recently_out("far", condition, 29.0)]
    assert found == ([possible] if possible else []), "a low voltage is not a high one, and a healthy one is neither"


def test_a_dip_shorter_than_an_interval_counts_by_its_mean_alone() -> None:
    """Three of ten seconds at 110 V take the mean to 117 V: no good meter finds that out of range."""
    dip = [HEALTHY] * 10 + [(110.0, 110.0)] * 3 + [HEALTHY] * 17
    assert not history(*dip).was_recently_out("far", "under", 29.0)
    deep = [HEALTHY] * 10 + [(80.0, 80.0)] * 3 + [HEALTHY] * 17
    assert history(*deep).was_recently_out("far", "under", 29.0), "0.7 x 120 V + 0.3 x 80 V = 108 V is out"


def test_what_was_out_is_remembered_for_three_intervals() -> None:
    back = history(*[(113.0, 113.0)] * 20, *[HEALTHY] * 60)
    assert back.was_recently_out("far", "under", 40.0)
    assert not back.was_recently_out("far", "under", 60.0), "an alert 40 s after the recovery cannot be about the dip"


def test_before_an_interval_has_passed_nothing_can_have_been_found() -> None:
    assert not falling(0, 5).was_recently_out("far", "under", 4.0)


def test_a_reading_is_true_within_the_class_of_what_stood_there_in_the_last_half_interval() -> None:
    rising = history(*[(110.0 + second, 110.0 + second) for second in range(21)])
    readable = {v for v in (124.0, 124.8, 127.0, 130.2, 130.4) if rising.could_read("far", v, 20.0)}
    assert readable == {124.8, 127.0, 130.2}, "from 125 V at 15 s to 130 V at 20 s, 0.3 V to either side"


def test_either_leg_can_be_read() -> None:
    voltages = history(*[(113.0, 121.0)] * 10)
    assert voltages.could_read("far", 113.0, 9.0)
    assert voltages.could_read("far", 121.0, 9.0)
    assert voltages.latest("far") == 113.0, "the leg farther from 120 V is the one that is told"


def test_between_steps_the_step_before_is_what_stands_there() -> None:
    """The plant may step by a minute where nothing moves; a reading in between is still one of that state."""
    voltages = history((118.0, 118.0), (119.0, 119.0), step_s=60.0)
    assert voltages.could_read("far", 119.0, 100.0)
    assert not voltages.could_read("far", 118.0, 100.0)


def test_a_step_after_the_reading_says_nothing_about_it() -> None:
    voltages = history(*[(118.0, 118.0)] * 10, (113.0, 113.0))
    assert not voltages.could_read("far", 113.0, 9.5), "113 V came at 10 s, the reading is of 9.5 s"


def test_meters_are_known_by_name() -> None:
    voltages = falling(1, 1)
    assert voltages.is_meter("near")
    assert not voltages.is_meter("farther")
