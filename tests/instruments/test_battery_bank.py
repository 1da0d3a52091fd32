"""What an emulated battery has beside its power: reserve, ramp rate, vars, self-discharge; over its wire."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.drivers.sunspec_battery import SunSpecBattery
from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.charge_gauge import ChargeGauge
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.faults import FaultSet
from instruments.emulators.inverter import InverterEmulator
from instruments.errors import InstrumentError, SafetyTrip
from instruments.readings import StorageLimits
from tests.instruments.sunspec_bench import serving

RATED_W = 100e3


def alone(**others: float) -> BatteryEmulator:
    """Return a battery with an inverter of its own, 100 kW and 200 kWh, at rated voltage."""
    node = ElectricalNode(3)
    node.apply((480.0 / math.sqrt(3.0),) * 3, 60.0)
    return BatteryEmulator("store", 100.0, 200.0, 0.5, node=node, **others)


@contextmanager
def driven(battery: BatteryEmulator) -> Iterator[SunSpecBattery]:
    with serving(unit_1=battery.registers) as wire:
        yield SunSpecBattery(wire.link())


def run(battery: BatteryEmulator, seconds: float, step_s: float = 1.0) -> None:
    for _ in range(round(seconds / step_s)):
        battery.advance(step_s)


def test_limits_reserve_and_self_discharge_are_told() -> None:
    battery = alone(self_discharge_pct_per_day=0.25)
    with driven(battery) as driver:
        assert driver.read_limits() == StorageLimits(0.0, 100.0, 0.0, 0.25)
        driver.set_reserve_pct(30.0)
        assert driver.read_limits().reserve_pct == 30.0
        for no_share in (-1.0, 101.0, math.nan):
            with pytest.raises(SafetyTrip, match="nothing was sent"):
                driver.set_reserve_pct(no_share)


def test_a_reserve_stays_in_it() -> None:
    battery = alone()
    with driven(battery) as driver:
        driver.set_reserve_pct(30.0)
        driver.set_power_w(RATED_W, 7200.0)
        run(battery, 3600, 10.0)
        assert battery.delivered_w == pytest.approx(0.0, abs=1e-6)
        assert battery.soc_pu == pytest.approx(0.3, abs=1e-6)
        assert driver.read_charge_status() == "empty"


@pytest.mark.parametrize(
    ("power_w", "status"), [(50e3, "discharging"), (-50e3, "charging"), (0.0, "holding"), (500.0, "holding")]
)
def test_it_says_what_it_is_about(power_w: float, status: str) -> None:
    battery = alone()
    with driven(battery) as driver:
        driver.set_power_w(power_w, 60.0)
        run(battery, 2)
        assert driver.read_charge_status() == status


def test_generated_power_rises_as_fast_as_it_was_set_and_falls_at_once() -> None:
    battery = alone()
    with driven(battery) as driver:
        assert driver.read_ramp_pct_per_s() == 1000.0
        driver.set_ramp_pct_per_s(10.0)
        driver.set_power_w(RATED_W, 60.0)
        run(battery, 3)
        assert battery.delivered_w == pytest.approx(0.3 * RATED_W)
        run(battery, 7)
        assert battery.delivered_w == pytest.approx(RATED_W)
        driver.set_power_w(-RATED_W, 60.0)
        run(battery, 1)
        assert battery.delivered_w == pytest.approx(-RATED_W)
        driver.set_power_w(RATED_W, 60.0)
        run(battery, 1)
        assert battery.delivered_w == pytest.approx(0.1 * RATED_W), "charging ends at once, and then it rises"


def test_with_an_inverter_of_its_own_it_gives_and_takes_vars() -> None:
    battery = alone()
    with driven(battery) as driver:
        driver.set_power_w(0.8 * RATED_W, 600.0)
        for share in (0.4, -0.4):
            driver.set_reactive_power(share)
            run(battery, 60)
            assert driver.read_ac().q_var == pytest.approx(share * RATED_W, abs=20.0)
            assert driver.read_ac().p_w == pytest.approx(0.8 * RATED_W, abs=20.0)
        with pytest.raises(SafetyTrip):
            driver.set_reactive_power(-0.6)
        driver.make_safe()
        run(battery, 60)
        assert (driver.read_ac().p_w, driver.read_ac().q_var) == (0.0, pytest.approx(0.0, abs=20.0))


def test_a_battery_on_dc_has_no_vars_to_be_commanded() -> None:
    battery = BatteryEmulator("store", 100.0, 200.0)
    with driven(battery) as driver:
        with pytest.raises(InstrumentError):
            driver.set_reactive_power(0.1)
        driver.make_safe()


def test_where_it_has_a_permit_of_service_it_is_given() -> None:
    hybrid = InverterEmulator("inverter", 100.0, dc_source=BatteryEmulator("store", 100.0, 200.0))
    with serving(unit_1=hybrid.registers) as wire:
        SunSpecInverter(wire.link()).cease_to_energize()
        assert hybrid.registers.model(703).get("ES") == 0
        SunSpecBattery(wire.link()).enter_service()
        assert hybrid.registers.model(703).get("ES") == 1


def test_a_device_without_model_802_states_no_limits_and_no_status() -> None:
    with serving(unit_1=InverterEmulator("inverter", 100.0).registers) as wire:
        driver = SunSpecBattery(wire.link())
        limits = driver.read_limits()
        assert all(math.isnan(value) for value in vars(limits).values())
        assert driver.read_charge_status() == ""
        assert math.isnan(driver.read_ramp_pct_per_s()), "its ramp rate cannot be set"
        with pytest.raises(InstrumentError, match="no SunSpec model 802"):
            driver.set_reserve_pct(20.0)


@pytest.mark.parametrize(("told_pct", "health_pct"), [(80.0, 80.0), (None, math.nan)])
def test_health_is_read_where_it_is_told(told_pct: float | None, health_pct: float) -> None:
    battery = alone()
    battery.registers.model(713).set({"SoH": told_pct})
    with driven(battery) as driver:
        found = driver.read_storage()
        assert found.health_pct == pytest.approx(health_pct, nan_ok=True)
        assert found.left_wh == pytest.approx(found.capacity_wh * (told_pct or 100.0) / 100.0)


@pytest.mark.parametrize("step_s", [60.0, 3600.0])
def test_it_loses_charge_by_itself(step_s: float) -> None:
    battery = alone(self_discharge_pct_per_day=1.0)
    run(battery, 86_400, step_s)
    assert battery.soc_pu == pytest.approx(0.49)
    battery.inject("leaks", 0.02)
    run(battery, 86_400, step_s)
    assert battery.soc_pu == pytest.approx(0.46)


def gauge(kind: str, value: float | None = None) -> ChargeGauge:
    faults = FaultSet("battery")
    faults.inject(kind, value)
    return ChargeGauge(faults)


@given(st.floats(0.0, 1.0))
def test_a_sound_gauge_tells_what_was_counted(counted: float) -> None:
    assert ChargeGauge(FaultSet("battery")).told_pu(counted, 0.0) == counted


@given(st.floats(0.0, 1.0), st.sampled_from(["overcharges", "over-discharges"]))
def test_a_gauge_that_is_off_at_an_end_is_right_in_the_middle_and_never_beyond(counted: float, kind: str) -> None:
    told = gauge(kind, 0.05).told_pu(counted, 0.0)
    assert 0.0 <= told <= 1.0
    assert abs(told - counted) <= 0.05 + 1e-12
    if 0.2 <= counted <= 0.8:
        assert told == pytest.approx(counted)


def test_a_gauge_that_is_off_at_its_ends_reads_them_too_early() -> None:
    assert gauge("overcharges", 0.05).told_pu(0.95, 0.0) == 1.0
    assert gauge("over-discharges", 0.05).told_pu(0.05, 0.0) == 0.0


def test_a_drifting_gauge_goes_off_by_the_hour_and_is_right_again_at_an_end() -> None:
    drifting = gauge("soc-drifts", -0.1)
    drifting.advance(0.6, 0.0, 3600.0)
    assert drifting.told_pu(0.6, 0.0) == pytest.approx(0.5)
    drifting.advance(1.0, 0.0, 10.0)
    assert drifting.told_pu(1.0, 0.0) == 1.0


def test_a_frozen_gauge_tells_what_it_had() -> None:
    frozen = gauge("soc-frozen")
    frozen.advance(0.4, 0.0, 1.0)
    frozen.advance(0.9, 10.0, 1.0)
    assert frozen.told_pu(0.9, 10.0) == 0.4
