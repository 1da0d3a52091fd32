"""Measurements against limits: the whole uncertainty band decides."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.measurement import Limits, Measurement, judge
from reports.verdict import Verdict

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
RANGE_A = Limits(114.0, 126.0)


@pytest.mark.parametrize(
    ("value", "uncertainty", "limits", "verdict"),
    [
        (120.0, 0.5, RANGE_A, PASS),
        (114.5, 0.5, RANGE_A, PASS),
        (125.5, 0.5, RANGE_A, PASS),
        (114.25, 0.5, RANGE_A, INCONCLUSIVE),
        (114.0, 0.5, RANGE_A, INCONCLUSIVE),
        (113.5, 0.5, RANGE_A, INCONCLUSIVE),
        (113.25, 0.5, RANGE_A, FAIL),
        (126.5, 0.5, RANGE_A, INCONCLUSIVE),
        (126.75, 0.5, RANGE_A, FAIL),
        (114.0, 0.0, RANGE_A, PASS),
        (113.999, 0.0, RANGE_A, FAIL),
        (120.0, 7.0, RANGE_A, INCONCLUSIVE),
        (1e9, 0.0, Limits(lower=0.0), PASS),
        (-1.0, 0.5, Limits(lower=0.0), FAIL),
        (0.25, 0.5, Limits(upper=0.0), INCONCLUSIVE),
        (5.0, 1e9, Limits(), PASS),
    ],
)
def test_the_band_decides(value: float, uncertainty: float, limits: Limits, verdict: Verdict) -> None:
    assert judge(value, uncertainty, limits) is verdict


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_was_not_measured_is_not_run_and_never_passed(value: float | None) -> None:
    measurement = Measurement("active power", value, "kW", 0.1, 0.0, "power_analyzer")
    assert measurement.verdict is Verdict.NOT_RUN
    assert not measurement.is_measured


def test_limits_around_a_centre() -> None:
    assert Limits.around(1000.0, 30.0) == Limits(970.0, 1030.0)


NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, st.floats(0, 1e3), NUMBERS, st.floats(0, 1e6))
def test_a_verdict_holds_for_every_true_value_in_the_band(
    value: float, uncertainty: float, lower: float, width: float
) -> None:
    limits = Limits(lower, lower + width)
    verdict = judge(value, uncertainty, limits)
    ends = {judge(end, 0.0, limits) for end in (value - uncertainty, value + uncertainty)}
    if verdict is PASS:
        assert ends == {PASS}, "a pass must hold wherever in the band the truth lies"
    if verdict is FAIL:
        assert ends == {FAIL}, "a failure must hold wherever in the band the truth lies"
    if len(ends) > 1:
        assert verdict is INCONCLUSIVE, "the two ends of the band disagree: nobody can tell"


@given(NUMBERS, st.floats(0, 1e3), st.floats(0, 1e3), NUMBERS, st.floats(0, 1e6))
def test_more_uncertainty_never_turns_a_pass_into_a_failure_or_back(
    value: float, uncertainty: float, more: float, lower: float, width: float
) -> None:
    limits = Limits(lower, lower + width)
    before, after = judge(value, uncertainty, limits), judge(value, uncertainty + more, limits)
    assert after in {before, INCONCLUSIVE}
