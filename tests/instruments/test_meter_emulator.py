"""Emulated meters: accuracy class, alert timing by hand, energy, and the driver on the wire."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.drivers.sunspec_meter import SunSpecMeter
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.meter import AlertLimits, MeterClass, MeterFleet, serve_fleet
from instruments.errors import ConfigError, InstrumentError
from instruments.readings import Identity, MeterEvents
from instruments.transports.modbus import ModbusConnections
from tests.instruments.sunspec_bench import serving

EXACT = MeterClass(0.0, 0.0)
UNDER, OVER = 1 << 3, 1 << 6


def meter(**options) -> MeterFleet:
    return MeterFleet(["m"], accuracy=EXACT, **options)


def run(fleet: MeterFleet, volts: float, seconds: float, step_s: float = 1.0) -> None:
    fleet.apply([volts], [volts], [1000.0], [0.0])
    for _ in range(round(seconds / step_s)):
        fleet.advance(step_s)


@pytest.mark.parametrize("step_s", [0.5, 1.0, 7.0, 60.0, 420.0])
def test_the_alert_comes_at_the_end_of_the_interval_and_not_before(step_s):
    fleet = meter()
    seen = []
    fleet.apply([113.0], [113.0], [0.0], [0.0])
    while fleet.time_s < 120.0:
        fleet.advance(step_s)
        seen.append((fleet.time_s, fleet.events(0)))
    assert all(flags == (UNDER if time_s >= 60.0 else 0) for time_s, flags in seen), seen


@pytest.mark.parametrize(
    ("low_s", "alert"),
    [
        # 114 V is the limit; 113 V for x s of the minute and 115 V for the rest has the mean 115 - x/30
        pytest.param(29, False, id="mean 114.03"),
        pytest.param(31, True, id="mean 113.97"),
    ],
)
def test_it_is_the_mean_of_the_interval_that_counts(low_s, alert):
    fleet = meter()
    run(fleet, 113.0, low_s)
    run(fleet, 115.0, 60 - low_s)
    assert bool(fleet.events(0) & UNDER) is alert


def test_one_bad_leg_is_enough_and_over_voltage_has_its_own_flag():
    fleet = meter()
    fleet.apply([120.0], [126.5], [0.0], [0.0])
    fleet.advance(60.0)
    assert fleet.events(0) == OVER


def test_the_flag_is_cleared_after_five_good_minutes_in_a_row():
    fleet = meter()
    run(fleet, 113.0, 60)
    run(fleet, 120.0, 299)
    assert fleet.events(0) == UNDER
    run(fleet, 120.0, 1)
    assert fleet.events(0) == 0


def test_a_bad_interval_in_between_starts_the_recovery_anew():
    fleet = meter()
    run(fleet, 113.0, 60)
    run(fleet, 120.0, 240)
    run(fleet, 113.0, 60)
    run(fleet, 120.0, 240)
    assert fleet.events(0) == UNDER
    run(fleet, 120.0, 60)
    assert fleet.events(0) == 0


@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.floats(0.05, 200.0), min_size=1, max_size=8), volts=st.floats(100.0, 140.0))
def test_step_lengths_do_not_change_what_a_meter_concludes(parts, volts):
    whole, stepped = meter(), meter()
    for fleet, steps in ((whole, [sum(parts)]), (stepped, parts)):
        fleet.apply([volts], [volts], [1000.0], [0.0])
        for step_s in steps:
            fleet.advance(step_s)
    boundary = abs(sum(parts) / 60.0 - round(sum(parts) / 60.0)) < 1e-9
    assert boundary or whole.events(0) == stepped.events(0)


def test_gain_errors_stay_in_the_class_are_not_zero_and_follow_the_seed():
    names = [f"m{i}" for i in range(300)]
    fleets = [MeterFleet(names, seed=seed) for seed in (1, 1, 2)]
    for fleet in fleets:
        fleet.apply(np.full(300, 120.0), np.full(300, 120.0), np.zeros(300), np.zeros(300))
    error = fleets[0].measured_v / 120.0 - 1.0
    assert 0.0015 < np.abs(error).max() <= 0.002
    assert np.array_equal(fleets[0].measured_v, fleets[1].measured_v)
    assert not np.array_equal(fleets[0].measured_v, fleets[2].measured_v)


def test_energy_is_counted_apart_for_both_directions():
    fleet = meter()
    fleet.apply([120.0], [120.0], [3600.0], [0.0])
    fleet.advance(1000.0)
    fleet.apply([120.0], [120.0], [-7200.0], [0.0])
    fleet.advance(1000.0)
    with serving(unit_1=fleet.registers[0]) as wire:
        reading = SunSpecMeter(wire.link()).read_meter()
    assert (reading.import_wh, reading.export_wh) == (1000.0, 2000.0)


@pytest.mark.parametrize("model_id", [201, 202])
def test_the_driver_reads_what_the_meter_measures(model_id):
    fleet = meter(model_id=model_id)
    fleet.apply([113.25], [114.5], [4000.0], [-300.0])
    fleet.advance(60.0)
    with serving(unit_1=fleet.registers[0]) as wire:
        driver = SunSpecMeter(wire.link())
        reading = driver.read_meter()
        assert driver.identify() == Identity("derbench", "emulated meter", "", "1", "m")
        assert driver.read_events() == MeterEvents(under_voltage=True, over_voltage=False, raw=UNDER)
        assert driver.read_voltage_v() == (113.25, 114.5)
    assert reading.voltage_v == (113.25, 114.5)
    assert (reading.line_voltage_v, reading.frequency_hz) == (227.75, 60.0)
    assert (reading.p_w, reading.q_var) == (4000.0, -300.0)


def test_power_beyond_the_registers_is_no_reading():
    """A meter scaled for 24 kW cannot say 50 kW: the register reads "not implemented", and that is no number."""
    small, large = meter(), meter(rating_w=200_000.0)
    for fleet in (small, large):
        fleet.apply([120.0], [120.0], [50_000.0], [0.0])
    with serving(unit_1=small.registers[0], unit_2=large.registers[0]) as wire:
        with pytest.raises(InstrumentError, match="gives no W"):
            SunSpecMeter(wire.link()).read_meter()
        assert SunSpecMeter(wire.link(2)).read_meter().p_w == pytest.approx(50_000.0, abs=5.0)


@given(first=st.integers(0, 119), count=st.integers(1, 60))
def test_a_part_of_the_map_reads_as_it_does_within_the_whole(first, count):
    """A read that begins or ends in the middle of a counter of two registers included; an earlier read leaves none."""
    fleet = meter()
    run(fleet, 113.0, 60.0, step_s=60.0)
    image = fleet.registers[0]
    part = image.read(40000 + first, count)
    whole = image.read(40000, 125) + image.read(40125, 54)
    assert part == whole[first : first + count]


def test_a_meter_reading_is_one_request():
    fleet = meter()
    with serving(unit_1=fleet.registers[0]) as wire:
        driver = SunSpecMeter(wire.link())
        driver.read_meter()
        before = len(wire.exchanges)
        driver.read_meter()
        assert len(wire.exchanges) == before + 1


def test_a_defective_meter_never_alerts():
    fleet = meter()
    fleet.inject("m", "alert-never-sent")
    run(fleet, 100.0, 120)
    assert fleet.events(0) == 0


def test_a_defective_meter_alerts_for_a_healthy_voltage_between_start_and_end():
    fleet = meter()
    fleet.inject("m", "alert-for-a-healthy-voltage", start_s=10.0, end_s=20.0)
    seen = []
    for _ in range(30):
        run(fleet, 120.0, 1)
        seen.append(fleet.events(0))
    assert seen == [0] * 9 + [UNDER] * 10 + [0] * 11


def test_only_the_named_meter_is_defective():
    fleet = MeterFleet(["a", "b"], accuracy=EXACT)
    fleet.inject("a", "alert-for-a-healthy-voltage")
    assert (fleet.events(0), fleet.events(1)) == (UNDER, 0)
    with pytest.raises(ConfigError, match="no meter 'c'"):
        fleet.inject("c", "alert-never-sent")


def test_a_large_fleet_takes_several_servers_and_each_meter_answers_at_its_place():
    names = [f"m{i}" for i in range(250)]
    fleet = MeterFleet(names, limits=AlertLimits())
    with EmulatorHost() as host, ModbusConnections() as connections:
        places, servers = serve_fleet(host, fleet)
        assert len(servers) == 2
        for name in ("m0", "m246", "m247", "m249"):
            place = places[name]
            link = connections.link(place.host, place.port, place.unit)
            assert SunSpecMeter(link).identify().serial == name


def test_another_device_is_not_taken_for_a_meter():
    battery = BatteryEmulator("store", 10.0, 10.0)
    with serving(unit_1=battery.registers) as wire, pytest.raises(InstrumentError, match="none of the meter models"):
        SunSpecMeter(wire.link()).read_events()


def test_a_meter_that_does_not_answer_is_refused_by_its_gateway_and_leaves_the_others_alone() -> None:
    fleet = MeterFleet(("m1", "m2"))
    fleet.inject("m2", "does-not-answer", start_s=10.0)
    with EmulatorHost() as host, ModbusConnections() as connections:
        places, _ = serve_fleet(host, fleet)
        first, second = (SunSpecMeter(connections.link(p.host, p.port, p.unit)) for p in places.values())
        assert second.read_voltage_v() == pytest.approx((0.0, 0.0))
        with host.lock:
            fleet.advance(10.0)
        with pytest.raises(InstrumentError, match="refused the read"):
            second.read_meter()
        with pytest.raises(InstrumentError):
            second.read_events()
        assert first.read_voltage_v() == pytest.approx((0.0, 0.0))


def test_a_biased_meter_shows_and_counts_too_much_while_the_fault_lasts_and_others_do_not():
    fleet = MeterFleet(["m1", "m2"], accuracy=EXACT)
    fleet.inject("m2", "biased", 0.1, start_s=0.0, end_s=3600.0)
    for _ in range(2):
        fleet.apply([120.0] * 2, [120.0] * 2, [1000.0] * 2, [0.0] * 2)
        fleet.advance(3600.0)
    with EmulatorHost() as host, ModbusConnections() as connections:
        places, _ = serve_fleet(host, fleet)
        readings = [SunSpecMeter(connections.link(p.host, p.port, p.unit)).read_meter() for p in places.values()]
    assert [reading.import_wh for reading in readings] == pytest.approx([2000.0, 1100.0 + 1000.0], abs=1.0)
    assert [reading.p_w for reading in readings] == pytest.approx([1000.0, 1000.0], abs=1.0)
    fleet.inject("m1", "biased")
    fleet.apply([120.0] * 2, [120.0] * 2, [1000.0] * 2, [0.0] * 2)
    with EmulatorHost() as host, ModbusConnections() as connections:
        places, _ = serve_fleet(host, fleet)
        readings = [SunSpecMeter(connections.link(p.host, p.port, p.unit)).read_meter() for p in places.values()]
    assert [reading.p_w for reading in readings] == pytest.approx([1020.0, 1000.0], abs=1.0)
