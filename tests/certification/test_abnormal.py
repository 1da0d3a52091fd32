"""What the steps of riding through make of a device and of a suite: what is set first, and what cannot be told."""

from dataclasses import replace

import pytest

from bench.certification.abnormal import (
    change_frequency,
    disturb_frequency,
    disturb_voltage,
    keep_others_out,
    require_angles_seen,
    require_represented,
)
from bench.certification.figures import load_figures
from bench.certification.not_passed import NotPassed
from bench.certification.rig import Rig
from bench.certification.type_test import TypeTest
from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.inverter import InverterEmulator
from instruments.errors import ConfigError, InstrumentError
from instruments.readings import Trip, TripKind, TripStage
from reports.verdict import Verdict
from tests.certification.riding_device import RidingDevice, rig_for
from tests.instruments.sunspec_bench import serving

FIGURES = load_figures()
UNDER_VOLTAGE = {
    "I": Trip(TripStage(0.0, 21.0), TripStage(0.0, 2.0)),
    "II": Trip(TripStage(0.0, 21.0), TripStage(0.0, 2.0)),
    "III": Trip(TripStage(0.0, 50.0), TripStage(0.0, 21.0)),
}


KINDS: tuple[TripKind, ...] = ("over_voltage", "under_voltage", "over_frequency", "under_frequency")


class Refusing(SunSpecInverter):
    """A device that does not take the last of its trips."""

    def set_trip(self, kind: TripKind, trip: Trip) -> None:
        if kind == "under_frequency" and trip.inner.time_s == 1000.0:
            raise InstrumentError("it is no 1000 s")
        super().set_trip(kind, trip)


def a_test(rig: Rig) -> TypeTest:
    return TypeTest(rig, FIGURES, lambda _: None)


def of_category(abnormal: str) -> TypeTest:
    return a_test(rig_for(RidingDevice(), abnormal))


@pytest.mark.parametrize("abnormal", UNDER_VOLTAGE)
def test_trips_are_set_as_wide_as_they_go_over_the_devices_own_interface(abnormal: str) -> None:
    inverter = InverterEmulator("pv", 30.0, abnormal=abnormal)
    with serving(unit_1=inverter.registers) as wire:
        rig = rig_for(RidingDevice(), abnormal)
        driver = rig.functions = SunSpecInverter(wire.link())
        before = {kind: driver.read_trip(kind) for kind in KINDS}
        bring_back = keep_others_out(a_test(rig))
        assert driver.read_trip("under_voltage") == UNDER_VOLTAGE[abnormal]
        assert driver.read_trip("over_voltage") == Trip(TripStage(1.2, 13.0), TripStage(1.2, 0.16))
        assert driver.read_trip("under_frequency") == Trip(TripStage(50.0, 1000.0), TripStage(50.0, 1000.0))
        assert driver.read_trip("over_frequency") == Trip(TripStage(66.0, 1000.0), TripStage(66.0, 1000.0))
        assert inverter.registers.model(711).get("Ena") == 0, "frequency moves no power"
        bring_back()
        assert {kind: driver.read_trip(kind) for kind in KINDS} == before, "a device is not left without its trips"


def test_trips_that_a_device_took_are_brought_back_where_it_refuses_others() -> None:
    inverter = InverterEmulator("pv", 30.0)
    with serving(unit_1=inverter.registers) as wire:
        rig = rig_for(RidingDevice())
        driver = rig.functions = Refusing(wire.link())
        before = {kind: driver.read_trip(kind) for kind in KINDS}
        with pytest.raises(InstrumentError, match="it is no 1000 s"):
            keep_others_out(a_test(rig))
        assert {kind: driver.read_trip(kind) for kind in KINDS} == before


@pytest.mark.parametrize(
    "ask",
    [
        keep_others_out,
        change_frequency,
        lambda test: disturb_voltage(test, "sags", 100.0),
        lambda test: disturb_frequency(test, "low"),
    ],
)
def test_a_device_that_states_no_category_cannot_be_tested(ask) -> None:
    with pytest.raises(NotPassed, match="states no abnormal operating category, but ''") as told:
        ask(of_category(""))
    assert told.value.verdict is Verdict.NOT_RUN


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda test: disturb_voltage(test, "sag", 100.0), "no disturbances of voltage 'sag'; known: sags, swells"),
        (lambda test: disturb_voltage(test, "sags", 66.0), "5.4.4 is not tested at 66 %"),
        (lambda test: disturb_frequency(test, "middle"), "no frequencies 'middle'; known: low, high"),
    ],
)
def test_what_the_suite_does_not_have_is_told(ask, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        ask(of_category("III"))


def test_what_the_behaviour_model_has_nothing_of_was_not_run_and_real_equipment_has_all() -> None:
    real = rig_for(RidingDevice())
    require_represented(a_test(real), "change of phase angle")
    modelled = replace(real, unrepresented={"change of phase angle": "there is no phase-locked loop"})
    with pytest.raises(NotPassed, match="there is no phase-locked loop") as told:
        require_represented(a_test(modelled), "change of phase angle")
    assert told.value.verdict is Verdict.NOT_RUN


def test_what_no_instrument_saw_cannot_be_told() -> None:
    with pytest.raises(NotPassed, match="nobody saw all phases turn together") as told:
        require_angles_seen(of_category("III"))
    assert told.value.verdict is Verdict.INCONCLUSIVE


def test_a_test_keeps_what_it_found() -> None:
    test = of_category("II")
    disturb_voltage(test, "sags", 40.0)
    disturb_frequency(test, "high")
    assert {finding.clause for finding in test.findings} == {"5.4.4", "5.5.4"}
    test.require_all()
