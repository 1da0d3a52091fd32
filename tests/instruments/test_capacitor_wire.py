"""Capacitor control on the wire: frames written by hand from the register list, for the driver and the emulator.

Register list of capacitor_generic, as decimal addresses, values of two registers low word first: 100 mode
(1 automatic), 101 VAR block, 102 panel (1 remote), 103 switch (1 closed), 104 volts / 100, 105 milliamperes,
106-107 kvar x 10, 108 neutral milliamperes, 109 neutral lockout, 110 discharge left in s, 111-112 operations,
113 operations today, 114 refused closes, 115 degrees x 10, 116-117 clock in s since Monday, 205-206 close threshold
as a float, 212 close above degrees x 10, 214-215 close at s of the day, 218 weekdays, 219 override delay, 221 discharge
time, 223-224 PT ratio as a float, 300 command (1 open, 2 close), 301 reset of the neutral lockout, 302-303 set clock.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from instruments.drivers.capacitor_control import PointMapCapacitorControl
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.control_points import control_points
from instruments.emulators.point_bank import PointBank
from instruments.emulators.sensing_source import Secondary
from instruments.errors import InstrumentError
from instruments.point_map import load_point_map
from instruments.readings import CapacitorBankStatus, CapacitorReadings, Identity
from instruments.roles import CapacitorBankControl
from tests.instruments.control_bench import conversation, exchange
from tests.instruments.sunspec_bench import Wire, serving

MAP = load_point_map(Path(__file__).parents[2] / "fixtures" / "point_maps" / "capacitor_generic.yaml")


@pytest.fixture
def control() -> CapacitorControlEmulator:
    return CapacitorControlEmulator(SensingTerminals(Secondary(120.0, 0.1, 90.0, 60.0)))


@pytest.fixture
def wire(control) -> Iterator[Wire]:
    with serving(unit_1=PointBank(MAP, control_points(control))) as wire:
        yield wire


@pytest.fixture
def driver(wire) -> CapacitorBankControl:
    return PointMapCapacitorControl(wire.link(), MAP)


def test_the_driver_reads_its_status_in_one_request():
    answer = "0000 001f 01 03 1c 0001 0000 0001 0001 2ee0 0bb8 fe39 ffff 0000 0000 012c 0003 0001 0004"
    with conversation(("0000 0006 01 03 0064 000e", answer)) as link:
        status = PointMapCapacitorControl(link, MAP).read_status()
    assert status == CapacitorBankStatus(
        automatic=True,
        blocked=False,
        remote=True,
        closed=True,
        voltage_v=120.0,
        operations=65539,
        operations_today=4,
        discharge_left_s=300.0,
    )


def test_the_driver_reads_reactive_power():
    with conversation(("0000 0006 01 03 006a 0002", "0000 0007 01 03 04 fe39 ffff")) as link:
        readings = PointMapCapacitorControl(link, MAP).points.read("feeder_reactive_power")
    assert readings.number("feeder_reactive_power") == pytest.approx(-45.5)


def test_the_driver_reads_what_the_control_measures():
    answer = "0000 001b 01 03 18 2ee0 0bb8 fe39 ffff 01f4 0001 012c 0003 0001 0004 0002 ff9c"
    with conversation(("0000 0006 01 03 0068 000c", answer)) as link:
        measured = PointMapCapacitorControl(link, MAP).read_measured()
    assert measured == CapacitorReadings(120.0, 3.0, pytest.approx(-45.5), 0.5, pytest.approx(-10.0), 2.0)


def test_the_driver_sets_the_clock_and_takes_it_that_it_goes_on():
    written = ("0000 000b 01 10 012e 0002 04 4650 0000", "0000 0006 01 10 012e 0002")  # 18000 s: Monday, 5 o'clock
    with conversation(written, ("0000 0006 01 03 0074 0002", "0000 0007 01 03 04 4651 0000")) as link:
        PointMapCapacitorControl(link, MAP).set_clock(18_000.0)


@pytest.mark.parametrize("read", ["464f 0000", "4653 0000", "4650 0001"])
def test_a_clock_that_is_elsewhere_after_it_was_set_is_told(read):
    written = ("0000 000b 01 10 012e 0002 04 4650 0000", "0000 0006 01 10 012e 0002")
    with (
        conversation(written, ("0000 0006 01 03 0074 0002", f"0000 0007 01 03 04 {read}")) as link,
        pytest.raises(InstrumentError, match="its clock is"),
    ):
        PointMapCapacitorControl(link, MAP).set_clock(18_000.0)


def test_a_map_without_a_point_is_told_apart_from_one_that_has_it():
    with conversation() as link:
        driver = PointMapCapacitorControl(link, MAP)
        assert driver.offers("set_clock")
        assert not driver.offers("harmonics")


@pytest.mark.parametrize(
    ("work", "turns"),
    [
        (
            lambda d: d.write_setting("close_above_temperature", -3.5),
            [
                ("0000 0006 01 06 00d4 ffdd", "0000 0006 01 06 00d4 ffdd"),
                ("0000 0006 01 03 00d4 0001", "0000 0005 01 03 02 ffdd"),
            ],
        ),
        (
            lambda d: d.write_setting("close_at", 79_200.0),
            [
                ("0000 000b 01 10 00d6 0002 04 3560 0001", "0000 0006 01 10 00d6 0002"),
                ("0000 0006 01 03 00d6 0002", "0000 0007 01 03 04 3560 0001"),
            ],
        ),
        (
            lambda d: d.write_setting("weekdays", 31),
            [
                ("0000 0006 01 06 00da 001f", "0000 0006 01 06 00da 001f"),
                ("0000 0006 01 03 00da 0001", "0000 0005 01 03 02 001f"),
            ],
        ),
        (lambda d: d.reset_lockout(), [("0000 0006 01 06 012d 0001", "0000 0006 01 06 012d 0001")]),
        (lambda d: d.is_locked_by_neutral(), [("0000 0006 01 03 006d 0001", "0000 0005 01 03 02 0001")]),
        (lambda d: d.close_bank(), [("0000 0006 01 06 012c 0002", "0000 0006 01 06 012c 0002")]),
        (lambda d: d.open_bank(), [("0000 0006 01 06 012c 0001", "0000 0006 01 06 012c 0001")]),
        (
            lambda d: d.set_blocked(True),
            [
                ("0000 0006 01 06 0065 0001", "0000 0006 01 06 0065 0001"),
                ("0000 0006 01 03 0065 0001", "0000 0005 01 03 02 0001"),
            ],
        ),
        (
            lambda d: d.points.write("close_above_reactive_power", 250.0),
            [
                ("0000 000b 01 10 00cd 0002 04 0000 437a", "0000 0006 01 10 00cd 0002"),
                ("0000 0006 01 03 00cd 0002", "0000 0007 01 03 04 0000 437a"),
            ],
        ),
    ],
)
def test_the_driver_writes(work, turns):
    with conversation(*turns) as link:
        work(PointMapCapacitorControl(link, MAP))


@pytest.mark.parametrize(
    ("request_pdu", "answer_pdu"),
    [
        ("03 0067 0003", "03 06 0000 2ee0 0064"),  # open, 120.00 V, 0.100 A
        ("03 006a 0002", "03 04 faf0 ffff"),  # 0.1 A a quarter turn leading: -129.6 kvar = -1296 tenths
        ("06 0065 0001", "06 0065 0001"),
        ("06 0065 0002", "86 03"),
        ("06 0067 0001", "86 02"),  # the status is not written
        ("10 00cd 0002 04 0000 c348", "10 00cd 0002"),  # close above -200 kvar, still above the -300 of opening
        ("10 00cd 0002 04 0000 c3c8", "90 01"),  # close above -400 kvar: cannot work together
        ("06 00c8 0000", "06 00c8 0000"),  # strategy voltage
        ("06 012d 0001", "06 012d 0001"),  # reset of the neutral lockout
        ("06 012c 0000", "86 03"),
        ("06 00d4 0140", "06 00d4 0140"),  # close above 32.0 degrees
        ("06 00d4 0104", "86 01"),  # close above 26.0 degrees, below the 27.0 of opening
        ("10 00d6 0002 04 3560 0001", "10 00d6 0002"),  # close at 22:00
        ("10 00d6 0002 04 5180 0001", "90 03"),  # 24:00 is no time of a day
        ("06 00da 0080", "86 03"),  # a week has seven days
        ("06 00dd 00b4", "06 00dd 00b4"),  # discharge time 180 s
        ("10 012e 0002 04 3a7f 0009", "10 012e 0002"),  # Sunday, a second before midnight
        ("10 012e 0002 04 3a80 0009", "90 03"),  # the next Monday begins at 0
        ("03 00db 0001", "03 02 0005"),  # override delay
        ("03 00df 0002", "03 04 0000 4270"),  # PT ratio 60 as a float
        ("03 012c 0001", "03 02 0000"),  # a command reads 0
    ],
)
def test_the_emulator_answers(wire, request_pdu, answer_pdu):
    assert exchange(wire, request_pdu) == bytes.fromhex(answer_pdu).hex(" ")


def test_a_close_inside_the_discharge_time_is_refused_as_busy_and_counted(wire, control):
    assert exchange(wire, "06 012c 0002") == "06 01 2c 00 02"
    control.advance(3.0)
    assert exchange(wire, "06 012c 0001") == "06 01 2c 00 01"
    control.advance(299.0)
    assert exchange(wire, "06 012c 0002") == "86 06"
    assert exchange(wire, "03 006e 0001") == "03 02 00 01"
    assert exchange(wire, "03 0072 0001") == "03 02 00 01"
    control.advance(1.0)
    assert exchange(wire, "06 012c 0002") == "06 01 2c 00 02"
    assert control.close_contact.closures == 2


def test_the_var_block_stops_the_logic_and_not_a_close_by_scada(driver, control):
    driver.set_blocked(True)
    control.sensing.secondary = Secondary(120.0, 1.0, -90.0, 60.0)  # 1296 kvar, far above the threshold
    control.advance(600.0)
    assert control.close_contact.closures == 0
    driver.close_bank()
    assert control.close_contact.closures == 1
    status = driver.read_status()
    assert (status.blocked, status.automatic, status.closed, status.operations) == (True, True, True, 1)


def test_driver_and_emulator(driver, control):
    assert driver.identify() == Identity("derbench", "CAP-1", version="1.0", serial="0")
    driver.set_automatic(False)
    driver.set_blocked(True)
    driver.make_safe()
    assert (control.automatic, control.blocked) == (True, False)


def test_local_refuses_the_driver(driver, control):
    control.remote = False
    with pytest.raises(InstrumentError, match="illegal function"):
        driver.close_bank()
    assert not driver.read_status().remote


def test_the_status_that_is_reported_can_lie(driver, control):
    control.inject("reports-closed-when-open")
    assert driver.read_status().closed
    assert control.close_contact.closures == 0


@pytest.mark.parametrize("fraction_s", [0.0, 0.4, 0.9])
def test_driver_and_emulator_agree_on_the_clock(driver, control, fraction_s):
    driver.set_clock(3 * 86_400.0 + 25_000.0 + fraction_s)
    control.advance(100.0)
    assert driver.read_clock() == 3 * 86_400.0 + 25_100.0


def test_driver_and_emulator_agree_on_every_setting(driver, control):
    wanted = {
        "strategy": "temperature",
        "close_above_temperature": 41.5,
        "open_below_temperature": -7.5,
        "close_at": 3600.0,
        "open_at": 86_399.0,
        "weekdays": 65.0,
        "override_delay": 9.0,
        "neutral_limit": 1.25,
        "discharge_time": 600.0,
        "dead_sensing": 45.5,
        "pt_ratio": 120.0,
        "ct_ratio": 80.0,
        "phases": 1.0,
        "daily_limit": 7.0,
    }
    for name, value in wanted.items():
        driver.write_setting(name, value)
    told = driver.read_as_set()
    assert told["strategy"] == wanted.pop("strategy")
    assert {name: told[name] for name in wanted} == pytest.approx(wanted)
    settings = control.settings
    assert (settings.close_above_c, settings.open_below_c) == pytest.approx((41.5, -7.5))
    assert (settings.close_at_s, settings.open_at_s, settings.weekdays) == (3600.0, 86_399.0, 65)
    assert (settings.override_delay_s, settings.neutral_limit_a, settings.discharge_s) == (9.0, 1.25, 600.0)
    assert (settings.dead_sensing_v, settings.pt_ratio, settings.ct_ratio) == (45.5, 120.0, 80.0)
    assert (settings.phases, settings.daily_limit, settings.strategy) == (1, 7, "temperature")
