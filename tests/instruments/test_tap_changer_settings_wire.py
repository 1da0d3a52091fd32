"""Settings of the tap-changer control on the wire, both ways, by frames written by hand from the register list.

Decimal addresses and scales of ltc_generic: 202 delay, 210 characteristic (1 inverse), 211 lowest and 212 highest tap,
213 run-back x 10, 214 lost potential x 10, 215 to 217 reductions x 10, 218 mode of reverse power (1 idle, 3
bidirectional), 219 its threshold x 1000, 220 reverse centre x 10.
"""

from collections.abc import Iterator

import pytest

from instruments.drivers.tap_changer_control import PointMapTapChangerControl
from instruments.emulators.control_points import control_points
from instruments.emulators.point_bank import PointBank
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.emulators.tap_changer_settings import ReverseMode
from instruments.errors import ConfigError, InstrumentError, SafetyTrip
from tests.instruments.control_bench import SensingTerminals, conversation, exchange, sensed
from tests.instruments.sunspec_bench import Wire, serving
from tests.instruments.test_tap_changer_wire import MAP

FRAMES = [
    ("delay", 45.0, "00ca", "002d"),
    ("characteristic", "inverse", "00d2", "0001"),
    ("lowest_tap", -12.0, "00d3", "fff4"),
    ("highest_tap", 12.0, "00d4", "000c"),
    ("runback", 2.5, "00d5", "0019"),
    ("dead_sensing", 60.0, "00d6", "0258"),
    ("reduction_1", 1.5, "00d7", "000f"),
    ("reduction_2", 3.0, "00d8", "001e"),
    ("reduction_3", 4.5, "00d9", "002d"),
    ("reverse_mode", "bidirectional", "00da", "0003"),
    ("reverse_threshold", 0.1, "00db", "0064"),
    ("reverse_centre", 118.5, "00dc", "04a1"),
    ("blocked", True, "0065", "0001"),
]


@pytest.fixture
def control() -> TapChangerControlEmulator:
    return TapChangerControlEmulator(SensingTerminals(sensed(120.0)))


@pytest.fixture
def wire(control: TapChangerControlEmulator) -> Iterator[Wire]:
    with serving(unit_1=PointBank(MAP, control_points(control))) as wire:
        yield wire


@pytest.mark.parametrize(("name", "value", "address", "word"), FRAMES)
def test_the_driver_writes_a_setting_and_reads_it_back(name, value, address, word):
    echo = f"0000 0006 01 06 {address} {word}"
    read = (f"0000 0006 01 03 {address} 0001", f"0000 0005 01 03 02 {word}")
    with conversation((echo, echo), read, read) as link:
        driver = PointMapTapChangerControl(link, MAP)
        driver.write_setting(name, value)
        assert driver.read_setting(name) == pytest.approx(value)


@pytest.mark.parametrize(("address", "word"), [frame[2:] for frame in FRAMES])
def test_the_emulator_takes_a_setting_and_tells_it(wire, address, word):
    assert exchange(wire, f"06 {address} {word}") == bytes.fromhex(f"06 {address} {word}").hex(" ")
    assert exchange(wire, f"03 {address} 0001") == bytes.fromhex(f"03 02 {word}").hex(" ")


def test_driver_and_emulator_agree_on_every_setting(wire, control):
    driver = PointMapTapChangerControl(wire.link(), MAP)
    for name, value, *_ in FRAMES:
        driver.write_setting(name, value)
    found = driver.read_as_set()
    for name, value, *_ in FRAMES:
        assert found[name] == (value if isinstance(value, str) else pytest.approx(float(value))), name
    settings = control.settings
    assert (settings.lowest_tap, settings.highest_tap, settings.runback_v) == (-12, 12, 2.5)
    assert (settings.dead_sensing_v, settings.reduction_pct) == (60.0, (1.5, 3.0, 4.5))
    assert (settings.reverse_mode, settings.reverse_centre_v) == (ReverseMode.BIDIRECTIONAL, 118.5)
    assert settings.reverse_threshold_a == pytest.approx(0.1)


def test_a_setting_that_is_none_or_out_of_its_limits_is_told_before_anything_is_sent(wire):
    driver = PointMapTapChangerControl(wire.link(), MAP)
    assert driver.find_setting("tap_position") is None, "what is only read is no setting"
    assert driver.find_setting("dead_sensing").limits == (10.0, 100.0)
    with pytest.raises(SafetyTrip, match=r"highest_tap = 17 tap lies outside 0 .. 16"):
        driver.write_setting("highest_tap", 17.0)
    with pytest.raises(ConfigError, match="reverse_mode has no label 'sideways'"):
        driver.write_setting("reverse_mode", "sideways")
    assert not wire.server.log


def test_local_refuses_a_setting(wire, control):
    control.remote = False
    with pytest.raises(InstrumentError, match="illegal function"):
        PointMapTapChangerControl(wire.link(), MAP).write_setting("delay", 20.0)
    assert control.settings.delay_s == 30.0
