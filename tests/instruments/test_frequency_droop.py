"""Frequency-droop of an inverter: set over the wire, adopted, read back, and acting; and its defects."""

from dataclasses import astuple

import pytest

from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.inverter import InverterEmulator
from instruments.errors import InstrumentError, SafetyTrip
from instruments.readings import Characteristic, FrequencyDroop
from tests.instruments.sunspec_bench import serving

RATING_W, PHASE_V = 1e6, 480.0 / 3**0.5
DEFAULT = FrequencyDroop(0.036, 0.036, 0.05, 0.05, 5.0)
STEEP = FrequencyDroop(0.017, 0.017, 0.02, 0.03, 0.5)


def running(available_pu: float, **options: object) -> InverterEmulator:
    inverter = InverterEmulator("pv", RATING_W / 1e3, **options)  # type: ignore[arg-type]
    inverter.available_w = available_pu * RATING_W
    settled(inverter, 60.0)
    return inverter


def settled(inverter: InverterEmulator, frequency_hz: float, seconds: int = 60) -> float:
    inverter.node.apply((PHASE_V,) * 3, frequency_hz)
    for _ in range(2 * seconds):
        inverter.advance(0.5)
    return sum(inverter.power.p_w) / RATING_W


@pytest.mark.parametrize(
    ("available_pu", "droop", "frequency_hz", "power_pu"),
    [
        pytest.param(1.0, DEFAULT, 61.2, 0.612, id="default at the end of continuous operation"),
        pytest.param(1.0, DEFAULT, 60.336, 0.9, id="default, a tenth"),
        pytest.param(1.0, DEFAULT, 60.02, 1.0, id="inside of the deadband"),
        pytest.param(0.66, DEFAULT, 61.2, 0.272, id="from the power of before"),
        pytest.param(0.2, DEFAULT, 61.2, 0.0, id="not below nothing"),
        pytest.param(1.0, STEEP, 60.617, 0.5, id="steep"),
    ],
)
def test_a_droop_that_was_set_acts(
    available_pu: float, droop: FrequencyDroop, frequency_hz: float, power_pu: float
) -> None:
    inverter = running(available_pu)
    with serving(unit_1=inverter.registers) as wire:
        driver = SunSpecInverter(wire.link())
        driver.set_frequency_droop(droop)
        assert astuple(driver.read_frequency_droop()) == pytest.approx(astuple(droop), abs=1e-9)
    assert settled(inverter, frequency_hz) == pytest.approx(power_pu, abs=2e-3)


def test_low_frequency_raises_power_beyond_a_limit_as_far_as_there_is_power() -> None:
    inverter = running(1.0)
    with serving(unit_1=inverter.registers) as wire:
        driver = SunSpecInverter(wire.link())
        driver.set_frequency_droop(DEFAULT)
        driver.limit_power_pct(50.0, 3600.0)
    assert settled(inverter, 60.0) == pytest.approx(0.5, abs=2e-3)
    assert settled(inverter, 59.664) == pytest.approx(0.6, abs=2e-3)
    assert settled(inverter, 60.0) == pytest.approx(0.5, abs=2e-3), "and back under the limit"


def test_functions_that_are_disabled_leave_no_droop() -> None:
    inverter = running(1.0)
    with serving(unit_1=inverter.registers) as wire:
        SunSpecInverter(wire.link()).disable_functions()
    assert settled(inverter, 61.2) == pytest.approx(1.0, abs=1e-6)


def test_a_droop_that_the_inverter_refuses_leaves_the_old_one() -> None:
    with serving(unit_1=running(1.0).registers) as wire:
        driver = SunSpecInverter(wire.link())
        with pytest.raises(InstrumentError, match="failed to adopt the frequency-droop"):
            driver.set_frequency_droop(FrequencyDroop(0.036, 0.036, 0.5, 0.05, 5.0))
        assert astuple(driver.read_frequency_droop()) == pytest.approx(astuple(DEFAULT), abs=1e-9)


def test_an_inverter_that_cannot_absorb_is_not_asked_to() -> None:
    with serving(unit_1=running(1.0).registers) as wire:
        with pytest.raises(SafetyTrip, match="lowest power of the frequency-droop"):
            SunSpecInverter(wire.link()).set_frequency_droop(FrequencyDroop(0.036, 0.036, 0.05, 0.05, 5.0, -1.0))
        assert not wire.written(), "nothing was sent"


