"""The emulated battery: energy by hand, limits, reversion, and what its registers say."""

import pytest

from instruments.drivers.sunspec_battery import SunSpecBattery
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.modbus_server import ModbusRefusal
from instruments.readings import StorageReading
from tests.instruments.sunspec_bench import serving
from tests.instruments.test_inverter_emulator import command


def run(battery: BatteryEmulator, seconds: int, step_s: float = 1.0) -> None:
    for _ in range(round(seconds / step_s)):
        battery.advance(step_s)


@pytest.mark.parametrize("step_s", [0.5, 1.0, 60.0])
@pytest.mark.parametrize(
    ("power_w", "soc"),
    [
        # 1 MW over half an hour is 500 kWh of 2000 kWh; of charged energy 90 % is stored
        pytest.param(1_000_000, 0.5 - 0.25, id="discharge"),
        pytest.param(-1_000_000, 0.5 + 0.25 * 0.9, id="charge"),
        pytest.param(0, 0.5, id="idle"),
    ],
)
def test_state_of_charge_counts_the_energy_delivered(power_w, soc, step_s):
    battery = BatteryEmulator("store", 1000.0, 2000.0, 0.5, efficiency=0.9)
    command(battery, WSet=power_w, WSetEna=1)
    run(battery, 60, step_s)  # the first step takes the command; power stands from its end on
    before = battery.soc_pu
    run(battery, 1800, step_s)
    assert battery.delivered_w == power_w
    assert battery.soc_pu - before == pytest.approx(soc - 0.5, abs=1e-9)


def test_it_stops_delivering_when_it_is_empty():
    battery = BatteryEmulator("store", 1000.0, 10.0, soc_init=0.5)
    command(battery, WSet=1_000_000, WSetEna=1)
    run(battery, 30)
    assert battery.soc_pu == pytest.approx(0.0, abs=1e-9)
    assert battery.delivered_w == pytest.approx(0.0, abs=1e-6)


def test_a_command_ends_by_itself_when_its_reversion_time_is_over():
    battery = BatteryEmulator("store", 1000.0, 2000.0)
    command(battery, WSet=500_000, WSetRvrtTms=30, WSetEna=1)
    run(battery, 29)
    assert battery.delivered_w == 500_000
    run(battery, 1)
    assert battery.delivered_w == 0.0


def test_reversion_can_fall_back_to_another_set_point():
    battery = BatteryEmulator("store", 1000.0, 2000.0)
    command(battery, WSet=500_000, WSetRvrt=100_000, WSetEnaRvrt=1, WSetRvrtTms=30, WSetEna=1)
    run(battery, 31)
    assert battery.delivered_w == 100_000


def test_a_set_point_in_percent():
    battery = BatteryEmulator("store", 1000.0, 2000.0)
    command(battery, WSetMod=0, WSetPct=250, WSetEna=1)
    run(battery, 1)
    assert battery.delivered_w == 250_000


@pytest.mark.parametrize("power_w", [1_000_001, -1_000_001])
def test_a_set_point_beyond_the_rating_is_refused(power_w):
    battery = BatteryEmulator("store", 1000.0, 2000.0)
    with pytest.raises(ModbusRefusal):
        command(battery, WSet=power_w)
    assert battery.registers.model(704).get("WSet") == 0


def test_on_a_node_of_its_own_it_trips_with_the_voltage():
    node = ElectricalNode(3)
    battery = BatteryEmulator("store", 1000.0, 2000.0, node=node)
    node.apply((277.0,) * 3)
    command(battery, WSet=600_000, WSetEna=1)
    run(battery, 1)
    assert node.power().p_w == pytest.approx((200_000.0,) * 3)
    node.de_energize()
    run(battery, 5)
    assert (battery.delivered_w, node.power().p_w) == (0.0, (0.0, 0.0, 0.0))


def test_its_registers_show_power_and_energy():
    battery = BatteryEmulator("store", 1000.0, 2000.0, 0.5)
    command(battery, WSet=1_000_000, WSetEna=1)
    run(battery, 361)
    with serving(unit_1=battery.registers) as wire:
        reading = SunSpecBattery(wire.link()).read_storage()
        energy_wh = wire.link().read(battery.registers.model(714).address + 7, 4)
    wanted = StorageReading(soc_pct=45.0, energy_wh=1.9e6 - 1e6, capacity_wh=2e6, power_w=1e6, health_pct=100.0)
    assert reading == wanted
    assert energy_wh == (0, 0, 1, 34464), "360 s of 1 MW are 100 000 Wh"


@pytest.mark.parametrize(
    ("kind", "delivered_w", "reported_w"),
    [
        ("ignores-set-point", 0, 0),
        ("wrong-sign", -500_000, -500_000),
        ("scaled", 450_000, 450_000),
        ("reports-the-set-point-as-its-measurement", 250_000, 500_000),
    ],
)
def test_defects_act_on_what_is_delivered_and_on_what_is_reported(kind, delivered_w, reported_w):
    battery = BatteryEmulator("store", 1000.0, 2000.0)
    battery.inject(kind)
    command(battery, WSet=500_000, WSetEna=1)
    run(battery, 2)
    assert battery.delivered_w == pytest.approx(delivered_w)
    with serving(unit_1=battery.registers) as wire:
        driver = SunSpecBattery(wire.link())
        assert driver.read_storage().power_w == pytest.approx(reported_w, abs=50)
        assert driver.read_ac().p_w == pytest.approx(reported_w, abs=50)
        assert driver.read_command().power_w == 500_000, "the register holds the command in every case"


def test_one_that_starts_to_ignore_its_commands_stays_where_it_was():
    battery = BatteryEmulator("store", 1000.0, 2000.0)
    battery.inject("ignores-set-point", start_s=5.0)
    command(battery, WSet=500_000, WSetEna=1)
    run(battery, 10)
    command(battery, WSet=100_000)
    run(battery, 10)
    assert battery.delivered_w == 500_000
