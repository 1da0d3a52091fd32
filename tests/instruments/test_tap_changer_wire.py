"""Tap-changer control on the wire: frames written by hand from the register list, for the driver and the emulator.

Register list of ltc_generic, as decimal addresses: 100 mode (1 automatic), 101 blocked, 102 panel (1 remote),
104 tap, 106 volts / 100, 107 regulated volts / 100, 108 milliamperes, 109 degrees x 10, 110-111 operations,
200 band centre x 10, 204-205 R as a float, 300 command (1 raise, 2 lower).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from instruments.drivers.tap_changer_control import PointMapTapChangerControl
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.control_points import control_points
from instruments.emulators.point_bank import PointBank
from instruments.emulators.sensing_source import Secondary
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.errors import ConfigError, InstrumentError, SafetyTrip
from instruments.point_map import PointMap, load_point_map, parse_point_map
from instruments.readings import Identity, LoadTapChangerStatus
from instruments.roles import LoadTapChangerControl
from tests.instruments.control_bench import conversation, exchange
from tests.instruments.sunspec_bench import Wire, serving

MAP = load_point_map(Path(__file__).parents[2] / "fixtures" / "point_maps" / "ltc_generic.yaml")


@pytest.fixture
def control() -> TapChangerControlEmulator:
    return TapChangerControlEmulator(SensingTerminals(Secondary(119.0, 1.0, -30.0, 60.0)), position=-3)


@pytest.fixture
def wire(control) -> Iterator[Wire]:
    with serving(unit_1=PointBank(MAP, control_points(control))) as wire:
        yield wire


@pytest.fixture
def driver(wire) -> LoadTapChangerControl:
    return PointMapTapChangerControl(wire.link(), MAP)


def test_the_driver_reads_its_status_in_one_request():
    answer = "0000 001b 01 03 18 0000 0001 0001 0000 fffd 0000 2e7c 2e7c 03e8 fed4 0001 0002"
    with conversation(("0000 0006 01 03 0064 000c", answer)) as link:
        status = PointMapTapChangerControl(link, MAP).read_status()
    assert status == LoadTapChangerStatus(
        automatic=False, blocked=True, remote=True, tap_position=-3, voltage_v=119.0, operations=65538
    )


ECHO_AUTOMATIC = ("0000 0006 01 06 0064 0001", "0000 0006 01 06 0064 0001")
ECHO_FREE = ("0000 0006 01 06 0065 0000", "0000 0006 01 06 0065 0000")


@pytest.mark.parametrize(
    ("work", "turns"),
    [
        (lambda d: d.raise_tap(), [("0000 0006 01 06 012c 0001", "0000 0006 01 06 012c 0001")]),
        (lambda d: d.lower_tap(), [("0000 0006 01 06 012c 0002", "0000 0006 01 06 012c 0002")]),
        (lambda d: d.set_automatic(True), [ECHO_AUTOMATIC, ("0000 0006 01 03 0064 0001", "0000 0005 01 03 02 0001")]),
        (lambda d: d.set_blocked(False), [ECHO_FREE, ("0000 0006 01 03 0065 0001", "0000 0005 01 03 02 0000")]),
        (
            lambda d: d.points.write("ldc_r", -3.5),
            [
                ("0000 000b 01 10 00cc 0002 04 c060 0000", "0000 0006 01 10 00cc 0002"),
                ("0000 0006 01 03 00cc 0002", "0000 0007 01 03 04 c060 0000"),
            ],
        ),
    ],
)
def test_the_driver_writes(work, turns):
    with conversation(*turns) as link:
        work(PointMapTapChangerControl(link, MAP))


def test_a_control_that_does_not_take_the_mode_is_found_out():
    turns = [ECHO_AUTOMATIC, ("0000 0006 01 03 0064 0001", "0000 0005 01 03 02 0000")]
    with conversation(*turns) as link, pytest.raises(InstrumentError, match="control_mode reads back"):
        PointMapTapChangerControl(link, MAP).set_automatic(True)


@pytest.mark.parametrize(
    ("request_pdu", "answer_pdu"),
    [
        ("03 0064 0001", "03 02 0001"),
        ("03 0068 0001", "03 02 fffd"),  # tap -3
        ("03 006a 0004", "03 08 2e7c 2e7c 03e8 fed4"),  # 119.00 V, no compensation, 1.000 A, -30.0 deg
        ("03 0000 0004", "03 08 6465 7262 656e 6368"),  # "derbench"
        ("03 0066 0001", "03 02 0001"),
        ("06 00c8 04c4", "06 00c8 04c4"),  # band centre 122.0 V
        ("06 00c8 03e7", "86 03"),  # 99.9 V
        ("06 0068 0001", "86 02"),  # the position is not written
        ("06 00cc c060", "86 02"),  # half of a float
        ("10 00cc 0002 04 4040 0000", "10 00cc 0002"),  # R = 3.0 V
        ("10 00cc 0002 04 7fc0 0000", "90 03"),  # R = not a number
        ("03 0096 0001", "83 02"),  # nothing at 150
        ("06 012c 0001", "86 01"),  # a raise in automatic
        ("06 012c 0003", "86 03"),  # no such command
        ("06 00cb 0003", "06 00cb 0003"),
        ("06 00d0 0424", "86 01"),  # 106.0 V to block raising, below 114 V to block lowering: cannot work together
    ],
)
def test_the_emulator_answers(wire, request_pdu, answer_pdu):
    assert exchange(wire, request_pdu) == bytes.fromhex(answer_pdu).hex(" ")


def test_a_raise_over_the_wire_is_one_pulse_and_the_next_is_busy_until_the_inter_tap_delay(wire, control):
    assert exchange(wire, "06 0064 0000") == "06 00 64 00 00"
    assert exchange(wire, "06 012c 0001") == "06 01 2c 00 01"
    assert control.raise_contact.closures == 1
    assert exchange(wire, "06 012c 0001") == "86 06"
    with wire.host.lock:
        control.advance(5.0)
    assert exchange(wire, "06 012c 0002") == "06 01 2c 00 02"
    assert (control.raise_contact.closures, control.lower_contact.closures) == (1, 1)


def test_written_settings_act(wire, control):
    exchange(wire, "06 00c8 04c4")  # 122.0 V
    exchange(wire, "06 00ca 000a")  # 10 s
    control.advance(9.0)
    assert control.raise_contact.closures == 0
    control.advance(1.0)
    assert control.raise_contact.closures == 1


def test_driver_and_emulator(driver, control):
    assert driver.identify() == Identity("derbench", "LTC-1", version="1.0", serial="0")
    driver.set_blocked(True)
    driver.set_automatic(False)
    driver.raise_tap()
    assert driver.read_status() == LoadTapChangerStatus(
        automatic=False, blocked=True, remote=True, tap_position=-2, voltage_v=119.0, operations=1
    )
    driver.make_safe()
    assert (control.automatic, control.blocked) == (True, False)


def test_refusals_reach_the_driver_s_user(driver, control):
    with pytest.raises(InstrumentError, match="illegal function"):
        driver.raise_tap()
    control.remote = False
    with pytest.raises(InstrumentError, match="refused the write of 101"):
        driver.set_blocked(True)
    assert not driver.read_status().remote


def test_a_setting_outside_its_limits_is_not_sent(wire, driver):
    with pytest.raises(SafetyTrip, match=r"band_centre = 140 V lies outside 100 .. 135"):
        driver.points.write("band_centre", 140.0)
    assert not wire.server.log


def test_another_register_layout_is_another_map_and_nothing_else(control):
    """A maker with its own addresses, scales, codes and word order; only the points that the driver needs."""
    own = parse_point_map(
        {
            "point_map": "maker_x",
            "word_order": "low_first",
            "points": {
                "control_mode": {
                    "address": 7,
                    "type": "enum",
                    "access": "rw",
                    "labels": {"scada_manual": 2, "automatic": 1},
                },
                "blocked": {"address": 3, "type": "bool", "access": "rw"},
                "panel_switch": {"address": 9, "type": "enum", "labels": {"local": 5, "remote": 6}},
                "tap_position": {"address": 20, "type": "s32"},
                "voltage": {"address": 30, "type": "f32"},
                "operations_total": {"address": 40, "type": "u16"},
                "tap_command": {"address": 50, "type": "enum", "access": "w", "labels": {"raise": 16, "lower": 32}},
            },
        },
        "maker_x",
    )
    with serving(unit_1=PointBank(own, control_points(control))) as wire:
        driver = PointMapTapChangerControl(wire.link(), own)
        driver.set_automatic(False)
        driver.lower_tap()
        assert wire.written() == [(7, (2,)), (50, (32,))]
        assert driver.read_status().tap_position == -4
        assert exchange(wire, "03 0014 0002") == "03 04 ff fc ff ff"


def test_a_map_without_what_the_driver_needs_is_refused():
    short = PointMap.model_validate({"point_map": "short", "points": {"voltage": {"address": 1, "type": "u16"}}})
    with conversation() as link, pytest.raises(ConfigError, match=r"lacks blocked, control_mode, .* tap_position"):
        PointMapTapChangerControl(link, short)


def test_the_position_that_is_reported_can_lie_and_the_contacts_do_not(driver, control):
    control.inject("reports-a-move-it-did-not-make")
    driver.set_automatic(False)
    driver.raise_tap()
    assert driver.read_status().tap_position == -2
    assert control.raise_contact.closures == 0
