"""What measured responses teach the model, and whom it calls next: worked out by hand, and against sampling."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dispatch.demand_response import ResponseModel, estimate
from bench.dispatch.tracking import ENOUGH, Contract, MeasuredResponse, choose_by_size, further, refine

SURE = ResponseModel(rate=1.0, customer_sd=0.0, common_sd=0.0)
MODEL = ResponseModel(rate=0.9, customer_sd=0.2, common_sd=0.1)


def measured(*rates: float, contracted_kw: float = 4.0, uncertainty_kw: float = 0.0) -> dict[str, MeasuredResponse]:
    return {
        f"c{i}": MeasuredResponse(contracted_kw, rate * contracted_kw, uncertainty_kw) for i, rate in enumerate(rates)
    }


def contracts(*sizes_kw: float, area: str = "") -> list[Contract]:
    return [Contract(f"c{i}{area}", kw, area) for i, kw in enumerate(sizes_kw)]


def test_four_measurements_weigh_as_much_as_a_prior_of_half_their_deviation() -> None:
    """Precisions: prior 1/0.1^2 = 100, each customer 1/0.2^2 = 25."""
    refined = refine(MODEL, measured(0.5, 0.5, 0.5, 0.5))
    assert refined.rate == pytest.approx((100 * 0.9 + 100 * 0.5) / 200)
    assert refined.common_sd == pytest.approx(1 / math.sqrt(200))
    assert refined.customer_sd == MODEL.customer_sd


def test_a_poor_measurement_weighs_less() -> None:
    """1.2 kW (coverage 2) on 4 kW are a deviation of 0.15: 1/(0.2^2 + 0.15^2) = 16."""
    refined = refine(MODEL, measured(0.5, uncertainty_kw=1.2))
    assert refined.rate == pytest.approx((100 * 0.9 + 16 * 0.5) / 116)


def test_it_is_the_rate_that_is_learned_and_not_the_power() -> None:
    small, large = refine(MODEL, measured(0.5, contracted_kw=1.0)), refine(MODEL, measured(0.5, contracted_kw=50.0))
    assert small == large


def test_the_scatter_is_estimated_anew_only_from_enough_customers() -> None:
    rates = [0.4, 0.8] * (ENOUGH // 2)
    assert refine(MODEL, measured(*rates[:-1])).customer_sd == 0.2
    assert refine(MODEL, measured(*rates)).customer_sd == pytest.approx(float(np.std(rates, ddof=1)))
    noisy = refine(MODEL, measured(*rates, uncertainty_kw=0.8))
    assert noisy.customer_sd == pytest.approx(math.sqrt(np.var(rates, ddof=1) - 0.1**2))


def test_customers_who_all_do_the_same_do_not_make_the_model_certain_beyond_reason() -> None:
    assert refine(MODEL, measured(*[1.0] * 20)).customer_sd == pytest.approx(0.01)


def test_nothing_measured_and_no_contract_teach_nothing() -> None:
    assert refine(MODEL, {}) == MODEL
    assert refine(MODEL, {"c": MeasuredResponse(0.0, 1.0)}) == MODEL


def test_a_rate_that_is_known_for_sure_stays() -> None:
    refined = refine(SURE, measured(0.5))
    assert (refined.rate, refined.common_sd) == (1.0, 0.0)


def test_after_many_customers_the_model_holds_what_they_were_drawn_from() -> None:
    drawn = np.random.default_rng(3).normal(0.7, 0.25, 400)
    refined = refine(ResponseModel(0.95, 0.1, 0.3), measured(*drawn))
    assert refined.rate == pytest.approx(0.7, abs=3 * 0.25 / 20)
    assert refined.customer_sd == pytest.approx(0.25, abs=0.03)
    assert abs(refined.rate - 0.7) < 4 * refined.common_sd


@pytest.mark.parametrize(
    ("achieved_kw", "uncertainty_kw", "calls"), [(100.0, 0.0, 0), (99.9, 0.0, 1), (101.0, 1.0, 0), (101.0, 1.1, 1)]
)
def test_the_reduction_is_reached_when_it_is_beyond_the_uncertainty_of_its_measurement(
    achieved_kw: float, uncertainty_kw: float, calls: int
) -> None:
    found = further(100.0, achieved_kw, contracts(5.0, 5.0), SURE, uncertainty_kw)
    assert len(found.chosen) == calls
    assert found.is_reached == (calls == 0)


def test_what_is_missing_is_called_and_said_to_suffice() -> None:
    found = further(100.0, 88.0, contracts(5.0, 5.0, 5.0, 5.0), SURE)
    assert found.missing_kw == pytest.approx(12.0)
    assert len(found.chosen) == 3
    assert found.suffices
    assert found.called.expected_kw == pytest.approx(15.0)
    assert further(100.0, 95.0, contracts(5.0), SURE).suffices, "exactly enough is enough"


def test_when_nobody_is_left_the_remainder_is_said() -> None:
    found = further(100.0, 80.0, contracts(5.0, 5.0), SURE)
    assert len(found.chosen) == 2
    assert not found.suffices
    nobody = further(100.0, 80.0, [], SURE)
    assert (nobody.chosen, nobody.suffices, nobody.is_reached) == ((), False, False)


def test_the_largest_are_called_first_and_the_last_is_no_larger_than_needed() -> None:
    chosen = choose_by_size(contracts(2.0, 9.0, 4.0, 8.0), 13.0, SURE)
    assert [c.contracted_kw for c in chosen] == [9.0, 4.0]
    assert [c.contracted_kw for c in choose_by_size(contracts(2.0, 9.0, 4.0, 8.0), 13.1, SURE)] == [9.0, 8.0]


def test_areas_take_turns() -> None:
    candidates = contracts(9.0, 8.0, 7.0, area="a") + contracts(3.0, 3.0, 3.0, area="b")
    chosen = choose_by_size(candidates, 12.0, SURE)
    assert [(c.area, c.contracted_kw) for c in chosen] == [("a", 9.0), ("b", 3.0)]


def test_equal_contracts_are_chosen_by_name() -> None:
    assert [c.customer for c in choose_by_size(contracts(4.0, 4.0, 4.0), 8.0, SURE)] == ["c0", "c1"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.5, 8.0), max_size=8), st.floats(0.5, 30.0))
def test_no_smaller_set_can_be_counted_on(sizes_kw: list[float], reduction_kw: float) -> None:
    model = ResponseModel(0.95, 0.15, 0.05)
    chosen = choose_by_size(contracts(*sizes_kw), reduction_kw, model)
    assured = estimate((c.contracted_kw for c in chosen), model).assured_kw
    if assured < reduction_kw:
        assert len(chosen) == len(sizes_kw), f"{assured} kW are not enough and somebody is left"
        return
    for fewer in itertools.combinations(sizes_kw, max(0, len(chosen) - 1)):
        if len(fewer) < len(chosen):
            assert estimate(fewer, model).assured_kw < reduction_kw, f"{fewer} would have been enough"
