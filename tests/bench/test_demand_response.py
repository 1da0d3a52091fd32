"""Whom the DRAACS calls, and how much it says that they are good for: worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dispatch.demand_response import Candidate, ResponseModel, choose_customers, estimate

SURE = ResponseModel(rate=1.0, customer_sd=0.0, common_sd=0.0)


def candidate(name: str, kw: float, *relief_v_per_kw: float) -> Candidate:
    return Candidate(name, kw, np.array(relief_v_per_kw))


def names(chosen: tuple[Candidate, ...]) -> list[str]:
    return [c.customer for c in chosen]


def test_an_estimate_adds_single_customers_in_squares_and_what_is_common_to_all_straight() -> None:
    found = estimate([3.0, 4.0], ResponseModel(rate=0.9, customer_sd=0.2, common_sd=0.1))
    assert found.expected_kw == pytest.approx(6.3)
    assert found.precision_kw == pytest.approx(2.0 * math.hypot(0.2 * 5.0, 0.1 * 7.0))
    assert found.assured_kw == pytest.approx(found.expected_kw - found.precision_kw)


def test_the_precision_of_many_is_better_than_that_of_one() -> None:
    model = ResponseModel()
    one, many = estimate([4.0], model), estimate([4.0] * 100, model)
    assert many.precision_kw / many.expected_kw < 0.3 * one.precision_kw / one.expected_kw


def test_who_relieves_the_lowest_meter_most_is_called_first_and_no_more_than_are_needed() -> None:
    candidates = [
        candidate("near", 4.0, 0.001, 0.001),
        candidate("far", 4.0, 0.01, 0.1),
        candidate("mid", 4.0, 0.02, 0.05),
    ]
    chosen = choose_customers(np.array([118.0, 113.0]), candidates, 5.0, SURE)
    assert names(chosen.chosen) == ["far", "mid"]
    assert chosen.called.expected_kw == pytest.approx(8.0)
    assert chosen.available.expected_kw == pytest.approx(12.0)


def test_a_large_customer_a_little_off_counts_more_than_a_small_one_on_the_spot() -> None:
    candidates = [candidate("small", 1.0, 0.1), candidate("large", 5.0, 0.05)]
    assert names(choose_customers(np.array([113.0]), candidates, 1.0, SURE).chosen) == ["large"]


def test_the_choice_goes_after_whichever_meter_is_lowest_by_then() -> None:
    """Both on phase A would lift A and lower B: after one of them B is the lowest, and its customer comes next."""
    candidates = [candidate("a1", 5.0, 0.2, -0.1), candidate("a2", 5.0, 0.19, -0.1), candidate("b", 5.0, -0.1, 0.2)]
    chosen = choose_customers(np.array([113.0, 113.4]), candidates, 10.0, SURE)
    assert names(chosen.chosen) == ["a1", "b"]


def test_where_all_together_do_not_suffice_all_are_called_and_the_estimate_says_so() -> None:
    chosen = choose_customers(np.array([113.0]), [candidate("a", 2.0, 0.1), candidate("b", 3.0, 0.1)], 50.0, SURE)
    assert sorted(names(chosen.chosen)) == ["a", "b"]
    assert chosen.called.assured_kw < 50.0
    assert chosen.called == chosen.available


def test_nobody_enrolled_is_nobody_called() -> None:
    chosen = choose_customers(np.array([113.0]), [], 50.0, SURE)
    assert chosen.chosen == ()
    assert chosen.called.expected_kw == 0.0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.5, 6.0), min_size=1, max_size=12), st.floats(1.0, 30.0))
def test_what_is_called_is_assured_and_would_not_be_without_the_last_one(
    contracts: list[float], wanted_kw: float
) -> None:
    candidates = [candidate(f"c{i:02d}", kw, 0.1 + i / 100) for i, kw in enumerate(contracts)]
    model = ResponseModel(rate=0.95, customer_sd=0.2, common_sd=0.05)
    chosen = choose_customers(np.array([113.0]), candidates, wanted_kw, model)
    if len(chosen.chosen) < len(candidates):
        assert chosen.called.assured_kw >= wanted_kw
    assert estimate((c.contracted_kw for c in chosen.chosen[:-1]), model).assured_kw < wanted_kw
