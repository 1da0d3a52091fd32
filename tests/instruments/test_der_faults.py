"""Defects of inverters and batteries as they show on the wire and at the terminals; each has a beginning and an end."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from instruments.drivers.sunspec_battery import SunSpecBattery
from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.inverter import InverterEmulator
from instruments.errors import ConfigError, InstrumentError
from instruments.readings import VoltVarCurve
from tests.instruments.sunspec_bench import serving

PHASE_V = 480.0 / math.sqrt(3.0)
RATING_W = 1_000_000.0
STEEP = VoltVarCurve((0.90, 0.98, 1.02, 1.10), (0.4, 0.0, 0.0, -0.4), 10.0)
Device = InverterEmulator | BatteryEmulator


def pv(v_pu: float = 1.0) -> InverterEmulator:
    """An inverter on a node, with half of its rated power from the sun."""
    inverter = InverterEmulator("pv", 1000.0)
    inverter.node.apply((v_pu * PHASE_V,) * 3)
    inverter.available_w = RATING_W / 2.0
    return inverter


def store() -> BatteryEmulator:
    return BatteryEmulator("store", 1000.0, 2000.0, 0.5)


def run(device: Device, seconds: int) -> None:
    for _ in range(seconds):
        device.advance(1.0)


def delivered_w(device: Device) -> float:
    return device.delivered_w if isinstance(device, BatteryEmulator) else sum(device.power.p_w)


@contextmanager
def driven(device: Device) -> Iterator[SunSpecBattery | SunSpecInverter]:
    """A device with its driver on a real socket."""
    with serving(unit_1=device.registers) as wire:
        yield SunSpecBattery(wire.link()) if isinstance(device, BatteryEmulator) else SunSpecInverter(wire.link())


@pytest.mark.parametrize("make", [store, pv])
def test_a_late_device_acts_on_a_command_after_its_delay_and_a_good_one_at_once(make):
    for delay_s in (0, 30):
        device = make()
        if delay_s:
            device.inject("late", 30.0)
        run(device, 5)
        before_w = delivered_w(device)
        with driven(device) as driver:
            driver.set_power_w(200_000.0, 600.0)
        course = []
        for _ in range(40):
            run(device, 1)
            course.append(delivered_w(device))
        assert course[: max(delay_s - 1, 0)] == pytest.approx([before_w] * max(delay_s - 1, 0))
        assert course[delay_s + 1 :] == pytest.approx([200_000.0] * (39 - delay_s)), f"with {delay_s} s of delay"


def test_a_late_device_says_when_it_is_going_to_move():
    """Long steps of the plant end there."""
    battery = store()
    battery.inject("late", 30.0)
    run(battery, 1)
    with driven(battery) as driver:
        driver.set_power_w(200_000.0, 600.0)
    run(battery, 1)
    assert battery.quiet_s == pytest.approx(30.0)


@pytest.mark.parametrize(("share", "reached_w"), [(0.001, 100_000.0), (0.0025, 250_000.0)])
def test_a_slow_device_moves_by_its_share_of_rating_a_second_until_it_is_there(share, reached_w):
    battery = store()
    battery.inject("ramps-too-slowly", share)
    with driven(battery) as driver:
        driver.set_power_w(400_000.0, 3600.0)
        run(battery, 100)
        assert delivered_w(battery) == pytest.approx(reached_w)
        assert battery.quiet_s == 0.0, "it is on its way"
        run(battery, 400)
        assert delivered_w(battery) == pytest.approx(400_000.0)
        driver.release()
        run(battery, 10)
    assert delivered_w(battery) == pytest.approx(400_000.0 - 10 * share * RATING_W), "it comes down as slowly"


def test_once_it_is_slow_no_more_it_goes_at_once():
    battery = store()
    battery.inject("ramps-too-slowly", 0.001, 0.0, 10.0)
    with driven(battery) as driver:
        driver.set_power_w(400_000.0, 3600.0)
    run(battery, 11)
    assert delivered_w(battery) == pytest.approx(400_000.0)


@pytest.mark.parametrize("make", [store, pv])
def test_a_device_that_acknowledges_and_does_not_act_answers_the_write_and_keeps_its_registers(make):
    """What tells it from one that ignores its set-point: there the register takes the value."""
    device = make()
    device.inject("acknowledges-and-does-not-act", None, 0.0, 5.0)
    model = device.registers.model(704)
    with serving(unit_1=device.registers) as wire:
        point = model.layout.points["WSet"]
        wire.link().write(model.address + point.offset, [1, 34464])  # raises where it is refused
        assert wire.link().read(model.address + point.offset, 2) == (0, 0)
        driver = SunSpecBattery(wire.link()) if isinstance(device, BatteryEmulator) else SunSpecInverter(wire.link())
        with pytest.raises(InstrumentError, match="was told 100000 W and reads back"):
            driver.set_power_w(100_000.0, 60.0)
        run(device, 5)
        assert driver.set_power_w(100_000.0, 60.0).power_w == 100_000.0


def test_a_device_that_ignores_its_set_point_reads_it_back():
    battery = store()
    battery.inject("ignores-set-point")
    with driven(battery) as driver:
        assert driver.set_power_w(100_000.0, 60.0).enabled
    run(battery, 5)
    assert delivered_w(battery) == 0.0


def test_an_inverter_that_trips_is_off_until_the_fault_ends_and_then_enters_service_as_any_other():
    inverter = pv()
    inverter.inject("trips", None, 10.0, 20.0)
    run(inverter, 9)
    assert delivered_w(inverter) == pytest.approx(RATING_W / 2.0)
    run(inverter, 5)
    assert (delivered_w(inverter), sum(inverter.power.q_var)) == (0.0, 0.0)
    with driven(inverter) as driver:
        assert not driver.read_ac().connected
        assert driver.read_modes().permitted, "nobody has withdrawn its permission"
    run(inverter, 300)
    assert delivered_w(inverter) == 0.0, "the enter-service delay of 300 s"
    run(inverter, 330)
    assert delivered_w(inverter) == pytest.approx(RATING_W / 2.0)


def test_a_battery_that_trips_delivers_nothing_and_says_so():
    battery = store()
    battery.inject("trips", None, 10.0)
    with driven(battery) as driver:
        driver.set_power_w(100_000.0, 600.0)
        run(battery, 5)
        assert delivered_w(battery) == 100_000.0
        run(battery, 10)
        assert delivered_w(battery) == 0.0
        assert (driver.read_ac().connected, driver.read_storage().power_w) == (False, 0.0)


def test_an_empty_battery_that_claims_charge_gives_none_and_tells_what_it_had():
    battery = store()
    battery.inject("claims-charge", None, 60.0, 120.0)
    with driven(battery) as driver:
        driver.set_power_w(500_000.0, 3600.0)
        run(battery, 59)
        assert delivered_w(battery) == 500_000.0
        run(battery, 5)
        claimed = driver.read_storage().soc_pct
        assert (delivered_w(battery), battery.soc_pu) == (0.0, 0.0)
        assert claimed == pytest.approx(50.0 - 100.0 * 0.5 * 59.0 / 3600.0 / 2.0, abs=0.05)
        run(battery, 60)
        assert delivered_w(battery) == 500_000.0


@pytest.mark.parametrize("kind", ["not-implemented-values", "not-a-number"])
def test_no_driver_makes_a_number_of_values_that_are_none(kind):
    battery, inverter = store(), pv()
    for device in (battery, inverter):
        device.inject(kind, None, 0.0, 10.0)
        run(device, 1)
    with driven(battery) as driver:
        for read, missing in ((driver.read_ac, "W"), (driver.read_storage, "SoC, WHAvail")):
            with pytest.raises(InstrumentError, match=f"gives no {missing}"):
                read()
        run(battery, 10)
        assert driver.read_storage().soc_pct == pytest.approx(50.0)
        assert driver.read_ac().p_w == 0.0
    with driven(inverter) as driver:
        with pytest.raises(InstrumentError, match="gives no W"):
            driver.read_ac()
        run(inverter, 10)
        assert driver.read_ac().p_w == pytest.approx(RATING_W / 2.0, abs=100)


def test_values_without_a_number_stand_in_registers_as_sunspec_has_them():
    battery = store()
    battery.inject("not-implemented-values", None, 0.0, 10.0)
    battery.inject("not-a-number", None, 20.0)
    model = battery.registers.model(714)
    watts, scale = (model.address + model.layout.points[name].offset for name in ("DCW", "DCW_SF"))
    with serving(unit_1=battery.registers) as wire:
        link = wire.link()
        run(battery, 1)
        # int16 0x8000 is "not implemented", as it is for a scale factor
        assert link.read(watts, 1) == (0x8000,)
        assert link.read(scale, 1) != (0x8000,)
        run(battery, 20)
        assert link.read(watts, 1) == (0,)
        assert link.read(scale, 1) == (0x8000,)


@pytest.mark.parametrize(("off", "factor"), [(None, 10.0), (-1.0, 0.1)])
def test_a_wrong_scale_factor_multiplies_what_is_told_and_not_what_flows(off, factor):
    battery, inverter = store(), pv()
    for device in (battery, inverter):
        device.inject("wrong-scale-factor", off, 0.0, 20.0)
    with driven(battery) as driver:
        driver.set_power_w(200_000.0, 600.0)
        run(battery, 5)
        assert driver.read_storage().power_w == pytest.approx(200_000.0 * factor)
        assert driver.read_storage().soc_pct == pytest.approx(50.0, abs=0.1), "that is no power"
        assert delivered_w(battery) == 200_000.0
        run(battery, 20)
        assert driver.read_storage().power_w == pytest.approx(200_000.0)
    with driven(inverter) as driver:
        run(inverter, 5)
        assert driver.read_ac().p_w == pytest.approx(RATING_W / 2.0 * factor, rel=1e-3)
        run(inverter, 20)
        assert driver.read_ac().p_w == pytest.approx(RATING_W / 2.0, rel=1e-3)


@pytest.mark.parametrize(
    ("slope", "v_pu", "q_pu"),
    [
        # the curve's slope is 0.4 over 0.08 of voltage: 5 a unit, 0.15 at 0.03 below its corner
        pytest.param(None, 0.95, 0.075, id="half"),
        pytest.param(2.0, 0.95, 0.3, id="double"),
        pytest.param(2.0, 0.91, 0.4, id="double, and no more than the curve's most"),
        pytest.param(0.5, 1.05, -0.075, id="half, absorbing"),
    ],
)
def test_a_wrong_volt_var_slope_shows_in_vars_and_not_in_the_curve_that_is_read(slope, v_pu, q_pu):
    inverter = pv(v_pu)
    with driven(inverter) as driver:
        driver.set_volt_var(STEEP)
        run(inverter, 60)
        right = sum(inverter.power.q_var)
        inverter.inject("wrong-volt-var-slope", slope, inverter.time_s, inverter.time_s + 100.0)
        run(inverter, 60)
        assert sum(inverter.power.q_var) == pytest.approx(q_pu * RATING_W, rel=1e-3)
        assert driver.read_volt_var() == STEEP
        run(inverter, 100)
        assert sum(inverter.power.q_var) == pytest.approx(right, rel=1e-3)


def ninety_s(inverter: InverterEmulator) -> float:
    """Seconds until nine tenths of the vars of the steep curve at 0.9 of nominal voltage flow."""
    begun_s = inverter.time_s
    inverter.node.apply((0.9 * PHASE_V,) * 3)
    while sum(inverter.power.q_var) < 0.9 * 0.4 * RATING_W:
        inverter.advance(0.1)
        assert inverter.time_s < begun_s + 100.0, "it never gets there"
    return inverter.time_s - begun_s


@pytest.mark.parametrize(("value", "seconds"), [(None, 30.0), (0.5, 5.0)])
def test_a_wrong_response_time_multiplies_that_of_the_curve(value, seconds):
    good, bad = pv(), pv()
    bad.inject("wrong-response-time", value)
    for inverter, expected_s in ((good, 10.0), (bad, seconds)):
        with driven(inverter) as driver:
            driver.set_volt_var(STEEP)
            run(inverter, 5)
            assert ninety_s(inverter) == pytest.approx(expected_s, abs=0.3)
            assert driver.read_volt_var().response_s == 10.0


def test_an_adoption_that_never_completes_is_given_up_and_the_old_curve_stays_in_force():
    inverter = pv(0.95)
    inverter.inject("curve-adopt-never-completes", None, 0.0, 60.0)
    with driven(inverter) as driver:
        before = driver.read_volt_var()
        with pytest.raises(InstrumentError, match="still at work on the volt-var curve"):
            driver.set_volt_var(STEEP)
        run(inverter, 50)
        assert driver.read_volt_var() == before
        assert sum(inverter.power.q_var) == pytest.approx(0.22 * RATING_W, rel=1e-3), "0.44 over half of 0.06"
        run(inverter, 70)
        assert driver.read_volt_var() == STEEP, "what was asked for in between comes when the defect ends"


@pytest.mark.parametrize("kind", ["claims-charge", "wrong-volt-var-slope"])
def test_what_only_one_of_them_can_have_the_other_refuses(kind):
    device = pv() if kind == "claims-charge" else store()
    with pytest.raises(ConfigError, match="no fault"):
        device.inject(kind)


@pytest.mark.parametrize(
    ("kind", "off"),
    [
        ("misreports-voltage", (0.0, 0.0, 0.02 * PHASE_V, 0.0)),
        ("misreports-power", (0.1 * RATING_W / 2.0, 0.0, 0.0, 0.0)),
        ("misreports-vars", (0.0, 0.1 * RATING_W / 2.0, 0.0, 0.0)),
        ("misreports-frequency", (0.0, 0.0, 0.0, 0.05)),
    ],
)
def test_a_device_that_misreports_is_off_in_one_quantity_and_delivers_what_it_should(kind, off):
    inverter = pv()
    inverter.inject(kind, start_s=10.0)
    run(inverter, 5)
    with driven(inverter) as driver:
        honest = driver.read_ac()
        run(inverter, 10)
        said = driver.read_ac()
    assert sum(inverter.power.p_w) == pytest.approx(RATING_W / 2.0, rel=1e-3)
    voltage_v = [after - before for before, after in zip(honest.voltage_v, said.voltage_v, strict=True)]
    found = (said.p_w - honest.p_w, said.q_var - honest.q_var, voltage_v[0], said.frequency_hz - honest.frequency_hz)
    assert found == pytest.approx(off, abs=0.06 if "frequency" not in kind else 1e-3), "W, var, V, Hz"
    assert voltage_v == pytest.approx([voltage_v[0]] * 3, abs=0.06), "all phases alike"
