"""Total load affected: validation, estimation and editing of interval readings, worked out by hand."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dispatch.load_affected import CalledCustomer, Reading, examine, fill_gaps, total_load_affected, verify

STEP_S = 360.0
"""A tenth of an hour: 5 kW take 500 Wh in it."""


def readings(*loads_w: float | None, start_wh: float = 1000.0) -> list[Reading]:
    """Make readings a tenth of an hour apart, with registers that count what the loads before took."""
    energy_wh, made = start_wh, []
    for i, load_w in enumerate(loads_w):
        made.append(Reading(i * STEP_S, load_w, None if load_w is None else energy_wh))
        energy_wh += (load_w or 5000.0) * STEP_S / 3600.0
    return made


def customer(before: Sequence[float | None], after: Sequence[float | None], **known: float) -> CalledCustomer:
    return CalledCustomer(known.get("expected_kw", 2.0), readings(*before), readings(*after), known.get("demanded_w"))


def test_the_difference_of_the_means_is_what_a_customer_shed() -> None:
    found = total_load_affected({"a": customer([5000.0] * 3, [2000.0] * 3), "b": customer([4000.0] * 3, [4000.0] * 3)})
    assert found.by_customer_kw == pytest.approx({"a": 3.0, "b": 0.0})
    assert found.total_kw == pytest.approx(3.0)
    assert (found.estimated, found.unverified, found.edited) == ((), (), 0)
    assert 0.0 < found.uncertainty_kw < 0.05


def test_a_spike_is_taken_out_and_counted() -> None:
    window = examine(readings(5000.0, 5000.0, 23000.0, 5000.0, 5000.0))
    assert window.mean_w == pytest.approx(5000.0)
    assert window.edited == 1


def test_a_kettle_is_no_spike() -> None:
    window = examine(readings(5000.0, 5000.0, 5800.0, 5000.0))
    assert window.mean_w == pytest.approx(5200.0)
    assert window.edited == 0


def test_a_gap_is_filled_between_its_neighbours() -> None:
    window = examine(readings(4000.0, None, 4400.0))
    assert window.mean_w == pytest.approx(4200.0)
    assert window.edited == 1


@pytest.mark.parametrize(
    ("values", "filled"),
    [
        ([None, 2.0, None, None, 5.0, None], [2.0, 2.0, 3.0, 4.0, 5.0, 5.0]),
        ([7.0], [7.0]),
        ([None, None, 1.0], [1.0, 1.0, 1.0]),
    ],
)
def test_gaps_are_filled_on_straight_lines_and_at_the_ends_with_the_nearest(
    values: list[float | None], filled: list[float]
) -> None:
    assert fill_gaps([float(i) for i in range(len(values))], values) == pytest.approx(filled)


def test_a_window_with_too_few_readings_is_not_guessed() -> None:
    assert examine(readings(5000.0, None, None)).mean_w is None
    assert examine([]).mean_w is None


def test_readings_that_contradict_the_register_are_told() -> None:
    wrong = [Reading(0.0, 5000.0, 1000.0), Reading(STEP_S, 5000.0, 1000.0 + 300.0)]
    right = [Reading(0.0, 5000.0, 1000.0), Reading(STEP_S, 5000.0, 1000.0 + 500.0)]
    assert not examine(wrong).verified, "half a kilowatt hour was taken, three tenths were counted"
    assert examine(right).verified


def test_the_read_on_demand_verifies_the_interval_readings_and_stands_in_for_them() -> None:
    window = examine(readings(2000.0, 2000.0))
    assert verify(window, 2040.0).verified
    assert not verify(window, 2500.0).verified
    assert verify(examine(readings(None, None)), 1900.0).mean_w == 1900.0
    assert verify(window, None) == window


def test_a_customer_without_readings_is_estimated_from_the_others_and_widens_the_uncertainty() -> None:
    """The others brought 1.5 and 0.9 of what was expected, together 1.2: the silent one is taken for 1.2 x 2 kW."""
    measured = {"a": customer([5000.0] * 2, [2000.0] * 2), "b": customer([5000.0] * 2, [3200.0] * 2)}
    alone = total_load_affected(measured)
    found = total_load_affected({**measured, "silent": customer([5000.0] * 2, [None, None])})
    assert found.estimated == ("silent",)
    assert found.by_customer_kw["silent"] == pytest.approx(2.4)
    assert found.total_kw == pytest.approx(alone.total_kw + 2.4)
    assert found.uncertainty_kw > 10 * alone.uncertainty_kw


def test_a_meter_silent_after_the_call_is_not_taken_for_one_that_kept_its_load() -> None:
    found = total_load_affected({"a": customer([5000.0] * 2, [2000.0] * 2), "b": customer([5000.0] * 2, [None] * 2)})
    assert found.by_customer_kw["b"] == pytest.approx(3.0)


def test_without_any_readings_nothing_is_told() -> None:
    with pytest.raises(ValueError, match="cannot be told"):
        total_load_affected({"a": customer([None], [None])})


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(500.0, 8000.0), st.floats(0.0, 1.0)), min_size=1, max_size=8),
    st.integers(2, 5),
)
def test_steady_loads_give_exactly_what_was_shed(homes: list[tuple[float, float]], count: int) -> None:
    called = {f"h{i}": customer([load] * count, [load * (1 - share)] * count) for i, (load, share) in enumerate(homes)}
    found = total_load_affected(called)
    assert found.total_kw == pytest.approx(sum(load * share for load, share in homes) / 1000.0, abs=1e-9)
    assert found.edited == 0
