"""The oracle of active power against worked values and at its limits: droop, priorities, entering service."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.certification.active_power import Accuracies, Droop, Owed
from bench.certification.criteria import Accuracy, Criterion, Reading, after_response_time, steady_state
from bench.certification.curves import Curve
from bench.certification.figures import load_figures
from bench.certification.procedures.frequency_droop import offsets
from bench.measurement import judge
from instruments.errors import ConfigError
from reports.verdict import Verdict
from tests.certification.first_order import first_order

FIGURES = load_figures()
ACCURACY = Accuracy(x=0.015, y=0.075)
BOTH = Accuracies(voltage_pu=0.015, frequency_hz=0.015, power_pu=0.075)
DEFAULT = FIGURES.frequency_droop.named("1").of("III")
DROOP = Droop(DEFAULT.deadband_hz, DEFAULT.droop)
VOLT_WATT = FIGURES.volt_watt.named(FIGURES.prioritization.volt_watt).B.curve
OWED = Owed(DROOP, VOLT_WATT, FIGURES.prioritization.limit_pu.value)


def verdict(criterion: Criterion, response: float) -> Verdict:
    return judge(response, criterion.uncertainty, criterion.limits)


@pytest.mark.parametrize(
    ("frequency_hz", "target", "lower", "upper"),
    [
        (60.021, 1.0, 0.925, 1.075),
        (60.051, 0.995, 0.915, 1.075),
        (60.336, 0.90, 0.82, 0.98),
        (61.2, 0.612, 0.532, 0.692),
    ],
)
def test_worked_bands_of_the_default_droop_from_rated_power(
    frequency_hz: float, target: float, lower: float, upper: float
) -> None:
    found = steady_state(DROOP.curve(1.0), Reading(frequency_hz), Reading(target), ACCURACY)
    assert found.target == pytest.approx(target, abs=1e-9)
    assert (found.limits.lower, found.limits.upper) == (pytest.approx(lower, abs=1e-9), pytest.approx(upper, abs=1e-9))


@pytest.mark.parametrize(
    ("droop", "before", "frequency_hz", "power"),
    [
        pytest.param(DROOP, 0.66, 61.2, 0.272, id="from the power of before"),
        pytest.param(DROOP, 0.2, 61.2, 0.0, id="not below nothing"),
        pytest.param(Droop(0.036, 0.05, lowest=-1.0), 0.2, 61.2, -0.188, id="storage goes on to absorb"),
        pytest.param(DROOP, 0.5, 58.8, 0.888, id="low frequency raises power"),
        pytest.param(Droop(0.036, 0.05, -1.0, 1.0), -0.5, 58.8, -0.112, id="storage absorbs less"),
        pytest.param(Droop(0.017, 0.02), 0.5, 58.8, 1.0, id="no more than there is"),
        pytest.param(Droop(1.0, 0.05), 1.0, 60.9, 1.0, id="a wide deadband"),
    ],
)
def test_worked_powers_of_droops(droop: Droop, before: float, frequency_hz: float, power: float) -> None:
    assert droop.curve(before).at(frequency_hz) == pytest.approx(power, abs=1e-9)


@pytest.mark.parametrize(("offset", "expected"), [(0.0, Verdict.PASS), (-1e-6, Verdict.FAIL), (1e-6, Verdict.PASS)])
def test_a_power_at_its_limit_passes_and_one_beyond_fails(offset: float, expected: Verdict) -> None:
    response = 0.532 + offset
    found = steady_state(DROOP.curve(1.0), Reading(61.2), Reading(response), ACCURACY)
    assert verdict(found, response - (0.532 - (found.limits.lower or 0.0))) is expected


def test_uncertainty_decides_next_to_the_limit() -> None:
    near, far = 0.694, 0.70
    for response, expected in ((near, Verdict.INCONCLUSIVE), (far, Verdict.FAIL)):
        found = steady_state(DROOP.curve(1.0), Reading(61.2, 0.001), Reading(response, 0.005), ACCURACY)
        assert verdict(found, response) is expected, f"{response} against {found.limits} +- {found.uncertainty}"


def _responded(response_s: float, change: float) -> Verdict:
    """Judge a first-order device after the default response time, whose droop goes through `change` of rated power."""
    frequency_hz = 60.0 + DROOP.deadband_hz + change * 60.0 * DROOP.droop
    response = first_order(1.0, 1.0 - change, DEFAULT.response_s, response_s)
    found = after_response_time(DROOP.curve(1.0), Reading(1.0), Reading(frequency_hz), Reading(response), ACCURACY)
    return verdict(found, response)


def test_an_ideal_device_passes_and_a_slow_one_fails_where_the_change_is_wide_enough_to_tell() -> None:
    assert _responded(DEFAULT.response_s, 0.9) is Verdict.PASS
    assert _responded(1.25 * DEFAULT.response_s, 0.9) is Verdict.PASS, "6 % of rated power late: inside of the band"
    assert _responded(2.0 * DEFAULT.response_s, 0.9) is Verdict.FAIL
    assert _responded(1e9, FIGURES.frequency_droop.small_pu.value) is Verdict.FAIL, "one that does not move at all"


@pytest.mark.parametrize("category", ["A", "B"])
@pytest.mark.parametrize("number", range(8))
def test_what_is_owed_is_what_the_standards_table_says(category: str, number: int) -> None:
    steps = FIGURES.prioritization.steps
    before, owed, inside = 0.5, 0.5, True
    for step in steps[: number + 1]:
        if inside:
            before = owed
        owed, inside = OWED.at(step.v_pu, step.f_hz, before), DROOP.is_inside(step.f_hz)
    assert owed == pytest.approx(steps[number].p_pu, abs=0.003), f"step {number + 1}, rounded in the table"
    vars_owed = (
        FIGURES.volt_var.named("1").of(category, 0.44, 0.25).curve.at(steps[number].v_pu),
        FIGURES.watt_var.named("1").of(category, 0.44, 0.25).curve.at(owed),
    )
    told = [getattr(found, category) for found in (steps[number].volt_var, steps[number].watt_var)]
    assert vars_owed == (pytest.approx(told[0], abs=0.026), pytest.approx(told[1], abs=0.006))


@pytest.mark.parametrize(
    ("power", "expected"),
    [(0.601, Verdict.PASS), (0.52, Verdict.FAIL), (0.521, Verdict.FAIL), (0.5214, Verdict.PASS), (0.69, Verdict.FAIL)],
)
def test_a_limit_of_active_power_does_not_hold_back_the_rise_at_low_frequency(power: float, expected: Verdict) -> None:
    found = OWED.criterion(Reading(1.0), Reading(59.36), Reading(0.4), Reading(power), BOTH)
    assert found.target == pytest.approx(0.4 + 0.604 / 3.0)
    assert verdict(found, power) is expected


def test_volt_watt_caps_what_low_frequency_asks_for_as_well_as_voltage_is_known() -> None:
    found = OWED.criterion(Reading(1.09), Reading(59.36), Reading(0.4), Reading(0.4), BOTH)
    assert (found.target, found.limits.lower) == (pytest.approx(0.4), pytest.approx(0.2 - 0.075))
    assert found.limits.upper == pytest.approx(0.4 + 0.619 / 3.0 + 0.075), "the droop bounds it where voltage cannot"


@given(before=st.floats(0.0, 1.0), frequency_hz=st.floats(58.8, 61.2), moved=st.floats(0.0, 0.4))
def test_more_frequency_never_asks_for_more_power(before: float, frequency_hz: float, moved: float) -> None:
    curve = DROOP.curve(before)
    assert curve.at(frequency_hz + moved) <= curve.at(frequency_hz) + 1e-12
    assert 0.0 <= curve.at(frequency_hz) <= 1.0


@given(before=st.floats(-2.0, 2.0))
def test_a_power_that_measurement_puts_beyond_its_bounds_is_taken_back_to_them(before: float) -> None:
    assert 0.0 <= DROOP.bounded(before) <= 1.0
    if not 0.0 <= before <= 1.0:
        with pytest.raises(ValueError, match="before the disturbance"):
            DROOP.curve(before)


def test_frequency_goes_to_both_sides_of_the_edge_and_to_the_end_and_back() -> None:
    steps = offsets(DEFAULT, 1.2, 0.3, 0.015)
    assert steps == pytest.approx((0.021, 0.051, 0.336, 1.2, 0.9, 0.051, 0.021, 0.0))


def test_what_lies_beyond_continuous_operation_is_left_out() -> None:
    wide = FIGURES.frequency_droop.named("least").of("III")
    assert offsets(wide, 1.2, 0.3, 0.015) == pytest.approx((0.985, 1.015, 1.2, 1.015, 0.985, 0.0))


@pytest.mark.parametrize(("abnormal", "droop", "response_s"), [("I", 0.03, 1.0), ("II", 0.03, 1.0), ("III", 0.02, 0.2)])
def test_the_aggressive_droop_is_that_of_the_abnormal_category(abnormal: str, droop: float, response_s: float) -> None:
    found = FIGURES.frequency_droop.named("2").of(abnormal)
    assert (found.deadband_hz, found.droop, found.response_s) == (0.017, droop, response_s)


def test_an_unknown_droop_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no characteristic '3'; known: 1, 2, least"):
        FIGURES.frequency_droop.named("3")


def test_a_curve_over_voltage_stays_what_it_is() -> None:
    assert isinstance(VOLT_WATT, Curve)
    assert VOLT_WATT.at(1.09) == pytest.approx(0.4)
