"""The oracle of the type tests against worked values and at its limits."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.certification.criteria import (
    Accuracy,
    Criterion,
    Reading,
    after_response_time,
    agrees,
    at_least,
    at_most,
    steady_state,
)
from bench.certification.curves import Curve
from bench.certification.figures import load_figures
from bench.certification.stimuli import volt_var_steps
from bench.measurement import judge
from reports.verdict import Verdict
from tests.certification.first_order import first_order

FIGURES = load_figures()
ACCURACY = Accuracy(x=0.015, y=0.075)
CURVE_1_B = FIGURES.volt_var.named("1").B.curve
CURVE_1_A = FIGURES.volt_var.named("1").A.curve


@pytest.mark.parametrize(
    ("v_pu", "target", "lower", "upper"),
    [
        (1.005, 0.0, -0.075, 0.075),
        (1.035, -0.110, -0.295, 0.075),
        (1.050, -0.220, -0.405, -0.035),
        (1.065, -0.330, -0.515, -0.145),
        (1.085, -0.440, -0.515, -0.292),
        (0.965, 0.110, -0.075, 0.295),
        (0.950, 0.220, 0.035, 0.405),
        (0.935, 0.330, 0.145, 0.515),
        (0.905, 0.440, 0.365, 0.515),
    ],
)
def test_worked_volt_var_bands_of_curve_1_category_b(v_pu: float, target: float, lower: float, upper: float) -> None:
    found = steady_state(CURVE_1_B, Reading(v_pu), Reading(target), ACCURACY)
    assert found.target == pytest.approx(target, abs=5e-4)
    assert found.limits.lower == pytest.approx(lower, abs=5e-4), f"lower limit at {v_pu} pu"
    assert found.limits.upper == pytest.approx(upper, abs=5e-4), f"upper limit at {v_pu} pu"


@pytest.mark.parametrize(
    ("v_pu", "target", "lower", "upper"),
    [(1.045, 1.0, 0.925, 1.075), (1.075, 0.70, 0.325, 1.075), (1.080, 0.60, 0.225, 0.975), (1.085, 0.50, 0.125, 0.875)],
)
def test_worked_volt_watt_bands_of_curve_1(v_pu: float, target: float, lower: float, upper: float) -> None:
    found = steady_state(FIGURES.volt_watt.named("1").B.curve, Reading(v_pu), Reading(target), ACCURACY)
    assert found.target == pytest.approx(target, abs=1e-9)
    assert (found.limits.lower, found.limits.upper) == (pytest.approx(lower, abs=1e-9), pytest.approx(upper, abs=1e-9))


def verdict(criterion: Criterion, response: float) -> Verdict:
    return judge(response, criterion.uncertainty, criterion.limits)


@pytest.mark.parametrize(("offset", "expected"), [(0.0, Verdict.PASS), (-1e-6, Verdict.FAIL), (1e-6, Verdict.PASS)])
def test_a_response_at_its_limit_passes_and_one_beyond_fails(offset: float, expected: Verdict) -> None:
    limit = steady_state(CURVE_1_B, Reading(1.05), Reading(-0.4), ACCURACY).limits.lower
    assert limit == pytest.approx(-0.405)
    response = limit + offset
    assert verdict(steady_state(CURVE_1_B, Reading(1.05), Reading(response), ACCURACY), response) is expected


@pytest.mark.parametrize(
    ("upper", "limit"),
    [(True, -0.024), (False, -0.372)],
    ids=["0.9 of -0.11 and 0.075", "0.9 of -0.33 and 0.075"],
)
@pytest.mark.parametrize(("inwards", "expected"), [(0.0, Verdict.PASS), (1e-6, Verdict.PASS), (-1e-6, Verdict.FAIL)])
def test_a_response_at_its_time_passes_at_both_limits_and_fails_beyond(
    upper: bool, limit: float, inwards: float, expected: Verdict
) -> None:
    def held(response: float) -> Criterion:
        return after_response_time(CURVE_1_B, Reading(0.0), Reading(1.05), Reading(response), ACCURACY)

    limits = held(limit).limits
    exactly = limits.upper if upper else limits.lower
    assert exactly == pytest.approx(limit, abs=1e-12)
    response = exactly - inwards if upper else exactly + inwards
    assert verdict(held(response), response) is expected


@pytest.mark.parametrize(
    ("criterion", "limit", "outwards"),
    [
        pytest.param(lambda r: at_most(0.66, r, 0.075), 0.735, 1.0, id="at most"),
        pytest.param(lambda r: at_least(295.5, r), 295.5, -1.0, id="at least"),
        pytest.param(lambda r: agrees(Reading(1.0, r.uncertainty), 0.01), 1.01, 1.0, id="agrees, above"),
        pytest.param(lambda r: agrees(Reading(1.0, r.uncertainty), 0.01), 0.99, -1.0, id="agrees, below"),
    ],
)
def test_single_limits_pass_exactly_at_them_and_fail_beyond(
    criterion: Callable[[Reading], Criterion], limit: float, outwards: float
) -> None:
    for offset, uncertainty, expected in (
        (0.0, 0.0, Verdict.PASS),
        (-1e-6, 0.0, Verdict.PASS),
        (1e-6, 0.0, Verdict.FAIL),
        (-0.0011, 0.001, Verdict.PASS),
        (-0.0009, 0.001, Verdict.INCONCLUSIVE),
        (0.0009, 0.001, Verdict.INCONCLUSIVE),
        (0.0011, 0.001, Verdict.FAIL),
    ):
        response = limit + outwards * offset
        assert verdict(criterion(Reading(response, uncertainty)), response) is expected, f"{offset} from {limit}"


def test_the_response_before_is_known_no_better_than_it_was_measured() -> None:
    blunt = after_response_time(CURVE_1_B, Reading(0.0, 0.02), Reading(1.05), Reading(-0.2, 0.003), ACCURACY)
    assert blunt.uncertainty == pytest.approx(0.003 + 0.1 * 0.02), "a tenth of the way still hangs on where it began"


def test_where_the_instruments_decide_it_cannot_be_told() -> None:
    response = Reading(-0.400, uncertainty=0.01)
    assert verdict(steady_state(CURVE_1_B, Reading(1.05), response, ACCURACY), response.value) is Verdict.INCONCLUSIVE
    steep = steady_state(CURVE_1_B, Reading(1.05, uncertainty=0.002), Reading(-0.395), ACCURACY)
    assert verdict(steep, -0.395) is Verdict.INCONCLUSIVE, "0.002 pu of voltage move the band by 0.0147 pu there"


def test_a_stimulus_known_badly_does_not_matter_where_the_curve_is_flat() -> None:
    flat = steady_state(CURVE_1_B, Reading(0.90, uncertainty=0.004), Reading(0.37), ACCURACY)
    assert flat.uncertainty == 0.0
    assert verdict(flat, 0.37) is Verdict.PASS


@pytest.mark.parametrize(("slowness", "expected"), [(1.0, Verdict.PASS), (1.25, Verdict.FAIL), (3.0, Verdict.FAIL)])
def test_the_time_of_a_response_is_judged_where_the_method_can_tell(slowness: float, expected: Verdict) -> None:
    whole = Curve((0.9, 1.1), (1.0, -1.0))
    fine = Accuracy(x=0.0005, y=0.05)
    reached = first_order(1.0, -1.0, elapsed_s=5.0, response_s=5.0 * slowness)
    found = after_response_time(whole, Reading(1.0), Reading(1.1), Reading(reached), fine)
    assert verdict(found, reached) is expected


def test_small_steps_leave_the_time_of_a_response_untold() -> None:
    reached = first_order(-0.11, -0.22, elapsed_s=5.0, response_s=6.25)
    found = after_response_time(CURVE_1_B, Reading(-0.11), Reading(1.05), Reading(reached), ACCURACY)
    assert verdict(found, reached) is Verdict.PASS, "the wide band of clause 4.2 cannot tell 1.25 times here"
    assert found.error(Reading(reached)) == pytest.approx(0.11 * (10 ** (-0.8) - 0.1)), "but the raw error shows it"


@given(v=st.floats(0.85, 1.15), u=st.floats(0, 0.01), q=st.floats(-0.6, 0.6))
def test_a_better_instrument_never_turns_a_pass_into_a_fail(v: float, u: float, q: float) -> None:
    sharp = verdict(steady_state(CURVE_1_B, Reading(v), Reading(q), ACCURACY), q)
    blunt = verdict(steady_state(CURVE_1_B, Reading(v, u), Reading(q, u), ACCURACY), q)
    assert blunt in {sharp, Verdict.INCONCLUSIVE}


@given(v=st.floats(0.85, 1.15), before=st.floats(-0.5, 0.5))
def test_what_the_curve_asks_for_is_inside_its_own_band(v: float, before: float) -> None:
    rest = steady_state(CURVE_1_B, Reading(v), Reading(CURVE_1_B.at(v)), ACCURACY)
    assert verdict(rest, rest.target) is Verdict.PASS
    way = after_response_time(CURVE_1_B, Reading(before), Reading(v), Reading(0.0), ACCURACY)
    assert verdict(way, way.target) is Verdict.PASS
    assert (rest.error(Reading(rest.target + 0.01)), way.error(Reading(way.target))) == (pytest.approx(0.01), 0.0)


@given(v=st.floats(0.85, 1.15), q=st.floats(-0.6, 0.6), towards=st.floats(0.0, 1.0))
def test_who_comes_nearer_to_the_curve_is_not_judged_worse(v: float, q: float, towards: float) -> None:
    far = steady_state(CURVE_1_B, Reading(v), Reading(q), ACCURACY)
    nearer = q + towards * (far.target - q)
    near = steady_state(CURVE_1_B, Reading(v), Reading(nearer), ACCURACY)
    if verdict(far, q) is Verdict.PASS:
        assert verdict(near, nearer) is Verdict.PASS


def test_the_sweep_of_curve_1_goes_up_back_down_and_back() -> None:
    steps = volt_var_steps(CURVE_1_B, 1.0, (0.88, 1.10), 0.015)
    up = [1.005, 1.035, 1.05, 1.065, 1.085, 1.065, 1.05, 1.035, 1.005, 1.0]
    down = [0.995, 0.965, 0.95, 0.935, 0.905, 0.895, 0.905, 0.935, 0.95, 0.965, 0.995, 1.0]
    assert steps == pytest.approx(up + down)


def test_a_capped_curve_has_a_corner_where_it_meets_the_level() -> None:
    capped = FIGURES.volt_watt.named("1").B.curve.capped(0.66)
    assert capped.at(1.0) == 0.66
    assert capped.at(1.076) == pytest.approx(0.66)
    assert capped.at(1.077) == pytest.approx(0.66)
    assert capped.at(1.09) == pytest.approx(0.4)
