"""From a maker's accuracy to an uncertainty: numbers by hand, the bench file's rules, and where they arrive."""

from math import cos, hypot, sin, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.accuracy import (
    COVERAGE_FACTOR,
    USUAL_FREQUENCY_HZ,
    USUAL_TIME_S,
    ByShare,
    Stated,
    limits_of_error,
    uncertainty_of,
)
from bench.assembly.control_rig import sensor_uncertainties, source_class
from bench.assembly.der_rig import instrument_class
from bench.certification.calibration import described
from bench.certification.stated_class import StatedClass
from bench.config import Accuracy, Device, Terminal
from bench.plant.terminals import MeasuredTerminal, TerminalPlace
from instruments.readings import AcMeasurement, Nameplate

VOLTAGE = {"reading_pct": 0.1, "range_pct": 0.05, "range": 300.0}
CURRENT = {"reading_pct": 0.2, "range_pct": 0.1, "range": 50.0}
POWER = {"reading_pct": 0.1, "range_pct": 0.05, "range": 10_000.0, "zero_factor_pct": 0.2}
STATED = {"voltage": VOLTAGE, "current": CURRENT, "power": POWER, "frequency_hz": 0.01, "time_s": 0.001}
BY_MAKER = Accuracy.model_validate(STATED)
OFF_IN_PHASE = Accuracy.model_validate(STATED | {"power": {"reading_pct": 0.0, "zero_factor_pct": 0.2}})
EXPANDED = 2.0 / sqrt(3.0)


def device(role: str = "power_analyzer", **keys: Any) -> Device:
    return Device.model_validate({"role": role, "driver": "scpi_generic", "resource": "x"} | keys)


def test_limits_of_error_are_added_as_makers_add_them() -> None:
    limits = Stated(BY_MAKER)
    assert limits.voltage_v(120.0) == pytest.approx(0.120 + 0.150)
    assert limits.current_a(10.0) == pytest.approx(0.020 + 0.050)
    # three phases of 1000 W and 500 var: 0.1 % of 3000, three times 0.05 % of 10 kW, 0.2 % of the power across
    each_w, each_var = (1000.0,) * 3, (-500.0,) * 3
    assert limits.active_w(each_w, each_var) == pytest.approx(3.0 + 15.0 + 0.002 * 1500.0)
    assert limits.reactive_var(each_w, each_var) == pytest.approx(1.5 + 15.0 + 0.002 * 3000.0)


def test_phases_against_each_other_do_not_cancel() -> None:
    assert Stated(BY_MAKER).active_w((1000.0, -1000.0), (0.0, 0.0)) == pytest.approx(2.0 + 10.0)


def test_the_expanded_uncertainty_is_that_of_a_rectangle_with_k_2() -> None:
    found = uncertainty_of(device(accuracy=STATED), rating_va=1e6)
    assert COVERAGE_FACTOR == 2.0
    assert found.voltage_v(120.0) == pytest.approx(EXPANDED * 0.27)
    assert found.active_w((1000.0,), (0.0,)) == pytest.approx(EXPANDED * 6.0)


@given(angle=st.floats(0.0, 1.57), off_rad=st.floats(-0.002, 0.002))
def test_an_error_of_phase_stays_within_the_influence_of_the_power_factor(angle: float, off_rad: float) -> None:
    p, q = 1000.0 * cos(angle), 1000.0 * sin(angle)
    seen_p, seen_q = 1000.0 * cos(angle + off_rad), 1000.0 * sin(angle + off_rad)
    second_order = 1000.0 * off_rad**2
    assert abs(seen_p - p) <= Stated(OFF_IN_PHASE).active_w((p,), (q,)) + second_order
    assert abs(seen_q - q) <= Stated(OFF_IN_PHASE).reactive_var((p,), (q,)) + second_order


