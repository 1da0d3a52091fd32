"""Trip settings both ways on the wire, what they make the emulated inverter do, and how it does otherwise on demand."""

from dataclasses import astuple

import pytest

from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.inverter import InverterEmulator
from instruments.errors import InstrumentError
from instruments.readings import Trip, TripStage
from tests.instruments.sunspec_bench import serving
from tests.instruments.test_inverter_emulator import PHASE_V, running
from tests.instruments.test_sunspec_drivers import Map, common, model, tapped

__all__ = ["tapped"]
TRIPS = {
    "over_voltage": Trip(TripStage(1.12, 3.0), TripStage(1.20, 0.16)),
    "under_voltage": Trip(TripStage(0.88, 2.0), TripStage(0.50, 0.2)),
    "over_frequency": Trip(TripStage(61.0, 180.0), TripStage(61.8, 0.16)),
    "under_frequency": Trip(TripStage(59.0, 180.0), TripStage(57.0, 0.5)),
}
HELD = {"at_10": 2, "at_11": 8800, "at_13": 2100, "at_14": 5000, "at_16": 200}
"""Set 1 of model 707: 88 % within 21 s, 50 % within 2 s, in hundredths."""
LOW_VOLTAGE = {"at_4": 1, "at_5": 2, "at_6": 2, "at_7": -2, "at_8": -2}
STAGES = Trip(TripStage(0.88, 21.0), TripStage(0.50, 2.0))


def in_numbers(trip: Trip) -> tuple[float, ...]:
    return astuple(trip.inner) + astuple(trip.outer)


# Model 1 begins at 40002, so 707 at 40070: Ena is 40072 = 0x9c88, AdptCrvReq 0x9c89, Crv[2].MustTrip.ActPt 0x9ca6.
def test_frames_of_a_trip(tapped):
    link, frames = tapped(Map(common(), model(707, 51, **LOW_VOLTAGE, **HELD)))
    driver = SunSpecInverter(link)
    driver.set_trip("under_voltage", STAGES)
    assert frames == [
        "01 10 9c a6 00 07 0e 00 02 22 60 00 00 08 34 13 88 00 00 00 c8",
        "01 06 9c 89 00 02",
        "01 06 9c 88 00 01",
    ]
    assert driver.read_trip("under_voltage") == STAGES


@pytest.mark.parametrize(
    ("registers", "deaf", "message"),
    [
        pytest.param(HELD | {"at_13": 2200}, False, "and holds", id="another time in force"),
        pytest.param(HELD | {"at_11": 8700}, False, "and holds", id="another level in force"),
        pytest.param(HELD | {"at_10": 3}, False, "holds 3 trip points, not 2", id="more points than stages"),
        pytest.param(HELD | {"at_11": -1}, False, "gives no Crv", id="a level that it does not have"),
        pytest.param(HELD, True, "Ena of model 707 reads 0", id="a trip that stays disabled"),
    ],
)
def test_a_device_that_does_not_do_as_it_was_told_is_found_out(tapped, registers, deaf, message):
    link, _ = tapped(Map(common(), model(707, 51, **LOW_VOLTAGE, **registers), deaf=deaf))
    with pytest.raises(InstrumentError, match=message):
        SunSpecInverter(link).set_trip("under_voltage", STAGES)


def test_a_trip_that_is_not_adopted_is_told(tapped):
    link, _ = tapped(Map(common(), model(707, 51, **LOW_VOLTAGE | {"at_4": 2}, **HELD)))
    with pytest.raises(InstrumentError, match="failed to adopt the under-voltage trip"):
        SunSpecInverter(link).set_trip("under_voltage", STAGES)


@pytest.mark.parametrize("kind", TRIPS)
def test_the_emulated_inverter_adopts_each_trip_and_leaves_the_others(kind):
    with serving(unit_1=running().registers) as wire:
        driver = SunSpecInverter(wire.link())
        before = {other: in_numbers(driver.read_trip(other)) for other in TRIPS}
        driver.set_trip(kind, TRIPS[kind])
        for other in TRIPS:
            wanted = in_numbers(TRIPS[kind]) if other == kind else before[other]
            assert in_numbers(driver.read_trip(other)) == pytest.approx(wanted), f"{other} after {kind} was set"


def test_the_droop_is_switched_off():
    inverter = running()
    with serving(unit_1=inverter.registers) as wire:
        SunSpecInverter(wire.link()).disable_frequency_droop()
    inverter.node.apply((PHASE_V,) * 3, 61.0)
    for _ in range(30):
        inverter.advance(1.0)
    assert sum(inverter.power.p_w) == pytest.approx(0.5e6)


def cleared_s(inverter: InverterEmulator, v_pu: float = 1.0, f_hz: float = 60.0, longest_s: float = 10.0) -> float:
    """Seconds until the inverter has tripped at a voltage and a frequency; infinite when it does not."""
    begun_s = inverter.time_s
    inverter.node.apply((v_pu * PHASE_V,) * 3, f_hz)
    while inverter.time_s < begun_s + longest_s:
        inverter.advance(0.01)
        if inverter.status == "Trip":
            return inverter.time_s - begun_s
    return float("inf")


def tripping(*fault: str | float) -> InverterEmulator:
    inverter = running()
    with serving(unit_1=inverter.registers) as wire:
        driver = SunSpecInverter(wire.link())
        for kind, trip in TRIPS.items():
            driver.set_trip(kind, trip)
        if fault:
            inverter.inject(*fault)
        inverter.advance(0.01)
        held, told = in_numbers(driver.read_trip("over_voltage")), in_numbers(TRIPS["over_voltage"])
        assert held == pytest.approx(told), "a defect does not show in the registers"
    return inverter


NEVER = float("inf")


@pytest.mark.parametrize(
    ("fault", "stimulus", "seconds"),
    [
        ((), {"v_pu": 1.13}, 3.0),
        ((), {"v_pu": 1.11}, NEVER),
        ((), {"v_pu": 0.87}, 2.0),
        ((), {"f_hz": 56.9}, 0.5),
        ((), {"f_hz": 61.9}, 0.16),
        (("late-trip",), {"v_pu": 1.13}, 3.75),
        (("late-trip", 2.0), {"f_hz": 56.9}, 1.0),
        (("early-trip",), {"v_pu": 0.87}, 1.5),
        (("trip-level-off",), {"v_pu": 1.13}, NEVER),
        (("trip-level-off",), {"v_pu": 1.16}, 3.0),
        (("trip-level-off", -0.03), {"v_pu": 1.11}, 3.0),
        (("trip-level-off",), {"f_hz": 61.82}, NEVER),
        (("trip-level-off",), {"v_pu": 0.87}, NEVER),
        (("trip-level-off", -0.03), {"f_hz": 57.02}, 0.5),
        (("does-not-trip",), {"v_pu": 1.25}, NEVER),
        (("does-not-trip",), {"f_hz": 63.0}, NEVER),
    ],
)
def test_it_trips_as_it_was_told_or_as_its_defect_has_it(fault, stimulus, seconds):
    assert cleared_s(tripping(*fault), **stimulus) == pytest.approx(seconds, abs=0.02)


def test_a_defect_of_trips_ends_when_it_is_over():
    inverter = tripping("does-not-trip", None, 0.0, 20.0)
    assert cleared_s(inverter, v_pu=1.25, longest_s=15.0) == NEVER
    inverter.node.apply((PHASE_V,) * 3)
    while inverter.time_s < 20.0:
        inverter.advance(1.0)
    assert cleared_s(inverter, v_pu=1.25) == pytest.approx(0.16, abs=0.02)
