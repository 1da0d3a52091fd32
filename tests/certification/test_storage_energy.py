"""Energies, response times and rates from samples, by hand; and what they cannot depend on."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.certification.criteria import Reading
from bench.certification.rig import Sample
from bench.certification.storage.charge import moved
from bench.certification.storage.energy import ratio, throughput
from bench.certification.storage.steps import rate, responded

powers = st.floats(-1.0, 1.0)
gaps_s = st.floats(0.1, 600.0)


def samples(*points: tuple[float, float]) -> list[Sample]:
    """Return looks at moments, s, at which the analyzer saw powers."""
    return [Sample(time_s, (1.0,), 60.0, p_pu, 0.0) for time_s, p_pu in points]


def test_power_that_is_held_gives_its_product_with_time() -> None:
    flow = throughput(samples((0, 0.5), (1800, 0.5), (3600, 0.5)), 0.0)
    assert flow.discharged == Reading(0.5, 0.0)
    assert flow.charged == Reading(0.0, 0.0)


def test_charging_and_discharging_are_counted_apart() -> None:
    flow = throughput(samples((0, -1.0), (3600, -1.0), (3600, 0.25), (10_800, 0.25)), 0.0)
    assert (flow.charged.value, flow.discharged.value) == (1.0, 0.5)


def test_the_analyzers_accuracy_counts_for_all_of_the_time() -> None:
    flow = throughput(samples((0, 1.0), (7200, 1.0)), 0.0025)
    assert flow.discharged.uncertainty == pytest.approx(0.005)


def test_where_power_changed_between_two_looks_it_may_have_been_that_of_either() -> None:
    flow = throughput(samples((0, 1.0), (360, 0.0)), 0.0)
    assert (flow.discharged.value, flow.discharged.uncertainty) == (pytest.approx(0.05), pytest.approx(0.05))


@given(st.lists(st.tuples(gaps_s, powers), min_size=2, max_size=20))
def test_the_net_energy_is_the_integral_of_power_over_time(steps: list[tuple[float, float]]) -> None:
    times = [sum(gap for gap, _ in steps[: number + 1]) for number in range(len(steps))]
    looks = samples(*zip(times, (power for _, power in steps), strict=True))
    flow = throughput(looks, 0.0)
    wanted = sum(0.5 * (a.p_pu + b.p_pu) * (b.time_s - a.time_s) / 3600.0 for a, b in pairwise(looks))
    assert flow.discharged.value - flow.charged.value == pytest.approx(wanted, abs=1e-9)
    assert min(flow.discharged.value, flow.charged.value) >= 0.0


@given(st.lists(powers, min_size=3, max_size=9))
def test_more_looks_at_a_power_that_is_held_change_no_energy_and_no_uncertainty(levels: list[float]) -> None:
    few = [(600.0 * number, levels[0]) for number in range(3)]
    many = [(100.0 * number, levels[0]) for number in range(13)]
    one, other = throughput(samples(*few), 0.0025), throughput(samples(*many), 0.0025)
    assert one.discharged.value == pytest.approx(other.discharged.value)
    assert one.charged.uncertainty == pytest.approx(other.charged.uncertainty)


def test_uncertainties_of_a_ratio_add_up() -> None:
    efficiency = ratio(Reading(0.9, 0.009), Reading(1.0, 0.02))
    assert efficiency.value == pytest.approx(0.9)
    assert efficiency.uncertainty == pytest.approx(0.9 * (0.01 + 0.02))


def test_power_has_responded_between_the_last_look_outside_and_the_next() -> None:
    looks = samples((0.0, 0.0), (0.1, 0.0), (0.2, 0.97), (0.3, 1.0), (0.4, 1.0))
    assert responded(looks, 1.0, 0.02, 0.0) == Reading(pytest.approx(0.25), pytest.approx(0.05))
    assert responded(looks, 1.0, 0.04, 0.0).value == pytest.approx(0.15)


def test_power_that_leaves_again_has_not_responded_before() -> None:
    looks = samples((0.0, 0.0), (0.1, 1.0), (0.2, 0.9), (0.3, 1.0))
    assert responded(looks, 1.0, 0.02, 0.0).value == pytest.approx(0.25)


def test_power_that_is_outside_to_the_end_takes_all_of_the_time_at_the_least() -> None:
    looks = samples((0.0, 0.0), (1.0, 0.2), (2.0, 0.4))
    assert responded(looks, 1.0, 0.02, 0.05) == Reading(2.0, 0.05)


@pytest.mark.parametrize("per_s", [0.05, 0.2, 2.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_straight_ramp_has_the_rate_that_it_has(per_s: float, sign: float) -> None:
    end_s = 1.5 / per_s
    moments = [end_s * number / 150 for number in range(151)]
    looks = samples(*((t, sign * min(per_s * t, 1.0)) for t in moments))
    found = rate(looks, 0.0, sign)
    assert found.value == pytest.approx(per_s, rel=1e-6)
    assert found.uncertainty < 0.01 * per_s


def test_a_change_from_one_look_to_the_next_is_as_fast_as_that_at_the_least() -> None:
    looks = samples((0.0, 0.0), (0.1, 1.0), (0.2, 1.0))
    assert rate(looks, 0.0, 1.0) == Reading(pytest.approx(8.0), 0.0)


def test_nothing_that_never_comes_has_a_rate() -> None:
    assert rate(samples((0.0, 0.0), (0.1, 0.0), (0.2, 0.0)), 0.0, 1.0) == Reading(0.0)


def test_losses_may_be_on_either_way() -> None:
    given_limits, taken = moved(0.25, 0.9), moved(-0.25, 0.9)
    assert (given_limits.lower, given_limits.upper) == (0.25, pytest.approx(0.25 / 0.9))
    assert (taken.lower, taken.upper) == (-0.25, pytest.approx(-0.225))
    assert math.isclose(moved(0.25, 1.0).upper or 0.0, 0.25)