def test_the_simple_form_is_of_the_reading_and_of_the_rating() -> None:
    simple = uncertainty_of(device(uncertainty_pct=0.25), rating_va=100e3)
    assert simple.voltage_v(200.0) == pytest.approx(0.5)
    assert simple.active_w((10.0,), (0.0,)) == simple.reactive_var((10.0,), (0.0,)) == pytest.approx(250.0)
    usual = uncertainty_of(device(), rating_va=100e3)
    assert usual.voltage_v(200.0) == pytest.approx(1.0), "half a percent where nothing is said"


def test_limits_of_the_simple_form_are_a_class_of_the_apparent_power() -> None:
    assert limits_of_error(device(class_pct=0.3)) == ByShare(0.003)
    assert limits_of_error(device(uncertainty_pct=0.4)) == ByShare(0.004)
    assert ByShare(0.01).active_w((3.0, -3.0), (4.0, 4.0)) == pytest.approx(0.1)
    assert limits_of_error(device(accuracy=STATED)) == Stated(BY_MAKER)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"accuracy": STATED, "uncertainty_pct": 0.2}, "takes the place of uncertainty_pct"),
        ({"accuracy": STATED, "class_pct": 0.2}, "takes the place of uncertainty_pct and class_pct"),
        ({"accuracy": {k: v for k, v in STATED.items() if k != "frequency_hz"}}, "`frequency_hz` is missing"),
        ({"accuracy": {k: v for k, v in STATED.items() if k != "power"}}, "`power` is missing"),
        ({"accuracy": STATED, "role": "sensing_source"}, "`power` is not asked for"),
        ({"accuracy": STATED, "role": "meter"}, "a meter measures no power for the bench"),
        ({"accuracy": STATED | {"voltage": {"reading_pct": 0.1, "range_pct": 0.1}}}, "of which `range`"),
        ({"accuracy": STATED | {"voltage": {"range_pct": 0.1, "range": 10}}}, "reading_pct"),
        ({"accuracy": STATED | {"volts": VOLTAGE}}, "volts"),
        ({"accuracy": STATED | {"time_s": -1.0}}, "time_s"),
    ],
)
def test_what_says_nothing_or_says_it_twice_is_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        device(**keys)


def test_a_section_goes_through_a_pipe() -> None:
    for section in (device(accuracy=STATED), device(uncertainty_pct=0.25), device()):
        assert Device.model_validate(section.model_dump(mode="json")) == section


PHASE_V, RATING_VA = 120.0, 36e3
RIGGED = StatedClass(BY_MAKER, PHASE_V, RATING_VA, phases=3)


def test_per_unit_of_the_device() -> None:
    assert RIGGED.voltage_at(1.0) == pytest.approx(EXPANDED * (0.12 + 0.15) / 120.0)
    assert RIGGED.voltage_at(0.1) == pytest.approx(EXPANDED * (0.012 + 0.15) / 120.0), "the range stays"
    # 0.5 of 36 kVA is 18 kW: 18 W of the reading, 15 W of the ranges; 0.3 of it across is 10.8 kvar: 21.6 W
    assert RIGGED.active_at(0.5, 0.3) == pytest.approx(EXPANDED * (18.0 + 15.0 + 21.6) / RATING_VA)
    assert RIGGED.reactive_at(0.5, 0.3) == pytest.approx(EXPANDED * (10.8 + 15.0 + 36.0) / RATING_VA)
    assert RIGGED.current_at(1.0) == pytest.approx(EXPANDED * (0.2 + 0.05) / 100.0)
    assert RIGGED.frequency_hz == pytest.approx(EXPANDED * 0.01)
    assert RIGGED.time_s == pytest.approx(EXPANDED * 0.001)


def test_what_the_maker_does_not_state_is_not_exact() -> None:
    silent = Accuracy.model_validate(STATED | {"frequency_hz": None, "time_s": None})
    found = StatedClass(silent, PHASE_V, RATING_VA, phases=3)
    assert (found.frequency_hz, found.time_s) == (USUAL_FREQUENCY_HZ, USUAL_TIME_S)
    plate = Nameplate(30e3, RATING_VA, 0.0, 0.0, 0.0, 208.0, "B", "III")
    assert instrument_class(device(), plate, 3).time_s == USUAL_TIME_S