def test_storage_goes_on_to_absorb() -> None:
    inverter = running(0.2, dc_source=BatteryEmulator("battery", RATING_W / 1e3, RATING_W / 1e2))
    with serving(unit_1=inverter.registers) as wire:
        SunSpecInverter(wire.link()).set_frequency_droop(FrequencyDroop(0.036, 0.036, 0.05, 0.05, 5.0, -1.0))
    assert settled(inverter, 61.2) == pytest.approx(0.2 - 0.388, abs=2e-3)


def test_the_battery_behind_takes_what_the_droop_absorbs_and_gives_it_back() -> None:
    battery = BatteryEmulator("battery", RATING_W / 1e3, RATING_W / 1e3, 0.5)
    inverter = running(0.2, dc_source=battery)
    with serving(unit_1=inverter.registers) as wire:
        SunSpecInverter(wire.link()).set_frequency_droop(FrequencyDroop(0.036, 0.036, 0.05, 0.05, 5.0, -1.0))

    def together(frequency_hz: float) -> tuple[float, float]:
        inverter.node.apply((PHASE_V,) * 3, frequency_hz)
        for _ in range(120):
            battery.advance(0.5)
            inverter.advance(0.5)
        return sum(inverter.power.p_w) / RATING_W, battery.delivered_w / RATING_W

    assert together(60.0) == (pytest.approx(0.2), pytest.approx(0.0, abs=1e-6))
    assert together(61.2) == (pytest.approx(-0.188, abs=2e-3), pytest.approx(-0.188, abs=2e-3))
    assert battery.soc_pu > 0.5, "what the grid gave is in the battery"
    assert together(60.0) == (pytest.approx(0.2, abs=2e-3), pytest.approx(0.0, abs=1e-6))
    assert together(58.8) == (pytest.approx(0.588, abs=2e-3), pytest.approx(0.388, abs=2e-3))


@pytest.mark.parametrize(("kind", "power_pu"), [(None, 0.4), ("droop-before-volt-watt", 0.6)])
def test_volt_watt_holds_at_low_frequency_but_in_a_defective_one(kind: str | None, power_pu: float) -> None:
    inverter = running(1.0)
    if kind:
        inverter.inject(kind)
    with serving(unit_1=inverter.registers) as wire:
        driver = SunSpecInverter(wire.link())
        driver.set_volt_watt(Characteristic((1.06, 1.10), (1.0, 0.2), 1.0))
        driver.set_frequency_droop(DEFAULT)
    for _ in range(30):
        inverter.node.apply((1.09 * PHASE_V,) * 3, 60.0)
        inverter.advance(0.5)
    inverter.node.apply((1.09 * PHASE_V,) * 3, 59.364)
    for _ in range(60):
        inverter.advance(0.5)
    assert sum(inverter.power.p_w) / RATING_W == pytest.approx(power_pu, abs=2e-3)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "available_pu", "frequency_hz", "sound", "defective"),
    [
        ("droop-wrong-slope", 1.0, 61.2, 0.612, 0.806),
        ("droop-from-the-wrong-base", 0.66, 61.2, 0.272, 0.612),
        ("ignores-power-limit", 1.0, 60.0, 0.5, 1.0),
        ("wrong-priority", 1.0, 59.664, 0.6, 0.5),
    ],
)
def test_a_defect_acts_and_ends(
    kind: str, available_pu: float, frequency_hz: float, sound: float, defective: float
) -> None:
    inverter = running(available_pu)
    if available_pu == 1.0 and sound <= 0.6:
        with serving(unit_1=inverter.registers) as wire:
            SunSpecInverter(wire.link()).limit_power_pct(50.0, 3600.0)
        settled(inverter, 60.0)
    inverter.inject(kind, None, inverter.time_s, inverter.time_s + 60.25)
    assert settled(inverter, frequency_hz) == pytest.approx(defective, abs=2e-3)
    settled(inverter, 60.0)
    assert settled(inverter, frequency_hz) == pytest.approx(sound, abs=2e-3), "the defect is over"
