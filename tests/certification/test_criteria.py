"""The oracle of the type tests against worked values and at its limits."""

import pytest

from bench.certification.criteria import Reading, steady_state
from bench.certification.figures import load_figures

FIGURES = load_figures()
ACCURACY = FIGURES.accuracy.of_voltage_and_power()
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