def test_a_source_of_secondaries_is_as_unsure_as_the_worse_of_voltage_and_current() -> None:
    stated = {"voltage": {"reading_pct": 0.02}, "current": {"reading_pct": 0.1, "range_pct": 0.05, "range": 8.0}}
    source = device("sensing_source", accuracy=stated)
    assert source_class(source).share == pytest.approx(EXPANDED * (0.001 + 0.004)), "of 1 A, with 0.05 % of 8 A"
    assert source_class(device("sensing_source", class_pct=0.05)).share == pytest.approx(EXPANDED * 0.0005)


@given(p=st.floats(-1.25, 1.25), q=st.floats(-1.25, 1.25), v=st.floats(0.5, 1.5))
def test_one_number_for_all_is_never_too_small(p: float, q: float, v: float) -> None:
    assert max(RIGGED.active_at(p, q), RIGGED.reactive_at(p, q), RIGGED.current_at(hypot(p, q) / 2)) <= RIGGED.power_pu
    assert RIGGED.voltage_at(v) <= RIGGED.voltage_pu * v + 1e-12


def test_a_terminal_tells_the_uncertainty_of_each_reading() -> None:
    class Instrument:
        def measure(self) -> AcMeasurement:
            return AcMeasurement((120.0,) * 3, (10.0,) * 3, (1000.0,) * 3, (500.0,) * 3, 60.0)

    analyzer: Any = Instrument()
    place = TerminalPlace(np.arange(3), across=False)
    exactness = uncertainty_of(device(accuracy=STATED), 36e3)
    terminal = MeasuredTerminal("inverter", place, analyzer, "source", analyzer, "analyzer", 60.0, 40.0, exactness)
    terminal.measure(0.0)
    reading, found = terminal.reading(), terminal.vars()
    assert reading is not None
    assert found is not None
    assert reading.uncertainty_kw == pytest.approx(0.04 * EXPANDED * (3.0 + 15.0 + 3.0)), "on the feeder's side"
    assert found.uncertainty_kvar == pytest.approx(0.04 * EXPANDED * (1.5 + 15.0 + 6.0))
    assert found.voltage_uncertainty_v == pytest.approx(EXPANDED * 0.27)


def test_a_certificate_tells_accuracy_and_dates() -> None:
    told = described(device(accuracy=STATED, calibrated="2026-03-02", calibration_due="2027-03-02"))
    assert told["accuracy"] == (
        "voltage 0.1 % of reading + 0.05 % of 300 V; current 0.2 % of reading + 0.1 % of 50 A; "
        "power 0.1 % of reading + 0.05 % of 10000 VA + 0.2 % of the power across; frequency 0.01 Hz; time 0.001 s "
        "(limits of error; k = 2)"
    )
    assert told["uncertainty_pct"] is None
    assert (told["calibrated"], told["calibration_due"]) == ("2026-03-02", "2027-03-02")
    assert described(device(uncertainty_pct=0.25))["accuracy"] is None


CONTROL = {
    "device": "capacitor",
    "capacitor": "capacitor_1",
    "source": "sensing_source",
    "contacts": {"digital_io": "contacts", "inputs": [1, 2]},
}


def test_what_a_sensor_is_given_is_known_as_the_bench_file_says_and_not_at_all_where_it_does_not() -> None:
    assert sensor_uncertainties(Terminal.model_validate(CONTROL)) == {}
    stated = Terminal.model_validate(CONTROL | {"sensors": {"temperature_c": 0.5}})
    assert sensor_uncertainties(stated) == {"temperature_c": pytest.approx(0.5 * 2.0 / sqrt(3.0))}


def test_sensors_are_told_of_a_control_alone() -> None:
    with pytest.raises(ValidationError, match="sensors: they are told of a control"):
        Terminal.model_validate({"device": "inverter", "bus": "n812", "sensors": {"temperature_c": 0.5}})
