"""What vars a good inverter may have at a measured voltage, by hand; the oracle shares nothing with the emulator."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.measurement import VarReading
from bench.truth.volt_var_trial import ninety_s
from bench.truth.volt_var_unit import VoltVarUnit, var_pu
from instruments.readings import VoltVarCurve

CURVE = VoltVarCurve((0.92, 0.98, 1.02, 1.08), (0.44, 0.0, 0.0, -0.44), 5.0)


class NoInverter:
    def read_volt_var(self) -> VoltVarCurve:
        return CURVE

    def set_volt_var(self, curve: VoltVarCurve) -> None: ...


def reading(v_pu: float, unsure_pu: float = 0.0) -> VarReading:
    return VarReading(0.0, 0.0, 277.0 * v_pu, 277.0 * unsure_pu, "analyzer", 10.0)


UNIT = VoltVarUnit(NoInverter(), lambda: None, 1000.0, 277.0, 0.03)


@pytest.mark.parametrize(
    ("v_pu", "q_pu"),
    [(0.80, 0.44), (0.92, 0.44), (0.95, 0.22), (0.98, 0.0), (1.0, 0.0), (1.05, -0.22), (1.08, -0.44), (1.2, -0.44)],
)
def test_a_curve_is_straight_between_its_corners_and_level_beyond(v_pu: float, q_pu: float) -> None:
    assert var_pu(CURVE, v_pu) == pytest.approx(q_pu)


@given(st.floats(0.5, 1.5), st.floats(0.5, 1.5))
def test_no_more_vars_are_asked_at_a_higher_voltage(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert var_pu(CURVE, low) >= var_pu(CURVE, high)


def test_a_step_in_a_curve_has_two_corners_at_one_voltage() -> None:
    step = VoltVarCurve((0.9, 1.0, 1.0, 1.1), (0.4, 0.4, -0.4, -0.4), 5.0)
    assert (var_pu(step, 0.999), var_pu(step, 1.001)) == (pytest.approx(0.4), pytest.approx(-0.4))


def test_limits_are_those_of_the_voltages_seen_with_the_accuracy_of_voltage_and_vars() -> None:
    """At 0.95 the slope of 7.33 makes 7.33 % of 1 % of voltage; 3 % is the bench file's."""
    limits = UNIT.limits(CURVE, reading(0.95), reading(0.95))
    assert limits.lower == pytest.approx(220.0 - 73.33 - 30.0, abs=0.1)
    assert limits.upper == pytest.approx(220.0 + 73.33 + 30.0, abs=0.1)
    wider = UNIT.limits(CURVE, reading(0.94), reading(0.95, unsure_pu=0.004))
    assert wider.lower == pytest.approx(220.0 - 102.67 - 30.0, abs=0.1)
    assert wider.upper == pytest.approx(293.33 + 102.67 + 30.0, abs=0.1)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_nine_tenths_of_a_way_are_timed_between_two_looks(sign: float) -> None:
    course = [(100.0, 0.0), (101.0, sign * 50.0), (102.0, sign * 80.0), (103.0, sign * 100.0)]
    assert ninety_s(course) == pytest.approx(2.5)


def test_what_goes_nowhere_or_was_not_seen_has_no_time() -> None:
    assert ninety_s([]) is None
    assert ninety_s([(0.0, 5.0), (1.0, 5.0)]) is None
