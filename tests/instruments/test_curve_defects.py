"""Defects of curves of the emulated inverter, worked out by hand."""

from collections.abc import Sequence

import pytest

from instruments.emulators.curve_defects import SOUND, VOLT_VAR, VOLT_WATT, WATT_VAR, defect_of
from instruments.emulators.faults import FaultSet

VOLT_VAR_B = ([92.0, 98.0, 102.0, 108.0], [44.0, 0.0, 0.0, -44.0])
VOLT_WATT_DEFAULT = ([106.0, 110.0], [100.0, 20.0])
WATT_VAR_B = ([-100.0, -50.0, -20.0, 20.0, 50.0, 100.0], [44.0, 0.0, 0.0, 0.0, 0.0, -44.0])
CURVES = {VOLT_VAR: VOLT_VAR_B, VOLT_WATT: VOLT_WATT_DEFAULT, WATT_VAR: WATT_VAR_B}


def faulty(kind: str, value: float | None) -> FaultSet:
    faults = FaultSet("inverter")
    faults.inject(kind, value, start_s=10.0)
    return faults


@pytest.mark.parametrize(
    ("kind", "value", "model", "x", "y"),
    [
        ("wrong-volt-var-slope", 0.5, VOLT_VAR, (86, 98, 102, 114), (44, 0, 0, -44)),
        ("wrong-volt-var-slope", 2.0, VOLT_VAR, (95, 98, 102, 105), (44, 0, 0, -44)),
        ("wrong-dead-band", 0.0, VOLT_VAR, (92, 100, 100, 108), (44, 0, 0, -44)),
        ("wrong-dead-band", 3.0, VOLT_VAR, (92, 94, 106, 108), (44, 0, 0, -44)),
        ("volt-var-reversed", None, VOLT_VAR, (92, 98, 102, 108), (-44, 0, 0, 44)),
        ("wrong-volt-watt-slope", 0.5, VOLT_WATT, (106, 114), (100, 20)),
        ("wrong-watt-var-slope", 0.5, WATT_VAR, (-100, -50, -20, 20, 50, 100), (22, 0, 0, 0, 0, -22)),
        ("watt-var-reversed", None, WATT_VAR, (-100, -50, -20, 20, 50, 100), (-44, 0, 0, 0, 0, 44)),
        ("curves-shifted", 0.03, VOLT_VAR, (95, 101, 105, 111), (44, 0, 0, -44)),
        ("curves-shifted", -0.03, VOLT_WATT, (103, 107), (100, 20)),
    ],
)
def test_a_curve_is_bent_as_the_defect_says(
    kind: str, value: float | None, model: int, x: Sequence[float], y: Sequence[float]
) -> None:
    faults = faulty(kind, value)
    bent_x, bent_y = defect_of(faults, model, 10.0).bent(*CURVES[model])
    assert list(bent_x) == pytest.approx(list(x)), "corners of the stimulus"
    assert list(bent_y) == pytest.approx(list(y)), "corners of the answer"
    others = [defect_of(faults, other, 10.0) for other in CURVES if other != model]
    assert kind == "curves-shifted" or others == [SOUND] * len(others), "it is a defect of one function"
    assert defect_of(faults, model, 9.9) == SOUND, "not yet"


@pytest.mark.parametrize(
    ("kind", "model"), [("wrong-response-time", VOLT_VAR), ("wrong-volt-watt-response-time", VOLT_WATT)]
)
def test_a_slow_function_follows_the_same_curve(kind: str, model: int) -> None:
    found = defect_of(faulty(kind, 4.0), model, 10.0)
    assert found.response == 4.0
    bent_x, bent_y = found.bent(*CURVES[model])
    assert (list(bent_x), list(bent_y)) == CURVES[model]


def test_watt_var_is_not_shifted_with_the_curves_of_voltage() -> None:
    assert defect_of(faulty("curves-shifted", 0.03), WATT_VAR, 10.0) == SOUND
