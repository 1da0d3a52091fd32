"""Whether resources sufficed: limits, uncertainty, signs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dispatch.sufficiency import Finding, judge_devices, judge_head


@pytest.mark.parametrize(
    ("measured_kw", "finding", "further_kw"),
    [
        (6900.0, Finding.MET, 0.0),
        (6950.0, Finding.MET, 0.0),
        (6951.0, Finding.UNCLEAR, 1.0),
        (7000.0, Finding.UNCLEAR, 50.0),
        (7050.0, Finding.UNCLEAR, 100.0),
        (7051.0, Finding.NOT_MET, 101.0),
    ],
)
def test_the_limit_is_the_forecast_less_the_requirement_and_uncertainty_is_no_excuse(
    measured_kw: float, finding: Finding, further_kw: float
) -> None:
    found = judge_head(measured_kw, 50.0, forecast_kw=8000.0, requirement_kw=1000.0)
    assert found.limit_kw == 7000.0
    assert found.finding is finding
    assert found.is_sufficient == (finding is Finding.MET)
    assert found.further_kw == pytest.approx(further_kw)


def test_a_measurement_that_is_exact_tells_at_the_limit() -> None:
    assert judge_head(7000.0, 0.0, 8000.0, 1000.0).finding is Finding.MET
    assert judge_head(7000.001, 0.0, 8000.0, 1000.0).finding is Finding.NOT_MET


@pytest.mark.parametrize(
    ("asked", "given_kw", "finding"),
    [
        (100.0, 100.0, Finding.MET),
        (100.0, 130.0, Finding.MET),
        (100.0, 97.0, Finding.MET),
        (100.0, 95.5, Finding.UNCLEAR),
        (100.0, 90.0, Finding.NOT_MET),
        (100.0, -100.0, Finding.NOT_MET),
        (-100.0, -100.0, Finding.MET),
        (-100.0, -60.0, Finding.MET),
        (-100.0, -120.0, Finding.NOT_MET),
        (100.0, None, Finding.NOT_MEASURED),
    ],
)
def test_a_device_delivers_when_the_feeder_gets_at_least_what_was_asked(
    asked: float, given_kw: float | None, finding: Finding
) -> None:
    found = judge_devices({"battery": asked}, {"battery": given_kw}, {"battery": 1.0}, tolerance_kw=4.0)["battery"]
    assert found.finding is finding
    assert found.missing_kw == (None if given_kw is None else asked - given_kw)


def test_a_device_without_a_measurement_is_not_taken_for_one_that_delivered() -> None:
    assert judge_devices({"a": 1.0, "b": 2.0}, {"a": 1.0}, {"a": 0.1})["b"].finding is Finding.NOT_MEASURED


def test_figures_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        judge_head(float("nan"), 1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="below zero"):
        judge_head(1.0, -1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="below zero"):
        judge_devices({"a": 1.0}, {"a": 1.0}, {"a": -1.0})
    with pytest.raises(ValueError, match="without an uncertainty: a"):
        judge_devices({"a": 1.0}, {"a": 1.0}, {})


@settings(deadline=None)
@given(st.floats(-1e4, 1e4), st.floats(0, 500), st.floats(0, 1e4), st.floats(0, 1e4))
def test_after_the_further_reduction_the_resources_suffice(
    measured_kw: float, uncertainty_kw: float, forecast_kw: float, requirement_kw: float
) -> None:
    found = judge_head(measured_kw, uncertainty_kw, forecast_kw, requirement_kw)
    after = judge_head(measured_kw - found.further_kw - 1e-6, uncertainty_kw, forecast_kw, requirement_kw)
    assert after.is_sufficient
    assert found.is_sufficient == (found.further_kw == 0.0)
