"""Defects of meters as their driver sees them, from their beginning to their end; good meters show none of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from instruments.drivers.sunspec_meter import SunSpecMeter
from instruments.emulators.meter import MeterClass, MeterFleet
from instruments.errors import InstrumentError
from tests.instruments.sunspec_bench import serving

EXACT = MeterClass(0.0, 0.0)
IN_2026_S = 836_000_000.0
"""Seconds from the year 2000 to some day in 2026."""


def two_meters() -> MeterFleet:
    return MeterFleet(["m1", "m2"], accuracy=EXACT, clock_s=IN_2026_S)


def show(fleet: MeterFleet, volts: float, watts: float, seconds: int) -> None:
    """Let the first meter see this for a time, and the second always 118 V and 500 W."""
    for _ in range(seconds):
        fleet.apply([volts, 118.0], [volts, 118.0], [watts, 500.0], [0.0, 0.0])
        fleet.advance(1.0)


@contextmanager
def reading(fleet: MeterFleet) -> Iterator[tuple[SunSpecMeter, SunSpecMeter]]:
    with serving(unit_1=fleet.registers[0], unit_2=fleet.registers[1]) as wire:
        yield SunSpecMeter(wire.link(1)), SunSpecMeter(wire.link(2))


def test_a_frozen_meter_answers_what_it_measured_when_that_began_flags_included():
    fleet = two_meters()
    fleet.inject("m1", "frozen", None, 60.0, 300.0)
    show(fleet, 120.0, 1000.0, 60)
    with reading(fleet) as (meter, other):
        before, others = meter.read_meter(), other.read_meter()
        show(fleet, 110.0, 3000.0, 200)
        assert meter.read_meter() == before
        assert not meter.read_events().under_voltage, "110 V for three intervals, and no flag"
        assert other.read_meter().import_wh > others.import_wh, "the other goes on"
        show(fleet, 110.0, 3000.0, 50)
        after = meter.read_meter()
        assert (after.p_w, after.voltage_v) == (3000.0, (110.0, 110.0))
        assert after.import_wh == pytest.approx(1000.0 / 60.0 + 3000.0 * 250.0 / 3600.0, abs=1.0), "inside it went on"
        assert meter.read_events().under_voltage


def test_a_meters_clock_runs_on_and_one_that_is_ahead_shows_it():
    fleet = two_meters()
    fleet.inject("m1", "clock-ahead", None, 100.0, 200.0)
    with reading(fleet) as (meter, other):
        for seconds, ahead_s in ((50, 0.0), (100, 600.0), (100, 0.0)):
            show(fleet, 120.0, 1000.0, seconds)
            right_s = IN_2026_S + fleet.time_s
            assert (meter.read_clock_s(), other.read_clock_s()) == (right_s + ahead_s, right_s)


def test_a_meter_that_does_not_answer_does_not_tell_its_time_either():
    fleet = two_meters()
    fleet.inject("m1", "does-not-answer")
    with reading(fleet) as (meter, _), pytest.raises(InstrumentError):
        meter.read_clock_s()


def test_an_alert_in_order_is_marked_as_ordinary_traffic_in_the_event_register():
    fleet = two_meters()
    fleet.inject("m1", "alert-in-order", None, 0.0, 200.0)
    show(fleet, 110.0, 1000.0, 60)
    with reading(fleet) as (meter, other):
        events = meter.read_events()
        assert (events.under_voltage, events.in_order) == (True, True)
        assert not other.read_events().in_order
        show(fleet, 110.0, 1000.0, 150)
        events = meter.read_events()
        assert (events.under_voltage, events.in_order) == (True, False)


def test_a_meter_with_the_wrong_data_tells_what_another_measures():
    fleet = two_meters()
    fleet.inject("m1", "wrong-meters-data", None, 60.0, 120.0)
    with reading(fleet) as (meter, other):
        for seconds, wrong in ((30, False), (60, True), (60, False)):
            show(fleet, 120.0, 1000.0, seconds)
            told, others = meter.read_meter(), other.read_meter()
            assert (told == others) is wrong
            assert others.p_w == 500.0
        assert meter.identify().serial == "m1", "it is itself all the while"


def test_a_meter_alone_takes_the_data_of_the_neighbour_that_it_is_given():
    alone, fleet = MeterFleet(["m0"], accuracy=EXACT), two_meters()
    alone.neighbour = (fleet, 1)
    alone.inject("m0", "wrong-meters-data")
    show(fleet, 120.0, 1000.0, 10)
    with serving(unit_1=alone.registers[0]) as wire:
        told = SunSpecMeter(wire.link()).read_meter()
    assert (told.p_w, told.voltage_v) == (500.0, (118.0, 118.0))


def test_a_meter_without_voltages_is_no_healthy_one():
    fleet = two_meters()
    show(fleet, 1e6, 1000.0, 1)  # beyond what its registers hold
    with reading(fleet) as (meter, _), pytest.raises(InstrumentError, match="gives no voltage"):
        meter.read_voltage_v()
