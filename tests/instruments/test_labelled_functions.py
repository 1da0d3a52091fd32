"""Functions of IEEE 1547-2018 over points by their labels: frames computed by hand, and what goes there and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.drivers import labelled_settings as labelled
from instruments.drivers.point_map_inverter import PointMapInverter
from instruments.emulators.acme_registers import inverter_bank
from instruments.emulators.inverter import InverterEmulator
from instruments.errors import InstrumentError, Unmapped
from instruments.readings import Characteristic, EnterServiceSettings, FrequencyDroop, Trip, TripStage, VoltVarCurve
from tests.instruments.sunspec_bench import Wire, serving
from tests.instruments.test_point_map_der import INVERTER

DEFAULTS = EnterServiceSettings((0.917, 1.05), (59.5, 60.1), 300.0, 300.0)
DROOP = FrequencyDroop(0.036, 0.017, 0.05, 0.03, 5.0)
OVER_VOLTAGE = Trip(TripStage(1.15, 1.5), TripStage(1.2, 0.16))


@contextmanager
def acme(*faults: str) -> Iterator[tuple[InverterEmulator, PointMapInverter, Wire]]:
    inverter = InverterEmulator("pv", 25.0, v_nom_v=208.0)
    inverter.node.apply((120.0,) * 3)
    with serving(unit_1=inverter_bank(inverter)) as wire:
        driver = PointMapInverter(wire.link(), INVERTER)
        driver.read_nameplate()
        for fault in faults:
            inverter.inject(fault)
        yield inverter, driver, wire


def writes(wire: Wire) -> list[tuple[int, list[int]]]:
    return [(address, list(values)) for address, values in wire.written()]


def test_vars_go_as_a_share_that_counts_where_it_is_absorbed_and_then_the_bit_that_obeys_it() -> None:
    with acme() as (_, driver, wire):
        driver.set_reactive_power(0.25)
        assert writes(wire) == [(1016, [0xFF06]), (1010, [0b100100])], "-25.0 %, and the droop is on already"
        driver.set_power_factor(0.95, injects=False)
        assert writes(wire)[2:] == [(1014, [950]), (1015, [2]), (1010, [0b100110])]
        held = driver.labels.get("CONST_Q_MODE_ENABLE", "CONST_PF_MODE_ENABLE", "CONST_PF_EXCITATION")
        assert held == {
            "CONST_Q_MODE_ENABLE": False,
            "CONST_PF_MODE_ENABLE": True,
            "CONST_PF_EXCITATION": "ABS",
        }, "it leaves the vars by itself, in the same register"
        driver.disable_functions()
        assert writes(wire)[-1] == (1001, [0])


def test_a_limit_goes_with_its_end() -> None:
    with acme() as (_, driver, wire):
        driver.limit_power_pct(66.6, 100_000.0)
        assert writes(wire) == [(1011, [666]), (1012, [0x86A0, 0x0001]), (1010, [0b100001])]


def test_criteria_of_entering_service_have_their_own_beginning() -> None:
    with acme() as (_, driver, wire):
        driver.set_enter_service(DEFAULTS)
        assert dict(writes(wire)) == {
            **{1021: [1050], 1020: [917], 1023: [20_100], 1022: [19_500]},
            **{1024: [300], 1026: [0], 1025: [300]},
        }
        held = driver.read_enter_service()
        assert (held.v_pu, held.f_hz) == (pytest.approx(DEFAULTS.v_pu), pytest.approx(DEFAULTS.f_hz))


def test_a_droop_is_written_while_it_is_off_and_taken_over_as_it_is_switched_on() -> None:
    with acme() as (_, driver, wire):
        driver.set_frequency_droop(DROOP)
        assert writes(wire) == [
            *[(1010, [0]), (1150, [36]), (1151, [17]), (1152, [50]), (1153, [30])],
            *[(1154, [50]), (1155, [0]), (1010, [0b100000])],
        ]
        assert driver.read_frequency_droop().over_droop == pytest.approx(0.05)
        driver.set_frequency_droop(replace(DROOP, enabled=False))
        assert driver.read_frequency_droop().enabled is False


def test_a_trip_is_taken_over_whole_and_its_times_have_their_low_word_first() -> None:
    with acme() as (inverter, driver, wire):
        driver.set_trip("over_voltage", OVER_VOLTAGE)
        assert sorted(writes(wire)[:-1]) == [(1160, [1150]), (1161, [150, 0]), (1163, [1200]), (1164, [16, 0])]
        assert writes(wire)[-1] == (1184, [1])
        held = driver.read_trip("over_voltage")
        assert [*vars(held.inner).values(), *vars(held.outer).values()] == pytest.approx([1.15, 1.5, 1.2, 0.16])
        model = inverter.registers.model(708)
        assert model.get("Crv[1].MustTrip.Pt[1].Tms") == pytest.approx(1.5)


@given(
    held=st.tuples(st.floats(1.0, 1.3), st.floats(0.0, 0.3), st.floats(0.01, 10.0), st.floats(0.0, 10.0)),
    wanted=st.tuples(st.floats(1.0, 1.3), st.floats(0.0, 0.3), st.floats(0.01, 10.0), st.floats(0.0, 10.0)),
)
def test_no_trip_is_ever_out_of_order_on_the_way(
    held: tuple[float, float, float, float], wanted: tuple[float, float, float, float]
) -> None:
    """Whatever is written first, the outer stage is never nearer to nominal than the inner one, nor slower."""
    before, after = (Trip(TripStage(v, s + more), TripStage(v + out, s)) for v, out, s, more in (held, wanted))
    values = (before.inner.level, before.inner.time_s, before.outer.level, before.outer.time_s)
    state = dict(zip(labelled.trip_places("over_voltage"), values, strict=True))
    for label, value in labelled.of_trip("over_voltage", after, before).items():
        state[label] = float(value)
        inner_v, inner_s, outer_v, outer_s = state.values()
        assert inner_v <= outer_v, label
        assert inner_s >= outer_s, label
    assert labelled.trip("over_voltage", state) == after


@given(
    corners=st.lists(st.tuples(st.floats(0.5, 1.5), st.floats(-0.6, 0.6)), min_size=2, max_size=10),
    response_s=st.floats(0.1, 90.0),
    autonomous_s=st.none() | st.floats(300.0, 5000.0),
)
def test_a_curve_comes_back_from_its_labels(
    corners: list[tuple[float, float]], response_s: float, autonomous_s: float | None
) -> None:
    v_pu, q_pu = zip(*corners, strict=True)
    curve = VoltVarCurve(v_pu, q_pu, response_s, 1.02, autonomous_s)
    assert labelled.volt_var(labelled.of_volt_var(curve)) == curve


def test_what_falls_between_the_steps_of_a_register_is_not_set_to_something_near() -> None:
    with acme() as (_, driver, wire):
        with pytest.raises(Unmapped, match=r"holds PV_OLRT in steps of 0\.1, and 0\.25 is none; nothing was sent"):
            driver.set_volt_watt(Characteristic((1.06, 1.1), (1.0, 0.0), 0.25))
        assert writes(wire) == []


@pytest.mark.parametrize("fault", ["curve-adopt-never-completes", "adopts-nothing"])
def test_a_curve_that_is_not_taken_over_is_no_curve(fault: str) -> None:
    curve = VoltVarCurve((0.9, 0.97, 1.03, 1.06), (0.1, 0.0, 0.0, -0.1), 5.0)
    with acme(fault) as (_, driver, _wire), pytest.raises(InstrumentError):
        driver.set_volt_var(curve)


def test_ratings_are_configured_and_read_back() -> None:
    with acme() as (inverter, driver, _):
        driver.configure("NP_VA_MAX", 20_000.0)
        assert driver.read_configuration()["NP_VA_MAX"] == pytest.approx(20_000.0)
        assert inverter.registers.model(702).get("VAMax") == pytest.approx(20_000.0)
        assert driver.read_as_set()["NP_VA_MAX"] == pytest.approx(25_000.0), "what it is rated for stays"


def test_settings_go_by_the_labels_of_settings_files() -> None:
    with acme() as (_, driver, _wire):
        told = driver.read_as_set()
    assert told["NP_NORMAL_OP_CAT"] == "CAT_B"
    assert told["ES_PERMIT_SERVICE-AS"] == "ENABLED"
    assert told["OV2_TRIP_T-AS"] == pytest.approx(0.16)
    assert told["QP_CURVE_P3_LOAD-AS"] == pytest.approx(-1.0)
    assert told["CONST_PF_EXCITATION-AS"] in {"INJ", "ABS"}
    assert not any("REVERSION" in label for label in told)
