"""What emulated equipment says of its own future: when it changes by itself, and how far a control is from acting."""

import math

import pytest

from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.capacitor_settings import CapacitorSettings
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.premise import PremiseFleet
from instruments.emulators.sensing_source import Secondary
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.emulators.tap_changer_settings import TapChangerSettings
from tests.instruments.test_inverter_emulator import PHASE_V, RATING_W, command, running, settle


def test_an_inverter_at_rest_stays_so() -> None:
    assert running().quiet_s == math.inf


def test_an_inverter_changes_when_its_command_reverts() -> None:
    inverter = running()
    command(inverter, WSet=200_000, WSetRvrtTms=100, WSetEna=1)
    settle(inverter, 1.0, 30)
    assert inverter.quiet_s == pytest.approx(70.0)
    settle(inverter, 1.0, 70)
    assert inverter.quiet_s == math.inf


def test_an_inverter_that_waits_to_enter_service_or_ramps_is_on_its_way() -> None:
    inverter = running()
    inverter.node.de_energize()
    settle(inverter, 0.0, 4)
    settle(inverter, 1.0, 100)
    assert inverter.quiet_s == 0.0, "the enter-service delay"
    settle(inverter, 1.0, 260)
    assert inverter.quiet_s == 0.0, "the ramp"
    settle(inverter, 1.0, 400)
    assert inverter.quiet_s == math.inf


def test_a_generator_that_starts_and_ramps_is_on_its_way() -> None:
    generator = InverterEmulator("dg", RATING_W / 1000.0, generator=True)
    generator.node.apply((PHASE_V,) * 3)
    command(generator, WSet=400_000, WSetEna=1)
    settle(generator, 1.0, 5)
    assert generator.quiet_s == 0.0
    settle(generator, 1.0, 30)
    assert generator.quiet_s == math.inf


@pytest.mark.parametrize(
    ("power_w", "left_s"),
    [
        pytest.param(500_000, 7200.0, id="empty after 1 MWh at 500 kW"),
        pytest.param(-500_000, 7200.0, id="full no earlier than without losses"),
    ],
)
def test_a_battery_changes_when_it_is_empty_or_full(power_w: float, left_s: float) -> None:
    battery = BatteryEmulator("store", 1000.0, 2000.0, 0.5)
    assert battery.quiet_s == math.inf
    command(battery, WSet=power_w, WSetEna=1)
    battery.advance(1.0)
    assert battery.quiet_s == pytest.approx(left_s, rel=0.01)


def test_appliances_change_when_a_call_begins_and_when_it_ends() -> None:
    premises = PremiseFleet(["home"])
    assert premises.quiet_s == math.inf
    premises.schedule_shed("home", 0.5, start_s=100.0, end_s=400.0)
    premises.advance(30.0)
    assert premises.quiet_s == 70.0
    premises.advance(70.0)
    assert premises.quiet_s == 300.0
    premises.advance(300.0)
    assert premises.quiet_s == math.inf


def sensing(voltage_v: float, current_a: float = 0.0, angle_deg: float = 0.0) -> SensingTerminals:
    terminals = SensingTerminals()
    terminals.secondary = Secondary(voltage_v, current_a, angle_deg, 60.0)
    return terminals


@pytest.mark.parametrize(
    ("voltage_v", "inside_v", "under_way"), [(120.0, 1.0, False), (120.4, 0.6, False), (118.5, -0.5, True)]
)
def test_a_tap_changer_control_knows_how_far_it_is_inside_its_band(
    voltage_v: float, inside_v: float, under_way: bool
) -> None:
    control = TapChangerControlEmulator(sensing(voltage_v), TapChangerSettings(band_centre_v=120.0, bandwidth_v=2.0))
    assert control.margins[0] == pytest.approx(inside_v)
    assert control.under_way is under_way


@pytest.mark.parametrize(
    ("closed", "current_a", "left_kvar", "under_way"),
    [
        # 120 V x 60, 140 x I behind, three phases: 3.024 Mvar for each ampere of lagging current
        pytest.param(False, 0.1, 700.0 - 302.4, False, id="open: up to closing"),
        pytest.param(True, 0.1, 302.4 + 300.0, False, id="closed: down to opening"),
        pytest.param(False, 0.3, 700.0 - 907.2, True, id="beyond closing"),
    ],
)
def test_a_capacitor_control_knows_how_far_it_is_from_switching(
    closed: bool, current_a: float, left_kvar: float, under_way: bool
) -> None:
    settings = CapacitorSettings(
        close_above_kvar=700.0, open_below_kvar=-300.0, pt_ratio=60.0, ct_ratio=140.0, phases=3
    )
    control = CapacitorControlEmulator(sensing(120.0, current_a, -90.0), settings, closed)
    assert control.margins == pytest.approx((left_kvar, 10.0, 10.0))
    assert control.under_way is under_way
